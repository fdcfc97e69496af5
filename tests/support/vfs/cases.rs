//! Every public operation, each on a store that was prepared for it.

use super::crash::STORE;
use super::life::Clockwork;
use super::oracle::customer;
use super::rng::Rng;
use super::training::dictionary;
use confidant::{Channel, Confidant, Customer, NewAnswer, NewTurn, Outcome, Page, Persist, Result};
use std::path::Path;

/// The customers that are watched.
pub const WATCHED: usize = 2;

/// One public operation, on a store that was prepared for it.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    /// What stands in the folder; nothing if it is a new store.
    pub template: Template,
    /// What is done with the open store before faults begin; `None` if opening is the operation.
    pub before: Option<fn(&Confidant)>,
    pub act: fn(&World<'_>) -> Result<()>,
    /// Every nth fault point in the quick run.
    pub stride: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Template {
    Nothing,
    /// Closed properly.
    Closed,
    /// Its process was killed: the newest turns are in the log.
    Killed,
    /// Trained, with turns that are to be packed anew.
    Trained,
}

pub struct World<'w> {
    pub path: &'w Path,
    pub clock: &'w Clockwork,
    pub memory: Option<&'w Confidant>,
}

impl World<'_> {
    pub fn customer(&self, number: usize) -> Customer {
        customer(self.memory.unwrap(), number)
    }
}

pub fn nothing(_: &Confidant) {}

pub fn long_texts(count: usize, bytes: usize) -> Vec<String> {
    let mut rng = Rng::new(5);
    let word = |rng: &mut Rng| format!("{:016x}", rng.next());
    (0..count).map(|_| (0..bytes / 16).map(|_| word(&mut rng)).collect()).collect()
}

pub fn save_long(customer: &Customer, count: usize, bytes: usize) -> Result<()> {
    let texts = long_texts(count, bytes);
    let new: Vec<NewTurn<'_>> = texts.iter().map(|text| NewTurn::said(text)).collect();
    customer.memory().save_turns(&new).map(|_| ())
}

pub const CASES: [Case; 21] = [
    Case {
        name: "open a new store",
        template: Template::Nothing,
        before: None,
        act: |world| world.clock.open(world.path).map(|_| ()),
        stride: 1,
    },
    Case {
        name: "open a closed store",
        template: Template::Closed,
        before: None,
        act: |world| world.clock.open(world.path).map(|_| ()),
        stride: 1,
    },
    Case {
        name: "open a killed process's store",
        template: Template::Killed,
        before: None,
        act: |world| world.clock.open(world.path).map(|_| ()),
        stride: 1,
    },
    Case {
        name: "save_turn of a new customer",
        template: Template::Nothing,
        before: Some(nothing),
        act: |world| {
            world.customer(0).memory().save_turn(NewTurn::said("Hi").answered("Hello")).map(|_| ())
        },
        stride: 1,
    },
    Case {
        name: "save_turn",
        template: Template::Closed,
        before: Some(nothing),
        act: |world| world.customer(0).memory().save_turn(NewTurn::said("Hi").key("k")).map(|_| ()),
        stride: 1,
    },
    Case {
        name: "save_turn after a recovery",
        template: Template::Killed,
        before: Some(nothing),
        act: |world| world.customer(0).memory().save_turn(NewTurn::said("Hi").key("k")).map(|_| ()),
        stride: 1,
    },
    Case {
        name: "save_turn that begins the log again",
        template: Template::Closed,
        before: Some(|memory| {
            customer(memory, 1).memory().save_turn(NewTurn::said("Before.")).unwrap();
            memory.maintain().unwrap();
        }),
        act: |world| {
            world.customer(0).memory().save_turn(NewTurn::said("Hi").answered("Hello")).map(|_| ())
        },
        stride: 1,
    },
    Case {
        name: "save_turns",
        template: Template::Closed,
        before: Some(nothing),
        act: |world| save_long(&world.customer(1), 4, 6_000),
        stride: 1,
    },
    Case {
        name: "save_turn that moves the log into the file",
        template: Template::Closed,
        before: Some(|memory| save_long(&memory.customer("crowd").unwrap(), 62, 64_000).unwrap()),
        act: |world| save_long(&world.customer(1), 1, 64_000),
        stride: 101,
    },
    Case {
        name: "answer",
        template: Template::Closed,
        before: Some(nothing),
        act: |world| {
            let archive = world.customer(0).memory();
            let open = archive
                .turns(Page::first(100))?
                .into_iter()
                .find(|turn| !turn.is_answered())
                .unwrap();
            archive.answer(open.id, NewAnswer::new("It arrives today.").resolved(true)).map(|_| ())
        },
        stride: 1,
    },
    Case {
        name: "open_session",
        template: Template::Closed,
        before: Some(nothing),
        act: |world| world.customer(0).open_session(Channel::Phone).map(|_| ()),
        stride: 1,
    },
    Case {
        name: "close a session",
        template: Template::Closed,
        before: Some(nothing),
        act: |world| {
            let session = world.customer(0).sessions(Page::first(1))?[0].id;
            world.customer(0).session(session)?.close(Outcome::resolved().rated(5)).map(|_| ())
        },
        stride: 1,
    },
    Case {
        name: "clear",
        template: Template::Closed,
        before: Some(nothing),
        act: |world| world.customer(0).memory().clear().map(|_| ()),
        stride: 1,
    },
    Case {
        name: "flush of waiting turns",
        template: Template::Closed,
        before: Some(nothing),
        act: |world| {
            let path = world.path.to_str().unwrap();
            let memory = world.clock.builder().persist(Persist::Every(10)).open(path)?;
            let archive = customer(&memory, 0).memory();
            archive.save_turns(&[NewTurn::said("One"), NewTurn::said("Two")])?;
            archive.flush()
        },
        stride: 1,
    },
    Case {
        name: "maintain",
        template: Template::Trained,
        before: Some(nothing),
        act: |world| world.memory.unwrap().maintain().map(|_| ()),
        stride: 1,
    },
    Case {
        name: "compact",
        template: Template::Trained,
        before: Some(nothing),
        act: |world| world.memory.unwrap().compact(),
        stride: 3,
    },
    Case {
        name: "check",
        template: Template::Killed,
        before: Some(nothing),
        act: |world| {
            let report = world.memory.unwrap().check()?;
            assert!(report.is_sound(), "a failing disk is not a damaged file: {report:?}");
            Ok(())
        },
        stride: 1,
    },
    Case {
        name: "load_context",
        template: Template::Killed,
        before: Some(nothing),
        act: |world| {
            assert_eq!(world.customer(0).memory().load_context()?.len(), 9);
            Ok(())
        },
        stride: 1,
    },
    Case {
        name: "turns",
        template: Template::Closed,
        before: Some(nothing),
        act: |world| {
            assert_eq!(world.customer(0).memory().turns(Page::first(100))?.len(), 9);
            Ok(())
        },
        stride: 1,
    },
    Case {
        name: "summary",
        template: Template::Closed,
        before: Some(nothing),
        act: |world| {
            let summary = world.memory.unwrap().tenant("default")?.analytics().summary()?;
            assert_eq!(summary.turns, 18);
            Ok(())
        },
        stride: 1,
    },
    Case {
        name: "close",
        template: Template::Killed,
        before: None,
        act: |world| {
            let memory = world.clock.open(world.path)?;
            let saved = customer(&memory, 0).memory().save_turn(NewTurn::said("Bye")).map(|_| ());
            memory.close().and(saved)
        },
        stride: 1,
    },
];

