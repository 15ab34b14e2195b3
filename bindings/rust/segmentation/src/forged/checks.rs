//! What true shards must satisfy.
//!
//! Every position has a place x in the field. With L the polynomial that is zero at the missing places, the sum of c(x) L(x) x^j over the
//! places that are there is 0 for every codeword c and each j below the number of checks. A sum over wrong shards is their *syndrome* j;
//! it depends on their errors alone. To leave out one more place z means to multiply L by x - z: syndrome j + 1 minus z times syndrome j,
//! and one check less.
use super::ForgedSet;
use super::effort::Effort;
use super::rows::add_multiple;
use crate::field::{Field, code_length, field_8, field_16};

pub(super) struct Checks {
    pub field: &'static Field,
    pub shard_size: usize,
    /// That are there.
    pub positions: Vec<usize>,
    /// By position.
    pub places: Vec<u16>,
    /// L(x), by position; 0 where nothing is there.
    pub weights: Vec<u16>,
    /// How many checks are used, of those available.
    pub rows: usize,
    pub available: usize,
}

/// So many checks bound what `locate` costs.
const MAX_ROWS: usize = 256;
/// A quarter of what may be done goes into the syndromes.
const SYNDROME_SHARE: i64 = 4;
/// Keeps sketches of all alternatives within some megabytes.
const MAX_COLUMNS: usize = 2_048;
/// Random columns for full confidence, whatever a forger changed.
const SPARE_COLUMNS: usize = 192;

impl Checks {
    pub fn of(set: &ForgedSet, effort: &Effort) -> Self {
        let ForgedSet { data_count, parity_count, .. } = *set;
        let positions = set.positions.to_vec();
        let available = if parity_count > 0 { positions.len() - data_count } else { 0 };
        let mut field = field_8();
        let (mut places, mut weights) = (vec![0; data_count + parity_count], vec![0; data_count + parity_count]);
        if available > 0 {
            let length = code_length(data_count, parity_count);
            if length > 256 {
                field = field_16();
            }
            let parity_places = parity_count.next_power_of_two();
            for index in 0..parity_count {
                places[data_count + index] = index as u16;
            }
            for (index, place) in places[..data_count].iter_mut().enumerate() {
                *place = (parity_places + index) as u16;
            }
            // What follows the data is there, and zero.
            let mut missing = vec![0; length];
            missing[..parity_places + data_count].fill(1);
            for position in &positions {
                missing[usize::from(places[*position])] = 0;
            }
            let logs = field.locator_logs(&missing);
            for position in &positions {
                weights[*position] = field.exp[logs[usize::from(places[*position])] as usize];
            }
        }
        let steps = effort.steps() / SYNDROME_SHARE;
        let costs = |rows: &usize| (positions.len() * rows * (SPARE_COLUMNS + rows)) as i64;
        let rows = (0..=available.min(MAX_ROWS)).rev().find(|rows| *rows == 0 || costs(rows) <= steps).unwrap_or(0);
        Self { field, shard_size: set.shard_size, positions, places, weights, rows, available }
    }

    /// How many random columns hold what the checks and so many alternatives may change.
    pub fn columns_for(&self, alternatives: usize, effort: &Effort) -> usize {
        if self.rows == 0 {
            return 0;
        }
        let (rows, count) = (self.rows as f64, alternatives as f64);
        let needed = rows.max(count / (rows * self.field.bits as f64));
        // For `locate_beside`, half of the shifts.
        let steps = effort.steps() as f64 / SYNDROME_SHARE as f64;
        let wanted = (2.0 * count / rows).min(steps / (self.positions.len() as f64 * rows) - SPARE_COLUMNS as f64);
        // By the threshold at which random sums of three determine what they are sums of, 1.23 would do.
        (SPARE_COLUMNS + (1.3 * needed.max(wanted)).ceil() as usize).min(MAX_COLUMNS)
    }

    /// The checks that are left, and what they say, without the shards at `lost`: fewer than there are checks. None if that takes too
    /// long.
    pub fn erase(&self, syndromes: &[Vec<u16>], lost: &[usize], effort: &mut Effort) -> Option<(Self, Vec<Vec<u16>>)> {
        let columns = syndromes.first().map_or(0, Vec::len);
        if !effort.spend(lost.len() * (syndromes.len() * columns + self.positions.len())) {
            return None;
        }
        let mut weights = self.weights.clone();
        let mut rows = syndromes.to_vec();
        for position in lost {
            let place = self.places[*position];
            for index in 1..rows.len() {
                let (before, from) = rows.split_at_mut(index);
                let mut row = from[0].clone();
                add_multiple(self.field, &mut row, &before[index - 1], place, 0);
                before[index - 1] = row;
            }
            rows.pop();
            for other in &self.positions {
                weights[*other] = self.field.multiply(weights[*other], self.places[*other] ^ place);
            }
        }
        let rest = Self {
            field: self.field,
            shard_size: self.shard_size,
            positions: self.positions.iter().copied().filter(|position| !lost.contains(position)).collect(),
            places: self.places.clone(),
            weights,
            rows: rows.len(),
            available: self.available - lost.len(),
        };
        Some((rest, rows))
    }

    pub fn value_at(&self, polynomial: &[u16], x: u16) -> u16 {
        polynomial.iter().rev().fold(0, |value, coefficient| self.field.multiply(value, x) ^ coefficient)
    }
}
