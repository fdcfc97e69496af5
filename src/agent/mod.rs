//! The support agent: one call from a customer's message to a stored, answered turn.

mod budget;
mod builder;
mod guard;
mod handoff;
mod known;
mod offline;
mod persona;
mod prompt;
mod reply;
mod report;
mod respond;

pub use budget::{Price, Spending};
pub use builder::{SupportAgent, SupportAgentBuilder};
pub use handoff::Escalation;
pub use offline::{Article, Offline};
pub use persona::Persona;
pub use reply::{Message, Reply, Source};
