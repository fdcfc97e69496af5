//! The statements about customers, sessions and turns: one function each.
//!
//! Knows that a customer's turns and sessions lie side by side under keys made of the
//! customer's number and their own: whoever has a [`Scope`] can reach one customer and no
//! other.

use super::scope::Scope;
use crate::error::Result;
use crate::store::{Row, Tx, Value};

/// Reads whole turns: the columns that [`whole_row`] expects, of those that a condition names.
macro_rules! turns_where {
    ($condition:literal) => {
        concat!(
            "SELECT id, session, channel, at, answered_at, confidence, resolved, body \
             FROM turns WHERE ",
            $condition
        )
    };
}
pub(crate) use turns_where;

/// What is stored of a turn beside its place.
#[derive(Debug, Clone)]
pub(crate) struct TurnRow {
    pub(crate) at: i64,
    pub(crate) answered_at: Option<i64>,
    pub(crate) confidence: Option<i64>,
    pub(crate) resolved: bool,
    pub(crate) body: Vec<u8>,
}

/// Where a turn was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) number: u32,
    pub(crate) session: u32,
    pub(crate) channel: i64,
}

/// A stored turn as it is read: its place, its columns, its body.
pub(crate) struct StoredTurn<'r> {
    pub(crate) place: Place,
    pub(crate) at: i64,
    pub(crate) answered_at: Option<i64>,
    pub(crate) confidence: Option<i64>,
    pub(crate) resolved: bool,
    pub(crate) body: &'r [u8],
}

/// What is stored of a session.
#[derive(Debug, Clone)]
pub(crate) struct SessionRow {
    pub(crate) number: u32,
    pub(crate) channel: i64,
    pub(crate) opened_at: i64,
    pub(crate) closed_at: Option<i64>,
    pub(crate) resolved: Option<i64>,
    pub(crate) rating: Option<i64>,
}

/// Finds a customer, and how many of its turns are gone.
pub(crate) fn find_customer(tx: &dyn Tx, tenant: &str, name: &str) -> Result<Option<(Scope, u32)>> {
    let sql = "SELECT c.id, c.turns_gone FROM tenants t JOIN customers c ON c.tenant = t.id AND c.name = ?2 \
               WHERE t.name = ?1";
    tx.first(sql, &[tenant.into(), name.into()], |row| {
        Ok((Scope::of(row.int(0)?), count(row.int(1)?)))
    })
}

/// Says that a unit is about this customer: from here on no other unit about the customer
/// writes until this one is over.
pub(crate) fn keep_to(tx: &dyn Tx, scope: Scope) -> Result<()> {
    tx.keep_to(scope.customer())
}

/// How many of the customer's turns are gone; `None` if the customer is.
pub(crate) fn turns_gone(tx: &dyn Tx, scope: Scope) -> Result<Option<u32>> {
    let sql = "SELECT turns_gone FROM customers WHERE id = ?1";
    tx.first(sql, &[scope.value()], |row| Ok(count(row.int(0)?)))
}

/// Makes a customer, and its tenant if that is new.
pub(crate) fn make_customer(tx: &dyn Tx, tenant: &str, name: &str) -> Result<Scope> {
    let tenant_id = find_or_make_tenant(tx, tenant)?;
    let id = tx.number("customers")?;
    let sql = "INSERT INTO customers (id, tenant, name, turns_gone, sessions_gone) VALUES (?1, ?2, ?3, 0, 0)";
    tx.execute(sql, &[id.into(), tenant_id.into(), name.into()])?;
    Ok(Scope::of(id))
}

/// The number of a tenant, made if it is new.
pub(crate) fn find_or_make_tenant(tx: &dyn Tx, tenant: &str) -> Result<i64> {
    let sql = "SELECT id FROM tenants WHERE name = ?1";
    if let Some(id) = tx.first(sql, &[tenant.into()], |row| row.int(0))? {
        return Ok(id);
    }
    let id = tx.number("tenants")?;
    tx.execute("INSERT INTO tenants (id, name) VALUES (?1, ?2)", &[id.into(), tenant.into()])?;
    Ok(id)
}

