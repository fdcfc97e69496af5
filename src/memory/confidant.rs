//! The front door: opening, settings, tenants.
//!
//! Knows which settings there are and their defaults. Everything stored is reached through
//! a [`Tenant`] and a [`Customer`]; there is no other way in.

use super::cache::{Cache, CacheStats};
use super::customer::{Customer, People};
use super::hot::{Hot, Limits};
use super::maintain;
use super::pending::Pending;
use super::subject::Subjects;
use crate::codec::Codec;
use crate::error::{Result, invalid};
use crate::id::check_name;
use crate::store::{self, Durability, Store};
use crate::time::{Clock, SystemClock, Timestamp};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The tenant of a host that has only one.
const DEFAULT_TENANT: &str = "default";
/// The most turns that may be collected under [`Persist::Every`].
const MAX_COLLECTED: usize = 1_000;

/// When a saved turn goes to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Persist {
    /// Before `save_turn` returns. Calls from several threads share a commit.
    #[default]
    Always,
    /// When so many turns of the customer are waiting, on `flush`, on `close` and when the
    /// last handle is dropped. Waiting turns are in every context, are counted as `pending`
    /// and are lost if the process is killed: for hosts that ask for it by name.
    Every(usize),
}

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

/// What every handle of one open memory shares.
pub(crate) struct Core {
    pub(crate) store: Box<dyn Store>,
    pub(super) codec: Arc<Codec>,
    pub(super) hot: Arc<Hot>,
    pub(super) pending: Pending,
    pub(super) people: People,
    pub(crate) clock: Arc<dyn Clock>,
    pub(super) persist: Persist,
    pub(super) session_idle_ms: i64,
    pub(super) max_text_bytes: usize,
    /// What subjects keep in memory.
    pub(crate) cache: Arc<Cache>,
    pub(crate) subjects: Subjects,
}

impl Core {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Turns that wait under [`Persist::Every`] are saved with the last handle; whoever needs to
/// know that it worked calls [`Confidant::close`] or `flush`.
impl Drop for Core {
    fn drop(&mut self) {
        let _ = super::save::flush_everybody(self);
    }
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
    /// # Errors
    /// `InvalidArgument` if the id breaks the rule.
    pub fn tenant(&self, id: &str) -> Result<Tenant> {
        check_name("tenant", id)?;
        Ok(Tenant { core: Arc::clone(&self.core), id: Arc::from(id) })
    }

    /// The customer with that id, of the tenant `default`.
    ///
    /// # Errors
    /// `InvalidArgument` if the id is not 1 to 128 bytes without control characters.
    pub fn customer(&self, id: &str) -> Result<Customer> {
        self.tenant(DEFAULT_TENANT)?.customer(id)
    }

    /// Does what is better done now and then, when the host has time: trains the store's own
    /// dictionary once there are enough turns, packs older turns with it, makes snapshots of
    /// collections anew that are of no use, and moves the log into the file. Other calls go on
    /// meanwhile.
    ///
    /// # Errors
    /// `Corrupt`, naming the turn, if one cannot be read; what was done until then stays.
    pub fn maintain(&self) -> Result<Maintenance> {
        maintain::maintain(&self.core)
    }

    /// Gives the file's free space back to the file system. Takes about as long as copying
    /// the file, needs as much free space again, and writers wait meanwhile.
    ///
    /// # Errors
    /// `Io` if the disk is full; the file is then as it was.
    pub fn compact(&self) -> Result<()> {
        self.core.store.compact()
    }

    /// Reads everything that is stored and lists what is damaged: every turn, document and
    /// vector with its checksum, and whether what belongs together is there.
    ///
    /// A snapshot of a collection's index is no memory but a copy: one that is damaged is a
    /// warning, since searches go on without it and [`maintain`](Self::maintain) makes a new one.
    ///
    /// # Errors
    /// `Io` or `Store` if the file cannot be read at all; damage itself is in the report.
    pub fn check(&self) -> Result<Report> {
        maintain::check(&self.core)
    }

