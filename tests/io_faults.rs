//! Every changing call of every operation fails once, and from then on: nothing acknowledged is
//! lost, nothing half done is visible, and every failure says what it is.
//!
//! `CONFIDANT_FAULTS=all cargo test --release --test io_faults -- --nocapture --test-threads=1`
//! leaves no call out; the quick run takes every call of those that save, and some of others.
#![cfg(all(unix, feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/vfs/mod.rs"]
mod vfs;

use confidant::{Confidant, Durability, ErrorKind, NewTurn, Page, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use vfs::cases::{CASES, Case, Templates, WATCHED, World, save_long};
use vfs::crash::STORE;
use vfs::oracle::{History, Progress, customer, judge, observe};
use vfs::{Clockwork, Disk, Fault, Keep, Op, Recorder, Rng, State, Verdict};

/// How much was recorded so far.
fn here(recorder: &Recorder) -> usize {
    recorder.log().ops.len()
}

fn see(memory: &Confidant) -> Result<State> {
    (0..WATCHED).map(|number| observe(&customer(memory, number)).map(Arc::new)).collect()
}

/// What was found over many faults.
#[derive(Default, Debug)]
struct Sums {
    runs: u64,
    failed: u64,
    refused: u64,
    went_on: u64,
    reopened: u64,
    images: u64,
}

/// What the operation leaves when nothing fails: before and after.
fn rehearse(case: &Case, templates: &mut Templates) -> (State, State) {
    let folder = vfs::folder();
    templates.put(case.template, folder.path());
    let path = folder.path().join(STORE);
    let clock = templates.clock.clone();
    let memory = clock.open(&path).unwrap();
    let before = see(&memory).unwrap();
    let memory = case.before.map(|before| {
        before(&memory);
        memory
    });
    let before = memory.as_ref().map_or(before, |memory| see(memory).unwrap());
    (case.act)(&World { path: &path, clock: &clock, memory: memory.as_ref() }).unwrap();
    drop(memory);
    let after = see(&clock.open(&path).unwrap()).unwrap();
    (before, after)
}

/// One operation, one fault; false if the operation ended before the fault's turn came.
fn one(
    case: &Case,
    fault: Fault,
    at: u64,
    sticky: bool,
    templates: &mut Templates,
    states: &(State, State),
    sums: &mut Sums,
) -> bool {
    let place =
        format!("{}, {fault:?} at call {at}{}", case.name, if sticky { " and later" } else { "" });
    let folder = vfs::folder();
    templates.put(case.template, folder.path());
    let path = folder.path().join(STORE);
    let clock = templates.clock.clone();
    let recorder = Recorder::watch(folder.path());
    let memory = case.before.map(|before| {
        let memory = clock.open(&path).unwrap();
        before(&memory);
        memory
    });
    let (before, after) = states;
    // What may be there, from which operation of the record on.
    let mut allowed: Vec<(usize, Vec<State>)> = vec![(0, vec![before.clone(), after.clone()])];
    let begun = here(&recorder);

    recorder.fail(fault, at, sticky);
    let acted = catch_unwind(AssertUnwindSafe(|| {
        (case.act)(&World { path: &path, clock: &clock, memory: memory.as_ref() })
    }));
    let (_, failed) = recorder.heal();
    let acted = acted.unwrap_or_else(|_| panic!("{place}: a panic"));
    if failed == 0 {
        acted.unwrap_or_else(|error| panic!("{place}: failed without a fault: {error:?}"));
        return false;
    }
    sums.runs += 1;
    sums.failed += failed;
    let may_be = match &acted {
        Ok(()) => vec![after.clone()],
        Err(error) => {
            sums.refused += 1;
            assert_eq!(error.kind(), ErrorKind::Io, "{place}: {error:?}");
            vec![before.clone(), after.clone()]
        }
    };
    allowed.push((here(&recorder), may_be.clone()));

    // The fault is gone: the handle goes on, or says that it must be reopened.
    let memory = memory.or_else(|| {
        let opened = clock
            .open(&path)
            .unwrap_or_else(|error| panic!("{place}: does not open again: {error:?}"));
        Some(opened)
    });
    let mut memory = memory.unwrap();
    let mut now = see(&memory)
        .unwrap_or_else(|error| panic!("{place}: cannot be read afterwards: {error:?}"));
    assert!(may_be.contains(&now), "{place}: half of it, or nothing acknowledged, is visible");
    if acted.is_err() && case.before.is_some() && case.name != "flush of waiting turns" {
        assert!(now == *before, "{place}: was refused, and is visible");
    }
    let write =
        |memory: &Confidant| customer(memory, 1).memory().save_turn(NewTurn::said("Still there?"));
    let turn = match write(&memory) {
        Ok(turn) => {
            sums.went_on += 1;
            turn
        }
        Err(error) => {
            sums.reopened += 1;
            assert_eq!(error.kind(), ErrorKind::Closed, "{place}: {error:?}");
            assert!(error.to_string().contains("open it again"), "{place}: {error}");
            drop(memory);
            memory = clock
                .open(&path)
                .unwrap_or_else(|error| panic!("{place}: does not open again: {error:?}"));
            now = see(&memory).unwrap();
            assert!(may_be.contains(&now), "{place}: lost by reopening");
            write(&memory).unwrap()
        }
    };
    let mut person = vfs::Person::clone(&now[1]);
    person.took(&[turn]);
    person.sessions = customer(&memory, 1).sessions(Page::first(1_000)).unwrap();
    person.last_session = person.sessions.first().map_or(0, |session| session.id.number());
    now[1] = Arc::new(person);
    allowed.last_mut().unwrap().1.push(now.clone());
    allowed.push((here(&recorder), vec![now.clone()]));
    assert!(see(&memory).unwrap() == now, "{place}");
    assert!(memory.check().unwrap().is_sound(), "{place}");

    // The process is killed; or it ends properly.
    let bench = vfs::folder();
    let target = bench.path().join(STORE);
    for name in [STORE.to_owned(), format!("{STORE}-wal")] {
        let _ = std::fs::copy(folder.path().join(&name), bench.path().join(&name));
    }
    verdict(&target, &[now.clone()], &clock, &format!("{place}; killed"));
    memory.maintain().unwrap_or_else(|error| panic!("{place}: {error:?}"));
    drop(memory);
    let (base, ops) = recorder.take();
    drop(recorder);
    // The power fails at any moment since.
    if matches!(fault, Fault::Fsync | Fault::Silent) {
        let mut rng = Rng::new(at);
        let mut disk = Disk::over(base);
        let mut last = 0;
        for index in 0..ops.len() {
            disk.step(&ops, index);
            if ops.len() > 1_000 && index + 1 != ops.len() && rng.below(30) != 0 {
                continue;
            }
            let settled =
                matches!(ops[index], Op::Sync { .. } | Op::Lose { .. } | Op::Truncate { .. });
            if index < begun || !(settled || index + 1 == ops.len() || rng.below(16) == 0) {
                continue;
            }
            let now = &allowed.iter().rev().find(|(from, _)| *from <= index + 1).unwrap().1;
            for keep in [Keep::Nothing, Keep::Everything, Keep::Sectors] {
                let image = disk.image(&ops, keep, &mut rng);
                let mark = image.mark();
                if std::mem::replace(&mut last, mark) == mark {
                    continue;
                }
                image.put(bench.path());
                sums.images += 1;
                verdict(
                    &target,
                    now,
                    &clock,
                    &format!("{place}; power lost at {index} of {}, {keep:?}", ops.len()),
                );
            }
        }
    }
    verdict(&path, &[now], &clock, &format!("{place}; closed"));
    true
}

/// The store holds one of the states, and goes on.
fn verdict(path: &Path, allowed: &[State], clock: &Clockwork, place: &str) {
    let progress = Progress { acked: 0, begun: allowed.len() - 1 };
    let history = History { states: allowed.to_vec(), ..History::default() };
    let judged: std::result::Result<Vec<State>, Verdict> =
        judge(path, &[history], &[progress], clock, true);
    judged.unwrap_or_else(|found| panic!("{place}: {found:?}"));
}

/// Every call of every operation, for some faults.
fn sweep(faults: &[Fault], stickiness: &[bool]) -> Sums {
    let start = std::time::Instant::now();
    let all = std::env::var("CONFIDANT_FAULTS").is_ok_and(|text| text == "all");
    let mut templates =
        Templates { clock: Clockwork::new(Durability::PowerLoss), made: Vec::new() };
    let mut sums = Sums::default();
    for case in &CASES {
        let states = rehearse(case, &mut templates);
        for fault in faults {
            for sticky in stickiness {
                let saves = case.name.starts_with("save") || case.name == "answer";
                let stride = match case.stride {
                    _ if all || *fault == Fault::Fsync => 1,
                    1 if saves && !sticky => 1,
                    stride => stride * 3,
                };
                let before = sums.runs;
                let mut at = if stride == 1 { 0 } else { u64::from(*sticky) };
                while one(case, *fault, at, *sticky, &mut templates, &states, &mut sums) {
                    at += stride;
                }
                let points = sums.runs - before;
                if all {
                    println!(
                        "{}: {fault:?}{}: {points} points",
                        case.name,
                        if *sticky { " from then on" } else { "" }
                    );
                }
            }
        }
    }
    println!("{faults:?} {stickiness:?}: {sums:?}, {:.1} s", start.elapsed().as_secs_f64());
    sums
}

#[test]
fn an_input_output_error_of_any_call_loses_nothing_and_is_told_as_one() {
    sweep(&[Fault::Io], &[false]);
}

#[test]
fn a_disk_that_fails_from_any_call_on_loses_nothing() {
    sweep(&[Fault::Io], &[true]);
}

#[test]
fn half_a_write_is_never_half_a_turn() {
    sweep(&[Fault::Torn], &[false]);
}

#[test]
fn a_full_disk_loses_nothing_and_is_told_as_one() {
    sweep(&[Fault::Full], &[false, true]);
}

#[test]
fn a_failed_flush_never_makes_a_later_acknowledgement_untrue() {
    sweep(&[Fault::Fsync], &[false, true]);
}

#[test]
fn a_read_that_fails_is_an_error_and_never_a_shorter_answer() {
    sweep(&[Fault::Read], &[false]);
}

#[test]
#[should_panic(expected = "power lost")]
fn a_flush_that_is_told_as_done_and_was_not_is_found() {
    let mut templates =
        Templates { clock: Clockwork::new(Durability::PowerLoss), made: Vec::new() };
    let case = CASES.iter().find(|case| case.name == "save_turn").unwrap();
    let states = rehearse(case, &mut templates);
    one(case, Fault::Silent, 0, false, &mut templates, &states, &mut Sums::default());
}

/// A store whose newest commits were moved into the file only in part, because a reader held an
/// older moment, and whose last flush of the file then failed.
fn half_moved(durability: Durability, flush: u64) {
    let place = format!("{durability:?}, flush {flush}");
    let clock = Clockwork::new(durability);
    let folder = vfs::folder();
    let path = folder.path().join(STORE);
    let recorder = Recorder::watch(folder.path());
    let memory = clock.open(&path).unwrap();
    for number in 0..40 {
        save_long(&customer(&memory, number % WATCHED), 1, 9_000).unwrap();
    }
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM turns").unwrap();
    for number in 0..10 {
        save_long(&customer(&memory, number % WATCHED), 1, 9_000).unwrap();
    }
    memory.maintain().unwrap();
    drop(reader);
    recorder.fail(Fault::Fsync, flush, false);
    let failed = memory.maintain();
    assert_eq!(recorder.heal().1, 1, "{place}");
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Io, "{place}");
    let now = see(&memory).unwrap();
    let from = here(&recorder);
    let mut allowed = vec![(0, vec![now.clone()])];
    // What the caller does next: tries again, goes on, reopens if told so.
    let mut memory = memory;
    let again = memory.maintain();
    if let Err(error) = again {
        assert_eq!(error.kind(), ErrorKind::Closed, "{place}: {error:?}");
        assert!(see(&memory).unwrap() == now, "{place}: it can still be read");
        drop(memory);
        memory = clock.open(&path).unwrap();
        memory.maintain().unwrap();
    }
    for number in 0..3 {
        save_long(&customer(&memory, number % WATCHED), 1, 500).unwrap();
        memory.maintain().unwrap();
        let now = see(&memory).unwrap();
        allowed.last_mut().unwrap().1.push(now.clone());
        allowed.push((here(&recorder), vec![now]));
    }
    drop(memory);
    let (base, ops) = recorder.take();
    let bench = vfs::folder();
    let (mut disk, mut rng, mut images) = (Disk::over(base), Rng::new(vfs::seed()), 0);
    for index in 0..ops.len() {
        disk.step(&ops, index);
        let settled = matches!(ops[index], Op::Sync { .. } | Op::Lose { .. });
        if index < from || !(settled || index + 1 == ops.len() || rng.below(12) == 0) {
            continue;
        }
        let may_be = &allowed.iter().rev().find(|(from, _)| *from <= index + 1).unwrap().1;
        for keep in [Keep::Nothing, Keep::Everything, Keep::Sectors] {
            disk.image(&ops, keep, &mut rng).put(bench.path());
            images += 1;
            let state =
                if durability == Durability::PowerLoss { Some(may_be.as_slice()) } else { None };
            let place = format!("{place}; power lost at {index} of {}, {keep:?}", ops.len());
            match state {
                Some(states) => verdict(&bench.path().join(STORE), states, &clock, &place),
                None => {
                    let report = clock.open(&bench.path().join(STORE)).unwrap().check().unwrap();
                    assert!(report.is_sound(), "{place}: {report:?}");
                }
            }
        }
    }
    println!("half moved, {place}: {images} images");
}

