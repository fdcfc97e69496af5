//! Kinds of sentences that tell a fact, and kinds that only look as if they did.

#![allow(clippy::indexing_slicing)]

use super::Given;
use crate::id::{SessionId, Tag, TurnId};
use crate::memory::{Channel, Turn};
use crate::signals::EntityKind;
use crate::time::Timestamp;

fn turn(number: u32, said: &str, answer: Option<&str>) -> Turn {
    let tag = Tag::of("default", "alice");
    Turn {
        id: TurnId::new(tag, number),
        session: SessionId::new(tag, 1),
        channel: Channel::Chat,
        at: Timestamp::from_millis(i64::from(number)),
        said: Some(said.to_owned()),
        answer: answer.map(str::to_owned),
        answered_at: None,
        answered_by: None,
        confidence: None,
        resolved: false,
        metadata: None,
    }
}

/// What a talk tells of a kind, newest.
fn told(texts: &[&str], kind: EntityKind) -> Option<String> {
    let turns: Vec<Turn> =
        (1..).zip(texts).map(|(number, said)| turn(number, said, None)).collect();
    Given::of(&turns).newest(kind).map(|fact| fact.value.clone())
}

#[test]
fn names_are_told_by_introductions_and_by_nothing_else() {
    for (said, name) in [
        ("My name is Dulcie Petsch.", "Dulcie Petsch"),
        ("Hi, I am Robert and my order is late.", "Robert"),
        ("This is Anna from Acme.", "Anna"),
        ("my name is maria", "maria"),
        ("You can call me Bob.", "Bob"),
        ("My last name is O'Brien", "O'Brien"),
        ("Where is my order?\nRegards,\nAnna Schmidt", "Anna Schmidt"),
    ] {
        assert_eq!(told(&[said], EntityKind::Name).as_deref(), Some(name), "{said}");
    }
    for said in [
        "I am German.",
        "It is under Warranty",
        "call me anytime",
        "This is Black Friday madness.",
        "I am Happy with it",
        "This is Ridiculous!",
        "I am Platinum Member",
        "It is Monday already.",
        "This is URGENT",
        "I am Vegan.",
        "It is Broken again",
        "I am A Developer",
        "This is Amazon's fault",
        "My name is wrong on the ticket",
        "My name is misspelled",
        "His name is Robert",
        "The driver's name is Robert",
        "My wife's name is Anna",
        "They call me Robert",
        "Do not call me Robert",
        "Call me Monday",
        "Thanks Again",
    ] {
        assert_eq!(told(&[said], EntityKind::Name), None, "{said}");
    }
}

#[test]
fn a_correction_needs_no_cue_word_of_its_kind() {
    for correction in [
        "I mistyped: 10-22371",
        "Sorry, that was the wrong one, it is 10-22371",
        "typo! 10-22371",
        "I meant 10-22371.",
        "It should be 10-22371",
        "oops, 10-22371",
    ] {
        let texts = ["My order number is 10-22317.", correction];
        let now = told(&texts, EntityKind::OrderId);
        assert_eq!(now.as_deref(), Some("10-22371"), "{correction}");
    }
    for other in ["I paid 300 by mistake", "Sorry, I was away for 20 days", "That's wrong!"] {
        let texts = ["My order number is 10-22317.", other];
        assert_eq!(told(&texts, EntityKind::OrderId).as_deref(), Some("10-22317"), "{other}");
    }
}

#[test]
fn a_number_named_by_another_noun_is_no_order() {
    for said in
        ["Invoice 4711 is wrong", "The tracking number is 998877665", "My shipment 445566 is late"]
    {
        assert_eq!(told(&[said], EntityKind::OrderId), None, "{said}");
    }
    assert_eq!(told(&["order 4711 is wrong"], EntityKind::OrderId).as_deref(), Some("4711"));
}

#[test]
fn texts_of_errors_are_shortened_not_dropped_and_apostrophes_quote_nothing() {
    let long = "x".repeat(201);
    let value = told(&[&format!("The error says: {long} end.")], EntityKind::ErrorText);
    assert_eq!(value, Some(format!("{long} end")));
    let longer = "\u{e4}".repeat(400);
    let value = told(&[&format!("The error says \"{longer}\"")], EntityKind::ErrorText);
    assert!(value.is_some_and(|value| value.ends_with("...") && value.len() <= 303));
    for said in [
        "It says they haven't received it. I can't wait",
        "error 500 at 10:30, build 10.0.19045",
        "The page says you're late, isn't it",
        "It says that I don't own it",
    ] {
        assert_eq!(told(&[said], EntityKind::ErrorText), None, "{said}");
    }
    let quoted = told(&["It says 'can't connect' again"], EntityKind::ErrorText);
    assert_eq!(quoted.as_deref(), Some("can't connect"));
}

