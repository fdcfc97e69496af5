//! The statements of one unit of work on one connection.
//!
//! Knows how the shared SQL becomes PostgreSQL's, that `BEGIN` and the customer's lock travel
//! with the first statement, and how values are carried: a NUL, which PostgreSQL's text
//! cannot hold, is written as U+10FFFF and `0`, and U+10FFFF itself as U+10FFFF and `1`.

use super::Shared;
use super::link::{Failure, Link, Own, Why, both, failed, texts};
use crate::error::{Error, ErrorKind, Result, internal};
use crate::store::{Row, Tx, Value};
use parking_lot::Mutex;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Statement};

const ESCAPE: char = '\u{10ffff}';

/// A static text by its address and length.
type Fixed = (usize, usize);

/// The shared SQL with PostgreSQL's placeholders, written once for the whole process.
pub(super) fn rewritten(sql: &'static str) -> Arc<str> {
    static TEXTS: Mutex<Option<HashMap<Fixed, Arc<str>>>> = Mutex::new(None);
    let mut texts = TEXTS.lock();
    let texts = texts.get_or_insert_default();
    Arc::clone(texts.entry(place(sql)).or_insert_with(|| Arc::from(sql.replace('?', "$"))))
}

fn place(sql: &'static str) -> Fixed {
    (sql.as_ptr().addr(), sql.len())
}

/// The server's transaction behind a unit: tells it from every other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transaction {
    pub(super) backend: i64,
    /// When it began, in microseconds.
    pub(super) began: i64,
}

pub(super) struct Statements<'l> {
    link: RefCell<&'l mut Link>,
    shared: &'l Shared,
    begun: Cell<bool>,
    /// A customer's lock that is still to be taken, before the next statement.
    lock: Cell<Option<i64>>,
    begin: Begin,
    locked: Cell<Option<i64>>,
    pub(super) transaction: Cell<Option<Transaction>>,
    /// Why the first statement that failed did so.
    pub(super) failed: RefCell<Option<Failure>>,
}

/// What a statement gave.
pub(super) enum Answer {
    Rows(Vec<tokio_postgres::Row>),
    Changed(u64),
}

impl<'l> Statements<'l> {
    pub(super) fn new(link: &'l mut Link, shared: &'l Shared, begin: Begin) -> Statements<'l> {
        Statements {
            link: RefCell::new(link),
            shared,
            begun: Cell::new(false),
            lock: Cell::new(None),
            begin,
            locked: Cell::new(None),
            transaction: Cell::new(None),
            failed: RefCell::new(None),
        }
    }

    /// Whether anything was sent.
    pub(super) fn has_begun(&self) -> bool {
        self.begun.get()
    }

    fn send(&self, sql: &'static str, values: &[Value], tried: &str, rows: bool) -> Result<Answer> {
        if let Some(failure) = &*self.failed.borrow() {
            return Err(failure.error.clone());
        }
        self.try_send(sql, values, tried, rows).map_err(|failure| {
            let error = failure.error.clone();
            *self.failed.borrow_mut() = Some(failure);
            error
        })
    }

    fn try_send(
        &self,
        sql: &'static str,
        values: &[Value],
        tried: &str,
        rows: bool,
    ) -> Result<Answer, Failure> {
        let mut link = self.link.borrow_mut();
        let (client, own) = (link.client()?, link.own.clone());
        let (begins, lock) = (!self.begun.replace(true), self.lock.take());
        let place = place(sql);
        let prepared = link.prepared.get(&(place.0, place.1, false)).cloned();
        let (shared, begin) = (self.shared, self.begin);
        let shown = &*shared.location.shown;
        let text = rewritten(sql);
        let types: Vec<Type> = values.iter().map(Value::sql_type).collect();
        let statement = async {
            let (client, text) = (&*client, &*text);
            if own.is_none() {
                return (typed(client, text, values, rows).await, None);
            }
            match prepared {
                Some(statement) => (with(client, &statement, values.iter(), rows).await, None),
                None => match prepare(client, text, &types).await {
                    Ok(statement) => {
                        (with(client, &statement, values.iter(), rows).await, Some(statement))
                    }
                    Err(cause) => (Err(cause), None),
                },
            }
        };
        let work = async {
            let (first, (answer, new)) =
                both(first(shared, begin, &client, own.as_ref(), begins, lock), statement).await;
            Ok((first, answer, new))
        };
        let (first, answer, new) = link.run(tried, work)?;
        let which = first.map_err(|cause| failed(tried, shown, cause))?;
        if begins {
            self.check(which, &link)?;
        }
        if let Some(statement) = new {
            link.prepared.insert((place.0, place.1, false), statement);
        }
        answer.map_err(|cause| failed(tried, shown, cause))
    }

    /// Which transaction this is, and that it runs where the statements were prepared.
    fn check(&self, which: Option<Transaction>, link: &Link) -> Result<(), Failure> {
        let which =
            which.ok_or_else(|| internal("the server did not say which transaction it began"))?;
        self.transaction.set(Some(which));
        if link.own.is_some() && which.backend != link.backend {
            let error =
                Error::new(ErrorKind::Store, "a pooler lends its connections by transaction");
            return Err(Failure { why: Why::Pooled, error });
        }
        Ok(())
    }
}

