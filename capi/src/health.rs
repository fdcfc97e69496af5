//! Whether a report's figures are as they should be.
//!
//! Knows that a limit that is not given is the library's own.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::guard;
use crate::border::handle::{Place, free, shared};
use crate::border::record::{Record, read_if_given};
use crate::border::text::{confidant_flag, confidant_str, view};
use crate::border::views::{Views, shown, shown_text};
use crate::report::confidant_analytics_report;
use confidant::{Health, HealthLimits, LimitBreach};
use std::mem::size_of;

/// Where figures begin to worry; rates are 0 to 1. Begin with `CONFIDANT_HEALTH_LIMITS_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_health_limits {
    /// `sizeof(confidant_health_limits)`.
    pub struct_size: usize,
    /// Settled sessions, at least; read if its flag is set, else 0.7.
    pub min_session_resolution_rate: f64,
    /// First contacts that settle the matter, at least; read if its flag is set, else 0.6.
    pub min_first_contact_resolution_rate: f64,
    /// Sessions that come back with the same, at most; read if its flag is set, else 0.2.
    pub max_repeat_rate: f64,
    /// Turns with a reason to escalate, at most; read if its flag is set, else 0.2.
    pub max_escalation_rate: f64,
    /// The mean rating, at least; read if its flag is set, else 3.5.
    pub min_mean_rating: f64,
    /// The mean confidence, at least; read if its flag is set, else 0.6.
    pub min_mean_confidence: f64,
    /// A figure over fewer cases is not judged; read if its flag is set, else 20.
    pub min_cases: u64,
    /// Whether `min_session_resolution_rate` is given.
    pub has_min_session_resolution_rate: confidant_flag,
    /// Whether `min_first_contact_resolution_rate` is given.
    pub has_min_first_contact_resolution_rate: confidant_flag,
    /// Whether `max_repeat_rate` is given.
    pub has_max_repeat_rate: confidant_flag,
    /// Whether `max_escalation_rate` is given.
    pub has_max_escalation_rate: confidant_flag,
    /// Whether `min_mean_rating` is given.
    pub has_min_mean_rating: confidant_flag,
    /// Whether `min_mean_confidence` is given.
    pub has_min_mean_confidence: confidant_flag,
    /// Whether `min_cases` is given.
    pub has_min_cases: confidant_flag,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_health_limits {}

/// What of a report worries. Immutable, so it may be read from many threads at once.
pub struct confidant_health {
    worries: Views<confidant_limit_breach>,
    health: Health,
}

/// A figure that is not as it should be; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_limit_breach {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The figure's name, as "session_resolution_rate".
    pub figure: confidant_str,
    /// What it is.
    pub value: f64,
    /// What it should at least, or at most, be.
    pub limit: f64,
    /// Over how many cases.
    pub cases: u64,
}

fn view_worry(worry: &LimitBreach) -> confidant_limit_breach {
    confidant_limit_breach {
        struct_size: size_of::<confidant_limit_breach>(),
        figure: view(worry.metric),
        value: worry.value,
        limit: worry.limit,
        cases: worry.cases,
    }
}

fn limits(given: &confidant_health_limits) -> HealthLimits {
    let mut limits = HealthLimits::default();
    let rates = [
        (
            given.has_min_session_resolution_rate,
            given.min_session_resolution_rate,
            &mut limits.min_session_resolution_rate,
        ),
        (
            given.has_min_first_contact_resolution_rate,
            given.min_first_contact_resolution_rate,
            &mut limits.min_first_contact_resolution_rate,
        ),
        (given.has_max_repeat_rate, given.max_repeat_rate, &mut limits.max_repeat_rate),
        (given.has_max_escalation_rate, given.max_escalation_rate, &mut limits.max_escalation_rate),
        (given.has_min_mean_rating, given.min_mean_rating, &mut limits.min_mean_rating),
        (given.has_min_mean_confidence, given.min_mean_confidence, &mut limits.min_mean_confidence),
    ];
    for (has, value, limit) in rates {
        if has != 0 {
            *limit = value;
        }
    }
    if given.has_min_cases != 0 {
        limits.min_cases = given.min_cases;
    }
    limits
}

/// Judges the totals of a report by some limits; `limits` may be NULL for the library's own.
///
/// Owned: free `*out` with `confidant_health_free`. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_analytics_report_health(
    report: *const confidant_analytics_report,
    limits: *const confidant_health_limits,
    out: *mut *mut confidant_health,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let report = &shared(report, "report")?.report;
        let limits = read_if_given(limits, "limits")?
            .map_or_else(HealthLimits::default, |given| self::limits(&given));
        let health = report.health(&limits);
        out.give(confidant_health { worries: Views::of(&health.breaches, view_worry), health })
    })
}

/// Frees a judgement. NULL does nothing.
///
/// Owned: its worries are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_health_free(health: *mut confidant_health) {
    unsafe { free(health) }
}

/// A figure out of its limits, counted from 0; NULL past the end and for NULL. None means healthy,
/// as far as can be judged.
///
/// Owned: a view that lives until `confidant_health_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_health_breach(
    health: *const confidant_health,
    index: usize,
) -> *const confidant_limit_breach {
    unsafe { shown(health, |health| health.worries.0.get(index)) }
}

/// The name of a figure that has too few cases to be judged, counted from 0.
///
/// Owned: a view of a constant, good for ever; `{NULL, 0}` past the end and for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_health_unknown(
    health: *const confidant_health,
    index: usize,
) -> confidant_str {
    unsafe { shown_text(health, |health| health.health.unknown.get(index).copied()) }
}
