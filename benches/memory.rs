//! The figures of the memory, one JSON line each, floor and ours alternating in one process.
//!
//! `cargo bench --bench memory [-- --only NAME] [--dir FOLDER] [--data FOLDER]`. The folder
//! should lie on a real disk (default: the target folder). Figures that need the development
//! data say so when it is absent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions, missing_docs)]

use confidant::{Channel, Confidant, NewTurn, PersistentBufferMemory, PreferenceExtractor, Turn};
use std::hint::black_box;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(path) = option(&arguments, "--open-child") {
        return open_child(&path);
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-memory");
    let folder = option(&arguments, "--dir").map_or(target, PathBuf::from);
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = option(&arguments, "--data").map_or(shared, PathBuf::from);
    let only = option(&arguments, "--only");
    type Bench<'a> = (&'a str, &'a dyn Fn(&Path));
    let benches: [Bench<'_>; 6] = [
        ("save", &save),
        ("threads", &threads),
        ("load", &load),
        ("preferences", &preferences),
        ("open", &open),
        ("saved", &|folder| saved(folder, &data)),
    ];
    for (name, bench) in benches {
        if only.as_deref().is_none_or(|only| only == name) {
            let folder = folder.join(name);
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            bench(&folder);
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
}

fn option(arguments: &[String], name: &str) -> Option<String> {
    let place = arguments.iter().position(|argument| argument == name)?;
    arguments.get(place + 1).cloned()
}

/// Prints one figure; the floor was measured in the same process.
fn figure(name: &str, value: f64, unit: &str, floor: Option<f64>) {
    let (floor, ratio) = match floor {
        Some(floor) => (format!("{floor:.3}"), format!("{:.3}", value / floor)),
        None => ("null".to_owned(), "null".to_owned()),
    };
    println!(
        r#"{{"figure":"{name}","value":{value:.3},"unit":"{unit}","floor":{floor},"ratio":{ratio}}}"#
    );
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

    fn quantile_us(&mut self, quantile: f64) -> f64 {
        self.0.sort_unstable();
        let place = ((self.0.len() as f64 * quantile) as usize).min(self.0.len() - 1);
        self.0[place].as_secs_f64() * 1e6
    }
}

/// Support talk of our own, different in every turn: two halves of about 150 bytes.
struct Talk(u64);

impl Talk {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[(self.next() % from.len() as u64) as usize]
    }

    fn turn(&mut self) -> (String, String) {
        let what = [
            "my invoice",
            "the parcel",
            "a password reset",
            "the new router",
            "my subscription",
            "the return label",
        ];
        let when = [
            "since Monday",
            "for three days",
            "after the update",
            "this morning",
            "since my last call",
        ];
        let wish = [
            "Could you please check?",
            "What can I do now?",
            "I need it today.",
            "Please call me back.",
            "Thanks in advance!",
        ];
        let help = [
            "I have looked into it",
            "Let me check that for you",
            "I am sorry about the trouble",
            "Thank you for waiting",
        ];
        let then = [
            "you will get an e-mail within the hour",
            "please try it once more",
            "a colleague takes care of it",
            "the refund is on its way",
        ];
        let (what, when) = (self.pick(&what), self.pick(&when));
        let number = self.next() % 1_000_000;
        let said = format!(
            "Hello, I have a problem with {what} {when}, the number is {number:06}. {} I have written twice about it.",
            self.pick(&wish)
        );
        let answer = format!(
            "{} and found the entry {number:06} about {what}; {}. Is there anything else I can help you with?",
            self.pick(&help),
            self.pick(&then)
        );
        (said, answer)
    }
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Fills a customer's archive quickly.
fn fill(memory: &PersistentBufferMemory, talk: &mut Talk, turns: usize) {
    for start in (0..turns).step_by(1_000) {
        let texts: Vec<(String, String)> =
            (start..turns.min(start + 1_000)).map(|_| talk.turn()).collect();
        let new: Vec<NewTurn<'_>> =
            texts.iter().map(|(said, answer)| NewTurn::said(said).answered(answer)).collect();
        memory.save_turns(&new).unwrap();
    }
}

/// A bare table with the same columns, written by one prepared INSERT a commit.
struct Bare(rusqlite::Connection);

impl Bare {
    fn open(path: &str) -> Bare {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS turns (id INTEGER PRIMARY KEY, \
                 session INTEGER, channel INTEGER, at INTEGER, answered_at INTEGER, confidence INTEGER, resolved INTEGER, \
                 body BLOB)",
            )
            .unwrap();
        Bare(connection)
    }

    fn insert(&self, id: i64, body: &[u8]) {
        let sql =
            "INSERT INTO turns VALUES (?1, 1, 0, 1795253400000, 1795253400000, 900000, 0, ?2)";
        self.0.prepare_cached(sql).unwrap().execute(rusqlite::params![id, body]).unwrap();
    }
}

/// The bodies that a store of ours holds.
fn bodies(path: &str) -> Vec<Vec<u8>> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT body FROM turns").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn save(folder: &Path) {
    const CUSTOMERS: usize = 100;
    const BLOCK: usize = 100;
    let mut talk = Talk(7);
    let sample = path(folder, "sample.db");
    let memory = Confidant::open(&sample).unwrap();
    fill(&memory.customer("sample").unwrap().memory(), &mut talk, 1_000);
    drop(memory);
    let bodies = bodies(&sample);

    let memory = Confidant::open(&path(folder, "ours.db")).unwrap();
    let customers: Vec<_> = (0..CUSTOMERS)
        .map(|n| memory.customer(&format!("customer-{n}")).unwrap().memory())
        .collect();
    let bare = Bare::open(&path(folder, "bare.db"));
    let mut numbers = vec![0_i64; CUSTOMERS];
    let mut bare_insert = |n: usize| {
        let customer = n % CUSTOMERS;
        numbers[customer] += 1;
        bare.insert((customer as i64) << 24 | numbers[customer], &bodies[n % bodies.len()]);
    };
    for (n, customer) in customers.iter().enumerate() {
        fill(customer, &mut talk, 20);
        (0..5).for_each(|_| bare_insert(n));
    }
    let (mut ours, mut floor) = (Times::default(), Times::default());
    for block in 0..120 {
        let timed = block >= 20;
        for n in 0..BLOCK {
            let (said, answer) = talk.turn();
            let turn = NewTurn::said(&said).answered(&answer).confidence(0.9);
            let customer = &customers[(block * BLOCK + n) % CUSTOMERS];
            if timed {
                ours.time(|| customer.save_turn(turn).unwrap())
            } else {
                customer.save_turn(turn).unwrap()
            };
        }
        for n in 0..BLOCK {
            if timed {
                floor.time(|| bare_insert(block * BLOCK + n))
            } else {
                bare_insert(block * BLOCK + n)
            };
        }
    }
    figure("save_turn_full", ours.quantile_us(0.5), "us", Some(floor.quantile_us(0.5)));
    figure("save_turn_full_p99", ours.quantile_us(0.99), "us", Some(floor.quantile_us(0.99)));
}

