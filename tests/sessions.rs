//! What sessions promise: one conversation on one channel inside a customer's memory.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cloned_ref_to_slice_refs
)]

mod support;

use confidant::{
    Channel, Error, ErrorKind, NewAnswer, NewTurn, Outcome, Page, SessionId, Timestamp,
};
use support::*;

fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.kind(),
    }
}

#[test]
fn a_session_is_opened_filled_and_closed_with_its_figures() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let session = alice.open_session(Channel::Email).unwrap();
        assert_eq!((session.channel(), session.opened_at().as_millis()), (Channel::Email, START));
        session.save_turn(NewTurn::said("a").answered("b").confidence(0.8)).unwrap();
        session.save_turn(NewTurn::said("c").answered("d").confidence(0.9).resolved(true)).unwrap();
        let asked = session.save_turn(NewTurn::said("e")).unwrap();
        assert_eq!((asked.session, asked.channel), (session.id(), Channel::Email));

        let metrics = session.metrics().unwrap();
        assert_eq!(
            (metrics.turns(), metrics.answered_turns(), metrics.resolved_turns()),
            (3, 2, 1)
        );
        assert!((metrics.mean_confidence().unwrap() - 0.85).abs() < 1e-9);
        assert!(!metrics.details().resolved, "its newest turn is not");
        assert_eq!(metrics.details().closed_at, None);

        session.answer(asked.id, NewAnswer::new("f").resolved(true)).unwrap();
        place.clock.advance(MINUTE);
        let metrics = session.close(Outcome::unknown().rated(4)).unwrap();
        assert_eq!(
            (metrics.turns(), metrics.answered_turns(), metrics.resolved_turns()),
            (3, 3, 2)
        );
        let details = metrics.details();
        assert_eq!((details.id, details.channel, details.turns), (session.id(), Channel::Email, 3));
        assert_eq!(
            (details.opened_at.as_millis(), details.closed_at.unwrap().as_millis()),
            (START, START + MINUTE)
        );
        assert!(details.resolved, "its newest turn is");
        assert_eq!(details.rating, Some(4));
        assert_eq!(
            place.open().customer("alice").unwrap().sessions(Page::first(1)).unwrap(),
            [details.clone()]
        );
    });
}

#[test]
fn a_session_without_turns_has_empty_figures() {
    on_every_store(|place| {
        let metrics = place
            .open()
            .customer("alice")
            .unwrap()
            .open_session(Channel::App)
            .unwrap()
            .metrics()
            .unwrap();
        assert_eq!(
            (metrics.turns(), metrics.answered_turns(), metrics.resolved_turns()),
            (0, 0, 0)
        );
        assert_eq!(metrics.mean_confidence(), None);
        assert!(!metrics.details().resolved);
    });
}

#[test]
fn a_closed_session_says_so_to_every_handle() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap();
        let session = alice.open_session(Channel::Chat).unwrap();
        let turn = session.save_turn(NewTurn::said("a")).unwrap();
        let elsewhere = place.open().customer("alice").unwrap().session(session.id()).unwrap();
        elsewhere.save_turn(NewTurn::said("b")).unwrap();
        session.close(Outcome::resolved()).unwrap();
        for session in [
            &session,
            &elsewhere,
            &place.open().customer("alice").unwrap().session(session.id()).unwrap(),
        ] {
            let error = session.save_turn(NewTurn::said("c")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Closed);
            assert!(error.to_string().contains(&session.id().to_string()), "{error}");
            assert_eq!(kind(session.save_turns(&[NewTurn::said("c")])), ErrorKind::Closed);
            assert_eq!(kind(session.close(Outcome::unresolved().rated(1))), ErrorKind::Closed);
            let details = session.metrics().unwrap().details().clone();
            assert_eq!((details.turns, details.resolved, details.rating), (2, true, None));
        }
        elsewhere.answer(turn.id, NewAnswer::new("an answer may still come")).unwrap();
        assert_eq!(alice.memory().load_context().unwrap().total(), 2);
    });
}

#[test]
fn a_closed_session_takes_no_turn_to_be_saved_later_either() {
    on_every_store(|place| {
        let memory = place.open_with(|builder| builder.persist(confidant::Persist::Every(10)));
        let alice = memory.customer("alice").unwrap();
        let session = alice.open_session(Channel::Chat).unwrap();
        session.close(Outcome::unknown()).unwrap();
        assert_eq!(kind(session.save_turn(NewTurn::said("late"))), ErrorKind::Closed);
    });
}

