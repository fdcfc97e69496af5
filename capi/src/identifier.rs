//! Identifiers and times as text, and text literals of C.
//!
//! Knows how an identifier and a time are written into a place that the caller holds.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::{guard, look};
use crate::border::handle::put;
use crate::border::text::{NO_TEXT, confidant_id, confidant_str, text};
use confidant::{Error, ErrorKind, Result, SessionId, Timestamp, TurnId};
use std::ffi::c_char;

fn written(text: &str) -> Result<confidant_id> {
    let mut id = confidant_id { text: [0; 37] };
    let (last, places) = id.text.split_last_mut().expect("37 places");
    *last = 0;
    if text.len() > places.len() {
        let message = format!("a text of {} bytes does not fit a confidant_id", text.len());
        return Err(Error::new(ErrorKind::Internal, message));
    }
    for (place, byte) in places.iter_mut().zip(text.bytes()) {
        *place = c_char::from_ne_bytes([byte]);
    }
    Ok(id)
}

/// Writes a turn's identifier as text, as logs and web addresses show it ("t1c9e2f4-12").
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_turn_id_format(
    turn_id: u64,
    out: *mut confidant_id,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { put(out, written(&TurnId::from_u64(turn_id)?.to_string())?) })
}

/// Reads a turn's identifier from its text.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_turn_id_parse(
    id: confidant_str,
    out: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { put(out, text(id, "the turn id")?.parse::<TurnId>()?.as_u64()) })
}

/// Writes a session's identifier as text ("s1c9e2f4-3").
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_id_format(
    session_id: u64,
    out: *mut confidant_id,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { put(out, written(&SessionId::from_u64(session_id)?.to_string())?) })
}

/// Reads a session's identifier from its text.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_id_parse(
    id: confidant_str,
    out: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { put(out, text(id, "the session id")?.parse::<SessionId>()?.as_u64()) })
}

/// Writes a time, in milliseconds since the Unix epoch, as RFC 3339 in UTC
/// ("2026-11-21T09:30:00.000Z"); a time no calendar has is a number with "ms".
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_time_format(
    at_ms: i64,
    out: *mut confidant_id,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { put(out, written(&Timestamp::from_millis(at_ms).to_string())?) })
}

/// Reads a time in RFC 3339, with `Z` or an offset.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_time_parse(
    time: confidant_str,
    out: *mut i64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { put(out, text(time, "the time")?.parse::<Timestamp>()?.as_millis()) })
}

/// The view of a text literal of the host: for C, where a literal is a pointer and a NUL.
/// `text` may be NULL, which gives `{NULL, 0}`.
///
/// Owned: the view is of the host's own bytes. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_str_from(text: *const c_char) -> confidant_str {
    look(NO_TEXT, || match text.is_null() {
        true => NO_TEXT,
        // SAFETY: not NULL; the host says that it ends with a NUL.
        false => confidant_str {
            ptr: text,
            len: unsafe { std::ffi::CStr::from_ptr(text) }.to_bytes().len(),
        },
    })
}
