//! What the lessons of a customer add up to.
//!
//! Knows how each new lesson is added, so that concluding never goes through the history; taking
//! a lesson away is making the sums anew.

use super::conclusion::{Hours, ResponseLength, Style};
use super::habit;
use super::rules::{RuleNumber, RuleSet, Shows};
use super::state::{Lesson, MAX_EVIDENCE};
use super::statements::Statements;
use super::steady::Steady;
use super::verdict::Limits;
use crate::signals::Topic;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The sums over the whole history.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sums {
    /// What a host set when they were made; they are good for no other limits.
    pub(super) limits: Limits,
    /// Turns in which the customer wrote something.
    pub(super) turns: u32,
    /// Characters of those turns, and the sum of their squares.
    pub(super) characters: u64,
    pub(super) squares: u64,
    /// Those of them that are short and those that are long.
    pub(super) short: u32,
    pub(super) long: u32,
    /// The newest of those turns.
    pub(super) newest: VecDeque<u64>,
    /// Turns with a cue of style, of either side.
    pub(super) styled: u32,
    pub(super) formal: Tally,
    pub(super) casual: Tally,
    /// The topics that the rules know.
    pub(super) topics: Vec<(Topic, Tally)>,
    /// Turns in each language and on each channel; there are few of either.
    pub(super) languages: Vec<([u8; 2], u32)>,
    pub(super) channels: Vec<(i32, u32)>,
    /// Turns in each hour of the day.
    pub(super) hours: [u32; 24],
    pub(super) statements: Statements,
    pub(super) style: Steady<Style>,
    pub(super) length: Steady<ResponseLength>,
    pub(super) language: Steady<[u8; 2]>,
    pub(super) channel: Steady<i32>,
    pub(super) busy: Steady<Hours>,
}

impl Sums {
    /// The bytes of memory they take.
    pub(super) fn bytes(&self) -> usize {
        let tallies =
            self.topics.iter().map(|(_, tally)| tally).chain([&self.formal, &self.casual]);
        size_of::<Sums>()
            + self.newest.capacity() * size_of::<u64>()
            + tallies.map(|tally| tally.newest.capacity() * size_of::<Mark>()).sum::<usize>()
            + self.languages.capacity() * size_of::<([u8; 2], u32)>()
            + self.channels.capacity() * size_of::<(i32, u32)>()
            + self.statements.bytes()
    }

    /// The sums of some lessons.
    pub(super) fn of(lessons: &[Lesson], rules: &RuleSet, limits: Limits) -> Sums {
        let mut sums = Sums {
            limits,
            turns: 0,
            characters: 0,
            squares: 0,
            short: 0,
            long: 0,
            newest: VecDeque::new(),
            styled: 0,
            formal: Tally::default(),
            casual: Tally::default(),
            topics: Topic::ALL.iter().map(|topic| (*topic, Tally::default())).collect(),
            languages: Vec::new(),
            channels: Vec::new(),
            hours: [0; 24],
            statements: Statements::default(),
            style: Steady::default(),
            length: Steady::default(),
            language: Steady::default(),
            channel: Steady::default(),
            busy: Steady::default(),
        };
        lessons.iter().for_each(|lesson| sums.add(lesson, rules));
        sums
    }

    /// Adds the lesson of one more turn.
    pub(super) fn add(&mut self, lesson: &Lesson, rules: &RuleSet) {
        for mark in &lesson.marks {
            if let Some(tally) = rules.rule(mark.rule).and_then(|rule| self.tally_mut(rule.shows)) {
                tally.add(*mark);
            }
        }
        self.turns = self.turns.saturating_add(1);
        self.characters = self.characters.saturating_add(lesson.characters);
        self.squares =
            self.squares.saturating_add(lesson.characters.saturating_mul(lesson.characters));
        self.short += u32::from(lesson.characters < u64::from(self.limits.brief_below));
        self.long += u32::from(lesson.characters > u64::from(self.limits.detailed_above));
        push_newest(&mut self.newest, lesson.turn);
        let is_styled = self.formal.is_in(lesson.turn) || self.casual.is_in(lesson.turn);
        self.styled = self.styled.saturating_add(u32::from(is_styled));
        if let Some(language) = lesson.language {
            count(&mut self.languages, language);
        }
        count(&mut self.channels, lesson.channel);
        if let Some(turns) = self.hours.get_mut(usize::from(lesson.hour())) {
            *turns = turns.saturating_add(1);
        }
        self.statements.add(lesson);
        self.steady(is_styled);
    }

    /// Lets what is concluded by now have its say on what is known.
    fn steady(&mut self, is_styled: bool) {
        let limits = self.limits;
        if self.turns < limits.min_turns {
            return;
        }
        if is_styled
            && self.styled >= limits.min_turns
            && let Some(now) = limits.side(self.formal.turns, self.casual.turns)
        {
            self.style.see(Some(now), limits.hysteresis);
        }
        self.length.see(Some(limits.length_of(self)), limits.hysteresis);
        self.language.see(habit::language_of(self), limits.hysteresis);
        self.channel.see(habit::channel_of(self), limits.hysteresis);
        self.busy.see(habit::hours_of(self), limits.hysteresis);
    }

    fn tally_mut(&mut self, shows: Shows) -> Option<&mut Tally> {
        match shows {
            Shows::Formal => Some(&mut self.formal),
            Shows::Casual => Some(&mut self.casual),
            Shows::About(topic) => {
                self.topics.iter_mut().find(|(known, _)| *known == topic).map(|(_, tally)| tally)
            }
            Shows::Nothing => None,
        }
    }
}

/// Counts one more of a value.
fn count<T: PartialEq>(counts: &mut Vec<(T, u32)>, value: T) {
    match counts.iter_mut().find(|(known, _)| *known == value) {
        Some((_, turns)) => *turns = turns.saturating_add(1),
        None => counts.push((value, 1)),
    }
}

/// How often something was seen, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) turns: u32,
    /// Places, one for each rule in each turn.
    pub(super) total: u64,
    pub(super) first: Option<Mark>,
    pub(super) newest: VecDeque<Mark>,
}

impl Tally {
    fn add(&mut self, mark: Mark) {
        if !self.is_in(mark.turn) {
            self.turns = self.turns.saturating_add(1);
        }
        self.total = self.total.saturating_add(1);
        self.first.get_or_insert(mark);
        push_newest(&mut self.newest, mark);
    }

    fn is_in(&self, turn: u64) -> bool {
        self.newest.back().is_some_and(|last| last.turn == turn)
    }
}

/// One place where a rule fired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(u64, usize, usize, RuleNumber)", into = "(u64, usize, usize, RuleNumber)")]
pub(super) struct Mark {
    pub(super) turn: u64,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) rule: RuleNumber,
}

impl From<(u64, usize, usize, RuleNumber)> for Mark {
    fn from((turn, start, end, rule): (u64, usize, usize, RuleNumber)) -> Mark {
        Mark { turn, start, end, rule }
    }
}

impl From<Mark> for (u64, usize, usize, RuleNumber) {
    fn from(mark: Mark) -> Self {
        (mark.turn, mark.start, mark.end, mark.rule)
    }
}

fn push_newest<T>(newest: &mut VecDeque<T>, item: T) {
    if newest.len() >= MAX_EVIDENCE {
        newest.pop_front();
    } else if newest.is_empty() {
        newest.reserve_exact(MAX_EVIDENCE);
    }
    newest.push_back(item);
}
