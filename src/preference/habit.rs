//! Habits and wishes: language, channel, hours, and what the customer said about being served.
//!
//! Knows how much of a habit must show before it is one, and which wishes are about the same
//! matter, so that the newest holds and the others stay as history.

use super::conclusion::{
    Evidence, Hours, Preference, Preferences, ResponseLength, Statement, Style,
};
use super::state::{Lesson, MAX_EVIDENCE};
use super::sums::Sums;
use crate::id::TurnId;
use crate::memory::Channel;
use crate::signals::WishKind;
use std::borrow::Cow;

/// A language or a channel must be that of so many of ten turns.
const MOST_OF_TEN: u32 = 6;
/// The hours must hold eight of ten turns, and be at most so many.
const MAX_HOURS: u8 = 8;
const HOURS_OF_TEN: u32 = 8;
const MIN_TURNS_OF_HOURS: u32 = 5;
/// How sure an explicit statement is.
const SAID: f64 = 0.95;
const VERSION: &str = "habits-2";

/// The language that the customer mostly writes in, as far as the sums show it.
pub(super) fn language_of(sums: &Sums) -> Option<[u8; 2]> {
    let (code, turns) = most(&sums.languages)?;
    is_habit(turns, known_languages(sums), sums.limits.min_turns, MOST_OF_TEN).then_some(code)
}

/// The channel that the customer mostly uses.
pub(super) fn channel_of(sums: &Sums) -> Option<i32> {
    let (code, turns) = most(&sums.channels)?;
    is_habit(turns, sums.turns, sums.limits.min_turns, MOST_OF_TEN).then_some(code)
}

/// The shortest part of the day that holds most turns; of several the first.
pub(super) fn hours_of(sums: &Sums) -> Option<Hours> {
    let min_turns = sums.limits.min_turns.max(MIN_TURNS_OF_HOURS);
    if sums.turns < min_turns {
        return None;
    }
    // How many turns the hours from each one on hold.
    let mut held = [0_u32; 24];
    for length in 1..=MAX_HOURS {
        let added = sums.hours.iter().cycle().skip(usize::from(length) - 1);
        for ((from, held), turns) in (0..24_u8).zip(&mut held).zip(added) {
            *held += turns;
            if *held * 10 >= sums.turns * HOURS_OF_TEN {
                let to = from + length;
                return (*held >= min_turns)
                    .then_some(Hours { from, to: if to > 24 { to - 24 } else { to } });
            }
        }
    }
    None
}

pub(super) fn language(lessons: &[Lesson], sums: &Sums) -> Option<Preference<String>> {
    let code = sums.language.known?;
    let value = std::str::from_utf8(&code).ok()?.to_owned();
    let turns =
        sums.languages.iter().find(|(known, _)| *known == code).map_or(0, |(_, turns)| *turns);
    let shown = lessons.iter().filter(|lesson| lesson.language == Some(code));
    Some(habit(value, turns, known_languages(sums), shown, "language"))
}

pub(super) fn channel(lessons: &[Lesson], sums: &Sums) -> Option<Preference<Channel>> {
    let code = sums.channel.known?;
    let value = Channel::from_code(code).ok()?;
    let turns =
        sums.channels.iter().find(|(known, _)| *known == code).map_or(0, |(_, turns)| *turns);
    let shown = lessons.iter().filter(|lesson| lesson.channel == code);
    Some(habit(value, turns, sums.turns, shown, "channel"))
}

pub(super) fn hours(lessons: &[Lesson], sums: &Sums) -> Option<Preference<Hours>> {
    let value = sums.busy.known?;
    let length = (value.to + 24 - value.from) % 24;
    let is_in = |hour: u8| (hour + 24 - value.from) % 24 < length;
    let turns =
        (0..24).zip(&sums.hours).filter(|(hour, _)| is_in(*hour)).map(|(_, turns)| turns).sum();
    let shown = lessons.iter().filter(|lesson| is_in(lesson.hour()));
    Some(habit(value, turns, sums.turns, shown, "hours"))
}

fn known_languages(sums: &Sums) -> u32 {
    sums.languages.iter().map(|(_, turns)| turns).sum()
}

/// The most frequent value, of several the smallest, and how often it is there.
fn most<T: Ord + Copy>(counts: &[(T, u32)]) -> Option<(T, u32)> {
    counts.iter().copied().max_by_key(|(value, turns)| (*turns, std::cmp::Reverse(*value)))
}

fn is_habit(turns: u32, all: u32, min_turns: u32, of_ten: u32) -> bool {
    turns >= min_turns && turns * 10 >= all * of_ten
}

fn habit<'a, T>(
    value: T,
    turns: u32,
    all: u32,
    shown: impl DoubleEndedIterator<Item = &'a Lesson>,
    rule: &'static str,
) -> Preference<T> {
    let newest =
        shown.rev().filter_map(|lesson| TurnId::from_u64(lesson.turn).ok()).take(MAX_EVIDENCE);
    let mut evidence =
        Vec::with_capacity(MAX_EVIDENCE.min(usize::try_from(turns).unwrap_or(MAX_EVIDENCE)));
    evidence.extend(newest.map(|turn| Evidence { turn, rule: Cow::Borrowed(rule), span: None }));
    evidence.reverse();
    Preference {
        value,
        confidence: (f64::from(turns) + 1.0) / (f64::from(all) + 2.0),
        evidence_turns: turns,
        evidence,
        evidence_total: u64::from(turns),
        rules_version: Cow::Borrowed(VERSION),
    }
}

/// What was said outweighs what was inferred.
pub(super) fn apply(preferences: &mut Preferences) {
    for statement in preferences.statements.iter().filter(|said| said.is_holding()) {
        match statement.kind {
            WishKind::Brief => {
                preferences.response_length = Some(said(ResponseLength::Brief, statement))
            }
            WishKind::Detailed => {
                preferences.response_length = Some(said(ResponseLength::Detailed, statement))
            }
            WishKind::Formal => preferences.style = Some(said(Style::Formal, statement)),
            WishKind::Casual => preferences.style = Some(said(Style::Casual, statement)),
            WishKind::Email => preferences.channel = Some(said(Channel::Email, statement)),
            WishKind::Call => preferences.channel = Some(said(Channel::Phone, statement)),
            WishKind::Chat => preferences.channel = Some(said(Channel::Chat, statement)),
            WishKind::Language => {
                if let Some(code) = &statement.value {
                    preferences.language = Some(said(code.clone(), statement));
                }
            }
            _ => {}
        }
    }
}

fn said<T>(value: T, statement: &Statement) -> Preference<T> {
    let rule = Cow::Borrowed(statement.kind.name());
    Preference {
        value,
        confidence: SAID,
        evidence_turns: 1,
        evidence: vec![Evidence { turn: statement.turn, rule, span: Some(statement.span.clone()) }],
        evidence_total: 1,
        rules_version: Cow::Borrowed(VERSION),
    }
}
