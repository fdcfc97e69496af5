//! What `Persist::Every` promises to hosts that ask for it by name.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cloned_ref_to_slice_refs
)]

mod support;

use confidant::{
    Channel, Confidant, Customer, ErrorKind, NewAnswer, NewTurn, Outcome, Page, Persist,
};
use std::time::Duration;
use support::*;

fn waiting(place: &Place, most: usize) -> Confidant {
    place.open_with(|builder| builder.persist(Persist::Every(most)))
}

fn save(customer: &Customer, text: &str) -> confidant::Turn {
    customer.memory().save_turn(NewTurn::said(text)).unwrap()
}

fn on_disk(place: &Place) -> Vec<String> {
    said(&archive(&place.open().customer("alice").unwrap(), 100))
}

// X-02, K-10, memodb#48
#[test]
fn waiting_turns_are_counted_and_visible_but_not_on_disk() {
    on_every_store(|place| {
        let memory = waiting(place, 5);
        let alice = memory.customer("alice").unwrap();
        for n in 1..=4 {
            let turn = save(&alice, &format!("question {n}"));
            assert!(turn.is_pending() && turn.id.is_pending());
            let expected = texts("question", n);
            assert_eq!((memory.stats().pending, alice.memory().pending()), (n, n));
            let context = alice.memory().load_context().unwrap();
            assert_eq!((said(context.turns()), context.total()), (expected.clone(), n as u64));
            assert_eq!(said(&archive(&alice, 2)), expected);
            assert_eq!(said(&archive(&alice, 100)), expected);
            let stats = alice.memory().stats().unwrap();
            assert_eq!((stats.buffered, stats.total, stats.pending), (n, n as u64, n));
            assert_eq!(alice.memory().turn(turn.id).unwrap(), turn);
            assert!(on_disk(place).is_empty());
        }
    });
}

//
#[test]
fn the_nth_turn_saves_them_all() {
    on_every_store(|place| {
        let memory = waiting(place, 5);
        let alice = memory.customer("alice").unwrap();
        for n in 1..=12 {
            let turn = save(&alice, &format!("question {n}"));
            assert_eq!(turn.is_pending(), n % 5 != 0);
            assert_eq!(on_disk(place), texts("question", n - n % 5));
            assert_eq!(memory.stats().pending, n % 5);
            assert_eq!(said(alice.memory().load_context().unwrap().turns()), texts("question", n));
            assert_eq!(said(&archive(&alice, 3)), texts("question", n));
        }
    });
}

//
#[test]
fn flush_close_and_the_drop_of_the_last_handle_save_what_waits() {
    type End = fn(Confidant, Customer);
    let ends: [(&str, End); 6] = [
        ("Confidant::flush", |memory, _| memory.flush().unwrap()),
        ("PersistentBufferMemory::flush", |_, alice| alice.memory().flush().unwrap()),
        ("close", |memory, _| memory.close().unwrap()),
        ("drop", |memory, alice| {
            drop(memory);
            drop(alice);
        }),
        ("Session::close", |_, alice| {
            let id = alice.sessions(Page::first(1)).unwrap()[0].id;
            assert_eq!(alice.session(id).unwrap().close(Outcome::unknown()).unwrap().turns(), 3);
        }),
        ("analytics", |_, alice| assert_eq!(alice.analytics().summary().unwrap().turns, 3)),
    ];
    on_every_store(|_| {
        for (name, end) in ends {
            let place = Place::sqlite();
            let memory = waiting(&place, 100);
            let alice = memory.customer("alice").unwrap();
            for text in texts("question", 3) {
                save(&alice, &text);
            }
            assert!(on_disk(&place).is_empty());
            end(memory, alice);
            assert_eq!(on_disk(&place), texts("question", 3), "{name}");
        }
    });
}

#[test]
fn what_waits_stays_until_the_last_clone_is_dropped() {
    on_every_store(|place| {
        let memory = waiting(place, 100);
        let alice = memory.customer("alice").unwrap();
        save(&alice, "a");
        drop(memory);
        assert!(on_disk(place).is_empty());
        assert_eq!(alice.memory().pending(), 1);
        drop(alice);
        assert_eq!(on_disk(place), ["a"]);
    });
}

#[test]
fn every_customer_waits_alone() {
    on_every_store(|place| {
        let memory = waiting(place, 2);
        let (alice, bob) = (
            memory.customer("alice").unwrap(),
            memory.tenant("acme").unwrap().customer("alice").unwrap(),
        );
        save(&alice, "a");
        save(&bob, "b");
        assert_eq!(
            (memory.stats().pending, alice.memory().pending(), bob.memory().pending()),
            (2, 1, 1)
        );
        save(&bob, "c");
        assert_eq!(
            (memory.stats().pending, alice.memory().pending(), bob.memory().pending()),
            (1, 1, 0)
        );
        assert!(on_disk(place).is_empty());
        memory.flush().unwrap();
        assert_eq!(on_disk(place), ["a"]);
    });
}

