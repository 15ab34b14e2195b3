//! The segments of one payload that have arrived. Nothing about a segment is authenticated, so an index may be given several chunks;
//! the hash of the payload tells in the end which of them were true.
use std::collections::HashMap;

use sha3::{Digest, Keccak256};

use crate::forged::{Choice, ForgedSet, Search};
use crate::leopard::{code_exists, recover};
use crate::options::Random;
use crate::results::{IncompleteReport, IndexRange, MAX_REPORTED_RANGES};
use crate::segment::{ALIGNMENT, Segment};

// What things cost, as @chat/segmentation counts it, so that both give up the same sets: a waiting segment besides its chunk, a set
// besides its segments, a letter of a sender's name.
const SEGMENT_COST: u64 = 560;
const SET_COST: u64 = 1_024;
const NAME_COST: u64 = 4;

/// Different chunks that are kept for one index.
const MAX_CANDIDATES: usize = 4;
/// @chat/segmentation assembles larger payloads in place from a quarter on, and counts their cost so.
const IN_PLACE_MIN_BYTES: u64 = 1 << 20;
const IN_PLACE_SHARE: u64 = 4;

// What a search for forged segments may cost: docs/decisions/0008 of the repository.
const STEPS_PER_BYTE: i64 = 128;
const MAX_SEARCH_STEPS: i64 = 1 << 32;
const MAX_ATTEMPTS: i64 = 64;
const STEPS_PER_HASHED_BYTE: i64 = 4;
const STEPS_PER_ATTEMPT: i64 = 1 << 15;

/// Of the set of a segment at most, without alternatives.
pub(crate) fn max_cost_of(segment: &Segment, sender: &str) -> u64 {
    let size = if segment.data_count == 1 { segment.payload_length } else { segment.chunk_size as u64 };
    SET_COST + NAME_COST * letters(sender) + segment.data_count as u64 * (size + SEGMENT_COST)
}

/// As JavaScript counts them, in UTF-16 units, so that costs are the same.
pub(crate) fn letters(name: &str) -> u64 {
    name.encode_utf16().count() as u64
}

#[derive(PartialEq, Eq)]
pub(crate) enum Kept {
    First,
    Alternative,
    Duplicate,
    Mismatch,
}

pub(crate) struct PartialSet {
    pub id: String,
    pub key: String,
    pub sender: String,
    pub updated_at_ms: i64,
    /// Bytes of memory, never less than what is really held.
    pub cost: u64,
    hash: [u8; 32],
    payload_length: u64,
    data_count: usize,
    parity_count: usize,
    shard_size: usize,
    may_settle: bool,
    has_settled: bool,
    /// By position, data from 0, then parity; first come, first. `positions` are in the order in which they came.
    candidates: HashMap<usize, Vec<Vec<u8>>>,
    positions: Vec<usize>,
    started_at_ms: i64,
    /// By number: how many positions have so many candidates or more.
    positions_with: [usize; MAX_CANDIDATES + 1],
    candidate_count: usize,
    data_bytes: u64,
    /// What the set may cost beyond what it would if nobody forged.
    extra_room: i64,
    /// So many candidates make the next attempt worth its time.
    attempt_at: usize,
    search_steps: i64,
    is_forged: bool,
}

impl PartialSet {
    pub fn new(segment: &Segment, id: String, key: String, sender: &str, now_ms: i64, max_cost: u64) -> Self {
        let is_single = segment.data_count == 1;
        let shard_size = if is_single { segment.payload_length as usize } else { segment.chunk_size };
        let cost = SET_COST + NAME_COST * letters(sender);
        let total = (segment.data_count + segment.parity_count) as u64;
        let parity_bytes = segment.parity_count as u64 * shard_size as u64;
        let in_place = cost + segment.payload_length + parity_bytes + total * SEGMENT_COST;
        let may_settle = segment.payload_length >= IN_PLACE_MIN_BYTES && !is_single && in_place <= max_cost;
        let without_forgers = if may_settle { in_place } else { max_cost_of(segment, sender) };
        Self {
            id,
            key,
            sender: sender.to_owned(),
            updated_at_ms: now_ms,
            cost,
            hash: segment.payload_hash,
            payload_length: segment.payload_length,
            data_count: segment.data_count,
            parity_count: segment.parity_count,
            shard_size,
            may_settle,
            has_settled: false,
            candidates: HashMap::new(),
            positions: Vec::new(),
            started_at_ms: now_ms,
            positions_with: [0; MAX_CANDIDATES + 1],
            candidate_count: 0,
            data_bytes: 0,
            extra_room: max_cost as i64 - without_forgers as i64,
            attempt_at: segment.data_count,
            search_steps: 0,
            is_forged: false,
        }
    }

