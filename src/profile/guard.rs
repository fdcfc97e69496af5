//! Whether a draft reply asks for what the customer has already given.
//!
//! Knows how agents ask: a sentence with a word that requests, and a word for the thing.
//! Thanks for a thing, and sentences that name its value, ask for nothing.

use super::given::{Given, GivenFact};
use crate::signals::EntityKind;
use std::ops::Range;

/// A place in a draft that asks for something again.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AskedAgain<'a> {
    /// The sentence of the draft.
    pub span: Range<usize>,
    /// What the customer has told already.
    pub fact: &'a GivenFact,
}

/// Words that make a sentence a request for information.
const REQUESTS: [&str; 27] = [
    "provide",
    "share",
    "give me",
    "give us",
    "tell me",
    "tell us",
    "send me",
    "send us",
    "what is",
    "what's",
    "what was",
    "which",
    "may i have",
    "may i know",
    "can i have",
    "could i have",
    "can i get",
    "could i get",
    "may i get",
    "i need",
    "we need",
    "i'll need",
    "need your",
    "let me know",
    "confirm your",
    "enter your",
    "have you tried",
];
/// Words of sentences that only speak of a thing.
const MENTIONS: [&str; 12] = [
    "thank you for",
    "thanks for",
    "you provided",
    "you gave",
    "you shared",
    "you have provided",
    "you've provided",
    "already have",
    "i already have",
    "we have your",
    "as you told",
    "i see your",
];

impl Given {
    /// The sentences of a draft reply that ask for something the customer has already given.
    ///
    /// Steps are told by what they do: a draft that proposes "restart it" is flagged if the
    /// customer has said that they restarted.
    pub fn asked_again(&self, draft: &str) -> Vec<AskedAgain<'_>> {
        let mut found = Vec::new();
        if self.facts().is_empty() {
            return found;
        }
        for (start, sentence) in sentences(draft) {
            let lower = sentence.to_lowercase().replace('\u{2019}', "'");
            if MENTIONS.iter().any(|mention| lower.contains(mention)) {
                continue;
            }
            let requests = REQUESTS.iter().any(|request| lower.contains(request));
            let proposes = requests
                || ["please", "try", "could you", "can you", "would you"].iter().any(|word| lower.contains(word));
            for kind in [
                EntityKind::OrderId,
                EntityKind::Email,
                EntityKind::Phone,
                EntityKind::Name,
                EntityKind::Plan,
                EntityKind::ErrorText,
            ] {
                let Some(fact) = self.newest(kind).filter(|_| requests && names(&lower, kind)) else { continue };
                if !lower.contains(&fact.value.to_lowercase()) {
                    found.push(AskedAgain { span: start..start + sentence.len(), fact });
                }
            }
            let step = self
                .facts()
                .iter()
                .rev()
                .find(|fact| fact.kind == EntityKind::StepTried && is_step(&lower, &fact.value));
            if let Some(fact) = step.filter(|_| proposes) {
                found.push(AskedAgain { span: start..start + sentence.len(), fact });
            }
        }
        found
    }
}

/// The sentences of a text, each with its first byte.
fn sentences(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive(['?', '!', '\n']).flat_map(|part| part.split_inclusive(". ")).filter_map(move |part| {
        let begin = start;
        start += part.len();
        let blank = part.len() - part.trim_start().len();
        let trimmed = part.trim();
        (!trimmed.is_empty()).then_some((begin + blank, trimmed))
    })
}

/// Whether a sentence names the thing as something to be told.
fn names(lower: &str, kind: EntityKind) -> bool {
    let words: &[&str] = match kind {
        EntityKind::OrderId => &[
            "order id",
            "order number",
            "order no",
            "order #",
            "order details",
            "booking number",
            "booking reference",
            "ticket number",
            "reference number",
            "confirmation number",
            "tracking number",
            "case number",
            "the order in question",
        ],
        EntityKind::Email => &[
            "email address",
            "e-mail address",
            "your email",
            "your e-mail",
            "email id",
            "registered email",
            "email you",
            "which email",
        ],
        EntityKind::Phone => &["phone number", "telephone number", "mobile number", "contact number", "your number"],
        EntityKind::Name => {
            &["your name", "your full name", "first name", "last name", "your surname", "full name", "name on the"]
        }
        EntityKind::Plan => &[
            "which plan",
            "what plan",
            "your plan",
            "which subscription",
            "your subscription plan",
            "which tier",
            "plan you",
            "plan are you",
        ],
        EntityKind::ErrorText => {
            &["error message", "error code", "exact error", "which error", "what error", "the error you"]
        }
        _ => &[],
    };
    words.iter().any(|word| lower.contains(word))
}

