//! Puts segments together again, whatever their order, within fixed bounds on memory.
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{SystemTime, UNIX_EPOCH};

use sha3::{Digest, Keccak256};

use crate::completed::CompletedSets;
use crate::error::Error;
use crate::options::{BLINDING_BYTES, ReassemblerOptions, Wrap, check_bounds, check_common};
use crate::partial_set::{Kept, PartialSet, letters, max_cost_of};
use crate::results::{Accepted, IncompleteReport, Reason};
use crate::segment::Segment;

/// Wait for `expire`; older ones are forgotten.
const MAX_WAITING_REPORTS: usize = 64;
const LONGEST_NAME: usize = 64;

#[derive(Default, Clone, Copy)]
struct Usage {
    bytes: u64,
    sets: usize,
}

/// Puts segments together again.
pub struct Reassembler {
    options: ReassemblerOptions,
    max_bytes_per_sender: u64,
    max_sets_per_sender: usize,
    /// By number, which grows with every update: least recently updated first.
    sets: BTreeMap<u64, PartialSet>,
    numbers: HashMap<String, u64>,
    next: u64,
    buffered: u64,
    of_sender: HashMap<String, Usage>,
    completed: CompletedSets,
    reports: VecDeque<IncompleteReport>,
    latest_ms: i64,
}

impl Reassembler {
    /// # Errors
    /// `INVALID_OPTION`.
    pub fn new(options: impl Into<ReassemblerOptions>) -> Result<Self, Error> {
        let options = options.into();
        check_common(&options.common)?;
        check_bounds(&options)?;
        Ok(Self {
            max_bytes_per_sender: options
                .max_buffered_bytes_per_sender
                .unwrap_or(options.max_buffered_bytes.div_ceil(2)),
            max_sets_per_sender: options.max_sets_per_sender.unwrap_or(options.max_sets.div_ceil(2)),
            completed: CompletedSets::new(options.max_completed_sets),
            options,
            sets: BTreeMap::new(),
            numbers: HashMap::new(),
            next: 0,
            buffered: 0,
            of_sender: HashMap::new(),
            reports: VecDeque::new(),
            latest_ms: i64::MIN,
        })
    }

    /// Memory that waiting segments take, with what it costs to keep account of them; at most `max_buffered_bytes`.
    #[must_use]
    pub fn buffered_bytes(&self) -> u64 {
        self.buffered
    }

    /// Takes one received message from anybody, now. Never fails for what it is given.
    pub fn accept(&mut self, message: &[u8]) -> Accepted {
        self.accept_from("", message, now_ms())
    }

    /// [`Reassembler::accept`] for segments of a sender, which never mix with those of others, at a time since the Unix epoch. The name is
    /// any short one that the caller trusts; empty for none.
    pub fn accept_from(&mut self, sender: &str, message: &[u8], now_ms: i64) -> Accepted {
        let result = self.take(sender, message, now_ms);
        // Only now: whatever kept a set waiting, the segment that has come for it is no reason to give it up.
        self.drop_expired(now_ms);
        result
    }

    /// Drops the sets that got nothing for the timeout, and forgets what was completed that long ago. `accept` does so too; call it now
    /// and then where nothing may arrive for long. Gives a report for each set that was given up since the last call: the newest 64.
    pub fn expire(&mut self, now_ms: i64) -> Vec<IncompleteReport> {
        self.drop_expired(now_ms);
        self.reports.drain(..).collect()
    }

    /// Has a set count as complete, as after a restart: its segments are duplicates from here on.
    pub fn mark_complete(&mut self, sender: &str, set_id: &str, completed_at_ms: i64) {
        let keeper = short_name(sender);
        let key = key_of(&keeper, set_id);
        if let Some(number) = self.numbers.get(&key) {
            self.remove(*number);
        }
        self.completed.add(&key, &keeper, completed_at_ms);
    }

    fn take(&mut self, sender: &str, message: &[u8], now_ms: i64) -> Accepted {
        let options = &self.options.common;
        let discarded = |reason| Accepted::Discarded { reason, set_id: None };
        if message.len() > options.max_message_size {
            return discarded(Reason::Oversized);
        }
        match Segment::parse(message) {
            Ok(segment) => self.take_segment(sender, &segment, now_ms),
            Err(reason) if options.wrap == Wrap::Always => discarded(reason),
            Err(_) if message.len() as u64 > options.max_payload_size => discarded(Reason::Oversized),
            Err(_) => Accepted::Complete { payload: message.to_vec(), set_id: None, forged: 0 },
        }
    }

