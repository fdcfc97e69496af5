//! The shipped table of word pieces, which turns text into a direction with no model at hand.
//!
//! Knows the table's layout, how a word is cut into pieces and how pieces add up. Rows are
//! read where they lie in the program; only the way to find them is made at first use. Whole
//! numbers throughout, so that every machine gets the same vector. How the table was made:
//! tools/distill_embeddings.

use super::kernel::{row_dot, row_dots};
use super::token::{Token, tokens};
use super::vector::{DIMENSIONS, Sum, Vector};
use crate::error::{Error, ErrorKind, Result};
use std::sync::OnceLock;

/// Compiled in, or empty where the feature `embedding` is left out.
#[cfg(feature = "embedding")]
const SHIPPED: &[u8] = include_bytes!("embedding-1.bin");
#[cfg(not(feature = "embedding"))]
const SHIPPED: &[u8] = &[];
const SHIPPED_CRC: u32 = 0x24f3_d3ac;

const MAGIC: &[u8] = b"CFE1";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 20;
/// Row lengths are kept in units of 2^-20; the longest is 2.7 % of one.
const SCALE_UNIT: f32 = 1_048_576.0;
/// A piece that stands inside a word begins with this.
const INSIDE: &[u8] = b"##";

/// Rows of word pieces. A row says in which direction a piece points and, by its length, how
/// much it matters.
pub(crate) struct Embedding {
    rows: &'static [[u8; DIMENSIONS]],
    scales: Vec<i16>,
    /// One over the length of each row's numbers.
    inverses: Vec<f32>,
    vocabulary: &'static [u8],
    /// Where each piece begins in the vocabulary; one more at the end.
    starts: Vec<u32>,
    /// Rows by the hash of their piece, plus one; a power of two of them.
    slots: Vec<u16>,
    /// The rows of single ASCII characters.
    signs: [u16; 128],
    longest: usize,
    crc: u32,
}

impl Embedding {
    /// Tells tables apart.
    pub(crate) fn checksum(&self) -> u32 {
        self.crc
    }

