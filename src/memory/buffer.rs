//! `PersistentBufferMemory`: one customer's memory, hot buffer over durable archive.

use super::context::Context;
use super::core::Persist;
use super::customer::Customer;
use super::page::Page;
use super::refusals::{check_count, no_turn, only};
use super::subject::forget;
use crate::archive::{NewAnswer, NewTurn, Turn, table};
use crate::error::Result;
use crate::id::TurnId;
use std::sync::Arc;

impl Customer {
    /// The customer's memory, over all sessions and channels.
    pub fn memory(&self) -> PersistentBufferMemory {
        PersistentBufferMemory::new(self.clone())
    }
}

/// One customer's memory: the newest turns hot, every turn in the archive, over all
/// sessions, channels, processes and years.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
/// use confidant::{NewAnswer, NewTurn};
/// let alice = memory.customer("alice")?.memory();
/// let turn = alice.save_turn(NewTurn::said("Where is my parcel?"))?;
/// alice.answer(turn.id, NewAnswer::new("It arrives today.").confidence(0.9).resolved(true))?;
/// let context = alice.load_context()?;
/// assert_eq!((context.len(), context.total()), (1, 1));
/// assert!(context.newest().ok_or("empty")?.resolved);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PersistentBufferMemory {
    customer: Customer,
}

impl PersistentBufferMemory {
    pub(super) fn new(customer: Customer) -> PersistentBufferMemory {
        PersistentBufferMemory { customer }
    }

    /// The customer whose memory it is.
    pub fn customer(&self) -> &Customer {
        &self.customer
    }

    /// The newest turns (50 if not set otherwise), oldest first, and the number of all.
    ///
    /// From the hot buffer without copying a text, or by one range read of the store. Always
    /// what every process that had its save acknowledged has written. Nobody known is an
    /// empty context; a store that cannot be read is an error.
    ///
    /// # Errors
    /// `Corrupt`, naming the turn, if one is damaged; `Busy`, `Io` or `Store` if the store
    /// cannot be read.
    pub fn load_context(&self) -> Result<Context> {
        let (stored, waiting) = self.customer.present()?;
        Ok(Context::joined(stored, &waiting, self.customer.core.hot.limits().turns))
    }

    /// Saves one turn, one half or both at once, and returns it with its place.
    ///
    /// The turn is on disk when this returns (see [`Persist`] for the exception). It continues
    /// the customer's newest session if that is open and was active within the last 30 minutes
    /// (a setting), and opens one otherwise. Saving again under the same key returns the first
    /// turn and changes nothing, so a host may retry freely.
    ///
    /// # Errors
    /// `InvalidArgument` or `Limit`, naming the part, if the turn breaks a rule; `Limit` after
    /// 16,777,215 turns; `Busy` if the store stayed locked. Nothing was saved then.
    pub fn save_turn(&self, turn: NewTurn<'_>) -> Result<Turn> {
        only(self.customer.save(&[turn], None)?)
    }

