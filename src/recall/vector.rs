//! Directions of text as 128 small integers.
//!
//! Knows how rows add up, how a sum becomes 128 bytes and what the cosine of two such is.
//! Sums and products are whole numbers and the rest is single steps of IEEE arithmetic in a
//! fixed order, so that every machine gets the same bits.

/// The numbers in a vector of ours.
pub(crate) const DIMENSIONS: usize = 128;

/// A row is added in 1024ths of its unit, which leaves room for half a million of them.
const ROW_SHIFT: u32 = 10;
const HALF: i32 = 1 << (ROW_SHIFT - 1);
/// So many words' parts fit into 16 bits, if none passes [`MAX_PART`].
const MAX_PENDING: u8 = 8;
const MAX_PART: i32 = 4_095;

/// A sum of rows on its way to a vector.
#[derive(Clone)]
pub(crate) struct Sum {
    wide: [i32; DIMENSIONS],
    /// Words' parts that wait to be added.
    narrow: WordSum,
    pending: u8,
}

impl Default for Sum {
    fn default() -> Sum {
        Sum { wide: [0; DIMENSIONS], narrow: [0; DIMENSIONS], pending: 0 }
    }
}

/// A word's part of a sum.
pub(crate) type WordSum = [i16; DIMENSIONS];

impl Sum {
    /// Adds a row of bytes that are signed numbers, `scale` times.
    pub(crate) fn add(&mut self, row: &[u8; DIMENSIONS], scale: i16) {
        for (sum, value) in self.wide.iter_mut().zip(row) {
            *sum += (i32::from(value.cast_signed()) * i32::from(scale) + HALF) >> ROW_SHIFT;
        }
    }

    /// Adds a word's part.
    pub(crate) fn add_word(&mut self, word: &WordSum) {
        for (sum, value) in self.narrow.iter_mut().zip(word) {
            *sum = sum.wrapping_add(*value);
        }
        self.pending += 1;
        if self.pending == MAX_PENDING {
            self.widen();
        }
    }

    fn widen(&mut self) {
        for (sum, value) in self.wide.iter_mut().zip(&mut self.narrow) {
            *sum += i32::from(std::mem::take(value));
        }
        self.pending = 0;
    }

    /// The sum of one word as its part of greater ones; `None` if that is too large.
    pub(crate) fn word(&self) -> Option<WordSum> {
        let fits = self.wide.iter().all(|value| value.abs() <= MAX_PART);
        fits.then(|| self.wide.map(|value| i16::try_from(value).unwrap_or(0)))
    }

    /// The direction of the sum.
    pub(crate) fn vector(&mut self) -> Vector {
        self.widen();
        let most = self.wide.iter().fold(0, |most, value| most | value.unsigned_abs());
        // Brought to 15 bits, the values times their common factor stay below 2^31.
        let shift = 17_u32.saturating_sub(most.leading_zeros());
        let largest = self.wide.iter().fold(1, |most, value| most.max((value >> shift).unsigned_abs()));
        let factor = i32::try_from((127 << 16) / largest).unwrap_or(i32::MAX);
        let mut bytes = [0; DIMENSIONS];
        for (byte, value) in bytes.iter_mut().zip(&self.wide) {
            let [_, _, value, _] = ((value >> shift) * factor.min(0x7fff) + 0x8000).to_le_bytes();
            *byte = value.cast_signed();
        }
        Vector::of(bytes)
    }
}

/// A direction; all zero if there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Vector {
    pub(crate) values: [i8; DIMENSIONS],
    /// One over the length; zero if the length is.
    pub(crate) inverse: f32,
}

impl Vector {
    pub(crate) fn of(values: [i8; DIMENSIONS]) -> Vector {
        Vector { inverse: inverse(square(&values)), values }
    }

    pub(crate) fn of_bytes(bytes: &[u8; DIMENSIONS]) -> Vector {
        Vector::of(bytes.map(u8::cast_signed))
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.inverse == 0.0
    }

    /// The cosine with another one.
    pub(crate) fn cosine(&self, other: &Vector) -> f32 {
        float(dot(&self.values, &other.values)) * self.inverse * other.inverse
    }
}

fn square(values: &[i8; DIMENSIONS]) -> i32 {
    dot(values, values)
}

fn inverse(square: i32) -> f32 {
    if square == 0 { 0.0 } else { 1.0 / float(square).sqrt() }
}

/// The sum of the products.
pub(crate) fn dot(one: &[i8; DIMENSIONS], other: &[i8; DIMENSIONS]) -> i32 {
    super::kernel::dot(one, other)
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "below 2^24: 128 products of 127 * 127")]
pub(crate) fn float(value: i32) -> f32 {
    value as f32
}