/// Puts a template's files into a folder.
pub fn prepare(template: Template, folder: &Path, clock: &Clockwork) {
    let path = folder.join(STORE);
    if template == Template::Nothing {
        return;
    }
    let memory = clock.open(&path).unwrap();
    for number in 0..WATCHED {
        let archive = customer(&memory, number).memory();
        for turn in 0..9 {
            let said = format!(
                "Question {turn} of {number}: where is my parcel? Nobody answers my letters."
            );
            let new = NewTurn::said(&said);
            archive
                .save_turn(if turn % 3 == 0 { new } else { new.answered("It arrives today.") })
                .unwrap();
        }
    }
    if template == Template::Killed {
        // Copied while it is open, as a killed process leaves it.
        let copy = super::folder();
        for name in [STORE.to_owned(), format!("{STORE}-wal")] {
            std::fs::copy(folder.join(&name), copy.path().join(&name)).unwrap();
        }
        drop(memory);
        for name in [STORE.to_owned(), format!("{STORE}-wal")] {
            std::fs::copy(copy.path().join(&name), folder.join(&name)).unwrap();
        }
        return;
    }
    drop(memory);
    if template == Template::Trained {
        let file = rusqlite::Connection::open(&path).unwrap();
        file.execute("INSERT INTO dictionaries (number, bytes) VALUES (16, ?1)", [dictionary()])
            .unwrap();
        file.execute("UPDATE counters SET value = 100000 WHERE name = 'trained_at'", []).unwrap();
    }
}

/// Copies of prepared folders: made once each.
pub struct Templates {
    pub clock: Clockwork,
    pub made: Vec<(Template, tempfile::TempDir)>,
}

impl Templates {
    pub fn put(&mut self, template: Template, folder: &Path) {
        if !self.made.iter().any(|(known, _)| *known == template) {
            let made = super::folder();
            prepare(template, made.path(), &self.clock);
            self.made.push((template, made));
        }
        let (_, made) = self.made.iter().find(|(known, _)| *known == template).unwrap();
        for entry in std::fs::read_dir(made.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
}
