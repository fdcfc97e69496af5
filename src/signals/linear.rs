//! A small table of weights that tells good from bad where the rules are unsure.
//!
//! Knows which features of a message have weights (words, pairs of words, pieces of words, what
//! the rules found, and the direction of its meaning), how they fall into buckets, and how a table
//! is written down.

use super::kinds::Sentiment;
use super::reading::{Gap, Reading};
use super::sentiment::Tone;
use crate::embedding::{DIMENSIONS, Embedding};
use crate::error::{Error, ErrorKind, Result};
use std::fmt;

/// Buckets of hashed features, a power of two: 48 KiB for three classes.
pub(super) const BUCKETS: usize = 1 << 14;
pub(super) const CLASSES: usize = 3;
/// What the rules found, as numbers.
const FOUND: usize = 10;
/// The same, and the message's direction.
pub(super) const DENSE: usize = FOUND + DIMENSIONS;
/// The length of a message's direction among its features.
const LENGTH: f32 = 4.0;

const MAGIC: &[u8; 8] = b"cnflin03";
/// Such tables have no weights for the direction.
const MAGIC_2: &[u8; 8] = b"cnflin02";
/// Words of a message that are looked at.
const MAX_WORDS: usize = 400;

/// Weights learned from labelled messages by [`LinearTable::train`]; about 50 KiB.
///
/// A table learned from a company's own messages is right far more often on its messages than
/// any rules; on other messages it is wrong more often.
///
/// ```
/// use confidant::{LinearTable, Sentiment, SignalContext, SignalRules, Signals};
/// let labelled = [("the widget leaks", Sentiment::Negative), ("the widget purrs", Sentiment::Positive)];
/// let table = LinearTable::train(&SignalRules::support(), &labelled.repeat(20))?;
/// let table = LinearTable::from_bytes(&table.to_bytes())?;
/// let rules = SignalRules::support().with_table(table);
/// let signals = Signals::of("it leaks", &SignalContext::new().rules(&rules));
/// assert_eq!(signals.sentiment.value, Sentiment::Negative);
/// # Ok::<(), confidant::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct LinearTable {
    /// `CLASSES` weights for each bucket.
    pub(super) buckets: Vec<i8>,
    /// What a step of a bucket's weight is worth.
    pub(super) scale: f32,
    pub(super) dense: [[f32; DENSE]; CLASSES],
}

/// `Debug` prints the size.
impl fmt::Debug for LinearTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinearTable").field("bytes", &self.buckets.len()).finish_non_exhaustive()
    }
}

/// The features of one message.
#[derive(Debug, Clone)]
pub(super) struct Features {
    pub(super) buckets: Vec<u16>,
    pub(super) dense: [f32; DENSE],
}

impl Features {
    pub(super) fn of(text: &str, reading: &Reading, tone: &Tone) -> Features {
        let mut buckets = Vec::with_capacity(text.len() * 2);
        let mut before = BEGIN;
        for token in reading.tokens.iter().filter(|token| token.is_first).take(MAX_WORDS) {
            let word = token.hash;
            if token.gap == Gap::Hard {
                before = BEGIN;
            }
            // Twice, since its pieces are many.
            buckets.push(bucket(word));
            buckets.push(bucket(word));
            buckets.push(bucket(word.rotate_left(21) ^ before.wrapping_mul(3)));
            if token.span.len() > 5 {
                buckets.push(bucket((word & PREFIX) ^ PREFIX_SALT));
            }
            pieces(text.get(token.span.clone()).unwrap_or_default(), &mut buckets);
            before = word;
        }
        let small = |count: u32| f32::from(u8::try_from(count.min(4)).unwrap_or(4)) / 4.0;
        let flag = |is: bool| if is { 1.0 } else { 0.0 };
        let found = [
            1.0,
            tone.compound,
            tone.compound.max(0.0),
            (tone.good / 4.0).min(3.0),
            (tone.bad / 4.0).max(-3.0),
            flag(tone.parts.is_empty()),
            small(reading.exclamations),
            small(reading.questions),
            flag(reading.questions > 0 && tone.parts.is_empty()),
            tone.parts.last().map_or(0.0, |part| part.value / 4.0),
        ];
        let direction = Embedding::shipped().map(|table| table.text(text, MAX_WORDS));
        let (values, inverse) =
            direction.map_or(([0; DIMENSIONS], 0.0), |vector| (vector.values, vector.inverse));
        let direction = values.map(|value| f32::from(value) * inverse * LENGTH);
        let mut dense = [0.0; DENSE];
        dense
            .iter_mut()
            .zip(found.into_iter().chain(direction))
            .for_each(|(to, value)| *to = value);
        Features { buckets, dense }
    }

    /// Long messages have many features; each then weighs less.
    pub(super) fn share(&self) -> f32 {
        let count =
            f32::from(u16::try_from(self.buckets.len().clamp(1, 60_000)).unwrap_or(u16::MAX));
        1.0 / count.sqrt()
    }
}

