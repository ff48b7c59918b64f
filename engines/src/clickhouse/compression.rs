//! Compressed bodies: ClickHouse's own block framing (`compress=1`,
//! `decompress=1`) and the usual content encodings.

use std::io::Read;

use bytes::{BufMut, Bytes};

use super::error::{Code, Error};

const CHECKSUM_BYTES: usize = 16;
const HEADER_BYTES: usize = 9;
const LZ4: u8 = 0x82;
const ZSTD: u8 = 0x90;
const NONE: u8 = 0x02;
/// What one outgoing block holds, as a server's do.
const BLOCK_BYTES: usize = 1 << 20;

/// Checksum of a block's header and data: CityHash 1.0.2, halves swapped.
fn checksum(block: &[u8]) -> u128 {
    cityhash_rs::cityhash_102_128(block).rotate_right(64)
}

/// Undoes ClickHouse's block framing, up to `bytes_max` of plain bytes.
pub(super) fn read_blocks(mut framed: &[u8], bytes_max: usize) -> Result<Bytes, Error> {
    let mut plain = Vec::new();
    while !framed.is_empty() {
        let Some((stored_checksum, rest)) = framed.split_first_chunk::<CHECKSUM_BYTES>() else {
            return Err(truncated());
        };
        let Some((&[method, c0, c1, c2, c3, p0, p1, p2, p3], _)) =
            rest.split_first_chunk::<HEADER_BYTES>()
        else {
            return Err(truncated());
        };
        let block_size = u32::from_le_bytes([c0, c1, c2, c3]) as usize;
        let plain_size = u32::from_le_bytes([p0, p1, p2, p3]) as usize;
        if block_size < HEADER_BYTES || rest.len() < block_size {
            return Err(truncated());
        }
        let (block, rest) = rest.split_at(block_size);
        if checksum(block) != u128::from_le_bytes(*stored_checksum) {
            return Err(Error::new(
                Code::ChecksumDoesNotMatch,
                "Checksum doesn't match: corrupted data in the body",
            ));
        }
        let start = plain.len();
        if plain_size > bytes_max.saturating_sub(start) {
            return Err(too_large(bytes_max));
        }
        plain.resize(start + plain_size, 0);
        decompress(method, &block[HEADER_BYTES..], &mut plain[start..])?;
        framed = rest;
    }
    Ok(plain.into())
}

fn decompress(method: u8, data: &[u8], plain: &mut [u8]) -> Result<(), Error> {
    let broken = || {
        Error::new(
            Code::CannotDecompress,
            "Cannot decompress a block of the body",
        )
    };
    let written = match method {
        LZ4 => lz4_flex::block::decompress_into(data, plain).map_err(|_| broken())?,
        ZSTD => zstd::bulk::decompress_to_buffer(data, plain).map_err(|_| broken())?,
        NONE if data.len() == plain.len() => {
            plain.copy_from_slice(data);
            data.len()
        }
        _ => return Err(broken()),
    };
    (written == plain.len()).then_some(()).ok_or_else(broken)
}

fn truncated() -> Error {
    Error::new(
        Code::CannotDecompress,
        "The body ends inside a compressed block",
    )
}

pub(super) fn too_large(bytes_max: usize) -> Error {
    Error::new(
        Code::QueryIsTooLarge,
        format!("The body is larger than {bytes_max} bytes"),
    )
}

/// Frames `plain` as LZ4 blocks.
pub(super) fn write_blocks(plain: &[u8]) -> Bytes {
    let mut framed = Vec::with_capacity(plain.len() / 2);
    for piece in plain.chunks(BLOCK_BYTES) {
        let data = lz4_flex::block::compress(piece);
        let mut block = Vec::with_capacity(HEADER_BYTES + data.len());
        block.put_u8(LZ4);
        // Both fit: a piece is a MiB, and LZ4 grows it by 1/255 at most.
        block.put_u32_le((HEADER_BYTES + data.len()) as u32);
        block.put_u32_le(piece.len() as u32);
        block.put_slice(&data);
        framed.put_u128_le(checksum(&block));
        framed.put_slice(&block);
    }
    framed.into()
}