    pub fn total(&self) -> usize {
        self.data_count + self.parity_count
    }

    pub fn held(&self) -> usize {
        self.candidates.len()
    }

    pub fn needed(&self) -> usize {
        self.data_count.saturating_sub(self.held()).max(1)
    }

    /// Whether `solve` is worth its time.
    pub fn is_ready(&self) -> bool {
        self.held() >= self.data_count && self.candidate_count >= self.attempt_at
    }

    /// Keeps a copy of the chunk of a segment of this set. `room` is for what is not needed if nobody forges: alternatives, and more
    /// segments than the data.
    pub fn add(&mut self, segment: &Segment, now_ms: i64, room: i64) -> Kept {
        let position = if segment.is_parity { self.data_count + segment.index } else { segment.index };
        let chunk = &segment.chunk[..segment.chunk.len().min(self.length_at(position))];
        let known = self.candidates.get(&position).map_or(0, Vec::len);
        if self.candidates.get(&position).is_some_and(|known| known.iter().any(|other| other == chunk)) {
            return Kept::Duplicate;
        }
        let cost = chunk.len() as u64 + SEGMENT_COST;
        if known > 0 || self.held() >= self.data_count {
            if known == MAX_CANDIDATES || cost as i64 > room.min(self.extra_room) {
                return Kept::Mismatch;
            }
            self.extra_room -= cost as i64;
        }
        self.cost += SEGMENT_COST;
        self.candidate_count += 1;
        self.search_steps += STEPS_PER_BYTE * cost as i64;
        self.count_chunk(position, chunk.len() as u64, known == 0);
        self.candidates.entry(position).or_default().push(chunk.to_vec());
        self.notice_round(known + 1);
        if known > 0 {
            // No sign of life: it would let a forger keep the set for ever.
            return Kept::Alternative;
        }
        self.positions.push(position);
        self.updated_at_ms = now_ms;
        Kept::First
    }

    /// Counts as if large payloads were assembled in place from a quarter on, where the first chunks of data cost nothing more.
    fn count_chunk(&mut self, position: usize, length: u64, is_first: bool) {
        if !is_first || position >= self.data_count {
            self.cost += length;
            return;
        }
        self.data_bytes += length;
        if self.has_settled {
            return;
        }
        if self.may_settle && IN_PLACE_SHARE * self.data_bytes >= self.payload_length {
            self.has_settled = true;
            self.cost += self.payload_length - (self.data_bytes - length);
        } else {
            self.cost += length;
        }
    }

    /// The set may have been sent once more, and now be whole again: worth an attempt, since no other may follow.
    fn notice_round(&mut self, candidates: usize) {
        self.positions_with[candidates] += 1;
        if self.positions_with[candidates] == self.total() {
            self.attempt_at = self.candidate_count;
        }
    }

    fn length_at(&self, position: usize) -> usize {
        if position != self.data_count - 1 {
            return self.shard_size;
        }
        (self.payload_length - (self.data_count - 1) as u64 * self.shard_size as u64) as usize
    }

    /// The payload if its hash is right, with the number of indexes that were given forged chunks. Otherwise segments are forged that
    /// cannot be told from the true ones yet; more segments may help.
    pub fn solve(&mut self, random: &mut Random) -> Option<(Vec<u8>, usize)> {
        let payload = match self.whole_from(&Choice::new()) {
            Some(payload) => payload,
            None => {
                self.is_forged = true;
                self.search(random)?
            }
        };
        let forged = if self.is_forged { self.count_forged(&payload) } else { 0 };
        Some((payload, forged))
    }

