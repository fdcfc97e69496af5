//! From counts to conclusions.
//!
//! Knows when what was counted is enough to conclude, when to stay silent, and how sure a
//! conclusion is; the formulas are told to hosts at `PreferenceExtractor::conclude`. Only
//! sums, products and quotients are used, so every machine gets the same bits.

use super::conclusion::{Evidence, Preference, Preferences, ResponseLength, Style};
use super::habit;
use super::rules::RuleSet;
use super::state::{MAX_EVIDENCE, PreferenceState};
use super::sums::{Mark, Sums, Tally};
use crate::id::TurnId;
use crate::signals::Topic;
use std::borrow::Cow;

/// A side of a balanced style must show in so many turns to be more than an accident.
const MIN_SIDE_TURNS: u32 = 2;
/// The spread that lengths are taken to have before any is seen, in characters.
const ASSUMED_SPREAD: f64 = 50.0;

/// What the length of many messages is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LengthBy {
    /// Their mean length.
    Mean,
    /// More than half of them, so that one long message moves little.
    Half,
}

/// What a host may set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    pub(super) min_turns: u32,
    pub(super) style_ratio: f64,
    pub(super) brief_below: u32,
    pub(super) detailed_above: u32,
    pub(super) length_by: LengthBy,
    /// Turns in a row that must show something else before a known value changes.
    pub(super) hysteresis: u32,
}

impl Limits {
    pub(super) fn conclude(&self, state: &PreferenceState, rules: &RuleSet) -> Preferences {
        let sums = &*state.sums(rules, *self);
        let mut preferences = Preferences {
            customer_turns: sums.turns,
            statements: sums.statements.shown(),
            ..Preferences::default()
        };
        if sums.turns >= self.min_turns {
            preferences.style = self.style(sums, rules).map(|newest| steady_style(sums, newest));
            preferences.response_length = Some(self.length(sums, rules));
            preferences.topics = topics(sums, rules);
            preferences.language = habit::language(&state.lessons, sums);
            preferences.channel = habit::channel(&state.lessons, sums);
            preferences.hours = habit::hours(&state.lessons, sums);
        }
        habit::apply(&mut preferences);
        preferences
    }

    /// The side that so many turns show.
    pub(super) fn side(&self, formal: u32, casual: u32) -> Option<Style> {
        let beats = |one: u32, other: u32| f64::from(one) > self.style_ratio * f64::from(other);
        if beats(formal, casual) {
            Some(Style::Formal)
        } else if beats(casual, formal) {
            Some(Style::Casual)
        } else {
            (formal.min(casual) >= MIN_SIDE_TURNS).then_some(Style::Balanced)
        }
    }

    fn style(&self, sums: &Sums, rules: &RuleSet) -> Option<Preference<Style>> {
        if sums.styled < self.min_turns {
            return None;
        }
        let (formal, casual) = (&sums.formal, &sums.casual);
        let value = self.side(formal.turns, casual.turns)?;
        Some(match value {
            Style::Formal => preference(value, majority(formal.turns, casual.turns), formal, rules),
            Style::Casual => preference(value, majority(casual.turns, formal.turns), casual, rules),
            Style::Balanced => {
                let both = Tally {
                    turns: sums.styled,
                    total: formal.total.saturating_add(casual.total),
                    first: None,
                    newest: newest_of(formal, casual).into(),
                };
                let weaker = formal.turns.min(casual.turns);
                preference(
                    value,
                    succession(weaker, formal.turns.abs_diff(casual.turns)),
                    &both,
                    rules,
                )
            }
        })
    }

    /// The length that the sums show by now.
    pub(super) fn length_of(&self, sums: &Sums) -> ResponseLength {
        let turns = u64::from(sums.turns);
        let limit = |characters: u32| turns.saturating_mul(u64::from(characters));
        let (is_brief, is_detailed) = match self.length_by {
            LengthBy::Mean => (
                sums.characters < limit(self.brief_below),
                sums.characters > limit(self.detailed_above),
            ),
            LengthBy::Half => (u64::from(sums.short) * 2 > turns, u64::from(sums.long) * 2 > turns),
        };
        if is_brief {
            ResponseLength::Brief
        } else if is_detailed {
            ResponseLength::Detailed
        } else {
            ResponseLength::Medium
        }
    }