    /// The table in this program; `None` if it was built without.
    pub(crate) fn shipped() -> Option<&'static Embedding> {
        static TABLE: OnceLock<Option<Embedding>> = OnceLock::new();
        TABLE.get_or_init(|| Embedding::read(SHIPPED, SHIPPED_CRC).ok()).as_ref()
    }

    /// Reads a table whose CRC-32 is known.
    ///
    /// # Errors
    /// `Corrupt` if the bytes are not that table.
    pub(crate) fn read(bytes: &'static [u8], crc: u32) -> Result<Embedding> {
        let bad = |why: &str| {
            Error::new(ErrorKind::Corrupt, format!("the embedding table is damaged: {why}"))
        };
        if crc32fast::hash(bytes) != crc {
            return Err(bad("its checksum differs"));
        }
        Embedding::parse(bytes, crc).ok_or_else(|| bad("its layout is unknown"))
    }

    fn parse(bytes: &'static [u8], crc: u32) -> Option<Embedding> {
        let (header, rest) = bytes.split_at_checked(HEADER_BYTES)?;
        let (magic, header) = header.split_at_checked(MAGIC.len())?;
        let number =
            |at: usize| header.get(at * 4..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
        let rows = usize::try_from(number(1)?).ok()?;
        let is_known = magic == MAGIC
            && number(0)? == VERSION
            && number(2)? == u32::try_from(DIMENSIONS).ok()?;
        if !is_known || rows >= usize::from(NO_ROW) {
            return None;
        }
        let (scales, rest) = rest.split_at_checked(rows.checked_mul(4)?)?;
        let (rows, vocabulary) = rest.split_at_checked(rows.checked_mul(DIMENSIONS)?)?;
        let (rows, _) = rows.as_chunks::<DIMENSIONS>();
        let scales: Vec<i16> = scales
            .as_chunks::<4>()
            .0
            .iter()
            .map(|bytes| fixed(f32::from_le_bytes(*bytes)))
            .collect();
        let inverses = rows.iter().map(|row| Vector::of_bytes(row).inverse).collect();
        let mut starts = vec![0];
        for (at, byte) in vocabulary.iter().enumerate() {
            if *byte == b'\n' {
                starts.push(u32::try_from(at + 1).ok()?);
            }
        }
        if starts.len() != rows.len() + 1 {
            return None;
        }
        let slots = vec![0; (rows.len() * 2).next_power_of_two()];
        let mut table = Embedding {
            rows,
            scales,
            inverses,
            vocabulary,
            starts,
            slots,
            signs: [NO_ROW; 128],
            longest: 0,
            crc,
        };
        for row in 0..u16::try_from(table.rows.len()).ok()? {
            table.enter(row);
        }
        let found = (0..128_u8).map(|byte| table.find(mix(WORD_SEED, &byte), false, &[byte]));
        let found: Vec<u16> = found.map(|row| row.unwrap_or(NO_ROW)).collect();
        table.signs.copy_from_slice(&found);
        Some(table)
    }

    fn enter(&mut self, row: u16) {
        let piece = self.piece(row);
        self.longest = self.longest.max(piece.len());
        let hash = match piece.strip_prefix(INSIDE).filter(|rest| !rest.is_empty()) {
            Some(rest) => rest.iter().fold(INSIDE_SEED, mix),
            None => piece.iter().fold(WORD_SEED, mix),
        };
        let mask = self.slots.len() - 1;
        let mut at = place(hash) & mask;
        while self.slots.get(at).is_some_and(|slot| *slot != 0) {
            at = (at + 1) & mask;
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = row + 1;
        }
    }

    /// The text of a row's piece, as the vocabulary has it.
    fn piece(&self, row: u16) -> &'static [u8] {
        let start = |row: usize| {
            self.starts.get(row).map_or(0, |start| usize::try_from(*start).unwrap_or(0))
        };
        let (from, to) = (start(usize::from(row)), start(usize::from(row) + 1));
        self.vocabulary.get(from..to.saturating_sub(1)).unwrap_or_default()
    }

    fn find(&self, hash: u32, inside: bool, text: &[u8]) -> Option<u16> {
        let mask = self.slots.len() - 1;
        let mut at = place(hash) & mask;
        loop {
            let row = self.slots.get(at)?.checked_sub(1)?;
            let piece = self.piece(row);
            let is_same =
                if inside { piece.strip_prefix(INSIDE) == Some(text) } else { piece == text };
            if is_same {
                return Some(row);
            }
            at = (at + 1) & mask;
        }
    }

    /// Shows the rows of a folded word's pieces, the longest first match each time; where
    /// nothing matches, the rest of the word has none.
    pub(crate) fn pieces(&self, word: &[u8], mut each: impl FnMut(u16)) {
        let mut hashes = [0_u32; MAX_PIECE];
        let mut from = 0;
        while from < word.len() {
            let inside = from > 0;
            let rest = word.get(from..).unwrap_or_default();
            let mut hash = if inside { INSIDE_SEED } else { WORD_SEED };
            let longest = rest.len().min(self.longest).min(MAX_PIECE);
            for (byte, kept) in rest.iter().zip(hashes.iter_mut()).take(longest) {
                hash = mix(hash, byte);
                *kept = hash;
            }
            let found = (1..=longest).rev().find_map(|len| {
                let row = self.find(*hashes.get(len - 1)?, inside, rest.get(..len)?)?;
                Some((row, len))
            });
            let Some((row, len)) = found else { return };
            each(row);
            from += len;
        }
    }

    /// The row of a sign, if it has one.
    pub(crate) fn sign(&self, sign: &str) -> Option<u16> {
        match sign.as_bytes() {
            [byte] => self.signs.get(usize::from(*byte)).copied().filter(|row| *row != NO_ROW),
            _ => None,
        }
    }

    /// Adds a row to a sum.
    pub(crate) fn add(&self, row: u16, sum: &mut Sum) {
        let row = usize::from(row);
        if let (Some(values), Some(scale)) = (self.rows.get(row), self.scales.get(row)) {
            sum.add(values, *scale);
        }
    }

    /// Adds the rows of a folded word's pieces to a sum.
    pub(crate) fn add_word(&self, word: &str, sum: &mut Sum) {
        self.pieces(word.as_bytes(), |row| self.add(row, sum));
    }

    /// The direction of a text: of its first so many words and signs.
    pub(crate) fn text(&self, text: &str, most: usize) -> Vector {
        let (mut sum, mut room) = (Sum::default(), most);
        tokens(text, &mut String::new(), |token| {
            let (Token::Word(piece) | Token::Sign(piece)) = token;
            if let Some(less) = room.checked_sub(1) {
                room = less;
                self.add_word(piece, &mut sum);
            }
        });
        sum.vector()
    }

    /// The sums of the products of a direction with every row.
    pub(crate) fn products(&self, direction: &Vector) -> Vec<i32> {
        let mut products = vec![0; self.rows.len()];
        row_dots(self.rows, &direction.values, &mut products);
        products
    }

    /// The sum of the products of a direction with one row.
    pub(crate) fn product(&self, direction: &Vector, row: u16) -> i32 {
        self.rows.get(usize::from(row)).map_or(0, |row| row_dot(row, &direction.values))
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// One over the length of a row's numbers, and how much they matter.
    pub(crate) fn measures(&self, row: u16) -> (f32, i16) {
        let row = usize::from(row);
        (self.inverses.get(row).copied().unwrap_or(0.0), self.scales.get(row).copied().unwrap_or(0))
    }

    /// The vector of a folded word.
    pub(crate) fn word(&self, word: &str) -> Vector {
        let mut sum = Sum::default();
        self.add_word(word, &mut sum);
        sum.vector()
    }
}

