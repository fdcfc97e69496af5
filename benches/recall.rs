//! The figures of recall, one JSON line each.
//!
//! `cargo bench --bench recall [-- --only NAME] [--dir FOLDER] [--data FOLDER]`. The texts are
//! the shop chats of the development data; without those the bench says so and uses talk of
//! its own. Quality is measured by `examples/eval_recall`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions, missing_docs)]

use confidant::{
    Channel, Confidant, ContextRequest, Customer, EstimatedTokens, NewDocument, NewTurn,
    RecallQuery, TokenCounter,
};
use std::hint::black_box;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const QUESTIONS: [&str; 12] = [
    "did they ever send the reset mail?",
    "where is my refund for the broken headphones",
    "can I change the delivery address",
    "what was the order number of the jacket",
    "the discount code did not work at checkout",
    "how long does the return take",
    "was the payment charged twice",
    "they promised a call back yesterday",
    "the shoes are too small, exchange please",
    "cancel my order before it ships",
    "is the warranty still valid",
    "my account is locked after the update",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-recall");
    let folder = option(&arguments, "--dir").map_or(target, PathBuf::from);
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = option(&arguments, "--data").map_or(shared, PathBuf::from);
    let only = option(&arguments, "--only");
    let talk = Talk::read(&data);
    type Bench<'a> = (&'a str, &'a dyn Fn(&Path, &Talk));
    let benches: [Bench<'_>; 9] = [
        ("build", &build),
        ("recall", &recall),
        ("sessions", &sessions),
        ("save", &save),
        ("context", &context),
        ("neighbours", &others),
        ("documents", &documents),
        ("tokens", &tokens),
        ("embed", &embed),
    ];
    for (name, bench) in benches {
        if only.as_deref().is_none_or(|only| only == name) {
            let folder = folder.join(name);
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            bench(&folder, &talk);
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
}

fn option(arguments: &[String], name: &str) -> Option<String> {
    let place = arguments.iter().position(|argument| argument == name)?;
    arguments.get(place + 1).cloned()
}

fn figure(name: &str, value: f64, unit: &str, limit: Option<f64>) {
    let limit = limit.map_or("null".to_owned(), |limit| limit.to_string());
    println!(r#"{{"figure":"{name}","value":{value:.3},"unit":"{unit}","limit":{limit}}}"#);
}

/// Turns of two halves.
struct Talk(Vec<(String, String)>);

impl Talk {
    fn read(data: &Path) -> Talk {
        let path = data.join("support/ecommerce_chats.jsonl");
        let Ok(file) = std::fs::File::open(&path) else {
            println!(
                r#"{{"note":"{} is absent: the figures are of made-up talk"}}"#,
                path.display()
            );
            return Talk::made_up();
        };
        let mut turns = Vec::new();
        for line in std::io::BufReader::new(file).lines() {
            let chat: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            for pair in chat["turns"].as_array().unwrap().chunks(2) {
                let text = |at: usize| {
                    pair.get(at)
                        .map_or(String::new(), |turn| turn["text"].as_str().unwrap().to_owned())
                };
                turns.push((text(0), text(1)));
            }
        }
        Talk(turns)
    }

    fn made_up() -> Talk {
        let things = [
            "parcel",
            "invoice",
            "refund",
            "password",
            "headphones",
            "jacket",
            "router",
            "voucher",
        ];
        let states =
            ["lost", "late", "wrong", "broken", "blue", "paid twice", "locked", "too small"];
        let turn = |n: usize| {
            let (thing, state) = (things[n % 8], states[n / 8 % 8]);
            let said =
                format!("Hello, my {thing} of order {} is {state} since day {}.", n * 31, n % 28);
            (
                said,
                format!(
                    "I am sorry that the {thing} is {state}. I have opened case {n} and will write to you."
                ),
            )
        };
        Talk((0..9_000).map(turn).collect())
    }

    fn turn(&self, number: usize) -> (&str, &str) {
        let (said, answer) = &self.0[number % self.0.len()];
        (said, answer)
    }

    /// So many texts of at least so many bytes, by hardly more, of the talk's words in their order.
    fn texts(&self, bytes: usize, count: usize) -> Vec<String> {
        let mut words = self
            .0
            .iter()
            .flat_map(|(said, answer)| said.split(' ').chain(answer.split(' ')))
            .cycle();
        let text = |_| {
            let mut text = String::new();
            while text.len() < bytes {
                text.push_str(words.next().unwrap());
                text.push(' ');
            }
            text
        };
        (0..count).map(text).collect()
    }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

fn fill(customer: &Customer, talk: &Talk, from: usize, turns: usize) {
    for start in (from..from + turns).step_by(500) {
        let end = (start + 500).min(from + turns);
        let new: Vec<NewTurn<'_>> = (start..end)
            .map(|number| {
                let (said, answer) = talk.turn(number);
                NewTurn::said(said).answered(answer)
            })
            .collect();
        customer.memory().save_turns(&new).unwrap();
    }
}

/// Saves turns that nobody answered.
fn say(customer: &Customer, texts: &[String]) {
    for part in texts.chunks(500) {
        let new: Vec<NewTurn<'_>> = part.iter().map(|text| NewTurn::said(text)).collect();
        customer.memory().save_turns(&new).unwrap();
    }
}

/// Durations of single calls.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = work();
        self.0.push(start.elapsed());
        value
    }

    fn us(&mut self, quantile: f64) -> f64 {
        self.0.sort_unstable();
        let place = ((self.0.len() as f64 * quantile) as usize).min(self.0.len() - 1);
        self.0[place].as_secs_f64() * 1e6
    }
}

/// Building the index of 1,000 turns: the first question of all less a later one, and what
/// it takes in memory; the archive is read from the store meanwhile. Turns as the chats have
/// them, 321 bytes on average, of 120 bytes, and with letters that English has not.
fn build(folder: &Path, talk: &Talk) {
    let foreign = Talk(
        talk.0.iter().map(|(said, answer)| (with_umlauts(said), with_umlauts(answer))).collect(),
    );
    for turns in [50, 1_000, 10_000] {
        for name in ["", "_of_120_bytes", "_with_umlauts"] {
            let memory =
                Confidant::open(&path(folder, &format!("build-{turns}{name}.db"))).unwrap();
            let customer = memory.customer("7").unwrap();
            match name {
                "" => fill(&customer, talk, 0, turns),
                "_of_120_bytes" => say(&customer, &talk.texts(120, turns)),
                _ => fill(&customer, &foreign, 0, turns),
            }
            let query = RecallQuery::new(QUESTIONS[0]);
            let (mut first, mut read) = (Times::default(), Times::default());
            for _ in 0..if turns > 5_000 { 3 } else { 15 } {
                customer.memory().invalidate();
                customer.memory().load_context().unwrap();
                first.time(|| customer.recall(&query).unwrap());
                read.time(|| customer.memory().turns(confidant::Page::first(turns)).unwrap());
            }
            let per_thousand = 1_000.0 / turns as f64 / 1e3;
            let bytes = memory.stats().cache_bytes() as f64 / turns as f64;
            let built = first.us(0.0) * per_thousand;
            figure(&format!("build_ms_per_1000_turns_of_{turns}{name}"), built, "ms", Some(2.0));
            figure(
                &format!("of_that_reading_the_store_{turns}{name}"),
                read.us(0.0) * per_thousand,
                "ms",
                None,
            );
            figure(&format!("bytes_a_turn_of_{turns}{name}"), bytes, "B", Some(300.0));
        }
    }
}

/// The text with about as many letters of other languages as a German one has.
fn with_umlauts(text: &str) -> String {
    let letter = |c| match c {
        'v' => '\u{f6}',
        'p' => '\u{fc}',
        'x' | 'q' => '\u{e4}',
        c => c,
    };
    text.chars().map(letter).collect()
}

fn recall(folder: &Path, talk: &Talk) {
    for (turns, limit) in [(50, 50.0), (1_000, 1_000.0), (10_000, 1_000.0)] {
        let memory = Confidant::open(&path(folder, &format!("recall-{turns}.db"))).unwrap();
        let customer = memory.customer("7").unwrap();
        fill(&customer, talk, 0, turns);
        let (p50, p99) = ask(&customer);
        figure(&format!("recall_us_over_{turns}_p50"), p50, "us", Some(limit));
        figure(&format!("recall_us_over_{turns}_p99"), p99, "us", None);
    }
}

/// Two sessions that are spoken in by turns, so that no turn stands beside another of its own.
fn sessions(folder: &Path, talk: &Talk) {
    let memory = Confidant::open(&path(folder, "sessions.db")).unwrap();
    let customer = memory.customer("7").unwrap();
    let sessions =
        [Channel::Chat, Channel::Email].map(|channel| customer.open_session(channel).unwrap());
    for number in 0..10_000 {
        let (said, answer) = talk.turn(number);
        sessions[number % 2].save_turn(NewTurn::said(said).answered(answer)).unwrap();
    }
    figure(
        "recall_us_over_10000_of_two_sessions_by_turns_p50",
        ask(&customer).0,
        "us",
        Some(1_000.0),
    );
}

/// Asks every question often, the index warm.
fn ask(customer: &Customer) -> (f64, f64) {
    let mut times = Times::default();
    for round in 0..42 {
        for question in QUESTIONS {
            let query = RecallQuery::new(question);
            if round < 2 {
                black_box(customer.recall(&query).unwrap());
            } else {
                times.time(|| black_box(customer.recall(&query).unwrap()));
            }
        }
    }
    (times.us(0.5), times.us(0.99))
}

/// Saving with the index warm and without one, in turn.
fn save(folder: &Path, talk: &Talk) {
    let memory = Confidant::open(&path(folder, "save.db")).unwrap();
    let [warm, cold, third] = ["warm", "cold", "third"].map(|name| memory.customer(name).unwrap());
    for customer in [&warm, &cold, &third] {
        fill(customer, talk, 0, 1_000);
        customer.memory().load_context().unwrap();
    }
    let (mut with, mut without) = (Times::default(), Times::default());
    for number in 0..800 {
        let (said, answer) = talk.turn(number);
        // Both saves follow a question, so that neither finds warmer caches or a busier disk.
        let sides = [(&warm, &warm, &mut with), (&cold, &third, &mut without)];
        let first = number % 2;
        let mut sides = sides.map(Some);
        for place in [first, 1 - first] {
            let Some((customer, asked, times)) = sides[place].take() else { continue };
            asked.recall(&RecallQuery::new(QUESTIONS[number % QUESTIONS.len()])).unwrap();
            times.time(|| {
                customer.memory().save_turn(NewTurn::said(said).answered(answer)).unwrap()
            });
        }
    }
    figure("save_us_more_with_the_index_warm", with.us(0.5) - without.us(0.5), "us", Some(10.0));
    figure("save_us_without", without.us(0.5), "us", None);
}

fn context(folder: &Path, talk: &Talk) {
    let memory = Confidant::open(&path(folder, "context.db")).unwrap();
    let customer = memory.customer("7").unwrap();
    fill(&customer, talk, 0, 10_000);
    let mut times = Times::default();
    for round in 0..84 {
        for question in QUESTIONS {
            let request = ContextRequest::new(question, 2_000);
            let assembled = if round < 2 {
                customer.assemble(&request).unwrap()
            } else {
                times.time(|| customer.assemble(&request).unwrap())
            };
            assert!(EstimatedTokens::default().tokens(assembled.text()) <= 2_000);
        }
    }
    figure("context_us_p50", times.us(0.5), "us", Some(100.0));
    figure("context_us_p99", times.us(0.99), "us", Some(1_000.0));
}

/// Guessing the tokens of a context of about 2,000.
fn tokens(_: &Path, talk: &Talk) {
    let counter = EstimatedTokens::default();
    let mut text = String::new();
    for number in 0.. {
        let (said, answer) = talk.turn(number);
        text.push_str(&format!("[2026-11-21] Customer: {said}\nAgent: {answer}\n\n"));
        if counter.tokens(&text) >= 2_000 {
            break;
        }
    }
    let mut times = Times::default();
    for _ in 0..2_000 {
        times.time(|| black_box(counter.tokens(black_box(&text))));
    }
    figure("tokens_us_per_2000", times.us(0.5), "us", None);
    figure("tokens_us_per_kb", times.us(0.5) * 1_024.0 / text.len() as f64, "us", None);
}

/// What 120 bytes more a turn cost when an index is built: to decode, to take apart, to count and
/// to embed, so more than embedding alone.
fn embed(folder: &Path, talk: &Talk) {
    const TURNS: usize = 2_000;
    let memory = Confidant::open(&path(folder, "embed.db")).unwrap();
    let mut best = Vec::new();
    for bytes in [120, 240] {
        let customer = memory.customer(&bytes.to_string()).unwrap();
        say(&customer, &talk.texts(bytes, TURNS));
        let built = (0..12).map(|_| {
            customer.memory().invalidate();
            let start = Instant::now();
            black_box(customer.recall(&RecallQuery::new("refund")).unwrap());
            start.elapsed().as_secs_f64() * 1e6
        });
        best.push(built.fold(f64::INFINITY, f64::min));
    }
    figure("read_and_embed_120_bytes_us", (best[1] - best[0]) / TURNS as f64, "us", Some(5.0));
}

/// One customer among 1,000 and among 1,000,000 turns of others.
/// The same customer in two files, one of them full of others; asked in turn, so that a machine
/// that changes its pace does so for both.
fn others(folder: &Path, talk: &Talk) {
    let sizes = [1_000, 1_000_000];
    let memories = sizes.map(|turns| {
        let memory = Confidant::open(&path(folder, &format!("others-{turns}.db"))).unwrap();
        fill(&memory.customer("7").unwrap(), talk, 0, 500);
        for from in (0..turns).step_by(1_000) {
            fill(&memory.customer(&format!("other {}", from / 1_000)).unwrap(), talk, from, 1_000);
        }
        memory
    });
    let customers = memories.each_ref().map(|memory| memory.customer("7").unwrap());
    let mut best = [f64::INFINITY; 2];
    for _ in 0..5 {
        for (best, customer) in best.iter_mut().zip(&customers) {
            *best = best.min(ask(customer).0);
        }
    }
    for (turns, us) in sizes.iter().zip(best) {
        figure(&format!("recall_us_beside_{turns}_turns_of_others"), us, "us", None);
    }
    figure(
        "recall_slower_beside_a_million",
        (best[1] / best[0] - 1.0) * 100.0,
        "percent",
        Some(10.0),
    );
}

fn documents(folder: &Path, talk: &Talk) {
    let memory = Confidant::open(&path(folder, "documents.db")).unwrap();
    let notes = memory.tenant("acme").unwrap().collection("notes").unwrap();
    for start in (0..100_000).step_by(1_000) {
        let texts: Vec<(String, String)> = (start..start + 1_000)
            .map(|number| {
                let (said, answer) = talk.turn(number);
                let text = if (number / talk.0.len()).is_multiple_of(2) { said } else { answer };
                (number.to_string(), format!("{text} ({number})"))
            })
            .collect();
        let new: Vec<NewDocument<'_>> =
            texts.iter().map(|(key, text)| NewDocument::new(key, text)).collect();
        notes.put_all(&new).unwrap();
    }
    let start = Instant::now();
    notes.search(QUESTIONS[0], 5, None).unwrap();
    figure("documents_100000_first_search_ms", start.elapsed().as_secs_f64() * 1e3, "ms", None);
    let mut times = Times::default();
    for round in 0..12 {
        for question in QUESTIONS {
            if round < 2 {
                notes.search(question, 5, None).unwrap();
            } else {
                times.time(|| black_box(notes.search(question, 5, None).unwrap()));
            }
        }
    }
    figure("documents_100000_search_us_p50", times.us(0.5), "us", Some(5_000.0));
    figure("documents_100000_search_us_p99", times.us(0.99), "us", None);
    notes.snapshot().unwrap();
    drop((notes, memory));
    let memory = Confidant::open(&path(folder, "documents.db")).unwrap();
    let notes = memory.tenant("acme").unwrap().collection("notes").unwrap();
    let start = Instant::now();
    notes.search(QUESTIONS[0], 5, None).unwrap();
    figure(
        "documents_100000_first_search_from_snapshot_ms",
        start.elapsed().as_secs_f64() * 1e3,
        "ms",
        None,
    );
}
