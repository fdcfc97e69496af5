//! What each customer has told, kept up to date when it is asked for.
//!
//! Knows that it lives in memory only: the turns are the truth.

use super::given::Given;
use crate::error::Result;
use crate::memory::{Customer, Followed, Owner, Step, Subject};
use crate::signals::SignalRules;
use parking_lot::Mutex;

/// The name under which facts are kept and told in figures.
const FACTS: &str = "facts";

/// What customers have told.
pub(crate) struct Facts;

impl Subject for Facts {
    fn name(&self) -> &'static str {
        FACTS
    }
}

/// What the turns up to one tell.
#[derive(Default)]
struct Ledger {
    given: Given,
    followed: Followed,
    /// What the agent said last.
    asked: Option<String>,
}

impl Ledger {
    fn step(&mut self, rules: &SignalRules, step: Step<'_>) {
        match step {
            Step::StartAnew => (self.given, self.asked) = (Given::default(), None),
            Step::New(turn) => {
                self.given.learn(turn, self.asked.as_deref(), rules);
                self.asked.clone_from(&turn.answer);
            }
            Step::Again(turn) => self.asked.clone_from(&turn.answer),
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Mutex<Ledger>>()
            + self.given.bytes()
            + self.asked.as_ref().map_or(0, String::capacity)
    }
}

impl Customer {
    /// What the customer has already told over all sessions, with the turns and places where
    /// it stands; for an agent who would ask for it again.
    ///
    /// The first call reads the archive once; later ones only what was said since. The
    /// customer's turns that wait under [`Persist::Every`](crate::Persist) are saved first.
    ///
    /// # Errors
    /// As [`load_context`](crate::PersistentBufferMemory::load_context).
    pub fn given(&self) -> Result<Given> {
        self.memory().flush()?;
        let context = self.memory().load_context()?;
        let Some(scope) = self.scope() else { return Ok(Given::default()) };
        let rules = SignalRules::support();
        let (cache, owner) = (&self.core.cache, Owner::Customer(scope));
        let shared = cache.entry(FACTS, &owner, Mutex::<Ledger>::default);
        let mut ledger = shared.lock();
        let mut followed = ledger.followed;
        let brought = self.follow(&mut followed, &context, &mut |step| ledger.step(&rules, step));
        if let Err(error) = brought {
            *ledger = Ledger::default();
            return Err(error);
        }
        ledger.followed = followed;
        let (given, bytes) = (ledger.given.clone(), ledger.bytes());
        drop(ledger);
        cache.weigh(FACTS, &owner, &shared, bytes);
        Ok(given)
    }
}
