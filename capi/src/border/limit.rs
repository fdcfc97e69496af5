//! Time limits of calls to servers.
//!
//! Knows that 0 is the default, since a struct of C begins with zeros.

use std::time::Duration;

/// A limit in milliseconds; `None` of 0, which is the default.
pub(crate) fn time_limit(ms: u64) -> Option<Duration> {
    (ms != 0).then(|| Duration::from_millis(ms))
}
