//! What the hot buffer promises: fast, bounded, and never another truth than the store's.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    clippy::cloned_ref_to_slice_refs
)]

mod support;

use confidant::{Confidant, NewAnswer, NewTurn, StoreStats, Turn};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;
use support::*;

fn save(memory: &Confidant, customer: &str, text: &str) -> Turn {
    memory.customer(customer).unwrap().memory().save_turn(NewTurn::said(text)).unwrap()
}

/// Hits, misses and evictions since the figures before.
fn since(before: &StoreStats, memory: &Confidant) -> (u64, u64, u64) {
    let now = memory.stats();
    (now.hits - before.hits, now.misses - before.misses, now.evictions - before.evictions)
}

//
#[test]
fn a_save_before_any_load_shows_the_whole_history() {
    on_every_store(|place| {
        for text in texts("question", 60) {
            save(&place.open(), "alice", &text);
        }
        let memory = place.open();
        let alice = memory.customer("alice").unwrap().memory();
        alice.save_turn(NewTurn::said("question 61")).unwrap();
        let context = alice.load_context().unwrap();
        assert_eq!((context.len(), context.total()), (50, 61));
        assert_eq!(said(context.turns()), texts("question", 61)[11..]);
    });
}

//
#[test]
fn an_answer_or_a_batch_before_any_load_shows_the_whole_history() {
    on_every_store(|place| {
        let first = save(&place.open(), "alice", "question 1");
        save(&place.open(), "alice", "question 2");
        let alice = place.open().customer("alice").unwrap().memory();
        alice.answer(first.id, NewAnswer::new("answer")).unwrap();
        assert_eq!(alice.load_context().unwrap().total(), 2);
        let alice = place.open().customer("alice").unwrap().memory();
        alice.save_turns(&[NewTurn::said("question 3"), NewTurn::said("question 4")]).unwrap();
        assert_eq!(said(alice.load_context().unwrap().turns()), texts("question", 4));
    });
}

// K-08
#[test]
fn the_first_load_is_a_miss_and_the_next_ones_are_hits() {
    on_every_store(|place| {
        save(&place.open(), "alice", "a");
        let memory = place.open();
        let alice = memory.customer("alice").unwrap().memory();
        let before = memory.stats();
        assert_eq!(
            (before.hits, before.misses, before.hot_customers, before.hot_bytes),
            (0, 0, 0, 0)
        );
        alice.load_context().unwrap();
        assert_eq!(since(&before, &memory), (0, 1, 0), "the first load");
        for _ in 0..5 {
            alice.load_context().unwrap();
        }
        assert_eq!(since(&before, &memory), (5, 1, 0));
        let stats = memory.stats();
        assert_eq!(stats.hot_customers, 1);
        assert!(stats.hot_bytes > 0 && stats.bytes_on_disk > 0);
    });
}

// K-08
#[test]
fn a_new_customer_handle_is_served_from_the_hot_buffer() {
    on_every_store(|place| {
        let memory = place.open();
        save(&memory, "alice", "a");
        memory.customer("alice").unwrap().memory().load_context().unwrap();
        let before = memory.stats();
        for _ in 0..5 {
            memory.customer("alice").unwrap().memory().load_context().unwrap();
        }
        assert_eq!(since(&before, &memory), (5, 0, 0));
    });
}

#[test]
fn a_save_keeps_a_hot_customer_hot() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap().memory();
        alice.save_turn(NewTurn::said("question 1")).unwrap();
        alice.load_context().unwrap();
        let before = memory.stats();
        for text in &texts("question", 60)[1..] {
            let turn = alice.save_turn(NewTurn::said(text)).unwrap();
            alice.answer(turn.id, NewAnswer::new("b")).unwrap();
            let context = alice.load_context().unwrap();
            assert_eq!(context.newest().unwrap().answer.as_deref(), Some("b"));
        }
        let (hits, misses, evictions) = since(&before, &memory);
        assert!(hits >= 59 && misses == 0 && evictions == 0);
        let context = alice.load_context().unwrap();
        assert_eq!(turns_of(&context), archive(&memory.customer("alice").unwrap(), 100)[10..]);
    });
}

