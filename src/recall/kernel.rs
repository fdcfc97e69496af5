//! The loops that take most of the time, for the widest registers that the machine has.
//!
//! Knows how the same plain code is compiled twice and which of the two runs here, and how
//! products of small numbers are added up fastest. Whole numbers and single steps of IEEE
//! arithmetic in a fixed order, so both ways give the same bits.

macro_rules! both_ways {
    ($($(#[$meta:meta])* fn $function:ident($($argument:ident: $type:ty),+) $(-> $result:ty)? $body:block)+) => {
        $(
            $(#[$meta])*
            pub(crate) fn $function($($argument: $type),+) $(-> $result)? {
                #[cfg(target_arch = "x86_64")]
                if std::is_x86_feature_detected!("avx2") {
                    // SAFETY: asked for in the line before.
                    #[allow(unsafe_code)]
                    return unsafe { wide::$function($($argument),+) };
                }
                plain::$function($($argument),+)
            }
        )+

        mod plain {
            use super::*;
            $(
                #[inline(always)]
                pub(super) fn $function($($argument: $type),+) $(-> $result)? $body
            )+
        }

        #[cfg(target_arch = "x86_64")]
        mod wide {
            use super::*;
            $(
                #[target_feature(enable = "avx2")]
                pub(super) fn $function($($argument: $type),+) $(-> $result)? {
                    plain::$function($($argument),+)
                }
            )+
        }
    };
}

both_ways! {
    /// The cosines of rows whose products with a direction are known; `factor` is one over
    /// the direction's length. Gives the smallest and the largest.
    fn cosines(products: &[i32], inverses: &[f32], factor: f32, out: &mut [f32]) -> (f32, f32) {
        for ((product, inverse), out) in products.iter().zip(inverses).zip(&mut *out) {
            *out = float(*product) * inverse * factor;
        }
        range(out)
    }

    /// One word's part of each document's score: `times` says how often a document holds it, in
    /// [`TIMES`]ths, and is empty afterwards.
    fn weigh(times: &mut [i32], norms: &[f32], weight: f32, scores: &mut [f32]) {
        for ((times, norm), score) in times.iter_mut().zip(norms).zip(scores) {
            *score += weighed(std::mem::take(times), *norm, weight);
        }
    }

    /// What each document's length counts: `least` and `each` for every word.
    fn norms(lengths: &[u16], least: f32, each: f32, out: &mut [f32]) {
        for (length, out) in lengths.iter().zip(out) {
            *out = least + each * f32::from(*length);
        }
    }

    /// The largest of numbers that are not below zero; zero of none.
    fn largest(values: &[f32]) -> f32 {
        let (chunks, rest) = values.as_chunks::<LANES>();
        let mut most = [0.0_f32; LANES];
        for chunk in chunks {
            for (most, value) in most.iter_mut().zip(chunk) {
                *most = if *value > *most { *value } else { *most };
            }
        }
        most.iter().chain(rest).fold(0.0, |most, value| if *value > most { *value } else { most })
    }

    /// The largest sum of two scores among each [`LANES`] of them.
    fn peaks(one: &[f32], other: &[f32], out: &mut [f32]) {
        let (chunks, others) = (one.as_chunks::<LANES>(), other.as_chunks::<LANES>());
        for ((one, other), out) in chunks.0.iter().zip(others.0).zip(&mut *out) {
            let mut sums = [0.0; LANES];
            for ((one, other), sum) in one.iter().zip(other).zip(&mut sums) {
                *sum = one + other;
            }
            let mut width = LANES / 2;
            while width > 0 {
                let (low, high) = sums.split_at_mut(width);
                for (low, high) in low.iter_mut().zip(high) {
                    *low = if *high > *low { *high } else { *low };
                }
                width /= 2;
            }
            let [most, ..] = sums;
            *out = most;
        }
        if let ([_, ..], Some(out)) = (chunks.1, out.get_mut(chunks.0.len())) {
            let sums = chunks.1.iter().zip(others.1).map(|(one, other)| one + other);
            *out = sums.fold(f32::NEG_INFINITY, |most, sum| if sum > most { sum } else { most });
        }
    }

    /// Adds two scores up, the second one from `low` on.
    fn fuse(first: &[f32], by: f32, second: &[f32], low: f32, other: f32, out: &mut [f32]) {
        for ((one, two), out) in first.iter().zip(second).zip(out) {
            *out = by * one + other * (two - low);
        }
    }

    /// What documents get from those next to them: `backs` is 1 where the one before is of the
    /// same group.
    fn lend(scores: &[f32], backs: &[u16], before: f32, after: f32, out: &mut [f32]) {
        out.fill(0.0);
        let (behind, backs) = (out.get_mut(1..).unwrap_or_default(), backs.get(1..).unwrap_or_default());
        for ((score, back), lent) in scores.iter().zip(backs).zip(behind) {
            *lent = if *back == 1 { before * score } else { 0.0 };
        }
        for ((score, back), lent) in scores.get(1..).unwrap_or_default().iter().zip(backs).zip(out) {
            *lent += if *back == 1 { after * score } else { 0.0 };
        }
    }

    /// Adds 16-bit numbers.
    fn add_narrow(sum: &mut [i16; DIMENSIONS], part: &[i16; DIMENSIONS]) {
        for (sum, value) in sum.iter_mut().zip(part) {
            *sum = sum.wrapping_add(*value);
        }
    }

    /// Adds the numbers of a row, `scale` times, in units of `1 << shift`.
    fn add_scaled(sum: &mut [i32; DIMENSIONS], row: &[u8; DIMENSIONS], scale: i16, shift: u32) {
        let half = (1 << shift) >> 1;
        for (sum, value) in sum.iter_mut().zip(row) {
            *sum += (i32::from(value.cast_signed()) * i32::from(scale) + half) >> shift;
        }
    }
}

/// Numbers that are looked at side by side.
pub(crate) const LANES: usize = 16;
/// How often a word occurs is counted in so many parts.
pub(crate) const TIMES: i32 = 4_096;
/// What a word counts in one document: nearly `weight` if it occurs very often.
#[inline(always)]
pub(crate) fn weighed(times: i32, norm: f32, weight: f32) -> f32 {
    const UNIT: f32 = 1.0 / 4_096.0;
    let times = float(times) * UNIT;
    weight * times / (times + norm)
}

#[inline(always)]
fn range(values: &[f32]) -> (f32, f32) {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
    for chunk in chunks {
        for ((low, high), value) in low.iter_mut().zip(&mut high).zip(chunk) {
            *low = if *value < *low { *value } else { *low };
            *high = if *value > *high { *value } else { *high };
        }
    }
    let low = low.iter().chain(rest).fold(f32::INFINITY, |low, value| if *value < low { *value } else { low });
    let high = high.iter().chain(rest).fold(f32::NEG_INFINITY, |high, value| if *value > high { *value } else { high });
    (low, high)
}

#[inline(always)]
#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "rounded to the nearest everywhere alike")]
pub(crate) fn float(value: i32) -> f32 {
    value as f32
}

/// The sums of the products of one direction with each of many, `direction.len()` numbers a row.
pub(crate) fn dots(rows: &[i8], direction: &[i8], out: &mut [i32]) {
    #[cfg(target_arch = "x86_64")]
    if direction.len().is_multiple_of(products::WIDTH)
        && !direction.is_empty()
        && !direction.contains(&i8::MIN)
        && std::is_x86_feature_detected!("avx2")
    {
        // SAFETY: the processor was asked, and the direction is whole registers without the
        // one number that has no opposite.
        #[allow(unsafe_code)]
        return unsafe { products::dots(rows, direction, out) };
    }
    plain_dots(rows, direction, out);
}

/// As [`dots`] for rows of our own width whose bytes are signed.
pub(crate) fn row_dots(rows: &[[u8; DIMENSIONS]], direction: &[i8; DIMENSIONS], out: &mut [i32]) {
    let bytes = rows.as_flattened();
    // SAFETY: the same bytes, each of which is a valid `i8` too.
    #[allow(unsafe_code)]
    let numbers = unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast::<i8>(), bytes.len()) };
    dots(numbers, direction, out);
}

/// The sum of the products of two directions.
pub(crate) fn dot(one: &[i8], other: &[i8]) -> i32 {
    let mut sum = [0];
    dots(one, other, &mut sum);
    let [sum] = sum;
    sum
}

fn plain_dots(rows: &[i8], direction: &[i8], out: &mut [i32]) {
    for (row, out) in rows.chunks_exact(direction.len().max(1)).zip(out) {
        *out = row.iter().zip(direction).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod products {
    use super::DIMENSIONS;
    use std::arch::x86_64::{
        __m256i, _mm_add_epi32, _mm_storeu_si128, _mm256_abs_epi8, _mm256_add_epi32, _mm256_castsi256_si128,
        _mm256_extracti128_si256, _mm256_hadd_epi32, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_maddubs_epi16,
        _mm256_set1_epi16, _mm256_setzero_si256, _mm256_sign_epi8,
    };

    /// The numbers of one register.
    pub(super) const WIDTH: usize = 32;

    /// `direction` holds a multiple of [`WIDTH`] numbers, at least one and none of them -128.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn dots(rows: &[i8], direction: &[i8], out: &mut [i32]) {
        // SAFETY: as the caller promises.
        unsafe {
            if direction.len() == DIMENSIONS {
                // The common case, with a length that the compiler knows.
                with_width(rows, direction, out, DIMENSIONS);
            } else {
                with_width(rows, direction, out, direction.len());
            }
        }
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn with_width(rows: &[i8], direction: &[i8], out: &mut [i32], width: usize) {
        let (mut four_rows, mut four_sums) = (rows.chunks_exact(4 * width), out.chunks_exact_mut(4));
        for (rows, sums) in four_rows.by_ref().zip(four_sums.by_ref()) {
            // SAFETY: `rows` holds four rows of `width` numbers, `sums` four sums.
            unsafe {
                let row = |number: usize| row_sums(rows.as_ptr().add(number * width), direction.as_ptr(), width);
                let low = _mm256_hadd_epi32(row(0), row(1));
                let all = _mm256_hadd_epi32(low, _mm256_hadd_epi32(row(2), row(3)));
                let sum = _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256::<1>(all));
                _mm_storeu_si128(sums.as_mut_ptr().cast(), sum);
            }
        }
        let done = (rows.len() / (4 * width)).min(out.len() / 4) * 4;
        super::plain_dots(
            rows.get(done * width..).unwrap_or_default(),
            direction,
            out.get_mut(done..).unwrap_or_default(),
        );
    }

    /// Eight sums whose sum is that of the products of a row and a direction.
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn row_sums(row: *const i8, direction: *const i8, width: usize) -> __m256i {
        let mut sums = _mm256_setzero_si256();
        for at in (0..width).step_by(WIDTH) {
            // SAFETY: both hold `width` numbers, a multiple of `WIDTH`.
            let (row, direction): (__m256i, __m256i) =
                unsafe { (_mm256_loadu_si256(row.add(at).cast()), _mm256_loadu_si256(direction.add(at).cast())) };
            // |row| * (direction with row's sign); two such products stay below 2^15.
            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(row), _mm256_sign_epi8(direction, row));
            sums = _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
        }
        sums
    }
}

use super::vector::DIMENSIONS;

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<i8> {
        let mut state = 1_u32;
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [.., top] = state.to_le_bytes();
            top.cast_signed()
        };
        (0..count).map(next).collect()
    }

    #[test]
    fn both_ways_give_the_same_sums_of_products() {
        for length in [1, 31, 32, 128, 384, 100] {
            for least in [i8::MIN, -i8::MAX] {
                let direction: Vec<i8> = numbers(length).into_iter().map(|number| number.max(least)).collect();
                let rows = numbers(length * 11);
                let (mut wide, mut plain) = ([0; 11], [0; 11]);
                dots(&rows, &direction, &mut wide);
                plain_dots(&rows, &direction, &mut plain);
                assert_eq!(wide, plain, "{length}");
                assert_eq!(Some(&dot(rows.get(..length).expect("there"), &direction)), wide.first());
            }
        }
        let (most, mut sums) = ([i8::MIN; 512], [0; 4]);
        dots(&most, &[-127; 128], &mut sums);
        assert_eq!(sums, [128 * 127 * 128; 4]);
        dots(&most, &[i8::MIN; 128], &mut sums);
        assert_eq!(sums, [128 * 128 * 128; 4]);
        row_dots(&[[0x80; 128]; 4], &[127; 128], &mut sums);
        assert_eq!(sums, [-128 * 127 * 128; 4]);
    }

    #[test]
    fn both_ways_give_the_same_scores_to_the_last_bit() {
        let bits = |values: &[f32]| -> Vec<u32> { values.iter().map(|value| value.to_bits()).collect() };
        let wild = |count: usize| -> Vec<f32> { numbers(count).iter().map(|n| f32::from(*n) / 7.0).collect() };
        let count = 77;
        let products: Vec<i32> = numbers(count).iter().map(|n| i32::from(*n) * 991).collect();
        let (mut one, mut two) = (vec![0.0; count], vec![0.0; count]);
        let ranges =
            (cosines(&products, &wild(count), 0.37, &mut one), plain::cosines(&products, &wild(count), 0.37, &mut two));
        assert_eq!((bits(&one), ranges.0), (bits(&two), ranges.1));
        let all = one.iter().copied();
        assert_eq!(ranges.0, (all.clone().fold(f32::INFINITY, f32::min), all.fold(f32::NEG_INFINITY, f32::max)));

        let positive: Vec<f32> = wild(count).iter().map(|value| value.abs() + 0.1).collect();
        let mut times: Vec<i32> = products.iter().map(|product| product.abs()).collect();
        let mut again = times.clone();
        weigh(&mut times, &positive, 1.7, &mut one);
        plain::weigh(&mut again, &positive, 1.7, &mut two);
        assert_eq!((bits(&one), times), (bits(&two), vec![0; count]));

        fuse(&positive, 0.6, &wild(count), -3.0, 0.4, &mut one);
        plain::fuse(&positive, 0.6, &wild(count), -3.0, 0.4, &mut two);
        assert_eq!(bits(&one), bits(&two));
        let (mut tops, mut again) = ([0.0; 5], [0.0; 5]);
        peaks(&one, &positive, &mut tops);
        plain::peaks(&one, &positive, &mut again);
        assert_eq!(tops, again);
        let sums: Vec<f32> = one.iter().zip(&positive).map(|(one, other)| one + other).collect();
        let expected = sums.chunks(LANES).map(|sums| sums.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        assert_eq!(tops.to_vec(), expected.collect::<Vec<f32>>());
        assert_eq!(largest(&positive), positive.iter().copied().fold(0.0, f32::max));
    }

    #[test]
    fn neighbours_of_one_group_lend_each_other() {
        let mut lent = [9.0; 4];
        lend(&[1.0, 2.0, 4.0, 8.0], &[0, 1, 0, 1], 0.5, 0.25, &mut lent);
        assert_eq!(lent, [0.5, 0.5, 2.0, 2.0]);
        lend(&[1.0], &[0], 0.5, 0.25, &mut lent[..1]);
        assert_eq!(lent[..1], [0.0]);
    }
}
