//! Writing: turns and answers, durable before the hot buffer learns of them.
//!
//! Knows how a turn finds its session, what a repeated idempotency key gives back, and how
//! waiting turns are saved.

use super::core::{Core, Persist};
use super::customer::{Customer, find_or_make};
use super::hot::Hot;
use super::pending::{Queue, Waiting};
use super::refusals::{closed, has_answer, no_session, no_turn, too_many_sessions, too_many_turns};
use crate::archive::row::{Person, channel, pack, read_with, rounded};
use crate::archive::table::{self, Place, TurnRow};
use crate::archive::{Channel, NewAnswer, NewTurn, Scope, Turn};
use crate::codec::Codec;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{SessionId, TurnId};
use crate::store::Tx;
use crate::time::Timestamp;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

/// A turn on its way to the store: its identifier, session and channel are found there.
struct Draft {
    turn: Turn,
    row: TurnRow,
    key: Option<String>,
    session: Option<u32>,
    /// Save it elsewhere if its session was closed meanwhile: it was accepted earlier.
    may_move: bool,
}

/// How a draft was put into the store.
enum Put {
    New(Place),
    /// Its key was there already.
    Known(Box<Turn>),
}

/// What the writing thread needs; it may not be the caller's.
#[derive(Clone)]
struct Putting {
    person: Person,
    scope: Arc<OnceLock<Scope>>,
    codec: Arc<Codec>,
    hot: Arc<Hot>,
    session_idle_ms: i64,
}

