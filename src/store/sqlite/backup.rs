//! Copies of a store, made while it is in use and checked before they get their name.
//!
//! Knows that a copy is one moment of the store, that nothing half stands under its name, and
//! that a log of the store it was taken from is never replayed over it.

use super::connection::{self, Statements, failed, waiting};
use super::{log, open, os, presence};
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::store::{CopyProgress, Durability, Options, schema};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages between two looks whether the host wants to go on: 1 MiB with pages of 4 KiB.
const PAGES: i32 = 256;
/// How long a restore waits for somebody who locks the backup.
const PATIENCE: Duration = Duration::from_secs(5);

type Watcher<'w> = &'w mut dyn FnMut(CopyProgress) -> ControlFlow<()>;

/// Makes a store at a path from a backup.
pub(in crate::store) fn restore(from: &str, to: &str, progress: Watcher<'_>) -> Result<()> {
    let options = Options { durability: Durability::PowerLoss, busy_timeout: PATIENCE };
    let from = Path::new(from);
    match std::fs::metadata(from) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => {
            return Err(invalid(format!("cannot restore {}: it is not a file", from.display())));
        }
        Err(cause) => return Err(io_error("restore", from, cause)),
    }
    if stands(&log::path_of(from))? {
        let message = format!(
            "cannot restore {}: a log stands beside it, so it is open or was not closed; back the \
             open store up, or open it once and close it",
            from.display()
        );
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    let found = open::find(from, &options)?;
    if found.format == 0 {
        let message = format!("cannot restore {}: it is empty", from.display());
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    copy(&found.connection, from, to, &options, progress)
}

/// Copies what the connection sees now to a path where nothing stands.
pub(super) fn copy(
    source: &Connection,
    from: &Path,
    to: &str,
    options: &Options,
    progress: Watcher<'_>,
) -> Result<()> {
    let target = Path::new(to);
    refuse_taken(target)?;
    let temporary = Temporary::beside(target)?;
    let statements = Statements::new(source, from);
    // One moment, held to the end: writers go on, and what they write is not in the copy.
    waiting(options.busy_timeout, || statements.run("BEGIN"))?;
    let copied =
        waiting(options.busy_timeout, || copy_pages(source, from, &temporary.path, progress));
    let ended = statements.run("ROLLBACK");
    copied.and(ended)?;
    finish(&temporary.path, options)?;
    refuse_taken(target)?;
    std::fs::rename(&temporary.path, target)
        .and_then(|()| os::sync_folder(folder_of(target)))
        .map_err(|cause| io_error("name the copy", target, cause))
}

fn copy_pages(source: &Connection, from: &Path, to: &Path, progress: Watcher<'_>) -> Result<()> {
    let failed = |cause| failed("back up", from, cause);
    let page: u64 = source
        .pragma_query_value(None, "page_size", |row| row.get::<_, u32>(0))
        .map_err(failed)?
        .into();
    // The snapshot begins with the first thing that is read.
    source
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
        .map_err(failed)?;
    let mut copy = Connection::open(to).map_err(|cause| connection::failed("make", to, cause))?;
    // Nobody else knows the file, and it is flushed as a whole in the end.
    copy.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;")
        .map_err(|cause| connection::failed("make", to, cause))?;
    let backup = Backup::new(source, &mut copy).map_err(failed)?;
    loop {
        let step = backup.step(PAGES).map_err(failed)?;
        if !matches!(step, StepResult::Done | StepResult::More) {
            let message = format!("cannot back up {}: it stayed locked", from.display());
            return Err(Error::new(ErrorKind::Busy, message));
        }
        let state = backup.progress();
        let bytes = |pages: i32| u64::from(pages.max(0).unsigned_abs()) * page;
        let told = CopyProgress {
            copied_bytes: bytes(state.pagecount - state.remaining),
            total_bytes: bytes(state.pagecount),
        };
        if progress(told).is_break() {
            let message = format!("the copy of {} was cancelled by the host", from.display());
            return Err(Error::new(ErrorKind::Cancelled, message));
        }
        if matches!(step, StepResult::Done) {
            return Ok(());
        }
    }
}

/// Makes the copy a store of its own, reads all of it for damage, and flushes it.
fn finish(copy: &Path, options: &Options) -> Result<()> {
    let found = open::find(copy, options)?;
    if found.format == 0 {
        return Err(damaged(copy, "it is not a store"));
    }
    if found.format == schema::FORMAT {
        let statements = Statements::new(&found.connection, copy);
        statements.run("BEGIN IMMEDIATE")?;
        log::stamp(&found.connection, copy, &statements)?;
        statements.run("COMMIT")?;
    }
    let finding: String = found
        .connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|cause| failed("check", copy, cause))?;
    if finding != "ok" {
        return Err(damaged(copy, &finding));
    }
    // Moves the log into the file.
    drop(found);
    if stands(&log::path_of(copy))? {
        let message = format!("cannot move the log of {} into it", copy.display());
        return Err(Error::new(ErrorKind::Io, message));
    }
    File::open(copy)
        .and_then(|file| file.sync_all())
        .map_err(|cause| io_error("flush", copy, cause))
}

fn damaged(copy: &Path, why: &str) -> Error {
    let message = format!("the copy {} is damaged and was removed: {why}", copy.display());
    Error::new(ErrorKind::Corrupt, message)
}

/// Refuses a path where a store stands, or what is left of one.
fn refuse_taken(target: &Path) -> Result<()> {
    let journal = with_end(target, "-journal");
    let memory = with_end(target, "-shm");
    let lock = presence::path_of(target);
    for path in [target.to_owned(), log::path_of(target), memory, journal, lock] {
        if stands(&path)? {
            let message = format!(
                "cannot copy to {}: {} exists already; choose another path, or move it away",
                target.display(),
                path.display()
            );
            return Err(Error::new(ErrorKind::Conflict, message));
        }
    }
    Ok(())
}

/// Whether anything has that name, even a link that leads nowhere.
fn stands(path: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(io_error("look at", path, cause)),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn io_error(tried: &str, path: &Path, cause: io::Error) -> Error {
    let kind = match cause.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        _ => ErrorKind::Io,
    };
    let message = format!("cannot {tried} {}: {}", path.display(), cause.kind());
    Error::new(kind, message).with_source(cause)
}

/// A file that only its owner may reach, gone again unless it was given its name.
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    fn beside(target: &Path) -> Result<Temporary> {
        let named = target.file_name().is_some_and(|name| !name.is_empty());
        if !named || target.as_os_str().as_encoded_bytes().contains(&0) {
            return Err(invalid("the path of the copy names no file"));
        }
        let path = with_end(target, &format!(".part-{:016x}", fastrand::u64(..)));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        os::private(&mut options);
        options.open(&path).map_err(|cause| io_error("make", &path, cause))?;
        Ok(Temporary { path })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", "-journal"] {
            let _ = std::fs::remove_file(with_end(&self.path, end));
        }
    }
}
