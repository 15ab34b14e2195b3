//! One segment on the wire, and what makes it valid whatever the limits of the receiver are.
use crate::error::{Code, Error};
use crate::leopard::code_exists;
use crate::results::Reason;

/// The most that one segment adds to its chunk: hash (34), length (6), index, both counts (4 each), parity mark (2) and the head of
/// the chunk (5).
pub const OVERHEAD: usize = 59;

/// What erasure coding needs: every chunk but the last one of a payload has a multiple of this many bytes.
pub(crate) const ALIGNMENT: usize = 64;

/// One that may be part of some payload. Nothing about it is authenticated.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Segment<'a> {
    pub payload_hash: [u8; 32],
    pub payload_length: u64,
    /// Within data or within parity.
    pub index: usize,
    pub data_count: usize,
    pub parity_count: usize,
    pub is_parity: bool,
    /// Of every chunk of the set but the last one; 0 when there is only one, which may have any length.
    pub chunk_size: usize,
    pub chunk: &'a [u8],
}

/// What the id of a set tells of its payload: the Keccak-256, and the length in bytes.
///
/// # Errors
/// `INVALID_OPTION` for what is none.
pub fn read_set_id(set_id: &str) -> Result<([u8; 32], u64), Error> {
    let parts: Vec<&str> = set_id.split('-').collect();
    let read = || {
        let [hex, length, _, _, _] = parts.as_slice() else { return None };
        let mut hash = [0; 32];
        for (index, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        (hex.len() == 64).then_some((hash, length.parse().ok()?))
    };
    read().ok_or_else(|| Error::new(Code::InvalidOption, "set_id: want one of this crate, got another text".to_owned()))
}

// Fields of SegmentMessage in proto/chat/segmentation/v1.
const HASH: u64 = 1;
const LENGTH: u64 = 2;
const INDEX: u64 = 3;
const DATA_COUNT: u64 = 4;
const PARITY_COUNT: u64 = 5;
const IS_PARITY: u64 = 6;
const CHUNK: u64 = 7;

impl<'a> Segment<'a> {
    /// Names the set: all that its segments must agree on. Segments with the same hash that disagree on anything else are of different
    /// sets, so a forged header does not spoil the genuine ones.
    pub fn set_id(&self) -> String {
        let hash: String = self.payload_hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let Self { payload_length, data_count, parity_count, chunk_size, .. } = self;
        format!("{hash}-{payload_length}-{data_count}-{parity_count}-{chunk_size}")
    }

    /// With this chunk.
    pub fn encode(&self, chunk: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(OVERHEAD + chunk.len());
        bytes.extend([(HASH << 3 | 2) as u8, 32]);
        bytes.extend(self.payload_hash);
        let numbers = [
            (LENGTH, self.payload_length),
            (INDEX, self.index as u64),
            (DATA_COUNT, self.data_count as u64),
            (PARITY_COUNT, self.parity_count as u64),
            (IS_PARITY, u64::from(self.is_parity)),
        ];
        for (field, value) in numbers {
            // 0 is left out, as proto3 has it.
            if value != 0 {
                bytes.push((field << 3) as u8);
                write_varint(&mut bytes, value);
            }
        }
        if !chunk.is_empty() {
            bytes.push((CHUNK << 3 | 2) as u8);
            write_varint(&mut bytes, chunk.len() as u64);
            bytes.extend(chunk);
        }
        bytes
    }

    /// Reads any bytes.
    pub fn parse(message: &'a [u8]) -> Result<Self, Reason> {
        let mut segment = Self::default();
        let hash = segment.read_fields(message).ok_or(Reason::Undecodable)?;
        segment.payload_hash = hash.try_into().map_err(|_| Reason::Invalid)?;
        let count = if segment.is_parity { segment.parity_count } else { segment.data_count };
        let has_code = !segment.is_parity || code_exists(segment.data_count, segment.parity_count);
        if segment.data_count < 1 || segment.index >= count || !has_code {
            return Err(Reason::Invalid);
        }
        segment.chunk_size = segment.find_chunk_size().ok_or(Reason::Invalid)?;
        Ok(segment)
    }

    fn read_fields(&mut self, message: &'a [u8]) -> Option<&'a [u8]> {
        let mut hash: &[u8] = &[];
        let mut rest = message;
        while !rest.is_empty() {
            let tag = read_varint(&mut rest)?;
            let (field, wire_type) = (tag >> 3, tag & 7);
            if tag > u64::from(u32::MAX) || field == 0 || wire_type > 5 {
                return None;
            }
            // A field that is known is read as what it is, whatever its wire type says, as @chat/segmentation does: both must agree on
            // which bytes are a segment.
            match field {
                HASH => hash = read_bytes(&mut rest)?,
                CHUNK => self.chunk = read_bytes(&mut rest)?,
                LENGTH => self.payload_length = u64::from(read_varint(&mut rest)? as u32),
                INDEX => self.index = read_varint(&mut rest)? as u32 as usize,
                DATA_COUNT => self.data_count = read_varint(&mut rest)? as u32 as usize,
                PARITY_COUNT => self.parity_count = read_varint(&mut rest)? as u32 as usize,
                IS_PARITY => self.is_parity = read_varint(&mut rest)? != 0,
                _ => skip(&mut rest, field, wire_type, 0)?,
            }
        }
        Some(hash)
    }

    /// Every segment tells the chunk size of its set: a full one by its length, the last one by what is left. None if no chunk size gives
    /// `payload_length` bytes in `data_count` chunks of which this is one.
    fn find_chunk_size(&self) -> Option<usize> {
        let (length, others) = (self.chunk.len() as u64, self.data_count as u64 - 1);
        // Parity is a whole number of 64-byte blocks, of which there is one even for an empty payload.
        if self.is_parity && (length == 0 || length % ALIGNMENT as u64 != 0) {
            return None;
        }
        if others == 0 {
            let fits = length == self.payload_length || self.is_parity && length > self.payload_length;
            return fits.then_some(0);
        }
        let size = if !self.is_parity && self.index == self.data_count - 1 {
            let left = self.payload_length.checked_sub(length)?;
            (left % others == 0).then_some(left / others)?
        } else {
            length
        };
        let last = self.payload_length.checked_sub(others * size)?;
        (1..=size).contains(&last).then_some(size as usize)
    }
}

fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn read_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let (byte, left) = rest.split_first()?;
        *rest = left;
        // The tenth byte has one bit that counts.
        if shift == 63 && *byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn read_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(read_varint(rest)?).ok()?;
    let (bytes, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(bytes)
}

/// Deeper groups are none.
const MAX_DEPTH: usize = 100;

fn skip(rest: &mut &[u8], field: u64, wire_type: u64, depth: usize) -> Option<()> {
    match wire_type {
        0 => read_varint(rest).map(drop),
        1 => rest.split_at_checked(8).map(|(_, left)| *rest = left),
        2 => read_bytes(rest).map(drop),
        5 => rest.split_at_checked(4).map(|(_, left)| *rest = left),
        3 if depth < MAX_DEPTH => loop {
            let tag = read_varint(rest)?;
            if tag & 7 == 4 {
                return (tag >> 3 == field).then_some(());
            }
            skip(rest, tag >> 3, tag & 7, depth + 1)?;
        },
        _ => None,
    }
}
