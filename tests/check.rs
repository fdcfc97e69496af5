//! What the search for damage promises: whatever is stored is looked at, and what is wrong is
//! named. A snapshot is no memory: in whatever state it is, answers are those of the documents.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{
    Channel, Collection, Confidant, Embedder, ErrorKind, FoundDocuments, NewArticle, NewDocument,
    NewTurn, Outcome, Result,
};
use rusqlite::Connection;
use std::sync::Arc;
use support::{Place, Rng, on_every_store};

/// Vectors of three numbers.
struct Lengths;

impl Embedder for Lengths {
    fn name(&self) -> &str {
        "lengths"
    }

    fn dimensions(&self) -> usize {
        3
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        Ok(texts.iter().map(|text| vec![1.0, text.len() as f32, -0.5]).collect())
    }
}

fn notes(memory: &Confidant) -> Collection {
    memory.tenant("acme").unwrap().collection("notes").unwrap()
}

/// A store with every kind of row in it: two tenants, turns with keys, closed and cleared sessions,
/// documents with vectors, one that was removed, and a snapshot.
fn fill(memory: &Confidant) {
    for (tenant, name) in [("acme", "alice"), ("acme", "bob"), ("globex", "carol")] {
        let customer = memory.tenant(tenant).unwrap().customer(name).unwrap();
        customer.memory().save_turn(NewTurn::said("soon gone")).unwrap();
        customer.memory().clear().unwrap();
        for number in 0..3 {
            let session = customer.open_session(Channel::Email).unwrap();
            for turn in 0..4 {
                let key = format!("{name} {number} {turn}");
                session
                    .save_turn(
                        NewTurn::said("Where is my parcel?").answered("On its way.").key(&key),
                    )
                    .unwrap();
            }
            session.close(Outcome::resolved().rated(4)).unwrap();
        }
    }
    let notes = notes(memory).with_embedder(Arc::new(Lengths));
    let long = "A sentence about parcels that goes on for a while. ".repeat(60);
    for number in 0..12 {
        let text =
            if number % 4 == 0 { long.clone() } else { format!("Note {number} says parcel") };
        notes.put(&NewDocument::new(&format!("key {number}"), &text).title("A note")).unwrap();
    }
    notes.count_use("key 3", true).unwrap();
    notes.remove("key 5").unwrap();
    assert_eq!(notes.embed(100).unwrap().left, 0);
    notes.snapshot().unwrap();
    let base = memory.tenant("globex").unwrap().knowledge().unwrap();
    base.put(&NewArticle::new("hours", "Hours", "We open at nine.")).unwrap();
}

#[test]
fn a_store_with_everything_in_it_is_sound() {
    on_every_store(|place| {
        let memory = place.open();
        fill(&memory);
        let report = memory.check().unwrap();
        assert_eq!((report.findings, report.warnings), (vec![], vec![]));
        assert_eq!((report.turns, report.documents), (36, 13));
        memory.maintain().unwrap();
        assert!(memory.check().unwrap().is_sound());
    });
}

/// A filled store, closed, and a way to a damaged copy of it.
struct Bench(Place);

impl Bench {
    fn new() -> Bench {
        let place = Place::sqlite();
        fill(&place.open());
        Bench(place)
    }

    /// A copy of the store on which statements were run.
    fn damaged(&self, sql: &str) -> Place {
        let place = Place::sqlite();
        std::fs::copy(self.0.file(), place.file()).unwrap();
        Connection::open(place.file()).unwrap().execute_batch(sql).unwrap();
        place
    }
}

