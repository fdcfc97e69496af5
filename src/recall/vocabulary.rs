//! The words of one index, each once.
//!
//! Knows how a word gets its number, which words share a stem and in how many documents a
//! stem stands, and where a word's vector is: in the table if the word is one piece, the sum
//! of some rows if it is several. Numbers depend on the order in which texts came; no result does.

use super::bytes::{Source, Writer};
use super::stem::{self, stem};
use super::stop::is_stop;
use crate::embedding::{Embedding, NO_ROW, Sum};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

/// The longest word that is told apart from others, in bytes; longer ones are cut.
pub(crate) const MAX_WORD_BYTES: usize = 64;
/// The most words; further ones are not indexed. Three bytes of a posting hold the number, three of
/// a slot the next higher one.
const MAX_WORDS: usize = (1 << NUMBER_BITS) - 1;
const NUMBER_BITS: u32 = 24;
/// Stands for "no word".
pub(crate) const NONE: u32 = u32::MAX;
/// Marks begin with this byte, which no word holds.
const MARK: u8 = 1;

/// What is known of a word.
#[derive(Debug, Clone, Copy)]
struct Word {
    /// The number of the stem's own word; of such a one [`HEAD`], the documents that hold the stem
    /// and [`SILENT`] if the word says nothing by itself.
    stem: u32,
    /// The next word with that stem.
    next: u32,
    /// Where its text ends.
    end: u32,
    /// Of a word that is one piece: its row. [`FAR`] and more: its place among those of several.
    place: u32,
}

const HEAD: u32 = 1 << 31;
const SILENT: u32 = 1 << 30;
const DOCUMENTS: u32 = SILENT - 1;

const FAR: u32 = 1 << 17;
/// The place of a stem that has not been met as a word.
const UNSEEN: u32 = 1 << 16;
/// Begins a stem that stands apart from the word of that text.
const APART: u8 = 2;

/// Where a word's vector is.
pub(crate) enum Place<'v> {
    /// A row of the table.
    Row(u16),
    /// The sum of those rows, and one over its length.
    Sum(&'v [u16], f32),
    Nowhere,
}

/// A word of several pieces.
#[derive(Clone, Copy)]
struct Far {
    /// Where its rows end.
    end: u32,
    inverse: f32,
}

#[derive(Clone)]
pub(crate) struct Vocabulary {
    text: Vec<u8>,
    words: Vec<Word>,
    /// Numbers plus one by the hash of the text, and a tag of the hash above them.
    slots: Vec<u32>,
    far: Vec<Far>,
    /// The rows of such words, one's after the other's.
    rows: Vec<u16>,
    /// Stems that were met as words later, in the order of that: only then they have a place.
    promoted: Vec<u32>,
    keeps_stops: bool,
    /// So that nobody outside can choose words that meet in one slot.
    seed: u64,
}

impl Vocabulary {
    pub(crate) fn new(keeps_stops: bool) -> Vocabulary {
        let seed = RandomState::new().hash_one(0_u8) | 1;
        Vocabulary {
            text: Vec::new(),
            words: Vec::new(),
            slots: vec![0; MIN_SLOTS],
            far: Vec::new(),
            rows: Vec::new(),
            promoted: Vec::new(),
            keeps_stops,
            seed,
        }
    }

