//! confidant remembers customers.

#![deny(unsafe_code, missing_docs)]
#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod agent;
mod analytics;
mod codec;
mod error;
mod id;
mod llm;
mod memory;
mod preference;
// Without an engine every open is refused, and nothing else of the store is reached.
#[cfg_attr(not(feature = "sqlite"), allow(dead_code))]
mod store;
mod text;
mod time;

pub use agent::{Message, Persona, Price, Reply, Spending, SupportAgent, SupportAgentBuilder};
pub use analytics::{ConversationAnalytics, Summary};
pub use error::{Error, ErrorKind, LlmFailure, Result};
pub use id::{MAX_NAME_BYTES, MAX_PER_CUSTOMER, SessionId, TurnId};
#[cfg(feature = "http")]
pub use llm::Ollama;
pub use llm::{
    Article, AskedRequest, Finish, Length, LlmBackend, LlmMessage, LlmOutcome, LlmRequest, Offline, Role, Scripted,
    ScriptedReply, Tone, Usage,
};
pub use memory::{
    BufferStats, Builder, Channel, Confidant, Context, Customer, MAX_AUTHOR_BYTES, MAX_KEY_BYTES, Maintenance,
    NewAnswer, NewTurn, Outcome, Page, Persist, PersistentBufferMemory, Report, Session, SessionDetails,
    SessionMetrics, Stats, Tenant, Turn,
};
pub use preference::{
    Evidence, Preference, PreferenceExtractor, PreferenceState, Preferences, ResponseLength, Style, Topic,
};
pub use store::Durability;
pub use time::{Clock, SystemClock, Timestamp};
