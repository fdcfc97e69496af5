//! Recall: the right turn among many, kept in step with the store, and nobody else's.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{
    Builder, Channel, Confidant, Customer, ErrorKind, NewAnswer, NewTurn, Persist, RecallBasis,
    RecallQuery, Timestamp,
};
use support::{DAY, Rng, START, on_every_store, texts, with_seeds};

fn said(customer: &Customer, question: &str, limit: usize) -> Vec<String> {
    let found = customer.recall(&RecallQuery::new(question).limit(limit)).unwrap();
    found.turns.into_iter().map(|found| found.turn.said.unwrap_or_else(|| "-".to_owned())).collect()
}

fn save(customer: &Customer, texts: &[&str]) {
    for text in texts {
        customer.memory().save_turn(NewTurn::said(text)).unwrap();
    }
}

/// Talk about many things, so that few turns fit a question.
fn chatter(count: usize) -> Vec<String> {
    let things = [
        "the weather",
        "a new phone",
        "my garden",
        "the football match",
        "lunch",
        "the train to Leeds",
    ];
    (0..count)
        .map(|n| format!("We spoke about {} and number {n}.", things[n % things.len()]))
        .collect()
}

fn save_all(customer: &Customer, texts: &[String]) {
    for part in texts.chunks(500) {
        let new: Vec<NewTurn<'_>> = part.iter().map(|text| NewTurn::said(text)).collect();
        customer.memory().save_turns(&new).unwrap();
    }
}

#[test]
fn the_turn_that_answers_is_found_in_other_words_and_says_why() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        save(
            &alice,
            &[
                "My parcel has not arrived",
                "I want my money back",
                "The app crashes when I open it",
            ],
        );
        let found =
            alice.recall(&RecallQuery::new("refund for a crashed application").limit(3)).unwrap();
        assert_eq!(found.turns.len(), 3);
        if cfg!(feature = "embedding") {
            assert_eq!(found.basis, RecallBasis::WordsAndMeaning);
            assert_eq!(said(&alice, "How do I get a refund?", 1), ["I want my money back"]);
        } else {
            assert_eq!(found.basis, RecallBasis::WordsOnly);
        }
        let exact = alice.recall(&RecallQuery::new("parcels arriving").limit(1)).unwrap();
        let best = &exact.turns[0];
        assert_eq!(best.turn.said.as_deref(), Some("My parcel has not arrived"));
        assert!((best.words - 1.0).abs() < 1e-3 && best.score > 0.0);
        let same: Vec<_> = best.matches.iter().filter(|pair| pair.strength == 1.0).collect();
        assert_eq!(same.len(), 2);
        assert_eq!((same[0].asked.as_str(), same[0].found.as_str()), ("parcels", "parcel"));
    });
}

#[test]
fn a_turn_counts_more_in_a_session_that_answers_than_in_another() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        for (day, first) in [(-2, "The courier lost the zebra crate."), (0, "The shop was closed.")]
        {
            let session = alice
                .open_session_at(Channel::Chat, Timestamp::from_millis(START + day * DAY))
                .unwrap();
            let texts = [
                first,
                "We had lunch.",
                "The garden is dry.",
                "It was the green label.",
                "The train was late.",
            ];
            for (text, hour) in texts.into_iter().zip(0..) {
                let at = Timestamp::from_millis(START + day * DAY + hour * 60_000);
                session.save_turn(NewTurn::said(text).at(at)).unwrap();
            }
        }
        let found =
            alice.recall(&RecallQuery::new("What label had the zebra crate?").limit(10)).unwrap();
        let labels = found
            .turns
            .iter()
            .filter(|found| found.turn.said.as_deref() == Some("It was the green label."));
        let labels: Vec<_> = labels.collect();
        assert_eq!(labels.len(), 2);
        assert!(labels[0].score > labels[1].score && labels[0].neighbours > labels[1].neighbours);
        assert_eq!(labels[0].turn.at, Timestamp::from_millis(START - 2 * DAY + 3 * 60_000));
    });
}

