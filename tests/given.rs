//! What a customer has already told is known over all sessions, and never of somebody else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{Channel, EntityKind, Given, NewAnswer, NewTurn};
use support::*;

#[test]
fn what_was_given_is_known_over_all_sessions_and_after_reopening() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        alice
            .open_session(Channel::Chat)
            .unwrap()
            .save_turn(NewTurn::said("It is about order AB-10231."))
            .unwrap();
        alice
            .open_session(Channel::Email)
            .unwrap()
            .save_turn(NewTurn::said("Write to al@example.com."))
            .unwrap();
        for customer in [alice, place.open().customer("alice").unwrap()] {
            let given = customer.given().unwrap();
            let kinds: Vec<_> = given.facts().iter().map(|fact| fact.kind).collect();
            assert_eq!(kinds, [EntityKind::OrderId, EntityKind::Email]);
            let fact = given.newest(EntityKind::Email).unwrap();
            let turn = customer.memory().turn(fact.turn).unwrap();
            assert_eq!(&turn.said.unwrap()[fact.span.clone()], "al@example.com");
            assert_eq!(given.asked_again("What is your e-mail address?").len(), 1);
        }
        assert_eq!(place.open().customer("bob").unwrap().given().unwrap(), Given::default());
    });
}

#[test]
fn the_ledger_is_brought_forward_and_forgets_what_is_cleared() {
    on_every_store(|place| {
        let (memory, other) = (place.open(), place.open());
        let alice = memory.customer("alice").unwrap();
        assert!(alice.given().unwrap().facts().is_empty());
        let asked = other
            .customer("alice")
            .unwrap()
            .memory()
            .save_turn(NewTurn::said("Hello, I need help."))
            .unwrap();
        assert!(alice.given().unwrap().facts().is_empty());
        other
            .customer("alice")
            .unwrap()
            .memory()
            .answer(asked.id, NewAnswer::new("May I have your full name?"))
            .unwrap();
        alice.memory().save_turn(NewTurn::said("dulcie petsch")).unwrap();
        let given = alice.given().unwrap();
        assert_eq!(
            given.newest(EntityKind::Name).map(|fact| fact.value.as_str()),
            Some("dulcie petsch")
        );
        assert_eq!(given, Given::of(&archive(&alice, 100)));
        other.customer("alice").unwrap().memory().clear().unwrap();
        assert!(alice.given().unwrap().facts().is_empty());
    });
}

#[test]
fn of_very_many_facts_the_newest_are_known_each_once_within_a_bound_of_bytes() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let address = |number: usize| format!("a{number}@example.com");
        let turns = [0..250, 250..500, 500..750, 750..1_000, 1_000..1_250, 1_250..1_500, 600..800];
        for numbers in turns {
            let said: Vec<String> = numbers.map(address).collect();
            alice.memory().save_turn(NewTurn::said(&said.join(", "))).unwrap();
        }
        let in_order: Vec<String> =
            (0..600).chain(800..1_500).chain(600..800).map(address).collect();
        let given = alice.given().unwrap();
        let told: Vec<&str> = given.facts().iter().map(|fact| fact.value.as_str()).collect();
        assert!((900..1_500).contains(&told.len()), "{} facts", told.len());
        assert_eq!(told, in_order[in_order.len() - told.len()..]);
    });
}
