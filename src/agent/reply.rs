//! What comes in and what goes out: a message of the customer, a reply to it.

use super::handoff::Escalation;
use super::known::Known;
use crate::error::Error;
use crate::knowledge::FoundArticle;
use crate::llm::Usage;
use crate::memory::{NewTurn, Turn};
use crate::preference::Preferences;
use crate::signals::{EntityKind, Signals};
use crate::time::Timestamp;

/// What a customer said, and what the host knows about it.
///
/// ```
/// use confidant::Message;
/// let message = Message::new("Where is my parcel?").key("chat-7-12").metadata(r#"{"ticket_id":"T-9"}"#);
/// # let _ = message;
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct Message<'a> {
    pub(super) turn: NewTurn<'a>,
    pub(super) profile: Option<&'a str>,
}

impl<'a> Message<'a> {
    /// What the customer said.
    pub fn new(text: &'a str) -> Message<'a> {
        Message { turn: NewTurn::said(text), profile: None }
    }

    /// When it was said. Default: now.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.turn = self.turn.at(time);
        self
    }

    /// An idempotency key: the same message again gives the same reply.
    pub fn key(mut self, key: &'a str) -> Self {
        self.turn = self.turn.key(key);
        self
    }

    /// The host's own data, stored with the turn: the text of one JSON object.
    pub fn metadata(mut self, json: &'a str) -> Self {
        self.turn = self.turn.metadata(json);
        self
    }

    /// What the company's records say of the customer, for this reply only. The model sees it
    /// as quoted data, never as instructions; it is not stored.
    pub fn profile(mut self, text: &'a str) -> Self {
        self.profile = Some(text);
        self
    }
}

/// An article behind a reply.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Source {
    /// The article's title.
    pub title: String,
    /// Its id in the tenant's knowledge base; `None` if it is an article of the model's own.
    pub article: Option<String>,
    /// How well it fits the question, beside the other articles, at most 1; `None` if the
    /// knowledge base did not find it.
    pub relevance: Option<f32>,
}

impl Source {
    /// The articles that a model names, or else all that it was shown.
    pub(super) fn of(named: &[String], found: &[FoundArticle], shown: usize) -> Vec<Source> {
        let known = |found: &FoundArticle| Source {
            title: found.article.title.clone(),
            article: Some(found.article.id.clone()),
            relevance: Some(found.score),
        };
        if named.is_empty() {
            return found.iter().take(shown).map(known).collect();
        }
        let source = |title: &String| match found.iter().find(|found| found.article.title == *title)
        {
            Some(found) => known(found),
            None => Source { title: title.clone(), article: None, relevance: None },
        };
        named.iter().map(source).collect()
    }
}

/// An answered turn and what it took.
pub(super) struct Answered {
    pub(super) turn: Turn,
    pub(super) usage: Usage,
    pub(super) cost_nano: Option<u64>,
    pub(super) sources: Vec<Source>,
    pub(super) replaced: Vec<EntityKind>,
    pub(super) defused: usize,
}

/// The agent's reply. `Debug` prints lengths, never what was said.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The stored turn; without an answer if the model failed.
    pub turn: Turn,
    /// What to tell the customer.
    pub text: String,
    /// How sure the model says it is, 0 to 1; 0.7 if it says nothing, 0 if it failed or a
    /// person takes over.
    pub confidence: f64,
    /// Whether the matter is settled, as the model says.
    pub resolved: bool,
    /// What the message says: how it sounds, what it is about, what it names.
    pub signals: Signals,
    /// Why a person should look at it, and whether one takes over; `None` without a reason.
    pub escalation: Option<Escalation>,
    /// What is known of the customer's preferences, this message included.
    pub preferences: Preferences,
    /// The articles that the reply rests on, or that the model was shown if it names none.
    pub sources: Vec<Source>,
    /// What the model asked for again although it was told; each question was replaced by the
    /// value that is known.
    pub replaced: Vec<EntityKind>,
    /// Control tokens of chat templates that stood in what the model was shown, made harmless.
    pub defused: usize,
    /// Tokens used; none if the reply was given before.
    pub usage: Usage,
    /// The cost in nano-dollars; `None` if the price is not known.
    pub cost_nano: Option<u64>,
    /// The customer's turns in all, this one included.
    pub history_len: u64,
    /// Why the model gave no answer; only with a fallback text.
    pub failure: Option<Error>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("turn", &self.turn)
            .field("text_bytes", &self.text.len())
            .field("confidence", &self.confidence)
            .field("resolved", &self.resolved)
            .field("escalation", &self.escalation)
            .field("sources", &self.sources.len())
            .field("usage", &self.usage)
            .field("cost_nano", &self.cost_nano)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

impl Reply {
    pub(super) fn new(answered: Answered, known: Known, escalation: Option<Escalation>) -> Reply {
        let Answered { turn, usage, cost_nano, sources, replaced, defused } = answered;
        let reply = Reply::again(turn, known, escalation);
        Reply { usage, cost_nano, sources, replaced, defused, ..reply }
    }

    /// The reply of a turn that was answered before.
    pub(super) fn again(turn: Turn, known: Known, escalation: Option<Escalation>) -> Reply {
        Reply {
            text: turn.answer.clone().unwrap_or_default(),
            confidence: turn.confidence.unwrap_or(0.0),
            resolved: turn.resolved,
            turn,
            signals: known.signals,
            escalation,
            preferences: known.preferences,
            sources: Vec::new(),
            replaced: Vec::new(),
            defused: 0,
            usage: Usage::default(),
            cost_nano: Some(0),
            history_len: known.history_len,
            failure: None,
        }
    }

    /// The fallback's words; the turn stays unanswered.
    pub(super) fn failed(
        turn: Turn,
        text: &str,
        error: Error,
        known: Known,
        escalation: Option<Escalation>,
    ) -> Reply {
        let text = text.to_owned();
        let (failure, cost_nano) = (Some(error), None);
        Reply { text, failure, cost_nano, ..Reply::again(turn, known, escalation) }
    }
}
