//! When a person takes over, and what the customer is told then.

use super::builder::Settings;
use crate::signals::{EscalationReason, Signals};

/// Who is named as the author of the sentence that hands a customer over.
pub(super) const AUTHOR: &str = "hand-over";

/// Why a person should look at a message. The words that show it are in
/// [`Signals::escalations`], in the same order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Escalation {
    /// The reasons, the strongest first.
    pub reasons: Vec<EscalationReason>,
    /// Whether the customer was told that a person takes over, and no model was asked.
    pub is_handed_over: bool,
}

impl Escalation {
    /// What the signals of a message call for.
    pub(super) fn of(signals: &Signals, settings: &Settings) -> Option<Escalation> {
        let reasons: Vec<_> = signals.escalations.iter().map(|found| found.value).collect();
        let is_handed_over = reasons.iter().any(|reason| settings.hand_over_on.contains(reason));
        (!reasons.is_empty()).then_some(Escalation { reasons, is_handed_over })
    }
}

/// What the customer is told.
pub(super) fn text(settings: &Settings, language: Option<&str>) -> String {
    let known = match language {
        Some("de") => {
            "Ich verbinde Sie mit einer Kollegin oder einem Kollegen. Alles, was Sie hier \
             geschrieben haben, liegt dort vor; Sie m\u{fc}ssen nichts wiederholen."
        }
        Some("es") => {
            "Le paso con un compa\u{f1}ero. Tendr\u{e1} todo lo que nos ha escrito, as\u{ed} que \
             no tendr\u{e1} que repetir nada."
        }
        Some("fr") => {
            "Je vous mets en relation avec un conseiller. Il aura tout ce que vous avez \
             \u{e9}crit : vous n'aurez rien \u{e0} r\u{e9}p\u{e9}ter."
        }
        Some("pt") => {
            "Vou passar o seu caso a um colega. Ele ter\u{e1} tudo o que escreveu, por isso \
             n\u{e3}o ter\u{e1} de repetir nada."
        }
        _ => {
            "I am passing you on to a colleague. They will have everything you have written \
             here, so you will not have to repeat anything."
        }
    };
    settings.hand_over_text.clone().unwrap_or_else(|| known.to_owned())
}
