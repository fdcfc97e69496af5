//! Planted panics, for tests of the wall; only with the feature `fault`, never in a release.
//!
//! Knows how many entries are still to pass before one panics, for each thread by itself.

use std::cell::Cell;

thread_local! {
    static COUNTDOWN: Cell<u32> = const { Cell::new(0) };
}

/// Panics if this entry was chosen.
pub(crate) fn strike() {
    COUNTDOWN.with(|countdown| {
        let left = countdown.get();
        countdown.set(left.saturating_sub(1));
        assert!(left != 1, "planted by confidant_fault_plant");
    });
}

/// Makes the nth entry of this thread from now on panic; 0 takes the plan back.
pub(crate) fn plant(nth: u32) {
    COUNTDOWN.with(|countdown| countdown.set(nth));
}
