//! What was acknowledged survives power loss, at every moment of everything that writes.
//!
//! The quick run is `cargo test`. The long run, of about so many images:
//! `CONFIDANT_IMAGES=1000000 cargo test --release --test power_loss -- --nocapture --test-threads=1`
//! `CONFIDANT_SEED` replays another run; every figure is printed with its seed.
#![cfg(all(unix, feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/vfs/mod.rs"]
mod vfs;

use confidant::Durability;
use vfs::crash::{Bench, Record, STORE, Tally, cut_power, walk};
use vfs::{Clockwork, Keep, Life, Recorder, Rng};

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
                    let mut life = Life::new(recorder, path, clock, seed).about(actor, actor, 1).with(memory);
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
    until_enough("a store's life", budget(2_500, 45), |seed, images| {
        let clock = Clockwork::new(Durability::PowerLoss);
        cut_power(&a_life(seed, 60, &clock, false), images, seed)
    });
}

#[test]
fn nothing_acknowledged_is_lost_when_power_fails_under_threads_that_share_commits() {
    until_enough("threads that share commits", budget(1_500, 20), |seed, images| {
        let clock = Clockwork::new(Durability::PowerLoss);
        cut_power(&threads(seed, 4, 24, &clock), images, seed)
    });
}

#[test]
fn nothing_is_lost_when_power_fails_again_while_a_crash_is_recovered_from() {
    until_enough("crashes of recoveries", budget(1_500, 25), |seed, images| {
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
            let Some(verdict) = bench.judge(&image, &first, progress, &mut rng) else { return true };
            tally.count(&verdict, || format!("seed {seed}, operation {index}"));
            let Ok(mut states) = verdict else { return false };
            // The same image again, this time recovered on a disk that is watched.
            let folder = vfs::folder();
            image.put(folder.path(), &mut rng);
            let recorder = Recorder::watch(folder.path());
            let path = folder.path().join(STORE);
            let mut life = Life::new(&recorder, &path, &clock, rng.next()).about(0, 0, 3).from(states.remove(0));
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
