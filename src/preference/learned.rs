//! What was learned of each customer, kept up to date when it is asked for.
//!
//! Knows that a state covers the turns up to one and is brought forward from there, and that
//! it is made anew when turns it rests on are gone. It lives in memory only: the turns are
//! the truth.

use super::{PreferenceExtractor, PreferenceState, Preferences};
use crate::error::Result;
use crate::memory::{Context, Customer, Followed, Owner, Step, Subject};
use parking_lot::Mutex;

/// The name under which preferences are kept and told in figures.
const PREFERENCES: &str = "preferences";

/// What customers like.
pub(crate) struct LearnedPreferences;

impl Subject for LearnedPreferences {
    fn name(&self) -> &'static str {
        PREFERENCES
    }
}

/// A state, the turns it was learned from, and what is concluded from it.
#[derive(Default)]
struct Learned {
    state: PreferenceState,
    followed: Followed,
    /// What the marks of the lessons take.
    mark_bytes: usize,
    concluded: Option<Preferences>,
}

impl Learned {
    fn step(&mut self, extractor: &PreferenceExtractor, step: Step<'_>) {
        match step {
            Step::StartAnew => *self = Learned::default(),
            Step::New(turn) => {
                extractor.learn(&mut self.state, turn);
                self.mark_bytes += self.state.newest_mark_bytes();
                self.concluded = None;
            }
            // What the customer said does not change with the answer.
            Step::Again(_) => {}
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Mutex<Learned>>()
            + self.mark_bytes
            + self.state.bytes_beside_marks()
            + self.concluded.as_ref().map_or(0, Preferences::bytes)
    }

    /// Shows what is concluded. Turns that wait count too, but are not kept: their numbers may
    /// still change.
    fn conclude<T>(
        &mut self,
        extractor: &PreferenceExtractor,
        context: &Context,
        show: impl FnOnce(&Preferences) -> T,
    ) -> T {
        let mut waiting = context.turns().filter(|turn| turn.is_pending()).peekable();
        if waiting.peek().is_none() {
            return show(self.concluded.get_or_insert_with(|| extractor.conclude(&self.state)));
        }
        let mut state = self.state.clone();
        for turn in waiting {
            extractor.learn(&mut state, turn);
        }
        show(&extractor.conclude(&state))
    }
}

impl Customer {
    /// What the customer likes, as far as their own words over the whole history show, with
    /// the turns it was learned from. Preferences that are not known yet are `None`.
    ///
    /// Uses [`PreferenceExtractor::support`]. The first call reads the archive
    /// once; later ones only what was said since.
    ///
    /// # Errors
    /// As [`load_context`](crate::PersistentBufferMemory::load_context).
    pub fn preferences(&self) -> Result<Preferences> {
        self.concluded(Preferences::clone)
    }

    /// The same as a text, without a copy of the turns that show it.
    pub(crate) fn preferences_text(&self) -> Result<String> {
        self.concluded(Preferences::to_string)
    }

    fn concluded<T>(&self, show: impl FnOnce(&Preferences) -> T) -> Result<T> {
        let extractor = PreferenceExtractor::support();
        let context = self.memory().load_context()?;
        let Some(scope) = self.scope() else {
            return Ok(Learned::default().conclude(&extractor, &context, show));
        };
        let (cache, owner) = (&self.core.cache, Owner::Customer(scope));
        let shared = cache.entry(PREFERENCES, &owner, Mutex::<Learned>::default);
        let mut learned = shared.lock();
        let mut followed = learned.followed;
        let brought =
            self.follow(&mut followed, &context, &mut |step| learned.step(&extractor, step));
        if let Err(error) = brought {
            *learned = Learned::default();
            return Err(error);
        }
        learned.followed = followed;
        let shown = learned.conclude(&extractor, &context, show);
        let bytes = learned.bytes();
        drop(learned);
        cache.weigh(PREFERENCES, &owner, &shared, bytes);
        Ok(shown)
    }
}
