//! The order in which documents answer a question.
//!
//! Knows the ranking: soft BM25 fused with the cosine, scores lent by neighbours, the named
//! speaker favoured. Statistics are those of the index alone, so nobody else's texts change
//! an order. Every sum is taken in an order that only the texts decide.

use super::index::{Direction, Entry, Index, NO_VOICE};
use super::number::ln;
use super::similar::Near;
use super::stop::is_stop;
use super::token::{Token, tokens};
use super::vector::{DIMENSIONS, Sum, float};
use super::vocabulary::NONE;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// How fast another occurrence of a word counts less.
const K1: f32 = 0.9;
/// How much a long document counts less.
const B: f32 = 0.3;
/// Words of a question that are looked at: the first ones that say something.
const MAX_TERMS: usize = 64;
/// More for documents of the time that the question speaks of.
const IN_PERIOD: f32 = 1.2;
/// Keeps a quotient finite.
const TINY: f32 = 1e-9;
/// Rooms to work in that are kept for the next questions.
const MAX_IDLE: usize = 4;

/// What counts how much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mix {
    pub(crate) words: f32,
    pub(crate) meaning: f32,
    /// Of the score of the document before, in its group.
    pub(crate) before: f32,
    /// Of the score of the document after.
    pub(crate) after: f32,
    /// More for the one speaker that the question names.
    pub(crate) speaker: f32,
}

impl Mix {
    /// For short texts that stand alone.
    pub(crate) const TEXTS: Mix = Mix { words: 0.3, meaning: 0.7, before: 0.0, after: 0.0, speaker: 0.0 };
    /// For conversations.
    pub(crate) const TURNS: Mix = Mix { words: 0.6, meaning: 0.4, before: 0.4, after: 0.2, speaker: 0.4 };
}

/// Which documents may be found.
pub(crate) type Wanted<'q> = &'q dyn Fn(usize, &Entry) -> bool;

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) text: &'q str,
    pub(crate) limit: usize,
    pub(crate) mix: Mix,
    pub(crate) wanted: Option<Wanted<'q>>,
    /// The question's vector, if the host makes its own.
    pub(crate) vector: Option<&'q Direction>,
    /// The time that the question speaks of, in milliseconds from and until.
    pub(crate) period: Option<(i64, i64)>,
}

/// A document that was found, and what earned it its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hit {
    pub(crate) place: usize,
    pub(crate) key: u32,
    pub(crate) score: f32,
    /// Its share by words, 0 to 1: 1 has the document that fits best.
    pub(crate) words: f32,
    /// The cosine of its vector with the question's.
    pub(crate) cosine: f32,
    /// What its neighbours lent it.
    pub(crate) lent: f32,
}

/// What a question found.
#[derive(Default)]
pub(crate) struct Answer {
    /// Best first.
    pub(crate) hits: Vec<Hit>,
    /// The words that were looked for.
    pub(crate) terms: Vec<Term>,
    /// Whether documents were compared by meaning too.
    pub(crate) has_meaning: bool,
}

/// A word of the question.
pub(crate) struct Term {
    pub(crate) word: String,
    pub(super) stem: u32,
    pub(super) near: Arc<[Near]>,
}

/// Room to work in, a place for each document.
#[derive(Default)]
pub(crate) struct Scratch {
    exact: Vec<f32>,
    near: Vec<f32>,
    touched: Vec<u32>,
    /// For one term, what each word counts for it.
    marks: Vec<f32>,
    words: Vec<f32>,
    cosines: Vec<f32>,
    scores: Vec<f32>,
    lent: Vec<f32>,
}

impl Index {
    /// The documents that answer best, best first; equal ones in the order of their keys.
    pub(crate) fn search(&self, question: &Question<'_>) -> Answer {
        if self.live == 0 || question.limit == 0 {
            return Answer::default();
        }
        let mut scratch = self.idle.lock().pop().unwrap_or_default();
        let answer = self.search_in(&mut scratch, question);
        let mut idle = self.idle.lock();
        if idle.len() < MAX_IDLE {
            idle.push(scratch);
        }
        answer
    }

