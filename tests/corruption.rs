//! A damaged file is an error that says so, or the right answer: never a wrong text, never a
//! panic. What a read would meet, `check` finds.
//!
//! Bits are flipped and files are cut at random places, from a seed that is printed;
//! `CONFIDANT_SEED` replays, `CONFIDANT_DAMAGES=100000 cargo test --release --test corruption --
//! --nocapture` runs longer.
#![cfg(all(unix, feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/vfs/mod.rs"]
mod vfs;

use confidant::{
    Confidant, Durability, ErrorKind, NewTurn, Outcome, Page, Result, SessionDetails, Turn,
};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use vfs::crash::STORE;
use vfs::training::{dictionary, fill};
use vfs::{Clockwork, Rng};

/// What is stored of everybody, before the damage.
type Truth = BTreeMap<(String, String), (Vec<Turn>, Vec<SessionDetails>)>;

/// A store's bytes: the file, its log, and what they hold.
struct Sample {
    file: Vec<u8>,
    log: Vec<u8>,
    truth: Truth,
    clock: Clockwork,
}

const PEOPLE: [(&str, &str); 4] =
    [("default", "crowd 3"), ("default", "alice"), ("acme", "alice"), ("acme", "bob")];

fn truth(memory: &Confidant) -> Truth {
    let of = |(tenant, name): (&str, &str)| {
        let customer = memory.tenant(tenant).unwrap().customer(name).unwrap();
        let turns = customer.memory().turns(Page::first(10_000)).unwrap();
        let sessions = customer.sessions(Page::first(1_000)).unwrap();
        ((tenant.to_owned(), name.to_owned()), (turns, sessions))
    };
    PEOPLE.into_iter().map(of).collect()
}

/// A store with a dictionary of its own, packed and unpacked turns, and several customers; the
/// newest turns are in the log only, as a killed process leaves them.
fn sample() -> Sample {
    let clock = Clockwork::new(Durability::PowerLoss);
    let folder = vfs::folder();
    let path = folder.path().join(STORE);
    fill(&clock.open(&path).unwrap(), 120);
    let sqlite = rusqlite::Connection::open(&path).unwrap();
    sqlite
        .execute("INSERT INTO dictionaries (number, bytes) VALUES (16, ?1)", [dictionary()])
        .unwrap();
    sqlite.execute("UPDATE counters SET value = 100000 WHERE name = 'trained_at'", []).unwrap();
    drop(sqlite);
    let memory = clock.open(&path).unwrap();
    assert!(memory.maintain().unwrap().repacked > 0);
    memory.compact().unwrap();
    drop(memory);
    let memory = clock.open(&path).unwrap();
    for (tenant, name) in &PEOPLE[1..] {
        let customer = memory.tenant(tenant).unwrap().customer(name).unwrap();
        for turn in 0..12 {
            let said = format!(
                "Turn {turn} of {name} at {tenant}: I have a question about my parcel \u{1f600}"
            );
            let new = NewTurn::said(&said)
                .answered("We look into it.")
                .metadata(r#"{"a":1}"#)
                .confidence(0.5);
            customer
                .memory()
                .save_turn(if turn % 5 == 0 { NewTurn::said(&said) } else { new })
                .unwrap();
        }
        let session = customer.sessions(Page::first(1)).unwrap()[0].id;
        customer.session(session).unwrap().close(Outcome::resolved().rated(5)).unwrap();
    }
    let file = std::fs::read(&path).unwrap();
    let log = vfs::disk::used(&std::fs::read(folder.path().join(format!("{STORE}-wal"))).unwrap())
        .to_vec();
    Sample { file, log, truth: truth(&memory), clock }
}

/// The same with nothing in the log.
fn closed(sample: Sample) -> Sample {
    let folder = vfs::folder();
    let path = folder.path().join(STORE);
    std::fs::write(&path, &sample.file).unwrap();
    std::fs::write(folder.path().join(format!("{STORE}-wal")), &sample.log).unwrap();
    drop(sample.clock.open(&path).unwrap());
    Sample { file: std::fs::read(&path).unwrap(), log: Vec::new(), ..sample }
}

#[derive(Debug, Default)]
struct Sums {
    damages: u64,
    refused_at_open: u64,
    refused_reads: u64,
    right: u64,
    sound: u64,
    older: u64,
}

/// What a reader may be told instead of an answer.
fn is_honest(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Corrupt
            | ErrorKind::FormatTooNew
            | ErrorKind::InvalidArgument
            | ErrorKind::Store
            | ErrorKind::Unsupported
            | ErrorKind::Io
            | ErrorKind::NotFound
    )
}

