//! A rule set, made ready for one pass over a text.
//!
//! Knows how rule files are written and what makes one sound; matches all rules at once.

use super::pattern::{self, Pattern};
use super::reading::{Gap, Reading, Token};
use super::rule::{Rule, Shows};
use super::vocabulary::{Known, Vocabulary, WordId};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

/// Hits of one rule in one text that are kept; further ones say nothing new.
const MAX_HITS: usize = 8;

/// Blocking and negated places in one text that are heeded.
const MAX_BLOCKS: usize = 256;

/// Rules, words and values.
#[derive(Debug, Clone)]
pub(super) struct RuleSet {
    pub(super) version: Cow<'static, str>,
    pub(super) vocabulary: Vocabulary,
    pub(super) rules: Vec<Rule>,
    pub(super) bars: Bars,
    patterns: Vec<Pattern>,
    faces: HashMap<Box<str>, f32>,
    emoji: HashMap<char, f32>,
    fillers: Vec<WordId>,
    buts: Vec<WordId>,
    /// Words that are nobody's name.
    common: Vec<WordId>,
    /// Words that tell little of what a text holds.
    everyday: Vec<WordId>,
    /// Sets of words by their names.
    sets: HashMap<&'static str, Vec<WordId>>,
}

/// Where sums become conclusions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bars {
    /// At and above the second a polarity is positive, at and below the first negative.
    pub(super) negative: f32,
    pub(super) positive: f32,
    /// At and below the first an urgency is low, at and above the others high and critical.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) critical: f64,
    /// A polarity below this is a reason to escalate by itself.
    pub(super) dissatisfied: f64,
}

impl Bars {
    const DEFAULT: Bars = Bars {
        negative: -0.05,
        positive: 0.25,
        low: -1.0,
        high: 1.0,
        critical: 3.0,
        dissatisfied: f64::NEG_INFINITY,
    };

    /// Reads `polarity -0.05 0.25`, `urgency -1 1 3` or `dissatisfied -0.7`.
    fn read(&mut self, text: &str) -> Option<()> {
        let (name, numbers) = text.split_once(' ')?;
        let numbers: Option<Vec<f64>> =
            numbers.split(' ').map(|number| number.parse().ok()).collect();
        match (name, numbers?.as_slice()) {
            ("polarity", [negative, positive]) if negative < positive => {
                (self.negative, self.positive) = (single(*negative), single(*positive));
            }
            ("urgency", [low, high, critical]) if low < high && high < critical => {
                (self.low, self.high, self.critical) = (*low, *high, *critical);
            }
            ("dissatisfied", [below]) => self.dissatisfied = *below,
            _ => return None,
        }
        Some(())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::as_conversions,
    reason = "bars of rule files have few digits"
)]
fn single(number: f64) -> f32 {
    number as f32
}

/// A rule that matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) rule: u16,
    /// The tokens it matched.
    pub(super) tokens: Range<usize>,
}

/// What is wrong with a rule file, and in which line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    pub(super) line: usize,
    pub(super) what: String,
}

impl RuleSet {
    pub(super) fn empty() -> RuleSet {
        RuleSet {
            version: Cow::Borrowed(""),
            vocabulary: Vocabulary::default(),
            rules: Vec::new(),
            bars: Bars::DEFAULT,
            patterns: Vec::new(),
            faces: HashMap::new(),
            emoji: HashMap::new(),
            fillers: Vec::new(),
            buts: Vec::new(),
            common: Vec::new(),
            everyday: Vec::new(),
            sets: HashMap::new(),
        }
    }

    /// Reads a lexicon: a word, a face or an emoji and its value in each line.
    pub(super) fn add_lexicon(&mut self, file: &str) -> Result<(), BadLine> {
        for (line, text) in lines(file) {
            let bad = || BadLine { line, what: "not a word, a tab and a value".to_owned() };
            let (word, value) = text.split_once('\t').ok_or_else(bad)?;
            let value: f32 = value.parse().map_err(|_| bad())?;
            self.add_value(word, value).ok_or_else(bad)?;
        }
        Ok(())
    }

