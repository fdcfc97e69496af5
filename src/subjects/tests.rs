//! What the contract of subjects promises, shown with one more subject.

mod toy;

use super::list::SUBJECTS;
use crate::memory::{Builder, Confidant, NewAnswer, NewTurn, Subject, Table};
use std::collections::BTreeSet;

static WITH_TOY: [&dyn Subject; 6] =
    [SUBJECTS[0], SUBJECTS[1], SUBJECTS[2], SUBJECTS[3], SUBJECTS[4], &toy::Wishes];

fn with_toy(folder: &tempfile::TempDir, cache_bytes: usize) -> Confidant {
    let path = folder.path().join("support.db");
    let location = path.to_str().expect("is UTF-8");
    let builder = Builder::default().cache_bytes(cache_bytes);
    let memory = builder.open_with(location, &WITH_TOY).expect("opens");
    toy::make_table(&memory);
    memory
}

#[test]
fn clear_check_figures_bounds_and_export_reach_a_subject_that_they_do_not_know() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = with_toy(&folder, 1 << 20);
    let [alice, bob] = ["alice", "bob"].map(|name| memory.customer(name).expect("a name"));
    for customer in [&alice, &bob] {
        let turn = customer.memory().save_turn(NewTurn::said("Hi.")).expect("saved");
        toy::wish(customer, "a <quiet> line");
        assert_eq!(toy::wishes_in_memory(customer), ["a <quiet> line"]);
        let answer = NewAnswer::new("Hello.");
        customer.memory().answer(turn.id, answer).expect("answered");
        assert_eq!(toy::answers_seen(customer), 1, "an answer is told");
    }
    let kept = memory.stats().cached("wishes").expect("is a subject");
    assert!(kept.entries == 2 && kept.bytes > 2 * toy::WEIGHT, "{kept:?}");
    assert!(memory.stats().cached("nothing").is_none());

    let mut lines = Vec::new();
    assert_eq!(alice.export(&mut lines).expect("exported"), 3, "a session, a turn and a wish");
    let lines = String::from_utf8(lines).expect("is UTF-8");
    let wish = "{\"record\":{\"wish\":\"a <quiet> line\"},\"subject\":\"wishes\"}\n";
    assert!(lines.ends_with(wish), "{lines}");

    assert!(memory.check().expect("checked").is_sound());
    toy::damage(&bob);
    let report = memory.check().expect("checked");
    assert_eq!(report.findings, ["the wish of customer 2 is damaged: it is empty"]);

    bob.memory().clear().expect("cleared");
    assert!(memory.check().expect("checked").is_sound(), "its row is gone");
    assert_eq!(memory.stats().cached("wishes").expect("is a subject").entries, 1);
    assert_eq!(bob.export(&mut Vec::new()).expect("exported"), 0);
    alice.memory().invalidate();
    assert_eq!(memory.stats().cached("wishes").expect("is a subject").entries, 0);
    toy::wishes_in_memory(&alice);
    memory.invalidate();
    assert_eq!(memory.stats().cache_bytes(), 0);
}

#[test]
fn one_bound_holds_for_all_subjects_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let memory = with_toy(&folder, 4 * toy::WEIGHT);
    for number in 0..10 {
        let customer = memory.customer(&format!("c{number}")).expect("a name");
        customer.memory().save_turn(NewTurn::said("Please keep it short.")).expect("saved");
        toy::wishes_in_memory(&customer);
        customer.preferences().expect("learned");
        customer.given().expect("read");
        customer.recall(&crate::history::RecallQuery::new("short")).expect("recalled");
        assert!(memory.stats().cache_bytes() <= 4 * toy::WEIGHT);
    }
}

fn registered() -> Vec<Table> {
    SUBJECTS.iter().flat_map(|subject| subject.tables()).copied().collect()
}

/// Both engines make their tables by the same steps; this is what came out of them.
#[test]
fn every_table_of_the_database_is_registered_by_one_subject_with_columns_that_it_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("support.db");
    let memory = Confidant::open(path.to_str().expect("is UTF-8")).expect("opens");
    let sql = "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c \
               WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
    let mut columns: BTreeSet<(String, String)> = BTreeSet::new();
    let read = memory.core.store.read_with(|tx| {
        let mut found = Vec::new();
        tx.query(sql, &[], &mut |row| {
            found.push((row.text(0)?.to_owned(), row.text(1)?.to_owned()));
            Ok(())
        })?;
        Ok(found)
    });
    columns.extend(read.expect("read"));
    let tables: BTreeSet<&str> = columns.iter().map(|(table, _)| table.as_str()).collect();
    let registered = registered();
    let names: BTreeSet<&str> = registered.iter().map(|table| table.name).collect();
    assert_eq!(names.len(), registered.len(), "no table is registered twice");
    assert_eq!(names, tables);
    for table in registered {
        for column in table.personal {
            let column = (table.name.to_owned(), (*column).to_owned());
            assert!(columns.contains(&column), "{column:?}");
        }
    }
}

#[test]
fn no_two_subjects_have_one_name() {
    let names: BTreeSet<&str> = SUBJECTS.iter().map(|subject| subject.name()).collect();
    assert_eq!(names.len(), SUBJECTS.len());
}
