//! A recording, failing SQLite VFS around the operating system's own.
//!
//! Registered as the process's default, so that `Confidant::open` goes through it without
//! knowing. Only files in a folder that a [`Recorder`] watches are recorded or failed; all
//! others get the stock VFS's own methods. Locks and shared memory are always the real ones.
//! fsync is recorded, not done: what survives is decided in `disk.rs`.
#![allow(
    unsafe_code,
    unsafe_op_in_unsafe_fn,
    reason = "SQLite's VFS is a C interface; the crate itself forbids unsafe code"
)]

use super::log::{Call, Fault, Log, Op};
use rusqlite::ffi::*;
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once};

static REAL: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(std::ptr::null_mut());
static WATCHED: Mutex<Option<HashMap<PathBuf, Arc<Mutex<Log>>>>> = Mutex::new(None);

/// Watches one folder: records what SQLite does to the files in it, and fails what is asked.
pub struct Recorder {
    folder: PathBuf,
    log: Arc<Mutex<Log>>,
}

impl Recorder {
    /// What is in the folder already counts as durable.
    pub fn watch(folder: &Path) -> Recorder {
        register();
        let folder = folder.canonicalize().unwrap();
        let log = Arc::new(Mutex::new(Log::over(&folder)));
        let mut watched = WATCHED.lock().unwrap();
        watched.get_or_insert_with(HashMap::new).insert(folder.clone(), Arc::clone(&log));
        Recorder { folder, log }
    }

    pub fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }

    pub fn mark(&self, op: Op) {
        self.log().push(op);
    }

    /// Fails the call with that number (counted from 0 among those that the fault concerns),
    /// and with `sticky` every later one.
    pub fn fail(&self, fault: Fault, at: u64, sticky: bool) {
        self.log().plan(fault, at, sticky);
    }

    /// Ends the fault; returns how many calls it concerned and how many failed.
    pub fn heal(&self) -> (u64, u64) {
        self.log().heal()
    }

    /// Everything recorded so far.
    pub fn take(&self) -> (super::disk::Base, Vec<Op>) {
        let mut log = self.log();
        (log.base.clone(), std::mem::take(&mut log.ops))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some(watched) = WATCHED.lock().unwrap().as_mut() {
            watched.remove(&self.folder);
        }
    }
}

fn watcher(path: &CStr) -> Option<(Arc<Mutex<Log>>, String)> {
    let path = Path::new(path.to_str().ok()?);
    let watched = WATCHED.lock().unwrap();
    let log = watched.as_ref()?.get(path.parent()?)?;
    Some((Arc::clone(log), path.file_name()?.to_str()?.to_owned()))
}

/// What stands before the real file's own structure.
#[repr(C)]
struct File {
    base: sqlite3_file,
    watched: *mut Watched,
}

struct Watched {
    log: Arc<Mutex<Log>>,
    inode: u32,
    name: String,
    /// unix VFS: the first fsync of a journal or log flushes its folder too.
    sync_folder: bool,
    delete_on_close: bool,
}

const HEAD: usize = (size_of::<File>() + 15) & !15;

fn vfs() -> *mut sqlite3_vfs {
    REAL.load(Ordering::Acquire)
}

unsafe fn real(file: *mut sqlite3_file) -> *mut sqlite3_file {
    file.cast::<u8>().add(HEAD).cast()
}

unsafe fn io(file: *mut sqlite3_file) -> &'static sqlite3_io_methods {
    &*(*real(file)).pMethods
}

unsafe fn watched<'a>(file: *mut sqlite3_file) -> &'a mut Watched {
    &mut *(*file.cast::<File>()).watched
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let status = io(file).xClose.unwrap()(real(file));
    let file = file.cast::<File>();
    let watched = Box::from_raw((*file).watched);
    (*file).watched = std::ptr::null_mut();
    if watched.delete_on_close {
        watched.log.lock().unwrap().push(Op::Delete { name: watched.name });
    }
    status
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    to: *mut c_void,
    amount: c_int,
    at: i64,
) -> c_int {
    let mut log = watched(file).log.lock().unwrap();
    if let Some(status) = log.fault(Call::Read) {
        return status;
    }
    drop(log);
    io(file).xRead.unwrap()(real(file), to, amount, at)
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    amount: c_int,
    at: i64,
) -> c_int {
    let watched = watched(file);
    let mut log = watched.log.lock().unwrap();
    let bytes = std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(amount).unwrap());
    let start = u64::try_from(at).unwrap();
    log.follow_renewal();
    if let Some(status) = log.fault(Call::Write) {
        if log.tears() && bytes.len() > 1 {
            let half = bytes.len() / 2;
            log.push(Op::Write { inode: watched.inode, at: start, bytes: bytes[..half].to_vec() });
            io(file).xWrite.unwrap()(real(file), from, amount / 2, at);
        }
        return status;
    }
    log.push(Op::Write { inode: watched.inode, at: start, bytes: bytes.to_vec() });
    let status = io(file).xWrite.unwrap()(real(file), from, amount, at);
    log.leave_alone(watched.inode);
    status
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, to: i64) -> c_int {
    let watched = watched(file);
    let mut log = watched.log.lock().unwrap();
    log.follow_renewal();
    if let Some(status) = log.fault(Call::Truncate) {
        return status;
    }
    log.push(Op::Truncate { inode: watched.inode, to: u64::try_from(to).unwrap() });
    io(file).xTruncate.unwrap()(real(file), to)
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    let watched = watched(file);
    let mut log = watched.log.lock().unwrap();
    log.follow_renewal();
    if let Some(status) = log.fault(Call::Sync) {
        // Linux marks the pages clean all the same: what was not on the disk never will be.
        log.push(Op::Lose { inode: watched.inode });
        return status;
    }
    log.push(Op::Sync { inode: watched.inode });
    if std::mem::take(&mut watched.sync_folder) {
        log.push(Op::SyncFolder);
    }
    SQLITE_OK
}

