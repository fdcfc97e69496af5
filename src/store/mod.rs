//! The port to the database: units of work, and nothing of what they are about.
//!
//! Knows how a unit becomes durable and what an engine must offer. Which engine carries
//! it is chosen by the location's text and known only in this folder.

mod copy;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod group;
mod location;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod schema;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(test)]
mod conformance;

use crate::error::{Error, ErrorKind, Result, internal};
pub use copy::CopyProgress;
use location::Location;
use parking_lot::Mutex;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// What `synchronous` costs and buys; the default survives power loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Durability {
    /// An acknowledged turn survives a killed process, an operating system crash and power
    /// loss (SQLite: WAL with `synchronous=FULL`; PostgreSQL: `synchronous_commit` on).
    #[default]
    PowerLoss,
    /// An acknowledged turn survives a killed process; power loss may take the newest ones,
    /// never damage the file (SQLite: WAL with `synchronous=NORMAL`; PostgreSQL:
    /// `synchronous_commit=off`).
    ProcessCrash,
}

/// A value bound to a statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Value {
        value.map_or(Value::Null, Value::Int)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Value {
        Value::Bytes(value)
    }
}

/// One row of a result; columns are counted from 0.
pub(crate) trait Row {
    fn int(&self, column: usize) -> Result<i64>;
    fn opt_int(&self, column: usize) -> Result<Option<i64>>;
    fn text(&self, column: usize) -> Result<&str>;
    fn bytes(&self, column: usize) -> Result<&[u8]>;
}

/// The statements of one unit of work. Placeholders are `?1`, `?2`.
pub(crate) trait Tx {
    /// Runs a statement without a result; returns the rows changed.
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<u64>;

