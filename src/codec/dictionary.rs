//! One dictionary and the zstd contexts that use it.
//!
//! Knows zstd: that a dictionary is digested before use, that contexts are worth keeping,
//! and how a frame is shorn of what we know anyway (the magic number, the dictionary's
//! name). Digests are made on first use, so a store that is opened pays for none.

use super::damage::Damage;
use parking_lot::Mutex;
use std::sync::{Arc, OnceLock};
use zstd::zstd_safe::{CCtx, CDict, DCtx, DDict, DParameter, FrameFormat, compress_bound};

/// The level that packs a turn in two or three microseconds.
const QUICK: i32 = 3;
/// The level for records that are packed again at leisure: 25 times slower, 4 points tighter.
const TIGHT: i32 = 19;
/// The four bytes at the front of every zstd frame, which we do not store.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How many idle contexts of each kind are kept; more threads than that at once make their own.
const MAX_IDLE: usize = 8;
/// A scratch buffer larger than this is not kept.
const MAX_IDLE_SCRATCH_BYTES: usize = 64 * 1024;

/// The last part of a dictionary's statistics: the three distances zstd starts with.
const END_OF_STATISTICS: [u8; 12] = [1, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0];

/// Appends the checksum that [`Dictionary::open`] looks for.
pub(super) fn close(mut content: Vec<u8>) -> Vec<u8> {
    let sum = crc32fast::hash(&content);
    content.extend_from_slice(&sum.to_le_bytes());
    content
}

/// Whether zstd accepts a dictionary that [`close`] finished.
pub(super) fn is_digestible(bytes: &[u8]) -> bool {
    Dictionary::open(bytes)
        .is_some_and(|dictionary| dictionary.encoder().is_some() && dictionary.decoder().is_some())
}

/// Parts a dictionary of zstd's own making, or one of ours without its checksum, into its
/// statistics and its phrases.
pub(super) fn parts(dictionary: &[u8]) -> Option<(&[u8], &[u8])> {
    let end =
        dictionary.windows(END_OF_STATISTICS.len()).position(|bytes| bytes == END_OF_STATISTICS)?;
    dictionary.split_at_checked(end + END_OF_STATISTICS.len())
}

/// A dictionary; its digests are made when they are first needed.
pub(super) struct Dictionary {
    content: Arc<[u8]>,
    encoder: OnceLock<Option<CDict<'static>>>,
    decoder: OnceLock<Option<DDict<'static>>>,
}

impl Dictionary {
    /// Reads a dictionary that [`close`] finished; `None` if it is damaged.
    pub(super) fn open(bytes: &[u8]) -> Option<Dictionary> {
        let (content, sum) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(content).to_le_bytes() != *sum || content.is_empty() {
            return None;
        }
        Some(Dictionary {
            content: Arc::from(content),
            encoder: OnceLock::new(),
            decoder: OnceLock::new(),
        })
    }

    fn encoder(&self) -> Option<&CDict<'static>> {
        self.encoder.get_or_init(|| CDict::try_create(&self.content, QUICK)).as_ref()
    }

    fn decoder(&self) -> Option<&DDict<'static>> {
        self.decoder.get_or_init(|| DDict::try_create(&self.content)).as_ref()
    }
}

struct Packer {
    context: CCtx<'static>,
    scratch: Vec<u8>,
}

impl Packer {
    fn new() -> Option<Packer> {
        Some(Packer { context: CCtx::try_create()?, scratch: Vec::new() })
    }

    /// Appends the frame to `out`; `false`, and `out` as it was, if it would not be smaller.
    fn compress(
        &mut self,
        raw: &[u8],
        encoder: Option<&CDict<'static>>,
        out: &mut Vec<u8>,
    ) -> bool {
        self.scratch.clear();
        self.scratch.reserve(compress_bound(raw.len()));
        let done = match encoder {
            Some(encoder) => self.context.compress_using_cdict(&mut self.scratch, raw, encoder),
            None => self.context.compress(&mut self.scratch, raw, QUICK),
        };
        match self.scratch.strip_prefix(&MAGIC) {
            Some(frame) if done.is_ok() && frame.len() < raw.len() => {
                out.extend_from_slice(frame);
                true
            }
            _ => false,
        }
    }
}

