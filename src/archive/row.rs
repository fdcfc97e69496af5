//! How a turn becomes a row and a row becomes a turn.
//!
//! Knows the fields of a body and what its checksum covers: the texts, the columns and whose
//! turn it is, so that a damaged row, or one that was moved to another customer, is an error
//! that names the turn and never a wrong text.

use super::dictionaries::load_dictionaries_in;
use super::table::{StoredTurn, TurnRow};
use super::turn::{Channel, Turn};
use crate::codec::{Codec, Damage, record};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{SessionId, Tag, TurnId};
use crate::store::Tx;
use crate::time::Timestamp;
use std::sync::Arc;

/// Whose turns they are.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) tenant: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) tag: Tag,
}

const SAID: u8 = 1;
const ANSWER: u8 = 2;
const ANSWERED_BY: u8 = 3;
const METADATA: u8 = 4;

/// Confidences are stored as whole millionths, so that their sums are exact.
const MILLION: f64 = 1_000_000.0;

/// The confidence as it will be read back.
pub(crate) fn rounded(confidence: f64) -> f64 {
    confidence_of(millionths(confidence))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::as_conversions,
    reason = "checked to lie between 0 and 1"
)]
fn millionths(confidence: f64) -> i64 {
    (confidence * MILLION).round() as i64
}

/// The mean of `count` confidences whose millionths add up to `sum`.
#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "sums stay far below 2^53")]
pub(crate) fn mean_confidence(sum: u64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64 / MILLION)
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "at most a million")]
fn confidence_of(millionths: i64) -> f64 {
    millionths as f64 / MILLION
}

/// Packs a turn for the store.
pub(crate) fn pack(codec: &Codec, person: &Person, turn: &Turn) -> TurnRow {
    let texts = [
        (SAID, &turn.said),
        (ANSWER, &turn.answer),
        (ANSWERED_BY, &turn.answered_by),
        (METADATA, &turn.metadata),
    ];
    let fields: Vec<(u8, &[u8])> = texts
        .iter()
        .filter_map(|(tag, text)| text.as_ref().map(|text| (*tag, text.as_bytes())))
        .collect();
    let mut raw =
        Vec::with_capacity(16 + fields.iter().map(|(_, bytes)| bytes.len()).sum::<usize>());
    record::encode(&fields, &mut raw);
    let mut row = TurnRow {
        at: turn.at.as_millis(),
        answered_at: turn.answered_at.map(Timestamp::as_millis),
        confidence: turn.confidence.map(millionths),
        resolved: turn.resolved,
        body: Vec::new(),
    };
    row.body =
        codec.pack(&raw, &bound(person, row.at, row.answered_at, row.confidence, row.resolved));
    row
}

/// Why a row could not become a turn.
pub(crate) enum Unreadable {
    /// Packed with a dictionary that another process trained meanwhile.
    NeedsDictionary,
    /// Damaged for good; the error names the turn.
    Damaged(Error),
}

/// Reads a stored row back.
pub(crate) fn unpack(
    codec: &Codec,
    person: &Person,
    row: &StoredTurn<'_>,
) -> Result<Turn, Unreadable> {
    let id = TurnId::new(person.tag, row.place.number);
    let damaged = |why: &dyn std::fmt::Display| Unreadable::Damaged(damaged(id, why));
    let bound = bound(person, row.at, row.answered_at, row.confidence, row.resolved);
    let raw = codec.unpack(row.body, &bound).map_err(|damage| match damage {
        Damage::MissingDictionary(_) => Unreadable::NeedsDictionary,
        other => damaged(&other),
    })?;
    let mut turn = Turn {
        id,
        session: SessionId::new(person.tag, row.place.session),
        channel: i32::try_from(row.place.channel)
            .ok()
            .and_then(|code| Channel::from_code(code).ok())
            .ok_or_else(|| damaged(&"its channel is unknown"))?,
        at: Timestamp::from_millis(row.at),
        said: None,
        answer: None,
        answered_at: row.answered_at.map(Timestamp::from_millis),
        answered_by: None,
        confidence: row.confidence.map(confidence_of),
        resolved: row.resolved,
        metadata: None,
    };
    for field in record::decode(&raw) {
        let (tag, bytes) = field.map_err(|damage| damaged(&damage))?;
        let text =
            std::str::from_utf8(bytes).map_err(|_| damaged(&"a text is not UTF-8"))?.to_owned();
        match tag {
            SAID => turn.said = Some(text),
            ANSWER => turn.answer = Some(text),
            ANSWERED_BY => turn.answered_by = Some(text),
            METADATA => turn.metadata = Some(text),
            other => return Err(damaged(&format!("it holds an unknown field {other}"))),
        }
    }
    Ok(turn)
}

/// Whether a row was packed for this customer, wherever it lies now.
pub(crate) fn is_of(codec: &Codec, person: &Person, row: &StoredTurn<'_>) -> bool {
    let bound = bound(person, row.at, row.answered_at, row.confidence, row.resolved);
    codec.unpack(row.body, &bound).is_ok()
}

/// The error of a turn that cannot be read.
pub(crate) fn damaged(id: TurnId, why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, format!("turn {id} is damaged: {why}"))
}

/// What the checksum covers beside the texts.
pub(crate) fn bound(
    person: &Person,
    at: i64,
    answered_at: Option<i64>,
    confidence: Option<i64>,
    resolved: bool,
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(person.tenant.len() + person.name.len() + 40);
    bytes.extend_from_slice(person.tenant.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(person.name.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&at.to_le_bytes());
    for column in [answered_at, confidence] {
        bytes.push(u8::from(column.is_some()));
        bytes.extend_from_slice(&column.unwrap_or_default().to_le_bytes());
    }
    bytes.push(u8::from(resolved));
    bytes
}

/// Reads a row; fetches the store's dictionaries first if one is missing.
pub(crate) fn read_with(
    codec: &Codec,
    person: &Person,
    tx: &dyn Tx,
    row: &StoredTurn<'_>,
) -> Result<Turn> {
    match unpack(codec, person, row) {
        Ok(turn) => Ok(turn),
        Err(Unreadable::Damaged(error)) => Err(error),
        Err(Unreadable::NeedsDictionary) => {
            load_dictionaries_in(tx, codec)?;
            unpack(codec, person, row).map_err(|still| match still {
                Unreadable::Damaged(error) => error,
                Unreadable::NeedsDictionary => damaged(
                    TurnId::new(person.tag, row.place.number),
                    &"its dictionary is not in the store",
                ),
            })
        }
    }
}

/// The channel of a stored session.
pub(crate) fn channel(code: i64) -> Result<Channel> {
    let known = i32::try_from(code).ok().and_then(|code| Channel::from_code(code).ok());
    known.ok_or_else(|| {
        Error::new(ErrorKind::Corrupt, format!("a stored session has the unknown channel {code}"))
    })
}

/// The error of a turn whose customer is not in the store.
pub(crate) fn orphan(key: i64) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the turn with key {key} belongs to no customer"))
}