    fn search_in(&self, scratch: &mut Scratch, question: &Question<'_>) -> Answer {
        let count = self.entries.len();
        let (terms, own) = self.terms(question.text);
        for room in [&mut scratch.words, &mut scratch.cosines, &mut scratch.scores, &mut scratch.lent] {
            room.clear();
            room.resize(count, 0.0);
        }
        let most = self.score_words(scratch, &terms);
        let direction = question.vector.or(own.as_ref()).filter(|own| own.values.len() == self.dimensions);
        let direction = direction.filter(|own| own.inverse > 0.0);
        if most == 0.0 && direction.is_none() {
            return Answer { terms, ..Answer::default() };
        }
        let range = direction.map(|direction| self.score_meaning(scratch, direction));
        self.fuse(scratch, question.mix, most, range);
        self.lend(scratch, question.mix);
        let favoured = self.named_voice(question.text);
        let factor = 1.0 + question.mix.speaker;
        let mut best = Best::new(question.limit);
        for (place, entry) in self.entries.iter().enumerate() {
            if entry.is_gone || question.wanted.is_some_and(|wanted| !wanted(place, entry)) {
                continue;
            }
            let at = |values: &[f32]| values.get(place).copied().unwrap_or(0.0);
            let lent = at(&scratch.lent);
            let mut score = at(&scratch.scores) + lent;
            if favoured != NO_VOICE && entry.voices.contains(&favoured) {
                score *= factor;
            }
            if question.period.is_some_and(|(from, until)| (from..until).contains(&entry.at)) {
                score *= IN_PERIOD;
            }
            if best.takes(score, entry.key) {
                let words = if most > 0.0 { at(&scratch.words) / most } else { 0.0 };
                best.add(Hit { place, key: entry.key, score, words, cosine: at(&scratch.cosines), lent });
            }
        }
        Answer { hits: best.sorted(), terms, has_meaning: direction.is_some() }
    }

    /// The documents that hold a word or a mark.
    pub(crate) fn holding(&self, text: &[u8]) -> Vec<bool> {
        let mut holding = vec![false; self.entries.len()];
        let Some(word) = self.vocabulary.find(text) else { return holding };
        let mut set = |document: u32| {
            if let Some(holds) = holding.get_mut(index(document)) {
                *holds = true;
            }
        };
        self.postings.each(word, |document, _| set(document));
        self.postings.each_loose(|document, found, _| {
            if found == word {
                set(document);
            }
        });
        holding
    }

    /// Shows which words of a text answer which words of a question, and how strongly.
    pub(crate) fn explain(&self, terms: &[Term], text: &str, show: &mut dyn FnMut(&str, &str, f32)) {
        tokens(text, &mut String::new(), |token| {
            let Token::Word(found) = token else { return };
            let Some(number) = self.vocabulary.find(found.as_bytes()) else { return };
            let stem = self.vocabulary.word(number).map_or(NONE, |word| word.stem);
            for term in terms {
                if stem != NONE && stem == term.stem {
                    show(&term.word, found, 1.0);
                } else if let Some((_, gain)) = term.near.iter().find(|(word, _)| *word == number) {
                    show(&term.word, found, *gain);
                }
            }
        });
    }

