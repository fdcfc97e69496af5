//! What is refused, how the refusal is told, and that it leaves everything as it was.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{
    Builder, Channel, Confidant, Error, ErrorKind, NewAnswer, NewTurn, Outcome, Page, Persist,
    SessionId, Timestamp, Turn, TurnId,
};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::*;

/// Asserts a refusal of that kind whose message names every one of the words.
#[track_caller]
fn refused<T>(result: Result<T, Error>, kind: ErrorKind, words: &[&str]) {
    let Err(error) = result else { panic!("it was not refused; it should name {words:?}") };
    assert_eq!(error.kind(), kind, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "`{word}` is not in: {error}");
    }
    assert!(!error.to_string().contains("secret"), "it tells what a customer said: {error}");
}

const INVALID: ErrorKind = ErrorKind::InvalidArgument;

#[test]
fn names_are_one_to_128_bytes_without_control_characters() {
    on_every_store(|place| {
        let memory = place.open();
        let long = "x".repeat(129);
        let wide = "\u{e9}".repeat(65);
        let bad = [
            ("", "empty"),
            (&long, "129"),
            (&wide, "130"),
            ("a\nb", "U+000A"),
            ("a\0", "U+0000"),
            ("\u{85}", "U+0085"),
        ];
        for (name, why) in bad {
            refused(memory.tenant(name), INVALID, &["tenant", why]);
            refused(memory.customer(name), INVALID, &["customer", why]);
            refused(memory.tenant("acme").unwrap().customer(name), INVALID, &["customer", why]);
        }
        for name in
            [" ", "'; DROP TABLE customers; --", "\u{1f600}", "\u{200f}", "x".repeat(128).as_str()]
        {
            let customer = memory.tenant(name).unwrap().customer(name).unwrap();
            customer.memory().save_turn(NewTurn::said("x")).unwrap();
            let again = place.open().tenant(name).unwrap().customer(name).unwrap();
            assert_eq!(again.memory().load_context().unwrap().total(), 1);
        }
    });
}

#[test]
fn every_bad_part_of_a_turn_is_named_and_nothing_is_saved() {
    let over = "x".repeat((64 << 10) + 1);
    let over_json = format!("{{\"a\":\"{}\"}}", "x".repeat(64 << 10));
    let long = "k".repeat(129);
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(500), "]".repeat(500));
    let time = Timestamp::from_millis;
    let x = || NewTurn::said("secret");
    let both = || x().answered("secret");
    let bad: Vec<(NewTurn<'_>, ErrorKind, Vec<&str>)> = vec![
        (NewTurn::default(), INVALID, vec!["empty"]),
        (NewTurn::said(&over), ErrorKind::Limit, vec!["customer's text", "65537", "65536"]),
        (NewTurn::unasked(&over), ErrorKind::Limit, vec!["answer", "65537", "65536"]),
        (x().metadata(&over_json), ErrorKind::Limit, vec!["metadata", "65544"]),
        (x().metadata(""), INVALID, vec!["metadata", "not JSON"]),
        (x().metadata("{\"secret\":"), INVALID, vec!["metadata", "not JSON", "line 1"]),
        (x().metadata("{} {}"), INVALID, vec!["metadata", "not JSON"]),
        (x().metadata("[\"secret\"]"), INVALID, vec!["metadata", "not an object"]),
        (x().metadata("null"), INVALID, vec!["metadata", "not an object"]),
        (x().metadata("\"secret\""), INVALID, vec!["metadata", "not an object"]),
        (x().metadata(&deep), INVALID, vec!["metadata"]),
        (x().at(time(-1)), INVALID, vec!["turn's time", "1970"]),
        (x().at(time(i64::MIN)), INVALID, vec!["turn's time", "1970"]),
        (x().at(time(START + DAY + 1)), INVALID, vec!["turn's time", "ahead"]),
        (x().at(time(i64::MAX)), INVALID, vec!["turn's time", "ahead"]),
        (both().answered_at(time(-1)), INVALID, vec!["answer's time", "1970"]),
        (both().answered_at(time(START + DAY + 1)), INVALID, vec!["answer's time", "ahead"]),
        (x().answered_at(time(START)), INVALID, vec!["answer"]),
        (x().answered_by("Bob"), INVALID, vec!["answer"]),
        (both().answered_by(""), INVALID, vec!["author", "empty"]),
        (both().answered_by(&long), INVALID, vec!["author", "129", "128"]),
        (both().answered_by("a\tb"), INVALID, vec!["author", "control"]),
        (x().key(""), INVALID, vec!["key", "empty"]),
        (x().key(&long), INVALID, vec!["key", "129", "128"]),
        (x().key("a\r"), INVALID, vec!["key", "control"]),
        (both().confidence(1.000_000_1), INVALID, vec!["confidence", "1.0000001"]),
        (both().confidence(-0.1), INVALID, vec!["confidence", "-0.1"]),
        (both().confidence(f64::NAN), INVALID, vec!["confidence", "NaN"]),
        (both().confidence(f64::INFINITY), INVALID, vec!["confidence", "inf"]),
    ];
    on_every_store(|place| {
        for persist in [Persist::Always, Persist::Every(3)] {
            let alice =
                place.open_with(|builder| builder.persist(persist)).customer("alice").unwrap();
            let session = alice.open_session(Channel::Chat).unwrap();
            for (turn, kind, words) in &bad {
                refused(alice.memory().save_turn(*turn), *kind, words);
                refused(alice.memory().save_turns(&[NewTurn::said("x"), *turn]), *kind, words);
                refused(session.save_turn(*turn), *kind, words);
            }
            assert!(alice.memory().load_context().unwrap().is_empty());
            assert_eq!(alice.memory().pending(), 0);
        }
    });
}

