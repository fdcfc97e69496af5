//! Texts as tokens: folded words and signs.
//!
//! Knows when two spellings are one token: letter case and accents make no difference. A run
//! of letters and digits is a word; in scripts without blanks every letter is one. Every
//! other visible character is a sign. The table was made of the same tokens.

use std::sync::LazyLock;
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
    /// A number that no other token has, of a token of at most [`SHORT`] bytes; else 0.
    pub(crate) short: u128,
    from: usize,
    len: u32,
    is_word: bool,
}

impl Span {
    /// The token itself; `folded` is what it stands in.
    pub(crate) fn token<'t>(&self, folded: &'t str) -> Token<'t> {
        let text =
            usize::try_from(self.len).ok().and_then(|len| folded.get(self.from..self.from + len));
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
    let mut from = folded.len();
    fold(text, folded);
    let end = folded.len();
    // So that sixteen bytes can be read at once from every word.
    folded.push_str(BEHIND);
    let bytes = folded.as_bytes();
    while from < end {
        let letters = word_length(bytes, from);
        let (len, kind) = match bytes.get(from + letters) {
            Some(next) if !next.is_ascii() => rare_token(folded, from, letters),
            Some(_) if letters > 0 => (letters, Kind::Word),
            Some(sign) if sign.is_ascii_graphic() => (1, Kind::Sign),
            _ => (1, Kind::Nothing),
        };
        if kind != Kind::Nothing {
            let (short, is_word) = (number(bytes, from, len), kind == Kind::Word);
            each(folded, Span { short, from, len: u32::try_from(len).unwrap_or(0), is_word });
        }
        from += len;
        // Behind a word there is mostly a blank.
        if kind == Kind::Word && bytes.get(from) == Some(&b' ') {
            from += 1;
        }
    }
}

#[derive(PartialEq)]
enum Kind {
    Word,
    Sign,
    Nothing,
}

/// The length of a token that begins with, or has behind so many plain letters, a character that is
/// not ASCII.
fn rare_token(folded: &str, from: usize, letters: usize) -> (usize, Kind) {
    let mut rest = folded.get(from + letters..).unwrap_or_default().chars();
    let mut len = letters;
    if letters == 0 {
        let Some(first) = rest.next() else { return (1, Kind::Nothing) };
        len = first.len_utf8();
        match (is_letter(first), stands_alone(first)) {
            (true, false) => {}
            (true, true) => return (len, Kind::Word),
            _ if first.is_whitespace() || first.is_control() => return (len, Kind::Nothing),
            _ => return (len, Kind::Sign),
        }
    }
    let more = rest.take_while(|c| is_letter(*c) && !stands_alone(*c));
    (len + more.map(char::len_utf8).sum::<usize>(), Kind::Word)
}

/// Puts a text behind `folded`, without capitals and accents.
fn fold(text: &str, folded: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        // No accent goes over a plain character to the one before it.
        let (plain, behind) = split(rest, plain_length(rest.as_bytes()));
        let start = folded.len();
        folded.push_str(plain);
        folded.get_mut(start..).into_iter().for_each(str::make_ascii_lowercase);
        let (start, mut rare, mut is_known) = (folded.len(), 0, true);
        for c in behind.chars().take_while(|c| !c.is_ascii()) {
            rare += c.len_utf8();
            match first_known(c) {
                Some(known) => folded.extend(known.folded),
                None => is_known = false,
            }
        }
        let (rare, behind) = split(behind, rare);
        rest = behind;
        if !is_known {
            folded.truncate(start);
            folded.extend(decomposed(rare.chars()));
        }
    }
}

fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// How many bytes in front are ASCII, eight looked at side by side.
fn plain_length(bytes: &[u8]) -> usize {
    let (eights, _) = bytes.as_chunks();
    let plain =
        eights.iter().take_while(|eight| u64::from_le_bytes(**eight) & HIGH == 0).count() * 8;
    let rest = bytes.get(plain..).unwrap_or_default();
    plain + rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len())
}

fn decomposed(characters: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    // Capitals become small letters before and after, since an accent may hide one.
    characters
        .flat_map(char::to_lowercase)
        .nfd()
        .filter(|c| !is_dropped(*c))
        .map(|c| c.to_ascii_lowercase())
}

/// What is known of a character of the first scripts, Latin to Hebrew, whatever stands beside it.
#[derive(Clone, Copy)]
struct Known {
    /// What becomes of it; nothing of an accent.
    folded: Option<char>,
    is_letter: bool,
}

fn first_known(c: char) -> Option<Known> {
    FIRST.get(usize::try_from(u32::from(c)).ok()?).copied().flatten()
}

fn is_letter(c: char) -> bool {
    first_known(c).map_or_else(|| c.is_alphanumeric(), |known| known.is_letter)
}

/// Made at first use. Accents that are dropped may stand in any order.
static FIRST: LazyLock<Box<[Option<Known>]>> = LazyLock::new(|| {
    let known = |c: char| {
        let mut all = decomposed(std::iter::once(c));
        let folded = all.next();
        let is_alone = all.next().is_none() && !folded.is_some_and(is_combining_mark);
        is_alone.then_some(Known { folded, is_letter: c.is_alphanumeric() })
    };
    ('\0'..'\u{600}').map(known).collect()
});

/// Shows where the words of a folded text, with blanks between them, stand behind `folded`.
pub(crate) fn folded_spans(words: &str, folded: &mut String, mut each: impl FnMut(Span)) {
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        let from = folded.len();
        folded.push_str(word);
        folded.push_str(BEHIND);
        let short = number(folded.as_bytes(), from, word.len());
        each(Span { short, from, len: u32::try_from(word.len()).unwrap_or(0), is_word: true });
    }
}