/// Acknowledged turns a second with so many threads.
fn rate(memory: &Confidant, threads: usize) -> f64 {
    let start = Instant::now();
    let end = Duration::from_millis(1_500);
    let turns: usize = std::thread::scope(|scope| {
        let work = |thread: usize| {
            let customer = memory.customer(&format!("thread-{thread}")).unwrap().memory();
            let mut talk = Talk(thread as u64 + 1);
            let mut turns = 0;
            while start.elapsed() < end {
                let (said, answer) = talk.turn();
                customer.save_turn(NewTurn::said(&said).answered(&answer)).unwrap();
                turns += 1;
            }
            turns
        };
        let threads: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    turns as f64 / start.elapsed().as_secs_f64()
}

fn threads(folder: &Path) {
    let memory = Confidant::open(&path(folder, "ours.db")).unwrap();
    rate(&memory, 8);
    let counts = [1, 8, 32];
    let mut rates = [const { Vec::new() }; 3];
    for _ in 0..5 {
        for (rates, threads) in rates.iter_mut().zip(counts) {
            rates.push(rate(&memory, threads));
        }
    }
    let [one, eight, many] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    figure("save_turn_threads_1", one, "turns/s", None);
    figure("save_turn_threads_8", eight, "turns/s", Some(one));
    figure("save_turn_threads_32", many, "turns/s", Some(one));
}

fn load(folder: &Path) {
    let file = path(folder, "ours.db");
    let memory = Confidant::open(&file).unwrap();
    let mut talk = Talk(11);
    let sizes = [50, 1_000, 10_000];
    let customers: Vec<_> =
        sizes.iter().map(|size| memory.customer(&format!("of-{size}")).unwrap()).collect();
    for other in 0..500 {
        fill(&memory.customer(&format!("other-{other}")).unwrap().memory(), &mut talk, 100);
    }
    for (customer, size) in customers.iter().zip(sizes) {
        fill(&customer.memory(), &mut talk, size);
    }
    let bare = rusqlite::Connection::open(&file).unwrap();
    let sql = "SELECT id, session, channel, at, answered_at, confidence, resolved, body FROM turns \
               WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 50";
    let mut read = bare.prepare(sql).unwrap();
    let mut bare_read = |number: i64| {
        let mut rows =
            read.query(rusqlite::params![number << 24, (number << 24) + 0xff_ffff]).unwrap();
        let mut bytes = 0;
        while let Some(row) = rows.next().unwrap() {
            bytes += row.get_ref(7).unwrap().as_blob().unwrap().to_vec().len();
        }
        black_box(bytes);
    };
    // Customers are numbered as they came: 500 others, then those of the three sizes.
    for (place, (customer, size)) in customers.iter().zip(sizes).enumerate() {
        let (mut ours, mut floor) = (Times::default(), Times::default());
        let customer = customer.memory();
        for _ in 0..2_000 {
            customer.invalidate();
            let context = ours.time(|| customer.load_context().unwrap());
            assert_eq!((context.len(), context.total()), (50, size as u64));
            floor.time(|| bare_read(501 + place as i64));
        }
        figure(
            &format!("load_cold_{size}"),
            ours.quantile_us(0.5),
            "us",
            Some(floor.quantile_us(0.5)),
        );
    }
    drop(read);
    drop((bare, customers));
    let memory = reopened(memory, &file);
    let hot = memory.customer("of-1000").unwrap().memory();
    assert!(memory.stats().alone, "this process should be alone");
    figure("load_hot", each_us(200_000, || hot.load_context().unwrap()), "us", None);
    let by_name = || memory.customer("of-1000").unwrap().memory().load_context().unwrap();
    figure("load_hot_by_name", each_us(100_000, by_name), "us", None);
    let second = Confidant::open(&file).unwrap();
    assert!(!memory.stats().alone);
    figure("load_hot_shared", each_us(50_000, || hot.load_context().unwrap()), "us", None);
    drop(second);
}

/// Opens again, so that nobody else has had the file open since.
fn reopened(memory: Confidant, file: &str) -> Confidant {
    drop(memory);
    Confidant::open(file).unwrap()
}

/// The mean of the best of ten runs, in microseconds a call.
fn each_us<T>(calls: u32, mut work: impl FnMut() -> T) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..10 {
        let start = Instant::now();
        for _ in 0..calls / 10 {
            black_box(work());
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(calls / 10));
    }
    best
}

fn preferences(folder: &Path) {
    let memory = Confidant::open(&path(folder, "ours.db")).unwrap();
    let mut talk = Talk(13);
    let contexts: Vec<_> = (0..100)
        .map(|n| {
            let customer = memory.customer(&format!("customer-{n}")).unwrap().memory();
            fill(&customer, &mut talk, 50);
            customer.load_context().unwrap()
        })
        .collect();
    let extractor = PreferenceExtractor::reference();
    let mut times = Times::default();
    for context in contexts.iter().chain(&contexts).chain(&contexts) {
        let turns: Vec<&Turn> = context.turns().collect();
        times.time(|| black_box(extractor.extract(turns)));
    }
    figure("preferences_50", times.quantile_us(0.5), "us", None);
    let customer = memory.customer("customer-7").unwrap();
    customer.preferences().unwrap();
    figure("preferences_hot", each_us(20_000, || customer.preferences().unwrap()), "us", None);
}

fn open(folder: &Path) {
    let file = path(folder, "ours.db");
    let memory = Confidant::open(&file).unwrap();
    let mut talk = Talk(17);
    for customer in 0..1_000 {
        fill(&memory.customer(&format!("customer-{customer}")).unwrap().memory(), &mut talk, 100);
    }
    drop(memory);
    let (mut opened, mut resident) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--open-child", &file])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut figures = text.split_whitespace().map(|figure| figure.parse::<f64>().unwrap());
        opened.push(figures.next().unwrap());
        resident.push(figures.next().unwrap());
    }
    for (name, unit, mut values) in [("open_ms", "ms", opened), ("open_resident", "MB", resident)] {
        values.sort_by(f64::total_cmp);
        figure(name, values[values.len() / 2], unit, None);
    }
}