#[test]
fn a_question_or_a_denial_is_no_step_that_was_tried() {
    for said in [
        "How do I reset my password?",
        "Can I reset my password?",
        "Should I reset it?",
        "I have not reset it yet",
        "I haven't tried restarting it",
        "When do I reset it?",
        "What if I reset it",
        "I want to reset it",
    ] {
        assert_eq!(told(&[said], EntityKind::StepTried), None, "{said}");
    }
    for said in ["I reset it twice", "I already restarted the router", "We have tried restarting"] {
        assert!(told(&[said], EntityKind::StepTried).is_some(), "{said}");
    }
}

#[test]
fn a_number_is_a_telephone_where_the_agent_asked_for_one() {
    for asked in ["Could you give me a number to call you on?", "What is your phone number?"] {
        for (said, value) in [
            ("2025550143", "2025550143"),
            ("sure 202 555 0143 thanks", "202 555 0143"),
            ("it's (202) 555-0143", "(202) 555-0143"),
        ] {
            let given = Given::of(&[turn(1, "Hello", Some(asked)), turn(2, said, None)]);
            let phone = given.newest(EntityKind::Phone).map(|fact| fact.value.as_str());
            assert_eq!(phone, Some(value), "{asked} {said}");
        }
        for said in ["my order is 2025550143", "on 2026-11-30", "it cost $1234567"] {
            let given = Given::of(&[turn(1, "Hello", Some(asked)), turn(2, said, None)]);
            assert!(given.newest(EntityKind::Phone).is_none(), "{asked} {said}");
        }
    }
}

#[test]
fn only_what_was_told_counts_as_asked_for_again() {
    let given = Given::of(&[
        turn(1, "My order is 10-22317 and I am on the pro plan.", None),
        turn(2, "I already restarted the router.", None),
    ]);
    for draft in [
        "Could you tell me the tracking number that the courier gave you?",
        "What is the order number of the second one?",
        "What is the number of your other order?",
        "Which plan would you like to switch to?",
        "Which plan are you interested in?",
        "Please do not restart the router again.",
        "Please wait without restarting it.",
        "Please restart the phone as well.",
        "Could you restart your laptop?",
        "Please reset your password on the sign-in page.",
        "May I have the ticket number?",
    ] {
        assert!(given.asked_again(draft).is_empty(), "{draft}");
    }
    for draft in [
        "Could you tell me your order number?",
        "Which plan are you on?",
        "Please restart the router.",
        "Could you please restart it?",
    ] {
        assert_eq!(given.asked_again(draft).len(), 1, "{draft}");
    }
}

#[test]
fn late_history_is_not_the_newest_and_facts_are_bounded_in_bytes() {
    let mut old = turn(2, "my order number is 10-11111", None);
    old.at = Timestamp::from_millis(0);
    let given = Given::of(&[turn(1, "my order number is 10-22222", None), old]);
    let newest = given.newest(EntityKind::OrderId).map(|fact| fact.value.as_str());
    assert_eq!((newest, given.facts().len()), (Some("10-22222"), 2));
    let turns: Vec<Turn> = (1..2_000)
        .map(|number| turn(number, &format!("order number {:06}", number), None))
        .collect();
    let given = Given::of(&turns);
    let bytes: usize = given.facts().iter().map(|fact| size_of_val(fact) + fact.value.len()).sum();
    assert!(bytes <= 128 << 10 && given.facts().len() > 500, "{bytes}");
    assert_eq!(given.facts().last().map(|fact| fact.value.as_str()), Some("001999"));
}

#[test]
fn what_is_said_below_a_quotation_is_told() {
    let said = "On 2 Jan 2026, Desk wrote:\n> Which order?\nOrder 10-31415, thanks";
    assert_eq!(told(&[said], EntityKind::OrderId).as_deref(), Some("10-31415"));
    let quoted = "Danke!\n\nVon: Desk <help@shop.example>\nGesendet: Montag\nAn: Anna\n\nCall +1 555 123 4567.";
    assert_eq!(told(&[quoted], EntityKind::Email), None);
    assert_eq!(told(&[quoted], EntityKind::Phone), None);
}
