//! What a host gives with its functions.
//!
//! Knows that the host's data is destroyed exactly once, also when the call that brought it
//! fails, on whatever thread lets go of it last.

use super::guard::caught;
use std::ffi::c_void;

/// The host's own data, owned.
pub(crate) struct UserData {
    pointer: *mut c_void,
    destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

// SAFETY: the header tells hosts that callbacks and `destroy` run on any thread.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    /// From here on it is ours.
    pub(crate) fn new(
        pointer: *mut c_void,
        destroy: Option<unsafe extern "C" fn(*mut c_void)>,
    ) -> UserData {
        UserData { pointer, destroy }
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the host's function with the host's data, and nobody calls it again.
            caught(|| unsafe { destroy(self.pointer) });
        }
    }
}
