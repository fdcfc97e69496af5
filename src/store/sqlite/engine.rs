//! The store contract on one SQLite file: its readers, its writer, its upkeep.

use super::connection::{Owned, Statements, failed, leave_log};
use super::shared::{Shared, reader};
use super::writer::SqliteWriter;
use super::{backup, open};
use crate::error::{Error, ErrorKind, Result, internal};
use crate::store::group::{Group, Ran};
use crate::store::{CopyProgress, Options, Store, Tx, Unit};
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// Connections for reading; more callers wait their turn.
const READERS: usize = 8;
/// The longest that a group's leader waits for callers of the group before: about one flush.
const LONGEST_PATIENCE: Duration = Duration::from_micros(200);

pub(crate) struct SqliteStore {
    shared: Arc<Shared>,
    location: String,
    readers: Mutex<Readers>,
    returned: Condvar,
    group: Group<SqliteWriter>,
}

#[derive(Default)]
struct Readers {
    idle: Vec<Owned>,
    open: usize,
}

impl SqliteStore {
    pub(crate) fn open(location: &str, options: &Options) -> Result<SqliteStore> {
        let opened = open::open(location, options)?;
        let shared = Arc::new(Shared::new(opened.place, opened.presence, options)?);
        let writer = SqliteWriter::new(opened.writer, Arc::clone(&shared));
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
                lent.connection = Some(reader(self.shared.path(), &self.shared.options)?);
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
        self.shared.check_readable()?;
        let lent = self.lend()?;
        let connection = lent.connection()?;
        self.shared.waiting(|| {
            let statements = Statements::new(connection, self.shared.path());
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
        self.shared.check_readable()?;
        self.shared.era()
    }

    fn is_alone(&self) -> bool {
        self.shared.is_alone()
    }

    fn checkpoint(&self) -> Result<()> {
        self.shared.check_writable()?;
        let mut writer = self.group.writer();
        self.shared.waiting(|| writer.move_log())
    }

    fn compact(&self) -> Result<()> {
        self.shared.check_writable()?;
        let mut writer = self.group.writer();
        let vacuum = || writer.connection.execute_batch("VACUUM");
        self.shared
            .waiting(vacuum)
            .map_err(|cause| failed("compact", self.shared.path(), cause))?;
        self.shared.waiting(|| writer.move_log())
    }

    fn backup(
        &self,
        to: &str,
        progress: &mut dyn FnMut(CopyProgress) -> ControlFlow<()>,
    ) -> Result<()> {
        self.shared.check_readable()?;
        let lent = self.lend()?;
        backup::copy(lent.connection()?, self.shared.path(), to, &self.shared.options, progress)
    }

    fn integrity(&self) -> Result<Vec<String>> {
        self.shared.check_readable()?;
        let lent = self.lend()?;
        let connection = lent.connection()?;
        let ask = || -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
            let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
            lines.filter(|line| !matches!(line, Ok(text) if text == "ok")).collect()
        };
        let findings =
            self.shared.waiting(ask).map_err(|cause| failed("check", self.shared.path(), cause))?;
        if findings.iter().any(|line| is_unread(line)) {
            let message = format!(
                "cannot check {}: a page of it cannot be read",
                self.shared.path().display()
            );
            return Err(Error::new(ErrorKind::Io, message));
        }
        Ok(findings)
    }

    fn warnings(&self) -> Vec<String> {
        self.shared.place.warnings(&self.location)
    }

    fn bytes_on_disk(&self) -> u64 {
        std::fs::metadata(self.shared.path()).map_or(0, |metadata| metadata.len())
    }

    fn location(&self) -> &str {
        &self.location
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // A log that is not to be moved, or that stands beside a file of somebody else now.
        let leave = !self.shared.is_forked()
            && (self.shared.is_stopped() || self.shared.place.check().is_err());
        if leave {
            leave_log(&self.group.writer().connection);
            self.shared.leave_log();
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
