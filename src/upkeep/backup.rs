//! Backup and restore: a copy of an open store, and a store out of such a copy.

use crate::error::Result;
use crate::memory::Confidant;
use crate::store::{self, CopyProgress};
use std::ops::ControlFlow;

impl Confidant {
    /// Copies the open store to a path where nothing stands yet. Everything that was saved before
    /// the call is in the copy, which is one moment of the store; others go on reading and
    /// writing meanwhile. The copy is checked, is readable by its owner only, and opens as a
    /// store of its own.
    ///
    /// `progress` is called after each MiB or so; `ControlFlow::Break` cancels. The log cannot
    /// shrink while the copy is made, so keep `progress` short.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("support.db");
    /// # let copy = folder.path().join("monday.db");
    /// # let (path, copy) = (path.to_str().ok_or("")?, copy.to_str().ok_or("")?);
    /// use confidant::Confidant;
    /// use std::ops::ControlFlow;
    /// let memory = Confidant::open(path)?;
    /// memory.backup(copy, |_| ControlFlow::Continue(()))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Conflict` if something stands at the path, or a store's `-wal`, `-shm`, `-journal` or
    /// `-lock` beside it; `NotFound` if its folder is missing; `Cancelled`; `Io` if the disk is
    /// full or fails; `Corrupt` if the store is damaged; `Unsupported` on PostgreSQL. Nothing is
    /// left at the path then. As [`flush`](Self::flush), too.
    pub fn backup(
        &self,
        path: &str,
        mut progress: impl FnMut(CopyProgress) -> ControlFlow<()>,
    ) -> Result<()> {
        self.flush()?;
        self.core.store.backup(path, &mut progress)
    }

    /// Makes a store at the path `to` from the backup at the path `from`, which stays as it is.
    /// It is never made over a store: move the old one away first, its file together with its
    /// `-wal`, `-shm` and `-lock`. `progress` is as for [`backup`](Self::backup).
    ///
    /// # Errors
    /// As [`backup`](Self::backup); `NotFound` if there is no backup; `Conflict` if it is open or
    /// was not closed; `FormatTooNew` if a newer version wrote it.
    pub fn restore(
        from: &str,
        to: &str,
        mut progress: impl FnMut(CopyProgress) -> ControlFlow<()>,
    ) -> Result<()> {
        store::restore(from, to, &mut progress)
    }
}
