//! What a customer's memory and a session both do with turns from the host.
//!
//! Knows how many turns one call saves, and that identifiers are written only when all is saved.

use crate::border::handle::put_if_wanted;
use crate::border::record::{read, read_all};
use crate::turn::{confidant_new_answer, confidant_new_turn, new_answer, new_turn};
use confidant::{NewAnswer, NewTurn, Result, Turn, TurnId};

/// The most turns that one call saves.
const MAX_TURNS_AT_ONCE: usize = 1_000;

/// Saves one turn of the host.
///
/// # Safety
/// As `turn::new_turn` and `record::read`; `turn_id` is NULL or the host's own variable.
pub(crate) unsafe fn save_one(
    turn: *const confidant_new_turn,
    turn_id: *mut u64,
    save: impl FnOnce(NewTurn<'_>) -> Result<Turn>,
) -> Result<()> {
    // SAFETY: as promised by the caller.
    unsafe { put_if_wanted(turn_id, save(new_turn(&read(turn, "turn")?)?)?.id.as_u64()) };
    Ok(())
}

/// Saves turns of the host.
///
/// # Safety
/// As [`save_one`] for each; `turn_ids` is NULL or has room for `count` identifiers.
pub(crate) unsafe fn save_all(
    turns: *const confidant_new_turn,
    count: usize,
    turn_ids: *mut u64,
    save: impl FnOnce(&[NewTurn<'_>]) -> Result<Vec<Turn>>,
) -> Result<()> {
    // SAFETY: as promised by the caller.
    let given = unsafe { read_all(turns, count, MAX_TURNS_AT_ONCE, "turns") }?;
    // SAFETY: as promised by the caller.
    let turns = given.iter().map(|turn| unsafe { new_turn(turn) }).collect::<Result<Vec<_>>>()?;
    let saved = save(&turns)?;
    for (place, turn) in saved.iter().enumerate().filter(|_| !turn_ids.is_null()) {
        // SAFETY: as promised by the caller.
        unsafe { turn_ids.add(place).write(turn.id.as_u64()) };
    }
    Ok(())
}

/// Gives the host's answer to a turn.
///
/// # Safety
/// As `turn::new_answer`.
pub(crate) unsafe fn answer_one(
    turn_id: u64,
    answer: *const confidant_new_answer,
    give: impl FnOnce(TurnId, NewAnswer<'_>) -> Result<Turn>,
) -> Result<()> {
    // SAFETY: as promised by the caller.
    give(TurnId::from_u64(turn_id)?, unsafe { new_answer(answer) }?).map(|_| ())
}
