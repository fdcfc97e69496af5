//! What a draft asks for: the object of a question, and the object of a proposed step.
//!
//! Knows that a kind alone decides nothing: the number of another order, a plan to choose, or
//! another device is something else than what the customer has told.

use crate::signals::EntityKind;

/// Words that show that another thing of the same kind is meant.
const ANOTHER: [&str; 24] = [
    "second",
    "third",
    "other",
    "another",
    "new",
    "next",
    "replacement",
    "both",
    "each",
    "previous",
    "different",
    "additional",
    "any other",
    "remaining",
    "of the recipient",
    "recipient's",
    "wife's",
    "husband's",
    "their",
    "his",
    "her",
    "tracking",
    "ticket",
    "invoice",
];
/// Words that show that a plan is to be chosen.
const CHOOSING: [&str; 17] = [
    "would you like",
    "would you prefer",
    "do you want",
    "like to switch",
    "switch to",
    "upgrade",
    "downgrade",
    "change to",
    "interested in",
    "choose",
    "move to",
    "suits",
    "looking for",
    "recommend",
    "want to",
    "like to",
    "considering",
];
/// Words before a step that keep it from being proposed.
const DENIALS: [&str; 14] = [
    "do not",
    "don't",
    "not need",
    "no need",
    "need not",
    "without",
    "instead of",
    "rather than",
    "never",
    "avoid",
    "stop",
    "not have to",
    "not necessary",
    "already",
];

/// Whether a sentence in small letters asks for another thing of the kind than the one known.
pub(super) fn asks_for_another(lower: &str, kind: EntityKind) -> bool {
    let another = || ANOTHER.iter().any(|word| holds_word(lower, word));
    match kind {
        EntityKind::OrderId => another(),
        EntityKind::Email | EntityKind::Phone | EntityKind::Name => another(),
        EntityKind::Plan => another() || CHOOSING.iter().any(|word| lower.contains(word)),
        EntityKind::ErrorText => another(),
        _ => false,
    }
}

/// Whether a step that was tried is proposed by a sentence in small letters: the same verb, not
/// denied, and not of another thing.
pub(super) fn is_step(lower: &str, tried: &str) -> bool {
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
    STEPS.iter().any(|step| {
        let (Some(proposed), Some(done)) = (lower.find(step), tried.find(step)) else {
            return false;
        };
        let before = lower.get(..proposed).unwrap_or_default();
        let clause = before.rsplit([',', ';']).next().unwrap_or_default();
        if DENIALS.iter().any(|denial| holds_word(clause, denial)) {
            return false;
        }
        let object =
            |text: &str, at: usize| object(text.get(at + step.len()..).unwrap_or_default());
        match (object(lower, proposed), object(&tried, done)) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        }
    })
}

/// What a verb is about: the first noun behind it, or `None` if that may be anything.
fn object(behind: &str) -> Option<String> {
    const SMALL: [&str; 26] = [
        "ing", "ed", "e", "es", "ting", "s", "the", "your", "my", "a", "an", "this", "that", "our",
        "whole", "entire", "main", "all", "of", "off", "on", "out", "in", "up", "same", "current",
    ];
    const ANYTHING: [&str; 27] = [
        "it",
        "them",
        "device",
        "unit",
        "equipment",
        "once",
        "again",
        "twice",
        "first",
        "now",
        "please",
        "and",
        "or",
        "to",
        "too",
        "everything",
        "by",
        "for",
        "already",
        "after",
        "then",
        "as",
        "with",
        "but",
        "several",
        "so",
        "system",
    ];
    let end = behind.find(['.', ',', '!', '?', ';']).unwrap_or(behind.len());
    let words = behind.get(..end)?.split(|c: char| !c.is_alphanumeric() && c != '-');
    let noun = words.filter(|word| !word.is_empty()).find(|word| !SMALL.contains(word))?;
    // People call one thing by several names.
    let noun =
        if ["box", "modem", "hub", "wifi", "internet"].contains(&noun) { "router" } else { noun };
    (!ANYTHING.contains(&noun)).then(|| noun.trim_end_matches('s').to_owned())
}

/// Whether a text holds a word or phrase as whole words.
fn holds_word(text: &str, phrase: &str) -> bool {
    let is_edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    text.match_indices(phrase).any(|(at, found)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + found.len()..).and_then(|text| text.chars().next());
        is_edge(before) && is_edge(after)
    })
}
