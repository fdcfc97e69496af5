//! What a customer likes, learned from what the customer said.
//!
//! Turns in, conclusions with their evidence out; pure, but for what is kept of each customer.

mod conclusion;
mod extractor;
mod habit;
mod learned;
mod lines;
mod manner;
mod reference;
mod rules;
mod state;
mod statements;
mod steady;
mod sums;
#[cfg(test)]
mod tests;
mod verdict;

pub use conclusion::{Evidence, Hours, Preference, Preferences, ResponseLength, Statement, Style};
pub use extractor::PreferenceExtractor;
pub(crate) use learned::LearnedPreferences;
pub use state::PreferenceState;
