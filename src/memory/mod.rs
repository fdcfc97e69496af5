//! What every subject rests on: customers, their sessions, their turns.

mod buffer;
mod collection;
mod confidant;
mod context;
mod customer;
mod hot;
mod load;
mod maintain;
mod pending;
mod recollect;
mod row;
mod save;
mod session;
mod table;
mod turn;

pub use self::confidant::{Builder, Confidant, Maintenance, Persist, Report, Stats, Tenant};
pub use buffer::{BufferStats, PersistentBufferMemory};
pub use collection::{
    Collection, Condition, Embedded, FoundDocument, FoundDocuments, MAX_DOCUMENT_BYTES,
    NewDocument, StoredText,
};
pub use context::Context;
pub use customer::{Customer, Page};
pub use recollect::{RecallBasis, RecallQuery, Recalled, RecalledTurn, WordMatch};
pub(crate) use row::mean_confidence;
pub use session::{Outcome, Session, SessionDetails, SessionMetrics};
pub use turn::{Channel, MAX_AUTHOR_BYTES, MAX_KEY_BYTES, NewAnswer, NewTurn, Turn};
