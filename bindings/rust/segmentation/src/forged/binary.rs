//! Systems of linear equations over GF(2).

pub(super) struct BinarySolution {
    /// Whether each unknown is set in one solution.
    pub particular: Vec<bool>,
    /// Unknowns that may be flipped together; all solutions come from the one by such flips, each in one way.
    pub flips: Vec<Vec<usize>>,
}

/// Of an equation, bit i belongs to unknown i, bit `unknowns` is the right side. None if there is no solution.
pub(super) fn solve_bits(mut rows: Vec<Vec<u32>>, unknowns: usize) -> Option<BinarySolution> {
    let has_bit = |row: &[u32], bit: usize| row[bit >> 5] >> (bit & 31) & 1 == 1;
    let (mut pivots, mut free) = (Vec::new(), Vec::new());
    for unknown in 0..unknowns {
        let rank = pivots.len();
        let Some(found) = (rank..rows.len()).find(|index| has_bit(&rows[*index], unknown)) else {
            free.push(unknown);
            continue;
        };
        rows.swap(rank, found);
        pivots.push(unknown);
        let pivot = rows[rank].clone();
        for (index, row) in rows.iter_mut().enumerate() {
            if index != rank && has_bit(row, unknown) {
                row.iter_mut().zip(&pivot).skip(unknown >> 5).for_each(|(to, from)| *to ^= from);
            }
        }
    }
    if rows.iter().skip(pivots.len()).any(|row| has_bit(row, unknowns)) {
        return None;
    }
    let with = |bit: usize| pivots.iter().zip(&rows).filter(move |(_, row)| has_bit(row, bit)).map(|(pivot, _)| *pivot);
    let mut particular = vec![false; unknowns];
    with(unknowns).for_each(|pivot| particular[pivot] = true);
    let flips = free.iter().map(|unknown| std::iter::once(*unknown).chain(with(*unknown)).collect()).collect();
    Some(BinarySolution { particular, flips })
}
