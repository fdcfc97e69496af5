//! What is counted over turns and sessions, and the rates that follow.

use crate::memory::mean_confidence;
use crate::signals::{EscalationReason, Sentiment, Topic};
use std::collections::BTreeMap;

/// Who settled something, and what it was about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Resolver {
    /// The answer's author (`answered_by` of the turn); `None` if the host named none.
    pub agent: Option<String>,
    /// What the settled turn is mostly about, or else the newest turn before it in its session that
    /// is about something; `None` if none is.
    pub topic: Option<Topic>,
}

/// Counts over a range of time, for all of it or for one day.
///
/// Sessions count where their first turn of the range lies. Rates are `None` where there is
/// nothing to divide by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Figures {
    /// Customers with a turn.
    pub customers: u64,
    /// Turns.
    pub turns: u64,
    /// Turns with an answer.
    pub answered_turns: u64,
    /// Turns that settled something.
    pub resolved_turns: u64,
    /// Turns that settled something by who answered and what they are about.
    pub resolved_by: BTreeMap<Resolver, u64>,
    /// Sessions with a turn.
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
    /// Turns by how they sound.
    pub sentiments: BTreeMap<Sentiment, u64>,
    /// Turns of a frustrated or angry customer.
    pub upset_turns: u64,
    /// Turns by what they are mostly about.
    pub topics: BTreeMap<Topic, u64>,
    /// Turns by the reason to escalate; one turn may have several.
    pub escalations: BTreeMap<EscalationReason, u64>,
    /// Turns with a reason to escalate.
    pub escalated_turns: u64,
    /// What the turns cost, as far as hosts noted it (`cost_nano` in a turn's metadata).
    pub cost_nano: u64,
    /// Turns with a noted cost.
    pub costed_turns: u64,
    pub(super) rating_sum: u64,
    pub(super) with_confidence: u64,
    pub(super) confidence_millionths: u64,
    pub(super) resolution_ms: u64,
    pub(super) timed_sessions: u64,
    /// Of both, those of customers who had no session before.
    pub(super) first_resolution_ms: u64,
    pub(super) first_timed_sessions: u64,
    pub(super) polarity_thousandths: i64,
    pub(super) said_turns: u64,
}

impl Figures {
    /// Settled turns among all, 0 to 1.
    pub fn turn_resolution_rate(&self) -> Option<f64> {
        ratio(self.resolved_turns, self.turns)
    }

    /// Settled sessions among all, 0 to 1.
    pub fn session_resolution_rate(&self) -> Option<f64> {
        ratio(self.resolved_sessions, self.sessions)
    }

    /// First contacts that settled the matter, 0 to 1.
    pub fn first_contact_resolution_rate(&self) -> Option<f64> {
        ratio(self.first_contact_resolved, self.first_contacts)
    }

    /// Sessions about what the customer had come with in the seven days before, 0 to 1.
    pub fn repeat_rate(&self) -> Option<f64> {
        ratio(self.sessions.saturating_sub(self.first_contacts), self.sessions)
    }

    /// The mean time from a session's first turn to the answer that settled it, in milliseconds.
    pub fn mean_resolution_ms(&self) -> Option<f64> {
        ratio(self.resolution_ms, self.timed_sessions)
    }

    /// The same over the sessions of customers who came for the first time, of whom nothing was
    /// remembered.
    pub fn mean_first_resolution_ms(&self) -> Option<f64> {
        ratio(self.first_resolution_ms, self.first_timed_sessions)
    }

    /// The same over all other sessions, of customers who were known.
    pub fn mean_later_resolution_ms(&self) -> Option<f64> {
        ratio(
            self.resolution_ms - self.first_resolution_ms,
            self.timed_sessions - self.first_timed_sessions,
        )
    }

    /// Closed sessions among all, 0 to 1.
    pub fn closed_session_rate(&self) -> Option<f64> {
        ratio(self.closed_sessions, self.sessions)
    }

    /// What a session costs on average, in nano-dollars, as far as hosts noted what turns cost.
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

    /// Turns with a reason to escalate among all, 0 to 1.
    pub fn escalation_rate(&self) -> Option<f64> {
        ratio(self.escalated_turns, self.turns)
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "counts stay far below 2^53"
)]
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
