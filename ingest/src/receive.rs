//! From a request to its bytes in memory, each step within a limit.

mod body;
mod decode;
mod media;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use service::Problem;
use service::auth::Tenant;

use crate::admission::Share;
use crate::config::IngestArgs;
use crate::{Ingest, metrics};
use media::{Encoding, encoding};
pub(crate) use media::{Format, format, media_type, unsupported};

/// Largest body as sent.
pub(crate) const SENT_BYTES_MAX: usize = 10 << 20;
/// Largest body once decoded.
pub(crate) const DECODED_BYTES_MAX: usize = 64 << 20;
/// Largest body that is worked on at once, where it arrived.
const INLINE_BYTES_MAX: usize = 256 << 10;

/// A body as sent.
#[derive(Debug)]
pub(crate) struct Received {
    encoding: Encoding,
    sent: Bytes,
}

/// Takes a request in: by the tenant's limits, into the room there is, to the body's end.
pub(crate) async fn receive(
    ingest: &Ingest,
    tenant: &Tenant,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<(Received, Share), Problem> {
    let inner = &ingest.0;
    let taking = async {
        inner.limits.request(tenant)?;
        let mut share = inner.admission.admit()?;
        let received = read(headers, &mut body, &inner.args, &mut share).await?;
        Ok((received, share))
    };
    let taken = taking.await;
    if taken.is_err() {
        body::discard(body).await;
    }
    taken
}

async fn read(
    headers: &HeaderMap,
    body: &mut Body,
    args: &IngestArgs,
    share: &mut Share,
) -> Result<Received, Problem> {
    let encoding = encoding(headers)?;
    let sent = body::collect(headers, body, args.body_timeout(), share).await?;
    Ok(Received { encoding, sent })
}

impl Received {
    /// Whether the work on it belongs beside the threads that answer other requests. What an
    /// encoded body holds is not known before.
    pub(crate) fn is_heavy(&self) -> bool {
        self.encoding != Encoding::Identity || self.sent.len() > INLINE_BYTES_MAX
    }

    /// The body without its encoding.
    pub(crate) fn decode(self, share: &mut Share) -> Result<Bytes, Problem> {
        let sent_len = self.sent.len();
        let decoded = match self.encoding {
            Encoding::Identity => self.sent,
            Encoding::Gzip => decode::gzip(&self.sent, share)?.into(),
            Encoding::Deflate => decode::deflate(&self.sent, share)?.into(),
            Encoding::Zstd => decode::zstd(&self.sent, share)?.into(),
        };
        metrics::body(sent_len, decoded.len());
        Ok(decoded)
    }
}

fn too_large(code: &'static str, detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, code, detail)
}

#[cfg(test)]
mod tests;
