//! Group commit by leader and followers, without a thread of our own.
//!
//! Knows who commits: the first caller leads and takes everybody's units along; whoever
//! waits when it is done leads next. Nobody else knows that calls share a commit.

use super::Unit;
use crate::error::{Result, internal};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;
use std::sync::Arc;

/// The most units in one commit: bounds how long a follower may wait.
const MAX_GROUP: usize = 256;

/// Makes a list of units durable; one result for each, in their order.
pub(super) trait Writer: Send {
    fn commit(&mut self, units: &mut [Unit]) -> Vec<Result<()>>;
}

pub(super) struct Group<W> {
    queue: Mutex<Queue>,
    writer: Mutex<W>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Unit, Arc<Ticket>)>,
    led: bool,
    last_group: usize,
}

/// Where a follower waits.
#[derive(Default)]
struct Ticket {
    news: Mutex<Option<News>>,
    arrived: Condvar,
}

enum News {
    Done(Result<()>),
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
    pub(super) fn new(writer: W) -> Group<W> {
        Group { queue: Mutex::default(), writer: Mutex::new(writer) }
    }

    /// Makes one unit durable, in the company of whatever else is waiting.
    pub(super) fn run(&self, unit: Unit) -> Result<()> {
        let mut queue = self.queue.lock();
        if !queue.led {
            queue.led = true;
            drop(queue);
            return self.lead(Some(unit));
        }
        let ticket = Arc::new(Ticket::default());
        queue.waiting.push_back((unit, Arc::clone(&ticket)));
        drop(queue);
        match ticket.wait() {
            News::Done(result) => result,
            News::Lead => self.lead(None),
        }
    }

    /// The writer itself, between two groups.
    pub(super) fn writer(&self) -> MutexGuard<'_, W> {
        self.writer.lock()
    }

    /// Commits a group whose first unit is the caller's own, and passes the lead on.
    fn lead(&self, own: Option<Unit>) -> Result<()> {
        let mut lead = Lead { group: self, followers: Vec::new() };
        let mut units = lead.gather(own);
        let mut results = self.writer.lock().commit(&mut units).into_iter();
        let own = results.next().unwrap_or_else(|| Err(internal("a group lost the leader's result")));
        lead.finish(results);
        own
    }
}

/// The lead of one group; passed on when dropped, also when a panic unwinds.
struct Lead<'a, W: Writer> {
    group: &'a Group<W>,
    followers: Vec<Arc<Ticket>>,
}

impl<W: Writer> Lead<'_, W> {
    fn gather(&mut self, own: Option<Unit>) -> Vec<Unit> {
        let mut queue = self.group.queue.lock();
        if own.is_none() && queue.last_group > queue.waiting.len() {
            // The last group's callers are just waking up; their next units fill this one.
            drop(queue);
            std::thread::yield_now();
            queue = self.group.queue.lock();
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
        queue.last_group = units.len();
        units
    }

    fn finish(mut self, results: impl Iterator<Item = Result<()>>) {
        self.pass_on();
        for (ticket, result) in std::mem::take(&mut self.followers).into_iter().zip(results) {
            ticket.tell(News::Done(result));
        }
    }

    fn pass_on(&self) {
        let mut queue = self.group.queue.lock();
        match queue.waiting.front() {
            Some((_, next)) => next.tell(News::Lead),
            None => queue.led = false,
        }
    }
}

impl<W: Writer> Drop for Lead<'_, W> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.pass_on();
        }
        for ticket in self.followers.drain(..) {
            ticket.tell(News::Done(Err(internal("the group commit was interrupted; nothing of it was saved"))));
        }
    }
}
