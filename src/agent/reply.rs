//! What comes in and what goes out: a message of the customer, a reply to it.

use super::Answered;
use crate::error::Error;
use crate::llm::Usage;
use crate::memory::{NewTurn, Turn};
use crate::preference::Preferences;
use crate::time::Timestamp;

/// What a customer said, and what the host knows about it.
///
/// ```
/// use confidant::Message;
/// let message = Message::new("Where is my parcel?").key("chat-7-12").metadata(r#"{"ticket_id":"T-9"}"#);
/// # let _ = message;
/// ```
#[derive(Clone, Copy)]
pub struct Message<'a> {
    pub(super) turn: NewTurn<'a>,
    pub(super) profile: Option<&'a str>,
}

impl<'a> Message<'a> {
    /// What the customer said.
    pub fn new(text: &'a str) -> Message<'a> {
        Message { turn: NewTurn::said(text), profile: None }
    }

    /// When it was said; the present time if never said.
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

/// The agent's reply.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The stored turn; without an answer if the model failed.
    pub turn: Turn,
    /// What to tell the customer.
    pub text: String,
    /// How sure the model says it is, 0 to 1; 0.7 if it says nothing, 0 if it failed.
    pub confidence: f64,
    /// Whether the matter is settled, as the model says.
    pub resolved: bool,
    /// What is known of the customer's preferences, this message included.
    pub preferences: Preferences,
    /// The articles that the reply rests on.
    pub sources: Vec<String>,
    /// Tokens used; none if the reply was given before.
    pub usage: Usage,
    /// The cost in nano-dollars; `None` if the price is not known.
    pub cost_nano: Option<u64>,
    /// The customer's turns in all, this one included.
    pub history_len: u64,
    /// Why the model gave no answer; only with a fallback text.
    pub failure: Option<Error>,
}

impl Reply {
    pub(super) fn new(answered: Answered, preferences: Preferences, history_len: u64) -> Reply {
        let Answered { turn, usage, cost_nano, sources } = answered;
        Reply { usage, cost_nano, sources, ..Reply::again(turn, preferences, history_len) }
    }

    /// The reply of a turn that was answered before.
    pub(super) fn again(turn: Turn, preferences: Preferences, history_len: u64) -> Reply {
        Reply {
            text: turn.answer.clone().unwrap_or_default(),
            confidence: turn.confidence.unwrap_or_default(),
            resolved: turn.resolved,
            turn,
            preferences,
            sources: Vec::new(),
            usage: Usage::default(),
            cost_nano: Some(0),
            history_len,
            failure: None,
        }
    }

    /// The fallback's words; the turn stays unanswered.
    pub(super) fn failed(
        turn: Turn,
        text: &str,
        error: Error,
        preferences: Preferences,
        history_len: u64,
    ) -> Reply {
        Reply {
            text: text.to_owned(),
            confidence: 0.0,
            resolved: false,
            turn,
            preferences,
            sources: Vec::new(),
            usage: Usage::default(),
            cost_nano: None,
            history_len,
            failure: Some(error),
        }
    }
}
