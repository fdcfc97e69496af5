//! Figures over what is stored: nothing is counted in memory, so nothing is lost with a
//! process and everything is exact after a customer is cleared.

mod collect;
mod export;
mod figures;
mod health;
mod report;
mod table;

pub use figures::{Figures, Resolver};
pub use health::{Health, HealthLimits, Worry};
pub use report::{AnalyticsReport, Trend};

use crate::error::Result;
use crate::memory::{Confidant, Customer, Tenant, mean_confidence};
use crate::time::Timestamp;
use std::fmt;
use std::ops::Range;
use table::Sums;

/// Figures over the stored turns and sessions of a tenant, or of one customer.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
/// use confidant::NewTurn;
/// memory.customer("alice")?.memory().save_turn(NewTurn::said("Hi").answered("Hello").resolved(true))?;
/// let summary = memory.tenant("default")?.analytics().summary()?;
/// assert_eq!(summary.turns, 1);
/// assert_eq!(summary.resolution_rate_percent(), Some(100.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ConversationAnalytics {
    memory: Confidant,
    tenant: String,
    customer: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Tenant {
    /// Figures over all customers of the tenant.
    pub fn analytics(&self) -> ConversationAnalytics {
        ConversationAnalytics {
            memory: self.confidant(),
            tenant: self.id().to_owned(),
            customer: None,
            from: None,
            to: None,
        }
    }
}

impl Customer {
    /// Figures over this customer.
    pub fn analytics(&self) -> ConversationAnalytics {
        let customer = Some(self.id().to_owned());
        ConversationAnalytics {
            memory: self.confidant(),
            tenant: self.tenant_id().to_owned(),
            customer,
            from: None,
            to: None,
        }
    }
}

impl ConversationAnalytics {
    /// Sums up all stored turns and sessions. Reads every turn of the tenant (or customer):
    /// about a tenth of a second for 100,000 turns. Turns that wait under
    /// [`Persist::Every`](crate::Persist) are saved first.
    ///
    /// # Errors
    /// `Busy`, `Io` or `Store` if the store cannot be read.
    pub fn summary(&self) -> Result<Summary> {
        self.memory.flush()?;
        let sums = self.memory.core.store.read_with(|tx| match &self.customer {
            Some(customer) => table::of_customer(tx, &self.tenant, customer),
            None => table::of_tenant(tx, &self.tenant),
        })?;
        Ok(Summary::new(&sums))
    }

    /// Restricts reports to turns from a moment on and before another.
    pub fn between(mut self, from: Timestamp, to: Timestamp) -> Self {
        (self.from, self.to) = (Some(from), Some(to));
        self
    }

    /// Everything that can be told of the range, with its days. Reads every turn of the tenant
    /// (or customer) and what it says. Turns that
    /// wait under [`Persist::Every`](crate::Persist) are saved first.
    ///
    /// # Errors
    /// `Busy`, `Io` or `Store` if the store cannot be read; `Corrupt` if a turn is damaged.
    pub fn report(&self) -> Result<AnalyticsReport> {
        self.memory.flush()?;
        let mut report = AnalyticsReport::new(self.from, self.to);
        let range = self.range();
        let tenant = self.memory.tenant(&self.tenant)?;
        if let Some(customer) = &self.customer {
            collect::count(&tenant.customer(customer)?, &range, &mut report)?;
            return Ok(report);
        }
        let mut last = 0;
        loop {
            let names = self
                .memory
                .core
                .store
                .read_with(|tx| table::customers_after(tx, &self.tenant, last))?;
            let Some((newest, _)) = names.last() else { break };
            last = *newest;
            for (_, name) in &names {
                collect::count(&tenant.customer(name)?, &range, &mut report)?;
            }
        }
        report.knowledge = Some(tenant.knowledge()?.usage()?);
        report.moods.clear();
        Ok(report)
    }

    fn range(&self) -> Range<i64> {
        let millis = |time: Option<Timestamp>, none: i64| time.map_or(none, Timestamp::as_millis);
        millis(self.from, i64::MIN)..millis(self.to, i64::MAX)
    }
}

/// What is stored, summed up. Sessions without a turn do not count.
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
    fn new(sums: &Sums) -> Summary {
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

    /// Resolved turns among all turns, in percent; `None` without turns.
    pub fn resolution_rate_percent(&self) -> Option<f64> {
        ratio(self.resolved_turns * 100, self.turns)
    }

    /// Resolved sessions among all sessions, in percent; `None` without sessions.
    pub fn session_resolution_rate_percent(&self) -> Option<f64> {
        ratio(self.resolved_sessions * 100, self.sessions)
    }

    /// The mean number of turns of a session; `None` without sessions.
    pub fn turns_per_session(&self) -> Option<f64> {
        ratio(self.turns, self.sessions)
    }
}

/// One line for people; unknown figures are a dash.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: Option<f64>, digits: usize| {
            value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
        };
        write!(
            f,
            "{} in {} of {}, {} turns per session; resolved: {} ({} %), {} ({} %); mean confidence {}, mean rating {}",
            counted(self.turns, "turn"),
            counted(self.sessions, "session"),
            counted(self.customers, "customer"),
            shown(self.turns_per_session(), 1),
            counted(self.resolved_turns, "turn"),
            shown(self.resolution_rate_percent(), 1),
            counted(self.resolved_sessions, "session"),
            shown(self.session_resolution_rate_percent(), 1),
            shown(self.mean_confidence, 2),
            shown(self.mean_rating, 1),
        )
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "counts stay far below 2^53"
)]
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