/// What travels before a statement: the transaction's beginning, a customer's lock.
async fn first(
    shared: &Shared,
    begin: Begin,
    client: &Client,
    own: Option<&Own>,
    begins: bool,
    lock: Option<i64>,
) -> Result<Option<Transaction>, tokio_postgres::Error> {
    if !begins && lock.is_none() {
        return Ok(None);
    }
    let Some(own) = own else {
        let begin = begins.then(|| shared.begin_pooled(begin));
        let lock = lock.map(|lock| format!("SELECT pg_advisory_xact_lock({lock})"));
        let both: Vec<String> = begin.into_iter().chain(lock).collect();
        let rows = texts(&client.simple_query(&both.join("; ")).await?);
        let number = |place: usize| rows.first()?.get(place)?.parse().ok();
        return Ok(number(0).zip(number(1)).map(|(backend, began)| Transaction { backend, began }));
    };
    let begin = match begin {
        Begin::WritePatiently => &shared.patiently,
        begin => begin.sql(),
    };
    let begun = async { if begins { client.batch_execute(begin).await } else { Ok(()) } };
    let which = async {
        match &lock {
            Some(lock) => client.query_one(&own.which_and_lock, &[lock]).await,
            None => client.query_one(&own.which, &[]).await,
        }
    };
    let (begun, which) = both(begun, which).await;
    begun?;
    let which = which?;
    Ok(Some(Transaction { backend: which.try_get(0)?, began: which.try_get(1)? }))
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    Read,
    /// Waits for a lock no longer than others can be kept waiting for that.
    Write,
    /// Waits for a lock as long as the busy timeout says.
    WritePatiently,
}

impl Begin {
    pub(super) fn sql(self) -> &'static str {
        match self {
            Begin::Write | Begin::WritePatiently => {
                "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
            }
            Begin::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }
}

pub(super) type Bound<'v> = &'v (dyn ToSql + Sync);

pub(super) async fn prepare(
    client: &Client,
    text: &str,
    types: &[Type],
) -> Result<Statement, tokio_postgres::Error> {
    client.prepare_typed(text, types).await
}

pub(super) async fn with(
    client: &Client,
    statement: &Statement,
    values: impl Iterator<Item = &Value>,
    rows: bool,
) -> Result<Answer, tokio_postgres::Error> {
    let values: Vec<Bound<'_>> = values.map(|value| -> Bound<'_> { value }).collect();
    match rows {
        true => client.query(statement, &values).await.map(Answer::Rows),
        false => client.execute(statement, &values).await.map(Answer::Changed),
    }
}

/// Without a name on the server, in one round trip.
async fn typed(
    client: &Client,
    text: &str,
    values: &[Value],
    rows: bool,
) -> Result<Answer, tokio_postgres::Error> {
    let bound = values.iter().map(|value| -> Bound<'_> { value });
    let values: Vec<(Bound<'_>, Type)> = bound.zip(values.iter().map(Value::sql_type)).collect();
    match rows {
        true => client.query_typed(text, &values).await.map(Answer::Rows),
        false => client.execute_typed(text, &values).await.map(Answer::Changed),
    }
}

impl Tx for Statements<'_> {
    fn execute(&self, sql: &'static str, values: &[Value]) -> Result<u64> {
        match self.send(sql, values, "write to", false)? {
            Answer::Changed(rows) => Ok(rows),
            Answer::Rows(rows) => Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX)),
        }
    }

    fn query(
        &self,
        sql: &'static str,
        values: &[Value],
        each: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let Answer::Rows(rows) = self.send(sql, values, "read from", true)? else { return Ok(()) };
        rows.iter().try_for_each(|row| each(&PostgresRow::new(row, &self.shared.location.shown)))
    }

    fn number(&self, counter: &'static str) -> Result<i64> {
        self.shared.numbers.next(counter, self.shared).map_err(|failure| {
            let error = failure.error.clone();
            *self.failed.borrow_mut() = Some(failure);
            error
        })
    }

    fn keep_to(&self, customer: i64) -> Result<()> {
        if self.begin == Begin::Read || self.locked.get() == Some(customer) {
            return Ok(());
        }
        self.locked.set(Some(customer));
        self.lock.set(Some(self.shared.lock_of(customer)));
        Ok(())
    }
}

