//! What an acknowledged turn survives on PostgreSQL: killed clients, a server that is stopped
//! at once, a standby that takes over.
//!
//! Each test has a server of its own, by tests/services.sh, since it stops it. They run where
//! `CONFIDANT_TEST_POSTGRES` is set, and are skipped by name elsewhere, but never in CI.
//! `CONFIDANT_KILLS` says how often something is killed.

#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/children.rs"]
mod children;
mod support;

use children::*;
use confidant::{Confidant, ErrorKind, NewTurn};
use std::collections::HashMap;
use std::process::Command;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use support::*;

/// A server, and what else was started for it; everything ends with it.
struct Server(HashMap<String, String>);

impl Server {
    /// `None` where no PostgreSQL is to be tested.
    fn start(test: &str) -> Option<Server> {
        if std::env::var_os("CONFIDANT_TEST_POSTGRES").is_none() {
            assert!(std::env::var("CI").is_err(), "CONFIDANT_TEST_POSTGRES is not set");
            println!("skipped: {test}: CONFIDANT_TEST_POSTGRES is not set");
            return None;
        }
        let mut server = Server(HashMap::new());
        server.run("services.sh", &["start", "postgres"]);
        Some(server)
    }

    /// Runs one of the scripts beside this file, and keeps what it exports.
    fn run(&mut self, script: &str, arguments: &[&str]) {
        let path = format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR"));
        let output = Command::new(path).args(arguments).envs(&self.0).output().unwrap();
        assert!(
            output.status.success(),
            "{script} {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            if let Some((name, value)) =
                line.strip_prefix("export ").and_then(|line| line.split_once('='))
            {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn location(&self) -> &str {
        &self.0["CONFIDANT_TEST_POSTGRES"]
    }

    fn standby(&self) -> &str {
        &self.0["CONFIDANT_TEST_STANDBY"]
    }

    /// What the server itself answers.
    fn ask(&self, sql: &str) -> String {
        let output = Command::new("psql")
            .args(["-X", "-q", "-t", "-A", "-c", sql, self.location()])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn wait_until(&self, sql: &str, answer: &str) {
        let start = Instant::now();
        while self.ask(sql) != answer {
            assert!(start.elapsed() < Duration::from_secs(30), "{sql} is not {answer}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.0.contains_key("CONFIDANT_TEST_STANDBY") {
            self.run("standby.sh", &["stop"]);
        }
        if self.0.contains_key("CONFIDANT_TEST_SERVICES") {
            self.run("services.sh", &["stop"]);
        }
    }
}

/// What became of one text.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Acknowledged,
    /// The call failed and said that nothing was saved.
    Refused,
    /// The call failed and could not say.
    Doubtful,
}

/// What one thread tried, in order.
#[derive(Default)]
struct Tried {
    fates: Vec<(String, Fate)>,
    errors: usize,
    longest: Duration,
}

impl Tried {
    fn count(&self, fate: Fate) -> usize {
        self.fates.iter().filter(|(_, found)| *found == fate).count()
    }
}

const WRITERS: usize = 4;

/// Threads that save to a customer each until they are told to end. The first half gives
/// every turn a key and tries until it is acknowledged; the others try once.
struct Writers {
    memory: RwLock<Confidant>,
    acknowledged: AtomicUsize,
    end: AtomicBool,
}

impl Writers {
    fn new(location: &str) -> Writers {
        let memory = RwLock::new(Confidant::open(location).unwrap());
        Writers { memory, acknowledged: AtomicUsize::new(0), end: AtomicBool::new(false) }
    }

    fn write(&self, thread: usize) -> Tried {
        let (name, has_keys) = (format!("thread-{thread}"), thread < WRITERS / 2);
        let mut tried = Tried::default();
        for number in 0.. {
            if self.end.load(Ordering::SeqCst) {
                break;
            }
            let (text, key) = (whole(thread, number), format!("{thread} {number}"));
            let start = Instant::now();
            let fate = loop {
                let turn = NewTurn::said(&text).answered(&text);
                let turn = if has_keys { turn.key(&key) } else { turn };
                let memory = self.memory.read().unwrap().clone();
                let saved =
                    memory.customer(&name).and_then(|customer| customer.memory().save_turn(turn));
                let Err(error) = saved else { break Fate::Acknowledged };
                tried.errors += 1;
                // Io: the server cannot be reached at the moment.
                assert!(error.is_retryable() || error.kind() == ErrorKind::Io, "{error:?}");
                match (has_keys, error.kind()) {
                    (true, _) => std::thread::sleep(Duration::from_millis(10)),
                    (false, ErrorKind::Busy) => break Fate::Refused,
                    (false, _) => break Fate::Doubtful,
                }
            };
            if fate == Fate::Acknowledged {
                tried.longest = tried.longest.max(start.elapsed());
                self.acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            tried.fates.push((text, fate));
        }
        tried
    }

    /// Lets all threads write while `work` is done, and until they wrote once more after it.
    fn while_writing(&self, work: impl FnOnce()) -> Vec<Tried> {
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..WRITERS).map(|thread| scope.spawn(move || self.write(thread))).collect();
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                self.wait_for_more(40);
                work();
                self.wait_for_more(40);
            }));
            self.end.store(true, Ordering::SeqCst);
            let tried = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
            done.unwrap();
            tried
        })
    }

    fn wait_for_more(&self, turns: usize) {
        let (until, start) = (self.acknowledged.load(Ordering::SeqCst) + turns, Instant::now());
        while self.acknowledged.load(Ordering::SeqCst) < until {
            assert!(start.elapsed() < Duration::from_secs(60), "the client does not go on");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Compares what was tried with what is stored, and says the figures.
fn check(memory: &Confidant, tried: &[Tried]) -> Result<String, String> {
    let mut stored_turns = 0;
    for (thread, tried) in tried.iter().enumerate() {
        let turns = archive(&memory.customer(&format!("thread-{thread}")).unwrap(), 10_000);
        stored_turns += turns.len();
        if turns.iter().any(|turn| turn.said != turn.answer) {
            return Err("a turn is not whole".to_owned());
        }
        let mut stored = said(&turns).into_iter().peekable();
        for (text, fate) in &tried.fates {
            match (stored.next_if_eq(text).is_some(), fate) {
                (false, Fate::Acknowledged) => return Err(format!("lost: {}", &text[..8])),
                (true, Fate::Refused) => return Err(format!("saved all the same: {}", &text[..8])),
                _ => {}
            }
        }
        if let Some(text) = stored.next() {
            return Err(format!("doubled or never saved: {}", &text[..8]));
        }
    }
    let sum = |count: fn(&Tried) -> usize| tried.iter().map(count).sum::<usize>();
    let longest = tried.iter().map(|tried| tried.longest).max().unwrap_or_default();
    Ok(format!(
        "acknowledged: {}, stored: {stored_turns}, lost: 0, doubled: 0, refused: {}, doubtful: {}, errors: {}, \
         longest wait for an acknowledgement: {} ms",
        sum(|tried| tried.count(Fate::Acknowledged)),
        sum(|tried| tried.count(Fate::Refused)),
        sum(|tried| tried.count(Fate::Doubtful)),
        sum(|tried| tried.errors),
        longest.as_millis()
    ))
}

#[test]
fn child_main() {
    let Ok(task) = std::env::var(TASK) else { return };
    let location = std::env::var(FILE).unwrap();
    match task.as_str() {
        "append" => append(&location, 0),
        "boast" => append(&location, 20),
        other => panic!("no task {other}"),
    }
}

#[test]
fn every_acknowledged_turn_survives_a_server_that_is_stopped_at_once_again_and_again() {
    let Some(mut server) = Server::start("a server stopped at once") else { return };
    let location = server.location().to_owned();
    let writers = Writers::new(&location);
    let (mut rng, stops) = (Rng::new(15), kills(5));
    let mut tried = writers.while_writing(|| {
        for _ in 0..stops {
            std::thread::sleep(Duration::from_millis(rng.below(400) as u64));
            server.run("services.sh", &["restart"]);
            writers.wait_for_more(1);
        }
    });
    let memory = Confidant::open(&location).unwrap();
    println!("stops: {stops}, {}", check(&memory, &tried).unwrap());
    tried[1].fates.push((whole(1, 1_000_000), Fate::Acknowledged));
    assert!(check(&memory, &tried).unwrap_err().starts_with("lost: "), "a lost turn is found");
    tried[1].fates.truncate(2);
    assert!(check(&memory, &tried).unwrap_err().starts_with("doubled"), "a turn too many is found");
}

#[test]
fn every_acknowledged_turn_survives_clients_that_are_killed_and_none_is_half() {
    let Some(server) = Server::start("clients that are killed") else { return };
    let (mut rng, kills) = (Rng::new(16), kills(10));
    let (mut acknowledged, mut stored) = (0, 0);
    for kill in 0..kills {
        let location = format!("{}?schema=kill_{kill}", server.location());
        let mut noted = Noted::default();
        // None: it is killed while it opens the store.
        noted.run_and_kill("append", &location, rng.below(200).saturating_sub(20));
        let memory = Confidant::open(&location).unwrap();
        stored += noted.check(&memory).unwrap();
        acknowledged += noted.len();
        memory.customer(NAMES[0]).unwrap().memory().save_turn(NewTurn::said("and on")).unwrap();
    }
    println!("kills: {kills}, acknowledged: {acknowledged}, stored: {stored}, lost: 0");
    let location = format!("{}?schema=boast", server.location());
    let mut noted = Noted::default();
    noted.run_and_kill("boast", &location, 400);
    let found = noted.check(&Confidant::open(&location).unwrap()).unwrap_err();
    assert!(found.starts_with("an acknowledged turn is missing"), "{found}");
}

#[test]
fn nothing_acknowledged_is_lost_when_a_standby_is_promoted_in_the_middle_of_writes() {
    let Some(mut server) = Server::start("a standby that is promoted") else { return };
    server.run("standby.sh", &["start"]);
    let (primary, standby) = (server.location().to_owned(), server.standby().to_owned());
    let writers = Writers::new(&primary);
    let refused = Confidant::open(&standby).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported, "a standby only reads: {refused}");
    let tried = writers.while_writing(|| {
        server.run("standby.sh", &["promote"]);
        // Whoever promotes sees to it that the old server is gone.
        server.run("services.sh", &["crash"]);
        *writers.memory.write().unwrap() = Confidant::open(&standby).unwrap();
    });
    println!("{}", check(&Confidant::open(&standby).unwrap(), &tried).unwrap());
}

#[test]
fn a_client_that_names_both_servers_goes_on_with_the_promoted_one_by_itself() {
    let Some(mut server) = Server::start("a client that names both servers") else { return };
    server.run("standby.sh", &["start"]);
    let standby = server.standby().to_owned();
    let address = |location: &str| location.split(['@', '/']).nth(3).unwrap().to_owned();
    let both = format!("{},{}", address(server.location()), address(&standby));
    let location =
        format!("postgres://confidant:confidant@{both}/postgres?target_session_attrs=read-write");
    let writers = Writers::new(&location);
    let tried = writers.while_writing(|| {
        server.run("standby.sh", &["promote"]);
        server.run("services.sh", &["crash"]);
    });
    println!("{}", check(&Confidant::open(&standby).unwrap(), &tried).unwrap());
}

#[test]
fn a_commit_that_the_standby_does_not_have_is_not_acknowledged_even_if_its_connection_is_ended() {
    not_acknowledged_after("pg_terminate_backend");
}

#[test]
fn a_commit_that_the_standby_does_not_have_is_not_acknowledged_even_if_its_wait_is_cancelled() {
    not_acknowledged_after("pg_cancel_backend");
}

fn not_acknowledged_after(disturb: &str) {
    let Some(mut server) = Server::start("a commit that the standby does not have") else { return };
    server.run("standby.sh", &["start"]);
    let memory = Confidant::open(server.location()).unwrap();
    let alice = memory.customer("alice").unwrap().memory();
    alice.save_turn(NewTurn::said("both have it")).unwrap();
    server.run("standby.sh", &["pause"]);
    let is_acknowledged = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let saving = scope.spawn(|| {
            let saved = alice.save_turn(NewTurn::said("one has it"));
            is_acknowledged.store(true, Ordering::SeqCst);
            saved
        });
        let waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        server.wait_until(&format!("SELECT count(*) > 0 {waiting}"), "t");
        let first = server.ask(&format!("SELECT min(pid) {waiting}"));
        // Ended so, PostgreSQL has committed the turn on one server only.
        server.ask(&format!("SELECT {disturb}({first})"));
        server.wait_until(&format!("SELECT count(*) > 0 {waiting} AND pid <> {first}"), "t");
        std::thread::sleep(Duration::from_millis(500));
        assert!(!is_acknowledged.load(Ordering::SeqCst), "the standby does not have it");
        server.run("standby.sh", &["resume"]);
        saving.join().unwrap().unwrap();
    });
    server.run("services.sh", &["crash"]);
    server.run("standby.sh", &["promote"]);
    let memory = Confidant::open(server.standby()).unwrap();
    assert_eq!(context_said(&memory.customer("alice").unwrap()), ["both have it", "one has it"]);
}
