//! Reading a text: what must not be kept, its language, its common spelling.
//!
//! Knows that the results of all three are views of what a handle owns, or of constants.

use crate::border::error::{confidant_error, confidant_status, invalid};
use crate::border::guard::guard;
use crate::border::handle::{Place, free, put, shared};
use crate::border::text::{confidant_str, text, view_of};
use crate::border::views::{Views, shown, shown_number, shown_text};
use crate::kinds::{place, sensitive};
use confidant::{Normalized, Sensitive, language_of, redact};
use std::mem::size_of;
use std::ops::Range;
use std::sync::Arc;

/// A text with labels in place of what must not be kept. Immutable, so it may be read from many
/// threads at once.
pub struct confidant_redacted {
    text: String,
    found: Views<confidant_sensitive>,
}

/// Something that must not be kept, and where it stood; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_sensitive {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// Its first byte in the text that was given.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
    /// What it is, one of `CONFIDANT_SENSITIVE_*`.
    pub kind: i32,
    /// Zero.
    pub reserved: u32,
}

fn view_sensitive((kind, span): &(Sensitive, Range<usize>)) -> confidant_sensitive {
    confidant_sensitive {
        struct_size: size_of::<confidant_sensitive>(),
        start: place(span.start),
        end: place(span.end),
        kind: sensitive(*kind),
        reserved: 0,
    }
}

/// Puts labels (`[card]`, `[email]`, `[phone]`, `[iban]`) in place of card numbers, e-mail
/// addresses, telephone numbers and IBANs.
///
/// Owned: free `*out` with `confidant_redacted_free`. Threads: any. Fails: INVALID_ARGUMENT, LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_text_redact(
    message: confidant_str,
    out: *mut *mut confidant_redacted,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let redacted = redact(text(message, "message")?);
        let found = Views::of(&redacted.found, view_sensitive);
        out.give(confidant_redacted { text: redacted.text.into_owned(), found })
    })
}

/// Frees a redacted text. NULL does nothing.
///
/// Owned: its text is gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_redacted_free(redacted: *mut confidant_redacted) {
    unsafe { free(redacted) }
}

/// The text with its labels.
///
/// Owned: a view that lives until `confidant_redacted_free`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_redacted_text(
    redacted: *const confidant_redacted,
) -> confidant_str {
    unsafe { shown_text(redacted, |redacted| Some(&redacted.text)) }
}

/// How many labels were put; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_redacted_count(redacted: *const confidant_redacted) -> usize {
    unsafe { shown_number(redacted, |redacted| redacted.found.0.len()) }
}

/// What a label stands for, counted from 0, in the order of the text; NULL past the end and for
/// NULL.
///
/// Owned: a view that lives until `confidant_redacted_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_redacted_at(
    redacted: *const confidant_redacted,
    index: usize,
) -> *const confidant_sensitive {
    unsafe { shown(redacted, |redacted| redacted.found.0.get(index)) }
}

/// The language of a text as its two-letter code ("en", "de"); `{NULL, 0}` if the text is shorter
/// than 20 characters or holds hardly any letters.
///
/// Owned: `*language` is a view of a constant, good for ever. Threads: any. Fails:
/// INVALID_ARGUMENT, LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_text_language(
    message: confidant_str,
    language: *mut confidant_str,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { put(language, view_of(language_of(text(message, "message")?))) })
}

/// A text in Unicode's compatibility form with straight apostrophes, without invisible characters,
/// and with no letter more than twice in a row. Immutable, so it may be read from many threads at
/// once.
pub struct confidant_normalized {
    // It borrows from `_original`, whose bytes stay where they are, and goes before it.
    text: Normalized<'static>,
    len: usize,
    _original: Arc<str>,
}

/// Normalises a text, with a way back to the bytes of the original.
///
/// Owned: free `*out` with `confidant_normalized_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_text_normalize(
    message: confidant_str,
    out: *mut *mut confidant_normalized,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let original: Arc<str> = text(message, "message")?.into();
        // SAFETY: the text is on the heap, is never changed, and outlives what borrows it.
        let text = Normalized::of(&*Arc::as_ptr(&original));
        out.give(confidant_normalized { len: text.as_str().len(), text, _original: original })
    })
}

/// Frees a normalised text. NULL does nothing.
///
/// Owned: its text is gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_normalized_free(normalized: *mut confidant_normalized) {
    unsafe { free(normalized) }
}

/// The normalised text.
///
/// Owned: a view that lives until `confidant_normalized_free`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_normalized_text(
    normalized: *const confidant_normalized,
) -> confidant_str {
    unsafe { shown_text(normalized, |normalized| Some(normalized.text.as_str())) }
}

/// The bytes of the original, from `*start` to before `*end`, that such a span of the normalised
/// text stands for. What reads otherwise there is taken in whole.
///
/// Owned: `start` and `end` are the caller's, and are read and written. Threads: any. Fails:
/// INVALID_ARGUMENT (no such span).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_normalized_original(
    normalized: *const confidant_normalized,
    start: *mut u64,
    end: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let normalized = shared(normalized, "normalized")?;
        let (from, to) = (shared(start.cast_const(), "start")?, shared(end.cast_const(), "end")?);
        let span =
            usize::try_from(*from).ok().zip(usize::try_from(*to).ok()).map(|(from, to)| from..to);
        let span = span.filter(|span| span.start <= span.end && span.end <= normalized.len);
        let span = span
            .ok_or_else(|| invalid(format!("the normalised text has {} bytes", normalized.len)))?;
        let original = normalized.text.original(span);
        put(start, place(original.start))?;
        put(end, place(original.end))
    })
}
