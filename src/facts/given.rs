//! The facts a customer has given, each with the turn and the place where it stands.
//!
//! Knows which entities of a message are given facts, and when two of them are the same one.

use super::owner::is_somebody_elses;
use crate::id::TurnId;
use crate::memory::Turn;
use crate::signals::{EntityKind, SignalContext, SignalRules, Signals};
use crate::text::OwnWords;
use crate::time::Timestamp;
use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::ops::Range;

/// What the facts of one customer may take, in bytes of memory; the oldest go first.
const MAX_BYTES: usize = 128 << 10;
/// The longest value that is kept in full, in bytes; longer ones end in "...".
const MAX_VALUE: usize = 300;

/// One thing that a customer has told.
///
/// It is what the customer claims: show it to an agent, decide nothing by it. `Debug` prints
/// its length, never the value.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct GivenFact {
    /// What it is.
    pub kind: EntityKind,
    /// As the customer wrote it; of more than 300 bytes the beginning and "...".
    pub value: String,
    /// The turn in which it was said last.
    pub turn: TurnId,
    /// When that was.
    pub at: Timestamp,
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

    /// The facts in the order in which they were said; of one thing said twice the newer place.
    pub fn facts(&self) -> &[GivenFact] {
        &self.facts
    }

    /// The fact of a kind that was said last.
    pub fn newest(&self, kind: EntityKind) -> Option<&GivenFact> {
        self.facts.iter().rev().find(|fact| fact.kind == kind)
    }

    /// The bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let rule = |fact: &GivenFact| match &fact.rule {
            Cow::Owned(rule) => rule.capacity(),
            Cow::Borrowed(_) => 0,
        };
        let texts = self.facts.iter().map(|fact| fact.value.capacity() + rule(fact));
        self.facts.capacity() * size_of::<GivenFact>() + texts.sum::<usize>()
    }

    /// Learns from one more turn; `asked` is what the agent said before it.
    pub(super) fn learn(&mut self, turn: &Turn, asked: Option<&str>, rules: &SignalRules) {
        let said = turn.said.as_deref().unwrap_or_default();
        let own = OwnWords::new(said);
        let text = own.as_str();
        let mut context = SignalContext::new().rules(rules);
        if let Some(asked) = asked {
            context = context.agent_said(asked);
        }
        let mut found = Signals::of(text, &context).entities;
        found.retain(|entity| {
            is_given(entity.kind) && !is_somebody_elses(text, &entity.span, entity.kind)
        });
        if let Some(wrong) = self.taken_back(text, turn.id)
            && !found.iter().any(|entity| entity.kind == wrong.kind)
        {
            // "I mistyped: 10-22371": a bare value stands for the one that was wrong.
            let expecting = SignalContext::new().rules(rules).expects(wrong.kind);
            let right = clauses(text).rev().find_map(|(start, clause)| {
                let entities = Signals::of(clause, &expecting).entities;
                let mut right = entities.into_iter().find(|entity| {
                    let value = clause.get(entity.span.clone()).unwrap_or_default();
                    entity.kind == wrong.kind && is_like(value, &wrong.value)
                })?;
                right.span = right.span.start + start..right.span.end + start;
                Some(right)
            });
            if let Some(right) = right {
                let wrong = Told::of(&wrong);
                self.facts.retain(|known| Told::of(known) != wrong);
                found.push(right);
            }
        }
        let mut told: HashMap<Told, GivenFact> = HashMap::with_capacity(found.len());
        for entity in found {
            let value = text.get(entity.span.clone()).unwrap_or_default();
            let fact = GivenFact {
                kind: entity.kind,
                value: shortened(value),
                turn: turn.id,
                at: turn.at,
                span: own.original(entity.span.clone()),
                rule: entity.rule,
                score: entity.score,
            };
            // Of one thing told twice the later place stays.
            told.insert(Told::of(&fact), fact);
        }
        self.add(told);
    }

    /// Puts facts where their time is: what was said earlier but arrives late is not the newest.
    fn add(&mut self, mut told: HashMap<Told, GivenFact>) {
        if told.is_empty() {
            return;
        }
        self.facts.retain(|known| match told.entry(Told::of(known)) {
            Entry::Occupied(same) if same.get().at < known.at => {
                same.remove();
                true
            }
            Entry::Occupied(_) => false,
            Entry::Vacant(_) => true,
        });
        self.facts.extend(told.into_values());
        self.facts.sort_by_key(|fact| (fact.at, fact.turn, fact.span.start));
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        let weight = |fact: &GivenFact| size_of::<GivenFact>() + fact.value.len();
        let mut bytes: usize = self.facts.iter().map(weight).sum();
        let too_many = self
            .facts
            .iter()
            .take_while(|fact| {
                let goes = bytes > MAX_BYTES;
                bytes -= weight(fact);
                goes
            })
            .count();
        self.facts.drain(..too_many);
    }

    /// The fact that a text takes back: of those the customer gave last, if it says that something
    /// was wrong.
    fn taken_back(&self, text: &str, turn: TurnId) -> Option<GivenFact> {
        let lower = text.to_lowercase().replace('\u{2019}', "'");
        let says = text.len() <= MAX_CORRECTION && CORRECTS.iter().any(|cue| lower.contains(cue));
        let last = self.facts.iter().rev().find(|fact| {
            matches!(fact.kind, EntityKind::OrderId | EntityKind::Phone) && fact.turn < turn
        })?;
        says.then(|| last.clone())
    }
}

/// Words that take back what was given before.
const CORRECTS: [&str; 27] = [
    "mistyped",
    "mistype",
    "typo",
    "mistake",
    "wrong one",
    "wrong number",
    "was wrong",
    "is wrong",
    "that's wrong",
    "incorrect",
    "not right",
    "i meant",
    "meant to",
    "should be",
    "should have been",
    "should read",
    "correction",
    "mixed up",
    "misread",
    "sorry",
    "oops",
    "actually",
    "scratch that",
    "not that one",
    "correct one",
    "correct number",
    "right one",
];
/// The longest text that is read as a correction, in bytes.
const MAX_CORRECTION: usize = 200;

/// The parts of a text between its signs, each with its first byte.
fn clauses(text: &str) -> impl DoubleEndedIterator<Item = (usize, &str)> {
    text.split([',', ':', '.', '!', '?', ';', '\n']).map(|clause| {
        let start = clause.as_ptr().addr() - text.as_ptr().addr();
        (start, clause)
    })
}

/// Whether a value is written like another one: as many letters and digits, but for one.
fn is_like(value: &str, other: &str) -> bool {
    let count = |text: &str, is: fn(&char) -> bool| text.chars().filter(is).count();
    let is_digit = |c: &char| c.is_numeric();
    let is_letter = |c: &char| c.is_alphabetic();
    count(value, is_digit).abs_diff(count(other, is_digit)) <= 1
        && count(value, is_letter).abs_diff(count(other, is_letter)) <= 1
}

/// A value, shortened between two characters and marked as such if it is too long.
fn shortened(value: &str) -> String {
    if value.len() <= MAX_VALUE {
        return value.to_owned();
    }
    let end = (0..=MAX_VALUE).rev().find(|end| value.is_char_boundary(*end)).unwrap_or(0);
    format!("{}...", value.get(..end).unwrap_or_default())
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