#[test]
fn a_turn_that_ends_with_a_question_answers_less_than_one_that_states() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        for text in ["The walrus is green? ", "The walrus is green!", "Is the walrus green?"] {
            save(&alice, &[text]);
            save_all(&alice, &chatter(12));
        }
        let best = || said(&alice, "walrus green", 3);
        assert_eq!(best()[0], "The walrus is green!");
        alice
            .memory()
            .save_turn(NewTurn::said("Is this walrus green?").answered("It is green."))
            .unwrap();
        assert_eq!(best()[0], "Is this walrus green?", "what is answered asks no more");
    });
}

#[test]
fn a_turn_is_found_as_soon_as_it_is_saved_and_changes_with_its_answer() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        save_all(&alice, &chatter(120));
        assert_eq!(
            said(&alice, "zebra", 1).len(),
            usize::from(cfg!(feature = "embedding")),
            "by meaning, if at all"
        );
        let asked = alice.memory().save_turn(NewTurn::said("Do you sell zebra stripes?")).unwrap();
        assert_eq!(said(&alice, "zebra", 1), ["Do you sell zebra stripes?"]);
        save_all(&alice, &chatter(120));
        assert_eq!(said(&alice, "zebra", 1), ["Do you sell zebra stripes?"]);
        alice.memory().answer(asked.id, NewAnswer::new("Only giraffe spots.")).unwrap();
        let found = alice.recall(&RecallQuery::new("giraffe").limit(1)).unwrap();
        assert_eq!(found.turns[0].turn.answer.as_deref(), Some("Only giraffe spots."));
    });
}

#[test]
fn what_another_process_writes_answers_or_clears_is_seen_at_once() {
    on_every_store(|place| {
        let (ours, theirs) = (place.open(), place.open());
        let (ours, theirs) = (ours.customer("alice").unwrap(), theirs.customer("alice").unwrap());
        let asked = ours.memory().save_turn(NewTurn::said("Is the walrus ready?")).unwrap();
        save_all(&ours, &chatter(130));
        assert_eq!(said(&ours, "walrus", 1), ["Is the walrus ready?"]);
        save(&theirs, &["The penguin is late"]);
        assert_eq!(said(&ours, "penguin", 1), ["The penguin is late"]);
        theirs.memory().answer(asked.id, NewAnswer::new("Take the flamingo instead.")).unwrap();
        let found = ours.recall(&RecallQuery::new("flamingo").limit(1)).unwrap();
        assert_eq!(found.turns[0].turn.id, asked.id);
        theirs.memory().clear().unwrap();
        assert_eq!(said(&ours, "walrus", 10), [""; 0]);
        save(&theirs, &["A new beginning"]);
        assert_eq!(said(&ours, "walrus, beginning", 10), ["A new beginning"]);
    });
}

#[test]
fn cleared_turns_are_never_found_again() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap();
        save_all(&alice, &chatter(60));
        save(&alice, &["My secret is a walrus"]);
        assert_eq!(said(&alice, "walrus", 1), ["My secret is a walrus"]);
        let kept = memory.stats().cached("recall").unwrap();
        assert!(kept.entries == 1 && kept.bytes > 0);
        alice.memory().clear().unwrap();
        assert_eq!(memory.stats().cache_bytes(), 0);
        assert_eq!(said(&alice, "walrus", 10), [""; 0]);
        save(&alice, &["Hello again"]);
        assert_eq!(said(&alice, "walrus, hello", 10), ["Hello again"]);
    });
}

#[test]
fn nobody_elses_turns_are_found_or_change_the_order() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.tenant("acme").unwrap().customer("alice").unwrap();
        save_all(&alice, &chatter(80));
        let question = RecallQuery::new("what about the garden, number 12?").limit(20);
        let before = alice.recall(&question).unwrap();
        for (tenant, name) in [("acme", "bob"), ("globex", "alice")] {
            let other = memory.tenant(tenant).unwrap().customer(name).unwrap();
            save_all(&other, &texts("garden number 12", 200));
        }
        assert_eq!(alice.recall(&question).unwrap(), before);
        let fresh = memory.tenant("acme").unwrap().customer("carol").unwrap();
        assert_eq!(said(&fresh, "garden", 10), [""; 0]);
    });
}

