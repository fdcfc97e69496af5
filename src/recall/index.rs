//! One pure index over texts: a customer's turns, or the documents of a collection.
//!
//! Knows how a text becomes words and a vector, and how documents come, change and go. An
//! index that was extended step by step answers as one that was built at once. It can be
//! dropped and built again at any time.

use super::group::Groups;
use super::near_cache::NearCache;
use super::postings::{MAX_DOCUMENTS, Postings, entry};
use super::vocabulary::{NONE, Place, Vocabulary};
use super::word_cache::WordCache;
use crate::embedding::{
    DIMENSIONS, Embedding, Span, Sum, Token, Vector, folded_spans, spans, tokens, wide,
};
use parking_lot::Mutex;

/// Further tokens of one document say nothing new.
const MAX_TOKENS: usize = 65_536;
/// Documents that may wait to be packed, whatever is packed already.
const MIN_LOOSE: usize = 64;
/// How far apart, in documents, neighbours of one group may lie.
const FARTHEST: usize = 64;
/// The most speakers that are told apart.
const MAX_VOICES: usize = 254;
/// Names of speakers that are known as they were given.
const MAX_SPELLED: usize = 8;

/// Nobody: no speaker, or one too many to be told apart.
pub(crate) const NO_VOICE: u8 = 0;

/// What one side said in a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'t> {
    /// Who speaks, as given by [`Index::voice`].
    pub(crate) voice: u8,
    pub(crate) text: &'t str,
}

/// A document on its way into an index.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Document<'t> {
    /// The caller's number for it; unique, and ties are settled by it.
    pub(crate) key: u32,
    /// Neighbours lend each other their scores inside a group.
    pub(crate) group: u32,
    pub(crate) at: i64,
    /// Bits of the caller, for its filters.
    pub(crate) label: u8,
    pub(crate) parts: &'t [Part<'t>],
    /// Members of the host's JSON object, made by [`mark`](super::mark).
    pub(crate) marks: &'t [Vec<u8>],
    /// The vector, if the host makes its own.
    pub(crate) vector: Option<&'t Direction>,
}

/// A host's own vector.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Direction {
    pub(crate) values: Vec<i8>,
    pub(crate) inverse: f32,
}

impl From<&Vector> for Direction {
    fn from(vector: &Vector) -> Direction {
        Direction { values: vector.values.to_vec(), inverse: vector.inverse }
    }
}

/// What is kept of a document beside its words and its vector, and looked at for the best only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) key: u32,
    pub(crate) group: u32,
    pub(crate) at: i64,
    pub(crate) label: u8,
    pub(crate) voices: [u8; 2],
    pub(crate) is_gone: bool,
    /// Whether it ends with a question. Not kept in snapshots: documents that have them are no
    /// talk.
    pub(crate) asks: bool,
}

pub(crate) struct Index {
    pub(super) table: Option<&'static Embedding>,
    pub(super) vocabulary: Vocabulary,
    pub(super) postings: Postings,
    pub(super) entries: Vec<Entry>,
    /// Each document's words that say something, each time they occur.
    pub(super) lengths: Vec<u16>,
    /// How many documents back the one before in its group is; 0: there is none.
    pub(super) backs: Vec<u16>,
    /// The same, as one needs it to look at a whole group.
    pub(super) groups: Groups,
    pub(super) dimensions: usize,
    /// `dimensions` numbers a document.
    pub(super) vectors: Vec<i8>,
    pub(super) inverses: Vec<f32>,
    /// The names of the speakers, folded; the voice is the place plus one.
    voices: Vec<String>,
    /// Names as they were given, with their voices: the first few.
    spelled: Vec<(Box<str>, u8)>,
    pub(super) live: usize,
    pub(super) total_length: u64,
    pub(super) similar: Mutex<NearCache>,
}

/// Room to work in while texts are read.
#[derive(Default)]
pub(crate) struct Reader {
    folded: String,
    spans: Vec<Span>,
    /// Those of words that were not met before.
    late: Vec<Span>,
    /// The parts of a vector of those that were.
    parts: Vec<u32>,
    found: Vec<u32>,
    words: Vec<u32>,
    stems: Vec<u32>,
    cache: WordCache,
}

