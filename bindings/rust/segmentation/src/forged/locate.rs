//! Finds positions where no candidate is true, from the syndromes alone.
//!
//! The syndromes of t wrong shards satisfy one linear recurrence, the same in every column, whose polynomial is zero at their t places.
//! With a polynomial of degree d at most, r checks give r - d shifts of the recurrence.
use super::checks::Checks;
use super::effort::Effort;
use super::measurement::Measurement;
use super::random::Draw;
use super::rows::{Echelon, add_multiple};

impl Checks {
    /// Wrong positions, if there are no others with the same syndromes: fewer than there are checks. With s the rank of the syndromes,
    /// which is that of the errors, these are at most (r + s - 1) / 2: r / 2 where one column holds all errors, r - 1 where none depends
    /// on the others.
    /// Source: Roth and Vontobel, "Coding for combined block-symbol error correction" (2014); for s = t Metzner and Kapturowski (1990).
    pub fn locate(&self, syndromes: &[Vec<u16>], effort: &mut Effort) -> Option<Vec<usize>> {
        // Of independent columns there are at most as many as rows.
        if !effort.spend(self.rows * self.rows * syndromes[0].len()) {
            return None;
        }
        let mut independent = Echelon::new(self.field);
        for syndrome in syndromes {
            independent.insert(&mut syndrome.clone(), syndrome.len());
        }
        let pivots = independent.pivots;
        if pivots.is_empty() {
            return Some(Vec::new());
        }
        let degree = (self.rows + pivots.len() - 1) / 2;
        if !effort.spend(degree * degree * (self.rows - degree) * pivots.len()) {
            return None;
        }
        // These columns tell as much as all.
        let columns: Vec<Vec<u16>> =
            syndromes.iter().map(|syndrome| pivots.iter().map(|pivot| syndrome[*pivot]).collect()).collect();
        let shifts: Vec<_> = (0..=degree).map(|order| columns[order..order + self.rows - degree].concat()).collect();
        self.zeros_of(&shortest_recurrence(&mut Echelon::new(self.field), &shifts)?)
    }

    /// The same where every other position may have alternatives that would account for its part of the syndromes: an unknown multiple of
    /// each change is allowed for. Where alignment is possible it finds at most r / 2, also where many shards were changed in the same
    /// columns; else almost as many as there are checks, if nearly all changes are independent.
    pub fn locate_beside(
        &self,
        measured: &Measurement,
        is_alignment_possible: bool,
        draw: &mut Draw,
        effort: &mut Effort,
    ) -> Option<Vec<usize>> {
        let Measurement { syndromes, alternatives } = measured;
        let (columns, count) = (syndromes[0].len(), alternatives.len());
        if columns == 0 || count == 0 {
            return None;
        }
        // Each combination of shifts gives one equation for each column.
        let combinations_for = |degree: usize| (1.3 * (count + degree + 1) as f64 / columns as f64).ceil() as usize;
        let degree =
            if is_alignment_possible { self.rows / 2 } else { self.rows.checked_sub(combinations_for(self.rows))? };
        let (shifts, needed) = (self.rows - degree, combinations_for(degree));
        if degree < 1 || needed > shifts || !effort.spend((count + degree) * (count + degree) * needed * columns) {
            return None;
        }
        let combinations: Vec<_> = (0..needed).map(|_| draw.row(self.field, shifts)).collect();
        let mut explained = Echelon::new(self.field);
        for other in alternatives {
            // Room for the mark of `shortest_recurrence`.
            let mut row = vec![0; needed * columns + degree + 1];
            for (combination, part) in combinations.iter().zip(row.chunks_exact_mut(columns)) {
                let factor = self.value_at(combination, self.places[other.position]);
                add_multiple(self.field, part, &other.change, factor, 0);
            }
            let width = row.len();
            explained.insert(&mut row, width);
        }
        let shifted: Vec<_> = (0..=degree)
            .map(|order| {
                let mut row = vec![0; needed * columns];
                for (combination, part) in combinations.iter().zip(row.chunks_exact_mut(columns)) {
                    for (shift, factor) in combination.iter().enumerate() {
                        add_multiple(self.field, part, &syndromes[order + shift], *factor, 0);
                    }
                }
                row
            })
            .collect();
        self.zeros_of(&shortest_recurrence(&mut explained, &shifted)?)
    }

    /// The positions where `polynomial` is zero, if they are as many as its degree.
    fn zeros_of(&self, polynomial: &[u16]) -> Option<Vec<usize>> {
        let is_zero = |position: &usize| self.value_at(polynomial, self.places[*position]) == 0;
        let zeros: Vec<_> = self.positions.iter().copied().filter(is_zero).collect();
        (zeros.len() == polynomial.len() - 1).then_some(zeros)
    }
}

/// The coefficients, lowest first, of a sum of `rows` that is nothing but rows of `echelon`: with the fewest rows.
fn shortest_recurrence(echelon: &mut Echelon, rows: &[Vec<u16>]) -> Option<Vec<u16>> {
    for (order, row) in rows.iter().enumerate() {
        // The mark tells which rows it took to bring this one to nothing.
        let mut marked = row.clone();
        marked.resize(row.len() + rows.len(), 0);
        marked[row.len() + order] = 1;
        if !echelon.insert(&mut marked, row.len()) {
            return Some(marked[row.len()..=row.len() + order].to_vec());
        }
    }
    None
}
