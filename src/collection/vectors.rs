//! The stored vectors of a host's own model.
//!
//! Knows that a document's vectors belong to one model and one text: another model's take
//! their place one by one, and while some are missing the crate's own table serves, so that a
//! change of the model loses no result.

use super::document::passages;
use super::embedder::{embed, is_model, model};
use super::handle::{Collection, PAGE};
use super::index::Vectors;
use super::table::{self, Shelf};
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::llm::Embedder;
use crate::recall::Direction;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Texts that an embedder gets at once.
const BATCH: usize = 32;

/// How far the vectors of a model are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Embedded {
    /// Documents that got their vectors now.
    pub documents: usize,
    /// Documents that have none of this model yet.
    pub left: usize,
}

impl Collection {
    /// The same collection, searched by the host's own vectors once every document has one
    /// ([`embed`](Self::embed)); until then, and for documents put since, by the crate's table.
    #[must_use]
    pub fn with_embedder(&self, embedder: Arc<dyn Embedder>) -> Collection {
        Collection { embedder: Some(embedder), ..self.clone() }
    }

    /// Asks the embedder for the vectors of up to `limit` documents that have none of its
    /// model, and stores them with the model's name and dimension. No transaction is open
    /// while it works. Call it until nothing is left, and again when documents were put.
    ///
    /// # Errors
    /// `InvalidArgument` if there is no embedder, or if it gives vectors of another dimension,
    /// another number of them, or numbers that are not finite; whatever it fails with itself.
    /// What was stored before stays.
    pub fn embed(&self, limit: usize) -> Result<Embedded> {
        let Some(embedder) = &self.embedder else {
            return Err(invalid("the collection has no embedder to ask for vectors"));
        };
        let model = model(&**embedder)?;
        let Some((shelf, numbers)) = self.missing(&model)? else { return Ok(Embedded::default()) };
        let mut done = 0;
        for number in numbers.iter().take(limit) {
            let Some((text, change)) = self.text_of(shelf, *number)? else { continue };
            let vectors = self.embed_text(&**embedder, &text.0, &text.1)?;
            let body = stored(&vectors);
            let name = model.clone();
            let number = *number;
            self.core.store.write_with(move |tx| {
                // A text that changed meanwhile waits for its own vectors.
                let mut is_same = false;
                table::document(tx, shelf, number, &mut |row| {
                    is_same = row.change == change;
                    Ok(())
                })?;
                if is_same { table::set_vector(tx, shelf, number, &name, &body) } else { Ok(()) }
            })?;
            done += 1;
        }
        Ok(Embedded { documents: done, left: numbers.len().saturating_sub(done) })
    }

    fn embed_text(
        &self,
        embedder: &dyn Embedder,
        title: &str,
        text: &str,
    ) -> Result<Vec<Direction>> {
        let mut vectors = Vec::new();
        let texts: Vec<String> =
            passages(text)
                .into_iter()
                .map(|passage| {
                    if title.is_empty() {
                        passage.to_owned()
                    } else {
                        format!("{title}\n{passage}")
                    }
                })
                .collect();
        for batch in texts.chunks(BATCH) {
            vectors.extend(embed(embedder, &batch.iter().map(String::as_str).collect::<Vec<_>>())?);
        }
        Ok(vectors)
    }

    /// A document's title and text, and the number of its last change.
    fn text_of(&self, shelf: Shelf, number: u32) -> Result<Option<((String, String), i64)>> {
        self.core.store.read_with(|tx| {
            let mut found = None;
            table::document(tx, shelf, number, &mut |row| {
                found = self
                    .stored(tx, &row)?
                    .map(|document| ((document.title, document.text), row.change));
                Ok(())
            })?;
            Ok(found)
        })
    }

    /// The documents without a vector of a model; `None` if there is no collection.
    fn missing(&self, model: &str) -> Result<Option<(Shelf, Vec<u32>)>> {
        let Some((shelf, contents)) = self.contents(None)? else { return Ok(None) };
        let known: HashSet<u32> = self.numbers_with(shelf, model)?;
        let mut numbers = contents.read().numbers();
        numbers.retain(|number| !known.contains(number));
        Ok(Some((shelf, numbers)))
    }

