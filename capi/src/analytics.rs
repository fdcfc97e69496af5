//! Figures over stored turns.
//!
//! Knows how a figure that may be unknown looks in C.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::guard;
use crate::border::handle::shared;
use crate::border::record::{Record, write};
use crate::border::text::{confidant_flag, confidant_str};
use crate::memory::confidant_memory;
use crate::store::{confidant_store, tenant_of};
use confidant::Summary;

/// What is stored of a tenant or a customer, summed up. Sessions without a turn do not count.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_summary {
    /// `sizeof(confidant_summary)`.
    pub struct_size: usize,
    /// Customers with at least one turn.
    pub customers: u64,
    /// Sessions with at least one turn.
    pub sessions: u64,
    /// Of these, resolved: as said at closing, or else as the newest turn says.
    pub resolved_sessions: u64,
    /// Turns.
    pub turns: u64,
    /// Of these, with an answer.
    pub answered_turns: u64,
    /// Of these, marked as having settled something.
    pub resolved_turns: u64,
    /// The mean of the confidences that were given, 0 to 1, if `has_mean_confidence`.
    pub mean_confidence: f64,
    /// The mean satisfaction over the rated sessions, 1 to 5, if `has_mean_rating`.
    pub mean_rating: f64,
    /// Resolved turns among all turns, in percent; 0 without turns.
    pub resolution_rate_percent: f64,
    /// Resolved sessions among all sessions, in percent; 0 without sessions.
    pub session_resolution_rate_percent: f64,
    /// The mean number of turns of a session; 0 without sessions.
    pub turns_per_session: f64,
    /// Whether `mean_confidence` is known.
    pub has_mean_confidence: confidant_flag,
    /// Whether `mean_rating` is known.
    pub has_mean_rating: confidant_flag,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_summary {}

fn percent(rate: Option<f64>) -> f64 {
    rate.map_or(0.0, |rate| rate * 100.0)
}

fn record(summary: &Summary) -> confidant_summary {
    confidant_summary {
        struct_size: 0,
        customers: summary.customers,
        sessions: summary.sessions,
        resolved_sessions: summary.resolved_sessions,
        turns: summary.turns,
        answered_turns: summary.answered_turns,
        resolved_turns: summary.resolved_turns,
        mean_confidence: summary.mean_confidence.unwrap_or(0.0),
        mean_rating: summary.mean_rating.unwrap_or(0.0),
        resolution_rate_percent: percent(summary.turn_resolution_rate()),
        session_resolution_rate_percent: percent(summary.session_resolution_rate()),
        turns_per_session: summary.turns_per_session().unwrap_or(0.0),
        has_mean_confidence: u32::from(summary.mean_confidence.is_some()),
        has_mean_rating: u32::from(summary.mean_rating.is_some()),
    }
}

/// Sums up all stored turns and sessions of a tenant.
/// Reads every turn of it: about a tenth of a second for 100,000 turns.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_summarize(
    store: *const confidant_store,
    tenant: confidant_str,
    out: *mut confidant_summary,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { write(out, record(&tenant_of(store, tenant)?.analytics().summary()?)) })
}

/// Sums up all stored turns and sessions of a customer.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_summarize(
    memory: *const confidant_memory,
    out: *mut confidant_summary,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let customer = shared(memory, "memory")?.customer();
        write(out, record(&customer.analytics().summary()?))
    })
}
