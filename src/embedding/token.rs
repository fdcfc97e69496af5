//! Texts as tokens: folded words and signs.
//!
//! Knows when two spellings are one token: letter case and accents make no difference. A run
//! of letters and digits is a word; in scripts without blanks every letter is one. Every
//! other visible character is a sign. The table was made of the same tokens.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'t> {
    /// Letters and digits, folded.
    Word(&'t str),
    /// One visible character that is neither.
    Sign(&'t str),
}

/// Where a token stands in a folded text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// A number that no other token has, of a token of at most [`SHORT`] bytes in plain text; else 0.
    pub(crate) short: u128,
    from: usize,
    len: u32,
    is_word: bool,
}

impl Span {
    /// The token itself; `folded` is what it stands in.
    pub(crate) fn token<'t>(&self, folded: &'t str) -> Token<'t> {
        let text = usize::try_from(self.len).ok().and_then(|len| folded.get(self.from..self.from + len));
        let text = text.unwrap_or_default();
        if self.is_word { Token::Word(text) } else { Token::Sign(text) }
    }
}

/// Shows the tokens of a text in their order; `folded` is room to work in.
pub(crate) fn tokens(text: &str, folded: &mut String, mut each: impl FnMut(Token<'_>)) {
    folded.clear();
    spans(text, folded, |folded, span| each(span.token(folded)));
}

/// Shows where the tokens of a text stand in what is put behind `folded`, in their order.
pub(crate) fn spans(text: &str, folded: &mut String, mut each: impl FnMut(&str, Span)) {
    let start = folded.len();
    if text.is_ascii() {
        folded.push_str(text);
        folded.get_mut(start..).into_iter().for_each(str::make_ascii_lowercase);
        // So that sixteen bytes can be read at once from every word.
        folded.push_str(BEHIND);
        return plain_spans(folded, start, each);
    }
    // Capitals become small letters before and after, since an accent may hide one.
    let letters = text.chars().flat_map(char::to_lowercase).nfd().filter(|c| !is_dropped(*c));
    folded.extend(letters);
    let mut rest = folded.get(start..).unwrap_or_default();
    while let Some(first) = rest.chars().next() {
        let len = if !first.is_alphanumeric() || stands_alone(first) {
            first.len_utf8()
        } else {
            rest.find(|c: char| !c.is_alphanumeric() || stands_alone(c)).unwrap_or(rest.len())
        };
        let from = folded.len() - rest.len();
        rest = rest.get(len..).unwrap_or_default();
        let is_word = first.is_alphanumeric();
        if is_word || !first.is_whitespace() && !first.is_control() {
            each(folded, Span { short: 0, from, len: u32::try_from(len).unwrap_or(0), is_word });
        }
    }
}

/// Shows where the words of a folded text, with blanks between them, stand behind `folded`.
pub(crate) fn folded_spans(words: &str, folded: &mut String, mut each: impl FnMut(Span)) {
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let from = folded.len();
        folded.push_str(word);
        folded.push_str(BEHIND);
        let short = if word.is_ascii() { number(folded.as_bytes(), from, word.len()) } else { 0 };
        each(Span { short, from, len: u32::try_from(word.len()).unwrap_or(0), is_word: true });
    }
}

/// What follows a plain text: nothing that is a token.
const BEHIND: &str = "                ";
/// The longest tokens that have a number, in bytes.
const SHORT: u8 = 15;

fn plain_spans(folded: &str, start: usize, mut each: impl FnMut(&str, Span)) {
    let bytes = folded.as_bytes();
    let mut from = start;
    while let Some(first) = bytes.get(from) {
        let letters = word_length(bytes, from);
        let is_word = letters > 0;
        let len = letters.max(1);
        if is_word || first.is_ascii_graphic() {
            let short = number(bytes, from, len);
            each(folded, Span { short, from, len: u32::try_from(len).unwrap_or(0), is_word });
        }
        from += len;
        // Behind a word there is mostly a blank.
        if is_word && bytes.get(from) == Some(&b' ') {
            from += 1;
        }
    }
}

/// How many bytes from a place on are small letters or digits, eight looked at side by side.
fn word_length(bytes: &[u8], from: usize) -> usize {
    let mut len = 0;
    while let Some(eight) = bytes.get(from + len..).and_then(<[u8]>::first_chunk) {
        let more = usize::try_from(others(u64::from_le_bytes(*eight)).trailing_zeros() / 8).unwrap_or(0);
        len += more;
        if more < 8 {
            return len;
        }
    }
    // Only the blanks behind the text are fewer than eight.
    len
}

