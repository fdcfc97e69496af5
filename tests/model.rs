//! Random calls agree with a plain model in memory.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{
    Channel, Confidant, Customer, ErrorKind, NewAnswer, NewTurn, Outcome, Page, SessionId, Turn,
    TurnId,
};
use support::*;

const CALLS: usize = 60;
const NAMES: [(&str, &str); 3] = [("acme", "alice"), ("acme", "bob"), ("globex", "alice")];
const HOT: [usize; 2] = [50, 4];

/// A turn as the model remembers it.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    number: u32,
    session: u32,
    said: String,
    answer: Option<String>,
    key: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Conversation {
    number: u32,
    channel: Channel,
    open: bool,
    active: i64,
}

/// One customer in the model.
#[derive(Default)]
struct Model {
    turns: Vec<Kept>,
    sessions: Vec<Conversation>,
    turns_given: u32,
    sessions_given: u32,
    ids: Vec<TurnId>,
    session_ids: Vec<SessionId>,
}

impl Model {
    fn open(&mut self, channel: Channel, now: i64) -> u32 {
        self.sessions_given += 1;
        self.sessions.push(Conversation {
            number: self.sessions_given,
            channel,
            open: true,
            active: now,
        });
        self.sessions_given
    }

    fn put(&mut self, session: u32, said: &str, key: Option<&str>, now: i64) -> Kept {
        self.turns_given += 1;
        let at = self.sessions.iter_mut().find(|kept| kept.number == session).unwrap();
        at.active = now;
        let (said, key) = (said.to_owned(), key.map(str::to_owned));
        let kept = Kept { number: self.turns_given, session, said, answer: None, key };
        self.turns.push(kept.clone());
        kept
    }

    /// What saving without a session must do. Sessions that lie idle are never continued here
    /// while another one is active, so that the rule is plain.
    fn save(&mut self, said: &str, key: Option<&str>, now: i64) -> Kept {
        if let Some(known) = self.known(key) {
            return known;
        }
        let current =
            self.sessions.last().filter(|last| last.open && now - last.active <= 30 * MINUTE);
        let session = current.map(|session| session.number);
        let session = session.unwrap_or_else(|| self.open(Channel::Chat, now));
        self.put(session, said, key, now)
    }

    fn known(&self, key: Option<&str>) -> Option<Kept> {
        self.turns.iter().find(|kept| key.is_some() && kept.key.as_deref() == key).cloned()
    }

    fn clear(&mut self) -> u64 {
        self.sessions.clear();
        let removed = self.turns.len() as u64;
        self.turns.clear();
        removed
    }
}

fn assert_same(turn: &Turn, kept: &Kept) {
    assert_eq!((turn.id.number(), turn.session.number()), (kept.number, kept.session));
    assert_eq!((turn.said.as_ref(), &turn.answer), (Some(&kept.said), &kept.answer));
}

fn assert_all_same(turns: &[Turn], kept: &[Kept]) {
    assert_eq!(turns.len(), kept.len());
    turns.iter().zip(kept).for_each(|(turn, kept)| assert_same(turn, kept));
}

fn customers(memory: &Confidant) -> Vec<Customer> {
    NAMES
        .iter()
        .map(|(tenant, name)| memory.tenant(tenant).unwrap().customer(name).unwrap())
        .collect()
}

struct Run {
    place: Place,
    rng: Rng,
    handles: Vec<Confidant>,
    /// Of each handle, its customers: most calls go through these, as a host's would.
    kept: Vec<Vec<Customer>>,
    models: Vec<Model>,
    step: usize,
}

impl Run {
    fn new(seed: u64) -> Run {
        let place = Place::sqlite();
        let handles = vec![place.open()];
        let kept = vec![customers(&handles[0])];
        Run {
            place,
            rng: Rng::new(seed),
            handles,
            kept,
            models: NAMES.map(|_| Model::default()).into(),
            step: 0,
        }
    }

    fn now(&self) -> i64 {
        confidant::Clock::now(&self.place.clock).as_millis()
    }

    fn open(&self, slot: usize) -> Confidant {
        self.place.open_with(|builder| builder.hot_turns(HOT[slot]))
    }

