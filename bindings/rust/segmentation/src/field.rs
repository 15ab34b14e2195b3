//! The two finite fields of Leopard Reed-Solomon. An element is written in a Cantor basis v of its field, so that bit i of the
//! number stands for v[i].
use std::sync::OnceLock;

/// Places of the largest code.
pub(crate) const MAX_PLACES: usize = 65_536;

const CANTOR_8: [u16; 8] = [1, 214, 152, 146, 86, 200, 88, 230];
const CANTOR_16: [u16; 16] = [
    0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8, 0xfb34,
    0xff38, 0x991e,
];

/// One of them. `log[0]` means nothing; `exp` has twice as many entries, so that a sum of logarithms needs no reduction.
pub(crate) struct Field {
    pub bits: usize,
    pub modulus: usize,
    pub log: Vec<u16>,
    pub exp: Vec<u16>,
}

/// That of codes of up to 256 places.
pub(crate) fn field_8() -> &'static Field {
    static FIELD: OnceLock<Field> = OnceLock::new();
    FIELD.get_or_init(|| Field::new(8, 0x11d, &CANTOR_8))
}

/// That of larger codes.
pub(crate) fn field_16() -> &'static Field {
    static FIELD: OnceLock<Field> = OnceLock::new();
    FIELD.get_or_init(|| Field::new(16, 0x1_002d, &CANTOR_16))
}

/// Of a code: parity takes the first np2(parity), data follow, the rest stays zero.
pub(crate) fn code_length(data: usize, parity: usize) -> usize {
    (parity.next_power_of_two() + data).next_power_of_two()
}

impl Field {
    fn new(bits: usize, polynomial: usize, basis: &[u16]) -> Self {
        let modulus = (1 << bits) - 1;
        // Logarithms of the usual representation, by powers of x.
        let mut power_of = vec![0_u16; modulus + 1];
        let mut element = 1;
        for power in 0..modulus {
            power_of[element] = power as u16;
            element <<= 1;
            if element > modulus {
                element ^= polynomial;
            }
        }
        let mut usual = vec![0_u16; modulus + 1];
        for (bit, vector) in basis.iter().enumerate() {
            for low in 0..1 << bit {
                usual[(1 << bit) + low] = usual[low] ^ vector;
            }
        }
        let (mut log, mut exp) = (vec![0; modulus + 1], vec![0; 2 * modulus + 1]);
        for element in 1..=modulus {
            let power = power_of[usize::from(usual[element])];
            log[element] = power;
            exp[usize::from(power)] = element as u16;
            exp[usize::from(power) + modulus] = element as u16;
        }
        exp[2 * modulus] = exp[0];
        Self { bits, modulus, log, exp }
    }

    pub fn multiply(&self, a: u16, b: u16) -> u16 {
        if a == 0 || b == 0 {
            return 0;
        }
        self.exp[usize::from(self.log[usize::from(a)]) + usize::from(self.log[usize::from(b)])]
    }

    /// Of an element that is not 0.
    pub fn inverse(&self, a: u16) -> u16 {
        self.exp[self.modulus - usize::from(self.log[usize::from(a)])]
    }

    /// For each place x the logarithm of the product of x - z over the missing places z other than x. `missing` is a power of two
    /// long, and 1 for each missing place.
    pub fn locator_logs(&self, missing: &[u32]) -> Vec<u32> {
        let length = missing.len();
        // x - z is x XOR z here, so the sum of log(x XOR z) is a convolution that a Walsh-Hadamard transform makes a product.
        let mut logs: Vec<u32> = self.log[..length].iter().map(|log| u32::from(*log)).collect();
        let mut sums = missing.to_vec();
        self.walsh_hadamard(&mut sums);
        self.walsh_hadamard(&mut logs);
        // The transform is its own inverse but for a factor of length; 2^bits is 1 modulo 2^bits - 1.
        let undo = ((self.modulus + 1) / length) as u64;
        for (sum, log) in sums.iter_mut().zip(logs) {
            *sum = (u64::from(*sum) * u64::from(log) * undo % self.modulus as u64) as u32;
        }
        self.walsh_hadamard(&mut sums);
        sums
    }

    fn walsh_hadamard(&self, values: &mut [u32]) {
        let modulus = self.modulus as u32;
        let mut half = 1;
        while half < values.len() {
            for pair in values.chunks_exact_mut(2 * half) {
                let (low, high) = pair.split_at_mut(half);
                for (a, b) in low.iter_mut().zip(high) {
                    let (sum, difference) = (*a + *b, *a + modulus - *b);
                    *a = if sum >= modulus { sum - modulus } else { sum };
                    *b = if difference >= modulus { difference - modulus } else { difference };
                }
            }
            half *= 2;
        }
    }
}
