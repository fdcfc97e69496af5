//! The call sequences that the fuzz target found, replayed; and random ones of every test run.

#![cfg(feature = "capi")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/calls.rs"]
mod calls;

use std::path::Path;

#[test]
fn every_sequence_that_fuzzing_found_keeps_the_rules() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/calls");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        calls::run(&std::fs::read(entry.path()).unwrap());
        count += 1;
    }
    assert!(count >= 20, "{count} sequences were found");
}

#[test]
fn random_sequences_keep_the_rules() {
    // A linear congruential generator: the same sequences on every machine.
    let mut state: u64 = 20_261_121;
    for _ in 0..1_000 {
        let mut bytes = Vec::new();
        for _ in 0..200 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bytes.push((state >> 56) as u8);
        }
        calls::run(&bytes);
    }
}
