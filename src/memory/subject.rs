//! The contract of everything that is kept or derived beside the turns.
//!
//! Knows what clearing a customer, the search for damage, figures and export need of a subject,
//! so that none of them knows which subjects there are. A subject is one folder, and one line in
//! the list that is given when a memory is opened.

use super::cache::{Cache, Owner};
use super::check_report::CheckReport;
use super::core::Core;
use super::customer::Customer;
use crate::archive::{Scope, Turn};
use crate::error::Result;
use crate::store::Tx;
use std::sync::Arc;

/// A table of a subject.
#[cfg_attr(not(test), allow(dead_code, reason = "only a test reads the registrations"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// The columns that hold what a person said or is; empty if none does.
    pub(crate) personal: &'static [&'static str],
}

/// Takes what is exported of a customer, record by record.
pub(crate) trait Sink {
    /// Takes a record of a subject.
    fn record(&mut self, subject: &'static str, record: serde_json::Value) -> Result<()>;
}

/// Something kept or derived beside the turns. What it keeps in memory is in the memory's
/// [`Cache`], under its name.
pub(crate) trait Subject: Sync {
    /// The name under which it is told in figures and exports.
    fn name(&self) -> &'static str;

    /// Its tables. A test compares them with those of the database.
    #[cfg_attr(not(test), allow(dead_code, reason = "only a test reads the registrations"))]
    fn tables(&self) -> &'static [Table] {
        &[]
    }

    /// A turn has its answer now; called in commit order.
    fn answered(&self, _cache: &Cache, _scope: Scope, _turn: &Arc<Turn>) {}

    /// Reads everything of it that is stored, and adds to the report what is damaged.
    ///
    /// # Errors
    /// `Io` or `Store` if it cannot be read at all; damage is in the report.
    fn check(&self, _core: &Arc<Core>, _report: &mut CheckReport) -> Result<()> {
        Ok(())
    }

    /// Removes everything of a customer from its tables, inside the unit that clears them.
    ///
    /// # Errors
    /// As the unit's statements; nothing is cleared then.
    fn erase(&self, _tx: &dyn Tx, _scope: Scope) -> Result<()> {
        Ok(())
    }

    /// Shows every record of a customer in its tables.
    ///
    /// # Errors
    /// As its statements and the sink; `Corrupt` if a record is damaged.
    fn export(&self, _customer: &Customer, _scope: Scope, _sink: &mut dyn Sink) -> Result<()> {
        Ok(())
    }
}

/// The subjects of one open memory.
pub(crate) type Subjects = &'static [&'static dyn Subject];

impl Core {
    /// Forgets what subjects keep in memory of a customer.
    pub(super) fn forget(&self, scope: Scope) {
        forget(&self.cache, self.subjects, scope);
    }
}

/// As [`Core::forget`], for what happens after a commit.
pub(super) fn forget(cache: &Cache, subjects: Subjects, scope: Scope) {
    subjects.iter().for_each(|of| cache.remove(of.name(), &Owner::Customer(scope)));
}
