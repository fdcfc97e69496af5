//! What a customer's memory promises: nothing is lost, changed, doubled or mixed up.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cloned_ref_to_slice_refs
)]

mod support;

use confidant::{Channel, Error, ErrorKind, NewAnswer, NewTurn, Page, Timestamp, TurnId};
use support::*;

fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.kind(),
    }
}

// K-01
#[test]
fn turns_survive_reopening_three_then_five_then_seven() {
    on_every_store(|place| {
        for (new, all) in [(3, 3), (2, 5), (2, 7)] {
            let memory = place.open();
            let alice = memory.customer("alice").unwrap();
            assert_eq!(alice.memory().load_context().unwrap().total(), all - new);
            for _ in 0..new {
                let number = alice.memory().load_context().unwrap().total() + 1;
                let text = format!("question {number}");
                alice.memory().save_turn(NewTurn::said(&text).answered("answer")).unwrap();
            }
            memory.close().unwrap();
            let reopened = place.open().customer("alice").unwrap();
            assert_eq!(reopened.memory().load_context().unwrap().total(), all);
            assert_eq!(context_said(&reopened), texts("question", all as usize));
            assert_eq!(said(&archive(&reopened, 2)), texts("question", all as usize));
        }
    });
}

// K-21
#[test]
fn the_context_is_the_newest_fifty_oldest_first_and_the_total_counts_all() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap();
        for text in texts("question", 60) {
            alice.memory().save_turn(NewTurn::said(&text)).unwrap();
        }
        for memory in [memory.clone(), place.open()] {
            let context = memory.customer("alice").unwrap().memory().load_context().unwrap();
            assert_eq!((context.len(), context.total()), (50, 60));
            assert_eq!(said(context.turns()), texts("question", 60)[10..]);
            assert_eq!(context.newest().unwrap().said.as_deref(), Some("question 60"));
            assert_eq!(context.get(0).unwrap().said.as_deref(), Some("question 11"));
            assert!(context.get(50).is_none());
        }
    });
}

// K-02
#[test]
fn the_length_of_the_context_is_a_setting_also_while_it_is_hot() {
    on_every_store(|place| {
        for turns in [1, 3, 1_000] {
            let memory = place.open_with(|builder| builder.hot_turns(turns));
            let alice = memory.customer(&format!("alice {turns}")).unwrap();
            alice.memory().load_context().unwrap();
            for (number, text) in texts("question", 7).iter().enumerate() {
                alice.memory().save_turn(NewTurn::said(text)).unwrap();
                let context = alice.memory().load_context().unwrap();
                assert_eq!(
                    (context.len(), context.total()),
                    (turns.min(number + 1), number as u64 + 1)
                );
                assert_eq!(context.newest().unwrap().said.as_ref(), Some(text));
            }
        }
    });
}

// X-14
#[test]
fn the_archive_is_whole_and_the_newest_turns_are_in_the_context_at_every_length() {
    on_every_store(|place| {
        let memory = place.open();
        for (length, limit) in [(10, 3), (100, 7), (10_000, 999), (10_000, 10_000)] {
            let alice = memory.customer(&format!("alice {length} {limit}")).unwrap();
            let all = texts("question", length);
            for batch in all.chunks(1_000) {
                let batch: Vec<NewTurn<'_>> =
                    batch.iter().map(|text| NewTurn::said(text)).collect();
                alice.memory().save_turns(&batch).unwrap();
            }
            let archive = archive(&alice, limit);
            assert_eq!(said(&archive), all);
            let numbers: Vec<u32> = archive.iter().map(|turn| turn.id.number()).collect();
            assert_eq!(numbers, (1..=length as u32).collect::<Vec<_>>());
            let context =
                place.open().customer(alice.id()).unwrap().memory().load_context().unwrap();
            assert_eq!(said(context.turns()), all[length - length.min(50)..]);
            assert_eq!(context.total(), length as u64);
        }
    });
}

