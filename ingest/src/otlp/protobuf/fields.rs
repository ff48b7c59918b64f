//! A protobuf message as a sequence of fields.

use prost::encoding::{WireType, decode_key, decode_varint};

/// Not a protobuf message, or cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// A field's value; what it means depends on its number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    /// Of no field that we read.
    Fixed32,
    /// A text, bytes, or a message.
    Bytes(&'a [u8]),
}

/// The fields in the order sent, each with its number. Ends after the first error.
pub(super) fn fields(mut rest: &[u8]) -> impl Iterator<Item = Result<(u32, Field<'_>), Malformed>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = field(&mut rest);
        if field.is_err() {
            rest = &[];
        }
        Some(field)
    })
}

fn field<'a>(rest: &mut &'a [u8]) -> Result<(u32, Field<'a>), Malformed> {
    let (number, wire_type) = decode_key(rest).map_err(|_| Malformed)?;
    let field = match wire_type {
        WireType::Varint => Field::Varint(decode_varint(rest).map_err(|_| Malformed)?),
        WireType::SixtyFourBit => {
            let (bytes, after) = rest.split_first_chunk().ok_or(Malformed)?;
            *rest = after;
            Field::Fixed64(u64::from_le_bytes(*bytes))
        }
        WireType::ThirtyTwoBit => {
            let (_, after) = rest.split_first_chunk::<4>().ok_or(Malformed)?;
            *rest = after;
            Field::Fixed32
        }
        WireType::LengthDelimited => {
            let length = decode_varint(rest).map_err(|_| Malformed)?;
            let length = usize::try_from(length).map_err(|_| Malformed)?;
            let (bytes, after) = rest.split_at_checked(length).ok_or(Malformed)?;
            *rest = after;
            Field::Bytes(bytes)
        }
        // Groups were gone before OTLP began.
        WireType::StartGroup | WireType::EndGroup => return Err(Malformed),
    };
    Ok((number, field))
}
