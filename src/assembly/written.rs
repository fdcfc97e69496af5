//! Turns as they stand in a context.
//!
//! Knows what stands before each half, that people's texts are defused and marked, and how an
//! oversized turn is shortened.

use crate::id::TurnId;
use crate::memory::Turn;
use crate::text::{Marked, TokenCounter, defused, shortened};
use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

/// Of a time as it is written, the day.
const DATE_BYTES: usize = 10;
const DAY_MS: i64 = 86_400_000;
/// Times that are written in years of four digits.
const PLAIN_DATES: Range<i64> = 0..253_402_300_800_000;

/// A note of the request as it stands in the text.
pub(super) fn note(heading: &str, text: &str) -> String {
    format!("{heading}:\n| {}\n\n", Marked(&defused(text).0))
}

/// The turns that were looked at as they stand in a text, each written once.
#[derive(Debug, Clone, Default)]
pub(super) struct Written {
    turns: Vec<Shown>,
    /// The last day that was written, counted from the epoch.
    day: Option<i64>,
    date: String,
}

/// One turn.
#[derive(Clone)]
struct Shown {
    id: TurnId,
    /// Its halves, if they are shortened.
    short: Option<[Option<String>; 2]>,
    text: String,
    tokens: usize,
    /// Of an oversized turn that is shown shortened: the tokens of the whole.
    whole_tokens: Option<usize>,
    defused: usize,
}

/// `Debug` prints lengths, never what was said.
impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").field("id", &self.id).field("bytes", &self.text.len()).finish()
    }
}

impl Written {
    /// The turn's text, which was counted before.
    pub(super) fn turn(&self, turn: &Turn) -> &str {
        self.shown(turn).map_or("", |shown| &shown.text)
    }

    /// The turn's halves as they are shown, without marks; true for the customer's.
    pub(super) fn halves<'t>(&self, turn: &'t Turn) -> Vec<(bool, Cow<'t, str>)> {
        let short = self.shown(turn).and_then(|shown| shown.short.as_ref());
        let [said, answer] = short.cloned().unwrap_or_default();
        let half = |short: Option<String>, whole: Option<&'t str>| match short {
            Some(short) => Some(Cow::Owned(defused(&short).0.into_owned())),
            None => whole.map(|text| defused(text).0),
        };
        let said = half(said, turn.said.as_deref()).map(|text| (true, text));
        let answer = half(answer, turn.answer.as_deref()).map(|text| (false, text));
        said.into_iter().chain(answer).collect()
    }

    /// Whether it is shown shortened.
    pub(super) fn is_short(&self, turn: &Turn) -> bool {
        self.shown(turn).is_some_and(|shown| shown.whole_tokens.is_some())
    }

    /// How many control tokens stood in it.
    pub(super) fn defused(&self, turn: &Turn) -> usize {
        self.shown(turn).map_or(0, |shown| shown.defused)
    }

    /// How many tokens more the whole of a shortened turn takes.
    pub(super) fn missing(&self, turn: &Turn) -> Option<usize> {
        let shown = self.shown(turn)?;
        shown.whole_tokens.map(|whole| whole.saturating_sub(shown.tokens))
    }

    /// The tokens of a turn, which is shortened if it takes more than `oversized`.
    pub(super) fn turn_tokens(
        &mut self,
        turn: &Turn,
        oversized: usize,
        counter: &dyn TokenCounter,
    ) -> usize {
        if let Some(shown) = self.shown(turn) {
            return shown.tokens;
        }
        let mut shown = self.write(turn, turn.said.as_deref(), turn.answer.as_deref());
        shown.tokens = counter.tokens(&shown.text);
        if shown.tokens > oversized {
            let whole = shown.tokens;
            let room = |other: Option<&str>| {
                oversized.saturating_sub(other.map_or(0, |text| counter.tokens(text)))
            };
            // A half that is long alone gets what a short other one leaves, at least a half.
            let (said, answer) = (turn.said.as_deref(), turn.answer.as_deref());
            let cut = |half: Option<&str>, other: Option<&str>| {
                let most = room(other).max(oversized / 2);
                half.and_then(|text| shortened(text, most * 7 / 8, counter))
            };
            let (short_said, short_answer) = (cut(said, answer), cut(answer, said));
            shown = self.write(
                turn,
                short_said.as_deref().or(said),
                short_answer.as_deref().or(answer),
            );
            shown.tokens = counter.tokens(&shown.text);
            shown.whole_tokens = Some(whole);
            shown.short = Some([short_said, short_answer]);
        }
        let tokens = shown.tokens;
        self.turns.push(shown);
        tokens
    }

    /// Shows a turn whole that was shortened.
    pub(super) fn write_whole(&mut self, turn: &Turn) {
        let whole = self.write(turn, turn.said.as_deref(), turn.answer.as_deref());
        if let Some(shown) = self.turns.iter_mut().find(|shown| shown.id == turn.id) {
            let tokens = shown.whole_tokens.unwrap_or(shown.tokens);
            *shown = Shown { tokens, ..whole };
        }
    }

    fn shown(&self, turn: &Turn) -> Option<&Shown> {
        self.turns.iter().find(|shown| shown.id == turn.id)
    }

    fn write(&mut self, turn: &Turn, said: Option<&str>, answer: Option<&str>) -> Shown {
        let (said, answer) = (said.map(defused), answer.map(defused));
        let found = |half: &Option<(_, usize)>| half.as_ref().map_or(0, |(_, found)| *found);
        let defused = found(&said) + found(&answer);
        let mut text = String::new();
        if let Some((said, _)) = &said {
            let _ = write!(text, "[{}] Customer: {}", self.date_of(turn), Marked(said));
        }
        if let Some((answer, _)) = &answer {
            let between = if said.is_some() { "\n" } else { "" };
            let _ = write!(text, "{between}Agent: {}", Marked(answer));
        }
        text.push_str("\n\n");
        Shown { id: turn.id, short: None, text, tokens: 0, whole_tokens: None, defused }
    }

    fn date_of(&mut self, turn: &Turn) -> &str {
        let at = Some(turn.at.as_millis()).filter(|at| PLAIN_DATES.contains(at));
        let day = at.map(|at| at / DAY_MS);
        if day.is_none() || day != self.day {
            self.day = day;
            self.date = turn.at.to_string();
            if self.date.is_char_boundary(DATE_BYTES) {
                self.date.truncate(DATE_BYTES);
            }
        }
        &self.date
    }
}