/// The highest bit of each byte that is neither a small letter nor a digit; all are ASCII.
fn others(eight: u64) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const ONE: u64 = 0x0101_0101_0101_0101;
    // With its highest bit set no byte borrows from the next one.
    let at_least = |least: u8| (eight | HIGH) - u64::from(least) * ONE;
    let is_digit = at_least(b'0') & !at_least(b'9' + 1);
    let is_letter = at_least(b'a') & !at_least(b'z' + 1);
    !(is_digit | is_letter) & HIGH
}

/// The bytes of a short token and its length as one number.
fn number(bytes: &[u8], from: usize, len: usize) -> u128 {
    let sixteen = bytes.get(from..).and_then(<[u8]>::first_chunk);
    match (sixteen, u8::try_from(len)) {
        (Some(sixteen), Ok(len @ 1..=SHORT)) => {
            (u128::from_le_bytes(*sixteen) & ((1 << (u32::from(len) * 8)) - 1)) | u128::from(len) << 120
        }
        _ => 0,
    }
}

/// Accents and other marks that stand on a letter; the vowel signs of Indian scripts, which
/// are letters to Unicode's alphabet, stay.
fn is_dropped(c: char) -> bool {
    is_combining_mark(c) && !c.is_alphanumeric() || is_invisible(c)
}

/// Characters that take no room: zero-width blanks and joiners, soft hyphens, byte order marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Letters of scripts that put no blanks between words.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        tokens(text, &mut String::new(), |token| {
            all.push(match token {
                Token::Word(word) => word.to_owned(),
                Token::Sign(sign) => format!("<{sign}>"),
            });
        });
        all
    }

    #[test]
    fn words_and_signs_are_told_apart() {
        assert_eq!(
            seen("I can't log-in, 2FA_x!"),
            ["i", "can", "<'>", "t", "log", "<->", "in", "<,>", "2fa", "<_>", "x", "<!>"]
        );
        assert_eq!(seen(" \n\t\u{0}"), [""; 0]);
    }

    /// The tokens of a plain text, found byte by byte.
    fn expected(text: &str) -> Vec<String> {
        let folded = text.to_ascii_lowercase();
        let mut expected = Vec::new();
        for run in folded.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let word = run.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            expected.extend((!word.is_empty()).then(|| word.to_owned()));
            let sign = run.chars().last().filter(char::is_ascii_graphic).filter(|c| !c.is_ascii_alphanumeric());
            expected.extend(sign.map(|sign| format!("<{sign}>")));
        }
        expected
    }

    #[test]
    fn every_plain_character_is_of_its_kind_wherever_it_stands() {
        for byte in 0..128_u8 {
            let c = char::from(byte);
            for text in [format!("{c}"), format!("longerword{c}x"), format!("a{c}"), format!(" {c}sixteenbyteslong")] {
                assert_eq!(seen(&text), expected(&text), "{byte}");
            }
        }
    }

    #[test]
    fn words_of_any_length_are_found_wherever_they_begin() {
        let mut random = crate::random::SplitMix64::new(3);
        for round in 0..2_000 {
            let mut text = String::new();
            while text.len() < random.below(400) {
                let longest = if round % 2 == 0 { 8 } else { 150 };
                text.extend(std::iter::repeat_n('K', random.below(longest)));
                text.extend([" ", ".", "\n", "7", "~!", "", "\u{7f}"].get(random.below(7)).copied());
            }
            assert_eq!(seen(&text), expected(&text), "{text}");
        }
    }

    #[test]
    fn case_accents_and_invisible_characters_make_no_difference() {
        assert_eq!(seen("Caf\u{e9} CR\u{c8}ME na\u{ef}ve re\u{301}sume\u{301}"), ["cafe", "creme", "naive", "resume"]);
        assert_eq!(seen("pass\u{200b}word \u{130}stanbul"), ["password", "istanbul"]);
    }

    #[test]
    fn letters_of_scripts_without_blanks_are_words_of_their_own() {
        assert_eq!(seen("\u{8a02}\u{5355}abc"), ["\u{8a02}", "\u{5355}", "abc"]);
        assert_eq!(seen("\u{437}\u{430}\u{43a}\u{430}\u{437}!"), ["\u{437}\u{430}\u{43a}\u{430}\u{437}", "<!>"]);
    }
}
