//! What a customer says about how to be served, and in which language.
//!
//! Knows that a text full of the small words of English needs no closer look at its language.

use super::conclude::span_of;
use super::kinds::WishKind;
use super::reading::{Reading, Token};
use super::rule::Shows;
use super::rule_set::RuleSet;
use super::rules::wish_rules;
use super::vocabulary::{MAX_EXPANSION, WordId};
use crate::text::{MIN_CHARACTERS, Normalized, Word, language_of};
use std::ops::Range;
use std::sync::OnceLock;

/// So many small words, and one of so many, are English beyond doubt.
const MIN_ENGLISH: usize = 3;
const ENGLISH_OF: usize = 5;

/// What was heard in a text.
pub(crate) struct Heard {
    /// Wishes with their places; of a name the name alone.
    pub(crate) wishes: Vec<(WishKind, Range<usize>)>,
    /// As [`language_of`] tells it.
    pub(crate) language: Option<&'static str>,
}

/// Listens to a text of the customer's, whose words were read already.
///
/// Most texts hold none of the words that a wish cannot do without: those are not read again.
pub(crate) fn hear(text: &str, words: &[Word]) -> Heard {
    let normal = Normalized::of(text);
    if !normal.is_as_given() {
        return listen(&normal, text);
    }
    let hints = hints();
    let (mut all, mut english) = (0, 0);
    for word in words {
        let written = text.get(word.span.clone()).unwrap_or_default();
        let hint = hints.of(word, written);
        if hint.is_key {
            return listen(&normal, text);
        }
        all += usize::from(hint.words);
        english += usize::from(hint.english);
    }
    Heard { wishes: Vec::new(), language: language(text, english, all) }
}

/// Reads a text word by word.
fn listen(normal: &Normalized<'_>, text: &str) -> Heard {
    let rules = wish_rules();
    let reading = Reading::of(rules, normal.as_str());
    let is_english = |token: &&Token| rules.known(token).is_some_and(|known| known.is_english);
    let english = reading.tokens.iter().filter(is_english).count();
    Heard {
        wishes: wishes(rules, normal, &reading),
        language: language(text, english, reading.tokens.len()),
    }
}

/// The language of a text with so many words, of which so many are small ones of English.
fn language(text: &str, english: usize, words: usize) -> Option<&'static str> {
    let is_plain = text.is_ascii() && text.trim().len() >= MIN_CHARACTERS;
    let surely = is_plain && english >= MIN_ENGLISH && english * ENGLISH_OF >= words;
    if surely { Some("en") } else { language_of(text) }
}

/// What a written word tells before its text is read closely.
#[derive(Debug, Clone, Copy)]
struct Hint {
    /// Words it is read as, and how many of them are small words of English.
    words: u8,
    english: u8,
    /// Whether some wish cannot be said without it.
    is_key: bool,
}

/// The hint for each word of the vocabulary, by its number.
struct Hints {
    rules: &'static RuleSet,
    all: Vec<Hint>,
}

impl Hints {
    fn of(&self, word: &Word, written: &str) -> Hint {
        let id = self.rules.vocabulary.find(word.short, written);
        let known = usize::try_from(id).ok().and_then(|id| self.all.get(id));
        known.copied().unwrap_or(Hint { words: 1, english: 0, is_key: false })
    }
}

fn hints() -> &'static Hints {
    static HINTS: OnceLock<Hints> = OnceLock::new();
    HINTS.get_or_init(|| {
        let rules = wish_rules();
        let keys = rules.keys();
        let all = rules.vocabulary.all().map(|(id, known)| {
            let read = if known.expansion.is_empty() {
                std::slice::from_ref(&id)
            } else {
                known.expansion.as_slice()
            };
            let read = || read.iter().take(MAX_EXPANSION);
            let is_english =
                |id: &&WordId| rules.vocabulary.known(**id).is_some_and(|known| known.is_english);
            Hint {
                words: u8::try_from(read().count()).unwrap_or(u8::MAX),
                english: u8::try_from(read().filter(is_english).count()).unwrap_or(u8::MAX),
                is_key: read().any(|id| keys.binary_search(id).is_ok()),
            }
        });
        Hints { rules, all: all.collect() }
    })
}

fn wishes(
    rules: &RuleSet,
    normal: &Normalized<'_>,
    reading: &Reading,
) -> Vec<(WishKind, Range<usize>)> {
    let mut found: Vec<(WishKind, Range<usize>)> = Vec::new();
    for hit in rules.hits(reading) {
        let Some(Shows::Wish(kind)) = rules.rule(&hit).map(|rule| rule.shows) else { continue };
        let span = if kind == WishKind::Name {
            let token = reading.tokens.get(hit.tokens.end);
            let written =
                token.and_then(|token| normal.as_str().get(token.span.clone())).unwrap_or_default();
            let is_name = written.starts_with(char::is_uppercase)
                && written.chars().all(|c| c.is_alphabetic() || c == '\'');
            token.filter(|_| is_name && written != "I").map(|token| token.span.clone())
        } else {
            span_of(&reading.tokens, &hit.tokens)
        };
        if let Some(span) = span.map(|span| normal.original(span))
            && !found.iter().any(|(known, _)| *known == kind)
        {
            found.push((kind, span));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words;

    fn hear(text: &str) -> Heard {
        super::hear(text, &words(text).collect::<Vec<_>>())
    }

    #[test]
    fn nothing_is_missed_by_texts_that_are_not_read_closely() {
        let pieces: Vec<&str> = include_str!("rules/wishes-1.rules")
            .split(|c: char| c.is_whitespace() || c == '|')
            .map(|piece| piece.trim_start_matches('?'))
            .filter(|piece| piece.bytes().all(|byte| byte.is_ascii_lowercase()))
            .chain(["please", "don't", "emaill", "pls.", "can't,", "Bob", "plain's", "soo"])
            .collect();
        let mut random = crate::random::SplitMix64::new(11);
        let mut wishes = 0;
        for _ in 0..20_000 {
            // Rules are read from some place on, so that their own phrases come up often.
            let from = random.below(pieces.len());
            let mut said = String::new();
            for step in 0..7 {
                let next = pieces.get((from + step) % pieces.len()).expect("is in range");
                said.push_str(if random.below(4) == 0 { random.pick(&pieces) } else { next });
                said.push(' ');
            }
            let (quick, slow) = (hear(&said), listen(&Normalized::of(&said), &said));
            assert_eq!((&quick.wishes, quick.language), (&slow.wishes, slow.language), "{said}");
            wishes += usize::from(!slow.wishes.is_empty());
        }
        assert!(wishes > 1_000, "only {wishes} texts hold a wish");
    }

    #[test]
    fn small_words_of_english_tell_the_language_and_those_of_others_do_not() {
        for text in [
            "Where is my parcel, and why have they not told me?",
            "what is this about, and how are you?",
        ] {
            assert_eq!(hear(text).language, Some("en"), "{text}");
        }
        for text in [
            "Waar is mijn pakket en wat was er mee aan de hand?",
            "O que posso fazer com a minha encomenda agora?",
            "ok",
        ] {
            assert_eq!(hear(text).language, language_of(text), "{text}");
        }
        assert_eq!(hear("this is my").language, None, "too short to tell");
    }
}