unsafe extern "C" fn size(file: *mut sqlite3_file, to: *mut i64) -> c_int {
    io(file).xFileSize.unwrap()(real(file), to)
}

unsafe extern "C" fn lock(file: *mut sqlite3_file, level: c_int) -> c_int {
    io(file).xLock.unwrap()(real(file), level)
}

unsafe extern "C" fn unlock(file: *mut sqlite3_file, level: c_int) -> c_int {
    io(file).xUnlock.unwrap()(real(file), level)
}

unsafe extern "C" fn check_lock(file: *mut sqlite3_file, to: *mut c_int) -> c_int {
    io(file).xCheckReservedLock.unwrap()(real(file), to)
}

unsafe extern "C" fn control(file: *mut sqlite3_file, what: c_int, with: *mut c_void) -> c_int {
    io(file).xFileControl.unwrap()(real(file), what, with)
}

unsafe extern "C" fn sector(file: *mut sqlite3_file) -> c_int {
    io(file).xSectorSize.unwrap()(real(file))
}

unsafe extern "C" fn characteristics(file: *mut sqlite3_file) -> c_int {
    io(file).xDeviceCharacteristics.unwrap()(real(file))
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    page: c_int,
    bytes: c_int,
    extend: c_int,
    to: *mut *mut c_void,
) -> c_int {
    if extend != 0 {
        let mut log = watched(file).log.lock().unwrap();
        if let Some(status) = log.fault(Call::Map) {
            return status;
        }
    }
    io(file).xShmMap.unwrap()(real(file), page, bytes, extend, to.cast())
}

unsafe extern "C" fn shm_lock(
    file: *mut sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    io(file).xShmLock.unwrap()(real(file), offset, count, flags)
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    io(file).xShmBarrier.unwrap()(real(file));
}

unsafe extern "C" fn shm_unmap(file: *mut sqlite3_file, delete: c_int) -> c_int {
    io(file).xShmUnmap.unwrap()(real(file), delete)
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_lock),
    xFileControl: Some(control),
    xSectorSize: Some(sector),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    path: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    to: *mut c_int,
) -> c_int {
    let found = if path.is_null() { None } else { watcher(CStr::from_ptr(path)) };
    let Some((log, name)) = found else {
        return (*vfs()).xOpen.unwrap()(vfs(), path, file, flags, to);
    };
    (*file).pMethods = std::ptr::null();
    let is_new = !Path::new(CStr::from_ptr(path).to_str().unwrap()).exists();
    let mut held = log.lock().unwrap();
    if is_new
        && flags & SQLITE_OPEN_CREATE != 0
        && let Some(status) = held.fault(Call::Create)
    {
        return status;
    }
    let status = (*vfs()).xOpen.unwrap()(vfs(), path, real(file), flags, to);
    if status != SQLITE_OK {
        return status;
    }
    let inode = held.opened(&name);
    drop(held);
    let journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    let watched = Watched {
        log,
        inode,
        name,
        sync_folder: flags & SQLITE_OPEN_CREATE != 0 && flags & journals != 0,
        delete_on_close: flags & SQLITE_OPEN_DELETEONCLOSE != 0,
    };
    (*file.cast::<File>()).watched = Box::into_raw(Box::new(watched));
    (*file).pMethods = &raw const METHODS;
    status
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, path: *const c_char, sync_folder: c_int) -> c_int {
    let Some((log, name)) = watcher(CStr::from_ptr(path)) else {
        return (*vfs()).xDelete.unwrap()(vfs(), path, sync_folder);
    };
    let mut log = log.lock().unwrap();
    log.follow_renewal();
    if let Some(status) = log.fault(Call::Delete) {
        return status;
    }
    let status = (*vfs()).xDelete.unwrap()(vfs(), path, 0);
    if status == SQLITE_OK {
        log.push(Op::Delete { name });
        if sync_folder != 0 {
            log.push(Op::SyncFolder);
        }
    }
    status
}

/// Makes the recording VFS the process's default, once.
fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| unsafe {
        assert_eq!(sqlite3_initialize(), SQLITE_OK);
        let stock = sqlite3_vfs_find(std::ptr::null());
        REAL.store(stock, Ordering::Release);
        // Everything that is not replaced is the stock VFS's own; none of it reads the structure.
        let mut ours = *stock;
        ours.szOsFile += c_int::try_from(HEAD).unwrap();
        ours.pNext = std::ptr::null_mut();
        ours.zName = c"recording".as_ptr();
        ours.xOpen = Some(open);
        ours.xDelete = Some(delete);
        assert_eq!(sqlite3_vfs_register(Box::into_raw(Box::new(ours)), 1), SQLITE_OK);
    });
}
