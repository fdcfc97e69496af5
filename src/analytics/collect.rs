//! Reads what is stored of each customer, and counts it.
//!
//! Knows which session repeats another, when a matter was resolved, and where a customer's mood
//! is going. Signals are read from the text each time: nothing is kept that could outlive an
//! erased customer.

use super::metrics::{Metrics, ResolvedBy};
use super::repeat::{Begun, Repetition, repetitions};
use super::report::{AnalyticsReport, Mood, Trend};
use crate::error::Result;
use crate::id::SessionId;
use crate::memory::{Customer, Page, SessionDetails, Turn};
use crate::signals::{Sentiment, SignalContext, Signals, Topic};
use crate::time::{Day, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Sessions read at once.
const PAGE: usize = 1_000;
/// Messages that a trend needs, and how many of them are new.
const TREND_SAMPLES: usize = 6;
const TREND_NEW: usize = 5;
/// How far the newer mean must lie from the older one.
const TREND_STEP: f64 = 0.25;
/// Moods that the report of a customer shows.
const SHOWN_MOODS: usize = 10;

/// One session while it is being counted.
#[derive(Default)]
struct Contact {
    id: Option<SessionId>,
    begins: i64,
    resolved_at: Option<i64>,
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
    let mut days: BTreeSet<Day> = BTreeSet::new();
    let mut moods: Vec<Mood> = Vec::new();
    let mut tier: Option<String> = None;
    let mut asked: Option<String> = None;
    customer.each_stored_turn(None, &mut |turn| {
        let noted = Noted::of(turn);
        tier = noted.tier.clone().or_else(|| tier.take());
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
            contact.resolved_at = Some(turn.answered_at.map_or(at, |time| time.as_millis()));
        }
        if let Some(signals) = &signals {
            let topic = signals.topics.first().map(|topic| topic.value);
            contact.topics.extend(topic);
            contact.topic = topic.or(contact.topic);
        }
        if !range.contains(&at) {
            return Ok(());
        }
        let day = Day::of(turn.at);
        if days.insert(day) {
            report.day(day).customers += 1;
        }
        moods.extend(signals.as_ref().map(mood));
        let topic = contact.topic;
        add_turn(&mut report.totals, turn, signals.as_ref(), &noted, topic);
        add_turn(report.day(day), turn, signals.as_ref(), &noted, topic);
        Ok(())
    })?;
    if days.is_empty() {
        return Ok(());
    }
    report.totals.customers += 1;
    *report.tiers.entry(tier.unwrap_or_else(|| "unknown".to_owned())).or_default() += 1;
    *report.trends.entry(trend(&moods)).or_default() += 1;
    report.moods = moods.split_off(moods.len().saturating_sub(SHOWN_MOODS));
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
    metrics: &mut Metrics,
    turn: &Turn,
    signals: Option<&Signals>,
    noted: &Noted,
    topic: Option<Topic>,
) {
    metrics.turns += 1;
    metrics.answered_turns += u64::from(turn.is_answered());
    metrics.resolved_turns += u64::from(turn.resolved);
    if turn.resolved {
        *metrics
            .resolved_by
            .entry(ResolvedBy { agent: turn.answered_by.clone(), topic })
            .or_default() += 1;
    }
    if let Some(confidence) = turn.confidence {
        metrics.with_confidence += 1;
        metrics.confidence_millionths += thousandths(confidence * 1_000.0).unsigned_abs();
    }
    if let Some(cost) = noted.cost_nano {
        metrics.costed_turns += 1;
        metrics.cost_nano = metrics.cost_nano.saturating_add(cost);
    }
    let Some(signals) = signals else { return };
    metrics.said_turns += 1;
    metrics.polarity_thousandths += thousandths(signals.polarity);
    *metrics.sentiments.entry(signals.sentiment.value).or_default() += 1;
    metrics.upset_turns += u64::from(signals.frustrated.is_some() || signals.angry.is_some());
    if let Some(topic) = signals.topics.first() {
        *metrics.topics.entry(topic.value).or_default() += 1;
    }
    metrics.escalated_turns += u64::from(!signals.escalations.is_empty());
    for reason in &signals.escalations {
        *metrics.escalations.entry(reason.value).or_default() += 1;
    }
}

