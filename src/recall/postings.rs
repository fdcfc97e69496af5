//! Which documents hold which words.
//!
//! Knows the packed lists, made at leisure, and the loose ones of documents that came or
//! changed since. A packed posting is the low half of a document's number; documents whose
//! numbers share the high half lie together. A list names each document once, upwards, and
//! behind them, downwards, each one again as often as it holds the word more than once.

use super::bytes::{Source, Writer};

const COUNT_BITS: u32 = 8;
const MAX_COUNT: u32 = (1 << COUNT_BITS) - 1;
/// The most documents: three bytes hold the number.
pub(crate) const MAX_DOCUMENTS: usize = 1 << 24;
/// The documents of one part: two bytes tell them apart.
const PART_BITS: u32 = 16;

/// The words of one document with their counts.
#[derive(Clone, Copy)]
struct Loose {
    document: u32,
    start: u32,
    end: u32,
}

/// The packed postings of the documents that share the high half of their number.
#[derive(Clone, Default)]
struct Part {
    /// Where each word's postings begin; one more at the end. Words behind it have none.
    starts: Vec<u32>,
    packed: Vec<u16>,
}

#[derive(Clone, Default)]
pub(crate) struct Postings {
    parts: Vec<Part>,
    loose: Vec<Loose>,
    /// The words of the loose ones, one document's after the other's.
    loose_words: Vec<u32>,
    /// Documents whose packed postings count no longer.
    void: Vec<bool>,
}

/// A word's number with a count.
pub(crate) fn entry(number: u32, count: u32) -> u32 {
    (number << COUNT_BITS) | count.min(MAX_COUNT)
}

/// The documents of a list, and what behind them names them again.
pub(crate) fn halves(list: &[u16]) -> (&[u16], &[u16]) {
    let ascends = |at: usize| matches!(list.get(at..at + 2), Some([one, next]) if one < next);
    let last = list.len().saturating_sub(1);
    let (mut from, mut until) = (0, last);
    if last == 0 || ascends(last - 1) {
        return (list, &[]);
    }
    while from < until {
        let middle = (from + until) / 2;
        if ascends(middle) {
            from = middle + 1;
        } else {
            until = middle;
        }
    }
    list.split_at_checked(from + 1).unwrap_or((list, &[]))
}

/// Shows the documents that are named again, with how often each was named until then.
pub(crate) fn each_again(more: &[u16], mut again: impl FnMut(u16, i32)) {
    let (mut last, mut times) = (None, 1);
    for low in more {
        times = if last == Some(*low) { times + 1 } else { 1 };
        last = Some(*low);
        again(*low, times);
    }
}

fn split(entry: u32) -> (u32, u32) {
    (entry >> COUNT_BITS, entry & MAX_COUNT)
}

impl Part {
    fn of(&self, word: u32) -> &[u16] {
        let at = |place: usize| self.starts.get(place).map_or(0, |start| index(*start));
        self.packed.get(at(index(word))..at(index(word) + 1)).unwrap_or_default()
    }

    fn words(&self) -> u32 {
        u32::try_from(self.starts.len().saturating_sub(1)).unwrap_or(0)
    }
}

impl Postings {
    pub(crate) fn bytes(&self) -> usize {
        let packed = |part: &Part| {
            part.starts.capacity() * size_of::<u32>() + part.packed.capacity() * size_of::<u16>()
        };
        self.parts.iter().map(packed).sum::<usize>()
            + self.parts.capacity() * size_of::<Part>()
            + self.loose_words.capacity() * size_of::<u32>()
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
        if self.is_void(document) {
            return Box::default();
        }
        let mut words = Vec::new();
        if let Some(part) = self.parts.get(index(document >> PART_BITS)) {
            for word in 0..part.words() {
                let times = part
                    .of(word)
                    .iter()
                    .filter(|low| u32::from(**low) == low_half(document))
                    .count();
                words.extend(
                    (times > 0).then(|| entry(word, u32::try_from(times).unwrap_or(MAX_COUNT))),
                );
            }
        }
        if self.void.len() <= at {
            self.void.resize(at + 1, false);
        }
        if let Some(void) = self.void.get_mut(at) {
            *void = true;
        }
        words.into_boxed_slice()
    }

    fn is_void(&self, document: u32) -> bool {
        self.void.get(index(document)).copied().unwrap_or(false)
    }

    /// The packed lists of a word: the number of the first document that a list may hold, and
    /// by how much each one's number is greater. Void documents are among them.
    pub(crate) fn lists(&self, word: u32) -> impl Iterator<Item = (usize, &[u16])> {
        self.parts
            .iter()
            .map(move |part| part.of(word))
            .zip(0_u32..)
            .map(|(list, high)| (index(high << PART_BITS), list))
    }

