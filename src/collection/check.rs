//! The search for damage in collections, and snapshots made anew.
//!
//! Knows what must be true of collections, documents and vectors. A snapshot is a copy that can
//! be made again: one that is damaged is a warning, and upkeep makes a new one.

use super::document::{check_key, passages};
use super::handle::{COLLECTIONS, Collection};
use super::index::Contents;
use super::table::{self, CollectionRow, DocumentRow, MAX_NUMBER, Shelf};
use super::vectors;
use crate::error::{ErrorKind, Result};
use crate::id::check_name;
use crate::memory::{CheckReport, Core, Subject, Table};
use crate::store::Tx;
use std::sync::Arc;

/// Rows read at once.
const STEP: i64 = 256;

/// Short documents of tenants.
pub(crate) struct Collections;

impl Subject for Collections {
    fn name(&self) -> &'static str {
        COLLECTIONS
    }

    fn tables(&self) -> &'static [Table] {
        table::TABLES
    }

    /// Reads every collection, document, vector and snapshot. A kind of row that the engine
    /// cannot read on is a finding, and the search goes on with the next kind.
    fn check(&self, core: &Arc<Core>, report: &mut CheckReport) -> Result<()> {
        let [mut collections, mut documents, mut vectors] = <[Vec<String>; 3]>::default();
        noted(check_collections(core, &mut collections), &mut collections)?;
        noted(check_documents(core, &mut report.documents, &mut documents), &mut documents)?;
        noted(check_vectors(core, &mut vectors), &mut vectors)?;
        let mut warnings = Vec::new();
        noted(check_snapshots(core, &mut warnings), &mut warnings)?;
        [collections, documents, vectors].into_iter().for_each(|found| report.add(found));
        report.warn(warnings);
        Ok(())
    }
}

/// Makes snapshots anew that cannot be read, and removes those of no collection.
pub(crate) fn mend_snapshots(core: &Arc<Core>) -> Result<()> {
    for shelf in core.store.read_with(table::shelves_with_snapshots)? {
        let Some(row) = core.store.read_with(|tx| table::collection(tx, shelf))? else {
            core.store.write_with(move |tx| table::set_snapshot(tx, shelf, &[]))?;
            continue;
        };
        let Some(collection) = of(core, &row) else { continue };
        if collection.saved(shelf, row.changes)?.is_some() {
            continue;
        }
        match collection.snapshot() {
            // A damaged document is what `check` is for.
            Err(error) if error.kind() == ErrorKind::Corrupt => {}
            other => other?,
        }
    }
    Ok(())
}

fn noted(outcome: Result<()>, into: &mut Vec<String>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            into.push(error.to_string());
            Ok(())
        }
        other => other,
    }
}

fn of(core: &Arc<Core>, row: &CollectionRow) -> Option<Collection> {
    let (tenant, name) = (row.tenant.clone()?, Arc::clone(&row.name));
    Some(Collection { core: Arc::clone(core), tenant, name, embedder: None })
}

fn check_collections(core: &Core, findings: &mut Vec<String>) -> Result<()> {
    core.store.read_with(|tx| {
        findings.clear();
        let given = table::last_collection(tx)?;
        table::collections(tx, &mut |row| {
            let number = row.shelf.number();
            if row.tenant.is_none() {
                findings.push(format!("collection {number} belongs to no tenant"));
            }
            if let Err(error) = check_name("collection", &row.name) {
                findings.push(format!("collection {number} is damaged: {error}"));
            }
            if number > given {
                findings.push(format!("the counter of collections is at {given}, behind collection {number}"));
            }
            let (changes, numbers, rows) = row.documents;
            if changes > row.changes {
                findings.push(format!("collection {number} counts {} changes, but has change {changes}", row.changes));
            }
            if (numbers, rows) != (row.newest, row.newest) {
                findings.push(format!(
                    "collection {number} gave {} numbers to documents, but has {rows} of them up to number {numbers}",
                    row.newest
                ));
            }
            Ok(())
        })
    })
}

fn check_documents(core: &Arc<Core>, read: &mut u64, findings: &mut Vec<String>) -> Result<()> {
    let mut cursor = i64::MIN;
    loop {
        let (mut last, mut count, mut seen) = (None, 0, Vec::new());
        core.store.read_with(|tx| {
            (last, count) = (None, 0);
            seen.clear();
            let mut kept = None;
            table::documents_after(tx, cursor, STEP, &mut |row| {
                (last, count) = (Some(row.id), count + 1);
                let collection = kept_collection(core, tx, &mut kept, row.shelf())?;
                seen.extend(document_damage(tx, collection, &row)?);
                Ok(())
            })
        })?;
        findings.append(&mut seen);
        *read += count;
        let Some(key) = last else { return Ok(()) };
        cursor = key;
    }
}

