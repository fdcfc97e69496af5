//! The facts a customer has given, each with the turn and the place where it stands.
//!
//! Knows which entities of a message are given facts, and when two of them are the same one.

use crate::id::TurnId;
use crate::memory::Turn;
use crate::signals::{EntityKind, SignalContext, SignalRules, Signals};
use crate::text::own_parts;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

/// The most facts that are kept of one customer, newest first to go last.
const MAX_FACTS: usize = 1_000;
/// The longest value that is kept, in bytes.
const MAX_VALUE: usize = 200;

/// One thing that a customer has told.
///
/// It is what the customer claims: show it to an agent, decide nothing by it. `Debug` prints
/// its length, never the value.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct GivenFact {
    /// What it is.
    pub kind: EntityKind,
    /// As the customer wrote it.
    pub value: String,
    /// The turn in which it was said last.
    pub turn: TurnId,
    /// Its bytes in that turn's `said`.
    pub span: Range<usize>,
    /// The rule that found it.
    pub rule: Cow<'static, str>,
    /// How sure it is, 0 to 1.
    pub score: f64,
}

impl fmt::Debug for GivenFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenFact")
            .field("kind", &self.kind)
            .field("value_bytes", &self.value.len())
            .field("turn", &self.turn)
            .field("span", &self.span)
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}

/// All that a customer has told, over all sessions: names, e-mail addresses, order numbers,
/// telephone numbers, plans, texts of errors and steps tried.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
/// use confidant::{EntityKind, NewTurn};
/// let alice = memory.customer("alice")?;
/// alice.memory().save_turn(NewTurn::said("Order 10-2231 is late. I already restarted the tracker."))?;
/// let given = alice.given()?;
/// assert_eq!(given.newest(EntityKind::OrderId).map(|fact| fact.value.as_str()), Some("10-2231"));
/// let again = given.asked_again("Could you give me your order number?");
/// assert_eq!(again[0].fact.kind, EntityKind::OrderId);
/// assert!(given.asked_again("Order 10-2231 arrives today.").is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Given {
    facts: Vec<GivenFact>,
}

impl Given {
    /// What the turns of one customer tell, given oldest first.
    pub fn of<'a>(turns: impl IntoIterator<Item = &'a Turn>) -> Given {
        let mut given = Given::default();
        let mut before: Option<&Turn> = None;
        for turn in turns {
            given.learn(
                turn,
                before.and_then(|turn| turn.answer.as_deref()),
                &SignalRules::support(),
            );
            before = Some(turn);
        }
        given
    }

    /// The facts, oldest first; of one thing said twice the newer place.
    pub fn facts(&self) -> &[GivenFact] {
        &self.facts
    }

    /// The newest fact of a kind.
    pub fn newest(&self, kind: EntityKind) -> Option<&GivenFact> {
        self.facts.iter().rev().find(|fact| fact.kind == kind)
    }

    /// Learns from one more turn; `asked` is what the agent said before it.
    pub(super) fn learn(&mut self, turn: &Turn, asked: Option<&str>, rules: &SignalRules) {
        let mut told: Vec<(Told, GivenFact)> = Vec::new();
        for (offset, part) in own_parts(turn.said.as_deref().unwrap_or_default()) {
            let mut context = SignalContext::new().rules(rules);
            if let Some(asked) = asked {
                context = context.agent_said(asked);
            }
            for entity in Signals::of(part, &context).entities {
                let Some(value) =
                    part.get(entity.span.clone()).filter(|value| value.len() <= MAX_VALUE)
                else {
                    continue;
                };
                if !is_given(entity.kind) {
                    continue;
                }
                let fact = GivenFact {
                    kind: entity.kind,
                    value: value.to_owned(),
                    turn: turn.id,
                    span: offset + entity.span.start..offset + entity.span.end,
                    rule: entity.rule,
                    score: entity.score,
                };
                told.push((Told::of(&fact), fact));
            }
        }
        if told.is_empty() {
            return;
        }
        // Of one thing told twice the newer place stays. Each fact is looked at once, since a
        // turn may hold thousands.
        let mut newer: HashSet<&Told> = HashSet::with_capacity(told.len());
        let is_newest: Vec<bool> = told.iter().rev().map(|(key, _)| newer.insert(key)).collect();
        self.facts.retain(|known| !newer.contains(&Told::of(known)));
        let told = told.into_iter().zip(is_newest.into_iter().rev());
        self.facts.extend(told.filter_map(|((_, fact), is_newest)| is_newest.then_some(fact)));
        let too_many = self.facts.len().saturating_sub(MAX_FACTS);
        self.facts.drain(..too_many);
    }
}

/// Whether a kind is worth not asking for again; amounts and days mean nothing by themselves.
fn is_given(kind: EntityKind) -> bool {
    !matches!(kind, EntityKind::Amount | EntityKind::Date | EntityKind::Product)
}

/// What two facts have in common if they tell the same thing.
#[derive(PartialEq, Eq, Hash)]
struct Told {
    kind: EntityKind,
    /// The letters and digits of the value, in lower case.
    plain: String,
}

impl Told {
    fn of(fact: &GivenFact) -> Told {
        let letters = fact.value.chars().filter(|c| c.is_alphanumeric());
        Told { kind: fact.kind, plain: letters.flat_map(char::to_lowercase).collect() }
    }
}
