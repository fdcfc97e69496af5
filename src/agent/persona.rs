//! Who speaks: the tone and manner of a company's agent.

use crate::llm::{Length, Tone};
use crate::preference::{Preferences, ResponseLength, Style};

/// The manner of an agent, in the company's own words.
///
/// Goes into the model's instructions, so it must not hold anything a customer wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    name: String,
    manner: String,
    tone: Tone,
}

impl Persona {
    /// Warm and plain; the default.
    pub fn friendly() -> Persona {
        Persona::new(
            "friendly",
            "You are a warm and helpful support agent. You write plainly and kindly.",
        )
    }

    /// Polite and exact.
    pub fn professional() -> Persona {
        let manner = "You are a professional support agent. You are polite, exact and calm.";
        Persona::new("professional", manner).with_tone(Tone::Formal)
    }

    /// For customers who know the product from inside.
    pub fn technical() -> Persona {
        let manner = "You are a technical support engineer. You are precise, name versions and settings, and skip small talk.";
        Persona::new("technical", manner)
    }

    /// A persona of the company's own.
    pub fn new(name: impl Into<String>, manner: impl Into<String>) -> Persona {
        Persona { name: name.into(), manner: manner.into(), tone: Tone::Balanced }
    }

    /// The tone towards a customer whose own style is not known yet.
    pub fn with_tone(mut self, tone: Tone) -> Persona {
        self.tone = tone;
        self
    }

    /// The persona's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn manner(&self) -> &str {
        &self.manner
    }

    /// The customer's own style, or else the persona's tone.
    pub(super) fn tone_for(&self, preferences: &Preferences) -> Tone {
        match preferences.style.as_ref().map(|style| style.value) {
            Some(Style::Formal) => Tone::Formal,
            Some(Style::Casual) => Tone::Casual,
            Some(Style::Balanced) => Tone::Balanced,
            None => self.tone,
        }
    }

    /// As long as the customer's own messages suggest.
    pub(super) fn length_for(&self, preferences: &Preferences) -> Length {
        match preferences.response_length_or_default() {
            ResponseLength::Brief => Length::Brief,
            ResponseLength::Medium => Length::Medium,
            ResponseLength::Detailed => Length::Detailed,
        }
    }
}

impl Default for Persona {
    fn default() -> Persona {
        Persona::friendly()
    }
}
