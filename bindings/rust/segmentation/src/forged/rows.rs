//! Rows of field elements: adding multiples, and bringing rows into echelon form.
use crate::field::Field;

/// Adds `factor` times `source` to `target`; `source` is 0 before `start`.
pub(super) fn add_multiple(field: &Field, target: &mut [u16], source: &[u16], factor: u16, start: usize) {
    if factor == 0 {
        return;
    }
    // Two small tables are quicker than logarithms, which do not fit the first cache.
    let (mut low, mut high) = ([0_u16; 256], [0_u16; 256]);
    for bit in 0..8 {
        let width = 1_usize << bit;
        let low_bit = field.multiply(factor, width as u16);
        let high_bit = if field.bits == 16 { field.multiply(factor, (width << 8) as u16) } else { 0 };
        for index in 0..width {
            low[width + index] = low[index] ^ low_bit;
            high[width + index] = high[index] ^ high_bit;
        }
    }
    for (to, from) in target.iter_mut().zip(source).skip(start) {
        *to ^= low[usize::from(from & 0xff)] ^ high[usize::from(from >> 8)];
    }
}

/// Rows that do not depend on each other. Each has 1 at its pivot, 0 before it, and 0 at the pivots of the rows before it.
pub(super) struct Echelon {
    field: &'static Field,
    rows: Vec<Vec<u16>>,
    pub pivots: Vec<usize>,
}

impl Echelon {
    pub fn new(field: &'static Field) -> Self {
        Self { field, rows: Vec::new(), pivots: Vec::new() }
    }

    /// Reduces `row` and keeps it, unless nothing of it is left. `width`: columns that count; what follows them is only carried along.
    pub fn insert(&mut self, row: &mut [u16], width: usize) -> bool {
        for (basis, pivot) in self.rows.iter().zip(&self.pivots) {
            add_multiple(self.field, row, basis, row[*pivot], *pivot);
        }
        let Some(pivot) = row[..width].iter().position(|symbol| *symbol != 0) else { return false };
        let mut scaled = vec![0; row.len()];
        add_multiple(self.field, &mut scaled, row, self.field.inverse(row[pivot]), pivot);
        self.rows.push(scaled);
        self.pivots.push(pivot);
        true
    }
}
