//! Reads everything back and compares it with what was given.
//!
//! Knows both ways to a turn: the context, which may come from the hot buffer, and the paged
//! archive. Both must have every turn, byte for byte.

use crate::conversation::{Conversation, PlannedTurn};
use crate::saving::archive;
use confidant::{Confidant, Result, Turn, TurnId};
use std::collections::HashMap;

/// What was found.
#[derive(Default)]
pub struct Found {
    /// Turns that are missing from the archive, or from the context that should hold them.
    pub lost: usize,
    /// Turns that came back other than they were given.
    pub altered: usize,
}

/// Compares every customer's turns with what was to be saved.
pub fn compare(
    memory: &Confidant,
    customers: &[Vec<&Conversation>],
    ids: &[Vec<TurnId>],
) -> Result<Found> {
    memory.invalidate();
    let mut found = Found::default();
    for (conversations, ids) in customers.iter().zip(ids) {
        let Some(first) = conversations.first() else { continue };
        let customer = memory.tenant(&first.tenant)?.customer(&first.customer)?;
        let context = customer.memory().load_context()?;
        let turns = archive(&customer)?;
        let in_archive: HashMap<TurnId, &Turn> = turns.iter().map(|turn| (turn.id, turn)).collect();
        let in_context: HashMap<TurnId, &Turn> =
            context.turns().map(|turn| (turn.id, turn)).collect();
        let oldest = context.get(0).map(|turn| turn.id);
        let planned = conversations.iter().flat_map(|conversation| &conversation.turns);
        for (planned, id) in planned.zip(ids) {
            let recent = oldest.is_some_and(|oldest| *id >= oldest);
            let mut ways = vec![in_archive.get(id)];
            ways.extend(recent.then(|| in_context.get(id)));
            found.count(planned, &ways);
        }
        let planned: usize =
            conversations.iter().map(|conversation| conversation.turns.len()).sum();
        found.lost += planned.saturating_sub(ids.len());
        found.lost += turns.len().abs_diff(usize::try_from(context.total()).unwrap_or(usize::MAX));
        if !turns
            .iter()
            .rev()
            .map(|turn| turn.id)
            .take(context.len())
            .eq(context.turns().rev().map(|turn| turn.id))
        {
            found.altered += 1;
        }
    }
    Ok(found)
}

impl Found {
    fn count(&mut self, planned: &PlannedTurn, ways: &[Option<&&Turn>]) {
        if ways.iter().any(Option::is_none) {
            self.lost += 1;
        } else if !ways.iter().flatten().all(|turn| planned.is_kept_in(turn)) {
            self.altered += 1;
        }
    }
}
