//! What a customer likes, with the turns that show it.
//!
//! Knows how conclusions of several kinds become one list for C, and the numbers of their
//! values.

use super::error::{confidant_error, confidant_status};
use super::guard::{guard, look};
use super::handle::{Place, free, shared};
use super::list::{Views, pointer};
use super::memory::confidant_memory;
use super::text::{NO_TEXT, confidant_flag, confidant_str, view};
use crate::{Evidence, Preference, Preferences, ResponseLength, Style, Topic};
use std::mem::size_of;

/// The conclusion is about style; its value is one of `CONFIDANT_STYLE_*`.
pub const CONFIDANT_PREFERENCE_STYLE: i32 = 1;
/// The conclusion is about the length of answers; its value is one of `CONFIDANT_LENGTH_*`.
pub const CONFIDANT_PREFERENCE_LENGTH: i32 = 2;
/// The conclusion is about what the customer asks about; its value is one of `CONFIDANT_TOPIC_*`.
pub const CONFIDANT_PREFERENCE_TOPIC: i32 = 3;

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
    text: String,
    customer_turns: u32,
    conclusions: Views<confidant_preference>,
    evidence: Vec<Views<confidant_evidence>>,
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

fn style(style: Style) -> i32 {
    match style {
        Style::Balanced => CONFIDANT_STYLE_BALANCED,
        Style::Formal => CONFIDANT_STYLE_FORMAL,
        Style::Casual => CONFIDANT_STYLE_CASUAL,
    }
}

fn length(length: ResponseLength) -> i32 {
    match length {
        ResponseLength::Medium => CONFIDANT_LENGTH_MEDIUM,
        ResponseLength::Brief => CONFIDANT_LENGTH_BRIEF,
        ResponseLength::Detailed => CONFIDANT_LENGTH_DETAILED,
    }
}

fn topic(topic: Topic) -> i32 {
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
    }
}

fn view_preference<T>(of: &Preference<T>, kind: i32, value: i32, name: &'static str) -> confidant_preference {
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
    }
}

fn view_evidence(of: &[Evidence]) -> Views<confidant_evidence> {
    let bytes = |place: usize| u64::try_from(place).unwrap_or(u64::MAX);
    let one = |evidence: &Evidence| confidant_evidence {
        struct_size: size_of::<confidant_evidence>(),
        turn_id: evidence.turn.as_u64(),
        rule: view(&evidence.rule),
        start: evidence.span.as_ref().map_or(0, |span| bytes(span.start)),
        end: evidence.span.as_ref().map_or(0, |span| bytes(span.end)),
        has_span: u32::from(evidence.span.is_some()),
        reserved: 0,
    };
    Views(of.iter().map(one).collect())
}

impl confidant_preferences {
    pub(super) fn new(preferences: Preferences) -> confidant_preferences {
        let mut conclusions = Vec::new();
        let mut evidence = Vec::new();
        // A short text inside a `Cow` or the list may move with its owner, so views are made of
        // what lies on the heap or is constant: names, rules and versions are.
        if let Some(of) = &preferences.style {
            conclusions.push(view_preference(of, CONFIDANT_PREFERENCE_STYLE, style(of.value), of.value.name()));
            evidence.push(view_evidence(&of.evidence));
        }
        if let Some(of) = &preferences.response_length {
            conclusions.push(view_preference(of, CONFIDANT_PREFERENCE_LENGTH, length(of.value), of.value.name()));
            evidence.push(view_evidence(&of.evidence));
        }
        for of in &preferences.topics {
            conclusions.push(view_preference(of, CONFIDANT_PREFERENCE_TOPIC, topic(of.value), of.value.name()));
            evidence.push(view_evidence(&of.evidence));
        }
        confidant_preferences {
            text: preferences.to_string(),
            customer_turns: preferences.customer_turns,
            _preferences: preferences,
            conclusions: Views(conclusions.into()),
            evidence,
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

/// How many conclusions there are: style and length, as far as known, then topics, those of most
/// turns first. 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_count(preferences: *const confidant_preferences) -> usize {
    look(0, || unsafe { preferences.as_ref() }.map_or(0, |preferences| preferences.conclusions.0.len()))
}

/// The conclusion at a place, counted from 0; NULL past the end and for NULL.
///
/// Owned: a view that lives as long as the preferences. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_at(
    preferences: *const confidant_preferences,
    place: usize,
) -> *const confidant_preference {
    look(std::ptr::null(), || {
        pointer(unsafe { preferences.as_ref() }.and_then(|preferences| preferences.conclusions.0.get(place)))
    })
}

/// The first conclusion of a kind, one of `CONFIDANT_PREFERENCE_*`; NULL if none is known.
///
/// Owned: a view that lives as long as the preferences. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_find(
    preferences: *const confidant_preferences,
    kind: i32,
) -> *const confidant_preference {
    look(std::ptr::null(), || {
        let preferences = unsafe { preferences.as_ref() };
        pointer(preferences.and_then(|preferences| preferences.conclusions.0.iter().find(|one| one.kind == kind)))
    })
}

/// A place that shows the conclusion at `place`, counted from 0, oldest first; NULL past the end.
///
/// Owned: a view that lives as long as the preferences. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_evidence(
    preferences: *const confidant_preferences,
    place: usize,
    evidence: usize,
) -> *const confidant_evidence {
    look(std::ptr::null(), || {
        let preferences = unsafe { preferences.as_ref() };
        let shown = preferences.and_then(|preferences| preferences.evidence.get(place));
        pointer(shown.and_then(|shown| shown.0.get(evidence)))
    })
}

/// How many turns hold words of the customer; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_customer_turns(preferences: *const confidant_preferences) -> u64 {
    look(0, || unsafe { preferences.as_ref() }.map_or(0, |preferences| u64::from(preferences.customer_turns)))
}

/// All of it in one line for people, as "style formal (5 turns), length medium, topics login".
///
/// Owned: a view that lives as long as the preferences; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_preferences_text(preferences: *const confidant_preferences) -> confidant_str {
    look(NO_TEXT, || unsafe { preferences.as_ref() }.map_or(NO_TEXT, |preferences| view(&preferences.text)))
}
