//! What every engine must keep: one suite, one macro line for each engine.

use super::{Options, Row, Store, Unit, Value};
use crate::error::{Error, ErrorKind, Result, invalid};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

const SET: &str = "UPDATE counters SET value = value + ?1 WHERE name = ?2";
const GET: &str = "SELECT value FROM counters WHERE name = ?1";
const ADD: &str = "INSERT INTO tenants (id, name) VALUES (?1, ?2)";

pub(super) fn options() -> Options {
    Options { durability: super::Durability::PowerLoss, busy_timeout: Duration::from_secs(5) }
}

fn counter(store: &dyn Store, name: &'static str) -> i64 {
    let read = |row: &dyn Row| row.int(0);
    store
        .read_with(|tx| tx.first(GET, &[name.into()], read))
        .expect("read")
        .expect("the counter is there")
}

fn tenants(store: &dyn Store) -> Vec<(i64, String)> {
    let read = |row: &dyn Row| Ok((row.int(0)?, row.text(1)?.to_owned()));
    store
        .read_with(|tx| tx.all("SELECT id, name FROM tenants ORDER BY id", &[], read))
        .expect("read")
}

fn add(store: &dyn Store, id: i64, name: &'static str) -> Result<u64> {
    store.write_with(move |tx| tx.execute(ADD, &[id.into(), name.into()]))
}

pub(super) fn a_written_unit_is_read_back_by_every_handle(first: &dyn Store, second: &dyn Store) {
    assert_eq!(add(first, 1, "acme").expect("written"), 1);
    assert_eq!(tenants(first), [(1, "acme".to_owned())]);
    assert_eq!(tenants(second), tenants(first));
}

pub(super) fn values_of_every_kind_come_back_as_given(store: &dyn Store) {
    let text = "NUL \0, quote ', emoji \u{1f600}, right-to-left \u{200f}\u{5d0}";
    let bytes: Vec<u8> = (0..=255).collect();
    let stored = bytes.clone();
    let write = move |tx: &dyn super::Tx| {
        tx.execute(ADD, &[i64::MAX.into(), text.into()])?;
        let sql = "INSERT INTO dictionaries (number, bytes) VALUES (?1, ?2)";
        tx.execute(sql, &[i64::MIN.into(), Value::Bytes(stored.clone())])
    };
    store.write_with(write).expect("written");
    assert_eq!(tenants(store), [(i64::MAX, text.to_owned())]);
    let read = |row: &dyn Row| Ok((row.int(0)?, row.bytes(1)?.to_vec()));
    let found = store
        .read_with(|tx| tx.all("SELECT number, bytes FROM dictionaries", &[], read))
        .expect("read");
    assert_eq!(found, [(i64::MIN, bytes)]);
}

pub(super) fn a_unit_that_fails_leaves_nothing_behind(store: &dyn Store) {
    let failing = store.write_with(|tx| {
        tx.execute(SET, &[5.into(), "tenants".into()])?;
        Err::<(), Error>(invalid("changed my mind"))
    });
    assert_eq!(failing.expect_err("refused").to_string(), "changed my mind");
    assert_eq!(counter(store, "tenants"), 0);
}

pub(super) fn a_unit_that_panics_is_an_error_and_the_store_goes_on(store: &dyn Store) {
    let panicking = store.write_with(|tx| {
        tx.execute(SET, &[5.into(), "tenants".into()])?;
        if counter_is_positive(tx)? {
            panic!("a planted panic");
        }
        Ok(())
    });
    assert_eq!(panicking.expect_err("refused").kind(), ErrorKind::Internal);
    assert_eq!(counter(store, "tenants"), 0);
    assert_eq!(add(store, 1, "acme").expect("the store goes on"), 1);
}

fn counter_is_positive(tx: &dyn super::Tx) -> Result<bool> {
    Ok(tx.first(GET, &["tenants".into()], |row| row.int(0))?.is_some_and(|value| value > 0))
}

pub(super) fn a_violated_constraint_is_a_conflict(store: &dyn Store) {
    add(store, 1, "acme").expect("written");
    assert_eq!(add(store, 1, "other").expect_err("refused").kind(), ErrorKind::Conflict);
    assert_eq!(add(store, 2, "acme").expect_err("refused").kind(), ErrorKind::Conflict);
    assert_eq!(tenants(store).len(), 1);
}

