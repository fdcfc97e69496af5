//! A text in one common spelling, and the way back to the original.
//!
//! Knows which spellings are the same text: compatibility forms (NFKC), curly and straight
//! apostrophes, letters with invisible characters between them, and "sooo" with three letters
//! or ten. Rules read the common spelling; spans always point into the original.

use std::borrow::Cow;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_compatible};
use unicode_normalization::{IsNormalized, is_nfc_quick};

/// A letter may stand so often in a row; more is emphasis.
const MAX_RUN: usize = 2;

/// A text in Unicode's compatibility form with straight apostrophes, without invisible
/// characters, and with no letter more than twice in a row ("soooo" is "soo").
///
/// Words that hold a digit, addresses and links keep their letters. Linear in the text's
/// length; plain ASCII is borrowed.
///
/// ```
/// use confidant::Normalized;
/// let said = "I can\u{2019}t pay\u{200b}pal, sooooo bad";
/// let text = Normalized::of(said);
/// assert_eq!(text.as_str(), "I can't paypal, soo bad");
/// let at = text.as_str().find("soo").ok_or("not found")?;
/// assert_eq!(&said[text.original(at..at + 3)], "sooooo");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalized<'a> {
    text: Cow<'a, str>,
    original_len: usize,
    /// For each byte of `text` the bytes of the original it stands for; empty if all are the same.
    places: Vec<Range<usize>>,
}

impl<'a> Normalized<'a> {
    /// Normalises a text.
    pub fn of(text: &'a str) -> Normalized<'a> {
        if text.is_ascii() && !has_long_run(text.as_bytes()) {
            return Normalized {
                text: Cow::Borrowed(text),
                original_len: text.len(),
                places: Vec::new(),
            };
        }
        let mut folding = Folding {
            text: String::with_capacity(text.len()),
            places: Vec::with_capacity(text.len()),
        };
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let plain = rest.bytes().take_while(u8::is_ascii).count();
            // The last plain letter may carry a mark that follows it.
            let kept = if plain == rest.len() { plain } else { plain.saturating_sub(1) };
            for (offset, c) in rest.get(..kept).unwrap_or_default().char_indices() {
                folding.push(c, at + offset..at + offset + 1);
            }
            at += kept;
            let rest = text.get(at..).unwrap_or_default();
            let end = segment_end(rest);
            folding.push_segment(at, rest.get(..end).unwrap_or_default());
            at += end;
        }
        let folding = folding.with_short_runs();
        Normalized {
            text: Cow::Owned(folding.text),
            original_len: text.len(),
            places: folding.places,
        }
    }

    /// Whether nothing had to be changed.
    pub(crate) fn is_as_given(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }

    /// The normalised text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bytes of the original that a span of the normalised text stands for. What reads
    /// otherwise there is taken in whole.
    pub fn original(&self, span: Range<usize>) -> Range<usize> {
        if self.places.is_empty() {
            return span;
        }
        let start = self.places.get(span.start).map_or(self.original_len, |place| place.start);
        let last = span.end.checked_sub(1).filter(|last| *last >= span.start);
        let end = last.and_then(|last| self.places.get(last)).map_or(start, |place| place.end);
        start..end.max(start)
    }
}

/// What of the text is folded so far.
struct Folding {
    text: String,
    places: Vec<Range<usize>>,
}

impl Folding {
    fn push(&mut self, c: char, place: Range<usize>) {
        self.text.push(c);
        self.places.extend(std::iter::repeat_n(place, c.len_utf8()));
    }

    /// Folds one character with the marks that combine with it.
    fn push_segment(&mut self, at: usize, segment: &str) {
        for c in segment.chars().filter(|c| !is_invisible(*c)).map(plain_mark).nfkc() {
            self.push(plain_mark(c), at..at + segment.len());
        }
    }

    /// Shortens the runs of letters in words that have no digit and are no address.
    fn with_short_runs(self) -> Folding {
        if !has_long_letter_run(&self.text) {
            return self;
        }
        let mut made = Folding { text: String::with_capacity(self.text.len()), places: Vec::new() };
        let mut places = self.places.into_iter();
        for token in self.text.split_inclusive(char::is_whitespace) {
            let is_address =
                token.contains('@') || token.contains("://") || token.starts_with("www.");
            let is_kept = is_address || token.contains(char::is_numeric);
            let mut run = (None, 0);
            for c in token.chars() {
                let Some(place) = places.by_ref().take(c.len_utf8()).last() else { return made };
                let lower = c.to_lowercase().next();
                run = if c.is_alphabetic() && run.0 == lower {
                    (lower, run.1 + 1)
                } else {
                    (lower, 1)
                };
                if is_kept || run.1 <= MAX_RUN {
                    made.push(c, place);
                    continue;
                }
                // The letter joins the one before it, so that a span of that one covers both.
                let last = made.text.chars().next_back().map_or(0, char::len_utf8);
                made.places.iter_mut().rev().take(last).for_each(|before| before.end = place.end);
            }
        }
        made
    }
}

/// Where the first character of `rest` ends, with all that combines with it.
fn segment_end(rest: &str) -> usize {
    let mut chars = rest.char_indices();
    let mut can_join = chars.next().is_some_and(|(_, first)| !is_invisible(first));
    for (at, c) in chars {
        // An invisible character may stand between a letter and its mark.
        if is_invisible(c) && can_join {
            continue;
        }
        if !can_join || starts_segment(c) {
            return at;
        }
        can_join = true;
    }
    rest.len()
}

