//! Finding what was said or written before, by words and by meaning.
//!
//! Texts in, an order out: pure, and the same on every machine. Nobody else knows how texts
//! are compared.

mod best;
mod group;
mod index;
mod kernel;
mod met;
mod number;
mod postings;
mod rank;
mod similar;
mod snapshot;
mod stem;
mod stop;
mod vocabulary;
mod when;

pub(crate) use index::{Direction, Document, Entry, Index, Part, Reader};
pub(crate) use rank::{Answer, Hit, Mix, Question, Sieve, Term, Wanted};
pub(crate) use snapshot::{Source, Writer};
pub(crate) use vocabulary::mark;
pub(crate) use when::period;
