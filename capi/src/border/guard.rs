//! The wall that no panic crosses.
//!
//! Knows how a body's outcome becomes a status, an error handle and untouched results. Every
//! exported function runs inside [`guard`] or [`look`]; nothing else here catches anything.

use super::error::{confidant_error, confidant_status, status_of};
use super::fault;
use confidant::{Error, ErrorKind, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a body that may fail, and tells its outcome as a status and, if wanted, an error handle.
pub(crate) fn guard<F: FnOnce() -> Result<()>>(
    err: *mut *mut confidant_error,
    body: F,
) -> confidant_status {
    let outcome = caught(|| {
        fault::strike();
        body()
    });
    let outcome = outcome.unwrap_or_else(|| Err(defect::<F>()));
    match outcome {
        Ok(()) => {
            tell(err, std::ptr::null_mut());
            0
        }
        Err(error) => {
            let status = status_of(&error);
            if !err.is_null() {
                tell(err, caught(|| confidant_error::give(error)).unwrap_or(std::ptr::null_mut()));
            }
            status
        }
    }
}

/// Runs a body that cannot fail; a panic gives the other value.
pub(crate) fn look<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    caught(|| {
        fault::strike();
        body()
    })
    .unwrap_or(otherwise)
}

/// Runs a callback's work; `None` if it panicked.
pub(crate) fn caught<T>(body: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => Some(value),
        Err(payload) => {
            // What a panic carries may panic again when it goes.
            let _ = catch_unwind(AssertUnwindSafe(move || drop(payload)));
            None
        }
    }
}

/// The error of a caught panic; its payload is left out, since it may hold what a customer said.
fn defect<F>() -> Error {
    let name = std::any::type_name::<F>().split("::").find(|part| part.starts_with("confidant_"));
    let name = name.unwrap_or("a function");
    Error::new(
        ErrorKind::Internal,
        format!("{name} panicked: a defect of confidant; please report it"),
    )
}

fn tell(err: *mut *mut confidant_error, error: *mut confidant_error) {
    if !err.is_null() {
        // SAFETY: not NULL, so by the header's words it points to the host's own variable.
        unsafe { err.write(error) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_error_also_if_its_payload_panics() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("planted in a payload");
            }
        }
        let mut err = std::ptr::null_mut();
        assert_eq!(guard(&raw mut err, || panic!("planted")), 16);
        // SAFETY: the guard gave it.
        let error = unsafe { Box::from_raw(err) };
        assert!(error.message.contains("panicked") && !error.message.contains("planted"));
        assert_eq!(guard(std::ptr::null_mut(), || std::panic::panic_any(Bomb)), 16);
        assert_eq!(look(7, || panic!("planted")), 7);
    }

    #[test]
    fn success_clears_what_the_host_had_there() {
        let mut err = std::ptr::NonNull::<confidant_error>::dangling().as_ptr();
        assert_eq!(guard(&raw mut err, || Ok(())), 0);
        assert!(err.is_null());
    }
}
