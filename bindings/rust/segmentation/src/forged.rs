//! Finds the true shards of a set that holds forged ones.
//!
//! True shards together satisfy the checks of the erasure code, and all symbols of one shard are wrong together, so a few random sums
//! over its columns stand for it (`sketch.rs`). Linear algebra then tells what is forged: where no candidate is true (`locate.rs`),
//! where one of several is (`alternatives.rs`), and both in one set. The hash of the payload is asked only about choices that satisfy
//! every check: that is one, unless the forger sent codewords himself. LIP-243 has no defence of its own.
mod alternatives;
mod binary;
mod checks;
mod combinations;
mod effort;
mod locate;
mod measurement;
mod random;
mod rows;
mod sketch;

use std::collections::{BTreeMap, HashMap, HashSet};

use checks::Checks;
use effort::Effort;
use measurement::{Measurement, measure};
use random::Draw;

/// By position: the index of the candidate where that is not 0, or that none of them is true.
pub(crate) type Choice = BTreeMap<usize, Option<usize>>;

/// Asked of each choice; true ends the search.
type Try<'a> = &'a mut dyn FnMut(&Choice) -> bool;

pub(crate) struct ForgedSet<'a> {
    pub data_count: usize,
    /// 0 where there is no code.
    pub parity_count: usize,
    /// In bytes; a multiple of 64. Shorter candidates count as if zeros followed.
    pub shard_size: usize,
    /// That have candidates, at least `data_count`: data first, then parity.
    pub positions: &'a [usize],
    /// At least one each, different ones. The first ones of all positions together are known to be wrong.
    pub candidates: &'a HashMap<usize, Vec<Vec<u8>>>,
}

/// More alternatives than this are not looked at: the set is searched as if there were none.
const MAX_ALTERNATIVES: usize = 4_096;

pub(crate) struct Search<'a> {
    set: &'a ForgedSet<'a>,
    draw: Draw,
    attempts: usize,
    effort: Effort,
}

impl<'a> Search<'a> {
    /// `seed`: unpredictable, for a forger who knew it could hide what he changed. `attempts`: choices that are tried at most. `steps`:
    /// for all the rest.
    pub fn new(set: &'a ForgedSet<'a>, seed: &[u8; 16], attempts: usize, steps: i64) -> Self {
        Self { set, draw: Draw::from(seed), attempts, effort: Effort::new(steps) }
    }

    pub fn steps_left(&self) -> i64 {
        self.effort.steps()
    }

    /// Tries choices until `is_whole` is true of one. With c checks, which is how many more positions are held than `data_count`, it finds
    ///
    /// - up to c / 2 positions without a true candidate, up to c - 1 if what was changed in them is not alike;
    /// - any number of positions with true and forged candidates, up to 4,096 forged ones, as long as few choices satisfy all checks;
    /// - c / 2 of the first beside any number of the second, or nearly c, if what was changed is not alike;
    /// - and whatever the hash alone can find out within the budget, as where there are no checks.
    ///
    /// Time is linear in the bytes of all candidates and cubic in the number of checks and of forged candidates, as far as the effort
    /// goes: of more checks than it or 256 allows, the first ones are used.
    pub fn find(&mut self, is_whole: Try) -> bool {
        let set = self.set;
        let mut tried = HashSet::from([name_of(set, &Choice::new())]);
        let mut attempts = self.attempts;
        let mut is_found = false;
        // True ends the search, be it for success or because nothing is left to spend.
        self.choices(&mut |choice| {
            let name = name_of(set, choice);
            if tried.contains(&name) {
                return false;
            }
            if attempts == 0 {
                return true;
            }
            attempts -= 1;
            tried.insert(name);
            is_found = is_whole(choice);
            is_found
        });
        is_found
    }

    /// What may be true, what is cheapest to find first.
    fn choices(&mut self, try_choice: Try) {
        let Self { set, draw, attempts, effort } = self;
        let count: usize = set.candidates.values().map(|shards| shards.len() - 1).sum();
        let most = if count <= MAX_ALTERNATIVES { usize::MAX } else { 1 };
        let alternatives = if most == 1 { 0 } else { count };
        let checks = Checks::of(set, effort);
        let columns = checks.columns_for(alternatives, effort);
        if !effort.spend(checks.positions.len() * checks.rows * columns) {
            return;
        }
        let measured = measure(&checks, set.candidates, most, columns, draw);
        if checks.rows > 0 && choices_checked(set, &checks, &measured, draw, effort, try_choice) {
            return;
        }
        choices_unchecked(set, &checks, &measured, *attempts, draw, effort, try_choice);
    }
}

