//! What a customer says about how to be served, and in which language.
//!
//! Knows that a text full of the small words of English needs no closer look at its language.

use super::conclude::span_of;
use super::kinds::WishKind;
use super::reading::{Reading, Token};
use super::rule::Shows;
use super::rule_set::RuleSet;
use super::rules::wish_rules;
use crate::text::{MIN_CHARACTERS, Normalized, language_of};
use std::ops::Range;

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

/// Listens to a text of the customer's.
pub(crate) fn hear(text: &str) -> Heard {
    let rules = wish_rules();
    let normal = Normalized::of(text);
    let reading = Reading::of(rules, normal.as_str());
    let is_english = |token: &&Token| rules.known(token).is_some_and(|known| known.is_english);
    let english = reading.tokens.iter().filter(is_english).count();
    let is_plain = text.is_ascii() && text.trim().len() >= MIN_CHARACTERS;
    let surely = is_plain && english >= MIN_ENGLISH && english * ENGLISH_OF >= reading.tokens.len();
    Heard { wishes: wishes(rules, &normal, &reading), language: if surely { Some("en") } else { language_of(text) } }
}

fn wishes(rules: &RuleSet, normal: &Normalized<'_>, reading: &Reading) -> Vec<(WishKind, Range<usize>)> {
    let mut found: Vec<(WishKind, Range<usize>)> = Vec::new();
    for hit in rules.hits(reading) {
        let Some(Shows::Wish(kind)) = rules.rule(&hit).map(|rule| rule.shows) else { continue };
        let span = if kind == WishKind::Name {
            let token = reading.tokens.get(hit.tokens.end);
            let written = token.and_then(|token| normal.as_str().get(token.span.clone())).unwrap_or_default();
            let is_name =
                written.starts_with(char::is_uppercase) && written.chars().all(|c| c.is_alphabetic() || c == '\'');
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

    #[test]
    fn small_words_of_english_tell_the_language_and_those_of_others_do_not() {
        for text in ["Where is my parcel, and why have they not told me?", "what is this about, and how are you?"] {
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
