//! The tables, format by format.
//!
//! Knows the way from every older format to the newest. docs/FORMAT.md says what each
//! table and column means.

/// The newest format this version reads and writes.
pub(super) const FORMAT: i64 = 2;

/// The steps: `MIGRATIONS[n]` leads from format n to n + 1.
///
/// `{key}`, `{int}` and `{bytes}` stand for the engine's clustered key, 64-bit integer and
/// byte string.
const MIGRATIONS: [&str; 2] = [FORMAT_1, FORMAT_2];

/// The statements that lead from `format` to the newest, in the engine's own types.
pub(super) fn migrations(format: i64, key: &str, int: &str, bytes: &str) -> Vec<String> {
    let done = usize::try_from(format).unwrap_or(usize::MAX);
    MIGRATIONS
        .iter()
        .skip(done)
        .map(|step| step.replace("{key}", key).replace("{int}", int).replace("{bytes}", bytes))
        .collect()
}

const FORMAT_1: &str = "
CREATE TABLE counters (name TEXT PRIMARY KEY, value {int} NOT NULL);
INSERT INTO counters (name, value) VALUES ('tenants', 0);
INSERT INTO counters (name, value) VALUES ('customers', 0);
INSERT INTO counters (name, value) VALUES ('trained_at', 0);
INSERT INTO counters (name, value) VALUES ('repacked_to', 0);

CREATE TABLE tenants (id {key}, name TEXT NOT NULL UNIQUE);

CREATE TABLE customers (
    id {key},
    tenant {int} NOT NULL,
    name TEXT NOT NULL,
    turns_gone {int} NOT NULL,
    sessions_gone {int} NOT NULL,
    UNIQUE (tenant, name)
);

CREATE TABLE sessions (
    id {key},
    channel {int} NOT NULL,
    opened_at {int} NOT NULL,
    closed_at {int},
    resolved {int},
    rating {int},
    first_turn {int} NOT NULL
);

CREATE TABLE turns (
    id {key},
    session {int} NOT NULL,
    channel {int} NOT NULL,
    at {int} NOT NULL,
    answered_at {int},
    confidence {int},
    resolved {int} NOT NULL,
    key {bytes},
    body {bytes} NOT NULL
);
CREATE UNIQUE INDEX turns_by_key ON turns (key) WHERE key IS NOT NULL;

CREATE TABLE dictionaries (number {key}, bytes {bytes} NOT NULL);
";

const FORMAT_2: &str = "
INSERT INTO counters (name, value) VALUES ('collections', 0);

CREATE TABLE collections (
    id {key},
    tenant {int} NOT NULL,
    name TEXT NOT NULL,
    changes {int} NOT NULL,
    newest {int} NOT NULL,
    UNIQUE (tenant, name)
);

CREATE TABLE documents (
    id {key},
    changed {int} NOT NULL,
    used {int} NOT NULL,
    helped {int} NOT NULL,
    key {bytes},
    body {bytes} NOT NULL
);
CREATE UNIQUE INDEX documents_by_change ON documents (changed);
CREATE UNIQUE INDEX documents_by_key ON documents (key) WHERE key IS NOT NULL;

CREATE TABLE vectors (id {key}, model TEXT NOT NULL, body {bytes} NOT NULL);

CREATE TABLE snapshots (id {key}, body {bytes} NOT NULL);
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_step_to_every_format() {
        assert_eq!(i64::try_from(MIGRATIONS.len()).expect("few"), FORMAT);
        assert_eq!(migrations(0, "K", "I", "B").len(), MIGRATIONS.len());
        assert!(migrations(FORMAT, "K", "I", "B").is_empty());
    }
}
