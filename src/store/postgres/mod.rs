//! The PostgreSQL engine: many connections, one transaction a unit.
//!
//! Knows how a unit becomes durable whatever happens to its connection, and when it is run
//! again. PostgreSQL itself lets commits share a flush, so units are not grouped here.

mod link;
mod location;
mod open;
mod order;
#[cfg(test)]
pub(super) mod place;
mod pool;
mod statements;
mod tls;
mod watch;

use super::{Durability, Options, Store, Tx, Unit};
use crate::error::{Error, ErrorKind, Result, internal};
use link::{Failure, Link, Why, both, failed, followed_by, random};
use location::Location;
use order::{Order, run_alone};
use pool::Pool;
use statements::{Statements, Transaction};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio_postgres::types::Type;
use tokio_postgres_rustls::MakeRustlsConnect;
use watch::Watch;

/// How often the very same value may be taken before that is the unit's own fault: one who
/// was overtaken finds another value at the next try.
const TAKEN_AGAIN: u32 = 3;
/// Marks of connections that are gone are kept for a day: longer than any commit is doubtful.
const TIDY: &str = "DELETE FROM confidant_marks WHERE at < now() - interval '1 day'";

pub(crate) struct PostgresStore {
    shared: Arc<Shared>,
    pool: Pool,
    order: Order,
    watch: Watch,
    notify: String,
    process: u32,
}

/// What every part of the engine needs.
struct Shared {
    location: Location,
    tls: MakeRustlsConnect,
    options: Options,
    /// Whether statements do not stay on one server connection.
    pooled: AtomicBool,
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
        let timeout = self.lock_timeout();
        let durability = match self.options.durability {
            Durability::PowerLoss => String::new(),
            Durability::ProcessCrash => format!("; {set} synchronous_commit TO off"),
        };
        format!(
            "{set} search_path TO {}; {set} lock_timeout TO {timeout}; {set} enable_seqscan TO off; \
             {set} enable_bitmapscan TO off; {set} jit TO off{durability}",
            self.location.schema
        )
    }

    /// How long a statement waits for a lock, in the server's milliseconds.
    fn lock_timeout(&self) -> u128 {
        self.options.busy_timeout.as_millis().clamp(1, 2_000_000_000)
    }

    /// What begins a transaction behind a pooler, and tells which one it is.
    fn begin_pooled(&self, for_writing: bool) -> String {
        let begin = statements::begin(for_writing);
        format!("{begin}; {}; {}", self.settings("SET LOCAL"), link::WHICH)
    }

    /// The key of the lock that units about one customer take; 0 stands for the whole store.
    fn lock_of(&self, customer: i64) -> i64 {
        open::tag(&self.location.schema) << 40 | (customer & 0xff_ffff_ffff)
    }
}

/// A unit that was not made durable, or may not have been.
enum Undone {
    Failed(Failure),
    /// `COMMIT` was sent, and nothing was heard.
    Doubtful {
        transaction: Transaction,
        slot: i64,
        mark: i64,
        failure: Failure,
    },
}

