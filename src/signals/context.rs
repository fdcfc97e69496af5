//! What is known when a message is read: who asks by which rules, and what was said before.

use super::kinds::EntityKind;
use super::rules::SignalRules;

/// What a message is read with; empty is fine.
///
/// ```
/// use confidant::{EntityKind, SignalContext, Signals};
/// let context = SignalContext::new().agent_said("May I have your full name, please?");
/// let signals = Signals::of("Dulcie Petsch", &context);
/// assert_eq!(signals.entities.first().map(|entity| entity.kind), Some(EntityKind::Name));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SignalContext<'a> {
    pub(super) rules: Option<&'a SignalRules>,
    pub(super) agent_said: Option<&'a str>,
    pub(super) expects: Option<EntityKind>,
    pub(super) earlier_same: u32,
}

impl<'a> SignalContext<'a> {
    /// Nothing known; the preset [`SignalRules::support`].
    pub fn new() -> SignalContext<'a> {
        SignalContext::default()
    }

    /// The rules to read by.
    pub fn rules(mut self, rules: &'a SignalRules) -> Self {
        self.rules = Some(rules);
        self
    }

    /// What the agent said last; a reply to a question may be the bare answer.
    pub fn agent_said(mut self, text: &'a str) -> Self {
        self.agent_said = Some(text);
        self
    }

    /// What the customer was asked for, if the host knows better than the agent's words tell.
    pub fn expects(mut self, kind: EntityKind) -> Self {
        self.expects = Some(kind);
        self
    }

    /// How often this customer came with the same issue before; from the third time on it is a
    /// reason to escalate.
    pub fn earlier_same(mut self, times: u32) -> Self {
        self.earlier_same = times;
        self
    }
}
