//! The words of a text, with their place in the original bytes.
//!
//! Knows what a word is and when two spellings are the same word: letter case, curly or
//! straight apostrophes and invisible characters make no difference. E-mail addresses, links
//! and `@names` hold no words, for nobody speaks in them. Folding happens inside a word and
//! nowhere else, so a fuller normal form can come here without a change to any caller.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

/// The longest folded word that has a [`ShortWord`], in bytes.
const MAX_SHORT_BYTES: usize = 16;

/// A folded word of at most 16 bytes as two numbers; equal words have equal numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShortWord {
    high: u64,
    low: u64,
}

impl ShortWord {
    /// The first word of a text, if it is short enough.
    pub(crate) fn of(text: &str) -> Option<ShortWord> {
        words(text).next()?.short
    }

    /// The part before the apostrophe, if it holds one.
    pub(crate) fn before_apostrophe(self) -> Option<ShortWord> {
        let end = first_zero(self.all() ^ repeated(b'\''))?;
        let before = self.all() & ((1 << (end * 8)) - 1);
        Some(ShortWord {
            high: (before >> 64).try_into().unwrap_or(0),
            low: (before & u128::from(u64::MAX)).try_into().unwrap_or(0),
        })
    }

    /// A word of plain letters once without the last letter that stands twice and once without
    /// any; `None` if no letter does.
    pub(crate) fn without_doubles(self) -> Option<[ShortWord; 2]> {
        // Zero where a byte equals the next one, set behind the last letter but one.
        let differs = (self.all() ^ (self.all() >> 8))
            | !(u128::MAX.checked_shr(self.all().leading_zeros() / 8 * 8 + 8)?);
        first_zero(differs)?;
        let bytes = self.all().to_le_bytes();
        let is_double = |[one, next]: &[u8; 2]| one == next && one.is_ascii_alphabetic();
        let last = bytes.array_windows().rposition(is_double)?;
        let rest = || bytes.iter().copied().enumerate();
        let once = rest().filter(|(place, byte)| *place == 0 || bytes.get(place - 1) != Some(byte));
        let without_last = rest().filter(|(place, _)| *place != last);
        Some([
            ShortWord::packed(without_last.map(|(_, byte)| byte)),
            ShortWord::packed(once.map(|(_, byte)| byte)),
        ])
    }

    /// Whether it is written in so many bytes of ASCII, and so is folded letter by letter.
    pub(crate) fn is_plain(self, written_len: usize) -> bool {
        let unused = usize::try_from(self.all().leading_zeros() / 8).unwrap_or(0);
        self.all() & repeated(0x80) == 0 && written_len + unused == MAX_SHORT_BYTES
    }

    /// All bytes in one number, the first the lowest.
    fn all(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }

    fn packed(bytes: impl Iterator<Item = u8>) -> ShortWord {
        let mut folding = Folding::default();
        bytes.take(MAX_SHORT_BYTES).filter(|byte| *byte != 0).for_each(|byte| folding.push(byte));
        ShortWord { high: folding.high, low: folding.low }
    }

    /// Both numbers in one, for hashing.
    pub(crate) fn mixed(self) -> u64 {
        self.low ^ self.high.rotate_left(29)
    }
}

/// Sixteen times the same byte.
const fn repeated(byte: u8) -> u128 {
    u128::from_le_bytes([byte; MAX_SHORT_BYTES])
}

/// The place of the first byte that is zero.
fn first_zero(bytes: u128) -> Option<u32> {
    let zeros = bytes.wrapping_sub(repeated(1)) & !bytes & repeated(0x80);
    (zeros != 0).then(|| zeros.trailing_zeros() / 8)
}

/// Words with something to each.
pub(crate) type WordMap<V> = HashMap<ShortWord, V, BuildHasherDefault<WordHasher>>;

