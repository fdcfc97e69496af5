//! A customer's memory.

mod turn;

pub use turn::{Channel, MAX_AUTHOR_BYTES, MAX_KEY_BYTES, NewAnswer, NewTurn, Turn};
