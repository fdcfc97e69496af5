//! Random call sequences over the C ABI; capi/tests/ffi_corpus.rs replays what was found.

#![no_main]

#[path = "../../capi/tests/support/calls.rs"]
mod calls;

libfuzzer_sys::fuzz_target!(|data: &[u8]| calls::run(data));
