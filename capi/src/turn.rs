//! Turns: what comes in to be saved, what goes out to be read.
//!
//! Knows how a part that may be missing looks in C: a text without a pointer, or a flag.

use crate::border::record::{Record, read};
use crate::border::text::{confidant_flag, confidant_str, maybe, text, view_of};
use confidant::{Error, ErrorKind, NewAnswer, NewTurn, Result, Timestamp, Turn};

/// A chat window.
pub const CONFIDANT_CHANNEL_CHAT: i32 = 0;
/// Electronic mail.
pub const CONFIDANT_CHANNEL_EMAIL: i32 = 1;
/// A telephone call, as a transcript.
pub const CONFIDANT_CHANNEL_PHONE: i32 = 2;
/// The company's own application.
pub const CONFIDANT_CHANNEL_APP: i32 = 3;
/// A social network.
pub const CONFIDANT_CHANNEL_SOCIAL: i32 = 4;

/// A turn to be saved: what the customer said, the answer, or both. Begin with
/// `CONFIDANT_NEW_TURN_INIT`; what stays zero is not given.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_new_turn {
    /// `sizeof(confidant_new_turn)`.
    pub struct_size: usize,
    /// What the customer said; a NULL pointer if the company spoke first. An empty text has a
    /// pointer. At most 64 KiB.
    pub said: confidant_str,
    /// The answer; a NULL pointer if there is none yet. At most 64 KiB.
    pub answer: confidant_str,
    /// Who or what answered, 1 to 128 bytes; a NULL pointer if not known.
    pub answered_by: confidant_str,
    /// The host's own data, one JSON object; a NULL pointer for none. At most 64 KiB.
    pub metadata: confidant_str,
    /// An idempotency key, 1 to 128 bytes, unique within the customer: saving again under it
    /// gives the first turn and changes nothing. A NULL pointer for none.
    pub key: confidant_str,
    /// When the turn was, in milliseconds since the Unix epoch; read if `has_at`, else now.
    pub at_ms: i64,
    /// When the answer was given; read if `has_answered_at`, else as the turn.
    pub answered_at_ms: i64,
    /// How sure the answer's author was, 0 to 1; read if `has_confidence`.
    pub confidence: f64,
    /// Whether `at_ms` is given.
    pub has_at: confidant_flag,
    /// Whether `answered_at_ms` is given.
    pub has_answered_at: confidant_flag,
    /// Whether `confidence` is given.
    pub has_confidence: confidant_flag,
    /// Whether the turn settled what the customer wanted.
    pub resolved: confidant_flag,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_new_turn {}

/// The answer to a turn that was saved without one. Begin with `CONFIDANT_NEW_ANSWER_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_new_answer {
    /// `sizeof(confidant_new_answer)`.
    pub struct_size: usize,
    /// The answer, at most 64 KiB.
    pub text: confidant_str,
    /// Who or what answered, 1 to 128 bytes; a NULL pointer if not known.
    pub by: confidant_str,
    /// A JSON object that is laid over the turn's; a NULL pointer for none.
    pub metadata: confidant_str,
    /// When it was given, in milliseconds since the Unix epoch; read if `has_at`, else now.
    pub at_ms: i64,
    /// How sure the author was, 0 to 1; read if `has_confidence`.
    pub confidence: f64,
    /// Whether `at_ms` is given.
    pub has_at: confidant_flag,
    /// Whether `confidence` is given.
    pub has_confidence: confidant_flag,
    /// Whether the turn settled what the customer wanted.
    pub resolved: confidant_flag,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_new_answer {}

/// A stored turn, seen through the handle it came from; it lives as long as that. Texts are
/// exactly what was saved.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_turn {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The turn's identifier; below 2^53.
    pub turn_id: u64,
    /// The session it belongs to; below 2^53.
    pub session_id: u64,
    /// What the customer said; a NULL pointer if the company spoke first.
    pub said: confidant_str,
    /// The answer; a NULL pointer until there is one.
    pub answer: confidant_str,
    /// Who or what answered; a NULL pointer if not known.
    pub answered_by: confidant_str,
    /// The host's own JSON object; a NULL pointer if there is none.
    pub metadata: confidant_str,
    /// When the customer's half was said, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// When the answer was given, if `has_answered_at`.
    pub answered_at_ms: i64,
    /// How sure the answer's author was, 0 to 1, if `has_confidence`.
    pub confidence: f64,
    /// How the customer reached us, one of `CONFIDANT_CHANNEL_*`.
    pub channel: i32,
    /// Whether `answered_at_ms` is known.
    pub has_answered_at: confidant_flag,
    /// Whether `confidence` is known.
    pub has_confidence: confidant_flag,
    /// Whether the turn settled what the customer wanted.
    pub resolved: confidant_flag,
    /// Whether the turn still waits to be saved; its identifier changes when it is.
    pub is_pending: confidant_flag,
    /// The turn's number within the customer, counted from 1.
    pub number: u32,
}