impl Value {
    pub(super) fn sql_type(&self) -> Type {
        match self {
            Value::Null => Type::UNKNOWN,
            Value::Int(_) => Type::INT8,
            Value::Text(_) => Type::TEXT,
            Value::Bytes(_) => Type::BYTEA,
        }
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Null => Ok(IsNull::Yes),
            Value::Int(value) => value.to_sql(ty, out),
            Value::Text(value) => escaped(value).as_ref().to_sql(ty, out),
            Value::Bytes(value) => value.as_slice().to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::TEXT | Type::BYTEA | Type::UNKNOWN)
    }

    to_sql_checked!();
}

fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\0' => out.extend([ESCAPE, '0']),
            ESCAPE => out.extend([ESCAPE, '1']),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

fn unescaped(text: &str) -> Option<String> {
    if !text.contains(ESCAPE) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            ESCAPE => out.push(if chars.next() == Some('0') { '\0' } else { ESCAPE }),
            other => out.push(other),
        }
    }
    Some(out)
}

pub(super) struct PostgresRow<'r> {
    row: &'r tokio_postgres::Row,
    shown: &'r str,
    /// Texts that were stored escaped, by column.
    texts: Vec<(usize, String)>,
}

impl<'r> PostgresRow<'r> {
    pub(super) fn new(row: &'r tokio_postgres::Row, shown: &'r str) -> PostgresRow<'r> {
        let columns =
            row.columns().iter().enumerate().filter(|(_, column)| *column.type_() == Type::TEXT);
        let texts = columns.filter_map(|(place, _)| {
            let text = row.try_get::<_, Option<&str>>(place).ok().flatten()?;
            Some((place, unescaped(text)?))
        });
        PostgresRow { row, shown, texts: texts.collect() }
    }

    fn unexpected(&self, column: usize, expected: &str) -> Error {
        let name = self.row.columns().get(column).map_or("?", |column| column.name());
        Error::new(
            ErrorKind::Corrupt,
            format!("{} is damaged: a value in column {name} is not {expected}", self.shown),
        )
    }
}

impl Row for PostgresRow<'_> {
    fn int(&self, column: usize) -> Result<i64> {
        self.opt_int(column)?.ok_or_else(|| self.unexpected(column, "a number"))
    }

    fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        if self.row.columns().get(column).is_some_and(|column| *column.type_() == Type::INT4) {
            let value: Option<i32> =
                self.row.try_get(column).map_err(|_| self.unexpected(column, "a number"))?;
            return Ok(value.map(i64::from));
        }
        self.row.try_get(column).map_err(|_| self.unexpected(column, "a number"))
    }

    fn text(&self, column: usize) -> Result<&str> {
        if let Some((_, text)) = self.texts.iter().find(|(place, _)| *place == column) {
            return Ok(text);
        }
        self.row.try_get(column).map_err(|_| self.unexpected(column, "a text"))
    }

    fn bytes(&self, column: usize) -> Result<&[u8]> {
        self.row.try_get(column).map_err(|_| self.unexpected(column, "a byte string"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_from_its_escaped_form() {
        for text in ["", "plain", "\0", "a\0b\0", "\u{10ffff}", "\u{10ffff}0", "\0\u{10ffff}1"] {
            let stored = escaped(text);
            assert!(!stored.contains('\0'));
            assert_eq!(unescaped(&stored).as_deref().unwrap_or(&stored), text);
        }
    }

    #[test]
    fn placeholders_become_postgresqls() {
        assert_eq!(&*rewritten("SELECT ?1, ?12"), "SELECT $1, $12");
    }
}