#[test]
fn an_index_that_grew_step_by_step_answers_as_one_that_was_built_at_once() {
    on_every_store(|place| {
        let grown = place.open().customer("alice").unwrap();
        let talk = chatter(400);
        let mut open = Vec::new();
        for (number, text) in talk.iter().enumerate() {
            let turn = grown.memory().save_turn(NewTurn::said(text)).unwrap();
            if number % 7 == 0 {
                open.push(turn.id);
            }
            if number % 3 == 0 {
                said(&grown, "lunch in the garden", 5);
            }
        }
        for (number, id) in open.into_iter().enumerate() {
            grown
                .memory()
                .answer(id, NewAnswer::new(&format!("The garden answer is {number}")))
                .unwrap();
            if number % 5 == 0 {
                said(&grown, "answer", 5);
            }
        }
        let built = place.open().customer("alice").unwrap();
        for question in [
            "the garden answer",
            "lunch number 12",
            "football",
            "travel by rail",
            "nothing like it",
        ] {
            let query = RecallQuery::new(question).limit(500);
            assert_eq!(grown.recall(&query).unwrap(), built.recall(&query).unwrap(), "{question}");
        }
    });
}

#[test]
fn conditions_leave_out_whatever_does_not_meet_them() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let at = |days: i64| Timestamp::from_millis(START - days * DAY);
        let mail = alice.open_session_at(Channel::Email, at(9)).unwrap();
        mail.save_turn(NewTurn::said("refund one").at(at(9)).metadata(r#"{"ticket":"A-7","n":1}"#))
            .unwrap();
        mail.save_turn(NewTurn::said("refund two").answered("done").at(at(8)).resolved(true))
            .unwrap();
        let chat = alice.open_session_at(Channel::Chat, at(2)).unwrap();
        chat.save_turn(
            NewTurn::said("refund three").at(at(2)).metadata(r#"{"ticket":"A-7","n":2}"#),
        )
        .unwrap();
        let found = |query: RecallQuery<'_>| {
            let found = alice.recall(&query).unwrap().turns;
            let mut said: Vec<String> =
                found.into_iter().map(|found| found.turn.said.unwrap()).collect();
            said.sort();
            said
        };
        let query = || RecallQuery::new("refund");
        assert_eq!(found(query()).len(), 3);
        assert_eq!(found(query().in_session(chat.id())), ["refund three"]);
        assert_eq!(found(query().on_channel(Channel::Email)), ["refund one", "refund two"]);
        assert_eq!(found(query().from(at(8))), ["refund three", "refund two"]);
        assert_eq!(found(query().until(at(8))), ["refund one"]);
        assert_eq!(found(query().resolved(true)), ["refund two"]);
        assert_eq!(found(query().resolved(false).on_channel(Channel::Email)), ["refund one"]);
        assert_eq!(
            found(query().with_metadata("ticket", "\"A-7\"")),
            ["refund one", "refund three"]
        );
        assert_eq!(
            found(query().with_metadata("ticket", "\"A-7\"").with_metadata("n", "2")),
            ["refund three"]
        );
        assert_eq!(found(query().with_metadata("ticket", "\"B-1\"")), [""; 0]);
        assert_eq!(found(query().with_metadata("n", "\"2\"")), [""; 0]);
    });
}

#[test]
fn the_time_that_a_question_speaks_of_is_favoured() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let chat =
            alice.open_session_at(Channel::Chat, Timestamp::from_millis(START - 40 * DAY)).unwrap();
        for days in [30, 9, 1] {
            let at = Timestamp::from_millis(START - days * DAY);
            chat.save_turn(NewTurn::said("The kettle leaks").answered("Noted.").at(at)).unwrap();
        }
        let first = |question: &str| {
            alice.recall(&RecallQuery::new(question).limit(1)).unwrap().turns[0].turn.id.number()
        };
        assert_eq!(first("What did I say of the kettle yesterday?"), 3);
        assert_eq!(first("What did I say of the kettle last week?"), 2);
    });
}