// K-03
#[test]
fn a_customer_stays_hot_for_half_an_hour_after_a_load_or_a_save() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap().memory();
        alice.save_turn(NewTurn::said("a")).unwrap();
        alice.load_context().unwrap();
        let before = memory.stats();
        place.clock.advance(30 * MINUTE - 1);
        alice.load_context().unwrap();
        assert_eq!(since(&before, &memory), (1, 0, 0), "just in time");
        place.clock.advance(1);
        alice.load_context().unwrap();
        assert_eq!(since(&before, &memory), (1, 1, 0), "half an hour after it was loaded");
        place.clock.advance(20 * MINUTE);
        alice.save_turn(NewTurn::said("b")).unwrap();
        place.clock.advance(20 * MINUTE);
        assert_eq!(alice.load_context().unwrap().total(), 2);
        assert_eq!(since(&before, &memory), (2, 1, 0), "the save renewed it");
    });
}

// K-03
#[test]
fn without_a_time_to_live_a_customer_stays_hot_for_ever_and_with_zero_never() {
    on_every_store(|place| {
        let forever = place.open_with(|builder| builder.hot_ttl(None));
        let never = place.open_with(|builder| builder.hot_ttl(Some(Duration::ZERO)));
        save(&forever, "alice", "a");
        let (keeps, asks) = (
            forever.customer("alice").unwrap().memory(),
            never.customer("alice").unwrap().memory(),
        );
        keeps.load_context().unwrap();
        asks.load_context().unwrap();
        let (kept, asked) = (forever.stats(), never.stats());
        for _ in 0..3 {
            place.clock.advance(10_000 * DAY);
            keeps.load_context().unwrap();
            asks.load_context().unwrap();
        }
        assert_eq!(since(&kept, &forever), (3, 0, 0));
        assert_eq!(since(&asked, &never), (0, 3, 0));
        assert_eq!(never.stats().hot_customers, 0);
    });
}

//
#[test]
fn the_hot_buffer_keeps_its_bound_and_counts_who_left() {
    on_every_store(|place| {
        let bound = 100_000;
        let memory = place.open_with(|builder| builder.hot_bytes(bound));
        let long = "x".repeat(2_000);
        let customers: Vec<_> =
            (0..100).map(|n| memory.customer(&format!("customer {n}")).unwrap()).collect();
        for customer in &customers {
            customer.memory().save_turn(NewTurn::said(&long)).unwrap();
            customer.memory().load_context().unwrap();
            assert!(memory.stats().hot_bytes <= bound);
        }
        let stats = memory.stats();
        assert!((20..100).contains(&stats.hot_customers), "{stats:?}");
        assert_eq!(stats.evictions, 100 - stats.hot_customers as u64);
        for customer in &customers {
            assert_eq!(said(customer.memory().load_context().unwrap().turns()), [long.clone()]);
        }
        // One customer who grows is bounded too.
        for _ in 0..60 {
            customers[0].memory().save_turn(NewTurn::said(&long)).unwrap();
            assert_eq!(
                customers[0].memory().load_context().unwrap().newest().unwrap().said.as_ref(),
                Some(&long)
            );
            assert!(memory.stats().hot_bytes <= bound);
        }
    });
}

//
#[test]
fn the_hot_buffer_holds_a_bounded_number_of_customers_however_many_there_are() {
    on_every_store(|place| {
        let memory = place.open_with(|builder| builder.hot_bytes(64 << 10));
        let mut most = 0;
        for n in 0..600 {
            let customer = memory.customer(&format!("customer {n}")).unwrap().memory();
            customer.save_turn(NewTurn::said("x")).unwrap();
            customer.load_context().unwrap();
            most = most.max(memory.stats().hot_customers);
        }
        assert!(most < 300, "{most}");
        assert!(memory.stats().hot_bytes <= 64 << 10);
        assert!(memory.stats().evictions >= 300);
    });
}

#[test]
fn a_bound_of_zero_keeps_nothing_and_still_answers() {
    on_every_store(|place| {
        let memory = place.open_with(|builder| builder.hot_bytes(0));
        let alice = memory.customer("alice").unwrap().memory();
        for n in 1..=3 {
            alice.save_turn(NewTurn::said("x")).unwrap();
            assert_eq!(alice.load_context().unwrap().total(), n);
        }
        assert_eq!(
            (memory.stats().hot_customers, memory.stats().hot_bytes, memory.stats().hits),
            (0, 0, 0)
        );
    });
}

