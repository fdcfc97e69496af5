//! Reading what is stored of each customer, and counting it.
//!
//! Knows which session is a repetition of another, when a matter was settled, and how a
//! customer's mood goes. Signals are read from the text each time: nothing is kept that could
//! outlive an erased customer.

use super::figures::{Figures, Resolver};
use super::report::{AnalyticsReport, Trend};
use crate::error::Result;
use crate::id::SessionId;
use crate::memory::{Customer, Page, SessionDetails, Turn};
use crate::signals::{Sentiment, SignalContext, Signals, Topic};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Turns and sessions read at once.
const PAGE: usize = 1_000;
/// A session about the same matter within so long is a repetition.
const REPEAT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Samples that a trend needs, and how many of them are new.
const TREND_SAMPLES: usize = 6;
const TREND_NEW: usize = 5;
/// How far the newer mean must lie from the older one.
const TREND_STEP: f64 = 0.25;

/// One session while it is being counted.
#[derive(Default)]
struct Contact {
    id: Option<SessionId>,
    begins: i64,
    settled: Option<i64>,
    last_resolved: bool,
    topic: Option<Topic>,
    topics: BTreeSet<Topic>,
}

/// Counts what is stored of one customer, within a range of milliseconds.
pub(super) fn count(
    customer: &Customer,
    range: &Range<i64>,
    report: &mut AnalyticsReport,
) -> Result<()> {
    let mut contacts: BTreeMap<u32, Contact> = BTreeMap::new();
    let mut days: BTreeSet<String> = BTreeSet::new();
    let mut moods: Vec<i8> = Vec::new();
    let mut tier: Option<String> = None;
    let mut asked: Option<String> = None;
    let mut after = None;
    loop {
        let turns = customer.stored_turns(after, PAGE)?;
        for turn in &turns {
            after = Some(turn.id);
            let noted = Noted::of(turn);
            tier = noted.tier.clone().or(tier);
            let said = turn.said.as_deref();
            let context = SignalContext::new();
            let signals = said.map(|said| match asked.as_deref() {
                Some(asked) => Signals::of(said, &context.agent_said(asked)),
                None => Signals::of(said, &context),
            });
            asked.clone_from(&turn.answer);
            let contact = contacts.entry(turn.session.number()).or_default();
            let at = turn.at.as_millis();
            if contact.id.is_none() {
                *contact = Contact { id: Some(turn.session), begins: at, ..Contact::default() };
            }
            contact.last_resolved = turn.resolved;
            if turn.resolved {
                contact.settled = Some(turn.answered_at.map_or(at, |time| time.as_millis()));
            }
            if let Some(signals) = &signals {
                let topic = signals.topics.first().map(|topic| topic.value);
                contact.topics.extend(topic);
                contact.topic = topic.or(contact.topic);
            }
            if !range.contains(&at) {
                continue;
            }
            let day = day_of(turn);
            if days.insert(day.clone()) {
                report.day(&day).customers += 1;
            }
            moods.extend(signals.as_ref().map(mood));
            let topic = contact.topic;
            add_turn(&mut report.totals, turn, signals.as_ref(), &noted, topic);
            add_turn(report.day(&day), turn, signals.as_ref(), &noted, topic);
        }
        if turns.len() < PAGE {
            break;
        }
    }
    if days.is_empty() {
        return Ok(());
    }
    report.totals.customers += 1;
    *report.tiers.entry(tier.unwrap_or_else(|| "unknown".to_owned())).or_default() += 1;
    *report.trends.entry(trend(&moods)).or_default() += 1;
    report.moods = moods.into_iter().rev().take(10).rev().collect();
    let details = sessions(customer)?;
    add_sessions(&contacts, &details, range, report);
    Ok(())
}

fn sessions(customer: &Customer) -> Result<BTreeMap<u32, SessionDetails>> {
    let mut all = BTreeMap::new();
    let mut page = Page::first(PAGE);
    loop {
        let found = customer.sessions(page)?;
        let Some(last) = found.last() else { return Ok(all) };
        page = Page::first(PAGE).after(last.id);
        all.extend(found.into_iter().map(|session| (session.id.number(), session)));
    }
}

fn add_turn(
    figures: &mut Figures,
    turn: &Turn,
    signals: Option<&Signals>,
    noted: &Noted,
    topic: Option<Topic>,
) {
    figures.turns += 1;
    figures.answered_turns += u64::from(turn.is_answered());
    figures.resolved_turns += u64::from(turn.resolved);
    if turn.resolved {
        *figures
            .resolved_by
            .entry(Resolver { agent: turn.answered_by.clone(), topic })
            .or_default() += 1;
    }
    if let Some(confidence) = turn.confidence {
        figures.with_confidence += 1;
        figures.confidence_millionths += thousandths(confidence * 1_000.0).unsigned_abs();
    }
    if let Some(cost) = noted.cost_nano {
        figures.costed_turns += 1;
        figures.cost_nano = figures.cost_nano.saturating_add(cost);
    }
    let Some(signals) = signals else { return };
    figures.said_turns += 1;
    figures.polarity_thousandths += thousandths(signals.polarity);
    *figures.sentiments.entry(signals.sentiment.value).or_default() += 1;
    figures.upset_turns += u64::from(signals.frustrated.is_some() || signals.angry.is_some());
    if let Some(topic) = signals.topics.first() {
        *figures.topics.entry(topic.value).or_default() += 1;
    }
    figures.escalated_turns += u64::from(!signals.escalations.is_empty());
    for reason in &signals.escalations {
        *figures.escalations.entry(reason.value).or_default() += 1;
    }
}

