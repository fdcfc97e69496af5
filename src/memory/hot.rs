//! The hot buffer: the newest turns of the customers that were active lately.
//!
//! Knows when a kept moment may be served, when it must be compared with the store and when
//! it must go. It is filled only with what is durable, and a customer that was never loaded
//! is never served from what happened to be saved since.

use super::context::Moment;
use crate::archive::{Scope, Turn};
use crate::time::Timestamp;
use lru::LruCache;
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Locks; a power of two, more than threads that will meet here.
const SHARDS: usize = 32;

/// How much is kept, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) turns: usize,
    pub(crate) bytes: usize,
    /// `None`: for ever. Zero: never served without asking the store.
    pub(crate) ttl_ms: Option<i64>,
}

pub(crate) struct Hot {
    limits: Limits,
    shards: Vec<Mutex<Shard>>,
    bytes: AtomicUsize,
}

struct Shard {
    kept: LruCache<Scope, Kept>,
    /// Own commits to customers of this shard; a load that one overtook is not kept.
    writes: u64,
    counts: Counts,
}

struct Kept {
    moment: Arc<Moment>,
    bytes: usize,
    era: u64,
    since: i64,
}

/// What happened so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) customers: usize,
    pub(crate) bytes: usize,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
    pub(crate) evictions: u64,
}

/// What the buffer knows of a customer.
pub(crate) enum Found {
    Hit(Arc<Moment>),
    /// Somebody else has written something since: to be compared with the store.
    Doubtful(Arc<Moment>),
    Miss,
}

/// The state of a shard before a load.
#[derive(Clone, Copy)]
pub(crate) struct Before(u64);

impl Hot {
    pub(crate) fn new(limits: Limits) -> Hot {
        let shard = || {
            Mutex::new(Shard { kept: LruCache::unbounded(), writes: 0, counts: Counts::default() })
        };
        Hot { limits, shards: (0..SHARDS).map(|_| shard()).collect(), bytes: AtomicUsize::new(0) }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    fn shard(&self, scope: Scope) -> MutexGuard<'_, Shard> {
        let place = usize::try_from(scope.customer()).unwrap_or(0) % SHARDS;
        self.shards.get(place).expect("the remainder is below the length").lock()
    }

    /// What is known of the customer in this era.
    pub(crate) fn get(&self, scope: Scope, era: u64, now: Timestamp) -> Found {
        let mut shard = self.shard(scope);
        let Some(kept) = shard.kept.get(&scope) else {
            shard.counts.misses += 1;
            return Found::Miss;
        };
        let age = now.as_millis().saturating_sub(kept.since);
        if self.limits.ttl_ms.is_some_and(|ttl| age >= ttl) {
            shard.counts.misses += 1;
            self.take(&mut shard, scope);
            return Found::Miss;
        }
        let moment = Arc::clone(&kept.moment);
        if kept.era != era {
            return Found::Doubtful(moment);
        }
        shard.counts.hits += 1;
        Found::Hit(moment)
    }

    /// A doubtful moment was found to be the store's.
    pub(crate) fn confirm(&self, scope: Scope, moment: &Arc<Moment>, era: u64) {
        let mut shard = self.shard(scope);
        shard.counts.hits += 1;
        if let Some(kept) = shard.kept.get_mut(&scope)
            && Arc::ptr_eq(&kept.moment, moment)
        {
            kept.era = era;
        }
    }

    /// A doubtful moment was found to be outdated.
    pub(crate) fn refute(&self, scope: Scope) {
        let mut shard = self.shard(scope);
        shard.counts.misses += 1;
        self.take(&mut shard, scope);
    }

    /// To be asked before the store is.
    pub(crate) fn before(&self, scope: Scope) -> Before {
        Before(self.shard(scope).writes)
    }

    /// Keeps what was loaded, unless a commit overtook the load.
    pub(crate) fn fill(
        &self,
        scope: Scope,
        before: Before,
        moment: &Arc<Moment>,
        era: u64,
        now: Timestamp,
    ) {
        let bytes = moment.weight();
        if bytes > self.limits.bytes || self.limits.ttl_ms == Some(0) {
            return;
        }
        let mut shard = self.shard(scope);
        if shard.writes != before.0 {
            return;
        }
        self.put(
            &mut shard,
            scope,
            Kept { moment: Arc::clone(moment), bytes, era, since: now.as_millis() },
        );
        drop(shard);
        self.shrink(scope);
    }

