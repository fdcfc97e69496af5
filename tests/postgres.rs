//! What the PostgreSQL engine promises beyond the contract of every store.
//!
//! `eval "$(tests/services.sh start postgres)"`, the same with `pgbouncer`, then
//! `cargo test --features postgres`. Without a server each test says by name that it was
//! skipped; in CI that is a failure.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions, missing_docs)]

use confidant::{Confidant, Durability, ErrorKind, NewTurn, Page, PersistentBufferMemory};
use std::collections::{HashMap, HashSet};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A variable that `tests/services.sh` sets, or a word that the test is skipped.
fn service(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        let name = std::thread::current().name().unwrap_or("a test").to_owned();
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{name}: {variable} is not set");
        println!("skipped: {name}: {variable} is not set");
    }
    value
}

/// A server, and a schema on it that nobody else uses; dropped with its tables.
struct Place {
    server: String,
    schema: String,
}

impl Place {
    fn on(server: &str) -> Place {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Place { server: server.to_owned(), schema: format!("t{}_{number}", std::process::id()) }
    }

    fn new() -> Option<Place> {
        Some(Place::on(&service("CONFIDANT_TEST_POSTGRES")?))
    }

    fn location(&self) -> String {
        self.location_by(&self.server)
    }

    fn location_by(&self, server: &str) -> String {
        format!("{server}?schema={}", self.schema)
    }

    fn open(&self) -> Confidant {
        Confidant::open(&self.location()).expect("opens")
    }

    /// What the server's own client prints.
    fn sql(&self, sql: &str) -> String {
        let run = Command::new("psql")
            .args(["-qAtX", "-v", "ON_ERROR_STOP=1", "-c", sql, &self.server])
            .output();
        let run = run.expect("psql runs");
        assert!(run.status.success(), "{sql}: {}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8_lossy(&run.stdout).trim().to_owned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let sql =
            format!("SET lock_timeout TO 2000; DROP SCHEMA IF EXISTS {} CASCADE", self.schema);
        let _ = Command::new("psql").args(["-qX", "-c", &sql, &self.server]).output();
    }
}

/// A server of the test's own, for what others must not feel.
struct Services(HashMap<String, String>);

impl Services {
    fn script(words: &[&str], environment: &HashMap<String, String>) -> String {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/services.sh");
        let run =
            Command::new(script).args(words).envs(environment).output().expect("the script runs");
        assert!(run.status.success(), "{words:?}: {}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8_lossy(&run.stdout).into_owned()
    }

    fn start(settings: &str) -> Option<Services> {
        service("CONFIDANT_TEST_POSTGRES")?;
        let settings =
            HashMap::from([("CONFIDANT_TEST_POSTGRES_SETTINGS".to_owned(), settings.to_owned())]);
        let said = Services::script(&["start", "postgres"], &settings);
        let variables =
            said.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        Some(Services(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }

    fn url(&self) -> &str {
        &self.0["CONFIDANT_TEST_POSTGRES"]
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        Services::script(&["stop"], &self.0);
    }
}

fn save(memory: &Confidant, customer: &str, text: &str) -> confidant::Result<()> {
    memory.customer(customer)?.memory().save_turn(NewTurn::said(text)).map(|_| ())
}

/// Every text that is stored of a customer, in order.
fn stored(memory: &Confidant, customer: &str) -> Vec<String> {
    let archive = memory.customer(customer).unwrap().memory();
    let (mut texts, mut page) = (Vec::new(), Page::first(1_000));
    loop {
        let turns = archive.turns(page).expect("read");
        let Some(last) = turns.last() else { return texts };
        page = page.after(last.id);
        texts.extend(turns.into_iter().map(|turn| turn.said.unwrap()));
    }
}

fn archive(memory: &Confidant, customer: &str) -> PersistentBufferMemory {
    memory.customer(customer).unwrap().memory()
}

fn hot(archive: &PersistentBufferMemory) -> Vec<String> {
    let context = archive.load_context().expect("loaded");
    context.turns().map(|turn| turn.said.clone().unwrap()).collect()
}

#[test]
fn an_open_that_fails_says_why_and_never_the_password() {
    let Some(place) = Place::new() else { return };
    let server = place.server.replace(":confidant@", ":sesame@");
    let closed = "postgres://confidant:sesame@127.0.0.1:1/postgres".to_owned();
    for (location, kind) in [
        (server.clone(), ErrorKind::Store),
        (closed, ErrorKind::Io),
        (
            place.server.replace("/postgres", "/sesame").replace("sesame", "nosuch"),
            ErrorKind::Store,
        ),
        ("postgres://confidant:sesame@/db".to_owned(), ErrorKind::InvalidArgument),
        (
            "postgres://confidant:sesame@sesame:x@127.0.0.1/db".to_owned(),
            ErrorKind::InvalidArgument,
        ),
        (format!("{server}?schema=Sesame-1"), ErrorKind::InvalidArgument),
        (format!("{server}?sslmode=sesame"), ErrorKind::InvalidArgument),
        (format!("{server}?sslmode=verify-full&sslrootcert=/no/such/file"), ErrorKind::NotFound),
    ] {
        let error = Confidant::open(&location).expect_err("refused");
        assert_eq!(error.kind(), kind, "{location}: {error:?}");
        assert!(!format!("{error} {error:?}").to_lowercase().contains("sesa"), "{error:?}");
    }
    let memory = place.open();
    assert!(
        !memory.location().contains(":confidant@") && memory.location().contains(&place.schema)
    );
}

#[test]
fn a_server_that_may_forget_is_refused_unless_asked_for_by_name() {
    let Some(place) = Place::new() else { return };
    let location = format!("{}&options=-c%20synchronous_commit%3Doff", place.location());
    let error = Confidant::open(&location).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("synchronous_commit=off"), "{error}");
    let memory =
        Confidant::builder().durability(Durability::ProcessCrash).open(&location).expect("opens");
    save(&memory, "alice", "hi").expect("saved");
    drop(memory);

    let Some(forgetful) = Services::start("fsync = off") else { return };
    let error = Confidant::open(forgetful.url()).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("fsync=off"), "{error}");
}

#[test]
fn of_many_hosts_that_open_a_new_database_at_once_each_can_write() {
    let Some(place) = Place::new() else { return };
    std::thread::scope(|scope| {
        for host in 0..8 {
            let place = &place;
            scope.spawn(move || {
                let memory = place.open();
                save(&memory, "alice", &format!("from {host}")).expect("saved");
                save(&memory, &format!("customer {host}"), "hi").expect("saved");
            });
        }
    });
    let memory = place.open();
    assert_eq!(stored(&memory, "alice").len(), 8);
    assert!(memory.check().expect("checked").is_sound());
}

#[test]
fn a_newer_format_and_another_programs_tables_are_refused_and_left_alone() {
    let Some(place) = Place::new() else { return };
    drop(place.open());
    place.sql(&format!("UPDATE {}.confidant_format SET format = 99", place.schema));
    let error = Confidant::open(&place.location()).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::FormatTooNew, "{error:?}");