#[test]
fn a_flush_that_fails_while_the_log_is_moved_loses_nothing_later() {
    for flush in 0..2 {
        half_moved(Durability::PowerLoss, flush);
    }
}

#[test]
fn a_flush_that_fails_while_the_log_is_moved_damages_nothing_later() {
    for flush in 0..2 {
        half_moved(Durability::ProcessCrash, flush);
    }
}

/// Threads that share commits on a disk that fails now and then: what was acknowledged to any of
/// them is there, whatever became of the others in its group.
#[test]
fn threads_whose_shared_commit_fails_lose_nothing_acknowledged() {
    let start = std::time::Instant::now();
    let all = std::env::var("CONFIDANT_FAULTS").is_ok_and(|text| text == "all");
    let rounds = if all { 600 } else { 24 };
    let clock = Clockwork::new(Durability::PowerLoss);
    let (mut acked, mut refused, mut images) = (0, 0, 0);
    for round in 0..rounds {
        let mut rng = Rng::new(vfs::seed() + round);
        let folder = vfs::folder();
        let path = folder.path().join(STORE);
        let recorder = Recorder::watch(folder.path());
        let memory = clock.open(&path).unwrap();
        let fault = *rng.choose(&[Fault::Io, Fault::Torn, Fault::Full, Fault::Fsync, Fault::Fsync]);
        let at = u64::try_from(rng.below(60)).unwrap();
        recorder.fail(fault, at, rng.below(2) == 0);
        let said = |actor: usize, number: usize| format!("{actor} says {number}");
        // The turns acknowledged to each, with the place in the record where that was known.
        let kept: Vec<Vec<(usize, confidant::Turn)>> = std::thread::scope(|scope| {
            let actors: Vec<_> = (0..4)
                .map(|actor| {
                    let (memory, recorder) = (&memory, &recorder);
                    scope.spawn(move || {
                        let archive = customer(memory, actor).memory();
                        let mut kept = Vec::new();
                        for number in 0..14 {
                            if actor == 0 && number == 9 {
                                recorder.heal();
                            }
                            let text = said(actor, number);
                            match archive.save_turn(NewTurn::said(&text)) {
                                Ok(turn) => kept.push((here(recorder), turn)),
                                Err(error) => {
                                    assert!(
                                        matches!(error.kind(), ErrorKind::Io | ErrorKind::Closed),
                                        "{error:?}"
                                    );
                                }
                            }
                        }
                        kept
                    })
                })
                .collect();
            actors.into_iter().map(|actor| actor.join().unwrap()).collect()
        });
        recorder.heal();
        drop(memory);
        let (base, ops) = recorder.take();
        drop(recorder);
        acked += kept.iter().map(Vec::len).sum::<usize>();
        refused += 4 * 14 - kept.iter().map(Vec::len).sum::<usize>();
        let holds = |path: &Path, until: usize, place: &str| {
            let memory = clock.open(path).unwrap();
            assert!(memory.check().unwrap().is_sound(), "{place}");
            for (actor, kept) in kept.iter().enumerate() {
                let found = observe(&customer(&memory, actor)).unwrap().turns;
                let texts: Vec<String> = (0..14).map(|number| said(actor, number)).collect();
                let mut last = None;
                for (turn, number) in found.iter().zip(1..) {
                    assert_eq!(turn.id.number(), number, "{place}: numbers have no gap");
                    let which = texts.iter().position(|text| Some(text) == turn.said.as_ref());
                    assert!(
                        which.is_some() && which > last,
                        "{place}: a text that was not said, or twice"
                    );
                    last = which;
                }
                for (at, turn) in kept {
                    assert!(*at > until || found.contains(turn), "{place}: {} is lost", turn.id);
                }
            }
        };
        let place = format!("round {round}, {fault:?} at {at}");
        let bench = vfs::folder();
        let mut disk = Disk::over(base);
        for index in 0..ops.len() {
            disk.step(&ops, index);
            if index + 1 != ops.len() && rng.below(ops.len()) >= 6 {
                continue;
            }
            for keep in [Keep::Nothing, Keep::Sectors] {
                disk.image(&ops, keep, &mut rng).put(bench.path());
                images += 1;
                holds(
                    &bench.path().join(STORE),
                    index + 1,
                    &format!("{place}; power lost at {index}, {keep:?}"),
                );
            }
        }
        holds(&path, usize::MAX, &place);
    }
    println!(
        "threads: {rounds} rounds, {acked} turns acknowledged, {refused} refused, {images} images; seed {}, {:.1} s",
        vfs::seed(),
        start.elapsed().as_secs_f64()
    );
    assert!(refused > 0, "no fault met anybody");
}
