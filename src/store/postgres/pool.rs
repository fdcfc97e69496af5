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
    idle: Vec<Link>,
    /// Idle and lent.
    open: usize,
    /// Connections made before the last loss are not used again.
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
        let links = Links { idle: vec![first], open: 1, generation: 0 };
        Pool { shared, links: Mutex::new(links), returned: Condvar::new() }
    }

    /// Lends a connection; its place comes back when it is dropped.
    pub(super) fn lend(&self, until: Instant) -> Result<Lent<'_>, Failure> {
        let mut links = self.links.lock();
        loop {
            let generation = links.generation;
            if let Some(link) = links.idle.pop() {
                return Ok(Lent { pool: self, link: Some(link), generation });
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
                let message = format!("cannot use {shown}: all connections stayed in use for the whole busy timeout");
                return Err(Error::new(ErrorKind::Busy, message).into());
            }
        }
    }

    fn connect(&self) -> Result<Link, Failure> {
        let mut link = self.shared.connect().map_err(|failure| {
            // The store is open: that it cannot be reached now may pass.
            let why = failure.why.clone();
            let busy = |cause: Error| {
                let message = format!("cannot reach {} for the whole busy timeout", self.shared.location.shown);
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

    /// Uses none of the connections again that there are now.
    pub(super) fn forget(&self) {
        let mut links = self.links.lock();
        links.generation += 1;
        links.open -= links.idle.len();
        let idle = std::mem::take(&mut links.idle);
        drop(links);
        self.returned.notify_all();
        drop(idle);
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
        let gone = match link {
            Some(link) if self.generation == links.generation => {
                links.idle.push(link);
                None
            }
            gone => {
                links.open -= 1;
                gone
            }
        };
        drop(links);
        self.pool.returned.notify_one();
        drop(gone);
    }
}
