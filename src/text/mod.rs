//! What is true of a text by itself: its words, its language, what in it must not be kept,
//! and which lines are the writer's own.
//!
//! Pure, and knows nothing of rules, turns or stores. Spans always point into the text as it
//! was given.

mod defuse;
mod html;
mod language;
mod mail;
mod mail_words;
mod normal;
mod number_cue;
mod own;
mod redact;
mod shown;
mod small_words;
mod tokens;
mod words;

pub(crate) use defuse::defused;
pub(crate) use language::MIN_CHARACTERS;
pub use language::language_of;
pub use normal::Normalized;
pub use own::OwnWords;
pub(crate) use redact::sensitive;
pub use redact::{Redacted, Sensitive, redact};
pub(crate) use shown::{Marked, shortened};
pub use tokens::{EstimatedTokens, TokenCounter};
pub(crate) use words::{ShortWord, Word, WordHasher, WordMap, words};
