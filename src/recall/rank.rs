//! The order in which documents answer a question.
//!
//! Knows the ranking: soft BM25 fused with the cosine, scores lent by neighbours, the named
//! speaker favoured. Statistics are those of the index alone, so nobody else's texts change
//! an order. Every sum is taken in an order that only the texts decide.

use super::best::Best;
use super::index::{Direction, Entry, Index, NO_VOICE};
use super::kernel::{
    TIMES, cosines, fuse, largest, lend, norms, peaked, peaks, peaks_of, weigh, weighed,
};
use super::logarithm::ln;
use super::near_cache::Near;
use super::postings::{each_again, halves};
use super::stop::is_stop;
use super::vocabulary::NONE;
use crate::embedding::{DIMENSIONS, Sum, Token, dots, tokens};
use parking_lot::Mutex;
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
/// Rooms to work in that are kept: for so many questions at once.
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
    /// Of the best score in its group.
    pub(crate) group: f32,
    /// More for the one speaker that the question names.
    pub(crate) speaker: f32,
    /// What of its score a document keeps that ends with a question.
    pub(crate) asking: f32,
}

impl Mix {
    /// For short texts that stand alone.
    pub(crate) const TEXTS: Mix = Mix {
        words: 0.3,
        meaning: 0.7,
        before: 0.0,
        after: 0.0,
        group: 0.0,
        speaker: 0.0,
        asking: 1.0,
    };
    /// For conversations.
    pub(crate) const TURNS: Mix = Mix {
        words: 0.6,
        meaning: 0.4,
        before: 0.4,
        after: 0.2,
        group: 0.3,
        speaker: 0.4,
        asking: 0.9,
    };
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
    /// What its neighbours and the best of its group lent it.
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

/// Room for the next questions, to whatever index, so that none needs some of its own.
static IDLE: Mutex<Vec<Scratch>> = Mutex::new(Vec::new());

/// Room to work in, a place for each document.
#[derive(Default)]
struct Scratch {
    /// How often each document holds one term, in [`TIMES`]ths; zero between terms.
    times: Vec<i32>,
    /// For one term, what each word counts for it; zero between terms.
    marks: Vec<i32>,
    norms: Vec<f32>,
    words: Vec<f32>,
    cosines: Vec<f32>,
    scores: Vec<f32>,
    lent: Vec<f32>,
    /// The largest score of each few documents.
    peaks: Vec<f32>,
    /// The same in some other order.
    highest: Vec<f32>,
    /// The largest score in each group.
    most: Vec<f32>,
}

/// A question with what is known of the documents as a whole.
struct Asked<'q> {
    question: &'q Question<'q>,
    favoured: u8,
    /// More for the favoured speaker.
    factor: f32,
    /// The largest score by words.
    most: f32,
    /// By how much a score may still grow.
    favour: f32,
}

/// A word with fewer postings than one for so many documents is counted one by one.
const SPARSE: usize = 12;
/// Documents whose products are worked on at once.
const BLOCK: usize = 512;

impl Index {
    /// The documents that answer best, best first; equal ones in the order of their keys.
    pub(crate) fn search(&self, question: &Question<'_>) -> Answer {
        if self.live == 0 || question.limit == 0 {
            return Answer::default();
        }
        let mut scratch = IDLE.lock().pop().unwrap_or_default();
        let answer = self.search_in(&mut scratch, question);
        let mut idle = IDLE.lock();
        if idle.len() < MAX_IDLE {
            idle.push(scratch);
        }
        answer
    }

    fn search_in(&self, scratch: &mut Scratch, question: &Question<'_>) -> Answer {
        let count = self.entries.len();
        let (terms, own) = self.terms(question.text);
        let Scratch { norms, words, cosines, scores, lent, .. } = scratch;
        for room in [norms, cosines, scores, lent] {
            room.resize(count, 0.0);
        }
        words.clear();
        words.resize(count, 0.0);
        let most = self.score_words(scratch, &terms);
        let direction =
            question.vector.or(own.as_ref()).filter(|own| own.values.len() == self.dimensions);
        let direction = direction.filter(|own| own.inverse > 0.0);
        if most == 0.0 && direction.is_none() {
            return Answer { terms, ..Answer::default() };
        }
        let range = match direction {
            Some(direction) => Some(self.score_meaning(scratch, direction)),
            None => {
                scratch.cosines.fill(0.0);
                None
            }
        };
        self.fuse(scratch, question.mix, most, range);
        self.lend(scratch, question.mix);
        let best = self.best(scratch, question, most);
        Answer { hits: best.sorted(), terms, has_meaning: direction.is_some() }
    }

