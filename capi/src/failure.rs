//! What a host reads of an error.
//!
//! Knows that NULL is no error, so that a host may ask without looking first.

use crate::border::error::{
    CONFIDANT_ERR_INTERNAL, CONFIDANT_LLM_NONE, CONFIDANT_OK, FAILURES, KINDS, confidant_error,
    confidant_status, status_of,
};
use crate::border::guard::look;
use crate::border::handle::free;
use crate::border::text::{NO_TEXT, confidant_flag, confidant_str, view};

/// Frees an error. NULL does nothing.
///
/// Owned: the error and every text of it are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_error_free(error: *mut confidant_error) {
    unsafe { free(error) }
}

/// The status of an error, as the failed call returned it; `CONFIDANT_OK` for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_error_status(error: *const confidant_error) -> confidant_status {
    look(CONFIDANT_ERR_INTERNAL, || {
        unsafe { error.as_ref() }.map_or(CONFIDANT_OK, |error| status_of(&error.error))
    })
}

/// What was tried, on what, and why not, for people. Never holds what a customer said.
///
/// Owned: a view that lives until `confidant_error_free`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_error_message(error: *const confidant_error) -> confidant_str {
    look(NO_TEXT, || unsafe { error.as_ref() }.map_or(NO_TEXT, |error| view(&error.message)))
}

/// The causes, for a log: what the database, the operating system or the server said. Empty
/// if there is none.
///
/// Owned: a view that lives until `confidant_error_free`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_error_detail(error: *const confidant_error) -> confidant_str {
    look(NO_TEXT, || unsafe { error.as_ref() }.map_or(NO_TEXT, |error| view(&error.detail)))
}

/// Why the language model failed, one of `CONFIDANT_LLM_*`; `CONFIDANT_LLM_NONE` for every
/// other kind of error and for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_error_llm_failure(error: *const confidant_error) -> i32 {
    look(CONFIDANT_LLM_NONE, || {
        let failure = unsafe { error.as_ref() }.and_then(|error| error.error.llm_failure());
        let known = FAILURES.iter().find(|(known, _)| Some(*known) == failure);
        known.map_or(CONFIDANT_LLM_NONE, |(_, code)| *code)
    })
}

/// Whether the same call may succeed later without any change; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_error_is_retryable(
    error: *const confidant_error,
) -> confidant_flag {
    look(0, || u32::from(unsafe { error.as_ref() }.is_some_and(|error| error.error.is_retryable())))
}

/// The name of a status in plain words ("not found"); "unknown" for a number that is none.
///
/// Owned: a view of a constant, good for ever. Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn confidant_status_name(status: confidant_status) -> confidant_str {
    look(NO_TEXT, || {
        let known = KINDS.iter().find(|(_, known, _)| *known == status).map(|(.., name)| *name);
        view(if status == CONFIDANT_OK { "ok" } else { known.unwrap_or("unknown") })
    })
}
