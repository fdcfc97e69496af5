//! Turns as one flat buffer.
//!
//! Knows the layout that `confidant_context_flat` documents; hosts whose every call is costly
//! read it with one call.

use confidant::{Error, ErrorKind, Result, Timestamp, Turn};

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
pub(crate) fn flatten<'a>(
    turns: impl ExactSizeIterator<Item = &'a Turn> + Clone,
    total: u64,
) -> Result<Vec<u8>> {
    let count = turns.len();
    let texts_at = HEAD_BYTES + count * RECORD_BYTES;
    let spoken_bytes: usize =
        turns.clone().map(|turn| length(&turn.said) + length(&turn.answer) + 2).sum();
    let mut head = Vec::with_capacity(texts_at + spoken_bytes);
    let (mut spoken, mut rest) = (Vec::with_capacity(spoken_bytes), Vec::new());
    head.extend(MAGIC.to_le_bytes());
    head.extend(small(RECORD_BYTES)?.to_le_bytes());
    head.extend(total.to_le_bytes());
    head.extend(small(count)?.to_le_bytes());
    head.extend(small(spoken_bytes)?.to_le_bytes());
    head.extend([0; 8]);
    for turn in turns {
        head.extend(turn.id.as_u64().to_le_bytes());
        head.extend(turn.session.as_u64().to_le_bytes());
        head.extend(turn.at.as_millis().to_le_bytes());
        head.extend(turn.answered_at.map_or(0, Timestamp::as_millis).to_le_bytes());
        head.extend(turn.confidence.unwrap_or(0.0).to_le_bytes());
        head.extend(turn.channel.code().to_le_bytes());
        head.extend(flags(turn).to_le_bytes());
        for part in [&turn.said, &turn.answer] {
            place(part, texts_at, &mut spoken, &mut head)?;
        }
        for part in [&turn.answered_by, &turn.metadata] {
            place(part, texts_at + spoken_bytes, &mut rest, &mut head)?;
        }
    }
    head.extend(spoken);
    head.extend(rest);
    Ok(head)
}

fn length(part: &Option<String>) -> usize {
    part.as_ref().map_or(0, String::len)
}

/// Puts a text behind others, whose first one stands at a place of the buffer, and its offset and
/// length into its record.
fn place(
    part: &Option<String>,
    at: usize,
    texts: &mut Vec<u8>,
    record: &mut Vec<u8>,
) -> Result<()> {
    let part = part.as_deref().unwrap_or_default();
    record.extend(small(at + texts.len())?.to_le_bytes());
    record.extend(small(part.len())?.to_le_bytes());
    texts.extend(part.as_bytes());
    texts.push(0);
    Ok(())
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
    u32::try_from(number)
        .map_err(|_| Error::new(ErrorKind::Limit, "a flat buffer holds less than 4 GiB"))
}
