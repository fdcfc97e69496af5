//! The proof that this process alone has the file open.
//!
//! Knows the file beside the store (`<store>-lock`) and its protocol: whoever has the store
//! open holds the file's shared lock and, after every time it got that lock, lengthened the
//! file by one byte. A process that could take the lock alone, and sees the length it left,
//! knows that nobody has opened the store since. The check is one `fstat`, or a glance at
//! memory that shows the file's end; only the first also sees that the file was removed.

use super::glance::{Glance, coarse_ns};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The length of the lock file while this process held its lock alone.
pub(super) struct Proof(u64);

/// Stands for "not proven to be alone".
const NOT_ALONE: u64 = 0;
/// Between two looks whether the first one has arrived; it opens in a few milliseconds.
const PAUSE: Duration = Duration::from_millis(1);
/// For so many nanoseconds glances do; then the file itself is looked at again.
const GLANCES_NS: u64 = 10_000_000;

pub(super) struct Presence {
    file: File,
    /// It came when nobody had the store open.
    first: bool,
    glance: Option<Glance>,
    /// The file's length at which this process was proven to be alone.
    alone_at: AtomicU64,
    /// When the file itself was looked at last, in nanoseconds of the coarse clock.
    looked_at: AtomicU64,
}

impl Presence {
    /// Announces this process, before it writes to the store.
    ///
    /// Nobody else has the store open if it [is first](Self::is_first); who comes next waits
    /// until it has called [`arrive`](Self::arrive).
    ///
    /// # Errors
    /// `WouldBlock` if the first one has not arrived in time.
    pub(super) fn announce(store: &Path, timeout: Duration) -> io::Result<Presence> {
        let mut name = store.as_os_str().to_owned();
        name.push("-lock");
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(Path::new(&name))?;
        let first = file.try_lock().is_ok();
        let presence = Presence {
            glance: Glance::at(&file),
            file,
            first,
            alone_at: AtomicU64::new(NOT_ALONE),
            looked_at: AtomicU64::new(coarse_ns()),
        };
        if !first {
            presence.wait(timeout)?;
            presence.enter()?;
        }
        Ok(presence)
    }

    /// Whether nobody else had the store open when this process came.
    pub(super) fn is_first(&self) -> bool {
        self.first
    }

    /// The first one is done with what only the first does.
    pub(super) fn arrive(&self) -> io::Result<()> {
        if self.first { self.enter() } else { Ok(()) }
    }

    /// Whether nobody else has had the store open since aloneness was proven.
    pub(super) fn is_alone(&self) -> bool {
        let proven = self.alone_at.load(Ordering::Acquire);
        proven != NOT_ALONE && self.length() == proven
    }

    /// As [`is_alone`](Self::is_alone), but learns only after some milliseconds that somebody
    /// removed the file beside the store.
    pub(super) fn seems_alone(&self) -> bool {
        let proven = self.alone_at.load(Ordering::Acquire);
        let now = coarse_ns();
        let is_fresh = now.saturating_sub(self.looked_at.load(Ordering::Relaxed)) < GLANCES_NS;
        match self
            .glance
            .as_ref()
            .filter(|_| is_fresh && proven != NOT_ALONE)
            .and_then(|glance| glance.has_length(proven))
        {
            Some(seems) => seems,
            None => {
                self.looked_at.store(now, Ordering::Relaxed);
                self.is_alone()
            }
        }
    }

    /// Tries to prove aloneness; never waits. The caller keeps this process from writing to
    /// the store meanwhile, and hands the proof to [`settle`](Self::settle) when it has
    /// looked at what others wrote before.
    pub(super) fn probe(&self) -> Option<Proof> {
        self.alone_at.store(NOT_ALONE, Ordering::Release);
        if self.file.try_lock().is_err() {
            // The attempt may have cost the shared lock, so that another could have been
            // alone for a moment: announce this process anew.
            let _ = self.enter();
            return None;
        }
        let before = self.length();
        (self.enter().is_ok() && self.length() == before + 1).then_some(Proof(before + 1))
    }

    /// From here on [`is_alone`](Self::is_alone) rests on the proof.
    pub(super) fn settle(&self, proof: Proof) {
        self.alone_at.store(proof.0, Ordering::Release);
    }

    fn wait(&self, timeout: Duration) -> io::Result<()> {
        let start = Instant::now();
        loop {
            match self.file.try_lock_shared() {
                Err(TryLockError::WouldBlock) if start.elapsed() < timeout => thread::sleep(PAUSE),
                entered => return Ok(entered?),
            }
        }
    }

    fn enter(&self) -> io::Result<()> {
        self.file.lock_shared()?;
        (&self.file).write_all(b".")
    }

    /// The file's length; stands for "not alone" if somebody has removed the file, since the
    /// next to open the store would then announce itself in another one.
    fn length(&self) -> u64 {
        match self.file.metadata() {
            Ok(metadata) if is_there(&metadata) => metadata.len(),
            _ => NOT_ALONE,
        }
    }
}

#[cfg(unix)]
fn is_there(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 0
}

#[cfg(not(unix))]
fn is_there(_metadata: &std::fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn announced(store: &Path) -> Presence {
        let presence = Presence::announce(store, PATIENCE).expect("announced");
        presence.arrive().expect("arrived");
        presence
    }

    fn prove(presence: &Presence) -> bool {
        presence.probe().map(|proof| presence.settle(proof)).is_some()
    }

    #[test]
    fn one_alone_is_proven_and_a_second_ends_the_proof() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("a.db");
        let first = announced(&store);
        assert!(!first.is_alone(), "nothing is proven before the probe");
        assert!(prove(&first) && first.is_alone() && first.seems_alone());

        let second = announced(&store);
        assert!(!first.seems_alone() && !first.is_alone());
        assert!(!prove(&first) && !prove(&second));

        drop(second);
        assert!(!first.is_alone(), "the second may have written before it left");
        assert!(prove(&first) && first.is_alone());
    }

    #[test]
    fn the_next_one_waits_until_the_first_has_arrived() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("a.db");
        let first = Presence::announce(&store, PATIENCE).expect("announced");
        assert!(first.is_first());
        std::thread::scope(|scope| {
            let second =
                scope.spawn(|| Presence::announce(&store, PATIENCE).expect("announced").is_first());
            let late = Presence::announce(&store, Duration::ZERO)
                .err()
                .expect("the first has not arrived");
            assert_eq!(late.kind(), io::ErrorKind::WouldBlock);
            first.arrive().expect("arrived");
            assert!(!second.join().expect("no panic"));
        });
    }

    #[test]
    fn one_that_came_and_went_ends_the_proof() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("a.db");
        let first = announced(&store);
        assert!(prove(&first));
        drop(announced(&store));
        assert!(!first.is_alone());
    }

    #[cfg(unix)]
    #[test]
    fn without_its_file_nothing_is_proven() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("a.db");
        let first = announced(&store);
        assert!(prove(&first) && first.seems_alone());
        std::fs::remove_file(folder.path().join("a.db-lock")).expect("removed");
        assert!(!first.is_alone());
        std::thread::sleep(Duration::from_nanos(2 * GLANCES_NS));
        assert!(!first.seems_alone());
        let second = announced(&store);
        assert!(!prove(&first) && prove(&second) && !first.is_alone());
    }

    #[test]
    fn a_failed_probe_announces_its_process_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("a.db");
        let first = announced(&store);
        let second = announced(&store);
        let seen = first.length();
        assert!(!prove(&second));
        assert!(first.length() > seen);
    }
}