/// Compresses with one dictionary as tightly as zstd can; holds what that takes, about 2 MiB.
pub(super) struct Tight {
    packer: Packer,
    encoder: CDict<'static>,
}

impl Tight {
    pub(super) fn new(dictionary: &Dictionary) -> Option<Tight> {
        Some(Tight {
            packer: Packer::new()?,
            encoder: CDict::try_create(&dictionary.content, TIGHT)?,
        })
    }

    /// As [`Contexts::compress`].
    pub(super) fn compress(&mut self, raw: &[u8], out: &mut Vec<u8>) -> bool {
        self.packer.compress(raw, Some(&self.encoder), out)
    }
}

struct Unpacker {
    context: DCtx<'static>,
    scratch: Vec<u8>,
}

/// Contexts that wait for work, for all dictionaries alike.
pub(super) struct Contexts {
    packers: Mutex<Vec<Packer>>,
    unpackers: Mutex<Vec<Unpacker>>,
}

impl Contexts {
    pub(super) fn new() -> Contexts {
        Contexts { packers: Mutex::new(Vec::new()), unpackers: Mutex::new(Vec::new()) }
    }

    /// Appends the compressed form of `raw` to `out`; `false`, and `out` as it was, if it
    /// would not be smaller.
    pub(super) fn compress(
        &self,
        raw: &[u8],
        dictionary: Option<&Dictionary>,
        out: &mut Vec<u8>,
    ) -> bool {
        let idle = self.packers.lock().pop();
        let Some(mut packer) = idle.or_else(Packer::new) else { return false };
        let is_smaller = match dictionary {
            Some(dictionary) => {
                dictionary.encoder().is_some_and(|encoder| packer.compress(raw, Some(encoder), out))
            }
            None => packer.compress(raw, None, out),
        };
        if packer.scratch.capacity() > MAX_IDLE_SCRATCH_BYTES {
            packer.scratch = Vec::new();
        }
        keep(&self.packers, packer);
        is_smaller
    }

    /// Decompresses what [`compress`](Self::compress) wrote.
    ///
    /// Damaged bytes cost no more memory than sound ones: they are decompressed into a
    /// buffer of `max_bytes` that is kept, and only what came out is allocated.
    pub(super) fn decompress(
        &self,
        frame: &[u8],
        dictionary: Option<&Dictionary>,
        max_bytes: usize,
    ) -> Result<Vec<u8>, Damage> {
        let idle = self.unpackers.lock().pop();
        let mut unpacker = idle.or_else(|| new_unpacker(max_bytes)).ok_or(Damage::NotCompressed)?;
        unpacker.scratch.clear();
        let done = match dictionary {
            Some(dictionary) => dictionary.decoder().and_then(|decoder| {
                unpacker.context.decompress_using_ddict(&mut unpacker.scratch, frame, decoder).ok()
            }),
            None => unpacker.context.decompress(&mut unpacker.scratch, frame).ok(),
        };
        let raw = done.map(|_| unpacker.scratch.as_slice().to_vec()).ok_or(Damage::NotCompressed);
        keep(&self.unpackers, unpacker);
        raw
    }
}

fn new_unpacker(max_bytes: usize) -> Option<Unpacker> {
    let mut context = DCtx::try_create()?;
    context.set_parameter(DParameter::Format(FrameFormat::Magicless)).ok()?;
    Some(Unpacker { context, scratch: Vec::with_capacity(max_bytes) })
}

fn keep<T>(idle: &Mutex<Vec<T>>, context: T) {
    let mut idle = idle.lock();
    if idle.len() < MAX_IDLE {
        idle.push(context);
    }
}
