//! The SQLite engine: one writer, some readers, one file.
//!
//! Knows how units become one durable transaction, and how foreign writes are noticed.

mod connection;
mod glance;
mod open;
mod presence;

use super::group::{Group, Ran, Writer};
use super::{Options, Store, Tx, Unit};
use crate::error::{Error, ErrorKind, Result, internal};
use connection::{Owned, Statements, failed, is_failed_flush, leave_log, waiting};
use glance::Process;
use parking_lot::{Condvar, Mutex};
use presence::Presence;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Connections for reading; more callers wait their turn.
const READERS: usize = 8;
/// The longest that a group's leader waits for callers of the group before: about one flush.
const LONGEST_PATIENCE: Duration = Duration::from_micros(200);
/// While others have the file open, aloneness is probed again after so many groups.
const PROBE_AFTER_GROUPS: u32 = 64;
/// The log is moved into the file when it has so many pages.
const LONG_LOG: i64 = 1_000;

pub(crate) struct SqliteStore {
    shared: Arc<Shared>,
    location: String,
    readers: Mutex<Readers>,
    returned: Condvar,
    group: Group<SqliteWriter>,
}

/// What readers and the writer both need.
struct Shared {
    path: PathBuf,
    options: Options,
    process: Process,
    presence: Presence,
    watch: Mutex<Watch>,
    era: AtomicU64,
    /// A flush failed while the log was moved: the disk may lack what SQLite takes for moved,
    /// so nothing is written or moved any more. Whoever opens next moves the whole log.
    stopped: AtomicBool,
}

/// A connection that does nothing but be asked whether others have committed.
struct Watch {
    connection: Owned,
    seen: Option<i64>,
}

#[derive(Default)]
struct Readers {
    idle: Vec<Owned>,
    open: usize,
}

impl Shared {
    /// A forked child shares the parent's locks without holding them.
    fn check_process(&self) -> Result<()> {
        if self.process.is_this() {
            return Ok(());
        }
        let message =
            format!("{} was opened before a fork; open it again in the child", self.path.display());
        Err(Error::new(ErrorKind::Closed, message))
    }

    /// As [`check_process`](Self::check_process), for whatever writes.
    fn check_writable(&self) -> Result<()> {
        self.check_process()?;
        if !self.stopped.load(Ordering::Acquire) {
            return Ok(());
        }
        let path = self.path.display();
        let message = format!(
            "{path} can only be read since a flush of it to the disk failed; close it and open it again"
        );
        Err(Error::new(ErrorKind::Closed, message))
    }

    fn waiting<T>(&self, work: impl FnOnce() -> T) -> T {
        waiting(self.options.busy_timeout, work)
    }

    /// Begins a new era if anybody, also this process, has committed since the last look.
    fn look(&self) -> Result<u64> {
        let mut watch = self.watch.lock();
        let ask = || -> rusqlite::Result<i64> {
            watch.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
        };
        let version = self.waiting(ask).map_err(|cause| failed("read from", &self.path, cause))?;
        if watch.seen.replace(version) != Some(version) {
            self.era.fetch_add(1, Ordering::AcqRel);
        }
        Ok(self.era.load(Ordering::Acquire))
    }

    /// Tries to prove that this process is alone; nobody in it writes meanwhile.
    fn probe(&self) -> Result<()> {
        if let Some(proof) = self.presence.probe() {
            self.look()?;
            self.presence.settle(proof);
        }
        Ok(())
    }
}

fn reader(path: &std::path::Path, options: &Options) -> Result<Owned> {
    let connection = connection::open(path, options)?;
    connection::make_durable(&connection, path, options)?;
    let set = connection.pragma_update(None, "query_only", true);
    set.map_err(|cause| failed("open", path, cause))?;
    Ok(connection)
}

impl SqliteStore {
    pub(crate) fn open(location: &str, options: &Options) -> Result<SqliteStore> {
        let path = open::prepare(location)?;
        let found = open::find(&path, options)?;
        let unlockable = |cause: std::io::Error| {
            let (kind, why) = match cause.kind() {
                std::io::ErrorKind::WouldBlock => {
                    (ErrorKind::Busy, "stayed locked by somebody who is opening it")
                }
                _ => (ErrorKind::Io, "cannot be locked"),
            };
            Error::new(kind, format!("cannot open {location}: the file {location}-lock {why}"))
                .with_source(cause)
        };
        let presence = Presence::announce(&path, options.busy_timeout).map_err(unlockable)?;
        let connection = found.into_writer(&path, options, presence.is_first())?;
        presence.arrive().map_err(unlockable)?;
        let watch = Mutex::new(Watch { connection: reader(&path, options)?, seen: None });
        let shared = Arc::new(Shared {
            path,
            options: options.clone(),
            process: Process::own(),
            presence,
            watch,
            era: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        });
        shared.probe()?;
        let writer = SqliteWriter { connection, shared: Arc::clone(&shared), groups: 0 };
        Ok(SqliteStore {
            shared,
            location: location.to_owned(),
            readers: Mutex::default(),
            returned: Condvar::new(),
            group: Group::new(writer, LONGEST_PATIENCE),
        })
    }

