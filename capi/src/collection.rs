//! Collections and the knowledge base.
//!
//! Knows that both are one kind of handle in C: what differs is what a document holds.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::guard;
use crate::border::handle::{Place, free, put, put_if_wanted, shared};
use crate::border::record::{Record, check_out, read_all, write};
use crate::border::text::{confidant_flag, confidant_str, text};
use crate::border::views::shown_text;
use crate::condition::{condition, confidant_condition};
use crate::document::{
    confidant_documents, confidant_new_document, new_article, new_document, tags_of,
};
use crate::embedder::confidant_embedder;
use crate::store::{confidant_store, count, tenant_of};
use confidant::{Collection, KnowledgeBase, Result};
use std::sync::Arc;

/// The most documents that one call puts.
const MAX_DOCUMENTS_AT_ONCE: usize = 1_000;

/// Short documents of one tenant, found by words and by meaning; 100,000 of them are fine. A
/// knowledge base is one whose documents are articles. Usable from many threads at once.
pub struct confidant_collection {
    shelf: Shelf,
}

#[derive(Clone)]
enum Shelf {
    Documents(Collection),
    Articles(KnowledgeBase),
}

/// Does the same with either.
macro_rules! either {
    ($collection:expr, $shelf:ident => $body:expr) => {
        // A callback may free the handle: the call keeps what it needs.
        match shared($collection, "collection")?.shelf.clone() {
            Shelf::Documents($shelf) => $body,
            Shelf::Articles($shelf) => $body,
        }
    };
}

/// The collection of that name, 1 to 128 bytes without control characters, of a tenant.
/// Nothing is stored until a document is.
///
/// Owned: free `*out` with `confidant_collection_free`. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_open(
    store: *const confidant_store,
    tenant: confidant_str,
    name: confidant_str,
    out: *mut *mut confidant_collection,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let collection = tenant_of(store, tenant)?.collection(text(name, "name")?)?;
        out.give(confidant_collection { shelf: Shelf::Documents(collection) })
    })
}

/// The knowledge base of a tenant.
///
/// Owned: free `*out` with `confidant_collection_free`. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_knowledge_open(
    store: *const confidant_store,
    tenant: confidant_str,
    out: *mut *mut confidant_collection,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        out.give(confidant_collection {
            shelf: Shelf::Articles(tenant_of(store, tenant)?.knowledge()?),
        })
    })
}

/// Frees the handle; what is stored stays. NULL does nothing.
///
/// Owned: documents found with it stay good; an embedder's data is destroyed with the last handle
/// that uses it. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_free(collection: *mut confidant_collection) {
    unsafe { free(collection) }
}

/// The collection's name.
///
/// Owned: a view that lives until `confidant_collection_free`; `{NULL, 0}` for a knowledge base and
/// for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_name(
    collection: *const confidant_collection,
) -> confidant_str {
    unsafe {
        shown_text(collection, |collection| match &collection.shelf {
            Shelf::Documents(collection) => Some(collection.name()),
            Shelf::Articles(_) => None,
        })
    }
}

/// Puts up to 1,000 documents, all or none, each in the place of an earlier one under its key; what
/// was counted of its use stays. On disk when this returns. The array is stepped by the first one's
/// `struct_size`.
///
/// Threads: any. Fails: INVALID_ARGUMENT or LIMIT, naming the part; BUSY, IO, STORE. Nothing was
/// put then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_put(
    collection: *const confidant_collection,
    documents: *const confidant_new_document,
    count: usize,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let shelf = &shared(collection, "collection")?.shelf;
        let given = read_all(documents, count, MAX_DOCUMENTS_AT_ONCE, "documents")?;
        match shelf {
            Shelf::Documents(collection) => {
                let documents = given.iter().map(|one| new_document(one));
                collection.put_all(&documents.collect::<Result<Vec<_>>>()?)
            }
            Shelf::Articles(base) => {
                let tags = given.iter().map(|one| tags_of(one)).collect::<Result<Vec<_>>>()?;
                let articles = given.iter().zip(&tags).map(|(one, tags)| new_article(one, tags));
                base.put_all(&articles.collect::<Result<Vec<_>>>()?)
            }
        }
    })
}

/// Removes a document; `was_there`, which may be NULL, is whether there was one under that key.
///
/// Owned: `was_there` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE;
/// nothing was removed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_remove(
    collection: *const confidant_collection,
    key: confidant_str,
    was_there: *mut confidant_flag,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let key = text(key, "key")?;
        put_if_wanted(was_there, u32::from(either!(collection, shelf => shelf.remove(key)?)));
        Ok(())
    })
}

