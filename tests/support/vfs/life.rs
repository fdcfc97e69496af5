//! Random but repeatable use of a store, step by step, with the state after each.

use super::log::Op;
use super::oracle::{History, Person, State, customer};
use super::rng::Rng;
use super::shim::Recorder;
use confidant::{
    Builder, Channel, Clock, Confidant, Durability, MaintenanceReport, NewAnswer, NewTurn, Outcome,
    Session, Timestamp, Turn,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tenants and customers; the same name in two tenants is two people.
pub const PEOPLE: [(&str, &str); 8] = [
    ("default", "alice"),
    ("default", "bob"),
    ("acme", "alice"),
    ("acme", "dora"),
    ("default", "erin"),
    ("acme", "frank"),
    ("default", "gina"),
    ("acme", "hugo"),
];
/// The customer that every thread writes about.
pub const SHARED: (&str, &str) = ("default", "everybody");

/// A clock that stands still unless it is moved.
#[derive(Clone)]
pub struct Clockwork {
    now: Arc<AtomicI64>,
    pub durability: Durability,
}

impl Clock for Clockwork {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Relaxed))
    }
}

impl Clockwork {
    pub fn new(durability: Durability) -> Clockwork {
        Clockwork { now: Arc::new(AtomicI64::new(1_795_253_400_000)), durability }
    }

    pub fn pass(&self, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
    }

    pub fn builder(&self) -> Builder {
        Confidant::builder().clock(self.clone()).durability(self.durability)
    }

    pub fn open(&self, path: &Path) -> confidant::Result<Confidant> {
        self.builder().open(path.to_str().unwrap())
    }
}

/// One actor's use of a store.
pub struct Life<'r> {
    recorder: &'r Recorder,
    actor: usize,
    path: PathBuf,
    clock: Clockwork,
    pub history: History,
    pub memory: Option<Confidant>,
    sessions: Vec<(usize, Session)>,
    rng: Rng,
    seed: u64,
    said: u64,
}

impl<'r> Life<'r> {
    /// An actor that writes about `people` customers of its own, beginning with what is there.
    pub fn new(recorder: &'r Recorder, path: &Path, clock: &Clockwork, seed: u64) -> Life<'r> {
        Life {
            recorder,
            actor: 0,
            path: path.to_owned(),
            clock: clock.clone(),
            history: History::default(),
            memory: None,
            sessions: Vec::new(),
            rng: Rng::new(seed),
            seed,
            said: 0,
        }
    }

    pub fn about(mut self, actor: usize, first: usize, people: usize) -> Life<'r> {
        self.actor = actor;
        self.history.first = first;
        self.history.states = vec![vec![Arc::default(); people]];
        self
    }