    fn best(&self, scratch: &mut Scratch, question: &Question<'_>, most: f32) -> Best {
        let favoured = self.named_voice(question.text);
        let factor = 1.0 + question.mix.speaker;
        let favour = if favoured == NO_VOICE { 1.0 } else { factor }
            * question.period.map_or(1.0, |_| IN_PERIOD);
        let asked = Asked { question, favoured, factor, most, favour };
        let mut best = Best::new(question.limit);
        let Scratch { peaks: all, highest, scores, lent, .. } = &mut *scratch;
        all.resize(peaks_of(scores.len()), 0.0);
        peaks(scores, lent, all);
        // The highest ones first: behind them hardly any reaches the bar.
        highest.clone_from(all);
        let last = question.limit.min(all.len()).saturating_sub(1);
        let first = *highest.select_nth_unstable_by(last, |one, other| other.total_cmp(one)).1;
        for is_first in [true, false] {
            for (number, peak) in scratch.peaks.iter().enumerate() {
                if (*peak >= first) == is_first && peak.max(peak * favour) >= best.bar {
                    self.best_of(number, scratch, &asked, &mut best);
                }
            }
        }
        best
    }

    fn best_of(&self, peak: usize, scratch: &Scratch, asked: &Asked<'_>, best: &mut Best) {
        let Asked { question, favoured, factor, most, favour } = *asked;
        for place in peaked(peak) {
            let at = |values: &[f32]| values.get(place).copied().unwrap_or(0.0);
            let lent = at(&scratch.lent);
            let mut score = at(&scratch.scores) + lent;
            if score.max(score * favour) < best.bar {
                continue;
            }
            let Some(entry) = self.entries.get(place) else { break };
            if entry.is_gone || question.wanted.is_some_and(|wanted| !wanted(place, entry)) {
                continue;
            }
            if favoured != NO_VOICE && entry.voices.contains(&favoured) {
                score *= factor;
            }
            if question.period.is_some_and(|(from, until)| (from..until).contains(&entry.at)) {
                score *= IN_PERIOD;
            }
            if entry.asks {
                score *= question.mix.asking;
            }
            if best.takes(score, entry.key) {
                let words = if most > 0.0 { at(&scratch.words) / most } else { 0.0 };
                best.add(Hit {
                    place,
                    key: entry.key,
                    score,
                    words,
                    cosine: at(&scratch.cosines),
                    lent,
                });
            }
        }
    }

    /// The documents that hold a word or a mark.
    pub(crate) fn holding(&self, text: &[u8]) -> Vec<bool> {
        let mut holding = vec![false; self.entries.len()];
        let Some(word) = self.vocabulary.find(text) else { return holding };
        let mut set = |place: usize, holds: bool| {
            holding.get_mut(place).into_iter().for_each(|place| *place = holds)
        };
        for (first, list) in self.postings.lists(word) {
            list.iter().for_each(|low| set(first + usize::from(*low), true));
        }
        self.postings.void().for_each(|place| set(place, false));
        for (document, mut words) in self.postings.each_loose() {
            if words.any(|(found, _)| found == word) {
                set(index(document), true);
            }
        }
        holding
    }