    /// Runs a statement with a result and shows each row; `RETURNING` counts as one.
    fn query(
        &self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()>;

    /// Says, before the first statement about a customer, that the unit is about that one:
    /// writing units about the same customer run one after the other. Where all writing
    /// units do, there is nothing to be done.
    fn keep_to(&self, _customer: i64) -> Result<()> {
        Ok(())
    }

    /// Whether the engine keeps checksums of its own structures: without, a damaged key can take
    /// a row out of the range it belongs to, and only its neighbours show that.
    fn is_checked(&self) -> bool {
        true
    }

    /// A number that the counter never gave before. Numbers may be left out.
    fn number(&self, counter: &'static str) -> Result<i64> {
        let sql = "UPDATE counters SET value = value + 1 WHERE name = ?1 RETURNING value";
        let mut number = None;
        self.query(sql, &[counter.into()], &mut |row| {
            number = Some(row.int(0)?);
            Ok(())
        })?;
        number.ok_or_else(|| internal(format!("the counter {counter} is missing")))
    }
}

impl dyn Tx + '_ {
    /// The first row of a result, if there is one.
    pub(crate) fn first<T>(
        &self,
        sql: &'static str,
        values: &[Value],
        read: impl Fn(&dyn Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut found = None;
        self.query(sql, values, &mut |row| {
            if found.is_none() {
                found = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Shows each row of a result whose keys, in a column, rise from a number on. In a damaged
    /// file they may not; whoever reads page by page would then never come to an end.
    pub(crate) fn query_upwards(
        &self,
        sql: &'static str,
        values: &[Value],
        column: usize,
        after: i64,
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let mut last = after;
        self.query(sql, values, &mut |row| {
            let key = row.int(column)?;
            if key <= last {
                let message =
                    format!("the store is damaged: the row with the key {key} comes after {last}");
                return Err(Error::new(ErrorKind::Corrupt, message));
            }
            last = key;
            each(row)
        })
    }

    /// Every row of a result.
    pub(crate) fn all<T>(
        &self,
        sql: &'static str,
        values: &[Value],
        read: impl Fn(&dyn Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.query(sql, values, &mut |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }
}

type Work = Box<dyn FnMut(&dyn Tx) -> Result<()> + Send>;

/// Work that becomes durable as a whole or not at all.
///
/// `work` may run twice (when a neighbour in its group failed, or to settle a conflict), on
/// any thread, and has no effect but its statements. `committed` runs once, in commit order,
/// after the unit is durable and before its caller learns so.
pub(crate) struct Unit {
    work: Work,
    committed: Option<Box<dyn FnOnce() + Send>>,
}

/// What a unit promises and what it costs to be asked about.
pub(crate) trait Store: Send + Sync {
    /// Runs `work` on one snapshot; it may run twice.
    fn read(&self, work: &mut dyn FnMut(&dyn Tx) -> Result<()>) -> Result<()>;

    /// Makes a unit durable, together with those that other threads bring at the same time.
    fn write(&self, unit: Unit) -> Result<()>;

    /// A number that differs from an earlier one if anybody else may have written since.
    fn era(&self) -> Result<u64>;

    /// Whether this process is proven to be the only one with the store open.
    fn is_alone(&self) -> bool;

    /// Moves what was written into the main file, as far as readers allow.
    fn checkpoint(&self) -> Result<()>;

    /// Gives free space back to the file system; needs the store for a while.
    fn compact(&self) -> Result<()>;

    /// Copies the store, as it is now, to a file where nothing stands.
    fn backup(
        &self,
        _to: &str,
        _progress: &mut dyn FnMut(CopyProgress) -> ControlFlow<()>,
    ) -> Result<()> {
        let message = "a store on PostgreSQL is backed up with its own tools, such as pg_dump";
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// Asks the engine for damage in its own structures; one line for each finding.
    fn integrity(&self) -> Result<Vec<String>>;

    /// What an operator should change about the store's place; one line each.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The bytes that the store takes on disk.
    fn bytes_on_disk(&self) -> u64;

    /// What the store is called in messages.
    fn location(&self) -> &str;
}

impl dyn Store + '_ {
    /// Runs work that gives a value on one snapshot.
    pub(crate) fn read_with<T>(&self, mut work: impl FnMut(&dyn Tx) -> Result<T>) -> Result<T> {
        let mut value = None;
        self.read(&mut |tx| {
            value = Some(work(tx)?);
            Ok(())
        })?;
        value.ok_or_else(|| internal("a read ended without a value"))
    }

    /// Makes work durable that gives a value.
    pub(crate) fn write_with<T: Send + 'static>(
        &self,
        work: impl FnMut(&dyn Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_then(work, |value| value)
    }

    /// Makes work durable, then passes its value through `committed`, in commit order.
    pub(crate) fn write_then<T: Send + 'static, U: Send + 'static>(
        &self,
        mut work: impl FnMut(&dyn Tx) -> Result<T> + Send + 'static,
        committed: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U> {
        let made: Arc<Mutex<Option<T>>> = Arc::default();
        let result: Arc<Mutex<Option<U>>> = Arc::default();
        let unit = Unit {
            work: Box::new({
                let made = Arc::clone(&made);
                move |tx| {
                    let value = work(tx)?;
                    *made.lock() = Some(value);
                    Ok(())
                }
            }),
            committed: Some(Box::new({
                let result = Arc::clone(&result);
                move || {
                    let value = made.lock().take();
                    *result.lock() = value.map(committed);
                }
            })),
        };
        self.write(unit)?;
        let value = result.lock().take();
        value.ok_or_else(|| internal("a unit was committed without a value"))
    }
}

/// How a store is opened.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) durability: Durability,
    pub(crate) busy_timeout: Duration,
}

/// Opens the store that the location names.
pub(crate) fn open(location: &str, options: &Options) -> Result<Box<dyn Store>> {
    match Location::parse(location)? {
        Location::Server(url) => open_server(url, options),
        Location::File(path) => open_file(path, options),
    }
}

#[cfg(feature = "postgres")]
fn open_server(location: &str, options: &Options) -> Result<Box<dyn Store>> {
    Ok(Box::new(postgres::PostgresStore::open(location, options)?))
}

#[cfg(not(feature = "postgres"))]
fn open_server(_location: &str, _options: &Options) -> Result<Box<dyn Store>> {
    let message = "confidant was built without its PostgreSQL engine (feature `postgres`)";
    Err(Error::new(ErrorKind::Unsupported, message))
}

#[cfg(feature = "sqlite")]
fn open_file(path: &str, options: &Options) -> Result<Box<dyn Store>> {
    Ok(Box::new(sqlite::SqliteStore::open(path, options)?))
}

#[cfg(not(feature = "sqlite"))]
fn open_file(_path: &str, _options: &Options) -> Result<Box<dyn Store>> {
    let message = "confidant was built without its SQLite engine (feature `sqlite`)";
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// Makes a store at a path from a backup.
pub(crate) fn restore(
    from: &str,
    to: &str,
    progress: &mut dyn FnMut(CopyProgress) -> ControlFlow<()>,
) -> Result<()> {
    match (Location::parse(from)?, Location::parse(to)?) {
        (Location::File(from), Location::File(to)) => restore_file(from, to, progress),
        _ => {
            let message = "a store on PostgreSQL is restored with its own tools, such as psql";
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }
}

#[cfg(feature = "sqlite")]
fn restore_file(
    from: &str,
    to: &str,
    progress: &mut dyn FnMut(CopyProgress) -> ControlFlow<()>,
) -> Result<()> {
    sqlite::restore(from, to, progress)
}

#[cfg(not(feature = "sqlite"))]
fn restore_file(
    _from: &str,
    _to: &str,
    _progress: &mut dyn FnMut(CopyProgress) -> ControlFlow<()>,
) -> Result<()> {
    let message = "confidant was built without its SQLite engine (feature `sqlite`)";
    Err(Error::new(ErrorKind::Unsupported, message))
}