    /// The words of a question that say something, each once, and its direction.
    pub(crate) fn terms(&self, text: &str) -> (Vec<Term>, Option<Direction>) {
        let mut terms: Vec<Term> = Vec::new();
        let mut sum = Sum::default();
        let keeps_stops = self.vocabulary.keeps_stops();
        tokens(text, &mut String::new(), |token| {
            let (Token::Word(text) | Token::Sign(text)) = token;
            if let Some(table) = self.table {
                table.pieces(text, |row| table.add(row, &mut sum));
            }
            let is_new = matches!(token, Token::Word(_))
                && terms.len() < MAX_TERMS
                && (keeps_stops || !is_stop(text))
                && !terms.iter().any(|term| term.word == text);
            if is_new {
                let stem = self.vocabulary.stem_of(text).unwrap_or(NONE);
                terms.push(Term { word: text.to_owned(), stem, near: self.near(text) });
            }
        });
        let vector = (self.table.is_some() && self.dimensions == DIMENSIONS).then(|| Direction::from(&sum.vector()));
        (terms, vector)
    }

    /// Soft BM25 of every document; gives the largest.
    fn score_words(&self, scratch: &mut Scratch, terms: &[Term]) -> f32 {
        let live = count(self.live);
        let mean = count(usize::try_from(self.total_length).unwrap_or(usize::MAX)) / live;
        let mean = mean.max(TINY);
        scratch.exact.resize(self.entries.len(), 0.0);
        scratch.near.resize(self.entries.len(), 0.0);
        scratch.marks.resize(self.vocabulary.len(), 0.0);
        for term in terms {
            let holding = count(usize::try_from(self.vocabulary.documents(term.stem)).unwrap_or(0));
            let weight = ln(1.0 + (live - holding + 0.5) / (holding + 0.5));
            self.collect(scratch, term);
            let Scratch { exact, near, touched, words, .. } = &mut *scratch;
            for place in touched.drain(..).map(index) {
                let (Some(entry), Some(exact), Some(near), Some(sum)) =
                    (self.entries.get(place), exact.get_mut(place), near.get_mut(place), words.get_mut(place))
                else {
                    continue;
                };
                let times = std::mem::take(exact) + std::mem::take(near);
                let norm = K1 * (1.0 - B + B * f32::from(entry.length) / mean);
                *sum += weight * times * (K1 + 1.0) / (times + norm);
            }
        }
        scratch.words.iter().fold(0.0, |most, score| score.max(most))
    }

    /// How often each document holds a term: the word itself in any form, and by how much it
    /// holds something like it.
    fn collect(&self, scratch: &mut Scratch, term: &Term) {
        let Scratch { exact, near, touched, marks, .. } = scratch;
        let is_other = |word: u32| self.vocabulary.word(word).is_none_or(|word| word.stem != term.stem);
        let similar = || term.near.iter().filter(|(word, _)| is_other(*word));
        let mut add = |document: u32, times: u32, gain: f32| {
            let place = index(document);
            let (Some(exact), Some(near)) = (exact.get_mut(place), near.get_mut(place)) else { return };
            if *exact == 0.0 && *near == 0.0 {
                touched.push(document);
            }
            let times = float(i32::try_from(times).unwrap_or(i32::MAX));
            if gain == SAME { *exact += times } else { *near = near.max(gain * times) }
        };
        for word in self.vocabulary.family(term.stem) {
            self.postings.each(word, |document, times| add(document, times, SAME));
        }
        for (word, gain) in similar() {
            self.postings.each(*word, |document, times| add(document, times, *gain));
        }
        if self.postings.loose() == 0 {
            return;
        }
        let mut set = |word: u32, gain: f32| {
            if let Some(mark) = marks.get_mut(index(word)) {
                *mark = gain;
            }
        };
        self.vocabulary.family(term.stem).for_each(|word| set(word, SAME));
        similar().for_each(|(word, gain)| set(*word, *gain));
        self.postings.each_loose(|document, word, times| {
            let gain = marks.get(index(word)).copied().unwrap_or(0.0);
            if gain != 0.0 {
                add(document, times, gain);
            }
        });
        let mut clear = |word: u32| {
            if let Some(mark) = marks.get_mut(index(word)) {
                *mark = 0.0;
            }
        };
        self.vocabulary.family(term.stem).for_each(&mut clear);
        similar().for_each(|(word, _)| clear(*word));
    }