/// Adds a turn to the newest session, if that is open and was active less than `idle_ms` ago.
pub(crate) fn continue_session(
    tx: &dyn Tx,
    scope: Scope,
    row: &TurnRow,
    key: Option<Vec<u8>>,
    idle_ms: i64,
) -> Result<Option<Place>> {
    let sql = "INSERT INTO turns (id, session, channel, at, answered_at, confidence, resolved, key, body) \
               SELECT coalesce(n.id + 1, s.first_turn), s.id - ?1, s.channel, ?3, ?4, ?5, ?6, ?7, ?8 \
               FROM (SELECT id, channel, opened_at, closed_at, first_turn FROM sessions \
               WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1) s \
               LEFT JOIN (SELECT id, session, at FROM turns \
               WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1) n ON TRUE \
               WHERE s.closed_at IS NULL AND coalesce(n.id + 1, s.first_turn) <= ?2 \
               AND ?3 - CASE WHEN n.session = s.id - ?1 \
               THEN CASE WHEN n.at > s.opened_at THEN n.at ELSE s.opened_at END \
               ELSE coalesce((SELECT CASE WHEN m.at > s.opened_at THEN m.at ELSE s.opened_at END FROM turns m \
               WHERE m.id BETWEEN s.first_turn AND ?2 AND m.session = s.id - ?1 ORDER BY m.id DESC LIMIT 1), \
               s.opened_at) END <= ?9 \
               ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING RETURNING id, session, channel";
    let mut values = turn_values(scope, row, key);
    values.push(idle_ms.into());
    tx.first(sql, &values, |row| place(scope, row))
}

/// Adds a turn to a session, if that is open.
pub(crate) fn add_to_session(
    tx: &dyn Tx,
    scope: Scope,
    session: u32,
    row: &TurnRow,
    key: Option<Vec<u8>>,
) -> Result<Option<Place>> {
    let sql = "INSERT INTO turns (id, session, channel, at, answered_at, confidence, resolved, key, body) \
               SELECT coalesce(n.id + 1, s.first_turn), s.id - ?1, s.channel, ?3, ?4, ?5, ?6, ?7, ?8 \
               FROM sessions s LEFT JOIN (SELECT id FROM turns \
               WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1) n ON TRUE \
               WHERE s.id = ?9 AND s.closed_at IS NULL AND coalesce(n.id + 1, s.first_turn) <= ?2 \
               ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING RETURNING id, session, channel";
    let mut values = turn_values(scope, row, key);
    values.push(scope.key(session).into());
    tx.first(sql, &values, |row| place(scope, row))
}

fn turn_values(scope: Scope, row: &TurnRow, key: Option<Vec<u8>>) -> Vec<Value> {
    vec![
        scope.low().into(),
        scope.high().into(),
        row.at.into(),
        row.answered_at.into(),
        row.confidence.into(),
        i64::from(row.resolved).into(),
        key.map_or(Value::Null, Value::Bytes),
        Value::Bytes(row.body.clone()),
    ]
}

fn place(scope: Scope, row: &dyn Row) -> Result<Place> {
    Ok(Place {
        number: scope.number(row.int(0)?),
        session: count(row.int(1)?),
        channel: row.int(2)?,
    })
}

/// Gives an answer to a turn that has none; false if there is no such turn.
pub(crate) fn answer(tx: &dyn Tx, scope: Scope, number: u32, row: &TurnRow) -> Result<bool> {
    let sql = "UPDATE turns SET answered_at = ?2, confidence = ?3, resolved = ?4, body = ?5 \
               WHERE id = ?1 AND answered_at IS NULL";
    let values = [
        scope.key(number).into(),
        row.answered_at.into(),
        row.confidence.into(),
        i64::from(row.resolved).into(),
        Value::Bytes(row.body.clone()),
    ];
    Ok(tx.execute(sql, &values)? > 0)
}