#[test]
fn every_bad_part_of_an_answer_is_named_and_the_turn_stays_unanswered() {
    let over = "x".repeat((64 << 10) + 1);
    let long = "k".repeat(129);
    let time = Timestamp::from_millis;
    let x = || NewAnswer::new("secret");
    let bad: Vec<(NewAnswer<'_>, ErrorKind, Vec<&str>)> = vec![
        (NewAnswer::new(&over), ErrorKind::Limit, vec!["answer", "65537", "65536"]),
        (x().at(time(-1)), INVALID, vec!["answer's time", "1970"]),
        (x().at(time(START + DAY + 1)), INVALID, vec!["answer's time", "ahead"]),
        (x().by(""), INVALID, vec!["author", "empty"]),
        (x().by(&long), INVALID, vec!["author", "129"]),
        (x().by("\u{1b}[31m"), INVALID, vec!["author", "control"]),
        (x().confidence(2.0), INVALID, vec!["confidence", "2"]),
        (x().metadata("[]"), INVALID, vec!["metadata", "not an object"]),
        (x().metadata("{"), INVALID, vec!["metadata", "not JSON"]),
    ];
    on_every_store(|place| {
        for persist in [Persist::Always, Persist::Every(3)] {
            let alice = place
                .open_with(|builder| builder.persist(persist))
                .customer("alice")
                .unwrap()
                .memory();
            let turn = alice.save_turn(NewTurn::said("x")).unwrap();
            for (answer, kind, words) in &bad {
                refused(alice.answer(turn.id, *answer), *kind, words);
                assert_eq!(alice.turn(turn.id).unwrap(), turn);
            }
            alice.answer(turn.id, NewAnswer::new("y").at(time(START + DAY))).unwrap();
        }
    });
}

