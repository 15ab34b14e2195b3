//! Goes through the solutions in which no position has two alternatives at once.
//!
//! Flips that share no position do not concern each other. They are sorted out group by group, because a forger can make many small
//! groups at little cost, which together have too many combinations to look at.
use std::collections::HashMap;

use super::binary::BinarySolution;

/// Combinations of flips looked at in one group; no budget for the hash reaches further.
const MAX_COMBINATIONS: usize = 1_024;

#[derive(Default)]
struct Group<'a> {
    unknowns: Vec<usize>,
    flips: Vec<&'a [usize]>,
}

/// Gives the unknowns that are set in each such solution, first what is nearest to none in every group, until one is taken.
/// `positions`: of each unknown.
pub(super) fn consistent_choices(
    positions: &[usize],
    solution: &BinarySolution,
    take: &mut dyn FnMut(&[usize]) -> bool,
) -> bool {
    let (mut fixed, mut open) = (Vec::new(), Vec::new());
    for group in groups_of(positions, &solution.flips) {
        let mut options = options_of(positions, &solution.particular, &group);
        match options.len() {
            0 => return false,
            1 => fixed.append(&mut options[0]),
            _ => open.push(options),
        }
    }
    (0..=open.len()).any(|deviations| pick(&open, deviations, &fixed, take))
}

/// Unknowns of one position are in one group, and so are those that one flip joins.
fn groups_of<'a>(positions: &[usize], flips: &'a [Vec<usize>]) -> Vec<Group<'a>> {
    let mut parents = HashMap::new();
    let root_of = |parents: &HashMap<usize, usize>, position: usize| {
        let mut root = position;
        while let Some(parent) = parents.get(&root) {
            root = *parent;
        }
        root
    };
    for flip in flips {
        for other in &flip[1..] {
            let (root, joined) = (root_of(&parents, positions[*other]), root_of(&parents, positions[flip[0]]));
            if root != joined {
                parents.insert(root, joined);
            }
        }
    }
    let mut places = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for (unknown, position) in positions.iter().enumerate() {
        let place = *places.entry(root_of(&parents, *position)).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group::default());
        }
        groups[place].unknowns.push(unknown);
    }
    for flip in flips {
        groups[places[&root_of(&parents, positions[flip[0]])]].flips.push(flip);
    }
    groups
}

/// The unknowns set in each solution for one group, fewest first.
fn options_of(positions: &[usize], particular: &[bool], group: &Group) -> Vec<Vec<usize>> {
    let mut options = Vec::new();
    let mut set = particular.to_vec();
    let combinations = if group.flips.len() < 10 { 1 << group.flips.len() } else { MAX_COMBINATIONS };
    for combination in 1..=combinations {
        let option: Vec<usize> = group.unknowns.iter().copied().filter(|unknown| set[*unknown]).collect();
        // Unknowns of one position follow each other.
        if option.windows(2).all(|pair| positions[pair[0]] != positions[pair[1]]) {
            options.push(option);
        }
        // In the order of a Gray code, the next combination differs by one flip.
        if combination < combinations {
            for unknown in group.flips[combination.trailing_zeros() as usize] {
                set[*unknown] = !set[*unknown];
            }
        }
    }
    options.sort_by_key(Vec::len);
    options
}

/// All ways to take another option than the first in just `deviations` of the groups.
fn pick(
    groups: &[Vec<Vec<usize>>],
    deviations: usize,
    before: &[usize],
    take: &mut dyn FnMut(&[usize]) -> bool,
) -> bool {
    let mut before = before.to_vec();
    if deviations == 0 {
        groups.iter().for_each(|options| before.extend(&options[0]));
        return take(&before);
    }
    for (index, options) in groups.iter().enumerate() {
        if groups.len() - index < deviations {
            break;
        }
        for option in &options[1..] {
            let taken = [before.as_slice(), option].concat();
            if pick(&groups[index + 1..], deviations - 1, &taken, take) {
                return true;
            }
        }
        before.extend(&options[0]);
    }
    false
}
