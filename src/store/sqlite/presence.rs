//! The proof that this process alone has the file open.
//!
//! Knows the file beside the store (`<store>-lock`) and its protocol. Whoever has the store open
//! holds the file's shared lock and appends a byte each time it got that lock; whoever comes
//! when nobody has it open writes first which file the store is. A process that could take the
//! lock alone, and sees the length and time of change it left, knows that nobody has opened the
//! store since. The check is one system call.

use super::os::{self, Identity};
use parking_lot::RwLock;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// The lock file's state while this process held its lock alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proof {
    length: u64,
    changed: Option<SystemTime>,
}

/// Between two looks whether the first one has arrived; it opens in a few milliseconds.
const PAUSE: Duration = Duration::from_millis(1);
/// The longest first line of a lock file.
const LONGEST_LINE: u64 = 64;

pub(super) struct Presence {
    path: PathBuf,
    store: Option<Identity>,
    /// It came when nobody had the store open.
    first: bool,
    state: RwLock<State>,
}

struct State {
    file: File,
    /// This process was alone when the file was so.
    alone_at: Option<Proof>,
}

/// Why a process cannot announce itself.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The first one has not arrived in time.
    StillOpening,
    /// Somebody has another file open that stood at the store's path before.
    AnotherFile,
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(cause: io::Error) -> Refusal {
        Refusal::Io(cause)
    }
}

/// The lock file of a store.
pub(super) fn path_of(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push("-lock");
    PathBuf::from(name)
}

impl Presence {
    /// Announces this process, before it reads or writes the store.
    ///
    /// Nobody else has the store open if it [is first](Self::is_first); who comes next waits
    /// until it has called [`arrive`](Self::arrive).
    pub(super) fn announce(store: &Path, timeout: Duration) -> Result<Presence, Refusal> {
        let path = path_of(store);
        let file = os::open_unlinked(&path)?;
        let store = Identity::of(&std::fs::metadata(store)?);
        let first = file.try_lock().is_ok();
        let state = RwLock::new(State { file, alone_at: None });
        let presence = Presence { path, store, first, state };
        if first {
            presence.name_store(&presence.state.read().file)?;
        } else {
            presence.wait(timeout)?;
            presence.enter(&presence.state.read().file)?;
            if presence.names_another_store()? {
                return Err(Refusal::AnotherFile);
            }
        }
        Ok(presence)
    }

    /// Whether nobody else had the store open when this process came.
    pub(super) fn is_first(&self) -> bool {
        self.first
    }

    /// The first one is done with what only the first does.
    pub(super) fn arrive(&self) -> io::Result<()> {
        if self.first { self.enter(&self.state.read().file) } else { Ok(()) }
    }

    /// Whether nobody else has had the store open since aloneness was proven.
    pub(super) fn is_alone(&self) -> bool {
        let state = self.state.read();
        state.alone_at.is_some() && look(&state.file) == state.alone_at
    }

    /// Whether the lock file is still the one beside the store. If somebody removed, renamed or
    /// replaced it, the next to open the store believes to be alone until this process has
    /// [moved in](Self::move_in).
    pub(super) fn stays(&self) -> io::Result<bool> {
        os::is_at(&self.state.read().file, &self.path)
    }

    /// Announces this process in the file that stands beside the store now.
    pub(super) fn move_in(&self) -> io::Result<()> {
        let mut state = self.state.write();
        state.alone_at = None;
        if os::is_at(&state.file, &self.path)? {
            return Ok(());
        }
        let file = os::open_unlinked(&self.path)?;
        match file.try_lock_shared() {
            Ok(()) => {}
            // Who opens the store at this moment believes to be the first, and is done soon.
            Err(TryLockError::WouldBlock) => file.lock_shared()?,
            Err(TryLockError::Error(cause)) => return Err(cause),
        }
        (&file).write_all(b".")?;
        state.file = file;
        Ok(())
    }

    /// Tries to prove aloneness; never waits. The caller keeps this process from writing to
    /// the store meanwhile, and hands the proof to [`settle`](Self::settle) when it has
    /// looked at what others wrote before.
    pub(super) fn probe(&self) -> Option<Proof> {
        let mut state = self.state.write();
        state.alone_at = None;
        if !os::is_at(&state.file, &self.path).is_ok_and(|stays| stays) {
            return None;
        }
        if state.file.try_lock().is_err() {
            // The attempt may have cost the shared lock, so that another could have been
            // alone for a moment: announce this process anew.
            let _ = self.enter(&state.file);
            return None;
        }
        let before = state.file.metadata().ok()?.len();
        self.enter(&state.file).ok()?;
        look(&state.file).filter(|proof| proof.length == before + 1)
    }

    /// From here on [`is_alone`](Self::is_alone) rests on the proof.
    pub(super) fn settle(&self, proof: Proof) {
        self.state.write().alone_at = Some(proof);
    }

