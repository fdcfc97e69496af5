//! Reading: from the hot buffer, or from the store in one range.
//!
//! Knows when a kept moment is still the store's, and that a turn packed with a dictionary
//! this process has not seen yet is read after fetching that dictionary.

use super::context::Moment;
use super::core::{Core, Persist};
use super::customer::Customer;
use super::hot::Found;
use crate::archive::row::{Person, damaged, is_of, read_with};
use crate::archive::table::{self, StoredTurn};
use crate::archive::{Scope, Turn};
use crate::error::{Error, ErrorKind, Result};
use crate::id::TurnId;
use crate::store::Tx;
use crate::time::Timestamp;
use std::sync::Arc;

impl Customer {
    /// The newest stored turns, and the turns that wait, of one and the same instant: none is
    /// in both, and none is missing between them.
    pub(crate) fn present(&self) -> Result<(Arc<Moment>, Vec<Arc<Turn>>)> {
        if self.core.persist == Persist::Always {
            return Ok((self.moment()?, Vec::new()));
        }
        let queue = self.core.pending.of(&self.person);
        let queue = queue.lock();
        let waiting = queue.waiting.iter().map(|waiting| Arc::clone(&waiting.turn)).collect();
        Ok((self.moment()?, waiting))
    }

    /// The newest turns as they are now.
    pub(crate) fn moment(&self) -> Result<Arc<Moment>> {
        let core = &*self.core;
        let (era, now) = (core.store.era()?, core.now());
        let scope = match self.scope.get() {
            Some(scope) => *scope,
            None => match core.store.read_with(|tx| self.find(tx))? {
                Some(scope) => scope,
                None => return Ok(Arc::default()),
            },
        };
        match core.hot.get(scope, era, now) {
            Found::Hit(moment) => return Ok(moment),
            Found::Doubtful(moment) if self.is_current(scope, &moment)? => {
                core.hot.confirm(scope, &moment, era);
                return Ok(moment);
            }
            Found::Doubtful(_) => core.hot.refute(scope),
            Found::Miss => {}
        }
        self.load(scope, era, now)
    }

    fn load(&self, scope: Scope, era: u64, now: Timestamp) -> Result<Arc<Moment>> {
        let core = &*self.core;
        let before = core.hot.before(scope);
        let limit = core.hot.limits().turns;
        let moment = core.store.read_with(|tx| {
            let gone = table::turns_gone(tx, scope)?.unwrap_or(0);
            let mut turns = Vec::with_capacity(limit);
            table::newest_turns(tx, scope, limit, &mut |row| {
                turns.push(Arc::new(read_row(core, &self.person, tx, &row)?));
                Ok(())
            })?;
            turns.reverse();
            let whole = turns.len() < limit;
            check_dense(&self.person, whole.then_some(gone), turns.iter().map(|turn| turn.id))?;
            let newest = turns.last().map_or(gone, |turn| turn.id.number());
            self.check_beside(tx, scope, newest, whole)?;
            Ok(Arc::new(Moment { turns, total: u64::from(newest.saturating_sub(gone)) }))
        })?;
        core.hot.fill(scope, before, &moment, era, now);
        Ok(moment)
    }

    /// Whether a moment is still what the store holds: a turn's texts change only by an answer.
    fn is_current(&self, scope: Scope, moment: &Moment) -> Result<bool> {
        let whole = u64::try_from(moment.turns.len()).is_ok_and(|len| len == moment.total);
        let from = if whole { 0 } else { moment.turns.first().map_or(0, |turn| turn.id.number()) };
        let newest = moment.turns.last().map_or(0, |turn| turn.id.number());
        let now = self.core.store.read_with(|tx| table::fingerprint(tx, scope, from))?;
        let Some((turns, answered, last, gone)) = now else { return Ok(false) };
        let total = if turns == 0 { 0 } else { u64::from(last.saturating_sub(gone)) };
        Ok((turns, answered, last, total)
            == (moment.turns.len(), moment.answered(), newest, moment.total))
    }

    /// The stored turns after one, oldest first.
    pub(crate) fn stored_turns(&self, after: Option<TurnId>, limit: usize) -> Result<Vec<Turn>> {
        self.core.store.read_with(|tx| {
            let Some(scope) = self.find(tx)? else { return Ok(Vec::new()) };
            let mut turns = Vec::with_capacity(limit.min(1_024));
            table::turns_after(tx, scope, after.map_or(0, TurnId::number), limit, &mut |row| {
                turns.push(read_row(&self.core, &self.person, tx, &row)?);
                Ok(())
            })?;
            let gone = table::turns_gone(tx, scope)?.unwrap_or(0);
            let before = after.map_or(0, TurnId::number).max(gone);
            check_dense(&self.person, Some(before), turns.iter().map(|turn: &Turn| turn.id))?;
            if turns.len() < limit {
                let newest = turns.last().map_or(before, |turn| turn.id.number());
                self.check_beside(tx, scope, newest, turns.is_empty())?;
            }
            Ok(turns)
        })
    }

    /// A turn whose key is damaged lies outside of the customer's range, next to it: then there are
    /// more turns than the range shows.
    fn check_beside(
        &self,
        tx: &dyn Tx,
        scope: Scope,
        newest: u32,
        also_before: bool,
    ) -> Result<()> {
        if tx.is_checked() {
            return Ok(());
        }
        table::beside(tx, scope, newest, also_before, &mut |is_inside, row| {
            if !is_inside && !is_of(&self.core.codec, &self.person, &row) {
                return Ok(());
            }
            let (tenant, name) = (self.tenant_id(), self.id());
            let message = format!(
                "the store is damaged: a turn of customer {name} of tenant {tenant} is out of its place"
            );
            Err(Error::new(ErrorKind::Corrupt, message))
        })
    }

    /// One stored turn.
    pub(super) fn stored_turn(&self, id: TurnId) -> Result<Option<Turn>> {
        self.core.store.read_with(|tx| {
            let Some(scope) = self.find(tx)? else { return Ok(None) };
            let mut found = None;
            table::turn(tx, scope, id.number(), &mut |row| {
                found = Some(read_row(&self.core, &self.person, tx, &row)?);
                Ok(())
            })?;
            Ok(found)
        })
    }
}

/// Numbers follow each other without a gap; a missing one is damage, not a shorter memory.
fn check_dense(
    person: &Person,
    before: Option<u32>,
    turns: impl Iterator<Item = TurnId>,
) -> Result<()> {
    let mut before = before;
    for id in turns {
        if let Some(before) = before.filter(|before| before + 1 != id.number()) {
            return Err(damaged(
                TurnId::new(person.tag, before + 1),
                &format!("it is missing before turn {id}"),
            ));
        }
        before = Some(id.number());
    }
    Ok(())
}

fn read_row(core: &Core, person: &Person, tx: &dyn Tx, row: &StoredTurn<'_>) -> Result<Turn> {
    read_with(&core.codec, person, tx, row)
}
