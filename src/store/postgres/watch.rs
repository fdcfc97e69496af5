//! Who else has written: by notification from other processes, directly within this one.
//!
//! Knows the listening connection, how often it is asked, and that without it every look
//! begins a new era, so that hot contexts are compared with the database.

use super::Shared;
use super::link::{Failure, Link};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Between two looks at the connection: what one look costs is then lost among the calls.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);
/// How long a caller waits for the listening connection to come back.
const RECONNECTING: Duration = Duration::from_millis(500);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The stores of one database that are open in this process, by the database's identity.
static ROOMS: Mutex<Option<HashMap<i64, Weak<Room>>>> = Mutex::new(None);

#[derive(Default)]
struct Room(Mutex<Vec<Weak<AtomicU64>>>);

pub(super) struct Watch {
    /// Tells our own notifications from others'.
    pub(super) name: String,
    era: Arc<AtomicU64>,
    room: Arc<Room>,
    start: Instant,
    /// When the connection was last looked at, in microseconds from the start.
    looked: AtomicU64,
    is_down: AtomicBool,
    ear: Mutex<Ear>,
}

/// The listening connection, or when it is tried again.
struct Ear {
    link: Option<Link>,
    next_try: Instant,
    pause: Duration,
}

impl Watch {
    pub(super) fn new(store: i64, name: String, link: Option<Link>) -> Watch {
        let era = Arc::new(AtomicU64::new(0));
        let mut rooms = ROOMS.lock();
        let rooms = rooms.get_or_insert_default();
        rooms.retain(|_, room| room.strong_count() > 0);
        let room = rooms.get(&store).and_then(Weak::upgrade).unwrap_or_default();
        rooms.insert(store, Arc::downgrade(&room));
        room.0.lock().push(Arc::downgrade(&era));
        let is_down = AtomicBool::new(link.is_none());
        let ear = Mutex::new(Ear { link, next_try: Instant::now(), pause: FIRST_PAUSE });
        Watch { name, era, room, start: Instant::now(), looked: AtomicU64::new(0), is_down, ear }
    }

    /// Begins a new era for the other handles in this process; called before a writer learns
    /// of its commit.
    pub(super) fn tell_neighbours(&self) {
        let mut room = self.room.0.lock();
        if room.len() == 1 {
            return;
        }
        room.retain(|era| match era.upgrade() {
            Some(era) => {
                if !Arc::ptr_eq(&era, &self.era) {
                    era.fetch_add(1, Ordering::AcqRel);
                }
                true
            }
            None => false,
        });
    }

    /// The era now.
    pub(super) fn era(&self, shared: &Shared) -> u64 {
        self.look(shared);
        if self.is_down.load(Ordering::Acquire) {
            return self.era.fetch_add(1, Ordering::AcqRel) + 1;
        }
        self.era.load(Ordering::Acquire)
    }

    /// Hears what was told, if it is time to; one caller at a time, nobody waits for another.
    pub(super) fn look(&self, shared: &Shared) {
        let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let before = self.looked.load(Ordering::Acquire);
        let pause = u64::try_from(BETWEEN_LOOKS.as_micros()).unwrap_or(0);
        if now.saturating_sub(before) < pause && before != 0 {
            return;
        }
        if self
            .looked
            .compare_exchange(before, now.max(1), Ordering::AcqRel, Ordering::Acquire)
            .is_err()
        {
            return;
        }
        let Some(mut guard) = self.ear.try_lock() else { return };
        let ear = &mut *guard;
        match ear.link.as_mut() {
            Some(link) => {
                let lives = link.look();
                let foreign = link.heard.drain(..).filter(|told| *told != self.name).count();
                if foreign > 0 || !lives {
                    self.era.fetch_add(1, Ordering::AcqRel);
                }
                if !lives {
                    self.is_down.store(true, Ordering::Release);
                    ear.link = None;
                    ear.next_try = Instant::now();
                }
            }
            None if shared.pooled.load(Ordering::Acquire) || Instant::now() < ear.next_try => {}
            None => self.listen_again(ear, shared),
        }
    }

    fn listen_again(&self, ear: &mut Ear, shared: &Shared) {
        match listen(shared, RECONNECTING) {
            Ok(link) => {
                ear.link = Some(link);
                ear.pause = FIRST_PAUSE;
                // What was told meanwhile is lost: a new era, and only then is it trusted.
                self.era.fetch_add(1, Ordering::AcqRel);
                self.is_down.store(false, Ordering::Release);
            }
            Err(_) => {
                ear.next_try = Instant::now() + ear.pause;
                ear.pause = (ear.pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    /// Gives the listening connection up: a pooler lends connections by transaction.
    pub(super) fn give_up(&self) {
        self.is_down.store(true, Ordering::Release);
        self.ear.lock().link = None;
    }
}

/// A connection that listens.
fn listen(shared: &Shared, patience: Duration) -> Result<Link, Failure> {
    let mut link = Link::connect(&shared.location, &shared.tls, &shared.options, patience)?;
    begin(&mut link, shared)?;
    Ok(link)
}

pub(super) fn begin(link: &mut Link, shared: &Shared) -> Result<(), Failure> {
    link.simple(&format!("LISTEN {}", shared.location.channel())).map(|_| ())
}
