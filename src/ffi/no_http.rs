//! What a library without HTTP has in place of the models on servers.

use super::embedder::confidant_http_embedder_options;
use super::llm::confidant_llm;
use super::ollama::confidant_ollama_options;
use crate::{Embedder, Error, ErrorKind, Result};
use std::sync::Arc;

/// There is none.
pub(super) enum Client {}

/// # Safety
/// None is needed.
pub(super) unsafe fn connect(_: &confidant_ollama_options) -> Result<confidant_llm> {
    Err(absent("Ollama needs"))
}

pub(super) fn models(_: &confidant_llm) -> Result<Vec<String>> {
    Err(absent("Ollama needs"))
}

/// # Safety
/// None is needed.
pub(super) unsafe fn embedder(_: &confidant_http_embedder_options) -> Result<Arc<dyn Embedder>> {
    Err(absent("embedders on servers need"))
}

fn absent(what: &str) -> Error {
    let message = format!("{what} the feature `http`, which this library was built without");
    Error::new(ErrorKind::Unsupported, message)
}
