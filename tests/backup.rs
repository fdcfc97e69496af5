//! Backup and restore: whole, checked, never over something, never half.

#![cfg(all(unix, feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{Confidant, CopyProgress, Customer, ErrorKind, NewTurn};
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use support::*;

fn on(_: CopyProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn beside(file: &str, end: &str) -> PathBuf {
    PathBuf::from(format!("{file}{end}"))
}

fn save(customer: &Customer, text: &str) {
    customer.memory().save_turn(NewTurn::said(text)).unwrap();
}

fn total(location: &str) -> u64 {
    let memory = Confidant::open(location).unwrap();
    assert!(memory.check().unwrap().is_sound());
    memory.customer("alice").unwrap().memory().load_context().unwrap().total()
}

fn at(place: &Place, name: &str) -> String {
    place.folder().join(name).to_str().unwrap().to_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_has_every_turn_saved_before_it_and_opens_as_a_store_of_its_own() {
    let place = Place::sqlite();
    let (copy, again) = (at(&place, "copy.db"), at(&place, "again.db"));
    let memory = Confidant::open(place.location()).unwrap();
    let alice = memory.customer("alice").unwrap();
    (0..20).for_each(|n| save(&alice, &format!("turn {n}")));
    let mut told = Vec::new();
    memory
        .backup(&copy, |progress| {
            told.push(progress);
            ControlFlow::Continue(())
        })
        .unwrap();
    let last = told.last().unwrap();
    assert!(last.total_bytes > 0 && last.copied_bytes == last.total_bytes, "{told:?}");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!beside(&copy, "-wal").exists());

    Confidant::restore(&copy, &again, on).unwrap();
    for store in [&copy, &again] {
        assert_eq!(total(store), 20);
        let other = Confidant::open(store).unwrap();
        save(&other.customer("alice").unwrap(), "only here");
        drop(other);
        assert_eq!(total(store), 21);
    }
    assert_eq!(alice.memory().load_context().unwrap().total(), 20);
}

#[test]
fn writers_go_on_during_a_backup_and_nothing_acknowledged_before_it_is_missing() {
    let place = Place::sqlite();
    let memory = Confidant::open(place.location()).unwrap();
    let alice = memory.customer("alice").unwrap();
    let text = |n: u32| -> String {
        (1..6_500_u32).map(|at| format!("{:x} ", (at * n).wrapping_mul(2_654_435_761))).collect()
    };
    // More than a MiB, so that a backup takes several steps.
    (1..=40).for_each(|n| save(&alice, &text(n)));
    let (stop, saved) = (AtomicBool::new(false), AtomicU64::new(40));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                save(&alice, "meanwhile");
                saved.fetch_add(1, Ordering::AcqRel);
            }
        });
        for round in 0..5 {
            let copy = at(&place, &format!("copy{round}.db"));
            let before = saved.load(Ordering::Acquire);
            // A turn saved while the copy is made is not waited for, and waits for nothing.
            let mut steps = 0;
            memory
                .backup(&copy, |_| {
                    steps += 1;
                    let seen = saved.load(Ordering::Acquire);
                    while saved.load(Ordering::Acquire) < seen + 2 && !writer.is_finished() {
                        std::thread::yield_now();
                    }
                    ControlFlow::Continue(())
                })
                .unwrap();
            assert!(steps > 1 && saved.load(Ordering::Acquire) > before);
            let copied = total(&copy);
            assert!(copied >= before, "{copied} of {before}");
        }
        stop.store(true, Ordering::Release);
    });
}