#[test]
fn whatever_is_damaged_is_found_and_named() {
    let bench = Bench::new();
    // Customer 1 is alice, whose turns are 2 to 13 in the sessions 2 to 4; collection 1 is `notes`.
    let turn = (1 << 24) + 7;
    let session = (1 << 24) + 3;
    let document = (1 << 24) + 2;
    let damages = [
        (format!("UPDATE turns SET body = x'00' WHERE id = {turn}"), "-7 is damaged"),
        (
            format!("DELETE FROM turns WHERE id = {turn}"),
            "-7 is damaged: it is missing before turn",
        ),
        (
            format!("UPDATE turns SET session = 77 WHERE id = {turn}"),
            "-7 is damaged: its session is missing",
        ),
        (
            format!("UPDATE turns SET channel = 2 WHERE id = {turn}"),
            "-7 is damaged: its channel is not its session's",
        ),
        (
            format!("UPDATE turns SET key = x'0000000000000009AA' WHERE id = {turn}"),
            "idempotency key is another",
        ),
        (
            format!("UPDATE turns SET id = id + (5 << 24) WHERE id = {turn}"),
            "belongs to no customer",
        ),
        (
            format!("DELETE FROM turns WHERE id > {turn} AND id < {}", 2 << 24),
            "but the newest turn is 7",
        ),
        (
            "UPDATE customers SET turns_gone = 0 WHERE id = 1".into(),
            "-1 is damaged: it is missing before turn",
        ),
        (
            "UPDATE customers SET sessions_gone = -4 WHERE id = 2".into(),
            "bob of tenant acme counts more as gone",
        ),
        ("UPDATE customers SET tenant = 99 WHERE id = 3".into(), "customer 3 belongs to no tenant"),
        ("UPDATE customers SET name = '' WHERE id = 3".into(), "customer 3 is damaged"),
        ("UPDATE tenants SET name = 'a' || char(10) WHERE id = 2".into(), "tenant 2 is damaged"),
        (
            "UPDATE counters SET value = 1 WHERE name = 'customers'".into(),
            "counter of customers is at 1, behind",
        ),
        (
            "UPDATE counters SET value = 0 WHERE name = 'tenants'".into(),
            "counter of tenants is at 0, behind",
        ),
        (
            "UPDATE counters SET value = 0 WHERE name = 'collections'".into(),
            "counter of collections is at 0, behind",
        ),
        (
            format!("DELETE FROM sessions WHERE id = {session}"),
            "session 4 of customer alice of tenant acme is damaged",
        ),
        (
            format!("UPDATE sessions SET channel = 9 WHERE id = {session}"),
            "it has the unknown channel 9",
        ),
        (
            format!("UPDATE sessions SET rating = 6 WHERE id = {session}"),
            "its rating is not one to five",
        ),
        (
            format!("UPDATE sessions SET resolved = 2 WHERE id = {session}"),
            "its outcome is unknown",
        ),
        (format!("UPDATE sessions SET opened_at = -1 WHERE id = {session}"), "opened before 1970"),
        (
            format!("UPDATE sessions SET first_turn = 3 WHERE id = {session}"),
            "its first turn is of another customer",
        ),
        (
            format!("UPDATE sessions SET id = id + (7 << 24) WHERE id = {session}"),
            "belongs to no customer",
        ),
        (
            "UPDATE collections SET tenant = 99 WHERE id = 1".into(),
            "collection 1 belongs to no tenant",
        ),
        ("UPDATE collections SET name = '' WHERE id = 1".into(), "collection 1 is damaged"),
        (
            "UPDATE collections SET changes = 3 WHERE id = 1".into(),
            "collection 1 counts 3 changes, but has change 13",
        ),
        (
            "UPDATE collections SET newest = 20 WHERE id = 1".into(),
            "collection 1 gave 20 numbers to documents",
        ),
        ("DELETE FROM collections WHERE id = 1".into(), "belongs to no collection"),
        (
            format!("DELETE FROM documents WHERE id = {document}"),
            "collection 1 gave 12 numbers to documents",
        ),
        (
            format!("UPDATE documents SET body = x'00112233445566' WHERE id = {document}"),
            "document 2 of the collection notes of tenant acme is damaged",
        ),
        (
            format!(
                "UPDATE documents SET body = (SELECT body FROM documents WHERE id = {document} + 1) WHERE id = {document}"
            ),
            "document 2 of the collection notes of tenant acme is damaged: it stands under another key",
        ),
        (
            format!("UPDATE documents SET key = NULL WHERE id = {document}"),
            "it stands under another key",
        ),
        (
            format!("UPDATE documents SET changed = changed + (1 << 41) WHERE id = {document}"),
            "of another collection",
        ),
        (
            format!("UPDATE documents SET helped = 3 WHERE id = {document}"),
            "its uses are counted wrongly",
        ),
        (
            format!("UPDATE vectors SET body = x'010203aabbccdd' WHERE id = {document}"),
            "the vectors of document 2 of the collection notes of tenant acme are damaged: their bytes are not",
        ),
        (
            format!("UPDATE vectors SET model = 'lengths#2' WHERE id = {document}"),
            "document 2 of the collection notes",
        ),
        (
            format!("UPDATE vectors SET model = 'lengths' WHERE id = {document}"),
            "their model's name holds no dimension",
        ),
        (
            format!(
                "UPDATE vectors SET body = (SELECT body FROM vectors WHERE id = {document} - 1) WHERE id = {document}"
            ),
            "for 1 passages",
        ),
        (
            format!("UPDATE vectors SET id = {document} + 500 WHERE id = {document}"),
            "there is no such document",
        ),
        (
            "INSERT INTO dictionaries (number, bytes) VALUES (16, x'0011')".into(),
            "dictionary 16 is unusable",
        ),
    ];
    for (sql, expected) in damages {
        let place = bench.damaged(&sql);
        let findings = place.open().check().unwrap().findings;
        assert!(findings.iter().any(|line| line.contains(expected)), "{sql}: {findings:?}");
        assert!(
            !findings.iter().any(|line| line.contains("parcel")),
            "{sql}: no words: {findings:?}"
        );
    }
    assert!(bench.0.open().check().unwrap().is_sound());
}

