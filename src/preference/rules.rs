//! Finding the phrases of a rule set in a text.
//!
//! Knows how phrases become one table, so that a word that begins none of them costs one
//! look-up. Matching is by whole words, leftmost and longest: a longer phrase takes its words
//! away from the shorter ones, which is how "account manager" keeps "account" from speaking.

use super::{manner, reference};
use crate::signals::Topic;
use crate::text::{ShortWord, Word, WordHasher, WordMap, words};
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
    /// Set apart by `|`, in lower case; words are set apart by one blank, which also stands for a
    /// hyphen. One text, for a list of texts would be three times as large in the library.
    pub(super) phrases: &'static str,
    /// How far a turn leans to a side by it, in hundredths; of no account in the preset
    /// `reference`.
    pub(super) weight: i32,
    /// Whether it counts only where the customer begins.
    pub(super) is_first: bool,
}

impl Rule {
    pub(super) const fn weighing(self, weight: i32) -> Rule {
        Rule { weight, ..self }
    }

    pub(super) const fn first(self) -> Rule {
        Rule { is_first: true, ..self }
    }

    pub(super) fn phrases(&self) -> impl Iterator<Item = &'static str> {
        self.phrases.split('|')
    }

    /// The weight with its side: formal is above zero.
    pub(super) fn lean(&self) -> i32 {
        match self.shows {
            Shows::Formal => self.weight,
            Shows::Casual => -self.weight,
            Shows::About(_) | Shows::Nothing => 0,
        }
    }
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
    rules: Vec<&'static Rule>,
    /// Words that are cues as they are written: the rule if it is written small, and if it is not.
    spellings: WordMap<(RuleNumber, RuleNumber)>,
    /// The rules that stand for topics which signals tell.
    pub(super) told: Vec<(Topic, RuleNumber)>,
    /// How far a turn must lean to a side to show it; `None` if every cue counts for its own side.
    pub(super) leans: Option<i32>,
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
        SET.get_or_init(|| RuleSet::new(reference::VERSION, None, &[reference::RULES], &[], &[]))
    }

    /// The preset `support`, made at the first call.
    pub(super) fn support() -> &'static RuleSet {
        static SET: OnceLock<RuleSet> = OnceLock::new();
        SET.get_or_init(|| {
            let rules = [reference::RULES, manner::RULES];
            let (spellings, topics) = (manner::SPELLINGS, manner::TOPICS);
            RuleSet::new(manner::VERSION, Some(manner::LEANS), &rules, spellings, topics)
        })
    }

    fn new(
        version: &'static str,
        leans: Option<i32>,
        rules: &[&'static [Rule]],
        spellings: &'static [Rule],
        topics: &'static [Rule],
    ) -> RuleSet {
        let rules: Vec<&Rule> = rules.iter().copied().flatten().collect();
        let (steps, starts, written) = (HashMap::default(), [0; 64], WordMap::default());
        let mut set =
            RuleSet { version, rules, spellings: written, told: Vec::new(), leans, steps, starts };
        for (number, rule) in (0..).zip(set.rules.clone()) {
            for phrase in rule.phrases() {
                set.add(number, phrase);
            }
        }
        for rule in spellings {
            let number = RuleNumber::try_from(set.rules.len()).unwrap_or(RuleNumber::MAX);
            set.rules.push(rule);
            for word in rule.phrases().filter_map(ShortWord::of) {
                set.spellings.entry(word).or_insert((number, number)).1 = number;
            }
        }
        for rule in topics {
            let number = RuleNumber::try_from(set.rules.len()).unwrap_or(RuleNumber::MAX);
            set.rules.push(rule);
            if let Shows::About(topic) = rule.shows {
                set.told.push((topic, number));
            }
        }
        set
    }

    /// The rule that a word is a cue of as it is written.
    pub(super) fn spelling(&self, word: &Word, text: &str) -> Option<RuleNumber> {
        let (small, other) = *self.spellings.get(&word.short?)?;
        let is_small = text.get(word.span.clone())?.starts_with(char::is_lowercase);
        Some(if is_small { small } else { other })
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
            let step =
                self.steps.entry(key).or_insert(Step { place: unused, ends: None, goes_on: false });
            last = Some(key);
            place = step.place;
        }
        if let Some(step) = last.and_then(|key| self.steps.get_mut(&key)) {
            step.ends = Some(number);
        }
    }

    pub(super) fn rule(&self, number: RuleNumber) -> Option<&'static Rule> {
        self.rules.get(usize::from(number)).copied()
    }

    /// The phrases among the words of a text, in order, none sharing a word.
    pub(super) fn find<'a>(&'a self, words: &'a [Word]) -> impl Iterator<Item = Hit<'a>> {
        let mut at = 0;
        let begins = words.first().map_or(0, |word| word.span.start);
        std::iter::from_fn(move || {
            loop {
                let word = words.get(at)?;
                at += 1;
                let first = word
                    .short
                    .filter(|short| self.may_start(*short))
                    .and_then(|short| self.step(START, short));
                let Some((number, last)) = first.and_then(|step| self.longest(step, words, at))
                else {
                    continue;
                };
                at = last;
                let end = words.get(last - 1).map_or(word.span.end, |word| word.span.end);
                let Some(rule) =
                    self.rule(number).filter(|rule| !rule.is_first || word.span.start == begins)
                else {
                    continue;
                };
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
    fn longest(
        &self,
        mut step: Step,
        words: &[Word],
        mut at: usize,
    ) -> Option<(RuleNumber, usize)> {
        let mut found = step.ends.map(|number| (number, at));
        while step.goes_on {
            let Some(word) = words.get(at).filter(|word| word.follows) else { break };
            let Some(further) = word.short.and_then(|short| self.step(step.place, short)) else {
                break;
            };
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
        found_by(RuleSet::reference(), text)
    }

    fn found_by(set: &RuleSet, text: &str) -> Vec<(&'static str, Range<usize>)> {
        let words: Vec<Word> = words(text).collect();
        set.find(&words)
            .map(|hit| (set.rule(hit.number).expect("is a rule").name, hit.span))
            .collect()
    }

    #[test]
    fn every_listed_phrase_finds_its_own_rule_and_is_listed_once() {
        for (set, spelled) in [
            (RuleSet::reference(), 0),
            (RuleSet::support(), manner::SPELLINGS.len() + manner::TOPICS.len()),
        ] {
            let mut seen = HashSet::new();
            for rule in set.rules.iter().rev().skip(spelled) {
                for phrase in rule.phrases() {
                    assert_eq!(found_by(set, phrase), [(rule.name, 0..phrase.len())], "{phrase}");
                    assert!(seen.insert(phrase), "{phrase} is listed twice");
                }
            }
        }
    }

    #[test]
    fn a_spelling_is_told_by_how_it_is_written_and_a_beginning_by_its_place() {
        let spelled = |text: &str| {
            let set = RuleSet::support();
            let rules = words(text).filter_map(|word| set.spelling(&word, text));
            rules.map(|number| set.rule(number).expect("is a rule").name).collect::<Vec<_>>()
        };
        assert_eq!(
            spelled("i think I can\u{2019}t, Don't you"),
            ["small i", "capital I", "contraction", "contraction"]
        );
        assert_eq!(spelled("the cant of it"), ["contraction"]);
        let names = |text| {
            found_by(RuleSet::support(), text).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names("want to leave"), ["no subject"]);
        assert_eq!(names("they want to leave"), [""; 0]);
    }

    #[test]
    fn rule_names_are_unique_and_few_enough_to_count_once_a_turn() {
        for set in [RuleSet::reference(), RuleSet::support()] {
            let names: HashSet<_> = set.rules.iter().map(|rule| rule.name).collect();
            assert_eq!(names.len(), set.rules.len());
            assert!(names.len() <= 128, "a turn marks its rules in 128 bits");
        }
    }

    #[test]
    fn a_changed_rule_needs_a_new_version() {
        let print = |set: &RuleSet| {
            let listed = set.rules.iter().flat_map(|rule| {
                let weighed = set
                    .leans
                    .map(|_| format!("{} {}", rule.weight, rule.is_first))
                    .unwrap_or_default();
                let shows = format!("{}{:?}{weighed}", rule.name, rule.shows);
                std::iter::once(shows).chain(rule.phrases().map(str::to_owned))
            });
            let mut print: u64 = 0xcbf2_9ce4_8422_2325;
            for byte in listed.flat_map(|text| text.into_bytes().into_iter().chain([0])) {
                print = (print ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
            (set.version, format!("{print:016x}"))
        };
        for (set, noted) in [
            (RuleSet::reference(), ("reference-1", "ca8dcdfd8dc15625".to_owned())),
            (RuleSet::support(), ("support-2", "c3b47a76f103fbb6".to_owned())),
        ] {
            let why = "stored evidence names rules by number: give changed rules a new VERSION, then note it here";
            assert_eq!(print(set), noted, "{why}");
        }
    }

    #[test]
    fn a_longer_phrase_takes_its_words_from_the_shorter_ones() {
        let names = |text| found(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names("could you please"), ["could you", "please"]);
        assert_eq!(names("account manager of the account"), ["not an account", "account"]);
        assert_eq!(
            names("thank you for the thank you for nothing"),
            ["thank you", "ironic thanks"]
        );
        assert_eq!(names("sign, in"), [""; 0]);
    }
}
