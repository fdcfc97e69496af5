//! The sentences between the articles, in three tones.
//!
//! Knows how the same thing is said formally, plainly and casually. Formal sentences have no
//! contractions. None of them holds a word of the customer's.

use crate::llm::Tone;

/// Picks the sentence of a tone.
fn pick(
    tone: Tone,
    formal: &'static str,
    balanced: &'static str,
    casual: &'static str,
) -> &'static str {
    match tone {
        Tone::Formal => formal,
        Tone::Balanced => balanced,
        Tone::Casual => casual,
    }
}

pub(crate) fn greeting(tone: Tone) -> &'static str {
    pick(tone, "Good day.", "Hello.", "Hi there!")
}

pub(crate) fn sympathy(tone: Tone) -> &'static str {
    pick(
        tone,
        "I am sorry for the inconvenience.",
        "I am sorry about the trouble.",
        "Sorry about the trouble!",
    )
}

pub(crate) fn with_pleasure(tone: Tone) -> &'static str {
    pick(tone, "With pleasure.", "Gladly.", "Sure thing!")
}

/// What is said when the same matter comes up again; the number counts the times before.
pub(crate) fn acknowledgement(tone: Tone, times_before: usize) -> &'static str {
    match times_before {
        0 | 1 => pick(
            tone,
            "I see that you wrote about this before, and I am sorry that it is not settled yet.",
            "I see that you wrote about this before; I am sorry that it is still open.",
            "I see you wrote about this before, sorry it's still not sorted!",
        ),
        2 => pick(
            tone,
            "Thank you for your patience; I see that this is still open.",
            "I see that this is still open, and I am sorry.",
            "Still not sorted? I'm sorry!",
        ),
        _ => pick(
            tone,
            "I see that you have written about this several times, and I apologise.",
            "I see that you have written about this several times; I am sorry.",
            "You've written about this a few times now, I'm really sorry!",
        ),
    }
}

pub(crate) fn cannot_see(tone: Tone) -> &'static str {
    pick(
        tone,
        "I cannot see from here what became of it.",
        "I cannot see from here what became of it.",
        "I can't see from here what became of it.",
    )
}

pub(crate) fn cannot_do(tone: Tone) -> &'static str {
    pick(
        tone,
        "I cannot do this for you from here.",
        "I cannot do this for you from here.",
        "I can't do it for you from here.",
    )
}

pub(crate) fn usually_helps(tone: Tone) -> &'static str {
    pick(tone, "The following usually helps:", "This usually helps:", "This usually helps:")
}

pub(crate) fn besides(tone: Tone) -> &'static str {
    pick(
        tone,
        "In addition to what I wrote before:",
        "Besides what I wrote before:",
        "On top of what I wrote before:",
    )
}

pub(crate) fn as_before(tone: Tone) -> &'static str {
    pick(tone, "As I wrote before:", "As I wrote before:", "Like I said before:")
}

pub(crate) fn hand_over(tone: Tone) -> &'static str {
    pick(
        tone,
        "If you have tried all of this, a colleague should look at it; please ask me for one.",
        "If you have tried all of this, a colleague should look at it; just ask for one.",
        "If you've tried all that, a colleague should take a look, just ask!",
    )
}

pub(crate) fn write_again(tone: Tone) -> &'static str {
    pick(
        tone,
        "Please write again if this does not help.",
        "Tell me if that does not help.",
        "Tell me if that doesn't help!",
    )
}

pub(crate) fn if_unclear(tone: Tone) -> &'static str {
    pick(
        tone,
        "Please write again if anything remains unclear.",
        "Just ask if anything is unclear.",
        "Just ask if anything's unclear!",
    )
}

/// The two sentences of a goodbye after something worked.
pub(crate) fn glad(tone: Tone) -> [&'static str; 2] {
    [
        pick(tone, "I am glad to hear that.", "I am glad to hear that.", "Great to hear!"),
        anything_else(tone),
    ]
}

/// The two sentences of an answer to mere thanks.
pub(crate) fn welcome(tone: Tone) -> [&'static str; 2] {
    [
        pick(tone, "You are most welcome.", "You are welcome.", "You're welcome!"),
        anything_else(tone),
    ]
}

fn anything_else(tone: Tone) -> &'static str {
    pick(
        tone,
        "Is there anything else that I may do for you?",
        "Is there anything else that I can do for you?",
        "Anything else I can do?",
    )
}

pub(crate) fn of_course(tone: Tone) -> &'static str {
    pick(tone, "I will gladly help you.", "I am happy to help.", "Happy to help!")
}

pub(crate) fn usual_subject(tone: Tone, subject: &str) -> String {
    match tone {
        Tone::Formal => {
            format!("Your earlier questions were about {subject}, so may we begin there?")
        }
        Tone::Balanced => {
            format!("Your earlier questions were about {subject}, so let us begin there.")
        }
        Tone::Casual => format!("Last time it was about {subject}, so let's start there."),
    }
}

pub(crate) fn something_else(tone: Tone) -> &'static str {
    pick(
        tone,
        "If it is about something else, please tell me what happened.",
        "If it is about something else, tell me what happened.",
        "Something else? Tell me what happened!",
    )
}

/// The question about the subject, with the subjects there are.
pub(crate) fn which_subject(tone: Tone, subjects: &str) -> String {
    match (tone, subjects.is_empty()) {
        (Tone::Formal, false) => format!("May I ask what it is about, for example {subjects}?"),
        (Tone::Balanced, false) => format!("What is it about, for example {subjects}?"),
        (Tone::Casual, false) => format!("What's it about: {subjects}?"),
        (_, true) => "What were you trying to do, and what happened instead?".to_owned(),
    }
}

pub(crate) fn no_article(tone: Tone) -> &'static str {
    pick(
        tone,
        "I am sorry, I have no article about this.",
        "I am sorry, I have no article about this.",
        "Sorry, I've got no article about that.",
    )
}

pub(crate) fn clarify(tone: Tone) -> &'static str {
    pick(
        tone,
        "Could you please tell me what you were trying to do, and what happened instead?",
        "Could you tell me what you were trying to do, and what happened instead?",
        "What were you trying to do, and what happened?",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formal_sentences_have_no_contractions() {
        let formal = Tone::Formal;
        let all = [
            greeting,
            sympathy,
            with_pleasure,
            cannot_see,
            usually_helps,
            if_unclear,
            cannot_do,
            besides,
            as_before,
            hand_over,
            write_again,
            of_course,
            something_else,
            no_article,
            clarify,
        ]
        .map(|sentence| sentence(formal));
        let more = (0..5)
            .map(|times| acknowledgement(formal, times))
            .chain(glad(formal))
            .chain(welcome(formal));
        assert!(all.into_iter().chain(more).all(|sentence| !sentence.contains('\'')));
    }
}
