//! Which words of a text answer which words of a question.
//!
//! Knows how this is told in time proportional to the text and to what the question's words
//! are like, whatever the words are: a customer may send any.

use super::index::Index;
use super::rank::Term;
use super::vocabulary::NONE;
use crate::embedding::{Token, tokens};
use std::collections::HashSet;

/// The most pairs of words that are shown of one document: the strongest ones.
const MAX_MATCHES: usize = 256;

/// A word of a question and the word of a text that answers it, both folded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Match {
    pub(crate) asked: String,
    pub(crate) found: String,
    /// 1 for the same word in any form, less for one that means something like it.
    pub(crate) strength: f32,
}

/// A question's words, prepared for looking them up in many texts.
pub(crate) struct Explainer {
    sieve: Sieve,
    /// Stems with the terms that have them, sorted.
    stems: Vec<(u32, usize)>,
    /// Words with the terms that they are like, and how much; sorted by word.
    near: Vec<(u32, usize, f32)>,
    folded: String,
    /// The words of the present document that were looked at.
    seen: HashSet<u32>,
    pairs: Vec<Pair>,
    /// Words and pairs looked at so far: what it cost.
    steps: usize,
}

struct Pair {
    term: usize,
    word: u32,
    strength: f32,
}

impl Explainer {
    /// Prepares the words of a question that was put to that index.
    pub(crate) fn new(index: &Index, terms: &[Term]) -> Explainer {
        let mut stems: Vec<(u32, usize)> =
            terms.iter().map(|term| term.stem).zip(0..).filter(|(stem, _)| *stem != NONE).collect();
        stems.sort_unstable();
        let near = terms.iter().zip(0..).flat_map(|(term, place)| {
            term.near.iter().map(move |(word, gain)| (*word, place, *gain))
        });
        let mut near: Vec<(u32, usize, f32)> = near.collect();
        // Stable, since it is fast where sorted lists follow each other.
        near.sort_by_key(|(word, ..)| *word);
        Explainer {
            sieve: index.sieve(terms),
            stems,
            near,
            folded: String::new(),
            seen: HashSet::new(),
            pairs: Vec::new(),
            steps: 0,
        }
    }

    /// The pairs of words by which the texts of one document answer, each pair once, in the
    /// order of the texts; of more than [`MAX_MATCHES`] the strongest.
    pub(crate) fn matches<'t>(
        &mut self,
        index: &Index,
        terms: &[Term],
        texts: impl IntoIterator<Item = &'t str>,
    ) -> Vec<Match> {
        self.seen.clear();
        self.pairs.clear();
        for text in texts {
            self.read(index, text);
        }
        if self.pairs.len() > MAX_MATCHES {
            self.keep_strongest();
        }
        let text = |word: u32| String::from_utf8_lossy(index.vocabulary.text(word)).into_owned();
        let matches = self.pairs.iter().filter_map(|pair| {
            let asked = terms.get(pair.term)?.word.clone();
            Some(Match { asked, found: text(pair.word), strength: pair.strength })
        });
        matches.collect()
    }

    fn read(&mut self, index: &Index, text: &str) {
        let Explainer { sieve, stems, near, folded, seen, pairs, steps } = self;
        tokens(text, folded, |token| {
            let Token::Word(found) = token else { return };
            *steps += 1;
            if !sieve.may_hold(found.as_bytes()) {
                return;
            }
            let Some(word) = index.vocabulary.find(found.as_bytes()) else { return };
            if !seen.insert(word) {
                return;
            }
            let stem = index.vocabulary.stem(word);
            let same = stems.get(stems.partition_point(|(other, _)| *other < stem)..);
            let same = same.unwrap_or_default().iter().take_while(|(other, _)| *other == stem);
            let like = near.get(near.partition_point(|(other, ..)| *other < word)..);
            let like = like.unwrap_or_default().iter().take_while(|(other, ..)| *other == word);
            let same = same.map(|(_, term)| Pair { term: *term, word, strength: 1.0 });
            let like = like.map(|(_, term, gain)| Pair { term: *term, word, strength: *gain });
            let before = pairs.len();
            pairs.extend(same.chain(like));
            *steps += pairs.len() - before;
        });
    }

    /// Lets the weakest pairs go; of equal ones the later.
    fn keep_strongest(&mut self) {
        let mut strengths: Vec<f32> = self.pairs.iter().map(|pair| pair.strength).collect();
        let last = *strengths.select_nth_unstable_by(MAX_MATCHES - 1, |a, b| b.total_cmp(a)).1;
        let stronger = self.pairs.iter().filter(|pair| pair.strength > last).count();
        let mut equal = MAX_MATCHES - stronger;
        self.pairs.retain(|pair| {
            let stays = pair.strength > last || (pair.strength >= last && equal > 0);
            equal -= usize::from(stays && pair.strength <= last);
            stays
        });
    }
}

