//! Packing older turns with the newest dictionary.
//!
//! Knows that reading and packing happen outside every transaction, and that a body is
//! exchanged only if it is still the one that was read.

use super::report::MaintenanceReport;
use super::table;
use crate::archive::Scope;
use crate::archive::dictionaries::{OWN, load_dictionaries};
use crate::archive::row::{Person, bound, damaged, orphan};
use crate::codec::{Damage, Repacker};
use crate::error::{Result, internal};
use crate::id::TurnId;
use crate::memory::Core;

/// Turns of one step.
const STEP: i64 = 256;
/// Says that every turn was looked at since the last training.
const DONE: i64 = i64::MAX;

/// A body that came out smaller.
struct Exchange {
    key: i64,
    old: Vec<u8>,
    new: Vec<u8>,
}

/// Goes on where the last run stopped, to the end.
pub(super) fn repack(core: &Core, done: &mut MaintenanceReport) -> Result<()> {
    let mut cursor = core.store.read_with(|tx| table::counter(tx, "repacked_to"))?;
    if core.codec.packing() < *OWN.start() || cursor == DONE {
        return Ok(());
    }
    let mut repacker = core.codec.repacker().map_err(|damage| internal(damage.to_string()))?;
    let mut someone = None;
    while cursor != DONE {
        let (exchanges, next) = step(core, &mut repacker, &mut someone, cursor, done)?;
        let (before, after) = sizes(&exchanges);
        let exchanged = core.store.write_with(move |tx| {
            let mut exchanged = 0;
            for exchange in &exchanges {
                exchanged += u64::from(table::exchange_body(
                    tx,
                    exchange.key,
                    &exchange.old,
                    &exchange.new,
                )?);
            }
            table::set_counter(tx, "repacked_to", next)?;
            Ok(exchanged)
        })?;
        done.repacked += exchanged;
        done.bytes_before += before;
        done.bytes_after += after;
        cursor = next;
    }
    Ok(())
}

/// Reads and packs one step; returns what came out smaller and where the next step begins.
fn step(
    core: &Core,
    repacker: &mut Repacker,
    someone: &mut Option<(Scope, Person)>,
    cursor: i64,
    done: &mut MaintenanceReport,
) -> Result<(Vec<Exchange>, i64)> {
    let mut rows = Vec::new();
    core.store.read_with(|tx| {
        rows.clear();
        table::turns_after_key(tx, cursor, STEP, &mut |key, row| {
            let scope = Scope::of_key(key);
            if someone.as_ref().is_none_or(|(known, _)| *known != scope) {
                let (tenant, name) = table::names(tx, scope)?.ok_or_else(|| orphan(key))?;
                *someone = Some((scope, table::Someone { scope, tenant, name }.person()));
            }
            let person =
                someone.as_ref().map(|(_, person)| person.clone()).ok_or_else(|| orphan(key))?;
            let bound = bound(&person, row.at, row.answered_at, row.confidence, row.resolved);
            let id = TurnId::new(person.tag, scope.number(key));
            rows.push((key, id, bound, row.body.to_vec()));
            Ok(())
        })
    })?;
    done.examined += u64::try_from(rows.len()).unwrap_or(0);
    let next = rows.last().map_or(DONE, |(key, ..)| *key);
    let mut exchanges = Vec::new();
    for (key, id, bound, old) in rows {
        if core.codec.is_current(&old) {
            continue;
        }
        let mut raw = core.codec.unpack(&old, &bound);
        if matches!(raw, Err(Damage::MissingDictionary(_))) {
            load_dictionaries(&*core.store, &core.codec)?;
            raw = core.codec.unpack(&old, &bound);
        }
        let raw = raw.map_err(|damage| damaged(id, &damage))?;
        let new = repacker.pack(&raw, &bound);
        if new.len() < old.len() {
            exchanges.push(Exchange { key, old, new });
        }
    }
    Ok((exchanges, next))
}

fn sizes(exchanges: &[Exchange]) -> (u64, u64) {
    let sum = |bytes: fn(&Exchange) -> usize| exchanges.iter().map(bytes).sum::<usize>();
    let natural = |sum: usize| u64::try_from(sum).unwrap_or(u64::MAX);
    (natural(sum(|one| one.old.len())), natural(sum(|one| one.new.len())))
}