    /// Lends a reading connection; its place comes back when it is dropped.
    fn lend(&self) -> Result<Lent<'_>> {
        let mut readers = self.readers.lock();
        loop {
            if let Some(connection) = readers.idle.pop() {
                return Ok(Lent { store: self, connection: Some(connection) });
            }
            if readers.open < READERS {
                readers.open += 1;
                drop(readers);
                let mut lent = Lent { store: self, connection: None };
                lent.connection = Some(reader(&self.shared.path, &self.shared.options)?);
                return Ok(lent);
            }
            self.returned.wait(&mut readers);
        }
    }
}

struct Lent<'s> {
    store: &'s SqliteStore,
    connection: Option<Owned>,
}

impl Lent<'_> {
    fn connection(&self) -> Result<&Connection> {
        self.connection.as_deref().ok_or_else(|| internal("a reader was lent without a connection"))
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut readers = self.store.readers.lock();
        match self.connection.take() {
            Some(connection) if connection.is_autocommit() => readers.idle.push(connection),
            _ => readers.open -= 1,
        }
        drop(readers);
        self.store.returned.notify_one();
    }
}

impl Store for SqliteStore {
    fn read(&self, work: &mut dyn FnMut(&dyn Tx) -> Result<()>) -> Result<()> {
        self.shared.check_process()?;
        let lent = self.lend()?;
        let connection = lent.connection()?;
        self.shared.waiting(|| {
            let statements = Statements::new(connection, &self.shared.path);
            statements.run("BEGIN")?;
            let done = work(&statements);
            let ended = statements.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" });
            done.and(ended)
        })
    }

    fn write(&self, unit: Unit) -> Result<()> {
        self.shared.check_writable()?;
        match self.group.run(unit) {
            Ran::Done(result) => result,
            Ran::Back(_) => Err(internal("a group gave a unit back")),
        }
    }

    fn era(&self) -> Result<u64> {
        self.shared.check_process()?;
        if self.shared.presence.seems_alone() {
            return Ok(self.shared.era.load(Ordering::Acquire));
        }
        self.shared.look()
    }

    fn is_alone(&self) -> bool {
        self.shared.presence.is_alone()
    }

    fn checkpoint(&self) -> Result<()> {
        self.shared.check_writable()?;
        let writer = self.group.writer();
        self.shared.waiting(|| writer.move_log())
    }

    fn compact(&self) -> Result<()> {
        self.shared.check_writable()?;
        let writer = self.group.writer();
        let vacuum = || writer.connection.execute_batch("VACUUM");
        self.shared.waiting(vacuum).map_err(|cause| failed("compact", &self.shared.path, cause))?;
        self.shared.waiting(|| writer.move_log())
    }

    fn integrity(&self) -> Result<Vec<String>> {
        self.shared.check_process()?;
        let lent = self.lend()?;
        let connection = lent.connection()?;
        let ask = || -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
            lines.filter(|line| !matches!(line, Ok(text) if text == "ok")).collect()
        };
        let findings =
            self.shared.waiting(ask).map_err(|cause| failed("check", &self.shared.path, cause))?;
        if findings.iter().any(|line| is_unread(line)) {
            let message =
                format!("cannot check {}: a page of it cannot be read", self.shared.path.display());
            return Err(Error::new(ErrorKind::Io, message));
        }
        Ok(findings)
    }

    #[cfg(unix)]
    fn warnings(&self) -> Vec<String> {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&self.shared.path)
            .map_or(0, |metadata| metadata.permissions().mode() & 0o777);
        let wide = (mode & 0o077 != 0)
            .then(|| format!("{} may be read by others: its mode is {mode:04o}", self.location));
        wide.into_iter().collect()
    }

    fn bytes_on_disk(&self) -> u64 {
        std::fs::metadata(&self.shared.path).map_or(0, |metadata| metadata.len())
    }

    fn location(&self) -> &str {
        &self.location
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        if self.shared.stopped.load(Ordering::Acquire) {
            leave_log(&self.group.writer().connection);
            leave_log(&self.shared.watch.lock().connection);
            self.readers.lock().idle.iter().for_each(|reader| leave_log(reader));
        }
    }
}