    fn search(&mut self, random: &mut Random) -> Option<Vec<u8>> {
        // A forger could have us search at every segment. What is there besides the data must grow by a quarter each time.
        self.attempt_at = self.candidate_count + ((self.candidate_count - self.data_count) / 4).max(1);
        let steps = self.search_steps.min(MAX_SEARCH_STEPS);
        let per_attempt = STEPS_PER_ATTEMPT + STEPS_PER_HASHED_BYTE * self.payload_length as i64;
        let attempts = MAX_ATTEMPTS.min(steps / 2 / per_attempt);
        let mut seed = [0; 16];
        random(&mut seed);
        let set = ForgedSet {
            data_count: self.data_count,
            parity_count: if code_exists(self.data_count, self.parity_count) { self.parity_count } else { 0 },
            // Chunks of other sizes can only be of a set that holds no parity.
            shard_size: self.shard_size.div_ceil(ALIGNMENT) * ALIGNMENT,
            positions: &self.positions,
            candidates: &self.candidates,
        };
        let mut search = Search::new(&set, &seed, attempts as usize, steps - attempts * per_attempt);
        let mut used = 0;
        let mut found = None;
        search.find(&mut |choice| {
            used += per_attempt;
            found = self.whole_from(choice);
            found.is_some()
        });
        let spent = steps - attempts * per_attempt - search.steps_left();
        self.search_steps -= used + spent;
        found
    }

    /// The payload that a choice leads to, if it is the one that was announced.
    fn whole_from(&self, choice: &Choice) -> Option<Vec<u8>> {
        let chosen = |position: usize| {
            let chunks = self.candidates.get(&position)?;
            match choice.get(&position) {
                None => chunks.first(),
                Some(taken) => taken.and_then(|index| chunks.get(index)),
            }
        };
        let data: Vec<Option<&[u8]>> = (0..self.data_count).map(|at| chosen(at).map(Vec::as_slice)).collect();
        let mut payload = vec![0; self.payload_length as usize];
        for (position, chunk) in data.iter().enumerate() {
            if let Some(chunk) = chunk {
                payload[position * self.shard_size..][..chunk.len()].copy_from_slice(chunk);
            }
        }
        let lost = data.iter().filter(|chunk| chunk.is_none()).count();
        if lost > 0 {
            let parity: Vec<Option<&[u8]>> =
                (0..self.parity_count).map(|at| chosen(self.data_count + at).map(Vec::as_slice)).collect();
            if parity.iter().flatten().count() < lost {
                return None;
            }
            for (position, shard) in recover(&data, &parity, self.shard_size) {
                let length = self.length_at(position);
                payload[position * self.shard_size..][..length].copy_from_slice(&shard[..length]);
            }
        }
        (Keccak256::digest(&payload)[..] == self.hash).then_some(payload)
    }

    /// Parity is counted only where it was given several chunks.
    fn count_forged(&self, payload: &[u8]) -> usize {
        let is_true = |(position, chunks): &(&usize, &Vec<Vec<u8>>)| {
            let truth = || &payload[*position * self.shard_size..][..self.length_at(**position)];
            chunks.len() == 1 && (**position >= self.data_count || chunks[0] == truth())
        };
        self.candidates.iter().filter(|entry| !is_true(entry)).count()
    }

    /// A clock that went back must not keep the set for longer than the timeout from now.
    pub fn set_back_clock(&mut self, now_ms: i64) {
        self.updated_at_ms = self.updated_at_ms.min(now_ms);
        self.started_at_ms = self.started_at_ms.min(now_ms);
    }

    pub fn report(&self, reason: &str, now_ms: i64) -> IncompleteReport {
        let mut positions = self.positions.clone();
        positions.sort_unstable();
        IncompleteReport {
            set_id: self.id.clone(),
            sender: self.sender.clone(),
            reason: reason.to_owned(),
            payload_length: self.payload_length,
            held: self.held(),
            needed: self.needed(),
            total: self.total(),
            missing: holes(&positions, 0, self.data_count),
            missing_parity: holes(&positions, self.data_count, self.total()),
            forged: self.is_forged,
            age_ms: u64::try_from(now_ms - self.started_at_ms).unwrap_or(0),
        }
    }
}

/// What is missing of `positions` between `start` and `end`, counted from `start`.
fn holes(positions: &[usize], start: usize, end: usize) -> Vec<IndexRange> {
    let mut ranges = Vec::new();
    let mut first = start;
    let within = positions.iter().copied().filter(|position| (start..end).contains(position));
    for position in within.chain([end]) {
        if position > first && ranges.len() < MAX_REPORTED_RANGES {
            ranges.push(IndexRange { first: first - start, last: position - 1 - start });
        }
        first = position + 1;
    }
    ranges
}
