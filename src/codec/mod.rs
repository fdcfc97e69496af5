//! Stub until the codec lands.
pub(crate) mod record {
    use super::Damage;
    pub(crate) fn encode(fields: &[(u8, &[u8])], out: &mut Vec<u8>) {
        for (tag, bytes) in fields {
            out.push(*tag);
            out.extend((bytes.len() as u32).to_le_bytes());
            out.extend(*bytes);
        }
    }
    pub(crate) fn decode(mut raw: &[u8]) -> impl Iterator<Item = Result<(u8, &[u8]), Damage>> {
        let mut v = vec![];
        while !raw.is_empty() {
            let n = u32::from_le_bytes(raw[1..5].try_into().unwrap()) as usize;
            v.push(Ok((raw[0], &raw[5..5 + n])));
            raw = &raw[5 + n..];
        }
        v.into_iter()
    }
}
#[derive(Debug)]
pub(crate) enum Damage {
    MissingDictionary(u8),
    Other,
}
impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}
#[derive(Default)]
pub(crate) struct Codec;
impl Codec {
    pub(crate) fn new() -> Codec {
        Codec
    }
    pub(crate) fn pack(&self, raw: &[u8], _bound: &[u8]) -> Vec<u8> {
        raw.to_vec()
    }
    pub(crate) fn unpack(&self, stored: &[u8], _bound: &[u8]) -> Result<Vec<u8>, Damage> {
        Ok(stored.to_vec())
    }
}
