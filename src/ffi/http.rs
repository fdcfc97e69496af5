//! The builders of models on servers, filled from C's settings.

use super::embedder::{
    CONFIDANT_EMBEDDER_OLLAMA, CONFIDANT_EMBEDDER_OPENAI, checked, confidant_http_embedder_options,
};
use super::error::{invalid, unknown};
use super::llm::{Kind, confidant_llm};
use super::ollama::confidant_ollama_options;
use super::text::{maybe, text};
use crate::{Embedder, Error, ErrorKind, HttpEmbedder, Ollama, Result};
use std::sync::Arc;
use std::time::Duration;

pub(super) use crate::Ollama as Client;

/// # Safety
/// The texts must be readable.
pub(super) unsafe fn connect(given: &confidant_ollama_options) -> Result<confidant_llm> {
    // SAFETY: as promised by the caller.
    let (model, base_url, api_key, keep_alive) = unsafe {
        (
            text(given.model, "model")?,
            maybe(given.base_url, "base_url")?,
            maybe(given.api_key, "api_key")?,
            maybe(given.keep_alive, "keep_alive")?,
        )
    };
    if model.is_empty() || model.len() > crate::MAX_AUTHOR_BYTES {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            "the model's name must have 1 to 128 bytes",
        ));
    }
    let mut ollama = Ollama::new(model);
    ollama = base_url.into_iter().fold(ollama, Ollama::base_url);
    ollama = api_key.into_iter().fold(ollama, Ollama::api_key);
    ollama = keep_alive.into_iter().fold(ollama, Ollama::keep_alive);
    ollama = limit(given.connect_timeout_ms).into_iter().fold(ollama, Ollama::connect_timeout);
    ollama = limit(given.response_timeout_ms).into_iter().fold(ollama, Ollama::response_timeout);
    ollama = limit(given.idle_timeout_ms).into_iter().fold(ollama, Ollama::idle_timeout);
    ollama = limit(given.deadline_ms).into_iter().fold(ollama, Ollama::deadline);
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

fn limit(ms: u64) -> Option<Duration> {
    (ms != 0).then(|| Duration::from_millis(ms))
}

pub(super) fn models(llm: &confidant_llm) -> Result<Vec<String>> {
    match &llm.kind {
        Kind::Ollama(ollama) => ollama.models(),
        _ => Err(Error::new(ErrorKind::Unsupported, "only an Ollama model can list models")),
    }
}

/// # Safety
/// The texts must be readable.
pub(super) unsafe fn embedder(
    given: &confidant_http_embedder_options,
) -> Result<Arc<dyn Embedder>> {
    // SAFETY: as promised by the caller.
    let (model, base_url, api_key) = unsafe {
        (
            checked(given.model, given.dimensions)?,
            maybe(given.base_url, "base_url")?,
            maybe(given.api_key, "api_key")?,
        )
    };
    let mut embedder = match given.protocol {
        CONFIDANT_EMBEDDER_OLLAMA => base_url
            .into_iter()
            .fold(HttpEmbedder::ollama(model, given.dimensions), HttpEmbedder::base_url),
        CONFIDANT_EMBEDDER_OPENAI => {
            let url = base_url
                .ok_or_else(|| invalid("a server with OpenAI's protocol needs a base_url"))?;
            HttpEmbedder::openai(url, model, given.dimensions)
        }
        number => return Err(unknown("protocol of embedders", number)),
    };
    embedder = api_key.into_iter().fold(embedder, HttpEmbedder::api_key);
    embedder =
        limit(given.response_timeout_ms).into_iter().fold(embedder, HttpEmbedder::response_timeout);
    if given.has_max_retries != 0 {
        embedder = embedder.max_retries(given.max_retries);
    }
    if given.allow_plain_http != 0 {
        embedder = embedder.allow_plain_http();
    }
    Ok(Arc::new(embedder))
}
