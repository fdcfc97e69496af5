//! Sessions: one conversation on one channel, opened and closed.
//!
//! Knows when a session counts as resolved and what its figures are made of.

use super::context::Context;
use super::customer::Customer;
use super::page::Page;
use super::refusals::{check_count, closed, no_session, only, too_many_sessions};
use crate::archive::row::{channel, mean_confidence};
use crate::archive::table::{self, SessionRow, SessionSums};
use crate::archive::{Channel, NewAnswer, NewTurn, Turn};
use crate::error::{Result, invalid};
use crate::id::{SessionId, TurnId};
use crate::time::Timestamp;

impl Customer {
    /// Opens a session now.
    ///
    /// # Errors
    /// `Limit` after 16,777,215 sessions; `Busy` if the store stayed locked.
    pub fn open_session(&self, channel: Channel) -> Result<Session> {
        self.open_session_at(channel, self.core.now())
    }

    /// Opens a session that began at a given time, as an import does.
    ///
    /// # Errors
    /// As [`open_session`](Self::open_session), and `InvalidArgument` if the time is before 1970.
    pub fn open_session_at(&self, channel: Channel, at: Timestamp) -> Result<Session> {
        if at.as_millis() < 0 {
            return Err(invalid(format!("the session's time is before 1970: {at}")));
        }
        let customer = self.clone();
        let code = i64::from(channel.code());
        let (scope, number) = self.core.store.write_with(move |tx| {
            let scope = customer.find_or_make(tx)?;
            let number = table::open_session(tx, scope, code, at.as_millis())?;
            Ok((scope, number.ok_or_else(too_many_sessions)?))
        })?;
        let _ = self.scope.set(scope);
        Ok(Session::new(self.clone(), SessionId::new(self.person.tag, number), channel, at))
    }

    /// The handle of a session opened earlier, also by another process.
    ///
    /// # Errors
    /// `NotFound` if this customer has no such session.
    pub fn session(&self, id: SessionId) -> Result<Session> {
        let missing = || no_session(id);
        if !id.belongs_to(self.person.tag) {
            return Err(missing());
        }
        let row = self.core.store.read_with(|tx| match self.find(tx)? {
            Some(scope) => table::session(tx, scope, id.number()),
            None => Ok(None),
        })?;
        let row = row.ok_or_else(missing)?;
        Ok(Session::new(
            self.clone(),
            id,
            channel(row.channel)?,
            Timestamp::from_millis(row.opened_at),
        ))
    }

    /// The customer's sessions, newest first, with their turns counted.
    ///
    /// # Errors
    /// `InvalidArgument` if the page's limit is out of range; `NotFound` if its last row is
    /// no session of this customer.
    pub fn sessions(&self, page: Page<SessionId>) -> Result<Vec<SessionDetails>> {
        page.check()?;
        if let Some(id) = page.after
            && !id.belongs_to(self.person.tag)
        {
            return Err(no_session(id));
        }
        self.core.store.read_with(|tx| {
            let scope = self.find(tx)?;
            if let Some(id) = page.after {
                let known =
                    scope.map_or(Ok(None), |scope| table::session(tx, scope, id.number()))?;
                known.ok_or_else(|| no_session(id))?;
            }
            let Some(scope) = scope else { return Ok(Vec::new()) };
            let rows =
                table::sessions_before(tx, scope, page.after.map(SessionId::number), page.limit)?;
            rows.into_iter()
                .map(|row| {
                    let sums = table::session_sums(tx, scope, row.number)?;
                    SessionDetails::new(SessionId::new(self.person.tag, row.number), &row, &sums)
                })
                .collect()
        })
    }
}

/// How a session ended, as far as the host knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    resolved: Option<bool>,
    rating: Option<u8>,
}

impl Outcome {
    /// The host does not say; the session counts as resolved if its newest turn is.
    pub fn unknown() -> Outcome {
        Outcome::default()
    }

    /// What the customer wanted is settled.
    pub fn resolved() -> Outcome {
        Outcome { resolved: Some(true), rating: None }
    }

    /// What the customer wanted is not settled.
    pub fn unresolved() -> Outcome {
        Outcome { resolved: Some(false), rating: None }
    }

    /// Adds the customer's satisfaction, 1 to 5.
    pub fn rated(mut self, rating: u8) -> Outcome {
        self.rating = Some(rating);
        self
    }
}

/// A session of a customer.
#[derive(Debug, Clone)]
pub struct Session {
    customer: Customer,
    id: SessionId,
    channel: Channel,
    opened_at: Timestamp,
}

impl Session {
    pub(super) fn new(
        customer: Customer,
        id: SessionId,
        channel: Channel,
        opened_at: Timestamp,
    ) -> Session {
        Session { customer, id, channel, opened_at }
    }

    /// Its identifier, good for [`Customer::session`] in any process.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// How the customer reached us.
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// When it was opened.
    pub fn opened_at(&self) -> Timestamp {
        self.opened_at
    }

    /// The customer whose session it is.
    pub fn customer(&self) -> &Customer {
        &self.customer
    }

