//! What is asked of a customer's past, and what comes back.

use crate::archive::{Channel, Turn};
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::id::SessionId;
use crate::recall::RecallBasis;
use crate::time::Timestamp;

/// The most turns that one question gives back.
const MAX_LIMIT: usize = 1_000;
/// The longest question, in bytes.
const MAX_QUESTION_BYTES: usize = 64 << 10;

/// A question about what was said before, in anybody's words.
///
/// ```
/// use confidant::{Channel, RecallQuery, Timestamp};
/// let query = RecallQuery::new("did they ever send the reset mail?")
///     .limit(5)
///     .on_channel(Channel::Email)
///     .from(Timestamp::from_millis(1_790_000_000_000))
///     .resolved(false)
///     .with_metadata("ticket", "\"A-7\"");
/// # let _ = query;
/// ```
#[derive(Clone)]
#[must_use]
pub struct RecallQuery<'a> {
    pub(super) text: &'a str,
    pub(super) limit: usize,
    pub(super) session: Option<SessionId>,
    pub(super) channel: Option<Channel>,
    pub(super) from: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) resolved: Option<bool>,
    pub(super) metadata: Vec<(&'a str, &'a str)>,
}

impl<'a> RecallQuery<'a> {
    /// A question of at most 64 KiB, for the 10 turns that answer it best.
    pub fn new(text: &'a str) -> RecallQuery<'a> {
        RecallQuery {
            text,
            limit: 10,
            session: None,
            channel: None,
            from: None,
            until: None,
            resolved: None,
            metadata: Vec::new(),
        }
    }

    /// How many turns, 1 to 1,000.
    pub fn limit(mut self, turns: usize) -> Self {
        self.limit = turns;
        self
    }

    /// Only turns of one session.
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// Only turns of one channel.
    pub fn on_channel(mut self, channel: Channel) -> Self {
        self.channel = Some(channel);
        self
    }

    /// Only turns at that time or later.
    pub fn from(mut self, time: Timestamp) -> Self {
        self.from = Some(time);
        self
    }

    /// Only turns before that time.
    pub fn until(mut self, time: Timestamp) -> Self {
        self.until = Some(time);
        self
    }

    /// Only turns that settled what the customer wanted, or only those that did not.
    pub fn resolved(mut self, resolved: bool) -> Self {
        self.resolved = Some(resolved);
        self
    }

    /// Only turns whose metadata has a member with that value, which is JSON: a text in
    /// quotation marks, a number, `true`, `false` or `null`. Said again, it is one more
    /// condition. Numbers are compared as they are written.
    pub fn with_metadata(mut self, name: &'a str, value: &'a str) -> Self {
        self.metadata.push((name, value));
        self
    }

    /// Whether not every turn may be found.
    pub(super) fn is_conditional(&self) -> bool {
        self.session.is_some()
            || self.channel.is_some()
            || self.from.is_some()
            || self.until.is_some()
            || self.resolved.is_some()
            || !self.metadata.is_empty()
    }

    pub(super) fn check(&self) -> Result<()> {
        if !(1..=MAX_LIMIT).contains(&self.limit) {
            return Err(invalid(format!(
                "the recall's limit is {}; it must be 1 to {MAX_LIMIT}",
                self.limit
            )));
        }
        if self.text.len() > MAX_QUESTION_BYTES {
            let bytes = self.text.len();
            let message =
                format!("the question has {bytes} bytes; the limit is {MAX_QUESTION_BYTES}");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        for (name, value) in &self.metadata {
            let is_plain = serde_json::from_str::<serde_json::Value>(value)
                .is_ok_and(|value| !value.is_array() && !value.is_object());
            if !is_plain {
                return Err(invalid(format!(
                    "the value asked for of the metadata's member {name:?} is no plain JSON value"
                )));
            }
        }
        Ok(())
    }
}

/// `Debug` prints the question's length, never its words.
impl std::fmt::Debug for RecallQuery<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecallQuery")
            .field("text_bytes", &self.text.len())
            .field("limit", &self.limit)
            .field("session", &self.session)
            .field("channel", &self.channel)
            .field("from", &self.from)
            .field("until", &self.until)
            .field("resolved", &self.resolved)
            .field("metadata", &self.metadata.len())
            .finish()
    }
}

/// Turns that answer a question, best first.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recalled {
    /// The turns; empty if nothing was ever said that could answer.
    pub turns: Vec<RecalledTurn>,
    /// What they were compared by.
    pub basis: RecallBasis,
}

/// A turn that answers a question, and why.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RecalledTurn {
    /// The turn.
    pub turn: Turn,
    /// How well it answers, against the other turns of this customer and this question; of no
    /// meaning across questions.
    pub score: f32,
    /// The share by words: 1 for the turn whose words fit best, 0 for no word.
    pub words: f32,
    /// The cosine between the turn's meaning and the question's, -1 to 1; 0 by words alone.
    pub meaning: f32,
    /// What the turns before and after it in its session, and the best one there, added to its
    /// score.
    pub neighbours: f32,
    /// The words of the question that the turn holds, or nearly; the 256 strongest pairs of
    /// words if there are more.
    pub matches: Vec<WordMatch>,
}

/// A word of a question and the word of a turn that answers it. `Debug` prints no word.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct WordMatch {
    /// The word of the question, folded.
    pub asked: String,
    /// The word of the turn, folded.
    pub found: String,
    /// 1 for the same word in any form, less for one that means something like it.
    pub strength: f32,
}

impl std::fmt::Debug for WordMatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WordMatch").field("strength", &self.strength).finish_non_exhaustive()
    }
}
