//! Documents: what comes in to be put into a collection, what goes out when it is found.
//!
//! Knows that an article of a knowledge base is a document with a category and tags in place of
//! the host's own metadata.

use crate::backend::texts;
use crate::border::error::invalid;
use crate::border::handle::free;
use crate::border::record::Record;
use crate::border::text::{NO_TEXT, confidant_str, maybe, text, view, view_of};
use crate::border::views::{Views, shown, shown_number, shown_text};
use crate::recall::{CONFIDANT_BASIS_NONE, basis_code};
use confidant::{
    FoundArticle, FoundArticles, FoundDocument, FoundDocuments, KnowledgeArticle, NewArticle,
    NewDocument, Result, StoredText,
};
use std::mem::size_of;

/// A document to be put into a collection, or an article into a knowledge base. Begin with
/// `CONFIDANT_NEW_DOCUMENT_INIT`; what stays zero is not given.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_new_document {
    /// `sizeof(confidant_new_document)`.
    pub struct_size: usize,
    /// The host's own key, 1 to 512 bytes.
    pub key: confidant_str,
    /// The title, at most 512 bytes; every passage is found by its words too.
    pub title: confidant_str,
    /// The text, at most 128 KiB.
    pub text: confidant_str,
    /// The host's own JSON object, for conditions; a NULL pointer for none. Not of an article.
    pub metadata: confidant_str,
    /// What an article is about, for conditions: the member `category`. A NULL pointer for none.
    pub category: confidant_str,
    /// An article's tags, for conditions: the member `tags`, a list. May be NULL.
    pub tags: *const confidant_str,
    /// How many tags there are.
    pub tag_count: usize,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_new_document {}

/// Documents that were found, best first, or one that was asked for. Immutable, so it may be read
/// from many threads at once.
pub struct confidant_documents {
    views: Views<confidant_document>,
    basis: i32,
    model: Option<String>,
    // The views point into these.
    _documents: Vec<Kept>,
    _tags: Vec<Views<confidant_str>>,
}

/// A stored document, and how it was found; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_document {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The host's key.
    pub key: confidant_str,
    /// The title; may be empty.
    pub title: confidant_str,
    /// The whole text.
    pub text: confidant_str,
    /// The host's own JSON object; a NULL pointer if there is none, and of an article.
    pub metadata: confidant_str,
    /// What an article is about; a NULL pointer if it does not say, and of other documents.
    pub category: confidant_str,
    /// An article's tags, in the order given.
    pub tags: *const confidant_str,
    /// How many tags there are.
    pub tag_count: usize,
    /// How often it was used for an answer.
    pub used: u64,
    /// How often it helped when it was used.
    pub helped: u64,
    /// The part of its text that answers best, all of a short one; a NULL pointer if the document
    /// was asked for by its key.
    pub passage: confidant_str,
    /// How well it answers, against the other documents and this question: at most 1.
    pub score: f64,
    /// The share by words: 1 for the document whose words fit best.
    pub words: f64,
    /// The cosine between the passage's meaning and the question's, -1 to 1.
    pub meaning: f64,
}

/// What is kept of a document or an article that was found.
#[derive(Default)]
pub(crate) struct Kept {
    key: String,
    title: String,
    text: String,
    metadata: Option<String>,
    used: u64,
    helped: u64,
    category: Option<String>,
    tags: Vec<String>,
    passage: Option<String>,
    score: f32,
    words: f32,
    meaning: f32,
}

impl From<StoredText> for Kept {
    fn from(document: StoredText) -> Kept {
        Kept {
            key: document.key,
            title: document.title,
            text: document.text,
            metadata: document.metadata,
            used: document.used,
            helped: document.helped,
            ..Kept::default()
        }
    }
}

impl From<KnowledgeArticle> for Kept {
    fn from(article: KnowledgeArticle) -> Kept {
        Kept {
            key: article.id,
            title: article.title,
            text: article.content,
            used: article.usage_count,
            helped: helped(article.usage_count, article.effectiveness),
            category: article.category,
            tags: article.tags,
            ..Kept::default()
        }
    }
}

impl From<FoundDocument> for Kept {
    fn from(found: FoundDocument) -> Kept {
        let FoundDocument { document, passage, score, words, meaning, .. } = found;
        Kept { passage: Some(passage), score, words, meaning, ..Kept::from(document) }
    }
}

impl From<FoundArticle> for Kept {
    fn from(found: FoundArticle) -> Kept {
        let FoundArticle { article, passage, score, words, meaning, .. } = found;
        Kept { passage: Some(passage), score, words, meaning, ..Kept::from(article) }
    }
}

/// The count behind an article's share; shares are of counts far below 2^53.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::as_conversions,
    reason = "a share of a count is between 0 and that count"
)]
fn helped(used: u64, share: Option<f64>) -> u64 {
    (share.unwrap_or(0.0) * used as f64).round() as u64
}

