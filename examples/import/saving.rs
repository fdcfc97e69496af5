//! Saves conversations on several threads, one turn a call.
//!
//! Knows that the turns of one customer stay in their order, that threads that save at the
//! same time share a commit, and how a conversation that is there already is found again.

use crate::conversation::Conversation;
use crate::progress::Progress;
use confidant::{Confidant, Customer, ErrorKind, Outcome, Page, Result, Session, Turn, TurnId};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

/// What was saved.
pub struct Saved {
    /// The whole conversations.
    pub conversations: usize,
    /// Turns that were not there before.
    pub new_turns: usize,
    /// For each customer, the identifiers of their turns in order.
    pub ids: Vec<Vec<TurnId>>,
    /// From the first turn to the last.
    pub time: Duration,
    /// The first failure, and where.
    pub failure: Option<String>,
}

/// Saves every customer's conversations; stops at the first failure.
pub fn save(memory: &Confidant, customers: &[Vec<&Conversation>]) -> Saved {
    let threads = std::thread::available_parallelism().map_or(4, |threads| threads.get() * 4);
    let (next, is_stopping) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (whole, new_turns) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failure = Mutex::new(None);
    let ids: Vec<Mutex<Vec<TurnId>>> = customers.iter().map(|_| Mutex::default()).collect();
    let (done, progress) = mpsc::channel();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads.min(customers.len()) {
            let done = done.clone();
            scope.spawn(|| {
                let done = done;
                while !is_stopping.load(Ordering::Relaxed) {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(conversations), Some(ids)) = (customers.get(place), ids.get(place))
                    else {
                        return;
                    };
                    for conversation in conversations {
                        match save_one(memory, conversation) {
                            Ok((turns, new)) => {
                                lock(ids).extend(turns);
                                new_turns.fetch_add(new, Ordering::Relaxed);
                                whole.fetch_add(1, Ordering::Relaxed);
                                let _ = done.send(());
                            }
                            Err(error) => {
                                is_stopping.store(true, Ordering::Relaxed);
                                lock(&failure)
                                    .get_or_insert(format!("{}: {error}", conversation.place));
                                return;
                            }
                        }
                    }
                }
            });
        }
        drop(done);
        Progress::new(customers.iter().map(Vec::len).sum()).follow(progress);
    });
    Saved {
        conversations: whole.into_inner(),
        new_turns: new_turns.into_inner(),
        ids: ids.iter().map(|ids| std::mem::take(&mut *lock(ids))).collect(),
        time: start.elapsed(),
        failure: lock(&failure).take(),
    }
}

/// Saves a conversation; returns its turns' identifiers and how many of them are new.
fn save_one(memory: &Confidant, conversation: &Conversation) -> Result<(Vec<TurnId>, usize)> {
    let customer = memory.tenant(&conversation.tenant)?.customer(&conversation.customer)?;
    let known = archive(&customer)?;
    let session = session(&customer, conversation, &known)?;
    let turns = conversation.turns.iter().map(|turn| Ok(session.save_turn(turn.as_new())?.id));
    let ids: Vec<TurnId> = turns.collect::<Result<_>>()?;
    match session.close(Outcome::unknown()) {
        Err(error) if error.kind() != ErrorKind::Closed => return Err(error),
        _ => {}
    }
    let known: HashSet<TurnId> = known.iter().map(|turn| turn.id).collect();
    let new = ids.iter().filter(|id| !known.contains(id)).count();
    Ok((ids, new))
}

/// A new session; or, where an earlier run saved the first turn already, the one it is in.
fn session(customer: &Customer, conversation: &Conversation, known: &[Turn]) -> Result<Session> {
    let first = conversation.turns.first();
    if let Some(first) = first.filter(|first| known.iter().any(|turn| first.is_kept_in(turn))) {
        let turn = customer.memory().save_turn(first.as_new())?;
        return customer.session(turn.session);
    }
    customer.open_session_at(conversation.channel, first.map(|turn| turn.at).unwrap_or_default())
}

/// Everything that is stored of a customer, page by page.
pub fn archive(customer: &Customer) -> Result<Vec<Turn>> {
    let memory = customer.memory();
    let (mut page, mut all) = (Page::first(500), Vec::new());
    loop {
        let turns = memory.turns(page)?;
        let Some(last) = turns.last() else { return Ok(all) };
        page = page.after(last.id);
        all.extend(turns);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
