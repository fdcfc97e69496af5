//! What SQLite and confidant did to the files of one folder, in order, and which calls are to
//! fail.

use super::disk::{Base, Content, used};
use rusqlite::ffi;
use std::collections::{HashMap, HashSet};
use std::ffi::c_int;
use std::path::{Path, PathBuf};

/// One effect on the folder, or a mark of the test's own.
#[derive(Debug, Clone)]
pub enum Op {
    Create {
        name: String,
        inode: u32,
    },
    Write {
        inode: u32,
        at: u64,
        bytes: Vec<u8>,
    },
    Truncate {
        inode: u32,
        to: u64,
    },
    Sync {
        inode: u32,
    },
    /// A failed fsync: what waited to be written is forgotten.
    Lose {
        inode: u32,
    },
    SyncFolder,
    Delete {
        name: String,
    },
    /// An actor begins its next step.
    Begin(usize),
    /// An actor's step was acknowledged.
    Ack(usize),
}

/// What fails, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every changing call: an I/O error, with no effect.
    Io,
    /// Writes: an I/O error after half of the bytes.
    Torn,
    /// Whatever takes space: the disk is full.
    Full,
    /// fsync, and what was not on the disk yet is forgotten.
    Fsync,
    /// As `Fsync`, but told as done: a disk that lies.
    Silent,
    /// Reads: an I/O error.
    Read,
}

/// The calls that may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Create,
    Read,
    Write,
    Truncate,
    Sync,
    Delete,
    Map,
}

impl Fault {
    fn concerns(self, call: Call) -> bool {
        match self {
            Fault::Io => call != Call::Read,
            Fault::Torn => call == Call::Write,
            Fault::Full => matches!(call, Call::Create | Call::Write | Call::Sync | Call::Map),
            Fault::Fsync | Fault::Silent => call == Call::Sync,
            Fault::Read => call == Call::Read,
        }
    }

    fn status(self, call: Call) -> c_int {
        match call {
            Call::Write if self == Fault::Full => ffi::SQLITE_FULL,
            Call::Map if self == Fault::Full => ffi::SQLITE_IOERR_SHMSIZE,
            Call::Create => ffi::SQLITE_CANTOPEN,
            Call::Read => ffi::SQLITE_IOERR_READ,
            Call::Write => ffi::SQLITE_IOERR_WRITE,
            Call::Truncate => ffi::SQLITE_IOERR_TRUNCATE,
            Call::Sync if self == Fault::Silent => ffi::SQLITE_OK,
            Call::Sync => ffi::SQLITE_IOERR_FSYNC,
            Call::Delete => ffi::SQLITE_IOERR_DELETE,
            Call::Map => ffi::SQLITE_IOERR_SHMMAP,
        }
    }
}

struct Plan {
    fault: Fault,
    at: u64,
    sticky: bool,
    calls: u64,
    failed: u64,
}

pub struct Log {
    folder: PathBuf,
    pub base: Base,
    pub ops: Vec<Op>,
    /// A disk that lies: no fsync has an effect.
    pub lying: bool,
    names: HashMap<String, u32>,
    inodes: u32,
    plan: Option<Plan>,
    /// Files of which the disk holds less than every reader sees.
    doubtful: HashSet<u32>,
}

/// When SQLite was the last to write to a doubtful log.
const UNTOUCHED: std::time::SystemTime = std::time::SystemTime::UNIX_EPOCH;

impl Log {
    pub fn over(folder: &Path) -> Log {
        let mut log = Log {
            folder: folder.to_owned(),
            base: Base::default(),
            ops: Vec::new(),
            lying: false,
            names: HashMap::new(),
            inodes: 0,
            plan: None,
            doubtful: HashSet::new(),
        };
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            // SQLite makes the shared memory anew; the lock file holds no data.
            if name.ends_with("-shm") || name.ends_with("-lock") {
                continue;
            }
            let content = Content::of(&std::fs::read(entry.path()).unwrap());
            log.inodes += 1;
            log.names.insert(name.clone(), log.inodes);
            log.base.names.insert(name, log.inodes);
            log.base.files.insert(log.inodes, content);
        }
        log
    }

    /// The file behind a name; a new one is recorded.
    pub fn opened(&mut self, name: &str) -> u32 {
        if let Some(inode) = self.names.get(name) {
            return *inode;
        }
        self.inodes += 1;
        self.push(Op::Create { name: name.to_owned(), inode: self.inodes });
        self.inodes
    }

    pub fn push(&mut self, op: Op) {
        match &op {
            Op::Create { name, inode } => {
                self.names.insert(name.clone(), *inode);
            }
            Op::Delete { name } => {
                self.names.remove(name);
            }
            Op::Sync { .. } | Op::SyncFolder if self.lying => return,
            Op::Lose { inode } => {
                self.doubtful.insert(*inode);
                self.leave_alone(*inode);
            }
            _ => {}
        }
        self.ops.push(op);
    }

    /// Records what confidant did to a log past SQLite: it writes what is there once more, which
    /// is looked for after a failed flush only.
    pub fn follow_renewal(&mut self) {
        let logs: Vec<(String, u32)> = self
            .names
            .iter()
            .filter(|(name, _)| name.ends_with("-wal"))
            .map(|(name, inode)| (name.clone(), *inode))
            .collect();
        for (name, inode) in logs {
            let Ok(metadata) = std::fs::metadata(self.folder.join(&name)) else { continue };
            if self.doubtful.contains(&inode) && metadata.modified().unwrap() != UNTOUCHED {
                let bytes = std::fs::read(self.folder.join(&name)).unwrap();
                self.push(Op::Write { inode, at: 0, bytes: used(&bytes).to_vec() });
                self.leave_alone(inode);
            }
        }
    }

    /// Notes that the last to write to a log was SQLite, if that log is watched for others.
    pub fn leave_alone(&mut self, inode: u32) {
        if !self.doubtful.contains(&inode) {
            return;
        }
        if let Some((name, _)) = self.names.iter().find(|(_, of)| **of == inode) {
            let file = std::fs::File::options().write(true).open(self.folder.join(name)).unwrap();
            file.set_modified(UNTOUCHED).unwrap();
        }
    }

    pub fn plan(&mut self, fault: Fault, at: u64, sticky: bool) {
        self.plan = Some(Plan { fault, at, sticky, calls: 0, failed: 0 });
    }

    pub fn heal(&mut self) -> (u64, u64) {
        self.plan.take().map_or((0, 0), |plan| (plan.calls, plan.failed))
    }

    pub fn fault(&mut self, call: Call) -> Option<c_int> {
        let plan = self.plan.as_mut().filter(|plan| plan.fault.concerns(call))?;
        let number = plan.calls;
        plan.calls += 1;
        let fails = number == plan.at || plan.sticky && number > plan.at;
        if !fails {
            return None;
        }
        plan.failed += 1;
        Some(plan.fault.status(call))
    }

    pub fn tears(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.fault == Fault::Torn)
    }
}
