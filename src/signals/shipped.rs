//! The rule files, packed into the program.
//!
//! Knows that they lie one behind the other, compressed to less than a third, and are unpacked at
//! first use. Who changes a file packs them anew: `UPDATE_RULES=1 cargo test --lib packed_rules`.

use std::sync::OnceLock;

pub(super) const VADER: usize = 0;
pub(super) const WORDS: usize = 1;
/// Four files: support, topics, tone, people.
pub(super) const SUPPORT: [usize; 4] = [2, 3, 4, 5];
pub(super) const WISHES: usize = 6;
pub(super) const REFERENCE: usize = 7;

static PACKED: &[u8] = include_bytes!("rules/shipped-1.zst");
/// More than all files have together, in bytes.
const MOST: usize = 256 << 10;
/// What stands between two files, and in none.
const BETWEEN: char = '\0';

/// The text of a file, by its place.
pub(super) fn file(place: usize) -> &'static str {
    static FILES: OnceLock<Box<str>> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        let unpacked = zstd::bulk::decompress(PACKED, MOST).unwrap_or_default();
        String::from_utf8(unpacked).unwrap_or_default().into_boxed_str()
    });
    files.split(BETWEEN).nth(place).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [&str; 8] = [
        include_str!("rules/vader-1.lexicon"),
        include_str!("rules/words-1.rules"),
        include_str!("rules/support-1.rules"),
        include_str!("rules/topics-1.rules"),
        include_str!("rules/tone-1.rules"),
        include_str!("rules/people-1.rules"),
        include_str!("rules/wishes-1.rules"),
        include_str!("rules/reference-1.rules"),
    ];

    #[test]
    fn the_packed_rules_are_those_of_the_files() {
        if std::env::var_os("UPDATE_RULES").is_some() {
            let all = FILES.join(&BETWEEN.to_string());
            let packed = zstd::bulk::compress(all.as_bytes(), 19).expect("compresses");
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/signals/rules/shipped-1.zst");
            return std::fs::write(path, packed).expect("is written");
        }
        for (place, text) in FILES.iter().enumerate() {
            assert!(
                file(place) == *text,
                "file {place} changed: UPDATE_RULES=1 cargo test --lib packed_rules"
            );
        }
        assert_eq!(file(FILES.len()), "");
    }
}