#[test]
fn every_text_comes_back_exactly() {
    let long = "a".repeat(64 << 10);
    let unlike: String = (0..16_000u32)
        .filter_map(|n| char::from_u32(n.wrapping_mul(7_919) % 0x11_0000))
        .take(16_000)
        .collect();
    let texts = [
        "",
        " ",
        "'; DROP TABLE turns; --",
        "SELECT * FROM turns WHERE id = ?1",
        "NUL \0 in the middle and at the end \0",
        "emoji \u{1f600}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        "right-to-left \u{200f}\u{5d0}\u{5d1}\u{202e} and back \u{202c}",
        "\r\n\r\n two lines \r and \n half \u{2028}",
        "\\u0000 \\x00 %00 &#0; \\ud800 {} {0} ${HOME} %s %n",
        "\u{feff}byte order mark, \u{fffd}, \u{fffe}, \u{ffff}, \u{10ffff}",
        "e\u{301} and \u{e9} are not the same",
        &unlike[..unlike.char_indices().nth(15_000).map_or(0, |(at, _)| at).min(60_000)],
        &long,
    ];
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap();
        for text in texts {
            alice.memory().save_turn(NewTurn::said(text).answered(text)).unwrap();
            let later = alice.memory().save_turn(NewTurn::said(text)).unwrap();
            alice.memory().answer(later.id, NewAnswer::new(text)).unwrap();
        }
        for memory in [memory.clone(), place.open()] {
            let alice = memory.customer("alice").unwrap();
            let context = alice.memory().load_context().unwrap();
            for turns in [turns_of(&context), archive(&alice, 5)] {
                assert_eq!(turns.len(), 2 * texts.len());
                for (turn, text) in turns.iter().zip(texts.iter().flat_map(|text| [text, text])) {
                    assert_eq!(turn.said.as_deref(), Some(*text));
                    assert_eq!(turn.answer.as_deref(), Some(*text));
                }
            }
        }
    });
}

// X-16
#[test]
fn both_halves_are_one_record_with_everything_known_about_it() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let new = NewTurn::said("Where is my parcel?")
            .answered("It arrives today.")
            .at(Timestamp::from_millis(START - HOUR))
            .answered_at(Timestamp::from_millis(START - HOUR + SECOND))
            .answered_by("model-7")
            .confidence(0.5)
            .resolved(true)
            .metadata(r#"{"ticket":"A-7"}"#);
        let saved = alice.memory().save_turn(new).unwrap();
        let stored = place.open().customer("alice").unwrap().memory().turn(saved.id).unwrap();
        assert_eq!(stored, saved);
        assert_eq!(archive(&alice, 10), [saved.clone()]);
        assert_eq!(stored.said.as_deref(), Some("Where is my parcel?"));
        assert_eq!(stored.answer.as_deref(), Some("It arrives today."));
        assert_eq!(stored.at.as_millis(), START - HOUR);
        assert_eq!(stored.answered_at.unwrap().as_millis(), START - HOUR + SECOND);
        assert_eq!(stored.answered_by.as_deref(), Some("model-7"));
        assert_eq!((stored.confidence, stored.resolved), (Some(0.5), true));
        assert_eq!(stored.metadata.as_deref(), Some(r#"{"ticket":"A-7"}"#));
        assert_eq!(
            (stored.channel, stored.id.number(), stored.session.number()),
            (Channel::Chat, 1, 1)
        );
        assert!(stored.is_answered() && !stored.is_pending());
    });
}

#[test]
fn times_that_are_not_given_are_the_clocks() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap().memory();
        let turn = alice.save_turn(NewTurn::said("a").answered("b")).unwrap();
        assert_eq!((turn.at.as_millis(), turn.answered_at.unwrap().as_millis()), (START, START));
        let turn = alice.save_turn(NewTurn::said("a")).unwrap();
        assert_eq!(turn.answered_at, None);
        place.clock.advance(MINUTE);
        let turn = alice.answer(turn.id, NewAnswer::new("b")).unwrap();
        assert_eq!(
            (turn.at.as_millis(), turn.answered_at.unwrap().as_millis()),
            (START, START + MINUTE)
        );
    });
}

// X-17
#[test]
fn turns_are_ordered_by_their_number_and_not_by_their_time() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let times = [START, START - DAY, START, START, 0, START + DAY, START];
        let texts = texts("question", times.len());
        for (text, time) in texts.iter().zip(times) {
            alice.memory().save_turn(NewTurn::said(text).at(Timestamp::from_millis(time))).unwrap();
        }
        let reopened = place.open().customer("alice").unwrap();
        assert_eq!(context_said(&reopened), texts);
        assert_eq!(said(&archive(&reopened, 2)), texts);
        let found: Vec<i64> =
            archive(&reopened, 10).iter().map(|turn| turn.at.as_millis()).collect();
        assert_eq!(found, times);
    });
}

