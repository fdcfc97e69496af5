//! Structs that may grow.
//!
//! Knows that a struct begins with its size as the host's header had it, that only so many
//! bytes are read or written, and that what the host's header lacks is zero.

use super::error::null;
use confidant::{Error, ErrorKind, Result};
use std::mem::{MaybeUninit, size_of};

/// The largest size that is believed; no struct of ours will ever be so long.
const MAX_SIZE: usize = 4_096;

/// A struct of the header that begins with `size_t struct_size`.
///
/// # Safety
/// `repr(C)`, `usize` first, without padding, and valid whatever its bytes are, zeros included.
pub(crate) unsafe trait Record: Copy {}

/// The size that a struct says it has; a multiple of 8, so that no field is cut in two (no
/// struct has padding, which a test of the header proves).
unsafe fn size_of_given<T: Record>(given: *const T, what: &str) -> Result<usize> {
    if given.is_null() {
        return Err(null(what));
    }
    // SAFETY: not NULL, and every record begins with its size.
    let size = unsafe { given.cast::<usize>().read_unaligned() };
    if size % 8 != 0 || !(size_of::<usize>()..=MAX_SIZE).contains(&size) {
        let message = format!("{what} has the struct_size {size}; begin with its _INIT");
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    Ok(size)
}

/// Reads a struct of the host.
///
/// # Safety
/// Not NULL means: readable for as many bytes as its first field says.
pub(crate) unsafe fn read<T: Record>(given: *const T, what: &str) -> Result<T> {
    // SAFETY: as promised by the caller.
    let size = unsafe { size_of_given(given, what) }?;
    // SAFETY: not longer than either side.
    Ok(unsafe { copied(given.cast(), size) })
}

/// Reads a struct of the host that may be NULL.
///
/// # Safety
/// As [`read`].
pub(crate) unsafe fn read_if_given<T: Record>(given: *const T, what: &str) -> Result<Option<T>> {
    // SAFETY: as promised by the caller.
    if given.is_null() { Ok(None) } else { unsafe { read(given, what) }.map(Some) }
}

/// Reads an array of structs, stepped by the size that the first one says.
///
/// # Safety
/// As [`read`], for all of them.
pub(crate) unsafe fn read_all<T: Record>(
    given: *const T,
    count: usize,
    most: usize,
    what: &str,
) -> Result<Vec<T>> {
    check_count(count, most, what)?;
    if count == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: as promised by the caller.
    let size = unsafe { size_of_given(given, what) }?;
    let first = given.cast::<u8>();
    // SAFETY: as promised by the caller; the count and the size are bounded, so nothing overflows.
    Ok((0..count).map(|place| unsafe { copied(first.add(place * size), size) }).collect())
}

/// Reads an array of plain values, such as texts.
///
/// # Safety
/// Not NULL means: readable for that many values.
pub(crate) unsafe fn values<'a, T>(
    given: *const T,
    count: usize,
    most: usize,
    what: &str,
) -> Result<&'a [T]> {
    check_count(count, most, what)?;
    match (given.is_null(), count) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(null(what)),
        // SAFETY: not NULL, bounded, and promised by the caller.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(given, count) }),
    }
}

/// Writes a struct of the host as far as its header knows it; its size stays.
///
/// # Safety
/// Not NULL means: writable for as many bytes as its first field says.
pub(crate) unsafe fn write<T: Record>(out: *mut T, value: T) -> Result<()> {
    // SAFETY: as promised by the caller.
    let size = unsafe { size_of_given(out, "out") }?;
    let (head, whole) = (size_of::<usize>(), size.min(size_of::<T>()));
    let from = (&raw const value).cast::<u8>();
    // SAFETY: within both; the first field is left out.
    unsafe { out.cast::<u8>().add(head).copy_from_nonoverlapping(from.add(head), whole - head) };
    Ok(())
}

/// Says that a struct for results is usable, before anything is done.
///
/// # Safety
/// As [`write`].
pub(crate) unsafe fn check_out<T: Record>(out: *mut T) -> Result<()> {
    // SAFETY: as promised by the caller.
    unsafe { size_of_given(out, "out") }.map(|_| ())
}

fn check_count(count: usize, most: usize, what: &str) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidArgument, format!("{count} of {what}; the limit is {most}")))
}

/// # Safety
/// Readable for `size` bytes.
unsafe fn copied<T: Record>(from: *const u8, size: usize) -> T {
    let mut value = MaybeUninit::<T>::zeroed();
    let bytes = size.min(size_of::<T>());
    // SAFETY: within both; a record is valid whatever its bytes are.
    unsafe {
        value.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(from, bytes);
        value.assume_init()
    }
}
