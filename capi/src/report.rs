//! A report over a range of time.
//!
//! Knows which of its figures are fields in C; the rest is in its JSON.

use crate::border::error::{confidant_error, confidant_status, null};
use crate::border::guard::{guard, look};
use crate::border::handle::{Place, free, put, shared};
use crate::border::record::{Record, read_if_given};
use crate::border::text::{NO_TEXT, confidant_flag, confidant_str, text, view};
use crate::border::views::{Views, shown, shown_number, shown_text};
use crate::memory::confidant_memory;
use crate::store::{confidant_store, tenant_of};
use confidant::{
    AnalyticsReport, ConversationAnalytics, KnowledgeUsage, Metrics, Result, Timestamp,
};
use std::mem::size_of;
use std::sync::OnceLock;

/// Turns by how they sound: "negative", "neutral", "positive".
pub const CONFIDANT_COUNTS_SENTIMENT: i32 = 1;
/// Turns by what they are mostly about, as "billing".
pub const CONFIDANT_COUNTS_TOPIC: i32 = 2;
/// Turns by the reason to escalate, as "legal"; one turn may have several.
pub const CONFIDANT_COUNTS_ESCALATION: i32 = 3;
/// Customers by tier, as hosts noted it (`tier` in a turn's metadata).
pub const CONFIDANT_COUNTS_TIER: i32 = 4;
/// Customers by where their mood goes: "improving", "declining", "stable", "unknown".
pub const CONFIDANT_COUNTS_TREND: i32 = 5;
/// What a tenant's articles were used for, ever: "articles", "used_articles", "uses", "helped";
/// none in the report of one customer.
pub const CONFIDANT_COUNTS_KNOWLEDGE: i32 = 6;

/// A range of time. Begin with `CONFIDANT_RANGE_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_range {
    /// `sizeof(confidant_range)`.
    pub struct_size: usize,
    /// The first moment, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// The moment behind the last one.
    pub to_ms: i64,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_range {}

/// A report over a range of time, derived from stored turns and sessions. Immutable, so it may be
/// read from many threads at once.
pub struct confidant_analytics_report {
    pub(crate) report: AnalyticsReport,
    totals: Views<confidant_figures>,
    days: Views<confidant_figures>,
    /// What the days' views show.
    _day_names: Box<[String]>,
    counts: [Views<confidant_label_count>; 6],
    resolvers: Views<confidant_resolver>,
    json: OnceLock<String>,
    prometheus: OnceLock<String>,
}

