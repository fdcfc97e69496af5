//! What every subject rests on: customers, their sessions, their turns.

mod buffer;
mod cache;
mod check_report;
mod confidant;
mod context;
mod conversations;
mod core;
mod customer;
mod export;
mod follow;
mod hot;
mod load;
mod page;
mod pending;
mod people;
mod refusals;
mod save;
mod session;
mod subject;
mod tenant;

pub(crate) use self::core::Core;
pub use self::core::Persist;
pub use buffer::{BufferStats, PersistentBufferMemory};
pub use cache::CacheStats;
pub(crate) use cache::{Cache, Owner};
pub use check_report::CheckReport;
pub use confidant::{Builder, Confidant, StoreStats};
pub use context::Context;
pub(crate) use context::Moment;
pub(crate) use conversations::Conversations;
pub use customer::Customer;
pub(crate) use follow::{Followed, Step};
pub use page::Page;
pub use session::{Outcome, Session, SessionDetails, SessionMetrics};
#[cfg(test)]
pub(crate) use subject::Sink;
pub(crate) use subject::{Subject, Table};
pub use tenant::Tenant;

// The rooms above speak of turns in memory's name.
#[cfg(test)]
pub(crate) use crate::archive::Scope;
pub(crate) use crate::archive::row::mean_confidence;
pub use crate::archive::{Channel, MAX_AUTHOR_BYTES, MAX_KEY_BYTES, NewAnswer, NewTurn, Turn};
