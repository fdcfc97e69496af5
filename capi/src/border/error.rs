//! Failures: statuses for programs, a handle for people.
//!
//! Knows the number of every kind of failure; the numbers are `ErrorKind`'s own.

use confidant::{Error, ErrorKind, LlmFailure};
use std::error::Error as _;

/// How a call ended: `CONFIDANT_OK` or one of `CONFIDANT_ERR_*`. New ones may be added;
/// numbers are never used again.
pub type confidant_status = i32;

/// It worked.
pub const CONFIDANT_OK: i32 = 0;
/// An argument breaks a documented rule; the message names it.
pub const CONFIDANT_ERR_INVALID_ARGUMENT: i32 = 1;
/// The named turn, session, file or folder does not exist here.
pub const CONFIDANT_ERR_NOT_FOUND: i32 = 2;
/// The call contradicts what is already stored.
pub const CONFIDANT_ERR_CONFLICT: i32 = 3;
/// The session or the handle was closed, or belongs to another process.
pub const CONFIDANT_ERR_CLOSED: i32 = 4;
/// The store stayed locked for the whole busy timeout; nothing was saved. Try again.
pub const CONFIDANT_ERR_BUSY: i32 = 5;
/// A documented size limit was passed.
pub const CONFIDANT_ERR_LIMIT: i32 = 6;
/// The language model failed; see `confidant_error_llm_failure`.
pub const CONFIDANT_ERR_LLM: i32 = 7;
/// The embedder failed.
pub const CONFIDANT_ERR_EMBEDDING: i32 = 8;
/// The host asked to stop.
pub const CONFIDANT_ERR_CANCELLED: i32 = 9;
/// A master key is missing or wrong.
pub const CONFIDANT_ERR_KEY: i32 = 10;
/// Stored bytes are damaged; the message names the turn or the file.
pub const CONFIDANT_ERR_CORRUPT: i32 = 11;
/// The file was written by a newer version of confidant.
pub const CONFIDANT_ERR_FORMAT_TOO_NEW: i32 = 12;
/// The database refused an operation.
pub const CONFIDANT_ERR_STORE: i32 = 13;
/// The operating system refused an operation.
pub const CONFIDANT_ERR_IO: i32 = 14;
/// The feature is not compiled in, or not offered by this store.
pub const CONFIDANT_ERR_UNSUPPORTED: i32 = 15;
/// A defect of confidant itself, such as a panic; please report it.
pub const CONFIDANT_ERR_INTERNAL: i32 = 16;
/// A money or token budget is used up; nothing was sent.
pub const CONFIDANT_ERR_BUDGET: i32 = 17;

/// The failure was not a language model's.
pub const CONFIDANT_LLM_NONE: i32 = 0;
/// The key was refused.
pub const CONFIDANT_LLM_AUTH: i32 = 1;
/// The model is not known to the server.
pub const CONFIDANT_LLM_MODEL_NOT_FOUND: i32 = 2;
/// The server did not accept the request.
pub const CONFIDANT_LLM_BAD_REQUEST: i32 = 3;
/// The prompt is longer than the model's context.
pub const CONFIDANT_LLM_CONTEXT_LENGTH: i32 = 4;
/// Too many requests.
pub const CONFIDANT_LLM_RATE_LIMITED: i32 = 5;
/// The server has no capacity at the moment.
pub const CONFIDANT_LLM_OVERLOADED: i32 = 6;
/// The server failed.
pub const CONFIDANT_LLM_SERVER: i32 = 7;
/// No connection could be made.
pub const CONFIDANT_LLM_CONNECT: i32 = 8;
/// A time limit passed.
pub const CONFIDANT_LLM_TIMEOUT: i32 = 9;
/// The stream ended before its terminator.
pub const CONFIDANT_LLM_TRUNCATED: i32 = 10;
/// The reply could not be understood.
pub const CONFIDANT_LLM_DECODE: i32 = 11;
/// The model declined to answer.
pub const CONFIDANT_LLM_REFUSED: i32 = 12;
/// A scripted backend has no reply left.
pub const CONFIDANT_LLM_SCRIPT_ENDED: i32 = 13;