    /// The words of a question that say something, each once, and its direction.
    pub(crate) fn terms(&self, text: &str) -> (Vec<Term>, Option<Direction>) {
        let mut terms: Vec<Term> = Vec::new();
        let mut sum = Sum::default();
        let keeps_stops = self.vocabulary.keeps_stops();
        tokens(text, &mut String::new(), |token| {
            let (Token::Word(text) | Token::Sign(text)) = token;
            if let Some(table) = self.table {
                table.pieces(text.as_bytes(), |row| table.add(row, &mut sum));
            }
            let is_new = matches!(token, Token::Word(_))
                && terms.len() < MAX_TERMS
                && (keeps_stops || !is_stop(text.as_bytes()))
                && !terms.iter().any(|term| term.word == text);
            if is_new {
                let stem = self.vocabulary.stem_of(text).unwrap_or(NONE);
                terms.push(Term { word: text.to_owned(), stem, near: self.near(text, stem) });
            }
        });
        let vector = (self.table.is_some() && self.dimensions == DIMENSIONS)
            .then(|| Direction::from(&sum.vector()));
        (terms, vector)
    }

    /// Soft BM25 of every document; gives the largest.
    fn score_words(&self, scratch: &mut Scratch, terms: &[Term]) -> f32 {
        let live = count(self.live);
        let mean = count(usize::try_from(self.total_length).unwrap_or(usize::MAX)) / live;
        let (least, each) = (K1 * (1.0 - B), K1 * B / mean.max(TINY));
        norms(&self.lengths, least, each, &mut scratch.norms);
        scratch.times.resize(self.entries.len(), 0);
        scratch.marks.resize(self.vocabulary.len(), 0);
        for term in terms {
            let holding = count(usize::try_from(self.vocabulary.documents(term.stem)).unwrap_or(0));
            let weight = ln(1.0 + (live - holding + 0.5) / (holding + 0.5)) * (K1 + 1.0);
            self.score_word(scratch, term, weight);
        }
        largest(&scratch.words)
    }

    /// Soft BM25 of one word: itself in any form as often as it occurs, and what is most like it.
    fn score_word(&self, scratch: &mut Scratch, term: &Term, weight: f32) {
        let Scratch { times, marks, norms, words, .. } = scratch;
        let similar = || term.near.iter().map(|(word, gain)| (*word, parts(*gain)));
        let family = || self.vocabulary.family(term.stem);
        let mut postings = 0;
        // First what is alike, of which the most counts, then the word itself, which is added.
        for (word, gain) in similar() {
            for (first, list) in self.postings.lists(word) {
                postings += list.len();
                raise(times.get_mut(first..).unwrap_or_default(), list, gain);
            }
        }
        for word in family() {
            for (first, list) in self.postings.lists(word) {
                postings += list.len();
                let times = times.get_mut(first..).unwrap_or_default();
                list.iter().for_each(|low| {
                    times.get_mut(usize::from(*low)).into_iter().for_each(|times| *times += TIMES)
                });
            }
        }
        self.postings
            .void()
            .for_each(|place| times.get_mut(place).into_iter().for_each(|times| *times = 0));
        if self.postings.loose() > 0 {
            let mut mark = |word: u32, gain: i32| {
                marks.get_mut(index(word)).into_iter().for_each(|mark| *mark = gain)
            };
            family().for_each(|word| mark(word, TIMES));
            similar().for_each(|(word, gain)| mark(word, gain));
            for (document, found) in self.postings.each_loose() {
                let (mut own, mut most) = (0, 0);
                for (word, count) in found {
                    let gain = marks.get(index(word)).copied().unwrap_or(0);
                    let gained = gain.saturating_mul(i32::try_from(count).unwrap_or(i32::MAX));
                    if gain == TIMES { own += gained } else { most = gained.max(most) }
                }
                if let Some(times) = times.get_mut(index(document)) {
                    *times = own + most;
                }
            }
            let mut clear =
                |word: u32| marks.get_mut(index(word)).into_iter().for_each(|mark| *mark = 0);
            family().for_each(&mut clear);
            similar().for_each(|(word, _)| clear(word));
        }
        if postings > times.len() / SPARSE {
            return weigh(times, norms, weight, words);
        }
        let mut one = |place: usize| {
            if let (Some(times), Some(norm), Some(score)) =
                (times.get_mut(place), norms.get(place), words.get_mut(place))
                && *times > 0
            {
                *score += weighed(std::mem::take(times), *norm, weight);
            }
        };
        for word in family().chain(similar().map(|(word, _)| word)) {
            for (first, list) in self.postings.lists(word) {
                list.iter().for_each(|low| one(first + usize::from(*low)));
            }
        }
        self.postings.each_loose().for_each(|(document, _)| one(index(document)));
    }

