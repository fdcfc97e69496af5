//! Views: structs that point into what the same handle owns.
//!
//! Knows how a handle is looked at: NULL, and a place past the end, show nothing.

use super::guard::look;
use super::text::{NO_TEXT, confidant_str, view};

/// Structs that point into what the same handle owns.
pub(crate) struct Views<T>(pub(crate) Box<[T]>);

// SAFETY: they point to what the handle owns and never changes.
unsafe impl<T> Send for Views<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Views<T> {}

impl<T> Views<T> {
    /// The views of some things.
    pub(crate) fn of<I: IntoIterator>(things: I, view: impl FnMut(I::Item) -> T) -> Views<T> {
        Views(things.into_iter().map(view).collect())
    }
}

/// The pointer of what may be missing.
pub(crate) fn pointer<T>(view: Option<&T>) -> *const T {
    view.map_or(std::ptr::null(), std::ptr::from_ref)
}

/// A part of a handle, for the host to look at; NULL if it is not there.
///
/// # Safety
/// Not NULL means: made by this library, not freed yet, and shared only as the header allows.
pub(crate) unsafe fn shown<H, T>(
    handle: *const H,
    part: impl FnOnce(&H) -> Option<&T>,
) -> *const T {
    // SAFETY: as promised by the caller.
    look(std::ptr::null(), || pointer(unsafe { handle.as_ref() }.and_then(part)))
}

/// A text of a handle; `{NULL, 0}` if it is not there.
///
/// # Safety
/// As [`shown`].
pub(crate) unsafe fn shown_text<H>(
    handle: *const H,
    part: impl FnOnce(&H) -> Option<&str>,
) -> confidant_str {
    // SAFETY: as promised by the caller.
    look(NO_TEXT, || unsafe { handle.as_ref() }.and_then(part).map_or(NO_TEXT, view))
}

/// A number of a handle; zero for NULL.
///
/// # Safety
/// As [`shown`].
pub(crate) unsafe fn shown_number<H, N: Default>(
    handle: *const H,
    part: impl FnOnce(&H) -> N,
) -> N {
    // SAFETY: as promised by the caller.
    look(N::default(), || unsafe { handle.as_ref() }.map_or_else(N::default, part))
}
