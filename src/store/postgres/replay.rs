//! What a unit asks, found out without a connection.
//!
//! Knows that a unit may run more than once and has no effect but its statements: so it is
//! run with the answers it was given so far, up to the first question that has none yet. The
//! questions of many units then travel together.

use super::statements::{Answer, PostgresRow};
use crate::error::{Result, internal};
use crate::store::{Row, Tx, Unit, Value};
use std::cell::{Cell, RefCell};

/// A statement that a unit wants to run.
pub(super) struct Question {
    pub(super) sql: &'static str,
    pub(super) values: Vec<Value>,
    pub(super) gives_rows: bool,
}

/// How far a unit got.
pub(super) enum Step {
    Asks(Question),
    Ended(Result<()>),
    /// It must not share a transaction.
    Strays,
}

/// The answers that a unit was given so far.
#[derive(Default)]
pub(super) struct Script {
    past: Vec<(&'static str, Answer)>,
    /// Whether anything was changed.
    pub(super) has_changed: bool,
}

impl Script {
    pub(super) fn note(&mut self, question: &Question, answer: Answer) {
        let is_read = question.sql.starts_with("SELECT");
        self.has_changed |= match &answer {
            Answer::Rows(rows) => !is_read && !rows.is_empty(),
            Answer::Changed(rows) => *rows > 0,
        };
        self.past.push((question.sql, answer));
    }

    /// Runs the unit up to its next question; also tells whom it is about.
    pub(super) fn step(&self, unit: &mut Unit, shown: &str) -> (Step, Option<i64>) {
        let replay = Replay {
            past: &self.past,
            place: Cell::new(0),
            question: RefCell::new(None),
            customer: Cell::new(None),
            strays: Cell::new(false),
            shown,
        };
        let ended = super::run(unit, &replay);
        let step = match (replay.strays.get(), replay.question.take()) {
            (true, _) => Step::Strays,
            (false, Some(question)) => Step::Asks(question),
            (false, None) => Step::Ended(ended),
        };
        (step, replay.customer.get())
    }
}

/// Whom a unit is about; `None` if it is not about one customer only, or cannot be told
/// without asking.
pub(super) fn customer_of(unit: &mut Unit) -> Option<i64> {
    match Script::default().step(unit, "") {
        (Step::Asks(_), customer) => customer,
        _ => None,
    }
}

struct Replay<'s> {
    past: &'s [(&'static str, Answer)],
    /// How many of the answers were given again.
    place: Cell<usize>,
    question: RefCell<Option<Question>>,
    customer: Cell<Option<i64>>,
    strays: Cell<bool>,
    shown: &'s str,
}

impl Replay<'_> {
    /// The answer to a statement, if it was given.
    fn answer(&self, sql: &'static str, values: &[Value], gives_rows: bool) -> Result<&Answer> {
        let place = self.place.replace(self.place.get() + 1);
        match self.past.get(place) {
            Some((asked, answer)) if *asked == sql => return Ok(answer),
            None if self.customer.get().is_some() => {
                let mut question = self.question.borrow_mut();
                if question.is_none() {
                    *question = Some(Question { sql, values: values.to_vec(), gives_rows });
                }
            }
            _ => self.strays.set(true),
        }
        Err(internal("a unit has to wait for an answer"))
    }
}

impl Tx for Replay<'_> {
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<u64> {
        match self.answer(sql, values, false)? {
            Answer::Changed(rows) => Ok(*rows),
            Answer::Rows(rows) => Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX)),
        }
    }

    fn query(
        &self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let Answer::Rows(rows) = self.answer(sql, values, true)? else { return Ok(()) };
        rows.iter().try_for_each(|row| each(&PostgresRow::new(row, self.shown)))
    }

    fn keep_to(&self, customer: i64) -> Result<()> {
        match self.customer.get() {
            None if self.place.get() == 0 => self.customer.set(Some(customer)),
            Some(known) if known == customer => {}
            _ => self.strays.set(true),
        }
        Ok(())
    }

    fn number(&self, _counter: &'static str) -> Result<i64> {
        self.strays.set(true);
        Err(internal("a unit has to run alone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(work: impl FnMut(&dyn Tx) -> Result<()> + Send + 'static) -> Unit {
        Unit { work: Box::new(work), committed: None }
    }

    #[test]
    fn a_unit_asks_one_question_after_the_other() {
        let mut asking = unit(|tx| {
            tx.keep_to(7)?;
            if tx.execute("UPDATE a", &[1.into()])? == 1 {
                tx.execute("UPDATE b", &[])?;
            }
            Ok(())
        });
        assert_eq!(customer_of(&mut asking), Some(7));
        let mut script = Script::default();
        for sql in ["UPDATE a", "UPDATE b"] {
            let (Step::Asks(question), Some(7)) = script.step(&mut asking, "") else {
                panic!("asks nothing")
            };
            assert_eq!((question.sql, question.gives_rows), (sql, false));
            assert_eq!(script.has_changed, sql == "UPDATE b");
            script.note(&question, Answer::Changed(1));
        }
        assert!(matches!(script.step(&mut asking, ""), (Step::Ended(Ok(())), Some(7))));
    }

    #[test]
    fn what_is_not_about_one_customer_runs_alone() {
        let nobody = |tx: &dyn Tx| tx.execute("UPDATE a", &[]).map(|_| ());
        let late = |tx: &dyn Tx| {
            let _ = tx.execute("UPDATE a", &[]);
            tx.keep_to(7)
        };
        let numbers = |tx: &dyn Tx| {
            tx.keep_to(7)?;
            tx.number("customers").map(|_| ())
        };
        assert_eq!(customer_of(&mut unit(nobody)), None);
        assert_eq!(customer_of(&mut unit(late)), None);
        assert_eq!(customer_of(&mut unit(numbers)), None);
        let two = |tx: &dyn Tx| {
            tx.keep_to(7)?;
            tx.keep_to(8)?;
            tx.execute("UPDATE a", &[]).map(|_| ())
        };
        assert_eq!(customer_of(&mut unit(two)), None);
        assert_eq!(customer_of(&mut unit(|_| panic!("a planted panic"))), None);
    }

    #[test]
    fn a_unit_that_asks_something_else_the_second_time_strays() {
        let mut count = 0;
        let mut changing = unit(move |tx| {
            count += 1;
            tx.keep_to(7)?;
            tx.execute(if count == 1 { "UPDATE a" } else { "UPDATE b" }, &[]).map(|_| ())
        });
        let mut script = Script::default();
        let (Step::Asks(question), _) = script.step(&mut changing, "") else {
            panic!("asks nothing")
        };
        script.note(&question, Answer::Changed(0));
        assert!(matches!(script.step(&mut changing, ""), (Step::Strays, _)));
    }
}
