//! One customer's memory.
//!
//! Knows that C hosts reach a customer by two names in one call; a handle is cheap.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::{guard, look};
use crate::border::handle::{Place, free, put_if_wanted, shared};
use crate::border::record::{Record, write};
use crate::border::text::{NO_TEXT, confidant_str, text, view};
use crate::list::{LastContext, confidant_context, confidant_turns};
use crate::saving::{answer_one, save_all, save_one};
use crate::store::{confidant_store, count, tenant_of};
use crate::turn::{confidant_new_answer, confidant_new_turn};
use confidant::{Customer, Page, PersistentBufferMemory, TurnId};

/// One customer's memory: the newest turns hot, every turn in the archive. Usable from many
/// threads at once. It keeps the context it gave out last, so that an unchanged one costs nothing.
pub struct confidant_memory {
    pub(crate) memory: PersistentBufferMemory,
    last: LastContext,
}

impl confidant_memory {
    pub(crate) fn customer(&self) -> &Customer {
        self.memory.customer()
    }
}

/// The memory of a customer of a tenant, such as `CONFIDANT_DEFAULT_TENANT`. Both names have 1 to
/// 128 bytes and no control characters. Nothing is stored until a turn or a session is.
///
/// Owned: free `*out` with `confidant_memory_free`. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_open(
    store: *const confidant_store,
    tenant: confidant_str,
    customer: confidant_str,
    out: *mut *mut confidant_memory,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let customer = tenant_of(store, tenant)?.customer(text(customer, "customer")?)?;
        out.give(confidant_memory { memory: customer.memory(), last: LastContext::default() })
    })
}

/// Frees the handle; what is stored stays. NULL does nothing.
///
/// Owned: contexts, lists and sessions made from it stay good. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_free(memory: *mut confidant_memory) {
    unsafe { free(memory) }
}

/// The tenant's id.
///
/// Owned: a view that lives until `confidant_memory_free`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_tenant(memory: *const confidant_memory) -> confidant_str {
    look(NO_TEXT, || {
        unsafe { memory.as_ref() }.map_or(NO_TEXT, |memory| view(memory.customer().tenant_id()))
    })
}

/// The customer's id.
///
/// Owned: a view that lives until `confidant_memory_free`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_customer(
    memory: *const confidant_memory,
) -> confidant_str {
    look(NO_TEXT, || {
        unsafe { memory.as_ref() }.map_or(NO_TEXT, |memory| view(memory.customer().id()))
    })
}

/// The newest turns (50 if not set otherwise), oldest first, and the number of all: always what
/// every process that had its save acknowledged has written. Nobody known is an empty context.
///
/// Owned: free `*out` with `confidant_context_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// CORRUPT (naming the turn), BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_load_context(
    memory: *const confidant_memory,
    out: *mut *mut confidant_context,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let memory = shared(memory, "memory")?;
        out.give_raw(memory.last.handle(memory.memory.load_context()?))
    })
}

/// Saves one turn; it is on disk when this returns. It continues the customer's newest session if
/// that is open and was active within the last 30 minutes (a setting), and opens one otherwise.
/// Saving again under the same key gives the first turn's identifier and changes nothing.
/// `turn_id` may be NULL.
///
/// Owned: `turn_id` is the caller's. Threads: any. Fails: INVALID_ARGUMENT or LIMIT, naming the
/// part; BUSY, IO, STORE. Nothing was saved then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_save_turn(
    memory: *const confidant_memory,
    turn: *const confidant_new_turn,
    turn_id: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let memory = &shared(memory, "memory")?.memory;
        save_one(turn, turn_id, |turn| memory.save_turn(turn))
    })
}

/// Saves up to 1,000 turns in their order, all or none. The array is stepped by the first one's
/// `struct_size`. `turn_ids` may be NULL, or has room for `count` identifiers.
///
/// Owned: `turn_ids` is the caller's. Threads: any. Fails: INVALID_ARGUMENT or LIMIT, naming the
/// part; BUSY, IO, STORE. Nothing was saved then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_save_turns(
    memory: *const confidant_memory,
    turns: *const confidant_new_turn,
    count: usize,
    turn_ids: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let memory = &shared(memory, "memory")?.memory;
        save_all(turns, count, turn_ids, |turns| memory.save_turns(turns))
    })
}

/// Gives an answer to a turn that was saved without one. Giving the same answer again changes
/// nothing.
///
/// Threads: any. Fails: NOT_FOUND (no such turn of this customer), CONFLICT (it has another
/// answer), INVALID_ARGUMENT, LIMIT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_answer(
    memory: *const confidant_memory,
    turn_id: u64,
    answer: *const confidant_new_answer,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let memory = &shared(memory, "memory")?.memory;
        answer_one(turn_id, answer, |turn, answer| memory.answer(turn, answer))
    })
}

/// A page of the whole archive, oldest first: at most `limit` turns (1 to 10,000) after the turn
/// `after`; 0 is from the beginning.
///
/// Owned: free `*out` with `confidant_turns_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// NOT_FOUND (`after` is another customer's), CORRUPT (naming the turn), BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_turns(
    memory: *const confidant_memory,
    after: u64,
    limit: usize,
    out: *mut *mut confidant_turns,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let memory = shared(memory, "memory")?;
        let page = match after {
            0 => Page::first(limit),
            after => Page::first(limit).after(TurnId::from_u64(after)?),
        };
        out.give(confidant_turns::new(memory.memory.turns(page)?))
    })
}

/// One turn, as a list of one.
///
/// Owned: free `*out` with `confidant_turns_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// NOT_FOUND (no such turn of this customer), CORRUPT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_turn(
    memory: *const confidant_memory,
    turn_id: u64,
    out: *mut *mut confidant_turns,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let memory = shared(memory, "memory")?;
        out.give(confidant_turns::new(vec![memory.memory.turn(TurnId::from_u64(turn_id)?)?]))
    })
}

/// Removes every turn and session of this customer; `removed`, which may be NULL, is how many
/// turns. No number is given again. Backups keep the bytes.
///
/// Owned: `removed` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE;
/// nothing was removed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_clear(
    memory: *const confidant_memory,
    removed: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let memory = shared(memory, "memory")?;
        let count = memory.memory.clear()?;
        memory.last.forget();
        put_if_wanted(removed, count);
        Ok(())
    })
}

/// Forgets this customer's hot buffer, and the context that the handle keeps; the store keeps
/// everything.
///
/// Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_invalidate(
    memory: *const confidant_memory,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || {
        let memory = unsafe { shared(memory, "memory") }?;
        memory.memory.invalidate();
        memory.last.forget();
        Ok(())
    })
}

/// Saves this customer's turns that wait; does nothing unless turns are collected.
///
/// Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE; what was not saved still waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_flush(
    memory: *const confidant_memory,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { shared(memory, "memory") }?.memory.flush())
}

/// Figures of one customer's memory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_buffer_stats {
    /// `sizeof(confidant_buffer_stats)`.
    pub struct_size: usize,
    /// Turns in the context.
    pub buffered: u64,
    /// Turns in all.
    pub total: u64,
    /// Turns that wait to be saved.
    pub pending: u64,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_buffer_stats {}

/// Figures of this customer's memory.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_stats(
    memory: *const confidant_memory,
    out: *mut confidant_buffer_stats,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let stats = shared(memory, "memory")?.memory.stats()?;
        let value = confidant_buffer_stats {
            struct_size: 0,
            buffered: count(stats.buffered),
            total: stats.total,
            pending: count(stats.pending),
        };
        write(out, value)
    })
}
