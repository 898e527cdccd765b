//! Whole numbers, most of them near 0, to bytes and back: what is expected costs little, as the numbers before it say what
//! to expect. A binary range coder with adaptive probabilities, as LZMA has one (Pavlov 1998; Martin 1979).

/// Below this the range has too few digits left, and a byte is moved out.
const TOP: u32 = 1 << 24;
/// Bits of a probability.
const BITS: u32 = 12;
/// How slowly a probability follows what it sees.
const RATE: u32 = 5;
/// A bit of which nothing is known.
const EVEN: u16 = 1 << (BITS - 1);
/// Numbers that are larger do not occur: a code of one is damaged.
const WIDEST: usize = 24;
/// What the number before was: 0, 1, or more.
const BEFORE: usize = 3;

/// What is expected of the next number, by the one before it.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    before: usize,
    is_zero: [u16; BEFORE],
    sign: u16,
    /// Whether it has more digits.
    longer: [[u16; WIDEST]; BEFORE],
    /// Its digit after the first, by how many it has.
    second: [u16; WIDEST],
}

impl Default for Expected {
    fn default() -> Self {
        let (longer, second) = ([[EVEN; WIDEST]; BEFORE], [EVEN; WIDEST]);
        Self { before: 0, is_zero: [EVEN; BEFORE], sign: EVEN, longer, second }
    }
}

/// Where bits go to, or come from: the same steps write and read.
trait Coder {
    /// Codes `bit`, or finds out what it is.
    fn code(&mut self, bit: bool, expected: &mut u16) -> bool;
}

impl Expected {
    /// Codes a number, or finds out which it is; `None` if no code says that.
    fn number(&mut self, coder: &mut impl Coder, value: i32) -> Option<i32> {
        let before = self.before;
        if coder.code(value == 0, &mut self.is_zero[before]) {
            self.before = 0;
            return Some(0);
        }
        let is_negative = coder.code(value < 0, &mut self.sign);
        let size = value.unsigned_abs();
        let mut digits = 0; // after the first
        while coder.code(size >> (digits + 1) > 0, self.longer[before].get_mut(digits)?) {
            digits += 1;
        }
        let mut known = 1;
        for place in (0..digits).rev() {
            let mut even = EVEN;
            let expected = if place + 1 == digits { &mut self.second[digits] } else { &mut even };
            known = 2 * known + i32::from(coder.code(size >> place & 1 == 1, expected));
        }
        self.before = (known as usize).min(BEFORE - 1);
        Some(if is_negative { -known } else { known })
    }
}

/// Writes numbers.
#[derive(Debug)]
pub(super) struct Encoder {
    low: u64,
    range: u32,
    /// The byte that a carry may still change, and how many bytes of 255 follow it.
    held: u8,
    full: usize,
    is_first: bool,
    bytes: Vec<u8>,
}

impl Encoder {
    pub fn new() -> Self {
        Self { low: 0, range: u32::MAX, held: 0, full: 0, is_first: true, bytes: Vec::new() }
    }

    /// Writes a number.
    pub fn put(&mut self, value: i32, expected: &mut Expected) {
        expected.number(self, value);
    }

    /// All that was written.
    pub fn finish(mut self) -> Vec<u8> {
        (0..5).for_each(|_| self.shift());
        self.bytes
    }

    /// Moves the highest byte out, once no carry can change it.
    fn shift(&mut self) {
        let carry = (self.low >> 32) as u8;
        if self.low < 0xFF00_0000 || carry > 0 {
            if !std::mem::take(&mut self.is_first) {
                self.bytes.push(self.held.wrapping_add(carry));
            }
            self.bytes.extend(std::iter::repeat_n(0xFF_u8.wrapping_add(carry), std::mem::take(&mut self.full)));
            self.held = (self.low >> 24) as u8;
        } else {
            self.full += 1;
        }
        self.low = (self.low & 0x00FF_FFFF) << 8;
    }
}

impl Coder for Encoder {
    fn code(&mut self, bit: bool, expected: &mut u16) -> bool {
        let bound = (self.range >> BITS) * u32::from(*expected);
        if bit {
            self.range = bound;
        } else {
            self.low += u64::from(bound);
            self.range -= bound;
        }
        learn(bit, expected);
        while self.range < TOP {
            self.range <<= 8;
            self.shift();
        }
        bit
    }
}

/// Reads what an [`Encoder`] wrote; behind its end come zeros.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    bytes: &'a [u8],
    range: u32,
    code: u32,
}

impl<'a> Decoder<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        let mut decoder = Self { bytes, range: u32::MAX, code: 0 };
        (0..4).for_each(|_| decoder.shift());
        decoder
    }

    /// The next number; `None` if the bytes are damaged.
    pub fn take(&mut self, expected: &mut Expected) -> Option<i32> {
        expected.number(self, 0)
    }

    fn shift(&mut self) {
        let byte = self.bytes.split_off_first().copied().unwrap_or(0);
        self.code = self.code << 8 | u32::from(byte);
    }
}

impl Coder for Decoder<'_> {
    fn code(&mut self, _: bool, expected: &mut u16) -> bool {
        let bound = (self.range >> BITS) * u32::from(*expected);
        let bit = self.code < bound;
        if bit {
            self.range = bound;
        } else {
            self.code -= bound;
            self.range -= bound;
        }
        learn(bit, expected);
        while self.range < TOP {
            self.range <<= 8;
            self.shift();
        }
        bit
    }
}

/// What was seen is expected more.
fn learn(bit: bool, expected: &mut u16) {
    if bit {
        *expected += ((1 << BITS) - *expected) >> RATE;
    } else {
        *expected -= *expected >> RATE;
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn there_and_back(numbers: &[i32]) -> usize {
        let (mut encoder, mut expected) = (Encoder::new(), Expected::default());
        numbers.iter().for_each(|&number| encoder.put(number, &mut expected));
        let bytes = encoder.finish();
        let (mut decoder, mut expected) = (Decoder::new(&bytes), Expected::default());
        for (i, &number) in numbers.iter().enumerate() {
            assert_eq!(decoder.take(&mut expected), Some(number), "number {i} of {}", numbers.len());
        }
        bytes.len()
    }

    #[test]
    fn what_is_written_is_read() {
        there_and_back(&[]);
        there_and_back(&[0, 1, -1, 7, -8, 100_000, -4_000_000, 0, 0, 3]);
        there_and_back(&[0; 5000]);
        there_and_back(&(-3000..3000).collect::<Vec<_>>());
    }

    /// Three values of which one is likely: about as many bits as their entropy says.
    #[test]
    fn what_is_likely_costs_little() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let numbers: Vec<i32> =
            (0..100_000).map(|_| [0, 0, 0, 0, 0, 0, 0, 0, 1, -1][random.random_range(0..10)]).collect();
        let entropy = -(0.8 * 0.8_f64.log2() + 0.2 * 0.1_f64.log2());
        let bits = 8.0 * there_and_back(&numbers) as f64 / numbers.len() as f64;
        assert!((bits / entropy - 1.0).abs() < 0.05, "{bits} bits a number, their entropy is {entropy}");
    }
}
