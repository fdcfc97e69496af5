//! One session, as a host runs it: open the memory, answer the customer, close.
//!
//! Knows nothing of the sessions before but what the memory tells.

use crate::Outcome;
use crate::options::Options;
use crate::page::PageWriter;
use crate::script::{Script, ScriptSession};
use confidant::{
    Clock, Confidant, Customer, Message, Outcome as Ending, Preferences, Reply, SessionMetrics,
    Spending, SupportAgent, SystemClock, Timestamp, TurnId,
};
use std::io::Write;
use std::ops::ControlFlow;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The machine's clock, some days ago: the sessions lie on days that follow each other and
/// end yesterday.
struct DaysAgo(i64);

impl Clock for DaysAgo {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().as_millis() - self.0 * DAY_MS)
    }
}

/// Plays a session of the script, counted from 1.
pub fn play(options: &Options, number: usize, out: &mut PageWriter<impl Write>) -> Outcome {
    let script = Script::read()?;
    let part = number
        .checked_sub(1)
        .and_then(|place| script.sessions.get(place))
        .ok_or("there is no such session")?;
    let last_day = script.sessions.last().map_or(part.day, |session| session.day);
    let (db, name) = options.place()?;

    let memory = Confidant::builder().clock(DaysAgo(last_day + 1 - part.day)).open(db)?;
    let customer = memory.tenant(&script.tenant)?.customer(name)?;
    let agent = options.agent(&memory)?;
    let known = customer.memory().load_context()?.total();
    let heading = format!(
        "Session {number} (day {}, {}): process {}, {known} turns known when it opened",
        part.day,
        part.channel,
        std::process::id()
    );
    out.heading(&heading)?;
    let expected = u64::try_from(script.turns_before(number))?;
    if known != expected {
        return Err(
            format!("the sessions before had {expected} turns; the memory knows {known}").into()
        );
    }

    let metrics = converse(&agent, &customer, part, out)?;
    statistics(&agent, &customer, &metrics, out)?;
    if number == script.sessions.len() {
        learned(&customer, out)?;
        figures(&customer, out)?;
    }
    out.flush()?;
    Ok(memory.close()?)
}

/// The session itself: this is what a support system does all day.
fn converse(
    agent: &SupportAgent,
    customer: &Customer,
    part: &ScriptSession,
    out: &mut PageWriter<impl Write>,
) -> Outcome<SessionMetrics> {
    let session = customer.open_session(part.channel)?;
    for (said, number) in part.said.iter().zip(1..) {
        let key = format!("{}-{number}", session.id());
        out.subheading(&format!("Turn {}", customer.memory().load_context()?.total() + 1))?;
        out.pair("Customer", said)?;
        out.flush()?;
        let message = Message::new(said).key(&key);
        let reply = agent.respond_to(&session, message, &mut |_| ControlFlow::Continue(()))?;
        show(&reply, out)?;
    }
    Ok(session.close(Ending::unknown())?)
}

fn show(reply: &Reply, out: &mut PageWriter<impl Write>) -> Outcome {
    out.pair("Agent", &reply.text)?;
    let resolved = if reply.resolved { "yes" } else { "no" };
    out.pair("Confidence", &format!("{:.2}; resolved: {resolved}", reply.confidence))?;
    if !reply.sources.is_empty() {
        let titles: Vec<&str> = reply.sources.iter().map(|source| source.title.as_str()).collect();
        out.pair("Sources", &titles.join("; "))?;
    }
    out.pair("Preferences", &in_words(&reply.preferences))?;
    out.pair("History", &counted(reply.history_len, "turn"))?;
    Ok(out.flush()?)
}

fn in_words(preferences: &Preferences) -> String {
    let unknown = || "not known yet".to_owned();
    let style = preferences.style.as_ref().map_or_else(unknown, |style| style.value.to_string());
    let length = preferences
        .response_length
        .as_ref()
        .map_or_else(unknown, |length| length.value.to_string());
    let topics: Vec<&str> = preferences.topics.iter().map(|topic| topic.value.name()).collect();
    let topics = if topics.is_empty() { unknown() } else { topics.join(", ") };
    format!("style {style}; length {length}; topics {topics}")
}

