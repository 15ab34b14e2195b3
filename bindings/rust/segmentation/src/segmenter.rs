//! Cuts a payload into segments that each fit one transport message, and adds parity.
use sha3::{Digest, Keccak256};

use crate::error::{Code, Error};
use crate::leopard::{code_exists, encode};
use crate::options::{BLINDING_BYTES, Parity, SegmenterOptions, Wrap, check_common, check_parity};
use crate::segment::{ALIGNMENT, OVERHEAD, Segment};

/// Cuts payloads. Equal payloads and options give equal bytes, unless they are blinded.
pub struct Segmenter {
    options: SegmenterOptions,
    chunk_size: usize,
}

/// The messages of one payload, made one at a time: data before parity, in index order.
pub struct Segments<'a> {
    head: Segment<'static>,
    /// The only chunk of a payload that travels as it is; else the chunks of the data.
    chunks: Vec<Chunk<'a>>,
    chunk_size: usize,
    parity: Option<std::vec::IntoIter<Vec<u8>>>,
    next: usize,
    /// How many there are.
    pub total: usize,
    /// How the receiver calls the set; None for a payload that travels as it is.
    pub set_id: Option<String>,
}

enum Chunk<'a> {
    /// Behind the blinding.
    Blinded(Vec<u8>),
    Part(&'a [u8]),
}

impl Chunk<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Blinded(bytes) => bytes,
            Self::Part(bytes) => bytes,
        }
    }
}

impl Segmenter {
    /// # Errors
    /// `INVALID_OPTION`.
    pub fn new(options: impl Into<SegmenterOptions>) -> Result<Self, Error> {
        let options = options.into();
        check_common(&options.common)?;
        check_parity(options.parity)?;
        let room = options.common.max_message_size - OVERHEAD;
        Ok(Self { options, chunk_size: room - room % ALIGNMENT })
    }

    /// Bytes of payload in a full segment.
    #[must_use]
    pub fn chunk_size(&self) -> usize {
        self.chunk_size
    }

    /// The messages to send for `payload`, each at most `max_message_size` bytes.
    ///
    /// # Errors
    /// `PAYLOAD_TOO_LARGE`, `TOO_MANY_SEGMENTS`.
    pub fn segment<'a>(&mut self, payload: &'a [u8]) -> Result<Segments<'a>, Error> {
        let options = &self.options.common;
        if payload.len() as u64 > options.max_payload_size {
            let (wanted, got) = (options.max_payload_size, payload.len());
            let message = format!("payload: want at most {wanted} bytes (max_payload_size), got {got}");
            return Err(Error::new(Code::PayloadTooLarge, message));
        }
        let fits = options.wrap == Wrap::WhenNeeded && payload.len() <= options.max_message_size;
        if fits && Segment::parse(payload).is_err() {
            return Ok(Segments {
                head: Segment::default(),
                chunks: vec![Chunk::Part(payload)],
                chunk_size: 0,
                parity: None,
                next: 0,
                total: 1,
                set_id: None,
            });
        }
        let mut blinding = vec![0; if options.blind { BLINDING_BYTES } else { 0 }];
        (self.options.random)(&mut blinding);
        let hash = Keccak256::new().chain_update(&blinding).chain_update(payload).finalize();
        let payload_length = (blinding.len() + payload.len()) as u64;
        let chunks = self.cut(payload, blinding);
        let parity_count = self.parity_count_for(chunks.len())?;
        let head = Segment {
            payload_hash: hash.into(),
            payload_length,
            data_count: chunks.len(),
            parity_count,
            chunk_size: if chunks.len() == 1 { 0 } else { self.chunk_size },
            ..Segment::default()
        };
        let (total, set_id) = (chunks.len() + parity_count, Some(head.set_id()));
        Ok(Segments { head, chunks, chunk_size: self.chunk_size, parity: None, next: 0, total, set_id })
    }

    /// At least one chunk, which is empty for an empty payload.
    fn cut<'a>(&self, payload: &'a [u8], mut blinding: Vec<u8>) -> Vec<Chunk<'a>> {
        let mut chunks = Vec::new();
        let mut rest = payload;
        if !blinding.is_empty() {
            let (first, left) = payload.split_at(payload.len().min(self.chunk_size - blinding.len()));
            blinding.extend(first);
            chunks.push(Chunk::Blinded(blinding));
            rest = left;
        }
        chunks.extend(rest.chunks(self.chunk_size).map(Chunk::Part));
        if chunks.is_empty() {
            chunks.push(Chunk::Part(&[]));
        }
        chunks
    }

    fn parity_count_for(&self, data_count: usize) -> Result<usize, Error> {
        let parity_count = match self.options.parity {
            Parity::None => 0,
            // With m of n = k + m lost at most, any 7/8 of n suffice iff m >= floor(n / 8): the least such m.
            Parity::SevenEighths => (data_count - 1) / 7,
            Parity::Rate(rate) => (data_count as f64 * rate).ceil() as usize,
        };
        let most = self.options.common.max_total_segments;
        let problem = if data_count + parity_count > most {
            format!("want at most {most} (max_total_segments)")
        } else if parity_count > 0 && !code_exists(data_count, parity_count) {
            "no code for them".to_owned()
        } else {
            return Ok(parity_count);
        };
        let got = format!("got {data_count} of data and {parity_count} of parity; raise max_message_size");
        Err(Error::new(Code::TooManySegments, format!("segments: {problem}, {got}")))
    }
}

impl Iterator for Segments<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let index = self.next;
        self.next += 1;
        if let Some(chunk) = self.chunks.get(index) {
            if self.set_id.is_none() {
                return Some(chunk.bytes().to_vec());
            }
            return Some(Segment { index, ..self.head }.encode(chunk.bytes()));
        }
        if self.head.parity_count == 0 {
            return None;
        }
        let parity = self.parity.get_or_insert_with(|| {
            let data: Vec<&[u8]> = self.chunks.iter().map(Chunk::bytes).collect();
            encode(&data, self.head.parity_count, self.chunk_size).into_iter()
        });
        let shard = parity.next()?;
        Some(Segment { index: index - self.head.data_count, is_parity: true, ..self.head }.encode(&shard))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.total.saturating_sub(self.next);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Segments<'_> {}