/// Each unit stands alone in its group: half of them fail, early or late, and only they.
pub(super) fn in_a_group_only_the_failing_units_fail(store: &dyn Store) {
    let outcomes: Vec<(usize, Result<()>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|n| {
                scope.spawn(move || {
                    let unit = move |tx: &dyn super::Tx| match n % 4 {
                        0 => Err(invalid("early")),
                        1 => {
                            tx.execute(SET, &[100.into(), "customers".into()])?;
                            Err(invalid("late"))
                        }
                        _ => tx.execute(SET, &[1.into(), "customers".into()]).map(|_| ()),
                    };
                    (0..25).map(|_| (n, store.write_with(unit))).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    for (n, outcome) in &outcomes {
        assert_eq!(outcome.is_ok(), n % 4 > 1, "unit of kind {}", n % 4);
    }
    assert_eq!(counter(store, "customers"), 8 * 25);
}

pub(super) fn what_follows_a_commit_runs_once_and_in_commit_order(store: &dyn Store) {
    let order: Arc<Mutex<Vec<i64>>> = Arc::default();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let order = Arc::clone(&order);
            scope.spawn(move || {
                for _ in 0..25 {
                    let order = Arc::clone(&order);
                    let work = |tx: &dyn super::Tx| {
                        tx.execute(SET, &[1.into(), "customers".into()])?;
                        let value = tx.first(GET, &["customers".into()], |row| row.int(0))?;
                        Ok(value.unwrap_or_default())
                    };
                    store.write_then(work, move |value| order.lock().push(value)).expect("written");
                }
            });
        }
    });
    assert_eq!(*order.lock(), (1..=200).collect::<Vec<i64>>());
}

pub(super) fn a_read_sees_one_moment(store: &dyn Store) {
    let seen = store.read_with(|tx| {
        let before = tx.first(GET, &["tenants".into()], |row| row.int(0))?;
        let unit = |tx: &dyn super::Tx| tx.execute(SET, &[1.into(), "tenants".into()]).map(|_| ());
        let unit = Unit { work: Box::new(unit), committed: None };
        std::thread::scope(|scope| scope.spawn(|| store.write(unit)).join().expect("no panic"))?;
        let after = tx.first(GET, &["tenants".into()], |row| row.int(0))?;
        Ok(before == after)
    });
    assert!(seen.expect("read"));
    assert_eq!(counter(store, "tenants"), 1);
}

pub(super) fn a_write_by_another_handle_begins_a_new_era(first: &dyn Store, second: &dyn Store) {
    let before = first.era().expect("an era");
    assert_eq!(first.era().expect("an era"), before, "nothing happened");
    add(second, 1, "acme").expect("written");
    assert_ne!(first.era().expect("an era"), before);
    assert!(!first.is_alone() && !second.is_alone());
}

#[cfg(feature = "sqlite")]
pub(super) fn aloneness_is_proven_again_after_the_others_have_left(
    first: &dyn Store,
    second: Box<dyn Store>,
) {
    drop(second);
    assert!(!first.is_alone(), "the other may have written");
    for _ in 0..128 {
        first.write_with(|tx| tx.execute(SET, &[1.into(), "tenants".into()])).expect("written");
    }
    assert!(first.is_alone());
    let era = first.era().expect("an era");
    first.write_with(|tx| tx.execute(SET, &[1.into(), "tenants".into()])).expect("written");
    assert_eq!(first.era().expect("an era"), era, "own writes begin no era");
}

pub(super) fn an_undamaged_store_has_no_findings_and_can_be_compacted(store: &dyn Store) {
    add(store, 1, "acme").expect("written");
    store.checkpoint().expect("checkpointed");
    store.compact().expect("compacted");
    assert!(store.integrity().expect("checked").is_empty());
    assert!(store.bytes_on_disk() > 0);
    assert_eq!(tenants(store).len(), 1);
}

/// Makes the suite for one engine out of a function that opens a new store twice.
macro_rules! suite {
    ($engine:ident, $two:path) => {
        mod $engine {
            use super::*;

            #[test]
            fn a_written_unit_is_read_back_by_every_handle() {
                let Some((_place, first, second)) = $two() else { return };
                super::a_written_unit_is_read_back_by_every_handle(&*first, &*second);
            }

            #[test]
            fn a_write_by_another_handle_begins_a_new_era() {
                let Some((_place, first, second)) = $two() else { return };
                super::a_write_by_another_handle_begins_a_new_era(&*first, &*second);
            }

            suite!(@one $two: values_of_every_kind_come_back_as_given, a_unit_that_fails_leaves_nothing_behind,
                a_unit_that_panics_is_an_error_and_the_store_goes_on, a_violated_constraint_is_a_conflict,
                in_a_group_only_the_failing_units_fail, what_follows_a_commit_runs_once_and_in_commit_order,
                a_read_sees_one_moment, an_undamaged_store_has_no_findings_and_can_be_compacted);
        }
    };
    (@one $two:path: $($name:ident),+) => {
        $(
            #[test]
            fn $name() {
                let Some((_place, store, _second)) = $two() else { return };
                super::$name(&*store);
            }
        )+
    };
}

/// A place and the store in it, opened twice; `None` where the engine has no server.
pub(super) type Two<P> = Option<(P, Box<dyn Store>, Box<dyn Store>)>;

#[cfg(feature = "sqlite")]
fn two_on_sqlite() -> Two<tempfile::TempDir> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let open = || super::open(path.to_str().expect("UTF-8"), &options()).expect("opens");
    let (first, second) = (open(), open());
    Some((folder, first, second))
}

#[cfg(feature = "sqlite")]
suite!(sqlite, two_on_sqlite);

/// Only a file can prove that nobody else has it open.
#[cfg(feature = "sqlite")]
#[test]
fn sqlite_aloneness_is_proven_again_after_the_others_have_left() {
    let (_place, first, second) = two_on_sqlite().expect("always");
    aloneness_is_proven_again_after_the_others_have_left(&*first, second);
}

#[cfg(feature = "postgres")]
use super::postgres::place::two_on_postgres;
#[cfg(feature = "postgres")]
suite!(postgres, two_on_postgres);
