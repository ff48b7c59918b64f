//! Undoes a body's content encoding as it passes, in bounded memory.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use zstd::stream::write::Decoder as ZstdDecoder;

/// Largest window of a stream in zstd: 8 MiB, what RFC 9659 lets HTTP use.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// Between the brotli decoder and the reader.
const BROTLI_BUFFER_BYTES: usize = 16 * 1024;
/// Most that is read of one body once decoded: whoever sends more is not metered further.
const DECODED_BYTES_MAX: u64 = 8 << 30;

/// Reads plain bytes into `R` whatever the encoding.
pub(super) struct Decoder<R: Write + Send + 'static> {
    layer: Box<dyn Layer<R>>,
    /// `deflate` means zlib, but some send it raw: the first byte decides.
    is_undecided: bool,
    is_plain: bool,
    /// Damaged, or an encoding that is not known here: what was read counts, no more is.
    is_lost: bool,
}

/// One decoder of the libraries over a reader.
trait Layer<R>: Write + Send {
    fn reader(&mut self) -> &mut Option<R>;
}

/// The reader, and how much it may still get.
struct Bounded<R> {
    reader: Option<R>,
    left: u64,
}

impl<R: Write + Send + 'static> Decoder<R> {
    /// For a body with this `Content-Encoding`.
    pub(super) fn new(encoding: Option<&str>, reader: R) -> Self {
        let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
        let reader = Bounded {
            reader: Some(reader),
            left: DECODED_BYTES_MAX,
        };
        let mut is_lost = false;
        let layer: Box<dyn Layer<R>> = match encoding.as_str() {
            "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(reader)),
            "br" => Box::new(DecompressorWriter::new(reader, BROTLI_BUFFER_BYTES)),
            "zstd" => match zstd(reader) {
                Ok(decoder) => Box::new(decoder),
                Err(reader) => {
                    is_lost = true;
                    Box::new(reader)
                }
            },
            "" | "identity" | "deflate" => Box::new(reader),
            _ => {
                is_lost = true;
                Box::new(reader)
            }
        };
        Self {
            layer,
            is_undecided: encoding == "deflate",
            is_plain: matches!(encoding.as_str(), "" | "identity"),
            is_lost,
        }
    }

    /// Reads on.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let Some(first) = bytes.first().filter(|_| !self.is_lost) else {
            return;
        };
        if std::mem::take(&mut self.is_undecided) {
            self.decide(*first);
        }
        let read = self.layer.write_all(bytes);
        self.is_lost = read.and_then(|()| self.layer.flush()).is_err();
    }

    /// Whether the body's bytes are what is read.
    pub(super) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Whether there was something that could not be read.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// The reader, while bytes still come.
    pub(super) fn reader(&mut self) -> Option<&R> {
        self.layer.reader().as_ref()
    }

    /// The reader, with all read that could be decoded.
    pub(super) fn into_reader(mut self) -> Option<R> {
        self.layer.reader().take()
    }

    /// Zlib's first byte names method 8 in its lower half.
    fn decide(&mut self, first: u8) {
        let reader = Bounded {
            reader: self.layer.reader().take(),
            left: DECODED_BYTES_MAX,
        };
        self.layer = if first & 0x0f == 8 {
            Box::new(ZlibDecoder::new(reader))
        } else {
            Box::new(DeflateDecoder::new(reader))
        };
    }
}

fn zstd<R: Write>(reader: Bounded<R>) -> Result<ZstdDecoder<'static, Bounded<R>>, Bounded<R>> {
    let Ok(mut raw) = zstd::stream::raw::Decoder::new() else {
        return Err(reader);
    };
    let bound = zstd::zstd_safe::DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX);
    match raw.set_parameter(bound) {
        Ok(()) => Ok(ZstdDecoder::with_decoder(reader, raw)),
        Err(_) => Err(reader),
    }
}

