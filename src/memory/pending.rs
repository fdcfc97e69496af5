//! Turns that wait to be saved, under [`Persist::Every`](crate::Persist) only.
//!
//! Knows which turns wait, in which order, and which turn each became when it was saved.

use super::row::Person;
use super::turn::Turn;
use crate::id::TurnId;
use parking_lot::{Mutex, MutexGuard};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Turns per customer whose first identifier is still understood after they were saved.
const REMEMBERED: usize = 1_024;

/// A turn with its idempotency key.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) turn: Turn,
    pub(super) key: Option<String>,
}

/// What waits for one customer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) person: Option<Person>,
    pub(super) waiting: Vec<Waiting>,
    given: u32,
    saved_as: VecDeque<(TurnId, TurnId)>,
}

impl Queue {
    /// An identifier for a turn that has no number yet.
    pub(super) fn provisional(&mut self, person: &Person) -> TurnId {
        self.given = self.given % crate::id::MAX_PER_CUSTOMER + 1;
        self.person.get_or_insert_with(|| person.clone());
        TurnId::pending(person.tag, self.given)
    }

    /// The waiting turns became these.
    pub(super) fn settle(&mut self, saved: &[Turn]) {
        for (waiting, saved) in self.waiting.drain(..).zip(saved) {
            self.saved_as.push_back((waiting.turn.id, saved.id));
        }
        let surplus = self.saved_as.len().saturating_sub(REMEMBERED);
        self.saved_as.drain(..surplus);
    }

    /// What a provisional identifier stands for now.
    pub(super) fn saved_as(&self, provisional: TurnId) -> Option<TurnId> {
        self.saved_as.iter().rev().find(|(id, _)| *id == provisional).map(|(_, saved)| *saved)
    }
}

type Customers = HashMap<(Arc<str>, Arc<str>), Arc<Mutex<Queue>>>;

/// What waits for everybody.
#[derive(Debug, Default)]
pub(super) struct Pending {
    customers: Mutex<Customers>,
}

impl Pending {
    fn customers(&self) -> MutexGuard<'_, Customers> {
        self.customers.lock()
    }

    /// The customer's queue; its lock is held while it is saved, so that order is kept.
    pub(super) fn of(&self, person: &Person) -> Arc<Mutex<Queue>> {
        let key = (Arc::clone(&person.tenant), Arc::clone(&person.name));
        Arc::clone(self.customers().entry(key).or_default())
    }

    /// Every queue.
    pub(super) fn everybody(&self) -> Vec<Arc<Mutex<Queue>>> {
        self.customers().values().map(Arc::clone).collect()
    }

    /// How many turns wait.
    pub(super) fn len(&self) -> usize {
        self.everybody().iter().map(|queue| queue.lock().waiting.len()).sum()
    }
}
