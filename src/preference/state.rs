//! What each turn taught, and what that adds up to.
//!
//! Knows how a lesson is written down. Lessons are kept turn by turn, so that taking one away
//! leaves exactly what the others taught; the sums beside them can be made anew at any time and
//! are not written down. Holds places and names of rules, and no words of the customer but the name
//! that they asked to be called by.

use super::rules::RuleSet;
use super::sums::{Mark, Sums};
use super::verdict::Limits;
use crate::error::{Error, ErrorKind, Result};
use crate::id::TurnId;
use crate::signals::{Act, WishKind};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

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
#[derive(Debug, Clone, Default)]
pub struct PreferenceState {
    /// The version of the rules that learned it; empty while nothing was learned.
    pub(super) rules: String,
    pub(super) covered: Option<u64>,
    /// In the order of the turns.
    pub(super) lessons: Vec<Lesson>,
    /// What the lessons add up to, once a turn was learned.
    pub(super) sums: Option<Box<Sums>>,
}

/// A state as it is written down.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    rules: Cow<'a, str>,
    covered: Option<u64>,
    lessons: Cow<'a, [Lesson]>,
}

/// States are equal that were taught the same.
impl PartialEq for PreferenceState {
    fn eq(&self, other: &PreferenceState) -> bool {
        (&self.rules, self.covered, &self.lessons) == (&other.rules, other.covered, &other.lessons)
    }
}

impl Eq for PreferenceState {}

/// What one turn taught.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Lesson {
    pub(super) turn: u64,
    /// Characters the customer wrote in it.
    pub(super) characters: u64,
    pub(super) channel: i32,
    /// When it was said, in milliseconds of the Unix epoch.
    pub(super) at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<[u8; 2]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) marks: Vec<Mark>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) wishes: Vec<Wished>,
}

impl Lesson {
    /// The hour of the day, in UTC.
    pub(super) fn hour(&self) -> u8 {
        let hour = self.at.rem_euclid(86_400_000) / 3_600_000;
        u8::try_from(hour).expect("a day has 24 hours")
    }
}

/// Something said about how to be served, and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenWish", into = "WrittenWish")]
pub(super) struct Wished {
    pub(super) act: Act,
    pub(super) start: usize,
    pub(super) end: usize,
    /// A name, or the code of a language.
    pub(super) value: Option<String>,
}

/// A wish as it is written down: kinds by their names.
#[derive(Serialize, Deserialize)]
struct WrittenWish {
    /// `None` takes back what was said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ends: bool,
    start: usize,
    end: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
}

impl From<Wished> for WrittenWish {
    fn from(wished: Wished) -> WrittenWish {
        let (kind, ends) = match wished.act {
            Act::Wants(kind) => (Some(kind), false),
            Act::Ends(kind) => (Some(kind), true),
            Act::EndsLast => (None, true),
        };
        let kind = kind.map(|kind| kind.name().to_owned());
        WrittenWish { kind, ends, start: wished.start, end: wished.end, value: wished.value }
    }
}

impl TryFrom<WrittenWish> for Wished {
    type Error = &'static str;

    fn try_from(written: WrittenWish) -> std::result::Result<Wished, Self::Error> {
        let named = |name: &str| WishKind::ALL.iter().copied().find(|kind| kind.name() == name);
        let act = match (written.kind.as_deref(), written.ends) {
            (Some(name), false) => Act::Wants(named(name).ok_or("no such wish")?),
            (Some(name), true) => Act::Ends(named(name).ok_or("no such wish")?),
            (None, true) => Act::EndsLast,
            (None, false) => return Err("a wish for nothing"),
        };
        Ok(Wished { act, start: written.start, end: written.end, value: written.value })
    }
}

impl PreferenceState {
    /// The last turn that was learned from; turns after it are still to be learned.
    pub fn covered(&self) -> Option<TurnId> {
        self.covered.and_then(|number| TurnId::from_u64(number).ok())
    }

