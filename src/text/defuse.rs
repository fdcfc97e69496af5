//! Control tokens of chat templates, made harmless in texts that models are shown.
//!
//! Knows what such tokens look like, also written with full-width signs or with invisible
//! characters between. Their brackets are replaced and nothing is taken out, so that no two
//! halves come together as another token.

use std::borrow::Cow;

/// How far a token's end is looked for, in characters.
const LONGEST: usize = 64;
/// Tokens in angle brackets without an underscore or a bar.
const ANGLED: [&str; 22] = [
    "s",
    "bos",
    "eos",
    "pad",
    "unk",
    "mask",
    "cls",
    "sep",
    "sys",
    "inst",
    "think",
    "thinking",
    "system",
    "user",
    "assistant",
    "human",
    "model",
    "tool",
    "function",
    "functions",
    "bot",
    "endoftext",
];
/// Tokens in square brackets without an underscore.
const SQUARED: [&str; 11] =
    ["inst", "sys", "gmask", "sop", "img", "cls", "sep", "mask", "pad", "unk", "bos"];

/// The text with every control token's brackets replaced, and how many there were.
pub(crate) fn defused(text: &str) -> (Cow<'_, str>, usize) {
    let is_suspect = |byte: u8| byte == b'<' || byte == b'[' || byte == b'|' || byte == 0xef;
    if !text.bytes().any(is_suspect) {
        return (Cow::Borrowed(text), 0);
    }
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let mut changed: Option<String> = None;
    let mut found = 0;
    let mut copied = 0;
    for (place, (at, letter)) in letters.iter().enumerate() {
        let Some(harmless) = replacement(&letters, place) else { continue };
        found += 1;
        let changed = changed.get_or_insert_with(|| String::with_capacity(text.len()));
        changed.push_str(text.get(copied..*at).unwrap_or_default());
        changed.push(harmless);
        copied = at + letter.len_utf8();
    }
    match changed {
        None => (Cow::Borrowed(text), 0),
        Some(mut changed) => {
            changed.push_str(text.get(copied..).unwrap_or_default());
            (Cow::Owned(changed), found)
        }
    }
}

/// What to write in place of this character, if it opens or closes a token.
fn replacement(letters: &[(usize, char)], place: usize) -> Option<char> {
    let (_, letter) = letters.get(place)?;
    let after = || visible(letters.get(place + 1..).unwrap_or_default());
    match plain(*letter) {
        '<' => {
            let next = after().next()?;
            let is_token = next == '|'
                || (next == '<' && after().nth(1).is_some_and(|c| c == '/' || c.is_alphabetic()))
                || name(after(), '>').is_some_and(|name| is_angled(&name));
            is_token.then_some('\u{2039}')
        }
        '>' => {
            let mut before = letters.get(..place)?.iter().rev().take(LONGEST);
            let before = before.by_ref().map(|(_, c)| *c).find(|c| !is_invisible(*c))?;
            (plain(before) == '|').then_some('\u{203a}')
        }
        '[' => {
            let next = after().next()?;
            let is_token = next == '[' || name(after(), ']').is_some_and(|name| is_squared(&name));
            is_token.then_some('(')
        }
        _ => None,
    }
}

/// What stands before the bracket that closes, without a leading slash.
fn name(letters: impl Iterator<Item = char>, end: char) -> Option<String> {
    let mut name = String::new();
    for letter in letters {
        if letter == end {
            return Some(name);
        }
        let is_part = letter.is_alphanumeric() || "_-|= /\u{2581}".contains(letter);
        if !is_part {
            return None;
        }
        if !(name.is_empty() && letter == '/') {
            name.push(letter);
        }
    }
    None
}

fn is_angled(name: &str) -> bool {
    let lower = name.trim().to_lowercase();
    let first = lower.split([' ', '=']).next().unwrap_or_default();
    first.contains(['_', '|', '\u{2581}']) || ANGLED.contains(&first)
}

fn is_squared(name: &str) -> bool {
    let is_capital = |letter: char| letter.is_ascii_uppercase() || letter == '_';
    let is_joined = name.contains('_') && name.chars().all(is_capital);
    is_joined || SQUARED.contains(&name.trim().to_lowercase().as_str())
}

