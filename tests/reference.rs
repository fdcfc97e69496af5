//! The reference conversation, from the first message to the figures at the end.
//!
//! Three sessions on three days, the store opened anew for each, the answers as in
//! `examples/reference_conversation.json`. `UPDATE_GOLDEN=1` renews the transcript.
#![cfg(feature = "sqlite")]

use confidant::{
    AskedRequest, Channel, Clock, Confidant, Customer, Finish, LlmBackend, LlmOutcome, LlmRequest,
    Message, Outcome, Page, PreferenceExtractor, Preferences, Reply, Role, Scripted, ScriptedReply,
    SessionMetrics, SupportAgent, Timestamp, Turn,
};
use serde_json::Value;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// 2026-03-02T09:00:00Z, the morning of day 1.
const START_MS: i64 = 1_772_442_000_000;

/// A clock that stands still.
#[derive(Clone, Copy)]
struct Fixed(i64);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0)
    }
}

/// A script that the test can still look at when the agent has it.
#[derive(Clone)]
struct Shared(Arc<Scripted>);

impl LlmBackend for Shared {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn is_free(&self) -> bool {
        true
    }

    fn complete(
        &self,
        request: &LlmRequest<'_>,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> confidant::Result<LlmOutcome> {
        let outcome = self.0.complete(request, emit)?;
        assert_eq!(outcome.finish, Finish::Stop);
        Ok(outcome)
    }
}

/// What happened in one session.
struct Held {
    known_at_opening: u64,
    replies: Vec<Reply>,
    requests: Vec<AskedRequest>,
    metrics: SessionMetrics,
}

