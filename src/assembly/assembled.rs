//! A context that keeps its budget.
//!
//! Knows what goes in first, how each part is written, and that the whole is counted again at
//! the end: tokens of parts do not always add up.

use super::request::ContextRequest;
use crate::memory::{Context, RecallBasis, Turn};
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

/// The share of the budget that the newest turns may take before anything is recalled, and
/// the share for preferences, in percent.
const RECENT_PERCENT: usize = 50;
const PREFERENCES_PERCENT: usize = 10;

/// Of a time as it is written, the day.
const DATE_BYTES: usize = 10;
const DAY_MS: i64 = 86_400_000;
/// Times that are written in years of four digits.
const PLAIN_DATES: Range<i64> = 0..253_402_300_800_000;

const PREFERENCES: &str = "Known of the customer:\n";
const PASSAGES: &str = "From the knowledge base:\n";
const RECALLED: &str = "Said earlier:\n";
const RECENT: &str = "The conversation:\n";

/// What a model is shown of a customer.
///
/// `Debug` prints counts, never what was said.
#[derive(Clone)]
pub struct AssembledContext {
    text: String,
    tokens: usize,
    preferences: bool,
    passages: usize,
    recalled: Vec<Arc<Turn>>,
    recent: Vec<Arc<Turn>>,
    basis: Option<RecallBasis>,
}

impl AssembledContext {
    /// The whole, with a heading for each part.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The tokens of the whole text, by the request's own count.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The newest turns, oldest first.
    pub fn recent(&self) -> impl ExactSizeIterator<Item = &Turn> {
        self.recent.iter().map(|turn| &**turn)
    }

    /// The turns that were recalled, oldest first; none of them is among the newest here.
    pub fn recalled(&self) -> impl ExactSizeIterator<Item = &Turn> {
        self.recalled.iter().map(|turn| &**turn)
    }

    /// How many of the request's passages are in.
    pub fn passages(&self) -> usize {
        self.passages
    }

    /// Whether the preferences are in.
    pub fn has_preferences(&self) -> bool {
        self.preferences
    }

    /// What turns were compared by; `None` if none were to be recalled.
    pub fn basis(&self) -> Option<RecallBasis> {
        self.basis
    }

    pub(super) fn choose(
        request: &ContextRequest<'_>,
        context: &Context,
        preferences: Option<String>,
        recalled: Vec<Arc<Turn>>,
        basis: Option<RecallBasis>,
    ) -> AssembledContext {
        let recent: Vec<Arc<Turn>> = context.shared().cloned().collect();
        let mut choice = Choice {
            request,
            preferences: preferences.filter(|text| !text.is_empty()),
            has_preferences: false,
            recent: &recent,
            newest: 0,
            offered: &recalled,
            taken: vec![false; recalled.len()],
            passages: vec![false; request.passages.len()],
            left: request.max_tokens,
            dropped: Vec::new(),
            written: Written::default(),
        };
        choice.fill();
        let mut text = choice.text();
        let mut tokens = request.counter.tokens(&text);
        while tokens > request.max_tokens && choice.drop_least() {
            text = choice.text();
            tokens = request.counter.tokens(&text);
        }
        if tokens > request.max_tokens {
            (text, tokens) = (String::new(), 0);
        }
        AssembledContext {
            text,
            tokens,
            preferences: choice.has_preferences,
            passages: choice.passages.iter().filter(|taken| **taken).count(),
            recalled: choice.recalled().into_iter().cloned().collect(),
            recent: choice.recent_taken().to_vec(),
            basis,
        }
    }
}

impl std::fmt::Debug for AssembledContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AssembledContext")
            .field("tokens", &self.tokens)
            .field("recent", &self.recent.len())
            .field("recalled", &self.recalled.len())
            .field("passages", &self.passages)
            .field("preferences", &self.preferences)
            .field("basis", &self.basis)
            .finish_non_exhaustive()
    }
}

/// What was put in, in the order in which it would be taken out again.
#[derive(Clone, Copy)]
enum Part {
    Preferences,
    Recent,
    Recalled(usize),
    Passage(usize),
}

/// A context while it is being filled.
struct Choice<'c> {
    request: &'c ContextRequest<'c>,
    preferences: Option<String>,
    has_preferences: bool,
    recent: &'c [Arc<Turn>],
    /// So many of the newest turns are in.
    newest: usize,
    /// Turns that may be recalled, best first.
    offered: &'c [Arc<Turn>],
    taken: Vec<bool>,
    passages: Vec<bool>,
    left: usize,
    dropped: Vec<Part>,
    written: Written,
}

/// The turns that were looked at as they stand in a text, each written once.
#[derive(Default)]
struct Written {
    text: String,
    /// Where each turn lies in memory, and where it begins and ends here.
    turns: Vec<(*const Turn, Range<usize>)>,
    /// The last day that was written, counted from the epoch.
    day: Option<i64>,
    date: String,
}

impl Written {
    fn turn(&mut self, turn: &Turn) -> &str {
        let known = self
            .turns
            .iter()
            .find(|(known, _)| std::ptr::eq(*known, turn))
            .map(|(_, range)| range.clone());
        let range = known.unwrap_or_else(|| {
            let start = self.text.len();
            self.write(turn);
            self.turns.push((turn, start..self.text.len()));
            start..self.text.len()
        });
        self.text.get(range).unwrap_or_default()
    }

