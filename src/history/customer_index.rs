//! One customer's turns as an index, and how it keeps step with the store.
//!
//! Knows which turns are in it, which of them wait for an answer, and what of a turn is read:
//! both halves, the names of the speakers, the members of the metadata.

use super::query::RecallQuery;
use crate::archive::row::Person;
use crate::archive::{Channel, Scope, Turn, table};
use crate::embedding::Embedding;
use crate::error::Result;
use crate::id::TurnId;
use crate::memory::{Customer, Moment};
use crate::recall::{
    Answer, Document, Entry, Index, Mix, Part, Question, Reader, mark, marks, period,
};
use crate::time::Timestamp;
use lru::LruCache;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Turns whose texts are kept after they were recalled.
const MAX_RECALLED: usize = 1_024;
/// What a set takes for an open turn, and the order of use for a text, beside itself.
const OPEN_BYTES: usize = 16;
const TEXT_BYTES: usize = 96;
/// The longest name that is taken for a person's.
const MAX_NAME_CHARS: usize = 40;

/// How speakers are called who have no name.
const CUSTOMER: &str = "customer";
const AGENT: &str = "agent";

const CHANNEL_BITS: u8 = 0b111;
const RESOLVED: u8 = 0b1000;

pub(super) struct Remembered {
    pub(super) index: Index,
    /// So many of the customer's numbers came before the first turn here.
    gone: u32,
    /// The newest turn here; `gone` if there is none.
    covered: u32,
    /// Turns that may yet be answered.
    open: BTreeSet<u32>,
    /// The turns in the index behind the newest stored one: they wait to be saved.
    drafts: VecDeque<Arc<Turn>>,
    /// A stored turn came where another one had been waiting.
    is_mixed_up: bool,
    /// When the open ones were last compared with the store.
    era: Option<u64>,
    texts: LruCache<u32, Arc<Turn>>,
    text_bytes: usize,
}

/// A customer's turns as they are at one instant.
pub(super) struct Now<'n> {
    pub(super) moment: &'n Moment,
    /// Turns that are not stored yet, oldest first.
    pub(super) waiting: &'n [Arc<Turn>],
    pub(super) era: u64,
}

impl Default for Remembered {
    fn default() -> Remembered {
        Remembered {
            index: Index::new(Embedding::shipped(), false),
            gone: 0,
            covered: 0,
            open: BTreeSet::new(),
            drafts: VecDeque::new(),
            is_mixed_up: false,
            era: None,
            texts: LruCache::unbounded(),
            text_bytes: 0,
        }
    }
}

impl Remembered {
    pub(super) fn bytes(&self) -> usize {
        size_of::<Remembered>() - size_of::<Index>()
            + self.index.bytes()
            + self.open.len() * OPEN_BYTES
            + self.drafts.iter().map(|turn| turn.weight()).sum::<usize>()
            + self.drafts.capacity() * size_of::<Arc<Turn>>()
            + self.text_bytes
            + self.texts.len() * TEXT_BYTES
    }

    /// Brings the index to what an instant shows.
    pub(super) fn follow(
        &mut self,
        customer: &Customer,
        scope: Scope,
        now: &Now<'_>,
        answered: Vec<Arc<Turn>>,
    ) -> Result<()> {
        let (moment, era) = (now.moment, now.era);
        let newest = moment.turns.last().map_or(0, |turn| turn.id.number());
        let gone = u32::try_from(u64::from(newest).saturating_sub(moment.total)).unwrap_or(0);
        if gone != self.gone || newest < self.covered {
            *self = Remembered::empty(gone, era);
        }
        self.read_stored(customer, scope, moment, answered, era)?;
        if self.is_mixed_up || !self.read_waiting(customer, newest, now.waiting) {
            *self = Remembered::empty(gone, era);
            self.read_stored(customer, scope, moment, Vec::new(), era)?;
            self.read_waiting(customer, newest, now.waiting);
        }
        self.index.settle();
        Ok(())
    }

    fn empty(gone: u32, era: u64) -> Remembered {
        Remembered { gone, covered: gone, era: Some(era), ..Remembered::default() }
    }

