//! Which documents hold which words.
//!
//! Knows the packed lists, made at leisure, and the loose ones of documents that came or
//! changed since. A posting is a document's number and how often it holds the word, in four
//! bytes.

use super::snapshot::{Source, Writer};

const COUNT_BITS: u32 = 8;
const MAX_COUNT: u32 = (1 << COUNT_BITS) - 1;
/// The most documents: three bytes hold the number.
pub(crate) const MAX_DOCUMENTS: usize = 1 << 24;

/// The words of one document with their counts.
#[derive(Clone, Copy)]
struct Loose {
    document: u32,
    start: u32,
    end: u32,
}

#[derive(Clone, Default)]
pub(crate) struct Postings {
    /// Where each word's packed postings begin; one more at the end.
    starts: Vec<u32>,
    packed: Vec<u32>,
    loose: Vec<Loose>,
    /// The words of the loose ones, one document's after the other's.
    loose_words: Vec<u32>,
    /// Documents whose packed postings count no longer.
    void: Vec<bool>,
}

/// A word's number, or a document's, with a count.
pub(crate) fn entry(number: u32, count: u32) -> u32 {
    (number << COUNT_BITS) | count.min(MAX_COUNT)
}

fn parts(entry: u32) -> (u32, u32) {
    (entry >> COUNT_BITS, entry & MAX_COUNT)
}

impl Postings {
    pub(crate) fn bytes(&self) -> usize {
        (self.starts.capacity() + self.packed.capacity() + self.loose_words.capacity()) * size_of::<u32>()
            + self.void.capacity()
            + self.loose.capacity() * size_of::<Loose>()
    }

    /// How many documents are not packed.
    pub(crate) fn loose(&self) -> usize {
        self.loose.len()
    }

    /// Adds a document, or gives it other words; `words` are made by [`entry`], one for each.
    pub(crate) fn put(&mut self, document: u32, words: &[u32]) {
        let start = u32::try_from(self.loose_words.len()).unwrap_or(u32::MAX);
        self.loose_words.extend_from_slice(words);
        let end = u32::try_from(self.loose_words.len()).unwrap_or(u32::MAX);
        self.loose.push(Loose { document, start, end });
    }

    fn words(&self, loose: &Loose) -> &[u32] {
        self.loose_words.get(index(loose.start)..index(loose.end)).unwrap_or_default()
    }

    /// Takes a document out and gives its words.
    pub(crate) fn take(&mut self, document: u32) -> Box<[u32]> {
        if let Some(place) = self.loose.iter().position(|loose| loose.document == document) {
            let loose = self.loose.swap_remove(place);
            return self.words(&loose).into();
        }
        let at = index(document);
        if self.void.get(at).copied().unwrap_or(false) {
            return Box::default();
        }
        let mut words = Vec::new();
        for word in 0..u32::try_from(self.starts.len().saturating_sub(1)).unwrap_or(0) {
            let found = self.packed(word).iter().map(|posting| parts(*posting)).find(|(holder, _)| *holder == document);
            words.extend(found.map(|(_, count)| entry(word, count)));
        }
        if self.void.len() <= at {
            self.void.resize(at + 1, false);
        }
        if let Some(void) = self.void.get_mut(at) {
            *void = true;
        }
        words.into_boxed_slice()
    }

    fn packed(&self, word: u32) -> &[u32] {
        let at = |place: usize| self.starts.get(place).map_or(0, |start| index(*start));
        self.packed.get(at(index(word))..at(index(word) + 1)).unwrap_or_default()
    }

    /// Shows the packed documents that hold a word, with the count.
    pub(crate) fn each(&self, word: u32, mut show: impl FnMut(u32, u32)) {
        if self.void.is_empty() {
            for (document, count) in self.packed(word).iter().map(|posting| parts(*posting)) {
                show(document, count);
            }
            return;
        }
        for posting in self.packed(word) {
            let (document, count) = parts(*posting);
            if !self.void.get(index(document)).copied().unwrap_or(false) {
                show(document, count);
            }
        }
    }

