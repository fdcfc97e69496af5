//! Whether a report keeps within limits.
//!
//! Knows that a metric over few cases says nothing, and does not judge it.

use super::report::AnalyticsReport;
use std::fmt;

/// The limits that a report is judged by; rates are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct HealthLimits {
    /// Least share of resolved sessions.
    pub min_session_resolution_rate: f64,
    /// Least share of first contacts that resolve the matter.
    pub min_first_contact_resolution_rate: f64,
    /// Largest share of sessions on a topic raised before.
    pub max_repeat_rate: f64,
    /// Largest share of turns with a reason to escalate.
    pub max_escalation_rate: f64,
    /// Least mean rating, 1 to 5.
    pub min_mean_rating: f64,
    /// Least mean confidence.
    pub min_mean_confidence: f64,
    /// A metric over fewer cases is not judged.
    pub min_cases: u64,
}

impl Default for HealthLimits {
    /// Defaults: 0.7, 0.6, 0.2, 0.2, 3.5 and 0.6, in the order of the fields; 20 cases.
    fn default() -> HealthLimits {
        HealthLimits {
            min_session_resolution_rate: 0.7,
            min_first_contact_resolution_rate: 0.6,
            max_repeat_rate: 0.2,
            max_escalation_rate: 0.2,
            min_mean_rating: 3.5,
            min_mean_confidence: 0.6,
            min_cases: 20,
        }
    }
}

/// A metric outside its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LimitBreach {
    /// The metric's name, one of [`Metrics::names`](crate::Metrics::names).
    pub metric: &'static str,
    /// Its value.
    pub value: f64,
    /// The limit it breaks.
    pub limit: f64,
    /// How many cases it is over.
    pub cases: u64,
}

impl fmt::Display for LimitBreach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.value < self.limit { "below" } else { "above" };
        write!(
            f,
            "{} is {:.3}, {side} {} (over {})",
            self.metric, self.value, self.limit, self.cases
        )
    }
}

/// The limits that a report breaks.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Health {
    /// The metrics outside their limits.
    pub breaches: Vec<LimitBreach>,
    /// The metrics that have too few cases to be judged.
    pub unknown: Vec<&'static str>,
}

impl Health {
    /// Whether nothing breaches, as far as can be judged.
    pub fn is_healthy(&self) -> bool {
        self.breaches.is_empty()
    }
}

impl AnalyticsReport {
    /// Judges the totals by some limits.
    pub fn health(&self, limits: &HealthLimits) -> Health {
        let totals = &self.totals;
        let at_least = [
            (
                "session_resolution_rate",
                totals.session_resolution_rate(),
                totals.sessions,
                limits.min_session_resolution_rate,
            ),
            (
                "first_contact_resolution_rate",
                totals.first_contact_resolution_rate(),
                totals.first_contacts,
                limits.min_first_contact_resolution_rate,
            ),
            ("mean_rating", totals.mean_rating(), totals.rated_sessions, limits.min_mean_rating),
            (
                "mean_confidence",
                totals.mean_confidence(),
                totals.with_confidence,
                limits.min_mean_confidence,
            ),
        ];
        let at_most = [
            ("repeat_rate", totals.repeat_rate(), totals.sessions, limits.max_repeat_rate),
            ("escalation_rate", totals.escalation_rate(), totals.turns, limits.max_escalation_rate),
        ];
        let mut health = Health { breaches: Vec::new(), unknown: Vec::new() };
        let mut judge =
            |metric, value: Option<f64>, cases: u64, limit: f64, is_floor: bool| match value {
                Some(value) if cases >= limits.min_cases => {
                    if (is_floor && value < limit) || (!is_floor && value > limit) {
                        health.breaches.push(LimitBreach { metric, value, limit, cases });
                    }
                }
                _ => health.unknown.push(metric),
            };
        for (metric, value, cases, limit) in at_least {
            judge(metric, value, cases, limit, true);
        }
        for (metric, value, cases, limit) in at_most {
            judge(metric, value, cases, limit, false);
        }
        health
    }
}
