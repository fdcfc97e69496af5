//! Turns as one flat buffer.
//!
//! Knows the layout that `confidant_context_flat` documents; hosts whose every call is costly
//! read it with one call.

use crate::{Error, ErrorKind, Result, Timestamp, Turn};

const MAGIC: u32 = 0x3142_4643;
const HEAD_BYTES: usize = 32;
const RECORD_BYTES: usize = 80;

const SAID: u32 = 1;
const ANSWER: u32 = 2;
const ANSWERED_AT: u32 = 4;
const ANSWERED_BY: u32 = 8;
const CONFIDENCE: u32 = 16;
const RESOLVED: u32 = 32;
const METADATA: u32 = 64;
const PENDING: u32 = 128;

/// Writes turns into one buffer.
pub(super) fn flatten<'a>(turns: impl ExactSizeIterator<Item = &'a Turn>, total: u64) -> Result<Vec<u8>> {
    let count = turns.len();
    let mut head = Vec::with_capacity(HEAD_BYTES + count * RECORD_BYTES);
    let mut texts: Vec<u8> = Vec::new();
    let texts_at = HEAD_BYTES + count * RECORD_BYTES;
    head.extend(MAGIC.to_le_bytes());
    head.extend(small(RECORD_BYTES)?.to_le_bytes());
    head.extend(total.to_le_bytes());
    head.extend(small(count)?.to_le_bytes());
    head.extend([0; 12]);
    for turn in turns {
        let parts = [&turn.said, &turn.answer, &turn.answered_by, &turn.metadata];
        head.extend(turn.id.as_u64().to_le_bytes());
        head.extend(turn.session.as_u64().to_le_bytes());
        head.extend(turn.at.as_millis().to_le_bytes());
        head.extend(turn.answered_at.map_or(0, Timestamp::as_millis).to_le_bytes());
        head.extend(turn.confidence.unwrap_or(0.0).to_le_bytes());
        head.extend(turn.channel.code().to_le_bytes());
        head.extend(flags(turn).to_le_bytes());
        for part in parts {
            let part = part.as_deref().unwrap_or_default();
            head.extend(small(texts_at + texts.len())?.to_le_bytes());
            head.extend(small(part.len())?.to_le_bytes());
            texts.extend(part.as_bytes());
        }
    }
    head.extend(texts);
    Ok(head)
}

fn flags(turn: &Turn) -> u32 {
    let marks = [
        (turn.said.is_some(), SAID),
        (turn.answer.is_some(), ANSWER),
        (turn.answered_at.is_some(), ANSWERED_AT),
        (turn.answered_by.is_some(), ANSWERED_BY),
        (turn.confidence.is_some(), CONFIDENCE),
        (turn.resolved, RESOLVED),
        (turn.metadata.is_some(), METADATA),
        (turn.is_pending(), PENDING),
    ];
    marks.into_iter().filter(|(is_there, _)| *is_there).map(|(_, mark)| mark).sum()
}

fn small(number: usize) -> Result<u32> {
    u32::try_from(number).map_err(|_| Error::new(ErrorKind::Limit, "a flat buffer holds less than 4 GiB"))
}