    /// Figures of this handle's process: the hot buffer, what waits, the file's size.
    pub fn stats(&self) -> Stats {
        let counts = self.core.hot.counts();
        Stats {
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
        super::save::flush_everybody(&self.core)
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
    /// The turns of a context, 1 to 1,000; 50 if never said.
    pub fn hot_turns(mut self, turns: usize) -> Self {
        self.hot_turns = turns;
        self
    }

    /// The bytes that the hot buffer may take in all; 64 MiB if never said (a customer with
    /// 50 turns takes about 12 to 25 KiB). 0 keeps nothing.
    pub fn hot_bytes(mut self, bytes: usize) -> Self {
        self.hot_bytes = bytes;
        self
    }

    /// How long a customer stays hot after a load or a save; 30 minutes if never said. `None`
    /// is for ever; zero asks the store every time.
    pub fn hot_ttl(mut self, ttl: Option<Duration>) -> Self {
        self.hot_ttl = ttl;
        self
    }

    /// When a saved turn goes to the disk; always at once if never said.
    pub fn persist(mut self, persist: Persist) -> Self {
        self.persist = persist;
        self
    }

    /// What an acknowledged turn survives; power loss if never said.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How long a call waits while other processes hold the store; 5 seconds if never said.
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// After how long without a turn [`save_turn`](crate::PersistentBufferMemory::save_turn)
    /// opens a new session instead of continuing; 30 minutes if never said.
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

    /// Where the time comes from; the machine's clock if never said.
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
        maintain::load_dictionaries(&*store, &codec)?;
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

/// One company's part of the memory: nothing of another tenant is reachable from it.
#[derive(Clone)]
pub struct Tenant {
    pub(crate) core: Arc<Core>,
    id: Arc<str>,
}

impl Tenant {
    /// The id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The customer with that id, 1 to 128 bytes without control characters. Nothing is
    /// stored until something of the customer is.
    ///
    /// # Errors
    /// `InvalidArgument` if the id breaks the rule.
    pub fn customer(&self, id: &str) -> Result<Customer> {
        check_name("customer", id)?;
        Ok(Customer::new(Arc::clone(&self.core), Arc::clone(&self.id), Arc::from(id)))
    }
}

impl Tenant {
    /// The memory it is a part of.
    pub(crate) fn confidant(&self) -> Confidant {
        Confidant { core: Arc::clone(&self.core) }
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Figures of one open memory in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
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

impl Stats {
    /// What a subject keeps in memory; `None` if there is no subject of that name.
    pub fn cached(&self, subject: &str) -> Option<CacheStats> {
        self.caches.iter().find(|of| of.subject == subject).copied()
    }

    /// Bytes that all subjects together take.
    pub fn cache_bytes(&self) -> usize {
        self.caches.iter().map(|of| of.bytes).sum()
    }
}

/// What [`Confidant::maintain`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Maintenance {
    /// The number of the dictionary that was trained, if one was.
    pub trained: Option<u8>,
    /// Turns that were looked at.
    pub examined: u64,
    /// Turns that were packed anew.
    pub repacked: u64,
    /// Bytes of those turns before.
    pub bytes_before: u64,
    /// Bytes of those turns after.
    pub bytes_after: u64,
}

/// What [`Confidant::check`] found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Turns that were read.
    pub turns: u64,
    /// Bytes of their texts and metadata.
    pub text_bytes: u64,
    /// Bytes of their stored bodies.
    pub stored_bytes: u64,
    /// Documents of collections that were read, also those that were removed.
    pub documents: u64,
    /// Damage, one line each; empty if there is none. At most 100 lines of each kind.
    pub findings: Vec<String>,
    /// What an operator should change: a file that others may read, a snapshot of no use.
    pub warnings: Vec<String>,
}

/// Findings and warnings that are listed of each kind.
const LISTED: usize = 100;

impl Report {
    /// Adds findings of one kind: the first hundred.
    pub(crate) fn add(&mut self, findings: Vec<String>) {
        self.findings.extend(findings.into_iter().take(LISTED));
    }

    /// Adds warnings of one kind: the first hundred.
    pub(crate) fn warn(&mut self, warnings: Vec<String>) {
        self.warnings.extend(warnings.into_iter().take(LISTED));
    }

    /// Whether nothing is damaged.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}
