//! The front door: opening, settings, tenants.
//!
//! Knows which settings there are and their defaults. Everything stored is reached through
//! a [`Tenant`] and a [`Customer`]; there is no other way in.

use super::cache::{Cache, CacheStats};
use super::core::{Core, Persist};
use super::customer::Customer;
use super::hot::{Hot, Limits};
use super::pending::Pending;
use super::people::People;
use super::save::flush_everybody;
use super::subject::Subjects;
use super::tenant::Tenant;
use crate::archive::dictionaries::load_dictionaries;
use crate::codec::Codec;
use crate::error::{Result, invalid};
use crate::store::{self, Durability};
use crate::time::{Clock, SystemClock};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The tenant of a host that has only one.
const DEFAULT_TENANT: &str = "default";
/// The most turns that may be collected under [`Persist::Every`].
const MAX_COLLECTED: usize = 1_000;

/// An open memory. Clone it freely: every clone is the same memory.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let path = path.to_str().ok_or("not UTF-8")?;
/// use confidant::{Confidant, NewTurn};
/// let memory = Confidant::open(path)?;
/// let alice = memory.customer("alice")?;
/// alice.memory().save_turn(NewTurn::said("Hi, I can't log in").answered("What does the page say?"))?;
/// for turn in alice.memory().load_context()?.turns() {
///     println!("{turn}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Confidant {
    pub(crate) core: Arc<Core>,
}

impl Confidant {
    /// Opens the memory in the file at a path (`support.db` or `sqlite:support.db`), with the
    /// default settings; makes the file, readable by its owner only, if there is none.
    ///
    /// With the feature `postgres`, `postgres://user:password@host:port/database` is a server
    /// instead, for more than one machine; docs/POSTGRES.md has the parameters.
    ///
    /// Any number of processes may have the same file open. Beside it stand `-wal` and `-shm`
    /// while it is open, and `-lock`, a few bytes that only say who has it open.
    ///
    /// # Errors
    /// `NotFound` if the folder is missing; `InvalidArgument` if the path is a folder, no
    /// path, or another program's database; `Corrupt` if the file is damaged or of another
    /// kind; `FormatTooNew` if a newer version wrote it; `Io` if it may only be read; `Busy`
    /// if it stayed locked. The file is left as it was.
    pub fn open(location: &str) -> Result<Confidant> {
        Confidant::builder().open(location)
    }

    /// Opens with other settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The longest text of a turn, in bytes.
    pub(crate) fn max_text_bytes(&self) -> usize {
        self.core.max_text_bytes
    }

    /// The tenant with that id, 1 to 128 bytes without control characters. Nothing is stored
    /// until a customer of it is.
    ///
    /// Ids are compared byte for byte: `Acme` and `acme` are two tenants. Use a key of your own
    /// database, or trim a name, lower its case and bring it to NFC before you call.
    ///
    /// # Errors
    /// `InvalidArgument` if the id breaks the rule.
    pub fn tenant(&self, id: &str) -> Result<Tenant> {
        Tenant::new(Arc::clone(&self.core), id)
    }

    /// The customer with that id, of the tenant `default`.
    ///
    /// # Errors
    /// `InvalidArgument` if the id is not 1 to 128 bytes without control characters.
    pub fn customer(&self, id: &str) -> Result<Customer> {
        self.tenant(DEFAULT_TENANT)?.customer(id)
    }

    /// Gives the file's free space back to the file system. Takes about as long as copying
    /// the file, needs as much free space again, and writers wait meanwhile.
    ///
    /// # Errors
    /// `Io` if the disk is full; the file is then as it was.
    pub fn compact(&self) -> Result<()> {
        self.core.store.compact()
    }

    /// Figures of this handle's process: the hot buffer, what waits, the file's size.
    pub fn stats(&self) -> StoreStats {
        let counts = self.core.hot.counts();
        StoreStats {
            hot_customers: counts.customers,
            hot_bytes: counts.bytes,
            hits: counts.hits,
            misses: counts.misses,
            evictions: counts.evictions,
            caches: self.core.cache.stats(self.core.subjects.iter().map(|of| of.name())),
            pending: self.core.pending.len(),
            alone: self.core.store.is_alone(),
            bytes_on_disk: self.core.store.bytes_on_disk(),
        }
    }

    /// Forgets every hot buffer and everything else that is kept in memory of customers and
    /// collections; the store keeps everything.
    pub fn invalidate(&self) {
        self.core.hot.remove_all();
        self.core.cache.remove_all();
    }

    /// Saves every turn that waits under [`Persist::Every`].
    ///
    /// # Errors
    /// As `save_turn`; what could not be saved still waits.
    pub fn flush(&self) -> Result<()> {
        flush_everybody(&self.core)
    }

    /// Flushes and gives this handle up; the file is closed with the last handle.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub fn close(self) -> Result<()> {
        self.flush()
    }

    /// The location it was opened with.
    pub fn location(&self) -> &str {
        self.core.store.location()
    }
}

impl fmt::Debug for Confidant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confidant").field("location", &self.location()).finish_non_exhaustive()
    }
}

/// The settings of a memory to be opened.
#[derive(Clone)]
#[must_use]
pub struct Builder {
    hot_turns: usize,
    hot_bytes: usize,
    hot_ttl: Option<Duration>,
    persist: Persist,
    durability: Durability,
    busy_timeout: Duration,
    session_idle: Duration,
    max_text_bytes: usize,
    cache_bytes: usize,
    clock: Arc<dyn Clock>,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder {
            hot_turns: 50,
            hot_bytes: 64 << 20,
            hot_ttl: Some(Duration::from_secs(30 * 60)),
            persist: Persist::Always,
            durability: Durability::PowerLoss,
            busy_timeout: Duration::from_secs(5),
            session_idle: Duration::from_secs(30 * 60),
            max_text_bytes: 64 << 10,
            cache_bytes: 128 << 20,
            clock: Arc::new(SystemClock),
        }
    }
}

