//! What a customer likes, with the turns that show it.
//!
//! Knows how conclusions of several kinds become one list for C, and the numbers of their
//! values.

use crate::border::error::{confidant_error, confidant_status, unnumbered};
use crate::border::guard::guard;
use crate::border::handle::{Place, free, shared};
use crate::border::text::{confidant_flag, confidant_str, view};
use crate::border::views::{Views, shown, shown_number, shown_text};
use crate::kinds::{place, wish};
use crate::memory::confidant_memory;
use confidant::{Evidence, Preference, Preferences, ResponseLength, Statement, Style, Topic};
use std::mem::size_of;

/// The conclusion is about style; its value is one of `CONFIDANT_STYLE_*`.
pub const CONFIDANT_PREFERENCE_STYLE: i32 = 1;
/// The conclusion is about the length of answers; its value is one of `CONFIDANT_LENGTH_*`.
pub const CONFIDANT_PREFERENCE_LENGTH: i32 = 2;
/// The conclusion is about what the customer asks about; its value is one of `CONFIDANT_TOPIC_*`.
pub const CONFIDANT_PREFERENCE_TOPIC: i32 = 3;
/// The conclusion is about the language the customer mostly writes in: its name, a two-letter code.
pub const CONFIDANT_PREFERENCE_LANGUAGE: i32 = 4;
/// The conclusion is about the channel the customer mostly uses; its value is one of
/// `CONFIDANT_CHANNEL_*`.
pub const CONFIDANT_PREFERENCE_CHANNEL: i32 = 5;
/// The conclusion is about the hours of the day in which the customer mostly writes: `from_hour`
/// and `to_hour`.
pub const CONFIDANT_PREFERENCE_HOURS: i32 = 6;

/// Between formal and casual; also what to assume of a stranger.
pub const CONFIDANT_STYLE_BALANCED: i32 = 0;
/// In full and polite sentences.
pub const CONFIDANT_STYLE_FORMAL: i32 = 1;
/// As among friends.
pub const CONFIDANT_STYLE_CASUAL: i32 = 2;

/// Some sentences; also what to assume of a stranger.
pub const CONFIDANT_LENGTH_MEDIUM: i32 = 0;
/// A line or so.
pub const CONFIDANT_LENGTH_BRIEF: i32 = 1;
/// Everything there is to say.
pub const CONFIDANT_LENGTH_DETAILED: i32 = 2;

/// Passwords, signing in, being locked out.
pub const CONFIDANT_TOPIC_LOGIN: i32 = 1;
/// Payments, invoices, subscriptions, charges.
pub const CONFIDANT_TOPIC_BILLING: i32 = 2;
/// Errors, crashes, what does not work.
pub const CONFIDANT_TOPIC_TECHNICAL: i32 = 3;
/// The account itself, its profile and settings.
pub const CONFIDANT_TOPIC_ACCOUNT: i32 = 4;
/// Placing, changing and cancelling orders.
pub const CONFIDANT_TOPIC_ORDER: i32 = 5;
/// Where something is and when it arrives.
pub const CONFIDANT_TOPIC_DELIVERY: i32 = 6;
/// Sending something back, exchanging it.
pub const CONFIDANT_TOPIC_RETURNS: i32 = 7;
/// What is sold, and for how much.
pub const CONFIDANT_TOPIC_PRODUCT: i32 = 8;
/// What is missing and should be built.
pub const CONFIDANT_TOPIC_FEATURE: i32 = 9;
/// Complaints and reviews.
pub const CONFIDANT_TOPIC_FEEDBACK: i32 = 10;
/// How to reach the company.
pub const CONFIDANT_TOPIC_CONTACT: i32 = 11;

/// What is known about how to serve a customer: a list of conclusions. Immutable, so it may be
/// read from many threads at once.
pub struct confidant_preferences {
    // Views point into these texts, so they are kept, and never changed.
    _preferences: Preferences,
    _hours: Option<String>,
    text: String,
    customer_turns: u32,
    conclusions: Views<confidant_preference>,
    evidence: Vec<Views<confidant_evidence>>,
    statements: Views<confidant_statement>,
}

/// One conclusion and how sure it is; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_preference {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// What it is about, one of `CONFIDANT_PREFERENCE_*`.
    pub kind: i32,
    /// What was concluded; the kind says which constants.
    pub value: i32,
    /// The value in plain words, such as "formal" or "billing".
    pub name: confidant_str,
    /// How sure it is, 0 to 1.
    pub confidence: f64,
    /// How many turns show it, over the whole history.
    pub evidence_turns: u64,
    /// How many places show it in all.
    pub evidence_total: u64,
    /// How many of these `confidant_preferences_evidence` gives: the newest, at most 32.
    pub evidence_count: usize,
    /// The rules that found them.
    pub rules_version: confidant_str,
    /// Of hours the first one in UTC, 0 to 23; else 0.
    pub from_hour: u32,
    /// Of hours the one behind the last, 1 to 24, or less than `from_hour` if they pass midnight;
    /// else 0.
    pub to_hour: u32,
}