#[cfg(test)]
impl Reader {
    pub(super) fn cache(&self) -> &WordCache {
        &self.cache
    }
}

impl Index {
    /// An empty index. `keeps_stops`: words like "the" count, as in short phrases.
    pub(crate) fn new(table: Option<&'static Embedding>, keeps_stops: bool) -> Index {
        Index::with_vectors_of(if table.is_some() { DIMENSIONS } else { 0 }, table, keeps_stops)
    }

    /// An empty index for a host's own vectors of that dimension.
    pub(crate) fn with_vectors_of(
        dimensions: usize,
        table: Option<&'static Embedding>,
        keeps_stops: bool,
    ) -> Index {
        Index {
            table,
            vocabulary: Vocabulary::new(keeps_stops),
            postings: Postings::default(),
            entries: Vec::new(),
            lengths: Vec::new(),
            backs: Vec::new(),
            groups: Groups::default(),
            dimensions,
            vectors: Vec::new(),
            inverses: Vec::new(),
            voices: Vec::new(),
            spelled: Vec::new(),
            live: 0,
            total_length: 0,
            similar: Mutex::default(),
        }
    }

    /// The documents that are there.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// The places of documents, also of those that are gone.
    pub(crate) fn places(&self) -> usize {
        self.entries.len()
    }