// X-09, K-28
#[test]
fn sessions_are_listed_newest_first_with_their_turns_counted() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let counts = [3, 0, 2, 5];
        let mut ids = Vec::new();
        for count in counts {
            let session = alice.open_session(Channel::Chat).unwrap();
            ids.push(session.id());
            for text in texts("question", count) {
                session.save_turn(NewTurn::said(&text)).unwrap();
            }
        }
        let alice = place.open().customer("alice").unwrap();
        let listed = alice.sessions(Page::first(10)).unwrap();
        let newest_first: Vec<_> =
            ids.iter().copied().zip(counts.map(|count| count as u64)).rev().collect();
        assert_eq!(
            listed.iter().map(|session| (session.id, session.turns)).collect::<Vec<_>>(),
            newest_first
        );
        assert_eq!(alice.memory().load_context().unwrap().total(), 10);
        assert_eq!(alice.memory().stats().unwrap().total, 10);

        let first = alice.sessions(Page::first(3)).unwrap();
        let rest = alice.sessions(Page::first(3).after(first[2].id)).unwrap();
        assert_eq!([first, rest].concat(), listed);
        assert_eq!(alice.sessions(Page::first(3).after(listed[3].id)).unwrap(), []);
    });
}

//
#[test]
fn a_customer_may_have_several_sessions_open_at_once() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap();
        let chat = alice.open_session(Channel::Chat).unwrap();
        let phone = place.open().customer("alice").unwrap().open_session(Channel::Phone).unwrap();
        for round in 1..=3 {
            chat.save_turn(NewTurn::said(&format!("chat {round}"))).unwrap();
            phone.save_turn(NewTurn::said(&format!("phone {round}"))).unwrap();
        }
        assert_eq!(chat.metrics().unwrap().turns(), 3);
        phone.close(Outcome::resolved()).unwrap();
        assert_eq!(chat.save_turn(NewTurn::said("chat 4")).unwrap().session, chat.id());
        assert_eq!((chat.metrics().unwrap().turns(), phone.metrics().unwrap().turns()), (4, 3));
        let context = chat.context().unwrap();
        let expected = ["chat 1", "phone 1", "chat 2", "phone 2", "chat 3", "phone 3", "chat 4"];
        assert_eq!(said(context.turns()), expected, "both see the whole memory");
        let channels: Vec<Channel> = context.turns().map(|turn| turn.channel).take(2).collect();
        assert_eq!(channels, [Channel::Chat, Channel::Phone]);
    });
}

//
#[test]
fn a_turn_without_a_session_continues_the_newest_open_one_within_the_idle_time() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap();
        let save = || alice.memory().save_turn(NewTurn::said("x")).unwrap().session.number();
        assert_eq!(save(), 1);
        place.clock.advance(30 * MINUTE);
        assert_eq!(save(), 1, "exactly the idle time after the last turn");
        place.clock.advance(30 * MINUTE + 1);
        assert_eq!(save(), 2, "later than the idle time");
        let email = alice.open_session(Channel::Email).unwrap();
        let turn = alice.memory().save_turn(NewTurn::said("x")).unwrap();
        assert_eq!(
            (turn.session, turn.channel),
            (email.id(), Channel::Email),
            "the newest session"
        );
        email.close(Outcome::unknown()).unwrap();
        assert_eq!(save(), 4, "the newest session is closed");
        assert_eq!(
            place
                .open()
                .customer("alice")
                .unwrap()
                .memory()
                .save_turn(NewTurn::said("x"))
                .unwrap()
                .session
                .number(),
            4
        );
        assert_eq!(alice.sessions(Page::first(10)).unwrap().len(), 4);
        assert_eq!(
            alice.memory().load_context().unwrap().total(),
            6,
            "one memory over all sessions"
        );
    });
}

#[test]
fn the_idle_time_is_a_setting_and_counts_from_the_opening_too() {
    on_every_store(|place| {
        let memory =
            place.open_with(|builder| builder.session_idle(std::time::Duration::from_secs(10)));
        let alice = memory.customer("alice").unwrap();
        let session = alice.open_session(Channel::Phone).unwrap();
        place.clock.advance(10 * SECOND);
        assert_eq!(alice.memory().save_turn(NewTurn::said("x")).unwrap().session, session.id());
        let session = alice.open_session(Channel::Phone).unwrap();
        place.clock.advance(10 * SECOND + 1);
        let turn = alice.memory().save_turn(NewTurn::said("x")).unwrap();
        assert_ne!(turn.session, session.id());
        assert_eq!(turn.channel, Channel::Chat);
    });
}

