//! From fields to records: each event is checked and priced on its own.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;
use schemas::pricing::{ClientCostPolicy, PriceBook};
use schemas::validate::{Context, ID_CHARS_MAX, named_tenant, validate};
use schemas::{Record, Rejection};
use service::Problem;
use service::auth::{Binding, Caller, Tenant, tenant_header};
use service::config::RetentionArgs;
use uuid::Uuid;

use crate::metrics;
use crate::split::{EVENTS_MAX, Piece};

/// Longest `Idempotency-Key`, so that `K/9999` is still an id.
const IDEMPOTENCY_KEY_MAX: usize = ID_CHARS_MAX - "/9999".len();

/// What a request says beside its events.
#[derive(Debug)]
pub(crate) struct Terms {
    caller: Caller,
    tenant_header: Option<String>,
    /// Of events that name none.
    tenant: Tenant,
    idempotency_key: Option<String>,
    received_us: i64,
}

impl Terms {
    /// # Errors
    /// 400 and 403 for what the headers say, before the body is read.
    pub(crate) fn read(caller: Caller, headers: &HeaderMap) -> Result<Self, Problem> {
        let tenant_header = tenant_header(headers)?.map(ToOwned::to_owned);
        let tenant = caller.event_tenant(None, tenant_header.as_deref())?;
        let idempotency_key = idempotency_key(headers)?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let received_us = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
        Ok(Self {
            caller,
            tenant_header,
            tenant,
            idempotency_key,
            received_us,
        })
    }

    /// Of events that name none; of all where [`Self::one_tenant`].
    pub(crate) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Whether no event may be another tenant's.
    pub(crate) fn one_tenant(&self) -> bool {
        matches!(self.caller.binding(), Binding::Bound(_))
    }

    fn fallback_id(&self, index: usize) -> String {
        match &self.idempotency_key {
            Some(key) => format!("{key}/{index}"),
            None => Uuid::now_v7().to_string(),
        }
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    const _: () = assert!(EVENTS_MAX <= 10_000, "an index has at most four digits");
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(key) if (1..=IDEMPOTENCY_KEY_MAX).contains(&key.len()) && values.next().is_none() => {
            Ok(Some(key.to_owned()))
        }
        _ => {
            let detail = format!(
                "Idempotency-Key is given once, with 1 to {IDEMPOTENCY_KEY_MAX} ASCII characters"
            );
            Err(Problem::bad_request("invalid_idempotency_key", detail))
        }
    }
}

/// What became of a request's events.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) records: Vec<Record>,
    /// With the event's index in the request.
    pub(crate) rejected: Vec<(usize, Rejection)>,
    /// How much each tenant sent, where there may be several.
    pub(crate) sent: HashMap<Tenant, Sent>,
}

/// What a request holds of one tenant.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

/// How events are judged in this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) book: &'a PriceBook,
    pub(crate) client_cost: ClientCostPolicy,
    pub(crate) retention: &'a RetentionArgs,
}

/// # Errors
/// 403 for the whole request when one event names a tenant that the caller may not.
pub(crate) fn judge(
    pieces: Vec<Piece<'_>>,
    terms: &Terms,
    rules: Rules<'_>,
) -> Result<Verdict, Problem> {
    let count = pieces.len();
    let mut verdict = Verdict {
        records: Vec::with_capacity(count),
        rejected: Vec::new(),
        sent: HashMap::new(),
    };
    for (index, piece) in pieces.into_iter().enumerate() {
        let bytes = piece.as_ref().map_or(0, |event| event.json().len());
        match judge_one(piece, index, terms, rules) {
            Ok((tenant, record)) => {
                verdict.records.push(record);
                if !terms.one_tenant() {
                    let sent = verdict.sent.entry(tenant).or_default();
                    sent.events += 1;
                    sent.bytes += bytes;
                }
            }
            Err(Fault::Event(rejection)) => verdict.rejected.push((index, rejection)),
            Err(Fault::Request(problem)) => {
                metrics::forbidden(count);
                return Err(problem);
            }
        }
    }
    Ok(verdict)
}

enum Fault {
    Event(Rejection),
    Request(Problem),
}

impl From<Rejection> for Fault {
    fn from(rejection: Rejection) -> Self {
        Self::Event(rejection)
    }
}

fn judge_one(
    piece: Piece<'_>,
    index: usize,
    terms: &Terms,
    rules: Rules<'_>,
) -> Result<(Tenant, Record), Fault> {
    let raw = piece?;
    let named = match named_tenant(&raw)? {
        Some(name) => Some(
            terms
                .caller
                .event_tenant(Some(&name), terms.tenant_header.as_deref())
                .map_err(Fault::Request)?,
        ),
        None => None,
    };
    let tenant = named.unwrap_or_else(|| terms.tenant.clone());
    let tenant_id = tenant.as_str();
    let context = Context {
        tenant_id,
        received_us: terms.received_us,
        retention_us: rules.retention.retention_us(tenant_id),
        ingest_key_id: terms.caller.key_id(),
    };
    let event = validate(&raw, &context, || terms.fallback_id(index))?;
    Ok((tenant, event.price(rules.book, rules.client_cost)))
}
