//! What several processes on one file may rely on, and what a killed one leaves behind.
//!
//! The children are this very test binary: it runs [`child_main`] alone, told by the
//! environment what to do. In a plain run that test does nothing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{Confidant, ErrorKind, NewTurn};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use support::*;

const TASK: &str = "CONFIDANT_TEST_TASK";
const FILE: &str = "CONFIDANT_TEST_FILE";
/// Begins each line that a child means for its parent: the test harness prints, too.
const MARK: &str = "child: ";

/// A child with lines in both directions; killed when dropped.
struct Helper {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Helper {
    fn start(task: &str, location: &str) -> Helper {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_main", "--nocapture", "--test-threads=1"])
            .env(TASK, task)
            .env(FILE, location)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Helper { child, input, output: BufReader::new(output).lines() }
    }

    fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// The child's next line; `None` when it has ended.
    fn hear(&mut self) -> Option<String> {
        loop {
            let line = self.output.next()?.ok()?;
            // The harness leaves `test child_main ... ` in front of the first line.
            if let Some((_, said)) = line.split_once(MARK) {
                return Some(said.to_owned());
            }
        }
    }

    fn expect(&mut self, line: &str) {
        assert_eq!(self.hear().as_deref(), Some(line));
    }

    /// Waits until the child has ended well.
    fn end(mut self) {
        drop(std::mem::replace(&mut self.input, Self::no_input()));
        while self.hear().is_some() {}
        assert!(self.child.wait().unwrap().success());
    }

    /// Some other pipe, so that the real one is closed.
    fn no_input() -> ChildStdin {
        let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        child.wait().unwrap();
        input
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // One write a line: a kill leaves no half of it.
    out.write_all(format!("{MARK}{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn heard() -> impl Iterator<Item = String> {
    std::io::stdin().lock().lines().map_while(Result::ok)
}

#[test]
fn child_main() {
    let Ok(task) = std::env::var(TASK) else { return };
    let location = std::env::var(FILE).unwrap();
    match task.as_str() {
        "echo" => echo(&location),
        "append" => append(&location),
        "crowd" => crowd(&location),
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
    format!("{} {}", context.total(), context.newest().map_or("", |turn| turn.said.as_deref().unwrap()))
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

/// The text of one thread's turn: long enough to be torn, and wrong if a part is missing.
fn whole(thread: usize, number: usize) -> String {
    format!("{thread} {number} {}", "0123456789".repeat(20 + (thread * 7 + number * 13) % 60))
}

/// Appends from four threads until it is killed; one acknowledging line for each turn.
fn append(location: &str) {
    let memory = open(location);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let memory = &memory;
            scope.spawn(move || {
                let alice = memory.customer(["alice", "bob"][thread % 2]).unwrap().memory();
                for number in 0.. {
                    let text = whole(thread, number);
                    let turn = alice.save_turn(NewTurn::said(&text).answered(&text)).unwrap();
                    say(&format!("{thread} {number} {}", turn.id.number()));
                }
            });
        }
    });
}

//
#[test]
fn every_acknowledged_turn_survives_kill_9_and_none_is_half() {
    on_every_store(|_| {
        let mut rng = Rng::new(15);
        for _ in 0..15 {
            let place = Place::sqlite();
            let mut child = Helper::start("append", place.location());
            let mut acknowledged = BTreeMap::new();
            // None: it is killed while it opens the file.
            for _ in 0..rng.below(400).saturating_sub(40) {
                note(&mut acknowledged, &child.hear().expect("it appends until it is killed"));
            }
            child.child.kill().unwrap();
            while let Some(line) = child.hear() {
                note(&mut acknowledged, &line);
            }
            let memory = Confidant::open(place.location()).unwrap();
            for name in ["alice", "bob"] {
                let customer = memory.customer(name).unwrap();
                let turns = archive(&customer, 10_000);
                for (turn, number) in turns.iter().zip(1..) {
                    assert_eq!(turn.id.number(), number, "a number is missing");
                    let text = turn.said.as_ref().unwrap();
                    let mut parts = text.split(' ').map_while(|part| part.parse::<usize>().ok());
                    assert_eq!(*text, whole(parts.next().unwrap(), parts.next().unwrap()));
                    assert_eq!(turn.answer.as_ref(), Some(text), "a half is missing");
                }
                let of_customer = acknowledged.iter().filter(|((thread, _), _)| ["alice", "bob"][thread % 2] == name);
                for ((thread, number), turn) in of_customer {
                    assert_eq!(turns[*turn as usize - 1].said, Some(whole(*thread, *number)), "an acknowledged turn");
                }
                customer.memory().save_turn(NewTurn::said("and on")).unwrap();
                assert_eq!(customer.memory().load_context().unwrap().total(), turns.len() as u64 + 1);
            }
        }
    });
}

fn note(acknowledged: &mut BTreeMap<(usize, usize), u32>, line: &str) {
    let mut numbers = line.split(' ').map(|number| number.parse::<usize>().unwrap());
    let mut next = || numbers.next().unwrap();
    acknowledged.insert((next(), next()), next() as u32);
}

/// Two threads of one of several processes; waits for its start.
fn crowd(location: &str) {
    let name = heard().next().unwrap();
    let memory = open(location);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (memory, name) = (&memory, &name);
            scope.spawn(move || {
                let shared = memory.customer("shared").unwrap().memory();
                for number in 0..100 {
                    let text = format!("{name} {thread} {number}");
                    let turn = shared.save_turn(NewTurn::said(&text)).unwrap();
                    let context = shared.load_context().unwrap();
                    let passed = context.get(0).unwrap().id > turn.id;
                    assert!(passed || context.turns().any(|seen| *seen == turn), "{text} is not seen");
                }
            });
        }
    });
    say("done");
}