#[test]
fn the_limits_themselves_are_fine() {
    let full = "x".repeat(64 << 10);
    let json = format!("{{\"a\":\"{}\"}}", "x".repeat((64 << 10) - 8));
    let name = "k".repeat(128);
    on_every_store(|place| {
        let alice = place.open().customer(&name).unwrap().memory();
        let new = NewTurn::said(&full)
            .answered(&full)
            .metadata(&json)
            .key(&name)
            .answered_by(&name)
            .at(Timestamp::from_millis(0))
            .answered_at(Timestamp::from_millis(START + DAY))
            .confidence(1.0);
        let turn = alice.save_turn(new).unwrap();
        let stored = place.open().customer(&name).unwrap().memory().turn(turn.id).unwrap();
        assert_eq!(stored, turn);
        assert_eq!(stored.metadata.as_ref(), Some(&json));
    });
}

#[test]
fn the_longest_text_is_a_setting() {
    on_every_store(|place| {
        let alice = place
            .open_with(|builder| builder.max_text_bytes(3))
            .customer("alice")
            .unwrap()
            .memory();
        let turn = alice.save_turn(NewTurn::said("abc")).unwrap();
        refused(alice.save_turn(NewTurn::said("abcd")), ErrorKind::Limit, &["4", "3"]);
        refused(alice.save_turn(NewTurn::said("\u{20ac}a")), ErrorKind::Limit, &["4", "3"]);
        refused(
            alice.answer(turn.id, NewAnswer::new("abcd")),
            ErrorKind::Limit,
            &["answer", "4", "3"],
        );
    });
}

#[test]
fn a_page_is_one_to_ten_thousand_rows() {
    on_every_store(|place| {
        let alice = place.open().customer("alice").unwrap();
        for limit in [0, 10_001, usize::MAX] {
            let shown = limit.to_string();
            refused(alice.memory().turns(Page::first(limit)), INVALID, &["limit", &shown]);
            refused(alice.sessions(Page::first(limit)), INVALID, &["limit", &shown]);
        }
        assert!(alice.memory().turns(Page::first(10_000)).unwrap().is_empty());
        assert!(alice.sessions(Page::first(1)).unwrap().is_empty());
    });
}

#[test]
fn a_rating_is_one_to_five() {
    on_every_store(|place| {
        let session = place.open().customer("alice").unwrap().open_session(Channel::Chat).unwrap();
        refused(session.close(Outcome::unknown().rated(0)), INVALID, &["rating", "0"]);
        refused(session.close(Outcome::unknown().rated(6)), INVALID, &["rating", "6"]);
        assert_eq!(session.close(Outcome::unknown().rated(5)).unwrap().details().rating, Some(5));
    });
}

#[test]
fn texts_and_numbers_that_are_no_identifier_are_refused() {
    for text in [
        "",
        "x",
        "t1",
        "t1-",
        "t0000001-0",
        "t0000001-16777216",
        "t0000001--1",
        "t-0000001-1",
        "tzzzzzzz-1",
        "t0000001-+1",
    ] {
        refused(text.parse::<TurnId>(), INVALID, &["turn id"]);
    }
    refused("t0000001-1".parse::<SessionId>(), INVALID, &["session id"]);
    for number in [0, 1 << 24, 1 << 53, u64::MAX] {
        refused(TurnId::from_u64(number), INVALID, &[&number.to_string()]);
        refused(SessionId::from_u64(number), INVALID, &[&number.to_string()]);
    }
    refused("telegram".parse::<Channel>(), INVALID, &["channel"]);
    refused(Channel::from_code(5), INVALID, &["5"]);
    refused("yesterday".parse::<Timestamp>(), INVALID, &["RFC 3339"]);
}