/// Whether turns are the truth, from the first on; `Err` with the place of a wrong one.
fn compare(found: &[Turn], truth: &[Turn]) -> std::result::Result<bool, String> {
    for turn in found {
        // The place of a turn in the order of sessions is not covered by its checksum.
        let known = truth.iter().find(|known| known.id == turn.id);
        let same = |known: &Turn| {
            (&known.said, &known.answer, &known.answered_by, &known.metadata)
                == (&turn.said, &turn.answer, &turn.answered_by, &turn.metadata)
                && (known.at, known.answered_at, known.resolved)
                    == (turn.at, turn.answered_at, turn.resolved)
                && known.confidence == turn.confidence
        };
        if !known.is_some_and(same) {
            return Err(format!("turn {} is not what was saved", turn.id));
        }
    }
    Ok(found == truth)
}

/// Opens a damaged store and reads everything; panics if anything is wrong and not said.
fn examine(path: &Path, sample: &Sample, log_damaged: bool, sums: &mut Sums) {
    sums.damages += 1;
    let memory = match sample.clock.open(path) {
        Ok(memory) => memory,
        Err(error) => {
            sums.refused_at_open += 1;
            assert!(is_honest(error.kind()), "{error:?}");
            return;
        }
    };
    let report = memory.check();
    let mut refused = 0;
    let mut whole = true;
    for ((tenant, name), (turns, _)) in &sample.truth {
        let read = || -> Result<Vec<Turn>> {
            let customer = memory.tenant(tenant)?.customer(name)?;
            customer.memory().turns(Page::first(10_000))
        };
        match read() {
            Ok(found) => match compare(&found, turns) {
                Ok(is_all) => whole &= is_all,
                Err(wrong) => panic!("{tenant}/{name}: {wrong}"),
            },
            Err(error) => {
                assert!(is_honest(error.kind()), "{error:?}");
                refused += 1;
            }
        }
        // The hot path and the figures must not panic either.
        let customer = memory.tenant(tenant).unwrap().customer(name).unwrap();
        if let Ok(context) = customer.memory().load_context() {
            let found: Vec<Turn> = context.turns().cloned().collect();
            compare(&found, turns)
                .unwrap_or_else(|wrong| panic!("the context of {tenant}/{name}: {wrong}"));
        }
        let told = |error: &confidant::Error| is_honest(error.kind());
        assert!(customer.sessions(Page::first(100)).err().is_none_or(|error| told(&error)));
        assert!(customer.analytics().summary().err().is_none_or(|error| told(&error)));
        assert!(customer.preferences().err().is_none_or(|error| told(&error)));
    }
    let sound = match &report {
        Ok(report) => report.is_sound(),
        Err(error) => {
            assert!(is_honest(error.kind()), "{error:?}");
            false
        }
    };
    if sound {
        sums.sound += 1;
        assert_eq!(refused, 0, "a read was refused, and check found nothing");
        if !whole {
            // A log that ends earlier is a store of an earlier moment, as after a crash.
            assert!(log_damaged, "something is missing, and check found nothing");
            sums.older += 1;
        }
    }
    if refused > 0 {
        sums.refused_reads += 1;
    } else if whole {
        sums.right += 1;
    }
    // Neither writing nor upkeep may panic, or make the wrong texts that a read would give.
    let archive = memory.tenant("acme").unwrap().customer("bob").unwrap().memory();
    if let Err(error) = archive.save_turn(NewTurn::said("Still there?")) {
        assert!(is_honest(error.kind()) || error.kind() == ErrorKind::Conflict, "{error:?}");
    }
    if sums.damages.is_multiple_of(4)
        && let Err(error) = memory.maintain()
    {
        assert!(is_honest(error.kind()) || error.kind() == ErrorKind::Conflict, "{error:?}");
    }
}

/// Damages one of the two files; says what was done.
fn damage(file: &mut Vec<u8>, rng: &mut Rng) -> String {
    let at = rng.below(file.len());
    match rng.below(8) {
        0 => {
            // A file of no byte, or of one (so SQLite), is a new store.
            file.truncate(at.max(2));
            format!("cut at {at}")
        }
        1 => {
            let end = (at + 1 + rng.below(64)).min(file.len());
            file[at..end].iter_mut().for_each(|byte| *byte = rng.byte());
            format!("noise from {at} to {end}")
        }
        2 => {
            let sector = at / 512 * 512;
            let end = (sector + 512).min(file.len());
            file[sector..end].fill(0);
            format!("sector at {sector} gone")
        }
        _ => {
            let bit = rng.below(8);
            file[at] ^= 1 << bit;
            format!("bit {bit} of byte {at}")
        }
    }
}

