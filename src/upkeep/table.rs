//! The statements of upkeep: over all customers, a bounded step at a time.

use crate::archive::Scope;
use crate::archive::key::{self, first_key, last_key, owner_of_key};
use crate::archive::row::Person;
use crate::archive::table::{StoredTurn, turns_where, whole_row};
use crate::error::Result;
use crate::id::Tag;
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

/// A customer as upkeep meets one.
pub(super) struct Someone {
    pub(super) scope: Scope,
    pub(super) tenant: Arc<str>,
    pub(super) name: Arc<str>,
}

impl Someone {
    /// Whose turns they are.
    pub(super) fn person(&self) -> Person {
        Person {
            tag: Tag::of(&self.tenant, &self.name),
            tenant: self.tenant.clone(),
            name: self.name.clone(),
        }
    }
}

/// Every `step`th customer.
pub(super) fn every_nth_customer(tx: &dyn Tx, step: i64) -> Result<Vec<Someone>> {
    let sql = "SELECT c.id, t.name, c.name FROM customers c JOIN tenants t ON t.id = c.tenant \
               WHERE c.id % ?1 = 0 ORDER BY c.id";
    tx.all(sql, &[step.into()], |row| {
        Ok(Someone {
            scope: Scope::of(row.int(0)?),
            tenant: Arc::from(row.text(1)?),
            name: Arc::from(row.text(2)?),
        })
    })
}

/// Shows the turns of anybody after a key, in the order of keys.
pub(super) fn turns_after_key(
    tx: &dyn Tx,
    after: i64,
    limit: i64,
    each: &mut dyn FnMut(i64, StoredTurn<'_>) -> Result<()>,
) -> Result<()> {
    let sql = turns_where!("id > ?1 ORDER BY id LIMIT ?2");
    tx.query_upwards(sql, &[after.into(), limit.into()], 0, after, &mut |row| {
        each(row.int(0)?, whole_row(row)?)
    })
}

/// The names behind a customer's number.
pub(super) fn names(tx: &dyn Tx, scope: Scope) -> Result<Option<(Arc<str>, Arc<str>)>> {
    let sql =
        "SELECT t.name, c.name FROM customers c JOIN tenants t ON t.id = c.tenant WHERE c.id = ?1";
    tx.first(sql, &[scope.value()], |row| Ok((Arc::from(row.text(0)?), Arc::from(row.text(1)?))))
}

/// Exchanges a body, if it is still the one that was read.
pub(super) fn exchange_body(tx: &dyn Tx, key: i64, old: &[u8], new: &[u8]) -> Result<bool> {
    let sql = "UPDATE turns SET body = ?3 WHERE id = ?1 AND body = ?2";
    let values = [key.into(), Value::Bytes(old.to_vec()), Value::Bytes(new.to_vec())];
    Ok(tx.execute(sql, &values)? > 0)
}

/// The customer whose turn or session has that key, by its number.
pub(super) fn customer(key: i64) -> i64 {
    key::owner(key)
}

/// The number in a key.
pub(super) fn number(key: i64) -> i64 {
    i64::from(key::number(key))
}

/// The highest number that a tenant, a customer or a collection has.
pub(super) fn last_number(tx: &dyn Tx, of: &str) -> Result<i64> {
    let sql = match of {
        "tenants" => "SELECT coalesce(max(id), 0) FROM tenants",
        "customers" => "SELECT coalesce(max(id), 0) FROM customers",
        _ => "SELECT coalesce(max(id), 0) FROM collections",
    };
    Ok(tx.first(sql, &[], |row| row.int(0))?.unwrap_or(0))
}

/// Shows every tenant's number and name.
pub(super) fn tenants(tx: &dyn Tx, each: &mut dyn FnMut(i64, &str) -> Result<()>) -> Result<()> {
    tx.query("SELECT id, name FROM tenants ORDER BY id", &[], &mut |row| {
        each(row.int(0)?, row.text(1)?)
    })
}

/// A customer as the search for damage meets one; an empty tenant is none.
pub(super) struct CustomerSeen<'r> {
    pub(super) id: i64,
    pub(super) name: &'r str,
    pub(super) tenant: &'r str,
    pub(super) turns_gone: i64,
    pub(super) sessions_gone: i64,
}

