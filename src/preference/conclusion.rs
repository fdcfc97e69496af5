//! What is concluded about a customer, and the turns that show it.
//!
//! Knows how a conclusion reads to a program and to a person. It holds places in turns and
//! names of rules, never what was said.

use crate::id::TurnId;
use crate::memory::Channel;
use crate::signals::{Topic, WishKind};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// How a customer likes to be spoken to.
///
/// ```
/// use confidant::Style;
/// assert_eq!(Style::Formal.to_string(), "formal");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Style {
    /// In full and polite sentences.
    Formal,
    /// As among friends.
    Casual,
    /// Between the two; also what to assume of a stranger.
    #[default]
    Balanced,
}

/// How long the answers are that a customer likes, judged by the customer's own messages.
///
/// ```
/// use confidant::ResponseLength;
/// assert_eq!(ResponseLength::Brief.to_string(), "brief");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ResponseLength {
    /// A line or so.
    Brief,
    /// Some sentences; also what to assume of a stranger.
    #[default]
    Medium,
    /// Everything there is to say.
    Detailed,
}

macro_rules! named {
    ($type:ident { $($value:ident = $name:literal),+ }) => {
        impl $type {
            /// Every value.
            pub const ALL: &[$type] = &[$($type::$value),+];

            /// The name in lower case.
            pub fn name(self) -> &'static str {
                match self {
                    $($type::$value => $name),+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

named!(Style { Formal = "formal", Casual = "casual", Balanced = "balanced" });
named!(ResponseLength { Brief = "brief", Medium = "medium", Detailed = "detailed" });

/// One place where a rule found what a conclusion rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// The turn in which the customer said it.
    pub turn: TurnId,
    /// The name of the rule that fired.
    pub rule: Cow<'static, str>,
    /// The bytes in the turn's `said` that it matched; `None` where the whole text counts.
    pub span: Option<Range<usize>>,
}

/// One conclusion and why it was drawn.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Preference<T> {
    /// What was concluded.
    pub value: T,
    /// How sure it is, 0 to 1; the formulas are told at
    /// [`PreferenceExtractor::conclude`](crate::PreferenceExtractor::conclude).
    pub confidence: f64,
    /// How many turns show it, over the whole history.
    pub evidence_turns: u32,
    /// The newest places that show it, oldest first, at most 32.
    pub evidence: Vec<Evidence>,
    /// How many places show it in all, those included that `evidence` has no room for.
    pub evidence_total: u64,
    /// The rules that found them.
    pub rules_version: Cow<'static, str>,
}

/// What is known about how to serve a customer; `None` and an empty list mean "not known".
///
/// ```
/// use confidant::{PreferenceExtractor, ResponseLength, Style, Turn};
/// let stranger: Vec<Turn> = Vec::new();
/// let preferences = PreferenceExtractor::reference().extract(&stranger);
/// assert!(preferences.style.is_none() && preferences.topics.is_empty());
/// assert_eq!(preferences.style_or_default(), Style::Balanced);
/// assert_eq!(preferences.response_length_or_default(), ResponseLength::Medium);
/// assert_eq!(preferences.to_string(), "style unknown, length unknown, no topics");
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Preferences {
    /// How the customer likes to be spoken to.
    pub style: Option<Preference<Style>>,
    /// How long the answers should be.
    pub response_length: Option<Preference<ResponseLength>>,
    /// What the customer asks about: most turns first, then what came up first.
    pub topics: Vec<Preference<Topic>>,
    /// The language the customer mostly writes in, as a two-letter code.
    pub language: Option<Preference<String>>,
    /// The channel the customer mostly uses.
    pub channel: Option<Preference<Channel>>,
    /// The hours of the day in which the customer mostly writes.
    pub hours: Option<Preference<Hours>>,
    /// What the customer said about how to be served, in the order of the turns. Those that hold
    /// are all here; of those that ended, the newest 256.
    pub statements: Vec<Statement>,
    /// How many turns hold words of the customer.
    pub customer_turns: u32,
}

/// A part of the day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hours {
    /// The first hour, 0 to 23.
    pub from: u8,
    /// The hour behind the last one, 1 to 24, or less than `from` if it passes midnight.
    pub to: u8,
}

/// Something a customer said about how to be served.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statement {
    /// What is wished.
    pub kind: WishKind,
    /// The turn in which it was said.
    pub turn: TurnId,
    /// Its bytes in the turn's `said`; of a name, the name alone.
    pub span: Range<usize>,
    /// Of a name the name as it was written, of a language its two-letter code; otherwise `None`.
    pub value: Option<String>,
    /// The turn that ended it: a newer statement about the same matter, or one that takes it back.
    /// `None` while it holds.
    pub ended_by: Option<TurnId>,
}

impl Statement {
    /// Whether nothing the customer said later ended it.
    pub fn is_holding(&self) -> bool {
        self.ended_by.is_none()
    }
}

/// Prints the length of a name, never the name.
impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement")
            .field("kind", &self.kind)
            .field("turn", &self.turn)
            .field("span", &self.span)
            .field("value_bytes", &self.value.as_ref().map(String::len))
            .field("ended_by", &self.ended_by)
            .finish()
    }
}

impl Preferences {
    /// The bytes of memory they take beside themselves.
    pub(super) fn bytes(&self) -> usize {
        fn places<T>(of: &Option<Preference<T>>) -> usize {
            of.as_ref().map_or(0, |of| of.evidence.capacity())
        }
        let topics = self.topics.iter().map(|topic| topic.evidence.capacity());
        let evidence = places(&self.style)
            + places(&self.response_length)
            + places(&self.language)
            + places(&self.channel)
            + places(&self.hours)
            + topics.sum::<usize>();
        evidence * size_of::<Evidence>()
            + self.topics.capacity() * size_of::<Preference<Topic>>()
            + self.statements.capacity() * size_of::<Statement>()
    }
}

impl<T> Preference<T> {
    /// The turns it was concluded from, with the bytes of `said` that show it, oldest first.
    pub fn why(&self) -> impl Iterator<Item = (TurnId, Option<Range<usize>>)> {
        self.evidence.iter().map(|evidence| (evidence.turn, evidence.span.clone()))
    }
}

impl Preferences {
    /// The style to answer in: `Balanced` while none is known.
    pub fn style_or_default(&self) -> Style {
        self.style.as_ref().map(|style| style.value).unwrap_or_default()
    }

    /// The length to answer at: `Medium` while none is known.
    pub fn response_length_or_default(&self) -> ResponseLength {
        self.response_length.as_ref().map(|length| length.value).unwrap_or_default()
    }
}

/// One line, as in `style formal (5 turns), length medium, topics login, billing`.
impl fmt::Display for Preferences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.style {
            Some(style) => {
                let turns = if style.evidence_turns == 1 { "turn" } else { "turns" };
                write!(f, "style {} ({} {turns})", style.value, style.evidence_turns)?;
            }
            None => f.write_str("style unknown")?,
        }
        match &self.response_length {
            Some(length) => write!(f, ", length {}", length.value)?,
            None => f.write_str(", length unknown")?,
        }
        if self.topics.is_empty() {
            return f.write_str(", no topics");
        }
        for (place, topic) in self.topics.iter().enumerate() {
            let before = if place == 0 { ", topics" } else { "," };
            write!(f, "{before} {}", topic.value)?;
        }
        Ok(())
    }
}