    /// Reads what was stored since the last time.
    fn read_stored(
        &mut self,
        customer: &Customer,
        scope: Scope,
        moment: &Moment,
        answered: Vec<Arc<Turn>>,
        era: u64,
    ) -> Result<()> {
        let mut reader = Reader::default();
        let is_new = self.index.len() == 0;
        for turn in answered {
            self.exchange(&mut reader, &customer.person, &turn);
        }
        let oldest = moment.turns.first().map_or(0, |turn| turn.id.number());
        self.catch_up(&mut reader, customer, oldest)?;
        for turn in &moment.turns {
            if turn.id.number() > self.covered {
                self.add(&mut reader, &customer.person, turn);
            } else if turn.is_answered() && self.open.contains(&turn.id.number()) {
                self.exchange(&mut reader, &customer.person, turn);
            }
        }
        if self.era != Some(era) {
            self.recheck(&mut reader, customer, scope, oldest)?;
            self.era = Some(era);
        }
        if is_new {
            self.index.pack();
        }
        Ok(())
    }

    /// Puts the turns that wait behind the newest stored one; false if others waited there.
    fn read_waiting(&mut self, customer: &Customer, newest: u32, waiting: &[Arc<Turn>]) -> bool {
        if waiting.len() < self.drafts.len() {
            return false;
        }
        if waiting.is_empty() || self.covered != newest.max(self.gone) {
            return true;
        }
        let mut reader = Reader::default();
        for (turn, number) in waiting.iter().zip(self.covered + 1..) {
            let at = usize::try_from(number - self.covered - 1).unwrap_or(usize::MAX);
            let known =
                self.drafts.get(at).map(|draft| (Arc::ptr_eq(draft, turn), draft.id == turn.id));
            match known {
                Some((true, _)) => {}
                Some((false, true)) => {
                    self.put(
                        &mut reader,
                        &customer.person,
                        number,
                        turn,
                        Some(self.place_of(number)),
                    );
                    self.drafts.get_mut(at).into_iter().for_each(|draft| *draft = Arc::clone(turn));
                }
                Some((false, false)) => return false,
                None if self.put(&mut reader, &customer.person, number, turn, None) => {
                    self.drafts.push_back(Arc::clone(turn));
                }
                None => break,
            }
        }
        true
    }

    /// Reads the stored turns that are not here yet and lie before a number.
    fn catch_up(&mut self, reader: &mut Reader, customer: &Customer, before: u32) -> Result<()> {
        if self.covered + 1 >= before {
            return Ok(());
        }
        let after = (self.covered > 0).then(|| TurnId::new(customer.person.tag, self.covered));
        customer.each_stored_turn(after, &mut |turn| {
            if turn.id.number() < before {
                self.add(reader, &customer.person, turn);
            }
            Ok(())
        })
    }

    /// Another process may have answered turns that the moment does not show.
    fn recheck(
        &mut self,
        reader: &mut Reader,
        customer: &Customer,
        scope: Scope,
        before: u32,
    ) -> Result<()> {
        let Some(first) = self.open.first().copied().filter(|first| *first < before) else {
            return Ok(());
        };
        let stored = customer.core.store.read_with(|tx| table::fingerprint(tx, scope, first))?;
        let turns = usize::try_from(self.covered + 1 - first).unwrap_or(usize::MAX);
        let expected = turns - self.open.len();
        if stored.is_none_or(|(_, answered, ..)| answered == expected) {
            return Ok(());
        }
        let after = TurnId::new(customer.person.tag, first - 1);
        customer.each_stored_turn(Some(after), &mut |turn| {
            if turn.is_answered() {
                self.exchange(reader, &customer.person, turn);
            }
            Ok(())
        })
    }

    fn add(&mut self, reader: &mut Reader, person: &Person, turn: &Turn) {
        if turn.id.number() != self.covered + 1 {
            return;
        }
        let number = self.covered + 1;
        if let Some(draft) = self.drafts.pop_front() {
            // It waited here under the number that it got, unless another process was faster.
            if draft.session != turn.session {
                self.is_mixed_up = true;
            } else if !is_same(&draft, turn) {
                self.put(reader, person, number, turn, Some(self.place_of(number)));
            }
        } else if !self.put(reader, person, number, turn, None) {
            return;
        }
        self.covered = number;
        if !turn.is_answered() {
            self.open.insert(number);
        }
    }

    /// Puts a turn's texts at the end of the index, or in a place of it; false if it is full.
    fn put(
        &mut self,
        reader: &mut Reader,
        person: &Person,
        number: u32,
        turn: &Turn,
        place: Option<usize>,
    ) -> bool {
        let (parts, marks) = self.read(person, turn);
        let document = Document { key: number, ..document(turn, &parts, &marks) };
        match place {
            None => self.index.push(reader, &document),
            Some(place) => {
                self.index.replace(reader, place, &document);
                true
            }
        }
    }