/// How many damages this run tries of one kind.
fn count(quick: u64) -> u64 {
    std::env::var("CONFIDANT_DAMAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(quick)
}

fn sweep(
    what: &str,
    sample: &Sample,
    times: u64,
    in_log: bool,
    mut spoil: impl FnMut(&mut Vec<u8>, &mut Rng) -> String,
) -> Sums {
    let start = std::time::Instant::now();
    let seed = vfs::seed();
    let folder = vfs::folder();
    let path = folder.path().join(STORE);
    let mut sums = Sums::default();
    for number in 0..times {
        let mut rng = Rng::new(seed.wrapping_add(number * 1_000_003));
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        let (mut file, mut log) = (sample.file.clone(), sample.log.clone());
        let done = spoil(if in_log { &mut log } else { &mut file }, &mut rng);
        std::fs::write(&path, &file).unwrap();
        if !log.is_empty() {
            std::fs::write(folder.path().join(format!("{STORE}-wal")), &log).unwrap();
        }
        let examined = catch_unwind(AssertUnwindSafe(|| examine(&path, sample, in_log, &mut sums)));
        assert!(examined.is_ok(), "{what}: seed {seed}, number {number}: {done}");
    }
    println!("{what}: {sums:?}; seed {seed}, {:.1} s", start.elapsed().as_secs_f64());
    sums
}

#[test]
fn a_damaged_database_is_told_or_harmless() {
    let sample = closed(sample());
    let sums = sweep("database", &sample, count(800), false, damage);
    assert!(sums.right > 0 && sums.refused_at_open > 0 && sums.refused_reads > 0, "{sums:?}");
}

#[test]
fn a_damaged_database_with_a_log_is_told_or_harmless() {
    let sums = sweep("database under a log", &sample(), count(300), false, damage);
    assert!(sums.right > 0 && sums.refused_at_open > 0 && sums.refused_reads > 0, "{sums:?}");
}

#[test]
fn a_damaged_log_is_an_earlier_moment_or_told() {
    let sums = sweep("log", &sample(), count(400), true, damage);
    assert!(sums.right > 0 && sums.older > 0, "{sums:?}");
}

#[test]
fn a_damaged_dictionary_is_told_and_never_unpacks_a_wrong_text() {
    let sample = closed(sample());
    // Where the dictionary's bytes lie in the file: its pages' own heads may lie between.
    let needle = |at: usize| &dictionary()[at..at + 64];
    let places: Vec<usize> = (0..dictionary().len() - 64)
        .step_by(512)
        .filter_map(|at| sample.file.windows(64).position(|window| window == needle(at)))
        .collect();
    assert!(places.len() > 10, "the dictionary is in the file");
    let sums = sweep("dictionary", &sample, count(100), false, |file, rng| {
        let at = *rng.choose(&places) + rng.below(64);
        let bit = rng.below(8);
        file[at] ^= 1 << bit;
        format!("bit {bit} of byte {at}")
    });
    assert_eq!(sums.refused_reads, sums.damages, "{sums:?}");
}

#[test]
fn every_cut_of_a_small_store_is_told_or_harmless() {
    let sample = closed(sample());
    let mut cut = 0;
    let pages = sample.file.len() / 4_096;
    let times = u64::try_from(pages * 2).unwrap();
    let mut cuts = 0;
    let sums = sweep("cuts at and around pages", &sample, times, false, |file, _| {
        // A file of no byte, or of one (so SQLite), is a new store.
        let at = (cut / 2 * 4_096 + cut % 2 * 2_000).clamp(2, file.len());
        cut += 1;
        // The last one leaves everything.
        cuts += 1;
        if cuts < times {
            file.truncate(at);
        }
        format!("cut at {at}")
    });
    assert_eq!((sums.refused_at_open, sums.right), (times - 1, 1), "{sums:?}");
}

#[test]
fn a_text_that_was_changed_without_its_checksum_is_found() {
    let sample = closed(sample());
    let folder = vfs::folder();
    let path = folder.path().join(STORE);
    std::fs::write(&path, &sample.file).unwrap();
    let sqlite = rusqlite::Connection::open(&path).unwrap();
    let (id, mut body): (i64, Vec<u8>) = sqlite
        .query_row("SELECT id, body FROM turns ORDER BY id DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let middle = body.len() / 2;
    body[middle] ^= 1;
    sqlite
        .execute("UPDATE turns SET body = ?2 WHERE id = ?1", rusqlite::params![id, body])
        .unwrap();
    drop(sqlite);
    let memory = sample.clock.open(&path).unwrap();
    let report = memory.check().unwrap();
    assert_eq!(report.findings.len(), 1, "{report:?}");
    let read = memory.tenant("acme").unwrap().customer("bob").unwrap().memory().load_context();
    assert_eq!(read.err().unwrap().kind(), ErrorKind::Corrupt);
}

#[test]
#[should_panic(expected = "is not what was saved")]
fn an_examination_that_expects_another_text_finds_the_difference() {
    let mut sample = closed(sample());
    let (turns, _) = sample.truth.get_mut(&("acme".to_owned(), "bob".to_owned())).unwrap();
    turns[3].said = Some("Nobody said this.".to_owned());
    let folder = vfs::folder();
    let path = folder.path().join(STORE);
    std::fs::write(&path, &sample.file).unwrap();
    examine(&path, &sample, false, &mut Sums::default());
}
