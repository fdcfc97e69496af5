//! What the behaviour tests share: every store, a clock that stands, chance with a seed.
//!
//! A further engine is one more entry in [`engines`].

#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

use confidant::{Builder, Clock, Confidant, Context, Customer, Page, Timestamp, Turn};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tempfile::TempDir;

/// 2026-11-21T09:30:00Z, when every test begins.
pub const START: i64 = 1_795_253_400_000;
pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// A clock that stands until the test moves it; clones are the same clock.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn new() -> TestClock {
        TestClock(Arc::new(AtomicI64::new(START)))
    }

    pub fn advance(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// How an engine makes a new, empty place.
type Engine = fn() -> Place;

/// Every engine that the behaviour tests run on here.
fn engines() -> Vec<(&'static str, Engine)> {
    let mut engines: Vec<(&'static str, Engine)> = vec![("sqlite", Place::sqlite)];
    if cfg!(feature = "postgres") {
        if std::env::var_os("CONFIDANT_TEST_POSTGRES").is_some() {
            engines.push(("postgres", Place::postgres));
        } else {
            assert!(
                std::env::var_os("CI").is_none(),
                "CONFIDANT_TEST_POSTGRES is not set: see tests/services.sh"
            );
            println!(
                "skipped on PostgreSQL: CONFIDANT_TEST_POSTGRES is not set (see tests/services.sh)"
            );
        }
    }
    engines
}

/// Where a store is kept: open it as often as you like, also again later.
pub struct Place {
    folder: TempDir,
    location: String,
    pub clock: TestClock,
}

impl Place {
    pub fn sqlite() -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        let location = folder.path().join("support.db").to_str().expect("UTF-8").to_owned();
        Place { folder, location, clock: TestClock::new() }
    }

    /// A schema of its own on the test server; it goes away with the server.
    pub fn postgres() -> Place {
        static NEXT: AtomicI64 = AtomicI64::new(0);
        let server = std::env::var("CONFIDANT_TEST_POSTGRES").expect("set");
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let run = RandomState::new().hash_one(number);
        let sign = if server.contains('?') { '&' } else { '?' };
        let location = format!("{server}{sign}schema=test_{run:016x}&connections=8");
        Place { folder: tempfile::tempdir().expect("a folder"), location, clock: TestClock::new() }
    }

    /// Whether the store is a file.
    pub fn is_file(&self) -> bool {
        !self.location.starts_with("postgres")
    }

    pub fn location(&self) -> &str {
        &self.location
    }

    /// The folder that goes away with the place.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self) -> PathBuf {
        PathBuf::from(&self.location)
    }

    /// Settings with the place's clock.
    pub fn builder(&self) -> Builder {
        Confidant::builder().clock(self.clock.clone())
    }

    /// One more handle with the default settings.
    pub fn open(&self) -> Confidant {
        self.open_with(|builder| builder)
    }

    /// One more handle with other settings.
    pub fn open_with(&self, set: impl FnOnce(Builder) -> Builder) -> Confidant {
        set(self.builder()).open(&self.location).expect("opened")
    }
}

/// Runs a test once on every engine, each time in a new place.
pub fn on_every_store(test: impl Fn(&Place)) {
    for (name, engine) in engines() {
        println!("store: {name}");
        test(&engine());
    }
}

/// The whole archive of a customer, page by page.
pub fn archive(customer: &Customer, limit: usize) -> Vec<Turn> {
    let memory = customer.memory();
    let mut page = Page::first(limit);
    let mut turns = Vec::new();
    loop {
        let part = memory.turns(page).expect("a page");
        assert!(part.len() <= limit, "a page is longer than its limit");
        let Some(last) = part.last() else { return turns };
        page = page.after(last.id);
        turns.extend(part);
    }
}

/// The first halves of turns; `-` where there is none.
pub fn said<'t>(turns: impl IntoIterator<Item = &'t Turn>) -> Vec<String> {
    turns.into_iter().map(|turn| turn.said.clone().unwrap_or_else(|| "-".to_owned())).collect()
}

/// The first halves of the customer's context.
pub fn context_said(customer: &Customer) -> Vec<String> {
    said(customer.memory().load_context().expect("a context").turns())
}

/// The turns of a context as values.
pub fn turns_of(context: &Context) -> Vec<Turn> {
    context.turns().cloned().collect()
}

/// `count` texts that begin with `prefix`.
pub fn texts(prefix: &str, count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("{prefix} {number}")).collect()
}

/// Chance that can be repeated: xorshift64*.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        // Near seeds must not begin alike.
        Rng((seed ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number from 0 to `end - 1`.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.next() >> 33) % end as u64) as usize
    }

    /// True in `percent` of 100.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// Runs a random test with `CONFIDANT_RUNS` fresh seeds, or with `CONFIDANT_SEED` alone.
pub fn with_seeds(default_runs: u64, test: impl Fn(u64)) {
    if let Some(seed) = number("CONFIDANT_SEED") {
        return test(seed);
    }
    let first = RandomState::new().hash_one(0u8) % 1_000_000_000;
    for seed in first..first + runs(default_runs) {
        let shown = Shown(seed);
        test(seed);
        std::mem::forget(shown);
    }
}

/// Says how to repeat a run that panics.
struct Shown(u64);

impl Drop for Shown {
    fn drop(&mut self) {
        println!("repeat with CONFIDANT_SEED={}", self.0);
    }
}

/// `CONFIDANT_RUNS`, or how often something random is tried by default.
pub fn runs(default: u64) -> u64 {
    number("CONFIDANT_RUNS").unwrap_or(default)
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
