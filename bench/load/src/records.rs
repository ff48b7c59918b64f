//! Events as ingest hands them to its producer.

use anyhow::anyhow;
use schemas::pricing::{ClientCostPolicy, PriceBook};
use schemas::validate::{Context, named_tenant, validate};
use schemas::{RawEvent, Record};

const RETENTION_US: i64 = 90 * 24 * 3_600_000_000;

/// Text to record: parse, validate, price.
pub(crate) fn record(json: &str, book: &PriceBook, received_us: i64) -> anyhow::Result<Record> {
    let wrong = |rejection: schemas::Rejection| anyhow!("an event is wrong: {rejection:?}");
    let raw = RawEvent::parse(json).map_err(wrong)?;
    let tenant = named_tenant(&raw).map_err(wrong)?.unwrap_or_default();
    let context = Context {
        tenant_id: &tenant,
        received_us,
        retention_us: RETENTION_US,
        ingest_key_id: "bench",
    };
    let event = validate(&raw, &context, String::new).map_err(wrong)?;
    Ok(event.price(book, ClientCostPolicy::Trust))
}
