//! The context for a model: what is in it, and the budget that it keeps.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{
    ContextRequest, Customer, ErrorKind, EstimatedTokens, NewTurn, Persist, TokenCounter,
};
use std::collections::BTreeSet;
use support::{Rng, on_every_store, with_seeds};

fn fill(customer: &Customer, turns: usize) {
    let texts: Vec<(String, String)> = (0..turns)
        .map(|n| {
            (
                format!("Question {n} about {}", ["parcels", "invoices", "logins"][n % 3]),
                format!("Reply {n}, please wait."),
            )
        })
        .collect();
    for part in texts.chunks(500) {
        let new: Vec<NewTurn<'_>> =
            part.iter().map(|(said, answer)| NewTurn::said(said).answered(answer)).collect();
        customer.memory().save_turns(&new).unwrap();
    }
}

#[test]
fn the_newest_and_the_recalled_turns_are_there_once_each_and_whole() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        alice
            .memory()
            .save_turn(NewTurn::said("My walrus is called Bruno.").answered("A fine name."))
            .unwrap();
        fill(&alice, 200);
        let request = ContextRequest::new("What is the walrus called?", 1_000)
            .passage("Pets", "Pets are welcome.");
        let context = alice.assemble(&request).unwrap();
        assert!(context.tokens() <= 1_000 && context.tokens() > 700, "{context:?}");
        assert_eq!(context.tokens(), EstimatedTokens::default().tokens(context.text()));
        assert!(
            context
                .recalled()
                .any(|turn| turn.said.as_deref() == Some("My walrus is called Bruno."))
        );
        assert_eq!(
            context.recent().last().unwrap().said.as_deref(),
            Some("Question 199 about invoices")
        );
        assert_eq!((context.passages(), context.has_preferences()), (1, true));
        let ids: Vec<_> = context.recalled().chain(context.recent()).map(|turn| turn.id).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "no turn is there twice");
        for turn in context.recalled().chain(context.recent()) {
            assert!(context.text().contains(&turn.to_string()), "{turn} is whole");
        }
        assert_eq!(alice.assemble(&request).unwrap().text(), context.text());
    });
}

#[test]
fn a_waiting_turn_is_there_once_like_a_stored_one() {
    on_every_store(|place| {
        let memory = place.open_with(|builder| builder.persist(Persist::Every(1_000)).hot_turns(4));
        let alice = memory.customer("alice").unwrap();
        fill(&alice, 3);
        alice.memory().flush().unwrap();
        alice
            .memory()
            .save_turn(NewTurn::said("My walrus is called Bruno.").answered("A fine name."))
            .unwrap();
        for (turns, is_recent) in [(2, true), (30, false)] {
            fill(&alice, turns);
            let context =
                alice.assemble(&ContextRequest::new("What is the walrus called?", 1_000)).unwrap();
            assert_eq!(context.text().matches("Bruno").count(), 1, "{}", context.text());
            assert_eq!(context.recent().any(|turn| turn.to_string().contains("Bruno")), is_recent);
            assert_eq!(
                context.recalled().any(|turn| turn.to_string().contains("Bruno")),
                !is_recent
            );
            let ids: Vec<_> =
                context.recalled().chain(context.recent()).map(|turn| turn.id).collect();
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
            let without = alice.assemble(&ContextRequest::new("x", 1_000).recalled(0)).unwrap();
            assert_eq!(without.text().matches("Bruno").count(), usize::from(is_recent));
        }
    });
}

#[test]
fn a_turn_that_is_saved_while_a_context_is_put_together_is_there_once() {
    let place = support::Place::sqlite();
    let memory = place.open_with(|builder| builder.persist(Persist::Every(3)));
    std::thread::scope(|threads| {
        threads.spawn(|| fill_one_by_one(&memory.customer("alice").unwrap(), 120));
        let alice = memory.customer("alice").unwrap();
        for _ in 0..150 {
            let context =
                alice.assemble(&ContextRequest::new("Question about parcels", 4_000)).unwrap();
            let said: Vec<_> =
                context.recalled().chain(context.recent()).map(|turn| turn.said.clone()).collect();
            assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), said.len(), "{said:?}");
        }
    });
}

fn fill_one_by_one(customer: &Customer, turns: usize) {
    for number in 0..turns {
        customer
            .memory()
            .save_turn(NewTurn::said(&format!("Question {number} about parcels")))
            .unwrap();
    }
}