    /// The documents whose packed postings count no longer.
    pub(crate) fn void(&self) -> impl Iterator<Item = usize> {
        self.void.iter().enumerate().filter(|(_, is_void)| **is_void).map(|(document, _)| document)
    }

    /// Shows the words of every document that is not packed, with their counts.
    pub(crate) fn each_loose(
        &self,
    ) -> impl Iterator<Item = (u32, impl Iterator<Item = (u32, u32)>)> {
        self.loose
            .iter()
            .map(|loose| (loose.document, self.words(loose).iter().map(|word| split(*word))))
    }

    /// Packs everything anew for so many words. Linear in the parts that changed.
    pub(crate) fn pack(&mut self, words: usize) {
        let newest = self.loose.iter().map(|loose| loose.document).max();
        let parts = newest.map_or(0, |newest| index(newest >> PART_BITS) + 1).max(self.parts.len());
        let mut packed = Vec::with_capacity(parts);
        let old = std::mem::take(&mut self.parts);
        for (high, part) in
            (0_u32..).zip(old.into_iter().chain(std::iter::repeat_with(Part::default))).take(parts)
        {
            packed.push(self.packed_part(high, part, words));
        }
        *self = Postings { parts: packed, ..Postings::default() };
    }

    fn packed_part(&self, high: u32, old: Part, words: usize) -> Part {
        let first = index(high << PART_BITS);
        let void =
            self.void.get(first..self.void.len().min(first + (1 << PART_BITS))).unwrap_or_default();
        let has_void = void.contains(&true);
        let is_new = |loose: &&Loose| loose.document >> PART_BITS == high;
        if !has_void && !self.loose.iter().any(|loose| is_new(&loose)) {
            return old;
        }
        let is_kept =
            |low: &&u16| !has_void || !void.get(usize::from(**low)).copied().unwrap_or(false);
        let mut starts = vec![0_u32; words + 2];
        // How many documents hold each word: where those begin that hold it again.
        let mut again = vec![0_u32; words];
        let mut count = |word: u32, documents: u32, all: u32| {
            let counts = starts.get_mut(index(word) + 2).into_iter().zip([all]);
            let counts = counts.chain(again.get_mut(index(word)).into_iter().zip([documents]));
            counts.for_each(|(count, more)| *count += more);
        };
        for word in 0..old.words() {
            let (documents, more) = halves(old.of(word));
            let [documents, more] = [documents, more].map(|list| {
                let kept = if has_void { list.iter().filter(is_kept).count() } else { list.len() };
                u32::try_from(kept).unwrap_or(u32::MAX)
            });
            count(word, documents, documents + more);
        }
        let loose = || self.loose.iter().filter(is_new);
        for (word, times) in loose().flat_map(|loose| self.words(loose)).map(|word| split(*word)) {
            count(word, 1, times);
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        again.iter_mut().zip(starts.iter().skip(1)).for_each(|(again, start)| *again += start);
        let mut packed = vec![0; index(sum)];
        let mut place = |next: Option<&mut u32>, low: u16, times: u32| {
            let Some(next) = next else { return };
            let from = index(*next);
            *next += times;
            packed.get_mut(from..index(*next)).unwrap_or_default().fill(low);
        };
        for word in 0..old.words() {
            let (documents, more) = halves(old.of(word));
            documents
                .iter()
                .filter(is_kept)
                .for_each(|low| place(starts.get_mut(index(word) + 1), *low, 1));
            more.iter()
                .rev()
                .filter(is_kept)
                .for_each(|low| place(again.get_mut(index(word)), *low, 1));
        }
        for loose in loose() {
            let low = u16::try_from(low_half(loose.document)).unwrap_or(u16::MAX);
            for (word, times) in self.words(loose).iter().map(|word| split(*word)) {
                place(starts.get_mut(index(word) + 1), low, 1);
                place(again.get_mut(index(word)), low, times - 1);
            }
        }
        // Both cursors of a word stand at the end of what they placed.
        let mut from = 0;
        for (documents, end) in starts.iter_mut().skip(1).zip(again) {
            // Documents that were changed came behind later ones.
            for range in [from..index(*documents), index(*documents)..index(end)] {
                let list = packed.get_mut(range).unwrap_or_default();
                if !list.is_sorted() {
                    list.sort_unstable();
                }
            }
            packed.get_mut(index(*documents)..index(end)).unwrap_or_default().reverse();
            *documents = end;
            from = index(end);
        }
        starts.pop();
        Part { starts, packed }
    }
}

impl Postings {
    /// Writes packed postings.
    pub(crate) fn write(&self, to: &mut Writer) {
        debug_assert!(self.loose.is_empty(), "packed before");
        to.number(u32::try_from(self.parts.len()).unwrap_or(0));
        for part in &self.parts {
            to.numbers(part.starts.iter().copied());
            to.shorts(&part.packed);
        }
    }