/// What follows a folded text: nothing that is a token.
const BEHIND: &str = "                ";
/// The longest tokens that have a number, in bytes.
const SHORT: u8 = 15;

/// How many bytes from a place on are small letters or digits, eight looked at side by side.
fn word_length(bytes: &[u8], from: usize) -> usize {
    let mut len = 0;
    while let Some(eight) = bytes.get(from + len..).and_then(<[u8]>::first_chunk) {
        let more =
            usize::try_from(others(u64::from_le_bytes(*eight)).trailing_zeros() / 8).unwrap_or(0);
        len += more;
        if more < 8 {
            return len;
        }
    }
    // Only the blanks behind the text are fewer than eight.
    len
}

const HIGH: u64 = 0x8080_8080_8080_8080;

/// The highest bit of each byte that is neither a small letter nor a digit.
fn others(eight: u64) -> u64 {
    const ONE: u64 = 0x0101_0101_0101_0101;
    // With its highest bit set no byte borrows from the next one.
    let at_least = |least: u8| (eight | HIGH) - u64::from(least) * ONE;
    let is_digit = at_least(b'0') & !at_least(b'9' + 1);
    let is_letter = at_least(b'a') & !at_least(b'z' + 1);
    (!(is_digit | is_letter) | eight) & HIGH
}

/// The bytes of a short token and its length as one number.
fn number(bytes: &[u8], from: usize, len: usize) -> u128 {
    let sixteen = bytes.get(from..).and_then(<[u8]>::first_chunk);
    match (sixteen, u8::try_from(len)) {
        (Some(sixteen), Ok(len @ 1..=SHORT)) => {
            (u128::from_le_bytes(*sixteen) & ((1 << (u32::from(len) * 8)) - 1))
                | u128::from(len) << 120
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

    /// The tokens of any text, folded as a whole and told apart letter by letter.
    fn expected_of_any(text: &str) -> Vec<String> {
        let letters = text.chars().flat_map(char::to_lowercase).nfd().filter(|c| !is_dropped(*c));
        let mut all: Vec<String> = Vec::new();
        let mut is_open = false;
        for c in letters {
            let joins = c.is_alphanumeric() && !stands_alone(c);
            match all.last_mut().filter(|_| joins && is_open) {
                Some(word) => word.push(c),
                None if c.is_alphanumeric() => all.push(c.to_string()),
                None if c.is_whitespace() || c.is_control() => {}
                None => all.push(format!("<{c}>")),
            }
            is_open = joins;
        }
        all
    }

    #[test]
    fn texts_of_any_script_are_taken_apart_as_if_folded_as_a_whole() {
        let mut random = crate::random::SplitMix64::new(9);
        let ranges = [
            0x20..0x7f,
            0x80..0x600,
            0x300..0x370,
            0x600..0x3100,
            0x4e00..0x4f00,
            0xac00..0xad00,
            0x1f600..0x1f640,
        ];
        for _ in 0..4_000 {
            let mut text = String::new();
            for _ in 0..random.below(60) {
                let few = 1 + random.below(ranges.len());
                let Some(range) = ranges.get(random.below(few)) else { continue };
                let c = range.start + u32::try_from(random.below(range.len())).expect("is small");
                text.extend(char::from_u32(c));
            }
            assert_eq!(seen(&text), expected_of_any(&text), "{text:?}");
        }
        for c in '\0'..'\u{3400}' {
            let text = format!("Ab{c}Cd");
            assert_eq!(seen(&text), expected_of_any(&text), "{c:?}");
        }
    }

    /// The tokens of a plain text, found byte by byte.
    fn expected(text: &str) -> Vec<String> {
        let folded = text.to_ascii_lowercase();
        let mut expected = Vec::new();
        for run in folded.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let word = run.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            expected.extend((!word.is_empty()).then(|| word.to_owned()));
            let sign = run
                .chars()
                .last()
                .filter(char::is_ascii_graphic)
                .filter(|c| !c.is_ascii_alphanumeric());
            expected.extend(sign.map(|sign| format!("<{sign}>")));
        }
        expected
    }

    #[test]
    fn every_plain_character_is_of_its_kind_wherever_it_stands() {
        for byte in 0..128_u8 {
            let c = char::from(byte);
            for text in [
                format!("{c}"),
                format!("longerword{c}x"),
                format!("a{c}"),
                format!(" {c}sixteenbyteslong"),
            ] {
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
                text.extend(
                    [" ", ".", "\n", "7", "~!", "", "\u{7f}"].get(random.below(7)).copied(),
                );
            }
            assert_eq!(seen(&text), expected(&text), "{text}");
        }
    }

    #[test]
    fn case_accents_and_invisible_characters_make_no_difference() {
        assert_eq!(
            seen("Caf\u{e9} CR\u{c8}ME na\u{ef}ve re\u{301}sume\u{301}"),
            ["cafe", "creme", "naive", "resume"]
        );
        assert_eq!(seen("pass\u{200b}word \u{130}stanbul"), ["password", "istanbul"]);
    }

    #[test]
    fn letters_of_scripts_without_blanks_are_words_of_their_own() {
        assert_eq!(seen("\u{8a02}\u{5355}abc"), ["\u{8a02}", "\u{5355}", "abc"]);
        assert_eq!(
            seen("\u{437}\u{430}\u{43a}\u{430}\u{437}!"),
            ["\u{437}\u{430}\u{43a}\u{430}\u{437}", "<!>"]
        );
    }
}
