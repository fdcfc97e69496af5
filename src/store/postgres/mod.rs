//! The PostgreSQL engine: many connections, units that share a transaction.
//!
//! Knows which units go together: those about customers, by lanes, so that one customer's
//! are always in the same lane; everything else has a transaction of its own.

mod batch;
mod engine;
mod link;
mod location;
mod numbers;
mod open;
mod order;
#[cfg(test)]
pub(super) mod place;
mod pool;
mod replay;
mod statements;
mod tls;
mod together;
mod watch;

use super::group::{Group, Ran};
use super::{Durability, Options, Store, Tx, Unit};
use crate::error::{Error, ErrorKind, Result, internal};
use engine::Engine;
use link::{Failure, Link, random};
use location::Location;
use numbers::Numbers;
use order::Order;
use pool::Pool;
use statements::Begin;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use together::Lane;
use tokio_postgres_rustls::MakeRustlsConnect;
use watch::Watch;

/// While one lane's group waits for the disk, the other's is on its way.
const LANES: usize = 2;
/// The longest that a lane's group waits for callers of the group before: it saves them a
/// whole transaction.
const LONGEST_PATIENCE: Duration = Duration::from_millis(2);
/// How long everybody in a lane can be kept waiting for one customer's lock.
const LANE_PATIENCE_MS: u128 = 20;
/// Between two attempts to open while the server has no connection left.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// Marks of connections that are gone are kept for a day: longer than any commit is doubtful.
const TIDY: &str = "DELETE FROM confidant_marks WHERE at < now() - interval '1 day'";

pub(crate) struct PostgresStore {
    shared: Arc<Shared>,
    engine: Arc<Engine>,
    lanes: Vec<Group<Lane>>,
    process: u32,
}

/// What every part of the engine needs.
struct Shared {
    location: Location,
    tls: MakeRustlsConnect,
    options: Options,
    /// Whether statements do not stay on one server connection.
    pooled: AtomicBool,
    numbers: Numbers,
    /// What begins a transaction that waits for locks as long as the busy timeout says.
    patiently: String,
}

impl Shared {
    fn until(&self) -> Instant {
        Instant::now() + self.options.busy_timeout
    }

    fn connect(&self) -> Result<Link, Failure> {
        Link::connect(&self.location, &self.tls, &self.options, self.location.patience)
    }

    /// The settings of a session, or of a transaction behind a pooler.
    ///
    /// Every statement of ours goes by key, so plans made before the tables had statistics
    /// must not read whole tables.
    fn settings(&self, set: &str) -> String {
        // What waits longer has a transaction of its own and says so when it begins.
        let timeout = if set == "SET" {
            LANE_PATIENCE_MS.min(self.lock_timeout())
        } else {
            self.lock_timeout()
        };
        let durability = match self.options.durability {
            Durability::PowerLoss => String::new(),
            Durability::ProcessCrash => format!("; {set} synchronous_commit TO off"),
        };
        format!(
            "{set} search_path TO {}; {set} lock_timeout TO {timeout}; {set} statement_timeout TO 0; {set} enable_seqscan TO off; \
             {set} enable_bitmapscan TO off; {set} jit TO off; {set} plan_cache_mode TO force_generic_plan{durability}",
            self.location.schema
        )
    }

    /// How long a statement waits for a lock, in the server's milliseconds.
    fn lock_timeout(&self) -> u128 {
        lock_timeout(&self.options)
    }

    /// What begins a transaction behind a pooler, and tells which one it is.
    fn begin_pooled(&self, begin: Begin) -> String {
        let begin = begin.sql();
        format!("{begin}; {}; {}", self.settings("SET LOCAL"), link::WHICH)
    }

    /// The key of the lock that units about one customer take; 0 stands for the whole store.
    fn lock_of(&self, customer: i64) -> i64 {
        open::tag(&self.location.schema) << 40 | (customer & 0xff_ffff_ffff)
    }
}

impl PostgresStore {
    pub(crate) fn open(location: &str, options: &Options) -> Result<PostgresStore> {
        let location = Location::parse(location)?;
        let tls = tls::connector(&location)?;
        let timeout = lock_timeout(options);
        let shared = Arc::new(Shared {
            location,
            tls,
            options: options.clone(),
            pooled: AtomicBool::new(false),
            numbers: Numbers::default(),
            patiently: format!(
                "{}; SET LOCAL lock_timeout TO {timeout}",
                Begin::WritePatiently.sql()
            ),
        });
        let until = shared.until();
        let mut pause = FIRST_PAUSE;
        loop {
            match PostgresStore::open_with(&shared) {
                // As everywhere else: whoever is kept out for the moment waits.
                Err(failure)
                    if failure.error.kind() == ErrorKind::Busy
                        && Instant::now() + pause < until =>
                {
                    std::thread::sleep(pause);
                    pause = (2 * pause).min(LONGEST_PAUSE);
                }
                opened => return opened.map_err(|failure| failure.error),
            }
        }
    }

