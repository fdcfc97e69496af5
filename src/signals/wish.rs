//! What a customer says about how to be served, and in which language.
//!
//! Knows that a text full of the small words of English needs no closer look at its language.

use super::conclude::span_of;
use super::frame::{Said, frames};
use super::kinds::{Act, WishKind};
use super::languages::language_code;
use super::name_shape::named_at;
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

/// One wish, or the end of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) act: Act,
    /// Where it stands; of a name the name alone.
    pub(crate) span: Range<usize>,
    /// Of a name the name, of a language its two-letter code.
    pub(crate) value: Option<String>,
}

/// What was heard in a text.
pub(crate) struct Heard {
    /// In the order of the text.
    pub(crate) wishes: Vec<Wish>,
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

fn wishes(rules: &RuleSet, normal: &Normalized<'_>, reading: &Reading) -> Vec<Wish> {
    let mut found: Vec<Wish> = Vec::new();
    let frames = frames();
    for hit in rules.hits(reading) {
        let Some(Shows::Wish(act, frame)) = rules.rule(&hit).map(|rule| rule.shows) else {
            continue;
        };
        let text = normal.as_str();
        let heard = Said { text, tokens: &reading.tokens, hit: hit.tokens.clone() };
        if !frames.hears(&heard, act, frame) {
            continue;
        }
        let (span, value) = match act {
            Act::Wants(WishKind::Name) | Act::Ends(WishKind::Name) => {
                let name = named_at(&reading.tokens, text, hit.tokens.end);
                let Some(span) = name.filter(|_| frames.may_name(&heard)) else { continue };
                let name = text.get(span.clone()).unwrap_or_default().to_owned();
                (span, Some(name))
            }
            Act::Wants(WishKind::Language) | Act::Ends(WishKind::Language) => {
                let tokens = reading.tokens.get(hit.tokens.clone()).unwrap_or_default();
                let words = tokens.iter().filter_map(|token| text.get(token.span.clone()));
                let Some(code) = words.rev().find_map(language_code) else { continue };
                let Some(span) = span_of(&reading.tokens, &hit.tokens) else { continue };
                (span, Some(code.to_owned()))
            }
            _ => {
                let Some(span) = span_of(&reading.tokens, &hit.tokens) else { continue };
                (span, None)
            }
        };
        let wish = Wish { act, span: normal.original(span), value };
        if !found.iter().any(|known| known.act == act && known.value == wish.value) {
            found.push(wish);
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::text::words;

    fn hear(text: &str) -> Heard {
        super::hear(text, &words(text).collect::<Vec<_>>())
    }

    /// Texts that the rules' own patterns describe, with words put in and left out at random.
    fn texts_of_patterns(random: &mut crate::random::SplitMix64) -> Vec<String> {
        let file = include_str!("rules/wishes-1.rules");
        let sets: std::collections::HashMap<&str, Vec<&str>> = file
            .lines()
            .filter_map(|line| line.strip_prefix("set ")?.split_once(": "))
            .map(|(name, words)| (name, words.split(' ').collect()))
            .collect();
        let starts = ["", "please ", "can you ", "i don't ", "hi, ", "they said ", "if it is, "];
        let ends = ["", " please", " Bob", " again", "?", " when it is open", "!"];
        let mut texts = Vec::new();
        for pattern in file.lines().filter(|line| line.starts_with("  ")) {
            for _ in 0..12 {
                let mut text = (random.pick(&starts)).to_owned();
                for step in pattern.split_whitespace() {
                    let is_maybe = step.starts_with('?');
                    let alternatives: Vec<&str> = step.trim_start_matches('?').split('|').collect();
                    let word = random.pick(&alternatives);
                    let set = word.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
                    let word = set.map_or(word, |name| random.pick(&sets[name]));
                    let is_sign = word.starts_with(['^', '$', '*']);
                    let is_left_out = is_sign || (is_maybe && random.below(2) == 0);
                    if !is_left_out && random.below(40) > 0 {
                        text.push_str(if word == "#" { "5" } else { word });
                        text.push(' ');
                    }
                }
                texts.push(text.trim_end().to_owned() + random.pick(&ends));
            }
        }
        texts
    }

    #[test]
    fn nothing_is_missed_by_texts_that_are_not_read_closely() {
        let mut random = crate::random::SplitMix64::new(11);
        let texts = texts_of_patterns(&mut random);
        let mut wishes = 0;
        for said in &texts {
            let (quick, slow) = (hear(said), listen(&Normalized::of(said), said));
            assert_eq!((&quick.wishes, quick.language), (&slow.wishes, slow.language), "{said}");
            wishes += usize::from(!slow.wishes.is_empty());
        }
        assert!(wishes * 4 > texts.len(), "only {wishes} of {} hold a wish", texts.len());
    }

    #[test]
    fn no_pattern_is_one_everyday_word() {
        for pattern in include_str!("rules/wishes-1.rules").lines() {
            let Some(pattern) = pattern.strip_prefix("  ") else { continue };
            let certain = |step: &&str| !step.starts_with(['?', '^', '$', '*']);
            let words = pattern.split_whitespace().filter(certain).count();
            assert!(words >= 2, "one word is enough for: {pattern}");
        }
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

    /// Sentences that were written beside the rules, with what they ask for.
    #[test]
    fn of_labelled_sentences_most_wishes_are_heard_and_hardly_a_trap_is_taken_for_one() {
        let named = |wish: &Wish| match wish.act {
            Act::Wants(kind) => kind.name().to_owned(),
            Act::Ends(kind) => format!("-{}", kind.name()),
            Act::EndsLast => "-last".to_owned(),
        };
        let (mut labels, mut found, mut traps) = (0, 0, 0);
        let (mut missed, mut wrong) = (Vec::new(), Vec::new());
        for line in include_str!("../../tests/data/wishes.txt").lines() {
            let Some((label, said)) = line.split_once('\t').filter(|_| !line.starts_with('#'))
            else {
                continue;
            };
            let heard: Vec<String> = hear(said).wishes.iter().map(named).collect();
            let wanted: Vec<&str> = label.split(',').filter(|label| *label != "none").collect();
            traps += usize::from(wanted.is_empty());
            labels += wanted.len();
            let hit = wanted.iter().filter(|kind| heard.iter().any(|is| is == *kind)).count();
            found += hit;
            if hit < wanted.len() {
                missed.push(format!("{said} is {label}, heard {heard:?}"));
            }
            // A wish for calls at some hour is also a wish for calls.
            let is_more = |is: &&String| {
                !wanted.contains(&is.as_str()) && !wanted.contains(&"hours") && *is != "hours"
            };
            if heard.iter().any(|is| is_more(&is)) {
                wrong.push(format!("{said} is {label}, heard {heard:?}"));
            }
        }
        println!("{found} of {labels} wishes heard, {} wrong, {traps} traps", wrong.len());
        println!("missed:\n{}\nwrong:\n{}", missed.join("\n"), wrong.join("\n"));
        assert!(labels + traps >= 400, "{labels} wishes and {traps} traps");
        assert!(found * 100 >= labels * 90, "{found} of {labels}");
        assert!(wrong.len() * 100 <= labels + traps, "{} wrong", wrong.len());
    }
}
