//! The proof: a process that took no part reads everything back.

use crate::Outcome;
use crate::options::Options;
use crate::page::PageWriter;
use crate::script::Script;
use confidant::{Confidant, Page, Turn};
use std::io::Write;

/// Small on purpose, so that the archive is gone through in several pages.
const PAGE: usize = 3;

/// Compares every message with the script, byte for byte, and counts the sessions.
pub fn verify(options: &Options, out: &mut PageWriter<impl Write>) -> Outcome {
    let script = Script::read()?;
    let (db, name) = options.place()?;
    out.heading(&format!(
        "Verification: process {}, the archive read page by page",
        std::process::id()
    ))?;
    let memory = Confidant::open(db)?;
    let customer = memory.tenant(&script.tenant)?.customer(name)?;

    let archive = customer.memory();
    let mut page = Page::first(PAGE);
    let mut turns: Vec<Turn> = Vec::new();
    loop {
        let more = archive.turns(page)?;
        let Some(last) = more.last() else { break };
        page = page.after(last.id);
        turns.extend(more);
    }
    let expected: Vec<&str> = script.said().collect();
    if turns.len() != expected.len() {
        return Err(
            format!("the archive has {} turns; {} were said", turns.len(), expected.len()).into()
        );
    }
    for (turn, expected) in turns.iter().zip(&expected) {
        if turn.said.as_deref() != Some(expected) {
            return Err(format!("turn {} is not what the customer said", turn.id).into());
        }
        if !turn.is_answered() {
            return Err(format!("turn {} has lost its answer", turn.id).into());
        }
    }
    let mut sessions = customer.sessions(Page::first(100))?;
    sessions.sort_by_key(|session| session.id);
    let counts: Vec<u64> = sessions.iter().map(|session| session.turns).collect();
    let expected_counts: Result<Vec<u64>, _> =
        script.sessions.iter().map(|each| u64::try_from(each.said.len())).collect();
    if counts != expected_counts? || sessions.iter().any(|session| session.closed_at.is_none()) {
        return Err(
            format!("the sessions are not as they were held: they have {counts:?} turns").into()
        );
    }
    out.line(&format!("All {} turns persisted across {} sessions", turns.len(), sessions.len()))?;
    out.flush()?;
    Ok(memory.close()?)
}
