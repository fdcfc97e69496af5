//! What was learned of each customer, kept up to date when it is asked for.
//!
//! Knows that a state covers the turns up to one and is brought forward from there, and that
//! it is made anew when turns it rests on are gone. It lives in memory only: the turns are
//! the truth.

use super::{PreferenceExtractor, PreferenceState, Preferences};
use crate::error::Result;
use crate::id::TurnId;
use crate::memory::{Context, Customer, Turn};
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// Customers whose state is kept.
const KEPT: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");
/// Turns read at once while the archive is gone through.
const PAGE: usize = 1_000;

type Name = (Arc<str>, Arc<str>);

/// The states of one open memory.
struct Kept {
    states: Mutex<LruCache<Name, Arc<Mutex<Learned>>>>,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept { states: Mutex::new(LruCache::new(KEPT)) }
    }
}

/// A state, the number of turns it was learned from, and what is concluded from it.
#[derive(Default)]
struct Learned {
    state: PreferenceState,
    turns: u64,
    concluded: Option<Preferences>,
}

impl Learned {
    fn learn(&mut self, extractor: &PreferenceExtractor, turn: &Turn) {
        if self.state.covered().is_none_or(|covered| turn.id > covered) {
            extractor.learn(&mut self.state, turn);
            self.turns += 1;
            self.concluded = None;
        }
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
        let kept = self.core.subject::<Kept>();
        let name = (Arc::clone(&self.person.tenant), Arc::clone(&self.person.name));
        let learned = Arc::clone(kept.states.lock().get_or_insert(name, Arc::default));
        let mut learned = learned.lock();
        self.bring_forward(&extractor, &mut learned, &context)?;
        Ok(learned.conclude(&extractor, &context, show))
    }

    /// Makes the state cover every stored turn of the context's moment.
    fn bring_forward(
        &self,
        extractor: &PreferenceExtractor,
        learned: &mut Learned,
        context: &Context,
    ) -> Result<()> {
        let waiting = context.turns().filter(|turn| turn.is_pending()).count();
        let stored = context.total().saturating_sub(u64::try_from(waiting).unwrap_or(0));
        let oldest = context.turns().find(|turn| !turn.is_pending()).map(|turn| turn.id.number());
        let covered = learned.state.covered().map_or(0, TurnId::number);
        if oldest.is_some_and(|oldest| covered + 1 >= oldest) {
            for turn in context.turns().filter(|turn| !turn.is_pending()) {
                learned.learn(extractor, turn);
            }
        }
        if learned.turns == stored {
            return Ok(());
        }
        let newest = context.turns().rev().find(|turn| !turn.is_pending()).map(|turn| turn.id);
        *learned = Learned::default();
        while newest.is_some() && learned.state.covered() < newest {
            let turns = self.stored_turns(learned.state.covered(), PAGE)?;
            if turns.is_empty() {
                break;
            }
            for turn in turns.iter().filter(|turn| Some(turn.id) <= newest) {
                learned.learn(extractor, turn);
            }
        }
        Ok(())
    }
}
