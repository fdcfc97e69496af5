//! A backend that answers from a list.
//!
//! Knows which reply comes next and what it was asked. Tests and demonstrations use it in
//! place of a model: the same list gives the same conversation.

use super::{Finish, Length, LlmBackend, LlmOutcome, LlmRequest, Role, Tone};
use crate::error::{Error, LlmFailure, Result};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::fmt;
use std::ops::ControlFlow;

/// One reply of a [`Scripted`] backend: what it emits, then how it ends.
#[derive(Clone, Default)]
pub struct ScriptedReply {
    pieces: Vec<String>,
    confidence: Option<f64>,
    resolved: Option<bool>,
    sources: Vec<String>,
    failure: Option<Error>,
}

impl ScriptedReply {
    /// A reply given in one piece.
    pub fn new(text: impl Into<String>) -> ScriptedReply {
        ScriptedReply { pieces: vec![text.into()], ..ScriptedReply::default() }
    }

    /// A reply given in several pieces, one after the other.
    pub fn pieces<T: Into<String>>(pieces: impl IntoIterator<Item = T>) -> ScriptedReply {
        ScriptedReply {
            pieces: pieces.into_iter().map(Into::into).collect(),
            ..ScriptedReply::default()
        }
    }

    /// A failure before the first piece.
    pub fn failing(error: Error) -> ScriptedReply {
        ScriptedReply { failure: Some(error), ..ScriptedReply::default() }
    }

    /// Fails after the pieces were given, as a broken stream does.
    pub fn then_failing(mut self, error: Error) -> Self {
        self.failure = Some(error);
        self
    }

    /// How sure the model says it is, 0 to 1.
    pub fn confidence(mut self, confidence: f64) -> Self {
        self.confidence = Some(confidence);
        self
    }

    /// Whether the model says that the reply settles the matter.
    pub fn resolved(mut self, resolved: bool) -> Self {
        self.resolved = Some(resolved);
        self
    }

    /// The articles the reply claims to rest on.
    pub fn sources<T: Into<String>>(mut self, sources: impl IntoIterator<Item = T>) -> Self {
        self.sources = sources.into_iter().map(Into::into).collect();
        self
    }
}

impl From<&str> for ScriptedReply {
    fn from(text: &str) -> ScriptedReply {
        ScriptedReply::new(text)
    }
}

impl fmt::Debug for ScriptedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedReply")
            .field("pieces", &self.pieces.len())
            .field("confidence", &self.confidence)
            .field("resolved", &self.resolved)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// What a [`Scripted`] backend was asked, kept for tests to look at.
///
/// `Debug` prints how much there is, never what was said.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct AskedRequest {
    /// The instructions.
    pub system: String,
    /// The conversation, oldest first: who wrote it, and what.
    pub messages: Vec<(Role, String)>,
    /// The tone asked for.
    pub tone: Tone,
    /// The length asked for.
    pub length: Length,
}

impl AskedRequest {
    fn of(request: &LlmRequest<'_>) -> AskedRequest {
        AskedRequest {
            system: request.system.to_owned(),
            messages: request
                .messages
                .iter()
                .map(|each| (each.role, each.text.to_owned()))
                .collect(),
            tone: request.tone,
            length: request.length,
        }
    }
}

impl fmt::Debug for AskedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskedRequest")
            .field("system_bytes", &self.system.len())
            .field("messages", &self.messages.len())
            .field("tone", &self.tone)
            .field("length", &self.length)
            .finish()
    }
}

/// A backend that gives the replies of a list, in order, each once.
///
/// ```
/// use confidant::{LlmBackend, LlmMessage, LlmRequest, Role, Scripted, ScriptedReply};
/// use std::ops::ControlFlow;
///
/// let model = Scripted::new([ScriptedReply::new("It arrives today.").confidence(0.9).resolved(true)]);
/// let messages = [LlmMessage::new(Role::Customer, "Where is my parcel?")];
/// let mut reply = String::new();
/// let outcome = model.complete(&LlmRequest::new("", &messages), &mut |piece| {
///     reply.push_str(piece);
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!(reply, "It arrives today.");
/// assert_eq!(outcome.resolved, Some(true));
/// assert_eq!(model.requests().len(), 1);
/// # Ok::<(), confidant::Error>(())
/// ```
pub struct Scripted {
    state: Mutex<State>,
}

struct State {
    replies: VecDeque<ScriptedReply>,
    asked: Vec<AskedRequest>,
}

impl Scripted {
    /// A backend with that list of replies.
    pub fn new<T: Into<ScriptedReply>>(replies: impl IntoIterator<Item = T>) -> Scripted {
        let replies = replies.into_iter().map(Into::into).collect();
        Scripted { state: Mutex::new(State { replies, asked: Vec::new() }) }
    }