/// Choices that satisfy all checks.
fn choices_checked(
    set: &ForgedSet,
    checks: &Checks,
    measured: &Measurement,
    draw: &mut Draw,
    effort: &mut Effort,
    try_choice: Try,
) -> bool {
    let lone = checks.locate(&measured.syndromes, effort);
    if let Some(lone) = &lone {
        if choices_without(lone, checks, measured, draw, effort, try_choice) {
            return true;
        }
    }
    if lone != Some(Vec::new()) && choices_without(&[], checks, measured, draw, effort, try_choice) {
        return true;
    }
    // Who forges everywhere leaves single candidates where a true one was lost; who forges little has few contested.
    let is_contested = |position: &&usize| set.candidates.get(position).is_some_and(|shards| shards.len() > 1);
    let (contested, single): (Vec<usize>, Vec<usize>) =
        checks.positions.iter().partition(|position| is_contested(position));
    for suspects in [&contested, &single] {
        if contested.is_empty() || suspects.is_empty() || suspects.len() >= checks.rows {
            continue;
        }
        let Some((rest, syndromes)) = checks.erase(&measured.syndromes, suspects, effort) else { continue };
        let others = rest.locate(&syndromes, effort).unwrap_or_default();
        if choices_without(&[suspects.as_slice(), &others].concat(), checks, measured, draw, effort, try_choice) {
            return true;
        }
    }
    for is_alignment_possible in [true, false] {
        let others = checks.locate_beside(measured, is_alignment_possible, draw, effort).unwrap_or_default();
        if !others.is_empty() && choices_without(&others, checks, measured, draw, effort, try_choice) {
            return true;
        }
    }
    false
}

/// The choices that satisfy all checks if nothing is true at `lost`.
fn choices_without(
    lost: &[usize],
    checks: &Checks,
    measured: &Measurement,
    draw: &mut Draw,
    effort: &mut Effort,
    try_choice: Try,
) -> bool {
    let Some((rest, syndromes)) = checks.erase(&measured.syndromes, lost, effort) else { return false };
    let others: Vec<_> = measured.alternatives.iter().filter(|other| !lost.contains(&other.position)).collect();
    rest.choices_of_alternatives(&syndromes, &others, draw, effort, &mut |taken| {
        let mut choice: Choice = lost.iter().map(|position| (*position, None)).collect();
        choice.extend(taken.iter().map(|index| (others[*index].position, Some(others[*index].index))));
        try_choice(&choice)
    })
}

/// Every choice of just `data_count` positions, if there are at most `attempts` of them: part of them is a poor chance.
fn choices_unchecked(
    set: &ForgedSet,
    checks: &Checks,
    measured: &Measurement,
    attempts: usize,
    draw: &mut Draw,
    effort: &mut Effort,
    try_choice: Try,
) {
    let mut ways = 1.0;
    for index in 0..checks.available {
        if ways <= attempts as f64 {
            ways = ways * (checks.positions.len() - index) as f64 / (index + 1) as f64;
        }
    }
    ways *= set.candidates.values().map(|shards| shards.len() as f64).product::<f64>();
    if ways <= attempts as f64 {
        subsets(&checks.positions, checks.available, &mut Vec::new(), &mut |lost| {
            choices_without(lost, checks, measured, draw, effort, try_choice)
        });
    }
}

fn subsets(items: &[usize], size: usize, before: &mut Vec<usize>, take: &mut dyn FnMut(&[usize]) -> bool) -> bool {
    if size == 0 {
        return take(before);
    }
    for index in 0..items.len().saturating_sub(size - 1) {
        before.push(items[index]);
        if subsets(&items[index + 1..], size - 1, before, take) {
            return true;
        }
        before.pop();
    }
    false
}

/// Equal for choices that decode alike: where all data are chosen, parity does not count.
fn name_of(set: &ForgedSet, choice: &Choice) -> Vec<(usize, Option<usize>)> {
    let is_chosen = |position| set.candidates.contains_key(&position) && choice.get(&position) != Some(&None);
    let has_all_data = (0..set.data_count).all(is_chosen);
    let counts = |position: &usize| !has_all_data || *position < set.data_count;
    choice.iter().filter(|(position, _)| counts(position)).map(|(position, taken)| (*position, *taken)).collect()
}
