//! Units of many callers in one transaction.
//!
//! Knows that units about different customers do not see each other, so that their statements
//! may travel side by side: one for each unit in a round trip. A group waits for no lock that
//! another host holds, and whatever goes wrong, each unit goes back to its caller to be run
//! alone.

use super::batch::parcels;
use super::engine::{Engine, Undone};
use super::link::{Failure, Link, Why, all, both, failed};
use super::order::{Committed, panicked, run_alone};
use super::replay::{Question, Script, Step, customer_of};
use super::statements::{Answer, Begin, Transaction};
use crate::error::{Error, ErrorKind, Result, internal};
use crate::store::Unit;
use crate::store::group::{Group, Ran, Writer};
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl super::PostgresStore {
    /// The lane of the customer that a unit is about; otherwise the unit is given back.
    pub(super) fn lane_of(&self, unit: &mut Unit) -> Option<&Group<Lane>> {
        if self.shared.pooled.load(Ordering::Acquire) {
            return None;
        }
        let customer = customer_of(unit)?;
        // Spread also where a host's numbers have a pattern (Knuth's multiplicative hash).
        let spread = customer.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let lane = usize::try_from(spread).unwrap_or(0).checked_rem(self.lanes.len())?;
        self.lanes.get(lane)
    }
}

pub(super) struct Lane {
    engine: Arc<Engine>,
}

/// Places of units whose step after the commit panicked.
type Fallen = Arc<Mutex<Vec<usize>>>;

/// One unit of a group.
struct Member {
    unit: Unit,
    script: Script,
    customer: i64,
    state: State,
}

enum State {
    Asks(Question),
    Ended(Result<()>),
    /// To be run alone, without anything of it in this transaction.
    Out,
}

impl Member {
    fn new(mut unit: Unit, shown: &str) -> Member {
        let script = Script::default();
        let (step, customer) = script.step(&mut unit, shown);
        let state = match step {
            Step::Asks(question) => State::Asks(question),
            Step::Ended(_) | Step::Strays => State::Out,
        };
        Member { unit, script, customer: customer.unwrap_or(0), state }
    }
}

impl Lane {
    pub(super) fn new(engine: &Arc<Engine>) -> Lane {
        Lane { engine: Arc::clone(engine) }
    }

    /// One unit: a round trip less than a group.
    fn single(&self, mut unit: Unit) -> Ran {
        match self.engine.try_write(&mut unit, self.engine.shared.until(), false) {
            Ok(done) => Ran::Done(done),
            Err(Undone::Failed(failure))
                if failure.why == Why::Final && failure.error.kind() != ErrorKind::Busy =>
            {
                Ran::Done(Err(failure.error))
            }
            Err(undone) => match self.engine.settle(undone) {
                Ok(true) => Ran::Done(run_alone(unit.committed.take())),
                Ok(false) => Ran::Back(unit),
                Err(error) => Ran::Done(Err(error)),
            },
        }
    }

    /// Runs the units' statements, round by round, and commits. Nothing is committed if it fails.
    fn together(&self, members: &mut [Member], fallen: &Fallen) -> Result<(), Undone> {
        let until = self.engine.shared.until();
        let mut lent = self.engine.pool.lend(until).map_err(Undone::Failed)?;
        let link = lent.link().map_err(Undone::Failed)?;
        let mut begun = None;
        let ran = self.begin(link, members, &mut begun).and_then(|()| self.rounds(link, members));
        match (ran, begun) {
            (Ok(()), Some(transaction)) => {
                // What panics behind the commit is told to its own caller.
                let _ = self.engine.finish(&mut lent, transaction, || follow(members, fallen))?;
                Ok(())
            }
            (Err(failure), begun) => {
                lent.end();
                if let (Why::Lost, Some(transaction)) = (&failure.why, begun) {
                    // Its locks would be in the way of the next try.
                    let _ = self.engine.end(transaction, until);
                }
                Err(Undone::Failed(failure))
            }
            (Ok(()), None) => Err(Undone::Failed(internal("a group did not begin").into())),
        }
    }

    /// Begins the transaction with the locks of all customers; whose lock is held elsewhere
    /// stays out.
    fn begin(
        &self,
        link: &mut Link,
        members: &mut [Member],
        begun: &mut Option<Transaction>,
    ) -> Result<(), Failure> {
        let shared = &self.engine.shared;
        let (client, own) = (link.client()?, link.own.clone());
        let own =
            own.ok_or_else(|| internal("a group was given a connection that is not its own"))?;
        let inside = members.iter().filter(|member| matches!(member.state, State::Asks(_)));
        let locks: BTreeSet<i64> = inside.map(|member| shared.lock_of(member.customer)).collect();
        let locks: Vec<i64> = locks.into_iter().collect();
        let work = async {
            let begin = client.batch_execute(Begin::Write.sql());
            let (begun, row) = both(begin, client.query_one(&own.locks, &[&locks])).await;
            begun?;
            let row = row?;
            Ok((row.try_get(0)?, row.try_get(1)?, row.try_get::<_, Vec<i64>>(2)?))
        };
        let (backend, began, held): (i64, i64, Vec<i64>) = link.run("write to", work)?;
        if backend != link.backend {
            let error =
                Error::new(ErrorKind::Store, "a pooler lends its connections by transaction");
            return Err(Failure { why: Why::Pooled, error });
        }
        for member in
            members.iter_mut().filter(|member| held.contains(&shared.lock_of(member.customer)))
        {
            member.state = State::Out;
        }
        *begun = Some(Transaction { backend, began });
        Ok(())
    }