    /// What it was asked so far, oldest first; a request that found the list ended is there too.
    pub fn requests(&self) -> Vec<AskedRequest> {
        self.state.lock().asked.clone()
    }

    /// How many replies are left.
    pub fn remaining(&self) -> usize {
        self.state.lock().replies.len()
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("Scripted")
            .field("remaining", &state.replies.len())
            .field("asked", &state.asked.len())
            .finish()
    }
}

impl LlmBackend for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn is_free(&self) -> bool {
        true
    }

    fn complete(
        &self,
        request: &LlmRequest<'_>,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<LlmOutcome> {
        let (reply, number) = {
            let mut state = self.state.lock();
            state.asked.push(AskedRequest::of(request));
            (state.replies.pop_front(), state.asked.len())
        };
        let reply = reply.ok_or_else(|| {
            Error::llm(
                LlmFailure::ScriptEnded,
                format!("the script has no reply for request number {number}"),
            )
        })?;
        let mut given = String::new();
        let mut finish = Finish::Stop;
        for piece in &reply.pieces {
            given.push_str(piece);
            if emit(piece).is_break() {
                finish = Finish::Cancelled;
                break;
            }
        }
        match reply.failure {
            Some(failure) if finish == Finish::Stop => Err(failure),
            _ => Ok(LlmOutcome {
                finish,
                usage: request.estimated_usage(&given),
                confidence: reply.confidence,
                resolved: reply.resolved,
                sources: reply.sources,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::llm::LlmMessage;

    fn ask(model: &Scripted, stop_after: usize) -> (Vec<String>, Result<LlmOutcome>) {
        let messages = [LlmMessage::new(Role::Customer, "hello there")];
        let mut request = LlmRequest::new("be kind", &messages);
        request.tone = Tone::Formal;
        let mut pieces = Vec::new();
        let outcome = model.complete(&request, &mut |piece| {
            pieces.push(piece.to_owned());
            if pieces.len() >= stop_after {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        (pieces, outcome)
    }

    #[test]
    fn replies_come_in_order_and_then_the_script_has_ended() {
        let model = Scripted::new(["one", "two"]);
        assert_eq!(ask(&model, 9).0, ["one"]);
        assert_eq!(ask(&model, 9).0, ["two"]);
        let error = ask(&model, 9).1.expect_err("nothing is left");
        assert_eq!(error.llm_failure(), Some(LlmFailure::ScriptEnded));
        assert!(error.to_string().contains("number 3"));
        assert_eq!(model.requests().len(), 3);
    }

    #[test]
    fn what_was_asked_is_kept_and_debug_does_not_print_it() {
        let model = Scripted::new(["one"]);
        let _ = ask(&model, 9);
        let asked = model.requests().pop().expect("one request");
        assert_eq!(asked.system, "be kind");
        assert_eq!(asked.messages, [(Role::Customer, "hello there".to_owned())]);
        assert_eq!((asked.tone, asked.length), (Tone::Formal, Length::Medium));
        assert!(!format!("{asked:?} {model:?}").contains("hello"));
    }

    #[test]
    fn a_break_stops_the_pieces_and_is_not_a_failure() {
        let model = Scripted::new([
            ScriptedReply::pieces(["a", "b", "c"]).then_failing(crate::error::invalid("x"))
        ]);
        let (pieces, outcome) = ask(&model, 2);
        assert_eq!(pieces, ["a", "b"]);
        assert_eq!(outcome.expect("cancelled").finish, Finish::Cancelled);
    }

    #[test]
    fn a_scripted_failure_comes_before_or_after_the_pieces() {
        let busy = Error::new(ErrorKind::Busy, "busy");
        let model = Scripted::new([
            ScriptedReply::failing(busy.clone()),
            ScriptedReply::pieces(["a", "b"]).then_failing(busy),
        ]);
        let (pieces, outcome) = ask(&model, 9);
        assert!(pieces.is_empty() && outcome.is_err());
        let (pieces, outcome) = ask(&model, 9);
        assert_eq!(pieces, ["a", "b"]);
        assert_eq!(outcome.expect_err("fails").kind(), ErrorKind::Busy);
    }

    #[test]
    fn threads_share_one_list_and_each_reply_is_given_once() {
        let model = Scripted::new((0..40).map(|n| ScriptedReply::new(n.to_string())));
        let mut given: Vec<String> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..10).flat_map(|_| ask(&model, 9).0).collect::<Vec<_>>()))
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        });
        given.sort();
        given.dedup();
        assert_eq!((given.len(), model.remaining()), (40, 0));
    }
}
