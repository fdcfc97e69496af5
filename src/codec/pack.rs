//! A record as it is stored: `[codec][payload][crc32, little-endian]`.
//!
//! Knows what the codec byte means and what the checksum covers: the codec, the row's own
//! identity (`bound`), the record and the payload. So a flipped bit, a changed column, a
//! row moved elsewhere and a wrong dictionary are all noticed, and no wrong byte is
//! ever handed out.

use super::damage::Damage;
use super::dictionary::{Contexts, Dictionary, Tight};
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

/// The largest record, in bytes: 256 KiB and some framing.
pub(crate) const MAX_RECORD_BYTES: usize = 256 * 1024 + 64;

/// Stored as it is.
const RAW: u8 = 0;
/// zstd without a dictionary.
const PLAIN: u8 = 1;
/// zstd with the general dictionary of generation 1; up to 15 is for later generations.
const GENERAL: u8 = 2;
/// zstd with the store's own dictionary of that number; from 128 on is for sealed records.
const OWN: RangeInclusive<u8> = 16..=127;

/// The general dictionary that ships; `tools/general_dictionary` made it.
pub(super) static GENERAL_1: &[u8] = include_bytes!("general-1.dict");

/// The codec byte of a stored record; 16 to 127 is the number of the store's own dictionary.
pub(crate) fn codec_of(stored: &[u8]) -> Option<u8> {
    stored.first().copied()
}

/// Packs records and unpacks them; one serves all threads of a store.
///
/// A new one knows no dictionary but the one that ships. It packs with what
/// [`use_for_packing`](Self::use_for_packing) chose and unpacks with whatever a record names.
pub(crate) struct Codec {
    contexts: Contexts,
    general: OnceLock<Option<Arc<Dictionary>>>,
    shelf: RwLock<Shelf>,
}

struct Shelf {
    own: BTreeMap<u8, Arc<Dictionary>>,
    packing: u8,
}

impl Codec {
    /// Makes a codec that packs with the general dictionary; cheap, nothing is digested yet.
    pub(crate) fn new() -> Codec {
        Codec {
            contexts: Contexts::new(),
            general: OnceLock::new(),
            shelf: RwLock::new(Shelf { own: BTreeMap::new(), packing: GENERAL }),
        }
    }

    /// Makes known one of the store's own dictionaries, numbered 16 to 127.
    ///
    /// Records that name it can be unpacked from now on; packing goes on as before. A number
    /// must never be used again for other bytes.
    ///
    /// # Errors
    /// `UnknownCodec` for any other number; `BadDictionary` if the bytes are not what
    /// [`Trainer::finish`](super::Trainer::finish) gave.
    pub(crate) fn add_dictionary(&self, number: u8, bytes: &[u8]) -> Result<(), Damage> {
        if !OWN.contains(&number) {
            return Err(Damage::UnknownCodec(number));
        }
        let dictionary = Dictionary::open(bytes).ok_or(Damage::BadDictionary(number))?;
        self.shelf.write().own.insert(number, Arc::new(dictionary));
        Ok(())
    }

    /// Chooses what records are packed with from now on: the store's own dictionary of that
    /// number, or with `None` the general one. (`Some(0)` packs raw, `Some(1)` without any.)
    ///
    /// Call it once the dictionary is committed: what is packed with it needs it for good.
    ///
    /// # Errors
    /// `MissingDictionary` or `UnknownCodec`; the choice stays as it was.
    pub(crate) fn use_for_packing(&self, number: Option<u8>) -> Result<(), Damage> {
        let codec = number.unwrap_or(GENERAL);
        let mut shelf = self.shelf.write();
        match codec {
            RAW | PLAIN | GENERAL => {}
            _ if shelf.own.contains_key(&codec) => {}
            _ if OWN.contains(&codec) => return Err(Damage::MissingDictionary(codec)),
            _ => return Err(Damage::UnknownCodec(codec)),
        }
        shelf.packing = codec;
        Ok(())
    }

    /// The codec byte that [`pack`](Self::pack) writes unless a record stays raw.
    pub(crate) fn packing(&self) -> u8 {
        self.shelf.read().packing
    }