impl Customer {
    /// Checks and saves turns, all or none, or lets them wait.
    pub(super) fn save(
        &self,
        new: &[NewTurn<'_>],
        session: Option<(SessionId, Channel)>,
    ) -> Result<Vec<Turn>> {
        let now = self.core.now();
        for turn in new {
            turn.check(now, self.core.max_text_bytes)?;
        }
        let turns =
            new.iter().map(|new| (self.draft(new, session, now), new.key.map(str::to_owned)));
        if let Persist::Every(most) = self.core.persist {
            return self.collect(turns.collect(), session.map(|(id, _)| id), most);
        }
        let number = session.map(|(id, _)| id.number());
        let drafts = turns.map(|(turn, key)| Draft {
            row: pack(&self.core.codec, &self.person, &turn),
            turn,
            key,
            session: number,
            may_move: false,
        });
        put_all(&self.core, self.putting(), drafts.collect(), now)
    }

    fn putting(&self) -> Putting {
        putting(&self.core, &self.person, &self.scope)
    }

    fn draft(
        &self,
        new: &NewTurn<'_>,
        session: Option<(SessionId, Channel)>,
        now: Timestamp,
    ) -> Turn {
        let at = new.at.unwrap_or(now);
        let (session, channel) =
            session.unwrap_or((SessionId::new(self.person.tag, 0), Channel::default()));
        Turn {
            id: TurnId::new(self.person.tag, 0),
            session,
            channel,
            at,
            said: new.said.map(str::to_owned),
            answer: new.answer.map(str::to_owned),
            answered_at: new.answer.map(|_| new.answered_at.unwrap_or(at)),
            answered_by: new.answered_by.map(str::to_owned),
            confidence: new.confidence.map(rounded),
            resolved: new.resolved,
            metadata: new.metadata.map(str::to_owned),
        }
    }

    /// Lets turns wait, and saves the customer's waiting ones when there are enough. What
    /// cannot be accepted or saved does not wait: the host was told that it failed.
    fn collect(
        &self,
        turns: Vec<(Turn, Option<String>)>,
        session: Option<SessionId>,
        most: usize,
    ) -> Result<Vec<Turn>> {
        if let Some(session) = session {
            self.check_open(session)?;
        }
        let queue = self.core.pending.of(&self.person);
        let mut queue = queue.lock();
        let before = queue.waiting.len();
        let mut accepted = Vec::with_capacity(turns.len());
        for (turn, key) in turns {
            match self.accept(&mut queue, turn, key, session.is_some()) {
                Ok(turn) => accepted.push(turn),
                Err(error) => {
                    queue.waiting.truncate(before);
                    return Err(error);
                }
            }
        }
        if queue.waiting.len() < most {
            return Ok(accepted);
        }
        match flush_queue(&self.core, &mut queue, &self.scope) {
            Ok(saved) => {
                let saved: HashMap<TurnId, Turn> = saved.into_iter().collect();
                Ok(accepted
                    .into_iter()
                    .map(|turn| saved.get(&turn.id).cloned().unwrap_or(turn))
                    .collect())
            }
            Err(error) => {
                queue.waiting.truncate(before);
                Err(error)
            }
        }
    }

    /// Lets one turn wait, unless its key is known.
    fn accept(
        &self,
        queue: &mut Queue,
        mut turn: Turn,
        key: Option<String>,
        in_session: bool,
    ) -> Result<Turn> {
        if let Some(known) = self.known(queue, key.as_deref())? {
            return Ok(known);
        }
        if !in_session {
            (turn.session, turn.channel) = self.waiting_session(queue, turn.at)?;
        }
        turn.id = queue.provisional(&self.person, self.core.now());
        queue.waiting.push(Waiting { turn: Arc::new(turn.clone()), key });
        Ok(turn)
    }

    /// Refuses a session that takes no turns any more.
    fn check_open(&self, session: SessionId) -> Result<()> {
        self.core.store.read_with(|tx| {
            let Some(scope) = self.find(tx)? else { return Err(no_session(session)) };
            match table::session(tx, scope, session.number())? {
                None => Err(no_session(session)),
                Some(row) => row
                    .closed_at
                    .map_or(Ok(()), |at| Err(closed(session, Timestamp::from_millis(at)))),
            }
        })
    }

    /// The turn that was saved, or waits, under a key.
    fn known(&self, queue: &Queue, key: Option<&str>) -> Result<Option<Turn>> {
        let Some(key) = key else { return Ok(None) };
        if let Some(waiting) =
            queue.waiting.iter().find(|waiting| waiting.key.as_deref() == Some(key))
        {
            return Ok(Some(Turn::clone(&waiting.turn)));
        }
        self.core.store.read_with(|tx| match self.find(tx)? {
            Some(scope) => turn_by_key(tx, &self.core.codec, &self.person, scope, key),
            None => Ok(None),
        })
    }

    /// The session that a waiting turn belongs to: known at once, so that it can be shown.
    fn waiting_session(&self, queue: &Queue, at: Timestamp) -> Result<(SessionId, Channel)> {
        if let Some(last) = queue.waiting.last()
            && at.as_millis().saturating_sub(last.turn.at.as_millis()) <= self.core.session_idle_ms
        {
            return Ok((last.turn.session, last.turn.channel));
        }
        let idle = self.core.session_idle_ms;
        let current = self.core.store.read_with(|tx| match self.find(tx)? {
            Some(scope) => table::current_session(tx, scope, at.as_millis(), idle),
            None => Ok(None),
        })?;
        match current {
            Some(row) => Ok((SessionId::new(self.person.tag, row.number), channel(row.channel)?)),
            None => {
                let session = self.open_session_at(Channel::default(), at)?;
                Ok((session.id(), session.channel()))
            }
        }
    }

    /// Saves what waits for this customer.
    pub(super) fn flush(&self) -> Result<()> {
        let queue = self.core.pending.of(&self.person);
        let mut queue = queue.lock();
        flush_queue(&self.core, &mut queue, &self.scope).map(|_| ())
    }

    /// Gives an answer to a turn that has none.
    pub(super) fn answer(&self, id: TurnId, new: &NewAnswer<'_>) -> Result<Turn> {
        let now = self.core.now();
        new.check(now, self.core.max_text_bytes)?;
        self.check_turn(id)?;
        if id.is_pending() {
            let queue = self.core.pending.of(&self.person);
            let mut queue = queue.lock();
            if let Some(waiting) = queue.waiting.iter_mut().find(|waiting| waiting.turn.id == id) {
                let turn = answered(&waiting.turn, new, now, self.core.max_text_bytes)?;
                waiting.turn = Arc::new(turn.clone());
                return Ok(turn);
            }
            let saved = queue.saved_as(id).ok_or_else(|| no_turn(id))?;
            drop(queue);
            return self.answer(saved, new);
        }
        let answered_now = |stored: Option<Turn>| {
            let old = stored.ok_or_else(|| no_turn(id))?;
            let turn = answered(&old, new, now, self.core.max_text_bytes)?;
            Ok((turn != old, turn))
        };
        let (is_new, turn) = answered_now(self.stored_turn(id)?)?;
        if !is_new {
            return Ok(turn);
        }
        match self.put_answer(turn, now) {
            // Somebody was faster; with the same answer that is no conflict.
            Err(error) if error.kind() == ErrorKind::Conflict => {
                match answered_now(self.stored_turn(id)?)? {
                    (false, turn) => Ok(turn),
                    (true, _) => Err(error),
                }
            }
            done => done,
        }
    }

    fn put_answer(&self, turn: Turn, now: Timestamp) -> Result<Turn> {
        let (customer, hot) = (self.clone(), Arc::clone(&self.core.hot));
        let (cache, subjects) = (Arc::clone(&self.core.cache), self.core.subjects);
        let row = pack(&self.core.codec, &self.person, &turn);
        let id = turn.id;
        let work = move |tx: &dyn Tx| {
            let scope = customer.find_in_unit(tx)?.ok_or_else(|| no_turn(id))?;
            if table::answer(tx, scope, id.number(), &row)? {
                return Ok(scope);
            }
            let mut is_there = false;
            table::turn(tx, scope, id.number(), &mut |_| {
                is_there = true;
                Ok(())
            })?;
            Err(if is_there { has_answer(id) } else { no_turn(id) })
        };
        self.core.store.write_then(work, move |scope| {
            let turn = Arc::new(turn);
            hot.replace(scope, &turn, now);
            subjects.iter().for_each(|of| of.answered(&cache, scope, &turn));
            Turn::clone(&turn)
        })
    }
}

fn putting(core: &Core, person: &Person, scope: &Arc<OnceLock<Scope>>) -> Putting {
    Putting {
        person: person.clone(),
        scope: Arc::clone(scope),
        codec: Arc::clone(&core.codec),
        hot: Arc::clone(&core.hot),
        session_idle_ms: core.session_idle_ms,
    }
}

/// Makes drafts durable, all or none, and lets the hot buffer know in commit order.
fn put_all(core: &Core, putting: Putting, drafts: Vec<Draft>, now: Timestamp) -> Result<Vec<Turn>> {
    let drafts = Arc::new(drafts);
    let work = {
        let (putting, drafts) = (putting.clone(), Arc::clone(&drafts));
        move |tx: &dyn Tx| {
            let scope = find_or_make(tx, &putting.person, &putting.scope)?;
            let put: Result<Vec<Put>> =
                drafts.iter().map(|draft| put(tx, &putting, scope, draft)).collect();
            Ok((scope, put?))
        }
    };
    core.store.write_then(work, move |(scope, put)| {
        let tag = putting.person.tag;
        let mut fresh = Vec::with_capacity(put.len());
        let turns = drafts.iter().zip(put).map(|(draft, put)| match put {
            Put::Known(turn) => *turn,
            Put::New(place) => {
                let mut turn = draft.turn.clone();
                turn.id = TurnId::new(tag, place.number);
                turn.session = SessionId::new(tag, place.session);
                turn.channel = channel(place.channel).unwrap_or_default();
                fresh.push(Arc::new(turn.clone()));
                turn
            }
        });
        let turns = turns.collect();
        let _ = putting.scope.set(scope);
        if !fresh.is_empty() {
            putting.hot.append(scope, &fresh, now);
        }
        turns
    })
}

fn put(tx: &dyn Tx, putting: &Putting, scope: Scope, draft: &Draft) -> Result<Put> {
    let key = || draft.key.as_deref().map(|key| scope.idempotency(key));
    let put = match draft.session {
        Some(session) => table::add_to_session(tx, scope, session, &draft.row, key())?,
        None => table::continue_session(tx, scope, &draft.row, key(), putting.session_idle_ms)?,
    };
    if let Some(place) = put {
        return Ok(Put::New(place));
    }
    if let Some(key) = &draft.key
        && let Some(turn) = turn_by_key(tx, &putting.codec, &putting.person, scope, key)?
    {
        return Ok(Put::Known(Box::new(turn)));
    }
    if let Some(session) = draft.session {
        let refusal = refusal(tx, &putting.person, scope, session)?;
        if !draft.may_move || refusal.kind() == ErrorKind::Limit {
            return Err(refusal);
        }
        if let Some(place) =
            table::continue_session(tx, scope, &draft.row, key(), putting.session_idle_ms)?
        {
            return Ok(Put::New(place));
        }
    }
    let channel = i64::from(draft.turn.channel.code());
    let session =
        table::open_session(tx, scope, channel, draft.row.at)?.ok_or_else(too_many_sessions)?;
    let put = table::add_to_session(tx, scope, session, &draft.row, key())?;
    put.map(Put::New).ok_or_else(too_many_turns)
}

/// Why a turn could not be added to a session.
fn refusal(tx: &dyn Tx, person: &Person, scope: Scope, session: u32) -> Result<Error> {
    let id = SessionId::new(person.tag, session);
    Ok(match table::session(tx, scope, session)? {
        None => no_session(id),
        Some(row) => match row.closed_at {
            Some(at) => closed(id, Timestamp::from_millis(at)),
            None => too_many_turns(),
        },
    })
}

fn turn_by_key(
    tx: &dyn Tx,
    codec: &Codec,
    person: &Person,
    scope: Scope,
    key: &str,
) -> Result<Option<Turn>> {
    let mut found = None;
    table::turn_by_key(tx, scope, scope.idempotency(key), &mut |row| {
        found = Some(read_with(codec, person, tx, &row)?);
        Ok(())
    })?;
    Ok(found)
}

/// The turn with its answer; the same turn if it has that answer already.
fn answered(
    turn: &Turn,
    new: &NewAnswer<'_>,
    now: Timestamp,
    max_text_bytes: usize,
) -> Result<Turn> {
    if let Some(answer) = &turn.answer {
        return if answer == new.text { Ok(turn.clone()) } else { Err(has_answer(turn.id)) };
    }
    let mut turn = turn.clone();
    turn.answer = Some(new.text.to_owned());
    turn.answered_at = Some(new.at.unwrap_or(now));
    turn.answered_by = new.by.map(str::to_owned);
    turn.confidence = new.confidence.map(rounded).or(turn.confidence);
    turn.resolved = new.resolved;
    turn.metadata = match (turn.metadata.take(), new.metadata) {
        (Some(old), Some(new)) => Some(laid_over(&old, new)?),
        (old, new) => old.or_else(|| new.map(str::to_owned)),
    };
    if turn.metadata.as_ref().is_some_and(|text| text.len() > max_text_bytes) {
        let message = format!(
            "the metadata of turn and answer together passes the limit of {max_text_bytes} bytes"
        );
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(turn)
}

/// The members of two JSON objects, each as it was written; the second's win.
fn laid_over(old: &str, new: &str) -> Result<String> {
    type Members = BTreeMap<String, Box<RawValue>>;
    let read = |text: &str| serde_json::from_str::<Members>(text);
    let merge = || -> serde_json::Result<String> {
        let mut members = read(old)?;
        members.extend(read(new)?);
        serde_json::to_string(&members)
    };
    merge()
        .map_err(|cause| crate::error::internal("checked metadata is no object").with_source(cause))
}

/// Saves what waits in one queue, and tells what each became; if that fails it still waits.
fn flush_queue(
    core: &Core,
    queue: &mut Queue,
    scope: &Arc<OnceLock<Scope>>,
) -> Result<Vec<(TurnId, Turn)>> {
    let Some(person) = queue.person.clone() else { return Ok(Vec::new()) };
    if queue.waiting.is_empty() {
        return Ok(Vec::new());
    }
    let drafts = queue.waiting.iter().map(|waiting| Draft {
        row: pack(&core.codec, &person, &waiting.turn),
        turn: Turn::clone(&waiting.turn),
        key: waiting.key.clone(),
        session: Some(waiting.turn.session.number()),
        may_move: true,
    });
    let drafts = drafts.collect();
    let saved = put_all(core, putting(core, &person, scope), drafts, core.now())?;
    Ok(queue.settle(saved))
}

/// Saves what waits for anybody; tells the first failure after trying them all.
pub(super) fn flush_everybody(core: &Core) -> Result<()> {
    let mut outcome = Ok(());
    for queue in core.pending.everybody() {
        let flushed = flush_queue(core, &mut queue.lock(), &Arc::default());
        outcome = outcome.and(flushed.map(|_| ()));
    }
    outcome
}

/// Turns that wait under [`Persist::Every`] are saved with the last handle; whoever needs to
/// know that it worked calls [`Confidant::close`] or `flush`.
impl Drop for Core {
    fn drop(&mut self) {
        let _ = flush_everybody(self);
    }
}
