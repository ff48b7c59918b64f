//! What every way in has in common: events are judged, handed to the producer, and answered
//! for when all in-sync replicas have them.

use schemas::Rejection;
use schemas::validate::Code;
use service::Problem;
use service::publish::PublishFuture;

use crate::admission::Share;
use crate::judge::{Rules, Terms, judge};
use crate::split::Piece;
use crate::{Ingest, metrics};

/// A request whose records are on their way.
pub(crate) struct Handed {
    valid: usize,
    rejected: Vec<(usize, Rejection)>,
    storing: PublishFuture,
    /// Held until the acks are here: the producer holds the records as long.
    _share: Share,
}

/// What became of a request's events.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Stored now, duplicates included.
    pub(crate) accepted: usize,
    /// With the event's index in the request.
    pub(crate) rejected: Vec<(usize, Rejection)>,
}

/// Runs `work` beside the threads that answer other requests when it is heavy.
pub(crate) async fn beside<T: Send + 'static>(
    heavy: bool,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    if !heavy {
        return work();
    }
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!("a request's events could not be worked on: {error}");
        Problem::internal()
    })?
}

/// # Errors
/// 403 for the whole request when one event names a tenant that the caller may not; 429 for a
/// tenant above its limit.
pub(crate) fn hand_over(
    ingest: &Ingest,
    pieces: Vec<Piece<'_>>,
    terms: &Terms,
    share: Share,
) -> Result<Handed, Problem> {
    let inner = &ingest.0;
    if terms.one_tenant() {
        // Before they are looked into.
        let bytes = pieces
            .iter()
            .flatten()
            .map(|event| event.json().len())
            .sum();
        inner.limits.events(terms.tenant(), pieces.len(), bytes)?;
    }
    let book = inner.prices.book();
    let rules = Rules {
        book: &book,
        client_cost: inner.args.client_cost.into(),
        retention: &inner.retention,
    };
    let verdict = judge(pieces, terms, rules)?;
    for (tenant, sent) in &verdict.sent {
        inner.limits.events(tenant, sent.events, sent.bytes)?;
    }
    let valid = verdict.records.len();
    let storing = inner.publisher.publish(&verdict.records);
    Ok(Handed {
        valid,
        rejected: verdict.rejected,
        storing,
        _share: share,
    })
}

impl Handed {
    /// # Errors
    /// 503 when not every valid event is stored for certain.
    pub(crate) async fn stored(self) -> Result<Outcome, Problem> {
        let codes: Vec<Code> = self
            .rejected
            .iter()
            .map(|(_, rejection)| rejection.code)
            .collect();
        if self.valid > 0
            && let Err(error) = self.storing.await
        {
            metrics::not_stored(self.valid, codes.into_iter());
            return Err(error.into());
        }
        metrics::judged(self.valid, codes.into_iter());
        Ok(Outcome {
            accepted: self.valid,
            rejected: self.rejected,
        })
    }
}