    let foreign = Place::on(&place.server);
    foreign.sql(&format!("CREATE SCHEMA {0}; CREATE TABLE {0}.turns (id INT)", foreign.schema));
    let error = Confidant::open(&foreign.location()).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error:?}");
    let tables = format!(
        "SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = '{}'",
        foreign.schema
    );
    assert_eq!(foreign.sql(&tables), "turns");
}

#[test]
fn threads_and_hosts_that_write_to_one_customer_lose_and_double_nothing() {
    let Some(place) = Place::new() else { return };
    let hosts = [place.open(), place.open()];
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let memory = &hosts[thread % 2];
            scope.spawn(move || {
                (0..25)
                    .for_each(|n| save(memory, "alice", &format!("{thread} {n}")).expect("saved"))
            });
        }
    });
    let texts = stored(&hosts[0], "alice");
    assert_eq!(texts.len(), 200);
    assert_eq!(texts.iter().collect::<HashSet<_>>().len(), 200);
    let newest = hot(&archive(&hosts[1], "alice"));
    assert_eq!(newest, texts[150..]);
}

#[test]
fn a_handle_sees_what_another_one_in_this_process_saved_at_once() {
    let Some(place) = Place::new() else { return };
    let (one, other) = (place.open(), place.open());
    let (by_one, by_other) = (archive(&one, "alice"), archive(&other, "alice"));
    for n in 0..50 {
        save(if n % 2 == 0 { &one } else { &other }, "alice", &n.to_string()).expect("saved");
        assert_eq!(hot(&by_one).len(), n + 1);
        assert_eq!(hot(&by_other).len(), n + 1);
    }
}

