//! What a customer wants from a reply, apart from its subject.
//!
//! Knows the turns of phrase for thanks, for a vague cry for help, for "how do I", for "do it
//! for me" and for "what became of it".

use super::words::Words;

/// What a message asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing more: it says that all is well.
    Closing,
    /// Nothing more, as far as can be seen: it only says thanks, or "okay".
    Thanks,
    /// Help, without a word about what.
    Vague,
    /// An explanation of how something is done.
    HowTo,
    /// That something be done.
    Action,
    /// What became of something.
    Status,
    /// That something works which does not.
    Problem,
    /// Anything else.
    Other,
}

impl Need {
    /// Reads the need of a message; `has_subject` tells whether it names one.
    pub(crate) fn of(words: &Words, has_subject: bool) -> Need {
        if let Some(need) = closing(words, has_subject) {
            return need;
        }
        let is_cry = words.has_any(&HELP_WORDS) && words.stems.len() <= 1;
        let is_unwanted =
            words.has_phrase(&["do not need", "dont need"]) && !words.has_question_mark;
        if is_unwanted || (!has_subject && (is_cry || is_greeting_only(words))) {
            return Need::Vague;
        }
        if words.has_phrase(&HOW_PHRASES) {
            Need::HowTo
        } else if asks_for_action(words) {
            Need::Action
        } else if words.has_phrase(&STATUS_PHRASES) {
            Need::Status
        } else if words.has_any(&TROUBLES) || words.has_any(&BREAKDOWNS) {
            Need::Problem
        } else {
            Need::Other
        }
    }
}

/// Whether the message begins with a greeting.
pub(crate) fn is_greeting(words: &Words) -> bool {
    let mut first = words.plain.iter().map(String::as_str);
    match first.next() {
        Some("hello" | "hi" | "hey" | "greetings" | "dear") => true,
        Some("good") => matches!(first.next(), Some("morning" | "afternoon" | "evening" | "day")),
        _ => false,
    }
}

fn is_greeting_only(words: &Words) -> bool {
    words.plain.is_empty() || (is_greeting(words) && words.plain.len() <= 3)
}

fn closing(words: &Words, has_subject: bool) -> Option<Need> {
    let has_thanks =
        words.has_any(&["thanks", "thank", "cheers"]) && !words.has_phrase(&FALSE_THANKS);
    let is_last_word = words.has_phrase(&LAST_WORDS);
    let is_open = words.has_question_mark
        || words.has_phrase(&REQUESTS)
        || (words.has_any(&TROUBLES) && !is_last_word)
        || words.has_phrase(&HOW_PHRASES);
    if is_open {
        return None;
    }
    let is_settled = words.has_any(&SETTLED) || words.has_phrase(&SETTLED_PHRASES);
    let is_happening = words.has_any(&HAPPENED);
    if is_last_word
        || (is_settled && words.stems.len() <= 4)
        || (has_thanks && (is_settled || is_happening))
    {
        Some(Need::Closing)
    } else if (has_thanks && !has_subject && words.stems.len() <= 2) || is_nod(words) {
        Some(Need::Thanks)
    } else {
        None
    }
}

/// Whether the message is no more than "okay".
fn is_nod(words: &Words) -> bool {
    !words.plain.is_empty() && words.plain.iter().all(|word| NODS.contains(&word.as_str()))
}

/// "Could you please send", "please cancel": a request followed by something to be done.
fn asks_for_action(words: &Words) -> bool {
    let mut is_asking = false;
    for word in words.plain.iter().map(String::as_str) {
        match word {
            "could" | "can" | "would" | "will" | "you" | "please" | "kindly" => is_asking = true,
            word if is_asking && ACTIONS.contains(&word) => return true,
            _ => is_asking = false,
        }
    }
    false
}

const NODS: [&str; 9] =
    ["ok", "okay", "alright", "fine", "great", "good", "understood", "nice", "cool"];