    pub fn with(mut self, memory: &Confidant) -> Life<'r> {
        self.memory = Some(memory.clone());
        self
    }

    /// Begins with what is there already.
    pub fn from(mut self, state: State) -> Life<'r> {
        self.history.states = vec![state];
        self
    }

    pub fn memory(&self) -> Confidant {
        self.memory.clone().expect("open")
    }

    fn state(&self) -> &State {
        self.history.states.last().unwrap()
    }

    /// One step: begun, done, acknowledged; `act` says how it changed a person.
    fn step(&mut self, act: impl FnOnce(&mut Life<'r>) -> Option<(usize, Person)>) {
        self.recorder.mark(Op::Begin(self.actor));
        let changed = act(self);
        let mut state = self.state().clone();
        if let Some((place, person)) = changed {
            state[place] = Arc::new(person);
        }
        self.history.states.push(state);
        self.recorder.mark(Op::Ack(self.actor));
    }

    /// A step that changes one person, who then has the sessions that the store shows.
    fn change(&mut self, act: impl FnOnce(&mut Life<'r>, usize, &mut Person)) {
        let people = self.state().len();
        let place = self.rng.below(people);
        self.step(|life| {
            let mut person = Person::clone(&life.state()[place]);
            act(life, life.history.first + place, &mut person);
            let of = customer(&life.memory(), life.history.first + place);
            person.sessions = of.sessions(confidant::Page::first(1_000)).unwrap();
            if let Some(newest) = person.sessions.first() {
                person.last_session = newest.id.number();
            }
            Some((place, person))
        });
        self.clock.pass(20_000);
    }

    pub fn open(&mut self) {
        self.step(|life| {
            life.memory = Some(life.clock.open(&life.path).unwrap());
            None
        });
    }

    pub fn close(&mut self) {
        self.sessions.clear();
        self.step(|life| {
            life.memory = None;
            None
        });
    }

    pub fn maintain(&mut self) -> MaintenanceReport {
        let mut done = MaintenanceReport::default();
        self.step(|life| {
            done = life.memory().maintain().unwrap();
            None
        });
        done
    }

    pub fn compact(&mut self) {
        self.step(|life| {
            life.memory().compact().unwrap();
            None
        });
    }

    /// Under `Persist::Every`: some turns wait in a session and are saved together.
    pub fn collect(&mut self) {
        let count = 1 + self.rng.below(5);
        self.change(|life, number, person| {
            let of = customer(&life.memory(), number);
            let Some((_, session)) = life.sessions.iter().find(|(of, _)| *of == number).cloned()
            else {
                return;
            };
            for _ in 0..count {
                assert!(session.save_turn(NewTurn::said(&life.text())).unwrap().is_pending());
            }
            session.customer().memory().flush().unwrap();
            let after = person.turns.last().map(|turn| turn.id);
            let page = confidant::Page::first(100);
            let new = of.memory().turns(after.map_or(page, |last| page.after(last))).unwrap();
            assert_eq!(new.len(), count);
            person.took(&new);
        });
    }

    /// One step of many kinds.
    pub fn any(&mut self) {
        match self.rng.below(40) {
            0 => drop(self.maintain()),
            1 if self.rng.below(3) == 0 => self.compact(),
            2 => {
                self.close();
                self.open();
            }
            3 if self.rng.below(2) == 0 => self.clear(),
            4..=6 => self.open_session(),
            7..=9 => self.close_session(),
            10..=17 => self.answer(),
            18..=21 => self.save_many(),
            _ => self.save(),
        }
    }

    /// One step of those that threads may do side by side.
    pub fn any_of_a_thread(&mut self) {
        match self.rng.below(20) {
            0 if self.rng.below(2) == 0 => self.clear(),
            1 => self.open_session(),
            2 => self.close_session(),
            3..=5 => self.answer(),
            6..=7 => self.save_many(),
            8..=11 => self.save_shared(),
            _ => self.save(),
        }
    }

    pub fn save(&mut self) {
        self.change(|life, number, person| {
            let of = customer(&life.memory(), number);
            let (said, answer) = (life.text(), life.text());
            let key = format!("key {:x}/{}", life.seed, life.said);
            let mut new = NewTurn::said(&said);
            if life.rng.below(2) == 0 {
                new = new
                    .answered(&answer)
                    .answered_by("agent-1")
                    .confidence(0.75)
                    .resolved(life.rng.below(2) == 0);
            }
            if life.rng.below(4) == 0 {
                new = new.metadata(r#"{"order":"A-7"}"#);
            }
            let keyed = life.rng.below(4) == 0;
            if keyed {
                new = new.key(&key);
            }
            let session =
                life.sessions.iter().find(|(of, _)| *of == number).map(|(_, session)| session);
            let turn = match session {
                Some(session) if life.rng.below(2) == 0 => session.save_turn(new).unwrap(),
                _ => of.memory().save_turn(new).unwrap(),
            };
            if keyed {
                assert_eq!(
                    of.memory().save_turn(new).unwrap(),
                    turn,
                    "the same key gives the same turn"
                );
            }
            person.took(&[turn]);
        });
    }

    fn save_many(&mut self) {
        self.change(|life, number, person| {
            let of = customer(&life.memory(), number);
            let texts: Vec<String> = (0..2 + life.rng.below(6)).map(|_| life.text()).collect();
            let new: Vec<NewTurn<'_>> = texts.iter().map(|text| NewTurn::said(text)).collect();
            person.took(&of.memory().save_turns(&new).unwrap());
        });
    }

    fn answer(&mut self) {
        let skip = self.rng.below(3);
        self.change(|life, number, person| {
            let open = person.turns.iter_mut().rev().filter(|turn| turn.answer.is_none()).nth(skip);
            if let Some(turn) = open {
                let text = life.text();
                let answer = NewAnswer::new(&text).by("agent-2").confidence(0.5).resolved(true);
                *turn = customer(&life.memory(), number).memory().answer(turn.id, answer).unwrap();
                assert_eq!(turn.answer.as_deref(), Some(text.as_str()));
            }
        });
    }

    pub fn open_session(&mut self) {
        self.change(|life, number, person| {
            let channel = *life.rng.choose(&Channel::ALL);
            let session = customer(&life.memory(), number).open_session(channel).unwrap();
            assert_eq!(
                session.id().number(),
                person.last_session + 1,
                "session numbers have no gap"
            );
            life.sessions.retain(|(of, _)| *of != number);
            life.sessions.push((number, session));
        });
    }

    fn close_session(&mut self) {
        self.change(|life, number, _| {
            let Some(place) = life.sessions.iter().position(|(of, _)| *of == number) else {
                return;
            };
            let (_, session) = life.sessions.remove(place);
            let metrics = session.close(Outcome::resolved().rated(4)).unwrap();
            assert!(metrics.details().closed_at.is_some());
        });
    }

    fn clear(&mut self) {
        self.change(|life, number, person| {
            let removed = customer(&life.memory(), number).memory().clear().unwrap();
            assert_eq!(removed, u64::try_from(person.turns.len()).unwrap());
            life.sessions.retain(|(of, _)| *of != number);
            person.turns.clear();
        });
    }

    fn save_shared(&mut self) {
        self.step(|life| {
            let text = format!("{} from {}", life.text(), life.actor);
            let turn: Turn = customer(&life.memory(), usize::MAX)
                .memory()
                .save_turn(NewTurn::said(&text))
                .unwrap();
            life.history.shared.push((life.history.states.len(), turn));
            None
        });
    }

    /// Words that packing likes, noise that it does not; short mostly, long now and then.
    fn text(&mut self) -> String {
        const WORDS: [&str; 12] = [
            "parcel",
            "late",
            "please",
            "refund",
            "the",
            "password",
            "does not",
            "work",
            "since",
            "yesterday",
            "gr\u{fc}n",
            "\u{1f600}",
        ];
        self.said += 1;
        let words = match self.rng.below(64) {
            0 => 600,
            1..=4 => 120,
            _ => 3 + self.rng.below(20),
        };
        let mut text = format!("{}/{}:", self.actor, self.said);
        for _ in 0..words {
            text.push(' ');
            if self.rng.below(4) == 0 {
                text.push_str(&format!("{:x}", self.rng.next()));
            } else {
                let word: &str = self.rng.choose::<&str>(&WORDS);
                text.push_str(word);
            }
        }
        text
    }
}