type EachTurn<'a> = &'a mut dyn FnMut(StoredTurn<'_>) -> Result<()>;

/// Shows the newest turns, newest first.
pub(crate) fn newest_turns(
    tx: &dyn Tx,
    scope: Scope,
    limit: usize,
    each: EachTurn<'_>,
) -> Result<()> {
    let sql = turns_where!("id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT ?3");
    tx.query(sql, &[scope.low().into(), scope.high().into(), bound(limit)], &mut |row| {
        each(stored(scope, row)?)
    })
}

/// Shows the turns after a number, oldest first.
pub(crate) fn turns_after(
    tx: &dyn Tx,
    scope: Scope,
    after: u32,
    limit: usize,
    each: EachTurn<'_>,
) -> Result<()> {
    let sql = turns_where!("id > ?1 AND id <= ?2 ORDER BY id LIMIT ?3");
    let values = [scope.key(after).into(), scope.high().into(), bound(limit)];
    tx.query_upwards(sql, &values, 0, scope.key(after), &mut |row| each(stored(scope, row)?))
}

/// Shows the row behind a customer's newest, and if wanted the one before the first; also
/// whether the row's key says that it is the customer's own, as no sound one does.
pub(crate) fn beside(
    tx: &dyn Tx,
    scope: Scope,
    newest: u32,
    also_before: bool,
    each: &mut dyn FnMut(bool, StoredTurn<'_>) -> Result<()>,
) -> Result<()> {
    let mut show = |row: &dyn Row| each(Scope::of_key(row.int(0)?) == scope, whole_row(row)?);
    let sql = turns_where!("id > ?1 ORDER BY id LIMIT 1");
    tx.query(sql, &[scope.key(newest).into()], &mut show)?;
    if !also_before {
        return Ok(());
    }
    let sql = turns_where!("id <= ?1 ORDER BY id DESC LIMIT 1");
    tx.query(sql, &[scope.low().into()], &mut show)
}

/// Shows one turn, if it is there.
pub(crate) fn turn(tx: &dyn Tx, scope: Scope, number: u32, each: EachTurn<'_>) -> Result<()> {
    let sql = turns_where!("id = ?1");
    tx.query(sql, &[scope.key(number).into()], &mut |row| each(stored(scope, row)?))
}

/// Shows the turn that was saved under an idempotency key, if there is one.
pub(crate) fn turn_by_key(
    tx: &dyn Tx,
    scope: Scope,
    key: Vec<u8>,
    each: EachTurn<'_>,
) -> Result<()> {
    let sql = turns_where!("key = ?1");
    tx.query(sql, &[Value::Bytes(key)], &mut |row| each(stored(scope, row)?))
}

fn stored<'r>(scope: Scope, row: &'r dyn Row) -> Result<StoredTurn<'r>> {
    Ok(StoredTurn {
        place: place(scope, row)?,
        at: row.int(3)?,
        answered_at: row.opt_int(4)?,
        confidence: row.opt_int(5)?,
        resolved: row.int(6)? != 0,
        body: row.bytes(7)?,
    })
}

/// Reads a row of a turn whoever's it is.
pub(crate) fn whole_row(row: &dyn Row) -> Result<StoredTurn<'_>> {
    stored(Scope::of_key(row.int(0)?), row)
}

/// From a number on: how many turns there are, how many are answered, the newest, and how
/// many are gone.
pub(crate) fn fingerprint(
    tx: &dyn Tx,
    scope: Scope,
    from: u32,
) -> Result<Option<(usize, usize, u32, u32)>> {
    let sql = "SELECT count(*), count(answered_at), coalesce(max(id), ?1), \
               coalesce((SELECT turns_gone FROM customers WHERE id = ?3), 0) FROM turns WHERE id BETWEEN ?1 AND ?2";
    let length = |value: i64| usize::try_from(value).unwrap_or(usize::MAX);
    tx.first(sql, &[scope.key(from).into(), scope.high().into(), scope.value()], |row| {
        Ok((
            length(row.int(0)?),
            length(row.int(1)?),
            scope.number(row.int(2)?),
            count(row.int(3)?),
        ))
    })
}

