//! Many unpredictable numbers from few unpredictable bytes, by xoshiro128**. Not for keys: nobody sees these numbers.
use crate::field::Field;

pub(super) struct Draw([u32; 4]);

impl Draw {
    pub fn from(seed: &[u8; 16]) -> Self {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(seed.chunks_exact(4)) {
            *word = bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        }
        words[3] |= 1; // it would stay at zero for ever
        Self(words)
    }

    pub fn next(&mut self) -> u32 {
        let [a, b, c, d] = &mut self.0;
        let drawn = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 9;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(11);
        drawn
    }

    pub fn row(&mut self, field: &Field, length: usize) -> Vec<u16> {
        (0..length).map(|_| (self.next() >> (32 - field.bits)) as u16).collect()
    }
}
