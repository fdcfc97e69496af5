//! Files of every format open in this version, with everything that was in them.
//!
//! `CONFIDANT_MAKE_FIXTURE=1 cargo test --test upgrade` makes the file of the newest format
//! anew; a file of a released format is never made again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]
#![cfg(feature = "sqlite")]

use confidant::{
    Channel, Clock, Confidant, Customer, NewAnswer, NewArticle, NewTurn, Outcome, Page,
    RecallQuery, Timestamp,
};
use std::path::PathBuf;

/// 2026-03-02T09:00:00Z.
const NOON: i64 = 1_772_442_000_000;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(NOON)
    }
}

fn fixture(format: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/format-{format}.db"))
}

fn open(path: &std::path::Path) -> Confidant {
    Confidant::builder().clock(Fixed).open(path.to_str().unwrap()).unwrap()
}

/// What the customer of a number said in a turn; phrases recur, so that a dictionary is worth it.
fn said(customer: usize, turn: usize) -> String {
    let what =
        ["my invoice is wrong", "the parcel has not arrived", "I forgot my password"][turn % 3];
    format!("Hello, {what} and I would like to know what I can do about it ({customer}/{turn}).")
}

fn answer(turn: usize) -> String {
    format!("Thank you for your message. A colleague will look into it today, step {turn}.")
}

/// The customers of format 1, in the order they were made.
fn customers(memory: &Confidant) -> Vec<Customer> {
    let tenants = ["acme", "globex \u{1f680}"];
    (0..20)
        .map(|n| memory.tenant(tenants[n % 2]).unwrap().customer(&format!("customer {n}")).unwrap())
        .collect()
}

fn make(path: &std::path::Path) {
    let memory = open(path);
    for (number, customer) in customers(&memory).iter().enumerate() {
        let first = customer.open_session(Channel::Email).unwrap();
        for turn in 0..110 {
            let (said, answer) = (said(number, turn), answer(turn));
            let key = format!("key-{turn}");
            let new = NewTurn::said(&said)
                .answered(&answer)
                .answered_by("agent")
                .confidence(0.875)
                .key(&key);
            first
                .save_turn(if turn % 5 == 0 {
                    new.resolved(true).metadata(r#"{"n": 1.50}"#)
                } else {
                    new
                })
                .unwrap();
        }
        first.close(Outcome::resolved().rated(4)).unwrap();
    }
    assert_eq!(memory.maintain().unwrap().trained, Some(16));
    for (number, customer) in customers(&memory).iter().enumerate() {
        let second = customer.open_session(Channel::Phone).unwrap();
        let asked = second.save_turn(NewTurn::said(&said(number, 110))).unwrap();
        if number % 2 == 0 {
            second
                .answer(asked.id, NewAnswer::new("NUL \0 and emoji \u{1f600}").resolved(true))
                .unwrap();
        }
    }
    let cleared = customers(&memory).pop().unwrap();
    cleared.memory().clear().unwrap();
    cleared.memory().save_turn(NewTurn::unasked("We deleted your history.")).unwrap();
    let base = memory.tenant("acme").unwrap().knowledge().unwrap();
    for number in 0..20 {
        let (id, title) = (format!("kb-{number}"), format!("Article {number}"));
        let content = format!("{} This is number {number}.", answer(number));
        base.put(&NewArticle::new(&id, &title, &content).category("general").tag("old")).unwrap();
    }
    base.remove("kb-19").unwrap();
    base.count_use("kb-3", true).unwrap();
    base.snapshot().unwrap();
    memory.compact().unwrap();
}

#[test]
fn a_file_of_format_1_opens_with_everything_in_it() {
    opens_with_everything_in_it(1);
}

#[test]
fn a_file_of_format_2_opens_with_everything_in_it() {
    opens_with_everything_in_it(2);
}

/// The newest format, the only one whose file may be made.
const NEWEST: u32 = 2;

fn opens_with_everything_in_it(format: u32) {
    let path = fixture(format);
    if format == NEWEST && std::env::var_os("CONFIDANT_MAKE_FIXTURE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = std::fs::remove_file(&path);
        make(&path);
        std::fs::remove_file(path.with_extension("db-lock")).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("old.db");
    std::fs::copy(&path, &copy).unwrap();
    let memory = open(&copy);
    let report = memory.check().unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
    assert_eq!(report.turns, 19 * 111 + 1);
    let mut customers = customers(&memory);
    let cleared = customers.pop().unwrap();
    for (number, customer) in customers.iter().enumerate() {
        let turns = customer.memory().turns(Page::first(1_000)).unwrap();
        assert_eq!(turns.len(), 111);
        for (place, turn) in turns.iter().enumerate() {
            assert_eq!(turn.id.number() as usize, place + 1);
            assert_eq!(turn.said.as_deref(), Some(said(number, place).as_str()));
            assert_eq!(turn.at, Timestamp::from_millis(NOON));
        }
        assert_eq!(turns[7].answer, Some(answer(7)));
        assert_eq!(
            (turns[5].confidence, turns[5].resolved, turns[6].resolved),
            (Some(0.875), true, false)
        );
        assert_eq!(turns[5].metadata.as_deref(), Some(r#"{"n": 1.50}"#));
        assert_eq!(
            (turns[5].answered_by.as_deref(), turns[5].channel),
            (Some("agent"), Channel::Email)
        );
        let expected = (number % 2 == 0).then_some("NUL \0 and emoji \u{1f600}");
        assert_eq!(turns[110].answer.as_deref(), expected);
        let again = customer.memory().save_turn(NewTurn::said("retry").key("key-3")).unwrap();
        assert_eq!(again, turns[3], "idempotency keys are still known");
        let sessions = customer.sessions(Page::first(10)).unwrap();
        assert_eq!(sessions.iter().map(|session| session.turns).collect::<Vec<_>>(), [1, 110]);
        assert_eq!(
            (sessions[1].rating, sessions[1].resolved, sessions[0].channel),
            (Some(4), true, Channel::Phone)
        );
    }
    let query = RecallQuery::new("NUL and emoji").limit(1);
    assert_eq!(customers[0].recall(&query).unwrap().turns[0].turn.id.number(), 111);
    let base = memory.tenant("acme").unwrap().knowledge().unwrap();
    assert_eq!(base.len().unwrap(), if format == 1 { 0 } else { 19 });
    base.put(&NewArticle::new("new", "Walrus", "The walrus is new.")).unwrap();
    assert_eq!(base.search("walrus", 1).unwrap().articles[0].article.id, "new");
    if format > 1 {
        let article = base.article("kb-3").unwrap().unwrap();
        assert_eq!(
            (article.title.as_str(), article.usage_count, article.tags),
            ("Article 3", 1, vec!["old".to_owned()])
        );
        assert_eq!(base.search("this is number 7", 1).unwrap().articles[0].article.id, "kb-7");
        assert_eq!(base.article("kb-19").unwrap(), None);
    }
    let context = cleared.memory().load_context().unwrap();
    assert_eq!((context.total(), context.newest().unwrap().id.number()), (1, 112));
    assert_eq!(cleared.memory().save_turn(NewTurn::said("Why?")).unwrap().id.number(), 113);
}
