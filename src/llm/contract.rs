//! What is asked of a language model and what comes back, whichever protocol carries it.

use crate::error::Result;
use crate::text::{EstimatedTokens, TokenCounter};
use std::fmt;
use std::ops::ControlFlow;

/// Tokens that a chat template spends on each message.
const TOKENS_PER_MESSAGE: u64 = 4;

/// Who wrote a message of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The customer.
    Customer,
    /// Quoted data for the model to read; sent in the user's role, never as instructions.
    Data,
    /// The company's side, from our own store.
    Agent,
}

/// One message of the conversation, oldest first. `Debug` prints its length, never its words.
///
/// ```
/// use confidant::{LlmMessage, Role};
/// let message = LlmMessage::new(Role::Customer, "Where is my parcel?");
/// assert_eq!(message.role, Role::Customer);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LlmMessage<'a> {
    /// Who wrote it.
    pub role: Role,
    /// What was written.
    pub text: &'a str,
}

impl<'a> LlmMessage<'a> {
    /// A message and who wrote it.
    pub fn new(role: Role, text: &'a str) -> LlmMessage<'a> {
        LlmMessage { role, text }
    }
}

impl fmt::Debug for LlmMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmMessage")
            .field("role", &self.role)
            .field("text_bytes", &self.text.len())
            .finish()
    }
}

/// How formal the reply should sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Tone {
    /// Neither formal nor casual.
    #[default]
    Balanced,
    /// Full sentences, no contractions.
    Formal,
    /// Short and friendly.
    Casual,
}

/// How long the reply should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Length {
    /// A sentence or two.
    Brief,
    /// A short paragraph.
    #[default]
    Medium,
    /// Step by step.
    Detailed,
}

/// A passage of the knowledge base that a request rests on. `Debug` prints its length.
#[derive(Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LlmPassage<'a> {
    /// The article's title.
    pub title: &'a str,
    /// What it says.
    pub text: &'a str,
}

impl<'a> LlmPassage<'a> {
    /// A passage under its article's title.
    pub fn new(title: &'a str, text: &'a str) -> LlmPassage<'a> {
        LlmPassage { title, text }
    }
}

impl fmt::Debug for LlmPassage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmPassage").field("text_bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// What a language model is asked. `Debug` prints how much there is, never what was said.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct LlmRequest<'a> {
    /// Instructions; never holds anything a customer wrote.
    pub system: &'a str,
    /// The conversation, oldest first; the last one is the customer's and wants a reply.
    pub messages: &'a [LlmMessage<'a>],
    /// The passages of the knowledge base that fit the question, best first. A model reads them
    /// in a message of [`Role::Data`] already; they are here for backends that read no prose.
    pub passages: &'a [LlmPassage<'a>],
    /// How formal the reply should sound; also spelled out in `system`.
    pub tone: Tone,
    /// How long the reply should be; also spelled out in `system`.
    pub length: Length,
    /// Sampling temperature, 0 to 2.
    pub temperature: f32,
    /// The longest reply, in tokens of the model.
    pub max_tokens: u32,
}

impl<'a> LlmRequest<'a> {
    /// A request with temperature 0.7 and at most 300 tokens of reply.
    pub fn new(system: &'a str, messages: &'a [LlmMessage<'a>]) -> LlmRequest<'a> {
        LlmRequest {
            system,
            messages,
            passages: &[],
            tone: Tone::default(),
            length: Length::default(),
            temperature: 0.7,
            max_tokens: 300,
        }
    }
}

impl LlmRequest<'_> {
    /// Estimates what this request uses with that reply, for a server that counts no tokens.
    ///
    /// Counted as [`EstimatedTokens`] does, with four tokens more for each message.
    pub fn estimated_usage(&self, reply: &str) -> Usage {
        self.usage_with(estimated(reply))
    }

    /// The estimated use with a reply of that many tokens.
    pub(crate) fn usage_with(&self, output_tokens: u64) -> Usage {
        let message = |text: &str| estimated(text).saturating_add(TOKENS_PER_MESSAGE);
        let system = if self.system.is_empty() { 0 } else { message(self.system) };
        let texts = self.messages.iter().map(|each| message(each.text));
        Usage {
            input_tokens: texts.fold(system, u64::saturating_add),
            output_tokens,
            reported: false,
        }
    }
}

impl fmt::Debug for LlmRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmRequest")
            .field("system_bytes", &self.system.len())
            .field("messages", &self.messages)
            .field("tone", &self.tone)
            .field("length", &self.length)
            .field("temperature", &self.temperature)
            .field("max_tokens", &self.max_tokens)
            .finish()
    }
}

