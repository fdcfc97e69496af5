//! The loops over all documents of an index, for the widest registers that the machine has.
//!
//! Single steps of IEEE arithmetic in a fixed order, so every machine gives the same bits.

use crate::embedding::{both_ways, float};

both_ways! {
    /// The cosines of rows whose products with a direction are known; `factor` is one over
    /// the direction's length. Gives the smallest and the largest.
    fn cosines(products: &[i32], inverses: &[f32], factor: f32, out: &mut [f32]) -> (f32, f32) {
        for ((product, inverse), out) in products.iter().zip(inverses).zip(&mut *out) {
            *out = float(*product) * inverse * factor;
        }
        (lowest(out), most(out, f32::NEG_INFINITY))
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
        most(values, 0.0)
    }

    /// The largest sum of two scores among every [`OF_A_PEAK`] of them; [`peaked`] says which those
    /// are.
    fn peaks(one: &[f32], other: &[f32], out: &mut [f32]) {
        // Those that are compared lie a register apart, so that none has to be turned.
        for ((one, other), out) in one.chunks(PEAKED).zip(other.chunks(PEAKED)).zip(out.chunks_mut(LANES)) {
            let mut most = [f32::NEG_INFINITY; LANES];
            let (ones, others) = (one.as_chunks::<LANES>(), other.as_chunks::<LANES>());
            for (one, other) in ones.0.iter().zip(others.0) {
                for ((most, one), other) in most.iter_mut().zip(one).zip(other) {
                    let sum = one + other;
                    *most = if sum > *most { sum } else { *most };
                }
            }
            for ((most, one), other) in most.iter_mut().zip(ones.1).zip(others.1) {
                *most = most.max(one + other);
            }
            out.iter_mut().zip(most).for_each(|(out, most)| *out = most);
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
}

/// Numbers that are looked at side by side.
const LANES: usize = 16;
/// Numbers of which one peak is the largest.
const OF_A_PEAK: usize = 16;
/// Numbers that lie between the first ones of two rows of peaks.
const PEAKED: usize = LANES * OF_A_PEAK;

/// How many peaks so many numbers have.
pub(crate) fn peaks_of(numbers: usize) -> usize {
    numbers / PEAKED * LANES + (numbers % PEAKED).min(LANES)
}

/// The places of the numbers of which a peak is the largest; some may lie behind the last number.
pub(crate) fn peaked(peak: usize) -> impl Iterator<Item = usize> {
    let first = peak / LANES * PEAKED + peak % LANES;
    (first..first + PEAKED).step_by(LANES)
}

/// How often a word occurs is counted in so many parts.
pub(crate) const TIMES: i32 = 4_096;
/// What a word counts in one document: nearly `weight` if it occurs very often.
#[inline(always)]
pub(crate) fn weighed(times: i32, norm: f32, weight: f32) -> f32 {
    const UNIT: f32 = 1.0 / 4_096.0;
    let times = float(times) * UNIT;
    weight * times / (times + norm)
}

/// The largest of numbers, at least `least`.
#[inline(always)]
fn most(values: &[f32], least: f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut most = [least; LANES];
    for chunk in chunks {
        for (most, value) in most.iter_mut().zip(chunk) {
            *most = if *value > *most { *value } else { *most };
        }
    }
    most.iter().chain(rest).fold(least, |most, value| if *value > most { *value } else { most })
}

/// The smallest of numbers, at most infinity.
#[inline(always)]
fn lowest(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut lowest = [f32::INFINITY; LANES];
    for chunk in chunks {
        for (lowest, value) in lowest.iter_mut().zip(chunk) {
            *lowest = if *value < *lowest { *value } else { *lowest };
        }
    }
    lowest
        .iter()
        .chain(rest)
        .fold(f32::INFINITY, |lowest, value| if *value < lowest { *value } else { lowest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedding::numbers;

    #[test]
    fn both_ways_give_the_same_scores_to_the_last_bit() {
        let bits =
            |values: &[f32]| -> Vec<u32> { values.iter().map(|value| value.to_bits()).collect() };
        let wild = |count: usize| -> Vec<f32> {
            numbers(count).iter().map(|n| f32::from(*n) / 7.0).collect()
        };
        let count = 797;
        let products: Vec<i32> = numbers(count).iter().map(|n| i32::from(*n) * 991).collect();
        let (mut one, mut two) = (vec![0.0; count], vec![0.0; count]);
        let ranges = (
            cosines(&products, &wild(count), 0.37, &mut one),
            plain::cosines(&products, &wild(count), 0.37, &mut two),
        );
        assert_eq!((bits(&one), ranges.0), (bits(&two), ranges.1));
        let all = one.iter().copied();
        assert_eq!(
            ranges.0,
            (all.clone().fold(f32::INFINITY, f32::min), all.fold(f32::NEG_INFINITY, f32::max))
        );

        let positive: Vec<f32> = wild(count).iter().map(|value| value.abs() + 0.1).collect();
        let mut times: Vec<i32> = products.iter().map(|product| product.abs()).collect();
        let mut again = times.clone();
        weigh(&mut times, &positive, 1.7, &mut one);
        plain::weigh(&mut again, &positive, 1.7, &mut two);
        assert_eq!((bits(&one), times), (bits(&two), vec![0; count]));

        fuse(&positive, 0.6, &wild(count), -3.0, 0.4, &mut one);
        plain::fuse(&positive, 0.6, &wild(count), -3.0, 0.4, &mut two);
        assert_eq!(bits(&one), bits(&two));
        for count in [count, 1, 15, 16, 3] {
            let (one, other) =
                (one.get(..count).expect("is shorter"), positive.get(..count).expect("is shorter"));
            let (mut tops, mut again) = (vec![0.0; peaks_of(count)], vec![0.0; peaks_of(count)]);
            peaks(one, other, &mut tops);
            plain::peaks(one, other, &mut again);
            assert_eq!(bits(&tops), bits(&again));
            let sum = |place: usize| Some(one.get(place)? + other.get(place)?);
            let expected =
                |peak: usize| peaked(peak).filter_map(sum).fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(tops, (0..peaks_of(count)).map(expected).collect::<Vec<f32>>());
            let mut places: Vec<usize> =
                (0..peaks_of(count)).flat_map(peaked).filter(|place| *place < count).collect();
            places.sort_unstable();
            assert!(places.into_iter().eq(0..count), "each is in one peak");
        }
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
