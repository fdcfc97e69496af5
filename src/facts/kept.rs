//! The ledger of each customer, kept up to date when it is asked for.
//!
//! Knows that a ledger covers the turns up to one and is brought forward from there, and that
//! it is made anew when turns it rests on are gone. It lives in memory only.

use super::Given;
use crate::error::Result;
use crate::id::TurnId;
use crate::memory::{Customer, Turn};
use crate::signals::SignalRules;
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// Customers whose ledger is kept.
const KEPT: NonZeroUsize = NonZeroUsize::new(1_024).expect("not zero");
/// Turns read at once while the archive is gone through.
const PAGE: usize = 1_000;

type Name = (Arc<str>, Arc<str>);

struct Ledgers(Mutex<LruCache<Name, Ledger>>);

impl Default for Ledgers {
    fn default() -> Ledgers {
        Ledgers(Mutex::new(LruCache::new(KEPT)))
    }
}

/// A ledger and the turns it was made of.
#[derive(Clone, Default)]
struct Ledger {
    given: Given,
    covered: Option<TurnId>,
    /// The turn before that one: reading goes on behind it, since the covered turn may have
    /// got its answer only later.
    before: Option<TurnId>,
    turns: u64,
    /// What the agent said last.
    asked: Option<String>,
}

impl Ledger {
    fn learn(&mut self, rules: &SignalRules, turn: &Turn) {
        if self.covered.is_none_or(|covered| turn.id > covered) {
            self.given.learn(turn, self.asked.as_deref(), rules);
            self.before = self.covered;
            self.covered = Some(turn.id);
            self.turns += 1;
        }
        self.asked.clone_from(&turn.answer);
    }
}

impl Customer {
    /// What the customer has already told over all sessions, with the turns and places where
    /// it stands; for an agent who would ask for it again.
    ///
    /// The first call reads the archive once; later ones only what was said since. Turns that
    /// wait under [`Persist::Every`](crate::Persist) are saved first.
    ///
    /// # Errors
    /// As [`load_context`](crate::PersistentBufferMemory::load_context).
    pub fn given(&self) -> Result<Given> {
        self.confidant().flush()?;
        let rules = SignalRules::support();
        let total = self.memory().load_context()?.total();
        let ledgers = self.core.subject::<Ledgers>();
        let name = (Arc::clone(&self.person.tenant), Arc::clone(&self.person.name));
        let mut ledger = ledgers.0.lock().get(&name).cloned().unwrap_or_default();
        self.catch_up(&rules, &mut ledger)?;
        if ledger.turns != total {
            // Turns it rests on are gone, or more were saved meanwhile: only the store knows.
            ledger = Ledger::default();
            self.catch_up(&rules, &mut ledger)?;
        }
        let given = ledger.given.clone();
        ledgers.0.lock().put(name, ledger);
        Ok(given)
    }

    fn catch_up(&self, rules: &SignalRules, ledger: &mut Ledger) -> Result<()> {
        loop {
            let turns = self.stored_turns(ledger.before, PAGE)?;
            let is_last = turns.len() < PAGE;
            turns.iter().for_each(|turn| ledger.learn(rules, turn));
            if is_last {
                return Ok(());
            }
        }
    }
}
