//! Leopard's code over the field of 256 elements, bit for bit.
//!
//! Symbols are kept in planes: 512 symbols are eight arrays of bits, so that a multiplication by a constant, which is linear, is a few
//! dozen XORs of whole arrays. Compilers make vector instructions of these without being asked.
use crate::field::{Field, code_length, field_8};

/// Words of a plane in one strip.
const WORDS: usize = 32;
/// Bytes of a shard that are worked on at a time.
const STRIP: usize = 8 * 8 * WORDS;

type Plane = [u64; WORDS];
type Row = [Plane; 8];

const ZERO: Row = [[0; WORDS]; 8];

/// Two or more parity shards, each `size` bytes; data shards may be shorter, as if zeros followed.
pub(crate) fn encode(data: &[&[u8]], parity: &mut [Vec<u8>], size: usize) {
    let kernel = Kernel::new();
    let group = parity.len().next_power_of_two();
    for from in (0..size).step_by(STRIP) {
        let mut rows = kernel.sum_groups(data.iter().map(|shard| Some(*shard)), group, from);
        kernel.forward(&mut rows, 0);
        for (shard, row) in parity.iter_mut().zip(&mut rows) {
            store(row, shard, from);
        }
    }
}

/// Data shards that are `None`, at full size, from the others and at least as many parity shards.
pub(crate) fn recover(data: &[Option<&[u8]>], parity: &[Option<&[u8]>], size: usize) -> Vec<(usize, Vec<u8>)> {
    let kernel = Kernel::new();
    let field = kernel.field;
    let group = parity.len().next_power_of_two();
    let lost: Vec<usize> = (0..data.len()).filter(|index| data[*index].is_none()).collect();
    let received: Vec<usize> = (0..parity.len()).filter(|index| parity[*index].is_some()).take(lost.len()).collect();
    let mut missing = vec![0; code_length(data.len(), parity.len())];
    missing[..group].fill(1);
    for place in &received {
        missing[*place] = 0;
    }
    for index in &lost {
        missing[group + index] = 1;
    }
    let locator = field.locator_logs(&missing);
    let mut recovered: Vec<_> = lost.iter().map(|index| (*index, vec![0; size])).collect();
    let mut syndrome = ZERO;
    for from in (0..size).step_by(STRIP) {
        // With s the syndromes, and L zero at the missing places: the polynomial F of degree below `group` that is s(y) L(y) at the places
        // received and zero at the other parity places has F(z) = c(z) L'(z) d(z) at each lost place z, where d(z) is the product of
        // z - y over all parity places y: z / group, of the integers.
        let mut rows = kernel.sum_groups(data.iter().copied(), group, from);
        kernel.forward(&mut rows, 0);
        let mut scaled = vec![ZERO; group];
        for place in &received {
            load(&mut syndrome, parity[*place].unwrap_or_default(), from);
            add(&mut syndrome, &rows[*place]);
            kernel.add_product(&mut scaled[*place], &syndrome, field.exp[locator[*place] as usize]);
        }
        kernel.inverse(&mut scaled, 0);
        let mut values = Vec::new();
        let mut point = 0;
        for (index, shard) in &mut recovered {
            let place = group + *index;
            let start = place - place % group;
            if start != point {
                point = start;
                values.clone_from(&scaled);
                kernel.forward(&mut values, point);
            }
            let divisor = (locator[place] as usize + usize::from(field.log[start / group])) % field.modulus;
            let mut value = ZERO;
            kernel.add_product(&mut value, &values[place - start], field.exp[field.modulus - divisor]);
            store(&mut value, shard, from);
        }
    }
    recovered
}

/// The transforms of Lin, Chung and Han between the values of a polynomial at consecutive elements and its coefficients in their basis
/// ("Novel Polynomial Basis and Its Application to Reed-Solomon Erasure Codes", 2014).
struct Kernel {
    field: &'static Field,
    /// For each factor the products of the eight basis elements.
    products: Vec<[u8; 8]>,
}

impl Kernel {
    fn new() -> Self {
        let field = field_8();
        let products =
            (0..256).map(|factor| std::array::from_fn(|bit| field.multiply(factor, 1 << bit) as u8)).collect();
        Self { field, products }
    }