    /// The cosine of every document; gives the smallest and the largest.
    fn score_meaning(&self, scratch: &mut Scratch, direction: &Direction) -> (f32, f32) {
        let mut products = [0; BLOCK];
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        let rows =
            self.vectors.chunks(BLOCK * self.dimensions.max(1)).zip(self.inverses.chunks(BLOCK));
        for ((rows, inverses), out) in rows.zip(scratch.cosines.chunks_mut(BLOCK)) {
            let products = products.get_mut(..out.len()).unwrap_or_default();
            dots(rows, &direction.values, products);
            let range = cosines(products, inverses, direction.inverse, out);
            (low, high) = (low.min(range.0), high.max(range.1));
        }
        if self.live < self.entries.len() {
            let there =
                self.entries.iter().zip(&scratch.cosines).filter(|(entry, _)| !entry.is_gone);
            let none = (f32::INFINITY, f32::NEG_INFINITY);
            return there
                .fold(none, |(low, high), (_, cosine)| (low.min(*cosine), high.max(*cosine)));
        }
        (low, high)
    }

    fn fuse(&self, scratch: &mut Scratch, mix: Mix, most: f32, range: Option<(f32, f32)>) {
        // Where one of the two says nothing, the other decides alone.
        let words = if most > 0.0 { mix.words / (most + TINY) } else { 0.0 };
        let (low, meaning) =
            range.map_or((0.0, 0.0), |(low, high)| (low, mix.meaning / (high - low + TINY)));
        fuse(&scratch.words, words, &scratch.cosines, low, meaning, &mut scratch.scores);
        if self.live < self.entries.len() {
            let gone =
                self.entries.iter().zip(&mut scratch.scores).filter(|(entry, _)| entry.is_gone);
            gone.for_each(|(_, score)| *score = 0.0);
        }
    }

    fn lend(&self, scratch: &mut Scratch, mix: Mix) {
        let Scratch { scores, lent, most, .. } = scratch;
        if mix.before == 0.0 && mix.after == 0.0 && mix.group == 0.0 {
            return lent.fill(0.0);
        }
        lend(scores, &self.backs, mix.before, mix.after, lent);
        // Sessions that ran at the same time; two amounts each at most, so their order does not
        // matter.
        for (place, earlier) in
            self.groups.links().iter().map(|(place, earlier)| (index(*place), index(*earlier)))
        {
            let (own, before) = (scores.get(place), scores.get(earlier));
            let (own, before) = (own.copied().unwrap_or(0.0), before.copied().unwrap_or(0.0));
            if let Some(lent) = lent.get_mut(place) {
                *lent += mix.before * before;
            }
            if let Some(lent) = lent.get_mut(earlier) {
                *lent += mix.after * own;
            }
        }
        self.groups.lend(scores, mix.group, most, lent);
    }

    /// The speaker that the question names, if it names one and no other.
    fn named_voice(&self, text: &str) -> u8 {
        let mut named = Vec::new();
        tokens(text, &mut String::new(), |token| {
            if let Token::Word(word) = token {
                let voices = self.voices().iter().zip(1_u8..);
                let voices = voices
                    .filter(|(name, _)| word.len() > 1 && name.split(' ').any(|part| part == word));
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

/// What is the most that a word like the one asked for counts in each document of a list.
fn raise(times: &mut [i32], list: &[u16], gain: i32) {
    let (documents, more) = halves(list);
    let mut raise = |low: u16, to: i32| {
        if let Some(times) = times.get_mut(usize::from(low)) {
            *times = to.max(*times);
        }
    };
    documents.iter().for_each(|low| raise(*low, gain));
    each_again(more, |low, again| raise(low, gain * (again + 1)));
}

/// A gain in [`TIMES`]ths: never as much as the word itself.
#[expect(clippy::cast_possible_truncation, clippy::as_conversions, reason = "between 0 and 1")]
fn parts(gain: f32) -> i32 {
    ((gain * 4_096.0 + 0.5) as i32).clamp(1, TIMES - 1)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "rounded to the nearest everywhere alike"
)]
fn count(count: usize) -> f32 {
    count as f32
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
