//! What a customer likes, learned from what the customer said.
//!
//! Pure so far: turns in, conclusions with their evidence out.

mod conclusion;
mod extractor;
mod reference;
mod rules;
mod state;
mod verdict;

pub use conclusion::{Evidence, Preference, Preferences, ResponseLength, Style, Topic};
pub use extractor::PreferenceExtractor;
pub use state::PreferenceState;
