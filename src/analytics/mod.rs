//! Metrics over what is stored.
//!
//! Nothing is counted in memory, so nothing is lost with a process and everything is exact
//! after a customer is cleared.

mod collect;
mod conversation;
mod export;
mod health;
mod metrics;
mod repeat;
mod report;
mod summary;
mod table;

pub use conversation::ConversationAnalytics;
pub use health::{Health, HealthLimits, LimitBreach};
pub use metrics::{Metrics, ResolvedBy};
pub use report::{AnalyticsReport, Mood, Trend};
pub use summary::Summary;
