//! Words that say nothing by themselves.

/// Sorted, so that a word is found by halving.
const STOP: [&str; 137] = [
    "a",
    "about",
    "above",
    "after",
    "again",
    "against",
    "all",
    "am",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "before",
    "being",
    "below",
    "between",
    "both",
    "but",
    "by",
    "can",
    "could",
    "d",
    "did",
    "didn",
    "do",
    "does",
    "doesn",
    "doing",
    "don",
    "down",
    "during",
    "each",
    "few",
    "for",
    "from",
    "further",
    "had",
    "has",
    "have",
    "having",
    "he",
    "her",
    "here",
    "hers",
    "herself",
    "him",
    "himself",
    "his",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "isn",
    "it",
    "its",
    "itself",
    "just",
    "ll",
    "m",
    "me",
    "more",
    "most",
    "my",
    "myself",
    "no",
    "nor",
    "not",
    "now",
    "of",
    "off",
    "on",
    "once",
    "only",
    "or",
    "other",
    "our",
    "ours",
    "ourselves",
    "out",
    "over",
    "own",
    "re",
    "s",
    "same",
    "she",
    "should",
    "so",
    "some",
    "such",
    "t",
    "than",
    "that",
    "the",
    "their",
    "theirs",
    "them",
    "themselves",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "through",
    "to",
    "too",
    "under",
    "until",
    "up",
    "ve",
    "very",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "which",
    "while",
    "who",
    "whom",
    "why",
    "will",
    "with",
    "would",
    "you",
    "your",
    "yours",
    "yourself",
    "yourselves",
];

/// Whether a folded word is one of them.
pub(crate) fn is_stop(word: &[u8]) -> bool {
    word.len() <= LONGEST && KEYS.binary_search(&key(word)).is_ok()
}

const LONGEST: usize = 10;

/// The words as numbers, which are compared faster and have the same order.
static KEYS: [u128; STOP.len()] = {
    let mut keys = [0; STOP.len()];
    let mut at = 0;
    while at < keys.len() {
        #[expect(
            clippy::indexing_slicing,
            reason = "by the compiler: what is wrong does not compile"
        )]
        (keys[at] = key(STOP[at].as_bytes()));
        at += 1;
    }
    keys
};

const fn key(mut word: &[u8]) -> u128 {
    let (mut key, mut place) = (0, u128::BITS);
    while let [first, rest @ ..] = word {
        place -= u8::BITS;
        #[expect(clippy::as_conversions, reason = "wider, in a constant")]
        (key |= (*first as u128) << place);
        word = rest;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_its_words_are_short() {
        assert!(STOP.is_sorted() && STOP.iter().all(|word| word.len() <= LONGEST));
        assert!(is_stop(b"the") && is_stop(b"yourselves") && !is_stop(b"refund"));
    }
}
