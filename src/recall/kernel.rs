//! The two loops that take most of the time, for the widest registers that the machine has.
//!
//! Knows the plain code, the same by hand for wide registers (a compiler that makes a small program
//! leaves loops as they are), and which of the two runs here. All is whole numbers, so both give
//! the same.

macro_rules! wide {
    ($function:ident($($argument:ident),+)) => {{
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: asked for in the line before.
            #[allow(unsafe_code)]
            return unsafe { avx2::$function($($argument),+) };
        }
        $function($($argument),+)
    }};
}
/// The sums of the products of one direction with each of many, `direction.len()` numbers a row.
pub(crate) fn dots(rows: &[i8], direction: &[i8], out: &mut [i32]) {
    wide!(all_dots(rows, direction, out));
}

/// The sum of the products of two directions.
pub(crate) fn dot(one: &[i8], other: &[i8]) -> i32 {
    wide!(one_dot(one, other))
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm_add_epi32, _mm_cvtsi128_si32, _mm_loadu_si128, _mm_shuffle_epi32, _mm256_add_epi32,
        _mm256_castsi256_si128, _mm256_cvtepi8_epi16, _mm256_extracti128_si256, _mm256_madd_epi16,
        _mm256_setzero_si256,
    };

    /// So many numbers are multiplied at once.
    const WIDTH: usize = 16;

    #[target_feature(enable = "avx2")]
    pub(super) fn all_dots(rows: &[i8], direction: &[i8], out: &mut [i32]) {
        let (wide, rest) = direction.as_chunks::<WIDTH>();
        // The common case: the direction stays in the registers.
        if let ([a, b, c, d, e, f, g, h], []) = (wide, rest) {
            let [a, b, c, d, e, f, g, h] = [a, b, c, d, e, f, g, h].map(|part| widened(part));
            for (row, out) in rows.as_chunks::<{ 8 * WIDTH }>().0.iter().zip(out) {
                if let [p, q, r, s, t, u, v, w] = row.as_chunks::<WIDTH>().0 {
                    let one = both(_mm256_madd_epi16(widened(p), a), _mm256_madd_epi16(widened(q), b));
                    let two = both(_mm256_madd_epi16(widened(r), c), _mm256_madd_epi16(widened(s), d));
                    let three = both(_mm256_madd_epi16(widened(t), e), _mm256_madd_epi16(widened(u), f));
                    let four = both(_mm256_madd_epi16(widened(v), g), _mm256_madd_epi16(widened(w), h));
                    *out = sum(both(both(one, two), both(three, four)));
                }
            }
            return;
        }
        for (row, out) in rows.chunks_exact(direction.len().max(1)).zip(out) {
            *out = one_dot(row, direction);
        }
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn one_dot(one: &[i8], other: &[i8]) -> i32 {
        let ((ones, rest), (others, other_rest)) = (one.as_chunks::<WIDTH>(), other.as_chunks::<WIDTH>());
        if ones.len() != others.len() {
            return super::one_dot(one, other);
        }
        let mut sums = _mm256_setzero_si256();
        for (one, other) in ones.iter().zip(others) {
            sums = both(sums, _mm256_madd_epi16(widened(one), widened(other)));
        }
        let rest = if rest.is_empty() { 0 } else { super::one_dot(rest, other_rest) };
        sum(sums) + rest
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn both(one: __m256i, other: __m256i) -> __m256i {
        _mm256_add_epi32(one, other)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn widened(numbers: &[i8; WIDTH]) -> __m256i {
        // SAFETY: 16 bytes are read, and there are as many.
        #[allow(unsafe_code)]
        _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(numbers.as_ptr().cast()) })
    }

    /// The sum of eight.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn sum(eight: __m256i) -> i32 {
        let four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256::<1>(eight));
        let two = _mm_add_epi32(four, _mm_shuffle_epi32::<0b01_00_11_10>(four));
        _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32::<0b10_11_00_01>(two)))
    }
}

#[inline(always)]
fn all_dots(rows: &[i8], direction: &[i8], out: &mut [i32]) {
    if let Ok(direction) = <&[i8; super::vector::DIMENSIONS]>::try_from(direction) {
        // The common case, with a length that the compiler knows.
        for (row, out) in rows.as_chunks().0.iter().zip(out) {
            *out = fixed_dot(row, direction);
        }
        return;
    }
    for (row, out) in rows.chunks_exact(direction.len().max(1)).zip(out) {
        *out = one_dot(row, direction);
    }
}

#[inline(always)]
fn fixed_dot(one: &[i8; super::vector::DIMENSIONS], other: &[i8; super::vector::DIMENSIONS]) -> i32 {
    one.iter().zip(other).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

#[inline(always)]
fn one_dot(one: &[i8], other: &[i8]) -> i32 {
    one.iter().zip(other).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_the_same_sums() {
        let mut state = 1_u32;
        let mut numbers = |count: usize| -> Vec<i8> {
            let next = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let [.., top] = state.to_le_bytes();
                top.cast_signed()
            };
            (0..count).map(next).collect()
        };
        for length in [1, 31, 128, 384] {
            let (rows, direction) = (numbers(length * 9), numbers(length));
            let (mut wide, mut plain) = ([0; 9], [0; 9]);
            dots(&rows, &direction, &mut wide);
            all_dots(&rows, &direction, &mut plain);
            assert_eq!(wide, plain, "{length}");
            let first = rows.get(..length).expect("there");
            assert_eq!(Some(&dot(first, &direction)), wide.first());
        }
        let (most, mut sum) = ([-128; 128], [0]);
        dots(&most, &most, &mut sum);
        assert_eq!(sum, [128 * 128 * 128]);
    }
}