    /// Saves one turn into this session; otherwise as
    /// [`PersistentBufferMemory::save_turn`](crate::PersistentBufferMemory::save_turn).
    ///
    /// # Errors
    /// Also `Closed` if the session was closed, and `NotFound` if it was cleared.
    pub fn save_turn(&self, turn: NewTurn<'_>) -> Result<Turn> {
        only(self.customer.save(&[turn], Some((self.id, self.channel)))?)
    }

    /// Saves up to 1,000 turns into this session in their order, all or none.
    ///
    /// # Errors
    /// As [`save_turn`](Self::save_turn).
    pub fn save_turns(&self, turns: &[NewTurn<'_>]) -> Result<Vec<Turn>> {
        check_count(turns.len())?;
        self.customer.save(turns, Some((self.id, self.channel)))
    }

    /// Gives an answer to a turn; it may be of any session of the customer.
    ///
    /// # Errors
    /// As [`PersistentBufferMemory::answer`](crate::PersistentBufferMemory::answer).
    pub fn answer(&self, turn: TurnId, answer: NewAnswer<'_>) -> Result<Turn> {
        self.customer.answer(turn, &answer)
    }

    /// The customer's newest turns, of every session.
    ///
    /// # Errors
    /// As [`PersistentBufferMemory::load_context`](crate::PersistentBufferMemory::load_context).
    pub fn context(&self) -> Result<Context> {
        self.customer.memory().load_context()
    }

    /// The session's figures so far.
    ///
    /// # Errors
    /// `NotFound` if it was cleared.
    pub fn metrics(&self) -> Result<SessionMetrics> {
        self.customer.flush()?;
        self.customer.core.store.read_with(|tx| {
            let missing = || no_session(self.id);
            let scope = self.customer.find(tx)?.ok_or_else(missing)?;
            let row = table::session(tx, scope, self.id.number())?.ok_or_else(missing)?;
            let sums = table::session_sums(tx, scope, self.id.number())?;
            Ok(SessionMetrics { details: SessionDetails::new(self.id, &row, &sums)?, sums })
        })
    }

    /// Closes the session and returns its figures; turns that wait are saved first.
    ///
    /// # Errors
    /// `Closed` if it is closed already; `NotFound` if it was cleared; `InvalidArgument` if
    /// the rating is not 1 to 5.
    pub fn close(&self, outcome: Outcome) -> Result<SessionMetrics> {
        if let Some(rating) = outcome.rating.filter(|rating| !(1..=5).contains(rating)) {
            return Err(invalid(format!("the rating is {rating}; it must be 1 to 5")));
        }
        self.customer.flush()?;
        let (customer, id, at) = (self.customer.clone(), self.id, self.customer.core.now());
        // Its figures are read in the same unit, so that a close that is refused did not happen.
        let (row, sums) = self.customer.core.store.write_with(move |tx| {
            let missing = || no_session(id);
            let scope = customer.find_in_unit(tx)?.ok_or_else(missing)?;
            let number = id.number();
            let is_new = table::close_session(
                tx,
                scope,
                number,
                at.as_millis(),
                outcome.resolved,
                outcome.rating,
            )?;
            let row = table::session(tx, scope, number)?.ok_or_else(missing)?;
            if !is_new {
                return Err(closed(id, Timestamp::from_millis(row.closed_at.unwrap_or_default())));
            }
            Ok((row, table::session_sums(tx, scope, number)?))
        })?;
        Ok(SessionMetrics { details: SessionDetails::new(self.id, &row, &sums)?, sums })
    }
}

/// A session as it stands in the list of a customer's sessions.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SessionDetails {
    /// Its identifier.
    pub id: SessionId,
    /// How the customer reached us.
    pub channel: Channel,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was closed; `None` while it is open.
    pub closed_at: Option<Timestamp>,
    /// Whether what the customer wanted is settled: as said at closing, or as its newest turn
    /// says.
    pub resolved: bool,
    /// The customer's satisfaction, 1 to 5.
    pub rating: Option<u8>,
    /// Its turns.
    pub turns: u64,
}

impl SessionDetails {
    pub(super) fn new(
        id: SessionId,
        row: &SessionRow,
        sums: &SessionSums,
    ) -> Result<SessionDetails> {
        Ok(SessionDetails {
            id,
            channel: channel(row.channel)?,
            opened_at: Timestamp::from_millis(row.opened_at),
            closed_at: row.closed_at.map(Timestamp::from_millis),
            resolved: row.resolved.map_or(sums.ends_resolved, |resolved| resolved != 0),
            rating: row.rating.and_then(|rating| u8::try_from(rating).ok()),
            turns: sums.turns,
        })
    }
}

/// The figures of one session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionMetrics {
    details: SessionDetails,
    sums: SessionSums,
}

impl SessionMetrics {
    /// The session itself.
    pub fn details(&self) -> &SessionDetails {
        &self.details
    }

    /// Its turns.
    pub fn turns(&self) -> u64 {
        self.sums.turns
    }

    /// Its turns that have an answer.
    pub fn answered_turns(&self) -> u64 {
        self.sums.answered
    }

    /// Its turns that settled something.
    pub fn resolved_turns(&self) -> u64 {
        self.sums.resolved
    }

    /// The mean of the confidences that were given; `None` if none was.
    pub fn mean_confidence(&self) -> Option<f64> {
        mean_confidence(self.sums.confidence_sum, self.sums.rated_confidences)
    }
}
