//! A valid event: what [`crate::validate`] lets through, then what it costs.

use crate::money::Usd;
use crate::pricing::{
    ClientCostPolicy, Evidence, Facts, PriceBook, Settled, Usage, settle, settle_metered,
};
use crate::record::Record;
use crate::wire;

/// A usage event that keeps every rule of the contract, not yet priced.
/// Only [`crate::validate::validate`] makes one.
#[derive(Debug, Clone)]
pub struct Event {
    /// Complete but for the cost.
    pub(crate) wire: wire::UsageEvent,
    /// The counts as they were sent: absent is not zero when a price is looked up.
    pub(crate) usage: Usage,
    /// The sender's own figure.
    pub(crate) client_cost: Option<Usd>,
}

impl Event {
    /// The tenant it belongs to.
    pub fn tenant_id(&self) -> &str {
        &self.wire.tenant_id
    }

    /// Unique within its tenant.
    pub fn id(&self) -> &str {
        &self.wire.id
    }

    /// Settles the cost as of the event's own time, and makes the Kafka record.
    /// After this nothing looks a price up again: what follows is a function of the log.
    pub fn price(self, book: &PriceBook, policy: ClientCostPolicy) -> Record {
        let settled = settle(book, policy, &self.facts());
        self.settled(settled)
    }

    /// As [`Event::price`], for a call that was metered on the way: `evidence` says what its
    /// usage is worth.
    pub fn price_metered(self, book: &PriceBook, evidence: Evidence<'_>) -> Record {
        let settled = settle_metered(book, &self.facts(), evidence);
        self.settled(settled)
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            tenant_id: Some(&self.wire.tenant_id),
            provider: &self.wire.provider,
            model: some(&self.wire.model),
            service_tier: some(&self.wire.service_tier),
            timestamp_us: self.wire.timestamp_us,
            is_call: self.wire.span_type().is_call(),
            status: self.wire.status(),
            usage: &self.usage,
            client_cost: self.client_cost,
        }
    }

    fn settled(mut self, settled: Settled<'_>) -> Record {
        self.wire.cost_pico_usd = settled.usd.and_then(pico);
        self.wire.client_cost_pico_usd = settled.client_usd.and_then(pico);
        self.wire.price_version = settled.price_version.map(Into::into).unwrap_or_default();
        self.wire.set_cost_source(settled.source.into());
        Record::new(self.wire)
    }
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// An event's cost fits 64 bits: it is below [`Usd::EVENT_MAX`].
fn pico(usd: Usd) -> Option<i64> {
    i64::try_from(usd.pico()).ok()
}
