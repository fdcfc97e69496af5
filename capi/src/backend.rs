//! The library's own language models, for C.
//!
//! Knows how articles and scripts are described by a host.

use crate::border::error::{confidant_error, confidant_status, llm_failure_of};
use crate::border::guard::guard;
use crate::border::handle::{Place, put, shared};
use crate::border::record::{Record, read_all, values};
use crate::border::text::{confidant_flag, confidant_str, text};
use crate::llm::{Kind, confidant_llm};
use crate::store::count;
use confidant::{Article, Error, ErrorKind, Offline, Result, Scripted, ScriptedReply};
use std::sync::Arc;

/// The most articles, replies, steps or pieces of one call.
const MOST: usize = 100_000;

/// A support article for the offline model. Begin with `CONFIDANT_ARTICLE_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_article {
    /// `sizeof(confidant_article)`.
    pub struct_size: usize,
    /// The name, as given in the sources of a reply.
    pub title: confidant_str,
    /// The answer in plain sentences; the first one helps by itself.
    pub content: confidant_str,
    /// The subject it belongs to, such as "billing"; may be empty.
    pub category: confidant_str,
    /// Other words that customers use for it, separated by spaces; found, never shown.
    pub keywords: confidant_str,
    /// The answer step by step, without numbers; may be NULL.
    pub steps: *const confidant_str,
    /// How many steps there are.
    pub step_count: usize,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_article {}

/// A reply of a scripted model. Begin with `CONFIDANT_SCRIPTED_REPLY_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_scripted_reply {
    /// `sizeof(confidant_scripted_reply)`.
    pub struct_size: usize,
    /// The pieces it is written in, one after the other; may be NULL.
    pub pieces: *const confidant_str,
    /// How many pieces there are.
    pub piece_count: usize,
    /// The articles it claims to rest on; may be NULL.
    pub sources: *const confidant_str,
    /// How many sources there are.
    pub source_count: usize,
    /// How sure the model says it is, 0 to 1; read if `has_confidence`.
    pub confidence: f64,
    /// Whether `confidence` is given.
    pub has_confidence: confidant_flag,
    /// Whether `resolved` is given.
    pub has_resolved: confidant_flag,
    /// Whether the model says that the reply settles the matter.
    pub resolved: confidant_flag,
    /// One of `CONFIDANT_LLM_*` to fail with after the pieces; 0 does not fail.
    pub failure: i32,
    /// What the failure says.
    pub failure_message: confidant_str,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_scripted_reply {}

/// A model without a network and without a model: it answers from articles and the conversation,
/// the same way every time, in English. Without articles (NULL, 0) it has a small starter set.
///
/// Owned: free `*out` with `confidant_llm_free`; the articles are copied. Threads: any. Fails:
/// INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_offline(
    articles: *const confidant_article,
    count: usize,
    out: *mut *mut confidant_llm,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let given = read_all(articles, count, MOST, "articles")?;
        let offline = match given.is_empty() {
            true => Offline::with_starter(),
            false => Offline::with_articles(
                given.iter().map(|one| article(one)).collect::<Result<Vec<_>>>()?,
            ),
        };
        out.give(confidant_llm { backend: Arc::new(offline), kind: Kind::Plain })
    })
}

/// Texts from the host.
///
/// # Safety
/// As `record::values` and `text::text`.
pub(crate) unsafe fn texts(
    given: *const confidant_str,
    count: usize,
    what: &str,
) -> Result<Vec<String>> {
    // SAFETY: as promised by the caller.
    unsafe {
        values(given, count, MOST, what)?
            .iter()
            .map(|one| Ok(text(*one, what)?.to_owned()))
            .collect()
    }
}

unsafe fn article(given: &confidant_article) -> Result<Article> {
    // SAFETY: as promised by the caller.
    unsafe {
        let article = Article::new(text(given.title, "title")?, text(given.content, "content")?);
        let article = article
            .category(text(given.category, "category")?)
            .keywords(text(given.keywords, "keywords")?);
        Ok(article.steps(texts(given.steps, given.step_count, "steps")?))
    }
}

/// A model that gives the replies of a list, in order, each once; for tests and demonstrations.
///
/// Owned: free `*out` with `confidant_llm_free`; the replies are copied. Threads: any. Fails:
/// INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_scripted(
    replies: *const confidant_scripted_reply,
    count: usize,
    out: *mut *mut confidant_llm,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let given = read_all(replies, count, MOST, "replies")?;
        let replies = given.iter().map(|one| scripted_reply(one)).collect::<Result<Vec<_>>>()?;
        let scripted = Arc::new(Scripted::new(replies));
        out.give(confidant_llm { backend: scripted.clone(), kind: Kind::Scripted(scripted) })
    })
}

unsafe fn scripted_reply(given: &confidant_scripted_reply) -> Result<ScriptedReply> {
    // SAFETY: as promised by the caller.
    unsafe {
        let mut reply = ScriptedReply::pieces(texts(given.pieces, given.piece_count, "pieces")?);
        reply = reply.sources(texts(given.sources, given.source_count, "sources")?);
        if given.has_confidence != 0 {
            reply = reply.confidence(given.confidence);
        }
        if given.has_resolved != 0 {
            reply = reply.resolved(given.resolved != 0);
        }
        if given.failure == 0 {
            return Ok(reply);
        }
        let unknown = format!("there is no model failure number {}", given.failure);
        let failure = llm_failure_of(given.failure)
            .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, unknown))?;
        Ok(reply.then_failing(Error::llm(failure, text(given.failure_message, "failure_message")?)))
    }
}

/// How many replies a scripted model has left.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, UNSUPPORTED (not a scripted
/// model).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_remaining(
    llm: *const confidant_llm,
    out: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        match &shared(llm, "llm")?.kind {
            Kind::Scripted(scripted) => put(out, count(scripted.remaining())),
            _ => Err(Error::new(ErrorKind::Unsupported, "only a scripted model has replies left")),
        }
    })
}
