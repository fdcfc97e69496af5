//! Bytes at rest: how a record becomes few bytes on disk, and comes back whole or not at all.
//!
//! Knows field framing, compression, dictionaries and checksums. It knows nothing of what
//! the records mean, nor where they are kept.

mod damage;
mod dictionary;
mod pack;
mod phrases;
pub(crate) mod record;
mod selection;
mod training;

pub(crate) use damage::Damage;
pub(crate) use pack::{Codec, Repacker};
pub(crate) use training::Trainer;