    /// Packs one record of at most [`MAX_RECORD_BYTES`], bound to the row that will hold it.
    pub(crate) fn pack(&self, raw: &[u8], bound: &[u8]) -> Vec<u8> {
        debug_assert!(raw.len() <= MAX_RECORD_BYTES, "checked against the turn's limits");
        let mut stored = Vec::with_capacity(raw.len() + 5);
        self.compress(raw, &mut stored);
        finish(stored, raw, bound)
    }

    /// Makes what packs records again at leisure, with what is used for packing now: about
    /// 25 times slower than [`pack`](Self::pack), some 4 percent of the record smaller.
    ///
    /// # Errors
    /// `BadDictionary` if zstd cannot digest the dictionary.
    pub(crate) fn repacker(&self) -> Result<Repacker, Damage> {
        let codec = self.packing();
        let dictionary = match codec {
            RAW | PLAIN => self.dictionary(GENERAL)?,
            _ => self.dictionary(codec)?,
        };
        let codec = codec.max(GENERAL);
        Ok(Repacker { codec, tight: Tight::new(&dictionary).ok_or(Damage::BadDictionary(codec))? })
    }

    /// Unpacks what [`pack`](Self::pack) gave, by this codec or another, for the same row.
    ///
    /// # Errors
    /// The damage, whatever it is. `MissingDictionary` may only mean that another process
    /// trained one since: add it and try again.
    pub(crate) fn unpack(&self, stored: &[u8], bound: &[u8]) -> Result<Vec<u8>, Damage> {
        let (body, sum) = stored.split_last_chunk::<4>().ok_or(Damage::TooShort)?;
        let (codec, payload) = body.split_first().ok_or(Damage::TooShort)?;
        if payload.len() > MAX_RECORD_BYTES {
            return Err(Damage::TooLarge);
        }
        let raw = match *codec {
            RAW => payload.to_vec(),
            PLAIN => self.contexts.decompress(payload, None, MAX_RECORD_BYTES)?,
            number => {
                let dictionary = self.dictionary(number)?;
                self.contexts.decompress(payload, Some(&dictionary), MAX_RECORD_BYTES)?
            }
        };
        if checksum(body, &raw, bound) != *sum { Err(Damage::Checksum) } else { Ok(raw) }
    }

    /// Whether [`pack`](Self::pack) would write the record of `stored` with the same codec;
    /// `false` means that it is worth packing again.
    pub(crate) fn is_current(&self, stored: &[u8]) -> bool {
        match (codec_of(stored), stored.get(1..stored.len().saturating_sub(4))) {
            (Some(RAW), Some(raw)) => {
                let mut again = Vec::new();
                self.compress(raw, &mut again);
                codec_of(&again) == Some(RAW)
            }
            (codec, _) => codec == Some(self.packing()),
        }
    }

    /// Appends the codec byte and the payload.
    fn compress(&self, raw: &[u8], out: &mut Vec<u8>) {
        let codec = self.packing();
        out.push(codec);
        let is_smaller = match (codec, self.dictionary(codec)) {
            (RAW, _) => false,
            (PLAIN, _) => self.contexts.compress(raw, None, out),
            (_, Ok(dictionary)) => self.contexts.compress(raw, Some(&dictionary), out),
            (_, Err(_)) => false,
        };
        if !is_smaller {
            keep_raw(raw, out);
        }
    }

    fn dictionary(&self, number: u8) -> Result<Arc<Dictionary>, Damage> {
        match number {
            GENERAL => {
                let general =
                    self.general.get_or_init(|| Dictionary::open(GENERAL_1).map(Arc::new));
                general.clone().ok_or(Damage::BadDictionary(GENERAL))
            }
            _ if OWN.contains(&number) => {
                self.shelf.read().own.get(&number).cloned().ok_or(Damage::MissingDictionary(number))
            }
            _ => Err(Damage::UnknownCodec(number)),
        }
    }
}

/// Packs records again, tighter; drop it when done, it holds about 2 MiB.
pub(crate) struct Repacker {
    codec: u8,
    tight: Tight,
}

