//! Children of a test: the very test binary again, told by the environment what to do.
//!
//! Also what a child that appends until it is killed acknowledges, and how that is checked.

#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

use crate::support::*;
use confidant::{Confidant, NewTurn};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

pub const TASK: &str = "CONFIDANT_TEST_TASK";
pub const FILE: &str = "CONFIDANT_TEST_FILE";
/// Begins each line that a child means for its parent: the test harness prints, too.
const MARK: &str = "child: ";

/// A child with lines in both directions; killed when dropped.
pub struct Helper {
    pub child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Helper {
    pub fn start(task: &str, location: &str) -> Helper {
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

    pub fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// The child's next line; `None` when it has ended.
    pub fn hear(&mut self) -> Option<String> {
        loop {
            let line = self.output.next()?.ok()?;
            // The harness leaves `test child_main ... ` in front of the first line.
            if let Some((_, said)) = line.split_once(MARK) {
                return Some(said.to_owned());
            }
        }
    }

    pub fn expect(&mut self, line: &str) {
        assert_eq!(self.hear().as_deref(), Some(line));
    }

    /// Waits until the child has ended well.
    pub fn end(mut self) {
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

pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // One write a line: a kill leaves no half of it.
    out.write_all(format!("{MARK}{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

pub fn heard() -> impl Iterator<Item = String> {
    std::io::stdin().lock().lines().map_while(Result::ok)
}

/// The text of one thread's turn: long enough to be torn, and wrong if a part is missing.
pub fn whole(thread: usize, number: usize) -> String {
    format!("{thread} {number} {}", "0123456789".repeat(20 + (thread * 7 + number * 13) % 60))
}

/// The customers that a child appends to, in turn by thread.
pub const NAMES: [&str; 2] = ["alice", "bob"];

/// `CONFIDANT_KILLS`, or how often something is killed by default.
pub fn kills(default: usize) -> usize {
    std::env::var("CONFIDANT_KILLS")
        .map_or(default, |kills| kills.parse().expect("CONFIDANT_KILLS is a number"))
}

/// Appends from four threads until it is killed; one acknowledging line for each turn. The
/// first thread tells the turn with the number `boasted` without saving it, unless that is 0.
pub fn append(location: &str, boasted: usize) {
    let memory = Confidant::open(location).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let memory = &memory;
            scope.spawn(move || {
                let alice = memory.customer(NAMES[thread % 2]).unwrap().memory();
                let mut newest = 0;
                for number in 0.. {
                    if thread != 0 || number == 0 || number != boasted {
                        let text = whole(thread, number);
                        newest = alice
                            .save_turn(NewTurn::said(&text).answered(&text))
                            .unwrap()
                            .id
                            .number();
                    }
                    say(&format!("{thread} {number} {newest}"));
                }
            });
        }
    });
}

/// What children that append have acknowledged: the turn's number by thread and number.
#[derive(Default)]
pub struct Noted(BTreeMap<(usize, usize), u32>);

impl Noted {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn note(&mut self, line: &str) {
        let mut numbers = line.split(' ').map(|number| number.parse::<usize>().unwrap());
        let mut next = || numbers.next().unwrap();
        self.0.insert((next(), next()), next() as u32);
    }

    /// Starts a child, kills it after so many lines, and takes in what it said until then.
    pub fn run_and_kill(&mut self, task: &str, location: &str, lines: usize) {
        let mut child = Helper::start(task, location);
        for _ in 0..lines {
            self.note(&child.hear().expect("it appends until it is killed"));
        }
        child.child.kill().unwrap();
        while let Some(line) = child.hear() {
            self.note(&line);
        }
    }

    /// Compares with what is stored: every number once, every turn whole, every acknowledged
    /// turn where it was acknowledged to be. Returns how many turns are stored.
    pub fn check(&self, memory: &Confidant) -> Result<usize, String> {
        let mut stored = 0;
        for name in NAMES {
            let turns = archive(&memory.customer(name).unwrap(), 10_000);
            for (turn, number) in turns.iter().zip(1..) {
                if turn.id.number() != number {
                    return Err(format!("number {number} of {name} is missing"));
                }
                let text = turn.said.as_ref().unwrap();
                let mut parts = text.split(' ').map_while(|part| part.parse::<usize>().ok());
                if *text != whole(parts.next().unwrap(), parts.next().unwrap())
                    || turn.answer.as_ref() != Some(text)
                {
                    return Err(format!("number {number} of {name} is not whole"));
                }
            }
            let own = self.0.iter().filter(|((thread, _), _)| NAMES[thread % 2] == name);
            for ((thread, number), place) in own {
                let found = turns.get(*place as usize - 1).and_then(|turn| turn.said.clone());
                if found != Some(whole(*thread, *number)) {
                    return Err(format!(
                        "an acknowledged turn is missing: {number} of thread {thread}"
                    ));
                }
            }
            stored += turns.len();
        }
        Ok(stored)
    }
}
