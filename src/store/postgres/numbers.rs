//! Numbers that are given once and never again, also not to somebody else.
//!
//! Knows that a counter's row is locked until its transaction ends: so a block of numbers is
//! reserved in a short transaction of its own, and those who make customers do not wait for
//! each other's commits. Numbers of a block that are left when a process ends are never given.

use super::Shared;
use super::link::{Failure, Link};
use crate::error::internal;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::ops::Range;

/// The first block is small, since many processes make one customer only.
const FIRST_BLOCK: i64 = 16;
const LARGEST_BLOCK: i64 = 1_024;

#[derive(Default)]
pub(super) struct Numbers(Mutex<HashMap<&'static str, Block>>);

struct Block {
    left: Range<i64>,
    next_size: i64,
}

impl Numbers {
    /// A number that was never given before.
    pub(super) fn next(&self, counter: &'static str, shared: &Shared) -> Result<i64, Failure> {
        let mut blocks = self.0.lock();
        let block = blocks.entry(counter).or_insert(Block { left: 0..0, next_size: FIRST_BLOCK });
        if let Some(number) = block.left.next() {
            return Ok(number);
        }
        let size = block.next_size;
        let last = reserve(counter, size, shared)?;
        block.left = last - size + 1..last + 1;
        block.next_size = (size * 4).min(LARGEST_BLOCK);
        block.left.next().ok_or_else(|| internal("a block of numbers is empty").into())
    }
}

/// Reserves so many numbers, durably before anything that has one of them; returns the last.
fn reserve(counter: &str, size: i64, shared: &Shared) -> Result<i64, Failure> {
    let mut link: Link = shared.connect()?;
    let (schema, timeout) = (&shared.location.schema, shared.lock_timeout());
    let rows = link.simple(&format!(
        "BEGIN; SET LOCAL lock_timeout TO {timeout}; \
         UPDATE {schema}.counters SET value = value + {size} WHERE name = '{counter}' RETURNING value; COMMIT"
    ))?;
    let last = rows.first().and_then(|row| row.first()?.parse().ok());
    last.ok_or_else(|| internal(format!("the counter {counter} is missing")).into())
}
