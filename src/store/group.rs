//! Group commit by leader and followers, without a thread of our own.
//!
//! Knows who commits: the first caller leads and takes everybody's units along; whoever
//! waits when it is done leads next. Nobody else knows that calls share a commit.

use super::Unit;
use crate::error::{Result, internal};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most units in one commit: bounds how long a follower may wait.
const MAX_GROUP: usize = 256;
/// A shorter patience is spent awake: going to sleep and being woken takes as long.
const LONGEST_SPIN: Duration = Duration::from_micros(200);

/// Makes a list of units durable; one outcome for each, in their order.
pub(super) trait Writer: Send {
    fn commit(&mut self, units: Vec<Unit>) -> Vec<Ran>;
}

/// What became of a unit in a group.
pub(super) enum Ran {
    Done(Result<()>),
    /// Nothing of it was kept; its caller is to run it alone.
    #[cfg_attr(not(feature = "postgres"), allow(dead_code))]
    Back(Unit),
}

pub(super) struct Group<W> {
    queue: Mutex<Queue>,
    writer: Mutex<W>,
    /// The wanted number is waiting.
    complete: Condvar,
    /// The longest that a leader waits for callers of the group before.
    longest_patience: Duration,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Unit, Arc<Ticket>)>,
    led: bool,
    /// Callers that were here when the last group was done: its own, who will soon be back
    /// with their next units, and those who waited.
    callers: usize,
    /// How long a leader waits for them.
    patience: Duration,
    /// With how many waiting a leader that sleeps is to be woken.
    wanted: Option<usize>,
}

/// Where a follower waits.
#[derive(Default)]
struct Ticket {
    news: Mutex<Option<News>>,
    arrived: Condvar,
}

enum News {
    Ran(Ran),
    Lead,
}

impl Ticket {
    fn tell(&self, news: News) {
        *self.news.lock() = Some(news);
        self.arrived.notify_one();
    }

    fn wait(&self) -> News {
        let mut news = self.news.lock();
        loop {
            match news.take() {
                Some(news) => return news,
                None => self.arrived.wait(&mut news),
            }
        }
    }
}

impl<W: Writer> Group<W> {
    pub(super) fn new(writer: W, longest_patience: Duration) -> Group<W> {
        Group {
            queue: Mutex::default(),
            writer: Mutex::new(writer),
            complete: Condvar::new(),
            longest_patience,
        }
    }

    /// Makes one unit durable, in the company of whatever else is waiting.
    pub(super) fn run(&self, unit: Unit) -> Ran {
        let mut queue = self.queue.lock();
        if !queue.led {
            queue.led = true;
            drop(queue);
            return self.lead(Some(unit));
        }
        let ticket = Arc::new(Ticket::default());
        queue.waiting.push_back((unit, Arc::clone(&ticket)));
        let is_complete = queue.wanted.is_some_and(|wanted| queue.waiting.len() >= wanted);
        drop(queue);
        if is_complete {
            self.complete.notify_one();
        }
        match ticket.wait() {
            News::Ran(ran) => ran,
            News::Lead => self.lead(None),
        }
    }

    /// The writer itself, between two groups.
    pub(super) fn writer(&self) -> MutexGuard<'_, W> {
        self.writer.lock()
    }

    /// Commits a group whose first unit is the caller's own, and passes the lead on.
    fn lead(&self, own: Option<Unit>) -> Ran {
        let mut lead = Lead { group: self, followers: Vec::new() };
        let units = lead.gather(own);
        let mut writer = self.writer.lock();
        let start = Instant::now();
        let mut outcomes = writer.commit(units).into_iter();
        drop(writer);
        let lost = || Ran::Done(Err(internal("a group lost the leader's result")));
        let own = outcomes.next().unwrap_or_else(lost);
        lead.finish(outcomes, start.elapsed());
        own
    }
}

/// The lead of one group; passed on when dropped, also when a panic unwinds.
struct Lead<'a, W: Writer> {
    group: &'a Group<W>,
    followers: Vec<Arc<Ticket>>,
}

impl<W: Writer> Lead<'_, W> {
    /// Takes whatever waits, after a moment's patience with callers that are on their way
    /// back: eight threads then share one flush instead of two or three.
    fn gather(&mut self, own: Option<Unit>) -> Vec<Unit> {
        let mut queue = self.group.queue.lock();
        let here = usize::from(own.is_some());
        if here + queue.waiting.len() < queue.callers {
            let (until, sleeps) = (Instant::now() + queue.patience, queue.patience > LONGEST_SPIN);
            queue.wanted = sleeps.then_some(queue.callers - here);
            while here + queue.waiting.len() < queue.callers && Instant::now() < until {
                if sleeps {
                    self.group.complete.wait_until(&mut queue, until);
                    continue;
                }
                drop(queue);
                std::thread::yield_now();
                queue = self.group.queue.lock();
            }
            queue.wanted = None;
        }
        let led_from_queue = own.is_none();
        let mut units: Vec<Unit> = own.into_iter().collect();
        while units.len() < MAX_GROUP {
            let Some((unit, ticket)) = queue.waiting.pop_front() else { break };
            if !(led_from_queue && units.is_empty()) {
                self.followers.push(ticket);
            }
            units.push(unit);
        }
        units
    }

    fn finish(mut self, outcomes: impl Iterator<Item = Ran>, took: Duration) {
        self.pass_on(took / 2);
        for (ticket, ran) in std::mem::take(&mut self.followers).into_iter().zip(outcomes) {
            ticket.tell(News::Ran(ran));
        }
    }

    fn pass_on(&self, patience: Duration) {
        let mut queue = self.group.queue.lock();
        queue.callers = (1 + self.followers.len() + queue.waiting.len()).min(MAX_GROUP);
        queue.patience = patience.min(self.group.longest_patience);
        match queue.waiting.front() {
            Some((_, next)) => next.tell(News::Lead),
            None => queue.led = false,
        }
    }
}

impl<W: Writer> Drop for Lead<'_, W> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.pass_on(Duration::ZERO);
        }
        for ticket in self.followers.drain(..) {
            let interrupted = internal("the group commit was interrupted; nothing of it was saved");
            ticket.tell(News::Ran(Ran::Done(Err(interrupted))));
        }
    }
}
