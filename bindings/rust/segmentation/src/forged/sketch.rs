//! Stands for a shard by random sums over its symbols. The sums are the same for every shard, so sketches satisfy the checks that shards
//! satisfy, and one changed byte shows in three columns that nobody can foresee.
use super::checks::Checks;
use super::random::Draw;

const SUMS_PER_SYMBOL: usize = 3;
/// In the 16-bit field, the low bytes of 32 symbols are followed by their high bytes.
const BLOCK_SYMBOLS: usize = 32;

pub(super) struct Sketcher {
    pub columns: usize,
    shard_size: usize,
    is_wide: bool,
    /// Of each symbol of a shard; empty for a small shard, which is its own sketch.
    columns_of: Vec<[u16; SUMS_PER_SYMBOL]>,
}

impl Sketcher {
    pub fn new(checks: &Checks, columns: usize, draw: &mut Draw) -> Self {
        let is_wide = checks.field.bits == 16;
        let shard_size = checks.shard_size;
        let symbols = if is_wide { shard_size / 2 } else { shard_size };
        let third = columns.div_ceil(SUMS_PER_SYMBOL);
        if symbols <= SUMS_PER_SYMBOL * third {
            return Self { columns: symbols, shard_size, is_wide, columns_of: Vec::new() };
        }
        // Each in a third of its own, so that the three differ.
        let mut column = |part: usize| (part * third + ((u64::from(draw.next()) * third as u64) >> 32) as usize) as u16;
        let columns_of = (0..symbols).map(|_| [column(0), column(1), column(2)]).collect();
        Self { columns: SUMS_PER_SYMBOL * third, shard_size, is_wide, columns_of }
    }

    /// Shorter shards count as if zeros followed.
    pub fn sketch(&self, shard: &[u8]) -> Vec<u16> {
        let mut padded = Vec::new();
        let bytes = if shard.len() < self.shard_size {
            padded.extend(shard);
            padded.resize(self.shard_size, 0);
            padded.as_slice()
        } else {
            &shard[..self.shard_size]
        };
        let mut sums = vec![0; self.columns];
        let mut add = |index: usize, symbol: u16| match self.columns_of.get(index) {
            None => sums[index] = symbol,
            Some(columns) => columns.iter().for_each(|column| sums[usize::from(*column)] ^= symbol),
        };
        if self.is_wide {
            for (block, bytes) in bytes.chunks_exact(2 * BLOCK_SYMBOLS).enumerate() {
                let (low, high) = bytes.split_at(BLOCK_SYMBOLS);
                for (place, (low, high)) in low.iter().zip(high).enumerate() {
                    add(block * BLOCK_SYMBOLS + place, u16::from(*low) | u16::from(*high) << 8);
                }
            }
        } else {
            bytes.iter().enumerate().for_each(|(index, byte)| add(index, u16::from(*byte)));
        }
        sums
    }
}
