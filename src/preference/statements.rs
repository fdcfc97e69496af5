//! What a customer said about how to be served, and what of it still holds.
//!
//! Knows which wishes are about the same matter, that of two the one said later holds, also when
//! an older one arrives late, and what takes a wish back. Bounded: what holds is kept, of what
//! ended the newest.

use super::conclusion::Statement;
use super::state::{Lesson, Wished};
use crate::id::TurnId;
use crate::signals::{Act, WishKind};

/// Statements that ended and are still shown, and endings that are remembered for wishes that
/// arrive late.
const MAX_ENDED: usize = 256;

/// The statements of one customer.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Statements {
    /// In the order of the turns.
    all: Vec<Said>,
    endings: Vec<Ending>,
    /// The newest turn before the one that is added, for "I take that back".
    previous: Option<u64>,
    ended: usize,
}

/// A statement and when it was said.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    statement: Statement,
    at: i64,
}

/// Something that was taken back, by whom and when.
#[derive(Debug, Clone, PartialEq)]
struct Ending {
    kind: WishKind,
    value: Option<String>,
    by: TurnId,
    at: i64,
}

impl Statements {
    /// The bytes of memory they take.
    pub(super) fn bytes(&self) -> usize {
        let values =
            self.endings.iter().map(|ending| ending.value.as_ref().map_or(0, String::capacity));
        self.all.capacity() * size_of::<Said>()
            + self.endings.capacity() * size_of::<Ending>()
            + values.sum::<usize>()
    }
}

impl Ending {
    fn ends(&self, statement: &Statement) -> bool {
        let same = |value: &String| {
            statement.value.as_ref().is_some_and(|said| said.to_lowercase() == value.to_lowercase())
        };
        self.kind == statement.kind && self.value.as_ref().is_none_or(same)
    }
}

impl Statements {
    /// Adds what one more turn says.
    pub(super) fn add(&mut self, lesson: &Lesson) {
        let Ok(turn) = TurnId::from_u64(lesson.turn) else { return };
        for wished in &lesson.wishes {
            match wished.act {
                Act::Wants(kind) => self.want(kind, wished, turn, lesson.at),
                Act::Ends(kind) => self.end(kind, wished, turn, lesson.at),
                Act::EndsLast => self.end_last(turn),
            }
        }
        self.previous = Some(lesson.turn);
        self.forget_ended();
    }

    /// What is shown to hosts.
    pub(super) fn shown(&self) -> Vec<Statement> {
        self.all.iter().map(|said| said.statement.clone()).collect()
    }

    fn want(&mut self, kind: WishKind, wished: &Wished, turn: TurnId, at: i64) {
        let mut statement = Statement {
            kind,
            turn,
            span: wished.start..wished.end,
            value: wished.value.clone(),
            ended_by: None,
        };
        for old in self.all.iter_mut().filter(|old| old.statement.is_holding()) {
            let was = &old.statement;
            if was.turn != turn && old.at > at && replaces(was.kind, kind) {
                statement.ended_by = Some(was.turn);
            } else if (was.turn != turn || was.kind == kind)
                && old.at <= at
                && replaces(kind, was.kind)
            {
                old.statement.ended_by = Some(turn);
                self.ended += 1;
            }
        }
        let taken_back =
            self.endings.iter().find(|ending| ending.at > at && ending.ends(&statement));
        if let Some(ending) = taken_back {
            statement.ended_by = Some(ending.by);
        }
        self.ended += usize::from(!statement.is_holding());
        self.all.push(Said { statement, at });
    }

    fn end(&mut self, kind: WishKind, wished: &Wished, turn: TurnId, at: i64) {
        let ending = Ending { kind, value: wished.value.clone(), by: turn, at };
        for old in self.all.iter_mut().filter(|old| old.at <= at && old.statement.is_holding()) {
            if ending.ends(&old.statement) {
                old.statement.ended_by = Some(turn);
                self.ended += 1;
            }
        }
        if self.endings.len() >= MAX_ENDED {
            self.endings.remove(0);
        }
        self.endings.push(ending);
    }

    /// Ends what was said last, in this turn or in the one before it.
    fn end_last(&mut self, turn: TurnId) {
        let Some(last) = self.all.iter().rev().map(|said| said.statement.turn).next() else {
            return;
        };
        if last != turn && self.previous != Some(last.as_u64()) {
            return;
        }
        for old in self.all.iter_mut().filter(|old| old.statement.turn == last) {
            if old.statement.is_holding() {
                old.statement.ended_by = Some(turn);
                self.ended += 1;
            }
        }
    }

    fn forget_ended(&mut self) {
        let mut too_many = self.ended.saturating_sub(MAX_ENDED);
        self.ended -= too_many;
        self.all.retain(|said| {
            let goes = too_many > 0 && !said.statement.is_holding();
            too_many -= usize::from(goes);
            !goes
        });
    }
}

/// Whether a newer wish takes the place of an older one.
fn replaces(new: WishKind, old: WishKind) -> bool {
    use WishKind::{
        Brief, Call, Casual, Chat, Detailed, Email, Expert, Formal, NoCall, NoEmail, Novice,
    };
    #[derive(PartialEq)]
    enum Matter {
        Channel,
        Length,
        Knowledge,
        Manner,
        Other(WishKind),
    }
    let matter = |kind| match kind {
        Email | Call | Chat | NoCall | NoEmail => Matter::Channel,
        Brief | Detailed => Matter::Length,
        Expert | Novice => Matter::Knowledge,
        Formal | Casual => Matter::Manner,
        other => Matter::Other(other),
    };
    if matter(new) != matter(old) {
        return false;
    }
    match (new, old) {
        // A ban ends only the wish for what it bans.
        (NoCall, old) => matches!(old, Call | NoCall),
        (NoEmail, old) => matches!(old, Email | NoEmail),
        // Another channel is wished for: a ban of a third one stands.
        (Email | Chat, NoCall) | (Call | Chat, NoEmail) => false,
        _ => true,
    }
}