    fn open_with(shared: &Arc<Shared>) -> Result<PostgresStore, Failure> {
        let mut ear = shared.connect()?;
        let mut first = shared.connect()?;
        let is_pooled = are_pooled(&mut ear, &mut first)?;
        shared.pooled.store(is_pooled, Ordering::Release);
        let store = open::prepare(&mut first, shared)?;
        if !is_pooled {
            first.settle(&shared.settings("SET"))?;
            watch::begin(&mut ear, shared)?;
        }
        let name = format!("{:016x}", random());
        let engine = Arc::new(Engine {
            pool: Pool::new(Arc::clone(shared), first),
            order: Order::default(),
            watch: Watch::new(store, name.clone(), (!is_pooled).then_some(ear)),
            notify: format!("NOTIFY {}, '{name}'", shared.location.channel()),
            shared: Arc::clone(shared),
        });
        let lanes = (0..LANES.min(shared.location.connections))
            .map(|_| Group::new(Lane::new(&engine), LONGEST_PATIENCE));
        let opened = PostgresStore {
            lanes: lanes.collect(),
            process: std::process::id(),
            shared: Arc::clone(shared),
            engine,
        };
        let tidy = Unit { work: Box::new(|tx| tx.execute(TIDY, &[]).map(|_| ())), committed: None };
        opened.write(tidy)?;
        Ok(opened)
    }

    /// A forked child shares the parent's sockets.
    fn check_process(&self) -> Result<()> {
        if std::process::id() == self.process {
            return Ok(());
        }
        let message =
            format!("{} was opened before a fork; open it again in the child", self.location());
        Err(Error::new(ErrorKind::Closed, message))
    }

    /// Runs statements on a connection of its own, outside a transaction.
    fn aside<T>(&self, work: impl FnOnce(&mut Link) -> Result<T, Failure>) -> Result<T> {
        self.check_process()?;
        let aside = || {
            let mut link = self.shared.connect()?;
            if !self.shared.pooled.load(Ordering::Acquire) {
                link.simple(&format!("SET lock_timeout TO {}", self.shared.lock_timeout()))?;
            }
            work(&mut link)
        };
        aside().map_err(|failure| failure.error)
    }

    /// The tables of the store, with their schema.
    fn tables(&self, link: &mut Link) -> Result<Vec<String>, Failure> {
        let sql = format!(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = '{}' AND c.relkind = 'r' ORDER BY c.relname",
            self.shared.location.schema
        );
        let names = link.simple(&sql)?.into_iter().flatten();
        Ok(names.map(|name| format!("{}.{name}", self.shared.location.schema)).collect())
    }
}

fn lock_timeout(options: &Options) -> u128 {
    options.busy_timeout.as_millis().clamp(1, 2_000_000_000)
}

/// Runs a unit's work; what it panics with is its error.
fn run(unit: &mut Unit, tx: &dyn Tx) -> Result<()> {
    let ran = catch_unwind(AssertUnwindSafe(|| (unit.work)(tx)));
    ran.unwrap_or_else(|_| Err(internal("a unit of work panicked; nothing of it was saved")))
}

/// Whether two connections share the server's: that only a pooler that lends them by
/// transaction does.
fn are_pooled(one: &mut Link, other: &mut Link) -> Result<bool, Failure> {
    let backend = "SELECT pg_backend_pid()";
    let busy = other.simple(&format!("BEGIN; {backend}"))?;
    let idle = one.simple(backend)?;
    other.simple("ROLLBACK")?;
    let number = |rows: &[Vec<String>]| rows.first()?.first()?.parse::<i64>().ok();
    Ok(number(&busy) != Some(other.backend)
        || number(&idle) != Some(one.backend)
        || one.backend == other.backend)
}

impl Store for PostgresStore {
    fn read(&self, work: &mut dyn FnMut(&dyn Tx) -> Result<()>) -> Result<()> {
        self.check_process()?;
        self.engine.read(work)
    }

    fn write(&self, mut unit: Unit) -> Result<()> {
        self.check_process()?;
        let ran = match self.lane_of(&mut unit) {
            Some(lane) => lane.run(unit),
            None => Ran::Back(unit),
        };
        let done = match ran {
            Ran::Done(done) => done,
            Ran::Back(unit) => self.engine.write(unit),
        };
        self.engine.watch.look(&self.shared);
        done
    }

    fn era(&self) -> Result<u64> {
        self.check_process()?;
        Ok(self.engine.watch.era(&self.shared))
    }

    /// Never proven: anybody may connect to the server.
    fn is_alone(&self) -> bool {
        false
    }

    /// PostgreSQL does that by itself.
    fn checkpoint(&self) -> Result<()> {
        self.check_process()
    }