impl Repacker {
    /// As [`Codec::pack`]; the same codec unpacks it.
    pub(crate) fn pack(&mut self, raw: &[u8], bound: &[u8]) -> Vec<u8> {
        let mut stored = Vec::with_capacity(raw.len() + 5);
        stored.push(self.codec);
        if !self.tight.compress(raw, &mut stored) {
            keep_raw(raw, &mut stored);
        }
        finish(stored, raw, bound)
    }
}

fn keep_raw(raw: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.push(RAW);
    out.extend_from_slice(raw);
}

/// Appends the checksum.
fn finish(mut stored: Vec<u8>, raw: &[u8], bound: &[u8]) -> Vec<u8> {
    let sum = checksum(&stored, raw, bound);
    stored.extend_from_slice(&sum);
    stored
}

/// The checksum over everything that must not change.
///
/// The payload is in it beside the record, as some of its bits do not change what
/// it decompresses to; the length of `bound` is, so that no byte wanders between the two.
fn checksum(body: &[u8], raw: &[u8], bound: &[u8]) -> [u8; 4] {
    let mut sum = crc32fast::Hasher::new();
    sum.update(body);
    if codec_of(body) != Some(RAW) {
        sum.update(raw);
    }
    sum.update(&u64::try_from(bound.len()).unwrap_or(u64::MAX).to_le_bytes());
    sum.update(bound);
    sum.finalize().to_le_bytes()
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::as_conversions)]
mod tests {
    use super::super::dictionary::close;
    use super::*;

    const TEXT: &[u8] =
        b"\x01\x13Where is my parcel?\x02\x41I understand your concern. Please allow me a moment to check that.";