fn add_sessions(
    contacts: &BTreeMap<u32, Contact>,
    details: &BTreeMap<u32, SessionDetails>,
    range: &Range<i64>,
    report: &mut AnalyticsReport,
) {
    let begun: Vec<Begun<'_>> = contacts
        .values()
        .map(|contact| Begun { at: contact.begins, topics: &contact.topics })
        .collect();
    for ((number, contact), repetition) in contacts.iter().zip(repetitions(&begun)) {
        let Repetition { is_repeat, comes_back } = repetition;
        if !range.contains(&contact.begins) {
            continue;
        }
        let known = details.get(number);
        let resolved = known.map_or(contact.last_resolved, |session| session.resolved);
        let is_closed = known.is_some_and(|session| session.closed_at.is_some());
        let is_first = contacts.first_key_value().is_some_and(|(first, _)| first == number);
        report.active_sessions += u64::from(known.is_some() && !is_closed);
        let day = Day::of(Timestamp::from_millis(contact.begins));
        let rating = known.and_then(|session| session.rating);
        let resolved_at = contact
            .resolved_at
            .filter(|_| resolved)
            .and_then(|at| u64::try_from(at - contact.begins).ok());
        for totals in [true, false] {
            let metrics = if totals { &mut report.totals } else { report.day(day) };
            metrics.sessions += 1;
            metrics.resolved_sessions += u64::from(resolved);
            metrics.closed_sessions += u64::from(is_closed);
            metrics.first_contacts += u64::from(!is_repeat);
            metrics.first_contact_resolved += u64::from(resolved && !is_repeat && !comes_back);
            if let Some(rating) = rating {
                metrics.rated_sessions += 1;
                metrics.rating_sum += u64::from(rating);
            }
            if let Some(resolved_at) = resolved_at {
                metrics.timed_sessions += 1;
                metrics.resolution_ms = metrics.resolution_ms.saturating_add(resolved_at);
                if is_first {
                    metrics.first_timed_sessions += 1;
                    metrics.first_resolution_ms =
                        metrics.first_resolution_ms.saturating_add(resolved_at);
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

fn mood(signals: &Signals) -> Mood {
    match signals.sentiment.value {
        _ if signals.angry.is_some() => Mood::Angry,
        _ if signals.frustrated.is_some() => Mood::Unhappy,
        Sentiment::Negative => Mood::Unhappy,
        Sentiment::Neutral => Mood::Neutral,
        Sentiment::Positive => Mood::Happy,
    }
}

/// Compares the newest five moods with up to five before them.
fn trend(moods: &[Mood]) -> Trend {
    if moods.len() < TREND_SAMPLES {
        return Trend::Unknown;
    }
    let (before, newest) = moods.split_at(moods.len() - TREND_NEW);
    let before = before.split_at(before.len().saturating_sub(TREND_NEW)).1;
    let mean = |part: &[Mood]| {
        let sum: i32 = part.iter().map(|mood| i32::from(mood.level())).sum();
        f64::from(sum) / f64::from(u32::try_from(part.len().max(1)).unwrap_or(1))
    };
    match mean(newest) - mean(before) {
        change if change >= TREND_STEP => Trend::Improving,
        change if change <= -TREND_STEP => Trend::Declining,
        _ => Trend::Stable,
    }
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

    #[test]
    fn a_trend_needs_six_samples_and_compares_the_newest_five() {
        use Mood::{Angry, Happy, Neutral, Unhappy};
        assert_eq!(trend(&[Neutral, Neutral, Happy, Happy, Happy]), Trend::Unknown);
        assert_eq!(trend(&[Angry, Neutral, Neutral, Neutral, Neutral, Neutral]), Trend::Improving);
        let falling = [Happy, Happy, Happy, Unhappy, Unhappy, Unhappy, Neutral, Angry];
        assert_eq!(trend(&falling), Trend::Declining);
        assert_eq!(trend(&[Neutral; 12]), Trend::Stable);
    }
}
