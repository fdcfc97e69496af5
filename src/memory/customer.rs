//! One customer: the handle.
//!
//! Knows how a name becomes a place in the store, once, and that reading about a customer
//! never stores one.

use super::core::Core;
use super::refusals::no_turn;
use crate::archive::row::Person;
use crate::archive::{Scope, table};
use crate::error::Result;
use crate::id::{Tag, TurnId};
use crate::store::Tx;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// One customer of one tenant: the handle to everything that is remembered of them.
#[derive(Clone)]
pub struct Customer {
    pub(crate) core: Arc<Core>,
    pub(crate) person: Person,
    pub(crate) scope: Arc<OnceLock<Scope>>,
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
