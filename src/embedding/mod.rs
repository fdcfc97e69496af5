//! What texts mean, as directions: the shipped table of word pieces.
//!
//! Pure, and the same on every machine. Nobody else knows how a text is taken apart for the table.

mod kernel;
mod table;
mod token;
mod vector;

#[cfg(test)]
pub(crate) use kernel::tests::numbers;
pub(crate) use kernel::{both_ways, dots, float};
pub(crate) use table::{Embedding, NO_ROW};
pub(crate) use token::{Span, Token, folded_spans, spans, tokens};
pub(crate) use vector::{DIMENSIONS, ROW_SHIFT, Sum, Vector, WordSum, wide};
