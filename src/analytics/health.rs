//! Whether the figures are as they should be.
//!
//! Knows that a figure over few cases says nothing, and then stays silent.

use super::report::AnalyticsReport;
use std::fmt;

/// Where figures begin to worry; rates are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct HealthLimits {
    /// Settled sessions, at least.
    pub min_session_resolution_rate: f64,
    /// First contacts that settle the matter, at least.
    pub min_first_contact_resolution_rate: f64,
    /// Sessions that come back with the same, at most.
    pub max_repeat_rate: f64,
    /// Turns with a reason to escalate, at most.
    pub max_escalation_rate: f64,
    /// The mean rating, at least.
    pub min_mean_rating: f64,
    /// The mean confidence, at least.
    pub min_mean_confidence: f64,
    /// A figure over fewer cases is not judged.
    pub min_cases: u64,
}

impl Default for HealthLimits {
    /// 0.7, 0.6, 0.2, 0.2, 3.5, 0.6, from 20 cases on.
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

/// A figure that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Worry {
    /// The figure's name.
    pub figure: &'static str,
    /// What it is.
    pub value: f64,
    /// What it should at least, or at most, be.
    pub limit: f64,
    /// Over how many cases.
    pub cases: u64,
}

impl fmt::Display for Worry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.value < self.limit { "below" } else { "above" };
        write!(
            f,
            "{} is {:.3}, {side} {} (over {})",
            self.figure, self.value, self.limit, self.cases
        )
    }
}

/// What of a report worries.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Health {
    /// The figures out of their limits.
    pub worries: Vec<Worry>,
    /// The figures that have too few cases to be judged.
    pub unknown: Vec<&'static str>,
}

impl Health {
    /// Whether nothing worries, as far as can be judged.
    pub fn is_healthy(&self) -> bool {
        self.worries.is_empty()
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
        let mut health = Health { worries: Vec::new(), unknown: Vec::new() };
        let mut judge =
            |figure, value: Option<f64>, cases: u64, limit: f64, is_floor: bool| match value {
                Some(value) if cases >= limits.min_cases => {
                    if (is_floor && value < limit) || (!is_floor && value > limit) {
                        health.worries.push(Worry { figure, value, limit, cases });
                    }
                }
                _ => health.unknown.push(figure),
            };
        for (figure, value, cases, limit) in at_least {
            judge(figure, value, cases, limit, true);
        }
        for (figure, value, cases, limit) in at_most {
            judge(figure, value, cases, limit, false);
        }
        health
    }
}
