//! Language models: one trait, and the backends that implement it.
//!
//! Knows what is asked of a model and what comes back, whichever protocol carries it.
//! Nobody else knows that a protocol exists.

mod article;
mod embedder;
#[cfg(feature = "http")]
mod embeddings;
mod estimate;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod lines;
mod offline;
#[cfg(feature = "http")]
mod ollama;
#[cfg(feature = "http")]
mod retry;
mod scripted;
#[cfg(feature = "http")]
mod tls;

pub use article::Article;
pub use embedder::Embedder;
#[cfg(feature = "http")]
pub use embeddings::HttpEmbedder;
pub use offline::Offline;
#[cfg(feature = "http")]
pub use ollama::Ollama;
pub use scripted::{AskedRequest, Scripted, ScriptedReply};

use crate::error::Result;
use std::ops::ControlFlow;

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

/// One message of the conversation, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LlmMessage<'a> {
    /// Who wrote it.
    pub role: Role,
    /// What was written.
    pub text: &'a str,
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

/// What a language model is asked.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct LlmRequest<'a> {
    /// Instructions; never holds anything a customer wrote.
    pub system: &'a str,
    /// The conversation, oldest first; the last one is the customer's and wants a reply.
    pub messages: &'a [LlmMessage<'a>],
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
            tone: Tone::default(),
            length: Length::default(),
            temperature: 0.7,
            max_tokens: 300,
        }
    }
}

impl LlmRequest<'_> {
    /// A guess at what a reply of that many bytes uses, for backends whose server counts no
    /// tokens: four bytes are a token, and each message costs four more.
    pub fn estimated_usage(&self, reply_bytes: usize) -> Usage {
        estimate::usage(self, reply_bytes)
    }
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
/// many threads at once.
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
