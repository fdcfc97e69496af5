//! The sums of all that is stored of a tenant or a customer.

use super::metrics::ratio;
use super::table::Sums;
use crate::memory::mean_confidence;
use std::fmt;

/// All that is stored, summed up. Sessions without a turn do not count.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Summary {
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
    /// The mean of the confidences that were given, 0 to 1.
    pub mean_confidence: Option<f64>,
    /// The mean satisfaction over the rated sessions, 1 to 5.
    pub mean_rating: Option<f64>,
}

impl Summary {
    pub(super) fn new(sums: &Sums) -> Summary {
        Summary {
            customers: sums.customers,
            sessions: sums.sessions,
            resolved_sessions: sums.resolved_sessions,
            turns: sums.turns,
            answered_turns: sums.answered,
            resolved_turns: sums.resolved,
            mean_confidence: mean_confidence(sums.confidence_sum, sums.with_confidence),
            mean_rating: ratio(sums.rating_sum, sums.rated_sessions),
        }
    }

    /// The share of turns that resolved something, 0 to 1; `None` without turns.
    pub fn turn_resolution_rate(&self) -> Option<f64> {
        ratio(self.resolved_turns, self.turns)
    }

    /// The share of sessions that were resolved, 0 to 1; `None` without sessions.
    pub fn session_resolution_rate(&self) -> Option<f64> {
        ratio(self.resolved_sessions, self.sessions)
    }

    /// The mean number of turns of a session; `None` without sessions.
    pub fn turns_per_session(&self) -> Option<f64> {
        ratio(self.turns, self.sessions)
    }
}

/// One line for people; a dash stands for what is unknown.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: Option<f64>, digits: usize| {
            value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let percent = |rate: Option<f64>| rate.map(|rate| rate * 100.0);
        write!(
            f,
            "{} in {} of {}, {} turns per session; resolved: {} ({} %), {} ({} %); mean confidence {}, mean rating {}",
            counted(self.turns, "turn"),
            counted(self.sessions, "session"),
            counted(self.customers, "customer"),
            shown(self.turns_per_session(), 1),
            counted(self.resolved_turns, "turn"),
            shown(percent(self.turn_resolution_rate()), 1),
            counted(self.resolved_sessions, "session"),
            shown(percent(self.session_resolution_rate()), 1),
            shown(self.mean_confidence, 2),
            shown(self.mean_rating, 1),
        )
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