/// Undoes a `Content-Encoding`, up to `bytes_max` of plain bytes.
pub(super) fn decode(encoding: &str, body: Bytes, bytes_max: usize) -> Result<Bytes, Error> {
    match encoding {
        "" | "identity" => Ok(body),
        "gzip" | "x-gzip" => read(flate2::read::MultiGzDecoder::new(&*body), bytes_max),
        "deflate" => read(flate2::read::ZlibDecoder::new(&*body), bytes_max),
        "lz4" => read_lz4_frames(&body, bytes_max),
        "zstd" => match zstd::stream::read::Decoder::new(&*body) {
            Ok(decoder) => read(decoder, bytes_max),
            Err(error) => Err(Error::new(Code::CannotDecompress, error.to_string())),
        },
        other => Err(Error::new(
            Code::SupportIsDisabled,
            format!("Content-Encoding {other} is not supported"),
        )),
    }
}

/// A body may be several frames; the decoder stops after each, and takes a
/// frame cut between blocks for a whole one.
fn read_lz4_frames(mut frames: &[u8], bytes_max: usize) -> Result<Bytes, Error> {
    const CONTENT_CHECKSUM: u8 = 0x04;
    let mut plain = Vec::new();
    while !frames.is_empty() {
        let frame = frames;
        let decoder = lz4_flex::frame::FrameDecoder::new(&mut frames);
        plain.extend_from_slice(&read(decoder, bytes_max - plain.len())?);
        let consumed = &frame[..frame.len() - frames.len()];
        let checksum = if frame
            .get(4)
            .is_some_and(|flags| flags & CONTENT_CHECKSUM != 0)
        {
            4
        } else {
            0
        };
        let end_mark = consumed
            .len()
            .checked_sub(checksum)
            .map(|end| &consumed[..end]);
        if !end_mark.is_some_and(|frame| frame.ends_with(&[0; 4])) {
            return Err(truncated());
        }
    }
    Ok(plain.into())
}

fn read(decoder: impl Read, bytes_max: usize) -> Result<Bytes, Error> {
    let mut plain = Vec::new();
    decoder
        .take(bytes_max as u64 + 1)
        .read_to_end(&mut plain)
        .map_err(|error| {
            Error::new(
                Code::CannotDecompress,
                format!("Cannot decompress the body: {error}"),
            )
        })?;
    if plain.len() > bytes_max {
        return Err(too_large(bytes_max));
    }
    Ok(plain.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Write;

    use super::*;

    #[test]
    fn blocks_come_back() {
        let plain: Vec<u8> = (0..3_000_000_u32)
            .flat_map(|n| (n / 7).to_le_bytes())
            .collect();
        let framed = write_blocks(&plain);
        assert!(framed.len() < plain.len());
        assert_eq!(read_blocks(&framed, plain.len()).unwrap(), plain);
        assert_eq!(
            read_blocks(&framed, plain.len() - 1).unwrap_err().code(),
            424
        );
    }

    #[test]
    fn a_flipped_bit_or_a_cut_is_noticed() {
        let framed = write_blocks(b"some bytes, some bytes, some bytes").to_vec();
        let mut flipped = framed.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(read_blocks(&flipped, 1000).unwrap_err().code(), 40);
        assert_eq!(
            read_blocks(&framed[..framed.len() - 1], 1000)
                .unwrap_err()
                .code(),
            271
        );
    }

    #[test]
    fn every_frame_of_a_body_is_read_to_its_end() {
        let frame = |text: &str| {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let body = [frame("one "), frame("two")].concat();
        assert_eq!(decode("lz4", body.clone().into(), 100).unwrap(), "one two");
        assert_eq!(
            decode("lz4", body.clone().into(), 6).unwrap_err().code(),
            424
        );
        for cut in 1..body.len() {
            let whole_frame = cut == frame("one ").len();
            let decoded = decode("lz4", Bytes::copy_from_slice(&body[..cut]), 100);
            assert_eq!(decoded.is_ok(), whole_frame, "cut at {cut}");
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = zstd::bulk::compress(&vec![0; 1 << 20], 3).unwrap();
        assert_eq!(decode("zstd", bomb.into(), 1000).unwrap_err().code(), 424);
    }
}
