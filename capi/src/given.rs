//! What a customer has given already.
//!
//! Knows that a list of places that ask again keeps the facts it points to.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::guard;
use crate::border::handle::{Place, free, shared};
use crate::border::text::{confidant_str, text, view};
use crate::border::views::{Views, pointer, shown, shown_number};
use crate::kinds::{entity, place};
use crate::list::confidant_turns;
use crate::memory::confidant_memory;
use confidant::{Given, GivenFact};
use std::mem::size_of;
use std::sync::Arc;

/// All that a customer has told, over all sessions: names, addresses, order and telephone numbers,
/// plans, texts of errors and steps tried. It is what the customer claims. Immutable, so it may be
/// read from many threads at once.
pub struct confidant_given {
    facts: Arc<Facts>,
}

struct Facts {
    views: Views<confidant_given_fact>,
    given: Given,
}

/// One thing that a customer has told; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_given_fact {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The turn in which it was said last.
    pub turn_id: u64,
    /// As the customer wrote it.
    pub value: confidant_str,
    /// The first byte in that turn's `said`.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
    /// The rule that found it.
    pub rule: confidant_str,
    /// How sure it is, 0 to 1.
    pub score: f64,
    /// What it is, one of `CONFIDANT_ENTITY_*`.
    pub kind: i32,
    /// Zero.
    pub reserved: u32,
}

/// The places of a draft that ask for something again. Immutable, so it may be read from many
/// threads at once.
pub struct confidant_asked_again {
    views: Views<confidant_asked_place>,
    _facts: Arc<Facts>,
}

/// A place in a draft that asks for something again; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_asked_place {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The first byte of the sentence in the draft.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
    /// What the customer has told already; it lives as long as this.
    pub fact: *const confidant_given_fact,
}

fn view_fact(fact: &GivenFact) -> confidant_given_fact {
    confidant_given_fact {
        struct_size: size_of::<confidant_given_fact>(),
        turn_id: fact.turn.as_u64(),
        value: view(&fact.value),
        start: place(fact.span.start),
        end: place(fact.span.end),
        rule: view(&fact.rule),
        score: fact.score,
        kind: entity(fact.kind),
        reserved: 0,
    }
}

impl Facts {
    fn of(given: Given) -> Facts {
        Facts { views: Views::of(given.facts(), view_fact), given }
    }

    /// The view of one of the facts.
    fn view(&self, fact: &GivenFact) -> Option<&confidant_given_fact> {
        let place = self.given.facts().iter().position(|known| std::ptr::eq(known, fact))?;
        self.views.0.get(place)
    }
}

/// What the customer has told, over all sessions. The first call reads the archive once; later ones
/// only what was said since.
///
/// Owned: free `*out` with `confidant_given_free`. Threads: any. Fails: INVALID_ARGUMENT, CORRUPT,
/// BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_given(
    memory: *const confidant_memory,
    out: *mut *mut confidant_given,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let given = shared(memory, "memory")?.customer().given()?;
        out.give(confidant_given { facts: Arc::new(Facts::of(given)) })
    })
}

/// What the turns of a list tell, which are of one customer and oldest first.
///
/// Owned: free `*out` with `confidant_given_free`. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_turns_given(
    turns: *const confidant_turns,
    out: *mut *mut confidant_given,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let given = Given::of(shared(turns, "turns")?.turns());
        out.give(confidant_given { facts: Arc::new(Facts::of(given)) })
    })
}

/// Frees what a customer has given. NULL does nothing.
///
/// Owned: its facts are gone afterwards; lists of places that ask again stay good. Threads: one at
/// a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_given_free(given: *mut confidant_given) {
    unsafe { free(given) }
}

/// How many facts there are; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_given_count(given: *const confidant_given) -> usize {
    unsafe { shown_number(given, |given| given.facts.views.0.len()) }
}

/// The fact at an index, counted from 0, oldest first, of one thing said twice the newer place; NULL
/// past the end and for NULL.
///
/// Owned: a view that lives until `confidant_given_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_given_at(
    given: *const confidant_given,
    index: usize,
) -> *const confidant_given_fact {
    unsafe { shown(given, |given| given.facts.views.0.get(index)) }
}

/// The newest fact of a kind, one of `CONFIDANT_ENTITY_*`; NULL if none is known.
///
/// Owned: a view that lives until `confidant_given_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_given_newest(
    given: *const confidant_given,
    kind: i32,
) -> *const confidant_given_fact {
    unsafe { shown(given, |given| given.facts.views.0.iter().rev().find(|fact| fact.kind == kind)) }
}

/// The sentences of a draft reply that ask for something the customer has already given, or propose
/// a step that they have tried.
///
/// Owned: free `*out` with `confidant_asked_again_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_given_asked_again(
    given: *const confidant_given,
    draft: confidant_str,
    out: *mut *mut confidant_asked_again,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let facts = Arc::clone(&shared(given, "given")?.facts);
        let views = Views::of(facts.given.asked_again(text(draft, "draft")?), |asked| {
            confidant_asked_place {
                struct_size: size_of::<confidant_asked_place>(),
                start: place(asked.span.start),
                end: place(asked.span.end),
                fact: pointer(facts.view(asked.fact)),
            }
        });
        out.give(confidant_asked_again { views, _facts: facts })
    })
}

/// Frees a list of places that ask again. NULL does nothing.
///
/// Owned: its views are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_asked_again_free(asked: *mut confidant_asked_again) {
    unsafe { free(asked) }
}

/// How many places ask again; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_asked_again_count(asked: *const confidant_asked_again) -> usize {
    unsafe { shown_number(asked, |asked| asked.views.0.len()) }
}

/// The place that asks again, counted from 0; NULL past the end and for NULL.
///
/// Owned: a view that lives until `confidant_asked_again_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_asked_again_at(
    asked: *const confidant_asked_again,
    index: usize,
) -> *const confidant_asked_place {
    unsafe { shown(asked, |asked| asked.views.0.get(index)) }
}