    /// Shows every word of every document that is not packed, with its count.
    pub(crate) fn each_loose(&self, mut show: impl FnMut(u32, u32, u32)) {
        for loose in &self.loose {
            for (word, count) in self.words(loose).iter().map(|word| parts(*word)) {
                show(loose.document, word, count);
            }
        }
    }

    /// Packs everything anew for so many words. Linear in what there is.
    pub(crate) fn pack(&mut self, words: usize) {
        let mut starts = vec![0_u32; words + 2];
        let mut count = |word: u32, more: u32| {
            if let Some(start) = starts.get_mut(index(word) + 2) {
                *start += more;
            }
        };
        for word in 0..u32::try_from(self.starts.len().saturating_sub(1)).unwrap_or(0) {
            self.each(word, |_, _| count(word, 1));
        }
        self.each_loose(|_, word, _| count(word, 1));
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut packed = vec![0; index(sum)];
        let mut place = |word: u32, posting: u32| {
            if let Some(next) = starts.get_mut(index(word) + 1) {
                if let Some(to) = packed.get_mut(index(*next)) {
                    *to = posting;
                }
                *next += 1;
            }
        };
        for word in 0..u32::try_from(self.starts.len().saturating_sub(1)).unwrap_or(0) {
            self.each(word, |document, count| place(word, entry(document, count)));
        }
        self.each_loose(|document, word, count| place(word, entry(document, count)));
        starts.pop();
        *self = Postings { starts, packed, ..Postings::default() };
    }
}

impl Postings {
    /// Writes packed postings.
    pub(crate) fn write(&self, to: &mut Writer) {
        debug_assert!(self.loose.is_empty(), "packed before");
        to.numbers(self.starts.iter().copied());
        to.numbers(self.packed.iter().copied());
    }

    pub(crate) fn read_from(from: &mut Source<'_>, words: usize, documents: usize) -> Option<Postings> {
        let (starts, packed) = (from.numbers()?, from.numbers()?);
        let fits = starts.len() <= words + 1
            && starts.is_sorted()
            && starts.last().map_or(0, |end| index(*end)) == packed.len()
            && packed.iter().all(|posting| index(posting >> COUNT_BITS) < documents);
        fits.then(|| Postings { starts, packed, ..Postings::default() })
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(postings: &Postings, word: u32) -> Vec<(u32, u32)> {
        let mut all = Vec::new();
        postings.each(word, |document, count| all.push((document, count)));
        postings.each_loose(|document, found, count| {
            if found == word {
                all.push((document, count));
            }
        });
        all.sort_unstable();
        all
    }

    #[test]
    fn packed_and_loose_documents_are_seen_alike() {
        let mut postings = Postings::default();
        postings.put(0, &[entry(1, 2), entry(3, 1)]);
        postings.put(1, &[entry(1, 999)]);
        let check = |postings: &Postings| {
            assert_eq!(seen(postings, 1), [(0, 2), (1, 255)]);
            assert_eq!((seen(postings, 3), seen(postings, 0)), (vec![(0, 1)], vec![]));
        };
        check(&postings);
        postings.pack(4);
        check(&postings);
        postings.pack(9);
        check(&postings);
    }

    #[test]
    fn a_document_is_taken_out_and_put_back_changed() {
        let mut postings = Postings::default();
        postings.put(0, &[entry(1, 2), entry(3, 1)]);
        postings.put(1, &[entry(1, 1)]);
        postings.pack(4);
        assert_eq!(*postings.take(0), [entry(1, 2), entry(3, 1)]);
        assert_eq!(seen(&postings, 1), [(1, 1)]);
        postings.put(0, &[entry(2, 1)]);
        assert_eq!((seen(&postings, 2), seen(&postings, 3)), (vec![(0, 1)], vec![]));
        postings.pack(4);
        assert_eq!(*postings.take(0), [entry(2, 1)]);
        assert_eq!((seen(&postings, 2), postings.take(7).len()), (vec![], 0));
    }
}