fn statistics(
    agent: &SupportAgent,
    customer: &Customer,
    metrics: &SessionMetrics,
    out: &mut PageWriter<impl Write>,
) -> Outcome {
    let memory = customer.memory().stats()?;
    out.subheading(&format!("Statistics of the session of {}", customer.id()))?;
    out.pair("Turns", &format!("{} in this session, {} in all", metrics.turns(), memory.total))?;
    out.pair(
        "Memory",
        &format!("{} turns in the hot buffer, {} not on disk yet", memory.buffered, memory.pending),
    )?;
    out.pair("Confidence", &format!("{} on average", decimals(metrics.mean_confidence(), 2)))?;
    out.pair("Resolved", &format!("{} of {} turns", metrics.resolved_turns(), metrics.turns()))?;
    out.pair("Spending", &format!("{} (model {})", dollars(&agent.spending()), agent.model()))?;
    Ok(())
}

/// What was learned over all sessions, and the customer's own words that show it.
fn learned(customer: &Customer, out: &mut PageWriter<impl Write>) -> Outcome {
    let preferences = customer.preferences()?;
    out.heading("What was learned, and from which words")?;
    if let Some(style) = &preferences.style {
        out.subheading(&format!(
            "Style: {} (confidence {:.2}, shown by {} of {} turns)",
            style.value, style.confidence, style.evidence_turns, preferences.customer_turns
        ))?;
        words(customer, &style.evidence, out)?;
    }
    if let Some(length) = &preferences.response_length {
        out.subheading(&format!(
            "Length: {} (confidence {:.2}, by the usual length of {} messages)",
            length.value, length.confidence, length.evidence_turns
        ))?;
    }
    for topic in &preferences.topics {
        let turns = counted(u64::from(topic.evidence_turns), "turn");
        out.subheading(&format!(
            "Topic: {} (confidence {:.2}, in {turns})",
            topic.value, topic.confidence
        ))?;
        words(customer, &topic.evidence, out)?;
    }
    Ok(())
}

/// One line for each turn: its identifier and the words that its evidence points to.
fn words(
    customer: &Customer,
    evidence: &[confidant::Evidence],
    out: &mut PageWriter<impl Write>,
) -> Outcome {
    let mut turns: Vec<(TurnId, Vec<String>)> = Vec::new();
    for place in evidence {
        let Some(span) = place.span.clone() else { continue };
        let said = customer.memory().turn(place.turn)?.said.unwrap_or_default();
        let matched = said.get(span).ok_or("evidence points outside of its turn")?;
        let quoted = format!("\"{matched}\"");
        match turns.last_mut() {
            Some((turn, matches)) if *turn == place.turn => matches.push(quoted),
            _ => turns.push((place.turn, vec![quoted])),
        }
    }
    for (turn, matches) in turns {
        out.pair(&format!("  {turn}"), &matches.join(", "))?;
    }
    Ok(())
}

fn figures(customer: &Customer, out: &mut PageWriter<impl Write>) -> Outcome {
    let summary = customer.analytics().summary()?;
    let unresolved =
        customer.memory().load_context()?.turns().filter(|turn| !turn.resolved).count();
    out.heading("Analytics")?;
    out.pair("Turns", &format!("{} in {} sessions", summary.turns, summary.sessions))?;
    let rate = decimals(summary.turn_resolution_rate().map(|rate| rate * 100.0), 1);
    out.pair(
        "Resolved",
        &format!("{} ({rate} %), {unresolved} left open", counted(summary.resolved_turns, "turn")),
    )?;
    let rate = decimals(summary.session_resolution_rate().map(|rate| rate * 100.0), 1);
    let sessions = counted(summary.resolved_sessions, "session");
    out.pair("", &format!("{sessions} ({rate} %), judged by the last turn"))?;
    out.pair("Confidence", &format!("{} on average", decimals(summary.mean_confidence, 2)))?;
    Ok(())
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn decimals(value: Option<f64>, digits: usize) -> String {
    value.map_or("unknown".to_owned(), |value| format!("{value:.digits$}"))
}

/// Nano-dollars in dollars and cents; more digits only where cents would hide the cost.
fn dollars(spending: &Spending) -> String {
    let Some(nano) = spending.cost_nano else { return "unknown, no price was set".to_owned() };
    if nano % 10_000_000 == 0 {
        return format!("${}.{:02}", nano / 1_000_000_000, nano / 10_000_000 % 100);
    }
    format!("${}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000)
}
