//! The same statement for many units, sent as one.
//!
//! Knows that most of the time of a short statement goes into its messages and into setting it
//! up: so inserts of different customers, which do not see each other anyway, become one that
//! runs over a list of their values.

use super::link::{Failure, Link};
use super::replay::Question;
use super::statements::{Answer, Bound, prepare, rewritten, with};
use crate::error::internal;
use crate::store::Value;
use std::fmt::Write;
use tokio_postgres::Statement;
use tokio_postgres::types::Type;

/// Statements that travel as one, by the places of those who asked them.
pub(super) struct Parcel<'q> {
    pub(super) places: Vec<usize>,
    questions: Vec<&'q Question>,
    statement: Statement,
}

/// Puts questions together as far as they can be.
pub(super) fn parcels<'q>(
    link: &mut Link,
    questions: &[&'q Question],
) -> Result<Vec<Parcel<'q>>, Failure> {
    let mut parcels = Vec::new();
    let mut left: Vec<usize> = (0..questions.len()).collect();
    while let Some(first) = left.first().and_then(|place| questions.get(*place)) {
        let insert = Insert::of(first);
        let alike =
            |place: &usize| questions.get(*place).is_some_and(|question| question.is_like(first));
        let (same, others): (Vec<usize>, Vec<usize>) = match &insert {
            Some(_) => left.iter().partition(|place| alike(place)),
            None => {
                (left.iter().take(1).copied().collect(), left.iter().skip(1).copied().collect())
            }
        };
        let insert = insert.filter(|_| same.len() > 1);
        let statement = prepared(link, first, insert.as_ref())?;
        let questions = same.iter().filter_map(|place| questions.get(*place).copied()).collect();
        parcels.push(Parcel { places: same, questions, statement });
        left = others;
    }
    Ok(parcels)
}

fn prepared(
    link: &mut Link,
    question: &Question,
    insert: Option<&Insert>,
) -> Result<Statement, Failure> {
    let key = (question.sql.as_ptr().addr(), question.sql.len(), insert.is_some());
    if let Some(statement) = link.prepared.get(&key) {
        return Ok(statement.clone());
    }
    let (text, types) = match insert {
        None => (
            rewritten(question.sql).to_string(),
            question.values.iter().map(Value::sql_type).collect(),
        ),
        Some(insert) => {
            // The server knows the types of values that are NULL here.
            let types = prepared(link, question, None)?.params().to_vec();
            let lists: Option<Vec<Type>> = types.iter().map(list_of).collect();
            (
                insert.of_many(&types),
                lists.ok_or_else(|| internal("a statement has a value of an unknown type"))?,
            )
        }
    };
    let client = link.client()?;
    let statement = link.run("talk to", prepare(&client, &text, &types))?;
    link.prepared.insert(key, statement.clone());
    Ok(statement)
}

/// The parts of an `INSERT` that gives back the first column of its new row, its key.
struct Insert {
    table: String,
    columns: String,
    /// What gives the row's values.
    source: String,
    /// `ON CONFLICT` and `RETURNING`.
    rest: String,
}

impl Insert {
    fn of(question: &Question) -> Option<Insert> {
        let text = rewritten(question.sql);
        let (table, rest) = text.strip_prefix("INSERT INTO ")?.split_once(" (")?;
        let (columns, rest) = rest.split_once(") ")?;
        let end = rest.find(" ON CONFLICT ").or_else(|| rest.find(" RETURNING "))?;
        let (source, rest) = rest.split_at(end);
        let (key, returned) = (columns.split(", ").next()?, rest.split_once(" RETURNING ")?.1);
        let is_returned = question.gives_rows && returned.split(", ").next() == Some(key);
        is_returned.then(|| Insert {
            table: table.to_owned(),
            columns: columns.to_owned(),
            source: source.to_owned(),
            rest: rest.to_owned(),
        })
    }

    /// The statement for any number of units: its values are lists with an entry for each, and
    /// the last column of a row says whose it is. The rows are told apart by their keys.
    fn of_many(&self, types: &[Type]) -> String {
        let Insert { table, columns, source, rest } = self;
        let (mut lists, mut names) = (String::new(), String::new());
        for (place, of) in types.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let _ = write!(lists, "{comma}${}::{}[]", place + 1, of.name());
            let _ = write!(names, "{comma}p{}", place + 1);
        }
        let (source, key) =
            (source.replace('$', "unit.p"), columns.split(", ").next().unwrap_or_default());
        format!(
            "WITH wanted AS MATERIALIZED (SELECT source.*, unit.place FROM unnest({lists}) WITH ORDINALITY \
             AS unit ({names}, place) CROSS JOIN LATERAL ({source}) AS source ({columns})), \
             made AS (INSERT INTO {table} ({columns}) SELECT {columns} FROM wanted{rest}) \
             SELECT made.*, wanted.place FROM made JOIN wanted ON wanted.{key} = made.{key}"
        )
    }
}