#[test]
fn an_answer_reaches_a_waiting_turn_and_by_its_first_id_a_saved_one() {
    on_every_store(|place| {
        let memory = waiting(place, 100);
        let alice = memory.customer("alice").unwrap();
        let turns = ["a", "b"].map(|text| save(&alice, text));
        let answered =
            alice.memory().answer(turns[0].id, NewAnswer::new("A").confidence(0.5)).unwrap();
        assert_eq!((answered.id, answered.answer.as_deref()), (turns[0].id, Some("A")));
        assert_eq!(alice.memory().answer(turns[0].id, NewAnswer::new("A")).unwrap(), answered);
        let error = alice.memory().answer(turns[0].id, NewAnswer::new("other")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(alice.memory().load_context().unwrap().get(0), Some(&answered));
        assert_eq!(archive(&alice, 10)[0], answered);

        alice.memory().flush().unwrap();
        let late = alice.memory().answer(turns[1].id, NewAnswer::new("B")).unwrap();
        assert_eq!(
            (late.id.number(), late.is_pending(), late.said.as_deref()),
            (2, false, Some("b"))
        );
        assert_eq!(alice.memory().turn(turns[1].id).unwrap(), late);
        let stored = archive(&place.open().customer("alice").unwrap(), 10);
        assert_eq!(stored[0].answer.as_deref(), Some("A"));
        assert_eq!(stored[0].confidence, Some(0.5));
        assert_eq!(stored[1], late);
        assert_eq!(turns_of(&alice.memory().load_context().unwrap()), stored);
    });
}

#[test]
fn paging_goes_on_from_a_turn_that_waited_when_it_was_seen() {
    on_every_store(|place| {
        let memory = waiting(place, 4);
        let alice = memory.customer("alice").unwrap();
        for text in &texts("question", 7) {
            save(&alice, text);
        }
        let page = alice.memory().turns(Page::first(5)).unwrap();
        assert_eq!(said(&page), texts("question", 5));
        memory.flush().unwrap();
        let rest = alice.memory().turns(Page::first(5).after(page[4].id)).unwrap();
        assert_eq!(said(&rest), texts("question", 7)[5..]);
    });
}

#[test]
fn a_key_is_known_while_its_turn_waits_and_after_it_was_saved() {
    on_every_store(|place| {
        let stored = place
            .open()
            .customer("alice")
            .unwrap()
            .memory()
            .save_turn(NewTurn::said("old").key("k0"))
            .unwrap();
        let memory = waiting(place, 100);
        let alice = memory.customer("alice").unwrap().memory();
        let save = |text: &str, key: &str| alice.save_turn(NewTurn::said(text).key(key)).unwrap();
        assert_eq!(save("other", "k0"), stored);
        let first = save("a", "k1");
        assert_eq!(save("other", "k1"), first);
        let batch = [
            NewTurn::said("b").key("k2"),
            NewTurn::said("other").key("k2"),
            NewTurn::said("other").key("k1"),
        ];
        assert_eq!(said(&alice.save_turns(&batch).unwrap()), ["b", "b", "a"]);
        assert_eq!(alice.pending(), 2);
        memory.flush().unwrap();
        assert_eq!((save("other", "k1").said.as_deref(), alice.pending()), (Some("a"), 0));
        assert_eq!(on_disk(place), ["old", "a", "b"]);
    });
}

#[test]
fn a_key_saved_meanwhile_by_another_handle_is_stored_once() {
    on_every_store(|place| {
        let memory = waiting(place, 100);
        let alice = memory.customer("alice").unwrap();
        alice.memory().save_turn(NewTurn::said("waits").key("k")).unwrap();
        let other = place.open().customer("alice").unwrap();
        let stored = other.memory().save_turn(NewTurn::said("stored").key("k")).unwrap();
        memory.flush().unwrap();
        assert_eq!(archive(&other, 10), [stored.clone()]);
        assert_eq!(turns_of(&alice.memory().load_context().unwrap()), [stored]);
        assert_eq!(memory.stats().pending, 0);
    });
}

#[test]
fn waiting_turns_keep_their_order_behind_what_others_saved() {
    on_every_store(|place| {
        let memory = waiting(place, 100);
        let alice = memory.customer("alice").unwrap();
        let other = place.open().customer("alice").unwrap();
        save(&alice, "wait 1");
        save(&other, "other 1");
        save(&alice, "wait 2");
        save(&other, "other 2");
        assert_eq!(context_said(&alice), ["other 1", "other 2", "wait 1", "wait 2"]);
        assert_eq!(said(&archive(&alice, 3)), ["other 1", "other 2", "wait 1", "wait 2"]);
        memory.flush().unwrap();
        assert_eq!(context_said(&alice), ["other 1", "other 2", "wait 1", "wait 2"]);
        assert_eq!(on_disk(place), ["other 1", "other 2", "wait 1", "wait 2"]);
    });
}

#[test]
fn turns_whose_session_was_closed_meanwhile_are_saved_all_the_same() {
    on_every_store(|place| {
        let memory = waiting(place, 100);
        let alice = memory.customer("alice").unwrap();
        let session = alice.open_session(Channel::Phone).unwrap();
        for text in texts("question", 3) {
            session.save_turn(NewTurn::said(&text)).unwrap();
        }
        let other = place.open().customer("alice").unwrap();
        other.session(session.id()).unwrap().close(Outcome::resolved()).unwrap();
        memory.flush().unwrap();
        assert_eq!(on_disk(place), texts("question", 3));
        let sessions = other.sessions(Page::first(10)).unwrap();
        assert_eq!(sessions.iter().map(|session| session.turns).collect::<Vec<_>>(), [3, 0]);
        assert_eq!(sessions[0].channel, Channel::Phone);
        assert_eq!(context_said(&alice), texts("question", 3));
    });
}

#[test]
fn the_turn_that_is_given_back_is_the_stored_one_also_if_its_session_was_closed_meanwhile() {
    on_every_store(|place| {
        let memory = waiting(place, 2);
        let alice = memory.customer("alice").unwrap();
        let first = alice.memory().save_turn(NewTurn::said("a")).unwrap();
        let other = place.open().customer("alice").unwrap();
        other.session(first.session).unwrap().close(Outcome::resolved()).unwrap();
        let given = alice.memory().save_turn(NewTurn::said("b")).unwrap();
        assert_ne!(given.session, first.session);
        assert_eq!(given, other.memory().turn(given.id).unwrap());
    });
}

#[test]
fn a_clear_takes_waiting_turns_along() {
    on_every_store(|place| {
        let memory = waiting(place, 3);
        let alice = memory.customer("alice").unwrap();
        for text in texts("question", 5) {
            save(&alice, &text);
        }
        assert_eq!(alice.memory().clear().unwrap(), 5);
        assert_eq!(
            (memory.stats().pending, alice.memory().load_context().unwrap().total()),
            (0, 0)
        );
        memory.flush().unwrap();
        assert!(on_disk(place).is_empty());
        let turn = save(&alice, "new");
        assert!(turn.is_pending());
        memory.flush().unwrap();
        assert_eq!(archive(&alice, 10)[0].id.number(), 4);
    });
}

#[test]
fn turns_continue_a_session_or_open_another_by_their_times() {
    on_every_store(|place| {
        let memory = waiting(place, 100);
        let alice = memory.customer("alice").unwrap();
        save(&alice, "a");
        place.clock.advance(30 * MINUTE);
        save(&alice, "b");
        place.clock.advance(30 * MINUTE + 1);
        save(&alice, "c");
        memory.flush().unwrap();
        let sessions: Vec<u32> =
            archive(&alice, 10).iter().map(|turn| turn.session.number()).collect();
        assert_eq!(sessions, [1, 1, 2]);
        assert_eq!(alice.sessions(Page::first(10)).unwrap().len(), 2);
    });
}

#[test]
fn a_save_that_says_it_failed_has_left_nothing_that_is_saved_later() {
    // The lock is SQLite's own; on PostgreSQL nobody can hold every writer off.
    let place = &support::Place::sqlite();
    let memory = place.open_with(|builder| {
        builder.persist(Persist::Every(2)).busy_timeout(Duration::from_millis(1))
    });
    let alice = memory.customer("alice").unwrap();
    save(&alice, "a");
    let holder = rusqlite::Connection::open(place.file()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = alice.memory().save_turn(NewTurn::said("b")).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Busy, true));
    holder.execute_batch("ROLLBACK").unwrap();
    save(&alice, "b");
    memory.flush().unwrap();
    assert_eq!(on_disk(place), ["a", "b"], "the host tried again, as it may");
}

#[test]
fn a_default_memory_never_has_waiting_turns() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap();
        for text in texts("question", 7) {
            assert!(!save(&alice, &text).is_pending());
            assert_eq!((memory.stats().pending, alice.memory().pending()), (0, 0));
            assert_eq!(alice.memory().stats().unwrap().pending, 0);
        }
        assert_eq!(on_disk(place), texts("question", 7));
        memory.flush().unwrap();
    });
}