    fn take_segment(&mut self, sender: &str, segment: &Segment, now_ms: i64) -> Accepted {
        let id = segment.set_id();
        let discarded = |reason, id: String| Accepted::Discarded { reason, set_id: Some(id) };
        if self.options.common.blind && segment.payload_length < BLINDING_BYTES as u64 {
            return discarded(Reason::Invalid, id);
        }
        if self.is_oversized(sender, segment) {
            return discarded(Reason::Oversized, id);
        }
        let keeper = short_name(sender);
        let key = key_of(&keeper, &id);
        if self.completed.has(&key) {
            return discarded(Reason::Duplicate, id);
        }
        let known = self.numbers.get(&key).copied();
        let room = self.room_for(sender);
        // Taken out and put in again, at its place or as the most recently updated one.
        let mut set = match known.and_then(|number| self.sets.remove(&number)) {
            Some(set) => set,
            None => PartialSet::new(segment, id.clone(), key.clone(), sender, now_ms, self.max_bytes_of(sender)),
        };
        let before = if known.is_some() { set.cost } else { 0 };
        let kept = set.add(segment, now_ms, room);
        if kept == Kept::Duplicate || kept == Kept::Mismatch {
            if let Some(number) = known {
                self.sets.insert(number, set);
            }
            return discarded(if kept == Kept::Duplicate { Reason::Duplicate } else { Reason::Mismatch }, id);
        }
        self.count(sender, (set.cost - before) as i64, usize::from(known.is_none()));
        let solved = if set.is_ready() { set.solve(&mut self.options.random) } else { None };
        let (held, needed, total) = (set.held(), set.needed(), set.total());
        let number = match known {
            Some(number) if kept == Kept::Alternative => number,
            _ => {
                self.next += 1;
                self.next
            }
        };
        self.sets.insert(number, set);
        self.numbers.insert(key.clone(), number);
        if let Some((mut payload, forged)) = solved {
            self.remove(number);
            self.completed.add(&key, &keeper, now_ms);
            if self.options.common.blind {
                payload.drain(..BLINDING_BYTES);
            }
            return Accepted::Complete { payload, set_id: Some(id), forged };
        }
        self.evict(number, sender, now_ms);
        let (index, is_parity) = (segment.index, segment.is_parity);
        Accepted::Pending { set_id: id, index, is_parity, held, needed, total }
    }

    fn is_oversized(&self, sender: &str, segment: &Segment) -> bool {
        let options = &self.options.common;
        let blinding = if options.blind { BLINDING_BYTES as u64 } else { 0 };
        segment.payload_length > options.max_payload_size + blinding
            || segment.data_count + segment.parity_count > options.max_total_segments
            || max_cost_of(segment, sender) > self.max_bytes_of(sender)
    }

    fn max_bytes_of(&self, sender: &str) -> u64 {
        let all = self.options.max_buffered_bytes;
        if sender.is_empty() { all } else { all.min(self.max_bytes_per_sender) }
    }

    fn room_for(&self, sender: &str) -> i64 {
        let free = self.options.max_buffered_bytes as i64 - self.buffered as i64;
        if sender.is_empty() {
            return free;
        }
        free.min(self.max_bytes_of(sender) as i64 - self.usage_of(sender).bytes as i64)
    }

    fn usage_of(&self, sender: &str) -> Usage {
        self.of_sender.get(sender).copied().unwrap_or_default()
    }

    /// The set that just grew stays: none that is larger than the bounds gets in.
    fn evict(&mut self, grown: u64, sender: &str, now_ms: i64) {
        if !sender.is_empty() {
            let own: Vec<u64> = self
                .sets
                .iter()
                .filter(|(number, set)| **number != grown && set.sender == sender)
                .map(|(number, _)| *number)
                .collect();
            for number in own {
                let usage = self.usage_of(sender);
                if usage.bytes <= self.max_bytes_per_sender && usage.sets <= self.max_sets_per_sender {
                    break;
                }
                self.give_up(number, "evicted", now_ms);
            }
        }
        while self.buffered > self.options.max_buffered_bytes || self.sets.len() > self.options.max_sets {
            let Some(number) = self.sets.keys().copied().find(|number| *number != grown) else { return };
            self.give_up(number, "evicted", now_ms);
        }
    }

    fn drop_expired(&mut self, now_ms: i64) {
        if now_ms < self.latest_ms {
            self.sets.values_mut().for_each(|set| set.set_back_clock(now_ms));
            self.completed.set_back_clock(now_ms);
        }
        self.latest_ms = now_ms;
        let deadline_ms = now_ms - self.options.timeout_ms as i64;
        while let Some((number, set)) = self.sets.first_key_value() {
            if set.updated_at_ms > deadline_ms {
                break;
            }
            self.give_up(*number, "timeout", now_ms);
        }
        self.completed.forget(deadline_ms);
    }

    fn give_up(&mut self, number: u64, reason: &str, now_ms: i64) {
        let Some(set) = self.remove(number) else { return };
        self.reports.push_back(set.report(reason, now_ms));
        if self.reports.len() > MAX_WAITING_REPORTS {
            self.reports.pop_front();
        }
    }

    fn remove(&mut self, number: u64) -> Option<PartialSet> {
        let set = self.sets.remove(&number)?;
        self.numbers.remove(&set.key);
        self.buffered -= set.cost;
        if let Some(usage) = self.of_sender.get_mut(&set.sender) {
            usage.bytes -= set.cost;
            usage.sets -= 1;
            if usage.sets == 0 {
                self.of_sender.remove(&set.sender);
            }
        }
        Some(set)
    }

    fn count(&mut self, sender: &str, bytes: i64, sets: usize) {
        self.buffered = self.buffered.saturating_add_signed(bytes);
        if !sender.is_empty() {
            let usage = self.of_sender.entry(sender.to_owned()).or_default();
            usage.bytes = usage.bytes.saturating_add_signed(bytes);
            usage.sets += sets;
        }
    }
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as i64)
}

/// A name by itself, or a hash of it where it is long.
fn short_name(sender: &str) -> String {
    if letters(sender) <= LONGEST_NAME as u64 {
        return sender.to_owned();
    }
    let hash: String = Keccak256::digest(sender).iter().map(|byte| format!("{byte:02x}")).collect();
    // One letter longer than any short name, so that nobody can name himself like the hash of another.
    format!("{hash:#>width$}", width = LONGEST_NAME + 1)
}

/// No set id holds a line break, so no two pairs have one key.
fn key_of(sender: &str, set_id: &str) -> String {
    format!("{sender}\n{set_id}")
}
