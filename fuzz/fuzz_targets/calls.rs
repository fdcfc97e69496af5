//! Random call sequences over the C ABI; tests/ffi_corpus.rs replays what was found.

#![no_main]

#[path = "../../tests/support/calls.rs"]
mod calls;

libfuzzer_sys::fuzz_target!(|data: &[u8]| calls::run(data));
