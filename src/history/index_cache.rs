//! Recall as a subject: a customer's index in memory, and the answers that it has not read yet.
//!
//! Knows that the index is derived: it may go at any time, and goes at once when its customer's
//! turns do.

use super::customer_index::Remembered;
use crate::archive::{Scope, Turn};
use crate::memory::{Cache, Owner, Subject};
use parking_lot::Mutex;
use std::sync::Arc;

/// The name under which indexes are kept and told in figures.
pub(super) const RECALL: &str = "recall";

/// One customer's index.
#[derive(Default)]
pub(super) struct Shared {
    /// Brought up to date by whoever asks.
    pub(super) remembered: Mutex<Remembered>,
    /// Turns that were answered since it was last asked.
    answered: Mutex<Vec<Arc<Turn>>>,
}

impl Shared {
    /// The turns that were answered since this was last asked.
    pub(super) fn take_answered(&self) -> Vec<Arc<Turn>> {
        std::mem::take(&mut *self.answered.lock())
    }
}

/// Finding what a customer or an agent said before.
pub(crate) struct Recall;

impl Subject for Recall {
    fn name(&self) -> &'static str {
        RECALL
    }

    fn answered(&self, cache: &Cache, scope: Scope, turn: &Arc<Turn>) {
        if let Some(index) = cache.known::<Shared>(RECALL, &Owner::Customer(scope)) {
            index.answered.lock().push(Arc::clone(turn));
        }
    }
}
