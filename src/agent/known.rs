//! What is known when a message arrives: its signals, the customer, the articles that fit.

use super::builder::SupportAgent;
use crate::error::Result;
use crate::facts::Given;
use crate::knowledge::FoundArticle;
use crate::llm::Role;
use crate::memory::{Session, Turn};
use crate::preference::Preferences;
use crate::signals::{EntityKind, SignalContext, Signals};

/// Longer questions are cut before articles are looked up for them.
const LONGEST_QUESTION: usize = 4_096;
/// The most facts that a model is shown.
const MOST_FACTS: usize = 16;

/// All that is known beside the conversation.
pub(super) struct Known {
    pub(super) signals: Signals,
    pub(super) preferences: Preferences,
    /// What the customer told before this message.
    pub(super) given: Given,
    /// The articles that fit, best first.
    pub(super) articles: Vec<FoundArticle>,
    pub(super) history_len: u64,
}

impl SupportAgent {
    /// Reads a message that is saved already, and looks up what is known about it.
    pub(super) fn known(&self, session: &Session, asked: &Turn) -> Result<Known> {
        let settings = &self.inner.settings;
        let customer = session.customer();
        let context = session.context()?;
        let said = asked.said.as_deref().unwrap_or_default();
        let before = context.turns().rev().find(|turn| turn.id < asked.id);
        let mut reading = SignalContext::new();
        if let Some(answer) = before.and_then(|turn| turn.answer.as_deref()) {
            reading = reading.agent_said(answer);
        }
        let articles = match settings.articles {
            0 => Vec::new(),
            most => {
                let tenant = self.inner.memory.tenant(customer.tenant_id())?;
                let question = said.get(..said.floor_char_boundary(LONGEST_QUESTION));
                tenant.knowledge()?.search(question.unwrap_or_default(), most)?.articles
            }
        };
        Ok(Known {
            signals: Signals::of(said, &reading),
            preferences: customer.preferences()?,
            given: if settings.never_ask_twice { customer.given()? } else { Given::default() },
            articles,
            history_len: context.total(),
        })
    }
}

impl Known {
    /// What the customer has told, one thing a line, the newest last.
    pub(super) fn facts(&self, asked: &Turn) -> String {
        let facts = self.given.facts().iter().filter(|fact| fact.turn < asked.id);
        let lines: Vec<String> =
            facts.map(|fact| format!("{}: {}", name(fact.kind), fact.value)).collect();
        lines.get(lines.len().saturating_sub(MOST_FACTS)..).unwrap_or_default().join("\n")
    }

    /// What is known of how to serve the customer beyond what the instructions say already.
    pub(super) fn wishes(&self) -> String {
        let said = ["style:", "length of answers:", "topics", "common topics"];
        let lines = self.preferences.lines();
        let more = lines.iter().filter(|line| !said.iter().any(|start| line.starts_with(start)));
        more.map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

fn name(kind: EntityKind) -> String {
    kind.name().replace('_', " ")
}

/// The role of a half of a turn.
pub(super) fn role(is_customer: bool) -> Role {
    if is_customer { Role::Customer } else { Role::Agent }
}
