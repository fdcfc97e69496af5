//! A turn: what the customer said and the answer to it, in one record.
//!
//! Knows what a turn may hold and the limits of each part. Nothing here knows how a turn
//! is stored; what comes out is exactly what went in.

use crate::error::{Error, ErrorKind, Result, invalid};
use crate::id::{SessionId, TurnId};
use crate::text::Marked;
use crate::time::Timestamp;
use std::fmt;

/// The longest idempotency key, in bytes.
pub const MAX_KEY_BYTES: usize = 128;
/// The longest name of who answered, in bytes.
pub const MAX_AUTHOR_BYTES: usize = 128;
/// How far ahead of the clock a turn's time may lie: one day, in milliseconds.
const MAX_AHEAD_MS: i64 = 24 * 60 * 60 * 1000;

/// The way a customer reached the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Channel {
    /// A chat window.
    #[default]
    Chat,
    /// Electronic mail.
    Email,
    /// A telephone call, as a transcript.
    Phone,
    /// The company's own application.
    App,
    /// A social network.
    Social,
}

impl Channel {
    /// Every channel, in the order of its number.
    pub const ALL: [Channel; 5] =
        [Channel::Chat, Channel::Email, Channel::Phone, Channel::App, Channel::Social];

    /// The channel's name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Chat => "chat",
            Channel::Email => "email",
            Channel::Phone => "phone",
            Channel::App => "app",
            Channel::Social => "social",
        }
    }

    /// The channel's number, as stored and in the C ABI.
    pub fn code(self) -> i32 {
        match self {
            Channel::Chat => 0,
            Channel::Email => 1,
            Channel::Phone => 2,
            Channel::App => 3,
            Channel::Social => 4,
        }
    }

    /// The channel with that number.
    ///
    /// # Errors
    /// `InvalidArgument` if there is none.
    pub fn from_code(code: i32) -> Result<Channel> {
        Channel::ALL
            .into_iter()
            .find(|channel| channel.code() == code)
            .ok_or_else(|| invalid(format!("there is no channel number {code}")))
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Channel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Channel> {
        Channel::ALL
            .into_iter()
            .find(|channel| channel.name() == text)
            .ok_or_else(|| invalid("no such channel; there are chat, email, phone, app and social"))
    }
}

/// One stored turn. Texts are exactly what was saved.
///
/// `Debug` prints lengths, never what was said; `Display` prints the conversation.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Turn {
    /// Its place among the customer's turns.
    pub id: TurnId,
    /// The session it belongs to.
    pub session: SessionId,
    /// How the customer reached us.
    pub channel: Channel,
    /// When the customer's half was said; of the whole turn if there is no such half.
    pub at: Timestamp,
    /// What the customer said; `None` if the company spoke first.
    pub said: Option<String>,
    /// The answer; `None` until there is one.
    pub answer: Option<String>,
    /// When the answer was given.
    pub answered_at: Option<Timestamp>,
    /// Who or what answered: a model's name, an agent's.
    pub answered_by: Option<String>,
    /// How sure the answer's author was, 0 to 1, kept to six decimals.
    pub confidence: Option<f64>,
    /// Whether the turn settled what the customer wanted.
    pub resolved: bool,
    /// The host's own JSON object, as text.
    pub metadata: Option<String>,
}

impl Turn {
    /// Whether the turn has an answer.
    pub fn is_answered(&self) -> bool {
        self.answer.is_some()
    }

    /// Whether the turn is not on disk yet; only under [`Persist::Every`](crate::Persist).
    pub fn is_pending(&self) -> bool {
        self.id.is_pending()
    }

    /// The bytes of memory the turn takes, for the hot buffer's bound.
    pub(crate) fn weight(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::capacity);
        std::mem::size_of::<Turn>()
            + text(&self.said)
            + text(&self.answer)
            + text(&self.answered_by)
            + text(&self.metadata)
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = |text: &Option<String>| text.as_ref().map(String::len);
        f.debug_struct("Turn")
            .field("id", &self.id)
            .field("session", &self.session)
            .field("channel", &self.channel)
            .field("at", &self.at)
            .field("said_bytes", &bytes(&self.said))
            .field("answer_bytes", &bytes(&self.answer))
            .field("answered_at", &self.answered_at)
            .field("answered_by", &self.answered_by)
            .field("confidence", &self.confidence)
            .field("resolved", &self.resolved)
            .field("metadata_bytes", &bytes(&self.metadata))
            .finish()
    }
}

/// A line for each half. Inner lines of what was said begin with a mark, so that none of them
/// reads like another half.
impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(said) = &self.said {
            write!(f, "Customer: {}", Marked(said))?;
        }
        if let Some(answer) = &self.answer {
            let between = if self.said.is_some() { "\n" } else { "" };
            write!(f, "{between}Agent: {}", Marked(answer))?;
        }
        Ok(())
    }
}