impl confidant_documents {
    fn new(documents: Vec<Kept>, basis: i32, model: Option<String>) -> confidant_documents {
        let tags: Vec<Views<confidant_str>> =
            documents.iter().map(|one| Views::of(&one.tags, |tag| view(tag))).collect();
        let views = Views::of(documents.iter().zip(&tags), |(one, tags)| view_document(one, tags));
        confidant_documents { views, basis, model, _documents: documents, _tags: tags }
    }

    /// The document under a key, as a list of one or of none.
    pub(crate) fn one<T>(found: Option<T>) -> confidant_documents
    where
        Kept: From<T>,
    {
        confidant_documents::new(
            found.into_iter().map(Kept::from).collect(),
            CONFIDANT_BASIS_NONE,
            None,
        )
    }
}

impl From<FoundDocuments> for confidant_documents {
    fn from(found: FoundDocuments) -> confidant_documents {
        let documents = found.documents.into_iter().map(Kept::from).collect();
        confidant_documents::new(documents, basis_code(found.basis), found.model)
    }
}

impl From<FoundArticles> for confidant_documents {
    fn from(found: FoundArticles) -> confidant_documents {
        let articles = found.articles.into_iter().map(Kept::from).collect();
        confidant_documents::new(articles, basis_code(found.basis), found.model)
    }
}

fn view_document(one: &Kept, tags: &Views<confidant_str>) -> confidant_document {
    confidant_document {
        struct_size: size_of::<confidant_document>(),
        key: view(&one.key),
        title: view(&one.title),
        text: view(&one.text),
        metadata: view_of(one.metadata.as_deref()),
        category: view_of(one.category.as_deref()),
        tags: tags.0.as_ptr(),
        tag_count: tags.0.len(),
        used: one.used,
        helped: one.helped,
        passage: one.passage.as_deref().map_or(NO_TEXT, view),
        score: f64::from(one.score),
        words: f64::from(one.words),
        meaning: f64::from(one.meaning),
    }
}

/// A document from the host.
///
/// # Safety
/// Its texts must be readable during `'a`.
pub(crate) unsafe fn new_document<'a>(given: &confidant_new_document) -> Result<NewDocument<'a>> {
    // SAFETY: as promised by the caller.
    let (key, title, words, metadata, category, tags) = unsafe {
        (
            text(given.key, "key")?,
            text(given.title, "title")?,
            text(given.text, "text")?,
            maybe(given.metadata, "metadata")?,
            maybe(given.category, "category")?,
            texts(given.tags, given.tag_count, "tags")?,
        )
    };
    if category.is_some() || !tags.is_empty() {
        return Err(invalid(
            "only an article of a knowledge base has a category and tags; others have metadata",
        ));
    }
    Ok(metadata.into_iter().fold(NewDocument::new(key, words).title(title), NewDocument::metadata))
}

/// The tags of an article from the host, which its [`new_article`] borrows.
///
/// # Safety
/// As `backend::texts`.
pub(crate) unsafe fn tags_of(given: &confidant_new_document) -> Result<Vec<String>> {
    // SAFETY: as promised by the caller.
    unsafe { texts(given.tags, given.tag_count, "tags") }
}

/// An article from the host.
///
/// # Safety
/// Its texts must be readable during `'a`.
pub(crate) unsafe fn new_article<'a>(
    given: &confidant_new_document,
    tags: &'a [String],
) -> Result<NewArticle<'a>> {
    // SAFETY: as promised by the caller.
    let (key, title, words, metadata, category) = unsafe {
        (
            text(given.key, "key")?,
            text(given.title, "title")?,
            text(given.text, "text")?,
            maybe(given.metadata, "metadata")?,
            maybe(given.category, "category")?,
        )
    };
    if metadata.is_some() {
        return Err(invalid(
            "an article has a category and tags; only other documents have metadata",
        ));
    }
    let article =
        category.into_iter().fold(NewArticle::new(key, title, words), NewArticle::category);
    Ok(tags.iter().fold(article, |article, tag| article.tag(tag)))
}

/// Frees documents that were found. NULL does nothing.
///
/// Owned: its documents and their texts are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_documents_free(documents: *mut confidant_documents) {
    unsafe { free(documents) }
}

/// How many documents there are; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_documents_count(documents: *const confidant_documents) -> usize {
    unsafe { shown_number(documents, |documents| documents.views.0.len()) }
}

/// The document at an index, counted from 0, the best one; NULL past the end and for NULL.
///
/// Owned: a view that lives until `confidant_documents_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_documents_at(
    documents: *const confidant_documents,
    index: usize,
) -> *const confidant_document {
    unsafe { shown(documents, |documents| documents.views.0.get(index)) }
}

/// What the documents were compared by, one of `CONFIDANT_BASIS_*`; NONE if nothing was, and for
/// NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_documents_basis(documents: *const confidant_documents) -> i32 {
    unsafe { shown_number(documents, |documents| documents.basis) }
}

/// The embedder's model whose vectors were compared.
///
/// Owned: a view that lives until `confidant_documents_free`; `{NULL, 0}` if the library's own
/// table served, and for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_documents_model(
    documents: *const confidant_documents,
) -> confidant_str {
    unsafe { shown_text(documents, |documents| documents.model.as_deref()) }
}
