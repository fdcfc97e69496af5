//! The two loops that take most of the time, for the widest registers that the machine has.
//!
//! Knows how the same plain code is compiled twice and which of the two runs here. All is
//! whole numbers, so both give the same.

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
    #[target_feature(enable = "avx2")]
    pub(super) fn all_dots(rows: &[i8], direction: &[i8], out: &mut [i32]) {
        super::all_dots(rows, direction, out);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn one_dot(one: &[i8], other: &[i8]) -> i32 {
        super::one_dot(one, other)
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