#[test]
fn the_one_who_is_named_is_favoured() {
    on_every_store(|place| {
        let alice = place.open().customer("Alice").unwrap();
        save(&alice, &["I like the blue kettle"]);
        alice
            .memory()
            .save_turn(NewTurn::unasked("I like the blue kettle").answered_by("Bob"))
            .unwrap();
        let first = |question: &str| {
            alice.recall(&RecallQuery::new(question).limit(1)).unwrap().turns[0].turn.clone()
        };
        assert!(first("What kettle does Bob like?").said.is_none());
        assert!(first("What kettle does Alice like?").said.is_some());
    });
}

#[test]
fn odd_questions_have_defined_answers() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        assert!(
            alice.recall(&RecallQuery::new("anything")).unwrap().turns.is_empty(),
            "nobody known"
        );
        save(
            &alice,
            &[
                "Der K\u{e4}se ist schlecht",
                "\u{8a02}\u{5355}\u{5728}\u{54ea}\u{91cc}",
                "",
                "\u{1f600}",
            ],
        );
        for empty in ["", "  \n", "\u{0}", "\u{1f600}\u{fe0f}"] {
            let found = alice.recall(&RecallQuery::new(empty)).unwrap();
            assert_eq!((found.turns.len(), found.basis), (0, RecallBasis::WordsOnly), "{empty:?}");
        }
        assert_eq!(said(&alice, "k\u{c4}SE", 1), ["Der K\u{e4}se ist schlecht"]);
        assert_eq!(
            said(&alice, "\u{8a02}\u{5355}", 1),
            ["\u{8a02}\u{5355}\u{5728}\u{54ea}\u{91cc}"]
        );
        let stops = alice.recall(&RecallQuery::new("what is it to them")).unwrap();
        assert!(stops.turns.iter().all(|found| found.words == 0.0 && found.matches.is_empty()));
        let long = "k\u{e4}se ".repeat(10_922);
        assert!(!alice.recall(&RecallQuery::new(&long)).unwrap().turns.is_empty());
        let kind = |query: RecallQuery<'_>| alice.recall(&query).unwrap_err().kind();
        assert_eq!(kind(RecallQuery::new(&"x".repeat(65_537))), ErrorKind::Limit);
        assert_eq!(kind(RecallQuery::new("x").limit(0)), ErrorKind::InvalidArgument);
        assert_eq!(kind(RecallQuery::new("x").limit(1_001)), ErrorKind::InvalidArgument);
        assert_eq!(
            kind(RecallQuery::new("x").with_metadata("a", "[1]")),
            ErrorKind::InvalidArgument
        );
        assert_eq!(kind(RecallQuery::new("x").with_metadata("a", "x")), ErrorKind::InvalidArgument);
    });
}

#[test]
fn indexes_keep_to_their_bound_and_none_are_kept_at_zero() {
    on_every_store(|place| {
        for bytes in [0, 200_000] {
            let memory = place.open_with(|builder| builder.cache_bytes(bytes));
            for number in 0..12 {
                let customer = memory.customer(&format!("customer {number}")).unwrap();
                save_all(&customer, &chatter(100));
                assert_eq!(said(&customer, "number 77", 1), [chatter(100)[77].clone()]);
                assert!(
                    memory.stats().cache_bytes() <= bytes,
                    "{} of {bytes}",
                    memory.stats().cache_bytes()
                );
            }
        }
    });
}

#[test]
fn waiting_turns_are_found_like_any_other() {
    on_every_store(|place| {
        let memory = place.open_with(|builder| builder.persist(Persist::Every(100)));
        let alice = memory.customer("alice").unwrap();
        save(&alice, &["a walrus", "a penguin and a seal"]);
        assert_eq!(said(&alice, "walrus", 1), ["a walrus"], "nothing is stored yet");
        alice.memory().flush().unwrap();
        save_all(&alice, &chatter(90));
        let asked = alice.memory().save_turn(NewTurn::said("Do you sell zebra stripes?")).unwrap();
        assert!(asked.id.is_pending());
        let found = |question: &str| {
            alice.recall(&RecallQuery::new(question).limit(1)).unwrap().turns.remove(0)
        };
        assert_eq!(found("zebra").turn, asked);
        let answered =
            alice.memory().answer(asked.id, NewAnswer::new("Only giraffe spots.")).unwrap();
        assert_eq!(found("giraffe").turn, answered);
        let waiting = found("giraffe");
        alice.memory().flush().unwrap();
        let stored = found("giraffe");
        assert!(!stored.turn.id.is_pending());
        assert_eq!(
            (stored.score, stored.words, stored.matches),
            (waiting.score, waiting.words, waiting.matches)
        );
        save(&alice, &["My secret is a yak"]);
        alice.memory().clear().unwrap();
        assert_eq!(said(&alice, "yak", 10), [""; 0]);
    });
}

