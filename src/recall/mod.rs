//! Finding what was said or written before, by words and by meaning.
//!
//! Texts in, an order out: pure, and the same on every machine. Nobody else knows how texts
//! are compared.

mod basis;
mod best;
mod bytes;
mod explain;
mod group;
mod index;
mod kernel;
mod logarithm;
mod metadata;
mod near_cache;
mod postings;
mod rank;
mod similar;
mod snapshot;
mod stem;
mod stop;
mod time_expression;
mod vocabulary;
mod word_cache;

pub use basis::RecallBasis;
pub(crate) use bytes::{Source, Writer};
pub(crate) use explain::{Explainer, Match};
pub(crate) use index::{Direction, Document, Entry, Index, Part, Reader};
pub(crate) use metadata::marks;
pub(crate) use rank::{Answer, Hit, Mix, Question, Term, Wanted};
pub(crate) use time_expression::period;
pub(crate) use vocabulary::mark;
