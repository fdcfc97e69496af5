//! Sessions: opening, saving into, closing, listing.
//!
//! Knows how a session's figures and its end look in C.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::{guard, look};
use crate::border::handle::{Place, free, shared};
use crate::border::record::{Record, check_out, read_if_given, write};
use crate::border::text::confidant_flag;
use crate::border::views::{Views, pointer};
use crate::list::{LastContext, confidant_context};
use crate::memory::confidant_memory;
use crate::saving::{answer_one, save_all, save_one};
use crate::turn::{confidant_new_answer, confidant_new_turn};
use confidant::{
    Channel, Error, ErrorKind, Outcome, Page, Result, Session, SessionDetails, SessionId,
    SessionMetrics, Timestamp,
};

/// The host does not say how the session ended; it counts as resolved if its newest turn is.
pub const CONFIDANT_OUTCOME_UNKNOWN: i32 = 0;
/// What the customer wanted is settled.
pub const CONFIDANT_OUTCOME_RESOLVED: i32 = 1;
/// What the customer wanted is not settled.
pub const CONFIDANT_OUTCOME_UNRESOLVED: i32 = 2;

/// A session: one conversation of a customer on one channel. Usable from many threads at once.
pub struct confidant_session {
    pub(crate) session: Session,
    last: LastContext,
}

/// How a session ended. Begin with `CONFIDANT_OUTCOME_INIT`, which says nothing.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_outcome {
    /// `sizeof(confidant_outcome)`.
    pub struct_size: usize,
    /// One of `CONFIDANT_OUTCOME_*`.
    pub outcome: i32,
    /// The customer's satisfaction, 1 to 5; 0 if not given.
    pub rating: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_outcome {}

/// A session and its figures.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_session_figures {
    /// `sizeof(confidant_session_figures)`, or of the library that is loaded where it is a view.
    pub struct_size: usize,
    /// The session's identifier; below 2^53.
    pub session_id: u64,
    /// When it was opened, in milliseconds since the Unix epoch.
    pub opened_at_ms: i64,
    /// When it was closed, if `is_closed`.
    pub closed_at_ms: i64,
    /// Its turns.
    pub turns: u64,
    /// Its turns that have an answer; only from `confidant_session_metrics` and
    /// `confidant_session_close`, else 0.
    pub answered_turns: u64,
    /// Its turns that settled something; only from there, too.
    pub resolved_turns: u64,
    /// The mean of the confidences that were given, 0 to 1, if `has_mean_confidence`.
    pub mean_confidence: f64,
    /// How the customer reached us, one of `CONFIDANT_CHANNEL_*`.
    pub channel: i32,
    /// The customer's satisfaction, 1 to 5; 0 if not given.
    pub rating: u32,
    /// Whether it was closed.
    pub is_closed: confidant_flag,
    /// Whether what the customer wanted is settled: as said at closing, or as its newest turn
    /// says.
    pub resolved: confidant_flag,
    /// Whether `mean_confidence` is known; only from `confidant_session_metrics` and
    /// `confidant_session_close`.
    pub has_mean_confidence: confidant_flag,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_session_figures {}

fn figures(details: &SessionDetails) -> confidant_session_figures {
    confidant_session_figures {
        struct_size: std::mem::size_of::<confidant_session_figures>(),
        session_id: details.id.as_u64(),
        opened_at_ms: details.opened_at.as_millis(),
        closed_at_ms: details.closed_at.map_or(0, Timestamp::as_millis),
        turns: details.turns,
        answered_turns: 0,
        resolved_turns: 0,
        mean_confidence: 0.0,
        channel: details.channel.code(),
        rating: u32::from(details.rating.unwrap_or(0)),
        is_closed: u32::from(details.closed_at.is_some()),
        resolved: u32::from(details.resolved),
        has_mean_confidence: 0,
        reserved: 0,
    }
}

fn all_figures(metrics: &SessionMetrics) -> confidant_session_figures {
    confidant_session_figures {
        answered_turns: metrics.answered_turns(),
        resolved_turns: metrics.resolved_turns(),
        mean_confidence: metrics.mean_confidence().unwrap_or(0.0),
        has_mean_confidence: u32::from(metrics.mean_confidence().is_some()),
        ..figures(metrics.details())
    }
}

