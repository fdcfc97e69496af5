//! Directions of text as 128 small integers.
//!
//! Knows how rows add up, how a sum becomes 128 bytes and what the cosine of two such is.
//! Sums and products are whole numbers and the rest is single steps of IEEE arithmetic in a
//! fixed order, so that every machine gets the same bits.

use super::kernel::{MAX_PART, add_parts, add_scaled, dot, float};

/// The numbers in a vector of ours.
pub(crate) const DIMENSIONS: usize = 128;

/// A row is added in 1024ths of its unit, which leaves room for half a million of them.
pub(crate) const ROW_SHIFT: u32 = 10;

/// A sum of rows on its way to a vector.
#[derive(Clone)]
pub(crate) struct Sum {
    wide: [i32; DIMENSIONS],
}

impl Default for Sum {
    fn default() -> Sum {
        Sum { wide: [0; DIMENSIONS] }
    }
}

/// A word's part of a sum.
pub(crate) type WordSum = [i16; DIMENSIONS];

impl Sum {
    /// Adds a row of bytes that are signed numbers, `scale` times.
    pub(crate) fn add(&mut self, row: &[u8; DIMENSIONS], scale: i16) {
        add_scaled(&mut self.wide, row, scale, ROW_SHIFT);
    }

    /// Adds those of words' parts whose places are given.
    pub(crate) fn add_words(&mut self, parts: &[WordSum], places: &[u32]) {
        add_parts(&mut self.wide, parts, places);
    }

    /// The sum of one word as its part of greater ones; `None` if that is too large.
    pub(crate) fn word(&self) -> Option<WordSum> {
        let fits = self.wide.iter().all(|value| value.abs() <= MAX_PART);
        fits.then(|| self.wide.map(|value| i16::try_from(value).unwrap_or(0)))
    }

    /// One over the length of the sum, in units of its values; zero if it has none.
    pub(crate) fn inverse(&self) -> f32 {
        let square: i64 = self.wide.iter().map(|value| i64::from(*value) * i64::from(*value)).sum();
        if square == 0 { 0.0 } else { 1.0 / wide(square).sqrt() }
    }

    /// The direction of the sum.
    pub(crate) fn vector(&self) -> Vector {
        let most = self.wide.iter().fold(0, |most, value| most | value.unsigned_abs());
        // Brought to 15 bits, the values times their common factor stay below 2^31.
        let shift = 17_u32.saturating_sub(most.leading_zeros());
        let largest =
            self.wide.iter().fold(1, |most, value| most.max((value >> shift).unsigned_abs()));
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
    #[cfg(test)]
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

#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "rounded to the nearest everywhere alike"
)]
pub(crate) fn wide(value: i64) -> f32 {
    value as f32
}