/// Counts and rates over a range, or over one day of it; a view. A rate is unknown where there is
/// nothing to divide by.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_figures {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The day in UTC, as "2026-11-21"; a NULL pointer for the whole range.
    pub day: confidant_str,
    /// Customers with a turn.
    pub customers: u64,
    /// Turns.
    pub turns: u64,
    /// Turns with an answer.
    pub answered_turns: u64,
    /// Turns that settled something.
    pub resolved_turns: u64,
    /// Sessions with a turn; they count where their first turn of the range lies.
    pub sessions: u64,
    /// Of these, settled.
    pub resolved_sessions: u64,
    /// Of these, closed.
    pub closed_sessions: u64,
    /// Sessions about something that the customer had not come with in the seven days before.
    pub first_contacts: u64,
    /// Of these, settled, with no session about the same within seven days after.
    pub first_contact_resolved: u64,
    /// Sessions with a rating.
    pub rated_sessions: u64,
    /// Turns of a frustrated or angry customer.
    pub upset_turns: u64,
    /// Turns with a reason to escalate.
    pub escalated_turns: u64,
    /// What the turns cost in nano-dollars, as far as hosts noted it (`cost_nano` in a turn's
    /// metadata).
    pub cost_nano: u64,
    /// Turns with a noted cost.
    pub costed_turns: u64,
    /// Settled turns among all, 0 to 1, if `has_turn_resolution_rate`.
    pub turn_resolution_rate: f64,
    /// Settled sessions among all, 0 to 1, if `has_session_resolution_rate`.
    pub session_resolution_rate: f64,
    /// First contacts that settled the matter, 0 to 1, if `has_first_contact_resolution_rate`.
    pub first_contact_resolution_rate: f64,
    /// Sessions about what the customer had come with in the seven days before, 0 to 1, if
    /// `has_repeat_rate`.
    pub repeat_rate: f64,
    /// Turns with a reason to escalate among all, 0 to 1, if `has_escalation_rate`.
    pub escalation_rate: f64,
    /// The mean time from a session's first turn to the answer that settled it, in milliseconds, if
    /// `has_mean_resolution_ms`.
    pub mean_resolution_ms: f64,
    /// The same over the sessions of customers who came for the first time, of whom nothing was
    /// remembered, if `has_mean_first_resolution_ms`.
    pub mean_first_resolution_ms: f64,
    /// The same over all other sessions, of customers who were known, if
    /// `has_mean_later_resolution_ms`.
    pub mean_later_resolution_ms: f64,
    /// Closed sessions among all, 0 to 1, if `has_closed_session_rate`.
    pub closed_session_rate: f64,
    /// What a session costs on average, in nano-dollars, as far as hosts noted what turns cost, if
    /// `has_mean_session_cost_nano`.
    pub mean_session_cost_nano: f64,
    /// The mean of the confidences that were given, 0 to 1, if `has_mean_confidence`.
    pub mean_confidence: f64,
    /// The mean satisfaction over the rated sessions, 1 to 5, if `has_mean_rating`.
    pub mean_rating: f64,
    /// The mean polarity of what customers said, -1 to 1, if `has_mean_polarity`.
    pub mean_polarity: f64,
    /// Whether `turn_resolution_rate` is known.
    pub has_turn_resolution_rate: confidant_flag,
    /// Whether `session_resolution_rate` is known.
    pub has_session_resolution_rate: confidant_flag,
    /// Whether `first_contact_resolution_rate` is known.
    pub has_first_contact_resolution_rate: confidant_flag,
    /// Whether `repeat_rate` is known.
    pub has_repeat_rate: confidant_flag,
    /// Whether `escalation_rate` is known.
    pub has_escalation_rate: confidant_flag,
    /// Whether `mean_resolution_ms` is known.
    pub has_mean_resolution_ms: confidant_flag,
    /// Whether `mean_first_resolution_ms` is known.
    pub has_mean_first_resolution_ms: confidant_flag,
    /// Whether `mean_later_resolution_ms` is known.
    pub has_mean_later_resolution_ms: confidant_flag,
    /// Whether `closed_session_rate` is known.
    pub has_closed_session_rate: confidant_flag,
    /// Whether `mean_session_cost_nano` is known.
    pub has_mean_session_cost_nano: confidant_flag,
    /// Whether `mean_confidence` is known.
    pub has_mean_confidence: confidant_flag,
    /// Whether `mean_rating` is known.
    pub has_mean_rating: confidant_flag,
    /// Whether `mean_polarity` is known.
    pub has_mean_polarity: confidant_flag,
    /// Zero.
    pub reserved: u32,
}

/// How many turns or customers a name has; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_label_count {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The name, such as "billing".
    pub name: confidant_str,
    /// How many.
    pub count: u64,
}

/// Who settled something, what it was about, and how often; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_resolver {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The answers' author (`answered_by` of the turns); a NULL pointer if the host named none.
    pub agent: confidant_str,
    /// What the settled turns are about, such as "billing": each turn itself, or else the newest
    /// one before it in its session that is about something; a NULL pointer if none is.
    pub topic: confidant_str,
    /// How many turns.
    pub count: u64,
}

/// A rate and whether it is known.
fn rate(rate: Option<f64>) -> (f64, confidant_flag) {
    (rate.unwrap_or(0.0), u32::from(rate.is_some()))
}

