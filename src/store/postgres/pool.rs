//! The connections of one open store: a bounded number, lent one at a time.
//!
//! Knows when a connection may be used again. More callers than connections wait their turn.

use super::Shared;
use super::link::{Failure, Link, Why, followed_by};
use crate::error::{Error, ErrorKind, internal};
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

pub(super) struct Pool {
    shared: Arc<Shared>,
    links: Mutex<Links>,
    returned: Condvar,
}

struct Links {
    /// With the generation in which each was last seen alive.
    idle: Vec<(Link, u64)>,
    /// Idle and lent.
    open: usize,
    /// Counts losses: one that was seen alive before the last loss is looked at first.
    generation: u64,
}

pub(super) struct Lent<'p> {
    pool: &'p Pool,
    link: Option<Link>,
    generation: u64,
}

impl Pool {
    /// A pool that has one connection already.
    pub(super) fn new(shared: Arc<Shared>, first: Link) -> Pool {
        let links = Links { idle: vec![(first, 0)], open: 1, generation: 0 };
        Pool { shared, links: Mutex::new(links), returned: Condvar::new() }
    }

    /// Lends a connection; its place comes back when it is dropped.
    pub(super) fn lend(&self, until: Instant) -> Result<Lent<'_>, Failure> {
        let mut links = self.links.lock();
        loop {
            let generation = links.generation;
            if let Some((mut link, seen)) = links.idle.pop() {
                if seen == generation {
                    return Ok(Lent { pool: self, link: Some(link), generation });
                }
                drop(links);
                let keeps_place = link.own.is_none() || !self.shared.pooled.load(Ordering::Acquire);
                let usable = keeps_place && link.look();
                let lent = Lent { pool: self, link: usable.then_some(link), generation };
                if usable {
                    return Ok(lent);
                }
                drop(lent);
                links = self.links.lock();
                continue;
            }
            if links.open < self.shared.location.connections {
                links.open += 1;
                drop(links);
                let mut lent = Lent { pool: self, link: None, generation };
                lent.link = Some(self.connect()?);
                return Ok(lent);
            }
            if self.returned.wait_until(&mut links, until).timed_out() {
                let shown = &self.shared.location.shown;
                let message = format!(
                    "cannot use {shown}: all connections stayed in use for the whole busy timeout"
                );
                return Err(Error::new(ErrorKind::Busy, message).into());
            }
        }
    }

    fn connect(&self) -> Result<Link, Failure> {
        let mut link = self.shared.connect().map_err(|failure| {
            // The store is open: that it cannot be reached now may pass.
            let why = failure.why.clone();
            let busy = |cause: Error| {
                let message = format!(
                    "cannot reach {} for the whole busy timeout",
                    self.shared.location.shown
                );
                Error::new(ErrorKind::Busy, message).with_source(cause)
            };
            let error = if why == Why::Lost { busy(failure.error) } else { failure.error };
            Failure { why, error }
        })?;
        if !self.shared.pooled.load(Ordering::Acquire) {
            link.settle(&self.shared.settings("SET"))?;
        }
        Ok(link)
    }

    /// A connection was lost: looks at the others before it lends them again.
    pub(super) fn doubt(&self) {
        self.links.lock().generation += 1;
    }
}

impl Lent<'_> {
    pub(super) fn link(&mut self) -> Result<&mut Link, Failure> {
        self.link.as_mut().ok_or_else(|| internal("a connection was lent without one").into())
    }

    /// Rolls back whatever is open; does not wait to hear that it is done.
    pub(super) fn end(&mut self) {
        let Some(link) = self.link.as_mut() else { return };
        let sent = link.client().and_then(|client| {
            let nothing = std::future::ready(());
            link.run("talk to", async move {
                followed_by(nothing, client.batch_execute("ROLLBACK")).await;
                Ok(())
            })
        });
        if sent.is_err() || !link.is_alive() {
            self.link = None;
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let link = self.link.take().filter(Link::is_alive);
        let mut links = self.pool.links.lock();
        match link {
            Some(link) => links.idle.push((link, self.generation)),
            None => links.open -= 1,
        }
        drop(links);
        self.pool.returned.notify_one();
    }
}
