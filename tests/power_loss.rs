//! What was acknowledged survives power loss, at every moment of everything that writes.
//!
//! The quick run is `cargo test`. The long run, of about so many images: `CONFIDANT_IMAGES=1000000
//! cargo test --release --test power_loss -- --nocapture --test-threads=1` `CONFIDANT_SEED` replays
//! another run; every figure is printed with its seed.
#![cfg(all(unix, feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/vfs/mod.rs"]
mod vfs;

use confidant::{Durability, Persist};
use vfs::crash::{Bench, Record, STORE, Tally, cut_power, walk};
use vfs::training::{dictionary, fill};
use vfs::{Clockwork, Keep, Life, Op, Recorder, Rng};

/// This test's images: so many in the quick run, so many percent of the long one.
fn budget(quick: u64, percent: u64) -> u64 {
    let long = std::env::var("CONFIDANT_IMAGES").ok().and_then(|text| text.parse::<u64>().ok());
    long.map_or(quick, |images| images * percent / 100)
}

/// Records and cuts with one seed after the other until there are enough images.
fn until_enough(what: &str, images: u64, mut one: impl FnMut(u64, u64) -> Tally) {
    let start = std::time::Instant::now();
    let mut tally = Tally::default();
    let seed = vfs::seed();
    for round in 0.. {
        tally.add(one(seed + round, images - tally.images));
        if tally.images >= images || !tally.is_clean() {
            break;
        }
    }
    println!("{what}: {tally}; seed {seed}, {:.1} s", start.elapsed().as_secs_f64());
    assert!(tally.is_clean(), "{what}: {tally}");
}

/// A random life of a store, from the file's making to its closing.
fn a_life(seed: u64, steps: usize, clock: &Clockwork, lying: bool) -> Record {
    let folder = vfs::folder();
    let recorder = Recorder::watch(folder.path());
    recorder.log().lying = lying;
    let mut life = Life::new(&recorder, &folder.path().join(STORE), clock, seed).about(0, 0, 3);
    life.open();
    for _ in 0..steps {
        life.any();
    }
    life.close();
    let (base, ops) = recorder.take();
    Record { base, ops, histories: vec![life.history], clock: clock.clone() }
}

/// Several threads over one memory, each with a customer of its own and one for all.
fn threads(seed: u64, count: usize, steps: usize, clock: &Clockwork) -> Record {
    let folder = vfs::folder();
    let path = folder.path().join(STORE);
    let recorder = Recorder::watch(folder.path());
    let memory = clock.open(&path).unwrap();
    let histories = std::thread::scope(|scope| {
        let actors: Vec<_> = (0..count)
            .map(|actor| {
                let (recorder, memory, path) = (&recorder, &memory, &path);
                scope.spawn(move || {
                    let seed = seed.wrapping_mul(31).wrapping_add(u64::try_from(actor).unwrap());
                    let mut life =
                        Life::new(recorder, path, clock, seed).about(actor, actor, 1).with(memory);
                    for step in 0..steps {
                        life.any_of_a_thread();
                        if actor == 0 && step % 16 == 15 {
                            life.maintain();
                        }
                    }
                    life.history
                })
            })
            .collect();
        actors.into_iter().map(|actor| actor.join().unwrap()).collect()
    });
    drop(memory);
    let (base, ops) = recorder.take();
    Record { base, ops, histories, clock: clock.clone() }
}

#[test]
fn nothing_acknowledged_is_lost_when_power_fails_at_any_moment_of_a_stores_life() {
    until_enough("a store's life", budget(1_900, 40), |seed, images| {
        let clock = Clockwork::new(Durability::PowerLoss);
        cut_power(&a_life(seed, 60, &clock, false), images, seed)
    });
}

#[test]
fn nothing_acknowledged_is_lost_when_power_fails_under_threads_that_share_commits() {
    until_enough("threads that share commits", budget(1_000, 20), |seed, images| {
        let clock = Clockwork::new(Durability::PowerLoss);
        cut_power(&threads(seed, 4, 24, &clock), images, seed)
    });
}

