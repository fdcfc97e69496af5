//! Instruction counts of the hot operations, by callgrind, in a process each.
//!
//! `cargo xtask cost` runs it and compares with `benches/cost/baseline.txt`; CONTRIBUTING.md says
//! how a wanted change is recorded. What an operation needs is set up before the count begins. An
//! operation that varies from call to call is counted over many calls.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions, missing_docs)]

use confidant::{
    Confidant, Context, ContextRequest, Customer, NewAnswer, NewTurn, Page, PreferenceExtractor,
    PreferenceState, RecallQuery, SignalContext, Signals, Turn, TurnId,
};
use confidant_capi as capi;
use gungraun::prelude::*;
use std::hint::black_box;
use std::ptr::{null, null_mut};
use tempfile::TempDir;

const CALLS: usize = 50;

const QUESTIONS: [&str; 6] = [
    "did they ever send the reset mail?",
    "where is my refund for the broken headphones",
    "what was the order number of the jacket",
    "how long does the return take",
    "was the payment charged twice",
    "my account is locked after the update",
];

const MESSAGES: [&str; 6] = [
    "I was charged twice for my subscription this month, order #10-22317, could you check that?",
    "hey, can't log in since yesterday, the app says my password is wrong. third time, pls fix!!",
    "Thank you for the quick answer, the new invoice has arrived at al@example.com and is right.",
    "Where is my parcel? It should have been delivered on 21 November and nobody answers now.",
    "I do not need a refund. I would like to speak to a real person about the terrible service.",
    "Could you tell me how I can change the shipping address, and how long a return may take?",
];

/// Support talk, different in every turn: two halves of about 70 bytes.
fn talk(number: usize) -> (String, String) {
    let things =
        ["parcel", "invoice", "refund", "password", "headphones", "jacket", "router", "voucher"];
    let states = ["lost", "late", "wrong", "broken", "blue", "paid twice", "locked", "too small"];
    let (thing, state) = (things[number % 8], states[number / 8 % 8]);
    (
        format!("Hello, my {thing} of order {} is {state} since day {}.", number * 31, number % 28),
        format!("I am sorry that the {thing} is {state}. Case {number} is open, I will write."),
    )
}

fn fill(customer: &Customer, turns: usize) {
    for start in (0..turns).step_by(500) {
        let texts: Vec<_> = (start..turns.min(start + 500)).map(talk).collect();
        let new: Vec<NewTurn<'_>> =
            texts.iter().map(|(said, answer)| NewTurn::said(said).answered(answer)).collect();
        customer.memory().save_turns(&new).unwrap();
    }
}

/// An open store with one customer who has said so much; its folder goes away with it.
struct Known {
    customer: Customer,
    _store: Confidant,
    folder: TempDir,
}

fn known(turns: usize) -> Known {
    let folder = tempfile::tempdir().unwrap();
    let store = Confidant::open(folder.path().join("cost.db").to_str().unwrap()).unwrap();
    let customer = store.customer("alice").unwrap();
    fill(&customer, turns);
    customer.memory().load_context().unwrap();
    Known { customer, _store: store, folder }
}

#[library_benchmark]
#[bench::calls(known(1_000))]
fn save(known: Known) -> Known {
    let memory = known.customer.memory();
    for number in 0..CALLS {
        memory.save_turn(NewTurn::said(MESSAGES[number % 6]).answered("It is done.")).unwrap();
    }
    known
}

fn unanswered() -> (Known, Vec<TurnId>) {
    let known = known(1_000);
    let turns = [(); CALLS].map(|()| NewTurn::said(MESSAGES[0]));
    let saved = known.customer.memory().save_turns(&turns).unwrap();
    (known, saved.iter().map(|turn| turn.id).collect())
}

#[library_benchmark]
#[bench::calls(unanswered())]
fn answer((known, turns): (Known, Vec<TurnId>)) -> Known {
    let memory = known.customer.memory();
    for turn in turns {
        memory.answer(turn, NewAnswer::new("It is done. Is there anything else?")).unwrap();
    }
    known
}

#[library_benchmark]
#[bench::calls(known(1_000))]
fn load_cold(known: Known) -> Known {
    let memory = known.customer.memory();
    for _ in 0..CALLS {
        memory.invalidate();
        black_box(memory.load_context().unwrap());
    }
    known
}

#[library_benchmark]
#[bench::calls(known(1_000))]
fn load_hot(known: Known) -> (Known, Option<Context>) {
    let memory = known.customer.memory();
    let mut last = None;
    for _ in 0..CALLS {
        last = Some(black_box(memory.load_context().unwrap()));
    }
    (known, last)
}

#[library_benchmark]
#[bench::calls(known(1_000))]
fn page(known: Known) -> Known {
    let memory = known.customer.memory();
    for _ in 0..CALLS {
        black_box(memory.turns(Page::first(50)).unwrap());
    }
    known
}

