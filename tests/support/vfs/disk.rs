//! What a disk may hold after the power failed: the record is walked step by step, and at every
//! point images are built of what was flushed and any part of what was not.
//!
//! The model: fsync makes a file's bytes and length durable, and nothing else does. A file's
//! name comes and goes with a flush of its folder only. Until then every 512-byte sector of
//! every write, every change of length and every change of name may be lost on its own, in any
//! order; a lost sector past the old end may hold anything. A failed fsync loses what waited.

use super::log::Op;
use super::rng::Rng;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// A file: its bytes, then zeros up to its length.
#[derive(Debug, Clone, Default)]
pub struct Content {
    bytes: Arc<Vec<u8>>,
    len: u64,
}

impl Content {
    pub fn of(bytes: &[u8]) -> Content {
        Content { bytes: Arc::new(used(bytes).to_vec()), len: u64::try_from(bytes.len()).unwrap() }
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    fn write(&mut self, at: u64, bytes: &[u8]) {
        let start = usize::try_from(at).unwrap();
        let end = start + bytes.len();
        let kept = Arc::make_mut(&mut self.bytes);
        if kept.len() < end {
            kept.resize(end, 0);
        }
        kept[start..end].copy_from_slice(bytes);
        self.len = self.len.max(u64::try_from(end).unwrap());
    }

    fn resize(&mut self, to: u64) {
        let kept = Arc::make_mut(&mut self.bytes);
        kept.truncate(usize::try_from(to).unwrap());
        self.len = to;
    }
}

/// Bytes without the zeros at their end; looked for by whole pages first, which is fast even
/// where nothing is optimized.
pub fn used(bytes: &[u8]) -> &[u8] {
    static ZEROS: [u8; 4_096] = [0; 4_096];
    let last = bytes.chunks(ZEROS.len()).rposition(|page| page != &ZEROS[..page.len()]);
    let Some(last) = last else { return &[] };
    let head = &bytes[..bytes.len().min((last + 1) * ZEROS.len())];
    let end = head.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &head[..end]
}

/// What is durable.
#[derive(Debug, Clone, Default)]
pub struct Base {
    pub names: BTreeMap<String, u32>,
    pub files: BTreeMap<u32, Content>,
}

/// What is durable, and the operations of the record that are not yet.
#[derive(Debug, Clone)]
pub struct Disk {
    durable: Base,
    waiting: Vec<usize>,
}

impl Disk {
    pub fn over(durable: Base) -> Disk {
        Disk { durable, waiting: Vec::new() }
    }

    /// Takes the operation with that index of the record.
    pub fn step(&mut self, ops: &[Op], index: usize) {
        match &ops[index] {
            Op::Sync { inode } => self.flush(ops, |op| file(op) == Some(*inode)),
            Op::SyncFolder => self.flush(ops, is_name),
            Op::Lose { inode } => self.waiting.retain(|index| file(&ops[*index]) != Some(*inode)),
            Op::Begin(_) | Op::Ack(_) => {}
            _ => self.waiting.push(index),
        }
    }

    fn flush(&mut self, ops: &[Op], concerns: impl Fn(&Op) -> bool) {
        let waiting = std::mem::take(&mut self.waiting);
        for index in waiting {
            if concerns(&ops[index]) {
                apply(&mut self.durable, &ops[index]);
            } else {
                self.waiting.push(index);
            }
        }
    }

    /// One of the images that the disk may hold now.
    pub fn image(&self, ops: &[Op], keep: Keep, rng: &mut Rng) -> Image {
        let mut image = self.durable.clone();
        let count = self.waiting.len();
        let torn = rng.below(count + 1);
        let chance = *rng.choose(&[16, 64, 128, 192, 240]);
        let garbage = rng.below(4) == 0;
        for (place, index) in self.waiting.iter().enumerate() {
            let op = &ops[*index];
            let whole = match keep {
                Keep::Nothing => false,
                Keep::Everything => true,
                Keep::Last => place + 1 == count,
                Keep::AllButLast => place + 1 < count,
                Keep::Some => rng.below(256) < chance,
                Keep::Prefix => place < torn,
                Keep::Sectors => false,
            };
            let in_part = keep == Keep::Sectors || keep == Keep::Prefix && place == torn;
            if whole {
                apply(&mut image, op);
            } else if in_part {
                apply_in_part(&mut image, op, chance, garbage, rng);
            }
        }
        Image { base: image }
    }
}

/// Which of the waiting operations reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Nothing,
    Everything,
    Last,
    AllButLast,
    /// The first ones, and some sectors of the next.
    Prefix,
    /// Any of them, whole.
    Some,
    /// Any sectors of any of them.
    Sectors,
}

impl Keep {
    /// The certain ones, then the random ones in turn.
    pub fn number(number: usize) -> Keep {
        let certain = [Keep::Nothing, Keep::Everything, Keep::Last, Keep::AllButLast];
        let random = [Keep::Sectors, Keep::Prefix, Keep::Some];
        certain.get(number).copied().unwrap_or(random[number % random.len()])
    }
}

fn file(op: &Op) -> Option<u32> {
    match op {
        Op::Write { inode, .. } | Op::Truncate { inode, .. } => Some(*inode),
        _ => None,
    }
}

fn is_name(op: &Op) -> bool {
    matches!(op, Op::Create { .. } | Op::Delete { .. })
}

fn apply(base: &mut Base, op: &Op) {
    match op {
        Op::Create { name, inode } => {
            base.names.insert(name.clone(), *inode);
        }
        Op::Delete { name } => {
            base.names.remove(name);
        }
        Op::Write { inode, at, bytes } => base.files.entry(*inode).or_default().write(*at, bytes),
        Op::Truncate { inode, to } => base.files.entry(*inode).or_default().resize(*to),
        _ => {}
    }
}

fn apply_in_part(base: &mut Base, op: &Op, chance: usize, garbage: bool, rng: &mut Rng) {
    match op {
        Op::Write { inode, at, bytes } => {
            let content = base.files.entry(*inode).or_default();
            let mut at = *at;
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                // Sectors are counted from the start of the file, not of the write.
                let room = SECTOR - usize::try_from(at).unwrap() % SECTOR;
                let (sector, after) = rest.split_at(room.min(rest.len()));
                if rng.below(256) < chance {
                    content.write(at, sector);
                } else if garbage && at >= content.len && rng.below(2) == 0 {
                    let anything: Vec<u8> = sector.iter().map(|_| rng.byte()).collect();
                    content.write(at, &anything);
                }
                at += u64::try_from(sector.len()).unwrap();
                rest = after;
            }
        }
        _ if rng.below(256) < chance => apply(base, op),
        _ => {}
    }
}

/// What a disk holds.
pub struct Image {
    base: Base,
}

impl Image {
    fn files(&self) -> impl Iterator<Item = (&str, Content)> {
        let content = |inode| self.base.files.get(inode).cloned().unwrap_or_default();
        self.base.names.iter().map(move |(name, inode)| (name.as_str(), content(inode)))
    }

    /// Equal images have equal marks.
    pub fn mark(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (name, content) in self.files() {
            name.hash(&mut hasher);
            hasher.write(&content.bytes);
            content.len.hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Puts the image into an empty folder.
    pub fn put(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (name, content) in self.files() {
            let mut file = std::fs::File::create(folder.join(name)).unwrap();
            std::io::Write::write_all(&mut file, &content.bytes).unwrap();
            file.set_len(content.len).unwrap();
        }
    }
}