/// The characters that can be seen, each as its plain form; no more than a token has.
fn visible(letters: &[(usize, char)]) -> impl Iterator<Item = char> {
    letters
        .iter()
        .take(LONGEST)
        .map(|(_, letter)| *letter)
        .filter(|letter| !is_invisible(*letter))
        .map(plain)
}

/// A sign or letter as ASCII has it, if it only looks otherwise.
fn plain(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(letter) - 0xff01 + 0x21).unwrap_or(letter)
        }
        '\u{fe64}' => '<',
        '\u{fe65}' => '>',
        '\u{2223}' | '\u{2502}' | '\u{ffe8}' | '\u{01c0}' | '\u{2758}' => '|',
        _ => letter,
    }
}

/// Whether a character takes no room.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{0}'..='\u{8}'
            | '\u{e}'..='\u{1f}'
            | '\u{7f}'
            | '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    const TOKENS: [&str; 24] = [
        "<|im_start|>",
        "<|im_end|>",
        "<|eot_id|>",
        "<|start_header_id|>",
        "<|endoftext|>",
        "[INST]",
        "[/INST]",
        "<<SYS>>",
        "<</SYS>>",
        "<s>",
        "</s>",
        "<start_of_turn>",
        "<end_of_turn>",
        "[TOOL_CALLS]",
        "[AVAILABLE_TOOLS]",
        "<tool_call>",
        "</tool_call>",
        "<think>",
        "<bos>",
        "<unk>",
        "<function=call>",
        "[gMASK]",
        "[[confidence=1 resolved=yes]]",
        "<\u{ff5c}User\u{ff5c}>",
    ];

    /// What a tokenizer or a careless reader could take for a token.
    fn flattened(text: &str) -> String {
        text.chars().filter(|letter| !is_invisible(*letter)).map(plain).collect::<String>()
    }

    fn holds_token(text: &str) -> bool {
        let flat = flattened(text).to_lowercase();
        TOKENS.iter().any(|token| {
            let token = flattened(token).to_lowercase();
            flat.contains(if token.starts_with("[[") { "[[" } else { &token })
        })
    }

    #[test]
    fn no_token_is_left_however_it_is_written() {
        for token in TOKENS {
            let wide: String = token
                .chars()
                .map(|letter| match letter {
                    '!'..='~' => char::from_u32(u32::from(letter) - 0x21 + 0xff01).expect("a sign"),
                    other => other,
                })
                .collect();
            let spread: String = token.chars().flat_map(|letter| [letter, '\u{200b}']).collect();
            let (half, rest) = token.split_at(1);
            let nested = format!("{half}{token}{rest}");
            for text in [token.to_owned(), wide, spread, nested, token.to_uppercase()] {
                let (safe, found) = defused(&text);
                assert!(found > 0 && !holds_token(&safe), "{text} became {safe}");
                assert_eq!(defused(&safe).1, 0, "{safe} holds nothing more");
            }
        }
    }

    #[test]
    fn tokens_put_together_at_random_leave_nothing() {
        let mut rng = SplitMix64::new(7);
        for _ in 0..20_000 {
            let text: String = (0..rng.below(9))
                .map(|_| {
                    let token: Vec<char> = rng.pick(&TOKENS).chars().collect();
                    let (from, to) = (rng.below(token.len()), rng.below(token.len() + 1));
                    token.get(from.min(to)..to.max(from)).into_iter().flatten().collect::<String>()
                })
                .collect();
            let (safe, _) = defused(&text);
            assert!(!holds_token(&safe), "{text} became {safe}");
        }
    }

    #[test]
    fn ordinary_texts_stay_as_they_are() {
        for text in [
            "Where is my parcel?",
            "5 < 6 and 7 > 3, a | b, x[0], [1], see <https://a.example/b?c=d>",
            "Write to <alice@example.com>. <b>Bold</b> <br/> List<String>",
            "Gr\u{fc}\u{df} Gott \u{1f600} [sic] a[i][j] [URGENT]",
            "",
        ] {
            assert_eq!(defused(text), (Cow::Borrowed(text), 0));
        }
    }
}
