//! From counts to conclusions.
//!
//! Knows when what was counted is enough to conclude, when to stay silent, and how sure a
//! conclusion is; the formulas are told to hosts at `PreferenceExtractor::conclude`. Only
//! sums, products and quotients are used, so every machine gets the same bits.

use super::conclusion::{Evidence, Preference, Preferences, ResponseLength, Style};
use super::habit;
use super::rules::{RuleSet, Shows};
use super::state::{Counters, MAX_EVIDENCE, Mark, PreferenceState, Tally};
use crate::id::TurnId;
use crate::signals::Topic;
use std::borrow::Cow;

/// A side of a balanced style must show in so many turns to be more than an accident.
const MIN_SIDE_TURNS: u32 = 2;
/// The spread that lengths are taken to have before any is seen, in characters.
const ASSUMED_SPREAD: f64 = 50.0;

/// What a host may set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) min_turns: u32,
    pub(super) style_ratio: f64,
    pub(super) brief_below: u32,
    pub(super) detailed_above: u32,
    /// Turns in a row that must show something else before a known value changes.
    pub(super) hysteresis: u32,
}

impl Limits {
    pub(super) fn conclude(&self, state: &PreferenceState, rules: &RuleSet) -> Preferences {
        let counters = &state.counters(rules);
        let mut preferences = Preferences {
            customer_turns: counters.turns,
            statements: habit::statements(&state.lessons),
            ..Preferences::default()
        };
        if counters.turns >= self.min_turns {
            preferences.style = self.steady_style(state, counters, rules);
            preferences.response_length = Some(self.length(counters, rules));
            preferences.topics = topics(counters, rules);
            preferences.language = habit::language(&state.lessons, self.min_turns);
            preferences.channel = habit::channel(&state.lessons, self.min_turns);
            preferences.hours = habit::hours(&state.lessons, self.min_turns);
        }
        habit::apply(&mut preferences);
        preferences
    }

    /// The style, changed only by several turns in a row.
    fn steady_style(&self, state: &PreferenceState, all: &Counters, rules: &RuleSet) -> Option<Preference<Style>> {
        let newest = self.style(all, rules)?;
        if self.hysteresis <= 1 {
            return Some(newest);
        }
        let (mut formal, mut casual, mut turns) = (0_u32, 0_u32, 0_u32);
        let mut known: Option<Style> = None;
        let mut streak = 0;
        for lesson in &state.lessons {
            let (mut is_formal, mut is_casual) = (false, false);
            for shows in lesson.marks.iter().filter_map(|mark| rules.rule(mark.rule)).map(|rule| rule.shows) {
                is_formal |= shows == Shows::Formal;
                is_casual |= shows == Shows::Casual;
            }
            turns += 1;
            if !is_formal && !is_casual {
                continue;
            }
            formal += u32::from(is_formal);
            casual += u32::from(is_casual);
            let styled = formal.max(casual);
            let Some(now) = self.side(formal, casual).filter(|_| styled >= self.min_turns && turns >= self.min_turns)
            else {
                continue;
            };
            if known.is_none_or(|known| known == now) {
                known = Some(now);
                streak = 0;
                continue;
            }
            streak += 1;
            if streak >= self.hysteresis {
                known = Some(now);
                streak = 0;
            }
        }
        let value = known.unwrap_or(newest.value);
        let confidence = if value == newest.value { newest.confidence } else { newest.confidence / 2.0 };
        Some(Preference { value, confidence, ..newest })
    }

    /// The side that so many turns show.
    fn side(&self, formal: u32, casual: u32) -> Option<Style> {
        let beats = |one: u32, other: u32| f64::from(one) > self.style_ratio * f64::from(other);
        if beats(formal, casual) {
            Some(Style::Formal)
        } else if beats(casual, formal) {
            Some(Style::Casual)
        } else {
            (formal.min(casual) >= MIN_SIDE_TURNS).then_some(Style::Balanced)
        }
    }

    fn style(&self, counters: &Counters, rules: &RuleSet) -> Option<Preference<Style>> {
        if counters.styled < self.min_turns {
            return None;
        }
        let (formal, casual) = (&counters.formal, &counters.casual);
        let beats = |one: &Tally, other: &Tally| f64::from(one.turns) > self.style_ratio * f64::from(other.turns);
        if beats(formal, casual) {
            let confidence = succession(formal.turns, casual.turns);
            return Some(preference(Style::Formal, confidence, formal, rules));
        }
        if beats(casual, formal) {
            let confidence = succession(casual.turns, formal.turns);
            return Some(preference(Style::Casual, confidence, casual, rules));
        }
        let weaker = formal.turns.min(casual.turns);
        if weaker < MIN_SIDE_TURNS {
            return None;
        }
        let both = Tally {
            turns: counters.styled,
            total: formal.total.saturating_add(casual.total),
            first: None,
            newest: newest_of(formal, casual).into(),
        };
        let confidence = succession(weaker, formal.turns.abs_diff(casual.turns));
        Some(preference(Style::Balanced, confidence, &both, rules))
    }

    fn length(&self, counters: &Counters, rules: &RuleSet) -> Preference<ResponseLength> {
        let turns = u64::from(counters.turns);
        let limit = |characters: u32| turns.saturating_mul(u64::from(characters));
        let value = if counters.characters < limit(self.brief_below) {
            ResponseLength::Brief
        } else if counters.characters > limit(self.detailed_above) {
            ResponseLength::Detailed
        } else {
            ResponseLength::Medium
        };
        let n = f64::from(counters.turns);
        let mean = float(counters.characters) / n;
        let off = |limit: u32| (mean - f64::from(limit)).abs();
        let distance = off(self.brief_below).min(off(self.detailed_above));
        let spread = (float(counters.squares) - mean * mean * n).max(0.0) + ASSUMED_SPREAD * ASSUMED_SPREAD;
        let mut evidence = Vec::with_capacity(counters.newest.len());
        evidence.extend(counters.newest.iter().filter_map(|turn| {
            let turn = TurnId::from_u64(*turn).ok()?;
            Some(Evidence { turn, rule: Cow::Borrowed("mean length"), span: None })
        }));
        Preference {
            value,
            confidence: distance * distance / (distance * distance + spread / (n * n)),
            evidence_turns: counters.turns,
            evidence,
            evidence_total: turns,
            rules_version: Cow::Borrowed(rules.version),
        }
    }
}

fn topics(counters: &Counters, rules: &RuleSet) -> Vec<Preference<Topic>> {
    let mut seen = counters.topics().to_vec();
    seen.retain(|(_, tally)| tally.turns > 0);
    seen.sort_by_key(|(_, tally)| (std::cmp::Reverse(tally.turns), tally.first));
    let conclusion = |(topic, tally): (Topic, &Tally)| {
        let turns = f64::from(tally.turns);
        preference(topic, turns / (turns + 1.0), tally, rules)
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