impl Builder {
    /// The turns of a context, 1 to 1,000. Default: 50.
    pub fn hot_turns(mut self, turns: usize) -> Self {
        self.hot_turns = turns;
        self
    }

    /// The bytes that the hot buffer may take in all. Default: 64 MiB (a customer with
    /// 50 turns takes about 12 to 25 KiB). 0 keeps nothing.
    pub fn hot_bytes(mut self, bytes: usize) -> Self {
        self.hot_bytes = bytes;
        self
    }

    /// How long a customer stays hot after a load or a save. Default: 30 minutes. `None`
    /// is for ever; zero asks the store every time.
    pub fn hot_ttl(mut self, ttl: Option<Duration>) -> Self {
        self.hot_ttl = ttl;
        self
    }

    /// When a saved turn goes to the disk. Default: always at once.
    pub fn persist(mut self, persist: Persist) -> Self {
        self.persist = persist;
        self
    }

    /// What an acknowledged turn survives. Default: power loss.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How long a call waits while other processes hold the store. Default: 5 seconds.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// After how long without a turn [`save_turn`](crate::PersistentBufferMemory::save_turn)
    /// opens a new session instead of continuing. Default: 30 minutes.
    pub fn session_idle(mut self, idle: Duration) -> Self {
        self.session_idle = idle;
        self
    }

    /// The longest text of one half of a turn, and of its metadata, in bytes: 1 to 65,536,
    /// which is also the default.
    pub fn max_text_bytes(mut self, bytes: usize) -> Self {
        self.max_text_bytes = bytes;
        self
    }

    /// The bytes that everything kept in memory beside the hot buffer may take in all: indexes
    /// for recall and collections, learned preferences, known facts. Default: 128 MiB (a
    /// customer with 1,000 turns takes about 300 KiB, a collection of 100,000 documents about
    /// 45 MiB). What is larger than the bound is made anew for every question, as everything
    /// is with 0.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Where the time comes from. Default: the machine's clock.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Opens the memory with those subjects beside the turns.
    pub(crate) fn open_with(self, location: &str, subjects: Subjects) -> Result<Confidant> {
        self.check()?;
        let options =
            store::Options { durability: self.durability, busy_timeout: self.busy_timeout };
        let store = store::open(location, &options)?;
        let codec = Codec::new();
        load_dictionaries(&*store, &codec)?;
        let limits = Limits {
            turns: self.hot_turns,
            bytes: self.hot_bytes,
            ttl_ms: self.hot_ttl.map(|ttl| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)),
        };
        let core = Core {
            store,
            codec: Arc::new(codec),
            hot: Arc::new(Hot::new(limits)),
            pending: Pending::default(),
            people: People::default(),
            clock: self.clock,
            persist: self.persist,
            session_idle_ms: i64::try_from(self.session_idle.as_millis()).unwrap_or(i64::MAX),
            max_text_bytes: self.max_text_bytes,
            cache: Arc::new(Cache::new(self.cache_bytes)),
            subjects,
        };
        Ok(Confidant { core: Arc::new(core) })
    }

    fn check(&self) -> Result<()> {
        if !(1..=1_000).contains(&self.hot_turns) {
            return Err(invalid(format!("hot_turns is {}; it must be 1 to 1,000", self.hot_turns)));
        }
        if !(1..=64 << 10).contains(&self.max_text_bytes) {
            return Err(invalid(format!(
                "max_text_bytes is {}; it must be 1 to 65,536",
                self.max_text_bytes
            )));
        }
        match self.persist {
            Persist::Every(n) if !(1..=MAX_COLLECTED).contains(&n) => {
                Err(invalid(format!("persist is Every({n}); it must be 1 to {MAX_COLLECTED}")))
            }
            _ => Ok(()),
        }
    }
}

/// Figures of one open memory in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreStats {
    /// Customers in the hot buffer.
    pub hot_customers: usize,
    /// Bytes that the hot buffer takes.
    pub hot_bytes: usize,
    /// Contexts that were served from the hot buffer.
    pub hits: u64,
    /// Contexts that were read from the store.
    pub misses: u64,
    /// Customers that left the hot buffer to keep its bound.
    pub evictions: u64,
    /// What each subject keeps in memory: recall, collections, preferences, known facts. All
    /// of them together stay within [`Builder::cache_bytes`].
    pub caches: Vec<CacheStats>,
    /// Turns that wait to be saved; only under [`Persist::Every`].
    pub pending: usize,
    /// Whether this process is proven to be the only one with the store open, so that hot
    /// contexts need no question to the store.
    pub alone: bool,
    /// The file's size in bytes, without its log.
    pub bytes_on_disk: u64,
}

impl StoreStats {
    /// What a subject keeps in memory; `None` if there is no subject of that name.
    pub fn cached(&self, subject: &str) -> Option<CacheStats> {
        self.caches.iter().find(|of| of.subject == subject).copied()
    }

    /// Bytes that all subjects together take.
    pub fn cache_bytes(&self) -> usize {
        self.caches.iter().map(|of| of.bytes).sum()
    }
}

impl Tenant {
    /// The memory it is a part of.
    pub(crate) fn confidant(&self) -> Confidant {
        Confidant { core: Arc::clone(&self.core) }
    }
}

impl Customer {
    /// The memory it is a part of.
    pub(crate) fn confidant(&self) -> Confidant {
        Confidant { core: Arc::clone(&self.core) }
    }
}
