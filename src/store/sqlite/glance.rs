//! A look at a file's length, at who this process is and at a clock, that costs no call of the
//! system.
//!
//! Knows that the bytes behind a file's end read as zero in memory that shows its last page,
//! and change there as soon as anybody lengthens it; and that a page can be asked to be empty in
//! a forked child. Where a system offers neither, there is no glance, and callers ask it the
//! slow way.

use std::fs::File;

/// So much of the file is shown: as many openers until the slow way is taken.
const SHOWN: usize = 1 << 20;
/// Every page is at least so large, and a multiple of it.
const PAGE: usize = 4_096;

/// Shows the beginning of a file that is only ever lengthened, by bytes other than zero.
pub(super) struct Glance {
    #[cfg(target_os = "linux")]
    shown: memmap2::MmapRaw,
}

impl Glance {
    #[cfg(target_os = "linux")]
    pub(super) fn at(file: &File) -> Option<Glance> {
        Some(Glance { shown: memmap2::MmapOptions::new().len(SHOWN).map_raw_read_only(file).ok()? })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn at(_file: &File) -> Option<Glance> {
        None
    }

    /// Whether the file still has a length that it had before; `None` if that cannot be seen.
    #[cfg(target_os = "linux")]
    #[allow(unsafe_code)]
    pub(super) fn has_length(&self, length: u64) -> Option<bool> {
        let end =
            usize::try_from(length).ok().filter(|end| *end < SHOWN && !end.is_multiple_of(PAGE))?;
        // SAFETY: the place lies inside the mapping, and the file has the byte before it, which
        // is on the same page: so the page is there. Others change it, hence the atomic.
        let byte =
            unsafe { std::sync::atomic::AtomicU8::from_ptr(self.shown.as_mut_ptr().add(end)) };
        Some(byte.load(std::sync::atomic::Ordering::Acquire) == 0)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn has_length(&self, _length: u64) -> Option<bool> {
        None
    }
}

/// The process that made it; a forked child is another one.
pub(super) struct Process {
    /// Holds a byte other than zero, which no child inherits.
    #[cfg(target_os = "linux")]
    mark: Option<memmap2::MmapMut>,
    id: u32,
}

impl Process {
    pub(super) fn own() -> Process {
        Process {
            #[cfg(target_os = "linux")]
            mark: mark(),
            id: std::process::id(),
        }
    }

    pub(super) fn is_this(&self) -> bool {
        #[cfg(target_os = "linux")]
        if let Some(mark) = &self.mark {
            // Changed by the system and not by this program: so it must be looked at each time.
            return std::hint::black_box(&**mark).first().is_some_and(|byte| *byte != 0);
        }
        std::process::id() == self.id
    }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn mark() -> Option<memmap2::MmapMut> {
    let mut mark = memmap2::MmapMut::map_anon(PAGE).ok()?;
    // SAFETY: the mapping is this function's own, private and of that length.
    let refused =
        unsafe { libc::madvise(mark.as_mut_ptr().cast(), mark.len(), libc::MADV_WIPEONFORK) };
    if refused != 0 {
        return None;
    }
    *mark.first_mut()? = 1;
    Some(mark)
}

/// Nanoseconds of a clock that only goes forward, some milliseconds late: what it showed at the
/// last tick of the system costs a fraction of what the time itself does.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn coarse_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the time is this function's own variable.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    let (seconds, rest) =
        (u64::try_from(time.tv_sec).unwrap_or(0), u64::try_from(time.tv_nsec).unwrap_or(0));
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn coarse_ns() -> u64 {
    static SINCE: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    let since = SINCE.get_or_init(std::time::Instant::now);
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_that_was_lengthened_by_anybody_is_seen_to_be_longer() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let glance = Glance::at(file.as_file()).expect("linux shows files");
        assert_eq!(glance.has_length(0), None, "an empty file has no page");
        file.write_all(b"ab").expect("written");
        assert_eq!((glance.has_length(2), glance.has_length(1)), (Some(true), Some(false)));
        let mut other = std::fs::OpenOptions::new().append(true).open(file.path()).expect("opened");
        other.write_all(b".").expect("written");
        assert_eq!((glance.has_length(2), glance.has_length(3)), (Some(false), Some(true)));
        assert_eq!(
            (glance.has_length(4_096), glance.has_length(1 << 20)),
            (None, None),
            "another page"
        );
    }

    #[test]
    fn the_coarse_clock_goes_forward() {
        let before = coarse_ns();
        std::thread::sleep(std::time::Duration::from_millis(30));
        assert!((10_000_000..10_000_000_000).contains(&(coarse_ns() - before)));
    }

    #[test]
    fn a_process_knows_itself() {
        assert!(Process::own().is_this());
    }
}
