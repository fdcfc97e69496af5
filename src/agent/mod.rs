//! The support agent: one call from a customer's message to a stored, answered turn.
//!
//! Knows the order of things: what the customer said is durable before the model is asked,
//! no lock or transaction is held while it thinks, and its answer joins the same turn.

mod budget;
mod offline;
mod persona;
mod prompt;
mod reply;
mod report;

pub use budget::{Price, Spending};
pub use offline::{Article, Offline};
pub use persona::Persona;
pub use reply::{Message, Reply};

use crate::error::{Error, ErrorKind, LlmFailure, Result, invalid};
use crate::llm::{Finish, LlmBackend, LlmOutcome, LlmRequest, Usage};
use crate::memory::{Confidant, Context, NewAnswer, Session, Turn};
use crate::preference::Preferences;
use budget::Books;
use prompt::{Material, Prompt};
use report::{CONFIDENCE_IF_UNSAID, Reading, SelfReport};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Answers customers with a language model, on top of their memory.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
/// use confidant::{Channel, Offline, SupportAgent};
/// let agent = SupportAgent::builder(&memory).llm(Offline::new()).build()?;
/// let session = memory.customer("alice")?.open_session(Channel::Chat)?;
/// let reply = agent.respond(&session, "I forgot my password, what can I do?")?;
/// println!("{} (confidence {:.2})", reply.text, reply.confidence);
/// assert_eq!(reply.history_len, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SupportAgent {
    inner: Arc<Inner>,
}

struct Inner {
    memory: Confidant,
    llm: Arc<dyn LlmBackend>,
    persona: Persona,
    prompt_turns: usize,
    max_prompt_tokens: usize,
    max_reply_tokens: u32,
    temperature: f32,
    fallback: Option<String>,
    books: Books,
}

impl SupportAgent {
    /// An agent over a memory; without further words it is friendly and works offline.
    pub fn builder(memory: &Confidant) -> SupportAgentBuilder {
        SupportAgentBuilder {
            memory: memory.clone(),
            llm: None,
            persona: Persona::default(),
            prompt_turns: 10,
            max_prompt_tokens: 6_000,
            max_reply_tokens: 300,
            temperature: 0.7,
            fallback: None,
            price: None,
            budget_nano: None,
        }
    }

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
    /// a rule or does not fit the prompt; `Budget` before anything is sent; `Llm` as the
    /// backend says; `Cancelled` if `on_text` broke. With a fallback text the last three come
    /// as [`Reply::failure`] instead.
    pub fn respond_to(
        &self,
        session: &Session,
        message: Message<'_>,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Reply> {
        let asked = session.save_turn(message.turn)?;
        let context = session.context()?;
        let preferences = session.customer().preferences()?;
        if asked.is_answered() {
            return Ok(Reply::again(asked, preferences, context.total()));
        }
        match self.answer(session, &asked, message.profile, &context, &preferences, on_text) {
            Ok(answered) => Ok(Reply::new(answered, preferences, context.total())),
            Err(error) => match &self.inner.fallback {
                Some(text)
                    if matches!(
                        error.kind(),
                        ErrorKind::Llm | ErrorKind::Budget | ErrorKind::Cancelled
                    ) =>
                {
                    Ok(Reply::failed(asked, text, error, preferences, context.total()))
                }
                _ => Err(error),
            },
        }
    }

    /// What the agent has used since it was built.
    pub fn spending(&self) -> Spending {
        self.inner.books.spending()
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        self.inner.llm.name()
    }

    /// The memory it works on.
    pub fn memory(&self) -> &Confidant {
        &self.inner.memory
    }

    fn answer(
        &self,
        session: &Session,
        asked: &Turn,
        profile: Option<&str>,
        context: &Context,
        preferences: &Preferences,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Answered> {
        let inner = &*self.inner;
        let prompt = prompt::build(&Material {
            persona: &inner.persona,
            preferences,
            context,
            asked,
            profile,
            most_turns: inner.prompt_turns,
            max_tokens: inner.max_prompt_tokens,
        })?;
        let most = Usage {
            input_tokens: prompt.tokens,
            output_tokens: u64::from(inner.max_reply_tokens),
            ..Usage::default()
        };
        let reservation = inner.books.reserve(&most)?;
        let Asked { text, report, outcome } = self.ask(&prompt, on_text);
        let used = match &outcome {
            Ok(outcome) => outcome.usage,
            // What was written before the failure is paid for, estimated.
            Err(_) if text.is_empty() => Usage::default(),
            Err(_) => Usage {
                input_tokens: prompt.tokens,
                output_tokens: prompt::tokens(&text),
                ..Usage::default()
            },
        };
        let cost_nano = reservation.settle(&used, outcome.is_err());
        let outcome = outcome?;
        if outcome.finish == Finish::Cancelled {
            return Err(Error::new(
                ErrorKind::Cancelled,
                format!("the answer to turn {} was stopped by the host", asked.id),
            ));
        }
        if text.is_empty() {
            let message = format!("{} gave an empty answer to turn {}", inner.llm.name(), asked.id);
            return Err(Error::llm(LlmFailure::Decode, message));
        }
        let confidence = outcome
            .confidence
            .or(report.confidence)
            .unwrap_or(CONFIDENCE_IF_UNSAID)
            .clamp(0.0, 1.0);
        let resolved = outcome.resolved.or(report.resolved).unwrap_or(false);
        let answer =
            NewAnswer::new(&text).by(inner.llm.name()).confidence(confidence).resolved(resolved);
        let turn = match session.answer(asked.id, answer) {
            // The same message came again while the model was thinking, and was answered
            // first: one turn has one answer.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                session.customer().memory().turn(asked.id)?
            }
            answered => answered?,
        };
        Ok(Answered { turn, usage: used, cost_nano, sources: outcome.sources })
    }

