//! What can be wrong with stored bytes.
//!
//! Knows how each kind of damage is told to a person; never what the bytes said.

use std::fmt;

/// Why stored bytes were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Fewer bytes than the smallest stored record has.
    TooShort,
    /// The first byte names no codec of this version.
    UnknownCodec(u8),
    /// The record was packed with a dictionary that this codec was not given.
    MissingDictionary(u8),
    /// The bytes of that dictionary are not what was trained.
    BadDictionary(u8),
    /// The payload is not what zstd writes.
    NotCompressed,
    /// The bytes came apart, or belong to another row.
    Checksum,
    /// The record is larger than [`MAX_RECORD_BYTES`](super::MAX_RECORD_BYTES).
    TooLarge,
    /// The fields inside the record do not read as fields.
    Fields,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::TooShort => f.write_str("the stored record is too short"),
            Damage::UnknownCodec(number) => {
                write!(f, "the stored record names codec {number}, which is unknown")
            }
            Damage::MissingDictionary(number) => write!(f, "dictionary {number} is missing"),
            Damage::BadDictionary(number) => write!(f, "dictionary {number} is damaged"),
            Damage::NotCompressed => f.write_str("the stored record does not decompress"),
            Damage::Checksum => f.write_str("the checksum of the stored record differs"),
            Damage::TooLarge => f.write_str("the stored record is larger than the limit"),
            Damage::Fields => f.write_str("the fields of the stored record are damaged"),
        }
    }
}

impl std::error::Error for Damage {}
