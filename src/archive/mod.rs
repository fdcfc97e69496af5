//! What lies on disk: keys, rows and the statements about customers, sessions and turns.
//!
//! Knows how a turn becomes a row and comes back. Who may ask for it is known above.

pub(crate) mod dictionaries;
pub(crate) mod key;
pub(crate) mod row;
mod scope;
pub(crate) mod table;
mod turn;

pub(crate) use scope::Scope;
pub use turn::{Channel, MAX_AUTHOR_BYTES, MAX_KEY_BYTES, NewAnswer, NewTurn, Turn};
