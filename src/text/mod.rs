//! What is true of a text by itself: its words, and which lines are the writer's own.
//!
//! Pure, and knows nothing of rules, turns or stores. Folding happens a word at a time and
//! spans always point into the text as it was given.

mod lines;
mod words;

pub(crate) use lines::own_parts;
pub(crate) use words::{ShortWord, Words, words};
