//! Words met before while many texts are read, found again without looking them up.
//!
//! Knows a small table of short words by their bytes: each one's number in the vocabulary and
//! its part of a text's vector. What is not in it is looked up; results are the same.

use super::vocabulary::NONE;
use crate::embedding::{Span, Sum, WordSum};

/// Texts that are read before words are kept: for a few it is not worth its room.
const TEXTS: usize = 50;
/// A power of two. In use only while an archive is read.
const SLOTS: usize = 1 << 13;
/// So many places next to each other may hold a word.
const PROBES: usize = 4;
/// A word that has no part of vectors, or too large a one.
const NO_SUM: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Slot {
    /// The word's bytes and length; 0: nothing.
    word: u128,
    /// [`NONE`] for a word that says nothing by itself.
    number: u32,
    sum: u32,
}

#[derive(Default)]
pub(crate) struct WordCache {
    /// Texts read so far.
    pub(crate) texts: usize,
    slots: Vec<Slot>,
    sums: Vec<WordSum>,
}

impl WordCache {
    /// Looks for tokens: the numbers of those that are known to `found` and the places of their
    /// parts to `parts`, the others to `late`.
    pub(crate) fn find(
        &self,
        spans: &mut Vec<Span>,
        found: &mut Vec<u32>,
        parts: &mut Vec<u32>,
        late: &mut Vec<Span>,
    ) {
        parts.clear();
        if self.slots.is_empty() {
            return std::mem::swap(spans, late);
        }
        for span in &*spans {
            let at = place(span.short);
            let slots = self.slots.get(at..at + PROBES).unwrap_or_default();
            let Some(slot) = slots.iter().find(|slot| slot.word == span.short && span.short != 0)
            else {
                late.push(*span);
                continue;
            };
            if slot.number != NONE {
                found.push(slot.number);
            }
            if slot.sum != NO_SUM {
                parts.push(slot.sum);
            }
        }
    }

    /// The parts that words have of vectors.
    pub(crate) fn sums(&self) -> &[WordSum] {
        &self.sums
    }

    /// Keeps a word; `add` adds its part to a sum.
    pub(crate) fn keep(&mut self, word: u128, number: u32, add: impl Fn(&mut Sum)) {
        if word == 0 || self.texts < TEXTS {
            return;
        }
        if self.slots.is_empty() {
            self.slots = vec![Slot { word: 0, number: NONE, sum: NO_SUM }; SLOTS + PROBES];
        }
        let at = place(word);
        let slots = self.slots.get_mut(at..at + PROBES).unwrap_or_default();
        let Some(slot) = slots.iter_mut().find(|slot| [0, word].contains(&slot.word)) else {
            return;
        };
        if slot.word == word {
            return;
        }
        let mut own = Sum::default();
        add(&mut own);
        let sum = match own.word() {
            Some(part) if part.iter().any(|value| *value != 0) => {
                self.sums.push(part);
                u32::try_from(self.sums.len() - 1).unwrap_or(NO_SUM)
            }
            Some(_) => NO_SUM,
            // Its part does not fit into a word's.
            None => return,
        };
        *slot = Slot { word, number, sum };
    }
}

fn place(word: u128) -> usize {
    let [low, high] =
        [word, word >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or(0));
    let mixed = (low ^ high.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 51).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::bytes::Writer;
    use super::super::index::{Document, Index, Part, Reader};
    use super::*;
    use crate::embedding::Embedding;

    fn index(texts: &[String], mut reader_of: impl FnMut(Reader) -> Reader) -> (Vec<u8>, usize) {
        let mut index = Index::new(Embedding::shipped(), false);
        let mut reader = Reader::default();
        let mut met = 0;
        for (key, text) in (1..).zip(texts) {
            let parts = [Part { voice: 0, text }];
            assert!(
                index.push(&mut reader, &Document { key, parts: &parts, ..Document::default() })
            );
            met = reader.cache().slots.len();
            reader = reader_of(reader);
        }
        let mut to = Writer::default();
        index.write(&mut to);
        (to.finish(), met)
    }

    #[test]
    fn words_that_were_met_are_read_as_those_that_were_not() {
        let things = [
            "refund",
            "Refunds",
            "unbelievableness",
            "the",
            "parcel,",
            "caf\u{e9}",
            "xq\u{0}zz",
            "7781-AB",
        ];
        let text = |n: usize| {
            let thing =
                |step: usize| things.iter().cycle().nth(n * step).copied().unwrap_or_default();
            format!(
                "My {} of order {n}: {} {}! {} averyveryverylongword{}",
                thing(1),
                thing(3),
                thing(5),
                thing(7),
                n % 9
            )
        };
        let texts: Vec<String> = (0..3 * TEXTS).map(text).collect();
        let (kept, many) = index(&texts, |reader| reader);
        let (looked_up, none) = index(&texts, |_| Reader::default());
        assert!(kept == looked_up && many > 0 && none == 0, "{many} {none}");
    }
}