impl<R: Write + Send + 'static> std::fmt::Debug for Decoder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl<R: Write> Write for Bounded<R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or(io::ErrorKind::FileTooLarge)?;
        if let Some(reader) = &mut self.reader {
            reader.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<R: Write + Send> Layer<R> for Bounded<R> {
    fn reader(&mut self) -> &mut Option<R> {
        &mut self.reader
    }
}

macro_rules! layer {
    ($($decoder:ty),*) => {$(
        impl<R: Write + Send> Layer<R> for $decoder {
            fn reader(&mut self) -> &mut Option<R> {
                &mut self.get_mut().reader
            }
        }
    )*};
}

layer!(
    MultiGzDecoder<Bounded<R>>,
    ZlibDecoder<Bounded<R>>,
    DeflateDecoder<Bounded<R>>,
    DecompressorWriter<Bounded<R>>,
    ZstdDecoder<'static, Bounded<R>>
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    fn text() -> Vec<u8> {
        (0..39_999)
            .flat_map(|n| format!("data: {n}\n\n").into_bytes())
            .collect()
    }

    /// The text in every encoding; brotli's is its stored form, which needs no encoder.
    fn encoded(text: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        for encoder in [&mut gzip as &mut dyn Write, &mut zlib, &mut raw] {
            encoder.write_all(text).unwrap();
        }
        let gzip = gzip.finish().unwrap();
        let (half, other) = text.split_at(text.len() / 2);
        let mut members = GzEncoder::new(Vec::new(), Compression::fast());
        members.write_all(half).unwrap();
        let mut members = GzEncoder::new(members.finish().unwrap(), Compression::fast());
        members.write_all(other).unwrap();
        vec![
            ("", text.to_vec()),
            ("identity", text.to_vec()),
            ("gzip", gzip.clone()),
            ("GZIP", members.finish().unwrap()),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", raw.finish().unwrap()),
            ("zstd", zstd::encode_all(text, 1).unwrap()),
            ("br", brotli_stored(text)),
        ]
    }

    /// RFC 7932: a window of 16 bits, uncompressed meta-blocks of at most 64 KiB, an empty last one.
    fn brotli_stored(text: &[u8]) -> Vec<u8> {
        let mut bits: Vec<bool> = vec![false];
        let mut bytes = Vec::new();
        let put = |bits: &mut Vec<bool>, value: usize, width: usize| {
            bits.extend((0..width).map(|bit| value >> bit & 1 == 1));
        };
        let drain = |bits: &mut Vec<bool>, bytes: &mut Vec<u8>| {
            for byte in bits.chunks(8) {
                bytes.push(byte.iter().rev().fold(0, |n, bit| n << 1 | u8::from(*bit)));
            }
            bits.clear();
        };
        for block in text.chunks(65_536) {
            put(&mut bits, 0, 1); // not the last
            put(&mut bits, 0, 2); // four nibbles of length
            put(&mut bits, block.len() - 1, 16);
            put(&mut bits, 1, 1); // uncompressed
            drain(&mut bits, &mut bytes);
            bytes.extend_from_slice(block);
        }
        put(&mut bits, 3, 2); // last, and empty
        drain(&mut bits, &mut bytes);
        bytes
    }

    #[test]
    fn every_encoding_in_pieces_of_any_size() {
        let text = text();
        for (encoding, body) in encoded(&text) {
            for size in [1, 7, 1_000, body.len()] {
                let mut decoder = Decoder::new(Some(encoding), Vec::new());
                for piece in body.chunks(size) {
                    decoder.feed(piece);
                }
                let read = decoder.into_reader().unwrap();
                assert!(read == text, "{encoding} by {size}: {} bytes", read.len());
            }
        }
    }

    #[test]
    fn what_was_read_before_the_damage_counts() {
        let text = text();
        for (encoding, mut body) in encoded(&text).split_off(2) {
            let middle = body.len() / 2;
            body.truncate(middle);
            body.extend_from_slice(&[0xff; 64]);
            let mut decoder = Decoder::new(Some(encoding), Vec::new());
            for piece in body.chunks(100) {
                decoder.feed(piece);
            }
            let read = decoder.into_reader().unwrap();
            assert!(read.len() > text.len() / 8, "{encoding}: {}", read.len());
        }
        let mut unknown = Decoder::new(Some("lzma"), Vec::new());
        unknown.feed(b"whatever");
        assert!(unknown.into_reader().unwrap().is_empty());
    }
}
