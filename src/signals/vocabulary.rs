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

    /// Every word with its number, in the order of the numbers.
    pub(super) fn all(&self) -> impl Iterator<Item = (WordId, &Known)> {
        (0..).zip(&self.known)
    }

    pub(super) fn known_mut(&mut self, id: WordId) -> Option<&mut Known> {
        self.known.get_mut(usize::try_from(id).ok()?)
    }

    /// The number of a word as it is written, or of the spelling it stands for.
    pub(super) fn find(&self, short: Option<ShortWord>, written: &str) -> WordId {
        let Some(short) = short else { return self.find_spelling(written) };
        match self.ids.get(&short) {
            Some(id) => *id,
            None if short.is_plain(written.len()) => self.find_plain(short),
            None => self.find_spelling(written),
        }
    }

    /// As [`find_spelling`](Self::find_spelling), for the many words in plain letters.
    fn find_plain(&self, short: ShortWord) -> WordId {
        let look = |short: &ShortWord| self.ids.get(short).copied();
        if let Some(before) = short.before_apostrophe() {
            return look(&before).unwrap_or(UNKNOWN);
        }
        short.without_doubles().and_then(|fewer| fewer.iter().find_map(look)).unwrap_or(UNKNOWN)
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
        let end = lower
            .char_indices()
            .zip(lower.chars().skip(1))
            .filter(|((_, one), other)| doubled(&(*one, *other)))
            .last();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_are_brought_to_known_ones_as_all_others_are() {
        let mut vocabulary = Vocabulary::default();
        for word in ["so", "please", "company", "cool", "b", "bob", "aab", "1a", "o"] {
            vocabulary.add(word).expect("is a word");
        }
        let letters = ["a", "b", "o", "s", "O", "1", "'", "please", "company's", "."];
        let mut random = crate::random::SplitMix64::new(3);
        for _ in 0..20_000 {
            let text: String = (0..6).map(|_| random.pick(&letters)).collect();
            for word in words(&text) {
                let written = text.get(word.span.clone()).expect("lies on characters");
                let found = vocabulary.find(word.short, written);
                let known = word.short.and_then(|short| vocabulary.ids.get(&short)).copied();
                assert_eq!(
                    found,
                    known.unwrap_or_else(|| vocabulary.find_spelling(written)),
                    "{written}"
                );
            }
        }
        assert!(words("COMPANY").all(|word| word.short.is_some_and(|short| short.is_plain(7))));
        assert!(words("p\u{e4}").all(|word| word.short.is_some_and(|short| !short.is_plain(3))));
    }
}
