//! One pass over a text: its words with their numbers, and what stands between them.
//!
//! Knows where a sentence ends, which words shout or are quoted, and which signs are faces.

use super::rule_set::RuleSet;
use super::vocabulary::{MAX_EXPANSION, UNKNOWN, WordId};
use crate::text::words;
use std::ops::Range;

/// What stands between a word and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Blanks or a hyphen.
    None,
    /// A comma, a bracket, a sign.
    Soft,
    /// The end of a sentence or of a line.
    Hard,
}

/// One word, as the rules read it.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) id: WordId,
    /// The number of the word as it is written; the same for all words it is read as.
    pub(super) written: WordId,
    /// Whether it is the first of the words that the written one is read as.
    pub(super) is_first: bool,
    /// The written word as one number, for tables of weights; 0 if it is too long.
    pub(super) hash: u64,
    pub(super) span: Range<usize>,
    pub(super) gap: Gap,
    pub(super) is_caps: bool,
    pub(super) is_number: bool,
    pub(super) is_quoted: bool,
}

/// A text as it was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) tokens: Vec<Token>,
    /// Faces and other signs with a value, and where they stand among the words.
    pub(super) faces: Vec<(f32, Range<usize>)>,
    pub(super) exclamations: u32,
    pub(super) questions: u32,
    /// Written words, and those in capitals.
    pub(super) words: u32,
    pub(super) caps: u32,
    /// Whether it begins with a name after an `@`.
    pub(super) is_addressed: bool,
    pub(super) has_address: bool,
}

impl Reading {
    pub(super) fn of(rules: &RuleSet, text: &str) -> Reading {
        let mut reading =
            Reading { tokens: Vec::with_capacity(text.len() / 4 + 4), ..Reading::default() };
        let bytes = text.as_bytes();
        let mut end = 0;
        for word in words(text) {
            let gap = reading.read_gap(rules, text, end..word.span.start);
            let written = text.get(word.span.clone()).unwrap_or_default();
            let first = bytes.get(word.span.start).copied().unwrap_or_default();
            let letters = written.len() >= 2;
            let is_caps = letters
                && written.bytes().all(|byte| !byte.is_ascii_lowercase())
                && written.bytes().any(|byte| byte.is_ascii_uppercase());
            reading.words += 1;
            reading.caps += u32::from(is_caps);
            let id = rules.vocabulary.find(word.short, written);
            let is_number = first.is_ascii_digit();
            let token = Token {
                id,
                written: id,
                is_first: true,
                hash: word.short.map_or(0, |short| short.mixed()),
                span: word.span.clone(),
                gap,
                is_caps,
                is_number,
                is_quoted: word.quoted,
            };
            end = word.span.end;
            reading.push(rules, token);
        }
        reading.read_gap(rules, text, end..text.len());
        reading
    }

    fn push(&mut self, rules: &RuleSet, token: Token) {
        let expansion = match token.id {
            UNKNOWN => &[],
            id => rules
                .vocabulary
                .known(id)
                .map(|known| known.expansion.as_slice())
                .unwrap_or_default(),
        };
        if expansion.is_empty() {
            self.tokens.push(token);
            return;
        }
        for (place, id) in expansion.iter().take(MAX_EXPANSION).enumerate() {
            let is_first = place == 0;
            let gap = if is_first { token.gap } else { Gap::None };
            self.tokens.push(Token { id: *id, is_first, gap, ..token.clone() });
        }
    }

    /// Reads what stands between two words.
    fn read_gap(&mut self, rules: &RuleSet, text: &str, span: Range<usize>) -> Gap {
        let between = text.get(span.clone()).unwrap_or_default();
        if between == " " || between.is_empty() {
            return Gap::None;
        }
        let mut gap = Gap::None;
        let mut signs = 0_usize;
        for byte in between.bytes() {
            match byte {
                b' ' | b'\t' | b'\'' | b'-' | b'\r' => {}
                b'.' | b'!' | b'?' | b';' | b'\n' => {
                    self.exclamations += u32::from(byte == b'!');
                    self.questions += u32::from(byte == b'?');
                    gap = Gap::Hard;
                }
                _ if gap == Gap::None => gap = Gap::Soft,
                _ => {}
            }
            signs += usize::from(!byte.is_ascii_whitespace());
        }
        if signs >= 2 || !between.is_ascii() || between.ends_with([':', ';', '=']) {
            self.read_faces(rules, text, span);
        } else if between.contains('@') {
            self.is_addressed |= self.tokens.is_empty();
            self.has_address = true;
        }
        gap
    }

    fn read_faces(&mut self, rules: &RuleSet, text: &str, span: Range<usize>) {
        let between = text.get(span.clone()).unwrap_or_default();
        if between.contains('@') {
            self.is_addressed |= self.tokens.is_empty();
            self.has_address = true;
        }
        for piece in between.split_whitespace() {
            let at = span.start + (piece.as_ptr().addr() - between.as_ptr().addr());
            let mut end = at + piece.len();
            // The letter of ":D" was read as a word.
            let letter = text
                .get(end..)
                .and_then(|rest| rest.chars().next())
                .filter(|c| end == span.end && c.is_ascii_alphabetic());
            if let Some(letter) = letter {
                end += letter.len_utf8();
            }
            if let Some(value) = text.get(at..end).and_then(|face| rules.face(face)) {
                self.faces.push((value, at..end));
                continue;
            }
            if !piece.is_ascii() {
                for (offset, c) in piece.char_indices().filter(|(_, c)| !c.is_ascii()) {
                    if let Some(value) = rules.emoji(c) {
                        self.faces.push((value, at + offset..at + offset + c.len_utf8()));
                    }
                }
            } else if let Some(value) = rules.face(piece) {
                self.faces.push((value, at..at + piece.len()));
            }
        }
    }
}
