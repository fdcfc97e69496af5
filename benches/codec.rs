//! Measures what packing a turn costs and saves: `cargo bench --bench codec -- [--data DIR]`.
//!
//! Prints one JSON line a figure. The floor is zstd at level 3 without a dictionary, in the
//! same process; `ratio` is value over floor. Records are turns of shop chats: what the
//! customer said, the answer, who answered.

#[allow(dead_code, unused_imports)]
#[path = "../src/codec/mod.rs"]
mod codec;

use codec::{Codec, Trainer, record};
use serde_json::{Value, json};
use std::hint::black_box;
use std::time::Instant;

const DICTIONARY_BYTES: usize = 64 * 1024;
const BOUND: &[u8] = b"a row of 16 byte";

/// One turn of a conversation.
struct Turn {
    customer: u64,
    said: String,
    answer: String,
    record: Vec<u8>,
}

/// The largest record, as in the codec.
const MAX_RECORD_BYTES: usize = 256 * 1024 + 64;

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--data").skip(1);
    let folder = arguments.next().unwrap_or_else(|| "../shared/data".to_owned());
    let path = format!("{folder}/support/ecommerce_chats.jsonl");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!(
            "{}",
            json!({"figure": "skipped", "why": format!("{path} is absent; give --data DIR")})
        );
        return;
    };
    let turns: Vec<Turn> =
        text.lines().enumerate().flat_map(|(at, line)| turns(at as u64, line)).collect();
    let bytes: usize = turns.iter().map(|turn| turn.record.len()).sum();
    figure("record_bytes", bytes as f64 / turns.len() as f64, "B", None);

    let codec = Codec::new();
    codec.use_for_packing(Some(1)).expect("plain is always known");
    let plain = saved(&turns, |turn| codec.pack(&turn.record, BOUND).len());
    codec.use_for_packing(None).expect("the general dictionary is always known");
    figure(
        "saved_before_training",
        saved(&turns, |turn| codec.pack(&turn.record, BOUND).len()),
        "%",
        Some(plain),
    );

    let clock = Instant::now();
    let own = train(turns.iter());
    figure("train_ms", clock.elapsed().as_secs_f64() * 1e3, "ms", None);
    choose(&codec, 16, &own);
    figure(
        "saved_after_training",
        saved(&turns, |turn| codec.pack(&turn.record, BOUND).len()),
        "%",
        Some(plain),
    );
    let mut repacker = codec.repacker().expect("a sound dictionary");
    let repacked = saved(&turns, |turn| repacker.pack(&turn.record, BOUND).len());
    figure("saved_after_training_and_repacking", repacked, "%", Some(plain));
    unseen(&codec, &turns, plain);
    times(&codec, &turns);
}

/// What a dictionary saves on conversations that it was not trained on.
fn unseen(codec: &Codec, turns: &[Turn], plain: f64) {
    for (figure_name, number, fold) in
        [("saved_unseen_fold_0", 17, 0), ("saved_unseen_fold_1", 18, 1)]
    {
        choose(codec, number, &train(turns.iter().filter(|turn| turn.customer % 2 == fold)));
        let mut repacker = codec.repacker().expect("a sound dictionary");
        let rest = turns.iter().filter(|turn| turn.customer % 2 != fold);
        figure(
            figure_name,
            saved(rest, |turn| repacker.pack(&turn.record, BOUND).len()),
            "%",
            Some(plain),
        );
    }
    let first: Vec<&Turn> = turns.iter().take(2_000).collect();
    choose(codec, 19, &train(first.iter().copied()));
    let rest = || turns.iter().skip(2_000);
    figure(
        "saved_unseen_after_2000_turns",
        saved(rest(), |t| codec.pack(&t.record, BOUND).len()),
        "%",
        Some(plain),
    );
    codec.use_for_packing(Some(16)).expect("added above");
}

