//! How a database becomes an open store, or a clear refusal that changed nothing.
//!
//! Knows the schema that our tables live in, the table `confidant_format` that marks it as
//! ours, and that of many processes that open a new database at once one makes the tables.

use super::Shared;
use super::link::{Failure, Link, Why, random};
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::store::schema;

/// What the first part of a lock's key is made of, so that two schemas do not share locks.
pub(super) fn tag(schema: &str) -> i64 {
    let fnv = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    i64::from(schema.bytes().fold(0x811c_9dc5, fnv) & 0x7f_ffff)
}

/// Brings the store to the newest format, makes it if there is none; returns its identity.
pub(super) fn prepare(link: &mut Link, shared: &Shared) -> Result<i64, Failure> {
    if let Some((schema::FORMAT, id)) = identify(link, shared)? {
        return Ok(id);
    }
    // Whoever comes second waits here, then finds the work done. The transaction is rolled
    // back by the server if anything fails, also with the connection.
    link.simple(&format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout TO {}; SELECT pg_advisory_xact_lock({})",
        shared.lock_timeout(),
        shared.lock_of(0)
    ))?;
    let made = migrate(link, shared);
    if made.is_err() {
        let _ = link.simple("ROLLBACK");
    }
    made
}

fn migrate(link: &mut Link, shared: &Shared) -> Result<i64, Failure> {
    let name = &shared.location.schema;
    let found = identify(link, shared)?;
    let format = found.map_or(0, |(format, _)| format);
    let exists = link.simple(&format!("SELECT 1 FROM pg_namespace WHERE nspname = '{name}'"))?;
    if exists.is_empty() {
        link.simple(&format!("CREATE SCHEMA {name}"))?;
    }
    link.simple(&format!("SET LOCAL search_path TO {name}"))?;
    for step in schema::migrations(format, "BIGINT PRIMARY KEY", "BIGINT", "BYTEA") {
        // Compared byte by byte, as on SQLite, and not damaged by a new version of the
        // operating system's sorting rules.
        link.simple(&step.replace(" TEXT", " TEXT COLLATE \"C\""))
            .map_err(|failure| not_ours(failure, shared))?;
    }
    let id = match found {
        Some((_, id)) => {
            link.simple(&format!("UPDATE confidant_format SET format = {}", schema::FORMAT))?;
            id
        }
        None => {
            let id = random().cast_signed();
            let sql = format!(
                "CREATE TABLE confidant_format (format BIGINT NOT NULL, store BIGINT NOT NULL); \
                 INSERT INTO confidant_format (format, store) VALUES ({}, {id}); \
                 CREATE TABLE confidant_marks (slot BIGINT PRIMARY KEY, mark BIGINT NOT NULL, \
                 at TIMESTAMPTZ NOT NULL DEFAULT now()) WITH (fillfactor = 20)",
                schema::FORMAT
            );
            link.simple(&sql).map_err(|failure| not_ours(failure, shared))?;
            id
        }
    };
    link.simple("COMMIT")?;
    Ok(id)
}

/// The store's format and identity, if it is there. Refuses a newer one.
fn identify(link: &mut Link, shared: &Shared) -> Result<Option<(i64, i64)>, Failure> {
    let name = &shared.location.schema;
    // Not `to_regclass`: inside a transaction it may remember that the schema was not there.
    let there = link.simple(&format!(
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = '{name}' AND c.relname = 'confidant_format'"
    ))?;
    if there.is_empty() {
        return Ok(None);
    }
    let rows = link.simple(&format!("SELECT format, store FROM {name}.confidant_format"))?;
    let number = |place: usize| rows.first()?.get(place)?.parse::<i64>().ok();
    let shown = &shared.location.shown;
    let (Some(format), Some(id)) = (number(0), number(1)) else {
        let message = format!(
            "cannot open {shown}: {name}.confidant_format does not say which format it has"
        );
        return Err(Error::new(ErrorKind::Corrupt, message).into());
    };
    if format > schema::FORMAT {
        let message = format!(
            "cannot open {shown}: it has format {format}, and this version knows 1 to {}",
            schema::FORMAT
        );
        return Err(Error::new(ErrorKind::FormatTooNew, message).into());
    }
    Ok(Some((format, id)))
}

/// A table of one of our names is there already, but not our mark.
fn not_ours(failure: Failure, shared: &Shared) -> Failure {
    let source =
        std::error::Error::source(&failure.error).map(ToString::to_string).unwrap_or_default();
    if failure.why == Why::Final && source.ends_with("(42P07)") {
        let (shown, name) = (&shared.location.shown, &shared.location.schema);
        return invalid(format!(
            "cannot open {shown}: the schema {name} has tables of another program"
        ))
        .into();
    }
    failure
}
