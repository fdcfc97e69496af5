//! A conversation, ready to be saved: turns of two halves.
//!
//! Knows what of a turn is compared afterwards, and under which key it is saved.

use confidant::{Channel, MAX_KEY_BYTES, NewTurn, Timestamp, Turn};
use std::collections::HashMap;

/// One conversation of one customer.
pub struct Conversation {
    /// Where it stands, for complaints.
    pub place: String,
    pub tenant: String,
    pub customer: String,
    pub channel: Channel,
    pub turns: Vec<PlannedTurn>,
}

impl Conversation {
    /// The bytes of everything that is to be stored.
    pub fn text_bytes(&self) -> u64 {
        let bytes = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let turns = self
            .turns
            .iter()
            .map(|turn| bytes(&turn.said) + bytes(&turn.answer) + bytes(&turn.metadata));
        turns.map(|bytes| u64::try_from(bytes).unwrap_or(u64::MAX)).sum()
    }
}

/// A turn that is to be saved.
#[derive(Default)]
pub struct PlannedTurn {
    pub key: String,
    pub said: Option<String>,
    pub answer: Option<String>,
    pub at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub answered_by: Option<String>,
    pub metadata: Option<String>,
}

impl PlannedTurn {
    /// The turn as the memory takes it. A turn without a half has an empty answer: it carries
    /// metadata only.
    pub fn as_new(&self) -> NewTurn<'_> {
        let mut turn = match (&self.said, &self.answer) {
            (Some(said), Some(answer)) => NewTurn::said(said).answered(answer),
            (Some(said), None) => NewTurn::said(said),
            (None, answer) => NewTurn::unasked(answer.as_deref().unwrap_or_default()),
        };
        turn = turn.at(self.at).key(&self.key);
        if let Some(at) = self.answered_at {
            turn = turn.answered_at(at);
        }
        if let Some(author) = &self.answered_by {
            turn = turn.answered_by(author);
        }
        if let Some(metadata) = &self.metadata {
            turn = turn.metadata(metadata);
        }
        turn
    }

    /// Whether a stored turn is this one, byte for byte.
    pub fn is_kept_in(&self, turn: &Turn) -> bool {
        let answer = if self.said.is_none() {
            Some(self.answer.as_deref().unwrap_or_default())
        } else {
            self.answer.as_deref()
        };
        turn.said == self.said
            && turn.answer.as_deref() == answer
            && turn.at == self.at
            && turn.answered_at == answer.map(|_| self.answered_at.unwrap_or(self.at))
            && turn.answered_by == self.answered_by
            && turn.metadata == self.metadata
    }
}

/// A turn's key: the same in every run. Too long a key is cut and gets a check sum.
pub fn key(file_stem: &str, id: &str, number: usize) -> String {
    let key = format!("{file_stem}/{id}/{number}");
    if key.len() <= MAX_KEY_BYTES && !key.contains(char::is_control) {
        return key;
    }
    let sum = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let start: String = id.chars().filter(|c| !c.is_control()).take(24).collect();
    format!("{start}/{sum:016x}/{number}")
}

/// The conversations of each customer in their order, customers in the order of appearance.
pub fn by_customer(conversations: &[Conversation]) -> Vec<Vec<&Conversation>> {
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    let mut customers: Vec<Vec<&Conversation>> = Vec::new();
    for conversation in conversations {
        let place = *places
            .entry((&conversation.tenant, &conversation.customer))
            .or_insert(customers.len());
        match customers.get_mut(place) {
            Some(theirs) => theirs.push(conversation),
            None => customers.push(vec![conversation]),
        }
    }
    customers
}