/// Every kind with its status and its name.
pub(crate) const KINDS: [(ErrorKind, i32, &str); 17] = [
    (ErrorKind::InvalidArgument, CONFIDANT_ERR_INVALID_ARGUMENT, "invalid argument"),
    (ErrorKind::NotFound, CONFIDANT_ERR_NOT_FOUND, "not found"),
    (ErrorKind::Conflict, CONFIDANT_ERR_CONFLICT, "conflict"),
    (ErrorKind::Closed, CONFIDANT_ERR_CLOSED, "closed"),
    (ErrorKind::Busy, CONFIDANT_ERR_BUSY, "busy"),
    (ErrorKind::Limit, CONFIDANT_ERR_LIMIT, "limit"),
    (ErrorKind::Llm, CONFIDANT_ERR_LLM, "language model"),
    (ErrorKind::Embedding, CONFIDANT_ERR_EMBEDDING, "embedding"),
    (ErrorKind::Cancelled, CONFIDANT_ERR_CANCELLED, "cancelled"),
    (ErrorKind::Key, CONFIDANT_ERR_KEY, "key"),
    (ErrorKind::Corrupt, CONFIDANT_ERR_CORRUPT, "corrupt"),
    (ErrorKind::FormatTooNew, CONFIDANT_ERR_FORMAT_TOO_NEW, "format too new"),
    (ErrorKind::Store, CONFIDANT_ERR_STORE, "store"),
    (ErrorKind::Io, CONFIDANT_ERR_IO, "input or output"),
    (ErrorKind::Unsupported, CONFIDANT_ERR_UNSUPPORTED, "unsupported"),
    (ErrorKind::Internal, CONFIDANT_ERR_INTERNAL, "internal"),
    (ErrorKind::Budget, CONFIDANT_ERR_BUDGET, "budget"),
];

pub(crate) const FAILURES: [(LlmFailure, i32); 13] = [
    (LlmFailure::Auth, CONFIDANT_LLM_AUTH),
    (LlmFailure::ModelNotFound, CONFIDANT_LLM_MODEL_NOT_FOUND),
    (LlmFailure::BadRequest, CONFIDANT_LLM_BAD_REQUEST),
    (LlmFailure::ContextLength, CONFIDANT_LLM_CONTEXT_LENGTH),
    (LlmFailure::RateLimited, CONFIDANT_LLM_RATE_LIMITED),
    (LlmFailure::Overloaded, CONFIDANT_LLM_OVERLOADED),
    (LlmFailure::Server, CONFIDANT_LLM_SERVER),
    (LlmFailure::Connect, CONFIDANT_LLM_CONNECT),
    (LlmFailure::Timeout, CONFIDANT_LLM_TIMEOUT),
    (LlmFailure::Truncated, CONFIDANT_LLM_TRUNCATED),
    (LlmFailure::Decode, CONFIDANT_LLM_DECODE),
    (LlmFailure::Refused, CONFIDANT_LLM_REFUSED),
    (LlmFailure::ScriptEnded, CONFIDANT_LLM_SCRIPT_ENDED),
];

/// The error of a rule that an argument breaks.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

/// The error of a pointer that must not be NULL.
pub(crate) fn null(what: &str) -> Error {
    invalid(format!("{what} is NULL"))
}

/// The number of a value that the header has none for: a defect, which the wall turns into
/// INTERNAL. Tests see that every value of today has a number.
pub(crate) fn unnumbered(value: impl std::fmt::Debug) -> i32 {
    unreachable!("{value:?} has no number in the header")
}

/// The error of a number that no constant of its kind has.
pub(crate) fn unknown(what: &str, number: i32) -> Error {
    invalid(format!("there is no {what} number {number}"))
}

pub(crate) fn status_of(error: &Error) -> confidant_status {
    let known = KINDS.iter().find(|(kind, ..)| *kind == error.kind());
    known.map_or(CONFIDANT_ERR_INTERNAL, |(_, status, _)| *status)
}

/// The kind that a host's callback means by its status. Not `Internal`: a callback knows no defect
/// of confidant.
pub(crate) fn kind_of(status: confidant_status) -> Option<ErrorKind> {
    let known = KINDS.iter().find(|(_, known, _)| *known == status).map(|(kind, ..)| *kind);
    known.filter(|kind| *kind != ErrorKind::Internal)
}

/// The failure that a host's callback means.
pub(crate) fn llm_failure_of(code: i32) -> Option<LlmFailure> {
    FAILURES.iter().find(|(_, known)| *known == code).map(|(failure, _)| *failure)
}

/// Why a call failed: the status for programs, a message and a detail for people. Owned by
/// whoever asked for it; immutable, so it may be read from many threads at once.
pub struct confidant_error {
    pub(crate) error: Error,
    pub(crate) message: String,
    pub(crate) detail: String,
}

impl confidant_error {
    pub(crate) fn new(error: Error) -> confidant_error {
        let message = error.to_string();
        let mut detail = String::new();
        let mut cause = error.source();
        while let Some(source) = cause {
            if !detail.is_empty() {
                detail.push_str(": ");
            }
            detail.push_str(&source.to_string());
            cause = source.source();
        }
        confidant_error { error, message, detail }
    }

    pub(crate) fn give(error: Error) -> *mut confidant_error {
        Box::into_raw(Box::new(confidant_error::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::as_conversions)]
    fn a_status_is_the_number_of_its_kind() {
        for (kind, status, _) in KINDS {
            assert_eq!(kind as i32, status);
            assert_eq!(status_of(&Error::new(kind, "x")), status);
            assert_eq!(kind_of(status), (kind != ErrorKind::Internal).then_some(kind));
        }
        assert_eq!((kind_of(0), kind_of(18)), (None, None));
    }
}