#[test]
fn a_session_that_was_idle_is_not_kept_alive_by_another_session() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let older = alice.open_session(Channel::Email).unwrap();
        let newest = alice.open_session(Channel::Phone).unwrap();
        newest.save_turn(NewTurn::said("on the phone")).unwrap();
        place.clock.advance(2 * HOUR);
        older.save_turn(NewTurn::said("by e-mail")).unwrap();
        let turn = alice.memory().save_turn(NewTurn::said("elsewhere")).unwrap();
        assert_ne!(turn.session, newest.id(), "the telephone call ended two hours ago");
    });
}

#[test]
fn an_imported_turn_of_another_session_does_not_end_the_newest_session() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let older =
            alice.open_session_at(Channel::Email, Timestamp::from_millis(START - DAY)).unwrap();
        let newest =
            alice.open_session_at(Channel::Chat, Timestamp::from_millis(START - HOUR)).unwrap();
        newest.save_turn(NewTurn::said("now")).unwrap();
        older.save_turn(NewTurn::said("then").at(Timestamp::from_millis(START - DAY))).unwrap();
        let turn = alice.memory().save_turn(NewTurn::said("now again")).unwrap();
        assert_eq!(turn.session, newest.id(), "it was active at this very moment");
    });
}

#[test]
fn the_outcome_said_at_closing_wins_over_the_newest_turn() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        for (outcome, turn_resolved, expected) in [
            (Outcome::unknown(), true, true),
            (Outcome::unknown(), false, false),
            (Outcome::resolved(), false, true),
            (Outcome::unresolved(), true, false),
        ] {
            let session = alice.open_session(Channel::Chat).unwrap();
            session.save_turn(NewTurn::said("a").answered("b").resolved(!turn_resolved)).unwrap();
            session.save_turn(NewTurn::said("a").answered("b").resolved(turn_resolved)).unwrap();
            assert_eq!(session.close(outcome).unwrap().details().resolved, expected);
        }
    });
}

#[test]
fn a_rating_is_one_to_five_and_a_wrong_one_leaves_the_session_open() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let session = alice.open_session(Channel::Chat).unwrap();
        for rating in [0, 6, 255] {
            let error = session.close(Outcome::resolved().rated(rating)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.to_string().contains(&format!("rating is {rating}")), "{error}");
        }
        session.save_turn(NewTurn::said("still open")).unwrap();
        for rating in 1..=5 {
            let session = alice.open_session(Channel::Chat).unwrap();
            assert_eq!(
                session.close(Outcome::unknown().rated(rating)).unwrap().details().rating,
                Some(rating)
            );
        }
    });
}

#[test]
fn a_session_is_resumed_by_its_id_in_another_handle() {
    on_every_store(|place| {
        let memory = place.open();
        let opened = memory.customer("alice").unwrap().open_session(Channel::Social).unwrap();
        opened.save_turn(NewTurn::said("a")).unwrap();
        place.clock.advance(DAY);
        let alice = place.open().customer("alice").unwrap();
        let resumed = alice.session(opened.id()).unwrap();
        assert_eq!(
            (resumed.id(), resumed.channel(), resumed.opened_at()),
            (opened.id(), Channel::Social, opened.opened_at())
        );
        assert_eq!(resumed.customer().id(), "alice");
        assert_eq!(
            resumed.save_turn(NewTurn::said("b")).unwrap().session,
            opened.id(),
            "however long it was idle"
        );
        assert_eq!(opened.metrics().unwrap().turns(), 2);
        let next = SessionId::from_u64(opened.id().as_u64() + 1).unwrap();
        assert_eq!(kind(alice.session(next)), ErrorKind::NotFound);
    });
}

#[test]
fn a_session_may_begin_at_a_given_time_but_not_before_1970() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        let session = alice.open_session_at(Channel::Chat, Timestamp::from_millis(0)).unwrap();
        assert_eq!(alice.session(session.id()).unwrap().opened_at().as_millis(), 0);
        assert_eq!(
            kind(alice.open_session_at(Channel::Chat, Timestamp::from_millis(-1))),
            ErrorKind::InvalidArgument
        );
        assert_eq!(alice.sessions(Page::first(10)).unwrap().len(), 1);
    });
}