    fn add_value(&mut self, word: &str, value: f32) -> Option<()> {
        let mut chars = word.chars();
        if word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'\'')
            && !word.is_empty()
        {
            let id = self.vocabulary.add(word)?;
            self.vocabulary.known_mut(id)?.valence = value;
        } else if let (Some(c), None) = (chars.next(), chars.next())
            && !c.is_ascii()
        {
            self.emoji.insert(c, value);
        } else {
            self.faces.insert(word.into(), value);
        }
        Some(())
    }

    /// Reads a rule file.
    pub(super) fn add_rules(&mut self, file: &'static str) -> Result<(), BadLine> {
        let mut sets: HashMap<&'static str, Vec<WordId>> = HashMap::new();
        for (line, text) in lines(file) {
            let bad = |what: &str| BadLine { line, what: what.to_owned() };
            let (head, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
            let is_pattern = text.starts_with("  ");
            let known = |name: &str| sets.get(name).cloned();
            match head {
                _ if is_pattern => {
                    let rule = self
                        .rules
                        .len()
                        .checked_sub(1)
                        .ok_or_else(|| bad("a pattern before any rule"))?;
                    for part in text.trim().split(" / ") {
                        let steps =
                            pattern::parse(part, &mut self.vocabulary, &known).map_err(bad)?;
                        for steps in pattern::variants(&steps).ok_or_else(|| bad(part))? {
                            self.add_pattern(rule, steps)
                                .ok_or_else(|| bad("too many patterns"))?;
                        }
                    }
                }
                "version" => self.version = Cow::Borrowed(rest),
                "set" => {
                    let (name, words) =
                        rest.split_once(": ").ok_or_else(|| bad("a set without words"))?;
                    let mut all = Vec::new();
                    for part in words.split_whitespace() {
                        all.extend(
                            pattern::words_of(part, &mut self.vocabulary, &known)
                                .ok_or_else(|| bad(part))?,
                        );
                    }
                    all.sort_unstable();
                    all.dedup();
                    sets.insert(name, all);
                }
                "read" => self.add_reading(rest, false).ok_or_else(|| bad(rest))?,
                "chat" => self.add_reading(rest, true).ok_or_else(|| bad(rest))?,
                "negate" => {
                    self.mark(rest, |known| known.negates = true).ok_or_else(|| bad(rest))?
                }
                "english" => {
                    self.mark(rest, |known| known.is_english = true).ok_or_else(|| bad(rest))?
                }
                "boost" => {
                    let (value, words) = rest.split_once(' ').ok_or_else(|| bad(rest))?;
                    let value: f32 = value.parse().map_err(|_| bad(rest))?;
                    self.mark(words, |known| known.boost = value).ok_or_else(|| bad(rest))?;
                }
                "value" => {
                    let (value, words) = rest.split_once(' ').ok_or_else(|| bad(rest))?;
                    let value: f32 = value.parse().map_err(|_| bad(rest))?;
                    for word in words.split_whitespace() {
                        for id in pattern::words_of(word, &mut self.vocabulary, &known)
                            .ok_or_else(|| bad(word))?
                        {
                            self.vocabulary.known_mut(id).ok_or_else(|| bad(word))?.valence = value;
                        }
                    }
                }
                "fillers" => {
                    self.fillers.extend(
                        pattern::all_words(rest, &mut self.vocabulary).ok_or_else(|| bad(rest))?,
                    );
                    self.fillers.sort_unstable();
                }
                "common" => {
                    self.common.extend(
                        pattern::all_words(rest, &mut self.vocabulary).ok_or_else(|| bad(rest))?,
                    );
                    self.common.sort_unstable();
                }
                "bar" => self.bars.read(rest).ok_or_else(|| bad(rest))?,
                "everyday" => {
                    self.everyday.extend(
                        pattern::all_words(rest, &mut self.vocabulary).ok_or_else(|| bad(rest))?,
                    );
                    self.everyday.sort_unstable();
                }
                "but" => self.buts.extend(
                    pattern::all_words(rest, &mut self.vocabulary).ok_or_else(|| bad(rest))?,
                ),
                "rule" => self.rules.push(Rule::parse(rest).ok_or_else(|| bad(rest))?),
                _ => return Err(bad(head)),
            }
        }
        self.sets.extend(sets);
        Ok(())
    }

    pub(super) fn add_pattern(&mut self, rule: usize, steps: Box<[pattern::Step]>) -> Option<()> {
        let number = u16::try_from(self.patterns.len()).ok()?;
        let pattern = Pattern { rule: u16::try_from(rule).ok()?, steps };
        for word in pattern.first() {
            self.vocabulary.known_mut(*word)?.patterns.push((number, pattern.followers()));
        }
        self.patterns.push(pattern);
        Some(())
    }

    /// `can't = can not`; some spellings belong to chats.
    fn add_reading(&mut self, rest: &str, is_chat: bool) -> Option<()> {
        let (written, read) = rest.split_once(" = ")?;
        let expansion: Option<Vec<WordId>> =
            read.split_whitespace().map(|word| self.vocabulary.add(word)).collect();
        for word in written.split_whitespace() {
            let id = self.vocabulary.add(word)?;
            let known = self.vocabulary.known_mut(id)?;
            known.expansion = expansion.clone()?;
            known.is_chat = is_chat;
        }
        Some(())
    }

    fn mark(&mut self, words: &str, change: impl Fn(&mut Known)) -> Option<()> {
        for word in words.split_whitespace() {
            let id = self.vocabulary.add(word)?;
            change(self.vocabulary.known_mut(id)?);
        }
        Some(())
    }

    pub(super) fn rule(&self, hit: &Hit) -> Option<&Rule> {
        self.rules.get(usize::from(hit.rule))
    }

    pub(super) fn face(&self, face: &str) -> Option<f32> {
        self.faces.get(face).copied()
    }

    pub(super) fn emoji(&self, emoji: char) -> Option<f32> {
        self.emoji.get(&emoji).copied()
    }

    /// Words of which every text holds one that any pattern matches, sorted: of each pattern the
    /// words of the step that says most, which is the one with the fewest everyday words.
    pub(super) fn keys(&self) -> Vec<WordId> {
        let is_everyday = |word: &&WordId| {
            self.everyday.binary_search(word).is_ok()
                || self.is_filler(**word)
                || self
                    .vocabulary
                    .known(**word)
                    .is_some_and(|known| known.is_english || known.negates)
        };
        let mut keys: Vec<WordId> = Vec::new();
        for pattern in &self.patterns {
            let says_most =
                pattern.certain().min_by_key(|words| words.iter().filter(is_everyday).count());
            keys.extend(says_most.unwrap_or_default());
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The words on which a pattern fires alone wherever they stand, and its rule.
    #[cfg(test)]
    pub(super) fn lone_words(&self) -> Vec<(&Rule, &[WordId])> {
        let alone = |pattern: &'_ Pattern| {
            let is_bound = pattern.steps.iter().any(|step| {
                matches!(step, pattern::Step::Begin | pattern::Step::End | pattern::Step::Number)
            });
            !is_bound && pattern.certain().count() == 1
        };
        let found = self.patterns.iter().filter(|pattern| alone(pattern)).filter_map(|pattern| {
            Some((self.rules.get(usize::from(pattern.rule))?, pattern.certain().next()?))
        });
        found.collect()
    }

    pub(super) fn is_filler(&self, word: WordId) -> bool {
        self.fillers.binary_search(&word).is_ok()
    }

    pub(super) fn is_common(&self, word: WordId) -> bool {
        self.common.binary_search(&word).is_ok()
    }

    /// The words of a set, sorted; none if there is no such set.
    pub(super) fn set(&self, name: &str) -> &[WordId] {
        self.sets.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_but(&self, word: WordId) -> bool {
        self.buts.contains(&word)
    }

    pub(super) fn known(&self, token: &Token) -> Option<&Known> {
        self.vocabulary.known(token.id)
    }

    /// All rules that match, in the order of the text; without those that are quoted, negated
    /// or blocked.
    pub(super) fn hits(&self, reading: &Reading) -> Vec<Hit> {
        let tokens = reading.tokens.as_slice();
        let mut hits: Vec<Hit> = Vec::with_capacity(32);
        let mut counts = vec![0_usize; self.rules.len()];
        let (mut blocks, mut negated): (Vec<Hit>, Vec<Hit>) = (Vec::new(), Vec::new());
        for (at, token) in tokens.iter().enumerate() {
            let Some(known) = self.known(token) else { continue };
            let next = tokens.get(at + 1).map(|next| next.id);
            for (number, followers) in &known.patterns {
                if !followers.may_hold(next) {
                    continue;
                }
                let Some(pattern) = self.patterns.get(usize::from(*number)) else { continue };
                let (Some(rule), Some(count)) = (
                    self.rules.get(usize::from(pattern.rule)),
                    counts.get_mut(usize::from(pattern.rule)),
                ) else {
                    continue;
                };
                if *count >= MAX_HITS {
                    continue;
                }
                let Some(end) = pattern.matches(tokens, at) else { continue };
                let hit = Hit { rule: pattern.rule, tokens: at..end };
                if hits
                    .iter()
                    .rev()
                    .take_while(|last| last.tokens.start == at)
                    .any(|last| last.rule == hit.rule)
                {
                    // Another pattern of the rule; the longer one shows more.
                    if let Some(last) = hits.iter_mut().rev().find(|last| last.rule == hit.rule)
                        && last.tokens.end < hit.tokens.end
                    {
                        *last = hit;
                    }
                    continue;
                }
                if token.is_quoted && !matches!(rule.shows, Shows::ErrorText) {
                    continue;
                }
                if rule.is_negatable && self.is_negated(tokens, at) {
                    negated.push(hit);
                    continue;
                }
                if matches!(rule.shows, Shows::Block(_)) {
                    blocks.push(hit);
                } else {
                    *count += 1;
                    hits.push(hit);
                }
            }
        }
        blocks.truncate(MAX_BLOCKS);
        negated.truncate(MAX_BLOCKS);
        if !blocks.is_empty() || !negated.is_empty() {
            let covers = |by: &Hit, hit: &Hit| {
                by.tokens.start <= hit.tokens.start && hit.tokens.end <= by.tokens.end
            };
            let is_silent = |hit: &Hit| {
                let Some(shows) = self.rule(hit).map(|rule| rule.shows) else { return false };
                let blocks_it = |by: &Hit| self.rule(by).is_some_and(|by| by.shows.blocks(shows));
                let negates_it = |by: &Hit| self.rule(by).is_some_and(|by| by.shows == shows);
                blocks.iter().any(|by| covers(by, hit) && blocks_it(by))
                    || negated.iter().any(|by| covers(by, hit) && negates_it(by))
            };
            hits.retain(|hit| !is_silent(hit));
        }
        hits
    }

    /// Whether a negation reaches what begins at `at`: "do not need a", "is not".
    pub(super) fn is_negated(&self, tokens: &[Token], at: usize) -> bool {
        let mut place = at;
        for _ in 0..6 {
            let Some(token) = place.checked_sub(1).and_then(|before| tokens.get(before)) else {
                return false;
            };
            if tokens
                .get(place)
                .is_some_and(|next| next.gap == Gap::Hard || (next.gap == Gap::Soft && place != at))
            {
                return false;
            }
            if self.known(token).is_some_and(|known| known.negates) {
                return true;
            }
            if !self.is_filler(token.id) {
                return false;
            }
            place -= 1;
        }
        false
    }
}

/// The lines that say something, with their numbers.
fn lines(file: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(file.lines()).filter(|(_, text)| !text.trim().is_empty() && !text.starts_with("# "))
}
