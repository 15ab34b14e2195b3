//! Finds which alternatives are true where every position has a true candidate.
//!
//! Whether an alternative is taken is a bit, and syndromes are linear in these bits, so even one check with enough columns gives
//! equations for all of them, over GF(2).
use super::binary::solve_bits;
use super::checks::Checks;
use super::combinations::consistent_choices;
use super::effort::Effort;
use super::measurement::Alternative;
use super::random::Draw;
use crate::field::Field;

/// Equations beyond the unknowns: the chance that one of 2^64 wrong choices satisfies them all.
const SPARE_EQUATIONS: usize = 64;
/// So many columns more than the equations need: a change is hidden from all of them once in 2^64 times or less.
const SPARE_COLUMNS: usize = 8;

impl Checks {
    /// The choices that satisfy all checks, those nearest to the first candidates first, until one is taken: as places in `others`, the
    /// first candidate elsewhere. Without checks these are all choices there are.
    pub fn choices_of_alternatives(
        &self,
        syndromes: &[Vec<u16>],
        others: &[&Alternative],
        draw: &mut Draw,
        effort: &mut Effort,
        take: &mut dyn FnMut(&[usize]) -> bool,
    ) -> bool {
        let Some(system) = self.equations_for(syndromes, others, draw, effort) else { return false };
        let Some(solution) = solve_bits(system, others.len()) else { return false };
        let positions: Vec<usize> = others.iter().map(|other| other.position).collect();
        consistent_choices(&positions, &solution, take)
    }

    /// Rows of bits: one for each alternative, then the wanted sum. An equation is one random combination of checks seen through one random
    /// combination of columns.
    fn equations_for(
        &self,
        syndromes: &[Vec<u16>],
        others: &[&Alternative],
        draw: &mut Draw,
        effort: &mut Effort,
    ) -> Option<Vec<Vec<u32>>> {
        if self.rows == 0 {
            return Some(Vec::new());
        }
        let (unknowns, bits, rows) = (others.len(), self.field.bits, self.rows);
        // All bits of a symbol but one count: a combination may hide what is there, twice in 2^bits.
        let symbols = (unknowns + SPARE_EQUATIONS).div_ceil(bits - 1);
        // A few columns hold as many equations, and are quicker to combine.
        let columns = symbols.div_ceil(rows) + SPARE_COLUMNS;
        let width = syndromes[0].len();
        let combining = (rows + unknowns) * columns * (width + symbols) + symbols * unknowns * rows;
        // Solving works on 32 unknowns at a time.
        let words = (unknowns >> 5) + 1;
        if !effort.spend(combining + unknowns * symbols * bits * words) {
            return None;
        }
        let combinations: Vec<_> = (0..columns).map(|_| draw.row(self.field, width)).collect();
        let narrow = |row: &[u16]| -> Vec<u16> {
            combinations.iter().map(|combination| inner_product(self.field, row, combination)).collect()
        };
        let sums: Vec<_> = syndromes.iter().map(|syndrome| narrow(syndrome)).collect();
        let changes: Vec<_> = others.iter().map(|other| narrow(&other.change)).collect();
        let mut equations = Vec::with_capacity(symbols * bits);
        for _ in 0..symbols {
            let (of_checks, of_columns) = (draw.row(self.field, rows), draw.row(self.field, columns));
            let mut made = vec![vec![0_u32; words]; bits];
            let mut write = |index: usize, value: u16| {
                for (bit, row) in made.iter_mut().enumerate() {
                    row[index >> 5] |= u32::from(value >> bit & 1) << (index & 31);
                }
            };
            let wanted: Vec<u16> = sums.iter().map(|sum| inner_product(self.field, sum, &of_columns)).collect();
            write(unknowns, inner_product(self.field, &wanted, &of_checks));
            for (index, (other, change)) in others.iter().zip(&changes).enumerate() {
                let place = self.places[other.position];
                let factor = self.field.multiply(self.weights[other.position], self.value_at(&of_checks, place));
                write(index, self.field.multiply(factor, inner_product(self.field, change, &of_columns)));
            }
            equations.append(&mut made);
        }
        Some(equations)
    }
}

fn inner_product(field: &Field, a: &[u16], b: &[u16]) -> u16 {
    a.iter().zip(b).fold(0, |sum, (left, right)| sum ^ field.multiply(*left, *right))
}