fn view_figures(of: &Metrics, day: confidant_str) -> confidant_figures {
    let (turn_resolution_rate, has_turn_resolution_rate) = rate(of.turn_resolution_rate());
    let (session_resolution_rate, has_session_resolution_rate) = rate(of.session_resolution_rate());
    let (first_contact_resolution_rate, has_first_contact_resolution_rate) =
        rate(of.first_contact_resolution_rate());
    let (repeat_rate, has_repeat_rate) = rate(of.repeat_rate());
    let (escalation_rate, has_escalation_rate) = rate(of.escalation_rate());
    let (mean_resolution_ms, has_mean_resolution_ms) = rate(of.mean_resolution_ms());
    let (mean_first_resolution_ms, has_mean_first_resolution_ms) =
        rate(of.mean_first_resolution_ms());
    let (mean_later_resolution_ms, has_mean_later_resolution_ms) =
        rate(of.mean_later_resolution_ms());
    let (closed_session_rate, has_closed_session_rate) = rate(of.closed_session_rate());
    let (mean_session_cost_nano, has_mean_session_cost_nano) = rate(of.mean_session_cost_nano());
    let (mean_confidence, has_mean_confidence) = rate(of.mean_confidence());
    let (mean_rating, has_mean_rating) = rate(of.mean_rating());
    let (mean_polarity, has_mean_polarity) = rate(of.mean_polarity());
    confidant_figures {
        struct_size: size_of::<confidant_figures>(),
        day,
        customers: of.customers,
        turns: of.turns,
        answered_turns: of.answered_turns,
        resolved_turns: of.resolved_turns,
        sessions: of.sessions,
        resolved_sessions: of.resolved_sessions,
        closed_sessions: of.closed_sessions,
        first_contacts: of.first_contacts,
        first_contact_resolved: of.first_contact_resolved,
        rated_sessions: of.rated_sessions,
        upset_turns: of.upset_turns,
        escalated_turns: of.escalated_turns,
        cost_nano: of.cost_nano,
        costed_turns: of.costed_turns,
        turn_resolution_rate,
        session_resolution_rate,
        first_contact_resolution_rate,
        repeat_rate,
        escalation_rate,
        mean_resolution_ms,
        mean_first_resolution_ms,
        mean_later_resolution_ms,
        closed_session_rate,
        mean_session_cost_nano,
        mean_confidence,
        mean_rating,
        mean_polarity,
        has_turn_resolution_rate,
        has_session_resolution_rate,
        has_first_contact_resolution_rate,
        has_repeat_rate,
        has_escalation_rate,
        has_mean_resolution_ms,
        has_mean_first_resolution_ms,
        has_mean_later_resolution_ms,
        has_closed_session_rate,
        has_mean_session_cost_nano,
        has_mean_confidence,
        has_mean_rating,
        has_mean_polarity,
        reserved: 0,
    }
}

fn counts<'n>(of: impl Iterator<Item = (&'n str, u64)>) -> Views<confidant_label_count> {
    let struct_size = size_of::<confidant_label_count>();
    Views::of(of, |(name, count)| confidant_label_count { struct_size, name: view(name), count })
}

fn resolvers(of: &Metrics) -> Views<confidant_resolver> {
    Views::of(&of.resolved_by, |(by, count)| confidant_resolver {
        struct_size: size_of::<confidant_resolver>(),
        agent: by.agent.as_deref().map_or(NO_TEXT, view),
        topic: by.topic.map_or(NO_TEXT, |topic| view(topic.name())),
        count: *count,
    })
}

impl confidant_analytics_report {
    fn new(
        analytics: ConversationAnalytics,
        range: Option<confidant_range>,
    ) -> Result<confidant_analytics_report> {
        let analytics = range.into_iter().fold(analytics, |analytics, range| {
            analytics
                .between(Timestamp::from_millis(range.from_ms), Timestamp::from_millis(range.to_ms))
        });
        let report = analytics.report()?;
        let totals = &report.totals;
        let day_names: Box<[String]> = report.days.keys().map(ToString::to_string).collect();
        Ok(confidant_analytics_report {
            totals: Views(Box::from([view_figures(totals, NO_TEXT)])),
            days: Views::of(report.days.values().zip(&day_names), |(metrics, day)| {
                view_figures(metrics, view(day))
            }),
            _day_names: day_names,
            counts: [
                counts(totals.sentiments.iter().map(|(of, count)| (of.name(), *count))),
                counts(totals.topics.iter().map(|(of, count)| (of.name(), *count))),
                counts(totals.escalations.iter().map(|(of, count)| (of.name(), *count))),
                counts(report.tiers.iter().map(|(of, count)| (of.as_str(), *count))),
                counts(report.trends.iter().map(|(of, count)| (of.name(), *count))),
                counts(report.knowledge.iter().flat_map(KnowledgeUsage::named)),
            ],
            resolvers: resolvers(totals),
            json: OnceLock::new(),
            prometheus: OnceLock::new(),
            report,
        })
    }

    fn counts(&self, what: i32) -> Option<&Views<confidant_label_count>> {
        self.counts.get(usize::try_from(what).ok()?.checked_sub(1)?)
    }
}

/// Everything that can be told of a tenant's turns in a range, with its days. `range` may be NULL for all turns. Reads every turn of it and what it
/// says.
///
/// Owned: free `*out` with `confidant_analytics_report_free`. Threads: any. Fails:
/// INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_report(
    store: *const confidant_store,
    tenant: confidant_str,
    range: *const confidant_range,
    out: *mut *mut confidant_analytics_report,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let tenant = tenant_of(store, tenant)?;
        out.give(confidant_analytics_report::new(
            tenant.analytics(),
            read_if_given(range, "range")?,
        )?)
    })
}

