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
#[cfg_attr(not(feature = "http"), path = "no_http.rs")]
mod http;
mod record;
mod saving;
mod views;

pub mod agent;
pub mod analytics;
pub mod assembly;
pub mod backend;
pub mod collection;
pub mod condition;
pub mod config;
pub mod document;
pub mod embedder;
pub mod error;
pub mod extractor;
pub mod given;
pub mod health;
pub mod kinds;
pub mod library;
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
pub mod text;
pub mod turn;
pub mod version;
