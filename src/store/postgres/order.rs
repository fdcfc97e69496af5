//! What follows a commit, in the order of commits.
//!
//! Knows that a unit that had to wait for another one sends its `COMMIT` later: so places
//! are given out when `COMMIT` is sent, and what follows runs by place.

use crate::error::{Result, internal};
use parking_lot::{Condvar, Mutex};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(super) type Committed = Option<Box<dyn FnOnce() + Send>>;

#[derive(Default)]
pub(super) struct Order {
    line: Mutex<Line>,
    moved: Condvar,
}

#[derive(Default)]
struct Line {
    /// The next place to be given out.
    next: u64,
    /// The place whose turn it is.
    now: u64,
    /// What came before its turn.
    early: BTreeMap<u64, Committed>,
    panicked: BTreeSet<u64>,
}

/// A place in the order; given back when dropped, so that nobody waits for it for ever.
pub(super) struct Place<'o> {
    order: &'o Order,
    place: Option<u64>,
}

impl Order {
    /// Takes a place; to be called right before `COMMIT` is sent.
    pub(super) fn place(&self) -> Place<'_> {
        let mut line = self.line.lock();
        let place = line.next;
        line.next += 1;
        Place { order: self, place: Some(place) }
    }

    fn arrive(&self, place: u64, committed: Committed) {
        let mut line = self.line.lock();
        line.early.insert(place, committed);
        let before = line.now;
        loop {
            let now = line.now;
            let Some(committed) = line.early.remove(&now) else { break };
            if !run(committed) {
                line.panicked.insert(now);
            }
            line.now += 1;
        }
        if line.now != before {
            self.moved.notify_all();
        }
    }
}

impl Place<'_> {
    /// Runs what follows when everything before has run; whoever's turn comes first runs it.
    pub(super) fn run(mut self, committed: Committed) -> Result<()> {
        let Some(place) = self.place.take() else { return Ok(()) };
        self.order.arrive(place, committed);
        let mut line = self.order.line.lock();
        while line.now <= place {
            self.order.moved.wait(&mut line);
        }
        if line.panicked.remove(&place) { Err(panicked()) } else { Ok(()) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.order.arrive(place, None);
        }
    }
}

/// Runs what follows a commit that was not in the order.
pub(super) fn run_alone(committed: Committed) -> Result<()> {
    if run(committed) { Ok(()) } else { Err(panicked()) }
}

fn run(committed: Committed) -> bool {
    committed.is_none_or(|committed| catch_unwind(AssertUnwindSafe(committed)).is_ok())
}

pub(super) fn panicked() -> crate::error::Error {
    internal("a step after the commit panicked; the unit itself is saved")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn what_comes_early_waits_for_its_turn_and_a_place_given_back_holds_up_nobody() {
        let order = Order::default();
        let seen: Arc<Mutex<Vec<u32>>> = Arc::default();
        let note = |number: u32| -> Committed {
            let seen = Arc::clone(&seen);
            Some(Box::new(move || seen.lock().push(number)))
        };
        let (first, second, third) = (order.place(), order.place(), order.place());
        std::thread::scope(|scope| {
            let last = scope.spawn(|| third.run(note(3)));
            drop(second);
            assert!(seen.lock().is_empty());
            first.run(note(1)).expect("runs");
            last.join().expect("no panic").expect("runs");
        });
        assert_eq!(*seen.lock(), [1, 3]);
        let error =
            order.place().run(Some(Box::new(|| panic!("a planted panic")))).expect_err("told");
        assert_eq!(error.kind(), crate::ErrorKind::Internal);
        order.place().run(note(4)).expect("goes on");
    }
}