    fn text(&mut self) -> String {
        let words = ["parcel", "", "'; --", "\0", "\u{1f600}", "log in", "\r\n"];
        format!("{} {}", self.step, self.rng.pick(&words))
    }

    fn key(&mut self) -> Option<String> {
        self.rng.chance(30).then(|| format!("key {}", self.rng.below(6)))
    }

    fn call(&mut self) {
        let who = self.rng.below(NAMES.len());
        let slot = self.rng.below(self.handles.len());
        let fresh = self.rng.chance(20);
        let customer = if fresh {
            customers(&self.handles[slot])[who].clone()
        } else {
            self.kept[slot][who].clone()
        };
        let now = self.now();
        match self.rng.below(100) {
            0..22 => {
                let (text, key) = (self.text(), self.key());
                let new = NewTurn::said(&text);
                let turn = customer
                    .memory()
                    .save_turn(key.as_ref().map_or(new, |key| new.key(key)))
                    .unwrap();
                assert_same(&turn, &self.models[who].save(&text, key.as_deref(), now));
                self.models[who].ids.push(turn.id);
            }
            22..30 => self.save_batch(who, &customer, now),
            30..44 => self.answer(who, &customer),
            44..50 => {
                let channel = *self.rng.pick(&Channel::ALL);
                let session = customer.open_session(channel).unwrap();
                assert_eq!(session.id().number(), self.models[who].open(channel, now));
                self.models[who].session_ids.push(session.id());
            }
            50..58 => self.save_into_session(who, &customer, now),
            58..63 => self.close_session(who, &customer),
            63..66 => assert_eq!(customer.memory().clear().unwrap(), self.models[who].clear()),
            66..80 => self.load(slot, who, &customer),
            80..86 => self.page(who, &customer),
            86..89 => customer.memory().invalidate(),
            89..91 => self.handles[slot].invalidate(),
            91..93 => {
                self.handles[slot].clone().close().unwrap();
                self.handles[slot] = self.open(slot);
                self.kept[slot] = customers(&self.handles[slot]);
            }
            93..95 if self.handles.len() < 2 => {
                self.handles.push(self.open(1));
                self.kept.push(customers(&self.handles[1]));
            }
            _ => self.place.clock.advance(MINUTE * self.rng.below(45) as i64),
        }
    }

    fn save_batch(&mut self, who: usize, customer: &Customer, now: i64) {
        let texts: Vec<(String, Option<String>)> =
            (0..self.rng.below(5)).map(|_| (self.text(), self.key())).collect();
        let mut new: Vec<NewTurn<'_>> = Vec::new();
        for (text, key) in &texts {
            let turn = NewTurn::said(text);
            new.push(key.as_ref().map_or(turn, |key| turn.key(key)));
        }
        if self.rng.chance(20) {
            new.push(NewTurn::said("bad").confidence(7.0));
            assert_eq!(
                customer.memory().save_turns(&new).unwrap_err().kind(),
                ErrorKind::InvalidArgument
            );
            return;
        }
        let saved = customer.memory().save_turns(&new).unwrap();
        let model = &mut self.models[who];
        let expected: Vec<Kept> =
            texts.iter().map(|(text, key)| model.save(text, key.as_deref(), now)).collect();
        assert_all_same(&saved, &expected);
        model.ids.extend(saved.iter().map(|turn| turn.id));
    }

    fn answer(&mut self, who: usize, customer: &Customer) {
        // Any id that was ever given, also a cleared one or another customer's.
        let of = if self.rng.chance(90) { who } else { self.rng.below(NAMES.len()) };
        if self.models[of].ids.is_empty() {
            return;
        }
        let id = *self.rng.pick(&self.models[of].ids);
        let text = format!("answer {}", self.rng.below(3));
        let done = customer.memory().answer(id, NewAnswer::new(&text));
        let kept =
            self.models[who].turns.iter_mut().find(|kept| of == who && kept.number == id.number());
        match (kept, done) {
            (None, done) => assert_eq!(done.unwrap_err().kind(), ErrorKind::NotFound),
            (Some(kept), done) if kept.answer.as_ref().is_some_and(|old| *old != text) => {
                assert_eq!(done.unwrap_err().kind(), ErrorKind::Conflict);
            }
            (Some(kept), done) => {
                kept.answer = Some(text);
                assert_same(&done.unwrap(), kept);
            }
        }
    }