/// A turn to be saved: at least one half, and what is known about it.
///
/// ```
/// use confidant::{NewTurn, Timestamp};
/// let turn = NewTurn::said("Where is my parcel?")
///     .answered("It arrives today.")
///     .at(Timestamp::from_millis(1_795_253_400_000))
///     .confidence(0.9)
///     .resolved(true)
///     .metadata(r#"{"ticket":"A-7"}"#)
///     .key("message-9");
/// # let _ = turn;
/// ```
#[derive(Clone, Copy, Default)]
pub struct NewTurn<'a> {
    pub(crate) said: Option<&'a str>,
    pub(crate) answer: Option<&'a str>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) answered_by: Option<&'a str>,
    pub(crate) confidence: Option<f64>,
    pub(crate) resolved: bool,
    pub(crate) metadata: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
}

impl<'a> NewTurn<'a> {
    /// A turn that begins with the customer.
    pub fn said(text: &'a str) -> NewTurn<'a> {
        NewTurn { said: Some(text), ..NewTurn::default() }
    }

    /// A turn in which the company speaks unasked: an answer without a first half.
    pub fn unasked(text: &'a str) -> NewTurn<'a> {
        NewTurn { answer: Some(text), ..NewTurn::default() }
    }

    /// Adds the answer.
    pub fn answered(mut self, text: &'a str) -> Self {
        self.answer = Some(text);
        self
    }

    /// When the turn was. Default: the present time. Not before 1970, and not more
    /// than a day ahead of the clock.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.at = Some(time);
        self
    }

    /// When the answer was given. Default: the turn's time.
    pub fn answered_at(mut self, time: Timestamp) -> Self {
        self.answered_at = Some(time);
        self
    }

    /// Who or what answered, 1 to 128 bytes.
    pub fn answered_by(mut self, author: &'a str) -> Self {
        self.answered_by = Some(author);
        self
    }

    /// How sure the answer's author was, 0 to 1; kept to six decimals.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = Some(confidence);
        self
    }

    /// Whether the turn settled what the customer wanted. Default: `false`.
    pub fn resolved(mut self, resolved: bool) -> Self {
        self.resolved = resolved;
        self
    }

    /// The host's own data: the text of one JSON object, stored as given.
    pub fn metadata(mut self, json: &'a str) -> Self {
        self.metadata = Some(json);
        self
    }

    /// An idempotency key, 1 to 128 bytes, unique within the customer: saving again under
    /// it returns the first turn and changes nothing.
    pub fn key(mut self, key: &'a str) -> Self {
        self.key = Some(key);
        self
    }

    /// Checks every part against its documented limit.
    pub(crate) fn check(&self, now: Timestamp, max_text_bytes: usize) -> Result<()> {
        if self.said.is_none() && self.answer.is_none() {
            return Err(invalid("the turn is empty: it has neither what was said nor an answer"));
        }
        if self.answer.is_none() && (self.answered_by.is_some() || self.answered_at.is_some()) {
            return Err(invalid("the turn names an answer's author or time, but has no answer"));
        }
        check_text("the customer's text", self.said, max_text_bytes)?;
        check_text("the answer", self.answer, max_text_bytes)?;
        check_time("the turn's time", self.at, now)?;
        check_time("the answer's time", self.answered_at, now)?;
        check_short("the answer's author", self.answered_by, MAX_AUTHOR_BYTES)?;
        check_short("the idempotency key", self.key, MAX_KEY_BYTES)?;
        check_confidence(self.confidence)?;
        check_metadata(self.metadata, max_text_bytes)
    }
}

/// The answer to a turn that was saved without one.
#[derive(Clone, Copy, Default)]
pub struct NewAnswer<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: Option<Timestamp>,
    pub(crate) by: Option<&'a str>,
    pub(crate) confidence: Option<f64>,
    pub(crate) resolved: bool,
    pub(crate) metadata: Option<&'a str>,
}

impl<'a> NewAnswer<'a> {
    /// An answer.
    pub fn new(text: &'a str) -> NewAnswer<'a> {
        NewAnswer { text, ..NewAnswer::default() }
    }

    /// When it was given. Default: the present time.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.at = Some(time);
        self
    }

    /// Who or what answered, 1 to 128 bytes.
    pub fn by(mut self, author: &'a str) -> Self {
        self.by = Some(author);
        self
    }