// K-19
#[test]
fn invalidate_empties_the_buffer_and_keeps_the_store() {
    on_every_store(|place| {
        let memory = place.open();
        let (alice, bob) =
            (memory.customer("alice").unwrap().memory(), memory.customer("bob").unwrap().memory());
        for customer in [&alice, &bob] {
            customer.save_turn(NewTurn::said("x")).unwrap();
            customer.load_context().unwrap();
        }
        alice.invalidate();
        assert_eq!(memory.stats().hot_customers, 1, "alice only");
        assert_eq!(alice.load_context().unwrap().total(), 1);
        assert_eq!(memory.stats().hot_customers, 2);
        memory.invalidate();
        assert_eq!((memory.stats().hot_customers, memory.stats().hot_bytes), (0, 0));
        let before = memory.stats();
        assert_eq!(
            (alice.load_context().unwrap().total(), bob.load_context().unwrap().total()),
            (1, 1)
        );
        assert_eq!(since(&before, &memory), (0, 2, 0));
    });
}

// K-19
#[test]
fn invalidate_works_through_a_new_customer_handle_too() {
    on_every_store(|place| {
        let memory = place.open();
        save(&memory, "alice", "x");
        let alice = memory.customer("alice").unwrap().memory();
        alice.load_context().unwrap();
        assert_eq!(memory.stats().hot_customers, 1);
        memory.customer("alice").unwrap().memory().invalidate();
        assert_eq!(memory.stats().hot_customers, 0);
    });
}

#[test]
fn a_context_is_a_moment_that_does_not_change() {
    on_every_store(|place| {
        let memory = place.open();
        let alice = memory.customer("alice").unwrap().memory();
        let empty = alice.load_context().unwrap();
        let first = alice.save_turn(NewTurn::said("a")).unwrap();
        let one = alice.load_context().unwrap();
        let copy = one.clone();
        alice.answer(first.id, NewAnswer::new("b")).unwrap();
        alice.save_turn(NewTurn::said("c")).unwrap();
        let two = alice.load_context().unwrap();
        alice.clear().unwrap();
        memory.invalidate();
        memory.close().unwrap();
        assert!(empty.is_empty());
        for one in [one, copy] {
            assert_eq!((one.len(), one.total()), (1, 1));
            assert_eq!(turns_of(&one), [first.clone()]);
        }
        assert_eq!((two.len(), two.get(0).unwrap().answer.as_deref()), (2, Some("b")));
        assert_eq!(alice.load_context().unwrap().total(), 0);
    });
}

#[test]
fn two_handles_see_each_others_turns_at_once_in_both_directions() {
    on_every_store(|place| {
        let handles = [place.open(), place.open()];
        let alice: Vec<_> =
            handles.iter().map(|memory| memory.customer("alice").unwrap().memory()).collect();
        for round in 0..60 {
            let (writer, reader) = (&alice[round % 2], &alice[(round + 1) % 2]);
            let turn = writer.save_turn(NewTurn::said("x")).unwrap();
            let context = reader.load_context().unwrap();
            assert_eq!((context.total(), context.newest()), (round as u64 + 1, Some(&turn)));
            let answered = reader.answer(turn.id, NewAnswer::new("y")).unwrap();
            let context = writer.load_context().unwrap();
            assert_eq!((context.total(), context.newest()), (round as u64 + 1, Some(&answered)));
        }
    });
}

#[test]
fn an_answer_to_an_old_turn_and_a_clear_are_seen_by_the_other_handle_at_once() {
    on_every_store(|place| {
        let (first, second) = (place.open(), place.open());
        let (writer, reader) =
            (first.customer("alice").unwrap().memory(), second.customer("alice").unwrap().memory());
        let turns = writer.save_turns(&[NewTurn::said("x"); 60]).unwrap();
        reader.load_context().unwrap();
        for turn in turns[10..].iter().rev() {
            writer.answer(turn.id, NewAnswer::new("y")).unwrap();
            let context = reader.load_context().unwrap();
            let place = (turn.id.number() - 11) as usize;
            assert!(context.get(place).unwrap().is_answered());
        }
        writer.clear().unwrap();
        assert!(reader.load_context().unwrap().is_empty());
        reader.save_turn(NewTurn::said("new")).unwrap();
        assert_eq!(said(writer.load_context().unwrap().turns()), ["new"]);
        assert_eq!(writer.load_context().unwrap().total(), 1);
        reader.clear().unwrap();
        let turn = reader.save_turn(NewTurn::said("newer")).unwrap();
        assert_eq!(turns_of(&writer.load_context().unwrap()), [turn]);
    });
}

