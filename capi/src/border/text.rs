//! Text and identifiers across the border.
//!
//! Knows that text is a pointer and a length, never trusts either, and that what goes out is
//! a view into something a handle owns.

use super::error::invalid;
use super::record::values;
use confidant::{Error, ErrorKind, Result};
use std::ffi::c_char;

/// The longest text that is read at all, in bytes; each use has a lower limit of its own.
const MAX_READ: usize = 16 << 20;

/// Text: UTF-8 at a pointer, not NUL-terminated, with its length in bytes.
///
/// Coming in, `{NULL, 0}` is empty or, where the text is optional, not given; `{NULL, n}` is
/// refused; it is copied before the call returns. Going out it is a view that lives as long
/// as the handle it came from; `{NULL, 0}` says that there is none, while an empty text has a
/// pointer. Never freed by the host.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_str {
    /// The first byte.
    pub ptr: *const c_char,
    /// The number of bytes.
    pub len: usize,
}

/// Bytes: a pointer and a length. Going out, a view that lives as long as the handle it came from;
/// coming in, copied before the call returns: `{NULL, 0}` is not given, `{NULL, n}` is refused.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_bytes {
    /// The first byte.
    pub ptr: *const u8,
    /// The number of bytes.
    pub len: usize,
}

/// Two texts that belong together, such as a member of metadata and its value. Never grows.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_pair {
    /// The first one: a name or a title.
    pub name: confidant_str,
    /// What belongs to it.
    pub value: confidant_str,
}

/// An identifier or a time as text: at most 36 characters and a NUL, held by the caller.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_id {
    /// The characters, ended by a NUL.
    pub text: [c_char; 37],
}

/// Yes or no inside a struct: 0 is no, anything else is yes.
pub type confidant_flag = u32;

pub(crate) const NO_TEXT: confidant_str = confidant_str { ptr: std::ptr::null(), len: 0 };

/// A view of a text.
pub(crate) fn view(text: &str) -> confidant_str {
    confidant_str { ptr: text.as_ptr().cast(), len: text.len() }
}

/// A view of a text that may be missing.
pub(crate) fn view_of(text: Option<&str>) -> confidant_str {
    text.map_or(NO_TEXT, view)
}

/// A text from the host; missing counts as empty.
///
/// # Safety
/// What the pointer points to must be readable for that many bytes during `'a`.
pub(crate) unsafe fn text<'a>(given: confidant_str, what: &str) -> Result<&'a str> {
    // SAFETY: as promised by the caller.
    Ok(unsafe { maybe(given, what) }?.unwrap_or_default())
}

/// A text from the host that may be missing.
///
/// # Safety
/// As [`text`].
pub(crate) unsafe fn maybe<'a>(given: confidant_str, what: &str) -> Result<Option<&'a str>> {
    if given.ptr.is_null() {
        return match given.len {
            0 => Ok(None),
            len => Err(invalid(format!("{what} is NULL, but its length is {len}"))),
        };
    }
    check_length(given.len, what)?;
    // SAFETY: not NULL, not longer than an allocation can be, and promised by the caller.
    let bytes = unsafe { std::slice::from_raw_parts(given.ptr.cast::<u8>(), given.len) };
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(cause) => Err(invalid(format!("{what} is not UTF-8 at byte {}", cause.valid_up_to()))),
    }
}

/// Pairs of texts from the host.
///
/// # Safety
/// As `record::values` and [`text`].
pub(crate) unsafe fn pairs<'a>(
    given: *const confidant_pair,
    count: usize,
    most: usize,
    what: &str,
) -> Result<Vec<(&'a str, &'a str)>> {
    // SAFETY: as promised by the caller.
    let pairs = unsafe { values(given, count, most, what) }?;
    // SAFETY: as promised by the caller.
    pairs
        .iter()
        .map(|pair| unsafe { Ok((text(pair.name, what)?, text(pair.value, what)?)) })
        .collect()
}

/// Bytes from the host that may be missing.
///
/// # Safety
/// As [`text`].
pub(crate) unsafe fn bytes<'a>(given: confidant_bytes, what: &str) -> Result<Option<&'a [u8]>> {
    check_length(given.len, what)?;
    match (given.ptr.is_null(), given.len) {
        (true, 0) => Ok(None),
        (true, len) => Err(invalid(format!("{what} is NULL, but its length is {len}"))),
        // SAFETY: not NULL, not longer than an allocation can be, and promised by the caller.
        (false, len) => Ok(Some(unsafe { std::slice::from_raw_parts(given.ptr, len) })),
    }
}

fn check_length(len: usize, what: &str) -> Result<()> {
    if len <= MAX_READ {
        return Ok(());
    }
    let message =
        format!("{what} is said to have {len} bytes; nothing may have more than {MAX_READ}");
    Err(Error::new(ErrorKind::Limit, message))
}
