//! One unit at a time, on a connection of its own.
//!
//! Knows how a unit becomes durable whatever happens to its connection: what is tried again
//! until when, and how a commit that nothing was heard of is settled.

use super::link::{self, Failure, Why, both, failed, followed_by, random};
use super::order::{Committed, Order, run_alone};
use super::pool::{Lent, Pool};
use super::statements::{Begin, Statements, Transaction};
use super::watch::Watch;
use super::{Shared, run};
use crate::error::{Error, ErrorKind, Result};
use crate::store::{Tx, Unit};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_postgres::types::Type;

/// How often the very same value may be taken before that is the unit's own fault: one who
/// was overtaken finds another value at the next try.
const TAKEN_AGAIN: u32 = 3;

/// What reads and writes go through.
pub(super) struct Engine {
    pub(super) shared: Arc<Shared>,
    pub(super) pool: Pool,
    pub(super) order: Order,
    pub(super) watch: Watch,
    pub(super) notify: String,
}

/// A unit that was not made durable, or may not have been.
pub(super) enum Undone {
    Failed(Failure),
    /// `COMMIT` was sent, and nothing was heard.
    Doubtful {
        transaction: Transaction,
        slot: i64,
        mark: i64,
        failure: Failure,
    },
}

impl Undone {
    fn failure(&self) -> &Failure {
        let (Undone::Failed(failure) | Undone::Doubtful { failure, .. }) = self;
        failure
    }
}

impl Engine {
    pub(super) fn read(&self, work: &mut dyn FnMut(&dyn Tx) -> Result<()>) -> Result<()> {
        let until = self.shared.until();
        let mut pauses = Pauses::new(until);
        loop {
            let Err(failure) = self.try_read(work, until) else { return Ok(()) };
            self.learn(&failure.why);
            let again = matches!(failure.why, Why::Lost | Why::Overtaken | Why::Pooled);
            if !again || !pauses.wait() {
                return Err(failure.error);
            }
        }
    }

    /// Runs a unit alone until it is durable, fails for good, or the time is up.
    pub(super) fn write(&self, mut unit: Unit) -> Result<()> {
        let until = self.shared.until();
        let mut pauses = Pauses::new(until);
        let mut taken: Option<(String, u32)> = None;
        loop {
            let undone = match self.try_write(&mut unit, until, true) {
                Ok(done) => return done,
                Err(undone) => undone,
            };
            let failure = undone.failure().clone();
            if self.settle(undone)? {
                return run_alone(unit.committed.take());
            }
            let again = match &failure.why {
                Why::Lost | Why::Overtaken | Why::Pooled => true,
                Why::Taken(value) => {
                    let times = taken
                        .take()
                        .filter(|(before, _)| before == value)
                        .map_or(1, |(_, times)| times + 1);
                    taken = Some((value.clone(), times));
                    times < TAKEN_AGAIN
                }
                Why::Final => false,
            };
            if !again || !pauses.wait() {
                return Err(failure.error);
            }
        }
    }

    /// Learns from a failure, and finds out whether a doubtful commit took place.
    pub(super) fn settle(&self, undone: Undone) -> Result<bool> {
        self.learn(&undone.failure().why);
        let Undone::Doubtful { transaction, slot, mark, .. } = undone else { return Ok(false) };
        let committed = self.was_committed(transaction, slot, mark, self.shared.until())?;
        if committed {
            self.watch.tell_neighbours();
        }
        Ok(committed)
    }

    /// After a loss the other connections are looked at before they are used; and a pooler
    /// that was not seen at the start is noticed.
    fn learn(&self, why: &Why) {
        match why {
            Why::Lost => self.pool.doubt(),
            Why::Pooled if !self.shared.pooled.swap(true, Ordering::AcqRel) => {
                self.watch.give_up();
                self.pool.doubt();
            }
            _ => {}
        }
    }

    fn try_read(
        &self,
        work: &mut dyn FnMut(&dyn Tx) -> Result<()>,
        until: Instant,
    ) -> Result<(), Failure> {
        let mut lent = self.pool.lend(until)?;
        let (done, failure, has_begun) = {
            let statements = Statements::new(lent.link()?, &self.shared, Begin::Read);
            let done = work(&statements);
            (done, statements.failed.take(), statements.has_begun())
        };
        if has_begun {
            // Nobody needs to know how the end of a reading transaction went.
            lent.end();
        }
        match (failure, done) {
            (Some(failure), Err(_)) if failure.why != Why::Final => Err(failure),
            (_, done) => done.map_err(Failure::from),
        }
    }

    /// Runs a unit and commits it. Without patience it fails soon where somebody else holds a
    /// lock.
    pub(super) fn try_write(
        &self,
        unit: &mut Unit,
        until: Instant,
        patient: bool,
    ) -> Result<Result<()>, Undone> {
        let mut lent = self.pool.lend(until).map_err(Undone::Failed)?;
        let link = lent.link().map_err(Undone::Failed)?;
        let begin = if patient { Begin::WritePatiently } else { Begin::Write };
        let statements = Statements::new(link, &self.shared, begin);
        let done = run(unit, &statements);
        let (failure, has_begun) = (statements.failed.take(), statements.has_begun());
        let transaction = statements.transaction.get();
        drop(statements);
        let failure = match (done, failure) {
            (Ok(()), None) => None,
            (Ok(()), Some(failure)) => Some(failure),
            (Err(error), None) => Some(Failure::from(error)),
            (Err(error), Some(failure)) if failure.why == Why::Final => Some(Failure::from(error)),
            (Err(_), failure) => failure,
        };
        if let Some(failure) = failure {
            lent.end();
            if let (Why::Lost, Some(transaction)) = (&failure.why, transaction) {
                // Its locks would be in the way of the next try.
                let _ = self.end(transaction, until);
            }
            return Err(Undone::Failed(failure));
        }
        let Some(transaction) = transaction.filter(|_| has_begun) else {
            return Ok(run_alone(unit.committed.take()));
        };
        self.finish(&mut lent, transaction, || unit.committed.take())
    }

