//! What every subject rests on: customers, their sessions, their turns.

mod buffer;
mod cache;
mod collection;
mod confidant;
mod context;
mod conversations;
mod customer;
mod export;
mod follow;
mod hot;
mod load;
mod maintain;
mod pending;
mod recollect;
mod row;
mod save;
mod session;
mod subject;
mod table;
mod turn;

pub use self::confidant::{Builder, Confidant, Maintenance, Persist, Report, Stats, Tenant};
pub use buffer::{BufferStats, PersistentBufferMemory};
pub use cache::CacheStats;
pub(crate) use cache::Owner;
pub(crate) use collection::Collections;
pub use collection::{
    Collection, Condition, Embedded, FoundDocument, FoundDocuments, MAX_DOCUMENT_BYTES,
    NewDocument, StoredText,
};
pub use context::Context;
pub(crate) use conversations::Conversations;
pub use customer::{Customer, Page};
pub(crate) use follow::{Followed, Step};
pub(crate) use recollect::Recall;
pub use recollect::{RecallBasis, RecallQuery, Recalled, RecalledTurn, WordMatch};
pub(crate) use row::mean_confidence;
pub use session::{Outcome, Session, SessionDetails, SessionMetrics};
pub(crate) use subject::Subject;
pub use turn::{Channel, MAX_AUTHOR_BYTES, MAX_KEY_BYTES, NewAnswer, NewTurn, Turn};
#[cfg(test)]
pub(crate) use {
    self::confidant::Core,
    cache::Cache,
    subject::{Sink, Table},
    table::Scope,
};
