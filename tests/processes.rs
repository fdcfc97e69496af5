//! What several processes on one file may rely on, and what a killed one leaves behind.
//!
//! The children are this very test binary: it runs [`child_main`] alone, told by the
//! environment what to do. In a plain run that test does nothing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/children.rs"]
mod children;
mod support;

use children::*;
use confidant::{Confidant, ErrorKind, NewTurn};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::time::{Duration, Instant};
use support::*;

#[test]
fn child_main() {
    let Ok(task) = std::env::var(TASK) else { return };
    let location = std::env::var(FILE).unwrap();
    match task.as_str() {
        "echo" => echo(&location),
        "append" => append(&location, 0),
        "boast" => append(&location, 20),
        "crowd" => crowd(&location, Fault::None),
        "crowd that counts one too many" => crowd(&location, Fault::CountsOneTooMany),
        "crowd that posts too early" => crowd(&location, Fault::PostsTooEarly),
        "hold" => hold(&location),
        "fork" => fork(&location),
        other => panic!("no task {other}"),
    }
}

fn open(location: &str) -> Confidant {
    Confidant::open(location).unwrap()
}

fn shown(memory: &confidant::PersistentBufferMemory) -> String {
    let context = memory.load_context().unwrap();
    format!(
        "{} {}",
        context.total(),
        context.newest().map_or("", |turn| turn.said.as_deref().unwrap())
    )
}

/// Tells what it sees, saves the line it was told, and acknowledges.
fn echo(location: &str) {
    let memory = open(location);
    let alice = memory.customer("alice").unwrap().memory();
    say("ready");
    for line in heard() {
        say(&shown(&alice));
        alice.save_turn(NewTurn::said(&line)).unwrap();
        say("saved");
    }
}

#[test]
fn two_processes_see_each_others_turns_at_once() {
    on_every_store(|place| {
        let memory = Confidant::open(place.location()).unwrap();
        let alice = memory.customer("alice").unwrap().memory();
        let mut child = Helper::start("echo", place.location());
        child.expect("ready");
        for round in 0..200u64 {
            alice.save_turn(NewTurn::said(&format!("parent {round}"))).unwrap();
            child.tell(&format!("child {round}"));
            child.expect(&format!("{} parent {round}", 2 * round + 1));
            child.expect("saved");
            assert_eq!(shown(&alice), format!("{} child {round}", 2 * round + 2));
        }
        child.end();
    });
}

//
#[test]
fn every_acknowledged_turn_survives_kill_9_and_none_is_half() {
    on_every_store(|_| {
        let (mut rng, kills) = (Rng::new(15), kills(15));
        let (mut acknowledged, mut stored) = (0, 0);
        for _ in 0..kills {
            let place = Place::sqlite();
            let mut noted = Noted::default();
            // None: it is killed while it opens the file.
            noted.run_and_kill("append", place.location(), rng.below(400).saturating_sub(40));
            let memory = Confidant::open(place.location()).unwrap();
            stored += noted.check(&memory).unwrap();
            acknowledged += noted.len();
            for name in NAMES {
                let alice = memory.customer(name).unwrap().memory();
                let total = alice.load_context().unwrap().total();
                alice.save_turn(NewTurn::said("and on")).unwrap();
                assert_eq!(alice.load_context().unwrap().total(), total + 1);
            }
        }
        println!("kills: {kills}, acknowledged: {acknowledged}, stored: {stored}, lost: 0");
    });
}

#[test]
fn a_turn_that_was_acknowledged_but_not_saved_is_found_by_the_test_above() {
    let place = Place::sqlite();
    let mut noted = Noted::default();
    noted.run_and_kill("boast", place.location(), 100);
    let found = noted.check(&Confidant::open(place.location()).unwrap()).unwrap_err();
    assert!(found.starts_with("an acknowledged turn is missing"), "{found}");
}

const PROCESSES: usize = 8;
const THREADS: usize = 8;

/// The newest number that each thread of all processes has been acknowledged, for everybody
/// to read: what stands here must be in every context that is loaded from now on.
struct Board(std::fs::File);

impl Board {
    fn open(location: &str) -> Board {
        let path = std::path::Path::new(location).with_extension("board");
        Board(
            std::fs::OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(path)
                .unwrap(),
        )
    }

    fn post(&self, place: usize, number: u32) {
        self.0.write_all_at(&number.to_ne_bytes(), 4 * place as u64).unwrap();
    }

    fn newest(&self) -> u32 {
        let mut bytes = [0; 4 * PROCESSES * THREADS];
        let read = self.0.read_at(&mut bytes, 0).unwrap();
        bytes[..read]
            .chunks_exact(4)
            .map(|four| u32::from_ne_bytes(four.try_into().unwrap()))
            .max()
            .unwrap_or(0)
    }
}

/// What a process of the crowd does wrong, for the harness to find.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// Tells its parent of one turn more than it saved.
    CountsOneTooMany,
    /// Tells the others of a turn before it is saved.
    PostsTooEarly,
}

