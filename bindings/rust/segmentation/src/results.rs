//! What becomes of a message that was received, and of a set that never becomes whole.
use serde::{Deserialize, Serialize};

/// Why nothing was kept of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Not a segment message; with [`Wrap::Always`](crate::Wrap::Always).
    Undecodable,
    /// A segment message that contradicts itself or LIP-243; with [`Wrap::Always`](crate::Wrap::Always).
    Invalid,
    /// Beyond `max_message_size`, `max_payload_size`, `max_total_segments` or `max_buffered_bytes`.
    Oversized,
    /// Held already, or of a set that was completed.
    Duplicate,
    /// Its index is held with other bytes, and there is no room for one more alternative.
    Mismatch,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// The payload is whole and its Keccak-256 was checked.
    Complete {
        /// All of it.
        payload: Vec<u8>,
        /// None for a payload that travelled as it is.
        set_id: Option<String>,
        /// How many indexes had been given forged bytes.
        forged: usize,
    },
    /// The segment is held.
    Pending {
        /// Of its set.
        set_id: String,
        /// Within data or within parity.
        index: usize,
        /// Which of the two.
        is_parity: bool,
        /// Different indexes that are held.
        held: usize,
        /// How many more segments it takes, at least.
        needed: usize,
        /// Data and parity segments of the set.
        total: usize,
    },
    /// Nothing was kept.
    Discarded {
        /// Why.
        reason: Reason,
        /// If the bytes are a segment.
        set_id: Option<String>,
    },
}

/// Both ends are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct IndexRange {
    pub first: usize,
    pub last: usize,
}

/// A set that will not be put together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IncompleteReport {
    /// Names it.
    pub set_id: String,
    /// As given to `accept_from`; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sender: String,
    /// `timeout`, or `evicted`: the bounds on memory left no room for it.
    pub reason: String,
    /// In bytes.
    pub payload_length: u64,
    /// Different indexes that were held.
    pub held: usize,
    /// How many more segments it would have taken, at least.
    pub needed: usize,
    /// Data and parity segments of the set.
    pub total: usize,
    /// Data segments that never came, in order; at most 1,024 ranges.
    pub missing: Vec<IndexRange>,
    /// The same for parity.
    pub missing_parity: Vec<IndexRange>,
    /// Whether enough came but were not the payload that was announced.
    pub forged: bool,
    /// Since the first segment.
    pub age_ms: u64,
}

/// A hostile sender can leave 32,768 holes; the first of them will do.
pub(crate) const MAX_REPORTED_RANGES: usize = 1_024;