    fn save_into_session(&mut self, who: usize, customer: &Customer, now: i64) {
        if self.models[who].session_ids.is_empty() {
            return;
        }
        let id = *self.rng.pick(&self.models[who].session_ids);
        let (text, key) = (self.text(), self.key());
        let new = NewTurn::said(&text);
        let new = key.as_ref().map_or(new, |key| new.key(key));
        let model = &mut self.models[who];
        let done = customer.session(id).and_then(|session| session.save_turn(new));
        match model.sessions.iter().find(|session| session.number == id.number()).cloned() {
            None => assert_eq!(done.unwrap_err().kind(), ErrorKind::NotFound),
            Some(session) => match (model.known(key.as_deref()), session.open) {
                (Some(known), _) => assert_same(&done.unwrap(), &known),
                (None, false) => assert_eq!(done.unwrap_err().kind(), ErrorKind::Closed),
                (None, true) => {
                    let turn = done.unwrap();
                    assert_eq!(turn.channel, session.channel);
                    assert_same(&turn, &model.put(session.number, &text, key.as_deref(), now));
                    // See `Model::save`.
                    if model.sessions.last().is_some_and(|last| last.number != session.number) {
                        let newest = model.open(Channel::Chat, now);
                        assert_eq!(
                            customer.open_session(Channel::Chat).unwrap().id().number(),
                            newest
                        );
                    }
                    model.ids.push(turn.id);
                }
            },
        }
    }

    fn close_session(&mut self, who: usize, customer: &Customer) {
        if self.models[who].session_ids.is_empty() {
            return;
        }
        let id = *self.rng.pick(&self.models[who].session_ids);
        let model = &mut self.models[who];
        let done = customer.session(id).and_then(|session| session.close(Outcome::unknown()));
        match model.sessions.iter_mut().find(|session| session.number == id.number()) {
            None => assert_eq!(done.unwrap_err().kind(), ErrorKind::NotFound),
            Some(session) if !session.open => {
                assert_eq!(done.unwrap_err().kind(), ErrorKind::Closed)
            }
            Some(session) => {
                session.open = false;
                let turns = model.turns.iter().filter(|kept| kept.session == id.number()).count();
                assert_eq!(done.unwrap().turns(), turns as u64);
            }
        }
    }

    fn load(&mut self, slot: usize, who: usize, customer: &Customer) {
        let context = customer.memory().load_context().unwrap();
        let model = &self.models[who];
        assert_eq!(context.total(), model.turns.len() as u64);
        let newest = &model.turns[model.turns.len().saturating_sub(HOT[slot])..];
        assert_all_same(&turns_of(&context), newest);
    }

    fn page(&mut self, who: usize, customer: &Customer) {
        let limit = 1 + self.rng.below(20);
        let model = &self.models[who];
        assert_all_same(&archive(customer, limit), &model.turns);
        let sessions = customer.sessions(Page::first(1_000)).unwrap();
        assert_eq!(sessions.len(), model.sessions.len());
        for (listed, kept) in sessions.iter().zip(model.sessions.iter().rev()) {
            let turns =
                model.turns.iter().filter(|turn| turn.session == kept.number).count() as u64;
            assert_eq!(
                (listed.id.number(), listed.channel, listed.turns),
                (kept.number, kept.channel, turns)
            );
            assert_eq!(listed.closed_at.is_none(), kept.open);
        }
    }
}

#[test]
fn random_calls_agree_with_a_plain_model() {
    on_every_store(|_| {
        with_seeds(200, |seed| {
            let mut run = Run::new(seed);
            for step in 0..CALLS {
                run.step = step;
                run.call();
            }
            for slot in 0..run.handles.len() {
                let fresh = customers(&run.handles[slot]);
                for (who, customer) in run.kept[slot].clone().iter().chain(&fresh).enumerate() {
                    run.load(slot, who % NAMES.len(), customer);
                    run.page(who % NAMES.len(), customer);
                }
            }
        });
    });
}