impl PostgresStore {
    pub(crate) fn open(location: &str, options: &Options) -> Result<PostgresStore> {
        let location = Location::parse(location)?;
        let tls = tls::connector(&location)?;
        let shared = Arc::new(Shared { location, tls, options: options.clone(), pooled: AtomicBool::new(false) });
        PostgresStore::open_with(&shared).map_err(|failure| failure.error)
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
        let opened = PostgresStore {
            pool: Pool::new(Arc::clone(shared), first),
            order: Order::default(),
            watch: Watch::new(store, name.clone(), (!is_pooled).then_some(ear)),
            notify: format!("NOTIFY {}, '{name}'", shared.location.channel()),
            process: std::process::id(),
            shared: Arc::clone(shared),
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
        let message = format!("{} was opened before a fork; open it again in the child", self.location());
        Err(Error::new(ErrorKind::Closed, message))
    }

    /// Notices that a pooler stands between, which was not seen at the start.
    fn learn(&self, why: &Why) {
        if *why == Why::Pooled && !self.shared.pooled.swap(true, Ordering::AcqRel) {
            self.watch.give_up();
            self.pool.doubt();
        }
    }

    fn try_read(&self, work: &mut dyn FnMut(&dyn Tx) -> Result<()>, until: Instant) -> Result<(), Failure> {
        let mut lent = self.pool.lend(until)?;
        let (done, failure, has_begun) = {
            let statements = Statements::new(lent.link()?, &self.shared, false);
            let done = work(&statements);
            (done, statements.failed.take(), statements.has_begun())
        };
        if has_begun {
            // Nobody needs to know how the end of a reading transaction went.
            lent.end();
        }
        match (failure, done) {
            (Some(failure), Err(_)) if failure.why != Why::Final => Err(failure),
            (_, done) => done.map_err(Failure::from),
        }
    }

    /// Runs a unit and commits it; what follows the commit is run in its place.
    fn try_write(&self, unit: &mut Unit, until: Instant) -> Result<Result<()>, Undone> {
        let mut lent = self.pool.lend(until).map_err(Undone::Failed)?;
        let link = lent.link().map_err(Undone::Failed)?;
        let statements = Statements::new(link, &self.shared, true);
        let ran = catch_unwind(AssertUnwindSafe(|| (unit.work)(&statements)));
        let done = ran.unwrap_or_else(|_| Err(internal("a unit of work panicked; nothing of it was saved")));
        let (failure, has_begun) = (statements.failed.take(), statements.has_begun());
        let transaction = statements.transaction.get();
        drop(statements);
        let failure = match (done, failure) {
            (Ok(()), None) => None,
            (Ok(()), Some(failure)) => Some(failure),
            (Err(error), None) => Some(Failure::from(error)),
            (Err(error), Some(failure)) if failure.why == Why::Final => Some(Failure::from(error)),
            (Err(_), failure) => failure,
        };
        if let Some(failure) = failure {
            lent.end();
            if let (Why::Lost, Some(transaction)) = (&failure.why, transaction) {
                // Its locks would be in the way of the next try.
                let _ = self.end(transaction, until);
            }
            return Err(Undone::Failed(failure));
        }
        let Some(transaction) = transaction.filter(|_| has_begun) else {
            return Ok(run_alone(unit.committed.take()));
        };
        let place = self.order.place();
        let (slot, mark) = (link_slot(&mut lent).map_err(Undone::Failed)?, random().cast_signed());
        match self.commit(&mut lent, slot, mark) {
            Ok(()) => {
                self.watch.tell_neighbours();
                Ok(place.run(unit.committed.take()))
            }
            Err(failure) if failure.why == Why::Lost => Err(Undone::Doubtful { transaction, slot, mark, failure }),
            Err(failure) => {
                lent.end();
                Err(Undone::Failed(failure))
            }
        }
    }

    /// Leaves the mark, commits and tells others, in one round trip.
    ///
    /// The notification is a transaction of its own, right behind the commit on the same
    /// connection: inside, it would make all commits of the server wait for each other.
    fn commit(&self, lent: &mut pool::Lent<'_>, slot: i64, mark: i64) -> Result<(), Failure> {
        let link = lent.link()?;
        let (client, own) = (link.client()?, link.own.clone());
        let leave = async {
            match own {
                Some(own) => client.execute(&own.mark, &[&slot, &mark]).await,
                None => client.execute_typed(link::MARK, &[(&slot, Type::INT8), (&mark, Type::INT8)]).await,
            }
        };
        let work = async {
            let commit = async {
                let (marked, committed) = both(leave, client.batch_execute("COMMIT")).await;
                marked.and(committed)
            };
            Ok(followed_by(commit, client.batch_execute(&self.notify)).await)
        };
        let shown = self.location();
        link.run("write to", work)?.map_err(|cause| failed("write to", shown, cause))
    }

    /// Finds out whether a doubtful commit took place: its mark is there if and only if it did.
    fn was_committed(&self, transaction: Transaction, slot: i64, mark: i64, until: Instant) -> Result<bool> {
        let settle = || -> Result<bool, Failure> {
            self.end(transaction, until)?;
            let mut link = self.shared.connect()?;
            let schema = &self.shared.location.schema;
            // Written, not read: this commit waits for the synchronous standbys, as the doubtful
            // one may not have done to its end, and nothing that comes later overtakes it.
            let sql = format!(
                "UPDATE {schema}.confidant_marks SET at = now() WHERE slot = {slot} AND mark = {mark} RETURNING 1"
            );
            let is_there = !link.simple(&sql)?.is_empty();
            if is_there {
                // Whether it was told to others is in doubt as well.
                link.simple(&self.notify)?;
            }
            Ok(is_there)
        };
        let mut pauses = Pauses::new(until);
        loop {
            match settle() {
                Ok(committed) => return Ok(committed),
                Err(failure) if failure.why == Why::Lost && pauses.wait() => {}
                Err(failure) => {
                    let message = format!(
                        "the connection to {} was lost during a commit, and it could not be asked whether that \
                         took place; a turn saved again under its key is stored once",
                        self.location()
                    );
                    return Err(Error::new(ErrorKind::Io, message).with_source(failure.error));
                }
            }
        }
    }

    /// Makes sure that a transaction whose connection was lost is over: it can neither commit
    /// late nor hold its locks.
    fn end(&self, transaction: Transaction, until: Instant) -> Result<(), Failure> {
        let Transaction { backend, began } = transaction;
        let mut link = self.shared.connect()?;
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = {backend} AND pid <> pg_backend_pid() \
             AND datname = current_database() AND (extract(epoch FROM xact_start) * 1000000)::bigint = {began}"
        );
        let mut pauses = Pauses::new(until);
        while !link.simple(&sql)?.is_empty() {
            if !pauses.wait() {
                let message = format!("a transaction on {} does not end", self.location());
                return Err(Error::new(ErrorKind::Busy, message).into());
            }
        }
        Ok(())
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

fn link_slot(lent: &mut pool::Lent<'_>) -> Result<i64, Failure> {
    Ok(lent.link()?.slot)
}

/// Whether two connections share the server's: that only a pooler that lends them by
/// transaction does.
fn are_pooled(one: &mut Link, other: &mut Link) -> Result<bool, Failure> {
    let backend = "SELECT pg_backend_pid()";
    let busy = other.simple(&format!("BEGIN; {backend}"))?;
    let idle = one.simple(backend)?;
    other.simple("ROLLBACK")?;
    let number = |rows: &[Vec<String>]| rows.first()?.first()?.parse::<i64>().ok();
    Ok(number(&busy) != Some(other.backend) || number(&idle) != Some(one.backend) || one.backend == other.backend)
}

/// Short random pauses up to a deadline, longer each time.
struct Pauses {
    until: Instant,
    tries: u32,
}

impl Pauses {
    fn new(until: Instant) -> Pauses {
        Pauses { until, tries: 0 }
    }

    /// Waits; false if the time is up.
    fn wait(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        let longest = 200u64 << self.tries.min(9);
        self.tries += 1;
        std::thread::sleep(Duration::from_micros(random() % longest).min(left));
        !left.is_zero()
    }
}

impl Store for PostgresStore {
    fn read(&self, work: &mut dyn FnMut(&dyn Tx) -> Result<()>) -> Result<()> {
        self.check_process()?;
        let until = self.shared.until();
        let mut pauses = Pauses::new(until);
        loop {
            let Err(failure) = self.try_read(work, until) else { return Ok(()) };
            self.learn(&failure.why);
            if failure.why == Why::Lost {
                self.pool.doubt();
            }
            let again = matches!(failure.why, Why::Lost | Why::Overtaken | Why::Pooled);
            if !again || !pauses.wait() {
                return Err(failure.error);
            }
        }
    }

    fn write(&self, unit: Unit) -> Result<()> {
        self.check_process()?;
        let mut unit = unit;
        let until = self.shared.until();
        let mut pauses = Pauses::new(until);
        let mut taken: Option<(String, u32)> = None;
        loop {
            let failure = match self.try_write(&mut unit, until) {
                Ok(done) => {
                    self.watch.look(&self.shared);
                    return done;
                }
                Err(Undone::Failed(failure)) => failure,
                Err(Undone::Doubtful { transaction, slot, mark, failure }) => {
                    self.pool.doubt();
                    if self.was_committed(transaction, slot, mark, until.max(self.shared.until()))? {
                        self.watch.tell_neighbours();
                        return run_alone(unit.committed.take());
                    }
                    failure
                }
            };
            self.learn(&failure.why);
            let again = match &failure.why {
                Why::Lost => {
                    self.pool.doubt();
                    true
                }
                Why::Overtaken | Why::Pooled => true,
                Why::Taken(value) => {
                    let times = taken.take().filter(|(before, _)| before == value).map_or(1, |(_, times)| times + 1);
                    taken = Some((value.clone(), times));
                    times < TAKEN_AGAIN
                }
                Why::Final => false,
            };
            if !again || !pauses.wait() {
                return Err(failure.error);
            }
        }
    }

    fn era(&self) -> Result<u64> {
        self.check_process()?;
        Ok(self.watch.era(&self.shared))
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
        let store = crate::store::open(&place.location, &crate::store::conformance::options()).expect("opens");
        Some((place, store))
    }

    fn count(store: &dyn Store) -> Result<i64> {
        store.read_with(|tx| Ok(tx.first(COUNT, &["tenants".into()], |row| row.int(0))?.unwrap_or(-1)))
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
        let own = PostgresStore::open(&place.location, &crate::store::conformance::options()).expect("opens");
        holder.simple(&format!("BEGIN; SELECT pg_advisory_xact_lock({})", own.shared.lock_of(7))).expect("locked");
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