/// A hash for short words. Tables hold words of rules only, so nobody who writes to a company
/// can choose keys that collide in them.
#[derive(Debug, Clone, Default)]
pub(crate) struct WordHasher(u64);

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Its bytes in the original text.
    pub(crate) span: Range<usize>,
    /// The folded word; `None` if it is longer than any word a rule can name.
    pub(crate) short: Option<ShortWord>,
    /// Whether only blanks or a hyphen lie between the word before and this one.
    pub(crate) follows: bool,
    /// Whether it stands in double quotation marks.
    pub(crate) quoted: bool,
}

/// The words of a text in their order; a clone looks ahead. Linear in the text's length.
#[derive(Debug, Clone)]
pub(crate) struct Words<'a> {
    text: &'a str,
    at: usize,
    /// The closing mark of the newest quotation; 0 before the first.
    quoted_to: usize,
    /// False once a quotation was opened that nobody closes.
    seek_quotes: bool,
    has_addresses: bool,
    /// No address begins before this byte.
    clear_to: usize,
}

/// Reads the words of `text`.
pub(crate) fn words(text: &str) -> Words<'_> {
    let has_addresses = may_hold_address(text.as_bytes())
        && (text.contains('@') || text.contains("://") || text.contains("www."));
    Words { text, at: 0, quoted_to: 0, seek_quotes: true, has_addresses, clear_to: 0 }
}

/// Whether a text has one of the signs that every address has; looks at many bytes at once.
fn may_hold_address(text: &[u8]) -> bool {
    let is = |byte: &u8, other: u8| u8::from(*byte == other);
    let pairs = text.iter().zip(text.iter().skip(1));
    let found = pairs.fold(0, |found, (one, next)| {
        found | is(one, b'@') | (is(one, b':') & is(next, b'/')) | (is(one, b'w') & is(next, b'.'))
    });
    found != 0 || text.last() == Some(&b'@')
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        let mut follows = self.skip_blank() || self.skip_gap();
        while self.has_addresses && self.skip_address() {
            self.skip_gap();
            follows = false;
        }
        let start = self.at;
        let quoted = start < self.quoted_to;
        let (end, short) = self.read_word();
        (start < end).then_some(Word { span: start..end, short, follows, quoted })
    }
}

