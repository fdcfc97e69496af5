//! The search for damage: reads everything that a read could meet.

use super::super::confidant::{Core, Report};
use super::super::load::read_with;
use super::super::table::Scope;
use super::{orphan, person, table};
use crate::codec::Codec;
use crate::error::{Error, ErrorKind, Result};

/// Turns read at once.
const STEP: i64 = 1_024;
/// Findings that are listed of each kind.
const LISTED: usize = 100;

/// Reads everything and lists what is damaged.
pub(in super::super) fn check(core: &Core) -> Result<Report> {
    let mut report = Report { findings: core.store.integrity()?, warnings: core.store.warnings(), ..Report::default() };
    check_dictionaries(core, &mut report)?;
    let mut listed = 0;
    let mut cursor = i64::MIN;
    loop {
        let step = core.store.read_with(|tx| {
            let mut seen = Report::default();
            let mut last = None;
            table::turns_after_key(tx, cursor, STEP, &mut |key, row| {
                last = Some(key);
                seen.turns += 1;
                seen.stored_bytes += u64::try_from(row.body.len()).unwrap_or(0);
                match names_and_turn(core, tx, key, &row) {
                    Ok(text_bytes) => seen.text_bytes += text_bytes,
                    Err(error) if error.kind() == ErrorKind::Corrupt => seen.findings.push(error.to_string()),
                    Err(error) => return Err(error),
                }
                Ok(())
            })?;
            Ok((seen, last))
        });
        let (seen, last) = match step {
            Ok(step) => step,
            // The engine cannot go on: what it says is the last finding.
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                report.findings.push(error.to_string());
                return Ok(report);
            }
            Err(error) => return Err(error),
        };
        report.turns += seen.turns;
        report.stored_bytes += seen.stored_bytes;
        report.text_bytes += seen.text_bytes;
        let room = LISTED - listed;
        listed += seen.findings.len().min(room);
        report.findings.extend(seen.findings.into_iter().take(room));
        match last {
            Some(key) => cursor = key,
            None => return Ok(report),
        }
    }
}

/// The bytes of a turn's texts, if it can be read.
fn names_and_turn(
    core: &Core,
    tx: &dyn crate::store::Tx,
    key: i64,
    row: &super::super::table::StoredTurn<'_>,
) -> Result<u64> {
    let scope = Scope::of_key(key);
    let (tenant, name) = table::names(tx, scope)?.ok_or_else(|| orphan(key))?;
    let turn = read_with(&core.codec, &person(&table::Someone { scope, tenant, name }), tx, row)?;
    let texts = [&turn.said, &turn.answer, &turn.metadata];
    let bytes = texts.into_iter().flatten().map(String::len).sum::<usize>();
    Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
}

fn check_dictionaries(core: &Core, report: &mut Report) -> Result<()> {
    let dictionaries = match core.store.read_with(table::dictionaries) {
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            report.findings.push(error.to_string());
            return Ok(());
        }
        other => other?,
    };
    for (number, bytes) in dictionaries {
        let unusable = |why: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Corrupt, format!("dictionary {number} is unusable: {why}")).to_string()
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