/// The document under a key, as a list of one, or of none.
///
/// Owned: free `*out` with `confidant_documents_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// CORRUPT (naming the document), BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_get(
    collection: *const confidant_collection,
    key: confidant_str,
    out: *mut *mut confidant_documents,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let key = text(key, "key")?;
        out.give(match &shared(collection, "collection")?.shelf {
            Shelf::Documents(collection) => confidant_documents::one(collection.document(key)?),
            Shelf::Articles(base) => confidant_documents::one(base.article(key)?),
        })
    })
}

/// How many documents there are.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_count(
    collection: *const confidant_collection,
    out: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { put(out, count(either!(collection, shelf => shelf.len()?))) })
}

/// The documents that answer a question of at most 64 KiB best, up to `limit` (1 to 1,000), of
/// those whose metadata meets the condition: `count` steps, or NULL and 0 for every document.
/// Meaning counts 0.7 and words 0.3, over the passages of the documents.
///
/// With an embedder, once every document has its vectors, the question is embedded and they are
/// compared; otherwise no network and no model is needed. The first search builds an index in
/// memory; later ones read only what changed.
///
/// Owned: free `*out` with `confidant_documents_free`. Threads: any. Fails: INVALID_ARGUMENT,
/// LIMIT, CORRUPT (naming the document), BUSY, IO, STORE; whatever the embedder fails with.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_search(
    collection: *const confidant_collection,
    question: confidant_str,
    limit: usize,
    condition: *const confidant_condition,
    count: usize,
    out: *mut *mut confidant_documents,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        // The host may free its text while an embedder works.
        let question = text(question, "question")?.to_owned();
        let condition = self::condition(condition, count)?;
        out.give(match (shared(collection, "collection")?.shelf.clone(), &condition) {
            (Shelf::Documents(shelf), _) => {
                shelf.search(&question, limit, condition.as_ref())?.into()
            }
            (Shelf::Articles(base), None) => base.search(&question, limit)?.into(),
            (Shelf::Articles(base), Some(condition)) => {
                base.search_where(&question, limit, condition)?.into()
            }
        })
    })
}

/// Counts that a document was used for an answer, and whether that helped; `was_there`, which may
/// be NULL, is whether there is one under that key.
///
/// Owned: `was_there` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, BUSY, IO, STORE;
/// nothing was counted then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_count_use(
    collection: *const confidant_collection,
    key: confidant_str,
    helped: confidant_flag,
    was_there: *mut confidant_flag,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let key = text(key, "key")?;
        put_if_wanted(
            was_there,
            u32::from(either!(collection, shelf => shelf.count_use(key, helped != 0)?)),
        );
        Ok(())
    })
}

/// Keeps the index in the store, so that the next process need not build it: worth while from some
/// thousand documents.
///
/// Threads: any. Fails: INVALID_ARGUMENT, CORRUPT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_snapshot(
    collection: *const confidant_collection,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe { either!(collection, shelf => shelf.snapshot()) })
}

/// The same collection, searched by the embedder's vectors once every document has one
/// (`confidant_collection_embed`); until then, and for documents put since, by the library's table.
///
/// Owned: free `*out` with `confidant_collection_free`; both others stay the host's. Threads: any.
/// Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_with_embedder(
    collection: *const confidant_collection,
    embedder: *const confidant_embedder,
    out: *mut *mut confidant_collection,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let embedder = Arc::clone(&shared(embedder, "embedder")?.embedder);
        let shelf = match &shared(collection, "collection")?.shelf {
            Shelf::Documents(collection) => Shelf::Documents(collection.with_embedder(embedder)),
            Shelf::Articles(base) => Shelf::Articles(base.with_embedder(embedder)),
        };
        out.give(confidant_collection { shelf })
    })
}

/// How far the vectors of an embedder are.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_embedded {
    /// `sizeof(confidant_embedded)`.
    pub struct_size: usize,
    /// Documents that got their vectors now.
    pub documents: u64,
    /// Documents that have none of this embedder yet.
    pub left: u64,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_embedded {}

/// Asks the embedder for the vectors of up to `limit` documents that have none of it, and stores
/// them. No lock is held while it works. Call it until nothing is left, and again when documents
/// were put.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT (there is no embedder, or it
/// gives numbers that are not finite), CORRUPT, BUSY, IO, STORE; whatever the embedder fails with.
/// What was stored before stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_collection_embed(
    collection: *const confidant_collection,
    limit: usize,
    out: *mut confidant_embedded,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        check_out(out)?;
        let done = either!(collection, shelf => shelf.embed(limit)?);
        write(
            out,
            confidant_embedded {
                struct_size: 0,
                documents: count(done.documents),
                left: count(done.left),
            },
        )
    })
}
