//! The C ABI: the crate's public API as C functions over opaque handles.
//!
//! Translates and adds nothing: every function checks what came over the border, calls the crate
//! as any Rust host would, and turns the outcome into a status. `include/confidant.h` is
//! generated from these files by tests/header.rs; its head states the rules that hold for all of
//! them. Nothing else in the crate may be unsafe.

#![allow(unsafe_code)]
#![allow(non_camel_case_types, reason = "they are the header's names")]
#![allow(clippy::missing_safety_doc, reason = "the comments are the header's, for C")]

#[cfg(panic = "abort")]
compile_error!("the C ABI promises that no panic crosses it: build it with panic = \"unwind\"");

mod callback;
#[cfg_attr(not(feature = "fault"), path = "no_fault.rs")]
mod fault;
mod flat;
mod guard;
mod handle;
mod record;

pub mod agent;
pub mod analytics;
pub mod backend;
pub mod config;
pub mod error;
pub mod extractor;
pub mod library;
pub mod list;
pub mod llm;
pub mod memory;
pub mod ollama;
#[cfg_attr(not(feature = "http"), path = "no_ollama_client.rs")]
mod ollama_client;
pub mod preference;
pub mod reply;
pub mod session;
pub mod text;
pub mod turn;
pub mod version;
