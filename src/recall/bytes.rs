//! Numbers and bytes one after the other, little endian.
//!
//! Knows how the parts of a snapshot are written and read, and not what they mean.

/// Bytes on their way out.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn number(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn numbers(&mut self, values: impl ExactSizeIterator<Item = u32>) {
        self.number(u32::try_from(values.len()).unwrap_or(u32::MAX));
        values.for_each(|value| self.number(value));
    }

    pub(crate) fn shorts(&mut self, values: &[u16]) {
        self.number(u32::try_from(values.len()).unwrap_or(u32::MAX));
        values.iter().for_each(|value| self.0.extend_from_slice(&value.to_le_bytes()));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn signed(&mut self, values: &[i8]) {
        self.number(u32::try_from(values.len()).unwrap_or(u32::MAX));
        self.0.extend(values.iter().map(|value| value.cast_unsigned()));
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Bytes on their way in; `None` where they end too early.
pub(crate) struct Source<'b>(pub(crate) &'b [u8]);

impl<'b> Source<'b> {
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn number(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    pub(crate) fn numbers(&mut self) -> Option<Vec<u32>> {
        let count = index(self.number()?);
        let bytes = self.take(count.checked_mul(4)?)?;
        Some(bytes.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect())
    }

    pub(crate) fn shorts(&mut self) -> Option<Vec<u16>> {
        let count = index(self.number()?);
        let bytes = self.take(count.checked_mul(2)?)?;
        Some(bytes.as_chunks::<2>().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect())
    }

    pub(crate) fn bytes(&mut self) -> Option<&'b [u8]> {
        let count = index(self.number()?);
        self.take(count)
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
