//! One rule: what it shows, how much, and under which name.

use super::frame::Frame;
use super::kinds::{Act, EscalationReason, Intent, Topic, Urgency, WishKind};
use std::borrow::Cow;

/// What a rule shows of the message it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    Topic(Topic),
    Urgency(Urgency),
    Escalate(EscalationReason),
    Intent(Intent),
    /// Good or bad, by its weight; its words do not count by themselves.
    Polarity,
    /// A cue of anger; never enough alone.
    Anger,
    /// A cue of frustration; never enough alone.
    Frustration,
    Formal,
    Casual,
    /// A name may follow.
    Name,
    /// Asks how something is regulated, not for it.
    Policy,
    /// The customer says what they tried.
    Tried,
    /// The name of a plan or tier stands here.
    Plan,
    /// The text of an error follows.
    ErrorText,
    /// A product's name.
    Product,
    /// An explicit wish about how to be served, or its end.
    Wish(Act, Frame),
    /// Keeps words inside it from showing what they else would.
    Block(Block),
}

fn wish(name: &str) -> Option<WishKind> {
    WishKind::ALL.iter().copied().find(|wish| wish.name() == name)
}

/// What a blocking rule blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    Topic,
    Urgency,
    Escalate,
    Style,
    All,
}

impl Shows {
    fn parse(text: &str) -> Option<Shows> {
        let (kind, value) = text.split_once('.').unwrap_or((text, ""));
        Some(match kind {
            "topic" => {
                Shows::Topic(Topic::ALL.iter().copied().find(|topic| topic.name() == value)?)
            }
            "urgency" => Shows::Urgency(
                Urgency::ALL.iter().copied().find(|urgency| urgency.name() == value)?,
            ),
            "escalate" => Shows::Escalate(
                EscalationReason::ALL.iter().copied().find(|reason| reason.name() == value)?,
            ),
            "intent" => {
                Shows::Intent(Intent::ALL.iter().copied().find(|intent| intent.name() == value)?)
            }
            "polarity" => Shows::Polarity,
            "anger" => Shows::Anger,
            "frustration" => Shows::Frustration,
            "formal" => Shows::Formal,
            "casual" => Shows::Casual,
            "name" => Shows::Name,
            "policy" => Shows::Policy,
            "tried" => Shows::Tried,
            "plan" => Shows::Plan,
            "error" => Shows::ErrorText,
            "wish" => Shows::Wish(Act::Wants(wish(value)?), Frame::Own),
            "order" => Shows::Wish(Act::Wants(wish(value)?), Frame::Order),
            "ends" if value == "last" => Shows::Wish(Act::EndsLast, Frame::Own),
            "quit" if value == "last" => Shows::Wish(Act::EndsLast, Frame::Order),
            "ends" => Shows::Wish(Act::Ends(wish(value)?), Frame::Own),
            "quit" => Shows::Wish(Act::Ends(wish(value)?), Frame::Order),
            "block" => Shows::Block(match value {
                "topic" => Block::Topic,
                "urgency" => Block::Urgency,
                "escalate" => Block::Escalate,
                "style" => Block::Style,
                "all" => Block::All,
                _ => return None,
            }),
            _ => return None,
        })
    }

    /// Whether a blocking rule keeps another from speaking.
    pub(super) fn blocks(self, other: Shows) -> bool {
        let Shows::Block(block) = self else { return false };
        match block {
            Block::All => true,
            Block::Topic => matches!(other, Shows::Topic(_)),
            Block::Urgency => matches!(other, Shows::Urgency(_)),
            Block::Escalate => matches!(other, Shows::Escalate(_)),
            Block::Style => matches!(other, Shows::Formal | Shows::Casual),
        }
    }
}

/// A named rule; its patterns show the same thing.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: Cow<'static, str>,
    pub(super) shows: Shows,
    pub(super) weight: f32,
    /// Whether a negation before it cancels it.
    pub(super) is_negatable: bool,
}

impl Rule {
    /// Reads `topic.billing 1.0 +neg refund`: what it shows, its weight, flags, its name.
    pub(super) fn parse(text: &'static str) -> Option<Rule> {
        let (shows, rest) = text.split_once(' ')?;
        let (weight, rest) = rest.split_once(' ')?;
        let is_negatable = rest.starts_with("+neg ");
        let name = rest.strip_prefix("+neg ").unwrap_or(rest).trim();
        (!name.is_empty()).then_some(Rule {
            name: Cow::Borrowed(name),
            shows: Shows::parse(shows)?,
            weight: weight.parse().ok()?,
            is_negatable,
        })
    }
}