#[test]
fn confidence_is_kept_to_six_decimals() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap().memory();
        let given = [
            0.0,
            1.0,
            0.5,
            0.123_456,
            0.123_456_4,
            0.123_456_6,
            0.999_999_9,
            0.000_000_4,
            f64::MIN_POSITIVE,
            -0.0,
        ];
        let kept = [0.0, 1.0, 0.5, 0.123_456, 0.123_456, 0.123_457, 1.0, 0.0, 0.0, 0.0];
        for (given, kept) in given.into_iter().zip(kept) {
            let saved =
                alice.save_turn(NewTurn::said("a").answered("b").confidence(given)).unwrap();
            assert_eq!(saved.confidence, Some(kept));
            let later = alice.save_turn(NewTurn::said("a")).unwrap();
            assert_eq!(later.confidence, None);
            assert_eq!(
                alice.answer(later.id, NewAnswer::new("b").confidence(given)).unwrap().confidence,
                Some(kept)
            );
        }
        let stored = archive(&place.open().customer("alice").unwrap(), 100);
        let stored: Vec<f64> =
            stored.iter().step_by(2).map(|turn| turn.confidence.unwrap()).collect();
        assert_eq!(stored, kept);
    });
}

#[test]
fn metadata_is_stored_as_given() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap().memory();
        let given = [
            "{}",
            "  { \"b\" : 1 ,\n\"a\" : [ 1.10, 1e2, null ] }  ",
            r#"{"a":1,"a":2}"#,
            r#"{"n":123456789012345678901234567890}"#,
            r#"{"text":"\u0000\ud83d\ude00 \u00e9"}"#,
        ];
        for metadata in given {
            let id = alice.save_turn(NewTurn::said("a").metadata(metadata)).unwrap().id;
            let stored = place.open().customer("alice").unwrap().memory().turn(id).unwrap();
            assert_eq!(stored.metadata.as_deref(), Some(metadata));
        }
    });
}

#[test]
fn an_answer_may_come_later_also_from_another_handle() {
    on_every_store(|place| {
        let first = place.open().customer("alice").unwrap().memory();
        let asked =
            first.save_turn(NewTurn::said("Where is my parcel?").metadata(r#"{"a":1}"#)).unwrap();
        assert!(!asked.is_answered());
        let second = place.open().customer("alice").unwrap();
        let answer = NewAnswer::new("Here.").by("Bob").confidence(0.75).resolved(true);
        let answered =
            second.memory().answer(asked.id, answer.at(Timestamp::from_millis(START + 5))).unwrap();
        assert_eq!(answered.id, asked.id);
        assert_eq!(
            (answered.said.as_deref(), answered.answer.as_deref()),
            (Some("Where is my parcel?"), Some("Here."))
        );
        assert_eq!(
            (answered.answered_by.as_deref(), answered.confidence, answered.resolved),
            (Some("Bob"), Some(0.75), true)
        );
        assert_eq!(answered.answered_at.unwrap().as_millis(), START + 5);
        assert_eq!(answered.metadata.as_deref(), Some(r#"{"a":1}"#));
        for context in [first.load_context().unwrap(), second.memory().load_context().unwrap()] {
            assert_eq!(turns_of(&context), [answered.clone()]);
        }
        assert_eq!(archive(&place.open().customer("alice").unwrap(), 10), [answered]);
    });
}

#[test]
fn giving_the_same_answer_again_changes_nothing() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap().memory();
        let asked = alice.save_turn(NewTurn::said("a")).unwrap();
        let first = alice
            .answer(asked.id, NewAnswer::new("b").confidence(0.5).metadata(r#"{"x":1}"#))
            .unwrap();
        place.clock.advance(HOUR);
        let again =
            NewAnswer::new("b").confidence(0.9).resolved(true).by("Bob").metadata(r#"{"x":2}"#);
        assert_eq!(alice.answer(asked.id, again).unwrap(), first);
        assert_eq!(place.open().customer("alice").unwrap().memory().turn(asked.id).unwrap(), first);
        let both = alice.save_turn(NewTurn::said("a").answered("b")).unwrap();
        assert_eq!(alice.answer(both.id, NewAnswer::new("b")).unwrap(), both);
    });
}

#[test]
fn another_answer_is_a_conflict_and_the_first_one_stays() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap().memory();
        let other = place.open().customer("alice").unwrap().memory();
        for answer in ["b", ""] {
            let asked = alice.save_turn(NewTurn::said("a")).unwrap();
            other.load_context().unwrap();
            let first = alice.answer(asked.id, NewAnswer::new(answer)).unwrap();
            for memory in [&alice, &other] {
                let error = memory.answer(asked.id, NewAnswer::new("secret words")).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Conflict);
                assert!(error.to_string().contains(&asked.id.to_string()), "{error}");
                assert!(!error.to_string().contains("secret"), "{error}");
                assert_eq!(memory.turn(asked.id).unwrap(), first);
            }
        }
    });
}

