//! What a store must hold after a crash: every acknowledged step, and of the step that was
//! under way everything or nothing.

use super::life::{Clockwork, PEOPLE, SHARED};
use confidant::{Confidant, Customer, NewTurn, Page, SessionDetails, Turn};
use std::path::Path;
use std::sync::Arc;

/// Everything that is visible of one customer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Person {
    pub turns: Vec<Turn>,
    pub sessions: Vec<SessionDetails>,
    /// The last numbers given; they are never given again.
    pub last_turn: u32,
    pub last_session: u32,
}

impl Person {
    /// Notes numbers that were just given; they follow the last ones without a gap.
    pub fn took(&mut self, turns: &[Turn]) {
        for turn in turns {
            assert_eq!(turn.id.number(), self.last_turn + 1, "turn numbers have no gap");
            self.last_turn += 1;
            self.turns.push(turn.clone());
        }
    }

    fn shows(&self, other: &Person) -> bool {
        self.turns == other.turns && self.sessions == other.sessions
    }
}

/// Everybody that one actor writes about.
pub type State = Vec<Arc<Person>>;

/// What one actor did: `states[n]` after its nth step, and its turns of the shared customer
/// with the step that saved each.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The first of [`PEOPLE`] that are the actor's own.
    pub first: usize,
    pub states: Vec<State>,
    pub shared: Vec<(usize, Turn)>,
}

/// How far an actor had come: any state from the last acknowledged one to the last begun may
/// be there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Progress {
    pub acked: usize,
    pub begun: usize,
}

/// What is wrong with what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Something acknowledged is missing; what is there is whole.
    Lost(String),
    /// The store is damaged, or cannot be opened, read or written.
    Damaged(String),
    /// Something is there that never was: half a step, or a wrong text.
    Wrong(String),
}

pub fn customer(memory: &Confidant, number: usize) -> Customer {
    let (tenant, name) = if number == usize::MAX { SHARED } else { PEOPLE[number] };
    memory.tenant(tenant).unwrap().customer(name).unwrap()
}

/// Everything visible of a customer, through the archive.
pub fn observe(customer: &Customer) -> confidant::Result<Person> {
    let archive = customer.memory();
    let mut turns: Vec<Turn> = Vec::new();
    let mut page = Page::first(500);
    loop {
        let next = archive.turns(page)?;
        let Some(last) = next.last() else { break };
        page = page.after(last.id);
        turns.extend(next);
    }
    let sessions = customer.sessions(Page::first(1_000))?;
    let context = archive.load_context()?;
    let newest = turns.len().saturating_sub(50);
    assert!(context.turns().eq(&turns[newest..]), "the context is the archive's end");
    assert_eq!(context.total(), u64::try_from(turns.len()).unwrap());
    let last_turn = turns.last().map_or(0, |turn| turn.id.number());
    let last_session = sessions.first().map_or(0, |session| session.id.number());
    Ok(Person { turns, sessions, last_turn, last_session })
}

/// Opens what a crash left and compares it with what it must hold.
pub fn judge(
    path: &Path,
    histories: &[History],
    progress: &[Progress],
    clock: &Clockwork,
    write: bool,
) -> Result<Vec<State>, Verdict> {
    let damaged = |what: &str| {
        let what = what.to_owned();
        move |error: confidant::Error| Verdict::Damaged(format!("{what}: {error:?}"))
    };
    let memory = clock.open(path).map_err(damaged("open"))?;
    let report = memory.check().map_err(damaged("check"))?;
    if !report.is_sound() {
        return Err(Verdict::Damaged(format!("check found {:?}", report.findings)));
    }
    let mut matched = Vec::new();
    for (history, progress) in histories.iter().zip(progress) {
        let people = history.states[0].len();
        let found: Result<State, _> = (0..people)
            .map(|place| observe(&customer(&memory, history.first + place)).map(Arc::new))
            .collect();
        let found = found.map_err(damaged("read"))?;
        let state = compare(history, *progress, &found)?;
        if write {
            for (place, known) in state.iter().enumerate() {
                go_on(&customer(&memory, history.first + place), known)?;
            }
        }
        matched.push(state.clone());
    }
    if histories.iter().any(|history| !history.shared.is_empty()) {
        let found = observe(&customer(&memory, usize::MAX)).map_err(damaged("read"))?;
        compare_shared(histories, progress, &found)?;
    }
    memory.close().map_err(damaged("close"))?;
    Ok(matched)
}

/// The state that was found, if it is one of those that may be.
fn compare<'h>(
    history: &'h History,
    progress: Progress,
    found: &State,
) -> Result<&'h State, Verdict> {
    let is = |state: &State| state.iter().zip(found).all(|(known, found)| known.shows(found));
    for step in progress.acked..=progress.begun.max(progress.acked) {
        let state = history.states.get(step).expect("an oracle knows the state after every step");
        if is(state) {
            return Ok(state);
        }
    }
    let acked = progress.acked;
    let shape = |state: &State| -> Vec<(usize, usize)> {
        state.iter().map(|person| (person.turns.len(), person.sessions.len())).collect()
    };
    let expected = shape(&history.states[acked]);
    match history.states[..acked].iter().rposition(is) {
        Some(step) => {
            Err(Verdict::Lost(format!("{acked} steps were acknowledged; only {step} are there")))
        }
        None => Err(Verdict::Wrong(format!(
            "no state of any step: found {:?} (turns, sessions), expected {expected:?}",
            shape(found)
        ))),
    }
}

/// What many actors wrote about one customer: numbers without a gap, everything acknowledged,
/// nothing that was not under way.
fn compare_shared(
    histories: &[History],
    progress: &[Progress],
    found: &Person,
) -> Result<(), Verdict> {
    for (turn, number) in found.turns.iter().zip(1..) {
        if turn.id.number() != number {
            return Err(Verdict::Wrong(format!(
                "turn {number} of the shared customer is missing or doubled"
            )));
        }
        let begun = histories.iter().zip(progress).any(|(history, progress)| {
            history.shared.iter().any(|(step, known)| known == turn && *step <= progress.begun)
        });
        if !begun {
            return Err(Verdict::Wrong(format!(
                "turn {number} of the shared customer was never begun like this"
            )));
        }
    }
    for (history, progress) in histories.iter().zip(progress) {
        for (step, known) in &history.shared {
            if *step <= progress.acked && !found.turns.contains(known) {
                return Err(Verdict::Lost(format!(
                    "turn {} of the shared customer",
                    known.id.number()
                )));
            }
        }
    }
    Ok(())
}

/// The store takes another turn, under the number that follows the last one ever given.
fn go_on(customer: &Customer, known: &Person) -> Result<(), Verdict> {
    let archive = customer.memory();
    let written = || -> confidant::Result<(Turn, u64)> {
        let turn = archive.save_turn(NewTurn::said("Is anybody there?").answered("Yes."))?;
        Ok((turn, archive.load_context()?.total()))
    };
    let (turn, total) = written().map_err(|error| Verdict::Damaged(format!("write: {error:?}")))?;
    let (number, session) = (turn.id.number(), turn.session.number());
    if number != known.last_turn + 1 || session < known.last_session {
        let message =
            format!("a new turn got number {number}, session {session}, after {}", known.last_turn);
        return Err(Verdict::Wrong(message));
    }
    if total != u64::try_from(known.turns.len() + 1).unwrap() {
        return Err(Verdict::Wrong(format!(
            "the total is {total}, after {} turns",
            known.turns.len()
        )));
    }
    Ok(())
}