/// The view of a stored turn.
pub(crate) fn view_turn(turn: &Turn) -> confidant_turn {
    confidant_turn {
        struct_size: std::mem::size_of::<confidant_turn>(),
        turn_id: turn.id.as_u64(),
        session_id: turn.session.as_u64(),
        said: view_of(turn.said.as_deref()),
        answer: view_of(turn.answer.as_deref()),
        answered_by: view_of(turn.answered_by.as_deref()),
        metadata: view_of(turn.metadata.as_deref()),
        at_ms: turn.at.as_millis(),
        answered_at_ms: turn.answered_at.map_or(0, Timestamp::as_millis),
        confidence: turn.confidence.unwrap_or(0.0),
        channel: turn.channel.code(),
        has_answered_at: u32::from(turn.answered_at.is_some()),
        has_confidence: u32::from(turn.confidence.is_some()),
        resolved: u32::from(turn.resolved),
        is_pending: u32::from(turn.is_pending()),
        number: turn.id.number(),
    }
}

/// A turn from the host.
///
/// # Safety
/// Its texts must be readable during `'a`.
pub(crate) unsafe fn new_turn<'a>(given: &confidant_new_turn) -> Result<NewTurn<'a>> {
    // SAFETY: as promised by the caller.
    let (said, answer, by, metadata, key) = unsafe {
        (
            maybe(given.said, "said")?,
            maybe(given.answer, "answer")?,
            maybe(given.answered_by, "answered_by")?,
            maybe(given.metadata, "metadata")?,
            maybe(given.key, "key")?,
        )
    };
    let mut turn = match (said, answer) {
        (Some(said), Some(answer)) => NewTurn::said(said).answered(answer),
        (Some(said), None) => NewTurn::said(said),
        (None, Some(answer)) => NewTurn::unasked(answer),
        (None, None) => NewTurn::default(),
    };
    turn = turn.resolved(given.resolved != 0);
    if given.has_at != 0 {
        turn = turn.at(Timestamp::from_millis(given.at_ms));
    }
    if given.has_answered_at != 0 {
        turn = turn.answered_at(Timestamp::from_millis(given.answered_at_ms));
    }
    if given.has_confidence != 0 {
        turn = turn.confidence(given.confidence);
    }
    turn = by.into_iter().fold(turn, NewTurn::answered_by);
    turn = metadata.into_iter().fold(turn, NewTurn::metadata);
    Ok(key.into_iter().fold(turn, NewTurn::key))
}

/// An answer from the host.
///
/// # Safety
/// As [`new_turn`], and the pointer as `record::read` asks.
pub(crate) unsafe fn new_answer<'a>(given: *const confidant_new_answer) -> Result<NewAnswer<'a>> {
    // SAFETY: as promised by the caller.
    let given = unsafe { read(given, "answer") }?;
    if given.text.ptr.is_null() {
        return Err(Error::new(ErrorKind::InvalidArgument, "the answer has no text"));
    }
    // SAFETY: as promised by the caller.
    let (words, by, metadata) = unsafe {
        (text(given.text, "text")?, maybe(given.by, "by")?, maybe(given.metadata, "metadata")?)
    };
    let mut answer = NewAnswer::new(words).resolved(given.resolved != 0);
    if given.has_at != 0 {
        answer = answer.at(Timestamp::from_millis(given.at_ms));
    }
    if given.has_confidence != 0 {
        answer = answer.confidence(given.confidence);
    }
    answer = by.into_iter().fold(answer, NewAnswer::by);
    Ok(metadata.into_iter().fold(answer, NewAnswer::metadata))
}

#[cfg(test)]
mod tests {
    use super::*;
    use confidant::Channel;

    #[test]
    fn the_headers_channels_are_the_librarys() {
        let constants = [
            CONFIDANT_CHANNEL_CHAT,
            CONFIDANT_CHANNEL_EMAIL,
            CONFIDANT_CHANNEL_PHONE,
            CONFIDANT_CHANNEL_APP,
            CONFIDANT_CHANNEL_SOCIAL,
        ];
        assert_eq!(constants, Channel::ALL.map(Channel::code));
    }
}
