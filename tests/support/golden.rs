//! The golden conversation played by a Rust host, and what a file holds as JSON lines.

use confidant::{
    Channel, Confidant, LlmBackend, LlmOutcome, LlmRequest, NewAnswer, NewArticle, NewTurn,
    Outcome, Page, RecallQuery, Result, Session, Summary, SupportAgent, Timestamp, Turn, TurnId,
    Usage,
};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;

use crate::support::TestClock;

struct Golden;

impl LlmBackend for Golden {
    fn name(&self) -> &str {
        "golden"
    }

    fn is_free(&self) -> bool {
        true
    }

    fn complete(
        &self,
        request: &LlmRequest<'_>,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<LlmOutcome> {
        let last = request.messages.last().unwrap().text.len();
        let _ = emit("I was given ");
        let _ = emit(&format!("{last} bytes and {} messages.", request.messages.len()));
        let mut usage = Usage::default();
        (usage.input_tokens, usage.output_tokens, usage.reported) = (100, 10, true);
        let mut outcome = LlmOutcome::default();
        (outcome.confidence, outcome.resolved, outcome.usage) = (Some(0.75), Some(true), usage);
        Ok(outcome)
    }
}

/// Plays the transcript into a new file.
pub fn play(transcript: &str, file: &Path) {
    let clock = TestClock::new();
    let store = Confidant::builder().clock(clock.clone()).open(file.to_str().unwrap()).unwrap();
    let customer = store.tenant("acme").unwrap().customer("alice").unwrap();
    let agent = SupportAgent::builder(&store).llm(Golden).build().unwrap();
    let mut session: Option<Session> = None;
    let mut last: Option<TurnId> = None;
    for line in transcript.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let field = |place: usize| fields.get(place).copied().filter(|field| *field != "-");
        let number = |place: usize| field(place).map_or(0, |field| field.parse::<i64>().unwrap());
        let open = || session.as_ref().expect("opened");
        match fields[0] {
            "clock" => clock.set(number(1)),
            "open" => session = Some(customer.open_session(CHANNELS[number(1) as usize]).unwrap()),
            "save" | "say" => last = Some(open().save_turn(new_turn(&field)).unwrap().id),
            "answer" => {
                let mut answer = NewAnswer::new(field(1).unwrap()).resolved(number(4) != 0);
                if let Some(by) = field(2) {
                    answer = answer.by(by);
                }
                if field(3).is_some() {
                    answer = answer.confidence(number(3) as f64 / 100.0);
                }
                open().answer(last.unwrap(), answer).unwrap();
            }
            "ask" => drop(agent.respond(open(), field(1).unwrap()).unwrap()),
            "close" => {
                let outcome = [Outcome::unknown(), Outcome::resolved(), Outcome::unresolved()]
                    [number(1) as usize];
                let rating = number(2) as u8;
                open().close(if rating == 0 { outcome } else { outcome.rated(rating) }).unwrap();
            }
            "article" => {
                let part = |place: usize| field(place).unwrap();
                let article = NewArticle::new(part(1), part(2), part(3)).category(part(4));
                store.tenant("acme").unwrap().knowledge().unwrap().put(&article).unwrap();
            }
            verb => panic!("{verb} is no verb of the transcript"),
        }
    }
}

const CHANNELS: [Channel; 5] =
    [Channel::Chat, Channel::Email, Channel::Phone, Channel::App, Channel::Social];

fn new_turn<'t>(field: &dyn Fn(usize) -> Option<&'t str>) -> NewTurn<'t> {
    let mut turn = match (field(2), field(3)) {
        (Some(said), Some(answer)) => NewTurn::said(said).answered(answer),
        (Some(said), None) => NewTurn::said(said),
        (None, answer) => NewTurn::unasked(answer.expect("one half")),
    };
    if let Some(key) = field(1) {
        turn = turn.key(key);
    }
    if let Some(by) = field(4) {
        turn = turn.answered_by(by);
    }
    if let Some(percent) = field(5) {
        turn = turn.confidence(percent.parse::<f64>().unwrap() / 100.0);
    }
    if let Some(json) = field(7) {
        turn = turn.metadata(json);
    }
    turn.resolved(field(6) == Some("1"))
}

/// What a file holds, as the hosts print it.
pub fn export(file: &Path) -> String {
    let store = Confidant::open(file.to_str().unwrap()).unwrap();
    let tenant = store.tenant("acme").unwrap();
    let customer = tenant.customer("alice").unwrap();
    let mut lines: Vec<String> =
        customer.memory().turns(Page::first(1000)).unwrap().iter().map(turn_line).collect();
    for one in customer.sessions(Page::first(1000)).unwrap() {
        lines.push(format!(
            "{{\"turns\":{},\"session\":{},\"opened_at\":{},\"closed_at\":{},\"rating\":{},\"resolved\":{}}}",
            one.turns,
            json(Some(one.id.to_string())),
            json(Some(one.opened_at.to_string())),
            json(one.closed_at.as_ref().map(Timestamp::to_string)),
            one.rating.unwrap_or(0),
            one.resolved
        ));
    }
    let preferences = customer.preferences().unwrap();
    let text = json(Some(preferences.to_string()));
    lines.push(format!(
        "{{\"customer_turns\":{},\"preferences\":{text}}}",
        preferences.customer_turns
    ));
    let Summary { sessions, resolved_sessions, turns, answered_turns, resolved_turns, .. } =
        tenant.analytics().summary().unwrap();
    lines.push(format!(
        "{{\"sessions\":{sessions},\"resolved_sessions\":{resolved_sessions},\"turns\":{turns},\
         \"answered_turns\":{answered_turns},\"resolved_turns\":{resolved_turns}}}"
    ));
    let recalled =
        customer.recall(&RecallQuery::new("Was the link ever mailed again?").limit(1)).unwrap();
    let best = &recalled.turns[0].turn;
    lines.push(format!(
        "{{\"recalled\":{},\"turn\":{}}}",
        best.id.number(),
        json(Some(best.id.to_string()))
    ));
    let base = tenant.knowledge().unwrap();
    let found = &base.search("Where do I see my bill?", 1).unwrap().articles[0];
    let [key, title] =
        [&found.article.id, &found.article.title].map(|text| json(Some(text.clone())));
    let passage = json(Some(found.passage.clone()));
    lines.push(format!(
        "{{\"articles\":{},\"found\":{key},\"title\":{title},\"passage\":{passage}}}",
        base.len().unwrap()
    ));
    lines.join("\n") + "\n"
}

fn turn_line(one: &Turn) -> String {
    format!(
        "{{\"number\":{},\"turn\":{},\"session\":{},\"channel\":{},\"at\":{},\"said\":{},\"answer\":{},\"by\":{},\
         \"answered_at\":{},\"percent\":{},\"resolved\":{},\"metadata\":{}}}",
        one.id.number(),
        json(Some(one.id.to_string())),
        json(Some(one.session.to_string())),
        CHANNELS.iter().position(|channel| *channel == one.channel).unwrap(),
        json(Some(one.at.to_string())),
        json(one.said.clone()),
        json(one.answer.clone()),
        json(one.answered_by.clone()),
        json(one.answered_at.as_ref().map(Timestamp::to_string)),
        one.confidence
            .map_or("null".to_owned(), |confidence| (confidence * 100.0).round().to_string()),
        one.resolved,
        json(one.metadata.clone()),
    )
}

fn json(text: Option<String>) -> String {
    text.map_or(Value::Null, Value::String).to_string()
}

/// FNV-1a, 64 bits: the digest by which people compare two files.
pub fn digest(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
