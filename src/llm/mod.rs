//! Language models and embedders: what is asked of one, and the protocols that carry it.
//!
//! Nobody else knows that a protocol exists. Adding one is a file in `protocol/` and a line here.

mod contract;
mod embedder;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod protocol;
mod scripted;

pub(crate) use contract::estimated;
pub use contract::{
    Finish, Length, LlmBackend, LlmMessage, LlmOutcome, LlmPassage, LlmRequest, Role, Tone, Usage,
};
pub use embedder::Embedder;
#[cfg(feature = "http")]
pub use protocol::{Anthropic, HttpEmbedder, Ollama, OpenAi};
pub use scripted::{AskedRequest, Scripted, ScriptedReply};
