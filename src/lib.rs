//! confidant remembers customers.

#![deny(unsafe_code, missing_docs)]
#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod codec;
mod error;
mod id;
mod llm;
mod memory;
mod preference;
mod text;
mod time;

pub use error::{Error, ErrorKind, LlmFailure, Result};
pub use id::{MAX_NAME_BYTES, MAX_PER_CUSTOMER, SessionId, TurnId};
#[cfg(feature = "http")]
pub use llm::Ollama;
pub use llm::{
    Article, AskedRequest, Finish, Length, LlmBackend, LlmMessage, LlmOutcome, LlmRequest, Offline, Role, Scripted,
    ScriptedReply, Tone, Usage,
};
pub use memory::{Channel, MAX_AUTHOR_BYTES, MAX_KEY_BYTES, NewAnswer, NewTurn, Turn};
pub use time::{Clock, SystemClock, Timestamp};
