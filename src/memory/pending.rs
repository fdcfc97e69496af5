//! Turns that wait to be saved, under [`Persist::Every`](crate::Persist) only.
//!
//! Knows which turns wait, in which order, and which turn each became when it was saved.

use crate::archive::Turn;
use crate::archive::row::Person;
use crate::id::TurnId;
use crate::time::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Turns per customer whose first identifier is still understood after they were saved.
const REMEMBERED: usize = 1_024;
/// Places from which provisional identifiers are counted: half of all numbers.
const PLACES: u32 = crate::id::MAX_PER_CUSTOMER / 2;

/// A turn with its idempotency key.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) turn: Arc<Turn>,
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
    /// An identifier for a turn that has no number yet. Counted from a place that depends on
    /// the time, so that one kept from before a reopening hardly ever means another turn.
    pub(super) fn provisional(&mut self, person: &Person, now: Timestamp) -> TurnId {
        if self.person.is_none() {
            self.person = Some(person.clone());
            self.given = u32::try_from(now.as_millis().rem_euclid(i64::from(PLACES))).unwrap_or(0);
        }
        self.given += 1;
        TurnId::pending(person.tag, self.given)
    }

    /// The waiting turns became these; returns them by their first identifiers.
    pub(super) fn settle(&mut self, saved: Vec<Turn>) -> Vec<(TurnId, Turn)> {
        let saved: Vec<_> =
            self.waiting.drain(..).map(|waiting| waiting.turn.id).zip(saved).collect();
        self.saved_as.extend(saved.iter().map(|(first, turn)| (*first, turn.id)));
        let surplus = self.saved_as.len().saturating_sub(REMEMBERED);
        self.saved_as.drain(..surplus);
        saved
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
