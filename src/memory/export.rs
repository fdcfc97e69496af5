//! Everything that is stored of a customer, subject by subject.
//!
//! Knows the form, a line of JSON for each record, and no subject.

use super::customer::Customer;
use super::subject::Sink;
use crate::error::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use std::io::Write;

impl Customer {
    /// Writes everything that is stored of the customer, one JSON object a line, and returns how
    /// many there are. `subject` says what a record belongs to, `record` holds it.
    ///
    /// What is only derived, such as learned preferences, is not stored and not among it.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("support.db");
    /// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
    /// use confidant::NewTurn;
    /// let alice = memory.customer("alice")?;
    /// alice.memory().save_turn(NewTurn::said("Where is my parcel?"))?;
    /// let mut lines = Vec::new();
    /// assert_eq!(alice.export(&mut lines)?, 2, "a session and a turn");
    /// assert!(String::from_utf8(lines)?.contains("Where is my parcel?"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Io` if `out` cannot be written to; `Corrupt` if something stored is damaged; `Busy` or
    /// `Store` if the store cannot be read.
    pub fn export(&self, out: &mut dyn Write) -> Result<u64> {
        self.confidant().flush()?;
        let Some(scope) = self.core.store.read_with(|tx| self.find(tx))? else { return Ok(0) };
        let mut lines = Lines { out, count: 0 };
        let subjects = self.core.subjects.iter();
        subjects.copied().try_for_each(|subject| subject.export(self, scope, &mut lines))?;
        Ok(lines.count)
    }
}

struct Lines<'o> {
    out: &'o mut dyn Write,
    count: u64,
}

impl Sink for Lines<'_> {
    fn record(&mut self, subject: &'static str, record: Value) -> Result<()> {
        let line = json!({ "subject": subject, "record": record });
        writeln!(self.out, "{line}").map_err(|cause| {
            Error::new(ErrorKind::Io, "cannot write an exported record").with_source(cause)
        })?;
        self.count += 1;
        Ok(())
    }
}
