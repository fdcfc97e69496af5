//! The near words that were found for words of earlier questions.
//!
//! Knows how much of an index's memory they may take. Everything here can be found again.

use std::collections::HashMap;
use std::sync::Arc;

/// A word of the index and what it counts for the word asked for.
pub(super) type Near = (u32, f32);

#[derive(Default)]
pub(crate) struct NearCache {
    pub(super) kept: HashMap<Box<str>, Known>,
    bytes: usize,
}

pub(super) struct Known {
    /// So many words of the vocabulary were looked at, and so many of those that were stems before.
    pub(super) seen: u32,
    pub(super) promoted: usize,
    pub(super) near: Arc<[Near]>,
}

impl NearCache {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn keep(&mut self, word: &str, known: Known, limit: usize) {
        let bytes = |word: &str, known: &Known| {
            word.len() + size_of_val(&*known.near) + 2 * size_of::<Known>()
        };
        self.bytes += bytes(word, &known);
        if let Some((word, old)) = self.kept.remove_entry(word) {
            self.bytes = self.bytes.saturating_sub(bytes(&word, &old));
        }
        if self.bytes > limit {
            self.kept.clear();
            self.bytes = bytes(word, &known);
        }
        self.kept.insert(word.into(), known);
    }
}
