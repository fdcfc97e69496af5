//! The one way from a customer's message to the stored reply.
//!
//! What the customer said is saved first. Then it is read, what is known is put together, and
//! a person takes over or the model is asked; its draft is guarded, shown and saved. No lock
//! and no transaction is held while the model thinks.

use super::builder::SupportAgent;
use super::guard::Guard;
use super::handoff::{self, Escalation};
use super::known::Known;
use super::prompt::{self, Material, Prompt};
use super::reply::{Answered, Message, Reply, Source};
use super::report::{CONFIDENCE_IF_UNSAID, Reading, SelfReport};
use crate::error::{Error, ErrorKind, LlmFailure, Result};
use crate::llm::{Finish, LlmOutcome, LlmRequest, Usage, estimated};
use crate::memory::{NewAnswer, Session, Turn};
use crate::signals::EntityKind;
use std::ops::ControlFlow;

/// More pieces than this are no reply any more.
const MOST_PIECES: usize = 1_000_000;

type OnText<'f> = &'f mut dyn FnMut(&str) -> ControlFlow<()>;

impl SupportAgent {
    /// Answers what the customer said; see [`respond_to`](Self::respond_to).
    ///
    /// # Errors
    /// As [`respond_to`](Self::respond_to).
    pub fn respond(&self, session: &Session, message: &str) -> Result<Reply> {
        self.respond_to(session, Message::new(message), &mut |_| ControlFlow::Continue(()))
    }