    /// Asks the model; no lock and no transaction is held meanwhile.
    fn ask(&self, prompt: &Prompt, on_text: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Asked {
        let messages = prompt.messages();
        let mut request = LlmRequest::new(&prompt.system, &messages);
        request.tone = prompt.tone;
        request.length = prompt.length;
        request.temperature = self.inner.temperature;
        request.max_tokens = self.inner.max_reply_tokens;
        let mut reading = Reading::of(prompt.quotable.clone());
        let mut stopped = false;
        let mut outcome = self.inner.llm.complete(&request, &mut |piece| {
            let show = reading.take(piece);
            if stopped || (!show.is_empty() && on_text(&show).is_break()) {
                stopped = true;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        let (text, report, rest) = reading.finish();
        if let Ok(outcome) = &mut outcome
            && (stopped || (!rest.is_empty() && on_text(&rest).is_break()))
        {
            outcome.finish = Finish::Cancelled;
        }
        Asked { text, report, outcome }
    }
}

/// What came back from the model: what it wrote, also if it failed half-way.
struct Asked {
    text: String,
    report: SelfReport,
    outcome: Result<LlmOutcome>,
}

/// An answered turn and what it took.
struct Answered {
    turn: Turn,
    usage: Usage,
    cost_nano: Option<u64>,
    sources: Vec<String>,
}

impl fmt::Debug for SupportAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupportAgent").field("model", &self.model()).finish_non_exhaustive()
    }
}

/// The settings of an agent to be built.
#[must_use]
pub struct SupportAgentBuilder {
    memory: Confidant,
    llm: Option<Arc<dyn LlmBackend>>,
    persona: Persona,
    prompt_turns: usize,
    max_prompt_tokens: usize,
    max_reply_tokens: u32,
    temperature: f32,
    fallback: Option<String>,
    price: Option<Price>,
    budget_nano: Option<u64>,
}

impl SupportAgentBuilder {
    /// The language model; [`Offline`] with its starter articles if never said. A model that
    /// [is free](LlmBackend::is_free) costs nothing; any other's price is unknown until it is
    /// said.
    pub fn llm(mut self, llm: impl LlmBackend + 'static) -> Self {
        self.llm = Some(Arc::new(llm));
        self
    }

    /// Who speaks; [`Persona::friendly`] if never said.
    pub fn persona(mut self, persona: Persona) -> Self {
        self.persona = persona;
        self
    }

    /// The earlier turns that the model is shown at most; 10 if never said.
    pub fn prompt_turns(mut self, turns: usize) -> Self {
        self.prompt_turns = turns;
        self
    }

    /// The prompt's hard limit in estimated tokens; 6,000 if never said. Earlier turns are
    /// left out, whole and the oldest first, until it is kept.
    pub fn max_prompt_tokens(mut self, tokens: usize) -> Self {
        self.max_prompt_tokens = tokens;
        self
    }

    /// The longest reply in tokens; 300 if never said.
    pub fn max_reply_tokens(mut self, tokens: u32) -> Self {
        self.max_reply_tokens = tokens;
        self
    }

    /// The sampling temperature, 0 to 2; 0.7 if never said.
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.temperature = temperature;
        self
    }

    /// What the model's tokens cost.
    pub fn price(mut self, price: Price) -> Self {
        self.price = Some(price);
        self
    }

    /// The most that this agent may spend, in nano-dollars. A reply that could pass it is
    /// refused before anything is sent. Needs a price.
    pub fn budget_nano(mut self, nano_dollars: u64) -> Self {
        self.budget_nano = Some(nano_dollars);
        self
    }

    /// What to tell the customer if the model fails. The failure itself is in
    /// [`Reply::failure`], and the turn stays unanswered.
    pub fn fallback(mut self, text: impl Into<String>) -> Self {
        self.fallback = Some(text.into());
        self
    }

    /// Builds the agent.
    ///
    /// # Errors
    /// `InvalidArgument`, naming the setting, if one is out of its range.
    pub fn build(self) -> Result<SupportAgent> {
        if !(0.0..=2.0).contains(&self.temperature) {
            return Err(invalid(format!(
                "the temperature is {}; it must lie between 0 and 2",
                self.temperature
            )));
        }
        if self.max_reply_tokens == 0 || self.max_prompt_tokens == 0 {
            return Err(invalid("a prompt and a reply need at least one token each"));
        }
        let llm = self.llm.unwrap_or_else(|| Arc::new(Offline::new()));
        let price = self.price.or_else(|| llm.is_free().then_some(Price::FREE));
        if self.budget_nano.is_some() && price.is_none() {
            return Err(invalid("a budget needs a price: without one no cost is known"));
        }
        let inner = Inner {
            memory: self.memory,
            llm,
            persona: self.persona,
            prompt_turns: self.prompt_turns,
            max_prompt_tokens: self.max_prompt_tokens,
            max_reply_tokens: self.max_reply_tokens,
            temperature: self.temperature,
            fallback: self.fallback,
            books: Books::new(price, self.budget_nano),
        };
        Ok(SupportAgent { inner: Arc::new(inner) })
    }
}
