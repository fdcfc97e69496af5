//! What subjects keep in memory of customers and collections, under one bound in bytes.
//!
//! Knows what each entry takes and which was not used for longest. Everything here is derived
//! from what is stored: an entry may go at any time and is made again when it is needed.

use crate::archive::Scope;
use lru::LruCache;
use parking_lot::Mutex;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the cache itself takes for an entry: its key, its node and its slot.
const ENTRY_BYTES: usize = 256;

/// Of whom or what an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Customer(Scope),
    /// A collection of a tenant, indexed by a model's vectors; an empty name stands for the
    /// crate's own.
    Collection {
        tenant: Arc<str>,
        name: Arc<str>,
        model: Arc<str>,
    },
}

/// The entries of one open memory.
pub(crate) struct Cache {
    limit: usize,
    kept: Mutex<Kept>,
}

type Key = (&'static str, Owner);

struct Kept {
    entries: LruCache<Key, Entry>,
    bytes: usize,
}

struct Entry {
    value: Arc<dyn Any + Send + Sync>,
    bytes: usize,
}

/// What a subject has in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// The subject, as "recall" or "preferences".
    pub subject: &'static str,
    /// Customers or collections of which something is kept.
    pub entries: usize,
    /// Bytes that this takes.
    pub bytes: usize,
}

impl Cache {
    pub(super) fn new(limit: usize) -> Cache {
        let kept = Kept { entries: LruCache::unbounded(), bytes: 0 };
        Cache { limit, kept: Mutex::new(kept) }
    }

    /// A subject's entry, made if there is none. The caller tells by [`weigh`](Self::weigh)
    /// what it has grown to.
    pub(crate) fn entry<T: Any + Send + Sync>(
        &self,
        subject: &'static str,
        owner: &Owner,
        new: impl FnOnce() -> T,
    ) -> Arc<T> {
        if let Some(known) = self.known(subject, owner) {
            return known;
        }
        let value = Arc::new(new());
        let kept_value: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&value);
        let entry = Entry { value: kept_value, bytes: ENTRY_BYTES };
        let mut kept = self.kept.lock();
        kept.bytes += ENTRY_BYTES;
        if let Some((_, old)) = kept.entries.push((subject, owner.clone()), entry) {
            kept.bytes -= old.bytes;
        }
        kept.shrink_to(self.limit);
        value
    }

    /// A subject's entry, if there is one.
    pub(crate) fn known<T: Any + Send + Sync>(
        &self,
        subject: &'static str,
        owner: &Owner,
    ) -> Option<Arc<T>> {
        let mut kept = self.kept.lock();
        let entry = kept.entries.get(&(subject, owner.clone()))?;
        Arc::downcast(Arc::clone(&entry.value)).ok()
    }

    /// Notes what an entry takes now, and lets the least recently used entries go until the
    /// bound is kept.
    pub(crate) fn weigh<T: Any + Send + Sync>(
        &self,
        subject: &'static str,
        owner: &Owner,
        value: &Arc<T>,
        bytes: usize,
    ) {
        let mut kept = self.kept.lock();
        let kept = &mut *kept;
        let entry = kept.entries.peek_mut(&(subject, owner.clone()));
        // Another one may have taken its place meanwhile.
        let same =
            |entry: &&mut Entry| std::ptr::addr_eq(Arc::as_ptr(&entry.value), Arc::as_ptr(value));
        if let Some(entry) = entry.filter(same) {
            let bytes = bytes.saturating_add(ENTRY_BYTES);
            kept.bytes = (kept.bytes - entry.bytes).saturating_add(bytes);
            entry.bytes = bytes;
        }
        kept.shrink_to(self.limit);
    }

    /// Forgets what a subject keeps of somebody or something.
    pub(crate) fn remove(&self, subject: &'static str, owner: &Owner) {
        let mut kept = self.kept.lock();
        if let Some(entry) = kept.entries.pop(&(subject, owner.clone())) {
            kept.bytes -= entry.bytes;
        }
    }

    /// Forgets everything.
    pub(super) fn remove_all(&self) {
        let mut kept = self.kept.lock();
        kept.entries.clear();
        kept.bytes = 0;
    }

    /// What each of those subjects keeps.
    pub(super) fn stats(&self, subjects: impl Iterator<Item = &'static str>) -> Vec<CacheStats> {
        let mut sums: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
        for ((subject, _), entry) in self.kept.lock().entries.iter() {
            let sum = sums.entry(subject).or_default();
            *sum = (sum.0 + 1, sum.1 + entry.bytes);
        }
        let stats = |subject| {
            let (entries, bytes) = sums.get(subject).copied().unwrap_or((0, 0));
            CacheStats { subject, entries, bytes }
        };
        subjects.map(stats).collect()
    }
}

impl Kept {
    fn shrink_to(&mut self, limit: usize) {
        while self.bytes > limit
            && let Some((_, entry)) = self.entries.pop_lru()
        {
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(number: i64) -> Owner {
        Owner::Customer(Scope::of_key(number << 24))
    }

    fn kept(cache: &Cache) -> Vec<(usize, usize)> {
        let stats = cache.stats(["one", "two"].into_iter());
        stats.iter().map(|of| (of.entries, of.bytes)).collect()
    }

    #[test]
    fn all_subjects_share_one_bound_and_the_least_recently_used_entry_goes_first() {
        let cache = Cache::new(10_000);
        for (subject, number) in [("one", 1), ("two", 1), ("one", 2)] {
            let value = cache.entry(subject, &owner(number), || number);
            cache.weigh(subject, &owner(number), &value, 3_000 - ENTRY_BYTES);
        }
        assert_eq!(kept(&cache), [(2, 6_000), (1, 3_000)]);
        assert_eq!(cache.known::<i64>("one", &owner(1)).as_deref(), Some(&1));
        let third = cache.entry("one", &owner(3), || 3_i64);
        cache.weigh("one", &owner(3), &third, 3_000 - ENTRY_BYTES);
        assert_eq!(kept(&cache), [(3, 9_000), (0, 0)], "\"two\" was not used for longest");
        cache.weigh("one", &owner(3), &third, 20_000);
        assert_eq!(kept(&cache), [(0, 0), (0, 0)], "what is larger than the bound is not kept");
    }

    #[test]
    fn what_was_removed_meanwhile_is_not_weighed() {
        let cache = Cache::new(10_000);
        let gone = cache.entry("one", &owner(1), || 1_i64);
        cache.remove("one", &owner(1));
        cache.weigh("one", &owner(1), &gone, 5_000);
        cache.entry("one", &owner(1), || 2_i64);
        cache.weigh("one", &owner(1), &gone, 5_000);
        assert_eq!(kept(&cache), [(1, ENTRY_BYTES), (0, 0)]);
        cache.remove_all();
        assert_eq!(kept(&cache), [(0, 0), (0, 0)]);
        assert_eq!(cache.kept.lock().bytes, 0);
    }
}
