//! The places of customers that were met lately.

use crate::archive::Scope;
use lru::LruCache;
use parking_lot::Mutex;
use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

/// Customers whose place in the store is remembered between handles.
const KNOWN: NonZeroUsize = NonZeroUsize::new(16_384).expect("not zero");

type Name = (Arc<str>, Arc<str>);

/// The places of customers that were met lately, so that a handle made for one message finds
/// the hot buffer at once.
pub(super) struct People(Mutex<LruCache<Name, Arc<OnceLock<Scope>>>>);

impl Default for People {
    fn default() -> People {
        People(Mutex::new(LruCache::new(KNOWN)))
    }
}

impl People {
    pub(super) fn place(&self, tenant: &Arc<str>, name: &Arc<str>) -> Arc<OnceLock<Scope>> {
        let name = (Arc::clone(tenant), Arc::clone(name));
        Arc::clone(self.0.lock().get_or_insert(name, Arc::default))
    }
}
