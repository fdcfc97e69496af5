//! Turns to be looked at: a context, a page of the archive.
//!
//! Knows that views are made once, when they are first asked for, and live as long as the
//! handle; a context that did not change is the same views again.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::{guard, look};
use crate::border::handle::{free, put, put_if_wanted, shared};
use crate::border::text::confidant_bytes;
use crate::border::views::{Views, pointer};
use crate::flat::flatten;
use crate::turn::{confidant_turn, view_turn};
use confidant::{Context, Result, Turn};
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};

/// The newest turns of a customer at one moment, oldest first. Immutable, so it may be read from
/// many threads at once; turns saved later are in the next context.
pub struct confidant_context {
    context: Context,
    views: OnceLock<Views<confidant_turn>>,
    flat: OnceLock<Vec<u8>>,
}

/// Stored turns, oldest first. Immutable, so it may be read from many threads at once.
pub struct confidant_turns {
    turns: Vec<Turn>,
    views: OnceLock<Views<confidant_turn>>,
    flat: OnceLock<Vec<u8>>,
}

impl confidant_turns {
    pub(crate) fn new(turns: Vec<Turn>) -> confidant_turns {
        confidant_turns { turns, views: OnceLock::new(), flat: OnceLock::new() }
    }

    pub(crate) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    fn views(&self) -> &[confidant_turn] {
        &self.views.get_or_init(|| Views(self.turns.iter().map(view_turn).collect())).0
    }
}

impl confidant_context {
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    fn view(&self, place: usize) -> *const confidant_turn {
        match self.views.get() {
            Some(views) => pointer(views.0.get(place)),
            None => make_view(self, place),
        }
    }

    fn views(&self) -> &[confidant_turn] {
        &self.views.get_or_init(|| Views(self.context.turns().map(view_turn).collect())).0
    }
}

/// The first of some views, for the host to step through, and how many there are.
///
/// # Safety
/// `count` is NULL or writable.
unsafe fn run_of(views: &[confidant_turn], count: *mut usize) -> *const confidant_turn {
    // SAFETY: as promised by the caller.
    unsafe { put_if_wanted(count, views.len()) };
    pointer(views.first())
}

/// As [`confidant_context::view`], for the first one of a context. In C's way, which lets no panic
/// out: so what asks for the others needs nothing to catch one with.
#[cold]
#[inline(never)]
extern "C" fn make_view(context: &confidant_context, place: usize) -> *const confidant_turn {
    look(std::ptr::null(), || pointer(context.views().get(place)))
}

/// The last context that a handle gave out: as long as nothing changes, the views are the same.
#[derive(Default)]
pub(crate) struct LastContext(Mutex<Option<Arc<confidant_context>>>);

impl LastContext {
    /// The handle of a context, which the host frees.
    pub(crate) fn handle(&self, context: Context) -> *mut confidant_context {
        let mut last = self.0.lock();
        let shown = match &*last {
            Some(shown) if shown.context.is_same_moment(&context) => Arc::clone(shown),
            _ => {
                let (views, flat) = (OnceLock::new(), OnceLock::new());
                let shown = Arc::new(confidant_context { context, views, flat });
                *last = Some(Arc::clone(&shown));
                shown
            }
        };
        Arc::into_raw(shown).cast_mut()
    }

    pub(crate) fn forget(&self) {
        let last = self.0.lock().take();
        drop(last);
    }
}

/// Frees a context. NULL does nothing.
///
/// Owned: its turns and their texts are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_context_free(context: *mut confidant_context) {
    look((), || {
        if !context.is_null() {
            // SAFETY: given by `LastContext::handle`, and not freed yet.
            drop(unsafe { Arc::from_raw(context.cast_const()) });
        }
    });
}

/// How many turns are in the context; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_context_count(context: *const confidant_context) -> usize {
    look(0, || unsafe { context.as_ref() }.map_or(0, |context| context.context.len()))
}

/// How many turns the customer has in all, here and in the archive; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_context_total(context: *const confidant_context) -> u64 {
    look(0, || unsafe { context.as_ref() }.map_or(0, |context| context.context.total()))
}