fn asked(turns: usize) -> Known {
    let known = known(turns);
    for question in QUESTIONS {
        known.customer.recall(&RecallQuery::new(question)).unwrap();
        known.customer.assemble(&ContextRequest::new(question, 2_000)).unwrap();
    }
    known
}

#[library_benchmark]
#[bench::calls(asked(1_000))]
fn context_under_budget(known: Known) -> Known {
    for question in QUESTIONS {
        let request = ContextRequest::new(question, 2_000);
        black_box(known.customer.assemble(&request).unwrap());
    }
    known
}

#[library_benchmark]
#[bench::over_50(asked(50))]
#[bench::over_10000(asked(10_000))]
fn recall(known: Known) -> Known {
    for question in QUESTIONS {
        black_box(known.customer.recall(&RecallQuery::new(question)).unwrap());
    }
    known
}

// What a first question costs: the archive is read, taken apart and embedded.
#[library_benchmark]
#[bench::turns_200(known(200))]
fn embed(known: Known) -> Known {
    black_box(known.customer.recall(&RecallQuery::new(QUESTIONS[0])).unwrap());
    known
}

fn rules() -> SignalContext<'static> {
    let context = SignalContext::new();
    for message in MESSAGES {
        black_box(Signals::of(message, &context));
    }
    context
}

#[library_benchmark]
#[bench::messages(rules())]
fn signals(context: SignalContext<'static>) -> SignalContext<'static> {
    for message in MESSAGES {
        black_box(Signals::of(black_box(message), &context));
    }
    context
}

fn learner() -> (PreferenceExtractor, Vec<Turn>) {
    let known = known(0);
    let turns = [(); CALLS].map(|()| ());
    for (number, ()) in turns.iter().enumerate() {
        let turn = NewTurn::said(MESSAGES[number % 6]).answered("It is done.");
        known.customer.memory().save_turn(turn).unwrap();
    }
    let context = known.customer.memory().load_context().unwrap();
    let extractor = PreferenceExtractor::support();
    let mut state = PreferenceState::default();
    context.turns().for_each(|turn| extractor.learn(&mut state, turn));
    (extractor, context.turns().cloned().collect())
}

#[library_benchmark]
#[bench::turns(learner())]
fn learn_and_conclude(
    (extractor, turns): (PreferenceExtractor, Vec<Turn>),
) -> (PreferenceExtractor, Vec<Turn>) {
    let mut state = PreferenceState::default();
    for turn in &turns {
        extractor.learn(&mut state, turn);
        black_box(extractor.conclude(&state));
    }
    (extractor, turns)
}

/// Handles of a C host; the folder goes away with them.
struct Host {
    store: *mut capi::store::confidant_store,
    memory: *mut capi::memory::confidant_memory,
    _folder: TempDir,
}

impl Drop for Host {
    fn drop(&mut self) {
        // SAFETY: made by `host`, freed once.
        unsafe {
            capi::memory::confidant_memory_free(self.memory);
            capi::store::confidant_store_close(self.store);
        }
    }
}

fn text(text: &str) -> capi::text::confidant_str {
    capi::text::confidant_str { ptr: text.as_ptr().cast(), len: text.len() }
}

fn host() -> Host {
    let Known { customer, _store: store, folder } = known(1_000);
    drop((customer, store));
    let path = folder.path().join("cost.db").to_str().unwrap().to_owned();
    let (mut store, mut memory) = (null_mut(), null_mut());
    // SAFETY: the texts and the places outlive the calls.
    let status = unsafe {
        capi::store::confidant_store_open(text(&path), null(), &mut store, null_mut());
        let (tenant, customer) = (text(capi::store::CONFIDANT_DEFAULT_TENANT), text("alice"));
        capi::memory::confidant_memory_open(store, tenant, customer, &mut memory, null_mut())
    };
    assert!(!memory.is_null(), "{status:?}");
    let host = Host { store, memory, _folder: folder };
    load_and_view(&host);
    host
}

fn load_and_view(host: &Host) -> usize {
    let (mut context, mut count) = (null_mut(), 0);
    // SAFETY: the handle is alive, and each view is read before its context is freed.
    unsafe {
        capi::memory::confidant_memory_load_context(host.memory, &mut context, null_mut());
        let turns = capi::list::confidant_context_turns(context, &mut count);
        assert_eq!(count, 50);
        let bytes = (0..count).map(|at| (*turns.add(at)).said.len + (*turns.add(at)).answer.len);
        let bytes = bytes.sum();
        capi::list::confidant_context_free(context);
        bytes
    }
}

#[library_benchmark]
#[bench::calls(host())]
fn c_load_with_views(host: Host) -> Host {
    for _ in 0..CALLS {
        black_box(load_and_view(&host));
    }
    host
}

library_benchmark_group!(
    name = hot,
    benchmarks = [
        save,
        answer,
        load_cold,
        load_hot,
        page,
        context_under_budget,
        recall,
        embed,
        signals,
        learn_and_conclude,
        c_load_with_views
    ]
);

main!(library_benchmark_groups = hot);
