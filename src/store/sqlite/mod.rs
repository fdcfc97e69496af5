//! The SQLite engine: one writer, some readers, one file.
//!
//! `engine` is what the rest of the house sees; `open` finds or makes the file, `presence` and
//! `place` watch over it, `writer` commits, `connection` speaks to SQLite and `os` to the
//! operating system.

mod backup;
mod connection;
mod engine;
mod log;
mod open;
mod os;
mod place;
mod presence;
mod shared;
mod writer;

pub(super) use backup::restore;
pub(super) use engine::SqliteStore;
