//! The open store: opening, upkeep, closing.
//!
//! Knows which figures C hosts see of the store and of its upkeep.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::{guard, look};
use crate::border::handle::{Place, free, shared};
use crate::border::record::{Record, check_out, write};
use crate::border::text::{NO_TEXT, confidant_flag, confidant_str, text, view};
use crate::config::confidant_config;
use confidant::{Builder, CheckReport, Confidant, Result, Tenant};

/// The tenant of a program that keeps the customers of one company only.
pub const CONFIDANT_DEFAULT_TENANT: &str = "default";

/// An open store, in one file or on one server. Usable from many threads at once. Every other
/// handle keeps it open, so it may be closed before them.
pub struct confidant_store {
    pub(crate) store: Confidant,
}

/// A tenant of an open store.
///
/// # Safety
/// As `handle::shared` and `text::text`.
pub(crate) unsafe fn tenant_of(
    store: *const confidant_store,
    tenant: confidant_str,
) -> Result<Tenant> {
    // SAFETY: as promised by the caller.
    let (store, tenant) = unsafe { (&shared(store, "store")?.store, text(tenant, "tenant")?) };
    store.tenant(tenant)
}

/// Opens the store in the file at a path (`support.db`), or makes the file; with the feature
/// `postgres`, `postgres://user:password@host/database` is a server. `config` may be NULL for
/// the defaults. Any number of processes may have the same file open.
///
/// Owned: close `*out` with `confidant_store_close`; `config` stays the host's. Threads: any, but
/// `config` is not changed meanwhile. Fails: NOT_FOUND (folder missing), INVALID_ARGUMENT (not a
/// path, another program's database, a setting out of range), CORRUPT, FORMAT_TOO_NEW, IO, BUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_open(
    location: confidant_str,
    config: *const confidant_config,
    out: *mut *mut confidant_store,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let builder =
            config.as_ref().map_or_else(Builder::default, |config| config.builder.clone());
        out.give(confidant_store { store: builder.open(text(location, "location")?)? })
    })
}

/// Closes an open store. Turns that wait (see `confidant_config_set_persist_every`) are saved
/// with the last handle; call `confidant_store_flush` first to know that it worked. NULL does nothing.
///
/// Owned: other handles keep what they need and stay usable. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_close(store: *mut confidant_store) {
    unsafe { free(store) }
}

/// The location it was opened with.
///
/// Owned: a view that lives until `confidant_store_close`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_location(store: *const confidant_store) -> confidant_str {
    look(NO_TEXT, || {
        unsafe { store.as_ref() }.map_or(NO_TEXT, |store| view(store.store.location()))
    })
}

/// Saves every turn that waits; does nothing unless turns are collected.
///
/// Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE; what was not saved still waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_flush(
    store: *const confidant_store,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { shared(store, "store") }?.store.flush())
}

/// Forgets every customer's hot buffer; the store keeps everything.
///
/// Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_invalidate(
    store: *const confidant_store,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || {
        unsafe { shared(store, "store") }?.store.invalidate();
        Ok(())
    })
}

/// What `confidant_store_maintain` did.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_maintenance {
    /// `sizeof(confidant_maintenance)`.
    pub struct_size: usize,
    /// Whether a dictionary was trained.
    pub has_trained: confidant_flag,
    /// Its number.
    pub trained: u32,
    /// Turns that were looked at.
    pub examined: u64,
    /// Turns that were packed anew.
    pub repacked: u64,
    /// Bytes of those turns before.
    pub bytes_before: u64,
    /// Bytes of those turns after.
    pub bytes_after: u64,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_maintenance {}

/// Does what is better done now and then, when the host has time: trains the store's own
/// dictionary, packs older turns with it, moves the log into the file. Other calls go on
/// meanwhile. `out` may be NULL.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE;
/// what was done until then stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_maintain(
    store: *const confidant_store,
    out: *mut confidant_maintenance,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let store = shared(store, "store")?;
        if !out.is_null() {
            check_out(out)?;
        }
        let done = store.store.maintain()?;
        if out.is_null() {
            return Ok(());
        }
        let value = confidant_maintenance {
            struct_size: 0,
            has_trained: u32::from(done.trained.is_some()),
            trained: u32::from(done.trained.unwrap_or(0)),
            examined: done.examined,
            repacked: done.repacked,
            bytes_before: done.bytes_before,
            bytes_after: done.bytes_after,
        };
        write(out, value)
    })
}

/// Gives the file's free space back to the file system. Takes about as long as copying the
/// file, needs as much free space again, and writers wait meanwhile.
///
/// Threads: any. Fails: INVALID_ARGUMENT, IO, BUSY, STORE; the file is then as it was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_compact(
    store: *const confidant_store,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { shared(store, "store") }?.store.compact())
}