const HELP_WORDS: [&str; 9] = [
    "help",
    "problem",
    "problems",
    "issue",
    "question",
    "trouble",
    "assistance",
    "support",
    "stuck",
];
const ACTIONS: [&str; 12] = [
    "send", "resend", "cancel", "reset", "refund", "change", "delete", "update", "unlock",
    "export", "transfer", "repair",
];
const HOW_PHRASES: [&str; 12] = [
    "how do i",
    "how do we",
    "how can i",
    "how can we",
    "how to",
    "how would i",
    "how should i",
    "where do i",
    "where can i",
    "what do i",
    "can i",
    "is it possible",
];
const STATUS_PHRASES: [&str; 17] = [
    "whether",
    "find out",
    "check",
    "what happened",
    "what became",
    "where is",
    "wheres",
    "where are",
    "when will",
    "has it",
    "was it",
    "did it",
    "is it",
    "did you",
    "have you",
    "status",
    "any news",
];
const FALSE_THANKS: [&str; 4] =
    ["thanks for nothing", "thanks in advance", "thank you in advance", "thanks a lot for nothing"];
const LAST_WORDS: [&str; 6] =
    ["that is all", "thats all", "nothing else", "no thanks", "no thank you", "that will be all"];
const REQUESTS: [&str; 9] = [
    "could you",
    "can you",
    "would you",
    "please",
    "i need",
    "i want",
    "i would like",
    "id like",
    "tell me",
];
const SETTLED: [&str; 7] = ["worked", "works", "solved", "resolved", "fixed", "sorted", "perfect"];
const SETTLED_PHRASES: [&str; 5] =
    ["all good", "can log in", "in again now", "it is working", "its working"];
const HAPPENED: [&str; 9] =
    ["came", "arrived", "received", "got", "chosen", "done", "found", "managed", "helped"];
const TROUBLES: [&str; 38] = [
    "not", "no", "never", "nothing", "none", "still", "but", "however", "until", "then", "cannot",
    "cant", "couldnt", "dont", "doesnt", "didnt", "isnt", "wasnt", "wont", "hasnt", "havent",
    "error", "invalid", "wrong", "broken", "damaged", "fail", "fails", "failed", "missing", "late",
    "twice", "problem", "issue", "wait", "waiting", "another", "again",
];
const BREAKDOWNS: [&str; 22] = [
    "crash",
    "crashes",
    "crashed",
    "locked",
    "blocked",
    "forgot",
    "forgotten",
    "lost",
    "expired",
    "stops",
    "stopped",
    "stuck",
    "unable",
    "slow",
    "rejected",
    "rejects",
    "charged",
    "billed",
    "trouble",
    "incorrect",
    "freezes",
    "nobody",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn need(text: &str, has_subject: bool) -> Need {
        Need::of(&Words::of(text), has_subject)
    }

    #[test]
    fn thanks_for_what_worked_is_a_closing() {
        for text in [
            "Thank you, that worked!",
            "That worked.",
            "It is fixed now, cheers",
            "The e-mail came and I have chosen a new password. Thank you very much for your patience.",
            "No, thank you. That is all.",
        ] {
            assert_eq!(need(text, true), Need::Closing, "{text}");
        }
        assert_eq!(need("Thanks a lot", false), Need::Thanks);
    }

    #[test]
    fn thanks_with_a_wish_or_a_complaint_is_no_closing() {
        for text in [
            "Thanks for nothing",
            "Thank you. No e-mail has arrived so far",
            "I received the wrong parcel, thanks",
            "Thanks, but it still has not come",
            "Thank you. How do I export my data?",
            "Thanks. Please cancel my subscription",
            "It worked until yesterday",
            "My invoice is too high. Thanks",
        ] {
            assert!(!matches!(need(text, true), Need::Closing | Need::Thanks), "{text}");
        }
    }

    #[test]
    fn needs_are_told_apart() {
        assert_eq!(need("I need help", false), Need::Vague);
        assert_eq!(need("Good morning!", false), Need::Vague);
        assert_eq!(need("I need help with my invoice", true), Need::Other);
        assert_eq!(need("I do not need a refund", true), Need::Vague);
        assert_eq!(need("How do I change it?", true), Need::HowTo);
        assert_eq!(need("Could you please send it once more? Thank you.", true), Need::Action);
        assert_eq!(need("Has it been sent?", true), Need::Status);
        assert_eq!(need("Could you please help me? I cannot log in", true), Need::Problem);
    }
}
