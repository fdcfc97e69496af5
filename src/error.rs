//! The one error of the crate.
//!
//! Knows how a failure is told to a program (`kind`, the C status), to a person (the
//! message) and to a debugger (`source`). A message says what was tried, on what, and why
//! not; it never holds what a customer said.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// The result of every fallible call of the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure an [`Error`] is; the numbers are the statuses of the C ABI.
///
/// Numbers are never reused. New kinds may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum ErrorKind {
    /// An argument breaks a documented rule; the message names it.
    InvalidArgument = 1,
    /// The named turn, session, file or folder does not exist here.
    NotFound = 2,
    /// The call contradicts what is already stored.
    Conflict = 3,
    /// The session or the handle was closed, or belongs to another process.
    Closed = 4,
    /// The store stayed locked for the whole busy timeout; nothing was saved.
    Busy = 5,
    /// A documented size limit was passed.
    Limit = 6,
    /// The language model failed; see [`Error::llm_failure`].
    Llm = 7,
    /// The embedder failed.
    Embedding = 8,
    /// The host asked to stop.
    Cancelled = 9,
    /// A master key is missing or wrong.
    Key = 10,
    /// Stored bytes are damaged; the message names the turn or the file.
    Corrupt = 11,
    /// The file was written by a newer version of confidant.
    FormatTooNew = 12,
    /// The database refused an operation.
    Store = 13,
    /// The operating system refused an operation.
    Io = 14,
    /// The feature is not compiled in, or not offered by this store.
    Unsupported = 15,
    /// A defect of confidant itself; please report it.
    Internal = 16,
    /// A money or token budget is used up; nothing was sent.
    Budget = 17,
}

/// Why a language model failed, as far as its protocol says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LlmFailure {
    /// The key was refused (HTTP 401 or 403).
    Auth,
    /// The model is not known to the server.
    ModelNotFound,
    /// The server did not accept the request.
    BadRequest,
    /// The prompt is longer than the model's context.
    ContextLength,
    /// Too many requests.
    RateLimited,
    /// The server has no capacity at the moment.
    Overloaded,
    /// The server failed (HTTP 500 and above).
    Server,
    /// No connection could be made.
    Connect,
    /// A time limit passed.
    Timeout,
    /// The stream ended before its terminator.
    Truncated,
    /// The reply could not be understood.
    Decode,
    /// The model declined to answer.
    Refused,
    /// A scripted backend has no reply left.
    ScriptEnded,
}

/// A failure: its kind for programs, its message for people, its source for debuggers.
///
/// ```
/// use confidant::{Confidant, ErrorKind};
/// let error = Confidant::open("/no/such/folder/support.db").err().expect("the folder is missing");
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// ```
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    llm: Option<LlmFailure>,
    message: Arc<str>,
    source: Option<Arc<dyn StdError + Send + Sync + 'static>>,
}

impl Error {
    /// Makes an error; backends and hosts that implement a trait of this crate use it. One without
    /// a message gets one that says so.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        let mut message = message.into();
        if message.is_empty() {
            message = format!("failed without a message ({kind:?})");
        }
        Error { kind, llm: None, message: Arc::from(message), source: None }
    }

    /// Makes an error of a language model.
    pub fn llm(failure: LlmFailure, message: impl Into<String>) -> Error {
        Error { llm: Some(failure), ..Error::new(ErrorKind::Llm, message) }
    }

    /// Adds the cause.
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Error {
        self.source = Some(Arc::new(source));
        self
    }

    /// The kind, for programs.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Why the language model failed; `None` for every other kind.
    pub fn llm_failure(&self) -> Option<LlmFailure> {
        self.llm
    }

    /// Whether the same call may succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        match self.llm {
            Some(failure) => matches!(
                failure,
                LlmFailure::RateLimited
                    | LlmFailure::Overloaded
                    | LlmFailure::Server
                    | LlmFailure::Connect
                    | LlmFailure::Timeout
            ),
            None => self.kind == ErrorKind::Busy,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

/// Shorthand for the commonest kind.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

/// Shorthand for "this cannot happen".
pub(crate) fn internal(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Internal, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_store_and_a_rate_limit_are_retryable_and_a_bad_argument_is_not() {
        assert!(Error::new(ErrorKind::Busy, "x").is_retryable());
        assert!(Error::llm(LlmFailure::RateLimited, "x").is_retryable());
        assert!(!Error::llm(LlmFailure::Auth, "x").is_retryable());
        assert!(!invalid("x").is_retryable());
    }

    #[test]
    fn an_error_always_has_a_message() {
        assert_eq!(
            Error::llm(LlmFailure::Server, "").to_string(),
            "failed without a message (Llm)"
        );
    }

    #[test]
    fn the_cause_is_kept_for_the_debugger() {
        let error =
            Error::new(ErrorKind::Io, "cannot open a").with_source(std::io::Error::other("b"));
        assert_eq!(error.source().expect("has a cause").to_string(), "b");
        assert_eq!(error.to_string(), "cannot open a");
    }
}