fn script() -> Value {
    serde_json::from_str(include_str!("../examples/reference_conversation.json")).expect("JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn customer(memory: &Confidant) -> Customer {
    let script = script();
    memory
        .tenant(text(&script["tenant"]))
        .and_then(|tenant| tenant.customer(text(&script["customer"])))
        .expect("names")
}

/// Holds one session with a memory of its own; it is closed when this returns.
fn hold(db: &str, session: &Value) -> Held {
    let turns = list(&session["turns"]);
    let morning = START_MS + (session["day"].as_i64().expect("a day") - 1) * DAY_MS;
    let memory = Confidant::builder().clock(Fixed(morning)).open(db).expect("opens");
    let customer = customer(&memory);
    let replies = turns.iter().map(|turn| {
        ScriptedReply::new(text(&turn["answer"]))
            .confidence(turn["confidence"].as_f64().expect("a number"))
            .resolved(turn["resolved"].as_bool().expect("a flag"))
    });
    let model = Shared(Arc::new(Scripted::new(replies)));
    let agent = SupportAgent::builder(&memory).llm(model.clone()).build().expect("builds");
    let known_at_opening = customer.memory().load_context().expect("loads").total();
    let channel: Channel = text(&session["channel"]).parse().expect("a channel");
    let session = customer.open_session(channel).expect("opens");
    let replies = (0..).zip(turns).map(|(number, turn)| {
        let at = Timestamp::from_millis(morning + number * MINUTE_MS);
        let message = Message::new(text(&turn["said"])).at(at);
        agent.respond_to(&session, message, &mut |_| ControlFlow::Continue(())).expect("answers")
    });
    let replies = replies.collect();
    let metrics = session.close(Outcome::unknown()).expect("closes");
    assert_eq!(model.0.remaining(), 0);
    memory.close().expect("closes");
    Held { known_at_opening, replies, requests: model.0.requests(), metrics }
}

/// The whole conversation in a fresh store, which is opened once more afterwards.
fn play() -> (tempfile::TempDir, Confidant, Vec<Held>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("reference.db");
    let db = path.to_str().expect("UTF-8");
    let held = list(&script()["sessions"]).iter().map(|session| hold(db, session)).collect();
    let memory = Confidant::builder().clock(Fixed(START_MS + 3 * DAY_MS)).open(db).expect("opens");
    (folder, memory, held)
}

fn in_words(preferences: &Preferences) -> Value {
    let topics: Vec<&str> = preferences.topics.iter().map(|topic| topic.value.name()).collect();
    serde_json::json!({
        "style": preferences.style.as_ref().map(|style| style.value.name()),
        "response_length": preferences.response_length.as_ref().map(|length| length.value.name()),
        "topics": topics,
    })
}

//
#[test]
fn all_seven_turns_are_read_back_as_they_were_said_and_answered() {
    let (_folder, memory, held) = play();
    let turns = customer(&memory).memory().turns(Page::first(100)).expect("reads");
    let script = script();
    let expected: Vec<&Value> =
        list(&script["sessions"]).iter().flat_map(|session| list(&session["turns"])).collect();
    assert_eq!(turns.len(), expected.len());
    for (turn, expected) in turns.iter().zip(expected) {
        assert_eq!(turn.said.as_deref(), expected["said"].as_str());
        assert_eq!(turn.answer.as_deref(), expected["answer"].as_str());
        assert_eq!(turn.confidence, expected["confidence"].as_f64());
        assert_eq!(Some(turn.resolved), expected["resolved"].as_bool());
        assert_eq!(turn.answered_by.as_deref(), Some("scripted"));
    }
    let replied: Vec<&Turn> =
        held.iter().flat_map(|held| &held.replies).map(|reply| &reply.turn).collect();
    assert_eq!(turns.iter().collect::<Vec<_>>(), replied);
    let lengths: Vec<u64> =
        held.iter().flat_map(|held| &held.replies).map(|reply| reply.history_len).collect();
    assert_eq!(lengths, [1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn the_figures_are_those_that_the_reference_expects() {
    let (_folder, memory, held) = play();
    let expected = &script()["expected"];
    let summary = customer(&memory).analytics().summary().expect("sums up");
    assert_eq!(expected["turns"], summary.turns);
    assert_eq!(expected["resolved_turns"], summary.resolved_turns);
    assert_eq!(expected["resolved_sessions"], summary.resolved_sessions);
    let rate = summary.turn_resolution_rate().map(|rate| format!("{:.1}", rate * 100.0));
    assert_eq!(
        rate,
        Some(format!("{:.1}", expected["resolution_rate_percent"].as_f64().expect("a number")))
    );
    let confidence = summary.mean_confidence.map(|mean| format!("{mean:.2}"));
    assert_eq!(
        confidence,
        Some(format!("{:.2}", expected["mean_confidence"].as_f64().expect("a number")))
    );
    assert_eq!((rate.as_deref(), confidence.as_deref()), (Some("57.1"), Some("0.86")));

    let turns: Vec<u64> = held.iter().map(|held| held.metrics.turns()).collect();
    assert_eq!(expected["turns_per_session"], serde_json::json!(turns));
    let known: Vec<u64> = held.iter().map(|held| held.known_at_opening).collect();
    assert_eq!(known, [0, 3, 5]);
    let mut sessions = customer(&memory).sessions(Page::first(10)).expect("lists");
    sessions.reverse();
    assert_eq!(sessions.iter().map(|session| session.turns).collect::<Vec<_>>(), turns);
    let channels = [Channel::Chat, Channel::Chat, Channel::Email];
    assert_eq!(sessions.iter().map(|session| session.channel).collect::<Vec<_>>(), channels);
    assert!(sessions.iter().all(|session| session.resolved && session.closed_at.is_some()));
    assert_eq!(
        summary,
        memory.tenant("default").and_then(|tenant| tenant.analytics().summary()).expect("sums up")
    );
}

#[test]
fn preferences_become_known_with_the_third_turn_and_end_as_the_reference_expects() {
    let (_folder, memory, held) = play();
    let replies: Vec<&Reply> = held.iter().flat_map(|held| &held.replies).collect();
    for reply in &replies[..2] {
        assert_eq!(
            in_words(&reply.preferences),
            in_words(&Preferences::default()),
            "two turns are too few"
        );
    }
    let before_turn_4 =
        PreferenceExtractor::support().extract(replies[..3].iter().map(|reply| &reply.turn));
    assert_eq!(
        in_words(&before_turn_4),
        serde_json::json!({"style": "formal", "response_length": "medium", "topics": ["login"]})
    );
    assert_eq!(replies[2].preferences, before_turn_4);

    let expected = &script()["expected"]["preferences"];
    assert_eq!(&in_words(&replies[6].preferences), expected);
    let learned = customer(&memory).preferences().expect("learns");
    assert_eq!(&in_words(&learned), expected);
    assert_eq!(learned, replies[6].preferences, "another process learns the same from the archive");
}

#[test]
fn the_words_that_show_a_preference_stand_in_the_customers_own_text() {
    let (_folder, memory, _) = play();
    let customer = customer(&memory);
    let preferences = customer.preferences().expect("learns");
    let topics = preferences.topics.iter().flat_map(|topic| &topic.evidence);
    let style = preferences.style.iter().flat_map(|style| &style.evidence);
    let mut words = Vec::new();
    for evidence in style.chain(topics) {
        let said = customer
            .memory()
            .turn(evidence.turn)
            .expect("is there")
            .said
            .expect("the customer's half");
        words.push(said[evidence.span.clone().expect("a place")].to_lowercase());
    }
    for word in ["good morning", "kindly", "i am afraid", "password", "billing", "subscription"] {
        assert!(words.iter().any(|each| each == word), "{word} in {words:?}");
    }
}

#[test]
fn the_model_is_shown_all_of_session_1_when_turn_4_is_answered_by_another_opening() {
    let (_folder, _memory, held) = play();
    let script = script();
    let mut expected: Vec<(Role, String)> = Vec::new();
    for turn in list(&script["sessions"][0]["turns"]) {
        expected.push((Role::Customer, text(&turn["said"]).to_owned()));
        expected.push((Role::Agent, text(&turn["answer"]).to_owned()));
    }
    expected.push((Role::Customer, text(&script["sessions"][1]["turns"][0]["said"]).to_owned()));
    let request = held[1].requests.first().expect("was asked");
    // What is known of the customer comes first, as data; then the conversation, word for word.
    let (known, talk) = request.messages.split_first().expect("has messages");
    assert_eq!(known.0, Role::Data);
    assert!(known.1.contains("email: alice@example.com"), "{}", known.1);
    assert_eq!(talk, expected);
    assert!(
        request.system.contains("style: formal; length of messages: medium; common topics: login")
    );

    let last = held[2].requests.last().expect("was asked");
    let talk = last.messages.iter().filter(|(role, _)| *role != Role::Data);
    assert_eq!(talk.count(), 13, "six turns before it and its own message");
}

#[test]
fn the_transcript_is_the_golden_one() {
    let (_folder, memory, _) = play();
    let customer = customer(&memory);
    let mut sessions = customer.sessions(Page::first(10)).expect("lists");
    sessions.reverse();
    let turns = customer.memory().turns(Page::first(100)).expect("reads");
    let mut page = String::new();
    for session in &sessions {
        let resolved = if session.resolved { "resolved" } else { "open" };
        writeln!(
            page,
            "# Session {} ({}, {}): {resolved}",
            session.id.number(),
            session.channel,
            session.opened_at
        )
        .expect("text");
        for turn in turns.iter().filter(|turn| turn.session == session.id) {
            let by = turn.answered_by.as_deref().unwrap_or("nobody");
            let confidence = turn.confidence.unwrap_or_default();
            let resolved = if turn.resolved { "yes" } else { "no" };
            writeln!(page, "\n## Turn {} at {}\n{turn}", turn.id.number(), turn.at).expect("text");
            writeln!(page, "({by}, confidence {confidence:.2}, resolved {resolved})")
                .expect("text");
        }
        page.push('\n');
    }
    writeln!(page, "{}", customer.preferences().expect("learns")).expect("text");
    writeln!(page, "{}", customer.analytics().summary().expect("sums up")).expect("text");

    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/reference.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &page).expect("written");
    }
    let expected = std::fs::read_to_string(&golden).expect("the golden transcript is there");
    assert!(page == expected, "the transcript has changed; UPDATE_GOLDEN=1 renews it:\n{page}");
}