    /// Saves up to 1,000 turns in their order, all or none.
    ///
    /// # Errors
    /// As [`save_turn`](Self::save_turn).
    pub fn save_turns(&self, turns: &[NewTurn<'_>]) -> Result<Vec<Turn>> {
        check_count(turns.len())?;
        self.customer.save(turns, None)
    }

    /// Gives an answer to a turn that was saved without one. Giving the same answer again
    /// changes nothing.
    ///
    /// # Errors
    /// `NotFound` if this customer has no such turn; `Conflict` if it has another answer;
    /// `InvalidArgument` or `Limit` if the answer breaks a rule.
    pub fn answer(&self, turn: TurnId, answer: NewAnswer<'_>) -> Result<Turn> {
        self.customer.answer(turn, &answer)
    }

    /// A page of the whole archive, oldest first; turns that still wait come last.
    ///
    /// # Errors
    /// `InvalidArgument` if the page's limit is not 1 to 10,000; `NotFound` if its last row is
    /// another customer's; `Corrupt`, naming the turn, if one is damaged.
    pub fn turns(&self, page: Page<TurnId>) -> Result<Vec<Turn>> {
        page.check()?;
        if let Some(id) = page.after {
            self.customer.check_turn(id)?;
        }
        let waits = self.customer.core.persist != Persist::Always;
        let queue = waits.then(|| self.customer.core.pending.of(&self.customer.person));
        let queue = queue.as_ref().map(|queue| queue.lock());
        let mut after = page.after;
        if let (Some(id), Some(queue)) = (after, &queue) {
            after = queue.saved_as(id).or(after);
        }
        let mut turns = match after {
            Some(id) if id.is_pending() => Vec::new(),
            _ => self.customer.stored_turns(after, page.limit)?,
        };
        if let Some(queue) = queue {
            let waiting = queue.waiting.iter().map(|waiting| &waiting.turn);
            let unseen = waiting.filter(|turn| after.is_none_or(|after| turn.id > after));
            turns.extend(unseen.take(page.limit - turns.len()).map(|turn| Turn::clone(turn)));
        }
        Ok(turns)
    }

    /// One turn, from the hot buffer or the archive.
    ///
    /// # Errors
    /// `NotFound` if this customer has no such turn; `Corrupt` if it is damaged.
    pub fn turn(&self, id: TurnId) -> Result<Turn> {
        self.customer.check_turn(id)?;
        if id.is_pending() {
            let queue = self.customer.core.pending.of(&self.customer.person);
            let queue = queue.lock();
            if let Some(waiting) = queue.waiting.iter().find(|waiting| waiting.turn.id == id) {
                return Ok(Turn::clone(&waiting.turn));
            }
            let saved = queue.saved_as(id).ok_or_else(|| no_turn(id))?;
            drop(queue);
            return self.turn(saved);
        }
        self.customer.stored_turn(id)?.ok_or_else(|| no_turn(id))
    }

    /// Removes every turn and session of this customer, from the store, the buffer and those
    /// that wait; returns how many turns. Nobody else's are touched, and no number is given
    /// again. For a person's right to be forgotten this is not enough: backups keep the bytes.
    ///
    /// # Errors
    /// `Busy`, `Io` or `Store`; nothing was removed then.
    pub fn clear(&self) -> Result<u64> {
        let customer = self.customer.clone();
        let hot = Arc::clone(&self.customer.core.hot);
        let (cache, subjects) = (Arc::clone(&customer.core.cache), customer.core.subjects);
        let queue = self.customer.core.pending.of(&self.customer.person);
        let mut queue = queue.lock();
        let removed = self.customer.core.store.write_then(
            move |tx| match customer.find_in_unit(tx)? {
                Some(scope) => {
                    subjects.iter().try_for_each(|of| of.erase(tx, scope))?;
                    Ok((Some(scope), table::clear(tx, scope)?))
                }
                None => Ok((None, 0)),
            },
            move |(scope, removed)| {
                if let Some(scope) = scope {
                    hot.remove(scope);
                    forget(&cache, subjects, scope);
                }
                removed
            },
        )?;
        let waiting = u64::try_from(queue.waiting.len()).unwrap_or(0);
        queue.waiting.clear();
        Ok(removed + waiting)
    }

    /// Forgets everything that is kept in memory of this customer; the store keeps everything.
    pub fn invalidate(&self) {
        if let Some(scope) = self.customer.scope.get() {
            self.customer.core.hot.remove(*scope);
            self.customer.core.forget(*scope);
        }
    }

    /// Saves this customer's turns that wait under [`Persist::Every`]; otherwise does nothing.
    ///
    /// # Errors
    /// As [`save_turn`](Self::save_turn); what could not be saved still waits.
    pub fn flush(&self) -> Result<()> {
        self.customer.flush()
    }

    /// How many turns of this customer wait to be saved.
    pub fn pending(&self) -> usize {
        match self.customer.core.persist {
            Persist::Always => 0,
            Persist::Every(_) => {
                self.customer.core.pending.of(&self.customer.person).lock().waiting.len()
            }
        }
    }

    /// Figures of this customer's memory.
    ///
    /// # Errors
    /// As [`load_context`](Self::load_context).
    pub fn stats(&self) -> Result<BufferStats> {
        let context = self.load_context()?;
        Ok(BufferStats { buffered: context.len(), total: context.total(), pending: self.pending() })
    }
}

/// Figures of one customer's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BufferStats {
    /// Turns in the context.
    pub buffered: usize,
    /// Turns in all.
    pub total: u64,
    /// Turns that wait to be saved.
    pub pending: usize,
}
