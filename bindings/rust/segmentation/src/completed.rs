//! The sets that were completed lately, so that their late segments are not taken for the beginning of new ones. One sender cannot have
//! those of others forgotten before it fills half of the memory by itself.
use std::collections::{BTreeMap, HashMap};

struct Completed {
    key: String,
    sender: String,
    at_ms: i64,
}

pub(crate) struct CompletedSets {
    limit: usize,
    /// By number, which grows: oldest first.
    sets: BTreeMap<u64, Completed>,
    numbers: HashMap<String, u64>,
    of_sender: HashMap<String, usize>,
    next: u64,
}

impl CompletedSets {
    pub fn new(limit: usize) -> Self {
        Self { limit, sets: BTreeMap::new(), numbers: HashMap::new(), of_sender: HashMap::new(), next: 0 }
    }

    pub fn has(&self, key: &str) -> bool {
        self.numbers.contains_key(key)
    }

    pub fn add(&mut self, key: &str, sender: &str, at_ms: i64) {
        if let Some(number) = self.numbers.get(key) {
            self.delete(*number);
        }
        self.next += 1;
        self.numbers.insert(key.to_owned(), self.next);
        self.sets.insert(self.next, Completed { key: key.to_owned(), sender: sender.to_owned(), at_ms });
        let own = self.of_sender.entry(sender.to_owned()).or_default();
        *own += 1;
        if self.sets.len() <= self.limit {
            return;
        }
        let is_greedy = 2 * *own > self.limit;
        let oldest = self.sets.iter().find(|(_, set)| !is_greedy || set.sender == sender).map(|(number, _)| *number);
        if let Some(number) = oldest {
            self.delete(number);
        }
    }

    /// What was completed at the deadline or earlier.
    pub fn forget(&mut self, deadline_ms: i64) {
        while let Some((number, set)) = self.sets.first_key_value() {
            if set.at_ms > deadline_ms {
                return;
            }
            self.delete(*number);
        }
    }

    /// Nothing was completed later than now.
    pub fn set_back_clock(&mut self, now_ms: i64) {
        for set in self.sets.values_mut() {
            set.at_ms = set.at_ms.min(now_ms);
        }
    }

    fn delete(&mut self, number: u64) {
        let Some(Completed { key, sender, .. }) = self.sets.remove(&number) else { return };
        self.numbers.remove(&key);
        if let Some(own) = self.of_sender.get_mut(&sender) {
            *own -= 1;
            if *own == 0 {
                self.of_sender.remove(&sender);
            }
        }
    }
}
