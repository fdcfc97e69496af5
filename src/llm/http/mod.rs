//! What every model server over HTTP has in common: requests, limits, retries, streams.
//!
//! Knows which HTTP library is used; the protocols do not.

mod client;
mod frames;
mod lines;
mod refusal;
mod retry;
mod stream;

pub(super) use client::{HttpClient, KeyHeader};
pub(super) use frames::Event;
pub(super) use stream::{Framing, Heard, converse};
