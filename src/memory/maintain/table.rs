//! The statements of upkeep: over all customers, a bounded step at a time.

use super::super::table::{Scope, StoredTurn, whole_row};
use crate::error::Result;
use crate::store::{Tx, Value};
use std::sync::Arc;

/// How many turns there are, counted up to a bound.
pub(super) fn count_turns(tx: &dyn Tx, bound: i64) -> Result<i64> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM turns LIMIT ?1) x";
    Ok(tx.first(sql, &[bound.into()], |row| row.int(0))?.unwrap_or(0))
}

/// A number that is kept between runs.
pub(super) fn counter(tx: &dyn Tx, name: &str) -> Result<i64> {
    let sql = "SELECT value FROM counters WHERE name = ?1";
    Ok(tx.first(sql, &[name.into()], |row| row.int(0))?.unwrap_or(0))
}

/// Keeps a number.
pub(super) fn set_counter(tx: &dyn Tx, name: &str, value: i64) -> Result<()> {
    let sql = "UPDATE counters SET value = ?2 WHERE name = ?1";
    tx.execute(sql, &[name.into(), value.into()]).map(|_| ())
}

/// The store's own dictionaries, oldest first.
pub(super) fn dictionaries(tx: &dyn Tx) -> Result<Vec<(i64, Vec<u8>)>> {
    let sql = "SELECT number, bytes FROM dictionaries ORDER BY number";
    tx.all(sql, &[], |row| Ok((row.int(0)?, row.bytes(1)?.to_vec())))
}

/// Adds a dictionary.
pub(super) fn add_dictionary(tx: &dyn Tx, number: u8, bytes: &[u8]) -> Result<()> {
    let sql = "INSERT INTO dictionaries (number, bytes) VALUES (?1, ?2)";
    tx.execute(sql, &[i64::from(number).into(), Value::Bytes(bytes.to_vec())]).map(|_| ())
}

/// A customer as upkeep meets one.
pub(super) struct Someone {
    pub(super) scope: Scope,
    pub(super) tenant: Arc<str>,
    pub(super) name: Arc<str>,
}

/// Every `step`th customer.
pub(super) fn every_nth_customer(tx: &dyn Tx, step: i64) -> Result<Vec<Someone>> {
    let sql = "SELECT c.id, t.name, c.name FROM customers c JOIN tenants t ON t.id = c.tenant \
               WHERE c.id % ?1 = 0 ORDER BY c.id";
    tx.all(sql, &[step.into()], |row| {
        Ok(Someone { scope: Scope::of(row.int(0)?), tenant: Arc::from(row.text(1)?), name: Arc::from(row.text(2)?) })
    })
}

/// Shows the turns of anybody after a key, in the order of keys.
pub(super) fn turns_after_key(
    tx: &dyn Tx,
    after: i64,
    limit: i64,
    each: &mut dyn FnMut(i64, StoredTurn<'_>) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT id, session, channel, at, answered_at, confidence, resolved, body FROM turns \
               WHERE id > ?1 ORDER BY id LIMIT ?2";
    tx.query_upwards(sql, &[after.into(), limit.into()], 0, after, &mut |row| each(row.int(0)?, whole_row(row)?))
}

/// The names behind a customer's number.
pub(super) fn names(tx: &dyn Tx, scope: Scope) -> Result<Option<(Arc<str>, Arc<str>)>> {
    let sql = "SELECT t.name, c.name FROM customers c JOIN tenants t ON t.id = c.tenant WHERE c.id = ?1";
    tx.first(sql, &[scope.value()], |row| Ok((Arc::from(row.text(0)?), Arc::from(row.text(1)?))))
}

/// Exchanges a body, if it is still the one that was read.
pub(super) fn exchange_body(tx: &dyn Tx, key: i64, old: &[u8], new: &[u8]) -> Result<bool> {
    let sql = "UPDATE turns SET body = ?3 WHERE id = ?1 AND body = ?2";
    let values = [key.into(), Value::Bytes(old.to_vec()), Value::Bytes(new.to_vec())];
    Ok(tx.execute(sql, &values)? > 0)
}
