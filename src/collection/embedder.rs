//! Asking a host's embedder.
//!
//! Knows how its answers are checked before anything rests on them: the right number of
//! vectors, the dimension it named, and only finite numbers.

use crate::error::{Error, ErrorKind, Result, invalid};
use crate::llm::Embedder;
use crate::recall::Direction;

/// The largest dimension, and the longest name of a model in bytes.
const MAX_DIMENSIONS: usize = 8_192;
const MAX_NAME_BYTES: usize = 128;

/// Under which name an embedder's vectors are stored.
pub(super) fn model(embedder: &dyn Embedder) -> Result<String> {
    let (name, dimensions) = (embedder.name(), embedder.dimensions());
    if !is_name(name) {
        return Err(invalid(
            "the embedder's name is empty, longer than 128 bytes or holds a control character",
        ));
    }
    if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
        return Err(invalid(format!(
            "the embedder {name} has {dimensions} dimensions; there must be 1 to 8,192"
        )));
    }
    Ok(format!("{name}#{dimensions}"))
}

/// Whether vectors may be stored under that name and dimension.
pub(super) fn is_model(name: &str, dimensions: usize) -> bool {
    is_name(name) && (1..=MAX_DIMENSIONS).contains(&dimensions)
}

fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.chars().any(char::is_control)
}

/// Asks for vectors and checks them.
pub(super) fn embed(embedder: &dyn Embedder, texts: &[&str]) -> Result<Vec<Direction>> {
    let vectors = embedder.embed(texts)?;
    let name = embedder.name();
    let bad = |why: String| {
        Err(Error::new(ErrorKind::InvalidArgument, format!("the embedder {name} {why}")))
    };
    if vectors.len() != texts.len() {
        return bad(format!("gave {} vectors for {} texts", vectors.len(), texts.len()));
    }
    for vector in &vectors {
        if vector.len() != embedder.dimensions() {
            return bad(format!(
                "gave a vector of {} numbers; it named {}",
                vector.len(),
                embedder.dimensions()
            ));
        }
        if !vector.iter().all(|value| value.is_finite()) {
            return bad("gave a number that is not finite".to_owned());
        }
    }
    Ok(vectors.iter().map(|vector| Direction::of(vector)).collect())
}
