//! Following a customer's turns.
//!
//! Knows the one way in which whatever is derived from turns keeps step with the store: by
//! pages, from the last turn that was seen, and from the beginning when turns it rests on are
//! gone.

use super::context::Context;
use super::customer::Customer;
use crate::archive::Turn;
use crate::error::Result;
use crate::id::TurnId;

/// Turns read at once.
const PAGE: usize = 1_000;

/// How far something derived has followed the stored turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Followed {
    /// The newest turn that was shown.
    covered: Option<TurnId>,
    /// The turn before that one. Reading goes on behind it, since the covered turn may have
    /// been answered since.
    before: Option<TurnId>,
    turns: u64,
}

/// What happens while something derived is brought up to date.
pub(crate) enum Step<'t> {
    /// Turns it rests on are gone: all are shown anew.
    StartAnew,
    /// A turn that was not shown before; they come oldest first.
    New(&'t Turn),
    /// The newest turn that was shown before, as it is now.
    Again(&'t Turn),
}

impl Followed {
    fn show(&mut self, turn: &Turn, step: &mut dyn FnMut(Step<'_>)) {
        match self.covered {
            Some(covered) if turn.id == covered => step(Step::Again(turn)),
            Some(covered) if turn.id < covered => {}
            _ => {
                self.before = self.covered;
                self.covered = Some(turn.id);
                self.turns += 1;
                step(Step::New(turn));
            }
        }
    }
}

impl Customer {
    /// Shows every stored turn after one, oldest first, whatever number there are.
    ///
    /// # Errors
    /// Those of `show`; `Corrupt` if a turn is damaged or missing.
    pub(crate) fn each_stored_turn(
        &self,
        mut after: Option<TurnId>,
        show: &mut dyn FnMut(&Turn) -> Result<()>,
    ) -> Result<()> {
        loop {
            let turns = self.stored_turns(after, PAGE)?;
            turns.iter().try_for_each(&mut *show)?;
            match turns.last() {
                Some(last) if turns.len() == PAGE => after = Some(last.id),
                _ => return Ok(()),
            }
        }
    }

    /// Brings something derived up to the stored turns of a context: shows what it has not
    /// seen, from the context alone if that goes far enough back.
    ///
    /// # Errors
    /// `Corrupt` if a turn is damaged or missing; as a read otherwise.
    pub(crate) fn follow(
        &self,
        followed: &mut Followed,
        context: &Context,
        step: &mut dyn FnMut(Step<'_>),
    ) -> Result<()> {
        let waiting = context.turns().filter(|turn| turn.is_pending()).count();
        let stored = context.total().saturating_sub(u64::try_from(waiting).unwrap_or(u64::MAX));
        let hot = || context.turns().filter(|turn| !turn.is_pending());
        // Also the covered turn itself must be there, since it may have been answered since.
        let seen = followed.covered.map_or(1, TurnId::number);
        if hot().next().is_some_and(|oldest| seen >= oldest.id.number()) {
            hot().for_each(|turn| followed.show(turn, step));
        }
        if followed.turns == stored {
            return Ok(());
        }
        let Some(newest) = hot().next_back().map(|turn| turn.id) else {
            step(Step::StartAnew);
            *followed = Followed::default();
            return Ok(());
        };
        // First what is behind; if that does not add up, turns it rested on are gone.
        for is_new in [false, true] {
            if is_new {
                step(Step::StartAnew);
                *followed = Followed::default();
            }
            self.each_stored_turn(followed.before, &mut |turn| {
                if turn.id <= newest {
                    followed.show(turn, step);
                }
                Ok(())
            })?;
            if followed.turns == stored {
                break;
            }
        }
        Ok(())
    }
}