#[test]
fn a_snapshot_of_no_use_is_a_warning_and_upkeep_makes_a_new_one() {
    let bench = Bench::new();
    for (sql, expected) in [
        (
            "UPDATE snapshots SET body = x'00'",
            "the snapshot of the collection notes of tenant acme is of no use",
        ),
        ("UPDATE snapshots SET id = id + (9 << 24)", "snapshot of no collection, number 10"),
    ] {
        let place = bench.damaged(sql);
        let memory = place.open();
        let report = memory.check().unwrap();
        assert_eq!(report.findings, [""; 0], "{sql}");
        assert!(report.warnings[0].contains(expected), "{sql}: {:?}", report.warnings);
        memory.maintain().unwrap();
        assert_eq!(memory.check().unwrap().warnings, [""; 0], "{sql}");
        let sql = "SELECT count(*) FROM snapshots WHERE id >> 24 = 1";
        let pieces: i64 =
            Connection::open(place.file()).unwrap().query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(pieces, i64::from(!expected.contains("of no collection")));
    }
}

#[test]
fn damaged_vectors_are_an_error_for_their_model_and_nothing_to_the_table() {
    let bench = Bench::new();
    let place = bench.damaged("UPDATE vectors SET body = x'010203aabbccdd' WHERE id = 16777218");
    let notes = notes(&place.open());
    let error = notes.with_embedder(Arc::new(Lengths)).search("parcel", 3, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(
        error.to_string().contains("document 2 of the collection notes of tenant acme"),
        "{error}"
    );
    assert_eq!(notes.search("parcel", 3, None).unwrap().documents.len(), 3);
    notes.put(&NewDocument::new("key 1", "Note 1 says parcel")).unwrap();
    let mended = notes.with_embedder(Arc::new(Lengths));
    assert_eq!(mended.embed(100).unwrap().documents, 1, "put again, it gets new ones");
    assert_eq!(mended.search("parcel", 3, None).unwrap().model.as_deref(), Some("lengths"));
}

/// A snapshot's pieces with their keys.
type Pieces = Vec<(i64, Vec<u8>)>;

const QUESTIONS: [&str; 4] = ["blue thing 77", "what costs 350?", "red", "a walrus thing"];

fn answers(place: &Place) -> Vec<FoundDocuments> {
    let notes = notes(&place.open());
    QUESTIONS.iter().map(|question| notes.search(question, 30, None).unwrap()).collect()
}

/// A collection with a snapshot of several pieces, and the pieces.
fn with_snapshot() -> (Place, Pieces) {
    let place = Place::sqlite();
    let notes = notes(&place.open());
    let texts: Vec<(String, String)> = (0..400)
        .map(|n| {
            let words: Vec<String> =
                (0..40).map(|word| format!("w{}", (n * 37 + word * word) % 5_000)).collect();
            (
                format!("key {n}"),
                format!(
                    "Thing {n} costs {} and is {}; {}",
                    n * 7,
                    ["red", "blue"][n % 2],
                    words.join(" ")
                ),
            )
        })
        .collect();
    let new: Vec<NewDocument<'_>> =
        texts.iter().map(|(key, text)| NewDocument::new(key, text)).collect();
    notes.put_all(&new).unwrap();
    notes.snapshot().unwrap();
    let pieces = pieces(&place);
    assert!(pieces.len() > 1, "{} pieces", pieces.len());
    (place, pieces)
}

fn pieces(place: &Place) -> Pieces {
    let connection = Connection::open(place.file()).unwrap();
    let mut statement = connection.prepare("SELECT id, body FROM snapshots ORDER BY id").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(std::result::Result::unwrap).collect()
}

fn store(place: &Place, pieces: &[(i64, Vec<u8>)]) {
    let mut connection = Connection::open(place.file()).unwrap();
    let work = connection.transaction().unwrap();
    work.execute("DELETE FROM snapshots", []).unwrap();
    for (id, body) in pieces {
        work.execute("INSERT INTO snapshots (id, body) VALUES (?1, ?2)", (id, body)).unwrap();
    }
    work.commit().unwrap();
}

/// Bits are flipped at random too; `CONFIDANT_FLIPS=5000 cargo test --release --test check` runs
/// longer.
#[test]
fn a_snapshot_that_is_damaged_cut_short_mixed_up_or_gone_changes_no_answer() {
    let (place, good) = with_snapshot();
    store(&place, &[]);
    let fresh = answers(&place);
    assert!(fresh.iter().all(|found| !found.documents.is_empty()));
    store(&place, &good);
    assert_eq!(answers(&place), fresh, "a good snapshot");
    let last = good.len() - 1;
    let with = |change: &dyn Fn(&mut Pieces)| {
        let mut pieces = good.clone();
        change(&mut pieces);
        pieces
    };
    let mut damages = vec![
        with(&|pieces| drop(pieces.remove(0))),
        with(&|pieces| drop(pieces.pop())),
        with(&|pieces| {
            (pieces[0].1, pieces[last].1) = (pieces[last].1.clone(), pieces[0].1.clone())
        }),
        with(&|pieces| pieces[last].1 = pieces[0].1.clone()),
        with(&|pieces| pieces.push((pieces[last].0 + 1, pieces[0].1.clone()))),
        with(&|pieces| pieces[0].1.clear()),
        with(&|pieces| pieces[0].1[0] = 99),
        with(&|pieces| pieces[last].1[0] = 200),
    ];
    let mut rng = Rng::new(7);
    for len in [1, 4, 5, 9, 1_000] {
        damages.push(with(&|pieces| pieces[last].1.truncate(len)));
    }
    let flips =
        std::env::var("CONFIDANT_FLIPS").ok().and_then(|flips| flips.parse().ok()).unwrap_or(20);
    for _ in 0..flips {
        let (piece, bit) = (rng.below(good.len()), rng.below(8));
        let at = rng.below(good[piece].1.len());
        damages.push(with(&|pieces| pieces[piece].1[at] ^= 1 << bit));
    }
    for (number, pieces) in damages.iter().enumerate() {
        store(&place, pieces);
        assert_eq!(answers(&place), fresh, "damage {number}");
    }
    for sql in ["UPDATE snapshots SET body = 'text'", "UPDATE snapshots SET body = 7"] {
        store(&place, &good);
        Connection::open(place.file()).unwrap().execute_batch(sql).unwrap();
        assert_eq!(answers(&place), fresh, "{sql}");
    }
}

#[test]
fn a_snapshot_from_before_or_of_another_collection_changes_no_answer() {
    let (place, old) = with_snapshot();
    let notes = notes(&place.open());
    notes.put(&NewDocument::new("new", "A walrus")).unwrap();
    notes.remove("key 77").unwrap();
    notes.put(&NewDocument::new("key 50", "Nothing of the kind")).unwrap();
    store(&place, &[]);
    let fresh = answers(&place);
    store(&place, &old);
    assert_eq!(answers(&place), fresh, "an old one is brought forward");
    notes.snapshot().unwrap();
    let newer = pieces(&place);
    let mixed: Vec<_> = old.iter().take(1).chain(newer.iter().skip(1)).cloned().collect();
    store(&place, &mixed);
    assert_eq!(answers(&place), fresh, "pieces of two");
    let other = place.open().tenant("acme").unwrap().collection("other").unwrap();
    other.put(&NewDocument::new("a", "A walrus is blue")).unwrap();
    other.snapshot().unwrap();
    let of_other = pieces(&place)
        .into_iter()
        .filter(|(id, _)| id >> 24 == 2)
        .map(|(id, body)| (id - (1 << 24), body));
    store(&place, &of_other.collect::<Vec<_>>());
    assert_eq!(answers(&place), fresh, "another collection's");
    let ahead = "DELETE FROM documents WHERE changed & 0xffffffffff > 300";
    store(&place, &newer);
    Connection::open(place.file()).unwrap().execute_batch(ahead).unwrap();
    let with_newer = answers(&place);
    store(&place, &[]);
    assert_eq!(answers(&place), with_newer, "a snapshot ahead of its documents");
}
