//! Finding the phrases of a rule set in a text.
//!
//! Knows how phrases become one table, so that a word that begins none of them costs one
//! look-up. Matching is by whole words, leftmost and longest: a longer phrase takes its words
//! away from the shorter ones, which is how "account manager" keeps "account" from speaking.

use super::reference;
use crate::signals::Topic;
use crate::text::{ShortWord, Word, WordHasher, words};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::ops::Range;
use std::sync::OnceLock;

/// What a phrase shows about the customer who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    Formal,
    Casual,
    About(Topic),
    /// The phrase only keeps shorter ones inside it from firing.
    Nothing,
}

/// A named rule: phrases that show the same thing and count once a turn between them.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) shows: Shows,
    /// Lower case; words are set apart by one blank, which also stands for a hyphen.
    pub(super) phrases: &'static [&'static str],
}

/// The number of a rule in its set.
pub(super) type RuleNumber = u16;

/// A phrase that was found.
#[derive(Debug)]
pub(super) struct Hit<'a> {
    pub(super) number: RuleNumber,
    pub(super) rule: &'a Rule,
    pub(super) span: Range<usize>,
    pub(super) quoted: bool,
}

/// Rules made ready for matching.
#[derive(Debug)]
pub(super) struct RuleSet {
    pub(super) version: &'static str,
    rules: &'static [Rule],
    steps: HashMap<Key, Step, BuildHasherDefault<WordHasher>>,
    /// One bit for each word that begins a phrase: most words are turned away here.
    starts: [u64; 64],
}

/// A word at a place in a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    place: u16,
    word: ShortWord,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.word.mixed() ^ (u64::from(self.place) << 48));
    }
}

/// Where a word leads from a place in a phrase.
#[derive(Debug, Clone, Copy)]
struct Step {
    place: u16,
    /// The rule whose phrase ends here.
    ends: Option<RuleNumber>,
    /// Whether a longer phrase goes on from here.
    goes_on: bool,
}

const START: u16 = 0;

impl RuleSet {
    /// The preset `reference`, made at the first call.
    pub(super) fn reference() -> &'static RuleSet {
        static SET: OnceLock<RuleSet> = OnceLock::new();
        SET.get_or_init(|| RuleSet::new(reference::VERSION, reference::RULES))
    }

    fn new(version: &'static str, rules: &'static [Rule]) -> RuleSet {
        let mut set = RuleSet { version, rules, steps: HashMap::default(), starts: [0; 64] };
        for (number, rule) in (0..).zip(rules) {
            for phrase in rule.phrases {
                set.add(number, phrase);
            }
        }
        set
    }

    fn add(&mut self, number: RuleNumber, phrase: &str) {
        let mut place = START;
        let mut last: Option<Key> = None;
        for word in words(phrase).filter_map(|word| word.short) {
            let key = Key { place, word };
            let (slot, bit) = start_bit(word);
            if let Some(starts) = self.starts.get_mut(slot).filter(|_| place == START) {
                *starts |= bit;
            }
            if let Some(step) = last.and_then(|key| self.steps.get_mut(&key)) {
                step.goes_on = true;
            }
            let unused = u16::try_from(self.steps.len() + 1).unwrap_or(u16::MAX);
            let step = self.steps.entry(key).or_insert(Step { place: unused, ends: None, goes_on: false });
            last = Some(key);
            place = step.place;
        }
        if let Some(step) = last.and_then(|key| self.steps.get_mut(&key)) {
            step.ends = Some(number);
        }
    }

    pub(super) fn rule(&self, number: RuleNumber) -> Option<&'static Rule> {
        self.rules.get(usize::from(number))
    }

    /// The phrases among the words of a text, in order, none sharing a word.
    pub(super) fn find<'a>(&'a self, words: &'a [Word]) -> impl Iterator<Item = Hit<'a>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            loop {
                let word = words.get(at)?;
                at += 1;
                let first = word.short.filter(|short| self.may_start(*short)).and_then(|short| self.step(START, short));
                let Some((number, last)) = first.and_then(|step| self.longest(step, words, at)) else {
                    continue;
                };
                at = last;
                let end = words.get(last - 1).map_or(word.span.end, |word| word.span.end);
                let Some(rule) = self.rule(number) else { continue };
                return Some(Hit { number, rule, span: word.span.start..end, quoted: word.quoted });
            }
        })
    }

    fn may_start(&self, word: ShortWord) -> bool {
        let (slot, bit) = start_bit(word);
        self.starts.get(slot).is_some_and(|starts| starts & bit != 0)
    }

    fn step(&self, place: u16, word: ShortWord) -> Option<Step> {
        self.steps.get(&Key { place, word }).copied()
    }

    /// The longest phrase that goes on with the words from `at` on, and the place behind it.
    fn longest(&self, mut step: Step, words: &[Word], mut at: usize) -> Option<(RuleNumber, usize)> {
        let mut found = step.ends.map(|number| (number, at));
        while step.goes_on {
            let Some(word) = words.get(at).filter(|word| word.follows) else { break };
            let Some(further) = word.short.and_then(|short| self.step(step.place, short)) else { break };
            step = further;
            at += 1;
            found = step.ends.map(|number| (number, at)).or(found);
        }
        found
    }
}

/// The place of a word's bit in `starts`.
fn start_bit(word: ShortWord) -> (usize, u64) {
    let hash = word.mixed().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (usize::try_from(hash >> 58).unwrap_or(0), 1 << ((hash >> 52) % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::ops::Range;

    fn found(text: &str) -> Vec<(&'static str, Range<usize>)> {
        let words: Vec<Word> = words(text).collect();
        let set = RuleSet::reference();
        set.find(&words).map(|hit| (set.rule(hit.number).expect("is a rule").name, hit.span)).collect()
    }

    #[test]
    fn every_listed_phrase_finds_its_own_rule_and_is_listed_once() {
        let mut seen = HashSet::new();
        for rule in reference::RULES {
            for phrase in rule.phrases {
                assert_eq!(found(phrase), [(rule.name, 0..phrase.len())], "{phrase}");
                assert!(seen.insert(phrase), "{phrase} is listed twice");
            }
        }
    }

    #[test]
    fn rule_names_are_unique_and_few_enough_to_count_once_a_turn() {
        let names: HashSet<_> = reference::RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), reference::RULES.len());
        assert!(names.len() <= 128, "a turn marks its rules in 128 bits");
    }

    #[test]
    fn a_changed_rule_needs_a_new_version() {
        let listed = reference::RULES.iter().flat_map(|rule| {
            let shows = format!("{}{:?}", rule.name, rule.shows);
            std::iter::once(shows).chain(rule.phrases.iter().map(|phrase| (*phrase).to_owned()))
        });
        let mut print: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in listed.flat_map(|text| text.into_bytes().into_iter().chain([0])) {
            print = (print ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        assert_eq!(
            (reference::VERSION, format!("{print:016x}").as_str()),
            ("reference-1", "ca8dcdfd8dc15625"),
            "stored evidence names rules by number: give changed rules a new VERSION, then note it here"
        );
    }

    #[test]
    fn a_longer_phrase_takes_its_words_from_the_shorter_ones() {
        let names = |text| found(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("could you please"), ["could you", "please"]);
        assert_eq!(names("account manager of the account"), ["not an account", "account"]);
        assert_eq!(names("thank you for the thank you for nothing"), ["thank you", "ironic thanks"]);
        assert_eq!(names("sign, in"), [""; 0]);
    }
}