#[test]
fn an_answers_metadata_is_laid_over_the_turns() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap().memory();
        let cases = [
            (None, None, None),
            (Some(r#"{"a":1}"#), None, Some(r#"{"a":1}"#)),
            (None, Some(r#"{ "b":2}"#), Some(r#"{ "b":2}"#)),
            (
                Some(r#"{"a":1,"b":{"c":1}}"#),
                Some(r#"{"b":{"d":2},"e":null}"#),
                Some(r#"{"a":1,"b":{"d":2},"e":null}"#),
            ),
        ];
        for (first, second, merged) in cases {
            let mut new = NewTurn::said("a");
            new = first.map_or(new, |json| new.metadata(json));
            let id = alice.save_turn(new).unwrap().id;
            let answer = NewAnswer::new("b");
            let answer = second.map_or(answer, |json| answer.metadata(json));
            let answered = alice.answer(id, answer).unwrap();
            assert_eq!(answered.metadata.as_deref(), merged);
            assert_eq!(
                place.open().customer("alice").unwrap().memory().turn(id).unwrap(),
                answered
            );
        }
    });
}

#[test]
fn a_long_number_in_a_turns_metadata_survives_an_answers_metadata() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap().memory();
        let id = alice
            .save_turn(NewTurn::said("a").metadata(r#"{"order":123456789012345678901234567890}"#))
            .unwrap()
            .id;
        let answered = alice.answer(id, NewAnswer::new("b").metadata(r#"{"x":1}"#)).unwrap();
        let metadata = answered.metadata.unwrap();
        assert!(metadata.contains("123456789012345678901234567890"), "{metadata}");
    });
}

#[test]
fn metadata_that_passes_the_limit_together_is_refused_and_the_turn_stays_unanswered() {
    on_every_store(|place| {
        let memory = place.open_with(|builder| builder.max_text_bytes(40));
        let alice = memory.customer("alice").unwrap().memory();
        let asked = alice
            .save_turn(NewTurn::said("a").metadata(r#"{"first":"aaaaaaaaaaaaaaaaaaaa"}"#))
            .unwrap();
        let answer = NewAnswer::new("b").metadata(r#"{"second":"aaaaaaaaaaaaaaaaaaaa"}"#);
        assert_eq!(kind(alice.answer(asked.id, answer)), ErrorKind::Limit);
        assert_eq!(alice.turn(asked.id).unwrap(), asked);
    });
}

#[test]
fn a_turn_may_begin_with_the_company() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let turn = alice.memory().save_turn(NewTurn::unasked("Your parcel is late.")).unwrap();
        assert_eq!(
            (turn.said.as_deref(), turn.answer.as_deref()),
            (None, Some("Your parcel is late."))
        );
        assert_eq!(turn.to_string(), "Agent: Your parcel is late.");
        assert_eq!(
            kind(alice.memory().answer(turn.id, NewAnswer::new("other"))),
            ErrorKind::Conflict
        );
        assert_eq!(archive(&place.open().customer("alice").unwrap(), 10), [turn]);
    });
}

#[test]
fn a_turn_saved_twice_under_one_key_is_stored_once_and_given_back_unchanged() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap();
        let first = alice
            .memory()
            .save_turn(NewTurn::said("a").answered("b").confidence(0.5).key("k"))
            .unwrap();
        place.clock.advance(2 * HOUR);
        let again = NewTurn::said("other").answered("words").resolved(true).metadata("{}").key("k");
        for memory in [memory.clone(), memory.clone(), place.open()] {
            let alice = memory.customer("alice").unwrap();
            assert_eq!(alice.memory().save_turn(again).unwrap(), first);
            assert_eq!(alice.memory().load_context().unwrap().total(), 1);
            assert_eq!(archive(&alice, 10), [first.clone()]);
        }
        memory.close().unwrap();
        drop(alice);
        let alice = place.open().customer("alice").unwrap();
        assert_eq!(alice.memory().save_turn(again).unwrap(), first);
        assert_eq!(alice.memory().save_turn(NewTurn::said("c").key("K")).unwrap().id.number(), 2);
        assert_eq!(
            alice.sessions(Page::first(10)).unwrap().len(),
            2,
            "a repeated key opens no session"
        );
    });
}

#[test]
fn a_key_that_stands_twice_in_one_batch_is_stored_once() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let known = alice.memory().save_turn(NewTurn::said("known").key("k0")).unwrap();
        let batch = [
            NewTurn::said("first").key("k1"),
            NewTurn::said("second"),
            NewTurn::said("again").key("k1"),
            NewTurn::said("known again").key("k0"),
            NewTurn::said("third").key("k2"),
        ];
        let saved = alice.memory().save_turns(&batch).unwrap();
        assert_eq!(said(&saved), ["first", "second", "first", "known", "third"]);
        assert_eq!(saved[0], saved[2]);
        assert_eq!(saved[3], known);
        assert_eq!(context_said(&alice), ["known", "first", "second", "third"]);
        assert_eq!(
            said(&archive(&place.open().customer("alice").unwrap(), 2)),
            ["known", "first", "second", "third"]
        );
        assert_eq!(alice.memory().save_turns(&batch).unwrap().len(), 5);
        assert_eq!(context_said(&alice), ["known", "first", "second", "third", "second"]);
    });
}