    /// Adds turns that are durable now; called in commit order.
    pub(crate) fn append(&self, scope: Scope, turns: &[Arc<Turn>], now: Timestamp) {
        let mut shard = self.shard(scope);
        shard.writes += 1;
        let Some(kept) = shard.kept.peek(&scope) else { return };
        let newest = kept.moment.turns.last().map(|turn| turn.id.number());
        let follows =
            |first: &Arc<Turn>| newest.is_some_and(|newest| first.id.number() == newest + 1);
        if !turns.first().is_some_and(follows) {
            // Somebody else's turn lies between, or these are the first: the next load sees it.
            self.take(&mut shard, scope);
            return;
        }
        let surplus = (kept.moment.turns.len() + turns.len()).saturating_sub(self.limits.turns);
        let all = kept.moment.turns.iter().chain(turns).skip(surplus);
        let total = kept.moment.total + u64::try_from(turns.len()).unwrap_or(0);
        let moment = Arc::new(Moment { turns: all.cloned().collect(), total });
        let kept = Kept { bytes: moment.weight(), era: kept.era, since: now.as_millis(), moment };
        self.put(&mut shard, scope, kept);
        drop(shard);
        self.shrink(scope);
    }

    /// Exchanges a turn that was answered.
    pub(crate) fn replace(&self, scope: Scope, turn: &Arc<Turn>, now: Timestamp) {
        let mut shard = self.shard(scope);
        shard.writes += 1;
        let Some(kept) = shard.kept.peek(&scope) else { return };
        if !kept.moment.turns.iter().any(|old| old.id == turn.id) {
            return;
        }
        let exchanged =
            kept.moment.turns.iter().map(|old| if old.id == turn.id { turn } else { old });
        let moment =
            Arc::new(Moment { turns: exchanged.cloned().collect(), total: kept.moment.total });
        let kept = Kept { bytes: moment.weight(), era: kept.era, since: now.as_millis(), moment };
        self.put(&mut shard, scope, kept);
        drop(shard);
        self.shrink(scope);
    }

    /// Forgets one customer.
    pub(crate) fn remove(&self, scope: Scope) {
        let mut shard = self.shard(scope);
        shard.writes += 1;
        self.take(&mut shard, scope);
    }

    /// Forgets everybody.
    pub(crate) fn remove_all(&self) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            shard.writes += 1;
            while let Some((_, kept)) = shard.kept.pop_lru() {
                self.bytes.fetch_sub(kept.bytes, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.shards.iter().fold(Counts::default(), |sum, shard| {
            let shard = shard.lock();
            Counts {
                customers: sum.customers + shard.kept.len(),
                bytes: self.bytes.load(Ordering::Relaxed),
                hits: sum.hits + shard.counts.hits,
                misses: sum.misses + shard.counts.misses,
                evictions: sum.evictions + shard.counts.evictions,
            }
        })
    }

    fn put(&self, shard: &mut Shard, scope: Scope, kept: Kept) {
        self.bytes.fetch_add(kept.bytes, Ordering::Relaxed);
        if let Some(old) = shard.kept.put(scope, kept) {
            self.bytes.fetch_sub(old.bytes, Ordering::Relaxed);
        }
    }

    fn take(&self, shard: &mut Shard, scope: Scope) {
        if let Some(old) = shard.kept.pop(&scope) {
            self.bytes.fetch_sub(old.bytes, Ordering::Relaxed);
        }
    }

    /// Evicts the least recently used of one shard after the other until the bound is kept.
    fn shrink(&self, from: Scope) {
        let start = usize::try_from(from.customer()).unwrap_or(0);
        for step in 1..=SHARDS {
            if self.bytes.load(Ordering::Relaxed) <= self.limits.bytes {
                return;
            }
            let Some(shard) = self.shards.get((start + step) % SHARDS) else { return };
            let mut shard = shard.lock();
            while self.bytes.load(Ordering::Relaxed) > self.limits.bytes {
                let Some((_, old)) = shard.kept.pop_lru() else { break };
                shard.counts.evictions += 1;
                self.bytes.fetch_sub(old.bytes, Ordering::Relaxed);
            }
        }
    }
}
