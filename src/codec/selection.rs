//! Which common phrases are worth their place in a dictionary.
//!
//! Knows the greedy choice: the phrase whose runs, not yet covered, are said most often
//! for its length comes first; what it covers is worth nothing afterwards. A phrase that
//! begins with the two words another one ends with is written on as its continuation:
//! each run of the longer phrase is still a run of one of the two.

use super::phrases::{Common, Run, Texts};
use std::cmp::Reverse;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::hash::Hasher;

/// The most runs of one phrase; longer stretches are offered in overlapping parts.
const MAX_RUNS: usize = 10;

/// Chooses phrases of at most `max_bytes` in all, each on a line of its own, the best at
/// the end, where a reference to it is shortest.
pub(super) fn choose(texts: &Texts, common: &Common, max_bytes: usize) -> Vec<u8> {
    let (runs, lengths) = common.stretches(texts);
    let phrases = offers(texts, &runs, &lengths);
    // How often each run was said; 0 once a chosen phrase has it.
    let mut said = common.counts();
    let mut heap: BinaryHeap<_> =
        phrases.iter().enumerate().map(|(at, phrase)| (phrase.worth(&said), Reverse(at))).collect();
    let mut chains = Chains::default();
    while let Some((worth, Reverse(at))) = heap.pop() {
        let Some(phrase) = phrases.get(at) else { continue };
        let now = phrase.worth(&said);
        if now == worth {
            if chains.len_bytes + phrase.len_bytes() + 2 <= max_bytes {
                chains.add(phrase.text(texts), phrase.head(texts), phrase.tail(texts));
                phrase.cover(&mut said);
            }
        } else if now > 0 {
            heap.push((now, Reverse(at)));
        }
    }
    chains.write()
}

/// A phrase on offer: some runs of a stretch, one after the other, each once.
struct Phrase<'a>(&'a [Run]);

impl Phrase<'_> {
    /// How often the runs not covered yet were said, per 65,536 bytes of the phrase.
    fn worth(&self, said: &[u32]) -> u64 {
        let total: u64 =
            self.0.iter().filter_map(|run| said.get(place(run.id))).copied().map(u64::from).sum();
        (total << 16) / u64::try_from(self.len_bytes() + 1).unwrap_or(u64::MAX)
    }

    fn cover(&self, said: &mut [u32]) {
        for run in self.0 {
            if let Some(count) = said.get_mut(place(run.id)) {
                *count = 0;
            }
        }
    }

    fn len_bytes(&self) -> usize {
        self.0.first().zip(self.0.last()).map_or(0, |(first, last)| place(last.end - first.start))
    }

    fn text<'t>(&self, texts: &'t Texts) -> &'t str {
        self.0
            .first()
            .zip(self.0.last())
            .map_or("", |(first, last)| texts.between(first.start, last.end))
    }

    /// Its first two words.
    fn head<'t>(&self, texts: &'t Texts) -> &'t str {
        self.0.first().map_or("", |first| texts.between(first.start, first.middle_end))
    }

    /// Its last two words.
    fn tail<'t>(&self, texts: &'t Texts) -> &'t str {
        self.0.last().map_or("", |last| texts.between(last.middle, last.end))
    }
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Every different phrase on offer, in the order of the texts.
fn offers<'a>(texts: &Texts, mut runs: &'a [Run], lengths: &[usize]) -> Vec<Phrase<'a>> {
    let mut seen = HashSet::new();
    let mut phrases = Vec::new();
    for length in lengths {
        let Some((stretch, rest)) = runs.split_at_checked(*length) else { break };
        runs = rest;
        for part in stretch.windows(MAX_RUNS.min(*length)) {
            let phrase = Phrase(part);
            let mut hash = DefaultHasher::new();
            hash.write(phrase.text(texts).as_bytes());
            if seen.insert(hash.finish()) {
                phrases.push(phrase);
            }
        }
    }
    phrases
}

/// The chosen phrases, each linked to the one it continues, if any.
#[derive(Default)]
struct Chains<'a> {
    links: Vec<Link<'a>>,
    /// The phrases that nothing continues yet, by their last two words.
    tails: HashMap<&'a str, Vec<usize>>,
    /// The phrases that continue nothing yet, by their first two words.
    heads: HashMap<&'a str, Vec<usize>>,
    len_bytes: usize,
}

struct Link<'a> {
    text: &'a str,
    /// The two words that the phrase before also has.
    shared_bytes: usize,
    is_continuation: bool,
    next: Option<usize>,
}

impl<'a> Chains<'a> {
    fn add(&mut self, text: &'a str, head: &'a str, tail: &'a str) {
        let at = self.links.len();
        self.links.push(Link { text, shared_bytes: 0, is_continuation: false, next: None });
        self.len_bytes += text.len() + 2;
        let before = self.tails.get_mut(head).and_then(Vec::pop);
        match before {
            Some(before) => self.link(before, at, head),
            None => self.heads.entry(head).or_default().push(at),
        }
        let after = self
            .heads
            .get(tail)
            .into_iter()
            .flatten()
            .copied()
            .find(|after| !self.leads(*after, at));
        match after {
            Some(after) => {
                self.heads.entry(tail).or_default().retain(|head| *head != after);
                self.link(at, after, tail);
            }
            None => self.tails.entry(tail).or_default().push(at),
        }
    }

    fn link(&mut self, before: usize, after: usize, shared: &str) {
        if let Some(link) = self.links.get_mut(before) {
            link.next = Some(after);
        }
        if let Some(link) = self.links.get_mut(after) {
            link.is_continuation = true;
            link.shared_bytes = shared.len();
        }
        self.len_bytes -= shared.len() + 2;
    }

    /// Whether the chain that starts with `from` reaches `to`, so that a link would close a ring.
    fn leads(&self, from: usize, to: usize) -> bool {
        self.chain(from).any(|at| at == to)
    }

    fn chain(&self, from: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(from), |at| self.links.get(*at).and_then(|link| link.next))
    }

    /// The lines, the one with the first-chosen phrase last.
    fn write(&self) -> Vec<u8> {
        let mut lines: Vec<(usize, String)> = Vec::new();
        for (at, _) in self.links.iter().enumerate().filter(|(_, link)| !link.is_continuation) {
            let mut line = String::from(' ');
            for link in self.chain(at).filter_map(|at| self.links.get(at)) {
                line.push_str(link.text.get(link.shared_bytes..).unwrap_or_default());
            }
            line.push('\n');
            lines.push((self.chain(at).min().unwrap_or(at), line));
        }
        lines.sort_unstable_by_key(|(best, _)| Reverse(*best));
        lines.into_iter().flat_map(|(_, line)| line.into_bytes()).collect()
    }
}