/// One place where a rule found what a conclusion rests on; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_evidence {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The turn in which the customer said it.
    pub turn_id: u64,
    /// The name of the rule that fired.
    pub rule: confidant_str,
    /// The first byte in the turn's `said` that it matched, if `has_span`.
    pub start: u64,
    /// The byte after the last one, if `has_span`.
    pub end: u64,
    /// Whether a part of the text is meant; otherwise the whole text counts.
    pub has_span: confidant_flag,
    /// Zero.
    pub reserved: u32,
}

/// Something a customer said about how to be served; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_statement {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The turn in which it was said.
    pub turn_id: u64,
    /// The first byte in the turn's `said`; of a name, of the name alone.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
    /// What is wished, in plain words, such as "no-call".
    pub name: confidant_str,
    /// What is wished, one of `CONFIDANT_WISH_*`.
    pub kind: i32,
    /// Whether it ended: a newer statement took its place, or the customer took it back.
    pub superseded: confidant_flag,
    /// The turn that ended it, if `superseded`.
    pub ended_by: u64,
    /// Of a name the name, of a language its two-letter code; otherwise empty.
    pub value: confidant_str,
}

fn style(style: Style) -> i32 {
    match style {
        Style::Balanced => CONFIDANT_STYLE_BALANCED,
        Style::Formal => CONFIDANT_STYLE_FORMAL,
        Style::Casual => CONFIDANT_STYLE_CASUAL,
        other => unnumbered(other),
    }
}

fn length(length: ResponseLength) -> i32 {
    match length {
        ResponseLength::Medium => CONFIDANT_LENGTH_MEDIUM,
        ResponseLength::Brief => CONFIDANT_LENGTH_BRIEF,
        ResponseLength::Detailed => CONFIDANT_LENGTH_DETAILED,
        other => unnumbered(other),
    }
}

pub(crate) fn topic(topic: Topic) -> i32 {
    match topic {
        Topic::Login => CONFIDANT_TOPIC_LOGIN,
        Topic::Billing => CONFIDANT_TOPIC_BILLING,
        Topic::Technical => CONFIDANT_TOPIC_TECHNICAL,
        Topic::Account => CONFIDANT_TOPIC_ACCOUNT,
        Topic::Order => CONFIDANT_TOPIC_ORDER,
        Topic::Delivery => CONFIDANT_TOPIC_DELIVERY,
        Topic::Returns => CONFIDANT_TOPIC_RETURNS,
        Topic::Product => CONFIDANT_TOPIC_PRODUCT,
        Topic::Feature => CONFIDANT_TOPIC_FEATURE,
        Topic::Feedback => CONFIDANT_TOPIC_FEEDBACK,
        Topic::Contact => CONFIDANT_TOPIC_CONTACT,
        other => unnumbered(other),
    }
}

fn view_preference<T>(
    of: &Preference<T>,
    kind: i32,
    value: i32,
    name: &str,
) -> confidant_preference {
    confidant_preference {
        struct_size: size_of::<confidant_preference>(),
        kind,
        value,
        name: view(name),
        confidence: of.confidence,
        evidence_turns: u64::from(of.evidence_turns),
        evidence_total: of.evidence_total,
        evidence_count: of.evidence.len(),
        rules_version: view(&of.rules_version),
        from_hour: 0,
        to_hour: 0,
    }
}

fn view_statement(of: &Statement) -> confidant_statement {
    confidant_statement {
        struct_size: size_of::<confidant_statement>(),
        turn_id: of.turn.as_u64(),
        start: place(of.span.start),
        end: place(of.span.end),
        name: view(of.kind.name()),
        kind: wish(of.kind),
        superseded: u32::from(!of.is_holding()),
        ended_by: of.ended_by.map_or(0, |turn| turn.as_u64()),
        value: view(of.value.as_deref().unwrap_or_default()),
    }
}

fn view_evidence(evidence: &Evidence) -> confidant_evidence {
    confidant_evidence {
        struct_size: size_of::<confidant_evidence>(),
        turn_id: evidence.turn.as_u64(),
        rule: view(&evidence.rule),
        start: evidence.span.as_ref().map_or(0, |span| place(span.start)),
        end: evidence.span.as_ref().map_or(0, |span| place(span.end)),
        has_span: u32::from(evidence.span.is_some()),
        reserved: 0,
    }
}

/// Conclusions and what shows them, while they are being put in order.
#[derive(Default)]
struct List {
    conclusions: Vec<confidant_preference>,
    evidence: Vec<Views<confidant_evidence>>,
}

impl List {
    /// Adds a conclusion. A short text inside a `Cow` or the list may move with its owner, so views
    /// are made of what lies on the heap or is constant: names, rules and versions are.
    fn push<T>(&mut self, of: &Preference<T>, kind: i32, value: i32, name: &str) {
        self.conclusions.push(view_preference(of, kind, value, name));
        self.evidence.push(Views::of(&of.evidence, view_evidence));
    }
}

