//! The export with which tests plant panics; only with the feature `fault`, never in a release.
//!
//! Knows that it must not fall into its own plan.

use crate::border::fault::plant;
use crate::border::guard::look;

/// Makes the nth guarded entry of this thread from now on panic; 0 takes the plan back. Not in
/// the header: it is there for the tests' library alone.
#[unsafe(no_mangle)]
pub extern "C" fn confidant_fault_plant(nth: u32) {
    plant(0);
    look((), || plant(nth));
}
