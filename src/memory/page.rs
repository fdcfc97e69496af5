//! A part of a long list.

use crate::error::{Result, invalid};

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
