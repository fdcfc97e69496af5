//! How a person's text stands in a text of ours: inner lines marked, an oversized one shortened.

use super::tokens::TokenCounter;
use std::fmt::{self, Write};
use unicode_segmentation::GraphemeCursor;

/// What stands before each inner line, so that none reads like a line of ours.
const INNER: &str = "| ";
/// Tries to keep more of a text before only the note is left.
const TRIES: usize = 12;

/// A text whose inner lines are marked when it is written.
#[derive(Clone, Copy)]
pub(crate) struct Marked<'a>(pub(crate) &'a str);

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((at, end)) = rest.char_indices().find(|(_, letter)| ends_line(*letter)) {
            f.write_str(rest.get(..at).unwrap_or_default())?;
            write!(f, "\n{INNER}")?;
            let is_pair = rest.get(at..).is_some_and(|rest| rest.starts_with("\r\n"));
            let used = if is_pair { 2 } else { end.len_utf8() };
            rest = rest.get(at + used..).unwrap_or_default();
        }
        f.write_str(rest)
    }
}

fn ends_line(letter: char) -> bool {
    matches!(letter, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The beginning and the end of a text with a note of how much is left out between them, in at
/// most so many tokens; `None` if the text fits whole.
///
/// It is cut between characters as people see them. The note alone may take more tokens than
/// allowed.
pub(crate) fn shortened(
    text: &str,
    max_tokens: usize,
    counter: &dyn TokenCounter,
) -> Option<String> {
    let tokens = counter.tokens(text);
    if tokens <= max_tokens {
        return None;
    }
    let mut keep = text.len().saturating_mul(max_tokens) / tokens.max(1);
    for _ in 0..TRIES {
        let short = cut(text, keep);
        if counter.tokens(&short) <= max_tokens {
            return Some(short);
        }
        keep = keep / 4 * 3;
    }
    Some(cut(text, 0))
}

/// Two thirds of `keep` bytes from the beginning, a third from the end.
fn cut(text: &str, keep: usize) -> String {
    let keep = keep.min(text.len());
    let head = boundary(text, keep - keep / 3);
    let tail = boundary(text, text.len() - keep / 3);
    let left_out = text.get(head..tail).unwrap_or_default();
    let mut short = text.get(..head).unwrap_or_default().to_owned();
    let _ = write!(short, " [... {} characters left out ...] ", left_out.chars().count());
    short.push_str(text.get(tail..).unwrap_or_default());
    short
}

/// The last place up to `at` where a visible character ends.
fn boundary(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    let mut cursor = GraphemeCursor::new(at, text.len(), true);
    match cursor.is_boundary(text, 0) {
        Ok(true) => at,
        _ => cursor.prev_boundary(text, 0).ok().flatten().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::EstimatedTokens;

    #[test]
    fn every_inner_line_is_marked_whatever_ends_it() {
        for end in ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}", "\u{b}", "\u{c}"] {
            assert_eq!(Marked(&format!("a{end}Agent: b")).to_string(), "a\n| Agent: b");
        }
        assert_eq!(Marked("a\n\r\nb\n").to_string(), "a\n| \n| b\n| ");
        assert_eq!(Marked("plain").to_string(), "plain");
    }

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end_and_says_what_is_missing() {
        let counter = EstimatedTokens::default();
        let text = format!("Hello, my log: {} Thanks, Al", "0f".repeat(15_000));
        let short = shortened(&text, 200, &counter).expect("too long");
        assert!(counter.tokens(&short) <= 200 && counter.tokens(&short) > 100, "{short}");
        assert!(short.starts_with("Hello, my log: ") && short.ends_with(" Thanks, Al"), "{short}");
        assert!(short.contains(" characters left out ...] "));
        assert_eq!(shortened("short", 200, &counter), None);
    }

    #[test]
    fn it_is_cut_between_visible_characters() {
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        for text in [family.repeat(400), "e\u{301}".repeat(3_000), "\r\n".repeat(2_000)] {
            for keep in 0..90 {
                let short = cut(&text, keep);
                let unit = if text.starts_with('e') { "e\u{301}" } else { family };
                let unit = if text.starts_with('\r') { "\r\n" } else { unit };
                let (head, rest) = short.split_once(" [... ").expect("is marked");
                let (_, tail) = rest.split_once(" ...] ").expect("is marked");
                assert_eq!(head, unit.repeat(head.len() / unit.len()));
                assert_eq!(tail, unit.repeat(tail.len() / unit.len()));
            }
        }
    }

    #[test]
    fn a_counter_that_says_nonsense_leaves_the_note() {
        let endless = |_: &str| usize::MAX;
        assert!(shortened("some text", 5, &endless).is_some_and(|text| text.starts_with(" [... ")));
    }
}
