//! Whether the file is still the file: at its path, and the one that was opened.
//!
//! Knows that an open file goes on taking writes after it was removed, renamed or replaced, and
//! that nobody finds them any more. So nothing is acknowledged for a file that is not at its
//! path.

use super::log;
use super::os::{self, Identity};
use crate::error::{Error, ErrorKind, Result};
use parking_lot::Mutex;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The files that are open in this process.
static OPEN: Mutex<Vec<Identity>> = Mutex::new(Vec::new());

/// Readers look so often at the path.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A log larger than this has been kept from being used anew: 64 MiB.
const LARGE_LOG: u64 = 64 << 20;

pub(super) struct Place {
    path: PathBuf,
    opened: Option<Identity>,
    gone: AtomicBool,
    looked_at: Mutex<Instant>,
}

impl Place {
    /// Notes which file is at the path now.
    pub(super) fn of(path: &Path) -> io::Result<Place> {
        let opened = Identity::of(&std::fs::metadata(path)?);
        OPEN.lock().extend(opened);
        Ok(Place {
            path: path.to_owned(),
            opened,
            gone: AtomicBool::new(false),
            looked_at: Mutex::new(Instant::now()),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether nobody else in this process has the file open.
    pub(super) fn is_first_here(&self) -> bool {
        OPEN.lock().iter().filter(|open| Some(**open) == self.opened).count() < 2
    }

    /// Looks at the path now.
    ///
    /// # Errors
    /// `Closed`, from then on, if another file is there or none; `Io` if that cannot be told.
    pub(super) fn check(&self) -> Result<()> {
        self.check_known()?;
        match std::fs::metadata(&self.path) {
            Ok(there) if Identity::of(&there) == self.opened => return Ok(()),
            Ok(_) => {}
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) => {}
            Err(cause) => {
                let message = format!(
                    "cannot tell whether {} is still the file that was opened: {}",
                    self.path.display(),
                    cause.kind()
                );
                return Err(Error::new(ErrorKind::Io, message).with_source(cause));
            }
        }
        self.gone.store(true, Ordering::Release);
        self.check_known()
    }

    /// As [`check`](Self::check) if nobody has looked for a while; true if it did look.
    pub(super) fn check_now_and_then(&self) -> Result<bool> {
        self.check_known()?;
        let now = Instant::now();
        let Some(mut looked_at) = self.looked_at.try_lock() else { return Ok(false) };
        if now.duration_since(*looked_at) < LOOK_EVERY {
            return Ok(false);
        }
        *looked_at = now;
        drop(looked_at);
        self.check().map(|()| true)
    }

    fn check_known(&self) -> Result<()> {
        if !self.gone.load(Ordering::Acquire) {
            return Ok(());
        }
        let message = format!(
            "{} is no longer the file that was opened: it was removed, renamed or replaced \
             meanwhile, and nothing is saved any more; close it and open it again",
            self.path.display()
        );
        Err(Error::new(ErrorKind::Closed, message))
    }

    /// What an operator should change about the file and its folder.
    pub(super) fn warnings(&self, location: &str) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Ok(metadata) = std::fs::metadata(&self.path) {
            if let Some(mode) = os::open_to_others(&metadata) {
                warnings.push(format!("{location} may be read by others: its mode is {mode:04o}"));
            }
            if os::links(&metadata) > 1 {
                warnings.push(format!(
                    "{location} has a second name (a hard link): whoever opens it by that name \
                     destroys it"
                ));
            }
        }
        let folder = self.path.parent().unwrap_or(&self.path);
        if let Some(mode) =
            std::fs::metadata(folder).ok().as_ref().and_then(os::writable_by_anybody)
        {
            warnings.push(format!(
                "anybody may make files beside {location}: the mode of its folder is {mode:04o}"
            ));
        }
        let set_aside = log::set_aside(&self.path);
        if set_aside > 0 {
            warnings.push(format!(
                "beside {location} stand {set_aside} logs of other files (-wal.set-aside-1 and so \
                 on) that were not replayed; remove them when nobody misses anything"
            ));
        }
        let log = std::fs::metadata(log::path_of(&self.path)).map_or(0, |found| found.len());
        if log > LARGE_LOG {
            warnings.push(format!(
                "the log of {location} takes {log} bytes: somebody read or copied for long while \
                 others wrote; it is removed when the store is closed in every process"
            ));
        }
        warnings
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = OPEN.lock();
        if let Some(own) = open.iter().position(|open| Some(*open) == self.opened) {
            open.swap_remove(own);
        }
    }
}