#[test]
fn settings_out_of_range_are_named_and_no_file_is_made() {
    on_every_store(|place| {
        type Set = fn(Builder) -> Builder;
        let bad: [(Set, &str, &str); 6] = [
            (|builder| builder.hot_turns(0), "hot_turns", "0"),
            (|builder| builder.hot_turns(1_001), "hot_turns", "1001"),
            (|builder| builder.max_text_bytes(0), "max_text_bytes", "0"),
            (|builder| builder.max_text_bytes(65_537), "max_text_bytes", "65537"),
            (|builder| builder.persist(Persist::Every(0)), "persist", "Every(0)"),
            (|builder| builder.persist(Persist::Every(1_001)), "persist", "Every(1001)"),
        ];
        for (set, name, value) in bad {
            refused(set(place.builder()).open(place.location()), INVALID, &[name, value]);
            assert_eq!(files(place.folder()), BTreeMap::new());
        }
        let largest = |builder: Builder| {
            let builder =
                builder.hot_turns(1_000).max_text_bytes(65_536).persist(Persist::Every(1_000));
            builder.session_idle(Duration::MAX).hot_ttl(Some(Duration::MAX)).hot_bytes(usize::MAX)
        };
        let alice = place.open_with(largest).customer("alice").unwrap().memory();
        for number in 1..=3 {
            alice.save_turn(NewTurn::said("x")).unwrap();
            alice.flush().unwrap();
            assert_eq!(alice.load_context().unwrap().total(), number);
            place.clock.advance(DAY);
        }
    });
}

