//! The statements about collections and their documents: one function each.
//!
//! Knows that a collection's documents lie side by side, and that every change of one takes
//! the collection's next number, so that whoever knows the last one sees what came since.

use crate::archive::key::{self, first_key, last_key, owner_of_key};
use crate::archive::table::find_or_make_tenant;
use crate::error::Result;
use crate::memory::Table;
use crate::store::{Row, Tx, Value};
use std::sync::Arc;

/// The tables of collections: of tenants, not of customers.
#[cfg_attr(not(test), allow(dead_code, reason = "only a test reads the registrations"))]
pub(super) const TABLES: &[Table] = &[
    Table { name: "collections", personal: &[] },
    Table { name: "documents", personal: &[] },
    Table { name: "vectors", personal: &[] },
    Table { name: "snapshots", personal: &[] },
];

/// Low bits of a change: its number in the collection.
const CHANGE_BITS: u32 = 40;
const MAX_CHANGE: i64 = (1 << CHANGE_BITS) - 1;
/// The last number that a document can have.
pub(super) const MAX_NUMBER: i64 = key::MAX_NUMBER;

/// One collection of one tenant, as the store numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Shelf(i64);

impl Shelf {
    pub(super) fn of_document(id: i64) -> Shelf {
        Shelf(key::owner(id))
    }

    pub(super) fn number(self) -> i64 {
        self.0
    }

    /// Whether a stored change is one of this collection.
    pub(super) fn holds_change(self, changed: i64) -> bool {
        changed >> CHANGE_BITS == self.0
    }

    fn document(self, number: u32) -> i64 {
        key::of(self.0, number)
    }

    fn change(self, change: i64) -> i64 {
        (self.0 << CHANGE_BITS) | change
    }

    /// The stored form of a host's key: unique within the collection.
    fn key(self, key: &str) -> Value {
        Value::Bytes(self.bytes_of_key(key))
    }

    pub(super) fn bytes_of_key(self, key: &str) -> Vec<u8> {
        let mut bytes = self.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(key.as_bytes());
        bytes
    }
}

/// What the documents of a collection were used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Uses {
    pub(crate) documents: u64,
    /// Of these, those that were ever used.
    pub(crate) used: u64,
    pub(crate) uses: u64,
    /// Of these, those that helped.
    pub(crate) helped: u64,
}

/// A stored document as it is read; an empty body stands for one that was removed.
pub(super) struct StoredDocument<'r> {
    pub(super) number: u32,
    pub(super) change: i64,
    pub(super) used: u64,
    pub(super) helped: u64,
    pub(super) body: &'r [u8],
}

