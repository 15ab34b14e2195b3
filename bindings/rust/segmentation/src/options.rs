//! Options of both directions, their defaults and their checks.
use crate::error::{Code, Error};
use crate::segment::{ALIGNMENT, OVERHEAD};

/// Which payloads travel in segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wrap {
    /// A payload that fits one message is sent as it is, unless it could be taken for a segment.
    #[default]
    WhenNeeded,
    /// Plain LIP-243.
    Always,
}

/// How many parity segments a payload gets.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Parity {
    /// The fewest for which any 87.5 % of the segments suffice.
    #[default]
    SevenEighths,
    /// Every data segment is needed.
    None,
    /// So many for each data segment, rounded up, as LIP-243 has it: above 0, at most 1.
    Rate(f64),
}

/// What both sides must agree on, and limits.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bytes that one transport message can carry: 123 to 2^28 - 1.
    pub max_message_size: usize,
    /// 100 MiB by default.
    pub max_payload_size: u64,
    /// Of one payload, data and parity: 65,536 by default, which is also the most.
    pub max_total_segments: usize,
    /// Which payloads travel in segments.
    pub wrap: Wrap,
    /// 32 random bytes in front of a payload that is segmented, so that its hash tells nothing about it. Not plain LIP-243.
    pub blind: bool,
}

impl Options {
    /// The defaults, for messages of so many bytes.
    #[must_use]
    pub fn new(max_message_size: usize) -> Self {
        let (max_payload_size, max_total_segments) = (100 * MIB, MAX_TOTAL_SEGMENTS);
        Self { max_message_size, max_payload_size, max_total_segments, wrap: Wrap::WhenNeeded, blind: false }
    }
}

/// Gives unpredictable bytes.
pub(crate) type Random = Box<dyn FnMut(&mut [u8]) + Send>;

/// Of a [`Segmenter`](crate::Segmenter).
pub struct SegmenterOptions {
    /// What both sides must agree on.
    pub common: Options,
    /// How many parity segments a payload gets.
    pub parity: Parity,
    /// For blinding: that of the system by default.
    pub random: Random,
}

impl SegmenterOptions {
    /// The defaults.
    #[must_use]
    pub fn new(common: Options) -> Self {
        Self { common, parity: Parity::default(), random: system_random() }
    }
}

impl From<Options> for SegmenterOptions {
    fn from(common: Options) -> Self {
        Self::new(common)
    }
}

/// Of a [`Reassembler`](crate::Reassembler).
pub struct ReassemblerOptions {
    /// What both sides must agree on.
    pub common: Options,
    /// For segments that wait, over all sets: 2 × (`max_payload_size` + 40 MiB) by default.
    pub max_buffered_bytes: u64,
    /// The same for each sender that is named: half of it by default.
    pub max_buffered_bytes_per_sender: Option<u64>,
    /// Sets that wait at one time: 256 by default.
    pub max_sets: usize,
    /// The same for each sender that is named: half of it by default.
    pub max_sets_per_sender: Option<usize>,
    /// Complete sets that are remembered, so that late segments do not start them again: 4,096 by default.
    pub max_completed_sets: usize,
    /// How long a set waits for its next segment, and how long a complete one is remembered: 300,000 by default.
    pub timeout_ms: u64,
    /// For finding forged segments: that of the system by default.
    pub random: Random,
}

impl ReassemblerOptions {
    /// The defaults.
    #[must_use]
    pub fn new(common: Options) -> Self {
        Self {
            max_buffered_bytes: 2 * (common.max_payload_size + 40 * MIB),
            common,
            max_buffered_bytes_per_sender: None,
            max_sets: 256,
            max_sets_per_sender: None,
            max_completed_sets: 4_096,
            timeout_ms: 300_000,
            random: system_random(),
        }
    }
}

impl From<Options> for ReassemblerOptions {
    fn from(common: Options) -> Self {
        Self::new(common)
    }
}

pub(crate) const BLINDING_BYTES: usize = 32;
const MIB: u64 = 1 << 20;
const MAX_TOTAL_SEGMENTS: usize = 65_536;
const MAX_MESSAGE_SIZE: u64 = (1 << 28) - 1;
const MAX_PAYLOAD_SIZE: u64 = (1 << 32) - 1 - BLINDING_BYTES as u64;
const MOST: u64 = (1 << 53) - 1;

pub(crate) fn check_common(options: &Options) -> Result<(), Error> {
    within("max_message_size", options.max_message_size as u64, (OVERHEAD + ALIGNMENT) as u64, MAX_MESSAGE_SIZE)?;
    within("max_payload_size", options.max_payload_size, 0, MAX_PAYLOAD_SIZE)?;
    within("max_total_segments", options.max_total_segments as u64, 1, MAX_TOTAL_SEGMENTS as u64)
}

pub(crate) fn check_parity(parity: Parity) -> Result<(), Error> {
    match parity {
        Parity::Rate(rate) if !(rate > 0.0 && rate <= 1.0) => {
            let message = format!("parity: want a rate above 0 and at most 1, got {rate}");
            Err(Error::new(Code::InvalidOption, message))
        }
        _ => Ok(()),
    }
}

pub(crate) fn check_bounds(options: &ReassemblerOptions) -> Result<(), Error> {
    within("max_buffered_bytes", options.max_buffered_bytes, 1, MOST)?;
    within("max_buffered_bytes_per_sender", options.max_buffered_bytes_per_sender.unwrap_or(1), 1, MOST)?;
    within("max_sets", options.max_sets as u64, 1, MOST)?;
    within("max_sets_per_sender", options.max_sets_per_sender.unwrap_or(1) as u64, 1, MOST)?;
    within("timeout_ms", options.timeout_ms, 1, MOST)
}

fn within(name: &str, value: u64, least: u64, most: u64) -> Result<(), Error> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Error::new(Code::InvalidOption, format!("{name}: want {least} to {most}, got {value}")))
}

fn system_random() -> Random {
    Box::new(|bytes| getrandom::fill(bytes).expect("the system has random bytes"))
}
