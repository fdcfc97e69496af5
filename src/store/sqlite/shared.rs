//! What readers and the writer of one open file both need.
//!
//! Knows when a handle may still be used, and how foreign commits are noticed.

use super::connection::{self, Owned, failed, waiting};
use super::place::Place;
use super::presence::Presence;
use crate::error::{Error, ErrorKind, Result};
use crate::store::Options;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) place: Place,
    presence: Presence,
    process: u32,
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

/// Opens a connection that cannot write.
pub(super) fn reader(path: &Path, options: &Options) -> Result<Owned> {
    let connection = connection::open(path, options)?;
    connection::make_durable(&connection, path, options)?;
    let set = connection.pragma_update(None, "query_only", true);
    set.map_err(|cause| failed("open", path, cause))?;
    Ok(connection)
}

impl Shared {
    pub(super) fn new(place: Place, presence: Presence, options: &Options) -> Result<Shared> {
        let watch = Watch { connection: reader(place.path(), options)?, seen: None };
        let shared = Shared {
            options: options.clone(),
            place,
            presence,
            process: std::process::id(),
            watch: Mutex::new(watch),
            era: AtomicU64::new(0),
            stopped: AtomicBool::new(false),
        };
        shared.probe()?;
        Ok(shared)
    }

    pub(super) fn path(&self) -> &Path {
        self.place.path()
    }

    /// Whether this is a child that was forked with the store open.
    pub(super) fn is_forked(&self) -> bool {
        std::process::id() != self.process
    }

    /// A forked child shares the parent's locks without holding them.
    pub(super) fn check_process(&self) -> Result<()> {
        if !self.is_forked() {
            return Ok(());
        }
        let path = self.path().display();
        let message = format!("{path} was opened before a fork; open it again in the child");
        Err(Error::new(ErrorKind::Closed, message))
    }

    /// Before anything is read.
    pub(super) fn check_readable(&self) -> Result<()> {
        self.check_process()?;
        if self.place.check_now_and_then()? {
            self.stay()?;
        }
        Ok(())
    }

    /// Before anything is written.
    pub(super) fn check_writable(&self) -> Result<()> {
        self.check_process()?;
        self.place.check()?;
        self.stay()?;
        if !self.is_stopped() {
            return Ok(());
        }
        let message = format!(
            "{} can only be read since a flush of it to the disk failed; close it and open it \
             again",
            self.path().display()
        );
        Err(Error::new(ErrorKind::Closed, message))
    }

    /// Announces this process anew if somebody took the lock file away.
    fn stay(&self) -> Result<()> {
        let stays = || match self.presence.stays()? {
            true => Ok(()),
            false => self.presence.move_in(),
        };
        stays().map_err(|cause: std::io::Error| {
            let message =
                format!("cannot lock the file beside {}: {}", self.path().display(), cause);
            Error::new(ErrorKind::Io, message).with_source(cause)
        })
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    pub(super) fn is_alone(&self) -> bool {
        self.presence.is_alone()
    }

    pub(super) fn waiting<T>(&self, work: impl FnOnce() -> T) -> T {
        waiting(self.options.busy_timeout, work)
    }

    pub(super) fn era(&self) -> Result<u64> {
        if self.presence.is_alone() {
            return Ok(self.era.load(Ordering::Acquire));
        }
        self.look()
    }

    /// Begins a new era if anybody, also this process, has committed since the last look.
    fn look(&self) -> Result<u64> {
        let mut watch = self.watch.lock();
        let ask = || -> rusqlite::Result<i64> {
            watch.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
        };
        let version = self.waiting(ask).map_err(|cause| failed("read from", self.path(), cause))?;
        if watch.seen.replace(version) != Some(version) {
            self.era.fetch_add(1, Ordering::AcqRel);
        }
        Ok(self.era.load(Ordering::Acquire))
    }

    /// Tries to prove that this process is alone; nobody in it writes meanwhile.
    pub(super) fn probe(&self) -> Result<()> {
        if let Some(proof) = self.presence.probe() {
            self.look()?;
            self.presence.settle(proof);
        }
        Ok(())
    }

    /// Keeps SQLite from moving or removing the log when the watching connection is closed.
    pub(super) fn leave_log(&self) {
        connection::leave_log(&self.watch.lock().connection);
    }
}
