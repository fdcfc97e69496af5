//! Which file a log belongs to.
//!
//! SQLite replays whatever log stands beside a file. If somebody copies a backup over a store
//! and leaves the log of the store behind, the backup is destroyed. So every log carries a
//! stamp, and the stamp before it, which the file has: three rows of the table of counters,
//! which is page 2 of every store. A log is set aside only if both are read beyond doubt and do
//! not belong together; whatever cannot be told is left to SQLite, as a crash in the middle of
//! moving the log leaves it.

use super::connection::{Statements, failed};
use super::os;
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Tx, Value};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

const STAMP: &str = "log";
const STAMP_BEFORE: &str = "log_before";
/// How often the tables' definitions had changed when the log was stamped.
const SCHEMA: &str = "log_schema";
/// Where SQLite counts those changes in page 1.
const SCHEMA_AT: usize = 40;
/// Stamps take eight bytes in every row, so that a row never moves.
const SMALLEST_STAMP: i64 = 1 << 60;
/// The page of the table of counters.
const COUNTERS: u32 = 2;
const LOG_HEAD: u64 = 32;
const FRAME_HEAD: usize = 24;

/// The log of a file.
pub(super) fn path_of(file: &Path) -> PathBuf {
    with_end(file, "-wal")
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Ties the log to the file, inside a transaction that writes.
pub(super) fn stamp(connection: &Connection, path: &Path, tx: &Statements<'_>) -> Result<()> {
    let schema: i64 = connection
        .pragma_query_value(None, "schema_version", |row| row.get(0))
        .map_err(|cause| failed("read from", path, cause))?;
    let before = "INSERT INTO counters (name, value) SELECT ?1, value FROM counters \
        WHERE name = ?2 ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(before, &[STAMP_BEFORE.into(), STAMP.into()])?;
    let set = "INSERT INTO counters (name, value) VALUES (?1, ?2) \
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(set, &[STAMP.into(), Value::Int(fastrand::i64(SMALLEST_STAMP..))])?;
    tx.execute(set, &[SCHEMA.into(), Value::Int(schema)])?;
    Ok(())
}

/// Renames a log that belongs to another file, so that SQLite does not replay it. Nobody has the
/// file open.
pub(super) fn set_foreign_aside(file: &Path) -> Result<()> {
    let is_foreign = belongs_elsewhere(file).map_err(|cause| {
        let message = format!("cannot read the log of {}: {}", file.display(), cause.kind());
        Error::new(ErrorKind::Io, message).with_source(cause)
    })?;
    if !is_foreign {
        return Ok(());
    }
    let set_aside = || -> io::Result<()> {
        let free = (1..).map(|number| with_end(file, &format!("-wal.set-aside-{number}")));
        for name in free {
            if !name.try_exists()? {
                std::fs::rename(path_of(file), name)?;
                break;
            }
        }
        file.parent().map_or(Ok(()), os::sync_folder)
    };
    set_aside().map_err(|cause| {
        let path = file.display();
        let message = format!("cannot set aside the log beside {path}, which is another file's");
        Error::new(ErrorKind::Io, message).with_source(cause)
    })
}

/// How many logs of other files stand beside the file.
pub(super) fn set_aside(file: &Path) -> usize {
    (1..).take_while(|number| with_end(file, &format!("-wal.set-aside-{number}")).exists()).count()
}

fn belongs_elsewhere(file: &Path) -> io::Result<bool> {
    let log = match File::open(path_of(file)) {
        Ok(log) => log,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(cause) => return Err(cause),
    };
    if log.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut main = File::open(file)?;
    if main.metadata()?.len() == 0 {
        // SQLite would remove it.
        return Ok(true);
    }
    let Some(head) = read_at(&mut main, 0, 100)? else { return Ok(false) };
    let page = match number(&head, 16, 2) {
        Some(1) => 65_536,
        Some(page) if page.is_power_of_two() && page >= 512 => page,
        _ => return Ok(false),
    };
    let length = usize::try_from(page).expect("at most 64 KiB");
    let (Some(counters), Some(schema)) =
        (read_at(&mut main, u64::from(page), length)?, number(&head, SCHEMA_AT, 4))
    else {
        return Ok(false);
    };
    let Some(stamp) = counters_of(&counters).and_then(|rows| rows.get(STAMP).copied()) else {
        return Ok(false);
    };
    let tie = Tie::read(log, length)?;
    Ok(!tie.stamps.is_empty()
        && (!tie.stamps.contains(&stamp)
            || tie.newest_schema.is_some_and(|newest| i64::from(schema) > newest)))
}

/// What a log says of the file that it belongs to.
#[derive(Default)]
struct Tie {
    /// Those that the file may have; empty if the log does not say.
    stamps: BTreeSet<i64>,
    newest_schema: Option<i64>,
}

impl Tie {
    fn read(log: File, page: usize) -> io::Result<Tie> {
        let mut log = io::BufReader::with_capacity(1 << 16, log);
        let mut tie = Tie::default();
        let Some(head) = read_next(&mut log, LOG_HEAD)? else { return Ok(tie) };
        if number(&head, 8, 4) != u32::try_from(page).ok() {
            return Ok(tie);
        }
        let salts = head.get(16..24).map(<[u8]>::to_vec);
        let frame = u64::try_from(FRAME_HEAD + page).expect("small");
        while let Some(frame) = read_next(&mut log, frame)? {
            if frame.get(8..16) != salts.as_deref() {
                break;
            }
            let Some((head, content)) = frame.split_at_checked(FRAME_HEAD) else { break };
            match number(head, 0, 4) {
                Some(1) => tie.saw_schema(number(content, SCHEMA_AT, 4).map(i64::from)),
                Some(COUNTERS) => {
                    // Another file's tables may lie there: then nothing is known.
                    let Some(rows) = counters_of(content) else { continue };
                    let stamps = [STAMP, STAMP_BEFORE].map(|name| rows.get(name).copied());
                    tie.stamps.extend(stamps.into_iter().flatten());
                    tie.saw_schema(rows.get(SCHEMA).copied());
                }
                _ => {}
            }
        }
        Ok(tie)
    }

    fn saw_schema(&mut self, schema: Option<i64>) {
        self.newest_schema = self.newest_schema.max(schema);
    }
}

fn read_at(file: &mut File, at: u64, length: usize) -> io::Result<Option<Vec<u8>>> {
    file.seek(SeekFrom::Start(at))?;
    read_next(file, u64::try_from(length).expect("small"))
}

/// The next bytes, if there are as many.
fn read_next(from: &mut impl Read, length: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = from.take(length).read_to_end(&mut bytes)?;
    Ok((u64::try_from(read).ok() == Some(length)).then_some(bytes))
}

/// A number of so many bytes, the highest first.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + length)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// The rows of the table of counters, if that is what the page holds and nothing else: a leaf
/// (type 13) whose rows are a short text and a whole number.
fn counters_of(page: &[u8]) -> Option<BTreeMap<String, i64>> {
    if *page.first()? != 13 {
        return None;
    }
    let rows = usize::try_from(number(page, 3, 2)?).ok()?;
    let cells = (0..rows).map(|row| {
        let at = usize::try_from(number(page, 8 + 2 * row, 2)?).ok()?;
        counter(page.get(at..)?)
    });
    let rows: BTreeMap<String, i64> = cells.collect::<Option<_>>()?;
    (rows.contains_key("tenants") && rows.contains_key("customers")).then_some(rows)
}

/// One row: its length, its number, a head of three bytes (its own length and two types), the
/// text and the number.
fn counter(cell: &[u8]) -> Option<(String, i64)> {
    let record = after_varint(after_varint(cell)?)?;
    let [3, text, kind, ..] = *record else { return None };
    let length = usize::from(text.checked_sub(13).filter(|length| length % 2 == 0)? / 2);
    let (name, rest) = record.get(3..)?.split_at_checked(length)?;
    let bytes = match kind {
        1..=4 => usize::from(kind),
        5 => 6,
        6 => 8,
        8 | 9 => 0,
        _ => return None,
    };
    let value = rest.get(..bytes)?;
    let sign: i64 = if value.first().is_some_and(|byte| *byte >= 0x80) { -1 } else { 0 };
    let value = match bytes {
        0 => i64::from(kind) - 8,
        _ => value.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte)),
    };
    Some((std::str::from_utf8(name).ok()?.to_owned(), value))
}

/// Numbers of variable length go on while their highest bit is set; nine bytes at most.
fn after_varint(bytes: &[u8]) -> Option<&[u8]> {
    let more = bytes.iter().take(8).take_while(|byte| **byte >= 0x80).count();
    bytes.get(more + 1..)
}