    fn wait(&self, timeout: Duration) -> Result<(), Refusal> {
        let start = Instant::now();
        loop {
            match self.state.read().file.try_lock_shared() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(cause)) => return Err(cause.into()),
                Err(TryLockError::WouldBlock) if start.elapsed() >= timeout => {
                    return Err(Refusal::StillOpening);
                }
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            }
        }
    }

    fn enter(&self, file: &File) -> io::Result<()> {
        let mut file = file;
        file.lock_shared()?;
        file.write_all(b".")
    }

    /// Begins the file anew with the store that everybody has open from here on.
    fn name_store(&self, mut file: &File) -> io::Result<()> {
        let Some(store) = self.store else { return Ok(()) };
        file.set_len(0)?;
        file.write_all(format!("{store}\n").as_bytes())
    }

    /// Whether those who have the store open opened another file at its path.
    fn names_another_store(&self) -> io::Result<bool> {
        let mut line = String::new();
        let state = self.state.read();
        (&state.file).seek(SeekFrom::Start(0))?;
        (&state.file).take(LONGEST_LINE).read_to_string(&mut line)?;
        let named = line.split_once('\n').map(|(named, _)| named.to_owned());
        Ok(named.zip(self.store).is_some_and(|(named, store)| named != store.to_string()))
    }
}

/// The file's state; `None` if it has no name any more, since the next to open the store would
/// then announce itself in another one.
fn look(file: &File) -> Option<Proof> {
    let metadata = file.metadata().ok()?;
    (os::links(&metadata) > 0)
        .then(|| Proof { length: metadata.len(), changed: metadata.modified().ok() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// A store in a folder, whose content does not matter here.
    fn a_store() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = folder.path().join("a.db");
        std::fs::write(&store, "store").expect("written");
        (folder, store)
    }

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
        let (_folder, store) = a_store();
        let first = announced(&store);
        assert!(!first.is_alone(), "nothing is proven before the probe");
        assert!(prove(&first) && first.is_alone());

        let second = announced(&store);
        assert!(!first.is_alone());
        assert!(!prove(&first) && !prove(&second));

        drop(second);
        assert!(!first.is_alone(), "the second may have written before it left");
        assert!(prove(&first) && first.is_alone());
    }

    #[test]
    fn the_next_one_waits_until_the_first_has_arrived() {
        let (_folder, store) = a_store();
        let first = Presence::announce(&store, PATIENCE).expect("announced");
        assert!(first.is_first());
        std::thread::scope(|scope| {
            let second =
                scope.spawn(|| Presence::announce(&store, PATIENCE).expect("announced").is_first());
            let late = Presence::announce(&store, Duration::ZERO)
                .err()
                .expect("the first has not arrived");
            assert!(matches!(late, Refusal::StillOpening));
            first.arrive().expect("arrived");
            assert!(!second.join().expect("no panic"));
        });
    }

    #[test]
    fn one_that_came_and_went_ends_the_proof() {
        let (_folder, store) = a_store();
        let first = announced(&store);
        assert!(prove(&first));
        drop(announced(&store));
        assert!(!first.is_alone());
    }

    #[cfg(unix)]
    #[test]
    fn whoever_lost_its_file_is_not_alone_and_announces_itself_in_the_next_one() {
        let (folder, store) = a_store();
        let lock = path_of(&store);
        for renamed in [false, true] {
            let lose = || match renamed {
                true => std::fs::rename(&lock, folder.path().join("away")),
                false => std::fs::remove_file(&lock),
            };
            let first = announced(&store);
            assert!(prove(&first) && first.stays().expect("looked"));
            lose().expect("lost");
            assert!(!first.stays().expect("looked"));
            let second = announced(&store);
            assert!(!prove(&first) && prove(&second) && second.is_alone());
            first.move_in().expect("announced");
            assert!(!second.is_alone() && first.stays().expect("looked"));
        }
    }

    #[test]
    fn a_file_that_was_cut_short_proves_nothing() {
        let (_folder, store) = a_store();
        let first = announced(&store);
        assert!(prove(&first));
        std::fs::File::create(path_of(&store)).expect("cut short");
        assert!(!first.is_alone());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_never_followed_and_what_it_leads_to_stays_as_it_was() {
        let (folder, store) = a_store();
        let victim = folder.path().join("victim");
        std::fs::write(&victim, "mine").expect("written");
        for target in ["victim", "missing"] {
            let lock = path_of(&store);
            let _ = std::fs::remove_file(&lock);
            std::os::unix::fs::symlink(folder.path().join(target), &lock).expect("linked");
            assert!(matches!(Presence::announce(&store, PATIENCE), Err(Refusal::Io(_))));
        }
        assert_eq!(std::fs::read(&victim).expect("read"), b"mine");
        assert!(!folder.path().join("missing").exists());
    }

    #[cfg(unix)]
    #[test]
    fn whoever_finds_another_file_at_the_path_is_kept_out_until_the_others_are_gone() {
        let (folder, store) = a_store();
        let first = announced(&store);
        std::fs::rename(&store, folder.path().join("old")).expect("renamed");
        std::fs::write(&store, "another").expect("written");
        let refused = Presence::announce(&store, PATIENCE).err().expect("refused");
        assert!(matches!(refused, Refusal::AnotherFile));
        drop(first);
        assert!(announced(&store).is_first());
    }

    #[test]
    fn a_failed_probe_announces_its_process_anew() {
        let (_folder, store) = a_store();
        let first = announced(&store);
        let second = announced(&store);
        let seen = look(&first.state.read().file);
        assert!(!prove(&second));
        assert!(look(&first.state.read().file) != seen);
    }
}
