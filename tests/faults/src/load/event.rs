//! Events whose every property follows from the seed and their number.

use std::time::{SystemTime, UNIX_EPOCH};

use schemas::RawEvent;
use schemas::money::Usd;
use schemas::pricing::{ClientCostPolicy, PriceBook};
use schemas::validate::{Context, validate};
use serde_json::{Value, json};

const TENANTS: u32 = 30;
const CUSTOMERS: u32 = 5;
/// Consecutive numbers that share a run.
const RUN: u64 = 20;
const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;
const RETENTION_US: i64 = 400 * DAY_S * 1_000_000;

const MODELS: [(&str, &str); 6] = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-haiku-4-5"),
    ("google", "gemini-2.5-flash"),
    ("mistral", "mistral-large-latest"),
];
/// No price book knows it.
const UNPRICED: (&str, &str) = ("homemade", "unheard-of-1");
const SECTIONS: [&str; 3] = ["agent:a", "agent:a/tool:b", "agent:c"];

/// The rules that some events break, with the code of their rejection.
const FLAWS: [(&str, &str); 4] = [
    ("input_tokens", "invalid_number"),
    ("provider", "missing_provider"),
    ("cost_usd", "invalid_cost"),
    ("timestamp", "timestamp_too_old"),
];

/// What statistics group by: tenant, customer, provider, model, start of the hour.
pub(crate) type Key = (String, String, String, String, i64);

/// Makes events.
pub(crate) struct Events {
    seed: u64,
    /// The hour of the start, seconds since 1970: timestamps are explicit, so that sums are
    /// known whatever the clocks do.
    base_s: i64,
    book: PriceBook,
}

/// One event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) tenant: String,
    /// Where it is rejected: the code.
    pub(crate) rejection: Option<&'static str>,
    pub(crate) key: Key,
    pub(crate) json: Value,
}

impl Events {
    pub(crate) fn new(seed: u64) -> anyhow::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let now = i64::try_from(now)?;
        Ok(Self {
            seed,
            base_s: now - now % HOUR_S,
            book: PriceBook::bundled()?,
        })
    }

    /// A range that holds every event, seconds since 1970.
    pub(crate) fn range_s(&self) -> (i64, i64) {
        (self.base_s - 45 * DAY_S, self.base_s)
    }

    pub(crate) fn id(n: u64) -> String {
        format!("e{n}")
    }

    pub(crate) fn number(id: &str) -> Option<u64> {
        id.strip_prefix('e')?.parse().ok()
    }

    /// Event `n`, always the same.
    pub(crate) fn event(&self, n: u64) -> Event {
        let mut rng = fastrand::Rng::with_seed(self.seed ^ n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let tenant = format!("tenant_{:02}", rng.u32(..TENANTS));
        let customer = format!("customer_{}", rng.u32(..CUSTOMERS));
        let (mut provider, mut model) = MODELS[rng.usize(..MODELS.len())];
        // Mostly of the day before, some of another month: that is another table partition.
        let age = if rng.u8(..20) == 0 { 40 * DAY_S } else { 0 };
        let at = self.base_s - 2 * HOUR_S - rng.i64(0..DAY_S) - age;
        let cost = match rng.u8(..20) {
            0 => {
                (provider, model) = UNPRICED;
                None
            }
            1 | 2 => None,
            _ => Some(Usd::from_pico(i128::from(rng.u64(..1_000_000_000_000))).to_string()),
        };
        let mut json = json!({
            "id": Self::id(n),
            "timestamp": at,
            "tenant_id": tenant,
            "customer_id": customer,
            "run_id": format!("run_{}", n / RUN),
            "section_path": SECTIONS[rng.usize(..SECTIONS.len())],
            "span_type": "llm",
            "provider": provider,
            "model": model,
            "input_tokens": rng.u32(..5000),
            "output_tokens": rng.u32(..2000),
            "latency_ms": f64::from(rng.u32(1..600_000)) / 10.0,
            "cost_usd": cost,
        });
        let rejection = (rng.u8(..30) == 0).then(|| spoil(&mut json, &mut rng));
        let hour = at - at % HOUR_S;
        let key = (
            tenant.clone(),
            customer,
            provider.into(),
            model.into(),
            hour,
        );
        Event {
            tenant,
            rejection,
            key,
            json,
        }
    }

    /// What ingest makes of its cost, in pico-dollars: the product's own pure function, which
    /// its unit tests check; here it must come through the pipeline unchanged.
    pub(crate) fn cost(&self, event: &Event) -> anyhow::Result<Option<i64>> {
        let text = event.json.to_string();
        let unfit = |error| anyhow::anyhow!("{error:?}: {text}");
        let raw = RawEvent::parse(&text).map_err(unfit)?;
        let context = Context {
            tenant_id: &event.tenant,
            received_us: (self.base_s + HOUR_S) * 1_000_000,
            retention_us: RETENTION_US,
            ingest_key_id: "",
        };
        let valid = validate(&raw, &context, String::new).map_err(unfit)?;
        let record = valid.price(&self.book, ClientCostPolicy::Trust);
        Ok(record.event().cost_pico_usd)
    }
}

/// Breaks one rule; gives the code that ingest must answer.
fn spoil(json: &mut Value, rng: &mut fastrand::Rng) -> &'static str {
    let (field, code) = FLAWS[rng.usize(..FLAWS.len())];
    json[field] = match field {
        "input_tokens" => json!(-1),
        "cost_usd" => json!("free"),
        "timestamp" => json!(1_000_000_000),
        _ => Value::Null,
    };
    code
}
