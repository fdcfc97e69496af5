//! What upkeep promises: less space, the same words, nobody's own words in the dictionary.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{Confidant, NewTurn};
use std::sync::atomic::{AtomicBool, Ordering};
use support::*;

/// Twenty ways to ask and to answer, told apart by a number; what a support desk reads all day.
fn talk(customer: usize, turn: usize) -> (String, String) {
    let what = ["invoice", "parcel", "password", "refund", "contract", "router", "voucher"]
        [(customer + turn) % 7];
    let how = ["is still not here", "does not look right to me", "has been changed without a word"]
        [turn % 3];
    let said = format!(
        "Good morning, I am writing because my {what} {how}. Could you please look into it? Case {customer}/{turn}."
    );
    let answer = format!(
        "Thank you for contacting us about your {what}. I have passed it on to my colleagues, and you will hear from us within two days."
    );
    (said, answer)
}

/// Fills a store with `customers` of `turns` each.
fn fill(memory: &Confidant, customers: usize, turns: usize) {
    for customer in 0..customers {
        let texts: Vec<(String, String)> = (0..turns).map(|turn| talk(customer, turn)).collect();
        let new: Vec<NewTurn<'_>> =
            texts.iter().map(|(said, answer)| NewTurn::said(said).answered(answer)).collect();
        memory
            .customer(&format!("customer {customer}"))
            .unwrap()
            .memory()
            .save_turns(&new)
            .unwrap();
    }
}

fn assert_whole(memory: &Confidant, customers: usize, turns: usize) {
    for customer in 0..customers {
        let stored = archive(&memory.customer(&format!("customer {customer}")).unwrap(), 1_000);
        assert_eq!(stored.len(), turns);
        for (place, turn) in stored.iter().enumerate() {
            let (said, answer) = talk(customer, place);
            assert_eq!((turn.said.as_ref(), turn.answer.as_ref()), (Some(&said), Some(&answer)));
        }
    }
}

// X-03, K-12
#[test]
fn after_upkeep_sixty_percent_are_saved_and_every_word_is_the_same() {
    on_every_store(|place| {
        let memory = place.open();
        fill(&memory, 40, 60);
        let before = memory.check().unwrap();
        let done = memory.maintain().unwrap();
        assert!(done.trained.is_some());
        assert_eq!((done.examined, done.repacked), (2_400, 2_400));
        let after = memory.check().unwrap();
        assert!(after.is_sound());
        assert_eq!((after.turns, after.text_bytes), (before.turns, before.text_bytes));
        assert!(after.stored_bytes < before.stored_bytes);
        assert!(
            after.stored_bytes * 10 <= after.text_bytes * 4,
            "{} of {}",
            after.stored_bytes,
            after.text_bytes
        );
        assert_whole(&memory, 40, 60);
        drop(memory);
        assert_whole(&place.open(), 40, 60);
    });
}

#[test]
fn a_store_is_trained_at_two_thousand_turns_and_not_again_soon() {
    on_every_store(|place| {
        let memory = place.open();
        fill(&memory, 19, 100);
        assert_eq!(memory.maintain().unwrap().trained, None);
        fill(&memory, 1, 100);
        assert!(memory.maintain().unwrap().trained.is_some());
        let again = memory.maintain().unwrap();
        assert_eq!((again.trained, again.examined, again.repacked), (None, 0, 0));
    });
}

#[test]
fn a_handle_that_was_open_before_reads_what_was_packed_since() {
    on_every_store(|place| {
        let (memory, other) = (place.open(), place.open());
        fill(&memory, 40, 60);
        memory.maintain().unwrap();
        memory
            .customer("customer 0")
            .unwrap()
            .memory()
            .save_turn(NewTurn::said("One more."))
            .unwrap();
        let turns = archive(&other.customer("customer 0").unwrap(), 100);
        assert_eq!((turns.len(), turns[60].said.as_deref()), (61, Some("One more.")));
        other
            .customer("customer 0")
            .unwrap()
            .memory()
            .save_turn(NewTurn::said("And another."))
            .unwrap();
        assert!(other.check().unwrap().is_sound() && memory.check().unwrap().is_sound());
        assert_eq!(archive(&memory.customer("customer 0").unwrap(), 100).len(), 62);
    });
}

