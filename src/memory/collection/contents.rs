//! The documents of one collection as an index.
//!
//! Knows which places of the index are the passages of which document, how far it has followed
//! the store, and when it is better built anew.

use super::document::{StoredText, passages};
use crate::recall::{Direction, Document, Embedding, Index, Part, Reader, Source, Writer};
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
    pub(super) fn put(&mut self, number: u32, stored: &StoredText, marks: &[Vec<u8>], vectors: &[Direction]) -> bool {
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

    /// Ends a step of following the store; the working room goes when much was read.
    pub(super) fn settle(&mut self, read: usize) {
        if read > MAX_EMPTY {
            self.reader = Reader::default();
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
        to.finish()
    }

    /// Reads what was written; `None` if it is of another version or damaged.
    pub(super) fn read(bytes: &[u8]) -> Option<Contents> {
        let mut from = Source(bytes);
        let seen = (i64::from(from.number()?) << 20) | i64::from(from.number()?);
        let (numbers, firsts, counts) = (from.numbers()?, from.numbers()?, from.numbers()?);
        let index = Index::read_from(&mut from, Embedding::shipped(), true)?;
        let wide = |value: &u32| usize::try_from(*value).unwrap_or(usize::MAX);
        let rows = numbers.iter().zip(firsts.iter().map(wide).zip(counts.iter().map(wide)));
        let places: HashMap<u32, (usize, usize)> = rows.map(|(number, place)| (*number, place)).collect();
        let is_inside =
            |(first, count): &(usize, usize)| first.checked_add(*count).is_some_and(|end| end <= index.places());
        let fits = places.len() == numbers.len() && numbers.len() == firsts.len() && firsts.len() == counts.len();
        (fits && places.values().all(is_inside)).then(|| Contents { index, seen, places, reader: Reader::default() })
    }
}

/// The document and the passage that a key of the index means.
pub(super) fn parts(key: u32) -> (u32, usize) {
    (key >> PASSAGE_BITS, usize::try_from(key & ((1 << PASSAGE_BITS) - 1)).unwrap_or(0))
}