/// Everything that can be told of a customer's turns in a range, with its days. `range` may be NULL
/// for all turns.
///
/// Owned: free `*out` with `confidant_analytics_report_free`. Threads: any. Fails:
/// INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_report(
    memory: *const confidant_memory,
    range: *const confidant_range,
    out: *mut *mut confidant_analytics_report,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let customer = crate::border::handle::shared(memory, "memory")?.customer();
        out.give(confidant_analytics_report::new(
            customer.analytics(),
            read_if_given(range, "range")?,
        )?)
    })
}

/// Frees a report. NULL does nothing.
///
/// Owned: its figures and texts are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_analytics_report_free(report: *mut confidant_analytics_report) {
    unsafe { free(report) }
}

/// The figures over the whole range; NULL for NULL.
///
/// Owned: a view that lives until `confidant_analytics_report_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_analytics_report_totals(
    report: *const confidant_analytics_report,
) -> *const confidant_figures {
    unsafe { shown(report, |report| report.totals.0.first()) }
}

/// The figures of a day, counted from 0, oldest first, days without a turn left out; NULL past the
/// end and for NULL.
///
/// Owned: a view that lives until `confidant_analytics_report_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_analytics_report_day(
    report: *const confidant_analytics_report,
    index: usize,
) -> *const confidant_figures {
    unsafe { shown(report, |report| report.days.0.get(index)) }
}

/// A metric of the whole range by its name, such as "repeat_rate": a count, or a rate that is
/// unknown where there is nothing to divide by. `*is_known` says which; `*out` is written only if
/// it is known.
///
/// Owned: `out` and `is_known` are the caller's. Threads: any. Fails: INVALID_ARGUMENT (also if no
/// metric has that name).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_analytics_report_metric(
    report: *const confidant_analytics_report,
    metric: confidant_str,
    out: *mut f64,
    is_known: *mut confidant_flag,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        if out.is_null() || is_known.is_null() {
            return Err(null(if out.is_null() { "out" } else { "is_known" }));
        }
        let value = shared(report, "report")?.report.metric(text(metric, "metric")?)?;
        if let Some(value) = value {
            put(out, value)?;
        }
        put(is_known, u32::from(value.is_some()))
    })
}

/// The name of a metric that reports of this library have, counted from 0.
///
/// Owned: a view of a constant, good for ever; `{NULL, 0}` past the end. Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn confidant_analytics_report_metric_name(index: usize) -> confidant_str {
    look(NO_TEXT, || AnalyticsReport::metric_names().nth(index).map_or(NO_TEXT, view))
}

/// A name and its count over the whole range, counted from 0, of one of `CONFIDANT_COUNTS_*`; NULL
/// past the end, for another number, and for NULL. The counts of a day are in the JSON.
///
/// Owned: a view that lives until `confidant_analytics_report_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_analytics_report_counted(
    report: *const confidant_analytics_report,
    what: i32,
    index: usize,
) -> *const confidant_label_count {
    unsafe { shown(report, |report| report.counts(what)?.0.get(index)) }
}

/// Who settled how many turns of the whole range about what, counted from 0, in the order of the
/// agents' names; NULL past the end and for NULL.
///
/// Owned: a view that lives until `confidant_analytics_report_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_analytics_report_resolver(
    report: *const confidant_analytics_report,
    index: usize,
) -> *const confidant_resolver {
    unsafe { shown(report, |report| report.resolvers.0.get(index)) }
}

/// Sessions of the range that are still open; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_analytics_report_active_sessions(
    report: *const confidant_analytics_report,
) -> u64 {
    unsafe { shown_number(report, |report| report.report.active_sessions) }
}

/// The whole report as a JSON object; unknown figures are `null`.
///
/// Owned: a view that lives until `confidant_analytics_report_free`; `{NULL, 0}` for NULL. Threads:
/// any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_analytics_report_json(
    report: *const confidant_analytics_report,
) -> confidant_str {
    unsafe {
        shown_text(report, |report| Some(report.json.get_or_init(|| report.report.to_json())))
    }
}

/// The totals in the text format of Prometheus; unknown figures are left out.
///
/// Owned: a view that lives until `confidant_analytics_report_free`; `{NULL, 0}` for NULL. Threads:
/// any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_analytics_report_prometheus(
    report: *const confidant_analytics_report,
) -> confidant_str {
    unsafe {
        shown_text(report, |report| {
            Some(report.prometheus.get_or_init(|| report.report.to_prometheus()))
        })
    }
}
