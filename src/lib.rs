//! confidant remembers customers: every conversation in one file, across restarts, channels,
//! agents and years, with no server, no network and no model needed.
//!
//! | to | use |
//! |---|---|
//! | open a memory | [`Confidant::open`], [`Confidant::builder`] |
//! | reach a company's customers | [`Confidant::tenant`], [`Tenant::customer`] |
//! | save and load turns | [`Customer::memory`], [`PersistentBufferMemory`] |
//! | find what was said before | [`Customer::recall`], [`RecallQuery`] |
//! | keep articles and other short texts | [`Tenant::knowledge`], [`Tenant::collection`] |
//! | show a model what matters | [`Customer::assemble`], [`ContextRequest`] |
//! | keep conversations apart | [`Customer::open_session`], [`Session`] |
//! | learn what a customer likes | [`Customer::preferences`], [`PreferenceExtractor`] |
//! | answer customers | [`SupportAgent`], with any [`LlmBackend`] |
//! | see how it goes | [`Tenant::analytics`], [`ConversationAnalytics::report`] |
//! | never ask twice | [`Customer::given`], [`Given::asked_again`] |
//! | know what a message says | [`Signals::of`], [`SignalRules`], [`LinearTable`] |
//! | read a text | [`OwnWords`], [`Normalized`], [`redact`], [`language_of`] |
//! | look after the file | [`Confidant::maintain`], [`Confidant::check`], [`Confidant::compact`] |
//! | copy it | [`Confidant::backup`], [`Confidant::restore`] |
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("support.db");
//! # let path = path.to_str().ok_or("not UTF-8")?;
//! use confidant::{Confidant, NewTurn};
//!
//! let memory = Confidant::open(path)?;
//! let alice = memory.customer("alice")?.memory();
//! alice.save_turn(NewTurn::said("Where is my parcel?").answered("It arrives today."))?;
//! drop((alice, memory));
//!
//! // Another process, another day.
//! let memory = Confidant::open(path)?;
//! let context = memory.customer("alice")?.memory().load_context()?;
//! assert_eq!(context.newest().and_then(|turn| turn.answer.as_deref()), Some("It arrives today."));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every call blocks; handles are cheap to clone and may be used from many threads. The
//! library owns no threads, prints nothing and reads no environment. Every failure is an
//! [`Error`] with a [kind](ErrorKind); nothing panics on bad input or a bad file.

#![deny(unsafe_code, missing_docs)]
#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod agent;
mod analytics;
mod archive;
mod assembly;
mod codec;
mod collection;
mod embedding;
mod error;
mod facts;
mod history;
mod id;
mod knowledge;
mod llm;
mod memory;
mod preference;
#[cfg(test)]
mod random;
mod recall;
mod signals;
// Without an engine every open is refused, and nothing else of the store is reached.
#[cfg_attr(not(feature = "sqlite"), allow(dead_code))]
mod store;
mod subjects;
mod text;
mod time;
mod upkeep;

pub use agent::{
    Article, Escalation, Message, Offline, Persona, Price, Reply, Source, Spending, SupportAgent,
    SupportAgentBuilder,
};
pub use analytics::{
    AnalyticsReport, ConversationAnalytics, Health, HealthLimits, LimitBreach, Metrics, Mood,
    ResolvedBy, Summary, Trend,
};
pub use assembly::{AssembledContext, ContextRequest};
pub use collection::{
    Collection, Condition, Embedded, FoundDocument, FoundDocuments, MAX_DOCUMENT_BYTES,
    NewDocument, StoredText,
};
pub use error::{Error, ErrorKind, LlmFailure, Result};
pub use facts::{AskedAgain, Given, GivenFact};
pub use history::{RecallQuery, Recalled, RecalledTurn, WordMatch};
pub use id::{MAX_NAME_BYTES, MAX_PER_CUSTOMER, SessionId, TurnId};
pub use knowledge::{
    FoundArticle, FoundArticles, KnowledgeArticle, KnowledgeBase, KnowledgeUsage, NewArticle,
};
#[cfg(feature = "http")]
pub use llm::{Anthropic, HttpEmbedder, Ollama, OpenAi};
pub use llm::{
    AskedRequest, Embedder, Finish, Length, LlmBackend, LlmMessage, LlmOutcome, LlmRequest, Role,
    Scripted, ScriptedReply, Tone, Usage,
};
pub use memory::{
    BufferStats, Builder, CacheStats, Channel, CheckReport, Confidant, Context, Customer,
    MAX_AUTHOR_BYTES, MAX_KEY_BYTES, NewAnswer, NewTurn, Outcome, Page, Persist,
    PersistentBufferMemory, Session, SessionDetails, SessionMetrics, StoreStats, Tenant, Turn,
};
pub use preference::{
    Evidence, Hours, Preference, PreferenceExtractor, PreferenceState, Preferences, ResponseLength,
    Statement, Style,
};
pub use recall::RecallBasis;
pub use signals::{
    Cue, Entity, EntityKind, EscalationReason, Finding, Intent, LinearTable, Sentiment,
    SignalContext, SignalRules, Signals, Topic, Urgency, WishKind,
};
pub use store::{CopyProgress, Durability};
pub use text::{
    EstimatedTokens, Normalized, OwnWords, Redacted, Sensitive, TokenCounter, language_of, redact,
};
pub use time::{Clock, Day, SystemClock, Timestamp};
pub use upkeep::MaintenanceReport;

/// The README's Rust is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

/// As is the guide to signals.
#[cfg(doctest)]
#[doc = include_str!("../docs/SIGNALS.md")]
mod signals_guide {}

/// And the guide to recall.
#[cfg(all(doctest, feature = "embedding"))]
#[doc = include_str!("../docs/RECALL.md")]
mod recall_guide {}
