//! One SQLite connection and the statements on it.
//!
//! Knows how rusqlite's values and errors become ours, how long a locked file is waited
//! for, and which settings every connection must have. No `rusqlite` type leaves this folder.

use crate::error::{Error, ErrorKind, Result};
use crate::store::{Durability, Options, Row, Tx, Value};
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use std::cell::Cell;
use std::path::Path;
use std::time::{Duration, Instant};

/// Prepared statements kept per connection; more than the crate has.
const STATEMENTS: usize = 96;
/// Pages of a connection's own cache, in KiB (negative: SQLite's notation for KiB).
const CACHE_KIB: i64 = -2048;

thread_local! {
    /// Until when the statement that runs on this thread waits for a lock.
    static WAITING: Cell<(Option<Instant>, Duration)> = const { Cell::new((None, Duration::ZERO)) };
}

/// A connection that a forked child leaves alone: closing it there would drop the parent's
/// locks and could remove the parent's log.
pub(super) struct Owned {
    connection: Option<Connection>,
    process: u32,
}

impl std::ops::Deref for Owned {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("present until dropped")
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if std::process::id() != self.process {
            std::mem::forget(self.connection.take());
        }
    }
}

/// Opens a connection with the settings that every connection must have.
pub(super) fn open(path: &Path, options: &Options) -> Result<Owned> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let mut connection =
        Connection::open_with_flags(path, flags).map_err(|cause| failed("open", path, cause))?;
    let set_up = || -> rusqlite::Result<()> {
        connection.busy_handler(Some(wait_for_lock))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "secure_delete", true)?;
        // The writer moves the log itself: SQLite hides it when that fails.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "cache_size", CACHE_KIB)
    };
    waiting(options.busy_timeout, set_up).map_err(|cause| failed("open", path, cause))?;
    Ok(Owned { connection: Some(connection), process: std::process::id() })
}

/// Switches a connection to write-ahead logging and the chosen durability, and verifies both.
pub(super) fn make_durable(connection: &Connection, path: &Path, options: &Options) -> Result<()> {
    let (level, expected) = match options.durability {
        Durability::PowerLoss => ("FULL", 2),
        Durability::ProcessCrash => ("NORMAL", 1),
    };
    let settings = || -> rusqlite::Result<(String, i64)> {
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))?;
        connection.pragma_update(None, "synchronous", level)?;
        Ok((mode, connection.pragma_query_value(None, "synchronous", |row| row.get(0))?))
    };
    // SQLite does not ask its busy handler when the journal mode is changed.
    let begun = Instant::now();
    let set = loop {
        match waiting(options.busy_timeout, settings).map_err(|cause| failed("set up", path, cause))
        {
            Err(error)
                if error.kind() == ErrorKind::Busy && begun.elapsed() < options.busy_timeout =>
            {
                std::thread::sleep(Duration::from_micros(fastrand::u64(50..1_050)));
            }
            done => break done,
        }
    };
    let (mode, synchronous) = set?;
    if !mode.eq_ignore_ascii_case("wal") || synchronous != expected {
        let message = format!(
            "cannot make {} durable: it runs with journal_mode={mode}, synchronous={synchronous}",
            path.display()
        );
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    Ok(())
}

/// Runs statements that wait at most `timeout` for somebody else's lock.
pub(super) fn waiting<T>(timeout: Duration, work: impl FnOnce() -> T) -> T {
    WAITING.set((None, timeout));
    work()
}

/// SQLite asks here whether to try again: waits a random while, up to the deadline.
///
/// Random, because SQLite's own handler starves the unlucky (1.5 s measured among 8
/// processes); short, because a commit takes a fraction of a millisecond.
fn wait_for_lock(tries: i32) -> bool {
    let (since, timeout) = WAITING.get();
    let now = Instant::now();
    let since = if tries == 0 { now } else { since.unwrap_or(now) };
    WAITING.set((Some(since), timeout));
    let waited = now.duration_since(since);
    if waited >= timeout {
        return false;
    }
    let longest = 100 + 100 * u64::from(tries.unsigned_abs().min(40));
    let pause = Duration::from_micros(50 + fastrand::u64(..longest));
    std::thread::sleep(pause.min(timeout - waited));
    true
}

/// One unit's view of a connection; counts what it changed.
pub(super) struct Statements<'c> {
    connection: &'c Connection,
    path: &'c Path,
    pub(super) changed: Cell<bool>,
}

