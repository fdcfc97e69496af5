//! A subject with a table, for tests: what customers wish for, in their own words.

use crate::error::Result;
use crate::memory::{
    Cache, CheckReport, Confidant, Customer, Owner, Scope, Sink, Subject, Table, Turn,
};
use crate::store::Tx;
use parking_lot::Mutex;
use std::sync::Arc;

pub(super) struct Wishes;

/// What the wishes of a customer are said to take.
pub(super) const WEIGHT: usize = 10_000;
const NAME: &str = "wishes";

#[derive(Default)]
struct InMemory {
    wishes: Vec<String>,
    answers: usize,
}

type Shared = Mutex<InMemory>;

impl Subject for Wishes {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tables(&self) -> &'static [Table] {
        &[Table { name: NAME, personal: &["wish"] }]
    }

    fn answered(&self, cache: &Cache, scope: Scope, _turn: &Arc<Turn>) {
        if let Some(known) = cache.known::<Shared>(NAME, &Owner::Customer(scope)) {
            known.lock().answers += 1;
        }
    }

    fn check(&self, core: &Arc<crate::memory::Core>, report: &mut CheckReport) -> Result<()> {
        let empty = core.store.read_with(|tx| {
            let mut empty = Vec::new();
            let sql = "SELECT customer FROM wishes WHERE wish = ''";
            tx.query(sql, &[], &mut |row| {
                let customer = row.int(0)?;
                empty.push(format!("the wish of customer {customer} is damaged: it is empty"));
                Ok(())
            })?;
            Ok(empty)
        })?;
        report.add(empty);
        Ok(())
    }

    fn erase(&self, tx: &dyn Tx, scope: Scope) -> Result<()> {
        let sql = "DELETE FROM wishes WHERE customer = ?1";
        tx.execute(sql, &[number(scope)])?;
        Ok(())
    }

    fn export(&self, customer: &Customer, scope: Scope, sink: &mut dyn Sink) -> Result<()> {
        let wishes = stored(customer, scope)?;
        let mut records = wishes.iter().map(|wish| serde_json::json!({ "wish": wish }));
        records.try_for_each(|record| sink.record(NAME, record))
    }
}

fn number(scope: Scope) -> crate::store::Value {
    scope.customer().into()
}

fn stored(customer: &Customer, scope: Scope) -> Result<Vec<String>> {
    customer.core.store.read_with(|tx| {
        let mut wishes = Vec::new();
        let sql = "SELECT wish FROM wishes WHERE customer = ?1";
        tx.query(sql, &[number(scope)], &mut |row| {
            wishes.push(row.text(0)?.to_owned());
            Ok(())
        })?;
        Ok(wishes)
    })
}

fn write(memory: &Confidant, sql: &'static str, values: Vec<crate::store::Value>) {
    let written = memory.core.store.write_with(move |tx| tx.execute(sql, &values).map(|_| ()));
    written.expect("written");
}

pub(super) fn make_table(memory: &Confidant) {
    write(memory, "CREATE TABLE wishes (customer INTEGER NOT NULL, wish TEXT NOT NULL)", vec![]);
}

fn scope(customer: &Customer) -> Scope {
    customer.scope().expect("a turn was saved")
}

pub(super) fn wish(customer: &Customer, text: &str) {
    let values = vec![number(scope(customer)), text.into()];
    write(&customer.confidant(), "INSERT INTO wishes (customer, wish) VALUES (?1, ?2)", values);
}

pub(super) fn damage(customer: &Customer) {
    let values = vec![number(scope(customer))];
    write(&customer.confidant(), "UPDATE wishes SET wish = '' WHERE customer = ?1", values);
}

fn in_memory(customer: &Customer) -> Arc<Shared> {
    let owner = Owner::Customer(scope(customer));
    let cache = &customer.core.cache;
    let shared = cache.entry(NAME, &owner, Shared::default);
    cache.weigh(NAME, &owner, &shared, WEIGHT);
    shared
}

pub(super) fn wishes_in_memory(customer: &Customer) -> Vec<String> {
    let wishes = stored(customer, scope(customer)).expect("read");
    let shared = in_memory(customer);
    let mut known = shared.lock();
    known.wishes = wishes;
    known.wishes.clone()
}

pub(super) fn answers_seen(customer: &Customer) -> usize {
    in_memory(customer).lock().answers
}