/// The turn at an index, counted from 0, the oldest one here; NULL past the end and for NULL.
///
/// Owned: a view that lives until `confidant_context_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_context_turn(
    context: *const confidant_context,
    index: usize,
) -> *const confidant_turn {
    look(std::ptr::null(), || {
        unsafe { context.as_ref() }.map_or(std::ptr::null(), |context| context.view(index))
    })
}

/// All turns of the context, oldest first, one behind the other, and how many; NULL and 0 if there
/// are none and for NULL. From one to the next it is the first one's `struct_size` bytes, which may
/// be more than the host's header knows. One call in place of one for each turn. `count` may be
/// NULL.
///
/// Owned: views that live until `confidant_context_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_context_turns(
    context: *const confidant_context,
    count: *mut usize,
) -> *const confidant_turn {
    look(std::ptr::null(), || unsafe {
        run_of(context.as_ref().map_or(&[], confidant_context::views), count)
    })
}

/// The whole context as one flat buffer, for hosts whose calls are costly. All numbers are
/// little-endian; offsets count from the buffer's beginning.
///
/// Head, 32 bytes: u32 magic 0x31424643 ("CFB1"), u32 size of a record (80 or more), u64 total of
/// the customer's turns, u32 count of records, u32 bytes of what was spoken, u64 zero. Then the
/// records, oldest first: u64 turn id, u64 session id, i64 at (ms), i64 answered at (ms), f64
/// confidence, i32 channel, u32 flags (1 said, 2 answer, 4 answered at, 8 answered by, 16
/// confidence, 32 resolved, 64 metadata, 128 pending: which are there), then u32 offset and u32
/// length of said, answer, answered by and metadata. Then the texts, each followed by a zero byte
/// that its length does not count; said and answer of every turn, in their order and an empty text
/// for one that is not there, stand first and take the bytes of what was spoken, so that they can
/// be split at once where no text holds a zero byte.
///
/// Owned: a view that lives until `confidant_context_free`. Threads: any. Fails:
/// INVALID_ARGUMENT, LIMIT (texts of 4 GiB and more).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_context_flat(
    context: *const confidant_context,
    out: *mut confidant_bytes,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let handle = shared(context, "context")?;
        let context = &handle.context;
        put(out, flat(&handle.flat, || flatten(context.turns(), context.total()))?)
    })
}

/// Frees a list of turns. NULL does nothing.
///
/// Owned: its turns and their texts are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_turns_free(turns: *mut confidant_turns) {
    unsafe { free(turns) }
}

/// How many turns are in the list; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_turns_count(turns: *const confidant_turns) -> usize {
    look(0, || unsafe { turns.as_ref() }.map_or(0, |turns| turns.turns.len()))
}

/// The turn at an index, counted from 0; NULL past the end and for NULL.
///
/// Owned: a view that lives until `confidant_turns_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_turns_at(
    turns: *const confidant_turns,
    index: usize,
) -> *const confidant_turn {
    look(std::ptr::null(), || {
        pointer(unsafe { turns.as_ref() }.and_then(|turns| turns.views().get(index)))
    })
}

/// All turns of the list, one behind the other, and how many, as `confidant_context_turns` gives
/// them; NULL and 0 if there are none and for NULL. `count` may be NULL.
///
/// Owned: views that live until `confidant_turns_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_turns_all(
    turns: *const confidant_turns,
    count: *mut usize,
) -> *const confidant_turn {
    look(std::ptr::null(), || unsafe {
        run_of(turns.as_ref().map_or(&[], confidant_turns::views), count)
    })
}

/// The whole list as one flat buffer, laid out as `confidant_context_flat` says; its total is the
/// number of turns in the list.
///
/// Owned: a view that lives until `confidant_turns_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// LIMIT (texts of 4 GiB and more).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_turns_flat(
    turns: *const confidant_turns,
    out: *mut confidant_bytes,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let handle = shared(turns, "turns")?;
        let total = u64::try_from(handle.turns.len()).unwrap_or(u64::MAX);
        put(out, flat(&handle.flat, || flatten(handle.turns.iter(), total))?)
    })
}

fn flat(
    kept: &OnceLock<Vec<u8>>,
    make: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<confidant_bytes> {
    let bytes = match kept.get() {
        Some(bytes) => bytes,
        None => {
            let made = make()?;
            kept.get_or_init(|| made)
        }
    };
    Ok(confidant_bytes { ptr: bytes.as_ptr(), len: bytes.len() })
}