    /// The bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Index>()
            + self.vocabulary.bytes()
            + self.postings.bytes()
            + self.entries.capacity() * size_of::<Entry>()
            + (self.lengths.capacity() + self.backs.capacity()) * size_of::<u16>()
            + self.groups.bytes()
            + self.vectors.capacity()
            + self.inverses.capacity() * size_of::<f32>()
            + self.similar.lock().bytes()
    }

    /// The number of a speaker's name; names are told apart by their letters only.
    pub(crate) fn voice(&mut self, name: &str) -> u8 {
        if let Some((_, voice)) = self.spelled.iter().find(|(spelled, _)| **spelled == *name) {
            return *voice;
        }
        let mut folded = String::new();
        let mut name_words = String::new();
        tokens(name, &mut folded, |token| {
            if let Token::Word(word) = token {
                if !name_words.is_empty() {
                    name_words.push(' ');
                }
                name_words.push_str(word);
            }
        });
        let known = self.voices.iter().position(|voice| *voice == name_words);
        let place = known.unwrap_or(self.voices.len());
        if known.is_none() && place < MAX_VOICES {
            self.voices.push(name_words);
        }
        let voice = u8::try_from(place + 1).ok().filter(|_| place < MAX_VOICES).unwrap_or(NO_VOICE);
        if self.spelled.len() < MAX_SPELLED {
            self.spelled.push((name.into(), voice));
        }
        voice
    }

    /// The folded name of a speaker.
    pub(super) fn voices(&self) -> &[String] {
        &self.voices
    }

    /// Adds a document; false if there is no room.
    pub(crate) fn push(&mut self, reader: &mut Reader, new: &Document<'_>) -> bool {
        let place = self.entries.len();
        let (Ok(number), true) = (u32::try_from(place), place < MAX_DOCUMENTS) else {
            return false;
        };
        let earlier = self.entries.iter().rev().take(FARTHEST);
        let back = earlier
            .zip(1..)
            .find(|(entry, _)| entry.group == new.group)
            .map_or(0, |(_, back)| back);
        let back = if new.group == 0 { 0 } else { back };
        self.make_room();
        self.entries.push(Entry {
            key: new.key,
            group: new.group,
            at: new.at,
            label: new.label,
            voices: [NO_VOICE; 2],
            is_gone: true,
            asks: false,
        });
        self.lengths.push(0);
        self.backs.push(back);
        self.groups.push(number, back);
        self.vectors.resize((place + 1) * self.dimensions, 0);
        self.inverses.push(0.0);
        self.fill(reader, number, new);
        true
    }

    /// Grows by an eighth: twice as much would be too much to keep.
    fn make_room(&mut self) {
        let documents = self.entries.len();
        if documents < self.entries.capacity() {
            return;
        }
        let more = (documents / 8).max(MIN_LOOSE);
        self.entries.reserve_exact(more);
        self.lengths.reserve_exact(more);
        self.backs.reserve_exact(more);
        self.inverses.reserve_exact(more);
        self.vectors.reserve_exact(more * self.dimensions);
    }

    /// Gives a document of that place other texts.
    pub(crate) fn replace(&mut self, reader: &mut Reader, place: usize, new: &Document<'_>) {
        self.remove(place);
        if let (Some(entry), Ok(number)) = (self.entries.get_mut(place), u32::try_from(place)) {
            (entry.key, entry.at, entry.label) = (new.key, new.at, new.label);
            self.fill(reader, number, new);
        }
    }

    /// Takes a document out; its place stays empty.
    pub(crate) fn remove(&mut self, place: usize) {
        let Some(entry) = self.entries.get_mut(place).filter(|entry| !entry.is_gone) else {
            return;
        };
        entry.is_gone = true;
        self.live -= 1;
        self.total_length -= u64::from(self.lengths.get_mut(place).map_or(0, std::mem::take));
        let words =
            u32::try_from(place).map(|number| self.postings.take(number)).unwrap_or_default();
        let mut stems: Vec<u32> =
            words.iter().map(|word| self.vocabulary.stem(word >> 8)).collect();
        self.count(&mut stems, false);
        if let Some(values) =
            self.vectors.get_mut(place * self.dimensions..(place + 1) * self.dimensions)
        {
            values.fill(0);
        }
    }

    /// Packs what is loose if that has become much; to be called before a search.
    pub(crate) fn settle(&mut self) {
        if self.postings.loose() > MIN_LOOSE.max(self.entries.len() / 64) {
            self.postings.pack(self.vocabulary.len());
        }
    }

    /// Packs everything and gives back what growing took too much.
    pub(crate) fn pack(&mut self) {
        self.postings.pack(self.vocabulary.len());
        self.vocabulary.shrink();
        self.entries.shrink_to_fit();
        self.lengths.shrink_to_fit();
        self.backs.shrink_to_fit();
        self.vectors.shrink_to_fit();
        self.inverses.shrink_to_fit();
    }

    fn count(&mut self, stems: &mut Vec<u32>, more: bool) {
        stems.sort_unstable();
        stems.dedup();
        for stem in stems.drain(..) {
            self.vocabulary.count(stem, more);
        }
    }

    fn fill(&mut self, reader: &mut Reader, number: u32, new: &Document<'_>) {
        let sum = self.read(reader, new.parts);
        let length = reader.found.len();
        for mark in new.marks {
            reader.found.extend(self.vocabulary.enter(mark, None));
        }
        let Reader { found, words, .. } = reader;
        counted(found, words);
        let mut stems = std::mem::take(&mut reader.stems);
        stems.extend(reader.words.iter().map(|word| self.vocabulary.stem(word >> 8)));
        self.count(&mut stems, true);
        reader.stems = stems;
        self.postings.put(number, &reader.words);
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        match new.vector {
            Some(own) => self.set_vector(place, &own.values, own.inverse),
            None if self.dimensions == DIMENSIONS => {
                let vector = sum.vector();
                self.set_vector(place, &vector.values, vector.inverse);
            }
            None => {}
        }
        let mut voices = new.parts.iter().map(|part| part.voice);
        if let Some(entry) = self.entries.get_mut(place) {
            entry.voices = [voices.next().unwrap_or(NO_VOICE), voices.next().unwrap_or(NO_VOICE)];
            entry.is_gone = false;
            entry.asks = new
                .parts
                .last()
                .is_some_and(|part| part.text.trim_end().ends_with(['?', '\u{ff1f}']));
            self.live += 1;
            let length = u16::try_from(length).unwrap_or(u16::MAX);
            self.lengths.get_mut(place).into_iter().for_each(|kept| *kept = length);
            self.total_length += u64::from(length);
        }
    }

    fn set_vector(&mut self, place: usize, values: &[i8], inverse: f32) {
        let range = place * self.dimensions..(place + 1) * self.dimensions;
        let Some(to) = self.vectors.get_mut(range).filter(|to| to.len() == values.len()) else {
            return;
        };
        to.copy_from_slice(values);
        if let Some(kept) = self.inverses.get_mut(place) {
            *kept = inverse;
        }
    }

    /// Reads what both sides said: the words into `reader.found`, the pieces into the sum.
    fn read(&mut self, reader: &mut Reader, parts: &[Part<'_>]) -> Sum {
        self.take_apart(reader, parts);
        let mut sum = Sum::default();
        let Reader { folded, spans, late, parts, found, cache, .. } = reader;
        found.clear();
        // Each step goes through all tokens at once: then they do not wait for each other's memory.
        cache.find(spans, found, parts, late);
        sum.add_words(cache.sums(), parts);
        let (table, vocabulary) = (self.table, &mut self.vocabulary);
        for span in late.drain(..) {
            match span.token(folded) {
                Token::Sign(sign) => {
                    if let Some((table, row)) =
                        table.and_then(|table| Some((table, table.sign(sign)?)))
                    {
                        table.add(row, &mut sum);
                        cache.keep(span.short, NONE, |sum| table.add(row, sum));
                    }
                }
                Token::Word(word) => {
                    let number = vocabulary.enter(word.as_bytes(), table);
                    let said = number.filter(|number| vocabulary.stem(*number) != NONE);
                    found.extend(said);
                    let place = number.map_or(Place::Nowhere, |number| vocabulary.place(number));
                    let add = |sum: &mut Sum| match (table, &place) {
                        (None, _) => {}
                        (Some(table), Place::Row(row)) => table.add(*row, sum),
                        (Some(table), Place::Sum(rows, _)) => {
                            rows.iter().for_each(|row| table.add(*row, sum))
                        }
                        (Some(table), Place::Nowhere) => table.add_word(word, sum),
                    };
                    add(&mut sum);
                    if number.is_some() {
                        cache.keep(span.short, said.unwrap_or(NONE), add);
                    }
                }
            }
        }
        cache.texts += 1;
        sum
    }

    /// The tokens of what both sides said, each side's name before it.
    fn take_apart(&self, reader: &mut Reader, parts: &[Part<'_>]) {
        let Reader { folded, spans: all, .. } = reader;
        folded.clear();
        all.clear();
        let mut each = |span| {
            if all.len() < MAX_TOKENS {
                all.push(span);
            }
        };
        for part in parts {
            if let Some(name) =
                usize::from(part.voice).checked_sub(1).and_then(|place| self.voices.get(place))
            {
                folded_spans(name, folded, &mut each);
                spans(":", folded, |_, span| each(span));
            }
            spans(part.text, folded, |_, span| each(span));
        }
    }
}

/// Every word once, with its count.
fn counted(found: &mut [u32], words: &mut Vec<u32>) {
    found.sort_unstable();
    words.clear();
    let runs = found.chunk_by(|a, b| a == b);
    words.extend(runs.filter_map(|run| {
        Some(entry(*run.first()?, u32::try_from(run.len()).unwrap_or(u32::MAX)))
    }));
}

impl Direction {
    /// The direction of finite numbers, in eight bits each.
    pub(crate) fn of(values: &[f32]) -> Direction {
        let largest = values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        if largest == 0.0 {
            return Direction { values: vec![0; values.len()], inverse: 0.0 };
        }
        // Divided first, so that very small and very large numbers do no harm.
        Direction::of_bytes(values.iter().map(|value| eighth(value / largest * 127.0)).collect())
    }

    pub(crate) fn of_bytes(values: Vec<i8>) -> Direction {
        let square: i64 = values.iter().map(|value| i64::from(*value) * i64::from(*value)).sum();
        let inverse = if square == 0 { 0.0 } else { 1.0 / wide(square).sqrt() };
        Direction { values, inverse }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::as_conversions, reason = "between -127 and 127")]
fn eighth(value: f32) -> i8 {
    (value + if value < 0.0 { -0.5 } else { 0.5 }) as i8
}

#[cfg(test)]
mod tests {
    use super::super::rank::{Mix, Question};
    use super::*;
    use crate::random::SplitMix64;

    const WORDS: [&str; 24] = [
        "refund",
        "refunds",
        "money",
        "back",
        "order",
        "orders",
        "ordered",
        "parcel",
        "package",
        "late",
        "the",
        "is",
        "my",
        "password",
        "login",
        "reset",
        "resetting",
        "card",
        "charged",
        "twice",
        "7731",
        "caf\u{e9}",
        "shoes",
        "boots",
    ];

    #[derive(Clone)]
    struct Kept {
        text: String,
        group: u32,
        is_there: bool,
    }

    fn text(random: &mut SplitMix64) -> String {
        let count = 1 + random.below(12);
        let words: Vec<&str> =
            (0..count).filter_map(|_| WORDS.get(random.below(WORDS.len())).copied()).collect();
        words.join(" ") + if random.below(4) == 0 { "?" } else { "" }
    }

    fn document<'t>(place: usize, kept: &Kept, parts: &'t [Part<'t>]) -> Document<'t> {
        Document {
            key: u32::try_from(place).expect("is small"),
            group: kept.group,
            parts,
            ..Document::default()
        }
    }

    fn answers(index: &Index) -> Vec<(u32, [u32; 4])> {
        let questions = [
            "where is my refund",
            "orders that came late",
            "resetting a login",
            "boots 7731",
            "cafe",
        ];
        let ask = |text| {
            let (limit, wanted, vector, period) = (12, None, None, None);
            index.search(&Question { text, limit, mix: Mix::TURNS, wanted, vector, period }).hits
        };
        let hits = questions.into_iter().flat_map(ask);
        hits.map(|hit| (hit.key, [hit.score, hit.words, hit.cosine, hit.lent].map(f32::to_bits)))
            .collect()
    }

    #[test]
    fn speakers_beyond_those_that_are_told_apart_are_nobody() {
        let mut index = Index::new(None, false);
        for _ in 0..2 {
            let voices: Vec<u8> =
                (0..300).map(|number| index.voice(&format!("Agent {number}"))).collect();
            let expected = (0..300_usize)
                .map(|number| u8::try_from(number + 1).ok().filter(|_| number < MAX_VOICES));
            assert!(voices.into_iter().eq(expected.map(|voice| voice.unwrap_or(NO_VOICE))));
        }
    }

    #[test]
    fn an_index_answers_as_one_made_at_once_whatever_came_changed_and_went() {
        let mut random = SplitMix64::new(5);
        for round in 0..60 {
            let (mut index, mut reader) =
                (Index::new(Embedding::shipped(), round % 2 == 0), Reader::default());
            let mut all: Vec<Kept> = Vec::new();
            for _ in 0..150 {
                let place = random.below(all.len().max(1));
                let text = text(&mut random);
                let parts = [Part { voice: NO_VOICE, text: &text }];
                match (random.below(8), all.get_mut(place)) {
                    (0, Some(kept)) => {
                        index.remove(place);
                        kept.is_there = false;
                    }
                    (1, Some(kept)) if kept.is_there => {
                        index.replace(&mut reader, place, &document(place, kept, &parts));
                        kept.text.clone_from(&text);
                    }
                    (2, _) => index.settle(),
                    (3, _) => drop(answers(&index)),
                    (4, _) if random.below(10) == 0 => index.pack(),
                    _ => {
                        let group = u32::try_from(random.below(4)).expect("is small");
                        let kept = Kept { text: text.clone(), group, is_there: true };
                        assert!(index.push(&mut reader, &document(all.len(), &kept, &parts)));
                        all.push(kept);
                    }
                }
            }
            let (mut fresh, mut reader) =
                (Index::new(Embedding::shipped(), round % 2 == 0), Reader::default());
            for (place, kept) in all.iter().enumerate() {
                let parts = [Part { voice: NO_VOICE, text: &kept.text }];
                assert!(fresh.push(&mut reader, &document(place, kept, &parts)));
            }
            let gone = all.iter().enumerate().filter(|(_, kept)| !kept.is_there);
            gone.for_each(|(place, _)| fresh.remove(place));
            assert_eq!(index.len(), fresh.len());
            assert!(answers(&index) == answers(&fresh), "round {round}");
            index.pack();
            assert!(answers(&index) == answers(&fresh), "packed, round {round}");
        }
    }
}
