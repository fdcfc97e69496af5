//! A disk that can be watched, failed and cut off from power, and an oracle of what a store
//! must still hold afterwards.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::missing_docs_in_private_items,
    reason = "test support: not every test uses all of it, and a panic is a failed test"
)]

pub mod cases;
pub mod crash;
pub mod disk;
pub mod life;
pub mod log;
pub mod oracle;
pub mod rng;
pub mod shim;
pub mod training;

pub use disk::{Disk, Keep};
pub use life::{Clockwork, Life};
pub use log::{Fault, Op};
pub use oracle::{Person, State, Verdict};
pub use rng::Rng;
pub use shim::Recorder;

/// A folder in memory if there is one: nothing here depends on a real disk.
pub fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

/// The seed of this run: `CONFIDANT_SEED`, or one that never changes.
pub fn seed() -> u64 {
    std::env::var("CONFIDANT_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_121)
}
