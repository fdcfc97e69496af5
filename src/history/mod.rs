//! A customer's history: which of their turns answer a question.

mod customer_index;
mod index_cache;
mod query;
mod recall;

pub(crate) use index_cache::Recall;
pub use query::{RecallQuery, Recalled, RecalledTurn, WordMatch};
