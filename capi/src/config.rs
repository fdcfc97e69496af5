//! The settings of a memory to be opened.
//!
//! Knows their C types and numbers; defaults and ranges are the builder's own.

use crate::border::callback::UserData;
use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::{caught, guard};
use crate::border::handle::{Place, exclusive, free};
use crate::border::record::{Record, read};
use confidant::{
    Builder, Clock, Confidant, Durability, Error, ErrorKind, Persist, Result, SystemClock,
    Timestamp,
};
use std::ffi::c_void;
use std::time::Duration;

/// An acknowledged turn survives a killed process, an operating system crash and power loss.
pub const CONFIDANT_DURABILITY_POWER_LOSS: i32 = 0;
/// An acknowledged turn survives a killed process; power loss may take the newest ones.
pub const CONFIDANT_DURABILITY_PROCESS_CRASH: i32 = 1;

/// The settings of a memory to be opened. Used by one thread at a time; `confidant_store_open` copies
/// them, so one may open several memories and be freed at any time.
pub struct confidant_config {
    pub(crate) builder: Builder,
}

/// Where the time comes from; for tests and replays.
///
/// The library owns `user_data` from the call it is given in, also if that call fails (unless
/// `struct_size` is refused), and runs `destroy` exactly once, on any thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_clock {
    /// `sizeof(confidant_clock)`.
    pub struct_size: usize,
    /// The host's own; the first parameter of each function.
    pub user_data: *mut c_void,
    /// The present time in milliseconds since the Unix epoch; called on any thread, from
    /// several at once, and must return quickly. Must not be NULL.
    pub now_ms: Option<unsafe extern "C" fn(user_data: *mut c_void) -> i64>,
    /// Gives `user_data` back; may be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_clock {}

struct HostClock {
    now_ms: unsafe extern "C" fn(*mut c_void) -> i64,
    user_data: UserData,
}

impl Clock for HostClock {
    fn now(&self) -> Timestamp {
        // SAFETY: the host's function with the host's data, not destroyed yet.
        let now = caught(|| unsafe { (self.now_ms)(self.user_data.pointer()) });
        now.map_or_else(|| SystemClock.now(), Timestamp::from_millis)
    }
}

/// Makes settings with every default: 50 turns in a context, 64 MiB of hot buffer for 30
/// minutes, each turn durable before its save returns, 5 seconds of patience with a locked store.
///
/// Owned: free `*out` with `confidant_config_free`. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_new(
    out: *mut *mut confidant_config,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        Place::new(out)?.give(confidant_config { builder: Confidant::builder() })
    })
}

/// Frees settings. NULL does nothing.
///
/// Owned: memories opened with them are not touched. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_free(config: *mut confidant_config) {
    unsafe { free(config) }
}

unsafe fn change(
    config: *mut confidant_config,
    with: impl FnOnce(Builder) -> Result<Builder>,
) -> Result<()> {
    let config = unsafe { exclusive(config, "config") }?;
    config.builder = with(config.builder.clone())?;
    Ok(())
}

/// Sets the turns of a context, 1 to 1,000. Default: 50. The range is checked at open.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_set_hot_turns(
    config: *mut confidant_config,
    turns: usize,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { change(config, |builder| Ok(builder.hot_turns(turns))) })
}

/// Sets the bytes that the hot buffer may take in all. Default: 64 MiB; 0 keeps nothing.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_set_hot_bytes(
    config: *mut confidant_config,
    bytes: usize,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { change(config, |builder| Ok(builder.hot_bytes(bytes))) })
}

/// Sets how long a customer stays hot after a load or a save, in milliseconds. Default: 30
/// minutes; -1 is for ever, 0 asks the store every time.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_set_hot_ttl_ms(
    config: *mut confidant_config,
    ttl_ms: i64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let ttl = match ttl_ms {
            -1 => None,
            _ => Some(Duration::from_millis(u64::try_from(ttl_ms).map_err(|_| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    format!("ttl_ms is {ttl_ms}; it must be -1, 0 or more"),
                )
            })?)),
        };
        change(config, |builder| Ok(builder.hot_ttl(ttl)))
    })
}

/// Sets after how many waiting turns of a customer they are saved, 1 to 1,000; 0, the default,
/// saves each turn before its call returns. Waiting turns are lost if the process is killed;
/// `confidant_store_flush` saves them. The range is checked at open.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_set_persist_every(
    config: *mut confidant_config,
    turns: usize,
    err: *mut *mut confidant_error,
) -> confidant_status {
    let persist = if turns == 0 { Persist::Always } else { Persist::Every(turns) };
    guard(err, || unsafe { change(config, |builder| Ok(builder.persist(persist))) })
}

/// Sets what an acknowledged turn survives, one of `CONFIDANT_DURABILITY_*`. Default:
/// power loss.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_set_durability(
    config: *mut confidant_config,
    durability: i32,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let durability = match durability {
            CONFIDANT_DURABILITY_POWER_LOSS => Durability::PowerLoss,
            CONFIDANT_DURABILITY_PROCESS_CRASH => Durability::ProcessCrash,
            _ => {
                let message = format!("there is no durability number {durability}");
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        };
        change(config, |builder| Ok(builder.durability(durability)))
    })
}

/// Sets how long a call waits while other processes hold the store, in milliseconds. Default:
/// 5,000.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_set_busy_timeout_ms(
    config: *mut confidant_config,
    timeout_ms: u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        change(config, |builder| Ok(builder.busy_timeout(Duration::from_millis(timeout_ms))))
    })
}

/// Sets after how long without a turn a save into a customer's memory opens a new session
/// instead of continuing, in milliseconds. Default: 30 minutes.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_set_session_idle_ms(
    config: *mut confidant_config,
    idle_ms: u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        change(config, |builder| Ok(builder.session_idle(Duration::from_millis(idle_ms))))
    })
}

/// Sets the longest text of one half of a turn, and of its metadata, in bytes, 1 to 65,536;
/// Default: 65,536. The range is checked at open.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_set_max_text_bytes(
    config: *mut confidant_config,
    bytes: usize,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { change(config, |builder| Ok(builder.max_text_bytes(bytes))) })
}

/// Sets the bytes that everything kept in memory beside the hot buffer may take in all: indexes for
/// recall and collections, learned preferences, known facts. Default: 128 MiB. 0 keeps nothing.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_set_recall_bytes(
    config: *mut confidant_config,
    bytes: usize,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { change(config, |builder| Ok(builder.cache_bytes(bytes))) })
}

/// Sets where the time comes from. Default: the machine's clock.
///
/// Owned: the library owns `clock->user_data` from here on, also if this fails. Threads: one at
/// a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_config_set_clock(
    config: *mut confidant_config,
    clock: *const confidant_clock,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let clock = read(clock, "clock")?;
        let user_data = UserData::new(clock.user_data, clock.destroy);
        let missing = || Error::new(ErrorKind::InvalidArgument, "clock.now_ms is NULL");
        let clock = HostClock { now_ms: clock.now_ms.ok_or_else(missing)?, user_data };
        change(config, |builder| Ok(builder.clock(clock)))
    })
}
