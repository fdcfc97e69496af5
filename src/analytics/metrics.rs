//! What is counted over turns and sessions, and the rates that follow.
//!
//! Knows every metric by its name, so that exports, health checks and other languages need no
//! list of their own.

use crate::error::{Result, invalid};
use crate::memory::mean_confidence;
use crate::signals::{EscalationReason, Sentiment, Topic};
use std::collections::BTreeMap;

/// Who resolved something, and what it was about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct ResolvedBy {
    /// The answer's author (`answered_by` of the turn); `None` if the host named none.
    pub agent: Option<String>,
    /// The main topic of the resolved turn or, if it has none, of the newest turn before it in
    /// its session that has one; `None` if no turn has.
    pub topic: Option<Topic>,
}

/// Counts over a range of time or over one day, and the rates that follow from them.
///
/// Sessions count where their first turn of the range lies. Rates are `None` where there is
/// nothing to divide by.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
/// use confidant::{Metrics, NewTurn};
/// memory.customer("alice")?.memory().save_turn(NewTurn::said("Hi").answered("Hello").resolved(true))?;
/// let totals = memory.tenant("default")?.analytics().report()?.totals;
/// assert_eq!(totals.turn_resolution_rate(), Some(1.0));
/// for name in Metrics::names() {
///     println!("{name}: {:?}", totals.metric(name)?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// Customers with a turn.
    pub customers: u64,
    /// Turns.
    pub turns: u64,
    /// Turns with an answer.
    pub answered_turns: u64,
    /// Turns that resolved something.
    pub resolved_turns: u64,
    /// Resolved turns by who answered and by topic.
    pub resolved_by: BTreeMap<ResolvedBy, u64>,
    /// Sessions with a turn.
    pub sessions: u64,
    /// Of these, resolved.
    pub resolved_sessions: u64,
    /// Of these, closed.
    pub closed_sessions: u64,
    /// Sessions on a topic the customer had not raised in the previous seven days.
    pub first_contacts: u64,
    /// Of these, resolved, with no session on the same topic in the seven days after.
    pub first_contact_resolved: u64,
    /// Sessions with a rating.
    pub rated_sessions: u64,
    /// Turns by sentiment.
    pub sentiments: BTreeMap<Sentiment, u64>,
    /// Turns of a frustrated or angry customer.
    pub upset_turns: u64,
    /// Turns by main topic.
    pub topics: BTreeMap<Topic, u64>,
    /// Turns by reason to escalate; one turn may have several.
    pub escalations: BTreeMap<EscalationReason, u64>,
    /// Turns with a reason to escalate.
    pub escalated_turns: u64,
    /// What the turns cost in nano-dollars, where the host noted it (`cost_nano` in a turn's
    /// metadata).
    pub cost_nano: u64,
    /// Turns with a noted cost.
    pub costed_turns: u64,
    pub(super) rating_sum: u64,
    pub(super) with_confidence: u64,
    pub(super) confidence_millionths: u64,
    pub(super) resolution_ms: u64,
    pub(super) timed_sessions: u64,
    /// The same two for customers who had no session before.
    pub(super) first_resolution_ms: u64,
    pub(super) first_timed_sessions: u64,
    pub(super) polarity_thousandths: i64,
    pub(super) said_turns: u64,
}