/// One of several processes; waits for its start and tells its longest wait and what was
/// acknowledged to each of its threads.
fn crowd(location: &str, fault: Fault) {
    let start = heard().next().unwrap();
    let mut start = start.split(' ').map(|number| number.parse::<usize>().unwrap());
    let (name, turns) = (start.next().unwrap(), start.next().unwrap());
    let (memory, board) = (open(location), Board::open(location));
    let work = |thread: usize| -> Result<(Duration, usize), String> {
        let shared = memory.customer("shared").unwrap().memory();
        let mut longest = Duration::ZERO;
        for number in 0..turns {
            let text = format!("{name} {thread} {number}");
            let begin = Instant::now();
            let turn = shared.save_turn(NewTurn::said(&text)).unwrap();
            longest = longest.max(begin.elapsed());
            let early =
                if fault == Fault::PostsTooEarly && number == turns / 2 { 1_000_000 } else { 0 };
            board.post(name * THREADS + thread, turn.id.number() + early);
            let acknowledged = board.newest();
            let begin = Instant::now();
            let context = shared.load_context().unwrap();
            longest = longest.max(begin.elapsed());
            if context.total() < u64::from(acknowledged) {
                return Err(format!(
                    "unseen: {} of {acknowledged} turns are there",
                    context.total()
                ));
            }
            let passed = context.get(0).unwrap().id > turn.id;
            assert!(passed || context.turns().any(|seen| *seen == turn), "{text} is not seen");
        }
        Ok((longest, turns + usize::from(fault == Fault::CountsOneTooMany && thread == 0)))
    };
    let done: Result<Vec<_>, String> = std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    match done {
        Ok(done) => {
            let longest = done.iter().map(|(longest, _)| longest.as_millis()).max().unwrap();
            let counts: Vec<String> = done.iter().map(|(_, count)| count.to_string()).collect();
            say(&format!("{longest} {}", counts.join(" ")));
        }
        Err(unseen) => say(&unseen),
    }
}

/// Lets all processes write to one customer; returns the longest wait in milliseconds.
fn run_crowd(location: &str, turns: usize, of_first: &str) -> Result<u64, String> {
    let task = |name| if name == 0 { of_first } else { "crowd" };
    let mut children: Vec<Helper> =
        (0..PROCESSES).map(|name| Helper::start(task(name), location)).collect();
    for (name, child) in children.iter_mut().enumerate() {
        child.tell(&format!("{name} {turns}"));
    }
    let told: Vec<String> =
        children.iter_mut().map(|child| child.hear().expect("a child failed")).collect();
    children.into_iter().for_each(Helper::end);
    if let Some(unseen) = told.iter().find(|told| told.starts_with("unseen")) {
        return Err(unseen.clone());
    }
    let turns = archive(&Confidant::open(location).unwrap().customer("shared").unwrap(), 1_000);
    let mut left = turns.len();
    if turns.iter().zip(1..).any(|(turn, number)| turn.id.number() != number) {
        return Err("a number is missing".to_owned());
    }
    let mut longest = 0;
    for (name, told) in told.iter().enumerate() {
        let mut told = told.split(' ').map(|number| number.parse::<usize>().unwrap());
        longest = longest.max(told.next().unwrap() as u64);
        for (thread, acknowledged) in told.enumerate() {
            let begin = format!("{name} {thread} ");
            let own =
                said(turns.iter().filter(|turn| turn.said.as_ref().unwrap().starts_with(&begin)));
            let expected: Vec<String> =
                (0..acknowledged).map(|number| format!("{begin}{number}")).collect();
            if own != expected {
                return Err(format!(
                    "thread {thread} of {name}: {} turns of {acknowledged}",
                    own.len()
                ));
            }
            left -= own.len();
        }
    }
    if left > 0 { Err(format!("{left} turns of nobody")) } else { Ok(longest) }
}

// K-20
#[test]
fn eight_processes_with_eight_threads_each_lose_and_double_nothing_and_nobody_waits_five_seconds() {
    on_every_store(|place| {
        let turns = runs(40) as usize;
        let longest = run_crowd(place.location(), turns, "crowd").unwrap();
        println!("turns: {}, longest wait: {longest} ms", turns * PROCESSES * THREADS);
        assert!(longest < 5_000, "somebody waited for {longest} ms");
    });
}

#[test]
fn a_process_that_counts_or_tells_a_turn_too_many_is_found_by_the_test_above() {
    let found =
        run_crowd(Place::sqlite().location(), 4, "crowd that counts one too many").unwrap_err();
    assert_eq!(found, "thread 0 of 0: 4 turns of 5");
    let found = run_crowd(Place::sqlite().location(), 4, "crowd that posts too early").unwrap_err();
    assert!(found.starts_with("unseen: "), "{found}");
}

