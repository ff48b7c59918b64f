//! What the events look like: a thousand tenants of very different size, twelve providers with
//! sixty models, twenty thousand customers, runs of 5 to 50 spans. The same seed, the same events.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat};

const TENANTS: usize = 1_000;
const CUSTOMERS: usize = 20_000;
/// Runs that are under way at the same time.
const OPEN_RUNS: usize = 400;

/// How unequal tenants are.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Skew {
    /// Zipf's exponent: 1 = the largest of the thousand tenants sends 13 % of the events, 0 = all
    /// send the same.
    #[arg(long, default_value_t = 1.0)]
    zipf: f64,
    /// The part of all events that the first tenant gets before that.
    #[arg(long, default_value_t = 0.0)]
    hot: f64,
}

impl Skew {
    /// As the arguments are by default.
    pub(crate) const USUAL: Self = Self {
        zipf: 1.0,
        hot: 0.0,
    };
}

#[rustfmt::skip]
const MODELS: [(&str, [&str; 5]); 12] = [
    ("openai", ["gpt-4o-mini", "gpt-4o", "gpt-4.1", "gpt-4.1-mini", "o3-mini"]),
    ("anthropic", ["claude-sonnet-4-0", "claude-3-5-haiku-latest", "claude-opus-4-0", "claude-3-5-sonnet-latest", "claude-3-haiku-20240307"]),
    ("google", ["gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.0-flash", "gemini-1.5-pro", "gemini-1.5-flash"]),
    ("mistral", ["mistral-large-latest", "mistral-small-latest", "codestral-latest", "ministral-8b-latest", "pixtral-12b"]),
    ("groq", ["llama-3.3-70b-versatile", "llama-3.1-8b-instant", "gemma2-9b-it", "qwen/qwen3-32b", "moonshotai/kimi-k2-instruct"]),
    ("cohere", ["command-r-plus", "command-r", "command-a-03-2025", "command-r7b-12-2024", "embed-english-v3.0"]),
    ("deepseek", ["deepseek-chat", "deepseek-reasoner", "deepseek-coder", "deepseek-v3", "deepseek-r1"]),
    ("openrouter", ["openai/gpt-4o", "anthropic/claude-sonnet-4", "google/gemini-2.5-pro", "meta-llama/llama-3.3-70b-instruct", "mistralai/mistral-large"]),
    ("together", ["meta-llama/Llama-3.3-70B-Instruct-Turbo", "Qwen/Qwen2.5-72B-Instruct-Turbo", "deepseek-ai/DeepSeek-V3", "mistralai/Mixtral-8x7B-Instruct-v0.1", "google/gemma-2-27b-it"]),
    ("fireworks", ["llama-v3p3-70b-instruct", "llama-v3p1-8b-instruct", "qwen2p5-72b-instruct", "deepseek-v3", "mixtral-8x22b-instruct"]),
    ("perplexity", ["sonar", "sonar-pro", "sonar-reasoning", "sonar-reasoning-pro", "sonar-deep-research"]),
    ("x-ai", ["grok-3", "grok-3-mini", "grok-4-0709", "grok-2-1212", "grok-2-vision-1212"]),
];
const SECTIONS: [&str; 8] = [
    "agent:support/tool:search",
    "agent:support/tool:answer",
    "agent:research/tool:browse",
    "agent:research/tool:summarise",
    "agent:coding/tool:edit",
    "agent:coding/tool:review",
    "agent:sales/tool:enrich",
    "agent:sales/tool:write",
];

/// Events without end.
pub(crate) struct Shape {
    rng: fastrand::Rng,
    /// Up to which share of all events each tenant and those before it come.
    shares: Vec<f64>,
    skew: Skew,
    /// Stands in the ids: what makes them this load's own.
    mark: String,
    now_ms: i64,
    serial: u64,
    open: Vec<Run>,
}

/// One piece of work of a customer.
pub(crate) struct Run {
    tenant: usize,
    customer: usize,
    serial: u64,
    /// Spans that are still to come.
    left: u32,
    root: u64,
    model: (usize, usize),
    section: usize,
}

impl Shape {
    /// `mark`: letters and digits.
    pub(crate) fn new(seed: u64, mark: &str, skew: Skew, now_ms: i64) -> Self {
        #[allow(clippy::cast_precision_loss)] // a thousand
        let weights: Vec<f64> = (1..=TENANTS)
            .map(|rank| (rank as f64).powf(-skew.zipf))
            .collect();
        let all: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let shares = weights.iter().map(|weight| {
            sum += weight / all;
            sum
        });
        let mut shape = Self {
            rng: fastrand::Rng::with_seed(seed),
            shares: shares.collect(),
            skew,
            mark: mark.to_owned(),
            now_ms,
            serial: 0,
            open: Vec::new(),
        };
        shape.open = (0..OPEN_RUNS).map(|_| shape.begin(None)).collect();
        shape
    }