/// Figures of one open store in this process.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_stats {
    /// `sizeof(confidant_stats)`.
    pub struct_size: usize,
    /// Customers in the hot buffer.
    pub hot_customers: u64,
    /// Bytes that the hot buffer takes.
    pub hot_bytes: u64,
    /// Contexts that were served from the hot buffer.
    pub hits: u64,
    /// Contexts that were read from the store.
    pub misses: u64,
    /// Customers that left the hot buffer to keep its bound.
    pub evictions: u64,
    /// Turns that wait to be saved.
    pub pending: u64,
    /// The file's size in bytes, without its log.
    pub bytes_on_disk: u64,
    /// Whether this process is proven to be the only one with the store open.
    pub is_alone: confidant_flag,
    /// Zero.
    pub reserved: u32,
    /// Customers whose index for recall is in memory.
    pub recall_customers: u64,
    /// Bytes that everything kept in memory beside the hot buffer takes.
    pub recall_bytes: u64,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_stats {}

/// Figures of this open store: the hot buffer, what waits, the file's size.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_stats(
    store: *const confidant_store,
    out: *mut confidant_stats,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let stats = shared(store, "store")?.store.stats();
        let recall = stats.cached("recall");
        let value = confidant_stats {
            struct_size: 0,
            hot_customers: count(stats.hot_customers),
            hot_bytes: count(stats.hot_bytes),
            hits: stats.hits,
            misses: stats.misses,
            evictions: stats.evictions,
            pending: count(stats.pending),
            bytes_on_disk: stats.bytes_on_disk,
            is_alone: u32::from(stats.alone),
            reserved: 0,
            recall_customers: count(recall.map_or(0, |of| of.entries)),
            recall_bytes: count(stats.cache_bytes()),
        };
        write(out, value)
    })
}

/// A count as C hosts see it.
pub(crate) fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What `confidant_store_check` found. Immutable, so it may be read from many threads at once.
pub struct confidant_check_report {
    report: CheckReport,
}

/// The sums of a `confidant_check_report`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_check_sums {
    /// `sizeof(confidant_check_sums)`.
    pub struct_size: usize,
    /// Turns that were read.
    pub turns: u64,
    /// Bytes of their texts and metadata.
    pub text_bytes: u64,
    /// Bytes of their stored bodies.
    pub stored_bytes: u64,
    /// Lines of damage; none if the store is sound.
    pub findings: u64,
    /// Lines of warning.
    pub warnings: u64,
    /// Documents of collections that were read, also those that were removed.
    pub documents: u64,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_check_sums {}

/// Reads everything that is stored and lists what is damaged.
///
/// Owned: free `*out` with `confidant_check_report_free`. Threads: any. Fails: INVALID_ARGUMENT, IO,
/// STORE if the file cannot be read at all; damage itself is in the report.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_store_check(
    store: *const confidant_store,
    out: *mut *mut confidant_check_report,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        out.give(confidant_check_report { report: shared(store, "store")?.store.check()? })
    })
}

/// Frees a report. NULL does nothing.
///
/// Owned: its texts are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_check_report_free(report: *mut confidant_check_report) {
    unsafe { free(report) }
}

/// Whether nothing is damaged; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_check_report_is_sound(
    report: *const confidant_check_report,
) -> confidant_flag {
    look(0, || u32::from(unsafe { report.as_ref() }.is_some_and(|report| report.report.is_sound())))
}

/// The sums of a report.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_check_report_read(
    report: *const confidant_check_report,
    out: *mut confidant_check_sums,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let report = &shared(report, "report")?.report;
        let value = confidant_check_sums {
            struct_size: 0,
            turns: report.turns,
            text_bytes: report.text_bytes,
            stored_bytes: report.stored_bytes,
            findings: count(report.findings.len()),
            warnings: count(report.warnings.len()),
            documents: report.documents,
        };
        write(out, value)
    })
}

/// A line of damage, counted from 0.
///
/// Owned: a view that lives until `confidant_check_report_free`; `{NULL, 0}` for NULL and past the
/// end. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_check_report_finding(
    report: *const confidant_check_report,
    index: usize,
) -> confidant_str {
    look(NO_TEXT, || {
        let report = unsafe { report.as_ref() };
        report
            .and_then(|report| report.report.findings.get(index))
            .map_or(NO_TEXT, |line| view(line))
    })
}

/// A warning to the operator, counted from 0.
///
/// Owned: a view that lives until `confidant_check_report_free`; `{NULL, 0}` for NULL and past the
/// end. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_check_report_warning(
    report: *const confidant_check_report,
    index: usize,
) -> confidant_str {
    look(NO_TEXT, || {
        let report = unsafe { report.as_ref() };
        report
            .and_then(|report| report.report.warnings.get(index))
            .map_or(NO_TEXT, |line| view(line))
    })
}