impl Metrics {
    /// The names of all metrics, in the order in which reports show them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        METRICS.iter().map(|metric| metric.name)
    }

    /// The metric of a name, a count or a rate; `None` where a rate has nothing to divide by.
    ///
    /// # Errors
    /// `InvalidArgument` if there is no metric of that name.
    pub fn metric(&self, name: &str) -> Result<Option<f64>> {
        let metric = METRICS.iter().find(|metric| metric.name == name);
        let metric = metric.ok_or_else(|| unknown_metric(name))?;
        Ok(match metric.value {
            MetricValue::Count(count) => Some(wide(count(self))),
            MetricValue::Rate(rate) => rate(self),
        })
    }

    /// The share of turns that resolved something, 0 to 1.
    pub fn turn_resolution_rate(&self) -> Option<f64> {
        ratio(self.resolved_turns, self.turns)
    }

    /// The share of sessions that were resolved, 0 to 1.
    pub fn session_resolution_rate(&self) -> Option<f64> {
        ratio(self.resolved_sessions, self.sessions)
    }

    /// The share of first contacts that resolved the matter, 0 to 1.
    pub fn first_contact_resolution_rate(&self) -> Option<f64> {
        ratio(self.first_contact_resolved, self.first_contacts)
    }

    /// The share of sessions on a topic the customer had raised in the previous seven days, 0
    /// to 1.
    pub fn repeat_rate(&self) -> Option<f64> {
        ratio(self.sessions.saturating_sub(self.first_contacts), self.sessions)
    }

    /// The mean time from a session's first turn to the answer that resolved it, in milliseconds.
    pub fn mean_resolution_ms(&self) -> Option<f64> {
        ratio(self.resolution_ms, self.timed_sessions)
    }

    /// The same over first sessions only, when nothing was remembered of the customer yet.
    pub fn mean_first_resolution_ms(&self) -> Option<f64> {
        ratio(self.first_resolution_ms, self.first_timed_sessions)
    }

    /// The same over all later sessions, of customers who were known.
    pub fn mean_later_resolution_ms(&self) -> Option<f64> {
        ratio(
            self.resolution_ms - self.first_resolution_ms,
            self.timed_sessions - self.first_timed_sessions,
        )
    }

    /// The share of sessions that were closed, 0 to 1.
    pub fn closed_session_rate(&self) -> Option<f64> {
        ratio(self.closed_sessions, self.sessions)
    }

    /// The mean cost of a session in nano-dollars, from the costs that the host noted.
    pub fn mean_session_cost_nano(&self) -> Option<f64> {
        ratio(self.cost_nano, self.sessions).filter(|_| self.costed_turns > 0)
    }

    /// The mean of the confidences that were given, 0 to 1.
    pub fn mean_confidence(&self) -> Option<f64> {
        mean_confidence(self.confidence_millionths, self.with_confidence)
    }

    /// The mean satisfaction over the rated sessions, 1 to 5.
    pub fn mean_rating(&self) -> Option<f64> {
        ratio(self.rating_sum, self.rated_sessions)
    }

    /// The mean polarity of what customers said, -1 to 1.
    pub fn mean_polarity(&self) -> Option<f64> {
        let size = ratio(self.polarity_thousandths.unsigned_abs(), self.said_turns)? / 1000.0;
        Some(if self.polarity_thousandths < 0 { -size } else { size })
    }

    /// The share of turns with a reason to escalate, 0 to 1.
    pub fn escalation_rate(&self) -> Option<f64> {
        ratio(self.escalated_turns, self.turns)
    }
}

/// A metric of a report.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) value: MetricValue,
}

/// How a metric is read.
pub(super) enum MetricValue {
    Count(fn(&Metrics) -> u64),
    Rate(fn(&Metrics) -> Option<f64>),
}

const fn count(name: &'static str, of: fn(&Metrics) -> u64) -> Metric {
    Metric { name, value: MetricValue::Count(of) }
}

const fn rate(name: &'static str, of: fn(&Metrics) -> Option<f64>) -> Metric {
    Metric { name, value: MetricValue::Rate(of) }
}

/// Every metric: a new one is one line here, for all exports and all languages.
pub(super) static METRICS: [Metric; 27] = [
    count("customers", |of| of.customers),
    count("turns", |of| of.turns),
    count("answered_turns", |of| of.answered_turns),
    count("resolved_turns", |of| of.resolved_turns),
    count("sessions", |of| of.sessions),
    count("resolved_sessions", |of| of.resolved_sessions),
    count("closed_sessions", |of| of.closed_sessions),
    count("first_contacts", |of| of.first_contacts),
    count("first_contact_resolved", |of| of.first_contact_resolved),
    count("rated_sessions", |of| of.rated_sessions),
    count("upset_turns", |of| of.upset_turns),
    count("escalated_turns", |of| of.escalated_turns),
    count("cost_nano", |of| of.cost_nano),
    count("costed_turns", |of| of.costed_turns),
    rate("turn_resolution_rate", Metrics::turn_resolution_rate),
    rate("session_resolution_rate", Metrics::session_resolution_rate),
    rate("first_contact_resolution_rate", Metrics::first_contact_resolution_rate),
    rate("repeat_rate", Metrics::repeat_rate),
    rate("mean_resolution_ms", Metrics::mean_resolution_ms),
    rate("mean_first_resolution_ms", Metrics::mean_first_resolution_ms),
    rate("mean_later_resolution_ms", Metrics::mean_later_resolution_ms),
    rate("closed_session_rate", Metrics::closed_session_rate),
    rate("mean_session_cost_nano", Metrics::mean_session_cost_nano),
    rate("mean_confidence", Metrics::mean_confidence),
    rate("mean_rating", Metrics::mean_rating),
    rate("mean_polarity", Metrics::mean_polarity),
    rate("escalation_rate", Metrics::escalation_rate),
];

pub(super) fn unknown_metric(name: &str) -> crate::error::Error {
    invalid(format!("there is no metric named {name:?}"))
}

/// The share of a part in a whole; `None` of nothing.
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| wide(part) / wide(whole))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "counts stay far below 2^53"
)]
pub(super) fn wide(count: u64) -> f64 {
    count as f64
}
