//! Fields in a row of bytes.
//!
//! Knows the framing: a tag, the length as LEB128, the bytes; tags ascend. A field that
//! is absent costs nothing, and a reader skips tags that it does not know.

use super::damage::Damage;

/// The longest length, in bytes of LEB128: enough for 2 MiB.
const MAX_LENGTH_BYTES: u32 = 3;

/// Appends the fields to `out`; the tags ascend, and no field reaches 2 MiB.
pub(crate) fn encode(fields: &[(u8, &[u8])], out: &mut Vec<u8>) {
    debug_assert!(fields.iter().zip(fields.iter().skip(1)).all(|(a, b)| a.0 < b.0), "tags ascend");
    for (tag, bytes) in fields {
        debug_assert!(bytes.len() < 1 << (7 * MAX_LENGTH_BYTES), "a field is below 2 MiB");
        out.push(*tag);
        let mut rest = bytes.len();
        loop {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            if rest == 0 {
                out.push(low & 0x7f);
                break;
            }
            out.push(low | 0x80);
        }
        out.extend_from_slice(bytes);
    }
}

/// Reads the fields one by one, in the order of their tags.
///
/// # Errors
/// `Damage::Fields`, once and as the last item, where the bytes stop being what
/// [`encode`] writes.
pub(crate) fn decode(bytes: &[u8]) -> Fields<'_> {
    Fields { rest: bytes, last: None }
}

/// The iterator that [`decode`] returns.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    last: Option<u8>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u8, &'a [u8]), Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field().ok_or(Damage::Fields);
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, rest) = self.rest.split_first()?;
        if self.last.is_some_and(|last| last >= *tag) {
            return None;
        }
        let (length, rest) = length(rest)?;
        let (bytes, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        self.last = Some(*tag);
        Some((*tag, bytes))
    }
}

/// Takes a length off the front; only the shortest form of a number is one.
fn length(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for place in 0..MAX_LENGTH_BYTES {
        let (byte, rest) = bytes.split_first()?;
        bytes = rest;
        value |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let is_overlong = *byte == 0 && place > 0;
            return (!is_overlong).then_some((value, bytes));
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<(u8, Vec<u8>)>, Damage> {
        decode(bytes).map(|field| field.map(|(tag, bytes)| (tag, bytes.to_vec()))).collect()
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let long = vec![7_u8; 300_000];
        for length in [0, 1, 127, 128, 16_383, 16_384, 300_000] {
            let mut out = Vec::new();
            encode(&[(0, b"hello"), (4, &long[..length]), (255, b"")], &mut out);
            let back = all(&out).expect("well formed");
            assert_eq!(
                back,
                [(0, b"hello".to_vec()), (4, long[..length].to_vec()), (255, Vec::new())]
            );
        }
        assert_eq!(all(b""), Ok(Vec::new()));
    }

    #[test]
    fn bad_framing_is_damage_and_ends_the_fields() {
        for bad in [
            &[1][..],
            &[1, 2, 0],
            &[1, 0x80],
            &[1, 0x80, 0x00],
            &[1, 0x81, 0x80, 0x00],
            &[1, 0xff, 0xff, 0xff, 0x01],
            &[1, 0, 1, 0],
            &[2, 0, 1, 0],
        ] {
            let fields: Vec<_> = decode(bad).collect();
            assert_eq!(fields.last(), Some(&Err(Damage::Fields)), "{bad:?}");
            assert_eq!(fields.iter().filter(|field| field.is_err()).count(), 1, "{bad:?}");
        }
    }

    #[test]
    fn a_cut_record_never_reads_as_the_whole_one() {
        let mut out = Vec::new();
        encode(&[(1, b"Where is my parcel?"), (2, b"On its way."), (4, b"{}")], &mut out);
        let whole = all(&out).expect("well formed");
        for cut in 0..out.len() {
            assert_ne!(all(&out[..cut]), Ok(whole.clone()));
        }
    }
}
