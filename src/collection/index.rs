//! The documents of one collection as an index.
//!
//! Knows which places of the index are the passages of which document, how far it has followed
//! the store, and when it is better built anew.

use super::document::{StoredText, passages};
use crate::embedding::Embedding;
use crate::recall::{Direction, Document, Index, Part, Reader, Source, Writer};
use std::collections::HashMap;

/// Low bits of a passage's key: its number in the document.
const PASSAGE_BITS: u32 = 8;
/// Empty places that are kept, beside as many as there are full ones.
const MAX_EMPTY: usize = 1_000;

pub(super) struct Contents {
    pub(super) index: Index,
    /// The newest change that is in the index.
    pub(super) seen: i64,
    /// The first place of each document, and how many passages follow.
    places: HashMap<u32, (usize, usize)>,
    reader: Reader,
}

impl Contents {
    /// Nothing yet; `dimensions` are those of a host's own vectors.
    pub(super) fn new(dimensions: Option<usize>) -> Contents {
        let table = Embedding::shipped();
        let index = match dimensions {
            Some(dimensions) => Index::with_vectors_of(dimensions, table, true),
            None => Index::new(table, true),
        };
        Contents { index, seen: 0, places: HashMap::new(), reader: Reader::default() }
    }

    /// The bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        // A table keeps a byte beside each place, and an eighth of the places free.
        let place = size_of::<(u32, (usize, usize))>() + 1;
        size_of::<Contents>() - size_of::<Index>()
            + self.index.bytes()
            + self.places.capacity() * place * 8 / 7
    }

    /// How many documents there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The numbers of the documents, ascending.
    pub(super) fn numbers(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.places.keys().copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// Puts a document in, or exchanges it; `vectors` holds one for each passage, if the host
    /// makes its own. False if there is no room.
    pub(super) fn put(
        &mut self,
        number: u32,
        stored: &StoredText,
        marks: &[Vec<u8>],
        vectors: &[Direction],
    ) -> bool {
        self.remove(number);
        let first = self.index.places();
        let cut = passages(&stored.text);
        for ((passage, text), at) in cut.iter().enumerate().zip(0_u32..) {
            let parts = [Part { voice: 0, text: &stored.title }, Part { voice: 0, text }];
            let document = Document {
                key: (number << PASSAGE_BITS) | at,
                parts: &parts,
                marks,
                vector: vectors.get(passage),
                ..Document::default()
            };
            if !self.index.push(&mut self.reader, &document) {
                return false;
            }
        }
        self.places.insert(number, (first, cut.len()));
        true
    }

    pub(super) fn remove(&mut self, number: u32) {
        if let Some((first, count)) = self.places.remove(&number) {
            (first..first + count).for_each(|place| self.index.remove(place));
        }
    }

    /// Whether so many places are empty that the index is better built anew.
    pub(super) fn is_worn(&self) -> bool {
        self.index.places() > 2 * self.index.len() + MAX_EMPTY
    }

    /// Ends a step of following the store; the working room goes, which nobody counts.
    pub(super) fn settle(&mut self, read: usize) {
        if read > 0 {
            self.reader = Reader::default();
        }
        if read > MAX_EMPTY {
            self.index.pack();
        }
        self.index.settle();
    }

    pub(super) fn write(&mut self) -> Vec<u8> {
        let mut to = Writer::default();
        to.number(u32::try_from(self.seen >> 20).unwrap_or(0));
        to.number(u32::try_from(self.seen & 0xf_ffff).unwrap_or(0));
        let mut places: Vec<(u32, usize, usize)> =
            self.places.iter().map(|(number, (first, count))| (*number, *first, *count)).collect();
        places.sort_unstable();
        let narrow = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        to.numbers(places.iter().map(|(number, ..)| *number));
        to.numbers(places.iter().map(|(_, first, _)| narrow(*first)));
        to.numbers(places.iter().map(|(.., count)| narrow(*count)));
        self.index.write(&mut to);
        let mut bytes = to.finish();
        // Every piece has a sum of its own; this one tells that all pieces are there, in order.
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// Reads what was written; `None` if it is of another version or damaged.
    pub(super) fn read(bytes: &[u8]) -> Option<Contents> {
        let (bytes, sum) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(bytes).to_le_bytes() != *sum {
            return None;
        }
        let mut from = Source(bytes);
        let seen = (i64::from(from.number()?) << 20) | i64::from(from.number()?);
        let (numbers, firsts, counts) = (from.numbers()?, from.numbers()?, from.numbers()?);
        let index = Index::read_from(&mut from, Embedding::shipped(), true)?;
        let wide = |value: &u32| usize::try_from(*value).unwrap_or(usize::MAX);
        let rows = numbers.iter().zip(firsts.iter().map(wide).zip(counts.iter().map(wide)));
        let places: HashMap<u32, (usize, usize)> =
            rows.map(|(number, place)| (*number, place)).collect();
        let is_inside = |(first, count): &(usize, usize)| {
            first.checked_add(*count).is_some_and(|end| end <= index.places())
        };
        let fits = places.len() == numbers.len()
            && numbers.len() == firsts.len()
            && firsts.len() == counts.len();
        (fits && places.values().all(is_inside)).then(|| Contents {
            index,
            seen,
            places,
            reader: Reader::default(),
        })
    }
}

/// The document and the passage that a key of the index means.
pub(super) fn parts(key: u32) -> (u32, usize) {
    (key >> PASSAGE_BITS, usize::try_from(key & ((1 << PASSAGE_BITS) - 1)).unwrap_or(0))
}

/// Vectors by document, one for each passage.
#[derive(Default)]
pub(super) struct Vectors(pub(super) HashMap<u32, Vec<Direction>>);

impl Vectors {
    pub(super) fn take(&mut self, number: u32) -> Vec<Direction> {
        self.0.remove(&number).unwrap_or_default()
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::recall::{Mix, Question};

    const DOCUMENTS: u32 = 60;

    fn contents() -> Contents {
        let mut contents = Contents::new(None);
        for number in 1..=DOCUMENTS {
            let thing = ["refund", "parcel", "walrus \u{1f600}", "password"]
                [usize::try_from(number % 4).unwrap()];
            let text = format!("A {thing} of number {number}, which is late. ");
            let text = text.repeat(if number % 9 == 0 { 60 } else { 1 });
            let stored =
                StoredText { text, title: format!("Title {number}"), ..StoredText::default() };
            assert!(contents.put(number, &stored, &[b"mark".to_vec()], &[]));
            contents.seen = i64::from(number);
        }
        contents.remove(7);
        contents.settle(usize::MAX);
        contents
    }

    fn answer(contents: &mut Contents, text: &str) -> Vec<(u32, u32)> {
        contents.index.settle();
        let wanted = |_: usize, _: &crate::recall::Entry| true;
        let answer = contents.index.search(&Question {
            text,
            limit: 20,
            mix: Mix::TEXTS,
            wanted: Some(&wanted),
            vector: None,
            period: None,
        });
        answer.hits.iter().map(|hit| (hit.key, hit.score.to_bits())).collect()
    }

    /// The bytes with a sum that fits them, as if they had been written so.
    fn mended(mut bytes: Vec<u8>) -> Vec<u8> {
        let end = bytes.len() - 4;
        let sum = crc32fast::hash(&bytes[..end]).to_le_bytes();
        bytes[end..].copy_from_slice(&sum);
        bytes
    }

    #[test]
    fn what_is_read_answers_as_what_was_written() {
        let mut built = contents();
        let bytes = built.write();
        let mut read = Contents::read(&bytes).unwrap();
        assert_eq!((read.seen, read.len(), read.numbers()), (60, 59, built.numbers()));
        for question in ["late refund", "number 12", "walrus", "nothing like it"] {
            assert_eq!(answer(&mut read, question), answer(&mut built, question), "{question}");
        }
        assert_eq!(mended(bytes.clone()), bytes);
    }

    #[test]
    fn another_version_or_table_and_bytes_cut_short_anywhere_are_not_read() {
        let bytes = contents().write();
        let version = 8 + 3 * (4 + 4 * usize::try_from(DOCUMENTS - 1).unwrap());
        for (place, change) in [(version, 1), (version, 255), (version + 4, 1), (version + 7, 128)]
        {
            let mut other = bytes.clone();
            other[place] ^= change;
            assert!(Contents::read(&mended(other)).is_none(), "{place}");
        }
        for len in (0..bytes.len()).step_by(7) {
            assert!(Contents::read(&bytes[..len]).is_none());
            let cut = [&bytes[..len], &[0; 4]].concat();
            assert!(Contents::read(&mended(cut)).is_none(), "cut to {len}");
        }
        let longer = [&bytes[..bytes.len() - 4], &[0; 8]].concat();
        assert!(Contents::read(&mended(longer)).is_none());
    }

    /// A sum keeps wrong bytes out; should they get past it, they are refused or answered from,
    /// and never followed outside of what is there.
    #[test]
    fn flipped_bits_are_noticed_and_do_no_harm_even_under_a_sum_that_fits() {
        let bytes = contents().write();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut below = |limit: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % u64::try_from(limit).unwrap()).unwrap()
        };
        let mut read = 0;
        for _ in 0..2_000 {
            let mut flipped = bytes.clone();
            for _ in 0..=below(3) {
                flipped[below(bytes.len() - 4)] ^= 1 << below(8);
            }
            if flipped == bytes {
                continue;
            }
            assert!(Contents::read(&flipped).is_none());
            if let Some(mut contents) = Contents::read(&mended(flipped)) {
                read += 1;
                answer(&mut contents, "a late walrus, number 12");
                let (number, stored) = (
                    DOCUMENTS + 1,
                    StoredText { text: "walrus".to_owned(), ..StoredText::default() },
                );
                contents.put(number, &stored, &[], &[]);
                contents.remove(3);
                answer(&mut contents, "walrus");
            }
        }
        assert!(read > 100, "{read}");
    }
}
