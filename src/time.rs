//! Points in time, and where they come from.
//!
//! Knows that time is milliseconds since the Unix epoch in UTC, how it is written for
//! people, and that the library never asks the machine for it: a [`Clock`] is given.

use crate::error::{Error, Result, invalid};
use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
///
/// ```
/// use confidant::Timestamp;
/// let time: Timestamp = "2026-11-21T09:30:00Z".parse()?;
/// assert_eq!(time.as_millis(), 1_795_253_400_000);
/// assert_eq!(time.to_string(), "2026-11-21T09:30:00.000Z");
/// # Ok::<(), confidant::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time that many milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Timestamp {
        Timestamp(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    /// Reads RFC 3339, with `Z` or an offset.
    fn from_str(text: &str) -> Result<Timestamp> {
        let time: jiff::Timestamp = text.parse().map_err(|cause: jiff::Error| {
            invalid("not a time in RFC 3339 (2026-11-21T09:30:00Z)").with_source(cause)
        })?;
        Ok(Timestamp(time.as_millisecond()))
    }
}

/// Tells the time; given to the library by the host, fixed in tests.
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
