//! Words that mean nearly the same as a word of a question.
//!
//! Knows how near is near enough, and keeps what it found for the next question; words that
//! came since are looked at when the word is asked for again.

use super::index::Index;
use super::near_cache::{Known, Near};
use super::vocabulary::{NONE, Place};
use crate::embedding::{Embedding, ROW_SHIFT, Vector, float, wide};
use std::sync::Arc;

/// Words whose cosine is not above this have nothing to do with each other.
pub(super) const FLOOR: f32 = 0.4;
/// What a word counts that means the very same.
const GAIN: f32 = 0.6;
/// Bytes that may be kept for the next questions, in all and a document.
const KEPT_BYTES: usize = 16 << 10;
const KEPT_BYTES_EACH: usize = 12;

impl Index {
    /// The words of the index that mean nearly the same as a folded word, say something, and have
    /// another stem than its own. Numbers mean only themselves.
    pub(super) fn near(&self, word: &str, stem: u32) -> Arc<[Near]> {
        let Some(table) = self.table.filter(|_| !word.bytes().any(|byte| byte.is_ascii_digit()))
        else {
            return Arc::default();
        };
        let words = u32::try_from(self.vocabulary.len()).unwrap_or(u32::MAX);
        let mut similar = self.similar.lock();
        let promoted = self.vocabulary.promoted();
        let known = similar.kept.get(word);
        if let Some(known) =
            known.filter(|known| (known.seen, known.promoted) == (words, promoted.len()))
        {
            return Arc::clone(&known.near);
        }
        let (seen, looked_at) = known.map_or((0, 0), |known| (known.seen, known.promoted));
        let mut near: Vec<Near> = known.map_or_else(Vec::new, |known| known.near.to_vec());
        let vector = table.word(word);
        if !vector.is_zero() {
            let asked = Asked::new(table, vector, index(words - seen));
            let late = promoted
                .get(looked_at..)
                .unwrap_or_default()
                .iter()
                .copied()
                .filter(|number| *number < seen);
            for number in late.chain(seen..words) {
                let is_other = ![stem, NONE].contains(&self.vocabulary.stem(number));
                let cosine =
                    if is_other { asked.cosine(self.vocabulary.place(number)) } else { 0.0 };
                if cosine > FLOOR {
                    near.push((number, GAIN * (cosine - FLOOR) / (1.0 - FLOOR)));
                }
            }
            near.sort_unstable_by_key(|(number, _)| *number);
        }
        let near: Arc<[Near]> = near.into();
        let limit = KEPT_BYTES + self.entries.len() * KEPT_BYTES_EACH;
        similar.keep(
            word,
            Known { seen: words, promoted: promoted.len(), near: Arc::clone(&near) },
            limit,
        );
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
                let product = |row: &u16| {
                    i64::from(self.product(*row)) * i64::from(self.table.measures(*row).1)
                };
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

#[cfg(test)]
mod tests {
    use super::super::index::{Document, Part, Reader};
    use super::super::rank::{Mix, Question};
    use super::*;

    const TEXTS: [&str; 8] = [
        "they are refunding the amount, and crediting the account",
        "the cat sat there, drinking",
        "there was a refund",
        "a credit, a drink",
        "she drinks and sings",
        "to sing a song of credits",
        "charging and paying",
        "pay the charge, the refunds",
    ];
    const QUESTIONS: [&str; 5] =
        ["money back", "what drink", "loan", "music, singer", "payment of the charges"];

    fn push(index: &mut Index, reader: &mut Reader, number: usize) {
        let parts = [Part { voice: 0, text: TEXTS.get(number).expect("is one of them") }];
        let key = u32::try_from(number).expect("is small");
        assert!(index.push(reader, &Document { key, parts: &parts, ..Document::default() }));
    }

    fn answers(index: &Index) -> Vec<(u32, [u32; 4])> {
        let ask = |text| {
            let (limit, wanted, vector, period) = (9, None, None, None);
            index.search(&Question { text, limit, mix: Mix::TURNS, wanted, vector, period }).hits
        };
        let hits = QUESTIONS.into_iter().flat_map(ask);
        hits.map(|hit| (hit.key, [hit.score, hit.words, hit.cosine, hit.lent].map(f32::to_bits)))
            .collect()
    }

    #[test]
    fn an_index_that_was_asked_while_it_grew_answers_like_one_that_was_not() {
        let Some(table) = Embedding::shipped() else { return };
        let mut grown = Index::new(Some(table), false);
        let mut reader = Reader::default();
        for number in 0..TEXTS.len() {
            push(&mut grown, &mut reader, number);
            let mut fresh = Index::new(Some(table), false);
            (0..=number).for_each(|number| push(&mut fresh, &mut Reader::default(), number));
            assert!(answers(&grown) == answers(&fresh), "after {} texts", number + 1);
        }
    }
}
