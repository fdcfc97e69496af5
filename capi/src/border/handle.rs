//! Handles: boxes that the host holds by their pointer.
//!
//! Knows how a pointer of the host is looked at, made and freed. NULL is an error, never a
//! crash; a handle that is made appears in its place only when the call has succeeded.

use super::error::null;
use super::guard::look;
use confidant::Result;
use std::ptr::NonNull;

/// A handle to read from.
///
/// # Safety
/// Not NULL means: made by this library, not freed yet, and shared only as the header allows.
pub(crate) unsafe fn shared<'a, T>(handle: *const T, what: &str) -> Result<&'a T> {
    // SAFETY: as promised by the caller.
    unsafe { handle.as_ref() }.ok_or_else(|| null(what))
}

/// A handle to change.
///
/// # Safety
/// As [`shared`], and nobody else uses it meanwhile.
pub(crate) unsafe fn exclusive<'a, T>(handle: *mut T, what: &str) -> Result<&'a mut T> {
    // SAFETY: as promised by the caller.
    unsafe { handle.as_mut() }.ok_or_else(|| null(what))
}

/// A place for a new handle; NULL from the beginning, so that a failure leaves no half result.
pub(crate) struct Place<T>(NonNull<*mut T>);

impl<T> Place<T> {
    /// # Safety
    /// Not NULL means: the host's own variable.
    pub(crate) unsafe fn new(out: *mut *mut T) -> Result<Place<T>> {
        let place = NonNull::new(out).ok_or_else(|| null("out"))?;
        // SAFETY: not NULL.
        unsafe { place.write(std::ptr::null_mut()) };
        Ok(Place(place))
    }

    pub(crate) fn give(self, handle: T) -> Result<()> {
        self.give_raw(Box::into_raw(Box::new(handle)))
    }

    pub(crate) fn give_raw(self, handle: *mut T) -> Result<()> {
        // SAFETY: checked when the place was made, within the same call.
        unsafe { self.0.write(handle) };
        Ok(())
    }
}

/// Writes a plain result.
///
/// # Safety
/// Not NULL means: the host's own variable.
pub(crate) unsafe fn put<T>(out: *mut T, value: T) -> Result<()> {
    if out.is_null() {
        return Err(null("out"));
    }
    // SAFETY: not NULL.
    unsafe { out.write(value) };
    Ok(())
}

/// Writes a plain result that the host may not want.
///
/// # Safety
/// As [`put`].
pub(crate) unsafe fn put_if_wanted<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: not NULL.
        unsafe { out.write(value) };
    }
}

/// Frees a handle that [`Place::give`] gave; NULL does nothing.
///
/// # Safety
/// Not NULL means: made by this library, not freed yet, and used by nobody meanwhile.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    look((), || {
        if !handle.is_null() {
            // SAFETY: as promised by the caller.
            drop(unsafe { Box::from_raw(handle) });
        }
    });
}
