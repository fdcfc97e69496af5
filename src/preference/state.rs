//! What each turn taught, and what that adds up to.
//!
//! Knows how a lesson is written down. Lessons are kept turn by turn, so that taking one away
//! leaves exactly what the others taught; sums are made from them when they are needed. Holds
//! places and names of rules, no words of the customer.

use super::rules::{RuleNumber, RuleSet, Shows};
use crate::error::{Error, ErrorKind, Result};
use crate::id::TurnId;
use crate::signals::{Topic, WishKind};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many places are shown for each conclusion.
pub(super) const MAX_EVIDENCE: usize = 32;

/// What an extractor has learned of one customer so far.
///
/// Begins empty. Kept between calls as text by [`to_json`](Self::to_json) and
/// [`PreferenceExtractor::restore`](crate::PreferenceExtractor::restore).
///
/// ```
/// use confidant::{PreferenceExtractor, PreferenceState};
/// let extractor = PreferenceExtractor::reference();
/// let state = PreferenceState::default();
/// assert_eq!(state.covered(), None);
/// let kept = state.to_json()?;
/// assert_eq!(extractor.restore(&kept)?, state);
/// # Ok::<(), confidant::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PreferenceState {
    /// The version of the rules that learned it; empty while nothing was learned.
    pub(super) rules: String,
    pub(super) covered: Option<u64>,
    /// In the order of the turns.
    pub(super) lessons: Vec<Lesson>,
}

/// What one turn taught.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Lesson {
    pub(super) turn: u64,
    /// Characters the customer wrote in it.
    pub(super) characters: u64,
    pub(super) channel: i32,
    /// The hour of the day in UTC.
    pub(super) hour: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<[u8; 2]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) marks: Vec<Mark>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) wishes: Vec<Wished>,
}

/// An explicit statement and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wished {
    pub(super) kind: WishKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl PreferenceState {
    /// The last turn that was learned from; turns after it are still to be learned.
    pub fn covered(&self) -> Option<TurnId> {
        self.covered.and_then(|number| TurnId::from_u64(number).ok())
    }

    /// Takes away what one turn taught, and nothing else: the state is then the same as if the
    /// turn had been empty. False if the turn had taught nothing.
    pub fn unlearn(&mut self, turn: TurnId) -> bool {
        let before = self.lessons.len();
        self.lessons.retain(|lesson| lesson.turn != turn.as_u64());
        self.lessons.len() < before
    }

    /// The state as the text of a JSON object; it grows with the turns, and holds no words of the
    /// customer.
    ///
    /// # Errors
    /// `Internal` if it cannot be written, which would be a defect.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|cause| {
            Error::new(ErrorKind::Internal, "cannot write down what was learned of a customer").with_source(cause)
        })
    }

    /// Reads what `to_json` wrote; the empty state if other rules learned it.
    pub(super) fn from_json(json: &str, rules: &RuleSet) -> Result<PreferenceState> {
        let what = "cannot read what was learned of a customer";
        let state: PreferenceState = serde_json::from_str(json).map_err(|cause| {
            let place = format!("{what}: line {}, column {}", cause.line(), cause.column());
            Error::new(ErrorKind::Corrupt, place)
        })?;
        if state.rules != rules.version {
            return Ok(PreferenceState::default());
        }
        if !state.is_sound(rules) {
            return Err(Error::new(ErrorKind::Corrupt, format!("{what}: it names a turn or a rule that cannot be")));
        }
        Ok(state)
    }

    fn is_sound(&self, rules: &RuleSet) -> bool {
        let in_order = self.lessons.array_windows().all(|[one, next]| one.turn < next.turn);
        let is_lesson = |lesson: &Lesson| {
            is_turn(&lesson.turn)
                && lesson.hour < 24
                && lesson
                    .marks
                    .iter()
                    .all(|mark| rules.rule(mark.rule).is_some() && mark.turn == lesson.turn && mark.start <= mark.end)
        };
        let covers = |lesson: &Lesson| self.covered.is_some_and(|covered| lesson.turn <= covered);
        in_order
            && self.covered.iter().all(is_turn)
            && self.lessons.iter().all(|lesson| is_lesson(lesson) && covers(lesson))
    }

    /// What the lessons add up to.
    pub(super) fn counters(&self, rules: &RuleSet) -> Counters {
        let mut counters = Counters::default();
        for lesson in &self.lessons {
            for mark in &lesson.marks {
                if let Some(tally) = rules.rule(mark.rule).and_then(|rule| counters.tally_mut(rule.shows)) {
                    tally.add(*mark);
                }
            }
            if let Ok(turn) = TurnId::from_u64(lesson.turn)
                && lesson.characters > 0
            {
                counters.count_turn(turn, lesson.characters);
            }
        }
        counters
    }
}

/// The counters of one customer over the whole history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Counters {
    /// Turns in which the customer wrote something.
    pub(super) turns: u32,
    /// Characters of those turns, and the sum of their squares.
    pub(super) characters: u64,
    pub(super) squares: u64,
    /// The newest of those turns.
    pub(super) newest: VecDeque<u64>,
    /// Turns with a cue of style, of either side.
    pub(super) styled: u32,
    pub(super) formal: Tally,
    pub(super) casual: Tally,
    pub(super) login: Tally,
    pub(super) billing: Tally,
    pub(super) technical: Tally,
    pub(super) account: Tally,
}

impl Counters {
    pub(super) fn tally_mut(&mut self, shows: Shows) -> Option<&mut Tally> {
        match shows {
            Shows::Formal => Some(&mut self.formal),
            Shows::Casual => Some(&mut self.casual),
            Shows::About(Topic::Login) => Some(&mut self.login),
            Shows::About(Topic::Billing) => Some(&mut self.billing),
            Shows::About(Topic::Technical) => Some(&mut self.technical),
            Shows::About(Topic::Account) => Some(&mut self.account),
            Shows::About(_) | Shows::Nothing => None,
        }
    }

    /// The topics that the rules know, with what was seen of each.
    pub(super) fn topics(&self) -> [(Topic, &Tally); 4] {
        [
            (Topic::Login, &self.login),
            (Topic::Billing, &self.billing),
            (Topic::Technical, &self.technical),
            (Topic::Account, &self.account),
        ]
    }

    /// Counts a turn of so many characters.
    pub(super) fn count_turn(&mut self, turn: TurnId, characters: u64) {
        self.turns = self.turns.saturating_add(1);
        self.characters = self.characters.saturating_add(characters);
        self.squares = self.squares.saturating_add(characters.saturating_mul(characters));
        push_newest(&mut self.newest, turn.as_u64());
        if self.formal.is_in(turn) || self.casual.is_in(turn) {
            self.styled = self.styled.saturating_add(1);
        }
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
    pub(super) fn add(&mut self, mark: Mark) {
        if self.newest.back().is_none_or(|last| last.turn != mark.turn) {
            self.turns = self.turns.saturating_add(1);
        }
        self.total = self.total.saturating_add(1);
        self.first.get_or_insert(mark);
        push_newest(&mut self.newest, mark);
    }

    fn is_in(&self, turn: TurnId) -> bool {
        self.newest.back().is_some_and(|last| last.turn == turn.as_u64())
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

fn is_turn(number: &u64) -> bool {
    TurnId::from_u64(*number).is_ok()
}

fn push_newest<T>(newest: &mut VecDeque<T>, item: T) {
    if newest.len() >= MAX_EVIDENCE {
        newest.pop_front();
    } else if newest.is_empty() {
        newest.reserve_exact(MAX_EVIDENCE);
    }
    newest.push_back(item);
}