#[test]
fn nothing_is_lost_when_power_fails_again_while_a_crash_is_recovered_from() {
    until_enough("crashes of recoveries", budget(1_200, 20), |seed, images| {
        let clock = Clockwork::new(Durability::PowerLoss);
        let first = a_life(seed, 40, &clock, false);
        let mut rng = Rng::new(seed);
        let mut bench = Bench::new();
        let mut tally = Tally::default();
        walk(&first, |index, disk, progress| {
            if rng.below(12) != 0 {
                return tally.images < images;
            }
            let image = disk.image(&first.ops, Keep::number(4 + rng.below(3)), &mut rng);
            let Some(verdict) = bench.judge(&image, &first, progress) else {
                return true;
            };
            tally.count(&verdict, || format!("seed {seed}, operation {index}"));
            let Ok(mut states) = verdict else { return false };
            // The same image again, this time recovered on a disk that is watched.
            let folder = vfs::folder();
            image.put(folder.path());
            let recorder = Recorder::watch(folder.path());
            let path = folder.path().join(STORE);
            let mut life = Life::new(&recorder, &path, &clock, rng.next())
                .about(0, 0, 3)
                .from(states.remove(0));
            life.open();
            life.save();
            life.maintain();
            life.any();
            life.close();
            let (base, ops) = recorder.take();
            let second = Record { base, ops, histories: vec![life.history], clock: clock.clone() };
            let room = (images - tally.images).min(images / 10 + 20).min(1_000);
            tally.add(cut_power(&second, room, rng.next()));
            tally.images < images && tally.is_clean()
        });
        tally
    });
}

#[test]
fn a_new_file_is_whole_or_not_there_when_power_fails_while_it_is_made() {
    until_enough("making a file", budget(350, 5), |seed, images| {
        let clock = Clockwork::new(Durability::PowerLoss);
        cut_power(&a_life(seed, 1, &clock, false), images, seed)
    });
}

#[test]
fn turns_that_were_collected_are_there_together_or_not_at_all() {
    until_enough("collected turns", budget(350, 5), |seed, images| {
        let clock = Clockwork::new(Durability::PowerLoss);
        let folder = vfs::folder();
        let path = folder.path().join(STORE);
        let recorder = Recorder::watch(folder.path());
        let memory =
            clock.builder().persist(Persist::Every(8)).open(path.to_str().unwrap()).unwrap();
        let mut life = Life::new(&recorder, &path, &clock, seed).about(0, 0, 2).with(&memory);
        drop(memory);
        for _ in 0..6 {
            life.open_session();
            life.collect();
            life.collect();
        }
        life.close();
        let (base, ops) = recorder.take();
        cut_power(&Record { base, ops, histories: vec![life.history], clock }, images, seed)
    });
}

#[test]
fn a_turn_that_is_packed_anew_is_never_lost_when_power_fails() {
    until_enough("packing anew", budget(500, 9), |seed, images| {
        let clock = Clockwork::new(Durability::PowerLoss);
        let folder = vfs::folder();
        let path = folder.path().join(STORE);
        let recorder = Recorder::watch(folder.path());
        let mut life = Life::new(&recorder, &path, &clock, seed).about(0, 0, 3);
        life.open();
        for _ in 0..25 {
            life.any();
        }
        life.close();
        let state = life.history.states.pop().unwrap();
        drop(recorder);
        // A store that was trained and whose turns are still to be packed anew.
        let file = rusqlite::Connection::open(&path).unwrap();
        file.execute("INSERT INTO dictionaries (number, bytes) VALUES (16, ?1)", [dictionary()])
            .unwrap();
        file.execute("UPDATE counters SET value = 100000 WHERE name = 'trained_at'", []).unwrap();
        drop(file);
        let recorder = Recorder::watch(folder.path());
        let mut life = Life::new(&recorder, &path, &clock, seed + 1).about(0, 0, 3).from(state);
        life.open();
        assert!(life.maintain().repacked > 0, "there was nothing to pack anew");
        for _ in 0..6 {
            life.any();
        }
        life.close();
        let (base, ops) = recorder.take();
        cut_power(&Record { base, ops, histories: vec![life.history], clock }, images, seed)
    });
}

