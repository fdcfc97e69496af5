//! A report over a range of time: totals, days, and what hangs on them.

use super::figures::Figures;
use crate::knowledge::KnowledgeUsage;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// Where a customer's mood goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Trend {
    /// It gets better.
    Improving,
    /// It gets worse.
    Declining,
    /// It stays.
    Stable,
    /// Fewer than six messages tell nothing.
    Unknown,
}

impl Trend {
    /// The name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Trend::Improving => "improving",
            Trend::Declining => "declining",
            Trend::Stable => "stable",
            Trend::Unknown => "insufficient_data",
        }
    }
}

impl fmt::Display for Trend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Figures over a range of time, all derived from stored turns and sessions when they are asked
/// for.
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
/// assert!(report.health(&HealthLimits::default()).is_healthy(), "one turn is too few to worry");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AnalyticsReport {
    /// The first moment of the range; `None` if it has no beginning.
    pub from: Option<Timestamp>,
    /// The moment behind the range; `None` if it has no end.
    pub to: Option<Timestamp>,
    /// Over the whole range.
    pub totals: Figures,
    /// Day by day in UTC (`2026-11-21`), days without a turn left out.
    pub days: BTreeMap<String, Figures>,
    /// Sessions of the range that are still open.
    pub active_sessions: u64,
    /// Customers by tier, as hosts noted it (`tier` in a turn's metadata).
    pub tiers: BTreeMap<String, u64>,
    /// Customers by where their mood goes.
    pub trends: BTreeMap<Trend, u64>,
    /// What the tenant's articles were used for, ever; `None` of a single customer.
    pub knowledge: Option<KnowledgeUsage>,
    /// Of a single customer the newest ten moods, oldest first: angry -2, frustrated or negative
    /// -1, neutral 0, positive 1. Empty for a tenant.
    pub moods: Vec<i8>,
}

impl AnalyticsReport {
    pub(super) fn new(from: Option<Timestamp>, to: Option<Timestamp>) -> AnalyticsReport {
        AnalyticsReport {
            from,
            to,
            totals: Figures::default(),
            days: BTreeMap::new(),
            active_sessions: 0,
            tiers: BTreeMap::new(),
            trends: BTreeMap::new(),
            knowledge: None,
            moods: Vec::new(),
        }
    }

    pub(super) fn day(&mut self, day: &str) -> &mut Figures {
        self.days.entry(day.to_owned()).or_default()
    }
}
