//! What reading a message costs: all signals of 100 bytes, and learning preferences turn by turn.
//!
//! `cargo bench --bench signals` prints a JSON line for each figure: the median and the 99th
//! percentile in microseconds, the limit if there is one, and the median as a ratio to a floor,
//! which is taking the same message apart at its blanks into words of small letters. `-- --only
//! NAME` measures those whose name holds NAME.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

use confidant::{
    Confidant, Given, NewTurn, PreferenceExtractor, PreferenceState, SignalContext, Signals, redact,
};
use std::hint::black_box;
use std::time::Instant;

const MESSAGES: [&str; 6] = [
    "I was charged twice for my subscription this month, order #10-22317, could you please check that today?",
    "hey, can't log in since yesterday, the app says my password is wrong. this is the third time, pls fix!!",
    "Thank you for the quick answer, the new invoice has arrived at al@example.com and everything is right.",
    "Where is my parcel? It should have been delivered on 21 November and nobody answers the telephone now.",
    "I do not need a refund. I would like to speak to a real person about the terrible service of your shop.",
    "Could you tell me how I can change the shipping address of my account, and how long a return may take?",
];

fn main() {
    let context = SignalContext::new();
    let floor = percentiles(20_000, |round| {
        let words = black_box(MESSAGES[round % MESSAGES.len()]).split_whitespace();
        black_box(words.map(str::to_lowercase).collect::<Vec<_>>());
    })
    .0;
    let measure = |name: &str, limit: Option<f64>, rounds: usize, call: &mut dyn FnMut(usize)| {
        let mut arguments = std::env::args().skip_while(|argument| argument != "--only").skip(1);
        if arguments.next().is_some_and(|only| !name.contains(&only)) {
            return;
        }
        let (p50, p99) = percentiles(rounds, call);
        let limit = limit.map_or_else(|| "null".to_owned(), |limit| limit.to_string());
        println!(
            r#"{{"figure":"{name}","value":{p50:.3},"p99":{p99:.3},"unit":"us","limit":{limit},"floor":{floor:.3},"ratio":{:.2}}}"#,
            p50 / floor
        );
    };
    measure("signals_100_bytes", Some(20.0), 20_000, &mut |round| {
        black_box(Signals::of(black_box(MESSAGES[round % MESSAGES.len()]), &context));
    });
    measure("redact_100_bytes", None, 20_000, &mut |round| {
        black_box(redact(black_box(MESSAGES[round % MESSAGES.len()])));
    });

    let folder = tempfile::tempdir().unwrap();
    let memory = Confidant::open(folder.path().join("bench.db").to_str().unwrap()).unwrap();
    let alice = memory.customer("alice").unwrap();
    for round in 0..50 {
        alice
            .memory()
            .save_turn(NewTurn::said(MESSAGES[round % MESSAGES.len()]).answered("Done."))
            .unwrap();
    }
    let loaded = alice.memory().load_context().unwrap();
    let turns: Vec<_> = loaded.turns().cloned().collect();
    let extractor = PreferenceExtractor::support();
    let mut state = PreferenceState::default();
    measure("learn_a_turn_of_50", None, 20_000, &mut |round| {
        if round % turns.len() == 0 {
            state = PreferenceState::default();
        }
        extractor.learn(&mut state, black_box(&turns[round % turns.len()]));
    });
    turns.iter().for_each(|turn| extractor.learn(&mut state, turn));
    measure("conclude_from_50", None, 5_000, &mut |_| {
        black_box(extractor.conclude(black_box(&state)));
    });
    measure("learn_a_turn_and_conclude", Some(10.0), 20_000, &mut |round| {
        if round % turns.len() == 0 {
            state = PreferenceState::default();
        }
        extractor.learn(&mut state, black_box(&turns[round % turns.len()]));
        black_box(extractor.conclude(black_box(&state)));
    });
    let given = Given::of(&turns);
    measure("draft_asks_again", Some(50.0), 20_000, &mut |_| {
        black_box(given.asked_again(black_box(
            "I am sorry. Could you please provide your order number and your e-mail address?",
        )));
    });
}

/// The median and the 99th percentile of some calls, in microseconds.
fn percentiles(rounds: usize, mut call: impl FnMut(usize)) -> (f64, f64) {
    (0..rounds / 10).for_each(&mut call);
    let mut times: Vec<f64> = (0..rounds)
        .map(|round| {
            let begin = Instant::now();
            call(round);
            begin.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[rounds / 2], times[rounds * 99 / 100])
}