impl<'c> Statements<'c> {
    pub(super) fn new(connection: &'c Connection, path: &'c Path) -> Statements<'c> {
        Statements { connection, path, changed: Cell::new(false) }
    }

    /// Runs a statement without values, such as `BEGIN IMMEDIATE`.
    pub(super) fn run(&self, sql: &'static str) -> Result<()> {
        let done =
            self.connection.prepare_cached(sql).and_then(|mut statement| statement.raw_execute());
        done.map(|_| ()).map_err(|cause| failed("run a statement on", self.path, cause))
    }
}

impl Tx for Statements<'_> {
    fn is_checked(&self) -> bool {
        false
    }

    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<u64> {
        let execute = || -> rusqlite::Result<usize> {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.execute(rusqlite::params_from_iter(values))
        };
        let rows = execute().map_err(|cause| failed("write to", self.path, cause))?;
        self.changed.set(self.changed.get() || rows > 0);
        Ok(u64::try_from(rows).unwrap_or(u64::MAX))
    }

    fn query(
        &self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let failed = |cause| failed("read from", self.path, cause);
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let writes = !statement.readonly();
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            self.changed.set(self.changed.get() || writes);
            each(&SqliteRow { row, path: self.path })?;
        }
        Ok(())
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

struct SqliteRow<'r, 's> {
    row: &'r rusqlite::Row<'s>,
    path: &'r Path,
}

impl SqliteRow<'_, '_> {
    fn value(&self, column: usize) -> Result<ValueRef<'_>> {
        self.row.get_ref(column).map_err(|cause| failed("read from", self.path, cause))
    }

    /// SQLite keeps whatever type it is given, so a damaged file may hold another one.
    fn unexpected(&self, column: usize, expected: &str) -> Error {
        let name = self.row.as_ref().column_name(column).unwrap_or("?").to_owned();
        let message = format!(
            "{} is damaged: a value in column {name} is not {expected}",
            self.path.display()
        );
        Error::new(ErrorKind::Corrupt, message)
    }
}

impl Row for SqliteRow<'_, '_> {
    fn int(&self, column: usize) -> Result<i64> {
        self.opt_int(column)?.ok_or_else(|| self.unexpected(column, "a number"))
    }

    fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        match self.value(column)? {
            ValueRef::Integer(value) => Ok(Some(value)),
            ValueRef::Null => Ok(None),
            _ => Err(self.unexpected(column, "a number")),
        }
    }

    fn text(&self, column: usize) -> Result<&str> {
        match self.value(column)? {
            ValueRef::Text(bytes) => {
                std::str::from_utf8(bytes).map_err(|_| self.unexpected(column, "UTF-8"))
            }
            _ => Err(self.unexpected(column, "a text")),
        }
    }

    fn bytes(&self, column: usize) -> Result<&[u8]> {
        match self.value(column)? {
            ValueRef::Blob(bytes) => Ok(bytes),
            _ => Err(self.unexpected(column, "a byte string")),
        }
    }
}

/// Whether a flush to the disk failed.
pub(super) fn is_failed_flush(cause: &rusqlite::Error) -> bool {
    let code = cause.sqlite_error().map(|error| error.extended_code);
    matches!(code, Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC))
}

/// Keeps a connection from moving the log into the file when it is closed.
pub(super) fn leave_log(connection: &Connection) {
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

/// Lets the connection move the log into the file when it is the last to be closed.
pub(super) fn take_log(connection: &Connection) {
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
}

/// Turns SQLite's error into ours; says what was tried and on which file.
pub(super) fn failed(tried: &str, path: &Path, cause: rusqlite::Error) -> Error {
    let path = path.display();
    let (kind, why) = match cause.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ErrorKind::Busy, "it stayed locked by somebody else for the whole busy timeout")
        }
        Some(ErrorCode::DatabaseCorrupt) => (ErrorKind::Corrupt, "the file is damaged"),
        Some(ErrorCode::NotADatabase) => {
            (ErrorKind::Corrupt, "it is not a confidant file, or its head is damaged")
        }
        Some(ErrorCode::DiskFull) => (ErrorKind::Io, "the disk is full"),
        Some(ErrorCode::SystemIoFailure) => {
            (ErrorKind::Io, "the operating system reports an I/O error")
        }
        Some(ErrorCode::CannotOpen) => {
            (ErrorKind::Io, "the operating system does not let it be opened")
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            (ErrorKind::Io, "it may only be read")
        }
        Some(ErrorCode::ConstraintViolation) => {
            (ErrorKind::Conflict, "it contradicts what is stored")
        }
        Some(ErrorCode::TooBig) => (ErrorKind::Limit, "a value is larger than the database takes"),
        _ => (ErrorKind::Store, "the database refused"),
    };
    Error::new(kind, format!("cannot {tried} {path}: {why}")).with_source(cause)
}