/// The type of a list of such values.
fn list_of(of: &Type) -> Option<Type> {
    match *of {
        Type::INT8 => Some(Type::INT8_ARRAY),
        Type::TEXT => Some(Type::TEXT_ARRAY),
        Type::BYTEA => Some(Type::BYTEA_ARRAY),
        _ => None,
    }
}

impl Question {
    /// Whether both are the same statement with values of types that go into the same lists.
    fn is_like(&self, other: &Question) -> bool {
        let mut values = self.values.iter().zip(&other.values);
        self.sql == other.sql
            && self.gives_rows == other.gives_rows
            && self.values.len() == other.values.len()
            && values.all(|(one, other)| {
                matches!((one, other), (Value::Null, _) | (_, Value::Null))
                    || one.sql_type() == other.sql_type()
            })
    }
}

impl Parcel<'_> {
    pub(super) async fn send(
        &self,
        client: &tokio_postgres::Client,
    ) -> Result<Answer, tokio_postgres::Error> {
        let gives_rows = self.questions.iter().any(|question| question.gives_rows);
        if let [question] = self.questions.as_slice() {
            return with(client, &self.statement, question.values.iter(), gives_rows).await;
        }
        let values = self.questions.first().map_or(0, |first| first.values.len());
        let list = |place: usize| {
            self.questions.iter().filter_map(|question| question.values.get(place)).collect()
        };
        let lists: Vec<Vec<&Value>> = (0..values).map(list).collect();
        let lists: Vec<Bound<'_>> = lists.iter().map(|list| -> Bound<'_> { list }).collect();
        client.query(&self.statement, &lists).await.map(Answer::Rows)
    }

    /// Each question's own answer, by place.
    pub(super) fn open(self, answer: Answer) -> Result<Vec<(usize, Answer)>, Failure> {
        let rows = match (answer, self.places.as_slice()) {
            (answer, [place]) => return Ok(vec![(*place, answer)]),
            (Answer::Rows(rows), _) => rows,
            (Answer::Changed(_), _) => {
                return Err(internal("a joined statement gave no rows").into());
            }
        };
        let mut parts: Vec<Vec<tokio_postgres::Row>> =
            self.places.iter().map(|_| Vec::new()).collect();
        for row in rows {
            let part = row.len().checked_sub(1).and_then(|last| row.try_get::<_, i64>(last).ok());
            let part =
                part.and_then(|part| parts.get_mut(usize::try_from(part.checked_sub(1)?).ok()?));
            part.ok_or_else(|| internal("a joined statement gave a row of nobody"))?.push(row);
        }
        Ok(self.places.into_iter().zip(parts.into_iter().map(Answer::Rows)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_insert_runs_over_the_values_of_many() {
        let sql = "INSERT INTO t (id, a, b) SELECT m.id, ?2, ?12 FROM m WHERE m.id = ?1 \
                   ON CONFLICT (a) DO NOTHING RETURNING id, b";
        let insert = Insert::of(&Question { sql, values: Vec::new(), gives_rows: true })
            .expect("can be joined");
        let text = "WITH wanted AS MATERIALIZED (SELECT source.*, unit.place \
                    FROM unnest($1::int8[], $2::bytea[]) WITH ORDINALITY AS unit (p1, p2, place) CROSS JOIN LATERAL \
                    (SELECT m.id, unit.p2, unit.p12 FROM m WHERE m.id = unit.p1) AS source (id, a, b)), \
                    made AS (INSERT INTO t (id, a, b) SELECT id, a, b FROM wanted \
                    ON CONFLICT (a) DO NOTHING RETURNING id, b) \
                    SELECT made.*, wanted.place FROM made JOIN wanted ON wanted.id = made.id";
        assert_eq!(insert.of_many(&[Type::INT8, Type::BYTEA]), text);
    }

    #[test]
    fn what_does_not_give_back_its_key_goes_alone() {
        let alone = [
            "UPDATE t SET a = ?1 RETURNING id",
            "INSERT INTO t (id) VALUES (?1)",
            "INSERT INTO t (id, a) VALUES (?1, 2) RETURNING a",
        ];
        for sql in alone {
            assert!(
                Insert::of(&Question { sql, values: Vec::new(), gives_rows: true }).is_none(),
                "{sql}"
            );
        }
    }
}
