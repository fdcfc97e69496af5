//! What is refused, and in which words.

use crate::archive::Turn;
use crate::error::{Error, ErrorKind, Result, internal, invalid};
use crate::id::{SessionId, TurnId};
use crate::time::Timestamp;

/// The most turns that one call saves.
const MAX_TURNS_AT_ONCE: usize = 1_000;

pub(super) fn no_turn(id: TurnId) -> Error {
    Error::new(ErrorKind::NotFound, format!("this customer has no turn {id}"))
}

pub(super) fn no_session(id: SessionId) -> Error {
    Error::new(ErrorKind::NotFound, format!("this customer has no session {id}"))
}

pub(super) fn too_many_sessions() -> Error {
    Error::new(
        ErrorKind::Limit,
        format!("the customer has {} sessions, the most there can be", crate::id::MAX_PER_CUSTOMER),
    )
}

pub(super) fn closed(id: SessionId, at: Timestamp) -> Error {
    Error::new(ErrorKind::Closed, format!("session {id} was closed at {at}"))
}

pub(super) fn too_many_turns() -> Error {
    Error::new(
        ErrorKind::Limit,
        format!("the customer has {} turns, the most there can be", crate::id::MAX_PER_CUSTOMER),
    )
}

pub(super) fn has_answer(id: TurnId) -> Error {
    Error::new(ErrorKind::Conflict, format!("turn {id} has another answer already"))
}

pub(super) fn check_count(count: usize) -> Result<()> {
    if count <= MAX_TURNS_AT_ONCE {
        return Ok(());
    }
    Err(invalid(format!("{count} turns at once; the limit is {MAX_TURNS_AT_ONCE}")))
}

pub(super) fn only(turns: Vec<Turn>) -> Result<Turn> {
    turns.into_iter().next().ok_or_else(|| internal("a saved turn was not given back"))
}
