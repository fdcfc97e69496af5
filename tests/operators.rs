//! What an operator does to the files of an open store: nothing is acknowledged that nobody will
//! find, and nothing of the operator's is destroyed.

#![cfg(all(unix, feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{Confidant, Customer, ErrorKind, NewTurn};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use support::*;

fn beside(file: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}{end}", file.display()))
}

fn save(customer: &Customer, text: &str) -> confidant::Result<u32> {
    customer.memory().save_turn(NewTurn::said(text)).map(|turn| turn.id.number())
}

fn total(location: &str) -> u64 {
    let memory = Confidant::open(location).unwrap();
    memory.customer("alice").unwrap().memory().load_context().unwrap().total()
}

type Event = (&'static str, fn(&Path));

/// What takes the file away from its path.
const LOSSES: [Event; 5] = [
    ("removed", |file| fs::remove_file(file).unwrap()),
    ("renamed", |file| fs::rename(file, beside(file, ".away")).unwrap()),
    ("replaced", |file| {
        fs::write(beside(file, ".new"), "another").unwrap();
        fs::rename(beside(file, ".new"), file).unwrap();
    }),
    ("swapped for a link to itself", |file| {
        fs::copy(file, beside(file, ".copy")).unwrap();
        fs::remove_file(file).unwrap();
        symlink(beside(file, ".copy"), file).unwrap();
    }),
    ("its folder was renamed", |file| {
        let folder = file.parent().unwrap();
        fs::rename(folder, folder.with_extension("away")).unwrap();
    }),
];

/// A store in a folder below the place's, which may be moved away.
fn inner(place: &Place) -> PathBuf {
    let folder = place.folder().join("inner");
    fs::create_dir(&folder).unwrap();
    folder.join("support.db")
}

#[test]
fn no_turn_is_acknowledged_for_a_file_that_is_no_longer_at_its_path() {
    for (name, lose) in LOSSES {
        let place = Place::sqlite();
        let file = inner(&place);
        let memory = place.builder().open(file.to_str().unwrap()).unwrap();
        let alice = memory.customer("alice").unwrap();
        save(&alice, "one").unwrap();
        lose(&file);
        for _ in 0..2 {
            let refused = save(&alice, "two").unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Closed, "{name}: {refused}");
            assert!(refused.to_string().contains("support.db is no longer the file"), "{refused}");
        }
        assert_eq!(memory.maintain().unwrap_err().kind(), ErrorKind::Closed, "{name}");
        assert_eq!(memory.compact().unwrap_err().kind(), ErrorKind::Closed, "{name}");
    }
}

#[test]
fn a_customer_that_is_hot_is_not_read_on_for_ever_when_the_file_is_gone() {
    for (name, lose) in LOSSES {
        let place = Place::sqlite();
        let file = inner(&place);
        let memory = place.builder().open(file.to_str().unwrap()).unwrap();
        let alice = memory.customer("alice").unwrap();
        save(&alice, "one").unwrap();
        alice.memory().load_context().unwrap();
        lose(&file);
        let refused = loop {
            match alice.memory().load_context() {
                Ok(context) => assert_eq!(context.total(), 1),
                Err(error) => break error,
            }
        };
        assert_eq!(refused.kind(), ErrorKind::Closed, "{name}: {refused}");
    }
}

#[test]
fn what_a_commit_in_flight_saved_to_a_lost_file_is_an_error_for_every_thread() {
    for seed in 0..20 {
        let place = Place::sqlite();
        let memory = place.open();
        let (file, away) = (place.file(), beside(&place.file(), ".away"));
        let acknowledged: u64 = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let alice = memory.customer("alice").unwrap();
                    scope.spawn(move || {
                        let saved = (0..).map_while(|_| match save(&alice, "more") {
                            Ok(_) => Some(()),
                            Err(error) => {
                                assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
                                None
                            }
                        });
                        saved.count() as u64
                    })
                })
                .collect();
            let alice = memory.customer("alice").unwrap();
            for _ in 0..seed {
                save(&alice, "own").unwrap();
            }
            fs::rename(&file, &away).unwrap();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>() + seed
        });
        drop(memory);
        // The operator puts it back, with its log: everything acknowledged is there.
        fs::rename(&away, &file).unwrap();
        assert!(total(place.location()) >= acknowledged);
    }
}

