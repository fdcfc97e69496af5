//! Never asking twice: a draft is read sentence by sentence before it is shown.
//!
//! A sentence that asks for what the customer has already told is replaced by the value that is
//! known. Without anything told, everything passes as it comes.

use crate::facts::{Given, GivenFact};
use crate::signals::EntityKind;

/// What may be said back to the customer in place of the question.
const SAID_BACK: [(EntityKind, &str); 5] = [
    (EntityKind::Name, "name"),
    (EntityKind::Email, "e-mail address"),
    (EntityKind::Phone, "telephone number"),
    (EntityKind::OrderId, "order number"),
    (EntityKind::Plan, "plan"),
];

/// A reply on its way to the customer.
pub(super) struct Guard<'g> {
    given: Option<&'g Given>,
    held: String,
    shown: String,
    /// What was asked for again.
    pub(super) replaced: Vec<EntityKind>,
}

impl<'g> Guard<'g> {
    /// A guard that knows what the customer has told; `None` lets everything pass.
    pub(super) fn new(given: Option<&'g Given>) -> Guard<'g> {
        let given = given.filter(|given| given.facts().iter().any(|fact| noun(fact).is_some()));
        Guard { given, held: String::new(), shown: String::new(), replaced: Vec::new() }
    }

    /// Takes a piece; returns what may be shown now.
    pub(super) fn take(&mut self, piece: &str) -> String {
        if self.given.is_none() {
            self.shown.push_str(piece);
            return piece.to_owned();
        }
        self.held.push_str(piece);
        let mut show = String::new();
        while let Some(end) = sentence_end(&self.held) {
            let rest = self.held.split_off(end);
            let sentence = std::mem::replace(&mut self.held, rest);
            show.push_str(&self.checked(&sentence));
        }
        self.shown.push_str(&show);
        show
    }

    /// The whole text and what of it was not shown yet.
    pub(super) fn finish(mut self) -> (String, String, Vec<EntityKind>) {
        let held = std::mem::take(&mut self.held);
        let rest = self.checked(&held);
        self.shown.push_str(&rest);
        (self.shown.trim_end().to_owned(), rest, self.replaced)
    }

    fn checked(&mut self, sentence: &str) -> String {
        let Some(given) = self.given else { return sentence.to_owned() };
        let asked = given.asked_again(sentence);
        let known = asked.iter().find_map(|asked| Some((asked.fact, noun(asked.fact)?)));
        let Some((fact, noun)) = known else { return sentence.to_owned() };
        self.replaced.push(fact.kind);
        let (words, blank) = sentence.split_at(sentence.trim_end().len());
        let lead = words.len() - words.trim_start().len();
        let lead = words.get(..lead).unwrap_or_default();
        format!("{lead}I have your {noun}: {}.{blank}", fact.value)
    }
}

fn noun(fact: &GivenFact) -> Option<&'static str> {
    SAID_BACK.iter().find(|(kind, _)| *kind == fact.kind).map(|(_, noun)| *noun)
}

/// Where the first whole sentence ends, with the blanks behind it.
fn sentence_end(text: &str) -> Option<usize> {
    let mut is_ended = false;
    for (at, letter) in text.char_indices() {
        match letter {
            '\n' => return Some(at + 1),
            '.' | '!' | '?' => is_ended = true,
            letter if letter.is_whitespace() && is_ended => return Some(at + letter.len_utf8()),
            '"' | '\'' | ')' | '\u{201d}' => {}
            _ => is_ended = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_behind_a_blank_or_a_line_feed() {
        assert_eq!(sentence_end("Yes. No"), Some(5));
        assert_eq!(sentence_end("\"Yes.\" No"), Some(7));
        assert_eq!(sentence_end("one\ntwo"), Some(4));
        assert_eq!(sentence_end("It is 2.5 and"), None);
        assert_eq!(sentence_end("Yes."), None);
    }

    #[test]
    fn without_anything_told_every_piece_passes_as_it_comes() {
        let mut guard = Guard::new(None);
        assert_eq!(guard.take("What is your "), "What is your ");
        assert_eq!(guard.take("order number?"), "order number?");
        assert_eq!(guard.finish().0, "What is your order number?");
    }
}