/// Every file of a folder with its bytes; only for files that nobody has open in this process.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_file());
    entries
        .map(|entry| {
            (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Opening must be refused, and leave every file as it was, and no new one beside it.
#[track_caller]
fn refused_open(place: &Place, kind: ErrorKind, words: &[&str]) {
    let before = files(place.folder());
    let words: Vec<&str> = words.iter().copied().chain([place.location()]).collect();
    for location in [place.location().to_owned(), format!("sqlite:{}", place.location())] {
        refused(place.builder().open(&location), kind, &words);
        let after = files(place.folder());
        assert_eq!(
            after.keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>(),
            "files come or go"
        );
        // The lock file counts who came, also whoever was refused.
        let but_the_lock = |files: BTreeMap<String, Vec<u8>>| {
            files.into_iter().filter(|(name, _)| !name.ends_with("-lock")).collect::<Vec<_>>()
        };
        assert!(
            but_the_lock(after) == but_the_lock(before.clone()),
            "a refused open has changed a file"
        );
    }
}

/// A place with a store that was closed cleanly.
fn closed_store() -> Place {
    let place = Place::sqlite();
    place.open().customer("alice").unwrap().memory().save_turn(NewTurn::said("x")).unwrap();
    place
}

// K-27
#[test]
fn a_missing_folder_is_not_found_and_is_not_made() {
    let place = Place::sqlite();
    let location = place.folder().join("missing").join("support.db");
    let location = location.to_str().unwrap();
    refused(Confidant::open(location), ErrorKind::NotFound, &[location, "folder"]);
    assert!(!place.folder().join("missing").exists());
}

// K-27
#[test]
fn a_file_that_may_only_be_read_is_refused_as_such() {
    let place = closed_store();
    let mut permissions = std::fs::metadata(place.file()).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(place.file(), permissions).unwrap();
    refused_open(&place, ErrorKind::Io, &["read"]);
}

#[test]
fn a_folder_is_no_location() {
    let place = Place::sqlite();
    let folder = place.folder().to_str().unwrap();
    refused(Confidant::open(folder), INVALID, &[folder, "folder"]);
    refused(Confidant::open(&format!("sqlite:{folder}")), INVALID, &[folder, "folder"]);
    refused(Confidant::open(&format!("{folder}/")), INVALID, &["folder"]);
    assert_eq!(files(place.folder()), BTreeMap::new());
}

#[test]
fn what_is_no_path_is_no_location() {
    for location in ["", ":memory:", "sqlite:", "sqlite::memory:", "a\0b"] {
        refused(Confidant::open(location), INVALID, &["location"]);
    }
    for location in ["postgres://127.0.0.1:1/x", "postgresql://127.0.0.1:1/x"] {
        // Nobody listens there.
        let (kind, word) = if cfg!(feature = "postgres") {
            (ErrorKind::Io, "cannot connect")
        } else {
            (ErrorKind::Unsupported, "PostgreSQL")
        };
        refused(Confidant::open(location), kind, &[word]);
    }
}

// K-27
#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let random: Vec<u8> =
        (0..20_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let contents: [&[u8]; 6] = [
        b"hello, world\n",
        &[b'a'; 100],
        &[0; 100],
        &[0; 8_192],
        &random,
        b"SQLite format 2\0and more",
    ];
    for content in contents {
        let place = Place::sqlite();
        std::fs::write(place.file(), content).unwrap();
        refused_open(&place, ErrorKind::Corrupt, &[]);
    }
}

// SQLite itself takes a file of one byte for an empty one.
#[test]
fn a_file_of_one_byte_is_not_overwritten() {
    let place = Place::sqlite();
    std::fs::write(place.file(), b"x").unwrap();
    refused_open(&place, ErrorKind::Corrupt, &[]);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let others = [
        "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine');",
        "PRAGMA application_id = 1234;",
        "PRAGMA user_version = 1;",
        "PRAGMA journal_mode = WAL; CREATE TABLE turns (id INTEGER PRIMARY KEY);",
        "PRAGMA application_id = 1234; PRAGMA user_version = 999; CREATE TABLE t (x);",
        "PRAGMA page_size = 65536; CREATE TABLE t (x);",
        "PRAGMA encoding = 'UTF-16'; CREATE TABLE t (x);",
    ];
    for other in others {
        let place = Place::sqlite();
        rusqlite::Connection::open(place.file()).unwrap().execute_batch(other).unwrap();
        refused_open(&place, INVALID, &["another program"]);
    }
}

#[test]
fn a_newer_format_is_refused_and_left_as_it_is() {
    let place = closed_store();
    rusqlite::Connection::open(place.file())
        .unwrap()
        .execute_batch("PRAGMA user_version = 999")
        .unwrap();
    refused_open(&place, ErrorKind::FormatTooNew, &["999"]);
}

#[test]
fn a_truncated_file_is_refused_and_left_as_it_is() {
    let whole = std::fs::read(closed_store().file()).unwrap();
    assert!(whole.len() > 3 * 4_096);
    for length in [50, 100, 2_000, 4_095, 4_096, 4_097, 8_192, whole.len() / 2, whole.len() - 4_096]
    {
        let place = Place::sqlite();
        std::fs::write(place.file(), &whole[..length]).unwrap();
        refused_open(&place, ErrorKind::Corrupt, &[]);
    }
}

#[test]
fn a_store_that_stays_locked_is_busy_and_nothing_is_saved() {
    let place = closed_store();
    let memory = place.open_with(|builder| builder.busy_timeout(Duration::from_millis(2)));
    let alice = memory.customer("alice").unwrap();
    let holder = rusqlite::Connection::open(place.file()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = alice.memory().save_turn(NewTurn::said("secret")).unwrap_err();
    assert!(error.is_retryable());
    refused::<()>(Err(error), ErrorKind::Busy, &[place.location(), "locked"]);
    refused(alice.open_session(Channel::Chat), ErrorKind::Busy, &[]);
    refused(alice.memory().clear(), ErrorKind::Busy, &[]);
    assert_eq!(alice.memory().load_context().unwrap().total(), 1, "reading goes on");
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(alice.memory().save_turn(NewTurn::said("y")).unwrap().id.number(), 2);
}

const CUSTOMERS: [(&str, &str); 4] =
    [("acme", "alice"), ("acme", "bob"), ("globex", "alice"), ("globex", "carol")];

/// What a reader must find: everything that was said, answered and measured, in order.
fn told(memory: &Confidant) -> Result<Vec<String>, Error> {
    let tell = |turn: &Turn| {
        let texts = (&turn.said, &turn.answer, &turn.answered_by, &turn.metadata);
        format!(
            "{texts:?} {} {:?} {:?} {}",
            turn.at, turn.answered_at, turn.confidence, turn.resolved
        )
    };
    let mut told = Vec::new();
    for (tenant, name) in CUSTOMERS {
        let customer = memory.tenant(tenant)?.customer(name)?;
        let context = customer.memory().load_context()?;
        told.push(format!("{tenant} {name}: {}", context.total()));
        told.extend(context.turns().map(tell));
        told.extend(customer.memory().turns(Page::first(1_000))?.iter().map(tell));
    }
    Ok(told)
}

/// Opens a file made of these bytes and reads everything; `check` too, if less or something
/// else is read than `expected`.
fn read(
    bytes: &[u8],
    clock: &TestClock,
    folder: &Path,
    expected: &[String],
) -> Result<Vec<String>, Error> {
    let file = folder.join("flipped.db");
    std::fs::write(&file, bytes).unwrap();
    let memory = Confidant::builder().clock(clock.clone()).open(file.to_str().unwrap());
    let memory = memory?;
    let found = told(&memory)?;
    if found != expected && !memory.check()?.is_sound() {
        return Ok(vec![FOUND_BY_CHECK.to_owned()]);
    }
    Ok(found)
}

const FOUND_BY_CHECK: &str = "damage that only `check` tells";

fn remove_all(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        std::fs::remove_file(entry.path()).unwrap();
    }
}

/// A small store that was closed cleanly.
fn small_store() -> Place {
    let place = Place::sqlite();
    {
        let memory = place.open();
        for (tenant, name) in CUSTOMERS {
            let customer = memory.tenant(tenant).unwrap().customer(name).unwrap();
            for number in 0..12 {
                let text = format!(
                    "{name} asks {number} {}",
                    "where is my parcel? ".repeat(1 + number % 7)
                );
                let answer = format!("{number}: it arrives today, as we have told {tenant}");
                let new = NewTurn::said(&text)
                    .answered(&answer)
                    .confidence(0.9)
                    .metadata(r#"{"ticket":"A-7"}"#);
                customer.memory().save_turn(new).unwrap();
            }
        }
    }
    place
}

/// Of each page, which table or index it belongs to.
fn owners(file: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(file).unwrap();
    let mut statement = connection.prepare("SELECT pageno, name FROM dbstat").unwrap();
    let pages = statement
        .query_map([], |row| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?)))
        .unwrap();
    let pages: BTreeMap<u32, String> = pages.map(Result::unwrap).collect();
    let last = pages.keys().max().copied().unwrap();
    (1..=last).map(|page| pages.get(&page).cloned().unwrap_or_default()).collect()
}

/// Flips bits all over a small store that was closed cleanly, one at a time, in the pages whose
/// owner is wanted; lists what was neither an error of a fitting kind nor without effect.
fn wrong_after_flips(wanted: fn(&str) -> bool) -> Vec<String> {
    let count = runs(3_000).max(200) as usize;
    let place = small_store();
    let owners = owners(&place.file());
    let whole = std::fs::read(place.file()).unwrap();
    assert_eq!(whole.len() % owners.len(), 0);
    let owner = |at: usize| owners[at / (whole.len() / owners.len())].as_str();
    let expected = told(&place.open()).unwrap();
    // The whole header, then evenly over the rest; another bit each time.
    let spread = (0..count - 100).map(|flip| 100 + flip * (whole.len() - 100) / (count - 100));
    let flips = (0..100).chain(spread).enumerate().filter(|(_, at)| wanted(owner(*at)));
    let flips: Vec<(usize, u8)> =
        flips.map(|(flip, at)| (at, 1 << ((flip * 5 + flip / 8) % 8))).collect();
    let next = AtomicUsize::new(0);
    let wrong: Mutex<BTreeMap<(String, &str), Vec<usize>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let folder = tempfile::tempdir().unwrap();
                let mut bytes = whole.clone();
                while let Some((at, bit)) = flips.get(next.fetch_add(1, Ordering::Relaxed)).copied()
                {
                    bytes[at] ^= bit;
                    let found = catch_unwind(AssertUnwindSafe(|| {
                        read(&bytes, &place.clock, folder.path(), &expected)
                    }));
                    bytes[at] ^= bit;
                    remove_all(folder.path());
                    let verdict = match found {
                        Ok(Ok(found)) if found == expected => continue,
                        Ok(Err(error)) if error.kind() != ErrorKind::Internal => continue,
                        Ok(Err(_)) => "an internal error",
                        Ok(Ok(found)) if found == [FOUND_BY_CHECK] => FOUND_BY_CHECK,
                        Ok(Ok(found)) if found.len() < expected.len() => {
                            "turns vanished without an error"
                        }
                        Ok(Ok(_)) => "something else was read",
                        Err(_) => "a panic",
                    };
                    wrong
                        .lock()
                        .unwrap()
                        .entry((owner(at).to_owned(), verdict))
                        .or_default()
                        .push(at);
                }
            });
        }
    });
    let tell = |((owner, verdict), places): (&(String, &str), &Vec<usize>)| {
        format!(
            "{owner}: {verdict}: {} times, such as {:?}",
            places.len(),
            &places[..places.len().min(12)]
        )
    };
    wrong.into_inner().unwrap().iter().map(tell).collect()
}