impl Words<'_> {
    /// Goes to the next word if one blank lies before it, as it mostly does.
    fn skip_blank(&mut self) -> bool {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let is_next = matches!(rest, [b' ', next, ..] if next.is_ascii_alphanumeric());
        self.at += usize::from(is_next);
        is_next
    }

    /// Goes to the next word; true if only blanks, hyphens and invisible characters lay before it.
    fn skip_gap(&mut self) -> bool {
        let mut together = true;
        while let Some(c) = self.peek() {
            if c == ' ' {
                self.at += 1;
                continue;
            }
            if c.is_alphanumeric() {
                break;
            }
            together &= c == '-' || c.is_whitespace() || c == '\u{2011}' || is_invisible(c);
            match c {
                '"' => self.open_quotation(c, '"'),
                '\u{201c}' => self.open_quotation(c, '\u{201d}'),
                '@' => self.at = self.token_end(),
                _ => {}
            }
            if c != '@' {
                self.at += c.len_utf8();
            }
        }
        together
    }

    /// Notes where a quotation ends that opens here; a mark after a letter or before a blank
    /// opens none, so inches and closing marks are left alone.
    fn open_quotation(&mut self, open: char, close: char) {
        let is_inside = self.quoted_to > 0 && self.at <= self.quoted_to;
        if is_inside || !self.seek_quotes {
            return;
        }
        let before = self.text.get(..self.at).and_then(|text| text.chars().next_back());
        let from = self.at + open.len_utf8();
        let rest = self.text.get(from..).unwrap_or_default();
        let opens =
            !before.is_some_and(char::is_alphanumeric) && !rest.starts_with(char::is_whitespace);
        match rest.find(close) {
            Some(end) if opens => self.quoted_to = from + end,
            Some(_) => {}
            None => self.seek_quotes = false,
        }
    }

    /// Goes behind the address or link that begins here; false if there is none.
    fn skip_address(&mut self) -> bool {
        if self.at < self.clear_to {
            return false;
        }
        let end = self.token_end();
        let token = self.text.get(self.at..end).unwrap_or_default();
        let is_address = token.contains('@') || token.contains("://") || token.starts_with("www.");
        if is_address {
            self.at = end;
        } else {
            self.clear_to = end;
        }
        is_address
    }

    fn token_end(&self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at + rest.find(char::is_whitespace).unwrap_or(rest.len())
    }

    /// Reads the word that begins here: where it ends, and its folded form.
    ///
    /// An apostrophe belongs to a word between two letters, a full stop between single
    /// letters ("U.S."), which keeps "u" apart from an abbreviation.
    fn read_word(&mut self) -> (usize, Option<ShortWord>) {
        let mut folding = Folding::default();
        let mut end = self.at;
        let mut letters = 0;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let run = plain_len(rest);
            if run > 0 {
                folding.push_plain(rest, run);
                self.at += run;
                end = self.at;
                letters += run;
            }

            let Some(c) = self.peek().filter(|c| *c != ' ') else { break };
            let after = self.at + c.len_utf8();
            let joins = || {
                self.text.get(after..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
            };
            if is_apostrophe(c) && joins() {
                folding.push(b'\'');
            } else if c == '.' && letters == 1 && joins() {
                folding.push(b'.');
                letters = 0;
            } else if c.is_alphanumeric() || is_combining(c) {
                folding.push_lower(c);
                letters += 1;
                end = after;
            } else if !is_invisible(c) {
                break;
            }
            self.at = after;
        }
        (end, folding.finish())
    }

    fn peek(&self) -> Option<char> {
        match self.text.as_bytes().get(self.at) {
            Some(byte) if byte.is_ascii() => Some(char::from(*byte)),
            Some(_) => self.text.get(self.at..).and_then(|rest| rest.chars().next()),
            None => None,
        }
    }
}

/// Set in small letters and in digits, not in capitals.
const CASE_BIT: u8 = 0x20;
const EIGHT_CASE_BITS: u64 = u64::from_le_bytes([CASE_BIT; 8]);

/// A word while it is being folded; byte 0 is the lowest of `low`.
#[derive(Default)]
struct Folding {
    high: u64,
    low: u64,
    len: usize,
}

impl Folding {
    fn push(&mut self, byte: u8) {
        let half = if self.len < 8 { &mut self.low } else { &mut self.high };
        *half |= u64::from(byte) << ((self.len % 8) * 8);
        self.len += 1;
    }

    /// Pushes the first `len` bytes of `rest`, which are ASCII letters and digits.
    ///
    /// Most words are short, begin here and do not end the text: those take one load.
    fn push_plain(&mut self, rest: &[u8], len: usize) {
        match rest.first_chunk::<8>() {
            Some(chunk) if self.len == 0 && len <= 8 => {
                let unused_bits = 64_usize.saturating_sub(len * 8);
                self.low =
                    (u64::from_le_bytes(*chunk) | EIGHT_CASE_BITS) & (u64::MAX >> unused_bits);
                self.len = len;
            }
            _ => rest.iter().take(len).for_each(|byte| self.push(byte | CASE_BIT)),
        }
    }

    fn push_lower(&mut self, c: char) {
        for lower in c.to_lowercase() {
            for byte in lower.encode_utf8(&mut [0; 4]).bytes() {
                self.push(byte);
            }
        }
    }

    fn finish(self) -> Option<ShortWord> {
        (self.len <= MAX_SHORT_BYTES).then_some(ShortWord { high: self.high, low: self.low })
    }
}

/// How many ASCII letters and digits `rest` begins with.
fn plain_len(rest: &[u8]) -> usize {
    let slowly = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    match rest.split_first_chunk::<8>() {
        Some((chunk, more)) => match plain_in(*chunk) {
            8 => 8 + slowly(more),
            len => len,
        },
        None => slowly(rest),
    }
}