const SIEVE_BITS: usize = 1_024;

/// Tells quickly of most words that they are not among a few: by their first letters and length.
struct Sieve([u64; SIEVE_BITS / 64]);

impl Sieve {
    fn place(word: &[u8]) -> (usize, u64) {
        let mut first = [0; 4];
        first.iter_mut().zip(word).for_each(|(to, from)| *to = *from);
        // Words are cut at a greater length than this, so none is told apart by what follows.
        let length = u32::try_from(word.len().min(16)).unwrap_or(0);
        let mixed = (u32::from_le_bytes(first) ^ length).wrapping_mul(0x9e37_79b1);
        let slot = usize::try_from(mixed >> 28).expect("four bits fit");
        (slot, 1 << ((mixed >> 22) % 64))
    }

    fn add(&mut self, word: &[u8]) {
        let (slot, bit) = Sieve::place(word);
        self.0.get_mut(slot).into_iter().for_each(|bits| *bits |= bit);
    }

    fn may_hold(&self, word: &[u8]) -> bool {
        let (slot, bit) = Sieve::place(word);
        self.0.get(slot).is_some_and(|bits| bits & bit != 0)
    }
}

impl Index {
    /// The words that can answer those of a question at all.
    fn sieve(&self, terms: &[Term]) -> Sieve {
        let mut sieve = Sieve([0; SIEVE_BITS / 64]);
        for term in terms {
            let near = term.near.iter().map(|(word, _)| *word);
            let words = self.vocabulary.family(term.stem).chain(near);
            words.for_each(|word| sieve.add(self.vocabulary.text(word)));
        }
        sieve
    }
}

#[cfg(test)]
mod tests {
    use super::super::index::{Document, Part, Reader};
    use super::*;
    use crate::embedding::Embedding;
    use crate::random::SplitMix64;

    /// So many words of three to eight letters.
    fn random_words(random: &mut SplitMix64, count: usize) -> String {
        let mut text = String::new();
        for _ in 0..count {
            for _ in 0..3 + random.below(6) {
                let letter = u8::try_from(random.below(26)).expect("is small");
                text.push(char::from(b'a' + letter));
            }
            text.push(' ');
        }
        text
    }

    fn explained(texts: &[String], question: &str) -> (Vec<Vec<Match>>, usize) {
        let mut index = Index::new(Embedding::shipped(), false);
        let mut reader = Reader::default();
        for (text, key) in texts.iter().zip(1..) {
            let parts = [Part { voice: 0, text }];
            assert!(
                index.push(&mut reader, &Document { key, parts: &parts, ..Document::default() })
            );
        }
        let (terms, _) = index.terms(question);
        let mut explainer = Explainer::new(&index, &terms);
        let all = |text: &String| explainer.matches(&index, &terms, [text.as_str()]);
        let matches = texts.iter().map(all).collect();
        (matches, explainer.steps)
    }

    #[test]
    fn explaining_takes_steps_in_proportion_to_the_text_and_is_bounded_whatever_the_words() {
        let mut random = SplitMix64::new(5);
        let question = random_words(&mut random, 64);
        let texts: Vec<String> = (0..3).map(|_| random_words(&mut random, 10_000)).collect();
        let (one, steps) = explained(texts.get(..1).expect("three"), &question);
        let (three, all) = explained(&texts, &question);
        assert!(all < 4 * steps, "{steps} steps for one text, {all} for three");
        // Each word once, and with each of the 64 terms at most once.
        assert!(steps <= 10_000 * 65, "{steps}");
        assert!(one.iter().chain(&three).all(|matches| matches.len() <= MAX_MATCHES));
    }

    #[test]
    fn a_word_said_very_often_is_looked_at_once() {
        let text = "refund refunds money ".repeat(7_000);
        let (matches, steps) = explained(&[text], "refund refunded credit payment");
        let matches = matches.first().expect("one text");
        let same: Vec<&str> = matches
            .iter()
            .filter(|found| found.asked == "refund" && found.strength >= 1.0)
            .map(|found| found.found.as_str())
            .collect();
        assert_eq!(same, ["refund", "refunds"]);
        assert!(steps <= 21_000 + 3 * 4, "{steps}");
    }
}
