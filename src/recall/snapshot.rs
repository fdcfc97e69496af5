//! An index as bytes, so that it need not be built again.
//!
//! Knows the order of its parts, little endian, and refuses whatever does not fit together.
//! Nothing here is worth keeping if in doubt: the caller builds the index anew.

use super::bytes::{Source, Writer};
use super::group::Groups;
use super::index::{Entry, Index};
use super::postings::Postings;
use super::vocabulary::Vocabulary;
use crate::embedding::Embedding;

/// Changes whenever an index built by another version would answer otherwise.
const VERSION: u32 = 4;

impl Index {
    /// Writes a packed index.
    pub(crate) fn write(&mut self, to: &mut Writer) {
        self.pack();
        to.number(VERSION);
        to.number(self.table.map_or(0, Embedding::checksum));
        to.number(u32::try_from(self.dimensions).unwrap_or(0));
        to.signed(&self.vectors);
        to.numbers(self.inverses.iter().map(|inverse| inverse.to_bits()));
        to.number(u32::try_from(self.entries.len()).unwrap_or(0));
        to.shorts(&self.lengths);
        to.shorts(&self.backs);
        for entry in &self.entries {
            to.number(entry.key);
            to.number(entry.group);
            let [low, high] = halves(entry.at);
            to.number(low);
            to.number(high);
            let [said, answered] = entry.voices;
            to.number(u32::from_le_bytes([entry.label, said, answered, u8::from(entry.is_gone)]));
        }
        self.vocabulary.write(to);
        self.postings.write(to);
    }

    /// Reads an index without speakers; `None` if it is of another version or table, or
    /// damaged.
    pub(crate) fn read_from(
        from: &mut Source<'_>,
        table: Option<&'static Embedding>,
        keeps_stops: bool,
    ) -> Option<Index> {
        if from.number()? != VERSION || from.number()? != table.map_or(0, Embedding::checksum) {
            return None;
        }
        let mut index_ = Index::with_vectors_of(index(from.number()?), table, keeps_stops);
        index_.vectors = from.bytes()?.iter().map(|byte| byte.cast_signed()).collect();
        index_.inverses = from.numbers()?.into_iter().map(f32::from_bits).collect();
        let count = index(from.number()?);
        if index_.inverses.len() != count
            || index_.vectors.len() != count.checked_mul(index_.dimensions)?
            || !index_.inverses.iter().all(|inverse| inverse.is_finite())
        {
            return None;
        }
        let (lengths, backs) = (from.shorts()?, from.shorts()?);
        let is_behind = |(place, back): (usize, &u16)| usize::from(*back) <= place;
        if lengths.len() != count
            || backs.len() != count
            || !backs.iter().enumerate().all(is_behind)
        {
            return None;
        }
        for length in &lengths {
            let (key, group, low, high) =
                (from.number()?, from.number()?, from.number()?, from.number()?);
            let [label, said, answered, is_gone] = from.number()?.to_le_bytes();
            let (at, voices) = (whole(low, high), [said, answered]);
            let entry = Entry { key, group, at, label, voices, is_gone: is_gone != 0, asks: false };
            if !entry.is_gone {
                index_.live += 1;
                index_.total_length += u64::from(*length);
            }
            index_.entries.push(entry);
        }
        index_.groups = Groups::of(&backs);
        (index_.lengths, index_.backs) = (lengths, backs);
        index_.vocabulary = Vocabulary::read_from(from, keeps_stops)?;
        index_.postings = Postings::read_from(from, index_.vocabulary.len(), count)?;
        from.0.is_empty().then_some(index_)
    }
}

fn halves(value: i64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

fn whole(low: u32, high: u32) -> i64 {
    let ([a, b, c, d], [e, f, g, h]) = (low.to_le_bytes(), high.to_le_bytes());
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