/// Not a test of its own: what the other process does.
#[test]
#[ignore = "run by another test"]
fn child_saves_a_turn() {
    let memory = Confidant::open(&std::env::var("CONFIDANT_CHILD").expect("set by the parent"))
        .expect("opens");
    save(&memory, "alice", &std::env::var("CONFIDANT_CHILD_TEXT").expect("set by the parent"))
        .expect("saved");
}

fn save_elsewhere(location: &str, text: &str) {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_saves_a_turn", "--ignored"])
        .envs([("CONFIDANT_CHILD", location), ("CONFIDANT_CHILD_TEXT", text)])
        .output()
        .expect("the child runs");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
}

/// Waits at most a while for what another process said; the bound is the notification's way.
fn comes_true(what: impl Fn() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    while Instant::now() < until {
        if what() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

#[test]
fn a_hot_context_is_outdated_by_another_process_also_without_a_listener() {
    let Some(place) = Place::new() else { return };
    let memory = place.open();
    save(&memory, "alice", "first").expect("saved");
    let alice = archive(&memory, "alice");
    assert_eq!(hot(&alice), ["first"]);
    assert_eq!(hot(&alice), ["first"]);
    let hits = memory.stats().hits;
    assert_eq!(hot(&alice), ["first"]);
    assert_eq!(memory.stats().hits, hits + 1);

    save_elsewhere(&place.location(), "second");
    assert!(comes_true(|| hot(&alice) == ["first", "second"]));

    let listeners = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query = 'LISTEN confidant_{}'",
        place.schema
    );
    assert_eq!(place.sql(&listeners), "1");
    save_elsewhere(&place.location(), "third");
    assert!(comes_true(|| hot(&alice).len() == 3));
    assert!(comes_true(|| {
        hot(&alice);
        place.sql(&listeners.replace("pg_terminate_backend(pid)", "pid")) == "1"
    }));
    save_elsewhere(&place.location(), "fourth");
    assert!(comes_true(|| hot(&alice).len() == 4));
}

#[test]
fn a_lock_that_is_held_too_long_is_busy_and_nothing_is_saved() {
    let Some(place) = Place::new() else { return };
    let memory = Confidant::builder()
        .busy_timeout(Duration::from_millis(200))
        .open(&place.location())
        .expect("opens");
    save(&memory, "alice", "first").expect("saved");
    std::thread::scope(|scope| {
        let holding = scope.spawn(|| {
            place.sql(&format!(
                "BEGIN; LOCK TABLE {}.turns IN EXCLUSIVE MODE; SELECT pg_sleep(3)",
                place.schema
            ))
        });
        let lock = format!(
            "SELECT count(*) FROM pg_locks WHERE mode = 'ExclusiveLock' AND relation = '{}.turns'::regclass AND granted",
            place.schema
        );
        assert!(comes_true(|| place.sql(&lock) == "1"));
        let error = save(&memory, "alice", "second").expect_err("held up");
        assert_eq!(error.kind(), ErrorKind::Busy, "{error:?}");
        assert!(error.is_retryable());
        assert_eq!(stored(&memory, "alice"), ["first"]);
        holding.join().expect("no panic");
    });
    save(&memory, "alice", "third").expect("saved");
}

/// What a thread learned of its turns.
#[derive(Default)]
struct Told {
    saved: Vec<String>,
    refused: Vec<String>,
    unknown: usize,
}

/// Saves turns without keys on several threads while `disturb` does its worst.
fn save_during(memory: &Confidant, disturb: impl FnOnce()) -> Vec<Told> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let stop = &stop;
                scope.spawn(move || {
                    let mut told = Told::default();
                    for n in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let text = format!("{thread} {n}");
                        match save(memory, &format!("customer {}", thread % 4), &text) {
                            Ok(()) => told.saved.push(text),
                            Err(error) if error.kind() == ErrorKind::Busy => {
                                told.refused.push(text)
                            }
                            Err(error) => {
                                assert_eq!(error.kind(), ErrorKind::Io, "{error:?}");
                                told.unknown += 1;
                            }
                        }
                    }
                    told
                })
            })
            .collect();
        disturb();
        stop.store(true, Ordering::Relaxed);
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// Nothing acknowledged is lost, nothing is doubled, and what was refused is not there.
fn nothing_is_lost_or_doubled(memory: &Confidant, told: &[Told]) {
    let texts: Vec<String> =
        (0..4).flat_map(|n| stored(memory, &format!("customer {n}"))).collect();
    let there: HashSet<&String> = texts.iter().collect();
    assert_eq!(there.len(), texts.len(), "doubled");
    let mut saved = 0;
    for told in told {
        saved += told.saved.len();
        assert!(told.saved.iter().all(|text| there.contains(text)), "lost");
        assert!(told.refused.iter().all(|text| !there.contains(text)), "refused, but saved");
    }
    let unknown: usize = told.iter().map(|told| told.unknown).sum();
    let refused: usize = told.iter().map(|told| told.refused.len()).sum();
    println!("saved {saved}, refused {refused}, unknown {unknown}, stored {}", texts.len());
    assert!(saved > 0 && texts.len() <= saved + unknown);
    assert!(memory.check().expect("checked").is_sound());
}

