//! `SupportAgent` and how one is set up.

use super::budget::{Books, Price, Spending};
use super::offline::Offline;
use super::persona::Persona;
use crate::error::{Result, invalid};
use crate::llm::LlmBackend;
use crate::memory::{Confidant, MAX_AUTHOR_BYTES};
use crate::signals::EscalationReason;
use std::fmt;
use std::sync::Arc;

/// Answers customers with a language model, on top of their memory.
///
/// It knows the tenant's knowledge base, what the customer said and told before, and when a
/// person should take over.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
/// use confidant::{Channel, NewArticle, SupportAgent};
/// let acme = memory.tenant("acme")?;
/// acme.knowledge()?.put(&NewArticle::new("kb-1", "Refunds", "All sales are final."))?;
/// let agent = SupportAgent::builder(&memory).build()?;
/// let session = acme.customer("alice")?.open_session(Channel::Chat)?;
/// let reply = agent.respond(&session, "What about refunds?")?;
/// assert!(reply.text.contains("All sales are final."));
/// assert_eq!(reply.sources[0].title, "Refunds");
/// let reply = agent.respond(&session, "I want to speak to a human!")?;
/// assert!(reply.escalation.is_some_and(|escalation| escalation.is_handed_over));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SupportAgent {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) memory: Confidant,
    pub(super) llm: Arc<dyn LlmBackend>,
    pub(super) persona: Persona,
    pub(super) settings: Settings,
    pub(super) fallback: Option<String>,
    pub(super) books: Books,
}

/// What an agent does, and how much of it.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) prompt_turns: usize,
    pub(super) recalled_turns: usize,
    pub(super) articles: usize,
    pub(super) never_ask_twice: bool,
    pub(super) hand_over_on: Vec<EscalationReason>,
    pub(super) hand_over_text: Option<String>,
    pub(super) max_prompt_tokens: usize,
    pub(super) max_reply_tokens: u32,
    pub(super) temperature: f32,
}

impl Settings {
    fn check(&self) -> Result<()> {
        if !(0.0..=2.0).contains(&self.temperature) {
            return Err(invalid(format!(
                "the temperature is {}; it must lie between 0 and 2",
                self.temperature
            )));
        }
        if self.max_reply_tokens == 0 || self.max_prompt_tokens == 0 {
            return Err(invalid("a prompt and a reply need at least one token each"));
        }
        if self.recalled_turns > 200 || self.articles > 100 {
            return Err(invalid("at most 200 turns are recalled and 100 articles looked up"));
        }
        Ok(())
    }
}

impl SupportAgent {
    /// An agent over a memory; with nothing more it is friendly and needs no model.
    pub fn builder(memory: &Confidant) -> SupportAgentBuilder {
        SupportAgentBuilder {
            memory: memory.clone(),
            llm: None,
            persona: Persona::default(),
            fallback: None,
            price: None,
            budget_nano: None,
            settings: Settings {
                prompt_turns: 10,
                recalled_turns: 6,
                articles: 4,
                never_ask_twice: true,
                hand_over_on: vec![EscalationReason::Person, EscalationReason::Legal],
                hand_over_text: None,
                max_prompt_tokens: 6_000,
                max_reply_tokens: 300,
                temperature: 0.7,
            },
        }
    }

    /// What the agent has used since it was built.
    pub fn spending(&self) -> Spending {
        self.inner.books.spending()
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        self.inner.llm.name()
    }

    /// The memory it works on.
    pub fn memory(&self) -> &Confidant {
        &self.inner.memory
    }
}

impl fmt::Debug for SupportAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupportAgent").field("model", &self.model()).finish_non_exhaustive()
    }
}

/// The settings of an agent to be built.
#[must_use]
pub struct SupportAgentBuilder {
    memory: Confidant,
    llm: Option<Arc<dyn LlmBackend>>,
    persona: Persona,
    fallback: Option<String>,
    price: Option<Price>,
    budget_nano: Option<u64>,
    settings: Settings,
}

