//! What a customer wrote, without what a mailer, a form or a quotation put around it.
//!
//! Knows the way from the customer's own words back to the text as it was stored.

use super::{html, mail};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// The customer's own words in a stored text, and where they stand in it.
///
/// HTML is read as text. Left out are quoted and forwarded messages, signatures, lines that a
/// device or a lawyer adds, code between fences, and an agent's lines in the transcript of a
/// chat. The stored text itself is never changed. Linear in the text's length.
///
/// ```
/// let stored = "<p>I don&#39;t want a call.</p><blockquote>Call us!</blockquote>";
/// let own = confidant::OwnWords::new(stored);
/// assert_eq!(own.as_str().trim(), "I don't want a call.");
/// let at = own.as_str().find("don't").unwrap();
/// assert_eq!(&stored[own.original(at..at + 5)], "don&#39;t");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct OwnWords<'a> {
    text: Cow<'a, str>,
    /// Where each stretch came from; none if the text is as it was stored.
    pieces: Vec<Piece>,
}

/// `Debug` tells how long the text is, never the text.
impl fmt::Debug for OwnWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnWords")
            .field("text_bytes", &self.text.len())
            .field("is_whole", &self.is_whole())
            .finish()
    }
}

impl<'a> OwnWords<'a> {
    /// Finds the customer's own words in a text as it was stored.
    pub fn new(stored: &'a str) -> OwnWords<'a> {
        let Some(rendered) = html::to_text(stored) else {
            return match mail::own_lines(stored) {
                None => OwnWords { text: Cow::Borrowed(stored), pieces: Vec::new() },
                Some(kept) => {
                    let mut made = Rendered::default();
                    for range in kept {
                        made.push_even(stored.get(range.clone()).unwrap_or_default(), range.start);
                    }
                    OwnWords { text: Cow::Owned(made.text), pieces: made.pieces }
                }
            };
        };
        let made = match mail::own_lines(&rendered.text) {
            None => rendered,
            Some(kept) => rendered.only(&kept),
        };
        OwnWords { text: Cow::Owned(made.text), pieces: made.pieces }
    }

    /// The own words, in their order.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the stored text holds nothing else, so that places are the same in both.
    pub fn is_whole(&self) -> bool {
        matches!(self.text, Cow::Borrowed(_))
    }

    /// The bytes of the stored text that a span of the own words stands for; a span that goes
    /// beyond a quotation covers it.
    pub fn original(&self, span: Range<usize>) -> Range<usize> {
        if self.is_whole() {
            return span;
        }
        let start = self.piece(span.start).map_or(0, |piece| piece.start_of(span.start));
        let last = span.end.checked_sub(1).filter(|last| *last >= span.start);
        let end =
            last.and_then(|last| self.piece(last)).map_or(start, |piece| piece.end_of(span.end));
        start..end.max(start)
    }

    /// The piece that holds a byte of the own words.
    fn piece(&self, at: usize) -> Option<&Piece> {
        let after = self.pieces.partition_point(|piece| piece.own.start <= at);
        self.pieces.get(after.checked_sub(1)?)
    }
}

/// A stretch of made text and the stretch of the source that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    own: Range<usize>,
    from: Range<usize>,
    /// Whether it stands there byte by byte.
    is_even: bool,
}

impl Piece {
    fn start_of(&self, at: usize) -> usize {
        if self.is_even { self.from.start + (at - self.own.start) } else { self.from.start }
    }

    fn end_of(&self, end: usize) -> usize {
        if self.is_even { self.from.start + (end - self.own.start) } else { self.from.end }
    }
}

/// A text while it is made from another.
#[derive(Default)]
pub(super) struct Rendered {
    text: String,
    pieces: Vec<Piece>,
}

impl Rendered {
    pub(super) fn ends_blank(&self) -> bool {
        self.text.ends_with(char::is_whitespace)
    }

    /// Adds a text that stands for a span of the source as a whole.
    pub(super) fn push(&mut self, text: &str, from: Range<usize>) {
        let start = self.text.len();
        self.text.push_str(text);
        if start < self.text.len() {
            self.pieces.push(Piece { own: start..self.text.len(), from, is_even: false });
        }
    }

    /// Adds a text that stands in the source, at `from`.
    pub(super) fn push_even(&mut self, text: &str, from: usize) {
        let start = self.text.len();
        self.text.push_str(text);
        let own = start..self.text.len();
        match self.pieces.last_mut() {
            Some(last) if last.is_even && last.from.end == from => {
                last.own.end = own.end;
                last.from.end = from + text.len();
            }
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece { own, from: from..from + text.len(), is_even: true }),
        }
    }

    /// The same text with nothing but the given ranges, which are in order.
    fn only(self, kept: &[Range<usize>]) -> Rendered {
        let mut made = Rendered::default();
        let mut next = 0;
        for range in kept {
            while self.pieces.get(next).is_some_and(|piece| piece.own.end <= range.start) {
                next += 1;
            }
            let inside =
                self.pieces.iter().skip(next).take_while(|piece| piece.own.start < range.end);
            for piece in inside {
                let own = piece.own.start.max(range.start)..piece.own.end.min(range.end);
                let text = self.text.get(own.clone()).unwrap_or_default();
                if piece.is_even {
                    made.push_even(text, piece.start_of(own.start));
                } else {
                    made.push(text, piece.from.clone());
                }
            }
        }
        made
    }
}