#[test]
fn connections_that_are_killed_lose_and_double_nothing() {
    let Some(place) = Place::new() else { return };
    let memory = place.open();
    let told = save_during(&memory, || {
        for _ in 0..40 {
            std::thread::sleep(Duration::from_millis(50));
            place.sql(&format!(
                "SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
                 WHERE l.relation = '{}.turns'::regclass ORDER BY random() LIMIT 3",
                place.schema
            ));
        }
    });
    assert!(
        told.iter().all(|told| told.unknown == 0),
        "every outcome can be settled while the server runs"
    );
    nothing_is_lost_or_doubled(&memory, &told);
}

#[test]
fn a_server_that_crashes_and_comes_back_loses_and_doubles_nothing() {
    let Some(services) = Services::start("") else { return };
    let place = Place::on(services.url());
    let memory = Confidant::builder()
        .busy_timeout(Duration::from_secs(20))
        .open(&place.location())
        .expect("opens");
    let told = save_during(&memory, || {
        for _ in 0..4 {
            std::thread::sleep(Duration::from_millis(1_500));
            Services::script(&["restart"], &services.0);
        }
        std::thread::sleep(Duration::from_millis(300));
    });
    nothing_is_lost_or_doubled(&memory, &told);
    assert!(
        told.iter().all(|told| told.refused.is_empty() && told.unknown == 0),
        "the server came back in time"
    );
    drop((memory, place));
}

#[test]
fn without_its_server_an_open_memory_is_busy_and_recovers() {
    let Some(services) = Services::start("") else { return };
    let place = Place::on(services.url());
    let memory = Confidant::builder()
        .busy_timeout(Duration::from_millis(300))
        .open(&place.location())
        .expect("opens");
    save(&memory, "alice", "first").expect("saved");
    let alice = archive(&memory, "alice");
    assert_eq!(hot(&alice), ["first"]);
    Services::script(&["crash"], &services.0);
    let error = save(&memory, "alice", "second").expect_err("no server");
    assert!(error.kind() == ErrorKind::Busy && error.is_retryable(), "{error:?}");
    let error = alice.load_context().err();
    assert!(
        error.is_some_and(|error| error.kind() == ErrorKind::Busy),
        "a context that may be outdated is not served"
    );
    Services::script(&["restart"], &services.0);
    save(&memory, "alice", "third").expect("saved");
    assert_eq!(hot(&alice), ["first", "third"]);
    drop((alice, memory, place));
}

#[test]
fn tls_is_what_sslmode_says() {
    let Some(place) = Place::new() else { return };
    let Some(root) = service("CONFIDANT_TEST_POSTGRES_CA") else { return };
    let (by_address, by_name) =
        (place.location(), place.location().replace("127.0.0.1", "localhost"));
    let encrypted = |location: &str| {
        let name = format!("tls{}", location.len());
        let memory = Confidant::open(&format!("{location}&application_name={name}"))
            .map_err(|error| error.kind())?;
        save(&memory, "alice", "hi").expect("saved");
        let sql = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name =";
        Ok::<_, ErrorKind>(place.sql(&format!("{sql} '{name}'")) == "t")
    };
    let server = root.replace("root.crt", "server.crt");
    for (location, expected) in [
        (format!("{by_address}&sslmode=disable"), Ok(false)),
        (by_address.clone(), Ok(true)),
        (format!("{by_address}&sslmode=require"), Ok(true)),
        (format!("{by_name}&sslmode=verify-full&sslrootcert={root}"), Ok(true)),
        (format!("{by_name}&sslmode=verify-full&sslrootcert={server}"), Ok(true)),
        (format!("{by_address}&sslmode=verify-ca&sslrootcert={root}"), Ok(true)),
        (format!("{by_address}&sslmode=verify-full&sslrootcert={root}"), Err(ErrorKind::Io)),
        (format!("{by_address}&sslmode=verify-full&sslrootcert={server}"), Err(ErrorKind::Io)),
        (format!("{by_name}&sslmode=verify-full"), Err(ErrorKind::Io)),
        (format!("{by_name}&sslmode=verify-ca"), Err(ErrorKind::Io)),
    ] {
        assert_eq!(encrypted(&location), expected, "{location}");
    }
}

