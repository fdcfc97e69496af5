//! What is counted about a customer between two conclusions.
//!
//! Knows which counters suffice to conclude without reading a turn again, and how they are
//! written down. They grow with the number of rules, not with the number of turns, and hold
//! no words of the customer.

use super::rules::{RuleNumber, RuleSet, Shows};
use crate::error::{Error, ErrorKind, Result};
use crate::id::TurnId;
use crate::signals::Topic;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How many places are kept for each thing that was seen.
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PreferenceState {
    pub(super) counters: Counters,
}

impl PreferenceState {
    /// The last turn that was learned from; turns after it are still to be learned.
    pub fn covered(&self) -> Option<TurnId> {
        self.counters.covered.and_then(|number| TurnId::from_u64(number).ok())
    }

    /// The state as the text of a JSON object: at most about 12 KiB, no words of the customer.
    ///
    /// # Errors
    /// `Internal` if it cannot be written, which would be a defect.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(&self.counters).map_err(|cause| {
            Error::new(ErrorKind::Internal, "cannot write down what was learned of a customer").with_source(cause)
        })
    }

    /// Reads what `to_json` wrote; the empty state if other rules learned it.
    pub(super) fn from_json(json: &str, rules: &RuleSet) -> Result<PreferenceState> {
        let what = "cannot read what was learned of a customer";
        let counters: Counters = serde_json::from_str(json).map_err(|cause| {
            let place = format!("{what}: line {}, column {}", cause.line(), cause.column());
            Error::new(ErrorKind::Corrupt, place)
        })?;
        if counters.rules != rules.version {
            return Ok(PreferenceState::default());
        }
        if !counters.is_sound(rules) {
            return Err(Error::new(ErrorKind::Corrupt, format!("{what}: it names a turn or a rule that cannot be")));
        }
        Ok(PreferenceState { counters })
    }
}

/// The counters of one customer over the whole history.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Counters {
    /// The version of the rules that learned them; empty while nothing was learned.
    pub(super) rules: String,
    pub(super) covered: Option<u64>,
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

    fn is_sound(&self, rules: &RuleSet) -> bool {
        let tallies =
            [&self.formal, &self.casual, &self.login, &self.billing, &self.technical, &self.account].into_iter();
        let is_mark = |mark: &Mark| rules.rule(mark.rule).is_some() && is_turn(&mark.turn) && mark.start <= mark.end;
        let is_tally =
            |tally: &Tally| tally.newest.len() <= MAX_EVIDENCE && tally.newest.iter().chain(&tally.first).all(is_mark);
        tallies.into_iter().all(is_tally)
            && self.newest.len() <= MAX_EVIDENCE
            && self.newest.iter().chain(&self.covered).all(is_turn)
    }
}

/// How often something was seen, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
    }
    newest.push_back(item);
}