    fn compact(&self) -> Result<()> {
        self.aside(|link| {
            for table in self.tables(link)? {
                link.simple(&format!("VACUUM (FULL, ANALYZE) {table}"))?;
            }
            Ok(())
        })
    }

    /// Reads every table whole, and checks every index against its table if the database has
    /// the extension `amcheck`.
    fn integrity(&self) -> Result<Vec<String>> {
        self.aside(|link| {
            let mut findings = Vec::new();
            let mut ask = |link: &mut Link, sql: String| match link.simple(&sql) {
                Ok(rows) => Ok(rows),
                Err(failure) if failure.error.kind() == ErrorKind::Corrupt => {
                    let source = std::error::Error::source(&failure.error).map(ToString::to_string);
                    findings.push(source.unwrap_or_else(|| failure.error.to_string()));
                    Ok(Vec::new())
                }
                Err(failure) => Err(failure),
            };
            for table in self.tables(link)? {
                ask(link, format!("SELECT count(t.*) FROM {table} t"))?;
            }
            let sql = "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
                       WHERE e.extname = 'amcheck'";
            if let Some(amcheck) = ask(link, sql.to_owned())?.first().and_then(|row| row.first()) {
                let indexes = format!(
                    "SELECT i.indexrelid FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
                     JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{}' AND c.relkind = 'r'",
                    self.shared.location.schema
                );
                for index in ask(link, indexes)?.into_iter().flatten() {
                    ask(link, format!("SELECT \"{amcheck}\".bt_index_check({index}, true)"))?;
                }
            }
            Ok(findings)
        })
    }

    fn bytes_on_disk(&self) -> u64 {
        let sql = format!(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c \
             JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{}' AND c.relkind = 'r'",
            self.shared.location.schema
        );
        let rows = self.aside(|link| link.simple(&sql)).unwrap_or_default();
        rows.first().and_then(|row| row.first()?.parse().ok()).unwrap_or(0)
    }

    fn location(&self) -> &str {
        &self.shared.location.shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use place::Place;

    const COUNT: &str = "SELECT value FROM counters WHERE name = ?1";
    const ADD: &str = "UPDATE counters SET value = value + 1 WHERE name = 'tenants'";

    fn opened() -> Option<(Place, Box<dyn Store>)> {
        let place = Place::new()?;
        let store = crate::store::open(&place.location, &crate::store::conformance::options())
            .expect("opens");
        Some((place, store))
    }

    fn count(store: &dyn Store) -> Result<i64> {
        store.read_with(|tx| {
            Ok(tx.first(COUNT, &["tenants".into()], |row| row.int(0))?.unwrap_or(-1))
        })
    }

    #[test]
    fn a_host_inside_a_runtime_of_its_own_is_served() {
        let Some((_place, store)) = opened() else { return };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async move {
            store.write_with(|tx| tx.execute(ADD, &[])).expect("written");
            assert_eq!(count(&*store).expect("read"), 1);
            store.era().expect("an era");
            drop(store);
        });
    }

    #[test]
    fn units_about_one_customer_take_turns_and_others_do_not_wait() {
        let Some((place, store)) = opened() else { return };
        let (_, mut holder) = place.link();
        let own = PostgresStore::open(&place.location, &crate::store::conformance::options())
            .expect("opens");
        holder
            .simple(&format!("BEGIN; SELECT pg_advisory_xact_lock({})", own.shared.lock_of(7)))
            .expect("locked");
        let about = |customer: i64| {
            let mut options = crate::store::conformance::options();
            options.busy_timeout = Duration::from_millis(100);
            let store = crate::store::open(&place.location, &options).expect("opens");
            store.write_with(move |tx| {
                tx.keep_to(customer)?;
                tx.execute(ADD, &[])
            })
        };
        assert_eq!(about(7).expect_err("locked").kind(), ErrorKind::Busy);
        about(8).expect("not locked");
        holder.simple("ROLLBACK").expect("rolled back");
        about(7).expect("free again");
        assert_eq!(count(&*store).expect("read"), 2);
    }

    #[test]
    fn a_value_that_is_taken_by_somebody_faster_is_tried_again() {
        let Some((_place, store)) = opened() else { return };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        let unit = |tx: &dyn Tx| {
                            let next = "SELECT coalesce(max(id), 0) + 1 FROM tenants";
                            let id = tx.first(next, &[], |row| row.int(0))?.unwrap_or(0);
                            let name = format!("tenant {id}");
                            tx.execute(
                                "INSERT INTO tenants (id, name) VALUES (?1, ?2)",
                                &[id.into(), name.as_str().into()],
                            )
                        };
                        store.write_with(unit).expect("written");
                    }
                });
            }
        });
        let read = |tx: &dyn Tx| tx.first("SELECT count(*) FROM tenants", &[], |row| row.int(0));
        assert_eq!(store.read_with(read).expect("read"), Some(80));
    }
}