    /// Asks what the units ask until none asks any more. Units about the same customer take
    /// turns.
    fn rounds(&self, link: &mut Link, members: &mut [Member]) -> Result<(), Failure> {
        let shown = &self.engine.shared.location.shown;
        loop {
            let mut busy = BTreeSet::new();
            let asking = members.iter_mut().filter(|member| matches!(member.state, State::Asks(_)));
            let mut asking: Vec<&mut Member> =
                asking.filter(|member| busy.insert(member.customer)).collect();
            if asking.is_empty() {
                return Ok(());
            }
            let answers = ask(link, &asking, shown)?;
            for (member, answer) in asking.iter_mut().zip(answers) {
                member.go_on(answer, shown)?;
            }
        }
    }
}

impl Member {
    /// What its caller is told.
    fn end(self, committed: &Result<bool>) -> Ran {
        match (committed, self.state) {
            (Ok(true), State::Ended(done)) => Ran::Done(done),
            (Ok(_), _) | (_, State::Out) => Ran::Back(self.unit),
            (Err(error), _) => Ran::Done(Err(error.clone())),
        }
    }

    fn go_on(&mut self, answer: Answer, shown: &str) -> Result<(), Failure> {
        if let State::Asks(question) = &self.state {
            self.script.note(question, answer);
        }
        self.state = match self.script.step(&mut self.unit, shown).0 {
            Step::Asks(question) => State::Asks(question),
            // What it changed must not be committed.
            Step::Ended(Err(error)) if self.script.has_changed => return Err(error.into()),
            Step::Ended(done) => State::Ended(done),
            Step::Strays => {
                return Err(internal("a unit asked something else the second time").into());
            }
        };
        Ok(())
    }
}

/// Sends one statement of each and waits for all answers.
fn ask(link: &mut Link, asking: &[&mut Member], shown: &str) -> Result<Vec<Answer>, Failure> {
    let questions = asking.iter().filter_map(|member| match &member.state {
        State::Asks(question) => Some(question),
        _ => None,
    });
    let parcels = parcels(link, &questions.collect::<Vec<_>>())?;
    let client = link.client()?;
    let sent = parcels.iter().map(|parcel| Box::pin(parcel.send(&client))).collect();
    let answers = link.run("write to", async { Ok(all(sent).await) })?;
    let mut opened = Vec::with_capacity(asking.len());
    for (parcel, answer) in parcels.into_iter().zip(answers) {
        opened.extend(parcel.open(answer.map_err(|cause| failed("write to", shown, cause))?)?);
    }
    opened.sort_unstable_by_key(|(place, _)| *place);
    Ok(opened.into_iter().map(|(_, answer)| answer).collect())
}

/// What follows the commit, for all units that are in it; those whose step panics are named.
fn follow(members: &mut [Member], fallen: &Fallen) -> Committed {
    let ended = members
        .iter_mut()
        .enumerate()
        .filter(|(_, member)| matches!(member.state, State::Ended(Ok(()))));
    let steps: Vec<_> =
        ended.filter_map(|(place, member)| Some((place, member.unit.committed.take()?))).collect();
    let fallen = Arc::clone(fallen);
    Some(Box::new(move || {
        for (place, step) in steps {
            if catch_unwind(AssertUnwindSafe(step)).is_err() {
                fallen.lock().push(place);
            }
        }
    }))
}