fn handle(session: Session) -> confidant_session {
    confidant_session { session, last: LastContext::default() }
}

/// Opens a session of a customer now, on one of `CONFIDANT_CHANNEL_*`.
///
/// Owned: free `*out` with `confidant_session_free`; that does not close the session. Threads:
/// any. Fails: INVALID_ARGUMENT, LIMIT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_open(
    memory: *const confidant_memory,
    channel: i32,
    out: *mut *mut confidant_session,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let customer = shared(memory, "memory")?.customer();
        out.give(handle(customer.open_session(Channel::from_code(channel)?)?))
    })
}

/// Opens a session that began at a given time, in milliseconds since the Unix epoch, as an
/// import does.
///
/// Owned: free `*out` with `confidant_session_free`. Threads: any. Fails: INVALID_ARGUMENT (also
/// for a time before 1970), LIMIT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_open_at(
    memory: *const confidant_memory,
    channel: i32,
    at_ms: i64,
    out: *mut *mut confidant_session,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let customer = shared(memory, "memory")?.customer();
        out.give(handle(
            customer
                .open_session_at(Channel::from_code(channel)?, Timestamp::from_millis(at_ms))?,
        ))
    })
}

/// The handle of a session opened earlier, also by another process.
///
/// Owned: free `*out` with `confidant_session_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// NOT_FOUND (no such session of this customer), BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_get(
    memory: *const confidant_memory,
    session_id: u64,
    out: *mut *mut confidant_session,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let customer = shared(memory, "memory")?.customer();
        out.give(handle(customer.session(SessionId::from_u64(session_id)?)?))
    })
}

/// Frees the handle; the session stays open in the store, for `confidant_session_get`. NULL
/// does nothing.
///
/// Owned: contexts made from it stay good. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_free(session: *mut confidant_session) {
    unsafe { free(session) }
}

/// The session's identifier, good in any process; below 2^53; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_id(session: *const confidant_session) -> u64 {
    look(0, || unsafe { session.as_ref() }.map_or(0, |session| session.session.id().as_u64()))
}

/// How the customer reached us, one of `CONFIDANT_CHANNEL_*`; -1 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_channel(session: *const confidant_session) -> i32 {
    look(-1, || unsafe { session.as_ref() }.map_or(-1, |session| session.session.channel().code()))
}

/// When it was opened, in milliseconds since the Unix epoch; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_opened_at_ms(session: *const confidant_session) -> i64 {
    look(0, || {
        unsafe { session.as_ref() }.map_or(0, |session| session.session.opened_at().as_millis())
    })
}

/// Saves one turn into this session; otherwise as `confidant_memory_save_turn`. `turn_id` may be
/// NULL.
///
/// Owned: `turn_id` is the caller's. Threads: any. Fails: CLOSED (the session was closed),
/// NOT_FOUND (it was cleared), INVALID_ARGUMENT or LIMIT, naming the part; BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_save_turn(
    session: *const confidant_session,
    turn: *const confidant_new_turn,
    turn_id: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let session = &shared(session, "session")?.session;
        save_one(turn, turn_id, |turn| session.save_turn(turn))
    })
}

/// Saves up to 1,000 turns into this session in their order, all or none. The array is stepped by
/// the first one's `struct_size`. `turn_ids` may be NULL, or has room for `count` identifiers.
///
/// Owned: `turn_ids` is the caller's. Threads: any. Fails: as `confidant_session_save_turn`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_save_turns(
    session: *const confidant_session,
    turns: *const confidant_new_turn,
    count: usize,
    turn_ids: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let session = &shared(session, "session")?.session;
        save_all(turns, count, turn_ids, |turns| session.save_turns(turns))
    })
}

/// Gives an answer to a turn, which may be of any session of the customer; otherwise as
/// `confidant_memory_answer`.
///
/// Threads: any. Fails: NOT_FOUND, CONFLICT (it has another answer), INVALID_ARGUMENT, LIMIT,
/// BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_answer(
    session: *const confidant_session,
    turn_id: u64,
    answer: *const confidant_new_answer,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let session = &shared(session, "session")?.session;
        answer_one(turn_id, answer, |turn, answer| session.answer(turn, answer))
    })
}

