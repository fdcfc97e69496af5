//! The search for damage: reads everything that a read could meet.
//!
//! Knows the order of the search and what must be true of turns; tenants, customers and sessions
//! are looked at in `identities`, the rest where it is kept.

use super::identities;
use super::table::{self, Someone};
use crate::archive::Scope;
use crate::archive::row::{damaged, orphan, read_with};
use crate::archive::table::{StoredTurn, dictionaries};
use crate::codec::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{Tag, TurnId};
use crate::memory::{CheckReport, Confidant, Core};
use crate::store::Tx;
use std::sync::Arc;

/// Turns read at once.
const STEP: i64 = 1_024;
/// Findings that are listed of each kind.
const LISTED: usize = 100;

impl Confidant {
    /// Reads everything that is stored and lists what is damaged: every turn, document and
    /// vector with its checksum, and whether what belongs together is there.
    ///
    /// A snapshot of a collection's index is no memory but a copy: one that is damaged is a
    /// warning, since searches go on without it and [`maintain`](Self::maintain) makes a new one.
    ///
    /// # Errors
    /// `Io` or `Store` if the file cannot be read at all; damage itself is in the report.
    pub fn check(&self) -> Result<CheckReport> {
        check(&self.core)
    }
}

/// Reads everything and lists what is damaged.
fn check(core: &Arc<Core>) -> Result<CheckReport> {
    let mut report = CheckReport {
        findings: core.store.integrity()?,
        warnings: core.store.warnings(),
        ..CheckReport::default()
    };
    check_dictionaries(core, &mut report)?;
    for findings in identities::check(core)? {
        report.add(findings);
    }
    check_turns(core, &mut report)?;
    core.subjects.iter().try_for_each(|subject| subject.check(core, &mut report))?;
    Ok(report)
}

fn check_turns(core: &Core, report: &mut CheckReport) -> Result<()> {
    let (mut listed, mut cursor, mut before) = (0, i64::MIN, None);
    loop {
        let step = core.store.read_with(|tx| check_step(core, tx, cursor, before));
        let (seen, last) = match step {
            Ok(step) => step,
            // The engine cannot go on: what it says is the last finding.
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                report.findings.push(error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        report.turns += seen.turns;
        report.stored_bytes += seen.stored_bytes;
        report.text_bytes += seen.text_bytes;
        let room = LISTED - listed;
        listed += seen.findings.len().min(room);
        report.findings.extend(seen.findings.into_iter().take(room));
        let Some(key) = last else { return Ok(()) };
        (cursor, before) = (key, last);
    }
}

/// Reads the turns after a key; `before` is the last one that is known to be there.
fn check_step(
    core: &Core,
    tx: &dyn Tx,
    after: i64,
    before: Option<i64>,
) -> Result<(CheckReport, Option<i64>)> {
    let mut seen = CheckReport::default();
    let mut last = before;
    let mut owner: Option<(Someone, i64)> = None;
    let mut is_new = false;
    table::turns_after_key(tx, after, STEP, &mut |key, row| {
        let previous = last.replace(key);
        is_new = true;
        seen.turns += 1;
        seen.stored_bytes += u64::try_from(row.body.len()).unwrap_or(0);
        let scope = Scope::of_key(key);
        if owner.as_ref().is_none_or(|(known, _)| known.scope != scope) {
            owner = table::owner(tx, scope)?;
        }
        let Some((someone, gone)) = &owner else {
            seen.findings.push(orphan(key).to_string());
            return Ok(());
        };
        seen.findings.extend(gap(someone, *gone, previous, key));
        match text_bytes(core, tx, someone, &row) {
            Ok(text_bytes) => seen.text_bytes += text_bytes,
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                seen.findings.push(error.to_string())
            }
            Err(error) => return Err(error),
        }
        Ok(())
    })?;
    let Some(to) = last.filter(|_| is_new) else { return Ok((seen, None)) };
    table::misplaced_turns(tx, after, to, &mut |key, why| {
        let scope = Scope::of_key(key);
        if let Some((someone, _)) = table::owner(tx, scope)? {
            let id = TurnId::new(Tag::of(&someone.tenant, &someone.name), scope.number(key));
            seen.findings.push(damaged(id, &why).to_string());
        }
        Ok(())
    })?;
    Ok((seen, Some(to)))
}

/// What is missing before a turn, if anything is: numbers follow each other without a gap.
fn gap(someone: &Someone, gone: i64, previous: Option<i64>, key: i64) -> Option<String> {
    let of_same = previous.filter(|previous| table::customer(*previous) == table::customer(key));
    let expected = of_same.map_or(0, table::number).max(gone) + 1;
    if table::number(key) == expected {
        return None;
    }
    let tag = Tag::of(&someone.tenant, &someone.name);
    let id = |number: i64| TurnId::new(tag, u32::try_from(number).unwrap_or(0));
    let why = format!("it is missing before turn {}", id(table::number(key)));
    Some(damaged(id(expected), &why).to_string())
}

/// The bytes of a turn's texts, if it can be read.
fn text_bytes(core: &Core, tx: &dyn Tx, someone: &Someone, row: &StoredTurn<'_>) -> Result<u64> {
    let turn = read_with(&core.codec, &someone.person(), tx, row)?;
    let texts = [&turn.said, &turn.answer, &turn.metadata];
    let bytes = texts.into_iter().flatten().map(String::len).sum::<usize>();
    Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
}

fn check_dictionaries(core: &Core, report: &mut CheckReport) -> Result<()> {
    let dictionaries = match core.store.read_with(dictionaries) {
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            report.findings.push(error.to_string());
            return Ok(());
        }
        other => other?,
    };
    for (number, bytes) in dictionaries {
        let unusable = |why: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Corrupt, format!("dictionary {number} is unusable: {why}"))
                .to_string()
        };
        match u8::try_from(number) {
            Ok(own) => {
                if let Err(damage) = Codec::new().add_dictionary(own, &bytes) {
                    report.findings.push(unusable(&damage));
                }
            }
            Err(_) => report.findings.push(unusable(&"its number is out of range")),
        }
    }
    Ok(())
}