impl fmt::Debug for SupportAgentBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SupportAgentBuilder")
            .field("model", &self.llm.as_deref().map(LlmBackend::name))
            .field("persona", &self.persona.name())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl SupportAgentBuilder {
    /// The language model, or an `Arc` of one. Default: [`Offline`], which answers from the
    /// tenant's knowledge base alone. A model that [is free](LlmBackend::is_free) costs nothing;
    /// any other's price is unknown until it is given.
    pub fn llm(mut self, llm: impl LlmBackend + 'static) -> Self {
        self.llm = Some(Arc::new(llm));
        self
    }

    /// Who speaks. Default: [`Persona::friendly`].
    pub fn persona(mut self, persona: Persona) -> Self {
        self.persona = persona;
        self
    }

    /// The newest turns that the model is shown at most. Default: 10.
    pub fn prompt_turns(mut self, turns: usize) -> Self {
        self.settings.prompt_turns = turns;
        self
    }

    /// The prompt's hard limit in estimated tokens. Default: 6,000. Earlier turns are left out,
    /// whole and the oldest first, until it is kept; a message that is too long is shown
    /// shortened.
    pub fn max_prompt_tokens(mut self, tokens: usize) -> Self {
        self.settings.max_prompt_tokens = tokens;
        self
    }

    /// How many turns that answer the message are recalled beside the newest, 0 to 200.
    /// Default: 6.
    pub fn recalled_turns(mut self, turns: usize) -> Self {
        self.settings.recalled_turns = turns;
        self
    }

    /// How many articles of the tenant's knowledge base are looked up, 0 to 100. Default: 4.
    pub fn articles(mut self, articles: usize) -> Self {
        self.settings.articles = articles;
        self
    }

    /// Whether what the customer has told before is shown, and a draft that asks for it again
    /// is corrected. Default: true.
    pub fn never_ask_twice(mut self, is_kept: bool) -> Self {
        self.settings.never_ask_twice = is_kept;
        self
    }

    /// The reasons for which a person takes over in place of an answer. Default: the customer
    /// asks for a person, or names lawyers, courts or authorities. Every reason found is in
    /// [`Reply::escalation`](crate::Reply::escalation) either way.
    pub fn hand_over_on(mut self, reasons: &[EscalationReason]) -> Self {
        self.settings.hand_over_on = reasons.to_vec();
        self
    }

    /// What the customer is told when a person takes over. Default: a sentence in the language
    /// of the message.
    pub fn hand_over_text(mut self, text: impl Into<String>) -> Self {
        self.settings.hand_over_text = Some(text.into());
        self
    }

    /// The longest reply in tokens. Default: 300.
    pub fn max_reply_tokens(mut self, tokens: u32) -> Self {
        self.settings.max_reply_tokens = tokens;
        self
    }

    /// The sampling temperature, 0 to 2. Default: 0.7.
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.settings.temperature = temperature;
        self
    }

    /// What the model's tokens cost.
    pub fn price(mut self, price: Price) -> Self {
        self.price = Some(price);
        self
    }

    /// The most that this agent may spend, in nano-dollars. A reply that could pass it is
    /// refused before anything is sent. Needs a price.
    pub fn budget_nano(mut self, nano_dollars: u64) -> Self {
        self.budget_nano = Some(nano_dollars);
        self
    }

    /// What to tell the customer if the model fails. The failure itself is in
    /// [`Reply::failure`](crate::Reply::failure), and the turn stays unanswered.
    pub fn fallback(mut self, text: impl Into<String>) -> Self {
        self.fallback = Some(text.into());
        self
    }

    /// Builds the agent.
    ///
    /// # Errors
    /// `InvalidArgument`, naming the setting, if one is out of its range.
    pub fn build(self) -> Result<SupportAgent> {
        self.settings.check()?;
        let llm = self.llm.unwrap_or_else(|| Arc::new(Offline::new()));
        let name = llm.name();
        if name.is_empty() || name.len() > MAX_AUTHOR_BYTES || name.contains(char::is_control) {
            return Err(invalid(format!(
                "the model's name has {} bytes; it must have 1 to {MAX_AUTHOR_BYTES}, and no \
                 control character: it is stored with each answer",
                name.len()
            )));
        }
        let price = self.price.or_else(|| llm.is_free().then_some(Price::FREE));
        if self.budget_nano.is_some() && price.is_none() {
            return Err(invalid("a budget needs a price: without one no cost is known"));
        }
        let inner = Inner {
            memory: self.memory,
            llm,
            persona: self.persona,
            settings: self.settings,
            fallback: self.fallback,
            books: Books::new(price, self.budget_nano),
        };
        Ok(SupportAgent { inner: Arc::new(inner) })
    }
}
