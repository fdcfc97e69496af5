//! The list of everything that a memory keeps or derives beside the turns.
//!
//! Knows every subject: a new one is its folder and its line here.

use crate::collection::Collections;
use crate::error::Result;
use crate::facts::Facts;
use crate::history::Recall;
use crate::memory::{Builder, Confidant, Conversations, Subject};
use crate::preference::LearnedPreferences;

/// In the order in which they are checked and exported.
pub(super) static SUBJECTS: [&dyn Subject; 5] =
    [&Conversations, &Recall, &Collections, &LearnedPreferences, &Facts];

impl Builder {
    /// Opens the memory.
    ///
    /// # Errors
    /// As [`Confidant::open`], and `InvalidArgument`, naming the setting, if one is out of
    /// its range.
    pub fn open(self, location: &str) -> Result<Confidant> {
        self.open_with(location, &SUBJECTS)
    }
}
