//! Collections: short documents of a tenant that are found by meaning.
//!
//! Knows how a document is kept and found, and that the index in memory follows the store by
//! the number of its last change, whoever made it. What subject the documents are about is
//! known elsewhere.

mod check;
mod condition;
mod document;
mod embedder;
mod handle;
mod index;
mod search;
mod table;
mod vectors;

pub(crate) use check::{Collections, mend_snapshots};
pub use condition::Condition;
pub use document::{MAX_DOCUMENT_BYTES, NewDocument, StoredText};
pub use handle::Collection;
pub use search::{FoundDocument, FoundDocuments};
pub use vectors::Embedded;