// K-20
#[test]
fn four_processes_with_two_threads_each_lose_and_double_nothing() {
    on_every_store(|place| {
        let mut children: Vec<Helper> = (0..4).map(|_| Helper::start("crowd", place.location())).collect();
        for (name, child) in children.iter_mut().enumerate() {
            child.tell(&name.to_string());
        }
        for mut child in children {
            child.expect("done");
            child.end();
        }
        let turns = archive(&Confidant::open(place.location()).unwrap().customer("shared").unwrap(), 1_000);
        let numbers: Vec<u32> = turns.iter().map(|turn| turn.id.number()).collect();
        assert_eq!(numbers, (1..=800).collect::<Vec<_>>());
        for name in 0..4 {
            for thread in 0..2 {
                let begin = format!("{name} {thread} ");
                let own = turns.iter().filter(|turn| turn.said.as_ref().unwrap().starts_with(&begin));
                assert_eq!(said(own), (0..100).map(|number| format!("{begin}{number}")).collect::<Vec<_>>());
            }
        }
    });
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
        assert_eq!(said(bob.load_context().unwrap().turns()), ["from the child"], "and what it wrote is seen");
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
        let closed = |result: Result<(), confidant::Error>| result.is_err_and(|e| e.kind() == ErrorKind::Closed);
        let read = closed(alice.memory().load_context().map(drop));
        let wrote = closed(alice.memory().save_turn(NewTurn::said("from the fork")).map(drop));
        let listed = closed(alice.sessions(confidant::Page::first(1)).map(drop));
        drop(alice);
        drop(memory);
        let again = Confidant::open(location).and_then(|memory| {
            memory.customer("alice")?.memory().save_turn(NewTurn::said("opened again in the child"))
        });
        let code = i32::from(!read) + 2 * i32::from(!wrote) + 4 * i32::from(!listed) + 8 * i32::from(again.is_err());
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
                        let memory = Confidant::open(location).unwrap_or_else(|error| panic!("{error:?}"));
                        let alice = memory.customer("alice").unwrap().memory();
                        alice.save_turn(NewTurn::said(&format!("{thread}"))).unwrap();
                    });
                }
            });
            assert_eq!(place.open().customer("alice").unwrap().memory().load_context().unwrap().total(), 6);
        });
    });
}