    /// Whether every document has a vector of a model.
    pub(super) fn is_embedded(&self, model: &str) -> Result<bool> {
        Ok(self.missing(model)?.is_some_and(|(_, missing)| missing.is_empty()))
    }

    fn numbers_with(&self, shelf: Shelf, model: &str) -> Result<HashSet<u32>> {
        let mut numbers = HashSet::new();
        self.each_vector(shelf, model, &mut |number, _| {
            numbers.insert(number);
            Ok(())
        })?;
        Ok(numbers)
    }

    pub(super) fn vectors_of(
        &self,
        shelf: Shelf,
        model: &str,
        dimensions: usize,
    ) -> Result<Vectors> {
        let mut vectors = HashMap::new();
        self.each_vector(shelf, model, &mut |number, body| {
            let read = read(body, dimensions).ok_or_else(|| {
                self.damaged_vectors(number, &"their bytes are not those that were stored")
            })?;
            vectors.insert(number, read);
            Ok(())
        })?;
        Ok(Vectors(vectors))
    }

    pub(super) fn damaged_vectors(&self, number: u32, why: &dyn std::fmt::Display) -> Error {
        let (name, tenant) = (&self.name, &self.tenant);
        let whose = format!("document {number} of the collection {name} of tenant {tenant}");
        Error::new(ErrorKind::Corrupt, format!("the vectors of {whose} are damaged: {why}"))
    }

    fn each_vector(
        &self,
        shelf: Shelf,
        model: &str,
        each: &mut dyn FnMut(u32, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut after = 0;
        loop {
            let page = self.core.store.read_with(|tx| {
                let mut page = Vec::new();
                table::vectors(tx, shelf, model, after, PAGE, &mut |number, body| {
                    page.push((number, body.to_vec()));
                    Ok(())
                })?;
                Ok(page)
            })?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            page.iter().try_for_each(|(number, body)| each(*number, body))?;
        }
    }
}

/// Vectors one after the other, a byte a number, with a checksum at the end.
fn stored(vectors: &[Direction]) -> Vec<u8> {
    let values =
        vectors.iter().flat_map(|vector| vector.values.iter().map(|value| value.cast_unsigned()));
    let mut body: Vec<u8> = values.collect();
    let sum = crc32fast::hash(&body);
    body.extend_from_slice(&sum.to_le_bytes());
    body
}

/// What is wrong with stored vectors of a document with so many passages (`None`: unknown), if
/// anything is. Whatever has the right sum is finite: a number is one byte.
pub(super) fn damage(model: &str, body: &[u8], passages: Option<usize>) -> Option<String> {
    let named = model
        .rsplit_once('#')
        .and_then(|(name, dimensions)| Some((name, dimensions.parse().ok()?)));
    let Some((_, dimensions)) = named.filter(|(name, dimensions)| is_model(name, *dimensions))
    else {
        return Some("their model's name holds no dimension".to_owned());
    };
    match (read(body, dimensions), passages) {
        (None, _) => Some("their bytes are not those that were stored".to_owned()),
        (Some(_), Some(0)) => Some("there is no such document".to_owned()),
        (Some(vectors), Some(passages)) if vectors.len() != passages => {
            Some(format!("there are {} for {passages} passages", vectors.len()))
        }
        _ => None,
    }
}

fn read(body: &[u8], dimensions: usize) -> Option<Vec<Direction>> {
    let (values, sum) = body.split_last_chunk::<4>()?;
    if crc32fast::hash(values).to_le_bytes() != *sum || values.len() % dimensions.max(1) != 0 {
        return None;
    }
    let vectors = values.chunks_exact(dimensions.max(1));
    Some(
        vectors
            .map(|values| {
                Direction::of_bytes(values.iter().map(|value| value.cast_signed()).collect())
            })
            .collect(),
    )
}
