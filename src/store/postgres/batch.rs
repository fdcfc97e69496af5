//! The same statement for many units, sent as one.
//!
//! Knows that half of the time of a short statement goes into its messages: so inserts of
//! different customers, which do not see each other anyway, become the parts of one `WITH`.

use super::link::{Failure, Link};
use super::replay::Question;
use super::statements::{Answer, prepare, rewritten, with};
use crate::error::internal;
use crate::store::Value;
use std::fmt::Write;
use tokio_postgres::Statement;

/// How many units' statements become one: a few sizes, since each is prepared on its own.
const SIZES: [usize; 4] = [16, 8, 4, 2];

/// Statements that travel as one, by the places of those who asked them.
pub(super) struct Parcel<'q> {
    pub(super) places: Vec<usize>,
    questions: Vec<&'q Question>,
    statement: Statement,
}

/// Puts questions together as far as they can be.
pub(super) fn parcels<'q>(link: &mut Link, questions: &[&'q Question]) -> Result<Vec<Parcel<'q>>, Failure> {
    let mut parcels = Vec::new();
    let mut left: Vec<usize> = (0..questions.len()).collect();
    while let Some(first) = left.first().and_then(|place| questions.get(*place)) {
        let alike = |place: &usize| questions.get(*place).is_some_and(|question| first.is_like(question));
        let (mut same, others): (Vec<usize>, Vec<usize>) = left.iter().partition(|place| alike(place));
        while !same.is_empty() {
            let size = SIZES.into_iter().find(|size| first.gives_new_rows() && *size <= same.len()).unwrap_or(1);
            let places: Vec<usize> = same.drain(..size).collect();
            let statement = prepared(link, first, size)?;
            let questions = places.iter().filter_map(|place| questions.get(*place).copied()).collect();
            parcels.push(Parcel { places, questions, statement });
        }
        left = others;
    }
    Ok(parcels)
}

fn prepared(link: &mut Link, question: &Question, size: usize) -> Result<Statement, Failure> {
    let key = (question.sql.as_ptr().addr(), question.sql.len(), size);
    if let Some(statement) = link.prepared.get(&key) {
        return Ok(statement.clone());
    }
    let (client, one) = (link.client()?, rewritten(question.sql));
    let text = if size == 1 { one.to_string() } else { joined(&one, question.values.len(), size) };
    let types: Vec<_> = (0..size).flat_map(|_| question.values.iter().map(Value::sql_type)).collect();
    let statement = link.run("talk to", prepare(&client, &text, &types))?;
    link.prepared.insert(key, statement.clone());
    Ok(statement)
}

/// One statement made of so many; the last column of a row says which one it is of.
fn joined(one: &str, values: usize, size: usize) -> String {
    let (mut parts, mut rows) = (String::new(), String::new());
    for part in 0..size {
        let (comma, union) = if part == 0 { ("WITH ", "") } else { (", ", " UNION ALL ") };
        let _ = write!(parts, "{comma}u{part} AS ({})", shifted(one, part * values));
        let _ = write!(rows, "{union}SELECT u{part}.*, {part}::bigint FROM u{part}");
    }
    format!("{parts} {rows}")
}

/// The statement with its placeholders counted on from a number.
fn shifted(one: &str, by: usize) -> String {
    let mut pieces = one.split('$');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.find(|char: char| !char.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(digits);
        let _ = write!(text, "${}{rest}", number.parse::<usize>().unwrap_or(0) + by);
    }
    text
}

impl Question {
    /// Whether both are the same statement with values of the same types.
    fn is_like(&self, other: &Question) -> bool {
        let types = |question: &Question| question.values.iter().map(Value::sql_type).collect::<Vec<_>>();
        self.sql == other.sql && self.gives_rows == other.gives_rows && types(self) == types(other)
    }

    fn gives_new_rows(&self) -> bool {
        self.gives_rows && self.sql.starts_with("INSERT")
    }
}

impl Parcel<'_> {
    pub(super) async fn send(&self, client: &tokio_postgres::Client) -> Result<Answer, tokio_postgres::Error> {
        let gives_rows = self.questions.iter().any(|question| question.gives_rows);
        let values = self.questions.iter().flat_map(|question| &question.values);
        with(client, &self.statement, values, gives_rows).await
    }

    /// Each question's own answer, by place.
    pub(super) fn open(self, answer: Answer) -> Result<Vec<(usize, Answer)>, Failure> {
        let rows = match (answer, self.places.as_slice()) {
            (answer, [place]) => return Ok(vec![(*place, answer)]),
            (Answer::Rows(rows), _) => rows,
            (Answer::Changed(_), _) => return Err(internal("a joined statement gave no rows").into()),
        };
        let mut parts: Vec<Vec<tokio_postgres::Row>> = self.places.iter().map(|_| Vec::new()).collect();
        for row in rows {
            let part = row.len().checked_sub(1).and_then(|last| row.try_get::<_, i64>(last).ok());
            let part = part.and_then(|part| parts.get_mut(usize::try_from(part).ok()?));
            part.ok_or_else(|| internal("a joined statement gave a row of nobody"))?.push(row);
        }
        Ok(self.places.into_iter().zip(parts.into_iter().map(Answer::Rows)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_joined_with_placeholders_of_their_own() {
        let one = "INSERT INTO t SELECT $1, $12 RETURNING id";
        let text = "WITH u0 AS (INSERT INTO t SELECT $1, $12 RETURNING id), \
                    u1 AS (INSERT INTO t SELECT $13, $24 RETURNING id) \
                    SELECT u0.*, 0::bigint FROM u0 UNION ALL SELECT u1.*, 1::bigint FROM u1";
        assert_eq!(joined(one, 12, 2), text);
    }
}