/// Opens a session; `None` if the customer is gone or has too many.
pub(crate) fn open_session(
    tx: &dyn Tx,
    scope: Scope,
    channel: i64,
    at: i64,
) -> Result<Option<u32>> {
    let sql = "INSERT INTO sessions (id, channel, opened_at, first_turn) \
               SELECT coalesce((SELECT id FROM sessions WHERE id BETWEEN ?2 AND ?3 ORDER BY id DESC LIMIT 1), \
               ?2 + c.sessions_gone) + 1, ?4, ?5, \
               coalesce((SELECT id FROM turns WHERE id BETWEEN ?2 AND ?3 ORDER BY id DESC LIMIT 1), \
               ?2 + c.turns_gone) + 1 FROM customers c WHERE c.id = ?1 \
               AND coalesce((SELECT id FROM sessions WHERE id BETWEEN ?2 AND ?3 ORDER BY id DESC LIMIT 1), \
               ?2 + c.sessions_gone) < ?3 RETURNING id";
    let values =
        [scope.value(), scope.low().into(), scope.high().into(), channel.into(), at.into()];
    tx.first(sql, &values, |row| Ok(scope.number(row.int(0)?)))
}

/// The session that the next turn at that time would continue.
pub(crate) fn current_session(
    tx: &dyn Tx,
    scope: Scope,
    at: i64,
    idle_ms: i64,
) -> Result<Option<SessionRow>> {
    let sql = "SELECT s.id, s.channel, s.opened_at, s.closed_at, s.resolved, s.rating \
               FROM sessions s LEFT JOIN turns m ON m.id = (SELECT id FROM turns \
               WHERE id BETWEEN s.first_turn AND ?2 AND session = s.id - ?1 ORDER BY id DESC LIMIT 1) \
               WHERE s.id = (SELECT id FROM sessions WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1) \
               AND s.closed_at IS NULL AND ?3 - CASE WHEN m.at > s.opened_at THEN m.at ELSE s.opened_at END <= ?4";
    let values = [scope.low().into(), scope.high().into(), at.into(), idle_ms.into()];
    tx.first(sql, &values, |row| session_row(scope, row))
}

/// One session, if it is there.
pub(crate) fn session(tx: &dyn Tx, scope: Scope, number: u32) -> Result<Option<SessionRow>> {
    let sql =
        "SELECT id, channel, opened_at, closed_at, resolved, rating FROM sessions WHERE id = ?1";
    tx.first(sql, &[scope.key(number).into()], |row| session_row(scope, row))
}

/// The sessions before a number, newest first.
pub(crate) fn sessions_before(
    tx: &dyn Tx,
    scope: Scope,
    before: Option<u32>,
    limit: usize,
) -> Result<Vec<SessionRow>> {
    let sql = "SELECT id, channel, opened_at, closed_at, resolved, rating FROM sessions \
               WHERE id > ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
    let end = before.map_or(scope.high() + 1, |number| scope.key(number));
    tx.all(sql, &[scope.low().into(), end.into(), bound(limit)], |row| session_row(scope, row))
}

fn session_row(scope: Scope, row: &dyn Row) -> Result<SessionRow> {
    Ok(SessionRow {
        number: scope.number(row.int(0)?),
        channel: row.int(1)?,
        opened_at: row.int(2)?,
        closed_at: row.opt_int(3)?,
        resolved: row.opt_int(4)?,
        rating: row.opt_int(5)?,
    })
}

