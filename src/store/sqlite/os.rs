//! What differs between operating systems: which file stands at a path, who may reach it, and
//! how a new name becomes durable.
//!
//! Nothing else in this folder names an operating system. Where one cannot say which file it
//! is, [`Identity::of`] is `None`, and nothing rests on it.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// A file, whatever its name: the device it lies on and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}:{:x}", self.device, self.inode)
    }
}

#[cfg(unix)]
mod system {
    use super::{File, Identity, Metadata, OpenOptions, Path, io};
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

    impl Identity {
        pub(in super::super) fn of(metadata: &Metadata) -> Option<Identity> {
            Some(Identity { device: metadata.dev(), inode: metadata.ino() })
        }
    }

    /// How many names the file has.
    pub(in super::super) fn links(metadata: &Metadata) -> u64 {
        metadata.nlink()
    }

    /// Lets a file that is made be reached by its owner only.
    pub(in super::super) fn private(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    /// The mode, if others than the owner may reach the file.
    pub(in super::super) fn open_to_others(metadata: &Metadata) -> Option<u32> {
        let mode = metadata.mode() & 0o777;
        (mode & 0o077 != 0).then_some(mode)
    }

    /// The mode, if anybody may make files in the folder.
    pub(in super::super) fn writable_by_anybody(metadata: &Metadata) -> Option<u32> {
        let mode = metadata.mode() & 0o7777;
        (mode & 0o002 != 0).then_some(mode)
    }

    pub(in super::super) fn sync_folder(folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

#[cfg(not(unix))]
mod system {
    use super::{Identity, Metadata, OpenOptions, Path, io};

    impl Identity {
        pub(in super::super) fn of(_metadata: &Metadata) -> Option<Identity> {
            None
        }
    }

    pub(in super::super) fn links(_metadata: &Metadata) -> u64 {
        1
    }

    pub(in super::super) fn private(_options: &mut OpenOptions) {}

    pub(in super::super) fn open_to_others(_metadata: &Metadata) -> Option<u32> {
        None
    }

    pub(in super::super) fn writable_by_anybody(_metadata: &Metadata) -> Option<u32> {
        None
    }

    /// A folder cannot be flushed; the file system journals its names.
    pub(in super::super) fn sync_folder(_folder: &Path) -> io::Result<()> {
        Ok(())
    }
}

pub(super) use system::{links, open_to_others, private, sync_folder, writable_by_anybody};

/// Opens a file for appending, and makes it if there is none, but never through a link: whoever
/// may plant one in the folder could have any file of the user written to.
pub(super) fn open_unlinked(path: &Path) -> io::Result<File> {
    let refused = |what| io::Error::new(io::ErrorKind::InvalidInput, what);
    // Between the look and the opening the file may come or go: tried again a few times.
    for _ in 0..8 {
        let file = match std::fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() => return Err(refused("it is a symbolic link")),
            Ok(found) if !found.is_file() => return Err(refused("it is not a regular file")),
            Ok(_) => OpenOptions::new().read(true).append(true).open(path),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let mut options = OpenOptions::new();
                options.read(true).append(true).create_new(true);
                private(&mut options);
                options.open(path)
            }
            Err(cause) => return Err(cause),
        };
        match file {
            // What was opened is what stands there: no link was followed in between.
            Ok(file) if is_at(&file, path)? => return Ok(file),
            Ok(_) => {}
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
                ) => {}
            Err(cause) => return Err(cause),
        }
    }
    Err(refused("it is exchanged all the time"))
}

/// Whether the open file is the one at the path, and not reached through a link.
pub(super) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let opened = Identity::of(&file.metadata()?);
    match std::fs::symlink_metadata(path) {
        Ok(there) => Ok(Identity::of(&there) == opened && !there.is_symlink()),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(cause),
    }
}