/// What one call costs: the median of each record's best of five.
fn times(codec: &Codec, turns: &[Turn]) {
    let mut plain = zstd::bulk::Compressor::new(3).expect("zstd makes a context");
    let floor = p50_us(turns, |turn| plain.compress(&turn.record).expect("zstd compresses"));
    figure("pack_us", p50_us(turns, |turn| codec.pack(&turn.record, BOUND)), "us", Some(floor));
    let mut repacker = codec.repacker().expect("a sound dictionary");
    figure(
        "repack_us",
        p50_us(turns, |turn| repacker.pack(&turn.record, BOUND)),
        "us",
        Some(floor),
    );

    let frames: Vec<_> =
        turns.iter().map(|turn| plain.compress(&turn.record).expect("zstd compresses")).collect();
    let stored: Vec<_> = turns.iter().map(|turn| codec.pack(&turn.record, BOUND)).collect();
    let mut bare = zstd::bulk::Decompressor::new().expect("zstd makes a context");
    let floor =
        p50_us(&frames, |frame| bare.decompress(frame, MAX_RECORD_BYTES).expect("just compressed"));
    let unpack = p50_us(&stored, |stored| codec.unpack(stored, BOUND).expect("just packed"));
    figure("unpack_us", unpack, "us", Some(floor));
}

fn p50_us<T, R>(items: &[T], mut call: impl FnMut(&T) -> R) -> f64 {
    let mut best: Vec<f64> = vec![f64::MAX; items.len()];
    for _ in 0..5 {
        for (item, best) in items.iter().zip(&mut best) {
            let clock = Instant::now();
            black_box(call(black_box(item)));
            *best = best.min(clock.elapsed().as_secs_f64() * 1e6);
        }
    }
    best.sort_unstable_by(f64::total_cmp);
    best[best.len() / 2]
}

fn saved<'a>(
    turns: impl IntoIterator<Item = &'a Turn>,
    mut packed_bytes: impl FnMut(&Turn) -> usize,
) -> f64 {
    let (mut raw, mut packed) = (0, 0);
    for turn in turns {
        raw += turn.record.len();
        packed += packed_bytes(turn);
    }
    100.0 * (1.0 - packed as f64 / raw as f64)
}

fn train<'a>(turns: impl Iterator<Item = &'a Turn>) -> Vec<u8> {
    let mut trainer = Trainer::default();
    for turn in turns {
        trainer.add(turn.customer, &turn.said);
        trainer.add(turn.customer, &turn.answer);
    }
    trainer.finish(DICTIONARY_BYTES).expect("enough text")
}

fn choose(codec: &Codec, number: u8, dictionary: &[u8]) {
    codec.add_dictionary(number, dictionary).expect("a sound dictionary");
    codec.use_for_packing(Some(number)).expect("just added");
}

fn figure(name: &str, value: f64, unit: &str, floor: Option<f64>) {
    let ratio = floor.map(|floor| value / floor);
    println!(
        "{}",
        json!({"figure": name, "value": value, "unit": unit, "floor": floor, "ratio": ratio})
    );
}

/// Consecutive lines of the customer are one `said`, the agent's after them its `answer`.
fn turns(customer: u64, line: &str) -> Vec<Turn> {
    let conversation: Value = serde_json::from_str(line).expect("JSON Lines");
    let mut halves: Vec<(Vec<&str>, Vec<&str>)> = Vec::new();
    for turn in conversation["turns"].as_array().expect("turns") {
        let text = turn["text"].as_str().expect("text");
        let is_customer = turn["role"] == "customer";
        if halves.last().is_none_or(|(_, answer)| is_customer && !answer.is_empty()) {
            halves.push(Default::default());
        }
        if let Some((said, answer)) = halves.last_mut() {
            if is_customer { said.push(text) } else { answer.push(text) }
        }
    }
    halves
        .into_iter()
        .map(|(said, answer)| turn(customer, said.join("\n"), answer.join("\n")))
        .collect()
}

fn turn(customer: u64, said: String, answer: String) -> Turn {
    let fields: [(u8, &[u8]); 3] = [(1, said.as_bytes()), (2, answer.as_bytes()), (3, b"agent")];
    let present = match (said.is_empty(), answer.is_empty()) {
        (_, true) => &fields[..1],
        (true, _) => &fields[1..],
        _ => &fields[..],
    };
    let mut record = Vec::new();
    record::encode(present, &mut record);
    Turn { customer, said, answer, record }
}