    /// Appends the next event of any run, as a JSON object.
    pub(crate) fn next(&mut self, out: &mut String) {
        let place = self.rng.usize(..self.open.len());
        let mut run = self.open.swap_remove(place);
        if run.left == 0 {
            run = self.begin(None);
        }
        self.span(&mut run, out);
        self.open.push(run);
    }

    /// Appends so many events of one tenant as a JSON array: what one SDK sends at once.
    pub(crate) fn batch(&mut self, events: usize, out: &mut String) {
        let tenant = self.tenant();
        let mut run = self.begin(Some(tenant));
        out.push('[');
        for n in 0..events {
            if n > 0 {
                out.push(',');
            }
            if run.left == 0 {
                run = self.begin(Some(tenant));
            }
            self.span(&mut run, out);
        }
        out.push(']');
    }

    fn tenant(&mut self) -> usize {
        if self.skew.hot > 0.0 && self.rng.f64() < self.skew.hot {
            return 0;
        }
        let at = self.rng.f64();
        self.shares
            .partition_point(|share| *share < at)
            .min(TENANTS - 1)
    }

    fn begin(&mut self, tenant: Option<usize>) -> Run {
        let tenant = match tenant {
            Some(tenant) => tenant,
            None => self.tenant(),
        };
        self.serial += 1;
        // Small numbers are more frequent: a provider's first model is its most used one.
        let skewed = |rng: &mut fastrand::Rng, n: usize| rng.usize(..n).min(rng.usize(..n));
        Run {
            tenant,
            customer: self.customer(tenant),
            serial: self.serial,
            left: self.rng.u32(5..=50),
            root: self.rng.u64(..),
            model: (
                skewed(&mut self.rng, MODELS.len()),
                skewed(&mut self.rng, 5),
            ),
            section: self.rng.usize(..SECTIONS.len() / 2) * 2,
        }
    }

    /// A tenant has as many of all customers as it has of all events, and one at least.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    fn customer(&mut self, tenant: usize) -> usize {
        let share = |tenant: usize| (self.shares[tenant] * CUSTOMERS as f64) as usize;
        let first = if tenant == 0 { 0 } else { share(tenant - 1) };
        let end = share(tenant).max(first + 1);
        first + self.rng.usize(..end - first)
    }

    fn span(&mut self, run: &mut Run, out: &mut String) {
        run.left -= 1;
        self.serial += 1;
        let (rng, mark) = (&mut self.rng, &self.mark);
        let at = DateTime::from_timestamp_millis(self.now_ms - rng.i64(0..60_000));
        let at = at
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::Millis, true);
        let (provider, models) = MODELS[run.model.0];
        let section = SECTIONS[run.section + usize::from(rng.bool())];
        let input = rng.u32(200..8_000);
        let (cached, output) = (rng.u32(..=input / 2), rng.u32(10..1_500));
        let latency = rng.u32(2_000..90_000);
        let failed = rng.u8(..) < 5;
        let (status, http_status) = if failed {
            ("rate_limited", 429)
        } else {
            ("ok", 200)
        };
        // Writing to a string cannot fail.
        let _ = write!(
            out,
            r#"{{"id":"evt-{mark}-{:08x}","timestamp":"{at}","tenant_id":"tenant_{:04}","customer_id":"customer_{:05}","run_id":"run-{mark}-{:08x}","span_id":"{:016x}","parent_span_id":"{:016x}","section_path":"{section}","span_type":"llm","provider":"{provider}","endpoint":"/v1/chat/completions","model":"{}","environment":"production","input_tokens":{input},"output_tokens":{output},"cached_tokens":{cached},"latency_ms":{}.{},"ttft_ms":{}.5,"status":"{status}","http_status":{http_status},"is_streaming":true,"event_metadata":{{"sdk":"python/1.4.2","feature":"assistant","host":"worker-{:02}"}}}}"#,
            self.serial,
            run.tenant,
            run.customer,
            run.serial,
            rng.u64(..),
            run.root,
            models[run.model.1],
            latency / 10,
            latency % 10,
            latency / 40,
            rng.u8(..32),
        );
    }
}
