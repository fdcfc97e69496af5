//! What a customer likes, learned from what the customer said.
//!
//! Turns in, conclusions with their evidence out; pure, but for what is kept of each customer.

mod conclusion;
mod extractor;
mod learned;
mod reference;
mod rules;
mod state;
mod verdict;

pub use conclusion::{Evidence, Preference, Preferences, ResponseLength, Style};
pub use extractor::PreferenceExtractor;
pub use state::PreferenceState;