#[test]
fn a_clear_by_another_handle_is_counted_however_many_turns_were_saved_since() {
    on_every_store(|place| {
        let memory = place.open_with(|builder| builder.hot_turns(2));
        let alice = memory.customer("alice").unwrap().memory();
        alice.save_turns(&[NewTurn::said("old"); 3]).unwrap();
        assert_eq!(alice.load_context().unwrap().total(), 3);
        place.open().customer("alice").unwrap().memory().clear().unwrap();
        alice.save_turn(NewTurn::said("new 1")).unwrap();
        alice.save_turn(NewTurn::said("new 2")).unwrap();
        let context = alice.load_context().unwrap();
        assert_eq!((context.total(), said(context.turns())), (2, texts("new", 2)));
    });
}

#[test]
fn handles_in_one_process_agree_however_their_calls_are_interleaved() {
    on_every_store(|_| {
        with_seeds(6, |seed| {
            let place = Place::sqlite();
            let mut rng = Rng::new(seed);
            let mut handles = [place.open(), place.open_with(|builder| builder.hot_turns(3))];
            let names = ["alice", "bob"];
            let mut model: [Vec<Turn>; 2] = Default::default();
            for step in 0..300 {
                let (handle, who) = (rng.below(2), rng.below(2));
                let memory = handles[handle].customer(names[who]).unwrap().memory();
                match rng.below(20) {
                    0..7 => model[who]
                        .push(memory.save_turn(NewTurn::said(&format!("step {step}"))).unwrap()),
                    7..11 if !model[who].is_empty() => {
                        let at = rng.below(model[who].len());
                        if !model[who][at].is_answered() {
                            let answered =
                                memory.answer(model[who][at].id, NewAnswer::new("y")).unwrap();
                            model[who][at] = answered;
                        }
                    }
                    11 if rng.chance(30) => {
                        assert_eq!(memory.clear().unwrap(), model[who].len() as u64);
                        model[who].clear();
                    }
                    12 => memory.invalidate(),
                    13 if rng.chance(20) => {
                        let turns = if handle == 0 { 50 } else { 3 };
                        handles[handle] = place.open_with(|builder| builder.hot_turns(turns));
                    }
                    _ => {}
                }
                for (handle, turns) in [(0, 50), (1, 3)] {
                    let context = handles[handle]
                        .customer(names[who])
                        .unwrap()
                        .memory()
                        .load_context()
                        .unwrap();
                    let all = &model[who];
                    assert_eq!(context.total(), all.len() as u64, "step {step}");
                    assert_eq!(
                        turns_of(&context),
                        all[all.len().saturating_sub(turns)..],
                        "step {step}"
                    );
                }
            }
        });
    });
}

#[test]
fn handles_that_are_kept_agree_however_their_calls_are_interleaved() {
    on_every_store(|_| {
        with_seeds(6, |seed| {
            let place = Place::sqlite();
            let mut rng = Rng::new(seed);
            let open = [place.open(), place.open()];
            let alice: Vec<_> =
                open.iter().map(|memory| memory.customer("alice").unwrap().memory()).collect();
            let mut model: Vec<Turn> = Vec::new();
            for step in 0..300 {
                let memory = &alice[rng.below(2)];
                match rng.below(12) {
                    0..4 => model
                        .push(memory.save_turn(NewTurn::said(&format!("step {step}"))).unwrap()),
                    4..7 if !model.is_empty() => {
                        let at = rng.below(model.len());
                        if !model[at].is_answered() {
                            model[at] = memory.answer(model[at].id, NewAnswer::new("y")).unwrap();
                        }
                    }
                    7 if rng.chance(15) => {
                        memory.clear().unwrap();
                        model.clear();
                    }
                    _ => {
                        let context = memory.load_context().unwrap();
                        assert_eq!(context.total(), model.len() as u64, "step {step}");
                        assert_eq!(
                            turns_of(&context),
                            model[model.len().saturating_sub(50)..],
                            "step {step}"
                        );
                    }
                }
            }
        });
    });
}