type Each<'a> = &'a mut dyn FnMut(StoredDocument<'_>) -> Result<()>;

pub(super) fn find(tx: &dyn Tx, tenant: &str, name: &str) -> Result<Option<Shelf>> {
    let sql = "SELECT c.id FROM tenants t JOIN collections c ON c.tenant = t.id AND c.name = ?2 WHERE t.name = ?1";
    tx.first(sql, &[tenant.into(), name.into()], |row| Ok(Shelf(row.int(0)?)))
}

/// The collection, and the number of its next change; made if it is new.
pub(super) fn begin_change(tx: &dyn Tx, tenant: &str, name: &str) -> Result<(Shelf, i64)> {
    let shelf = match find(tx, tenant, name)? {
        Some(shelf) => shelf,
        None => {
            let tenant = find_or_make_tenant(tx, tenant)?;
            let id = tx.number("collections")?;
            let sql = "INSERT INTO collections (id, tenant, name, changes, newest) VALUES (?1, ?2, ?3, 0, 0)";
            tx.execute(sql, &[id.into(), tenant.into(), name.into()])?;
            Shelf(id)
        }
    };
    let sql = "UPDATE collections SET changes = changes + 1 WHERE id = ?1 RETURNING changes";
    let change = tx.first(sql, &[shelf.0.into()], |row| row.int(0))?;
    Ok((shelf, change.unwrap_or_default()))
}

/// The number of the document under a key.
pub(super) fn number(tx: &dyn Tx, shelf: Shelf, key: &str) -> Result<Option<u32>> {
    let sql = "SELECT id FROM documents WHERE key = ?1";
    tx.first(sql, &[shelf.key(key)], |row| Ok(low(row.int(0)?)))
}

/// A number for a new document, never given before; above [`MAX_NUMBER`] there is no room.
pub(super) fn next_number(tx: &dyn Tx, shelf: Shelf) -> Result<i64> {
    let sql = "UPDATE collections SET newest = newest + 1 WHERE id = ?1 RETURNING newest";
    Ok(tx.first(sql, &[shelf.0.into()], |row| row.int(0))?.unwrap_or(i64::MAX))
}

pub(super) fn add(
    tx: &dyn Tx,
    shelf: Shelf,
    number: u32,
    change: i64,
    key: &str,
    body: &[u8],
) -> Result<()> {
    let sql = "INSERT INTO documents (id, changed, used, helped, key, body) VALUES (?1, ?2, 0, 0, ?3, ?4)";
    let values = [
        shelf.document(number).into(),
        shelf.change(change).into(),
        shelf.key(key),
        Value::Bytes(body.to_vec()),
    ];
    tx.execute(sql, &values).map(|_| ())
}

/// Exchanges a document's text; how often it was used stays, and its old vectors go.
pub(super) fn exchange(
    tx: &dyn Tx,
    shelf: Shelf,
    number: u32,
    change: i64,
    body: &[u8],
) -> Result<()> {
    let sql = "UPDATE documents SET changed = ?2, body = ?3 WHERE id = ?1";
    let values =
        [shelf.document(number).into(), shelf.change(change).into(), Value::Bytes(body.to_vec())];
    tx.execute(sql, &values)?;
    tx.execute("DELETE FROM vectors WHERE id = ?1", &[shelf.document(number).into()]).map(|_| ())
}

/// Empties a document; its number tells whoever has it that it is gone.
pub(super) fn remove(tx: &dyn Tx, shelf: Shelf, number: u32, change: i64) -> Result<()> {
    let sql = "UPDATE documents SET changed = ?2, key = NULL, body = ?3 WHERE id = ?1";
    let values =
        [shelf.document(number).into(), shelf.change(change).into(), Value::Bytes(Vec::new())];
    tx.execute(sql, &values)?;
    tx.execute("DELETE FROM vectors WHERE id = ?1", &[shelf.document(number).into()]).map(|_| ())
}

/// Counts that a document was used, and whether it helped; false if there is none.
pub(super) fn count_use(tx: &dyn Tx, shelf: Shelf, key: &str, helped: bool) -> Result<bool> {
    let sql = "UPDATE documents SET used = used + 1, helped = helped + ?2 WHERE key = ?1";
    Ok(tx.execute(sql, &[shelf.key(key), i64::from(helped).into()])? > 0)
}

/// How many documents there are, how many of them were ever used, how often, and how often that
/// helped.
pub(super) fn uses(tx: &dyn Tx, shelf: Shelf) -> Result<Uses> {
    let sql = "SELECT count(*), coalesce(CAST(sum(CASE WHEN used > 0 THEN 1 ELSE 0 END) AS BIGINT), 0), \
               coalesce(CAST(sum(used) AS BIGINT), 0), coalesce(CAST(sum(helped) AS BIGINT), 0) \
               FROM documents WHERE id BETWEEN ?1 AND ?2 AND key IS NOT NULL";
    let range = [shelf.document(0).into(), shelf.document(low(MAX_NUMBER)).into()];
    let found = tx.first(sql, &range, |row| {
        let natural = |place: usize| Ok(u64::try_from(row.int(place)?).unwrap_or(0));
        Ok(Uses {
            documents: natural(0)?,
            used: natural(1)?,
            uses: natural(2)?,
            helped: natural(3)?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

/// The number of the newest change that is still to be seen.
pub(super) fn newest_change(tx: &dyn Tx, shelf: Shelf) -> Result<i64> {
    let sql = "SELECT changed FROM documents WHERE changed BETWEEN ?1 AND ?2 ORDER BY changed DESC LIMIT 1";
    let range = [shelf.change(0).into(), shelf.change(MAX_CHANGE).into()];
    let change = tx.first(sql, &range, |row| row.int(0))?;
    Ok(change.map_or(0, |change| change & MAX_CHANGE))
}

/// Shows the documents that changed after a number, in the order of their changes.
pub(super) fn changed_after(
    tx: &dyn Tx,
    shelf: Shelf,
    change: i64,
    limit: i64,
    each: Each<'_>,
) -> Result<()> {
    let sql = "SELECT id, changed, used, helped, body FROM documents \
               WHERE changed > ?1 AND changed <= ?2 ORDER BY changed LIMIT ?3";
    let last = shelf.change(MAX_CHANGE);
    let values = [shelf.change(change).into(), last.into(), limit.into()];
    tx.query_upwards(sql, &values, 1, shelf.change(change), &mut |row| each(stored(row)?))
}

/// Shows one document, if it is there.
pub(super) fn document(tx: &dyn Tx, shelf: Shelf, number: u32, each: Each<'_>) -> Result<()> {
    let sql = "SELECT id, changed, used, helped, body FROM documents WHERE id = ?1";
    tx.query(sql, &[shelf.document(number).into()], &mut |row| each(stored(row)?))
}

fn stored(row: &dyn Row) -> Result<StoredDocument<'_>> {
    let natural = |value: i64| u64::try_from(value).unwrap_or(0);
    Ok(StoredDocument {
        number: low(row.int(0)?),
        change: row.int(1)? & MAX_CHANGE,
        used: natural(row.int(2)?),
        helped: natural(row.int(3)?),
        body: row.bytes(4)?,
    })
}

pub(super) fn number_of(id: i64) -> u32 {
    low(id)
}

fn low(key: i64) -> u32 {
    key::number(key)
}

/// Exchanges the vector of a document.
pub(super) fn set_vector(
    tx: &dyn Tx,
    shelf: Shelf,
    number: u32,
    model: &str,
    body: &[u8],
) -> Result<()> {
    let sql = "INSERT INTO vectors (id, model, body) VALUES (?1, ?2, ?3) \
               ON CONFLICT (id) DO UPDATE SET model = excluded.model, body = excluded.body";
    let values = [shelf.document(number).into(), model.into(), Value::Bytes(body.to_vec())];
    tx.execute(sql, &values).map(|_| ())
}

/// Shows the vectors of a model after a number, with the number of their documents.
pub(super) fn vectors(
    tx: &dyn Tx,
    shelf: Shelf,
    model: &str,
    after: u32,
    limit: i64,
    each: &mut dyn FnMut(u32, &[u8]) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT id, body FROM vectors WHERE id > ?1 AND id <= ?2 AND model = ?3 ORDER BY id LIMIT ?4";
    let last = key::last(shelf.0);
    let values = [shelf.document(after).into(), last.into(), model.into(), limit.into()];
    tx.query_upwards(sql, &values, 0, shelf.document(after), &mut |row| {
        each(low(row.int(0)?), row.bytes(1)?)
    })
}

/// Exchanges the whole snapshot of a collection.
pub(super) fn set_snapshot(tx: &dyn Tx, shelf: Shelf, pieces: &[Vec<u8>]) -> Result<()> {
    let range = [shelf.document(0).into(), key::last(shelf.0).into()];
    tx.execute("DELETE FROM snapshots WHERE id BETWEEN ?1 AND ?2", &range)?;
    for (piece, number) in pieces.iter().zip(0_u32..) {
        let values = [shelf.document(number).into(), Value::Bytes(piece.clone())];
        tx.execute("INSERT INTO snapshots (id, body) VALUES (?1, ?2)", &values)?;
    }
    Ok(())
}

/// Shows the pieces of a collection's snapshot in their order.
pub(super) fn snapshot(
    tx: &dyn Tx,
    shelf: Shelf,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT body FROM snapshots WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
    let range = [shelf.document(0).into(), key::last(shelf.0).into()];
    tx.query(sql, &range, &mut |row| each(row.bytes(0)?))
}

/// A collection as the search for damage meets it.
pub(super) struct CollectionRow {
    pub(super) shelf: Shelf,
    /// `None`: there is no such tenant.
    pub(super) tenant: Option<Arc<str>>,
    pub(super) name: Arc<str>,
    pub(super) changes: i64,
    pub(super) newest: i64,
    /// The newest change and number among its documents, and how many there are, also of those
    /// that were removed.
    pub(super) documents: (i64, i64, i64),
}

/// One collection, without a look at its documents.
pub(super) fn collection(tx: &dyn Tx, shelf: Shelf) -> Result<Option<CollectionRow>> {
    let sql = "SELECT c.id, coalesce(t.name, ''), c.name, c.changes, c.newest FROM collections c \
               LEFT JOIN tenants t ON t.id = c.tenant WHERE c.id = ?1";
    tx.first(sql, &[shelf.0.into()], |row| collection_row(row, (0, 0, 0)))
}

/// Shows every collection with what its documents say of it.
pub(super) fn collections(
    tx: &dyn Tx,
    each: &mut dyn FnMut(CollectionRow) -> Result<()>,
) -> Result<()> {
    let sql = concat!(
        "SELECT c.id, coalesce(t.name, ''), c.name, c.changes, c.newest, \
         coalesce((SELECT max(d.changed) FROM documents d \
         WHERE d.changed > (c.id << 40) AND d.changed < ((c.id + 1) << 40)), 0), \
         coalesce((SELECT max(d.id) FROM documents d WHERE d.id > ",
        first_key!("c.id"),
        " AND d.id <= ",
        last_key!("c.id"),
        "), 0), (SELECT count(*) FROM documents d WHERE d.id > ",
        first_key!("c.id"),
        " AND d.id <= ",
        last_key!("c.id"),
        ") FROM collections c LEFT JOIN tenants t ON t.id = c.tenant ORDER BY c.id"
    );
    tx.query(sql, &[], &mut |row| {
        let documents = (row.int(5)? & MAX_CHANGE, row.int(6)? & MAX_NUMBER, row.int(7)?);
        each(collection_row(row, documents)?)
    })
}

fn collection_row(row: &dyn Row, documents: (i64, i64, i64)) -> Result<CollectionRow> {
    Ok(CollectionRow {
        shelf: Shelf(row.int(0)?),
        tenant: Some(row.text(1)?).filter(|name| !name.is_empty()).map(Arc::from),
        name: Arc::from(row.text(2)?),
        changes: row.int(3)?,
        newest: row.int(4)?,
        documents,
    })
}

/// The last number that was given to a collection.
pub(super) fn last_collection(tx: &dyn Tx) -> Result<i64> {
    let sql = "SELECT value FROM counters WHERE name = 'collections'";
    Ok(tx.first(sql, &[], |row| row.int(0))?.unwrap_or(0))
}

/// A document as the search for damage meets it.
pub(super) struct DocumentRow<'r> {
    pub(super) id: i64,
    pub(super) changed: i64,
    pub(super) used: i64,
    pub(super) helped: i64,
    pub(super) key: Option<&'r [u8]>,
    pub(super) stored: StoredDocument<'r>,
}

impl DocumentRow<'_> {
    pub(super) fn shelf(&self) -> Shelf {
        Shelf::of_document(self.id)
    }
}

/// Shows the documents of any collection after a key, in the order of keys.
pub(super) fn documents_after(
    tx: &dyn Tx,
    after: i64,
    limit: i64,
    each: &mut dyn FnMut(DocumentRow<'_>) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT id, changed, used, helped, body, coalesce(key, ?3) FROM documents WHERE id > ?1 ORDER BY id LIMIT ?2";
    let values = [after.into(), limit.into(), Value::Bytes(Vec::new())];
    tx.query_upwards(sql, &values, 0, after, &mut |row| {
        each(DocumentRow {
            id: row.int(0)?,
            changed: row.int(1)?,
            used: row.int(2)?,
            helped: row.int(3)?,
            key: Some(row.bytes(5)?).filter(|key| !key.is_empty()),
            stored: stored(row)?,
        })
    })
}

/// Vectors as the search for damage meets them.
pub(super) struct VectorRow<'r> {
    pub(super) id: i64,
    pub(super) model: &'r str,
    pub(super) body: &'r [u8],
}

/// Shows the vectors of any document after a key, in the order of keys.
pub(super) fn vectors_after(
    tx: &dyn Tx,
    after: i64,
    limit: i64,
    each: &mut dyn FnMut(VectorRow<'_>) -> Result<()>,
) -> Result<()> {
    let sql = "SELECT id, model, body FROM vectors WHERE id > ?1 ORDER BY id LIMIT ?2";
    tx.query_upwards(sql, &[after.into(), limit.into()], 0, after, &mut |row| {
        each(VectorRow { id: row.int(0)?, model: row.text(1)?, body: row.bytes(2)? })
    })
}

/// The collections, known or not, of which there are pieces of a snapshot.
pub(super) fn shelves_with_snapshots(tx: &dyn Tx) -> Result<Vec<Shelf>> {
    let sql = concat!("SELECT DISTINCT ", owner_of_key!("id"), " FROM snapshots ORDER BY 1");
    tx.all(sql, &[], |row| Ok(Shelf(row.int(0)?)))
}