/// Stands for "no row".
pub(crate) const NO_ROW: u16 = u16::MAX;
/// No piece is longer, in bytes.
const MAX_PIECE: usize = 32;
const WORD_SEED: u32 = 0x811c_9dc5;
const INSIDE_SEED: u32 = 0x23a1_40bd;

fn mix(hash: u32, byte: &u8) -> u32 {
    (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
}

fn place(hash: u32) -> usize {
    usize::try_from(hash ^ (hash >> 15)).unwrap_or(0)
}

#[expect(clippy::cast_possible_truncation, clippy::as_conversions, reason = "`as` saturates")]
fn fixed(scale: f32) -> i16 {
    (scale * SCALE_UNIT + 0.5) as i16
}

#[cfg(all(test, feature = "embedding"))]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn table() -> &'static Embedding {
        Embedding::shipped().expect("is compiled in")
    }

    fn rows(text: &str) -> Vec<u16> {
        let mut rows = Vec::new();
        tokens(text, &mut String::new(), |token| {
            let (Token::Word(text) | Token::Sign(text)) = token;
            table().pieces(text.as_bytes(), |row| rows.push(row));
        });
        rows
    }

    fn vector(text: &str) -> Vector {
        table().text(text, usize::MAX)
    }

    #[test]
    fn texts_are_cut_into_the_pieces_the_table_was_made_with() {
        for (text, expected) in [
            ("How do I get a refund?", vec![201, 151, 46, 203, 38, 11499, 5976, 30]),
            ("The app crashes when I open it", vec![68, 7136, 3740, 300, 115, 46, 401, 81]),
            (
                "Caf\u{e9} cr\u{e8}me, na\u{ef}ve r\u{e9}sum\u{e9}",
                vec![5267, 8679, 10853, 11, 9431, 8712],
            ),
            ("I'd like to stop my plan", vec![46, 6, 41, 138, 72, 715, 98, 1002]),
        ] {
            assert_eq!(rows(text), expected, "{text}");
        }
        assert_eq!(rows("\u{8a02}\u{5355}"), [0; 0]);
    }

    #[test]
    fn cosines_are_those_that_the_table_was_published_with() {
        for (one, other, expected) in [
            ("I want my money back", "How do I get a refund?", 0.511),
            ("I want my money back", "My card has not arrived", 0.117),
            ("The app crashes when I open it", "application keeps closing on startup", 0.399),
            ("cancel my subscription", "Thanks, have a nice day!", 0.072),
            ("Where is my parcel?", "Track my package", 0.403),
        ] {
            let cosine = vector(one).cosine(&vector(other));
            assert!((cosine - expected).abs() < 0.004, "{one} / {other}: {cosine}");
        }
        assert_eq!(table().text("no refund, please", 2), vector("no refund"));
        assert!(vector("").is_zero() && vector("\u{1f600}").cosine(&vector("refund")) == 0.0);
    }

    // The bits themselves: they must be the same on every machine.
    #[test]
    fn a_vector_is_the_same_to_the_last_bit_everywhere() {
        let vector = vector("I want my money back");
        let bytes: Vec<u8> = vector.values.iter().map(|value| value.cast_unsigned()).collect();
        assert_eq!(
            (crc32fast::hash(&bytes), vector.inverse.to_bits()),
            (2_853_232_098, 991_632_319)
        );
    }

    #[test]
    fn a_table_with_a_wrong_checksum_or_layout_is_refused() {
        let refused = |bytes: &'static [u8], crc: u32| {
            let error = Embedding::read(bytes, crc).err().expect("refused");
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            error.to_string()
        };
        assert!(refused(SHIPPED, SHIPPED_CRC ^ 1).contains("checksum"));
        for bytes in [&b""[..], &SHIPPED[..19], &SHIPPED[..100_000], &SHIPPED[1..]] {
            assert!(refused(bytes, crc32fast::hash(bytes)).contains("layout"));
        }
    }
}
