//! What the candidates of a set say about each other, seen through sketches.
use std::collections::HashMap;

use super::checks::Checks;
use super::random::Draw;
use super::rows::add_multiple;
use super::sketch::Sketcher;

/// A candidate besides the first one of its position.
pub(super) struct Alternative {
    pub position: usize,
    /// Among the candidates, 1 or more.
    pub index: usize,
    /// Sketch of what taking it instead of the first one changes.
    pub change: Vec<u16>,
}

pub(super) struct Measurement {
    /// Of the first candidates together; one row for each check.
    pub syndromes: Vec<Vec<u16>>,
    /// Those of one position follow each other.
    pub alternatives: Vec<Alternative>,
}

/// Looks at `most` candidates of each position.
pub(super) fn measure(
    checks: &Checks,
    candidates: &HashMap<usize, Vec<Vec<u8>>>,
    most: usize,
    columns: usize,
    draw: &mut Draw,
) -> Measurement {
    // What satisfies no check need not be seen.
    let sketcher = (checks.rows > 0).then(|| Sketcher::new(checks, columns, draw));
    let width = sketcher.as_ref().map_or(0, |sketcher| sketcher.columns);
    let mut syndromes = vec![vec![0; width]; checks.rows];
    let mut alternatives = Vec::new();
    let sketch = |shard: &[u8]| sketcher.as_ref().map_or_else(Vec::new, |sketcher| sketcher.sketch(shard));
    for position in &checks.positions {
        let mut shards = candidates[position].iter().take(most);
        let first = shards.next().map_or_else(Vec::new, |shard| sketch(shard));
        let mut factor = checks.weights[*position];
        for syndrome in &mut syndromes {
            add_multiple(checks.field, syndrome, &first, factor, 0);
            factor = checks.field.multiply(factor, checks.places[*position]);
        }
        for (index, shard) in shards.enumerate() {
            let mut change = sketch(shard);
            add_multiple(checks.field, &mut change, &first, 1, 0);
            alternatives.push(Alternative { position: *position, index: index + 1, change });
        }
    }
    Measurement { syndromes, alternatives }
}
