//! The best hits of a search, kept as it goes.
//!
//! Knows how many are kept and which one falls out first. Of two equal scores the one with the
//! smaller key stays, so that the order never depends on the way the index was walked.

use super::rank::Hit;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// The best hits so far; the worst of them on top.
pub(super) struct Best {
    limit: usize,
    heap: BinaryHeap<Worst>,
    /// A score below this is not taken.
    pub(super) bar: f32,
}

struct Worst(Hit);

impl Ord for Worst {
    fn cmp(&self, other: &Worst) -> Ordering {
        other.0.score.total_cmp(&self.0.score).then(self.0.key.cmp(&other.0.key))
    }
}

impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Worst) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Worst {
    fn eq(&self, other: &Worst) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Worst {}

impl Best {
    pub(super) fn new(limit: usize) -> Best {
        Best { limit, heap: BinaryHeap::new(), bar: f32::NEG_INFINITY }
    }

    pub(super) fn takes(&self, score: f32, key: u32) -> bool {
        self.heap.len() < self.limit
            || self.heap.peek().is_some_and(|Worst(worst)| {
                score > worst.score || (score == worst.score && key < worst.key)
            })
    }

    pub(super) fn add(&mut self, hit: Hit) {
        if self.heap.len() >= self.limit {
            self.heap.pop();
        }
        self.heap.push(Worst(hit));
        if self.heap.len() >= self.limit {
            self.bar = self.heap.peek().map_or(f32::NEG_INFINITY, |Worst(worst)| worst.score);
        }
    }

    pub(super) fn sorted(self) -> Vec<Hit> {
        self.heap.into_sorted_vec().into_iter().map(|Worst(hit)| hit).collect()
    }
}