/// The same on a pooler; `is_told` says whether contexts stay hot, by notification.
fn works_behind(variable: &str, is_told: bool) {
    let (Some(place), Some(pooler)) = (Place::new(), service(variable)) else { return };
    let location = place.location_by(&pooler);
    let memory = Confidant::open(&location).expect("opens");
    let other = Confidant::open(&location).expect("opens");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let memory = if thread % 2 == 0 { &memory } else { &other };
            scope.spawn(move || {
                let own = archive(memory, &format!("customer {thread}"));
                for n in 0..25 {
                    save(memory, "alice", &format!("{thread} {n}")).expect("saved");
                    save(memory, &format!("customer {thread}"), &n.to_string()).expect("saved");
                    assert_eq!(hot(&own).len(), n + 1);
                }
            });
        }
    });
    assert_eq!(stored(&memory, "alice").iter().collect::<HashSet<_>>().len(), 200);
    let alice = archive(&memory, "alice");
    assert_eq!(hot(&alice).len(), 50);
    save_elsewhere(&location, "elsewhere");
    assert!(comes_true(|| hot(&alice).last().is_some_and(|text| text == "elsewhere")));
    // A direct host hears of what is written behind the pooler.
    let direct = place.open();
    let directly = archive(&direct, "alice");
    assert_eq!(hot(&directly).len(), 50);
    let hits = direct.stats().hits;
    assert!(comes_true(|| hot(&directly).len() == 50 && direct.stats().hits > hits));
    save_elsewhere(&location, "once more");
    assert!(comes_true(|| hot(&directly).last().is_some_and(|text| text == "once more")));
    let listeners = "SELECT count(*) FROM pg_stat_activity WHERE query = 'LISTEN confidant_";
    let expected = if is_told { "3" } else { "1" };
    assert_eq!(place.sql(&format!("{listeners}{}'", place.schema)), expected);
    // Nothing of ours stays on the server's connections for the pooler's other clients.
    if !is_told {
        let run = Command::new("psql")
            .args(["-qAtX", "-c", "SHOW search_path", &pooler])
            .output()
            .expect("psql runs");
        assert!(!String::from_utf8_lossy(&run.stdout).contains(&place.schema));
    }
    assert!(memory.check().expect("checked").is_sound());
    drop((alice, directly, memory, other, direct));
}

#[test]
fn behind_a_pooler_by_session_everything_works() {
    works_behind("CONFIDANT_TEST_PGBOUNCER_SESSION", true);
}

#[test]
fn behind_a_pooler_by_transaction_only_the_notifications_are_lost() {
    works_behind("CONFIDANT_TEST_PGBOUNCER_TRANSACTION", false);
}

/// Something that several customers say, in many variations.
fn talk(n: usize) -> String {
    let who = ["My brother", "The neighbour", "Somebody from the office", "Our courier"][n % 4];
    let what = [
        "returned the trousers",
        "waits for the refund",
        "cannot find the invoice",
        "ordered shoes twice",
    ];
    let when =
        ["since last Wednesday", "because of the wrong size", "although the page says delivered"]
            [n % 3];
    format!(
        "{who} {} {when}, could you please look into the matter of the blue umbrella?",
        what[n % 5 % 4]
    )
}

