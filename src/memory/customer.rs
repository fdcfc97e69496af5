//! One customer: the handle, its sessions, its memory.
//!
//! Knows how a name becomes a place in the store, once, and that reading about a customer
//! never stores one.

use super::buffer::PersistentBufferMemory;
use super::confidant::Core;
use super::row::Person;
use super::session::{Session, SessionDetails};
use super::table::{self, Scope};
use super::turn::Channel;
use crate::error::{Error, ErrorKind, Result, internal, invalid};
use crate::id::{SessionId, Tag, TurnId};
use crate::store::Tx;
use crate::time::Timestamp;
use lru::LruCache;
use parking_lot::Mutex;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

/// The largest page.
const MAX_PAGE: usize = 10_000;

/// A part of a long list: at most `limit` rows, after the last one already seen.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
/// use confidant::Page;
/// let archive = memory.customer("alice")?.memory();
/// let mut page = Page::first(100);
/// loop {
///     let turns = archive.turns(page)?;
///     let Some(last) = turns.last() else { break };
///     page = page.after(last.id);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<Id> {
    pub(super) after: Option<Id>,
    pub(super) limit: usize,
}

impl<Id> Page<Id> {
    /// The first rows, 1 to 10,000 of them.
    pub fn first(limit: usize) -> Page<Id> {
        Page { after: None, limit }
    }

    /// The rows that follow one.
    pub fn after(self, last: Id) -> Page<Id> {
        Page { after: Some(last), ..self }
    }

    pub(super) fn check(&self) -> Result<()> {
        if (1..=MAX_PAGE).contains(&self.limit) {
            return Ok(());
        }
        Err(invalid(format!("the page's limit is {}; it must be 1 to {MAX_PAGE}", self.limit)))
    }
}

/// One customer of one tenant: the handle to everything that is remembered of them.
#[derive(Clone)]
pub struct Customer {
    pub(crate) core: Arc<Core>,
    pub(crate) person: Person,
    pub(super) scope: Arc<OnceLock<Scope>>,
}

/// Customers whose place in the store is remembered between handles.
const KNOWN: NonZeroUsize = NonZeroUsize::new(16_384).expect("not zero");

type Name = (Arc<str>, Arc<str>);

/// The places of customers that were met lately, so that a handle made for one message finds
/// the hot buffer at once.
pub(super) struct People(Mutex<LruCache<Name, Arc<OnceLock<Scope>>>>);

impl Default for People {
    fn default() -> People {
        People(Mutex::new(LruCache::new(KNOWN)))
    }
}

impl People {
    fn place(&self, tenant: &Arc<str>, name: &Arc<str>) -> Arc<OnceLock<Scope>> {
        let name = (Arc::clone(tenant), Arc::clone(name));
        Arc::clone(self.0.lock().get_or_insert(name, Arc::default))
    }
}

impl Customer {
    pub(super) fn new(core: Arc<Core>, tenant: Arc<str>, name: Arc<str>) -> Customer {
        let tag = Tag::of(&tenant, &name);
        let scope = core.people.place(&tenant, &name);
        Customer { core, person: Person { tenant, name, tag }, scope }
    }

    /// The customer's place in the store, as far as this handle knows it: after a read, if
    /// anything of them is stored.
    pub(crate) fn scope(&self) -> Option<Scope> {
        self.scope.get().copied()
    }

    /// The customer's id.
    pub fn id(&self) -> &str {
        &self.person.name
    }

    /// The tenant's id.
    pub fn tenant_id(&self) -> &str {
        &self.person.tenant
    }

    /// The memory it is a part of.
    pub(crate) fn confidant(&self) -> super::confidant::Confidant {
        super::confidant::Confidant { core: Arc::clone(&self.core) }
    }

    /// The customer's memory, over all sessions and channels.
    pub fn memory(&self) -> PersistentBufferMemory {
        PersistentBufferMemory::new(self.clone())
    }

    /// Opens a session now.
    ///
    /// # Errors
    /// `Limit` after 16,777,215 sessions; `Busy` if the store stayed locked.
    pub fn open_session(&self, channel: Channel) -> Result<Session> {
        self.open_session_at(channel, self.core.now())
    }

    /// Opens a session that began at a given time, as an import does.
    ///
    /// # Errors
    /// As [`open_session`](Self::open_session), and `InvalidArgument` if the time is before 1970.
    pub fn open_session_at(&self, channel: Channel, at: Timestamp) -> Result<Session> {
        if at.as_millis() < 0 {
            return Err(invalid(format!("the session's time is before 1970: {at}")));
        }
        let customer = self.clone();
        let code = i64::from(channel.code());
        let (scope, number) = self.core.store.write_with(move |tx| {
            let scope = customer.find_or_make(tx)?;
            let number = table::open_session(tx, scope, code, at.as_millis())?;
            Ok((scope, number.ok_or_else(too_many_sessions)?))
        })?;
        let _ = self.scope.set(scope);
        Ok(Session::new(self.clone(), SessionId::new(self.person.tag, number), channel, at))
    }