/// The tokens of a text, by the crate's one estimate.
pub(crate) fn estimated(text: &str) -> u64 {
    u64::try_from(EstimatedTokens::default().tokens(text)).unwrap_or(u64::MAX)
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Finish {
    /// It was done.
    #[default]
    Stop,
    /// It reached `max_tokens`.
    Length,
    /// The sink asked it to stop.
    Cancelled,
}

/// What a call used, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Whether the model's server counted them; otherwise they are estimated.
    pub reported: bool,
}

/// What a model says of its own reply.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct LlmOutcome {
    /// Why it stopped.
    pub finish: Finish,
    /// What it used.
    pub usage: Usage,
    /// How sure it is, 0 to 1, if it says so.
    pub confidence: Option<f64>,
    /// Whether the reply settles what the customer wanted, if it says so.
    pub resolved: Option<bool>,
    /// Names of the articles the reply rests on.
    pub sources: Vec<String>,
}

/// A language model.
///
/// Called without any lock or transaction held; it may take seconds and may be called from
/// many threads at once. A model of your own is one type with two methods:
///
/// ```
/// use confidant::{LlmBackend, LlmMessage, LlmOutcome, LlmRequest, Result, Role};
/// use std::ops::ControlFlow;
///
/// /// Says everything back; put the call to your own model here.
/// struct Echo;
///
/// impl LlmBackend for Echo {
///     fn name(&self) -> &str {
///         "echo-1"
///     }
///
///     fn complete(
///         &self,
///         request: &LlmRequest<'_>,
///         emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
///     ) -> Result<LlmOutcome> {
///         let asked = request.messages.last().map_or("", |message| message.text);
///         let reply = format!("You wrote: {asked}");
///         let _ = emit(&reply);
///         let mut outcome = LlmOutcome::default();
///         outcome.usage = request.estimated_usage(&reply);
///         Ok(outcome)
///     }
/// }
///
/// let messages = [LlmMessage::new(Role::Customer, "Where is my parcel?")];
/// let outcome = Echo.complete(&LlmRequest::new("Be kind.", &messages), &mut |piece| {
///     assert_eq!(piece, "You wrote: Where is my parcel?");
///     ControlFlow::Continue(())
/// })?;
/// assert!(!outcome.usage.reported);
/// # Ok::<(), confidant::Error>(())
/// ```
pub trait LlmBackend: Send + Sync {
    /// The model's name, as shown in statistics and stored with its answers.
    fn name(&self) -> &str;

    /// Whether its tokens cost nothing, as with a model on the own machine.
    fn is_free(&self) -> bool {
        false
    }

    /// Writes the reply through `emit`, in one piece or many; `Break` means stop early.
    ///
    /// # Errors
    /// `Llm` with its [`LlmFailure`](crate::LlmFailure); pieces already given stay given.
    fn complete(
        &self,
        request: &LlmRequest<'_>,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<LlmOutcome>;
}

impl<B: LlmBackend + ?Sized> LlmBackend for std::sync::Arc<B> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn is_free(&self) -> bool {
        (**self).is_free()
    }

    fn complete(
        &self,
        request: &LlmRequest<'_>,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<LlmOutcome> {
        (**self).complete(request, emit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_estimated_by_the_crates_own_count_and_four_tokens_a_message() {
        let messages = [LlmMessage::new(Role::Customer, "12345")];
        let bare = LlmRequest::new("", &messages).estimated_usage("");
        assert_eq!(bare.input_tokens, estimated("12345") + 4);
        let whole = LlmRequest::new("Be kind.", &messages).estimated_usage("Yes.");
        assert_eq!(whole.input_tokens, bare.input_tokens + estimated("Be kind.") + 4);
        assert_eq!((whole.output_tokens, whole.reported), (estimated("Yes."), false));
    }

    #[test]
    fn debug_output_holds_no_word_of_a_customer() {
        let messages = [LlmMessage::new(Role::Customer, "my secret")];
        let request = LlmRequest::new("the manner", &messages);
        let printed = format!("{request:?} {:?}", messages[0]);
        assert!(!printed.contains("secret") && !printed.contains("manner"), "{printed}");
    }
}