#[test]
fn a_cancelled_backup_leaves_nothing_behind() {
    let place = Place::sqlite();
    let memory = Confidant::open(place.location()).unwrap();
    save(&memory.customer("alice").unwrap(), "hello");
    let before = names(place.folder());
    let refused = memory.backup(&at(&place, "copy.db"), |_| ControlFlow::Break(()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(names(place.folder()), before);
    memory.backup(&at(&place, "copy.db"), on).unwrap();
}

#[test]
fn nothing_is_copied_over_a_store_or_what_is_left_of_one() {
    let place = Place::sqlite();
    let memory = Confidant::open(place.location()).unwrap();
    save(&memory.customer("alice").unwrap(), "hello");
    let (copy, target) = (at(&place, "copy.db"), at(&place, "target.db"));
    memory.backup(&copy, on).unwrap();
    for end in ["", "-wal", "-shm", "-journal", "-lock"] {
        let taken = beside(&target, end);
        fs::write(&taken, "mine").unwrap();
        let kinds = [memory.backup(&target, on), Confidant::restore(&copy, &target, on)]
            .map(|done| done.unwrap_err().kind());
        assert_eq!(kinds, [ErrorKind::Conflict; 2], "{end}");
        assert_eq!(fs::read(&taken).unwrap(), b"mine");
        fs::remove_file(&taken).unwrap();
    }
    let missing = at(&place, "no/such/copy.db");
    assert_eq!(memory.backup(&missing, on).unwrap_err().kind(), ErrorKind::NotFound);
    let refused = Confidant::restore(place.location(), &target, on).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused}");
    let refused = Confidant::restore(&missing, &target, on).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotFound);
    let refused = Confidant::restore("postgres://u:sesame@h/db", &target, on).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_damaged_or_foreign_file_is_not_restored_and_leaves_nothing_behind() {
    let place = Place::sqlite();
    let memory = Confidant::open(place.location()).unwrap();
    let alice = memory.customer("alice").unwrap();
    (0..200).for_each(|n| save(&alice, &format!("turn {n}")));
    let (copy, target) = (at(&place, "copy.db"), at(&place, "target.db"));
    memory.backup(&copy, on).unwrap();
    let sound = fs::read(&copy).unwrap();
    let mut blanked = sound.clone();
    for page in blanked.chunks_mut(4096).skip(2) {
        page[..64].fill(0xff);
    }
    let cut = sound[..sound.len() / 2].to_vec();
    for bytes in [blanked, cut, Vec::new(), b"not a database at all, but a letter".repeat(100)] {
        fs::write(&copy, &bytes).unwrap();
        let before = names(place.folder());
        let refused = Confidant::restore(&copy, &target, on).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Corrupt, "{refused}");
        assert_eq!(names(place.folder()), before);
    }
}

#[test]
fn the_log_of_the_store_is_never_replayed_over_its_backup() {
    let place = Place::sqlite();
    let copy = at(&place, "copy.db");
    let memory = Confidant::open(place.location()).unwrap();
    let alice = memory.customer("alice").unwrap();
    save(&alice, "before");
    memory.backup(&copy, on).unwrap();
    save(&alice, "after");
    // What a crash and a careless copy leave: the backup under the name, the old log beside it.
    let crashed = at(&place, "crashed.db");
    fs::copy(beside(place.location(), "-wal"), beside(&crashed, "-wal")).unwrap();
    fs::copy(&copy, &crashed).unwrap();
    assert_eq!(total(&crashed), 1);
    assert!(beside(&crashed, "-wal.set-aside-1").exists());
}

#[test]
fn a_backup_of_an_older_format_is_restored_and_opens_in_the_newest() {
    let place = Place::sqlite();
    for format in ["format-1.db", "format-2.db"] {
        let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format);
        let (copy, target) = (at(&place, format), at(&place, &format!("new-{format}")));
        fs::copy(&old, &copy).unwrap();
        Confidant::restore(&copy, &target, on).unwrap();
        assert_eq!(fs::read(&copy).unwrap(), fs::read(&old).unwrap(), "the backup was changed");
        let report = Confidant::open(&target).unwrap().check().unwrap();
        assert!(report.is_sound() && report.turns > 0, "{report:?}");
    }
}
