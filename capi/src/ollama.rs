//! Ollama, for C.
//!
//! Knows how its settings look in C, and that a library without HTTP says so.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::{guard, look};
use crate::border::handle::{Place, free, shared};
use crate::border::record::{Record, read};
use crate::border::text::{NO_TEXT, confidant_flag, confidant_str, view};
#[cfg(feature = "http")]
use crate::border::{
    limit::time_limit,
    text::{maybe, text},
};
#[cfg(feature = "http")]
use crate::llm::Kind;
use crate::llm::confidant_llm;
use confidant::Result;
#[cfg(feature = "http")]
use confidant::{Error, ErrorKind, Ollama};
#[cfg(feature = "http")]
use std::sync::Arc;

/// The settings of an Ollama model. Begin with `CONFIDANT_OLLAMA_OPTIONS_INIT`; what stays zero is
/// the default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_ollama_options {
    /// `sizeof(confidant_ollama_options)`.
    pub struct_size: usize,
    /// The model's name, such as "llama3.1:8b-instruct-q8_0".
    pub model: confidant_str,
    /// Where the server is, without "/api"; a NULL pointer for "http://127.0.0.1:11434".
    pub base_url: confidant_str,
    /// The key of a hosted server; a NULL pointer for none. It is in no error.
    pub api_key: confidant_str,
    /// How long the server keeps the model loaded, such as "5m"; a NULL pointer for its own choice.
    pub keep_alive: confidant_str,
    /// How long to wait for a connection, in milliseconds; 0 for 5,000.
    pub connect_timeout_ms: u64,
    /// How long to wait for the reply to begin; 0 for 60,000.
    pub response_timeout_ms: u64,
    /// The longest silence within a reply; 0 for 60,000.
    pub idle_timeout_ms: u64,
    /// The longest whole call, with its retries; 0 for no limit.
    pub deadline_ms: u64,
    /// Varies the pauses between retries; read if `has_retry_seed`.
    pub retry_seed: u64,
    /// The context asked for, in tokens, prompt and reply together; 0 for 8,192.
    pub num_ctx: u32,
    /// How often a request that failed in passing is sent again; read if `has_max_retries`, else 2.
    pub max_retries: u32,
    /// Whether `max_retries` is given.
    pub has_max_retries: confidant_flag,
    /// Whether `retry_seed` is given.
    pub has_retry_seed: confidant_flag,
    /// Allows "http://" to another machine: the conversation and the key travel in the clear.
    pub allow_plain_http: confidant_flag,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_ollama_options {}

/// A model of an Ollama server. Nothing is sent until an agent uses it.
///
/// Owned: free `*out` with `confidant_llm_free`; the texts are copied. Threads: any. Fails:
/// INVALID_ARGUMENT, UNSUPPORTED (the library was built without HTTP).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_ollama(
    options: *const confidant_ollama_options,
    out: *mut *mut confidant_llm,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        out.give(connect(&read(options, "options")?)?)
    })
}

/// Names, as of models. Immutable, so it may be read from many threads at once.
pub struct confidant_names {
    names: Vec<String>,
}

/// The names of the models that an Ollama server has. Asks the server.
///
/// Owned: free `*out` with `confidant_names_free`. Threads: any. Fails: INVALID_ARGUMENT, LLM,
/// UNSUPPORTED (not an Ollama model).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_models(
    llm: *const confidant_llm,
    out: *mut *mut confidant_names,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        out.give(confidant_names { names: models(shared(llm, "llm")?)? })
    })
}

/// Frees names. NULL does nothing.
///
/// Owned: its texts are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_names_free(names: *mut confidant_names) {
    unsafe { free(names) }
}

/// How many names there are; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_names_count(names: *const confidant_names) -> usize {
    look(0, || unsafe { names.as_ref() }.map_or(0, |names| names.names.len()))
}

/// The name at an index, counted from 0.
///
/// Owned: a view that lives until `confidant_names_free`; `{NULL, 0}` for NULL and past the end.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_names_at(
    names: *const confidant_names,
    index: usize,
) -> confidant_str {
    look(NO_TEXT, || {
        let names = unsafe { names.as_ref() };
        names.and_then(|names| names.names.get(index)).map_or(NO_TEXT, |name| view(name))
    })
}

/// # Safety
/// The texts must be readable.
#[cfg(feature = "http")]
unsafe fn connect(given: &confidant_ollama_options) -> Result<confidant_llm> {
    // SAFETY: as promised by the caller.
    let (model, base_url, api_key, keep_alive) = unsafe {
        (
            text(given.model, "model")?,
            maybe(given.base_url, "base_url")?,
            maybe(given.api_key, "api_key")?,
            maybe(given.keep_alive, "keep_alive")?,
        )
    };
    if model.is_empty() || model.len() > confidant::MAX_AUTHOR_BYTES {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "the model's name must have 1 to 128 bytes",
        ));
    }
    let mut ollama = Ollama::new(model);
    ollama = base_url.into_iter().fold(ollama, Ollama::base_url);
    ollama = api_key.into_iter().fold(ollama, Ollama::api_key);
    ollama = keep_alive.into_iter().fold(ollama, Ollama::keep_alive);
    ollama = time_limit(given.connect_timeout_ms).into_iter().fold(ollama, Ollama::connect_timeout);
    ollama =
        time_limit(given.response_timeout_ms).into_iter().fold(ollama, Ollama::response_timeout);
    ollama = time_limit(given.idle_timeout_ms).into_iter().fold(ollama, Ollama::idle_timeout);
    ollama = time_limit(given.deadline_ms).into_iter().fold(ollama, Ollama::deadline);
    if given.num_ctx != 0 {
        ollama = ollama.num_ctx(given.num_ctx);
    }
    if given.has_max_retries != 0 {
        ollama = ollama.max_retries(given.max_retries);
    }
    if given.has_retry_seed != 0 {
        ollama = ollama.retry_seed(given.retry_seed);
    }
    if given.allow_plain_http != 0 {
        ollama = ollama.allow_plain_http();
    }
    let ollama = Arc::new(ollama);
    Ok(confidant_llm { backend: ollama.clone(), kind: Kind::Ollama(ollama) })
}

#[cfg(feature = "http")]
fn models(llm: &confidant_llm) -> Result<Vec<String>> {
    match &llm.kind {
        Kind::Ollama(ollama) => ollama.models(),
        _ => Err(Error::new(ErrorKind::Unsupported, "only an Ollama model can list models")),
    }
}

/// # Safety
/// None is needed.
#[cfg(not(feature = "http"))]
unsafe fn connect(_: &confidant_ollama_options) -> Result<confidant_llm> {
    Err(absent())
}

#[cfg(not(feature = "http"))]
fn models(_: &confidant_llm) -> Result<Vec<String>> {
    Err(absent())
}

#[cfg(not(feature = "http"))]
fn absent() -> confidant::Error {
    let message = "Ollama needs the feature `http`, which this library was built without";
    confidant::Error::new(confidant::ErrorKind::Unsupported, message)
}