#[test]
fn a_budget_is_never_exceeded_whoever_counts() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        fill(&alice, 80);
        let long = "A very long story about a parcel. ".repeat(300);
        alice.memory().save_turn(NewTurn::said(&long)).unwrap();
        fill(&alice, 3);
        // Counts that do not add up: the whole takes more than its parts.
        let odd = |text: &str| text.len() / 3 + text.matches("Agent").count().pow(2);
        let exact = |text: &str| text.split_whitespace().count();
        with_seeds(200, |seed| {
            let mut rng = Rng::new(seed);
            let counters: [&dyn TokenCounter; 3] = [&odd, &exact, &EstimatedTokens::default()];
            let (tokens, counter) = (16 + rng.below(3_000), counters[rng.below(3)]);
            let question = ["parcel", "login reply", "", "the invoice 12"][rng.below(4)];
            let mut request =
                ContextRequest::new(question, tokens).recalled(rng.below(20)).counted_by(counter);
            for _ in 0..rng.below(4) {
                request = request.passage("Title", &long[..rng.below(2_000)]);
            }
            let context = alice.assemble(&request).unwrap();
            assert!(
                context.tokens() <= tokens && counter.tokens(context.text()) == context.tokens()
            );
        });
    });
}

#[test]
fn whatever_is_said_turns_are_whole_once_and_the_same_again_within_the_budget() {
    on_every_store(|place| {
        let memory = place.open();
        with_seeds(40, |seed| {
            let mut rng = Rng::new(seed);
            let pieces = [
                "parcel ",
                "caf\u{e9} ",
                "\u{8a02}\u{5355}",
                "\u{1f468}\u{200d}\u{1f469} ",
                "0123456789",
                "\n",
                "refund? ",
            ];
            let mut text = |longest: usize| {
                let count = rng.below(longest);
                (0..count).map(|_| pieces[rng.below(pieces.len())]).collect::<String>()
            };
            let customer = memory.customer(&format!("customer {seed}")).unwrap();
            let turns: Vec<(String, String)> = (0..60)
                .map(|n| (format!("<{n}> {}", text(40)), format!("{}</{n}>", text(60))))
                .collect();
            let new: Vec<NewTurn<'_>> =
                turns.iter().map(|(said, answer)| NewTurn::said(said).answered(answer)).collect();
            customer.memory().save_turns(&new).unwrap();
            let letters = |text: &str| text.chars().count();
            let quarter = |text: &str| text.len().div_ceil(4);
            let counters: [&dyn TokenCounter; 3] =
                [&letters, &quarter, &EstimatedTokens::default()];
            for _ in 0..4 {
                let (tokens, counter) = (16 + rng.below(4_000), counters[rng.below(3)]);
                let request = ContextRequest::new("parcel refund", tokens)
                    .recalled(rng.below(30))
                    .counted_by(counter);
                let context = customer.assemble(&request).unwrap();
                assert!(counter.tokens(context.text()) <= tokens);
                assert_eq!(
                    customer.assemble(&request).unwrap().text(),
                    context.text(),
                    "the same again"
                );
                let mut shown = BTreeSet::new();
                for turn in context.recalled().chain(context.recent()) {
                    assert!(shown.insert(turn.id), "a turn is there once");
                    assert!(context.text().contains(&turn.to_string()), "a turn is whole");
                }
                for n in 0..turns.len() {
                    let (begins, ends) = (format!("<{n}> "), format!("</{n}>"));
                    let counts = (
                        context.text().matches(&begins).count(),
                        context.text().matches(&ends).count(),
                    );
                    assert!(counts == (0, 0) || counts == (1, 1), "turn {n}: {counts:?}");
                }
            }
        });
    });
}

#[test]
fn a_customer_nobody_knows_has_an_empty_context() {
    on_every_store(|place| {
        let nobody = place.open().customer("nobody").unwrap();
        let context = nobody.assemble(&ContextRequest::new("Hello?", 100)).unwrap();
        assert_eq!((context.recent().len(), context.recalled().len()), (0, 0));
        assert!(context.tokens() <= 100);
    });
}

#[test]
fn a_counter_that_says_nonsense_leaves_an_empty_context() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        fill(&alice, 3);
        let endless = |_: &str| usize::MAX;
        let request =
            ContextRequest::new("parcel", 100).passage("Title", "Text").counted_by(&endless);
        let context = alice.assemble(&request).unwrap();
        assert_eq!((context.text(), context.tokens(), context.recent().len()), ("", 0, 0));
    });
}

#[test]
fn numbers_out_of_range_are_refused() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        for request in [ContextRequest::new("x", 15), ContextRequest::new("x", 10_000_001)] {
            assert_eq!(alice.assemble(&request).unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
        let request = ContextRequest::new("x", 100).recalled(201);
        assert_eq!(alice.assemble(&request).unwrap_err().kind(), ErrorKind::InvalidArgument);
        assert_eq!(
            alice.assemble(&ContextRequest::new(&"x".repeat(65_537), 100)).unwrap_err().kind(),
            ErrorKind::Limit
        );
        assert!(!format!("{:?}", ContextRequest::new("secret", 100)).contains("secret"));
    });
}