    /// Coefficients of all groups of data, added up.
    fn sum_groups<'a>(&self, data: impl Iterator<Item = Option<&'a [u8]>>, group: usize, from: usize) -> Vec<Row> {
        let mut data = data.peekable();
        let mut sum = vec![ZERO; group];
        let mut rows = sum.clone();
        for point in (group..).step_by(group) {
            if data.peek().is_none() {
                break;
            }
            for row in &mut rows {
                load(row, data.next().flatten().unwrap_or_default(), from);
            }
            self.inverse(&mut rows, point);
            for (sum, row) in sum.iter_mut().zip(&rows) {
                add(sum, row);
            }
        }
        sum
    }

    /// Values at `point` and the following places to coefficients.
    fn inverse(&self, rows: &mut [Row], point: usize) {
        let mut layer = 0;
        while 1 << layer < rows.len() {
            let distance = 1 << layer;
            for (block, pair) in rows.chunks_exact_mut(2 * distance).enumerate() {
                let factor = (point + 2 * distance * block) >> layer;
                let (low, high) = pair.split_at_mut(distance);
                for (a, b) in low.iter_mut().zip(high) {
                    add(b, a);
                    self.add_product(a, b, factor as u16);
                }
            }
            layer += 1;
        }
    }

    /// The other way.
    fn forward(&self, rows: &mut [Row], point: usize) {
        for layer in (0..rows.len().trailing_zeros()).rev() {
            let distance = 1 << layer;
            for (block, pair) in rows.chunks_exact_mut(2 * distance).enumerate() {
                let factor = (point + 2 * distance * block) >> layer;
                let (low, high) = pair.split_at_mut(distance);
                for (a, b) in low.iter_mut().zip(high) {
                    self.add_product(a, b, factor as u16);
                    add(b, a);
                }
            }
        }
    }

    /// `sum` += `factor` × `row`.
    fn add_product(&self, sum: &mut Row, row: &Row, factor: u16) {
        let products = &self.products[usize::from(factor)];
        for (bit, plane) in sum.iter_mut().enumerate() {
            let mut chosen = [0; 8];
            let mut count = 0;
            for (input, product) in products.iter().enumerate() {
                chosen[count] = input;
                count += usize::from(product >> bit & 1);
            }
            let mut inputs = &chosen[..count];
            while let [a, b, c, d, rest @ ..] = inputs {
                for word in 0..WORDS {
                    plane[word] ^= row[*a][word] ^ row[*b][word] ^ row[*c][word] ^ row[*d][word];
                }
                inputs = rest;
            }
            for input in inputs {
                for (to, from) in plane.iter_mut().zip(&row[*input]) {
                    *to ^= from;
                }
            }
        }
    }
}

fn add(sum: &mut Row, row: &Row) {
    for (sum, plane) in sum.iter_mut().zip(row) {
        for (to, from) in sum.iter_mut().zip(plane) {
            *to ^= from;
        }
    }
}

/// A strip of a shard, in planes; zeros behind its end.
fn load(row: &mut Row, shard: &[u8], from: usize) {
    let strip = &shard[from.min(shard.len())..shard.len().min(from + STRIP)];
    let bytes = strip.chunks_exact(8);
    let mut last = [0; 8];
    last[..bytes.remainder().len()].copy_from_slice(bytes.remainder());
    let (words, behind) = row.as_flattened_mut().split_at_mut(strip.len() / 8);
    for (word, bytes) in words.iter_mut().zip(bytes) {
        *word = u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    }
    behind.fill(0);
    if let Some(word) = behind.first_mut() {
        *word = u64::from_le_bytes(last);
    }
    transpose(row);
}

/// The other way; spoils the row. Shards are whole words.
fn store(row: &mut Row, shard: &mut [u8], from: usize) {
    transpose(row);
    let end = shard.len().min(from + STRIP);
    for (bytes, word) in shard[from..end].chunks_exact_mut(8).zip(row.as_flattened()) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}

/// Bits of eight words across words, byte by byte; its own inverse.
fn transpose(row: &mut Row) {
    for (distance, mask) in [(4, 0x0f0f_0f0f_0f0f_0f0f), (2, 0x3333_3333_3333_3333), (1, 0x5555_5555_5555_5555_u64)] {
        for pair in row.chunks_exact_mut(2 * distance) {
            let (low, high) = pair.split_at_mut(distance);
            for (low, high) in low.iter_mut().zip(high) {
                for (a, b) in low.iter_mut().zip(high) {
                    let swapped = (*a >> distance ^ *b) & mask;
                    *b ^= swapped;
                    *a ^= swapped << distance;
                }
            }
        }
    }
}
