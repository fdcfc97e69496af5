//! Trains a store's own dictionary.
//!
//! A dictionary is a place where text survives erasure. Knows how to fill one only with
//! phrases that at least five customers said, so that nobody's own words stay in it.

use super::dictionary::{close, is_digestible, parts};
use super::pack::GENERAL_1;
use super::phrases::{Common, Texts};
use super::selection;

/// How much text is kept to learn from; finishing takes about five times its size for a moment.
pub(crate) const MAX_TEXT_BYTES: usize = 4 * 1024 * 1024;
/// A dictionary with less in it than this is not worth having.
const MIN_CONTENT_BYTES: usize = 128;
/// How much text the statistics of a dictionary are taken from.
const MAX_STATISTICS_BYTES: usize = 512 * 1024;
/// What the statistics may take of a dictionary's size, and the checksum.
const MAX_HEADER_BYTES: usize = 512;

/// Learns from texts what the records of a store have in common.
#[derive(Default)]
pub(crate) struct Trainer {
    texts: Texts,
}

impl Trainer {
    /// Takes one text of a customer: what was said, an answer, or metadata.
    ///
    /// Nobody may have two numbers, or what one person said may pass for what two did.
    /// Keeps 4 MiB; what comes later is ignored, so give the newest first.
    pub(crate) fn add(&mut self, customer: u64, text: &str) {
        if self.texts.len_bytes() + text.len() <= MAX_TEXT_BYTES {
            self.texts.add(customer, text);
        }
    }

    /// Makes a dictionary of at most `max_bytes`; `None` if there is too little to learn.
    ///
    /// Room that is left is filled with phrases of the general dictionary, which nobody can
    /// ask to erase. The same texts in the same order give the same bytes.
    pub(crate) fn finish(self, max_bytes: usize) -> Option<Vec<u8>> {
        let general = parts(GENERAL_1).map(|(_, phrases)| phrases).unwrap_or_default();
        self.finish_upon(without_checksum(general), max_bytes)
    }

    /// As [`finish`](Self::finish), with `filling` for the room that is left.
    pub(crate) fn finish_upon(self, filling: &[u8], max_bytes: usize) -> Option<Vec<u8>> {
        let common = Common::of(&self.texts);
        let room = max_bytes.checked_sub(MAX_HEADER_BYTES)?;
        let content = selection::choose(&self.texts, &common, room);
        if content.len() < MIN_CONTENT_BYTES {
            return None;
        }
        let filling = last_lines(filling, room - content.len());
        let with_statistics =
            self.statistics(max_bytes).map(|header| close([&header, filling, &content].concat()));
        with_statistics
            .filter(|bytes| is_digestible(bytes))
            .or_else(|| Some(close([filling, &content].concat())))
    }

    /// How often which byte and which length occurs, as zstd writes it before a dictionary's
    /// content. Counts only: the content that zstd chose is cut off.
    fn statistics(&self, max_bytes: usize) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        let mut sizes = Vec::new();
        for text in self.texts.iter().filter(|text| !text.is_empty()) {
            if all.len() + text.len() > MAX_STATISTICS_BYTES {
                break;
            }
            all.extend_from_slice(text.as_bytes());
            sizes.push(text.len());
        }
        let trained = zstd::dict::from_continuous(&all, &sizes, max_bytes).ok()?;
        let mut header = parts(&trained)?.0.to_vec();
        // The dictionary's own number, bytes 4 to 7: none, so that no frame repeats it.
        header.get_mut(4..8)?.fill(0);
        Some(header)
    }
}

fn without_checksum(bytes: &[u8]) -> &[u8] {
    bytes.split_last_chunk::<4>().map_or(bytes, |(content, _)| content)
}

/// As many whole lines as fit, the last ones, which are the best.
fn last_lines(lines: &[u8], max_bytes: usize) -> &[u8] {
    let surplus = lines.len().saturating_sub(max_bytes);
    if surplus == 0 {
        return lines;
    }
    let cut = lines.get(surplus - 1..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'));
    cut.and_then(|cut| lines.get(surplus + cut..)).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::as_conversions)]
mod tests {
    use super::super::phrases::MIN_CUSTOMERS;
    use super::super::{Codec, Damage};
    use super::*;
    use std::collections::{HashMap, HashSet};

    const THINGS: [&str; 12] = [
        "parcel",
        "invoice",
        "password",
        "refund",
        "tracking link",
        "delivery address",
        "phone",
        "payment",
        "voucher",
        "account",
        "subscription",
        "warranty card",
    ];

    /// Enough customers who say alike things.
    fn chatter() -> Vec<(u64, String)> {
        let mut texts = Vec::new();
        for customer in 0..12 {
            for (number, thing) in THINGS.iter().enumerate() {
                let other = THINGS[(number + 5) % THINGS.len()];
                texts.push((
                    customer,
                    format!(
                        "Hello, I have a question about my {thing}. Where can I see the {other}?"
                    ),
                ));
                texts.push((
                    customer,
                    format!("I understand your concern about the {thing}; the {other} is on its way now."),
                ));
                texts.push((
                    customer,
                    format!("{{\"order_state\":\"open\",\"lang\":\"en\",\"order\":{customer}}}"),
                ));
            }
        }
        texts
    }

    fn train(texts: &[(u64, String)]) -> Vec<u8> {
        let mut trainer = Trainer::default();
        for (customer, text) in texts {
            trainer.add(*customer, text);
        }
        trainer.finish_upon(&[], 64 * 1024).expect("enough text")
    }