    pub(crate) fn keeps_stops(&self) -> bool {
        self.keeps_stops
    }

    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity()
            + self.words.capacity() * size_of::<Word>()
            + self.slots.capacity() * size_of::<u32>()
            + self.far.capacity() * size_of::<Far>()
            + self.rows.capacity() * size_of::<u16>()
            + self.promoted.capacity() * size_of::<u32>()
    }

    pub(crate) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.words.shrink_to_fit();
        self.far.shrink_to_fit();
        self.rows.shrink_to_fit();
        self.promoted.shrink_to_fit();
        let slots = self.words.len() / 3 * 4 + MIN_SLOTS;
        if slots < self.slots.len() {
            self.slot_into(slots);
        }
    }

    fn numbers(&self) -> Range<u32> {
        0..u32::try_from(self.words.len()).unwrap_or(0)
    }

    fn word(&self, number: u32) -> Option<&Word> {
        self.words.get(index(number))
    }

    /// The stem of a word; [`NONE`] if the word says nothing by itself.
    pub(crate) fn stem(&self, number: u32) -> u32 {
        match self.word(number).map_or(HEAD | SILENT, |word| word.stem) {
            head if head & HEAD == 0 => head,
            head if head & SILENT == 0 => number,
            _ => NONE,
        }
    }

    pub(crate) fn text(&self, number: u32) -> &[u8] {
        let end = self.word(number).map_or(0, |word| index(word.end));
        let start = number
            .checked_sub(1)
            .and_then(|before| self.word(before))
            .map_or(0, |word| index(word.end));
        self.text.get(start..end).unwrap_or_default()
    }

    /// The number of a folded word or a mark, if it is known.
    pub(crate) fn find(&self, text: &[u8]) -> Option<u32> {
        self.slot(cut(text)).known
    }

    /// The number of a folded word; new if it was not known.
    pub(crate) fn enter(&mut self, text: &[u8], table: Option<&Embedding>) -> Option<u32> {
        let text = cut(text);
        let slot = self.slot(text);
        let known = slot.known;
        if let Some(known) =
            known.filter(|known| self.word(*known).is_some_and(|word| word.place != UNSEEN))
        {
            return Some(known);
        }
        if self.words.len() + 2 > MAX_WORDS {
            return None;
        }
        if let Some(known) = known {
            self.promoted.push(known);
        }
        let number = known.unwrap_or_else(|| self.add(&slot, text));
        let place = self.find_place(text, table);
        let is_silent = !self.keeps_stops && is_stop(text);
        let stem = if is_silent { number } else { self.enter_stem(text, number) };
        let head = self.words.get_mut(index(stem)).filter(|_| stem != number);
        let next = head.map(|head| std::mem::replace(&mut head.next, number));
        if let Some(word) = self.words.get_mut(index(number)) {
            word.place = place;
            if is_silent {
                word.stem |= SILENT;
            } else if let Some(next) = next {
                (word.stem, word.next) = (stem, next);
            }
        }
        Some(number)
    }

    /// The number under which a word's stem is counted: its own if it is its own stem.
    ///
    /// A stem that would be cut further as a word stands apart from that word, so that no
    /// word is in two families.
    fn enter_stem(&mut self, text: &[u8], number: u32) -> u32 {
        let Some(stemmed) = stem_key(text) else { return number };
        let slot = self.slot(&stemmed);
        match slot.known {
            Some(known) => known,
            None => {
                let added = self.add(&slot, &stemmed);
                if let Some(word) = self.words.get_mut(index(added)) {
                    word.place = UNSEEN;
                }
                added
            }
        }
    }

    fn add(&mut self, slot: &Slot, text: &[u8]) -> u32 {
        self.text.extend_from_slice(text);
        let end = u32::try_from(self.text.len()).unwrap_or(NONE);
        let number = u32::try_from(self.words.len()).unwrap_or(NONE);
        self.words.push(Word { stem: HEAD, next: NONE, end, place: u32::from(NO_ROW) });
        if let Some(to) = self.slots.get_mut(slot.at) {
            *to = slot.tag | (number + 1);
        }
        if self.words.len() * 5 > self.slots.len() * 4 {
            self.slot_into(self.slots.len() * 2);
        }
        number
    }

    /// Makes so many slots, more than words.
    fn slot_into(&mut self, slots: usize) {
        self.slots = vec![0; slots];
        for number in self.numbers() {
            let slot = self.slot(self.text(number));
            if let Some(to) = self.slots.get_mut(slot.at) {
                *to = slot.tag | (number + 1);
            }
        }
    }

    /// The slot that holds a text, or the free one where it belongs.
    fn slot(&self, text: &[u8]) -> Slot {
        let hash = self.hash(text);
        let tag = hash << NUMBER_BITS;
        let slots = u64::try_from(self.slots.len()).unwrap_or(0);
        let mut at = usize::try_from((u64::from(hash) * slots) >> u32::BITS).unwrap_or(0);
        loop {
            let slot = self.slots.get(at).copied().unwrap_or(0);
            let known = (slot & NUMBER).checked_sub(1);
            match known {
                Some(number) if slot & !NUMBER != tag || !is_same(self.text(number), text) => {}
                _ => return Slot { at, tag, known },
            }
            at = if at + 1 < self.slots.len() { at + 1 } else { 0 };
        }
    }

    fn hash(&self, text: &[u8]) -> u32 {
        let mix = |hash: u64, value: u64| {
            let wide = u128::from(hash ^ value) * 0x9e37_79b9_7f4a_7c15_u128;
            let [low, high] = [wide, wide >> 64]
                .map(|half| u64::try_from(half & u128::from(u64::MAX)).unwrap_or(0));
            low ^ high
        };
        let length = u64::try_from(text.len()).unwrap_or(0) << 56;
        let (first, last) = ends(text);
        let middle = text.get(8..text.len().saturating_sub(8)).unwrap_or_default().chunks(8);
        let middle = middle.fold(mix(self.seed, first), |hash, chunk| mix(hash, ends(chunk).0));
        let hash = mix(middle, last ^ length);
        u32::try_from(hash >> 32).unwrap_or(0)
    }

    fn find_place(&mut self, text: &[u8], table: Option<&Embedding>) -> u32 {
        let is_spoken = !text.iter().any(u8::is_ascii_digit) && text.first() != Some(&MARK);
        let Some(table) = table.filter(|_| is_spoken) else { return u32::from(NO_ROW) };
        let start = self.rows.len();
        table.pieces(text, |row| self.rows.push(row));
        if let [] | [_] = self.rows.get(start..).unwrap_or_default() {
            return u32::from(self.rows.drain(start..).next().unwrap_or(NO_ROW));
        }
        let mut sum = Sum::default();
        self.rows.iter().skip(start).for_each(|row| table.add(*row, &mut sum));
        let end = u32::try_from(self.rows.len()).unwrap_or(NONE);
        self.far.push(Far { end, inverse: sum.inverse() });
        FAR + u32::try_from(self.far.len() - 1).unwrap_or(0)
    }

    /// Where a word's vector is; numbers and marks have none, for one order is not like another.
    pub(crate) fn place(&self, number: u32) -> Place<'_> {
        match self.word(number).map_or(u32::from(NO_ROW), |word| word.place) {
            far if far >= FAR => self.sum(index(far - FAR)),
            nowhere if nowhere == u32::from(NO_ROW) || nowhere == UNSEEN => Place::Nowhere,
            row => u16::try_from(row).map_or(Place::Nowhere, Place::Row),
        }
    }

    fn sum(&self, place: usize) -> Place<'_> {
        let Some(far) = self.far.get(place) else { return Place::Nowhere };
        let start = place
            .checked_sub(1)
            .and_then(|before| self.far.get(before))
            .map_or(0, |before| index(before.end));
        Place::Sum(self.rows.get(start..index(far.end)).unwrap_or_default(), far.inverse)
    }

    /// The stems that were met as words since this was made, the earliest first.
    pub(crate) fn promoted(&self) -> &[u32] {
        &self.promoted
    }

    /// The words with a stem.
    pub(crate) fn family(&self, stem: u32) -> impl Iterator<Item = u32> {
        let mut next = stem;
        std::iter::from_fn(move || {
            let number = next;
            next = self.word(number)?.next;
            Some(number)
        })
    }

    /// How many documents hold a stem.
    pub(crate) fn documents(&self, stem: u32) -> u32 {
        self.word(stem).filter(|word| word.stem & HEAD != 0).map_or(0, |word| word.stem & DOCUMENTS)
    }

    /// One document more, or less, holds a stem.
    pub(crate) fn count(&mut self, stem: u32, more: bool) {
        if let Some(head) = self.words.get_mut(index(stem)).filter(|word| word.stem & HEAD != 0) {
            let documents = head.stem & DOCUMENTS;
            let documents =
                if more { (documents + 1).min(DOCUMENTS) } else { documents.saturating_sub(1) };
            head.stem = head.stem & !DOCUMENTS | documents;
        }
    }
}