    /// The handle of a session opened earlier, also by another process.
    ///
    /// # Errors
    /// `NotFound` if this customer has no such session.
    pub fn session(&self, id: SessionId) -> Result<Session> {
        let missing = || no_session(id);
        if !id.belongs_to(self.person.tag) {
            return Err(missing());
        }
        let row = self.core.store.read_with(|tx| match self.find(tx)? {
            Some(scope) => table::session(tx, scope, id.number()),
            None => Ok(None),
        })?;
        let row = row.ok_or_else(missing)?;
        Ok(Session::new(
            self.clone(),
            id,
            channel(row.channel)?,
            Timestamp::from_millis(row.opened_at),
        ))
    }

    /// The customer's sessions, newest first, with their turns counted.
    ///
    /// # Errors
    /// `InvalidArgument` if the page's limit is out of range; `NotFound` if its last row is
    /// no session of this customer.
    pub fn sessions(&self, page: Page<SessionId>) -> Result<Vec<SessionDetails>> {
        page.check()?;
        if let Some(id) = page.after
            && !id.belongs_to(self.person.tag)
        {
            return Err(no_session(id));
        }
        self.core.store.read_with(|tx| {
            let scope = self.find(tx)?;
            if let Some(id) = page.after {
                let known =
                    scope.map_or(Ok(None), |scope| table::session(tx, scope, id.number()))?;
                known.ok_or_else(|| no_session(id))?;
            }
            let Some(scope) = scope else { return Ok(Vec::new()) };
            let rows =
                table::sessions_before(tx, scope, page.after.map(SessionId::number), page.limit)?;
            rows.into_iter()
                .map(|row| {
                    let sums = table::session_sums(tx, scope, row.number)?;
                    SessionDetails::new(SessionId::new(self.person.tag, row.number), &row, &sums)
                })
                .collect()
        })
    }

    /// The customer's place in the store, if anything of them is stored; for reads, which see
    /// only what is committed, so that the handle may keep it.
    pub(super) fn find(&self, tx: &dyn Tx) -> Result<Option<Scope>> {
        let found = self.find_in_unit(tx)?;
        Ok(found.map(|scope| *self.scope.get_or_init(|| scope)))
    }

    /// As [`find`](Self::find), inside a unit that writes: what a neighbour in its group has
    /// made may still be undone, and its number be given to somebody else.
    pub(super) fn find_in_unit(&self, tx: &dyn Tx) -> Result<Option<Scope>> {
        if let Some(scope) = self.scope.get() {
            table::keep_to(tx, *scope)?;
            return Ok(Some(*scope));
        }
        let Some((scope, _)) = table::find_customer(tx, &self.person.tenant, &self.person.name)?
        else {
            return Ok(None);
        };
        table::keep_to(tx, scope)?;
        Ok(Some(scope))
    }

    /// The customer's place in the store; made if nothing of them is stored. The handle does
    /// not keep it: only a commit makes it true.
    pub(super) fn find_or_make(&self, tx: &dyn Tx) -> Result<Scope> {
        find_or_make(tx, &self.person, &self.scope)
    }

    /// Refuses an identifier of another customer's turn.
    pub(super) fn check_turn(&self, id: TurnId) -> Result<()> {
        if id.belongs_to(self.person.tag) { Ok(()) } else { Err(no_turn(id)) }
    }
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer")
            .field("tenant", &self.person.tenant)
            .field("id", &self.person.name)
            .finish_non_exhaustive()
    }
}

pub(super) fn find_or_make(tx: &dyn Tx, person: &Person, known: &OnceLock<Scope>) -> Result<Scope> {
    let scope = match known.get() {
        Some(scope) => *scope,
        None => match table::find_customer(tx, &person.tenant, &person.name)? {
            Some((scope, _)) => scope,
            None => return table::make_customer(tx, &person.tenant, &person.name),
        },
    };
    table::keep_to(tx, scope)?;
    Ok(scope)
}

pub(super) fn no_turn(id: TurnId) -> Error {
    Error::new(ErrorKind::NotFound, format!("this customer has no turn {id}"))
}

pub(super) fn no_session(id: SessionId) -> Error {
    Error::new(ErrorKind::NotFound, format!("this customer has no session {id}"))
}

pub(super) fn too_many_sessions() -> Error {
    Error::new(
        ErrorKind::Limit,
        format!("the customer has {} sessions, the most there can be", crate::id::MAX_PER_CUSTOMER),
    )
}

pub(super) fn channel(code: i64) -> Result<Channel> {
    let code = i32::try_from(code).map_err(|_| internal("a channel's number is too large"))?;
    Channel::from_code(code).map_err(|_| {
        Error::new(ErrorKind::Corrupt, format!("a stored session has the unknown channel {code}"))
    })
}