#[test]
fn upkeep_works_as_on_a_file() {
    let Some(place) = Place::new() else { return };
    let memory = place.open();
    for customer in 0..50 {
        let turns: Vec<String> = (0..50).map(|n| talk(customer + n * 7)).collect();
        let new: Vec<NewTurn<'_>> = turns.iter().map(|text| NewTurn::said(text)).collect();
        archive(&memory, &format!("customer {customer}")).save_turns(&new).expect("saved");
    }
    let done = memory.maintain().expect("maintained");
    assert!(done.trained.is_some() && done.repacked > 0, "{done:?}");
    assert_eq!(hot(&archive(&place.open(), "customer 7")).len(), 50);
    memory.compact().expect("compacted");
    assert_eq!(
        memory.tenant("default").unwrap().analytics().summary().expect("summed up").turns,
        2_500
    );
    assert!(memory.check().expect("checked").is_sound());
    assert!(memory.stats().bytes_on_disk > 0 && !memory.stats().alone);
    let seventh = archive(&memory, "customer 7");
    assert_eq!(seventh.clear().expect("cleared"), 50);
    save(&memory, "customer 7", "again").expect("saved");
    assert_eq!(hot(&seventh), ["again"]);
}

#[test]
fn an_index_that_lost_an_entry_is_found_by_the_check_where_the_database_has_amcheck() {
    let Some(place) = Place::new() else { return };
    let memory = place.open();
    save(&memory, "alice", "where is my parcel?").expect("saved");
    if place.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'") == "0" {
        println!("skipped: the server's amcheck is not installed");
        return;
    }
    place.sql("CREATE EXTENSION IF NOT EXISTS amcheck");
    assert!(memory.check().expect("checked").is_sound());
    // The row that an index does not know: it is told to forget, while the row stays.
    let schema = &place.schema;
    place.sql(&format!(
        "UPDATE pg_index SET indisready = false WHERE indexrelid = '{schema}.turns_pkey'::regclass; \
         INSERT INTO {schema}.turns SELECT id + 1, session, channel, at, answered_at, confidence, resolved, NULL, body FROM {schema}.turns; \
         UPDATE pg_index SET indisready = true WHERE indexrelid = '{schema}.turns_pkey'::regclass"
    ));
    let report = memory.check().expect("checked");
    assert!(
        report.findings.iter().any(|finding| finding.contains("turns_pkey")),
        "{:?}",
        report.findings
    );
}

/// The figures that docs/POSTGRES.md quotes.
#[test]
#[ignore = "takes a while; cargo test --release --features postgres --test postgres figures -- --ignored --nocapture"]
fn figures() {
    let Some(place) = Place::new() else { return };
    let location = match std::env::var("CONFIDANT_FIGURES_CONNECTIONS") {
        Ok(connections) => format!("{}&connections={connections}", place.location()),
        Err(_) => place.location(),
    };
    let memory = Confidant::open(&location).expect("opens");
    let text = "The parcel that I ordered last week has not arrived yet, and the page says it was delivered.";
    for customer in 0..256 {
        save(&memory, &format!("customer {customer}"), text).expect("saved");
    }
    let threads =
        std::env::var("CONFIDANT_FIGURES_THREADS").ok().and_then(|threads| threads.parse().ok());
    for threads in threads.map_or(vec![1, 8, 32, 1, 8, 32], |threads| vec![threads]) {
        let start = Instant::now();
        let saved: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads)
                .map(|thread| {
                    let memory = &memory;
                    scope.spawn(move || {
                        let archive =
                            memory.customer(&format!("customer {}", thread * 8)).unwrap().memory();
                        let mut saved = 0;
                        while start.elapsed() < Duration::from_secs(3) {
                            archive.save_turn(NewTurn::said(text).answered(text)).expect("saved");
                            saved += 1;
                        }
                        saved
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
        });
        println!(
            "{threads} threads, turns {saved}: {:.0} turns/s",
            saved as f64 / start.elapsed().as_secs_f64()
        );
    }
    if threads.is_some() {
        return;
    }
    let archive = memory.customer("customer 8").unwrap().memory();
    let quantiles = |name: &str, rounds: usize, work: &dyn Fn()| {
        let mut times: Vec<Duration> = (0..rounds)
            .map(|_| {
                let start = Instant::now();
                work();
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        let at = |part: f64| times[(rounds as f64 * part) as usize].as_secs_f64() * 1e6;
        let mean = times.iter().sum::<Duration>().as_secs_f64() * 1e6 / rounds as f64;
        println!("{name}: mean {mean:.2} us, p50 {:.2} us, p99 {:.2} us", at(0.5), at(0.99));
    };
    quantiles("hot load", 100_000, &|| drop(archive.load_context()));
    quantiles("cold load of 50", 2_000, &|| {
        archive.invalidate();
        drop(archive.load_context());
    });
    quantiles("save", 1_000, &|| {
        drop(archive.save_turn(NewTurn::said(text).answered(text)).expect("saved"))
    });
}
