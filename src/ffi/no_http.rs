//! What a library without HTTP has in place of Ollama.

use super::llm::confidant_llm;
use super::ollama::confidant_ollama_options;
use crate::{Error, ErrorKind, Result};

/// There is none.
pub(super) enum Client {}

/// # Safety
/// None is needed.
pub(super) unsafe fn connect(_: &confidant_ollama_options) -> Result<confidant_llm> {
    Err(absent())
}

pub(super) fn models(_: &confidant_llm) -> Result<Vec<String>> {
    Err(absent())
}

fn absent() -> Error {
    Error::new(ErrorKind::Unsupported, "Ollama needs the feature `http`, which this library was built without")
}