/// Whether a character never combines with one before it.
fn starts_segment(c: char) -> bool {
    if c.is_ascii() {
        return true;
    }
    let mut first = None;
    decompose_compatible(c, |part| {
        first.get_or_insert(part);
    });
    let first = first.unwrap_or(c);
    canonical_combining_class(first) == 0
        && is_nfc_quick(std::iter::once(first)) != IsNormalized::Maybe
}

/// Characters that take no room: zero-width blanks and joiners, soft hyphens, byte order marks.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Apostrophes and quotation marks in their plain form.
fn plain_mark(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{02bc}' | '\u{00b4}' | '\u{ff07}' => '\'',
        '\u{2010}' | '\u{2011}' => '-',
        _ => c,
    }
}

/// Whether a letter stands three times in a row; looks at many bytes at once.
fn has_long_run(bytes: &[u8]) -> bool {
    let nexts = bytes.iter().skip(1).zip(bytes.iter().skip(2));
    let found = bytes.iter().zip(nexts).fold(0, |found, (a, (b, c))| {
        let lower = a | 0x20;
        let is_letter = u8::from(lower.wrapping_sub(b'a') < 26);
        found | (u8::from(lower == b | 0x20) & u8::from(lower == c | 0x20) & is_letter)
    });
    found != 0
}

fn has_long_letter_run(text: &str) -> bool {
    let mut run = (None, 0);
    text.chars().any(|c| {
        let lower = c.to_lowercase().next();
        run = if c.is_alphabetic() && run.0 == lower { (lower, run.1 + 1) } else { (lower, 1) };
        run.1 > MAX_RUN
    })
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        Normalized::of(text).as_str().to_owned()
    }

    fn original_of<'a>(text: &'a str, part: &str) -> &'a str {
        let normalized = Normalized::of(text);
        let at = normalized.as_str().find(part).expect("is there");
        text.get(normalized.original(at..at + part.len())).expect("a span lies on characters")
    }

    #[test]
    fn plain_text_is_borrowed() {
        for text in ["", "I can't log in", "book 1000 AAA4444"] {
            assert!(
                matches!(Normalized::of(text).text, Cow::Borrowed(_)) || text.contains("AAA"),
                "{text} was copied"
            );
            assert_eq!(normal(text), text);
        }
    }

    #[test]
    fn spellings_of_the_same_text_become_one() {
        assert_eq!(
            normal("can\u{2019}t \u{ff07}n\u{2018} \u{fb01}ne \u{ff21}\u{ff22} x\u{b2}"),
            "can't 'n' fine AB x2"
        );
        assert_eq!(normal("pass\u{200b}wo\u{ad}rd\u{feff}"), "password");
        assert_eq!(normal("e\u{301} \u{e9}"), "\u{e9} \u{e9}");
        assert_eq!(
            normal("sooooo HAAAppyyy \u{e4}\u{e4}\u{e4}\u{c4}h"),
            "soo HAAppyy \u{e4}\u{e4}h"
        );
        assert_eq!(normal("log\u{2011}in \u{2460}"), "log-in 1");
    }

    #[test]
    fn words_with_digits_addresses_and_links_keep_their_letters() {
        for text in [
            "AAAA1234",
            "aaa@example.com",
            "https://www.xxx.example",
            "www.aaa.example",
            "1000 000",
        ] {
            assert_eq!(normal(text), text);
        }
    }

    #[test]
    fn a_span_leads_back_to_the_original() {
        let said = "\u{feff}I can\u{2019}t \u{201c}pay\u{200b}pal\u{201d} soooo b\u{e4}\u{e4}\u{e4}\u{e4}d \u{fb01}x e\u{301}nd";
        for (part, expected) in [
            ("can't", "can\u{2019}t"),
            ("paypal", "pay\u{200b}pal"),
            ("soo", "soooo"),
            ("b\u{e4}\u{e4}d", "b\u{e4}\u{e4}\u{e4}\u{e4}d"),
            ("fix", "\u{fb01}x"),
            ("\u{e9}nd", "e\u{301}nd"),
            ("nd", "nd"),
        ] {
            assert_eq!(original_of(said, part), expected, "{part}");
        }
        let all = Normalized::of(said);
        assert_eq!(all.original(0..all.as_str().len()).end, said.len());
    }

    #[test]
    fn every_span_lies_on_characters_of_the_original_and_keeps_its_order() {
        let pieces = [
            "a",
            "A",
            "aaa",
            "\u{301}",
            "\u{200b}",
            "\u{fb01}",
            "\u{2019}",
            " ",
            "1",
            "\u{3042}\u{3099}",
            "\u{1100}\u{1161}",
            "@",
            "\u{1f600}",
            "\u{ff9e}",
        ];
        let mut random = crate::random::SplitMix64::new(1);
        for _ in 0..4_000 {
            let said: String = (0..9).map(|_| random.pick(&pieces)).collect();
            let made = Normalized::of(&said);
            let text = made.as_str();
            let places: Vec<usize> =
                text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let mut last = 0;
            for pair in places.windows(2) {
                let span = made.original(pair[0]..pair[1]);
                assert!(
                    said.get(span.clone()).is_some_and(|part| !part.is_empty()),
                    "{said:?} {span:?}"
                );
                assert!(span.start >= last, "{said:?} {span:?}");
                last = span.start;
            }
            let plain: String = said
                .chars()
                .filter(|c| !is_invisible(*c))
                .map(plain_mark)
                .nfkc()
                .map(plain_mark)
                .collect();
            let folded = Folding { places: vec![0..0; plain.len()], text: plain };
            assert_eq!(text, folded.with_short_runs().text, "{said:?}");
        }
    }
}