/// Shows the customers after a number, in the order of numbers.
pub(super) fn customers_after(
    tx: &dyn Tx,
    after: i64,
    limit: i64,
    each: &mut dyn FnMut(CustomerSeen<'_>) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT c.id, c.name, coalesce(t.name, ''), c.turns_gone, c.sessions_gone FROM customers c \
               LEFT JOIN tenants t ON t.id = c.tenant WHERE c.id > ?1 ORDER BY c.id LIMIT ?2";
    tx.query_upwards(sql, &[after.into(), limit.into()], 0, after, &mut |row| {
        each(CustomerSeen {
            id: row.int(0)?,
            name: row.text(1)?,
            tenant: row.text(2)?,
            turns_gone: row.int(3)?,
            sessions_gone: row.int(4)?,
        })
    })
}

/// A session as the search for damage meets one; an empty tenant stands for no customer.
pub(super) struct SessionSeen<'r> {
    pub(super) id: i64,
    pub(super) channel: i64,
    pub(super) opened_at: i64,
    pub(super) resolved: Option<i64>,
    pub(super) rating: Option<i64>,
    pub(super) first_turn: i64,
    pub(super) name: &'r str,
    pub(super) tenant: &'r str,
    pub(super) turns_gone: i64,
    pub(super) sessions_gone: i64,
    /// The number of the customer's newest turn; 0 if there is none.
    pub(super) newest_turn: i64,
}

/// Shows the sessions of anybody after a key, in the order of keys.
pub(super) fn sessions_after_key(
    tx: &dyn Tx,
    after: i64,
    limit: i64,
    each: &mut dyn FnMut(SessionSeen<'_>) -> Result<()>,
) -> Result<()> {
    let sql = concat!(
        "SELECT s.id, s.channel, s.opened_at, s.resolved, s.rating, s.first_turn, \
         coalesce(c.name, ''), coalesce(t.name, ''), coalesce(c.turns_gone, 0), \
         coalesce(c.sessions_gone, 0), coalesce((SELECT m.id FROM turns m WHERE m.id > ",
        first_key!(owner_of_key!("s.id")),
        " AND m.id <= ",
        last_key!(owner_of_key!("s.id")),
        " ORDER BY m.id DESC LIMIT 1), 0) FROM sessions s LEFT JOIN customers c ON c.id = ",
        owner_of_key!("s.id"),
        " LEFT JOIN tenants t ON t.id = c.tenant WHERE s.id > ?1 ORDER BY s.id LIMIT ?2"
    );
    tx.query_upwards(sql, &[after.into(), limit.into()], 0, after, &mut |row| {
        each(SessionSeen {
            id: row.int(0)?,
            channel: row.int(1)?,
            opened_at: row.int(2)?,
            resolved: row.opt_int(3)?,
            rating: row.opt_int(4)?,
            first_turn: row.int(5)?,
            name: row.text(6)?,
            tenant: row.text(7)?,
            turns_gone: row.int(8)?,
            sessions_gone: row.int(9)?,
            newest_turn: number(row.int(10)?),
        })
    })
}

/// Shows the turns between two keys that stand in no session, in one of another channel, or under
/// another customer's idempotency key.
pub(super) fn misplaced_turns(
    tx: &dyn Tx,
    after: i64,
    last: i64,
    each: &mut dyn FnMut(i64, &'static str) -> Result<()>,
) -> Result<()> {
    let sql = concat!(
        "SELECT t.id, coalesce(s.channel, -1), t.channel FROM turns t LEFT JOIN sessions s \
         ON s.id = ",
        first_key!(owner_of_key!("t.id")),
        " + t.session WHERE t.id > ?1 AND t.id <= ?2 \
         AND (s.id IS NULL OR s.channel <> t.channel) ORDER BY t.id"
    );
    let range = [after.into(), last.into()];
    tx.query(sql, &range, &mut |row| {
        each(
            row.int(0)?,
            if row.int(1)? < 0 {
                "its session is missing"
            } else {
                "its channel is not its session's"
            },
        )
    })?;
    let sql =
        "SELECT id, key FROM turns WHERE id > ?1 AND id <= ?2 AND key IS NOT NULL ORDER BY id";
    tx.query(sql, &range, &mut |row| {
        let id = row.int(0)?;
        let is_own = row
            .bytes(1)?
            .strip_prefix(&customer(id).to_be_bytes())
            .is_some_and(|key| !key.is_empty());
        if is_own { Ok(()) } else { each(id, "its idempotency key is another customer's") }
    })
}

/// Whose turns have keys with that number: tenant, name, and how many are gone.
pub(super) fn owner(tx: &dyn Tx, scope: Scope) -> Result<Option<(Someone, i64)>> {
    let sql = "SELECT t.name, c.name, c.turns_gone FROM customers c JOIN tenants t ON t.id = c.tenant WHERE c.id = ?1";
    tx.first(sql, &[scope.value()], |row| {
        let (tenant, name) = (Arc::from(row.text(0)?), Arc::from(row.text(1)?));
        Ok((Someone { scope, tenant, name }, row.int(2)?))
    })
}