    /// How sure the author was, 0 to 1; kept to six decimals.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = Some(confidence);
        self
    }

    /// Whether the turn settled what the customer wanted.
    pub fn resolved(mut self, resolved: bool) -> Self {
        self.resolved = resolved;
        self
    }

    /// The text of a JSON object, laid over the turn's: its members replace those of the
    /// same name.
    pub fn metadata(mut self, json: &'a str) -> Self {
        self.metadata = Some(json);
        self
    }

    pub(crate) fn check(&self, now: Timestamp, max_text_bytes: usize) -> Result<()> {
        check_text("the answer", Some(self.text), max_text_bytes)?;
        check_time("the answer's time", self.at, now)?;
        check_short("the answer's author", self.by, MAX_AUTHOR_BYTES)?;
        check_confidence(self.confidence)?;
        check_metadata(self.metadata, max_text_bytes)
    }
}

fn check_text(what: &str, text: Option<&str>, max_bytes: usize) -> Result<()> {
    match text {
        Some(text) if text.len() > max_bytes => Err(Error::new(
            ErrorKind::Limit,
            format!("{what} has {} bytes; the limit is {max_bytes}", text.len()),
        )),
        _ => Ok(()),
    }
}

fn check_short(what: &str, text: Option<&str>, max_bytes: usize) -> Result<()> {
    match text {
        Some("") => Err(invalid(format!("{what} is empty"))),
        Some(text) if text.len() > max_bytes => {
            Err(invalid(format!("{what} has {} bytes; the limit is {max_bytes}", text.len())))
        }
        Some(text) if text.chars().any(char::is_control) => {
            Err(invalid(format!("{what} holds a control character")))
        }
        _ => Ok(()),
    }
}

fn check_time(what: &str, time: Option<Timestamp>, now: Timestamp) -> Result<()> {
    match time {
        Some(time) if time.as_millis() < 0 => {
            Err(invalid(format!("{what} is before 1970: {time}")))
        }
        Some(time) if time.as_millis() > now.as_millis().saturating_add(MAX_AHEAD_MS) => {
            Err(invalid(format!(
                "{what} is {time}, more than a day ahead of the clock, which says {now}"
            )))
        }
        _ => Ok(()),
    }
}

fn check_confidence(confidence: Option<f64>) -> Result<()> {
    match confidence {
        Some(value) if !(0.0..=1.0).contains(&value) => {
            Err(invalid(format!("the confidence is {value}; it must lie between 0 and 1")))
        }
        _ => Ok(()),
    }
}

fn check_metadata(metadata: Option<&str>, max_bytes: usize) -> Result<()> {
    let Some(text) = metadata else { return Ok(()) };
    check_text("the metadata", Some(text), max_bytes)?;
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err(invalid("the metadata is JSON, but not an object")),
        Err(cause) => Err(invalid(format!(
            "the metadata is not JSON: line {}, column {}",
            cause.line(),
            cause.column()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_253_400_000);

    fn complaint(turn: NewTurn<'_>) -> String {
        turn.check(NOW, 64 * 1024).expect_err("refused").to_string()
    }

    #[test]
    fn each_bad_part_is_named_in_the_complaint() {
        assert!(complaint(NewTurn::default()).contains("empty"));
        assert!(
            complaint(NewTurn::said("x").at(Timestamp::from_millis(-1))).contains("before 1970")
        );
        let ahead = Timestamp::from_millis(NOW.as_millis() + MAX_AHEAD_MS + 1);
        assert!(complaint(NewTurn::said("x").at(ahead)).contains("ahead"));
        assert!(complaint(NewTurn::said("x").metadata("[1]")).contains("not an object"));
        assert!(complaint(NewTurn::said("x").metadata("{")).contains("not JSON"));
        assert!(complaint(NewTurn::said("x").confidence(1.5)).contains("1.5"));
        assert!(complaint(NewTurn::said("x").confidence(f64::NAN)).contains("NaN"));
        assert!(complaint(NewTurn::said("x").key("")).contains("key is empty"));
        assert!(complaint(NewTurn::said("x").answered_by("model")).contains("no answer"));
        assert!(complaint(NewTurn::said(&"x".repeat(65_537))).contains("65537"));
    }

    #[test]
    fn empty_text_and_the_whole_limit_are_fine() {
        let limit = "x".repeat(64 * 1024);
        assert!(NewTurn::said("").check(NOW, 64 * 1024).is_ok());
        assert!(NewTurn::said(&limit).answered("").metadata("{}").check(NOW, 64 * 1024).is_ok());
    }

    #[test]
    fn debug_never_prints_what_was_said() {
        let turn = NewTurn::said("secret words");
        let tag = crate::id::Tag::of("a", "b");
        let stored = Turn {
            id: TurnId::new(tag, 1),
            session: SessionId::new(tag, 1),
            channel: Channel::Chat,
            at: NOW,
            said: turn.said.map(str::to_owned),
            answer: None,
            answered_at: None,
            answered_by: None,
            confidence: None,
            resolved: false,
            metadata: None,
        };
        assert!(!format!("{stored:?}").contains("secret"));
        assert_eq!(stored.to_string(), "Customer: secret words");
    }
}
