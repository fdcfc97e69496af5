//! Sums of rows and products of directions, for the widest registers that the machine has.
//!
//! Knows how the same plain code is compiled twice and which of the two runs here, and how
//! products of small numbers are added up fastest. Whole numbers, so both ways give the same.

use super::vector::DIMENSIONS;

/// Compiles functions for the widest registers too, and asks the processor which to run.
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
pub(crate) use both_ways;

both_ways! {
    /// Adds those of 16-bit parts whose places are given.
    fn add_parts(sum: &mut [i32; DIMENSIONS], parts: &[[i16; DIMENSIONS]], places: &[u32]) {
        const NOTHING: &[i16; DIMENSIONS] = &[0; DIMENSIONS];
        for places in places.chunks(AT_ONCE) {
            let mut chosen = [NOTHING; AT_ONCE];
            for (chosen, place) in chosen.iter_mut().zip(places) {
                *chosen = usize::try_from(*place).ok().and_then(|place| parts.get(place)).unwrap_or(NOTHING);
            }
            for (block, sums) in sum.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                let mut narrow = [0_i16; LANES];
                for part in chosen {
                    let part = part.as_chunks::<LANES>().0.get(block).unwrap_or(&[0; LANES]);
                    for (sum, value) in narrow.iter_mut().zip(part) {
                        *sum = sum.wrapping_add(*value);
                    }
                }
                for (sum, value) in sums.iter_mut().zip(narrow) {
                    *sum += i32::from(value);
                }
            }
        }
    }

    /// The sum of the products of one row, whose bytes are signed, with a direction.
    fn row_dot(row: &[u8; DIMENSIONS], direction: &[i8; DIMENSIONS]) -> i32 {
        row.iter().zip(direction).map(|(one, other)| i32::from(one.cast_signed()) * i32::from(*other)).sum()
    }

    /// Adds the numbers of a row, `scale` times, in units of `1 << shift`.
    fn add_scaled(sum: &mut [i32; DIMENSIONS], row: &[u8; DIMENSIONS], scale: i16, shift: u32) {
        let half = (1 << shift) >> 1;
        for (sum, value) in sum.iter_mut().zip(row) {
            *sum += (i32::from(value.cast_signed()) * i32::from(scale) + half) >> shift;
        }
    }
}

/// Parts that are added up before they are made wide: as many as fit into 16 bits.
const AT_ONCE: usize = 8;
/// The largest number of a part.
pub(super) const MAX_PART: i32 = 4_095;
/// The numbers of a register.
const LANES: usize = 16;

#[inline(always)]
#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "rounded to the nearest everywhere alike"
)]
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
        __m256i, _mm_add_epi32, _mm_storeu_si128, _mm256_abs_epi8, _mm256_add_epi32,
        _mm256_castsi256_si128, _mm256_extracti128_si256, _mm256_hadd_epi32, _mm256_loadu_si256,
        _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_set1_epi16, _mm256_setzero_si256,
        _mm256_sign_epi8,
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
        let (mut four_rows, mut four_sums) =
            (rows.chunks_exact(4 * width), out.chunks_exact_mut(4));
        for (rows, sums) in four_rows.by_ref().zip(four_sums.by_ref()) {
            // SAFETY: `rows` holds four rows of `width` numbers, `sums` four sums.
            unsafe {
                let row = |number: usize| {
                    row_sums(rows.as_ptr().add(number * width), direction.as_ptr(), width)
                };
                let low = _mm256_hadd_epi32(row(0), row(1));
                let all = _mm256_hadd_epi32(low, _mm256_hadd_epi32(row(2), row(3)));
                let sum =
                    _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256::<1>(all));
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
            let (row, direction): (__m256i, __m256i) = unsafe {
                (
                    _mm256_loadu_si256(row.add(at).cast()),
                    _mm256_loadu_si256(direction.add(at).cast()),
                )
            };
            // |row| * (direction with row's sign); two such products stay below 2^15.
            let pairs =
                _mm256_maddubs_epi16(_mm256_abs_epi8(row), _mm256_sign_epi8(direction, row));
            sums = _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
        }
        sums
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn numbers(count: usize) -> Vec<i8> {
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
                let direction: Vec<i8> =
                    numbers(length).into_iter().map(|number| number.max(least)).collect();
                let rows = numbers(length * 11);
                let (mut wide, mut plain) = ([0; 11], [0; 11]);
                dots(&rows, &direction, &mut wide);
                plain_dots(&rows, &direction, &mut plain);
                assert_eq!(wide, plain, "{length}");
                assert_eq!(
                    Some(&dot(rows.get(..length).expect("there"), &direction)),
                    wide.first()
                );
            }
        }
        let (most, mut sums) = ([i8::MIN; 512], [0; 4]);
        dots(&most, &[-127; 128], &mut sums);
        assert_eq!(sums, [128 * 127 * 128; 4]);
        dots(&most, &[i8::MIN; 128], &mut sums);
        assert_eq!(sums, [128 * 128 * 128; 4]);
        row_dots(&[[0x80; 128]; 4], &[127; 128], &mut sums);
        assert_eq!(sums, [-128 * 127 * 128; 4]);
        for (row, direction) in [
            ([0x80; 128], [i8::MIN; 128]),
            (std::array::from_fn(|at| u8::try_from(at * 2 % 251).unwrap_or(0)), [-77; 128]),
        ] {
            assert_eq!(row_dot(&row, &direction), plain::row_dot(&row, &direction));
            row_dots(&[row], &direction, &mut sums);
            assert_eq!(Some(&row_dot(&row, &direction)), sums.first());
        }
    }
}