/// Whether a finding says that the operating system failed, which is no damage to the file
/// (and makes what SQLite counts afterwards wrong).
fn is_unread(finding: &str) -> bool {
    let codes = finding.split("error code").skip(1);
    codes
        .filter_map(|rest| {
            let digits = rest.trim_start_matches(['=', ' ']);
            digits.split(|c: char| !c.is_ascii_digit()).next()?.parse::<i32>().ok()
        })
        .any(|code| code & 0xff == rusqlite::ffi::SQLITE_IOERR)
}

struct SqliteWriter {
    connection: Owned,
    shared: Arc<Shared>,
    groups: u32,
}

impl Writer for SqliteWriter {
    fn commit(&mut self, mut units: Vec<Unit>) -> Vec<Ran> {
        self.groups = self.groups.wrapping_add(1);
        if self.groups.is_multiple_of(PROBE_AFTER_GROUPS) && !self.shared.presence.is_alone() {
            let _ = self.shared.probe();
        }
        let mut results: Vec<Result<()>> = units.iter().map(|_| Ok(())).collect();
        self.shared.waiting(|| {
            if !self.together(&mut units, &mut results) {
                self.apart(&mut units, &mut results);
            }
        });
        for (unit, result) in units.iter_mut().zip(&mut results) {
            if result.is_ok()
                && let Some(committed) = unit.committed.take()
            {
                let ran = catch_unwind(AssertUnwindSafe(committed));
                *result = ran.map_err(|_| {
                    internal("a step after the commit panicked; the unit itself is saved")
                });
            }
        }
        // What was committed is safe in the log; if it cannot be moved now, it is later.
        let _ = self.shared.waiting(|| self.move_long_log());
        results.into_iter().map(Ran::Done).collect()
    }
}

impl SqliteWriter {
    /// Commits all units in one transaction. A unit that fails before it changed anything
    /// gets its error and leaves the others in; false if one failed later, and nothing is
    /// committed.
    fn together(&self, units: &mut [Unit], results: &mut [Result<()>]) -> bool {
        let statements = Statements::new(&self.connection, &self.shared.path);
        if let Err(error) = statements.run("BEGIN IMMEDIATE") {
            results.fill_with(|| Err(error.clone()));
            return true;
        }
        let alone = units.len() == 1;
        for (unit, result) in units.iter_mut().zip(results.iter_mut()) {
            statements.changed.set(false);
            *result = run(unit, &statements);
            if result.is_err() && (statements.changed.get() || self.connection.is_autocommit()) {
                self.roll_back(&statements);
                return alone;
            }
        }
        if let Err(error) = statements.run("COMMIT") {
            self.roll_back(&statements);
            for result in results.iter_mut().filter(|result| result.is_ok()) {
                *result = Err(error.clone());
            }
        }
        true
    }

    /// Commits each unit in a transaction of its own.
    fn apart(&self, units: &mut [Unit], results: &mut [Result<()>]) {
        for (unit, result) in units.iter_mut().zip(results.iter_mut()) {
            self.together(std::slice::from_mut(unit), std::slice::from_mut(result));
        }
    }

    fn move_long_log(&self) -> rusqlite::Result<()> {
        let pages = self
            .connection
            .prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
            .query_row([], |row| row.get(1));
        if pages.is_ok_and(|pages: i64| pages >= LONG_LOG) {
            let _ = self.move_log();
        }
        Ok(())
    }

    /// Moves what is in the log into the file, as far as readers allow.
    fn move_log(&self) -> Result<()> {
        let moved = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        moved.map_err(|cause| {
            if is_failed_flush(&cause) {
                self.shared.stopped.store(true, Ordering::Release);
            }
            failed("move the log into", &self.shared.path, cause)
        })
    }

    fn roll_back(&self, statements: &Statements<'_>) {
        if !self.connection.is_autocommit() {
            let _ = statements.run("ROLLBACK");
        }
    }
}

/// Runs a unit's work; a panic in it is that unit's failure and nobody else's.
fn run(unit: &mut Unit, statements: &Statements<'_>) -> Result<()> {
    let ran = catch_unwind(AssertUnwindSafe(|| (unit.work)(statements)));
    ran.unwrap_or_else(|_| Err(internal("a unit of work panicked; nothing of it was saved")))
}