    fn records() -> Vec<Vec<u8>> {
        let noise: Vec<u8> =
            (0..200_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        vec![Vec::new(), b"x".to_vec(), TEXT.to_vec(), TEXT.repeat(40), vec![0; 3000], noise]
    }

    fn own() -> Vec<u8> {
        close(TEXT.repeat(20))
    }

    #[test]
    fn what_is_packed_is_unpacked_with_every_codec() {
        let codec = Codec::new();
        codec.add_dictionary(16, &own()).expect("sound");
        for number in [Some(0), Some(1), None, Some(16)] {
            codec.use_for_packing(number).expect("known");
            let mut repacker = codec.repacker().expect("sound");
            for record in records() {
                for stored in [codec.pack(&record, b"row 1"), repacker.pack(&record, b"row 1")] {
                    assert!(stored.len() <= record.len() + 5);
                    assert_eq!(codec.unpack(&stored, b"row 1").as_ref(), Ok(&record));
                }
            }
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let codec = Codec::new();
        codec.add_dictionary(16, &own()).expect("sound");
        for number in [Some(0), Some(1), None, Some(16)] {
            codec.use_for_packing(number).expect("known");
            for record in records() {
                let (mut stored, mut bound) = (codec.pack(&record, b"turn 7"), b"turn 7".to_vec());
                for bit in 0..stored.len() * 8 {
                    stored[bit / 8] ^= 1 << (bit % 8);
                    assert!(
                        codec.unpack(&stored, &bound).is_err(),
                        "bit {bit} of a record of {} bytes",
                        record.len()
                    );
                    stored[bit / 8] ^= 1 << (bit % 8);
                }
                for bit in 0..bound.len() * 8 {
                    bound[bit / 8] ^= 1 << (bit % 8);
                    assert_eq!(codec.unpack(&stored, &bound), Err(Damage::Checksum));
                    bound[bit / 8] ^= 1 << (bit % 8);
                }
                assert!(codec.unpack(&stored, &bound).is_ok());
            }
        }
    }

    #[test]
    fn a_cut_record_and_a_byte_that_wandered_into_the_row_are_noticed() {
        let codec = Codec::new();
        let stored = codec.pack(TEXT, b"row");
        for cut in 0..stored.len() {
            assert!(codec.unpack(&stored[..cut], b"row").is_err());
        }
        codec.use_for_packing(Some(0)).expect("known");
        let raw = codec.pack(b"abc", b"row");
        let mut shorter = raw.clone();
        shorter.remove(3);
        assert_eq!(codec.unpack(&shorter, b"crow"), Err(Damage::Checksum));
    }

    #[test]
    fn a_wrong_or_damaged_dictionary_gives_no_wrong_bytes() {
        let codec = Codec::new();
        codec.add_dictionary(16, &own()).expect("sound");
        codec.use_for_packing(Some(16)).expect("added");
        let stored = codec.pack(TEXT, b"row");
        assert_eq!(codec_of(&stored), Some(16));
        let other = Codec::new();
        let mut damaged = own();
        damaged[30] ^= 1;
        assert_eq!(other.add_dictionary(16, &damaged), Err(Damage::BadDictionary(16)));
        other.add_dictionary(16, &close(b"quite another text ".repeat(100))).expect("sound");
        assert!(other.unpack(&stored, b"row").is_err());
    }

    #[test]
    fn unknown_numbers_are_refused() {
        let codec = Codec::new();
        assert_eq!(codec.add_dictionary(15, &own()), Err(Damage::UnknownCodec(15)));
        assert_eq!(codec.add_dictionary(128, &own()), Err(Damage::UnknownCodec(128)));
        assert_eq!(codec.use_for_packing(Some(20)), Err(Damage::MissingDictionary(20)));
        assert_eq!(codec.use_for_packing(Some(200)), Err(Damage::UnknownCodec(200)));
        assert_eq!(codec.unpack(&[3, 0, 0, 0, 0, 0], b""), Err(Damage::UnknownCodec(3)));
        assert_eq!(codec.unpack(&[20, 0, 0, 0, 0, 0], b""), Err(Damage::MissingDictionary(20)));
        assert_eq!(codec.unpack(&[0, 0, 0, 0], b""), Err(Damage::TooShort));
    }

    #[test]
    fn a_record_that_would_swell_past_the_limit_is_refused() {
        let codec = Codec::new();
        let limit = vec![b'a'; MAX_RECORD_BYTES];
        let stored = codec.pack(&limit, b"row");
        assert!(stored.len() < 100);
        assert_eq!(codec.unpack(&stored, b"row").map(|raw| raw.len()), Ok(MAX_RECORD_BYTES));
        let bomb = zstd::bulk::compress(&vec![0; 50_000_000], 3).expect("compresses");
        let bomb = finish([&[PLAIN], &bomb[4..]].concat(), b"", b"row");
        assert_eq!(codec.unpack(&bomb, b"row"), Err(Damage::NotCompressed));
        let long = vec![0; MAX_RECORD_BYTES + 6];
        assert_eq!(codec.unpack(&long, b"row"), Err(Damage::TooLarge));
    }

    #[test]
    fn what_was_packed_before_a_new_dictionary_is_not_current() {
        let codec = Codec::new();
        let (old, noise) = (codec.pack(TEXT, b"row"), codec.pack(b"x", b"row"));
        assert!(codec.is_current(&old) && codec.is_current(&noise));
        codec.use_for_packing(Some(0)).expect("known");
        let raw = codec.pack(TEXT, b"row");
        codec.add_dictionary(16, &own()).expect("sound");
        assert!(codec.is_current(&raw), "adding alone changes nothing");
        codec.use_for_packing(Some(16)).expect("added");
        assert!(!codec.is_current(&old) && !codec.is_current(&raw) && !codec.is_current(&[]));
        assert!(codec.is_current(&noise), "nothing makes one byte smaller");
        assert!(codec.is_current(&codec.pack(TEXT, b"row")));
    }

    #[test]
    fn the_shipped_dictionary_is_sound_and_packs_support_text_below_half() {
        let codec = Codec::new();
        let said = b"Hello, I would like to cancel my order. Can you tell me how long the refund will take? I have been waiting for it.";
        let stored = codec.pack(said, b"row");
        assert_eq!(codec_of(&stored), Some(GENERAL));
        assert!(stored.len() * 2 < said.len(), "{} of {}", stored.len(), said.len());
    }

    #[test]
    fn many_threads_share_one_codec() {
        let codec = Codec::new();
        std::thread::scope(|scope| {
            for thread in 0..8_u8 {
                let codec = &codec;
                scope.spawn(move || {
                    for round in 0..50_u8 {
                        let record = [TEXT, &[thread, round]].concat();
                        let stored = codec.pack(&record, &[thread]);
                        assert_eq!(codec.unpack(&stored, &[thread]), Ok(record));
                    }
                });
            }
        });
    }
}