#[test]
fn the_same_key_is_another_turn_for_another_customer() {
    on_every_store(|place| {
        let memory = place.open();
        for (tenant, customer) in [("acme", "alice"), ("acme", "bob"), ("globex", "alice")] {
            let customer = memory.tenant(tenant).unwrap().customer(customer).unwrap();
            let text = format!("{tenant} {}", customer.id());
            let turn = customer.memory().save_turn(NewTurn::said(&text).key("k")).unwrap();
            assert_eq!(turn.said, Some(text));
            assert_eq!(customer.memory().load_context().unwrap().total(), 1);
        }
    });
}

#[test]
fn a_key_is_free_again_after_a_clear() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap().memory();
        alice.save_turn(NewTurn::said("a").key("k")).unwrap();
        alice.clear().unwrap();
        let again = alice.save_turn(NewTurn::said("b").key("k")).unwrap();
        assert_eq!((again.id.number(), again.said.as_deref()), (2, Some("b")));
    });
}

#[test]
fn a_repeated_key_is_given_back_although_its_session_was_closed() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let session = alice.open_session(Channel::Phone).unwrap();
        let first = session.save_turn(NewTurn::said("a").key("k")).unwrap();
        session.close(confidant::Outcome::unknown()).unwrap();
        assert_eq!(session.save_turn(NewTurn::said("a").key("k")).unwrap(), first);
        assert_eq!(alice.memory().load_context().unwrap().total(), 1);
    });
}

#[test]
fn a_batch_is_saved_as_a_whole_or_not_at_all() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let bad = [
            (NewTurn::default(), ErrorKind::InvalidArgument),
            (NewTurn::said("x").metadata("[]"), ErrorKind::InvalidArgument),
            (NewTurn::said("x").confidence(2.0), ErrorKind::InvalidArgument),
            (NewTurn::said("x").key(""), ErrorKind::InvalidArgument),
        ];
        for (bad, expected) in bad {
            let batch = [NewTurn::said("one"), bad, NewTurn::said("three")];
            assert_eq!(kind(alice.memory().save_turns(&batch)), expected);
            assert_eq!(alice.memory().load_context().unwrap().total(), 0);
        }
        let session = alice.open_session(Channel::Chat).unwrap();
        session.close(confidant::Outcome::unknown()).unwrap();
        assert_eq!(
            kind(session.save_turns(&[NewTurn::said("one"), NewTurn::said("two")])),
            ErrorKind::Closed
        );
        assert_eq!(archive(&place.open().customer("alice").unwrap(), 10), []);
        let saved =
            alice.memory().save_turns(&[NewTurn::said("one"), NewTurn::said("two")]).unwrap();
        assert_eq!(saved.iter().map(|turn| turn.id.number()).collect::<Vec<_>>(), [1, 2]);
    });
}

