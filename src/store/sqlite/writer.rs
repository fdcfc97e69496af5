//! The one writer of a process, and how its units become one durable transaction.
//!
//! Knows that a unit is acknowledged only when it is committed to the file that is still at its
//! path, and when the log is moved into the file.

use super::connection::{Owned, Statements, failed, is_failed_flush, waiting};
use super::log;
use super::shared::Shared;
use crate::error::{Result, internal};
use crate::store::Unit;
use crate::store::group::{Ran, Writer};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// While others have the file open, aloneness is probed again after so many groups.
const PROBE_AFTER_GROUPS: u32 = 64;
/// The log is moved into the file when it has so many pages.
const LONG_LOG: i64 = 1_000;

pub(super) struct SqliteWriter {
    pub(super) connection: Owned,
    shared: Arc<Shared>,
    groups: u32,
    log: Log,
}

/// What the writer knows of the log.
#[derive(Default)]
struct Log {
    /// It says which file it belongs to.
    is_stamped: bool,
    pages: i64,
}

impl SqliteWriter {
    pub(super) fn new(connection: Owned, shared: Arc<Shared>) -> SqliteWriter {
        SqliteWriter { connection, shared, groups: 0, log: Log::default() }
    }
}

impl Writer for SqliteWriter {
    fn commit(&mut self, mut units: Vec<Unit>) -> Vec<Ran> {
        self.groups = self.groups.wrapping_add(1);
        if self.groups.is_multiple_of(PROBE_AFTER_GROUPS) && !self.shared.is_alone() {
            let _ = self.shared.probe();
        }
        let mut results: Vec<Result<()>> = units.iter().map(|_| Ok(())).collect();
        waiting(self.shared.options.busy_timeout, || {
            if !self.together(&mut units, &mut results) {
                self.apart(&mut units, &mut results);
            }
        });
        // What was committed to a file that nobody finds any more is not acknowledged.
        if let Err(gone) = self.shared.place.check() {
            for result in results.iter_mut().filter(|result| result.is_ok()) {
                *result = Err(gone.clone());
            }
            return results.into_iter().map(Ran::Done).collect();
        }
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
        let _ = waiting(self.shared.options.busy_timeout, || self.move_long_log());
        results.into_iter().map(Ran::Done).collect()
    }
}

impl SqliteWriter {
    /// Commits all units in one transaction. A unit that fails before it changed anything
    /// gets its error and leaves the others in; false if one failed later, and nothing is
    /// committed.
    fn together(&mut self, units: &mut [Unit], results: &mut [Result<()>]) -> bool {
        let statements = Statements::new(&self.connection, self.shared.path());
        if let Err(error) = statements.run("BEGIN IMMEDIATE") {
            results.fill_with(|| Err(error.clone()));
            return true;
        }
        if !self.log.is_stamped
            && let Err(error) = log::stamp(&self.connection, self.shared.path(), &statements)
        {
            self.roll_back(&statements);
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
        let committed = statements.run("COMMIT");
        self.log.is_stamped = committed.is_ok();
        if let Err(error) = committed {
            self.roll_back(&statements);
            for result in results.iter_mut().filter(|result| result.is_ok()) {
                *result = Err(error.clone());
            }
        }
        true
    }

    /// Commits each unit in a transaction of its own.
    fn apart(&mut self, units: &mut [Unit], results: &mut [Result<()>]) {
        for (unit, result) in units.iter_mut().zip(results.iter_mut()) {
            self.together(std::slice::from_mut(unit), std::slice::from_mut(result));
        }
    }

    fn move_long_log(&mut self) -> rusqlite::Result<()> {
        let pages = self
            .connection
            .prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
            .query_row([], |row| row.get::<_, i64>(1))?;
        // Not longer: somebody moved all of it, and it began anew.
        if pages <= self.log.pages {
            self.log.is_stamped = false;
        }
        self.log.pages = pages;
        if pages >= LONG_LOG {
            let _ = self.move_log();
        }
        Ok(())
    }

    /// Moves what is in the log into the file, as far as readers allow.
    pub(super) fn move_log(&mut self) -> Result<()> {
        self.log = Log::default();
        let moved = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        moved.map_err(|cause| {
            if is_failed_flush(&cause) {
                self.shared.stop();
            }
            failed("move the log into", self.shared.path(), cause)
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
