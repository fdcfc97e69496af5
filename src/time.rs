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

/// A day of the calendar, in UTC.
///
/// ```
/// use confidant::{Day, Timestamp};
/// let time: Timestamp = "2026-11-21T23:59:00Z".parse()?;
/// let day = Day::of(time);
/// assert_eq!(day.to_string(), "2026-11-21");
/// assert_eq!("2026-11-21".parse::<Day>()?, day);
/// assert_eq!(day.begins().to_string(), "2026-11-21T00:00:00.000Z");
/// # Ok::<(), confidant::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

impl Day {
    /// The day in which a time lies.
    pub const fn of(time: Timestamp) -> Day {
        Day(time.0.div_euclid(DAY_MS))
    }

    /// Its first instant.
    pub const fn begins(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(DAY_MS))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.begins().0) {
            Ok(time) => write!(f, "{}", time.to_zoned(jiff::tz::TimeZone::UTC).date()),
            Err(_) => write!(f, "day {}", self.0),
        }
    }
}

impl FromStr for Day {
    type Err = Error;

    /// Reads a date in ISO 8601, as `2026-11-21`.
    fn from_str(text: &str) -> Result<Day> {
        let not_a_day =
            |cause: jiff::Error| invalid("not a day in ISO 8601 (2026-11-21)").with_source(cause);
        let date: jiff::civil::Date = text.parse().map_err(not_a_day)?;
        let begins = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(not_a_day)?;
        Ok(Day::of(Timestamp(begins.timestamp().as_millisecond())))
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