    fn lines(dictionary: &[u8]) -> Vec<String> {
        let (_, lines) = parts(without_checksum(dictionary)).expect("has statistics");
        let text = std::str::from_utf8(lines).expect("whole phrases");
        text.lines().map(|line| line.trim_start_matches(' ').to_owned()).collect()
    }

    fn holds_part_of(dictionary: &[u8], text: &str) -> bool {
        text.as_bytes().windows(8).any(|part| dictionary.windows(8).any(|bytes| bytes == part))
    }

    #[test]
    fn what_fewer_than_five_customers_share_is_not_in_the_dictionary() {
        let mut texts = chatter();
        for customer in 0..4 {
            texts.push((
                customer,
                "Wilhelmina Quackenbush paid twice yesterday, ring Wilhelmina Quackenbush"
                    .to_owned(),
            ));
            texts.push((customer, "Wilhelmina Quackenbush paid twice yesterday".to_owned()));
        }
        for customer in 0..5 {
            texts.push((customer, "the purple bicycle squeaks terribly".to_owned()));
        }
        let dictionary = train(&texts);
        assert!(!holds_part_of(&dictionary, "Wilhelmina Quackenbush"));
        assert!(!holds_part_of(&dictionary, "twice yesterday"));
        assert!(
            lines(&dictionary)
                .iter()
                .any(|line| line.contains("the purple bicycle squeaks terribly"))
        );
    }

    #[test]
    fn entities_are_not_in_the_dictionary_however_many_share_them() {
        let secrets = [
            "zubrowka@example.org",
            "https://kxqzvw/refundpage",
            "@zubrowkahelp",
            "kxqzvw.example",
            "AB12345678",
        ];
        let mut texts = chatter();
        for customer in 0..12 {
            for secret in secrets {
                texts.push((customer, format!("please write to {secret} about all of this")));
            }
        }
        let dictionary = train(&texts);
        for secret in secrets {
            assert!(!holds_part_of(&dictionary, secret), "{secret}");
        }
        assert!(lines(&dictionary).iter().any(|line| line.contains("please write to")));
    }

    #[test]
    fn every_three_words_of_the_dictionary_were_said_by_five_customers() {
        let mut texts = chatter();
        for customer in 0..12_u64 {
            texts.push((
                customer,
                format!(
                    "my own word number {} is here",
                    "abcdefghijkl".repeat(1 + customer as usize)
                ),
            ));
        }
        let split = |text: &str| -> Vec<String> {
            text.split([' ', '"', '\n'])
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let mut said: HashMap<Vec<String>, HashSet<u64>> = HashMap::new();
        for (customer, text) in &texts {
            for run in split(text).windows(3) {
                said.entry(run.to_vec()).or_default().insert(*customer);
            }
        }
        let lines = lines(&train(&texts));
        assert!(lines.len() > 5);
        for line in lines {
            for run in split(&line).windows(3) {
                assert!(said.get(run).is_some_and(|who| who.len() >= MIN_CUSTOMERS), "{run:?}");
            }
        }
    }

    #[test]
    fn keys_of_metadata_are_learned() {
        assert!(
            lines(&train(&chatter()))
                .iter()
                .any(|line| line.contains("order_state\":\"open\",\"lang\":\"en"))
        );
    }

    #[test]
    fn the_same_texts_give_the_same_dictionary() {
        assert_eq!(train(&chatter()), train(&chatter()));
    }

    #[test]
    fn too_little_text_gives_no_dictionary() {
        assert_eq!(Trainer::default().finish(64 * 1024), None);
        let mut trainer = Trainer::default();
        trainer.add(1, &"the same words over and over ".repeat(1000));
        assert_eq!(trainer.finish(64 * 1024), None);
    }

    #[test]
    fn a_trained_dictionary_is_within_its_size_and_packs_better() {
        let mut trainer = Trainer::default();
        for (customer, text) in chatter() {
            trainer.add(customer, &text);
        }
        let dictionary = trainer.finish(16 * 1024).expect("enough text");
        assert!(dictionary.len() <= 16 * 1024);
        let codec = Codec::new();
        codec.add_dictionary(16, &dictionary).expect("sound");
        let text = b"Hello, I have a question about my refund. Where can I see the voucher?";
        let general = codec.pack(text, b"row");
        codec.use_for_packing(Some(16)).expect("added");
        let own = codec.pack(text, b"row");
        assert!(own.len() < general.len(), "{} < {}", own.len(), general.len());
        assert_eq!(codec.unpack(&own, b"row").as_deref(), Ok(&text[..]));
        assert_eq!(Codec::new().unpack(&own, b"row"), Err(Damage::MissingDictionary(16)));
    }

    #[test]
    fn the_trainer_keeps_no_more_text_than_it_says() {
        let mut trainer = Trainer::default();
        let text = "x".repeat(MAX_TEXT_BYTES / 2);
        for _ in 0..4 {
            trainer.add(1, &text);
        }
        assert_eq!(trainer.texts.len_bytes(), MAX_TEXT_BYTES);
    }

    #[test]
    fn filling_is_cut_at_whole_lines() {
        assert_eq!(last_lines(b"aa\nbb\ncc\n", 100), b"aa\nbb\ncc\n");
        assert_eq!(last_lines(b"aa\nbb\ncc\n", 6), b"bb\ncc\n");
        assert_eq!(last_lines(b"aa\nbb\ncc\n", 5), b"cc\n");
        assert_eq!(last_lines(b"aa\nbb\ncc\n", 0), b"");
    }
}