/// The collection of a shelf; the one asked for last is kept.
fn kept_collection<'k>(
    core: &Arc<Core>,
    tx: &dyn Tx,
    kept: &'k mut Option<(Shelf, Option<Collection>)>,
    shelf: Shelf,
) -> Result<Option<&'k Collection>> {
    if kept.as_ref().is_none_or(|(known, _)| *known != shelf) {
        let row = table::collection(tx, shelf)?;
        *kept = Some((shelf, row.and_then(|row| of(core, &row))));
    }
    Ok(kept.as_ref().and_then(|(_, collection)| collection.as_ref()))
}

/// What is wrong with a document, if anything is.
fn document_damage(
    tx: &dyn Tx,
    collection: Option<&Collection>,
    row: &DocumentRow<'_>,
) -> Result<Option<String>> {
    let Some(collection) = collection else {
        return Ok(Some(format!("the document with key {} belongs to no collection", row.id)));
    };
    let stored = match collection.stored(tx, &row.stored) {
        Err(error) if error.kind() == ErrorKind::Corrupt => return Ok(Some(error.to_string())),
        other => other?,
    };
    let shelf = row.shelf();
    let expected = stored.as_ref().map(|document| shelf.bytes_of_key(&document.key));
    let why = if !(1..=MAX_NUMBER).contains(&i64::from(row.stored.number)) {
        "its number is out of range"
    } else if !shelf.holds_change(row.changed) {
        "its change is of another collection"
    } else if row.key != expected.as_deref() {
        "it stands under another key"
    } else if stored.as_ref().is_some_and(|document| check_key(&document.key).is_err()) {
        "its key breaks the rule"
    } else if row.used < 0 || !(0..=row.used).contains(&row.helped) {
        "its uses are counted wrongly"
    } else {
        return Ok(None);
    };
    Ok(Some(collection.damaged(row.stored.number, &why).to_string()))
}

fn check_vectors(core: &Arc<Core>, findings: &mut Vec<String>) -> Result<()> {
    let mut cursor = i64::MIN;
    loop {
        let (mut last, mut seen) = (None, Vec::new());
        core.store.read_with(|tx| {
            last = None;
            seen.clear();
            let mut kept = None;
            table::vectors_after(tx, cursor, STEP, &mut |row| {
                last = Some(row.id);
                let collection = kept_collection(core, tx, &mut kept, Shelf::of_document(row.id))?;
                let Some(collection) = collection else {
                    seen.push(format!("the vectors with key {} belong to no collection", row.id));
                    return Ok(());
                };
                let number = table::number_of(row.id);
                let passages = match collection.read(tx, Shelf::of_document(row.id), number) {
                    // The document is a finding of its own.
                    Err(error) if error.kind() == ErrorKind::Corrupt => None,
                    other => other?
                        .map(|document| Some(passages(&document.text).len()))
                        .unwrap_or(Some(0)),
                };
                if let Some(why) = vectors::damage(row.model, row.body, passages) {
                    seen.push(collection.damaged_vectors(number, &why).to_string());
                }
                Ok(())
            })
        })?;
        findings.append(&mut seen);
        let Some(key) = last else { return Ok(()) };
        cursor = key;
    }
}

fn check_snapshots(core: &Arc<Core>, warnings: &mut Vec<String>) -> Result<()> {
    for shelf in core.store.read_with(table::shelves_with_snapshots)? {
        let Some(row) = core.store.read_with(|tx| table::collection(tx, shelf))? else {
            warnings.push(format!(
                "there is a snapshot of no collection, number {}; upkeep removes it",
                shelf.number()
            ));
            continue;
        };
        let Some(collection) = of(core, &row) else { continue };
        if collection.saved(shelf, row.changes)?.is_none() {
            warnings.push(format!(
                "the snapshot of the collection {} of tenant {} is of no use; searches build the index from the \
                 documents, and upkeep makes a new one",
                collection.name, collection.tenant
            ));
        }
    }
    Ok(())
}

impl Collection {
    /// The snapshot, if there is one that can be brought forward.
    pub(super) fn saved(&self, shelf: Shelf, newest: i64) -> Result<Option<Contents>> {
        let bound = self.snapshot_bound();
        let read = self.core.store.read_with(|tx| {
            let mut bytes = Some(Vec::new());
            table::snapshot(tx, shelf, &mut |body| {
                let piece = self.unpacked(tx, |codec| codec.unpack(body, &bound));
                match (piece, &mut bytes) {
                    (Ok(piece), Some(bytes)) => bytes.extend_from_slice(&piece),
                    (_, bytes) => *bytes = None,
                }
                Ok(())
            })?;
            Ok(bytes)
        });
        let bytes = match read {
            // Damage only means that the index is built anew.
            Err(error) if error.kind() == ErrorKind::Corrupt => None,
            other => other?,
        };
        Ok(bytes
            .and_then(|bytes| Contents::read(&bytes))
            .filter(|contents| contents.seen <= newest))
    }
}
