//! Undoing the encoding, a piece at a time: a bomb is noticed when it passes the limit, not
//! when it fills the memory.

use std::io::Read;

use service::Problem;

use super::{DECODED_BYTES_MAX, too_large};
use crate::admission::Share;

/// Room is made in steps of this size.
const STEP_BYTES: usize = 256 << 10;
/// Largest window of a zstd frame: 8 MiB, as RFC 9659 demands for content encodings.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

pub(super) fn gzip(sent: &[u8], share: &mut Share) -> Result<Vec<u8>, Problem> {
    read(flate2::bufread::MultiGzDecoder::new(sent), share)
}

pub(super) fn deflate(sent: &[u8], share: &mut Share) -> Result<Vec<u8>, Problem> {
    read(flate2::bufread::ZlibDecoder::new(sent), share)
}

pub(super) fn zstd(sent: &[u8], share: &mut Share) -> Result<Vec<u8>, Problem> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(sent).map_err(|_| unreadable())?;
    decoder
        .window_log_max(ZSTD_WINDOW_LOG_MAX)
        .map_err(|_| unreadable())?;
    read(decoder, share)
}

/// # Errors
/// 413 above [`DECODED_BYTES_MAX`], 400 for what is not what it says, 429 without room.
fn read(mut decoder: impl Read, share: &mut Share) -> Result<Vec<u8>, Problem> {
    let mut decoded = Vec::new();
    loop {
        share.grow(STEP_BYTES)?;
        let step = decoder
            .by_ref()
            .take(STEP_BYTES as u64)
            .read_to_end(&mut decoded);
        let read = step.map_err(|_| unreadable())?;
        if decoded.len() > DECODED_BYTES_MAX {
            let detail = format!("a body has at most {DECODED_BYTES_MAX} bytes once decoded");
            return Err(too_large("decoded_body_too_large", detail));
        }
        if read < STEP_BYTES {
            return Ok(decoded);
        }
    }
}

fn unreadable() -> Problem {
    let detail = "the body is not encoded as its Content-Encoding says, or is cut off";
    Problem::bad_request("unreadable_encoding", detail)
}
