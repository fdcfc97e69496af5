//! A context that keeps its budget.
//!
//! Knows what goes in first, how each part is written, and that the whole is counted again at
//! the end: tokens of parts do not always add up.

use super::request::ContextRequest;
use super::written::{Written, note};
use crate::memory::{Context, Turn};
use crate::recall::RecallBasis;
use crate::text::{Marked, defused, shortened};
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

/// The share of the budget that the newest turns may take before anything is recalled, and
/// the share for preferences, in percent.
const RECENT_PERCENT: usize = 50;
const PREFERENCES_PERCENT: usize = 10;

/// A turn of more than this share of the budget is shortened to it, in percent, but never one
/// of fewer tokens.
const OVERSIZED_PERCENT: usize = 25;
const OVERSIZED_TOKENS: usize = 256;

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
    /// Where the conversation begins in the text.
    conversation_at: usize,
    shortened: usize,
    defused: usize,
    written: Written,
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

    /// The text without the conversation of the newest turns: notes, preferences, passages and
    /// what was recalled.
    pub fn background(&self) -> &str {
        self.text.get(..self.conversation_at).unwrap_or_default()
    }

    /// The halves of the newest turns as they are shown, oldest first, true for a customer's:
    /// shortened where a turn is oversized, without marks on inner lines.
    pub(crate) fn conversation(&self) -> impl Iterator<Item = (bool, Cow<'_, str>)> {
        self.recent.iter().flat_map(|turn| self.written.halves(turn))
    }

    /// How many turns are shown shortened, because each alone would hide the others.
    pub fn shortened(&self) -> usize {
        self.shortened
    }

    /// How many control tokens of chat templates stood in people's texts and were made harmless.
    pub fn defused(&self) -> usize {
        self.defused
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
        let is_before = |turn: &&Arc<Turn>| request.before.is_none_or(|before| turn.id < before);
        let mut recent: Vec<Arc<Turn>> = context.shared().filter(is_before).cloned().collect();
        recent.drain(..recent.len().saturating_sub(request.newest));
        let mut choice = Choice {
            request,
            preferences: preferences.filter(|text| !text.is_empty()),
            has_preferences: false,
            notes: String::new(),
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
        let (mut text, mut at) = choice.text();
        let mut tokens = request.counter.tokens(&text);
        while tokens > request.max_tokens && choice.drop_least() {
            (text, at) = choice.text();
            tokens = request.counter.tokens(&text);
        }
        if tokens > request.max_tokens {
            (text, at, tokens) = (String::new(), 0, 0);
        }
        let (recalled, recent) = (choice.recalled(), choice.recent_taken());
        let shown = || recalled.iter().copied().chain(recent);
        AssembledContext {
            tokens,
            conversation_at: at,
            preferences: choice.has_preferences,
            passages: choice.passages.iter().filter(|taken| **taken).count(),
            shortened: shown().filter(|turn| choice.written.is_short(turn)).count(),
            defused: choice.defused(shown()),
            recalled: recalled.iter().copied().cloned().collect(),
            recent: recent.to_vec(),
            written: std::mem::take(&mut choice.written),
            text,
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
    Notes,
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
    notes: String,
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

impl<'c> Choice<'c> {
    fn fill(&mut self) {
        let whole = self.request.max_tokens;
        self.take_notes();
        if let Some(preferences) = &self.preferences {
            let tokens = self.tokens(PREFERENCES) + self.tokens(preferences) + 2;
            if tokens <= self.left.min(whole * PREFERENCES_PERCENT / 100) {
                self.left -= tokens;
                self.has_preferences = true;
                self.dropped.push(Part::Preferences);
            }
        }
        let reserve = self.left - self.left * RECENT_PERCENT / 100;
        self.take_recent(reserve);
        self.take_ranked();
        self.take_recent(0);
        self.lengthen();
    }

    /// Writes the request's notes, none of more than a quarter of the budget.
    fn take_notes(&mut self) {
        let most = self.request.max_tokens * OVERSIZED_PERCENT / 100;
        for (heading, text) in &self.request.notes {
            let short = shortened(text, most, self.request.counter);
            let note = note(heading, short.as_deref().unwrap_or(text));
            let tokens = self.tokens(&note);
            if tokens <= self.left {
                self.left -= tokens;
                self.notes.push_str(&note);
            }
        }
        if !self.notes.is_empty() {
            self.dropped.push(Part::Notes);
        }
    }

    /// Shows shortened turns whole, the newest first, if there is room after all.
    fn lengthen(&mut self) {
        for turn in self.recent_taken().iter().rev() {
            if let Some(more) = self.written.missing(turn).filter(|more| *more <= self.left) {
                self.left -= more;
                self.written.write_whole(turn);
            }
        }
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
                let tokens = heading + self.tokens(&passage(title, text));
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
            Some(Part::Notes) => self.notes.clear(),
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
        let whole = self.request.max_tokens;
        let oversized = OVERSIZED_TOKENS.max(whole * OVERSIZED_PERCENT / 100);
        self.written.turn_tokens(turn, oversized, self.request.counter).min(whole + 1)
    }

    /// How many control tokens stood in what is shown.
    fn defused<'t>(&self, turns: impl Iterator<Item = &'t Arc<Turn>>) -> usize {
        let passages = self.request.passages.iter().zip(&self.passages);
        let passages = passages
            .filter(|(_, taken)| **taken)
            .map(|((title, text), _)| defused(title).1 + defused(text).1);
        let notes = self.request.notes.iter().map(|(_, text)| defused(text).1);
        let turns: usize = turns.map(|turn| self.written.defused(turn)).sum();
        passages.chain(notes).sum::<usize>() + turns
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

    /// The whole, and where the conversation begins in it.
    fn text(&self) -> (String, usize) {
        let mut text = String::with_capacity(self.request.max_tokens.min(1 << 16) * 4);
        text.push_str(&self.notes);
        if let Some(preferences) = self.preferences.as_deref().filter(|_| self.has_preferences) {
            let _ = writeln!(text, "{PREFERENCES}{}\n", defused(preferences).0);
        }
        let mut heading = PASSAGES;
        let passages = self.request.passages.iter().zip(&self.passages);
        for ((title, words), _) in passages.filter(|(_, taken)| **taken) {
            text.push_str(std::mem::take(&mut heading));
            text.push_str(&passage(title, words));
        }
        let mut heading = RECALLED;
        for turn in self.recalled() {
            text.push_str(std::mem::take(&mut heading));
            text.push_str(self.written.turn(turn));
        }
        let conversation_at = text.len();
        let mut heading = RECENT;
        for turn in self.recent_taken() {
            text.push_str(std::mem::take(&mut heading));
            text.push_str(self.written.turn(turn));
        }
        (text, conversation_at)
    }
}

/// A passage as it stands in the text.
fn passage(title: &str, text: &str) -> String {
    let (title, text) = (defused(title).0, defused(text).0);
    format!("- {}: {}\n\n", Marked(&title), Marked(&text))
}
