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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedding::numbers;

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
