//! How good or bad a message sounds.
//!
//! A lexicon scorer in the manner of VADER: values of words, made stronger by words of degree,
//! capitals and exclamation marks, turned by negations, weighed around a "but". Phrases of the
//! rule set stand above the words inside them.

use super::reading::{Gap, Reading, Token};
use super::rule::Shows;
use super::rule_set::{Hit, RuleSet};
use std::ops::Range;

const CAPS: f32 = 0.733;
/// A part as bad as this blames something.
const BLAME: f32 = -0.8;
/// Of praise and blame in one message a service hears the blame.
const BAD_WEIGHS: f32 = 1.2;
const TURNED: f32 = -0.74;
/// Degree words count less the farther they stand.
const FADING: [f32; 3] = [1.0, 0.95, 0.9];

/// One thing that sounds good or bad.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) value: f32,
    /// Bytes of the text that was read.
    pub(super) span: Range<usize>,
    /// The rule; `None` if it is a word of the lexicon.
    pub(super) rule: Option<u16>,
    /// Whether a negation turned it or is its first word: nothing is said more plainly.
    pub(super) is_denied: bool,
}

/// The sum of a message.
#[derive(Debug, Default)]
pub(super) struct Tone {
    pub(super) parts: Vec<Part>,
    /// -1 to 1.
    pub(super) compound: f32,
    pub(super) good: f32,
    pub(super) bad: f32,
}

pub(super) fn tone(rules: &RuleSet, reading: &Reading, hits: &[Hit]) -> Tone {
    let tokens = reading.tokens.as_slice();
    let some_caps = reading.caps > 0 && reading.caps < reading.words;
    let mut parts: Vec<Part> = Vec::with_capacity(8);
    let mut phrases = phrases(rules, hits).into_iter().peekable();
    let mut at = 0;
    let mut but = None;
    while let Some(token) = tokens.get(at) {
        let phrase = phrases.next_if(|phrase| phrase.tokens.start == at);
        let (value, end, rule) = match phrase {
            Some(phrase) => (
                rules.rule(phrase).map_or(0.0, |rule| rule.weight),
                phrase.tokens.end,
                Some(phrase.rule),
            ),
            None => (rules.known(token).map_or(0.0, |known| known.valence), at + 1, None),
        };
        if rules.is_but(token.id) && but.is_none() {
            but = Some(token.span.start);
        }
        let end = end.max(at + 1);
        if value != 0.0 && !token.is_quoted {
            let last = tokens.get(end - 1).unwrap_or(token);
            let before = value;
            let mut value = weigh(rules, tokens, at, value, some_caps);
            let is_denied = before.is_sign_positive() != value.is_sign_positive()
                || rules.known(token).is_some_and(|known| known.negates);
            if token.is_caps && some_caps {
                value += CAPS.copysign(value);
            }
            parts.push(Part { value, span: token.span.start..last.span.end, rule, is_denied });
        }
        while phrases.next_if(|phrase| phrase.tokens.start < end).is_some() {}
        at = end;
    }
    for (value, span) in &reading.faces {
        parts.push(Part { value: *value, span: span.clone(), rule: None, is_denied: false });
    }
    temper_thanks(rules, &mut parts);
    sum(parts, reading, but)
}

/// Where something is blamed, thanks are a manner of closing.
fn temper_thanks(rules: &RuleSet, parts: &mut [Part]) {
    if !parts.iter().any(|part| part.value <= BLAME) {
        return;
    }
    for part in parts {
        let rule = part.rule.and_then(|rule| rules.rules.get(usize::from(rule)));
        if rule.is_some_and(|rule| rule.name == "thanks") {
            part.value *= 0.3;
        }
    }
}

/// The hits that stand for a value, longest first where they overlap.
fn phrases<'a>(rules: &RuleSet, hits: &'a [Hit]) -> Vec<&'a Hit> {
    let is_value = |hit: &&Hit| rules.rule(hit).is_some_and(|rule| rule.shows == Shows::Polarity);
    let mut phrases: Vec<&Hit> = hits.iter().filter(is_value).collect();
    phrases.sort_by_key(|hit| (hit.tokens.start, std::cmp::Reverse(hit.tokens.end)));
    phrases
}

/// A value with the words before it: degrees and negations within three words of the sentence.
fn weigh(rules: &RuleSet, tokens: &[Token], at: usize, value: f32, some_caps: bool) -> f32 {
    let mut value = value;
    let mut next = tokens.get(at);
    for (distance, fading) in FADING.into_iter().enumerate() {
        if next.is_some_and(|next| next.gap == Gap::Hard) {
            break;
        }
        let Some(token) = at.checked_sub(distance + 1).and_then(|place| tokens.get(place)) else {
            break;
        };
        next = Some(token);
        let Some(known) = rules.known(token) else { continue };
        if known.boost != 0.0 {
            let mut boost = known.boost.copysign(known.boost * value.signum());
            if token.is_caps && some_caps {
                boost += CAPS.copysign(value);
            }
            value += boost * fading;
        }
        if known.negates {
            value *= TURNED;
        }
    }
    value
}

fn sum(mut parts: Vec<Part>, reading: &Reading, but: Option<usize>) -> Tone {
    if let Some(but) = but {
        for part in &mut parts {
            part.value *= if part.span.start < but { 0.5 } else { 1.5 };
        }
    }
    let good: f32 = parts.iter().map(|part| part.value.max(0.0)).sum();
    let bad: f32 = parts.iter().map(|part| part.value.min(0.0)).sum();
    let mut total = good + bad * BAD_WEIGHS;
    let exclamations = f32::from(u8::try_from(reading.exclamations.min(4)).unwrap_or(4)) * 0.292;
    let questions = match reading.questions {
        0 | 1 => 0.0,
        many @ 2..=3 => f32::from(u8::try_from(many).unwrap_or(3)) * 0.18,
        _ => 0.96,
    };
    if total != 0.0 {
        total += (exclamations + questions).copysign(total);
    }
    let compound = total / (total * total + 15.0).sqrt();
    Tone { parts, compound, good, bad }
}