    fn length(&self, sums: &Sums, rules: &RuleSet) -> Preference<ResponseLength> {
        let value = sums.length.known.unwrap_or_else(|| self.length_of(sums));
        let (confidence, rule) = match self.length_by {
            LengthBy::Mean => (self.sure_of_mean(sums), "mean length"),
            LengthBy::Half => {
                let same = match value {
                    ResponseLength::Brief => sums.short,
                    ResponseLength::Detailed => sums.long,
                    ResponseLength::Medium => sums.turns - sums.short.max(sums.long),
                };
                (majority(same, sums.turns - same), "usual length")
            }
        };
        let mut evidence = Vec::with_capacity(sums.newest.len());
        evidence.extend(sums.newest.iter().filter_map(|turn| {
            let turn = TurnId::from_u64(*turn).ok()?;
            Some(Evidence { turn, rule: Cow::Borrowed(rule), span: None })
        }));
        Preference {
            value,
            confidence,
            evidence_turns: sums.turns,
            evidence,
            evidence_total: u64::from(sums.turns),
            rules_version: Cow::Borrowed(rules.version),
        }
    }

    /// How sure it is that the mean lies on this side of the nearest limit.
    fn sure_of_mean(&self, sums: &Sums) -> f64 {
        let n = f64::from(sums.turns);
        let mean = float(sums.characters) / n;
        let off = |limit: u32| (mean - f64::from(limit)).abs();
        let distance = off(self.brief_below).min(off(self.detailed_above));
        let spread =
            (float(sums.squares) - mean * mean * n).max(0.0) + ASSUMED_SPREAD * ASSUMED_SPREAD;
        distance * distance / (distance * distance + spread / (n * n))
    }
}

/// The style that is known, changed only by several turns in a row.
fn steady_style(sums: &Sums, newest: Preference<Style>) -> Preference<Style> {
    match sums.style.known {
        Some(value) if value != newest.value => {
            Preference { value, confidence: newest.confidence / 2.0, ..newest }
        }
        _ => newest,
    }
}

fn topics(sums: &Sums, rules: &RuleSet) -> Vec<Preference<Topic>> {
    let mut seen: Vec<_> = sums.topics.iter().filter(|(_, tally)| tally.turns > 0).collect();
    seen.sort_by_key(|(_, tally)| (std::cmp::Reverse(tally.turns), tally.first));
    let conclusion = |(topic, tally): &(Topic, Tally)| {
        let turns = f64::from(tally.turns);
        preference(*topic, turns / (turns + 1.0), tally, rules)
    };
    seen.into_iter().map(conclusion).collect()
}

fn preference<T>(value: T, confidence: f64, tally: &Tally, rules: &RuleSet) -> Preference<T> {
    let mut evidence = Vec::with_capacity(tally.newest.len());
    evidence.extend(tally.newest.iter().filter_map(|mark| {
        let turn = TurnId::from_u64(mark.turn).ok()?;
        let rule = Cow::Borrowed(rules.rule(mark.rule)?.name);
        Some(Evidence { turn, rule, span: Some(mark.start..mark.end) })
    }));
    Preference {
        value,
        confidence,
        evidence_turns: tally.turns,
        evidence,
        evidence_total: tally.total,
        rules_version: Cow::Borrowed(rules.version),
    }
}

/// Turns that are counted one by one; more are taken in proportion.
const COUNTED: u32 = 240;

/// How likely more than half of all turns are of a side, after so many of it and of the other,
/// with every share as likely before: a tail of the binomial distribution of a half.
fn majority(same: u32, other: u32) -> f64 {
    let (mut all, mut other) = (same.saturating_add(other), other);
    if all > COUNTED {
        let fewer = u64::from(other) * u64::from(COUNTED) / u64::from(all);
        (all, other) = (COUNTED, u32::try_from(fewer).unwrap_or(COUNTED));
    }
    let trials = f64::from(all + 1);
    let mut term = (0..=all).fold(1.0, |term: f64, _| term / 2.0);
    let mut against = 0.0;
    for n in 0..=other {
        against += term;
        term *= (trials - f64::from(n)) / (f64::from(n) + 1.0);
    }
    (1.0 - against).max(0.0)
}

/// Laplace's rule of succession: how likely the next turn with a cue is on the same side.
fn succession(same: u32, other: u32) -> f64 {
    let (same, other) = (f64::from(same), f64::from(other));
    (same + 1.0) / (same + other + 2.0)
}

/// The newest marks of two tallies, oldest first.
fn newest_of(one: &Tally, other: &Tally) -> Vec<Mark> {
    let mut marks: Vec<_> = one.newest.iter().chain(&other.newest).copied().collect();
    marks.sort_unstable();
    marks.split_off(marks.len().saturating_sub(MAX_EVIDENCE))
}

/// A count as a float, exact below 2^53.
fn float(count: u64) -> f64 {
    let half = |bits: u64| f64::from(u32::try_from(bits & u64::from(u32::MAX)).unwrap_or(u32::MAX));
    half(count >> 32) * 4_294_967_296.0 + half(count)
}