/// The pieces of a word, three and four letters long, with its beginning and its end marked.
fn pieces(word: &str, buckets: &mut Vec<u16>) {
    let letters = [EDGE].into_iter().chain(word.bytes().map(|byte| byte | 0x20)).chain([EDGE]);
    let mut last: u32 = 0;
    for (place, byte) in letters.take(MAX_LETTERS).enumerate() {
        last = last << 8 | u32::from(byte);
        if place >= 2 {
            buckets.push(bucket(u64::from(last & 0xff_ffff) ^ PIECE_SALT));
        }
        if place >= 3 {
            buckets.push(bucket(u64::from(last) ^ PIECE_SALT.rotate_left(32)));
        }
    }
}

/// Stands for the beginning and the end of a word.
const EDGE: u8 = b' ';
/// Letters of a word whose pieces are looked at.
const MAX_LETTERS: usize = 24;
const PIECE_SALT: u64 = 0xd6e8_feb8_6659_fd93;

const BEGIN: u64 = 0x5bd1_e995;
/// The first five letters of a folded word; its first eight bytes are the low half.
const PREFIX: u64 = 0xff_ffff_ffff;
const PREFIX_SALT: u64 = 0xa076_1d64_78bd_642f;

fn bucket(hash: u64) -> u16 {
    let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u16::try_from((mixed >> 40) & 0x3fff).unwrap_or(0)
}

impl LinearTable {
    /// How likely each class is: negative, neutral, positive.
    pub(super) fn weigh(&self, features: &Features) -> [f32; CLASSES] {
        let mut sums = [0_i32; CLASSES];
        for bucket in &features.buckets {
            let at = usize::from(*bucket) * CLASSES;
            for (sum, weight) in
                sums.iter_mut().zip(self.buckets.get(at..at + CLASSES).unwrap_or_default())
            {
                *sum += i32::from(*weight);
            }
        }
        let share = features.share() * self.scale;
        let mut logits = [0.0_f32; CLASSES];
        for ((logit, sum), dense) in logits.iter_mut().zip(sums).zip(&self.dense) {
            let sum =
                f32::from(i16::try_from(sum).unwrap_or(if sum < 0 { i16::MIN } else { i16::MAX }));
            *logit = sum * share
                + dense
                    .iter()
                    .zip(&features.dense)
                    .map(|(weight, value)| weight * value)
                    .sum::<f32>();
        }
        softmax(logits)
    }

    /// The table as bytes, for a file or a column.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(
            self.buckets.len() + MAGIC.len() + (1 + CLASSES * DENSE) * size_of::<f32>(),
        );
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&self.scale.to_le_bytes());
        for weight in self.dense.iter().flatten() {
            bytes.extend_from_slice(&weight.to_le_bytes());
        }
        bytes.extend(self.buckets.iter().map(|weight| weight.to_le_bytes()).map(|[byte]| byte));
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote, in this version or the one before.
    ///
    /// # Errors
    /// `Corrupt` if the bytes are not such a table; `Unsupported` if it was learned with the
    /// feature `embedding` and this program was built without, where it would be wrong too often.
    pub fn from_bytes(bytes: &[u8]) -> Result<LinearTable> {
        let bad = || {
            Error::new(
                ErrorKind::Corrupt,
                "cannot read a table of weights: it was not written by this version",
            )
        };
        let mut versions = [(MAGIC, DENSE), (MAGIC_2, FOUND)].into_iter();
        let known = versions.find_map(|(magic, count)| Some((bytes.strip_prefix(magic)?, count)));
        let (mut rest, count) = known.ok_or_else(bad)?;
        let mut next = || -> Result<f32> {
            let (head, tail) = rest.split_first_chunk::<4>().ok_or_else(bad)?;
            rest = tail;
            Some(f32::from_le_bytes(*head)).filter(|value| value.is_finite()).ok_or_else(bad)
        };
        let scale = next()?;
        let mut dense = [[0.0; DENSE]; CLASSES];
        for weight in dense.iter_mut().flat_map(|class| class.iter_mut().take(count)) {
            *weight = next()?;
        }
        if rest.len() != BUCKETS * CLASSES {
            return Err(bad());
        }
        let needs_direction =
            dense.iter().any(|class| class.iter().skip(FOUND).any(|weight| *weight != 0.0));
        if needs_direction && Embedding::shipped().is_none() {
            let why = "cannot use a table of weights that was learned with the feature `embedding`: this program has none";
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        Ok(LinearTable {
            buckets: rest.iter().map(|byte| i8::from_le_bytes([*byte])).collect(),
            scale,
            dense,
        })
    }
}

pub(super) fn softmax(logits: [f32; CLASSES]) -> [f32; CLASSES] {
    let top = logits.iter().copied().fold(f32::MIN, f32::max);
    let powers = logits.map(|logit| (logit - top).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|power| power / sum)
}

/// The class of a place in the weights.
pub(super) const ORDER: [Sentiment; CLASSES] =
    [Sentiment::Negative, Sentiment::Neutral, Sentiment::Positive];