// K-20
#[test]
fn every_thread_reads_what_it_wrote_and_nothing_is_lost_or_doubled() {
    on_every_store(|place| {
        let handles = [place.open(), place.open()];
        let acknowledged = Mutex::new(BTreeSet::new());
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (memory, acknowledged) = (&handles[thread % 2], &acknowledged);
                scope.spawn(move || {
                    let shared = memory.customer("shared").unwrap().memory();
                    let own = memory.customer(&format!("own {thread}")).unwrap().memory();
                    for step in 0..60 {
                        let text = format!("{thread} {step}");
                        for memory in [&shared, &own] {
                            let turn = memory.save_turn(NewTurn::said(&text)).unwrap();
                            let context = memory.load_context().unwrap();
                            assert!(context.total() >= u64::from(turn.id.number()));
                            // 50 turns hold whatever seven others saved meanwhile, nearly always.
                            let gone = context.get(0).unwrap().id > turn.id;
                            assert!(
                                gone || context.turns().any(|seen| *seen == turn),
                                "{text} is not seen"
                            );
                        }
                        acknowledged.lock().unwrap().insert(text);
                    }
                    assert_eq!(own.load_context().unwrap().total(), 60);
                });
            }
        });
        let memory = place.open();
        let all = archive(&memory.customer("shared").unwrap(), 100);
        let numbers: Vec<u32> = all.iter().map(|turn| turn.id.number()).collect();
        assert_eq!(numbers, (1..=480).collect::<Vec<_>>());
        let stored: BTreeSet<String> = said(&all).into_iter().collect();
        assert_eq!(stored, acknowledged.into_inner().unwrap());
        for thread in 0..8 {
            let expected: Vec<String> = (0..60).map(|step| format!("{thread} {step}")).collect();
            let own = memory.customer(&format!("own {thread}")).unwrap();
            assert_eq!(said(&archive(&own, 100)), expected);
            let of_thread = all
                .iter()
                .filter(|turn| turn.said.as_ref().unwrap().starts_with(&format!("{thread} ")));
            assert_eq!(said(of_thread), expected, "a thread's own order is kept");
        }
        for memory in &handles {
            let context = memory.customer("shared").unwrap().memory().load_context().unwrap();
            assert_eq!(turns_of(&context), all[430..]);
        }
    });
}

// K-20
#[test]
fn answers_and_clears_of_many_threads_leave_buffer_and_store_alike() {
    on_every_store(|place| {
        let memory = place.open();
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let memory = &memory;
                scope.spawn(move || {
                    let name = format!("customer {}", thread % 3);
                    let customer = memory.customer(&name).unwrap().memory();
                    for step in 0..50 {
                        let turn = customer.save_turn(NewTurn::said("x")).unwrap();
                        let answered = customer.answer(turn.id, NewAnswer::new("y"));
                        assert!(
                            answered.is_ok()
                                || answered
                                    .is_err_and(|e| e.kind() == confidant::ErrorKind::NotFound)
                        );
                        customer.load_context().unwrap();
                        if step % 17 == 16 && thread < 3 {
                            customer.clear().unwrap();
                        }
                    }
                });
            }
        });
        for n in 0..3 {
            let hot =
                memory.customer(&format!("customer {n}")).unwrap().memory().load_context().unwrap();
            let cold = place
                .open()
                .customer(&format!("customer {n}"))
                .unwrap()
                .memory()
                .load_context()
                .unwrap();
            assert_eq!((hot.total(), turns_of(&hot)), (cold.total(), turns_of(&cold)));
        }
    });
}

//
#[test]
fn by_default_fifty_turns_are_hot_for_thirty_minutes() {
    on_every_store(|place| {
        let memory = place.open();
        for text in texts("question", 51) {
            save(&memory, "alice", &text);
        }
        let alice = memory.customer("alice").unwrap().memory();
        assert_eq!(alice.load_context().unwrap().len(), 50);
        let before = memory.stats();
        place.clock.advance(30 * MINUTE - 1);
        alice.load_context().unwrap();
        assert_eq!(since(&before, &memory), (1, 0, 0));
        place.clock.advance(1);
        alice.load_context().unwrap();
        assert_eq!(since(&before, &memory), (1, 1, 0));
    });
}