/// Has the file open until its input ends.
fn hold(location: &str) {
    let memory = open(location);
    say(if memory.stats().alone { "alone" } else { "not alone" });
    for line in heard() {
        memory.customer("bob").unwrap().memory().save_turn(NewTurn::said(&line)).unwrap();
        say("saved");
    }
}

#[test]
fn a_store_knows_whether_it_is_open_alone() {
    on_every_store(|place| {
        let memory = Confidant::open(place.location()).unwrap();
        let alice = memory.customer("alice").unwrap().memory();
        let bob = memory.customer("bob").unwrap().memory();
        assert!(memory.stats().alone, "nobody else has opened it");
        let mut child = Helper::start("hold", place.location());
        child.expect("not alone");
        assert!(!memory.stats().alone, "a second process has");
        for _ in 0..128 {
            alice.save_turn(NewTurn::said("x")).unwrap();
        }
        assert!(!memory.stats().alone, "it still has");
        assert_eq!(bob.load_context().unwrap().total(), 0);
        child.tell("from the child");
        child.expect("saved");
        child.end();
        assert!(!memory.stats().alone, "it may have written before it left");
        for _ in 0..128 {
            alice.save_turn(NewTurn::said("x")).unwrap();
        }
        assert!(memory.stats().alone, "it has left");
        assert_eq!(
            said(bob.load_context().unwrap().turns()),
            ["from the child"],
            "and what it wrote is seen"
        );
    });
}

#[test]
fn two_handles_in_one_process_are_not_alone() {
    on_every_store(|place| {
        let first = Confidant::open(place.location()).unwrap();
        assert!(first.stats().alone);
        let second = Confidant::open(place.location()).unwrap();
        assert!(!first.stats().alone && !second.stats().alone);
    });
}

// X-11, K-26
#[test]
fn the_file_and_those_beside_it_are_readable_by_their_owner_only() {
    on_every_store(|place| {
        let memory = Confidant::open(place.location()).unwrap();
        memory.customer("alice").unwrap().memory().save_turn(NewTurn::said("x")).unwrap();
        let mut seen = Vec::new();
        for entry in std::fs::read_dir(place.folder()).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
            seen.push(name);
        }
        seen.sort();
        assert_eq!(seen, ["support.db", "support.db-lock", "support.db-shm", "support.db-wal"]);
        memory.close().unwrap();
        assert_eq!(std::fs::metadata(place.file()).unwrap().permissions().mode() & 0o777, 0o600);
    });
}

/// Forks with the store open, and tells what the forked child was told.
fn fork(location: &str) {
    let memory = open(location);
    let alice = memory.customer("alice").unwrap();
    alice.memory().save_turn(NewTurn::said("before")).unwrap();
    alice.memory().load_context().unwrap();
    // SAFETY: no other thread of this process holds a lock or allocates meanwhile; the child
    // only calls the library and leaves by `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let closed = |result: Result<(), confidant::Error>| {
            result.is_err_and(|e| e.kind() == ErrorKind::Closed)
        };
        let read = closed(alice.memory().load_context().map(drop));
        let wrote = closed(alice.memory().save_turn(NewTurn::said("from the fork")).map(drop));
        let listed = closed(alice.sessions(confidant::Page::first(1)).map(drop));
        drop(alice);
        drop(memory);
        let again = Confidant::open(location).and_then(|memory| {
            memory.customer("alice")?.memory().save_turn(NewTurn::said("opened again in the child"))
        });
        let code = i32::from(!read)
            + 2 * i32::from(!wrote)
            + 4 * i32::from(!listed)
            + 8 * i32::from(again.is_err());
        // SAFETY: ends this process at once, without the harness's own exit.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: `child` is this process's own child and `status` a valid place for its status.
    unsafe { libc::waitpid(child, &mut status, 0) };
    say(&format!("the fork ended with {}", status >> 8));
    alice.memory().save_turn(NewTurn::said("after")).unwrap();
    say(&context_said(&alice).join(", "));
}

#[test]
fn a_forked_child_is_told_that_the_handle_is_closed_and_the_parent_goes_on() {
    on_every_store(|place| {
        let mut child = Helper::start("fork", place.location());
        child.expect("the fork ended with 0");
        child.expect("before, opened again in the child, after");
        child.end();
    });
}

#[test]
fn many_may_open_a_new_file_at_the_same_moment() {
    on_every_store(|_| {
        with_seeds(50, |_| {
            let place = Place::sqlite();
            let location = place.location();
            let start = std::sync::Barrier::new(6);
            std::thread::scope(|scope| {
                for thread in 0..6 {
                    let start = &start;
                    scope.spawn(move || {
                        start.wait();
                        let memory =
                            Confidant::open(location).unwrap_or_else(|error| panic!("{error:?}"));
                        let alice = memory.customer("alice").unwrap().memory();
                        alice.save_turn(NewTurn::said(&format!("{thread}"))).unwrap();
                    });
                }
            });
            assert_eq!(
                place.open().customer("alice").unwrap().memory().load_context().unwrap().total(),
                6
            );
        });
    });
}
