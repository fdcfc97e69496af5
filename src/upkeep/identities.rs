//! The search for damage in who there is: tenants, customers, sessions, and the counters.
//!
//! Knows what must be true of them: none belongs to nobody, no number is missing between others,
//! and no counter is behind what it has given.

use super::table::{self, SessionSeen};
use crate::archive::row::channel;
use crate::error::{ErrorKind, Result};
use crate::id::check_name;
use crate::memory::Core;

/// Rows read at once.
const STEP: i64 = 1_024;
const RATINGS: std::ops::RangeInclusive<i64> = 1..=5;

/// One list for tenants and counters, one for customers, one for sessions. A kind of row that the
/// engine cannot read on is a finding, and the search goes on with the next kind.
pub(super) fn check(core: &Core) -> Result<[Vec<String>; 3]> {
    let mut findings = <[Vec<String>; 3]>::default();
    let parts = [check_tenants, check_customers, check_sessions];
    for (part, findings) in parts.into_iter().zip(&mut findings) {
        match part(core, findings) {
            Err(error) if error.kind() == ErrorKind::Corrupt => findings.push(error.to_string()),
            other => other?,
        }
    }
    Ok(findings)
}

fn check_tenants(core: &Core, findings: &mut Vec<String>) -> Result<()> {
    core.store.read_with(|tx| {
        findings.clear();
        for name in ["tenants", "customers", "collections"] {
            let given = table::counter(tx, name)?;
            let last = table::last_number(tx, name)?;
            if last > given {
                findings.push(format!("the counter of {name} is at {given}, behind number {last}"));
            }
        }
        table::tenants(tx, &mut |id, name| {
            if let Err(error) = check_name("tenant", name) {
                findings.push(format!("tenant {id} is damaged: {error}"));
            }
            Ok(())
        })
    })
}

fn check_customers(core: &Core, findings: &mut Vec<String>) -> Result<()> {
    let mut cursor = i64::MIN;
    loop {
        let (mut last, mut seen) = (None, Vec::new());
        core.store.read_with(|tx| {
            last = None;
            seen.clear();
            table::customers_after(tx, cursor, STEP, &mut |row| {
                last = Some(row.id);
                if row.tenant.is_empty() {
                    seen.push(format!("customer {} belongs to no tenant", row.id));
                }
                if let Err(error) = check_name("customer", row.name) {
                    seen.push(format!("customer {} is damaged: {error}", row.id));
                }
                let numbers = 0..=i64::from(crate::id::MAX_PER_CUSTOMER);
                if !numbers.contains(&row.turns_gone) || !numbers.contains(&row.sessions_gone) {
                    let (name, tenant) = (row.name, row.tenant);
                    seen.push(format!(
                        "customer {name} of tenant {tenant} counts more as gone than there can be"
                    ));
                }
                Ok(())
            })
        })?;
        findings.append(&mut seen);
        let Some(key) = last else { return Ok(()) };
        cursor = key;
    }
}

fn check_sessions(core: &Core, findings: &mut Vec<String>) -> Result<()> {
    let (mut cursor, mut before) = (i64::MIN, None);
    loop {
        let (mut last, mut seen, mut previous) = (None, Vec::new(), before);
        core.store.read_with(|tx| {
            (last, previous) = (None, before);
            seen.clear();
            table::sessions_after_key(tx, cursor, STEP, &mut |row| {
                last = Some(row.id);
                seen.extend(damage(&row, previous));
                previous = Some(row.id);
                Ok(())
            })
        })?;
        findings.append(&mut seen);
        before = previous;
        let Some(key) = last else { return Ok(()) };
        cursor = key;
    }
}

/// What is wrong with a session, if anything is; `before` is the key of the one before.
fn damage(row: &SessionSeen<'_>, before: Option<i64>) -> Option<String> {
    let number = table::number(row.id);
    if row.tenant.is_empty() {
        return Some(format!("the session with key {} belongs to no customer", row.id));
    }
    let newest_before = before.filter(|before| table::customer(*before) == table::customer(row.id));
    let expected = newest_before.map_or(0, table::number).max(row.sessions_gone) + 1;
    let why = if number != expected {
        format!("session {expected} is missing before it")
    } else if channel(row.channel).is_err() {
        format!("it has the unknown channel {}", row.channel)
    } else if row.resolved.is_some_and(|resolved| !(0..=1).contains(&resolved)) {
        "its outcome is unknown".to_owned()
    } else if row.rating.is_some_and(|rating| !RATINGS.contains(&rating)) {
        "its rating is not one to five".to_owned()
    } else if row.opened_at < 0 {
        "it was opened before 1970".to_owned()
    } else if table::customer(row.first_turn) != table::customer(row.id) {
        "its first turn is of another customer".to_owned()
    } else if table::number(row.first_turn) > row.newest_turn.max(row.turns_gone) + 1 {
        let (first, newest) = (table::number(row.first_turn), row.newest_turn);
        format!("it was opened before turn {first} was said, but the newest turn is {newest}")
    } else {
        return None;
    };
    Some(format!(
        "session {number} of customer {} of tenant {} is damaged: {why}",
        row.name, row.tenant
    ))
}