/// How many ASCII letters and digits eight bytes begin with, without a branch.
///
/// A sum sets a byte's top bit when the byte reaches a limit; with top bits cleared first, no
/// sum carries into the next byte.
fn plain_in(chunk: [u8; 8]) -> usize {
    const TOP: u64 = u64::from_le_bytes([0x80; 8]);
    let bytes = u64::from_le_bytes(chunk);
    let low = bytes & !TOP;
    let reaches = |bytes: u64, limit: u8| bytes + u64::from_le_bytes([0x80 - limit; 8]);
    let small = low | EIGHT_CASE_BITS;
    let letters = reaches(small, b'a') & !reaches(small, b'z' + 1);
    let digits = reaches(low, b'0') & !reaches(low, b'9' + 1);
    let others = !((letters | digits) & !bytes) & TOP;
    usize::try_from(others.trailing_zeros() / 8).unwrap_or(0)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{02bc}' | '\u{ff07}')
}

/// Characters that take no room: zero-width blanks and joiners, soft hyphens, byte order marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(text: &str) -> Vec<&str> {
        words(text).map(|word| text.get(word.span).expect("a span lies on characters")).collect()
    }

    fn same(one: &str, other: &str) -> bool {
        let shorts =
            |text| words(text).map(|word| word.short.expect("is short")).collect::<Vec<_>>();
        shorts(one) == shorts(other)
    }

    #[test]
    fn words_are_read_with_their_place_in_the_original_text() {
        assert_eq!(
            spelt("Hey, I can\u{2019}t sign-in!  \u{c4}rger 2FA"),
            ["Hey", "I", "can\u{2019}t", "sign", "in", "\u{c4}rger", "2FA"]
        );
        assert_eq!(spelt("'quoted' rock 'n' roll"), ["quoted", "rock", "n", "roll"]);
        assert_eq!(spelt(" \u{200b} \n"), [""; 0]);
        assert_eq!(spelt("the U.S. e.g. this.that"), ["the", "U.S", "e.g", "this", "that"]);
    }

    #[test]
    fn case_apostrophes_and_invisible_characters_make_no_difference() {
        assert!(same("CAN\u{2019}T", "can't"));
        assert!(same("pass\u{200b}word\u{feff}", "password"));
        assert!(same("\u{c4}RGER", "\u{e4}rger"));
        assert!(!same("cool", "cooling"));
        assert!(words("incomprehensibilities").all(|word| word.short.is_none()));
    }

    #[test]
    fn a_phrase_is_held_together_by_blanks_and_hyphens_only() {
        let follows = |text| words(text).last().expect("has words").follows;
        assert!(
            follows("sign in")
                && follows("sign-in")
                && follows("sign \n in")
                && follows("sign\u{2011}in")
        );
        assert!(!follows("sign. In") && !follows("sign, in") && !follows("sign a@b.c in"));
    }

    #[test]
    fn addresses_links_and_names_with_an_at_sign_hold_no_words() {
        assert_eq!(spelt("mail cool.dude@example.com now"), ["mail", "now"]);
        assert_eq!(
            spelt("see https://x.org/login/error?a=1 and (www.cool.com) @CoolShop!"),
            ["see", "and"]
        );
        assert_eq!(spelt("meet @ 5"), ["meet", "5"]);
    }

    #[test]
    fn words_in_double_quotation_marks_are_marked() {
        let quoted = |text| {
            let marked = words(text).filter(|word| word.quoted);
            marked
                .map(|word| text.get(word.span).expect("a span lies on characters"))
                .collect::<Vec<_>>()
        };
        assert_eq!(quoted(r#"it says "please wait" and stops"#), ["please", "wait"]);
        assert_eq!(quoted("it says \u{201c}please\u{201d} and \"no\""), ["please", "no"]);
        assert_eq!(quoted(r#"a 5" pipe, "unclosed"#), [""; 0]);
        assert_eq!(quoted(r#"a 5" pipe and a 6" pipe"#), [""; 0]);
    }
}