    /// Commits, and runs what follows in its place.
    pub(super) fn finish(
        &self,
        lent: &mut Lent<'_>,
        transaction: Transaction,
        follow: impl FnOnce() -> Committed,
    ) -> Result<Result<()>, Undone> {
        let place = self.order.place();
        let (slot, mark) = (lent.link().map_err(Undone::Failed)?.slot, random().cast_signed());
        match self.commit(lent, slot, mark) {
            Ok(()) => {
                self.watch.tell_neighbours();
                Ok(place.run(follow()))
            }
            Err(failure) if failure.why == Why::Lost => {
                Err(Undone::Doubtful { transaction, slot, mark, failure })
            }
            Err(failure) => {
                lent.end();
                Err(Undone::Failed(failure))
            }
        }
    }

    /// Leaves the mark, commits and tells others, in one round trip.
    ///
    /// The notification is a transaction of its own, right behind the commit on the same
    /// connection: inside, it would make all commits of the server wait for each other.
    fn commit(&self, lent: &mut Lent<'_>, slot: i64, mark: i64) -> Result<(), Failure> {
        let link = lent.link()?;
        let (client, own) = (link.client()?, link.own.clone());
        let leave = async {
            match own {
                Some(own) => client.execute(&own.mark, &[&slot, &mark]).await,
                None => {
                    client
                        .execute_typed(link::MARK, &[(&slot, Type::INT8), (&mark, Type::INT8)])
                        .await
                }
            }
        };
        let work = async {
            let commit = async {
                let (marked, committed) = both(leave, client.batch_execute("COMMIT")).await;
                marked.and(committed)
            };
            Ok(followed_by(commit, client.batch_execute(&self.notify)).await)
        };
        let shown = &self.shared.location.shown;
        link.warned = false;
        link.run("write to", work)?.map_err(|cause| failed("write to", shown, cause))?;
        if link.warned { Err(not_confirmed()) } else { Ok(()) }
    }

    /// Finds out whether a doubtful commit took place: its mark is there if and only if it did.
    fn was_committed(
        &self,
        transaction: Transaction,
        slot: i64,
        mark: i64,
        until: Instant,
    ) -> Result<bool> {
        let settle = || -> Result<bool, Failure> {
            self.end(transaction, until)?;
            let mut link = self.shared.connect()?;
            let schema = &self.shared.location.schema;
            // Written, not read: this commit waits for the synchronous standbys, as the doubtful
            // one may not have done to its end, and nothing that comes later overtakes it.
            let sql = format!(
                "UPDATE {schema}.confidant_marks SET at = now() WHERE slot = {slot} AND mark = {mark} RETURNING 1"
            );
            let is_there = !link.simple(&sql)?.is_empty();
            if link.warned {
                return Err(not_confirmed());
            }
            if is_there {
                // Whether it was told to others is in doubt as well.
                link.simple(&self.notify)?;
            }
            Ok(is_there)
        };
        let mut pauses = Pauses::new(until);
        loop {
            match settle() {
                Ok(committed) => return Ok(committed),
                Err(failure) if failure.why == Why::Lost && pauses.wait() => {}
                Err(failure) => {
                    let message = format!(
                        "the connection to {} was lost during a commit, and it could not be asked whether that \
                         took place; a turn saved again under its key is stored once",
                        self.shared.location.shown
                    );
                    return Err(Error::new(ErrorKind::Io, message).with_source(failure.error));
                }
            }
        }
    }

    /// Makes sure that a transaction whose connection was lost is over: it can neither commit
    /// late nor hold its locks.
    pub(super) fn end(&self, transaction: Transaction, until: Instant) -> Result<(), Failure> {
        let Transaction { backend, began } = transaction;
        let mut link = self.shared.connect()?;
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = {backend} AND pid <> pg_backend_pid() \
             AND datname = current_database() AND (extract(epoch FROM xact_start) * 1000000)::bigint = {began}"
        );
        let mut pauses = Pauses::new(until);
        while !link.simple(&sql)?.is_empty() {
            if !pauses.wait() {
                let message =
                    format!("a transaction on {} does not end", self.shared.location.shown);
                return Err(Error::new(ErrorKind::Busy, message).into());
            }
        }
        Ok(())
    }
}

/// A commit that was made here, but whose way to the synchronous standby was not waited for:
/// somebody cancelled that.
fn not_confirmed() -> Failure {
    let error = Error::new(ErrorKind::Io, "the server gave up waiting for its synchronous standby");
    Failure { why: Why::Lost, error }
}

/// Short random pauses up to a deadline, longer each time.
struct Pauses {
    until: Instant,
    tries: u32,
}

impl Pauses {
    fn new(until: Instant) -> Pauses {
        Pauses { until, tries: 0 }
    }

    /// Waits; false if the time is up.
    fn wait(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        let longest = 200u64 << self.tries.min(9);
        self.tries += 1;
        std::thread::sleep(Duration::from_micros(random() % longest).min(left));
        !left.is_zero()
    }
}
