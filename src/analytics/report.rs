//! A report over a range of time: totals, days, and what belongs to them.

use super::metrics::{Metrics, wide};
use crate::error::Result;
use crate::knowledge::KnowledgeUsage;
use crate::time::{Day, Timestamp};
use std::collections::BTreeMap;
use std::fmt;

/// Where a customer's mood is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trend {
    /// It gets better.
    Improving,
    /// It gets worse.
    Declining,
    /// It stays the same.
    Stable,
    /// There are fewer than six messages to tell from.
    Unknown,
}

impl Trend {
    /// The name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Trend::Improving => "improving",
            Trend::Declining => "declining",
            Trend::Stable => "stable",
            Trend::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Trend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The mood of one message, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mood {
    /// Angry.
    Angry,
    /// Frustrated or negative.
    Unhappy,
    /// Neither.
    Neutral,
    /// Positive.
    Happy,
}

impl Mood {
    /// The mood as a number: -2 angry, -1 unhappy, 0 neutral, 1 happy.
    pub fn level(self) -> i8 {
        match self {
            Mood::Angry => -2,
            Mood::Unhappy => -1,
            Mood::Neutral => 0,
            Mood::Happy => 1,
        }
    }

    /// The name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Mood::Angry => "angry",
            Mood::Unhappy => "unhappy",
            Mood::Neutral => "neutral",
            Mood::Happy => "happy",
        }
    }
}

impl fmt::Display for Mood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What happened in a range of time, computed from the stored turns and sessions on request.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
/// use confidant::{HealthLimits, NewTurn, Topic};
/// let alice = memory.customer("alice")?.memory();
/// alice.save_turn(NewTurn::said("My invoice is wrong!").answered("It is corrected.").resolved(true))?;
/// let report = memory.tenant("default")?.analytics().report()?;
/// assert_eq!(report.totals.topics.get(&Topic::Billing), Some(&1));
/// assert_eq!(report.days.len(), 1);
/// assert!(report.to_prometheus().contains("confidant_turns 1"));
/// assert!(report.health(&HealthLimits::default()).is_healthy(), "one turn is too few to judge");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AnalyticsReport {
    /// Start of the range; `None` if it is open.
    pub from: Option<Timestamp>,
    /// End of the range, exclusive; `None` if it is open.
    pub to: Option<Timestamp>,
    /// Over the whole range.
    pub totals: Metrics,
    /// Day by day in UTC; days without a turn are left out.
    pub days: BTreeMap<Day, Metrics>,
    /// Sessions of the range that are still open.
    pub active_sessions: u64,
    /// Customers by tier, where the host noted it (`tier` in a turn's metadata).
    pub tiers: BTreeMap<String, u64>,
    /// Customers by where their mood is going.
    pub trends: BTreeMap<Trend, u64>,
    /// How the tenant's articles were used, ever; `None` for a single customer.
    pub knowledge: Option<KnowledgeUsage>,
    /// The newest ten moods of a single customer, oldest first. Empty for a tenant.
    pub moods: Vec<Mood>,
}

const ACTIVE_SESSIONS: &str = "active_sessions";

impl AnalyticsReport {
    pub(super) fn new(from: Option<Timestamp>, to: Option<Timestamp>) -> AnalyticsReport {
        AnalyticsReport {
            from,
            to,
            totals: Metrics::default(),
            days: BTreeMap::new(),
            active_sessions: 0,
            tiers: BTreeMap::new(),
            trends: BTreeMap::new(),
            knowledge: None,
            moods: Vec::new(),
        }
    }

    /// The names that [`metric`](Self::metric) knows: those of [`Metrics::names`], then
    /// `active_sessions`.
    pub fn metric_names() -> impl Iterator<Item = &'static str> {
        Metrics::names().chain([ACTIVE_SESSIONS])
    }

    /// A metric of the whole range by its name; `None` where a rate has nothing to divide by.
    ///
    /// # Errors
    /// `InvalidArgument` if there is no metric of that name.
    pub fn metric(&self, name: &str) -> Result<Option<f64>> {
        if name == ACTIVE_SESSIONS {
            return Ok(Some(wide(self.active_sessions)));
        }
        self.totals.metric(name)
    }

    pub(super) fn day(&mut self, day: Day) -> &mut Metrics {
        self.days.entry(day).or_default()
    }
}
