//! Which library this is.
//!
//! Knows the number that says whether an old binary still fits; `CONFIDANT_VERSION` comes
//! into the header from Cargo.toml.

use crate::border::guard::look;
use crate::border::text::{NO_TEXT, confidant_str, view};

/// The binary interface that this header describes. It changes only when a program that was
/// compiled with an older header would break.
pub const CONFIDANT_ABI_VERSION: u32 = 1;

/// The binary interface of the library that is loaded; a host may compare it with
/// `CONFIDANT_ABI_VERSION` before anything else.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn confidant_abi_version() -> u32 {
    look(0, || CONFIDANT_ABI_VERSION)
}

/// The version of the library that is loaded, as "0.1.0".
///
/// Owned: a view of a constant, good for ever. Threads: any.
#[unsafe(no_mangle)]
pub extern "C" fn confidant_version() -> confidant_str {
    look(NO_TEXT, || view(env!("CARGO_PKG_VERSION")))
}
