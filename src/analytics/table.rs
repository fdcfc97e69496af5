//! The statements behind summaries and reports: each sums what is stored, and keeps nothing.

use crate::archive::key::{first_key, last_key};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Tx, Value};

/// Sums over turns and sessions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) customers: u64,
    pub(super) sessions: u64,
    pub(super) resolved_sessions: u64,
    pub(super) rated_sessions: u64,
    pub(super) rating_sum: u64,
    pub(super) turns: u64,
    pub(super) answered: u64,
    pub(super) resolved: u64,
    pub(super) with_confidence: u64,
    pub(super) confidence_sum: u64,
}

/// One statement about the sessions with turns of whoever the condition names.
macro_rules! sums_where {
    ($condition:literal) => {
        concat!(
            "SELECT count(DISTINCT x.customer), count(*), \
            coalesce(CAST(sum(CASE WHEN s.resolved IS NULL THEN x.ends ELSE s.resolved END) AS BIGINT), 0), \
            count(s.rating), coalesce(CAST(sum(s.rating) AS BIGINT), 0), \
            coalesce(CAST(sum(x.turns) AS BIGINT), 0), coalesce(CAST(sum(x.answered) AS BIGINT), 0), \
            coalesce(CAST(sum(x.resolved) AS BIGINT), 0), coalesce(CAST(sum(x.confident) AS BIGINT), 0), \
            coalesce(CAST(sum(x.confidence) AS BIGINT), 0) FROM ( \
                SELECT c.id AS customer, t.session AS session, count(*) AS turns, count(t.answered_at) AS answered, \
                sum(t.resolved) AS resolved, count(t.confidence) AS confident, sum(t.confidence) AS confidence, \
                max(t.id * 2 + t.resolved) % 2 AS ends \
                FROM tenants o JOIN customers c ON c.tenant = o.id \
                JOIN turns t ON t.id BETWEEN ",
            first_key!("c.id"),
            " AND ",
            last_key!("c.id"),
            " WHERE ",
            $condition,
            " GROUP BY c.id, t.session \
            ) x LEFT JOIN sessions s ON s.id = ",
            first_key!("x.customer"),
            " + x.session"
        )
    };
}

/// Sums up a tenant; reads all of its turns.
pub(super) fn of_tenant(tx: &dyn Tx, tenant: &str) -> Result<Sums> {
    sums(tx, sums_where!("o.name = ?1"), &[tenant.into()])
}

/// Sums up one customer of a tenant; reads all of the customer's turns.
pub(super) fn of_customer(tx: &dyn Tx, tenant: &str, customer: &str) -> Result<Sums> {
    sums(tx, sums_where!("o.name = ?1 AND c.name = ?2"), &[tenant.into(), customer.into()])
}

/// A page of the tenant's customers behind one, with their numbers.
pub(super) fn customers_after(tx: &dyn Tx, tenant: &str, after: i64) -> Result<Vec<(i64, String)>> {
    let sql = "SELECT c.id, c.name FROM tenants o JOIN customers c ON c.tenant = o.id \
               WHERE o.name = ?1 AND c.id > ?2 ORDER BY c.id LIMIT 1000";
    let mut customers = Vec::new();
    tx.query_upwards(sql, &[tenant.into(), after.into()], 0, after, &mut |row| {
        customers.push((row.int(0)?, row.text(1)?.to_owned()));
        Ok(())
    })?;
    Ok(customers)
}

fn sums(tx: &dyn Tx, sql: &'static str, values: &[Value]) -> Result<Sums> {
    let found = tx.first(sql, values, |row| {
        let natural = |column| {
            u64::try_from(row.int(column)?).map_err(|cause| {
                let message = "the counts of stored turns are damaged: a sum is below zero";
                Error::new(ErrorKind::Corrupt, message).with_source(cause)
            })
        };
        Ok(Sums {
            customers: natural(0)?,
            sessions: natural(1)?,
            resolved_sessions: natural(2)?,
            rated_sessions: natural(3)?,
            rating_sum: natural(4)?,
            turns: natural(5)?,
            answered: natural(6)?,
            resolved: natural(7)?,
            with_confidence: natural(8)?,
            confidence_sum: natural(9)?,
        })
    })?;
    Ok(found.unwrap_or_default())
}
