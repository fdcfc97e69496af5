//! What a model is shown of a customer, under a hard limit of tokens.
//!
//! Puts together what the subjects below know: the newest turns, turns recalled for the
//! question, preferences and passages. Stores nothing.

mod assembled;
mod request;
mod written;

pub use assembled::AssembledContext;
pub use request::ContextRequest;
