//! Cuts the power at every point of a record and judges what is left.

use super::disk::{Base, Disk, Image, Keep};
use super::life::Clockwork;
use super::log::Op;
use super::oracle::{History, Progress, State, Verdict, judge};
use super::rng::Rng;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tempfile::TempDir;

/// The file's name in every folder here.
pub const STORE: &str = "store.db";

/// What was recorded, and what it must come to.
pub struct Record {
    pub base: Base,
    pub ops: Vec<Op>,
    pub histories: Vec<History>,
    pub clock: Clockwork,
}

/// What was found in how many images.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    pub records: u64,
    pub ops: u64,
    pub syncs: u64,
    pub images: u64,
    pub lost: u64,
    pub damaged: u64,
    pub wrong: u64,
    pub first: Option<String>,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.records += other.records;
        self.ops += other.ops;
        self.syncs += other.syncs;
        self.images += other.images;
        self.lost += other.lost;
        self.damaged += other.damaged;
        self.wrong += other.wrong;
        self.first = self.first.take().or(other.first);
    }

    pub fn count(&mut self, verdict: &Result<Vec<State>, Verdict>, place: impl FnOnce() -> String) {
        self.images += 1;
        let what = match verdict {
            Ok(_) => return,
            Err(Verdict::Lost(what)) => {
                self.lost += 1;
                what
            }
            Err(Verdict::Damaged(what)) => {
                self.damaged += 1;
                what
            }
            Err(Verdict::Wrong(what)) => {
                self.wrong += 1;
                what
            }
        };
        if self.first.is_none() {
            self.first = Some(format!("{}: {what}", place()));
        }
    }

    pub fn is_clean(&self) -> bool {
        self.lost + self.damaged + self.wrong == 0
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} images of {} records ({} operations, {} flushes): {} lost, {} damaged, {} wrong",
            self.images, self.records, self.ops, self.syncs, self.lost, self.damaged, self.wrong
        )?;
        self.first.as_ref().map_or(Ok(()), |first| write!(f, "; first: {first}"))
    }
}

/// A place where images are put and opened with the stock VFS.
pub struct Bench {
    folder: TempDir,
    seen: HashSet<u64>,
}

impl Bench {
    pub fn new() -> Bench {
        Bench { folder: super::folder(), seen: HashSet::new() }
    }

    /// Judges an image, unless one just like it was judged before with the same progress.
    pub fn judge(
        &mut self,
        image: &Image,
        record: &Record,
        progress: &[Progress],
    ) -> Option<Result<Vec<State>, Verdict>> {
        let mark = std::hash::BuildHasher::hash_one(
            &std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default(),
            (image.mark(), progress),
        );
        if !self.seen.insert(mark) {
            return None;
        }
        image.put(self.folder.path());
        let path = self.folder.path().join(STORE);
        let judged = catch_unwind(AssertUnwindSafe(|| {
            judge(&path, &record.histories, progress, &record.clock, true)
        }));
        Some(judged.unwrap_or_else(|_| Err(Verdict::Wrong("a panic".to_owned()))))
    }
}

/// Walks a record; `each` sees the disk and the progress after every operation.
pub fn walk(record: &Record, mut each: impl FnMut(usize, &Disk, &[Progress]) -> bool) {
    let mut disk = Disk::over(record.base.clone());
    let mut progress = vec![Progress::default(); record.histories.len()];
    for (index, op) in record.ops.iter().enumerate() {
        disk.step(&record.ops, index);
        match op {
            Op::Begin(actor) => progress[*actor].begun = progress[*actor].acked + 1,
            Op::Ack(actor) => progress[*actor].acked += 1,
            _ => {}
        }
        if !each(index, &disk, &progress) {
            return;
        }
    }
}

/// Cuts the power at points all over the record, about `budget` times.
pub fn cut_power(record: &Record, budget: u64, seed: u64) -> Tally {
    let mut rng = Rng::new(seed);
    let mut bench = Bench::new();
    let mut tally = Tally {
        records: 1,
        ops: u64::try_from(record.ops.len()).unwrap(),
        syncs: u64::try_from(record.ops.iter().filter(|op| matches!(op, Op::Sync { .. })).count())
            .unwrap(),
        ..Tally::default()
    };
    let points = u64::try_from(record.ops.len()).unwrap().max(1);
    // At least the four certain images and four random ones at a point; fewer points if that
    // is too much, more random ones if there is room.
    let each = usize::try_from((budget * 3 / (points * 2)).clamp(8, 64)).unwrap();
    let share = (budget * 2 * 1_000 / (points * u64::try_from(each).unwrap())).max(20_000 / points);
    walk(record, |index, disk, progress| {
        if rng.next() % 1_000 >= share {
            return true;
        }
        for number in 0..each {
            let image = disk.image(&record.ops, Keep::number(number), &mut rng);
            if let Some(verdict) = bench.judge(&image, record, progress) {
                tally.count(&verdict, || format!("seed {seed}, operation {index}, image {number}"));
            }
            if tally.images >= budget {
                return false;
            }
        }
        true
    });
    tally
}