/// What a question finds: the texts and their scores, without identifiers.
fn scored(customer: &Customer, question: &str) -> Vec<(Option<String>, Option<String>, f32)> {
    let found = customer.recall(&RecallQuery::new(question).limit(200)).unwrap();
    found.turns.into_iter().map(|found| (found.turn.said, found.turn.answer, found.score)).collect()
}

#[test]
fn an_index_with_waiting_turns_answers_as_one_that_was_built_at_once_whoever_else_writes() {
    on_every_store(|place| {
        with_seeds(6, |seed| {
            let mut rng = Rng::new(seed);
            let name = format!("alice {seed}");
            let waits = |builder: Builder| builder.persist(Persist::Every(7));
            let (ours, theirs) = (place.open_with(waits), place.open());
            let (ours, theirs) = (ours.customer(&name).unwrap(), theirs.customer(&name).unwrap());
            let mut open = Vec::new();
            for (step, text) in chatter(80).iter().enumerate() {
                match rng.below(12) {
                    0..6 => open.push(ours.memory().save_turn(NewTurn::said(text)).unwrap().id),
                    6..8 if !open.is_empty() => {
                        let id = open.swap_remove(rng.below(open.len()));
                        ours.memory()
                            .answer(id, NewAnswer::new(&format!("The lunch answer {step}")))
                            .unwrap();
                    }
                    8 => ours.memory().flush().unwrap(),
                    9 => {
                        theirs.memory().save_turn(NewTurn::said(text)).unwrap();
                    }
                    10 => {
                        let session = theirs.open_session(Channel::Email).unwrap();
                        session.save_turn(NewTurn::said(text)).unwrap();
                    }
                    11 if rng.below(4) == 0 => {
                        ours.memory().clear().unwrap();
                        open.clear();
                    }
                    _ => {}
                }
                let grown = scored(&ours, "lunch in the garden");
                ours.memory().invalidate();
                assert_eq!(scored(&ours, "lunch in the garden"), grown, "step {step}");
            }
        });
    });
}

#[test]
fn a_waiting_turn_whose_key_another_process_saved_meanwhile_is_found_once() {
    on_every_store(|place| {
        let ours = place
            .open_with(|builder| builder.persist(Persist::Every(100)))
            .customer("alice")
            .unwrap();
        let theirs = place.open().customer("alice").unwrap();
        ours.memory().save_turn(NewTurn::said("a walrus").key("k")).unwrap();
        assert_eq!(said(&ours, "walrus", 10), ["a walrus"]);
        theirs.memory().save_turn(NewTurn::said("a walrus").key("k")).unwrap();
        ours.memory().flush().unwrap();
        assert_eq!(said(&ours, "walrus", 10), ["a walrus"]);
    });
}

#[test]
fn debug_prints_no_words() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        save(&alice, &["my secret walrus"]);
        let query = RecallQuery::new("secret walrus").with_metadata("password", "\"hidden\"");
        assert!(
            !format!("{query:?}").contains("walrus") && !format!("{query:?}").contains("hidden")
        );
        let found = alice.recall(&RecallQuery::new("secret walrus")).unwrap();
        assert!(!format!("{found:?}").contains("walrus"), "{found:?}");
    });
}

#[test]
fn handles_and_threads_share_an_index() {
    let place = support::Place::sqlite();
    let memory: Confidant = place.open();
    save_all(&memory.customer("alice").unwrap(), &chatter(300));
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for number in 0..30 {
                    let alice = memory.customer("alice").unwrap();
                    save(&alice, &[&format!("thread talk {number}")]);
                    assert!(!said(&alice, "thread talk", 3).is_empty());
                }
            });
        }
    });
    assert_eq!(memory.stats().cached("recall").unwrap().entries, 1);
}