#[test]
fn others_go_on_while_turns_are_packed_anew() {
    on_every_store(|place| {
        let memory = place.open();
        fill(&memory, 40, 100);
        let done = AtomicBool::new(false);
        let saved = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let bob = memory.customer("bob").unwrap().memory();
                let mut saved = 0;
                while !done.load(Ordering::SeqCst) || saved == 0 {
                    let turn = bob.save_turn(NewTurn::said(&format!("bob {saved}"))).unwrap();
                    assert_eq!(bob.load_context().unwrap().newest().unwrap(), &turn);
                    saved += 1;
                }
                saved
            });
            let maintained = memory.maintain();
            done.store(true, Ordering::SeqCst);
            assert!(maintained.unwrap().trained.is_some());
            writer.join().unwrap()
        });
        assert_whole(&memory, 40, 100);
        let bob = archive(&memory.customer("bob").unwrap(), 1_000);
        assert_eq!(said(&bob), (0..saved).map(|n| format!("bob {n}")).collect::<Vec<_>>());
    });
}

/// A dictionary is a place where text survives: nobody's own words may be in it.
#[cfg(feature = "sqlite")]
#[test]
fn the_dictionary_holds_nothing_that_fewer_than_five_customers_said() {
    let place = Place::sqlite();
    let memory = place.open();
    fill(&memory, 40, 60);
    let secret = "zanzibar quixotic marmalade violin";
    for customer in 0..4 {
        let memory = memory.customer(&format!("customer {customer}")).unwrap().memory();
        for _ in 0..10 {
            memory
                .save_turn(NewTurn::said(&format!("My word is {secret}, keep it well, please.")))
                .unwrap();
        }
    }
    for customer in 0..40 {
        let memory = memory.customer(&format!("customer {customer}")).unwrap().memory();
        memory
            .save_turn(NewTurn::said(
                "Write to jonathan.appleseed@example.com or call 0800 7654321.",
            ))
            .unwrap();
    }
    assert!(memory.maintain().unwrap().trained.is_some());
    memory.customer("customer 0").unwrap().memory().clear().unwrap();
    drop(memory);
    let connection = rusqlite::Connection::open(place.file()).unwrap();
    let bytes: Vec<u8> =
        connection.query_row("SELECT bytes FROM dictionaries", [], |row| row.get(0)).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("Thank you for contacting us"), "what everybody says is there");
    for word in ["zanzibar", "quixotic", "marmalad", "appleseed", "jonathan", "7654321", "Case 1"] {
        assert!(!holds(word), "{word}");
    }
    for inner in secret.as_bytes().windows(8) {
        assert!(
            !bytes.windows(8).any(|window| window == inner),
            "{}",
            String::from_utf8_lossy(inner)
        );
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn a_damaged_dictionary_is_told_by_the_check_and_by_every_turn_that_needs_it() {
    let place = Place::sqlite();
    let memory = place.open();
    fill(&memory, 40, 60);
    memory.maintain().unwrap();
    drop(memory);
    let connection = rusqlite::Connection::open(place.file()).unwrap();
    let mut bytes: Vec<u8> =
        connection.query_row("SELECT bytes FROM dictionaries", [], |row| row.get(0)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    connection.execute("UPDATE dictionaries SET bytes = ?1", [bytes]).unwrap();
    drop(connection);
    let memory = place.open();
    let report = memory.check().unwrap();
    assert!(
        report.findings.iter().any(|line| line.contains("dictionary 16")),
        "{:?}",
        report.findings.first()
    );
    let error = memory.customer("customer 3").unwrap().memory().load_context().unwrap_err();
    assert_eq!(error.kind(), confidant::ErrorKind::Corrupt);
    assert!(error.to_string().contains("turn t"), "{error}");
    let turn = memory
        .customer("new")
        .unwrap()
        .memory()
        .save_turn(NewTurn::said("still writable"))
        .unwrap();
    assert_eq!(turn.id.number(), 1);
}
