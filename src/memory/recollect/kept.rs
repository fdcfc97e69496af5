//! The indexes of the customers that were asked about lately.
//!
//! Knows how much memory they may take together. An index is derived: it may go at any time,
//! and goes at once when its customer's turns do.

use super::remembered::Remembered;
use crate::memory::table::Scope;
use crate::memory::turn::Turn;
use lru::LruCache;
use parking_lot::Mutex;
use std::sync::Arc;

/// One customer's index, brought up to date by whoever asks.
pub(super) type Shared = Arc<Mutex<Remembered>>;

/// The indexes of one open memory.
pub(in crate::memory) struct Indexes(Mutex<Kept>);

struct Kept {
    indexes: LruCache<Scope, (Shared, usize)>,
    /// Answers to turns whose customer has an index, until that is asked for again.
    answered: Vec<(Scope, Arc<Turn>)>,
    bytes: usize,
}

impl Default for Indexes {
    fn default() -> Indexes {
        Indexes(Mutex::new(Kept { indexes: LruCache::unbounded(), answered: Vec::new(), bytes: 0 }))
    }
}

impl Indexes {
    /// The customer's index; empty if it is new.
    pub(super) fn of(&self, scope: Scope) -> Shared {
        let mut kept = self.0.lock();
        Arc::clone(&kept.indexes.get_or_insert_mut(scope, || (Shared::default(), 0)).0)
    }

    /// The turns of the customer that were answered since this was last asked.
    pub(super) fn take_answered(&self, scope: Scope) -> Vec<Arc<Turn>> {
        let mut kept = self.0.lock();
        if kept.answered.is_empty() {
            return Vec::new();
        }
        kept.answered.extract_if(.., |(of, _)| *of == scope).map(|(_, turn)| turn).collect()
    }

    /// Notes what an index takes now, and lets the least recently used go until the bound is
    /// kept.
    pub(super) fn weigh(&self, scope: Scope, index: &Shared, bytes: usize, most: usize) {
        let mut kept = self.0.lock();
        let kept = &mut *kept;
        if let Some((_, weight)) =
            kept.indexes.peek_mut(&scope).filter(|(known, _)| Arc::ptr_eq(known, index))
        {
            kept.bytes = kept.bytes + bytes - *weight;
            *weight = bytes;
        }
        while kept.bytes > most {
            let Some((gone, (_, weight))) = kept.indexes.pop_lru() else { return };
            kept.bytes -= weight;
            kept.answered.retain(|(of, _)| *of != gone);
        }
    }

    /// A turn of the customer has its answer now.
    pub(in crate::memory) fn answered(&self, scope: Scope, turn: &Arc<Turn>) {
        let mut kept = self.0.lock();
        if kept.indexes.contains(&scope) {
            kept.answered.push((scope, Arc::clone(turn)));
        }
    }

    /// Forgets one customer.
    pub(in crate::memory) fn remove(&self, scope: Scope) {
        let mut kept = self.0.lock();
        if let Some((_, weight)) = kept.indexes.pop(&scope) {
            kept.bytes -= weight;
        }
        kept.answered.retain(|(of, _)| *of != scope);
    }

    /// Forgets everybody.
    pub(in crate::memory) fn remove_all(&self) {
        *self.0.lock() = Indexes::default().0.into_inner();
    }

    /// Customers and bytes.
    pub(in crate::memory) fn counts(&self) -> (usize, usize) {
        let kept = self.0.lock();
        (kept.indexes.len(), kept.bytes)
    }
}
