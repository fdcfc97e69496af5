//! How often saving flushes and writes, and how many bytes, exactly as recorded.
//!
//! The recorded figures stand in `benches/cost/writes.txt`; `cargo xtask update` records them
//! anew when a change is wanted.
#![cfg(all(unix, feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/vfs/mod.rs"]
mod vfs;

use confidant::{Channel, Confidant, Durability, NewAnswer, NewTurn};
use std::fmt::Write as _;
use vfs::crash::STORE;
use vfs::{Clockwork, Op, Recorder};

const SAID: &str = "I was charged twice for my subscription this month, could you check that?";
const ANSWER: &str = "I am sorry about that. The second charge goes back to your card today.";
const CALLS: usize = 100;

/// What was done to the files, in one line.
fn counted(name: &str, recorder: &Recorder, work: impl FnOnce()) -> String {
    recorder.take();
    work();
    let (_, ops) = recorder.take();
    let (mut flushes, mut writes, mut written) = (0, 0, 0);
    for op in &ops {
        match op {
            Op::Sync { .. } | Op::SyncFolder => flushes += 1,
            Op::Write { bytes, .. } => {
                writes += 1;
                written += bytes.len();
            }
            _ => {}
        }
    }
    format!("{name:<32} {flushes:>4} flushes {writes:>5} writes {written:>8} bytes\n")
}

/// Every kind of save once, on a disk that is watched.
fn figures() -> String {
    let folder = vfs::folder();
    let recorder = Recorder::watch(folder.path());
    let store: Confidant =
        Clockwork::new(Durability::PowerLoss).open(&folder.path().join(STORE)).unwrap();
    let customer = store.customer("alice").unwrap();
    let memory = customer.memory();
    let full = || NewTurn::said(SAID).answered(ANSWER);
    memory.save_turns(&[(); 200].map(|()| full())).unwrap();
    let mut text = String::new();
    let mut count = |name, work: &dyn Fn()| text += &counted(name, &recorder, work);
    count("100 saves of a turn", &|| {
        for _ in 0..CALLS {
            memory.save_turn(full()).unwrap();
        }
    });
    count("1 save of 100 turns", &|| {
        memory.save_turns(&[(); CALLS].map(|()| full())).unwrap();
    });
    let waiting = memory.save_turns(&[(); CALLS].map(|()| NewTurn::said(SAID))).unwrap();
    count("100 answers", &|| {
        for turn in &waiting {
            memory.answer(turn.id, NewAnswer::new(ANSWER)).unwrap();
        }
    });
    count("100 first turns of new customers", &|| {
        for number in 0..CALLS {
            let customer = store.customer(&format!("customer {number}")).unwrap();
            customer.memory().save_turn(full()).unwrap();
        }
    });
    count("1 session of 3 turns", &|| {
        let session = customer.open_session(Channel::Chat).unwrap();
        for _ in 0..3 {
            session.save_turn(full()).unwrap();
        }
        session.close(confidant::Outcome::resolved()).unwrap();
    });
    count("100 loads", &|| {
        for _ in 0..CALLS {
            memory.load_context().unwrap();
        }
    });
    text
}

#[test]
fn a_save_flushes_and_writes_exactly_as_often_as_recorded() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/cost/writes.txt");
    let mut now =
        String::from("# Recorded by `cargo xtask update`; compared by tests/writes.rs.\n");
    write!(now, "{}", figures()).unwrap();
    if std::env::var_os("UPDATE_WRITES").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let recorded = std::fs::read_to_string(path).unwrap();
    assert_eq!(now, recorded, "if that is wanted: cargo xtask update");
}