#[test]
fn a_store_that_was_closed_after_its_file_was_replaced_leaves_the_next_ones_log_alone() {
    let place = Place::sqlite();
    let old = place.open();
    save(&old.customer("alice").unwrap(), "old").unwrap();
    for end in ["", "-wal", "-shm", "-lock"] {
        fs::rename(beside(&place.file(), end), beside(&place.file(), &format!(".old{end}")))
            .unwrap();
    }
    let new = place.open();
    save(&new.customer("alice").unwrap(), "new").unwrap();
    drop(old);
    assert!(beside(&place.file(), "-wal").exists(), "the log of the new store");
    // As after a crash: what is on the disk now.
    let copy = tempfile::tempdir().unwrap();
    let target = copy.path().join("support.db");
    for end in ["", "-wal"] {
        fs::copy(beside(&place.file(), end), beside(&target, end)).unwrap();
    }
    assert_eq!(total(target.to_str().unwrap()), 1);
}

#[test]
fn a_file_with_two_names_is_refused_by_each() {
    let place = Place::sqlite();
    let memory = place.open();
    let alice = memory.customer("alice").unwrap();
    save(&alice, "one").unwrap();
    let second = beside(&place.file(), ".second");
    fs::hard_link(place.file(), &second).unwrap();
    for name in [place.file(), second.clone()] {
        let refused = Confidant::open(name.to_str().unwrap()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
        assert!(refused.to_string().contains("hard link"), "{refused}");
    }
    assert!(memory.check().unwrap().warnings.iter().any(|line| line.contains("hard link")));
    save(&alice, "two").unwrap();
    fs::remove_file(second).unwrap();
    assert_eq!(total(place.location()), 2);
}

#[test]
fn a_lock_file_that_is_a_link_is_refused_and_what_it_leads_to_is_left_alone() {
    let place = Place::sqlite();
    let victim = place.folder().join("victim");
    fs::write(&victim, "mine").unwrap();
    symlink(&victim, beside(&place.file(), "-lock")).unwrap();
    let refused = Confidant::open(place.location()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Io);
    assert!(refused.to_string().contains("symbolic link"), "{refused}");
    assert_eq!(fs::read(victim).unwrap(), b"mine");
}

#[test]
fn a_lock_file_that_was_taken_away_or_cut_short_leaves_no_read_behind_the_truth() {
    let events: [Event; 3] = [
        ("removed", |lock| fs::remove_file(lock).unwrap()),
        ("renamed", |lock| fs::rename(lock, beside(lock, ".away")).unwrap()),
        ("cut short", |lock| drop(fs::File::create(lock).unwrap())),
    ];
    for (name, event) in events {
        let place = Place::sqlite();
        let first = place.open_with(|builder| builder.hot_ttl(None));
        let alice = first.customer("alice").unwrap();
        save(&alice, "one").unwrap();
        alice.memory().load_context().unwrap();
        event(&beside(&place.file(), "-lock"));
        let second = place.open_with(|builder| builder.hot_ttl(None));
        let other = second.customer("alice").unwrap();
        other.memory().load_context().unwrap();
        for round in 1..20 {
            // Whoever lost its lock file says so in the new one before it saves.
            save(&alice, "first").unwrap();
            assert_eq!(other.memory().load_context().unwrap().total(), 2 * round, "{name}");
            save(&other, "second").unwrap();
            assert_eq!(alice.memory().load_context().unwrap().total(), 2 * round + 1, "{name}");
        }
    }
}

#[test]
fn folders_and_files_that_others_may_write_are_warned_of() {
    let place = Place::sqlite();
    let memory = place.open();
    assert!(memory.check().unwrap().warnings.is_empty());
    let folder = place.folder();
    let before = fs::metadata(folder).unwrap().permissions();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    let warnings = memory.check().unwrap().warnings;
    fs::set_permissions(folder, before).unwrap();
    assert!(warnings.iter().any(|line| line.contains("0777")), "{warnings:?}");
}

/// Copies the store as a crash would leave it now.
fn crashed(file: &Path, to: &Path) {
    for end in ["", "-wal"] {
        fs::copy(beside(file, end), beside(to, end)).unwrap();
    }
}

fn fill(memory: &Confidant, turns: usize) {
    let alice = memory.customer("alice").unwrap();
    for number in 0..turns {
        save(&alice, &format!("{number} {}", "words ".repeat(50 + number % 7))).unwrap();
    }
}

/// A copy that holds `turns` turns, made with a tool of SQLite's.
fn copy_by(sql: &str, file: &Path, to: &Path) {
    let sqlite = rusqlite::Connection::open(file).unwrap();
    sqlite.execute_batch(&sql.replace("TARGET", to.to_str().unwrap())).unwrap();
}

#[test]
fn a_backup_that_is_copied_over_a_crashed_store_is_not_destroyed_by_the_log_left_behind() {
    for (way, moved) in [("file", true), ("file", false), ("vacuum", true), ("vacuum", false)] {
        let place = Place::sqlite();
        let (backup, target) = (beside(&place.file(), ".bak"), place.folder().join("crashed.db"));
        let memory = place.open();
        fill(&memory, 40);
        if way == "file" {
            // A whole copy of the file alone: as after the last program closed it.
            memory.maintain().unwrap();
            fs::copy(place.file(), &backup).unwrap();
            if moved {
                fill(&memory, 300);
                memory.maintain().unwrap();
            }
        } else {
            copy_by("VACUUM INTO 'TARGET'", &place.file(), &backup);
        }
        fill(&memory, 30);
        crashed(&place.file(), &target);
        fs::write(beside(&target, "-lock"), ".").unwrap();
        fs::copy(&backup, &target).unwrap();
        let opened = Confidant::open(target.to_str().unwrap()).unwrap();
        let report = opened.check().unwrap();
        assert!(report.is_sound(), "{way}: {:?}", report.findings);
        let turns = opened.customer("alice").unwrap().memory().load_context().unwrap().total();
        let aside = beside(&target, "-wal.set-aside-1").exists();
        if way == "file" && !moved {
            // The log of this very file: it leads to the newest state.
            assert_eq!((turns, aside), (70, false));
        } else {
            assert_eq!((turns, aside), (40, true), "{way}");
            assert!(report.warnings.iter().any(|line| line.contains("set-aside")));
        }
        fill(&opened, 10);
        drop(opened);
        assert_eq!(total(target.to_str().unwrap()), turns + 10);
    }
}

#[test]
fn a_log_of_another_store_is_set_aside_and_its_own_is_replayed() {
    let places = [Place::sqlite(), Place::sqlite()];
    let memories = places.each_ref().map(|place| {
        let memory = place.open();
        fill(&memory, 300);
        memory.maintain().unwrap();
        fill(&memory, 20);
        memory
    });
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("support.db");
    for (own, log) in [(0, 1), (1, 0), (0, 0), (1, 1)] {
        crashed(&places[own].file(), &target);
        fs::copy(beside(&places[log].file(), "-wal"), beside(&target, "-wal")).unwrap();
        let opened = Confidant::open(target.to_str().unwrap()).unwrap();
        let customer = opened.customer("alice").unwrap();
        let turns = customer.memory().load_context().unwrap().total();
        assert_eq!(turns, if own == log { 320 } else { 300 });
        assert!(opened.check().unwrap().is_sound());
        drop((customer, opened));
    }
    drop(memories);
}

#[test]
fn a_new_file_is_not_given_the_log_of_the_one_that_was_removed() {
    let place = Place::sqlite();
    let memory = place.open();
    fill(&memory, 20);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("support.db");
    crashed(&place.file(), &target);
    fs::remove_file(&target).unwrap();
    assert_eq!(total(target.to_str().unwrap()), 0);
    assert!(beside(&target, "-wal.set-aside-1").exists());
}

#[test]
fn opening_and_reading_a_store_changes_not_one_byte_of_it() {
    let place = Place::sqlite();
    let memory = place.open();
    let alice = memory.customer("alice").unwrap();
    for _ in 0..50 {
        save(&alice, "one").unwrap();
    }
    drop((alice, memory));
    let state = || {
        let metadata = fs::metadata(place.file()).unwrap();
        (fs::read(place.file()).unwrap(), metadata.mtime(), metadata.mtime_nsec(), metadata.ino())
    };
    let before = state();
    let memory = place.open();
    let alice = memory.customer("alice").unwrap();
    assert_eq!(alice.memory().load_context().unwrap().turns().len(), 50);
    let log = fs::metadata(beside(&place.file(), "-wal")).map_or(0, |metadata| metadata.len());
    assert_eq!(log, 0, "nothing was written, so there is nothing in the log");
    drop((alice, memory));
    assert!(state() == before);
}

#[test]
fn check_warns_of_a_log_that_has_grown_large() {
    let place = Place::sqlite();
    let memory = Confidant::open(place.location()).unwrap();
    save(&memory.customer("alice").unwrap(), "hello").unwrap();
    let warns = || memory.check().unwrap().warnings.iter().any(|line| line.contains("the log of"));
    assert!(!warns());
    let log = beside(Path::new(place.location()), "-wal");
    fs::OpenOptions::new().write(true).open(log).unwrap().set_len((64 << 20) + 1).unwrap();
    assert!(warns());
}
