//! The call sequences that the fuzz target found, replayed; and random ones of every test run.

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

/// How many random sequences: 1,000, or as the environment says.
fn sequences() -> u64 {
    std::env::var("CONFIDANT_SEQUENCES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000)
}

/// The long run: `CONFIDANT_SEQUENCES=5000000 cargo test --release -p confidant-capi
/// --test ffi_corpus random`.
#[test]
fn random_sequences_keep_the_rules() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/calls");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let found: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    // A linear congruential generator: the same sequences on every machine.
    let mut state: u64 = 20_261_121;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for number in 0..sequences() {
        // Every other one is a sequence that fuzzing found, with some bytes changed.
        let mut bytes: Vec<u8> = if number % 2 == 0 {
            (0..next() % 200).map(|_| (next() >> 8) as u8).collect()
        } else {
            found[next() % found.len()].clone()
        };
        for _ in 0..next() % 8 {
            let at = next() % (bytes.len() + 1);
            match (next() % 3, bytes.get_mut(at)) {
                (0, Some(byte)) => *byte = (next() >> 8) as u8,
                (1, Some(_)) => drop(bytes.remove(at)),
                _ => bytes.insert(at, (next() >> 8) as u8),
            }
        }
        calls::run(&bytes);
    }
}
