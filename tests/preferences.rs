//! What is learned of a customer, through the handle: over the whole history, never from others.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{Confidant, NewTurn, Persist, PreferenceExtractor, Style, Topic};
use support::*;

const FORMAL: &str =
    "Could you please tell me kindly where my order is? I would appreciate it. Thank you.";
const CASUAL: &str = "hey, gonna need that asap lol, cool?";

fn say(memory: &Confidant, customer: &str, text: &str, times: usize) {
    let customer = memory.customer(customer).unwrap().memory();
    for _ in 0..times {
        customer.save_turn(NewTurn::said(text)).unwrap();
    }
}

//
#[test]
fn preferences_rest_on_the_whole_history_and_not_on_the_newest_fifty() {
    on_every_store(|place| {
        let memory = place.open();
        say(&memory, "alice", FORMAL, 200);
        say(&memory, "alice", "ok", 60);
        let alice = memory.customer("alice").unwrap();
        assert_eq!(alice.preferences().unwrap().customer_turns, 260);
        assert_eq!(alice.preferences().unwrap().style.unwrap().value, Style::Formal);
        say(&memory, "alice", "ok", 1);
        assert_eq!(alice.preferences().unwrap().customer_turns, 261);
        drop((alice, memory));
        let alice = place.open().customer("alice").unwrap();
        let preferences = alice.preferences().unwrap();
        assert_eq!(preferences, PreferenceExtractor::support().extract(&archive(&alice, 100)));
    });
}

// X-07, K-56
#[test]
fn nothing_is_concluded_from_fewer_than_three_turns() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap();
        for turns in 0..3 {
            let preferences = alice.preferences().unwrap();
            assert!(
                preferences.style.is_none() && preferences.topics.is_empty(),
                "after {turns} turns"
            );
            say(&memory, "alice", FORMAL, 1);
        }
        assert_eq!(alice.preferences().unwrap().style.unwrap().value, Style::Formal);
    });
}

#[test]
fn every_conclusion_names_turns_of_this_customer_and_words_that_stand_there() {
    on_every_store(|place| {
        let memory = place.open();
        say(&memory, "alice", "I cannot log in, please help. \u{1f600}", 4);
        let alice = memory.customer("alice").unwrap();
        let preferences = alice.preferences().unwrap();
        assert_eq!(preferences.topics[0].value, Topic::Login);
        for evidence in &preferences.topics[0].evidence {
            let turn = alice.memory().turn(evidence.turn).unwrap();
            assert_eq!(&turn.said.unwrap()[evidence.span.clone().unwrap()], "log in");
        }
    });
}

#[test]
fn what_others_say_and_what_is_answered_teaches_nothing() {
    on_every_store(|place| {
        let memory = place.open();
        say(&memory, "bob", CASUAL, 10);
        let other = memory.tenant("other").unwrap().customer("alice").unwrap().memory();
        let alice = memory.customer("alice").unwrap();
        for _ in 0..5 {
            other.save_turn(NewTurn::said(CASUAL)).unwrap();
            alice
                .memory()
                .save_turn(NewTurn::said("It is number seven.").answered(CASUAL))
                .unwrap();
        }
        assert!(alice.preferences().unwrap().style.is_none());
    });
}

#[test]
fn what_another_handle_saved_is_learned_and_what_it_cleared_is_forgotten() {
    on_every_store(|place| {
        let (memory, other) = (place.open(), place.open());
        let alice = memory.customer("alice").unwrap();
        say(&other, "alice", FORMAL, 3);
        assert_eq!(alice.preferences().unwrap().style.unwrap().value, Style::Formal);
        other.customer("alice").unwrap().memory().clear().unwrap();
        assert_eq!(alice.preferences().unwrap().customer_turns, 0);
        say(&other, "alice", CASUAL, 3);
        let preferences = alice.preferences().unwrap();
        assert_eq!(
            (preferences.style.unwrap().value, preferences.customer_turns),
            (Style::Casual, 3)
        );
    });
}

#[test]
fn turns_that_wait_count_once_before_and_after_they_are_saved() {
    on_every_store(|place| {
        let memory = place.open_with(|builder| builder.persist(Persist::Every(100)));
        say(&memory, "alice", FORMAL, 4);
        let alice = memory.customer("alice").unwrap();
        assert_eq!(alice.preferences().unwrap().customer_turns, 4);
        memory.flush().unwrap();
        say(&memory, "alice", FORMAL, 1);
        assert_eq!(alice.preferences().unwrap().customer_turns, 5);
    });
}
