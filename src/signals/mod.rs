//! What one message says: how it sounds, what it is about, how soon it needs an answer,
//! whether a person should see it, and what it names.
//!
//! Pure: a message, its context and the rules go in, conclusions with their places in the
//! message come out. One pass over the words feeds all of them. Rules are English; of a
//! message in another language only its language and its entities are told.

mod conclude;
mod context;
mod entity;
mod frame;
mod kinds;
mod languages;
mod linear;
mod name;
mod name_shape;
mod order_id;
mod pattern;
mod reading;
mod rule;
mod rule_set;
mod rules;
mod sentiment;
mod shipped;
mod train;
mod vocabulary;
mod wish;

pub use conclude::{Cue, Entity, Finding, Signals};
pub use context::SignalContext;
pub(crate) use kinds::Act;
pub use kinds::{EntityKind, EscalationReason, Intent, Sentiment, Topic, Urgency, WishKind};
pub(crate) use languages::language_name;
pub use linear::LinearTable;
pub use rules::SignalRules;
pub(crate) use wish::hear;
