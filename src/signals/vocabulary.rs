//! Every word that a rule or the lexicon names, under one number each.
//!
//! Knows what a word is worth, which words are read as others ("can't" as "can not", "pls" as
//! "please"), and how an unknown spelling is brought to a known word.

use crate::text::{ShortWord, WordMap, words};

/// The number of a word; 0 is every word that no rule names.
pub(super) type WordId = u32;

pub(super) const UNKNOWN: WordId = 0;
/// A word stands for so many words at most.
pub(super) const MAX_EXPANSION: usize = 4;

/// What is known of a word.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// -4 to 4; 0 says nothing.
    pub(super) valence: f32,
    /// What it adds to the strength of the word that follows.
    pub(super) boost: f32,
    pub(super) negates: bool,
    /// Whether one spells so in a chat only.
    pub(super) is_chat: bool,
    /// Whether it is a small word that no other language has.
    pub(super) is_english: bool,
    /// The words it is read as, if not as itself.
    pub(super) expansion: Vec<WordId>,
    /// The patterns that may begin with it, each with the words that may follow in it.
    pub(super) patterns: Vec<(u16, Followers)>,
}

/// Words as bits of one number, several to a bit: tells quickly which words are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Followers(u64);

impl Followers {
    pub(super) const NONE: Followers = Followers(0);
    /// Any word, and the end of the text.
    pub(super) const ANY: Followers = Followers(u64::MAX);

    pub(super) fn with(self, words: &[WordId]) -> Followers {
        Followers(words.iter().fold(self.0, |bits, word| bits | 1 << (word % 64)))
    }

    /// Whether this word, or the end of the text, may be among them.
    pub(super) fn may_hold(self, word: Option<WordId>) -> bool {
        self == Followers::ANY || word.is_some_and(|word| self.0 & 1 << (word % 64) != 0)
    }
}

/// The words of a rule set.
#[derive(Debug, Clone)]
pub(super) struct Vocabulary {
    ids: WordMap<WordId>,
    known: Vec<Known>,
}

impl Default for Vocabulary {
    fn default() -> Vocabulary {
        Vocabulary { ids: WordMap::default(), known: vec![Known::default()] }
    }
}

impl Vocabulary {
    /// The number of a word, which is made known; `None` if it is not one short word.
    pub(super) fn add(&mut self, word: &str) -> Option<WordId> {
        let mut all = words(word);
        let short = all.next()?.short?;
        if all.next().is_some() {
            return None;
        }
        let next = WordId::try_from(self.known.len()).ok()?;
        let id = *self.ids.entry(short).or_insert(next);
        if id == next {
            self.known.push(Known::default());
        }
        Some(id)
    }

    /// As [`add`](Self::add), with the words that it is read as.
    pub(super) fn add_expanded(&mut self, word: &str) -> Option<Vec<WordId>> {
        let id = self.add(word)?;
        let expansion = self.known(id).map(|known| known.expansion.clone()).unwrap_or_default();
        Some(if expansion.is_empty() { vec![id] } else { expansion })
    }

    pub(super) fn known(&self, id: WordId) -> Option<&Known> {
        self.known.get(usize::try_from(id).ok()?)
    }

    pub(super) fn known_mut(&mut self, id: WordId) -> Option<&mut Known> {
        self.known.get_mut(usize::try_from(id).ok()?)
    }

    /// The number of a word as it is written, or of the spelling it stands for.
    pub(super) fn find(&self, short: Option<ShortWord>, written: &str) -> WordId {
        match short.and_then(|short| self.ids.get(&short)) {
            Some(id) => *id,
            None => self.find_spelling(written),
        }
    }

    /// "soo" is "so", "pleasee" is "please", "company's" is "company".
    fn find_spelling(&self, written: &str) -> WordId {
        let look = |word: &str| ShortWord::of(word).and_then(|short| self.ids.get(&short)).copied();
        if written.len() > 24 {
            return UNKNOWN;
        }
        if let Some(end) = written.find('\'') {
            return written.get(..end).and_then(look).unwrap_or(UNKNOWN);
        }
        let lower = written.to_lowercase();
        let doubled = |(one, other): &(char, char)| one == other && one.is_alphabetic();
        let mut pairs = lower.chars().zip(lower.chars().skip(1));
        if !pairs.any(|pair| doubled(&pair)) {
            return UNKNOWN;
        }
        let mut last = lower.clone();
        let end =
            lower.char_indices().zip(lower.chars().skip(1)).filter(|((_, one), other)| doubled(&(*one, *other))).last();
        if let Some(((at, _), _)) = end {
            last.remove(at);
        }
        let mut single = String::with_capacity(lower.len());
        for c in lower.chars() {
            if !single.ends_with(c) {
                single.push(c);
            }
        }
        look(&last).or_else(|| look(&single)).unwrap_or(UNKNOWN)
    }
}