impl Writer for Lane {
    fn commit(&mut self, units: Vec<Unit>) -> Vec<Ran> {
        if units.len() == 1 {
            return units.into_iter().map(|unit| self.single(unit)).collect();
        }
        let shown = &self.engine.shared.location.shown;
        let mut members: Vec<Member> =
            units.into_iter().map(|unit| Member::new(unit, shown)).collect();
        let fallen = Arc::default();
        let committed = match self.together(&mut members, &fallen) {
            Ok(()) => Ok(true),
            Err(undone) => self.engine.settle(undone).inspect(|committed| {
                if *committed {
                    let _ = run_alone(follow(&mut members, &fallen));
                }
            }),
        };
        for place in fallen.lock().drain(..) {
            if let Some(member) = members.get_mut(place) {
                member.state = State::Ended(Err(panicked()));
            }
        }
        members.into_iter().map(|member| member.end(&committed)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::Place;
    use crate::error::{ErrorKind, Result, invalid};
    use crate::store::{Store, Tx, conformance};
    use std::time::Duration;

    const READ: &str = "SELECT value FROM counters WHERE name = 'tenants'";
    const WRITE: &str = "UPDATE counters SET value = ?1 WHERE name = 'tenants'";
    const ADD: &str = "INSERT INTO tenants (id, name) VALUES (?1, ?2) RETURNING id";

    fn opened(busy_timeout: Duration) -> Option<(Place, Box<dyn Store>)> {
        let place = Place::new()?;
        let options = crate::store::Options { busy_timeout, ..conformance::options() };
        let store = crate::store::open(&place.location, &options).expect("opens");
        Some((place, store))
    }

    /// Units of 16 callers, 20 of each, all at once.
    fn many(
        store: &dyn Store,
        work: impl Fn(&dyn Tx, i64, i64) -> Result<()> + Send + Copy + 'static,
    ) -> Vec<i64> {
        std::thread::scope(|scope| {
            let callers: Vec<_> = (0..16)
                .map(|caller| {
                    let saved = move |number: i64| {
                        let done =
                            store.write_with(move |tx| work(tx, caller, caller * 20 + number));
                        done.is_ok().then_some(caller * 20 + number)
                    };
                    scope.spawn(move || (0..20).filter_map(saved).collect::<Vec<i64>>())
                })
                .collect();
            callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect()
        })
    }

    fn add(tx: &dyn Tx, number: i64) -> Result<()> {
        let name = format!("tenant {number}");
        let given = tx.first(ADD, &[number.into(), name.as_str().into()], |row| row.int(0))?;
        assert_eq!(given, Some(number), "the answer of another unit");
        Ok(())
    }

    fn numbers(store: &dyn Store) -> Vec<i64> {
        let read =
            |tx: &dyn Tx| tx.all("SELECT id FROM tenants ORDER BY id", &[], |row| row.int(0));
        store.read_with(read).expect("read")
    }

    #[test]
    fn callers_that_come_at_once_share_transactions_and_each_gets_its_own_answer() {
        let Some((_place, store)) = opened(Duration::from_secs(5)) else { return };
        let saved = many(&*store, |tx, caller, number| {
            tx.keep_to(caller + 1)?;
            add(tx, number)
        });
        assert_eq!(saved, (0..320).collect::<Vec<i64>>());
        assert_eq!(numbers(&*store), saved);
        let sql = "SELECT count(DISTINCT xmin::text) FROM tenants";
        let transactions =
            store.read_with(|tx| tx.first(sql, &[], |row| row.int(0))).expect("read").unwrap_or(0);
        assert!((1..200).contains(&transactions), "320 units took {transactions} transactions");
    }

    #[test]
    fn one_that_fails_takes_nobody_along() {
        let Some((_place, store)) = opened(Duration::from_secs(5)) else { return };
        let saved = many(&*store, |tx, caller, number| {
            tx.keep_to(caller + 1)?;
            add(tx, number)?;
            if number % 7 == 3 { Err(invalid("changed my mind")) } else { Ok(()) }
        });
        assert_eq!(saved, (0..320).filter(|number| number % 7 != 3).collect::<Vec<i64>>());
        assert_eq!(numbers(&*store), saved);
    }

    #[test]
    fn units_about_one_customer_take_turns_also_in_a_group() {
        let Some((_place, store)) = opened(Duration::from_secs(20)) else { return };
        let saved = many(&*store, |tx, _, _| {
            tx.keep_to(7)?;
            let value = tx.first(READ, &[], |row| row.int(0))?.unwrap_or(-1);
            tx.execute(WRITE, &[(value + 1).into()]).map(|_| ())
        });
        assert_eq!(saved.len(), 320);
        let value = store.read_with(|tx| tx.first(READ, &[], |row| row.int(0))).expect("read");
        assert_eq!(value, Some(320));
    }

    #[test]
    fn a_customer_whose_lock_another_host_holds_keeps_nobody_waiting() {
        let Some((place, store)) = opened(Duration::from_millis(1_500)) else { return };
        let (location, mut holder) = place.link();
        let lock = super::super::open::tag(&location.schema) << 40 | 1;
        holder.simple(&format!("BEGIN; SELECT pg_advisory_xact_lock({lock})")).expect("locked");
        let held = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for customer in 1..=8 {
                let (store, held) = (&store, &held);
                scope.spawn(move || {
                    for number in 0..if customer == 1 { 1 } else { 20 } {
                        let start = std::time::Instant::now();
                        let done = store.write_with(move |tx| {
                            tx.keep_to(customer)?;
                            add(tx, customer * 100 + number)
                        });
                        match done {
                            Err(error) if customer == 1 => {
                                assert_eq!(error.kind(), ErrorKind::Busy);
                                held.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
                            }
                            done => done.expect("not held"),
                        }
                        let is_quick = start.elapsed() < Duration::from_millis(1_000);
                        assert!(customer == 1 || is_quick, "waited {:?}", start.elapsed());
                    }
                });
            }
        });
        assert_eq!(held.into_inner(), 1);
        assert_eq!(numbers(&*store).len(), 7 * 20);
    }
}