fn add_sessions(
    contacts: &BTreeMap<u32, Contact>,
    details: &BTreeMap<u32, SessionDetails>,
    range: &Range<i64>,
    report: &mut AnalyticsReport,
) {
    for (number, contact) in contacts {
        if !range.contains(&contact.begins) {
            continue;
        }
        let known = details.get(number);
        let resolved = known.map_or(contact.last_resolved, |session| session.resolved);
        let same = |other: &Contact| !other.topics.is_disjoint(&contact.topics);
        let is_repeat = contacts.iter().any(|(before, other)| {
            before < number
                && same(other)
                && (0..=REPEAT_MS).contains(&(contact.begins - other.begins))
        });
        let comes_back = contacts.iter().any(|(after, other)| {
            after > number
                && same(other)
                && (0..=REPEAT_MS).contains(&(other.begins - contact.begins))
        });
        let is_closed = known.is_some_and(|session| session.closed_at.is_some());
        let is_first = contacts.first_key_value().is_some_and(|(first, _)| first == number);
        report.active_sessions += u64::from(known.is_some() && !is_closed);
        let day = day_of_millis(contact.begins);
        let rating = known.and_then(|session| session.rating);
        let settled = contact
            .settled
            .filter(|_| resolved)
            .and_then(|at| u64::try_from(at - contact.begins).ok());
        for totals in [true, false] {
            let figures = if totals { &mut report.totals } else { report.day(&day) };
            figures.sessions += 1;
            figures.resolved_sessions += u64::from(resolved);
            figures.closed_sessions += u64::from(is_closed);
            figures.first_contacts += u64::from(!is_repeat);
            figures.first_contact_resolved += u64::from(resolved && !is_repeat && !comes_back);
            if let Some(rating) = rating {
                figures.rated_sessions += 1;
                figures.rating_sum += u64::from(rating);
            }
            if let Some(settled) = settled {
                figures.timed_sessions += 1;
                figures.resolution_ms = figures.resolution_ms.saturating_add(settled);
                if is_first {
                    figures.first_timed_sessions += 1;
                    figures.first_resolution_ms =
                        figures.first_resolution_ms.saturating_add(settled);
                }
            }
        }
    }
}

/// What the host noted in a turn's metadata.
#[derive(Default)]
struct Noted {
    tier: Option<String>,
    cost_nano: Option<u64>,
}

impl Noted {
    fn of(turn: &Turn) -> Noted {
        let Some(metadata) = turn.metadata.as_deref() else { return Noted::default() };
        if !metadata.contains("\"tier\"") && !metadata.contains("\"cost_nano\"") {
            return Noted::default();
        }
        let Ok(metadata) = serde_json::from_str::<serde_json::Value>(metadata) else {
            return Noted::default();
        };
        let tier = metadata
            .get("tier")
            .and_then(serde_json::Value::as_str)
            .filter(|tier| tier.len() <= 64);
        Noted {
            tier: tier.map(str::to_owned),
            cost_nano: metadata.get("cost_nano").and_then(serde_json::Value::as_u64),
        }
    }
}

/// Angry -2, frustrated or negative -1, neutral 0, positive 1.
fn mood(signals: &Signals) -> i8 {
    match signals.sentiment.value {
        _ if signals.angry.is_some() => -2,
        _ if signals.frustrated.is_some() => -1,
        Sentiment::Negative => -1,
        Sentiment::Neutral => 0,
        Sentiment::Positive => 1,
    }
}

/// Where a row of moods goes: the newest five against at most five before.
pub(super) fn trend(moods: &[i8]) -> Trend {
    if moods.len() < TREND_SAMPLES {
        return Trend::Unknown;
    }
    let (before, newest) = moods.split_at(moods.len() - TREND_NEW);
    let before = before.split_at(before.len().saturating_sub(TREND_NEW)).1;
    let mean = |part: &[i8]| {
        let sum: i32 = part.iter().copied().map(i32::from).sum();
        f64::from(sum) / f64::from(u32::try_from(part.len().max(1)).unwrap_or(1))
    };
    match mean(newest) - mean(before) {
        change if change >= TREND_STEP => Trend::Improving,
        change if change <= -TREND_STEP => Trend::Declining,
        _ => Trend::Stable,
    }
}

fn day_of(turn: &Turn) -> String {
    day_of_millis(turn.at.as_millis())
}

fn day_of_millis(millis: i64) -> String {
    let mut day = crate::time::Timestamp::from_millis(millis).to_string();
    day.truncate(10);
    day
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::as_conversions,
    reason = "between -1,000,000 and 1,000,000"
)]
fn thousandths(value: f64) -> i64 {
    (value * 1_000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    //
    #[test]
    fn a_trend_needs_six_samples_and_compares_the_newest_five() {
        assert_eq!(trend(&[0, 0, 1, 1, 1]), Trend::Unknown);
        assert_eq!(trend(&[-2, 0, 0, 0, 0, 0]), Trend::Improving);
        assert_eq!(trend(&[1, 1, 1, -1, -1, -1, 0, -2]), Trend::Declining);
        assert_eq!(trend(&[0; 12]), Trend::Stable);
    }
}