#[test]
fn a_batch_of_a_thousand_is_taken_and_a_longer_one_refused() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap().memory();
        let mut batch = vec![NewTurn::said("x"); 1_001];
        let error = alice.save_turns(&batch).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("1001"), "{error}");
        assert_eq!(alice.load_context().unwrap().total(), 0);
        batch.pop();
        assert_eq!(alice.save_turns(&batch).unwrap().len(), 1_000);
        assert_eq!(alice.save_turns(&[]).unwrap(), []);
        assert_eq!(alice.load_context().unwrap().total(), 1_000);
    });
}

#[test]
fn clear_removes_the_turns_and_sessions_of_this_customer_only() {
    on_every_store(|place| {
        let memory = place.open();
        let other = place.open();
        let (alice, bob) = (memory.customer("alice").unwrap(), memory.customer("bob").unwrap());
        for customer in [&alice, &bob] {
            for text in texts("question", 60) {
                customer.memory().save_turn(NewTurn::said(&text)).unwrap();
            }
        }
        let before = (archive(&bob, 100), bob.sessions(Page::first(10)).unwrap());
        assert_eq!(other.customer("alice").unwrap().memory().load_context().unwrap().total(), 60);
        assert_eq!(alice.memory().clear().unwrap(), 60);
        for memory in [&memory, &other, &place.open()] {
            let (alice, bob) = (memory.customer("alice").unwrap(), memory.customer("bob").unwrap());
            let context = alice.memory().load_context().unwrap();
            assert!(context.is_empty() && context.total() == 0 && context.newest().is_none());
            assert_eq!(archive(&alice, 10), []);
            assert_eq!(alice.sessions(Page::first(10)).unwrap(), []);
            assert_eq!((archive(&bob, 100), bob.sessions(Page::first(10)).unwrap()), before);
        }
        assert_eq!(alice.memory().clear().unwrap(), 0);
        assert_eq!(memory.customer("nobody").unwrap().memory().clear().unwrap(), 0);
    });
}

#[test]
fn numbers_are_never_given_again() {
    on_every_store(|place| {
        let mut expected = 0;
        for round in 1..=4 {
            let memory = place.open();
            let alice = memory.customer("alice").unwrap();
            let session = alice.open_session(Channel::Chat).unwrap();
            assert_eq!(session.id().number(), round);
            for _ in 0..3 {
                expected += 1;
                assert_eq!(session.save_turn(NewTurn::said("x")).unwrap().id.number(), expected);
            }
            assert_eq!(alice.memory().load_context().unwrap().total(), 3);
            assert_eq!(alice.memory().clear().unwrap(), 3);
            assert_eq!(alice.memory().clear().unwrap(), 0);
        }
    });
}

#[test]
fn what_was_cleared_is_not_found_by_handles_from_before() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap();
        let session = alice.open_session(Channel::Chat).unwrap();
        let turn = session.save_turn(NewTurn::said("x")).unwrap();
        assert_eq!(place.open().customer("alice").unwrap().memory().clear().unwrap(), 1);
        assert_eq!(kind(session.save_turn(NewTurn::said("y"))), ErrorKind::NotFound);
        assert_eq!(kind(session.metrics()), ErrorKind::NotFound);
        assert_eq!(kind(session.close(confidant::Outcome::unknown())), ErrorKind::NotFound);
        assert_eq!(kind(alice.session(session.id())), ErrorKind::NotFound);
        assert_eq!(
            kind(alice.memory().answer(turn.id, NewAnswer::new("late"))),
            ErrorKind::NotFound
        );
        assert_eq!(kind(alice.memory().turn(turn.id)), ErrorKind::NotFound);
        assert_eq!(alice.memory().load_context().unwrap().total(), 0);
        assert_eq!(alice.memory().save_turn(NewTurn::said("new")).unwrap().id.number(), 2);
        assert_eq!(
            kind(alice.memory().answer(turn.id, NewAnswer::new("late"))),
            ErrorKind::NotFound
        );
    });
}

