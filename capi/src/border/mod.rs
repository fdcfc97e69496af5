//! How things cross the border between C and Rust.

pub(crate) mod callback;
pub mod error;
#[cfg_attr(not(feature = "fault"), path = "no_fault.rs")]
pub(crate) mod fault;
pub(crate) mod guard;
pub(crate) mod handle;
#[cfg(feature = "http")]
pub(crate) mod limit;
pub(crate) mod record;
pub mod text;
pub(crate) mod views;