/// The customer's newest turns, of every session; as `confidant_memory_load_context`.
///
/// Owned: free `*out` with `confidant_context_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// CORRUPT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_context(
    session: *const confidant_session,
    out: *mut *mut confidant_context,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let session = shared(session, "session")?;
        out.give_raw(session.last.handle(session.session.context()?))
    })
}

/// The session's figures so far.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, NOT_FOUND (it was
/// cleared), BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_metrics(
    session: *const confidant_session,
    out: *mut confidant_session_figures,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        write(out, all_figures(&shared(session, "session")?.session.metrics()?))
    })
}

/// Closes the session and gives its figures; turns that wait are saved first. `outcome` may be
/// NULL for "unknown", and `out` if the figures are not wanted.
///
/// Owned: `out` is the caller's; the handle is still to be freed. Threads: any. Fails: CLOSED (it
/// is closed already), NOT_FOUND (it was cleared), INVALID_ARGUMENT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_session_close(
    session: *const confidant_session,
    outcome: *const confidant_outcome,
    out: *mut confidant_session_figures,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let session = &shared(session, "session")?.session;
        let outcome = read_if_given(outcome, "outcome")?
            .map_or(Ok(Outcome::unknown()), |given| ended(&given))?;
        if out.is_null() {
            return session.close(outcome).map(|_| ());
        }
        check_out(out)?;
        write(out, all_figures(&session.close(outcome)?))
    })
}

fn ended(given: &confidant_outcome) -> Result<Outcome> {
    let invalid = |message| Error::new(ErrorKind::InvalidArgument, message);
    let outcome = match given.outcome {
        CONFIDANT_OUTCOME_UNKNOWN => Outcome::unknown(),
        CONFIDANT_OUTCOME_RESOLVED => Outcome::resolved(),
        CONFIDANT_OUTCOME_UNRESOLVED => Outcome::unresolved(),
        number => return Err(invalid(format!("there is no outcome number {number}"))),
    };
    match given.rating {
        0 => Ok(outcome),
        rating => {
            let rating = u8::try_from(rating).ok();
            let rating = rating.ok_or_else(|| {
                invalid(format!("the rating is {}; it must be 1 to 5", given.rating))
            })?;
            Ok(outcome.rated(rating))
        }
    }
}

/// Sessions, newest first. Immutable, so it may be read from many threads at once.
pub struct confidant_sessions {
    views: Views<confidant_session_figures>,
}

/// The customer's sessions, newest first, with their turns counted: at most `limit` (1 to 10,000)
/// after the session `after`; 0 is from the newest.
///
/// Owned: free `*out` with `confidant_sessions_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// NOT_FOUND (`after` is no session of this customer), BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_sessions(
    memory: *const confidant_memory,
    after: u64,
    limit: usize,
    out: *mut *mut confidant_sessions,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let customer = shared(memory, "memory")?.customer();
        let page = match after {
            0 => Page::first(limit),
            after => Page::first(limit).after(SessionId::from_u64(after)?),
        };
        let sessions = customer.sessions(page)?;
        out.give(confidant_sessions { views: Views(sessions.iter().map(figures).collect()) })
    })
}

/// Frees a list of sessions. NULL does nothing.
///
/// Owned: its views are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_sessions_free(sessions: *mut confidant_sessions) {
    unsafe { free(sessions) }
}

/// How many sessions are in the list; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_sessions_count(sessions: *const confidant_sessions) -> usize {
    look(0, || unsafe { sessions.as_ref() }.map_or(0, |sessions| sessions.views.0.len()))
}

/// The session at an index, counted from 0; NULL past the end and for NULL.
///
/// Owned: a view that lives until `confidant_sessions_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_sessions_at(
    sessions: *const confidant_sessions,
    index: usize,
) -> *const confidant_session_figures {
    look(std::ptr::null(), || {
        pointer(unsafe { sessions.as_ref() }.and_then(|sessions| sessions.views.0.get(index)))
    })
}
