//! Habits and wishes: language, channel, hours, and what the customer said about being served.
//!
//! Knows how much of a habit must show before it is one, and which wishes are about the same
//! matter, so that the newest holds and the others stay as history.

use super::conclusion::{Evidence, Hours, Preference, Preferences, ResponseLength, Statement, Style};
use super::state::{Lesson, MAX_EVIDENCE};
use crate::id::TurnId;
use crate::memory::Channel;
use crate::signals::WishKind;
use std::borrow::Cow;

/// A language or a channel must be that of so many of ten turns.
const MOST_OF_TEN: u32 = 6;
/// The hours must hold eight of ten turns, and be at most so many.
const MAX_HOURS: u8 = 8;
const HOURS_OF_TEN: u32 = 8;
/// How sure an explicit statement is.
const SAID: f64 = 0.95;
const VERSION: &str = "habits-1";

pub(super) fn language(lessons: &[Lesson], min_turns: u32) -> Option<Preference<String>> {
    let known = || lessons.iter().filter_map(|lesson| lesson.language);
    let (code, turns) = most(known())?;
    let all = count(known().count());
    let value = std::str::from_utf8(&code).ok()?.to_owned();
    let shown = lessons.iter().filter(|lesson| lesson.language == Some(code));
    habit(value, turns, all, min_turns, MOST_OF_TEN, shown, "language")
}

pub(super) fn channel(lessons: &[Lesson], min_turns: u32) -> Option<Preference<Channel>> {
    let (code, turns) = most(lessons.iter().map(|lesson| lesson.channel))?;
    let value = Channel::from_code(code).ok()?;
    let shown = lessons.iter().filter(|lesson| lesson.channel == code);
    habit(value, turns, count(lessons.len()), min_turns, MOST_OF_TEN, shown, "channel")
}

pub(super) fn hours(lessons: &[Lesson], min_turns: u32) -> Option<Preference<Hours>> {
    let mut hours = [0_u32; 24];
    for lesson in lessons {
        if let Some(turns) = hours.get_mut(usize::from(lesson.hour)) {
            *turns += 1;
        }
    }
    let all = count(lessons.len());
    // How many turns the hours from each one on hold.
    let mut held = [0_u32; 24];
    for length in 1..=MAX_HOURS {
        for (from, held) in (0..24_u8).zip(&mut held) {
            *held += hours.get(usize::from((from + length - 1) % 24)).copied().unwrap_or(0);
            if *held * 10 < all * HOURS_OF_TEN {
                continue;
            }
            let to = from + length;
            let value = Hours { from, to: if to > 24 { to - 24 } else { to } };
            let shown = lessons.iter().filter(|lesson| (lesson.hour + 24 - from) % 24 < length);
            return habit(value, *held, all, min_turns.max(5), HOURS_OF_TEN, shown, "hours");
        }
    }
    None
}

/// The most frequent value, of several the smallest, and how often it is there. Meant for few
/// different values.
fn most<T: Ord + Copy>(values: impl Iterator<Item = T>) -> Option<(T, u32)> {
    let mut counts: Vec<(T, u32)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, turns)) => *turns += 1,
            None => counts.push((value, 1)),
        }
    }
    counts.into_iter().max_by_key(|(value, turns)| (*turns, std::cmp::Reverse(*value)))
}

fn habit<'a, T>(
    value: T,
    turns: u32,
    all: u32,
    min_turns: u32,
    of_ten: u32,
    shown: impl DoubleEndedIterator<Item = &'a Lesson>,
    rule: &'static str,
) -> Option<Preference<T>> {
    if turns < min_turns || turns * 10 < all * of_ten {
        return None;
    }
    let newest = shown.rev().filter_map(|lesson| TurnId::from_u64(lesson.turn).ok()).take(MAX_EVIDENCE);
    let mut evidence = Vec::with_capacity(MAX_EVIDENCE);
    evidence.extend(newest.map(|turn| Evidence { turn, rule: Cow::Borrowed(rule), span: None }));
    evidence.reverse();
    Some(Preference {
        value,
        confidence: (f64::from(turns) + 1.0) / (f64::from(all) + 2.0),
        evidence_turns: turns,
        evidence,
        evidence_total: u64::from(turns),
        rules_version: Cow::Borrowed(VERSION),
    })
}

/// Every wish with whether it still holds.
pub(super) fn statements(lessons: &[Lesson]) -> Vec<Statement> {
    let mut all: Vec<Statement> = Vec::new();
    for lesson in lessons {
        let Ok(turn) = TurnId::from_u64(lesson.turn) else { continue };
        for wish in &lesson.wishes {
            for old in all.iter_mut().filter(|old| replaces(wish.kind, old.kind) && old.turn != turn) {
                old.superseded = true;
            }
            all.push(Statement { kind: wish.kind, turn, span: wish.start..wish.end, superseded: false });
        }
    }
    all
}

/// Whether a newer wish takes the place of an older one.
fn replaces(new: WishKind, old: WishKind) -> bool {
    use WishKind::{Brief, Call, Casual, Chat, Detailed, Email, Expert, Formal, NoCall, NoEmail, Novice};
    let matter = |kind| match kind {
        Email | Call | Chat | NoCall | NoEmail => 1,
        Brief | Detailed => 2,
        Expert | Novice => 3,
        Formal | Casual => 4,
        other => 10 + WishKind::ALL.iter().position(|known| *known == other).unwrap_or(0),
    };
    let is_ban = |kind| matches!(kind, NoCall | NoEmail);
    // "Do not call" does not take back "do not e-mail", but "call me" takes back "do not call".
    let stands_beside = matter(new) == 1
        && is_ban(new)
        && (is_ban(old) && new != old || (new, old) == (NoCall, Email) || (new, old) == (NoEmail, Call));
    matter(new) == matter(old) && !stands_beside
}

/// What was said outweighs what was inferred.
pub(super) fn apply(preferences: &mut Preferences) {
    let holding: Vec<Statement> = preferences.statements.iter().filter(|said| !said.superseded).cloned().collect();
    for statement in holding {
        match statement.kind {
            WishKind::Brief => preferences.response_length = Some(said(ResponseLength::Brief, &statement)),
            WishKind::Detailed => preferences.response_length = Some(said(ResponseLength::Detailed, &statement)),
            WishKind::Formal => preferences.style = Some(said(Style::Formal, &statement)),
            WishKind::Casual => preferences.style = Some(said(Style::Casual, &statement)),
            WishKind::Email => preferences.channel = Some(said(Channel::Email, &statement)),
            WishKind::Call => preferences.channel = Some(said(Channel::Phone, &statement)),
            WishKind::Chat => preferences.channel = Some(said(Channel::Chat, &statement)),
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

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
