//! How a path becomes an open store, or a clear refusal that changed nothing.
//!
//! Knows what may stand at the path, how a new file is made private and durable, and how an
//! older format is brought up to date. A file of the newest format is not written to.

use super::connection::{self, Owned, Statements, failed, waiting};
use super::place::Place;
use super::presence::{self, Presence, Refusal};
use super::{log, os};
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::store::{Options, schema};
use parking_lot::Mutex;
use rusqlite::Connection;
use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// "cnfd": marks a SQLite file as ours.
const APPLICATION_ID: i64 = 0x636e_6664;
/// What is read of a log at once.
const PIECE: usize = 16 << 10;

/// One file is opened at a time in this process: a file made here is closed again before
/// SQLite opens it, since closing it later would drop SQLite's POSIX locks.
static OPENING: Mutex<()> = Mutex::new(());

/// A file that is ours and of the newest format.
pub(super) struct Opened {
    pub(super) place: Place,
    pub(super) presence: Presence,
    pub(super) writer: Owned,
}

/// Opens the file that the location names, and makes it if there is none.
pub(super) fn open(location: &str, options: &Options) -> Result<Opened> {
    let path = prepare(location)?;
    let announce =
        || Presence::announce(&path, options.busy_timeout).map_err(|why| unlockable(location, why));
    // Beside a lock file or a log, somebody may have another file open that stood here before:
    // nothing is read before that is known. Without them the file may be another program's, and
    // nothing is put beside that.
    let known = presence::path_of(&path).exists() || log::path_of(&path).exists();
    let announced = if known { Some(announce()?) } else { None };
    let place = Place::of(&path).map_err(|cause| io_error("open", &path, cause))?;
    // Reading the file here would cost another store of this process its locks, so only who is
    // the first may.
    if announced.as_ref().is_some_and(Presence::is_first) && place.is_first_here() {
        log::set_foreign_aside(&path)?;
    }
    let found = find(&path, options)?;
    let presence = announced.map_or_else(announce, Ok)?;
    let writer = found.into_writer(&path, options, presence.is_first())?;
    presence.arrive().map_err(|cause| unlockable(location, Refusal::Io(cause)))?;
    place.check()?;
    Ok(Opened { place, presence, writer })
}

fn unlockable(location: &str, why: Refusal) -> Error {
    let lock = format!("cannot open {location}: the file {location}-lock");
    match why {
        Refusal::StillOpening => Error::new(
            ErrorKind::Busy,
            format!("{lock} stayed locked by somebody who is opening it"),
        ),
        Refusal::AnotherFile => Error::new(
            ErrorKind::Busy,
            format!(
                "cannot open {location}: somebody still has the file open that stood here \
                 before; close it there first"
            ),
        ),
        Refusal::Io(cause) => {
            Error::new(ErrorKind::Io, format!("{lock} cannot be locked: {cause}"))
                .with_source(cause)
        }
    }
}

/// Checks what stands at the path and makes the file if nothing does.
fn prepare(location: &str) -> Result<PathBuf> {
    let _one_at_a_time = OPENING.lock();
    if location.is_empty() || location == ":memory:" || location.contains('\0') {
        return Err(invalid("the location is not a path; confidant keeps its memory in a file"));
    }
    let path = Path::new(location);
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            Err(invalid(format!("cannot open {location}: it is a folder, not a file")))
        }
        Ok(metadata) if !metadata.is_file() => {
            Err(invalid(format!("cannot open {location}: it is not a regular file")))
        }
        Ok(metadata) if metadata.permissions().readonly() => Err(Error::new(
            ErrorKind::Io,
            format!("cannot open {location}: the file may only be read"),
        )),
        // SQLite takes a file of one byte for an empty one.
        Ok(metadata) if metadata.len() == 1 => Err(Error::new(
            ErrorKind::Corrupt,
            format!("cannot open {location}: it is not a confidant file"),
        )),
        // Each name would have a log of its own, and what one process saves is not in the other's.
        Ok(metadata) if os::links(&metadata) > 1 => Err(invalid(format!(
            "cannot open {location}: the file has another name too (a hard link); remove one of \
             them, or copy the file"
        ))),
        Ok(_) => absolute(path),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => create(path),
        Err(cause) => Err(io_error("open", path, cause)),
    }
}

fn create(path: &Path) -> Result<PathBuf> {
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Err(invalid(format!("cannot open {}: it names no file", path.display()))),
    };
    if !folder.is_dir() {
        let message = format!(
            "cannot open {}: the folder {} does not exist",
            path.display(),
            folder.display()
        );
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    os::private(&mut options);
    match options.open(path) {
        Ok(file) => drop(file),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(io_error("create", path, cause)),
    }
    absolute(path)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::fs::canonicalize(path).map_err(|cause| io_error("open", path, cause))
}

fn io_error(tried: &str, path: &Path, cause: io::Error) -> Error {
    let message = format!("cannot {tried} {}: {}", path.display(), cause.kind());
    Error::new(ErrorKind::Io, message).with_source(cause)
}

/// A connection to a file that is ours, or new; nothing is changed yet.
pub(super) struct Found {
    pub(super) connection: Owned,
    pub(super) format: i64,
}