// K-27, X-10
#[test]
fn a_bit_flipped_among_the_turns_is_a_typed_error_or_changes_nothing() {
    // Also where it is the key that leads to a row, which has no checksum.
    assert_eq!(wrong_after_flips(|owner| owner == "turns"), [""; 0]);
}

// K-27
#[test]
fn a_bit_flipped_elsewhere_is_a_typed_error_or_changes_nothing_or_is_found_by_the_check() {
    // The index that leads from a name to a customer has no checksum of its own.
    let mut wrong = wrong_after_flips(|owner| owner != "turns");
    wrong.retain(|line| !line.contains(FOUND_BY_CHECK));
    assert_eq!(wrong, [""; 0]);
}

// K-27
#[test]
fn a_file_without_its_last_bytes_is_a_typed_error_or_reads_right_or_is_found_by_the_check() {
    let place = small_store();
    let whole = std::fs::read(place.file()).unwrap();
    let expected = told(&place.open()).unwrap();
    for missing in [1, 2, 10, 100, 1_000, 4_095] {
        let folder = tempfile::tempdir().unwrap();
        match read(&whole[..whole.len() - missing], &place.clock, folder.path(), &expected) {
            Ok(found) => assert!(
                found == expected || found == [FOUND_BY_CHECK],
                "{missing} bytes are missing"
            ),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}"),
        }
    }
}

// K-27, X-10
#[test]
fn a_turn_that_is_missing_between_others_is_an_error_and_not_a_shorter_memory() {
    for damage in [
        "DELETE FROM turns WHERE id % 16777216 = 58",
        "UPDATE turns SET id = id + 1000 WHERE id % 16777216 = 60",
    ] {
        let place = Place::sqlite();
        place
            .open()
            .customer("alice")
            .unwrap()
            .memory()
            .save_turns(&[NewTurn::said("x"); 60])
            .unwrap();
        rusqlite::Connection::open(place.file()).unwrap().execute_batch(damage).unwrap();
        let alice = place.open().customer("alice").unwrap().memory();
        refused(alice.load_context(), ErrorKind::Corrupt, &["turn"]);
        refused(alice.turns(Page::first(100)), ErrorKind::Corrupt, &["turn"]);
    }
}

// X-11
#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("open.db");
    let memory = confidant::Confidant::open(path.to_str().unwrap()).unwrap();
    assert!(memory.check().unwrap().warnings.is_empty());
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let report = memory.check().unwrap();
    assert!(report.is_sound());
    assert!(report.warnings[0].contains("0644"), "{:?}", report.warnings);
}