    fn write(&mut self, turn: &Turn) {
        if turn.said.is_some() {
            let day = Some(turn.at.as_millis())
                .filter(|at| PLAIN_DATES.contains(at))
                .map(|at| at / DAY_MS);
            if day.is_none() || day != self.day {
                self.day = day;
                self.date = turn.at.to_string();
                if self.date.is_char_boundary(DATE_BYTES) {
                    self.date.truncate(DATE_BYTES);
                }
            }
            let _ = write!(self.text, "[{}] ", self.date);
        }
        let _ = writeln!(self.text, "{turn}\n");
    }
}

impl<'c> Choice<'c> {
    fn fill(&mut self) {
        let whole = self.request.max_tokens;
        if let Some(preferences) = &self.preferences {
            let tokens = self.tokens(PREFERENCES) + self.tokens(preferences) + 2;
            if tokens <= whole * PREFERENCES_PERCENT / 100 {
                self.left -= tokens;
                self.has_preferences = true;
                self.dropped.push(Part::Preferences);
            }
        }
        let reserve = self.left - self.left * RECENT_PERCENT / 100;
        self.take_recent(reserve);
        self.take_ranked();
        self.take_recent(0);
    }

    /// Takes older turns one after the other until one does not fit; leaves `reserve` tokens.
    fn take_recent(&mut self, reserve: usize) {
        while let Some(turn) =
            self.recent.len().checked_sub(self.newest + 1).and_then(|at| self.recent.get(at))
        {
            let known = self.offered.iter().position(|offered| offered.id == turn.id);
            let known = known.filter(|at| self.taken.get(*at).copied().unwrap_or(false));
            let heading = if self.newest == 0 { self.tokens(RECENT) } else { 0 };
            // A recalled turn only changes its place.
            let tokens = heading + if known.is_some() { 0 } else { self.turn_tokens(turn) };
            if tokens + reserve > self.left {
                return;
            }
            self.left -= tokens;
            self.newest += 1;
            if let Some(taken) = known.and_then(|at| self.taken.get_mut(at)) {
                *taken = false;
            }
            self.dropped.push(Part::Recent);
        }
    }

    /// Takes recalled turns and passages by their rank, one of each in turn; what does not fit
    /// is passed over.
    fn take_ranked(&mut self) {
        let ranks = self.offered.len().max(self.passages.len());
        for rank in 0..ranks {
            if let Some((title, text)) = self.request.passages.get(rank) {
                let heading = if self.passages.contains(&true) { 0 } else { self.tokens(PASSAGES) };
                let tokens = heading + self.tokens(title) + self.tokens(text) + 4;
                if tokens <= self.left {
                    self.left -= tokens;
                    if let Some(taken) = self.passages.get_mut(rank) {
                        *taken = true;
                    }
                    self.dropped.push(Part::Passage(rank));
                }
            }
            let recent = self.recent_taken();
            if let Some(turn) =
                self.offered.get(rank).filter(|turn| recent.iter().all(|taken| taken.id != turn.id))
            {
                let heading = if self.taken.contains(&true) { 0 } else { self.tokens(RECALLED) };
                let tokens = heading + self.turn_tokens(turn);
                if tokens <= self.left {
                    self.left -= tokens;
                    if let Some(taken) = self.taken.get_mut(rank) {
                        *taken = true;
                    }
                    self.dropped.push(Part::Recalled(rank));
                }
            }
        }
    }

    /// Takes out again what came in last; false if nothing is left.
    fn drop_least(&mut self) -> bool {
        match self.dropped.pop() {
            None => return false,
            Some(Part::Preferences) => self.has_preferences = false,
            Some(Part::Recent) => self.newest -= 1,
            Some(Part::Recalled(at)) => {
                self.taken.get_mut(at).into_iter().for_each(|taken| *taken = false)
            }
            Some(Part::Passage(at)) => {
                self.passages.get_mut(at).into_iter().for_each(|taken| *taken = false)
            }
        }
        true
    }

    /// The tokens of a part; a counter may say anything, but more than the budget does not fit.
    fn tokens(&self, text: &str) -> usize {
        self.request.counter.tokens(text).min(self.request.max_tokens + 1)
    }

    fn turn_tokens(&mut self, turn: &Turn) -> usize {
        let (counter, most) = (self.request.counter, self.request.max_tokens + 1);
        counter.tokens(self.written.turn(turn)).min(most)
    }

    fn recent_taken(&self) -> &'c [Arc<Turn>] {
        self.recent.get(self.recent.len() - self.newest..).unwrap_or_default()
    }

    /// The recalled turns that are in, oldest first.
    fn recalled(&self) -> Vec<&'c Arc<Turn>> {
        let mut turns: Vec<&Arc<Turn>> = self
            .offered
            .iter()
            .zip(&self.taken)
            .filter(|(_, taken)| **taken)
            .map(|(turn, _)| turn)
            .collect();
        turns.sort_unstable_by_key(|turn| turn.id);
        turns
    }

    fn text(&mut self) -> String {
        let mut text = String::with_capacity(self.request.max_tokens.min(1 << 16) * 4);
        if let Some(preferences) = self.preferences.as_deref().filter(|_| self.has_preferences) {
            let _ = writeln!(text, "{PREFERENCES}{preferences}\n");
        }
        let mut heading = PASSAGES;
        for ((title, passage), _) in
            self.request.passages.iter().zip(&self.passages).filter(|(_, taken)| **taken)
        {
            let _ = writeln!(text, "{}{title}: {passage}\n", std::mem::take(&mut heading));
        }
        let mut heading = RECALLED;
        for turn in self.recalled() {
            text.push_str(std::mem::take(&mut heading));
            text.push_str(self.written.turn(turn));
        }
        let mut heading = RECENT;
        for turn in self.recent_taken() {
            text.push_str(std::mem::take(&mut heading));
            text.push_str(self.written.turn(turn));
        }
        text
    }
}