    /// The bytes that the newest lesson takes beside itself.
    pub(super) fn newest_mark_bytes(&self) -> usize {
        self.lessons.last().map_or(0, |lesson| {
            lesson.marks.capacity() * size_of::<Mark>()
                + lesson.wishes.capacity() * size_of::<Wished>()
                + lesson
                    .wishes
                    .iter()
                    .map(|wish| wish.value.as_ref().map_or(0, String::capacity))
                    .sum::<usize>()
        })
    }

    /// The bytes of everything else.
    pub(super) fn bytes_beside_marks(&self) -> usize {
        self.rules.capacity()
            + self.lessons.capacity() * size_of::<Lesson>()
            + self.sums.as_ref().map_or(0, |sums| sums.bytes())
    }

    /// Takes away what one turn taught, and nothing else: the state is then the same as if the
    /// turn had been empty. False if the turn had taught nothing.
    pub fn unlearn(&mut self, turn: TurnId) -> bool {
        let before = self.lessons.len();
        self.lessons.retain(|lesson| lesson.turn != turn.as_u64());
        let was_there = self.lessons.len() < before;
        if was_there {
            self.sums = None;
        }
        was_there
    }

    /// The state as the text of a JSON object; it grows with the turns, and holds no words of the
    /// customer but the name that they asked to be called by.
    ///
    /// # Errors
    /// `Internal` if it cannot be written, which would be a defect.
    pub fn to_json(&self) -> Result<String> {
        let written = Written {
            rules: Cow::Borrowed(&self.rules),
            covered: self.covered,
            lessons: Cow::Borrowed(&self.lessons),
        };
        serde_json::to_string(&written).map_err(|cause| {
            Error::new(ErrorKind::Internal, "cannot write down what was learned of a customer")
                .with_source(cause)
        })
    }

    /// Reads what `to_json` wrote; the empty state if other rules learned it.
    pub(super) fn from_json(json: &str, rules: &RuleSet) -> Result<PreferenceState> {
        let what = "cannot read what was learned of a customer";
        let written: Written<'_> = serde_json::from_str(json).map_err(|cause| {
            let place = format!("{what}: line {}, column {}", cause.line(), cause.column());
            Error::new(ErrorKind::Corrupt, place)
        })?;
        let state = PreferenceState {
            rules: written.rules.into_owned(),
            covered: written.covered,
            lessons: written.lessons.into_owned(),
            sums: None,
        };
        if state.rules != rules.version {
            return Ok(PreferenceState::default());
        }
        if !state.is_sound(rules) {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("{what}: it names a turn or a rule that cannot be"),
            ));
        }
        Ok(state)
    }

    fn is_sound(&self, rules: &RuleSet) -> bool {
        let in_order = self.lessons.array_windows().all(|[one, next]| one.turn < next.turn);
        let is_lesson = |lesson: &Lesson| {
            is_turn(&lesson.turn)
                && lesson.characters > 0
                && lesson.marks.iter().all(|mark| {
                    rules.rule(mark.rule).is_some()
                        && mark.turn == lesson.turn
                        && mark.start <= mark.end
                })
        };
        let covers = |lesson: &Lesson| self.covered.is_some_and(|covered| lesson.turn <= covered);
        in_order
            && self.covered.iter().all(is_turn)
            && self.lessons.iter().all(|lesson| is_lesson(lesson) && covers(lesson))
    }

    /// Adds what a newer turn taught.
    pub(super) fn push(&mut self, lesson: Lesson, rules: &RuleSet, limits: Limits) {
        match self.sums.as_deref_mut().filter(|sums| sums.limits == limits) {
            Some(sums) => sums.add(&lesson, rules),
            None => {
                let mut sums = Sums::of(&self.lessons, rules, limits);
                sums.add(&lesson, rules);
                self.sums = Some(Box::new(sums));
            }
        }
        self.lessons.push(lesson);
    }

    /// What the lessons add up to.
    pub(super) fn sums(&self, rules: &RuleSet, limits: Limits) -> Cow<'_, Sums> {
        match self.sums.as_deref().filter(|sums| sums.limits == limits) {
            Some(sums) => Cow::Borrowed(sums),
            None => Cow::Owned(Sums::of(&self.lessons, rules, limits)),
        }
    }
}

fn is_turn(number: &u64) -> bool {
    TurnId::from_u64(*number).is_ok()
}