    /// Answers what the customer said; shows the reply through `on_text` as it is written.
    ///
    /// The customer's half is durable before the model is asked, and stays, unanswered, if the
    /// model fails or `on_text` breaks. A message with a key that was answered before gives that
    /// answer again and asks nobody; if it comes again while the model is thinking, the first
    /// answer to be stored is the one that all get. The customer's own style and length, learned
    /// from the whole history, shape the reply.
    ///
    /// # Errors
    /// `Closed` if the session was closed; `InvalidArgument` or `Limit` if the message breaks
    /// a rule or the instructions do not fit the prompt; `Budget` before anything is sent;
    /// `Llm` as the backend says; `Cancelled` if `on_text` broke. With a fallback text, what
    /// happens once the message is saved comes as [`Reply::failure`] instead.
    pub fn respond_to(
        &self,
        session: &Session,
        message: Message<'_>,
        on_text: OnText<'_>,
    ) -> Result<Reply> {
        let asked = session.save_turn(message.turn)?;
        let known = self.known(session, &asked)?;
        let escalation = Escalation::of(&known.signals, &self.inner.settings);
        if asked.is_answered() {
            return Ok(Reply::again(asked, known, escalation));
        }
        let answered = match &escalation {
            Some(found) if found.is_handed_over => self.hand_over(session, &asked, &known, on_text),
            _ => self.answer(session, &asked, message.profile, &known, on_text),
        };
        match (answered, &self.inner.fallback) {
            (Ok(answered), _) => Ok(Reply::new(answered, known, escalation)),
            (Err(error), Some(text)) if has_fallback(&error) => {
                Ok(Reply::failed(asked, text, error, known, escalation))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Tells the customer that a person takes over; no model is asked.
    fn hand_over(
        &self,
        session: &Session,
        asked: &Turn,
        known: &Known,
        on_text: OnText<'_>,
    ) -> Result<Answered> {
        let text = handoff::text(&self.inner.settings, known.signals.language);
        if on_text(&text).is_break() {
            return Err(cancelled(asked));
        }
        let turn = save(session, asked, NewAnswer::new(&text).by(handoff::AUTHOR))?;
        Ok(Answered {
            turn,
            usage: Usage::default(),
            cost_nano: Some(0),
            sources: Vec::new(),
            replaced: Vec::new(),
            defused: 0,
        })
    }

    /// Asks the model and saves its answer.
    fn answer(
        &self,
        session: &Session,
        asked: &Turn,
        profile: Option<&str>,
        known: &Known,
        on_text: OnText<'_>,
    ) -> Result<Answered> {
        let inner = &*self.inner;
        let customer = session.customer();
        let persona = &inner.persona;
        let settings = &inner.settings;
        let prompt =
            prompt::build(&Material { persona, settings, customer, known, asked, profile })?;
        let most = Usage {
            input_tokens: prompt.tokens,
            output_tokens: u64::from(settings.max_reply_tokens),
            ..Usage::default()
        };
        let reservation = inner.books.reserve(&most)?;
        let Draft { text, report, replaced, outcome } = self.draft(&prompt, known, on_text);
        let used = match &outcome {
            Ok(outcome) => outcome.usage,
            // What was written before the failure is paid for, estimated.
            Err(_) if text.is_empty() => Usage::default(),
            Err(_) => Usage { output_tokens: estimated(&text), ..most },
        };
        let cost_nano = reservation.settle(&used, outcome.is_err());
        let outcome = outcome?;
        if outcome.finish == Finish::Cancelled {
            return Err(cancelled(asked));
        }
        if text.is_empty() {
            let message = format!("{} gave an empty answer to turn {}", inner.llm.name(), asked.id);
            return Err(Error::llm(LlmFailure::Decode, message));
        }
        let said = outcome.confidence.filter(|confidence| confidence.is_finite());
        let confidence = said.or(report.confidence).unwrap_or(CONFIDENCE_IF_UNSAID).clamp(0.0, 1.0);
        let resolved = outcome.resolved.or(report.resolved).unwrap_or(false);
        let answer =
            NewAnswer::new(&text).by(inner.llm.name()).confidence(confidence).resolved(resolved);
        let turn = save(session, asked, answer)?;
        let sources = Source::of(&outcome.sources, &known.articles, prompt.passages.len());
        let defused = prompt.defused;
        Ok(Answered { turn, usage: used, cost_nano, sources, replaced, defused })
    }

    /// Lets the model write, and shows what the guard lets pass.
    fn draft(&self, prompt: &Prompt, known: &Known, on_text: OnText<'_>) -> Draft {
        let (messages, passages) = (prompt.messages(), prompt.passages());
        let mut request = LlmRequest::new(&prompt.system, &messages);
        request.passages = &passages;
        request.tone = prompt.tone;
        request.length = prompt.length;
        request.temperature = self.inner.settings.temperature;
        request.max_tokens = self.inner.settings.max_reply_tokens;
        let mut reading = Reading::of(prompt.quotable.clone());
        let mut guard = Guard::new(Some(&known.given));
        // Not more than can be saved: what the customer has seen is never lost.
        let mut room = self.inner.memory.max_text_bytes() / 2;
        let (mut pieces, mut is_stopped, mut is_full) = (0, false, false);
        let mut outcome = self.inner.llm.complete(&request, &mut |piece| {
            pieces += 1;
            is_full |= piece.len() > room || pieces > MOST_PIECES;
            let piece = piece.get(..piece.floor_char_boundary(room)).unwrap_or_default();
            room -= piece.len();
            if !is_stopped && pieces <= MOST_PIECES {
                let show = guard.take(&reading.take(piece));
                is_stopped = !show.is_empty() && on_text(&show).is_break();
            }
            match is_stopped || is_full {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        let (_, report, rest) = reading.finish();
        let mut show = guard.take(&rest);
        let (text, more, replaced) = guard.finish();
        show.push_str(&more);
        let show = show.trim_end();
        if let Ok(outcome) = &mut outcome {
            if is_stopped || (!show.is_empty() && on_text(show).is_break()) {
                outcome.finish = Finish::Cancelled;
            } else if is_full {
                outcome.finish = Finish::Length;
            }
        }
        Draft { text, report, replaced, outcome }
    }
}

/// What came back from the model: what it wrote, also if it failed half-way.
struct Draft {
    text: String,
    report: SelfReport,
    replaced: Vec<EntityKind>,
    outcome: Result<LlmOutcome>,
}

fn has_fallback(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Llm | ErrorKind::Budget | ErrorKind::Cancelled | ErrorKind::Limit
    )
}

fn cancelled(asked: &Turn) -> Error {
    let message = format!("the answer to turn {} was stopped by the host", asked.id);
    Error::new(ErrorKind::Cancelled, message)
}

fn save(session: &Session, asked: &Turn, answer: NewAnswer<'_>) -> Result<Turn> {
    match session.answer(asked.id, answer) {
        // The same message came again while the model was thinking, and was answered
        // first: one turn has one answer.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            session.customer().memory().turn(asked.id)
        }
        answered => answered,
    }
}