/// Where a text is among the slots, or belongs.
struct Slot {
    at: usize,
    tag: u32,
    known: Option<u32>,
}

const NUMBER: u32 = (1 << NUMBER_BITS) - 1;
const MIN_SLOTS: usize = 64;

/// The first and the last bytes of a text; all of them if they are at most sixteen.
fn ends(text: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
    }
    let byte = |at: usize| u64::from(text.get(at).copied().unwrap_or(0));
    (byte(0) | byte(1) << 8 | byte(2) << 16, 0)
}

fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && if one.len() <= 16 { ends(one) == ends(other) } else { one == other }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// At most so many bytes, between characters.
fn cut(text: &[u8]) -> &[u8] {
    let mut end = text.len().min(MAX_WORD_BYTES);
    while text.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Under which text the stem of a word is kept; `None` if the word is its own stem.
fn stem_key(text: &[u8]) -> Option<stem::Word> {
    const { assert!(MAX_WORD_BYTES + 2 <= stem::Word::MAX) };
    if text.first() == Some(&MARK) {
        return None;
    }
    let mut stemmed = stem::Word::new(text);
    stem(&mut stemmed);
    if *stemmed == *text {
        return None;
    }
    let mut again = stemmed;
    stem(&mut again);
    if *again == *stemmed {
        return Some(stemmed);
    }
    let mut apart = stem::Word::new(&[APART]);
    apart.extend(&stemmed);
    Some(apart)
}

/// A member of a host's JSON object as a word that no text holds.
pub(crate) fn mark(name: &str, value: &str) -> Vec<u8> {
    let mut text = vec![MARK];
    text.extend_from_slice(name.as_bytes());
    text.push(MARK);
    text.extend_from_slice(value.as_bytes());
    if text.len() > MAX_WORD_BYTES {
        let sums = [crc32fast::hash(&text), crc32fast::hash(value.as_bytes())];
        text = vec![MARK, MARK];
        sums.iter().for_each(|sum| text.extend_from_slice(format!("{sum:08x}").as_bytes()));
    }
    text
}

impl Vocabulary {
    /// The stem that a folded word of a question asks for, if any document could hold it.
    pub(crate) fn stem_of(&self, text: &str) -> Option<u32> {
        let text = cut(text.as_bytes());
        match stem_key(text) {
            Some(stemmed) => self.find(&stemmed),
            None => self.find(text),
        }
    }
}

impl Vocabulary {
    pub(crate) fn write(&self, to: &mut Writer) {
        to.bytes(&self.text);
        to.numbers(self.numbers().map(|number| self.stem(number)));
        to.numbers(self.words.iter().map(|word| word.next));
        to.numbers(self.words.iter().map(|word| word.end));
        to.numbers(self.numbers().map(|number| self.documents(number)));
        to.numbers(self.words.iter().map(|word| word.place));
        to.numbers(self.far.iter().map(|far| far.end));
        to.numbers(self.far.iter().map(|far| far.inverse.to_bits()));
        to.shorts(&self.rows);
    }

    pub(crate) fn read_from(from: &mut Source<'_>, keeps_stops: bool) -> Option<Vocabulary> {
        let mut read = Vocabulary::new(keeps_stops);
        read.text = from.bytes()?.to_vec();
        let columns =
            [from.numbers()?, from.numbers()?, from.numbers()?, from.numbers()?, from.numbers()?];
        let (far_ends, inverses) = (from.numbers()?, from.numbers()?);
        read.rows = from.shorts()?;
        let far_fit = far_ends.len() == inverses.len()
            && far_ends.is_sorted()
            && far_ends.last().map_or(0, |end| index(*end)) == read.rows.len()
            && inverses.iter().all(|inverse| f32::from_bits(*inverse).is_finite());
        let far = far_ends.into_iter().zip(inverses);
        read.far =
            far.map(|(end, inverse)| Far { end, inverse: f32::from_bits(inverse) }).collect();
        let [stems, nexts, ends, documents, places] = columns;
        let count = stems.len();
        let same = [&nexts, &ends, &documents, &places].iter().all(|column| column.len() == count);
        let is_word = |number: &u32| *number == NONE || index(*number) < count;
        let known = stems.iter().chain(&nexts).all(is_word);
        let ascending =
            ends.is_sorted() && ends.last().is_none_or(|end| index(*end) == read.text.len());
        let far = places.iter().all(|place| *place < FAR || index(place - FAR) < read.far.len());
        if !(same && known && ascending && far && far_fit) || count > MAX_WORDS {
            return None;
        }
        let rows = stems.into_iter().zip(nexts).zip(ends).zip(documents).zip(places).zip(0_u32..);
        let words = rows.map(|(((((stem, next), end), documents), place), number)| {
            let head = HEAD | documents.min(DOCUMENTS);
            let silent = if stem == NONE { SILENT } else { 0 };
            let stem = if stem == NONE || stem == number { head | silent } else { stem };
            Word { stem, next, end, place }
        });
        read.words = words.collect();
        if !read.families_end() {
            return None;
        }
        read.slot_into(count / 3 * 4 + MIN_SLOTS);
        Some(read)
    }

    /// Whether no chain of words runs in a circle: each word is in one family at most.
    fn families_end(&self) -> bool {
        let mut followed = vec![false; self.words.len()];
        self.words.iter().zip(0_u32..).all(|(word, number)| {
            let is_new = |next: u32| followed.get(index(next)) == Some(&false);
            if word.next == NONE {
                return true;
            }
            let fits = word.next != number && is_new(word.next);
            if let Some(followed) = followed.get_mut(index(word.next)) {
                *followed = true;
            }
            fits
        }) && self.numbers().map(|number| self.stem(number)).all(|stem| {
            // A family begins at its stem, which follows nobody.
            stem == NONE || followed.get(index(stem)) == Some(&false)
        })
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn entered(words: &[&str]) -> (Vocabulary, Vec<u32>) {
        let mut vocabulary = Vocabulary::new(false);
        let numbers = words
            .iter()
            .map(|word| vocabulary.enter(word.as_bytes(), None).expect("there is room"));
        let numbers = numbers.collect();
        (vocabulary, numbers)
    }

    #[test]
    fn words_with_one_stem_are_one_family_in_whatever_order_they_come() {
        for words in [["deliver", "delivered", "delivers"], ["delivers", "deliver", "delivered"]] {
            let (vocabulary, numbers) = entered(&words);
            let stem = vocabulary.stem_of("delivering").expect("is known");
            let family: Vec<u32> = vocabulary.family(stem).collect();
            assert!(numbers.iter().all(|number| family.contains(number)), "{words:?}");
            assert_eq!(family.len(), 4, "the three and their stem, {words:?}");
        }
    }

    #[test]
    fn a_word_is_found_again_among_very_many() {
        let words: Vec<String> = (0..20_000).map(|n| format!("order{n}")).collect();
        let (vocabulary, numbers) = entered(&words.iter().map(String::as_str).collect::<Vec<_>>());
        for (word, number) in words.iter().zip(numbers) {
            assert_eq!(vocabulary.find(word.as_bytes()), Some(number));
            assert_eq!(vocabulary.text(number), word.as_bytes());
        }
        assert_eq!(vocabulary.find(b"order"), None);
    }

    #[test]
    fn stop_words_have_no_stem_unless_they_are_kept() {
        let (vocabulary, numbers) = entered(&["the", "refund"]);
        assert_eq!(vocabulary.stem(numbers[0]), NONE);
        assert_ne!(vocabulary.stem(numbers[1]), NONE);
    }

    #[test]
    fn a_very_long_word_is_cut_between_characters() {
        let long = "\u{437}".repeat(100);
        let (vocabulary, numbers) = entered(&[long.as_str()]);
        assert_eq!(vocabulary.text(numbers[0]).len(), 64);
        assert_eq!(vocabulary.stem_of(&long), Some(numbers[0]));
        assert_ne!(mark("name", &"x".repeat(100)), mark("name", &"x".repeat(101)));
    }
}
