//! The handle of a collection: putting, removing and reading documents.

use super::document::{NewDocument, StoredText, bound, check_key, pack, unpack};
use super::index::{Contents, Vectors};
use super::table::{self, Shelf, StoredDocument, Uses};
use crate::archive::dictionaries::load_dictionaries_in;
use crate::codec::Damage;
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::id::check_name;
use crate::llm::Embedder;
use crate::memory::{Core, Owner, Tenant};
use crate::recall::marks;
use crate::store::Tx;
use parking_lot::RwLock;
use std::sync::Arc;

/// Documents put at once, and read at once while the store is followed.
const MAX_AT_ONCE: usize = 1_000;
pub(super) const PAGE: i64 = 1_000;
/// The bytes of one piece of a snapshot; below what a record may hold.
const PIECE_BYTES: usize = 192 << 10;

/// Short documents of one tenant, found by words and by meaning; 100,000 of them are fine.
///
/// Everything put is on disk when the call returns. Searching needs no network and no model.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
/// use confidant::NewDocument;
/// let notes = memory.tenant("acme")?.collection("notes")?;
/// notes.put(&NewDocument::new("refunds", "Money comes back within five working days."))?;
/// notes.put(&NewDocument::new("hours", "We are open from nine to five."))?;
/// let found = notes.search("When do I get my refund?", 1, None)?;
/// assert_eq!(found.documents[0].document.key, "refunds");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Collection {
    pub(super) core: Arc<Core>,
    pub(super) tenant: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) embedder: Option<Arc<dyn Embedder>>,
}

/// The index of a collection.
pub(super) type Shared = Arc<RwLock<Contents>>;

/// The name under which indexes are kept and told in figures.
pub(super) const COLLECTIONS: &str = "collections";

impl Tenant {
    /// The collection of that name, 1 to 128 bytes without control characters. Nothing is
    /// stored until a document is.
    ///
    /// # Errors
    /// `InvalidArgument` if the name breaks the rule.
    pub fn collection(&self, name: &str) -> Result<Collection> {
        check_name("collection", name)?;
        let (core, tenant) = (Arc::clone(&self.core), Arc::from(self.id()));
        Ok(Collection { core, tenant, name: Arc::from(name), embedder: None })
    }
}

impl Collection {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts a document, in the place of an earlier one under its key if there is one.
    ///
    /// # Errors
    /// `InvalidArgument` or `Limit`, naming the part, if the document breaks a rule; `Busy` if
    /// the store stayed locked. Nothing was put then.
    pub fn put(&self, document: &NewDocument<'_>) -> Result<()> {
        self.put_all(std::slice::from_ref(document))
    }