/// Figures of one session: turns, answered turns, resolved turns, confidences and their sum,
/// whether its newest turn is resolved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct SessionSums {
    pub(crate) turns: u64,
    pub(crate) answered: u64,
    pub(crate) resolved: u64,
    pub(crate) rated_confidences: u64,
    pub(crate) confidence_sum: u64,
    pub(crate) ends_resolved: bool,
}

/// Sums up one session; reads the customer's turns since it was opened.
pub(crate) fn session_sums(tx: &dyn Tx, scope: Scope, number: u32) -> Result<SessionSums> {
    let sql = "SELECT count(*), count(t.answered_at), coalesce(CAST(sum(t.resolved) AS BIGINT), 0), \
               count(t.confidence), coalesce(CAST(sum(t.confidence) AS BIGINT), 0), coalesce(max(t.id * 2 + t.resolved), 0) \
               FROM turns t WHERE t.id >= (SELECT first_turn FROM sessions WHERE id = ?1) AND t.id <= ?2 \
               AND t.session = ?3";
    let values = [scope.key(number).into(), scope.high().into(), i64::from(number).into()];
    let natural = |value: i64| u64::try_from(value).unwrap_or(0);
    let sums = tx.first(sql, &values, |row| {
        Ok(SessionSums {
            turns: natural(row.int(0)?),
            answered: natural(row.int(1)?),
            resolved: natural(row.int(2)?),
            rated_confidences: natural(row.int(3)?),
            confidence_sum: natural(row.int(4)?),
            ends_resolved: row.int(5)? % 2 == 1,
        })
    })?;
    Ok(sums.unwrap_or_default())
}

/// Closes an open session; false if it is closed or not there.
pub(crate) fn close_session(
    tx: &dyn Tx,
    scope: Scope,
    number: u32,
    at: i64,
    resolved: Option<bool>,
    rating: Option<u8>,
) -> Result<bool> {
    let sql = "UPDATE sessions SET closed_at = ?2, resolved = ?3, rating = ?4 WHERE id = ?1 AND closed_at IS NULL";
    let values = [
        scope.key(number).into(),
        at.into(),
        resolved.map(i64::from).into(),
        rating.map(i64::from).into(),
    ];
    Ok(tx.execute(sql, &values)? > 0)
}

/// Removes the customer's turns and sessions; their numbers are not given again.
pub(crate) fn clear(tx: &dyn Tx, scope: Scope) -> Result<u64> {
    let sql = "UPDATE customers SET \
               turns_gone = coalesce((SELECT max(id) FROM turns WHERE id BETWEEN ?2 AND ?3) - ?2, turns_gone), \
               sessions_gone = coalesce((SELECT max(id) FROM sessions WHERE id BETWEEN ?2 AND ?3) - ?2, sessions_gone) \
               WHERE id = ?1";
    tx.execute(sql, &[scope.value(), scope.low().into(), scope.high().into()])?;
    let range = [scope.low().into(), scope.high().into()];
    tx.execute("DELETE FROM sessions WHERE id BETWEEN ?1 AND ?2", &range)?;
    tx.execute("DELETE FROM turns WHERE id BETWEEN ?1 AND ?2", &range)
}

fn count(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

fn bound(limit: usize) -> Value {
    Value::Int(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// The store's own dictionaries, oldest first.
pub(crate) fn dictionaries(tx: &dyn Tx) -> Result<Vec<(i64, Vec<u8>)>> {
    let sql = "SELECT number, bytes FROM dictionaries ORDER BY number";
    tx.all(sql, &[], |row| Ok((row.int(0)?, row.bytes(1)?.to_vec())))
}

/// Adds a dictionary.
pub(crate) fn add_dictionary(tx: &dyn Tx, number: u8, bytes: &[u8]) -> Result<()> {
    let sql = "INSERT INTO dictionaries (number, bytes) VALUES (?1, ?2)";
    tx.execute(sql, &[i64::from(number).into(), Value::Bytes(bytes.to_vec())]).map(|_| ())
}
