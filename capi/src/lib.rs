//! The C ABI of confidant: its public API as C functions over opaque handles.
//!
//! Translates and adds nothing: every function checks what came over the border, calls the library
//! as any Rust host would, and turns the outcome into a status. `include/confidant.h` is generated
//! from these files by tests/header.rs; its head states the rules that hold for all of them. Rust
//! hosts use the crate `confidant` instead.
//!
//! `border` is how things cross: panics, errors, texts, structs, handles, callbacks. Each other
//! file is a noun of the header.

#![allow(non_camel_case_types, reason = "they are the header's names")]
#![allow(clippy::missing_safety_doc, reason = "the comments are the header's, for C")]

#[cfg(panic = "abort")]
compile_error!("the C ABI promises that no panic crosses it: build it with panic = \"unwind\"");

mod border;
mod flat;
#[cfg(feature = "fault")]
pub mod planting;
mod saving;

pub mod agent;
pub mod analytics;
pub mod assembly;
pub mod backend;
pub mod collection;
pub mod condition;
pub mod config;
pub mod document;
pub mod embedder;
pub mod extractor;
pub mod failure;
pub mod given;
pub mod health;
pub mod identifier;
pub mod kinds;
pub mod list;
pub mod llm;
pub mod memory;
pub mod ollama;
pub mod preference;
pub mod reading;
pub mod recall;
pub mod reply;
pub mod report;
pub mod session;
pub mod signal_rules;
pub mod signals;
pub mod store;
pub mod turn;
pub mod version;

pub use border::{error, text};