    /// The cosine of every document; gives the smallest and the largest.
    fn score_meaning(&self, scratch: &mut Scratch, direction: &Direction) -> (f32, f32) {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        let vectors = self.vectors.chunks_exact(self.dimensions.max(1));
        let rows = vectors.zip(&self.inverses).zip(&self.entries).zip(&mut scratch.cosines);
        for (((values, inverse), entry), cosine) in rows {
            if entry.is_gone {
                continue;
            }
            *cosine = float(product(values, &direction.values)) * inverse * direction.inverse;
            (low, high) = (low.min(*cosine), high.max(*cosine));
        }
        (low, high)
    }

    fn fuse(&self, scratch: &mut Scratch, mix: Mix, most: f32, range: Option<(f32, f32)>) {
        // Where one of the two says nothing, the other decides alone.
        let words = if most > 0.0 { mix.words / (most + TINY) } else { 0.0 };
        let (low, meaning) = range.map_or((0.0, 0.0), |(low, high)| (low, mix.meaning / (high - low + TINY)));
        let parts = scratch.words.iter().zip(&scratch.cosines).zip(&self.entries);
        for (((by_words, cosine), entry), score) in parts.zip(&mut scratch.scores) {
            if !entry.is_gone {
                *score = words * by_words + meaning * (cosine - low);
            }
        }
    }

    fn lend(&self, scratch: &mut Scratch, mix: Mix) {
        if mix.before == 0.0 && mix.after == 0.0 {
            return;
        }
        let Scratch { scores, lent, .. } = scratch;
        for (place, entry) in self.entries.iter().enumerate().filter(|(_, entry)| entry.back > 0) {
            let earlier = place - usize::from(entry.back);
            let (own, before) = (scores.get(place), scores.get(earlier));
            let (own, before) = (own.copied().unwrap_or(0.0), before.copied().unwrap_or(0.0));
            // Two amounts at most, so their order does not matter.
            if let Some(lent) = lent.get_mut(place) {
                *lent += mix.before * before;
            }
            if let Some(lent) = lent.get_mut(earlier) {
                *lent += mix.after * own;
            }
        }
    }

    /// The speaker that the question names, if it names one and no other.
    fn named_voice(&self, text: &str) -> u8 {
        let mut named = Vec::new();
        tokens(text, &mut String::new(), |token| {
            if let Token::Word(word) = token {
                let voices = self.voices().iter().zip(1_u8..);
                let voices = voices.filter(|(name, _)| word.len() > 1 && name.split(' ').any(|part| part == word));
                named.extend(voices.map(|(_, voice)| voice));
            }
        });
        named.dedup();
        match named.as_slice() {
            [first, rest @ ..] if rest.iter().all(|voice| voice == first) => *first,
            _ => NO_VOICE,
        }
    }
}

/// The gain of the word itself.
const SAME: f32 = f32::INFINITY;

fn product(one: &[i8], other: &[i8]) -> i32 {
    one.iter().zip(other).map(|(a, b)| i32::from(i16::from(*a) * i16::from(*b))).sum()
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "rounded to the nearest everywhere alike")]
fn count(count: usize) -> f32 {
    count as f32
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The best hits so far; the worst of them on top.
struct Best {
    limit: usize,
    heap: BinaryHeap<Worst>,
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
    fn new(limit: usize) -> Best {
        Best { limit, heap: BinaryHeap::new() }
    }

    fn takes(&self, score: f32, key: u32) -> bool {
        self.heap.len() < self.limit
            || self
                .heap
                .peek()
                .is_some_and(|Worst(worst)| score > worst.score || (score == worst.score && key < worst.key))
    }

    fn add(&mut self, hit: Hit) {
        if self.heap.len() >= self.limit {
            self.heap.pop();
        }
        self.heap.push(Worst(hit));
    }

    fn sorted(self) -> Vec<Hit> {
        self.heap.into_sorted_vec().into_iter().map(|Worst(hit)| hit).collect()
    }
}