#[test]
fn training_and_packing_a_grown_store_loses_nothing_when_power_fails() {
    until_enough("training", budget(40, 1), |seed, images| {
        let clock = Clockwork::new(Durability::PowerLoss);
        let folder = vfs::folder();
        let path = folder.path().join(STORE);
        fill(&clock.open(&path).unwrap(), 2_000);
        let recorder = Recorder::watch(folder.path());
        let mut life = Life::new(&recorder, &path, &clock, seed).about(0, 0, 3);
        life.open();
        life.save();
        assert!(life.maintain().trained.is_some());
        life.any();
        life.close();
        let (base, ops) = recorder.take();
        cut_power(&Record { base, ops, histories: vec![life.history], clock }, images, seed)
    });
}

/// What this process would find in images of a record, with `plant` in it.
fn found(record: &Record, images: u64) -> Tally {
    let tally = cut_power(record, images, vfs::seed());
    println!("planted: {tally}");
    tally
}

#[test]
fn a_disk_that_lies_about_flushes_is_found() {
    let clock = Clockwork::new(Durability::PowerLoss);
    let tally = found(&a_life(vfs::seed(), 40, &clock, true), 200);
    assert!(tally.lost > 0 && tally.damaged + tally.wrong > 0, "{tally}");
}

#[test]
fn one_forgotten_flush_is_found() {
    let clock = Clockwork::new(Durability::PowerLoss);
    let mut record = a_life(vfs::seed(), 12, &clock, false);
    let acked = record.ops.iter().rposition(|op| matches!(op, Op::Ack(_))).unwrap();
    let before = |op: &Op| matches!(op, Op::Sync { .. });
    // The flush of the last turn's commit, before the store is closed.
    let closing = record.ops[..acked].iter().rposition(|op| matches!(op, Op::Begin(_))).unwrap();
    let flush = record.ops[..closing].iter().rposition(before).unwrap();
    record.ops.remove(flush);
    let tally = found(&record, 2_000);
    assert!(tally.lost > 0, "{tally}");
}

#[test]
fn an_oracle_that_expects_one_step_too_many_finds_it_missing() {
    let clock = Clockwork::new(Durability::PowerLoss);
    let mut record = a_life(vfs::seed(), 20, &clock, false);
    for op in &mut record.ops {
        match *op {
            Op::Begin(actor) => *op = Op::Ack(actor),
            Op::Ack(actor) => *op = Op::Begin(actor),
            _ => {}
        }
    }
    // The last mark is not a step.
    let last = record.histories[0].states.last().unwrap().clone();
    record.histories[0].states.push(last);
    let tally = found(&record, 300);
    assert!(tally.lost > 0 && tally.damaged + tally.wrong == 0, "{tally}");
}

#[test]
fn without_flushing_each_turn_power_loss_takes_the_newest_ones_and_damages_nothing() {
    let clock = Clockwork::new(Durability::ProcessCrash);
    let mut all = Tally::default();
    for round in 0..2 {
        let record = a_life(vfs::seed() + round, 60, &clock, false);
        all.add(found(&record, budget(500, 1)));
    }
    println!("Durability::ProcessCrash: {all}");
    assert!(all.lost > 0, "the promise is weaker, and the harness sees it: {all}");
    assert!(all.damaged + all.wrong == 0, "{all}");
}

#[test]
fn without_flushing_each_turn_a_killed_process_loses_nothing() {
    let clock = Clockwork::new(Durability::ProcessCrash);
    let record = a_life(vfs::seed(), 60, &clock, false);
    let (mut bench, mut tally, mut rng) = (Bench::new(), Tally::default(), Rng::new(vfs::seed()));
    walk(&record, |index, disk, progress| {
        let image = disk.image(&record.ops, Keep::Everything, &mut rng);
        if let Some(verdict) = bench.judge(&image, &record, progress) {
            tally.count(&verdict, || format!("operation {index}"));
        }
        true
    });
    println!("killed under Durability::ProcessCrash: {tally}");
    assert!(tally.is_clean() && tally.images > 100, "{tally}");
}