/// Opens a store in a process of its own; prints milliseconds and megabytes.
fn open_child(path: &str) {
    let start = Instant::now();
    let memory = Confidant::open(path).unwrap();
    let opened = start.elapsed().as_secs_f64() * 1e3;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| {
        line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()
    });
    println!("{opened} {}", resident.unwrap_or_default() / 1e3);
    drop(memory);
}

/// The share of bytes saved on shop conversations, before and after upkeep.
fn saved(folder: &Path, data: &Path) {
    let file = data.join("support/ecommerce_chats.jsonl");
    let Ok(file) = std::fs::File::open(&file) else {
        println!(r#"{{"figure":"saved_percent_body","skipped":"{} is absent"}}"#, file.display());
        return;
    };
    let memory = Confidant::open(&path(folder, "ours.db")).unwrap();
    for (number, line) in std::io::BufReader::new(file).lines().enumerate() {
        let conversation: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let session = memory
            .customer(&format!("shop-{number}"))
            .unwrap()
            .open_session(Channel::Chat)
            .unwrap();
        let halves = halves(&conversation);
        let new: Vec<NewTurn<'_>> = halves
            .iter()
            .map(|(said, answer)| match (said.as_str(), answer.as_str()) {
                ("", answer) => NewTurn::unasked(answer),
                (said, "") => NewTurn::said(said),
                (said, answer) => NewTurn::said(said).answered(answer).answered_by("agent"),
            })
            .collect();
        session.save_turns(&new).unwrap();
    }
    let percent = |memory: &Confidant| {
        let report = memory.check().unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
        100.0 - 100.0 * report.stored_bytes as f64 / report.text_bytes as f64
    };
    figure("saved_percent_body_before", percent(&memory), "percent", None);
    let start = Instant::now();
    let done = memory.maintain().unwrap();
    assert!(done.trained.is_some());
    figure(
        "maintain_us_per_turn",
        start.elapsed().as_secs_f64() * 1e6 / done.examined as f64,
        "us",
        None,
    );
    figure("saved_percent_body", percent(&memory), "percent", None);
}

/// Joins neighbouring lines of the same side into halves of turns.
fn halves(conversation: &serde_json::Value) -> Vec<(String, String)> {
    let mut turns: Vec<(String, String)> = Vec::new();
    for line in conversation["turns"].as_array().unwrap() {
        let (role, text) = (line["role"].as_str().unwrap(), line["text"].as_str().unwrap());
        let begins =
            turns.last().is_none_or(|(_, answer)| role == "customer" && !answer.is_empty());
        if begins {
            turns.push((String::new(), String::new()));
        }
        let (said, answer) = turns.last_mut().unwrap();
        let half = if role == "customer" { said } else { answer };
        if !half.is_empty() {
            half.push('\n');
        }
        half.push_str(text);
    }
    turns
}
