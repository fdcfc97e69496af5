//! When a request to a model's server is sent again, and after how long.
//!
//! Knows the statuses that pass by themselves, the forms in which a server asks for a
//! pause, and the pauses taken when it does not. Pure: who sleeps is not decided here.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The longest pause that a server may ask for.
const MAX_ASKED: Duration = Duration::from_secs(60);
const FIRST_PAUSE_MS: u64 = 500;
const MAX_PAUSE_MS: u64 = 8_000;

/// What the headers of a refusal say about trying again.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Advice<'a> {
    /// `x-should-retry`.
    pub(crate) should_retry: Option<&'a str>,
    /// `retry-after-ms`.
    pub(crate) after_ms: Option<&'a str>,
    /// `retry-after`: seconds or an HTTP date.
    pub(crate) after: Option<&'a str>,
    /// `date`: what the server calls now.
    pub(crate) date: Option<&'a str>,
}

impl Advice<'_> {
    /// Whether a reply with that status is worth a second try.
    pub(crate) fn allows_retry(&self, status: u16) -> bool {
        match self.should_retry {
            Some("true") => true,
            Some("false") => false,
            _ => matches!(status, 408 | 409 | 429 | 500..),
        }
    }

    /// The pause that the server asks for; `None` if it does not or asks for an absurd one.
    ///
    /// `now_ms` is used for a date when the server does not say what time it has.
    pub(crate) fn asked_pause(&self, now_ms: i64) -> Option<Duration> {
        let from_ms = || self.after_ms.and_then(seconds).map(|millis| millis / 1000.0);
        let from_date = || {
            let until = http_date_ms(self.after?)?;
            let now = self.date.and_then(http_date_ms).unwrap_or(now_ms);
            let millis = u64::try_from(until.checked_sub(now)?).ok()?;
            Some(Duration::from_millis(millis))
        };
        from_ms()
            .or_else(|| self.after.and_then(seconds))
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .or_else(from_date)
            .filter(|pause| *pause <= MAX_ASKED)
    }
}

fn seconds(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

fn http_date_ms(text: &str) -> Option<i64> {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    parser.parse_timestamp(text.trim()).ok().map(|time| time.as_millisecond())
}

/// A small generator, seeded by its client, that keeps clients from trying again all at once.
#[derive(Debug)]
pub(crate) struct Jitter(AtomicU64);

impl Jitter {
    /// The same seed gives the same pauses.
    pub(crate) fn new(seed: u64) -> Jitter {
        Jitter(AtomicU64::new(seed))
    }

    /// A seed from the names of what is called.
    pub(crate) fn seed_of(names: &[&str]) -> u64 {
        let bytes = names.iter().flat_map(|name| name.bytes().chain([0]));
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    }

    /// The pause before retry number `retry`, counted from 0: 0.5 s doubled each time, at
    /// most 8 s, less up to a quarter.
    pub(crate) fn pause(&self, retry: u32) -> Duration {
        let full = FIRST_PAUSE_MS.saturating_mul(2_u64.saturating_pow(retry)).min(MAX_PAUSE_MS);
        let less = self.next() % (full / 4 + 1);
        Duration::from_millis(full - less)
    }

    /// One step of SplitMix64.
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_253_400_000;

    fn after(text: &str) -> Option<Duration> {
        Advice { after: Some(text), ..Advice::default() }.asked_pause(NOW_MS)
    }

    #[test]
    fn passing_troubles_are_tried_again_and_refusals_are_not() {
        let none = Advice::default();
        assert!([408, 409, 429, 500, 503, 529].into_iter().all(|status| none.allows_retry(status)));
        assert!(
            ![301, 400, 401, 403, 404, 413].into_iter().any(|status| none.allows_retry(status))
        );
    }

    #[test]
    fn the_server_has_the_last_word_on_trying_again() {
        assert!(Advice { should_retry: Some("true"), ..Advice::default() }.allows_retry(400));
        assert!(!Advice { should_retry: Some("false"), ..Advice::default() }.allows_retry(503));
    }

    #[test]
    fn every_form_of_an_asked_pause_is_understood() {
        assert_eq!(after("2"), Some(Duration::from_secs(2)));
        assert_eq!(after(" 0.25 "), Some(Duration::from_millis(250)));
        assert_eq!(after("Sat, 21 Nov 2026 09:30:07 GMT"), Some(Duration::from_secs(7)));
        let by_server = Advice {
            after: Some("Sat, 21 Nov 2026 09:30:07 GMT"),
            date: Some("Sat, 21 Nov 2026 09:30:04 GMT"),
            ..Advice::default()
        };
        assert_eq!(by_server.asked_pause(0), Some(Duration::from_secs(3)));
        let both = Advice { after_ms: Some("40"), after: Some("9"), ..Advice::default() };
        assert_eq!(both.asked_pause(NOW_MS), Some(Duration::from_millis(40)));
    }

    #[test]
    fn absurd_pauses_are_not_obeyed() {
        for text in [
            "-1",
            "61",
            "NaN",
            "inf",
            "soon",
            "",
            "Sat, 21 Nov 2026 09:29:00 GMT",
            "Sun, 22 Nov 2026 09:30:00 GMT",
        ] {
            assert_eq!(after(text), None, "{text}");
        }
    }

    #[test]
    fn pauses_double_up_to_eight_seconds_less_a_quarter_at_most() {
        let jitter = Jitter::new(Jitter::seed_of(&["http://127.0.0.1:11434", "model"]));
        for (retry, full) in [(0, 500), (1, 1000), (2, 2000), (4, 8000), (60, 8000)] {
            for _ in 0..50 {
                let pause = jitter.pause(retry);
                assert!(
                    pause <= Duration::from_millis(full)
                        && pause >= Duration::from_millis(full * 3 / 4)
                );
            }
        }
    }

    #[test]
    fn one_seed_gives_one_series_of_pauses() {
        let series = |seed: u64| {
            (0..8_u64).map(|n| Jitter::pause(&Jitter::new(seed + n), 3)).collect::<Vec<_>>()
        };
        assert_eq!(series(7), series(7));
        assert_ne!(series(7), series(900));
    }
}