/// Opens what stands at the path and refuses what is not ours, leaving it as it was.
pub(super) fn find(path: &Path, options: &Options) -> Result<Found> {
    // What is refused is left as it was, its log too. Where there is none, SQLite takes away the
    // empty one that it made for reading.
    let has_log = log::path_of(path).exists();
    let connection = connection::open(path, options)?;
    if has_log {
        connection::leave_log(&connection);
    }
    let format = waiting(options.busy_timeout, || {
        // On one snapshot: somebody else may be making the file at this moment.
        let statements = Statements::new(&connection, path);
        statements.run("BEGIN")?;
        let format = identify(&connection, path).and_then(|format| {
            if format == schema::FORMAT {
                check_tables(&connection, path).map(|()| format)
            } else {
                Ok(format)
            }
        });
        let ended = statements.run("ROLLBACK");
        format.and_then(|format| ended.map(|()| format))
    })?;
    Ok(Found { connection, format })
}

impl Found {
    /// The writing connection: durable and of the newest format.
    ///
    /// `first` says that nobody else has the store open: the log is what a crash left.
    fn into_writer(self, path: &Path, options: &Options, first: bool) -> Result<Owned> {
        connection::make_durable(&self.connection, path, options)?;
        connection::take_log(&self.connection);
        waiting(options.busy_timeout, || {
            if first {
                renew_log(&self.connection, path)?;
            }
            if self.format < schema::FORMAT {
                migrate(&self.connection, path)?;
                sync_folder(path)?;
            }
            Ok(())
        })?;
        Ok(self.connection)
    }
}

/// The file's format; 0 if it is new. Refuses, before anything is changed, what is not ours.
fn identify(connection: &Connection, path: &Path) -> Result<i64> {
    let read = |name: &str| -> Result<i64> {
        connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(|cause| failed("open", path, cause))
    };
    let (application, format) = (read("application_id")?, read("user_version")?);
    let path = path.display();
    if application == APPLICATION_ID && format > schema::FORMAT {
        let message = format!(
            "cannot open {path}: it has format {format}, and this version knows 1 to {}",
            schema::FORMAT
        );
        return Err(Error::new(ErrorKind::FormatTooNew, message));
    }
    if application == APPLICATION_ID && format > 0 {
        return Ok(format);
    }
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|cause| failed("open", Path::new(&path.to_string()), cause))?;
    if application != 0 || format != 0 || tables != 0 {
        return Err(invalid(format!(
            "cannot open {path}: it is a SQLite database of another program"
        )));
    }
    Ok(0)
}

/// Compares the tables' definitions with what this format has: one changed bit in them could
/// hide everybody without an error.
fn check_tables(connection: &Connection, path: &Path) -> Result<()> {
    let definitions = |connection: &Connection| -> rusqlite::Result<Vec<(String, Option<String>)>> {
        let sql =
            "SELECT type || ' ' || name || ' ' || tbl_name, sql FROM sqlite_schema ORDER BY 1";
        let mut statement = connection.prepare(sql)?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let expected = || -> rusqlite::Result<Vec<(String, Option<String>)>> {
        let model = Connection::open_in_memory()?;
        for step in steps(0) {
            model.execute_batch(&step)?;
        }
        definitions(&model)
    };
    let failed = |cause| failed("open", path, cause);
    if definitions(connection).map_err(failed)? == expected().map_err(failed)? {
        return Ok(());
    }
    let message = format!(
        "cannot open {}: the definitions of its tables are damaged or were changed",
        path.display()
    );
    Err(Error::new(ErrorKind::Corrupt, message))
}

fn steps(format: i64) -> Vec<String> {
    schema::migrations(format, "INTEGER PRIMARY KEY", "INTEGER", "BLOB")
}

/// Brings the format up to date, all steps or none.
fn migrate(connection: &Connection, path: &Path) -> Result<()> {
    let statements = Statements::new(connection, path);
    statements.run("BEGIN IMMEDIATE")?;
    let steps = || -> Result<()> {
        // Somebody else may have been faster.
        let format = identify(connection, path)?;
        let failed = |cause| failed("bring up to date", path, cause);
        for step in steps(format) {
            connection.execute_batch(&step).map_err(failed)?;
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        connection.pragma_update(None, "user_version", schema::FORMAT).map_err(failed)?;
        statements.run("COMMIT")
    };
    let done = steps();
    if done.is_err() && !connection.is_autocommit() {
        let _ = statements.run("ROLLBACK");
    }
    done
}

/// Makes the new file's name durable: its content is flushed by SQLite, its name is not.
fn sync_folder(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    os::sync_folder(folder).map_err(|cause| io_error("make durable the folder of", path, cause))
}

/// Writes what a crash left in the log once more and makes it durable, before anything is
/// written after it.
///
/// When a flush fails, the system may forget what it could not write and yet show it to every
/// reader: recovery then believes in turns that are not on the disk, and what is acknowledged
/// behind them would be lost with them.
fn renew_log(connection: &Connection, path: &Path) -> Result<()> {
    let log = log::path_of(path);
    if std::fs::metadata(&log).map_or(0, |metadata| metadata.len()) == 0 {
        return Ok(());
    }
    let statements = Statements::new(connection, path);
    statements.run("BEGIN IMMEDIATE")?;
    let renewed = || -> io::Result<()> {
        let mut file = OpenOptions::new().read(true).write(true).open(&log)?;
        let mut piece = vec![0; PIECE];
        let mut at = 0;
        loop {
            file.seek(SeekFrom::Start(at))?;
            let read = file.read(&mut piece)?;
            let bytes = piece.get(..read).expect("reads at most what there is room for");
            if bytes.is_empty() {
                return file.sync_all();
            }
            // Zeros are no frame.
            if bytes.iter().any(|byte| *byte != 0) {
                file.seek(SeekFrom::Start(at))?;
                file.write_all(bytes)?;
            }
            at += u64::try_from(read).expect("a piece is small");
        }
    };
    let renewed = renewed().map_err(|cause| io_error("make durable the log of", path, cause));
    renewed.and(statements.run("ROLLBACK"))
}
