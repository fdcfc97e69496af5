//! Words that mean nearly the same as a word of a question.
//!
//! Knows how near is near enough, and keeps what it found for the next question; words that
//! came since are looked at when the word is asked for again.

use super::embedding::Embedding;
use super::index::Index;
use super::kernel::float;
use super::vector::{ROW_SHIFT, Vector, wide};
use super::vocabulary::Place;
use std::collections::HashMap;
use std::sync::Arc;

/// Words whose cosine is not above this have nothing to do with each other.
pub(super) const FLOOR: f32 = 0.4;
/// What a word counts that means the very same.
const GAIN: f32 = 0.6;
/// Bytes that may be kept for the next questions, in all and a document.
const KEPT_BYTES: usize = 16 << 10;
const KEPT_BYTES_EACH: usize = 12;

/// A word of the index and what it counts for the word asked for.
pub(super) type Near = (u32, f32);

#[derive(Default)]
pub(crate) struct Similar {
    kept: HashMap<Box<str>, Known>,
    bytes: usize,
}

struct Known {
    /// So many words of the vocabulary were looked at.
    seen: u32,
    near: Arc<[Near]>,
}

impl Similar {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn keep(&mut self, word: &str, known: Known, limit: usize) {
        let bytes = |word: &str, known: &Known| word.len() + size_of_val(&*known.near) + 2 * size_of::<Known>();
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

impl Index {
    /// The words of the index that mean nearly the same as a folded word. Numbers mean only
    /// themselves.
    pub(super) fn near(&self, word: &str) -> Arc<[Near]> {
        let Some(table) = self.table.filter(|_| !word.bytes().any(|byte| byte.is_ascii_digit())) else {
            return Arc::default();
        };
        let words = u32::try_from(self.vocabulary.len()).unwrap_or(u32::MAX);
        let mut similar = self.similar.lock();
        let (seen, known) =
            similar.kept.get(word).map_or((0, None), |known| (known.seen, Some(Arc::clone(&known.near))));
        if let Some(near) = known.as_ref().filter(|_| seen == words) {
            return Arc::clone(near);
        }
        let vector = table.word(word);
        let mut near: Vec<Near> = known.iter().flat_map(|near| near.iter().copied()).collect();
        if !vector.is_zero() {
            let asked = Asked::new(table, vector, index(words - seen));
            for number in seen..words {
                let cosine = asked.cosine(self.vocabulary.place(number));
                if cosine > FLOOR {
                    near.push((number, GAIN * (cosine - FLOOR) / (1.0 - FLOOR)));
                }
            }
        }
        let near: Arc<[Near]> = near.into();
        let limit = KEPT_BYTES + self.entries.len() * KEPT_BYTES_EACH;
        similar.keep(word, Known { seen: words, near: Arc::clone(&near) }, limit);
        near
    }
}

/// A word that others are compared with.
struct Asked {
    table: &'static Embedding,
    vector: Vector,
    /// Its products with every row, if it will be compared with many words.
    products: Option<Vec<i32>>,
}

impl Asked {
    fn new(table: &'static Embedding, vector: Vector, others: usize) -> Asked {
        let products = (others > table.len() / 4).then(|| table.products(&vector));
        Asked { table, vector, products }
    }

    fn product(&self, row: u16) -> i32 {
        match &self.products {
            Some(products) => products.get(usize::from(row)).copied().unwrap_or(0),
            None => self.table.product(&self.vector, row),
        }
    }

    fn cosine(&self, place: Place<'_>) -> f32 {
        match place {
            Place::Row(row) => {
                let (inverse, _) = self.table.measures(row);
                float(self.product(row)) * inverse * self.vector.inverse
            }
            Place::Sum(rows, inverse) => {
                let product = |row: &u16| i64::from(self.product(*row)) * i64::from(self.table.measures(*row).1);
                let sum: i64 = rows.iter().map(product).sum();
                wide(sum >> ROW_SHIFT) * inverse * self.vector.inverse
            }
            Place::Nowhere => 0.0,
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