impl confidant_preferences {
    pub(crate) fn new(preferences: Preferences) -> confidant_preferences {
        let mut list = List::default();
        if let Some(of) = &preferences.style {
            list.push(of, CONFIDANT_PREFERENCE_STYLE, style(of.value), of.value.name());
        }
        if let Some(of) = &preferences.response_length {
            list.push(of, CONFIDANT_PREFERENCE_LENGTH, length(of.value), of.value.name());
        }
        for of in &preferences.topics {
            list.push(of, CONFIDANT_PREFERENCE_TOPIC, topic(of.value), of.value.name());
        }
        if let Some(of) = &preferences.language {
            list.push(of, CONFIDANT_PREFERENCE_LANGUAGE, 0, &of.value);
        }
        if let Some(of) = &preferences.channel {
            list.push(of, CONFIDANT_PREFERENCE_CHANNEL, of.value.code(), of.value.name());
        }
        let hours =
            preferences.hours.as_ref().map(|of| format!("{:02}-{:02}", of.value.from, of.value.to));
        if let (Some(of), Some(name)) = (&preferences.hours, &hours) {
            list.push(of, CONFIDANT_PREFERENCE_HOURS, 0, name);
            if let Some(view) = list.conclusions.last_mut() {
                (view.from_hour, view.to_hour) = (u32::from(of.value.from), u32::from(of.value.to));
            }
        }
        confidant_preferences {
            text: preferences.to_string(),
            customer_turns: preferences.customer_turns,
            statements: Views::of(&preferences.statements, view_statement),
            _preferences: preferences,
            _hours: hours,
            conclusions: Views(list.conclusions.into()),
            evidence: list.evidence,
        }
    }
}

/// What the customer likes, as far as their own words over the whole history show, with the turns
/// it was learned from. The first call reads the archive once; later ones only what was said since.
///
/// Owned: free `*out` with `confidant_preferences_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// CORRUPT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_preferences(
    memory: *const confidant_memory,
    out: *mut *mut confidant_preferences,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        out.give(confidant_preferences::new(shared(memory, "memory")?.customer().preferences()?))
    })
}

/// Frees preferences. NULL does nothing. Not for those of a reply, which the reply owns.
///
/// Owned: its conclusions and texts are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_free(preferences: *mut confidant_preferences) {
    unsafe { free(preferences) }
}

/// How many conclusions there are: style and length, as far as known, topics, those of most turns
/// first, then language, channel and hours. 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_count(
    preferences: *const confidant_preferences,
) -> usize {
    unsafe { shown_number(preferences, |preferences| preferences.conclusions.0.len()) }
}

/// The conclusion at an index, counted from 0; NULL past the end and for NULL.
///
/// Owned: a view that lives as long as the preferences. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_at(
    preferences: *const confidant_preferences,
    index: usize,
) -> *const confidant_preference {
    unsafe { shown(preferences, |preferences| preferences.conclusions.0.get(index)) }
}

/// The first conclusion of a kind, one of `CONFIDANT_PREFERENCE_*`; NULL if none is known.
///
/// Owned: a view that lives as long as the preferences. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_find(
    preferences: *const confidant_preferences,
    kind: i32,
) -> *const confidant_preference {
    unsafe {
        shown(preferences, |preferences| {
            preferences.conclusions.0.iter().find(|one| one.kind == kind)
        })
    }
}

/// A place that shows the conclusion at `place`, counted from 0, oldest first; NULL past the end.
///
/// Owned: a view that lives as long as the preferences. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_evidence(
    preferences: *const confidant_preferences,
    index: usize,
    evidence: usize,
) -> *const confidant_evidence {
    unsafe { shown(preferences, |preferences| preferences.evidence.get(index)?.0.get(evidence)) }
}

/// How many statements `confidant_preferences_statement` gives; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_statement_count(
    preferences: *const confidant_preferences,
) -> usize {
    unsafe { shown_number(preferences, |preferences| preferences.statements.0.len()) }
}

/// What the customer said about how to be served, counted from 0, oldest first; of those about the
/// same matter the newest holds. NULL past the end and for NULL.
///
/// Owned: a view that lives as long as the preferences. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_statement(
    preferences: *const confidant_preferences,
    index: usize,
) -> *const confidant_statement {
    unsafe { shown(preferences, |preferences| preferences.statements.0.get(index)) }
}

/// How many turns hold words of the customer; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_customer_turns(
    preferences: *const confidant_preferences,
) -> u64 {
    unsafe { shown_number(preferences, |preferences| u64::from(preferences.customer_turns)) }
}

/// All of it in one line for people, as "style formal (5 turns), length medium, topics login".
///
/// Owned: a view that lives as long as the preferences; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_text(
    preferences: *const confidant_preferences,
) -> confidant_str {
    unsafe { shown_text(preferences, |preferences| Some(&preferences.text)) }
}