    pub(crate) fn read_from(
        from: &mut Source<'_>,
        words: usize,
        documents: usize,
    ) -> Option<Postings> {
        let count = index(from.number()?);
        if count > documents.div_ceil(1 << PART_BITS) {
            return None;
        }
        let mut parts = Vec::with_capacity(count);
        for high in 0..count {
            let part = Part { starts: from.numbers()?, packed: from.shorts()? };
            let behind = documents - (high << PART_BITS);
            let fits = part.starts.len() <= words + 1
                && part.starts.is_sorted()
                && part.starts.last().map_or(0, |end| index(*end)) == part.packed.len()
                && part.packed.iter().all(|low| usize::from(*low) < behind);
            if !fits {
                return None;
            }
            parts.push(part);
        }
        Some(Postings { parts, ..Postings::default() })
    }
}

fn low_half(document: u32) -> u32 {
    document & ((1 << PART_BITS) - 1)
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(postings: &Postings, word: u32) -> Vec<(u32, u32)> {
        let mut all: Vec<(u32, u32)> = Vec::new();
        let void: Vec<usize> = postings.void().collect();
        for (first, list) in postings.lists(word) {
            let document = |low: u16| u32::try_from(first + usize::from(low)).expect("fits");
            let (documents, more) = halves(list);
            all.extend(documents.iter().map(|low| (document(*low), 1)));
            each_again(more, |low, again| {
                let known = all
                    .iter_mut()
                    .find(|(known, _)| *known == document(low))
                    .expect("was named before");
                assert_eq!(known.1, u32::try_from(again).expect("is small"));
                known.1 += 1;
            });
        }
        all.retain(|(document, _)| !void.contains(&usize::try_from(*document).expect("fits")));
        for (document, words) in postings.each_loose() {
            all.extend(
                words.filter(|(found, _)| *found == word).map(|(_, times)| (document, times)),
            );
        }
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

    #[test]
    fn packing_changes_nothing_whatever_came_and_went() {
        let mut random = crate::random::SplitMix64::new(11);
        for _ in 0..300 {
            let mut postings = Postings::default();
            let mut there: Vec<u32> = Vec::new();
            for document in 0..40 {
                let mut draw = |below: usize| u32::try_from(random.below(below)).expect("is small");
                let times: [u32; 6] = std::array::from_fn(|_| draw(8).saturating_sub(4));
                let words = (0..)
                    .zip(times)
                    .filter(|(_, times)| *times > 0)
                    .map(|(word, times)| entry(word, times));
                let words: Vec<u32> = words.collect();
                postings.put(document, &words);
                there.push(document);
                if draw(3) == 0 {
                    let gone = there.swap_remove(random.below(there.len()));
                    postings.take(gone);
                }
                if random.below(8) == 0 {
                    let all = |postings: &Postings| {
                        (0..6).map(|word| seen(postings, word)).collect::<Vec<_>>()
                    };
                    let before = all(&postings);
                    postings.pack(6);
                    assert_eq!(all(&postings), before);
                    assert_eq!(postings.loose(), 0);
                }
            }
        }
    }

    #[test]
    fn documents_beyond_one_part_are_told_apart() {
        let mut postings = Postings::default();
        let documents = [3, 65_535, 65_536, 65_539, 200_003];
        documents.iter().for_each(|document| postings.put(*document, &[entry(1, 2)]));
        let all: Vec<(u32, u32)> = documents.iter().map(|document| (*document, 2)).collect();
        assert_eq!(seen(&postings, 1), all);
        postings.pack(2);
        assert_eq!((seen(&postings, 1), postings.loose()), (all.clone(), 0));
        // A part that nothing changed in keeps its lists; the others are made anew.
        assert_eq!(*postings.take(65_539), [entry(1, 2)]);
        postings.put(65_540, &[entry(2, 1)]);
        postings.pack(3);
        let left: Vec<(u32, u32)> =
            all.iter().copied().filter(|(document, _)| *document != 65_539).collect();
        assert_eq!((seen(&postings, 1), seen(&postings, 2)), (left, vec![(65_540, 1)]));
    }
}
