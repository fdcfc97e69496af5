//! Which words of which texts may be kept for good.
//!
//! Knows the rule that protects people: a run of three words counts as common only if
//! at least five customers said it, and no word with a digit, an address, a link or a
//! name of an account in it is part of any run.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::ops::Range;

/// How many different customers make a run common.
pub(super) const MIN_CUSTOMERS: usize = 5;
/// How many words a run has.
const RUN: usize = 3;
/// A word longer than this is a number, a key or an address, whatever it looks like.
const MAX_WORD_BYTES: usize = 40;
/// The runs are counted in so many parts, one after the other, to need less memory.
const PARTS: u64 = 8;

/// The texts of many customers, back to back.
#[derive(Default)]
pub(super) struct Texts {
    all: String,
    pieces: Vec<(u64, Range<usize>)>,
}

impl Texts {
    pub(super) fn add(&mut self, customer: u64, text: &str) {
        let start = self.all.len();
        self.all.push_str(text);
        self.pieces.push((customer, start..self.all.len()));
    }

    pub(super) fn len_bytes(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().map(|(_, range)| self.part(range.clone()))
    }

    /// The bytes from one place to another; places are those of [`Run`].
    pub(super) fn between(&self, from: u32, to: u32) -> &str {
        let wide = |at: u32| usize::try_from(at).expect("a place in a text is a usize");
        self.part(wide(from)..wide(to))
    }

    fn part(&self, range: Range<usize>) -> &str {
        self.all.get(range).unwrap_or_default()
    }
}

/// One saying of a common run: which it is, and where in the texts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Which run of [`Common`].
    pub(super) id: u32,
    /// Where the first word starts.
    pub(super) start: u32,
    /// Where the second word starts.
    pub(super) middle: u32,
    /// Where the second word ends.
    pub(super) middle_end: u32,
    /// Where the third word ends.
    pub(super) end: u32,
}

/// The runs that enough customers said, by name, and how often each was said by anyone.
pub(super) struct Common(Vec<(u64, u32)>);

impl Common {
    pub(super) fn of(texts: &Texts) -> Common {
        let mut common = Vec::new();
        let mut said = Vec::new();
        for part in 0..PARTS {
            said.clear();
            for (customer, range) in &texts.pieces {
                runs(texts.part(range.clone()), |name, _| {
                    if name % PARTS == part {
                        said.push((name, *customer));
                    }
                });
            }
            said.sort_unstable();
            for same in said.chunk_by(|a, b| a.0 == b.0) {
                let customers = same.chunk_by(|a, b| a.1 == b.1).take(MIN_CUSTOMERS).count();
                if let (Some((name, _)), true) = (same.first(), customers >= MIN_CUSTOMERS) {
                    common.push((*name, narrow(same.len())));
                }
            }
        }
        common.sort_unstable();
        Common(common)
    }

    /// How often each run was said, by its `id`.
    pub(super) fn counts(&self) -> Vec<u32> {
        self.0.iter().map(|(_, count)| *count).collect()
    }

    fn find(&self, name: u64) -> Option<u32> {
        self.0.binary_search_by_key(&name, |(name, _)| *name).ok().map(narrow)
    }

    /// The stretches of the texts in which each run is common: all runs, and the length of
    /// each stretch in runs.
    pub(super) fn stretches(&self, texts: &Texts) -> (Vec<Run>, Vec<usize>) {
        let mut all: Vec<Run> = Vec::new();
        let mut lengths: Vec<usize> = Vec::new();
        for (_, range) in &texts.pieces {
            let mut next = None;
            runs(texts.part(range.clone()), |name, words| {
                let (Some(id), [first, middle, last]) = (self.find(name), words) else { return };
                let place = |at: usize| narrow(range.start + at);
                let (start, end) = (place(first.start), place(last.end));
                match lengths.last_mut().filter(|_| next == Some(start)) {
                    Some(length) => *length += 1,
                    None => lengths.push(1),
                }
                all.push(Run {
                    id,
                    start,
                    middle: place(middle.start),
                    middle_end: place(middle.end),
                    end,
                });
                next = Some(place(middle.start));
            });
        }
        (all, lengths)
    }
}

fn narrow(at: usize) -> u32 {
    u32::try_from(at).expect("the trainer keeps 4 MiB of text")
}

/// Calls `each` with the name and the words of every run of `text`.
fn runs(text: &str, mut each: impl FnMut(u64, &[Range<usize>])) {
    let mut recent: Vec<Range<usize>> = Vec::with_capacity(RUN);
    let mut at = 0;
    while at < text.len() {
        let rest = text.get(at..).unwrap_or_default();
        let length = rest.find(is_separator).unwrap_or(rest.len());
        let (word, gap) = rest.split_at(length);
        if is_personal(word) {
            recent.clear();
        } else {
            if recent.len() == RUN {
                recent.remove(0);
            }
            recent.push(at..at + length);
        }
        if let ([first, .., last], RUN) = (recent.as_slice(), recent.len()) {
            each(name(text.get(first.start..last.end).unwrap_or_default()), &recent);
        }
        at += length + gap.find(|c| !is_separator(c)).unwrap_or(gap.len());
    }
}

/// Quotation marks separate too, so that the keys of JSON are words.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || c == '"'
}

fn is_personal(word: &str) -> bool {
    word.len() > MAX_WORD_BYTES
        || word.chars().any(|c| c.is_numeric() || c == '@')
        || word.contains("//")
        || word.contains("www.")
        || has_inner_dot(word)
}

/// As in `example.com`.
fn has_inner_dot(word: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    word.match_indices('.').any(|(at, dot)| {
        let (before, after) = (word.get(..at), word.get(at + dot.len()..));
        is_letter(before.and_then(|text| text.chars().next_back()))
            && is_letter(after.and_then(|text| text.chars().next()))
    })
}

/// Names a run by its bytes; names never leave the process, nor decide what comes first.
fn name(run: &str) -> u64 {
    let mut hash = DefaultHasher::new();
    hash.write(run.as_bytes());
    hash.finish()
}