/// Whether a sentence proposes a step that was tried.
fn is_step(lower: &str, tried: &str) -> bool {
    const STEPS: [&str; 16] = [
        "restart",
        "reboot",
        "reinstall",
        "reset",
        "clear",
        "updat",
        "unplug",
        "refresh",
        "reconnect",
        "log out",
        "logg",
        "incognito",
        "different browser",
        "another browser",
        "cable",
        "turn",
    ];
    let tried = tried.to_lowercase();
    STEPS.iter().any(|step| tried.contains(step) && lower.contains(step))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::id::{SessionId, Tag, TurnId};
    use crate::memory::{Channel, Turn};
    use crate::time::Timestamp;

    fn turn(number: u32, said: &str, answer: Option<&str>) -> Turn {
        let tag = Tag::of("default", "alice");
        Turn {
            id: TurnId::new(tag, number),
            session: SessionId::new(tag, 1),
            channel: Channel::Chat,
            at: Timestamp::from_millis(0),
            said: Some(said.to_owned()),
            answer: answer.map(str::to_owned),
            answered_at: None,
            answered_by: None,
            confidence: None,
            resolved: false,
            metadata: None,
        }
    }

    fn given() -> Given {
        let turns = [
            turn(
                1,
                "My order #88-1204 is broken, it says \"E42: no signal\".",
                Some("May I have your full name, please?"),
            ),
            turn(2, "Dulcie Petsch", Some("And your e-mail address?")),
            turn(3, "dulcie@example.org. I already restarted the box, and I am on the premium plan.", None),
        ];
        Given::of(&turns)
    }

    #[test]
    fn what_was_told_is_known_with_its_place() {
        let given = given();
        let value = |kind| given.newest(kind).map(|fact| (fact.value.as_str(), fact.turn.number()));
        assert_eq!(value(EntityKind::OrderId), Some(("88-1204", 1)));
        assert_eq!(value(EntityKind::ErrorText), Some(("E42: no signal", 1)));
        assert_eq!(value(EntityKind::Name), Some(("Dulcie Petsch", 2)));
        assert_eq!(value(EntityKind::Email), Some(("dulcie@example.org", 3)));
        assert_eq!(value(EntityKind::Plan), Some(("premium plan", 3)));
        assert!(value(EntityKind::StepTried).is_some_and(|(value, _)| value.contains("restarted")));
        assert!(!format!("{given:?}").contains("dulcie"), "what was said is not printed");
    }

    #[test]
    fn a_draft_that_asks_again_is_flagged() {
        let given = given();
        for (draft, kind) in [
            ("I am sorry. Could you please provide your order number?", EntityKind::OrderId),
            ("What is your e-mail address?", EntityKind::Email),
            ("May I have your full name, please?", EntityKind::Name),
            ("Which plan are you on?", EntityKind::Plan),
            ("Please tell me the exact error message.", EntityKind::ErrorText),
            ("Please try to restart the box.", EntityKind::StepTried),
        ] {
            let found = given.asked_again(draft);
            assert_eq!(found.iter().map(|again| again.fact.kind).collect::<Vec<_>>(), [kind], "{draft}");
        }
    }

    #[test]
    fn a_draft_that_asks_for_nothing_known_is_not_flagged() {
        let given = given();
        for draft in [
            "Thank you for your order number. I am looking into it.",
            "I have sent the link to your e-mail address.",
            "Is it right that your order number is 88-1204, please confirm your choice?",
            "Could you tell me your telephone number?",
            "What is the colour of the light?",
            "",
        ] {
            assert_eq!(given.asked_again(draft), [], "{draft}");
        }
        assert_eq!(Given::default().asked_again("What is your name?"), []);
    }

    #[test]
    fn the_same_thing_said_again_is_one_fact_at_its_newest_place() {
        let given = Given::of(&[turn(1, "order AB-1234", None), turn(2, "I said order ab-1234!", None)]);
        assert_eq!(given.facts().len(), 1);
        assert_eq!(given.facts()[0].turn.number(), 2);
    }
}