    /// Gives a turn that was open the text it has now.
    fn exchange(&mut self, reader: &mut Reader, person: &Person, turn: &Turn) {
        let number = turn.id.number();
        if number > self.covered || !self.open.remove(&number) {
            return;
        }
        self.put(reader, person, number, turn, Some(self.place_of(number)));
        if let Some(old) = self.texts.pop(&number) {
            self.text_bytes -= old.weight();
        }
    }

    fn place_of(&self, number: u32) -> usize {
        usize::try_from(number.saturating_sub(self.gone + 1)).unwrap_or(usize::MAX)
    }

    fn read<'t>(&mut self, person: &Person, turn: &'t Turn) -> (Vec<Part<'t>>, Vec<Vec<u8>>) {
        let mut parts = Vec::with_capacity(2);
        if let Some(said) = &turn.said {
            let voice =
                self.index.voice(if is_name(&person.name) { &person.name } else { CUSTOMER });
            parts.push(Part { voice, text: said });
        }
        if let Some(answer) = &turn.answer {
            let author = turn.answered_by.as_deref().filter(|author| is_name(author));
            let voice = self.index.voice(author.unwrap_or(AGENT));
            parts.push(Part { voice, text: answer });
        }
        (parts, marks(turn.metadata.as_deref()))
    }

    /// The turns that answer a question.
    pub(super) fn ask(&self, query: &RecallQuery<'_>, now: Timestamp) -> Answer {
        let marks = query.metadata.iter().map(|(name, value)| {
            let value = serde_json::from_str::<serde_json::Value>(value).unwrap_or_default();
            self.index.holding(&mark(name, &value.to_string()))
        });
        let marked: Vec<Vec<bool>> = marks.collect();
        let wanted = |place: usize, entry: &Entry| {
            query.session.is_none_or(|session| session.number() == entry.group)
                && query.channel.is_none_or(|channel| entry.label & CHANNEL_BITS == label(channel))
                && query.from.is_none_or(|from| entry.at >= from.as_millis())
                && query.until.is_none_or(|until| entry.at < until.as_millis())
                && query.resolved.is_none_or(|resolved| (entry.label & RESOLVED != 0) == resolved)
                && marked.iter().all(|marked| marked.get(place).copied().unwrap_or(false))
        };
        self.index.search(&Question {
            text: query.text,
            limit: query.limit,
            mix: Mix::TURNS,
            wanted: query.is_conditional().then_some(&wanted),
            vector: None,
            period: period(query.text, now.as_millis()),
        })
    }

    /// The turn of a number, from those that wait or were recalled lately.
    pub(super) fn recalled(&mut self, number: u32) -> Option<Arc<Turn>> {
        if let Some(waits) = number.checked_sub(self.covered + 1) {
            return usize::try_from(waits).ok().and_then(|at| self.drafts.get(at)).cloned();
        }
        self.texts.get(&number).cloned()
    }

    /// Keeps the turn, since who recalls it once does so again.
    pub(super) fn keep(&mut self, turn: &Arc<Turn>) {
        self.text_bytes += turn.weight();
        if let Some((_, old)) = self.texts.push(turn.id.number(), Arc::clone(turn)) {
            self.text_bytes -= old.weight();
        }
        if self.texts.len() > MAX_RECALLED
            && let Some((_, old)) = self.texts.pop_lru()
        {
            self.text_bytes -= old.weight();
        }
    }
}

/// Whether two turns are the same but for their identifiers.
fn is_same(one: &Turn, other: &Turn) -> bool {
    *one == Turn { id: one.id, ..other.clone() }
}

fn document<'t>(turn: &Turn, parts: &'t [Part<'t>], marks: &'t [Vec<u8>]) -> Document<'t> {
    Document {
        key: turn.id.number(),
        group: turn.session.number(),
        at: turn.at.as_millis(),
        label: label(turn.channel) | if turn.resolved { RESOLVED } else { 0 },
        parts,
        marks,
        vector: None,
    }
}

fn label(channel: Channel) -> u8 {
    u8::try_from(channel.code()).unwrap_or(CHANNEL_BITS) & CHANNEL_BITS
}

/// Whether an id is what people call somebody, so that a question may name them.
fn is_name(id: &str) -> bool {
    let is_of_letters =
        id.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '.' | '\''));
    is_of_letters
        && (2..=MAX_NAME_CHARS).contains(&id.chars().filter(|c| c.is_alphabetic()).count())
}