#[test]
fn identifiers_of_another_customer_are_not_found() {
    on_every_store(|place| {
        let memory = place.open();
        let (alice, bob) = (memory.customer("alice").unwrap(), memory.customer("bob").unwrap());
        let session = alice.open_session(Channel::Chat).unwrap();
        let turn = session.save_turn(NewTurn::said("x")).unwrap();
        let bobs = bob.memory().save_turn(NewTurn::said("y")).unwrap();
        assert_eq!(kind(bob.memory().turn(turn.id)), ErrorKind::NotFound);
        assert_eq!(kind(bob.memory().answer(turn.id, NewAnswer::new("z"))), ErrorKind::NotFound);
        assert_eq!(kind(bob.memory().turns(Page::first(10).after(turn.id))), ErrorKind::NotFound);
        assert_eq!(kind(bob.session(session.id())), ErrorKind::NotFound);
        assert_eq!(kind(bob.sessions(Page::first(10).after(session.id()))), ErrorKind::NotFound);
        assert_eq!(archive(&bob, 10), [bobs]);
        assert_eq!(archive(&alice, 10), [turn]);
    });
}

#[test]
fn a_turn_that_was_never_saved_is_not_found() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap().memory();
        let turn = alice.save_turn(NewTurn::said("x")).unwrap();
        let next = TurnId::from_u64(turn.id.as_u64() + 1).unwrap();
        assert_eq!(kind(alice.turn(next)), ErrorKind::NotFound);
        assert_eq!(kind(alice.answer(next, NewAnswer::new("y"))), ErrorKind::NotFound);
        assert_eq!(alice.turns(Page::first(10).after(next)).unwrap(), []);
    });
}

#[test]
fn a_customer_who_is_only_asked_about_is_not_stored() {
    on_every_store(|place| {
        let memory = place.open();
        let nobody = memory.customer("nobody").unwrap();
        assert!(nobody.memory().load_context().unwrap().is_empty());
        assert_eq!(archive(&nobody, 10), []);
        assert_eq!(nobody.sessions(Page::first(10)).unwrap(), []);
        assert_eq!(nobody.analytics().summary().unwrap().turns, 0);
        // The first one who is stored has the number 1 in a file of its own, and here.
        let alice = memory.customer("alice").unwrap();
        assert_eq!(alice.memory().save_turn(NewTurn::said("x")).unwrap().id.number(), 1);
        assert_eq!(memory.tenant("default").unwrap().analytics().summary().unwrap().customers, 1);
    });
}

#[test]
fn the_same_calls_give_the_same_identifiers_in_another_file() {
    on_every_store(|place| {
        let calls = |place: &Place| {
            let memory = place.open();
            let alice = memory.tenant("acme").unwrap().customer("alice").unwrap();
            let mut ids = Vec::new();
            for _ in 0..2 {
                ids.push(alice.memory().save_turn(NewTurn::said("a")).unwrap().id.to_string());
                let session = alice.open_session(Channel::Email).unwrap();
                ids.push(session.id().to_string());
                let turn = session.save_turn(NewTurn::said("b").key("k")).unwrap();
                ids.extend([
                    turn.id.to_string(),
                    turn.session.to_string(),
                    turn.id.as_u64().to_string(),
                ]);
                alice.memory().clear().unwrap();
            }
            ids
        };
        let other = Place::sqlite();
        other
            .open()
            .customer("somebody else")
            .unwrap()
            .memory()
            .save_turn(NewTurn::said("first"))
            .unwrap();
        assert_eq!(calls(place), calls(&other));
    });
}

#[test]
fn an_identifier_is_good_in_another_process_as_text_and_as_number() {
    on_every_store(|place| {
        let turn =
            place.open().customer("alice").unwrap().memory().save_turn(NewTurn::said("x")).unwrap();
        let alice = place.open().customer("alice").unwrap();
        assert_eq!(alice.memory().turn(turn.id.to_string().parse().unwrap()).unwrap(), turn);
        assert_eq!(alice.memory().turn(TurnId::from_u64(turn.id.as_u64()).unwrap()).unwrap(), turn);
        assert_eq!(
            alice.session(turn.session.to_string().parse().unwrap()).unwrap().id(),
            turn.session
        );
    });
}