    /// Puts up to 1,000 documents, all or none.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_all(&self, documents: &[NewDocument<'_>]) -> Result<()> {
        if documents.len() > MAX_AT_ONCE {
            return Err(invalid(format!(
                "{} documents at once; the limit is {MAX_AT_ONCE}",
                documents.len()
            )));
        }
        let bound = bound(&self.tenant, &self.name);
        let mut packed = Vec::with_capacity(documents.len());
        for document in documents {
            document.check()?;
            packed.push((document.key.to_owned(), pack(&self.core.codec, &bound, document)));
        }
        let (tenant, name) = (Arc::clone(&self.tenant), Arc::clone(&self.name));
        self.core.store.write_with(move |tx| {
            for (key, body) in &packed {
                let (shelf, change) = table::begin_change(tx, &tenant, &name)?;
                match table::number(tx, shelf, key)? {
                    Some(number) => table::exchange(tx, shelf, number, change, body)?,
                    None => table::add(tx, shelf, new_number(tx, shelf)?, change, key, body)?,
                }
            }
            Ok(())
        })
    }

    /// Removes a document; false if there is none under that key.
    ///
    /// # Errors
    /// `Busy`, `Io` or `Store`; nothing was removed then.
    pub fn remove(&self, key: &str) -> Result<bool> {
        check_key(key)?;
        let (tenant, name, key) =
            (Arc::clone(&self.tenant), Arc::clone(&self.name), key.to_owned());
        self.core.store.write_with(move |tx| {
            let Some(shelf) = table::find(tx, &tenant, &name)? else { return Ok(false) };
            let Some(number) = table::number(tx, shelf, &key)? else { return Ok(false) };
            let (shelf, change) = table::begin_change(tx, &tenant, &name)?;
            table::remove(tx, shelf, number, change)?;
            Ok(true)
        })
    }

    /// The document under a key.
    ///
    /// # Errors
    /// `Corrupt`, naming the document, if it is damaged.
    pub fn document(&self, key: &str) -> Result<Option<StoredText>> {
        check_key(key)?;
        self.core.store.read_with(|tx| {
            let Some(shelf) = table::find(tx, &self.tenant, &self.name)? else { return Ok(None) };
            let Some(number) = table::number(tx, shelf, key)? else { return Ok(None) };
            self.read(tx, shelf, number)
        })
    }

    /// How many documents there are.
    ///
    /// # Errors
    /// As [`search`](Self::search).
    pub fn len(&self) -> Result<usize> {
        Ok(self.contents(None)?.map_or(0, |(_, contents)| contents.read().len()))
    }

    /// Whether there is no document.
    ///
    /// # Errors
    /// As [`search`](Self::search).
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Counts that a document was used for an answer, and whether that helped; false if there
    /// is none under that key.
    ///
    /// # Errors
    /// `Busy`, `Io` or `Store`; nothing was counted then.
    pub fn count_use(&self, key: &str, helped: bool) -> Result<bool> {
        check_key(key)?;
        let (tenant, name, key) =
            (Arc::clone(&self.tenant), Arc::clone(&self.name), key.to_owned());
        self.core.store.write_with(move |tx| match table::find(tx, &tenant, &name)? {
            Some(shelf) => table::count_use(tx, shelf, &key, helped),
            None => Ok(false),
        })
    }

    /// What was counted of the documents' use.
    pub(crate) fn uses(&self) -> Result<Uses> {
        self.core.store.read_with(|tx| match table::find(tx, &self.tenant, &self.name)? {
            Some(shelf) => table::uses(tx, shelf),
            None => Ok(Uses::default()),
        })
    }

    /// Keeps the index in the store, so that the next process need not build it: worth while
    /// from some thousand documents. One that is missing, damaged, of another version or
    /// behind is no error: the index is built, or brought forward, from the documents.
    ///
    /// # Errors
    /// As [`search`](Self::search), and `Busy` if the store stayed locked.
    pub fn snapshot(&self) -> Result<()> {
        let Some((_, contents)) = self.contents(None)? else { return Ok(()) };
        let bytes = contents.write().write();
        let bound = self.snapshot_bound();
        let pieces: Vec<Vec<u8>> =
            bytes.chunks(PIECE_BYTES).map(|piece| self.core.codec.pack(piece, &bound)).collect();
        let (tenant, name) = (Arc::clone(&self.tenant), Arc::clone(&self.name));
        self.core.store.write_with(move |tx| match table::find(tx, &tenant, &name)? {
            Some(shelf) => table::set_snapshot(tx, shelf, &pieces),
            None => Ok(()),
        })
    }

    pub(super) fn snapshot_bound(&self) -> Vec<u8> {
        [self.tenant.as_bytes(), b"\0", self.name.as_bytes(), b"\0snapshot"].concat()
    }

    /// The index as the store is now; `None` if there is no such collection.
    pub(super) fn contents(&self, model: Option<(&str, usize)>) -> Result<Option<(Shelf, Shared)>> {
        let found =
            self.core.store.read_with(|tx| match table::find(tx, &self.tenant, &self.name)? {
                Some(shelf) => Ok(Some((shelf, table::newest_change(tx, shelf)?))),
                None => Ok(None),
            })?;
        let Some((shelf, newest)) = found else { return Ok(None) };
        let owner = self.owner(model.map_or("", |(name, _)| name));
        let new = || RwLock::new(Contents::new(model.map(|(_, dimensions)| dimensions)));
        let shared = self.core.cache.entry(COLLECTIONS, &owner, new);
        if shared.read().seen != newest {
            let mut contents = shared.write();
            if model.is_none() && contents.seen == 0 {
                *contents = self.saved(shelf, newest)?.unwrap_or_else(|| Contents::new(None));
            }
            if contents.is_worn() {
                *contents = Contents::new(model.map(|(_, dimensions)| dimensions));
            }
            self.follow(shelf, &mut contents, newest, model)?;
            let bytes = contents.bytes();
            drop(contents);
            self.core.cache.weigh(COLLECTIONS, &owner, &shared, bytes);
        }
        Ok(Some((shelf, shared)))
    }

    /// Under what the index by a model's vectors is kept, or by the crate's own if it is empty.
    fn owner(&self, model: &str) -> Owner {
        let (tenant, name) = (Arc::clone(&self.tenant), Arc::clone(&self.name));
        Owner::Collection { tenant, name, model: Arc::from(model) }
    }

    /// Whether there is an index by a model's vectors that shows the newest change.
    pub(super) fn follows(&self, model: &str) -> Result<bool> {
        let owner = self.owner(model);
        let kept = self.core.cache.known::<RwLock<Contents>>(COLLECTIONS, &owner);
        let Some(kept) = kept else { return Ok(false) };
        let newest =
            self.core.store.read_with(|tx| match table::find(tx, &self.tenant, &self.name)? {
                Some(shelf) => table::newest_change(tx, shelf),
                None => Ok(0),
            })?;
        Ok(newest > 0 && kept.read().seen == newest)
    }

    /// Brings an index to the newest change.
    fn follow(
        &self,
        shelf: Shelf,
        contents: &mut Contents,
        newest: i64,
        model: Option<(&str, usize)>,
    ) -> Result<()> {
        let mut vectors = match model {
            Some((name, dimensions)) => self.vectors_of(shelf, name, dimensions)?,
            None => Vectors::default(),
        };
        let mut read = 0;
        while contents.seen < newest {
            let before = contents.seen;
            let page = self.core.store.read_with(|tx| {
                let mut page = Vec::new();
                table::changed_after(tx, shelf, before, PAGE, &mut |row| {
                    page.push((row.number, row.change, self.stored(tx, &row)?));
                    Ok(())
                })?;
                Ok(page)
            })?;
            for (number, change, stored) in page {
                match stored {
                    Some(stored) => {
                        let marks = marks(stored.metadata.as_deref());
                        let own = vectors.take(number);
                        if !contents.put(number, &stored, &marks, &own) {
                            return Err(full(&self.name));
                        }
                    }
                    None => contents.remove(number),
                }
                contents.seen = change;
                read += 1;
            }
            if contents.seen == before {
                break;
            }
        }
        contents.settle(read);
        Ok(())
    }

    pub(super) fn read(
        &self,
        tx: &dyn Tx,
        shelf: Shelf,
        number: u32,
    ) -> Result<Option<StoredText>> {
        let mut found = None;
        table::document(tx, shelf, number, &mut |row| {
            found = self.stored(tx, &row)?;
            Ok(())
        })?;
        Ok(found)
    }

    /// A row as a document; `None` if it was removed.
    pub(super) fn stored(
        &self,
        tx: &dyn Tx,
        row: &StoredDocument<'_>,
    ) -> Result<Option<StoredText>> {
        if row.body.is_empty() {
            return Ok(None);
        }
        let bound = bound(&self.tenant, &self.name);
        let mut document =
            self.unpacked(tx, |codec| unpack(codec, &bound, row.body)).map_err(|damage| {
                match damage {
                    Ok(damage) => self.damaged(row.number, &damage),
                    Err(error) => error,
                }
            })?;
        (document.used, document.helped) = (row.used, row.helped);
        Ok(Some(document))
    }

    pub(super) fn damaged(&self, number: u32, why: &dyn std::fmt::Display) -> Error {
        let (name, tenant) = (&self.name, &self.tenant);
        let message = format!(
            "document {number} of the collection {name} of tenant {tenant} is damaged: {why}"
        );
        Error::new(ErrorKind::Corrupt, message)
    }

    /// Unpacks; fetches the store's dictionaries first if one is missing.
    pub(super) fn unpacked<T>(
        &self,
        tx: &dyn Tx,
        unpack: impl Fn(&crate::codec::Codec) -> Result<T, Damage>,
    ) -> Result<T, Result<Damage, Error>> {
        match unpack(&self.core.codec) {
            Err(Damage::MissingDictionary(_)) => {
                load_dictionaries_in(tx, &self.core.codec).map_err(Err)?;
                unpack(&self.core.codec).map_err(Ok)
            }
            other => other.map_err(Ok),
        }
    }
}

fn new_number(tx: &dyn Tx, shelf: Shelf) -> Result<u32> {
    let number = table::next_number(tx, shelf)?;
    u32::try_from(number).ok().filter(|_| number <= table::MAX_NUMBER).ok_or_else(|| {
        Error::new(
            ErrorKind::Limit,
            format!("the collection had {} documents, the most there can be", table::MAX_NUMBER),
        )
    })
}

fn full(name: &str) -> Error {
    Error::new(
        ErrorKind::Limit,
        format!("the collection {name} has more passages than an index can hold"),
    )
}

impl std::fmt::Debug for Collection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collection")
            .field("tenant", &self.tenant)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
