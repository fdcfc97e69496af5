//! Searching a collection.

use super::condition::Condition;
use super::document::{StoredText, passages};
use super::embedder::{embed, model};
use super::handle::{Collection, Shared};
use super::index::parts;
use super::table::Shelf;
use crate::error::{Error, ErrorKind, Result, invalid};
use crate::recall::{Direction, Entry, Hit, Mix, Question, RecallBasis, Wanted};

const MAX_LIMIT: usize = 1_000;
const MAX_QUESTION_BYTES: usize = 64 << 10;
/// Passages looked at for each document wanted: several may be of one document.
const PASSAGES_EACH: usize = 4;

/// Documents that answer a question, best first.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoundDocuments {
    /// The documents; each is there once.
    pub documents: Vec<FoundDocument>,
    /// What they were compared by.
    pub basis: RecallBasis,
    /// The model whose vectors were compared, if the host has its own and every document has
    /// one of it already; otherwise the crate's own table served.
    pub model: Option<String>,
}

/// A document that answers a question.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoundDocument {
    /// The whole document.
    pub document: StoredText,
    /// The part of its text that answers best; all of a short one.
    pub passage: String,
    /// How well it answers, against the other documents and this question: at most 1.
    pub score: f32,
    /// The share by words: 1 for the document whose words fit best.
    pub words: f32,
    /// The cosine between the passage's meaning and the question's, -1 to 1.
    pub meaning: f32,
}

impl Collection {
    /// The documents that answer a question best, up to `limit` (1 to 1,000), of those whose
    /// metadata meets the condition.
    ///
    /// Meaning counts 0.7 and words 0.3, over the passages of the documents. The first search
    /// builds an index in memory, or reads its [`snapshot`](Self::snapshot); later ones read
    /// only what changed, by whatever process.
    ///
    /// # Errors
    /// `InvalidArgument` or `Limit` if the question, the limit or the condition breaks a rule;
    /// `Corrupt`, naming the document, if one is damaged; whatever the host's embedder fails
    /// with.
    pub fn search(
        &self,
        question: &str,
        limit: usize,
        condition: Option<&Condition>,
    ) -> Result<FoundDocuments> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(invalid(format!(
                "the search's limit is {limit}; it must be 1 to {MAX_LIMIT}"
            )));
        }
        if question.len() > MAX_QUESTION_BYTES {
            let bytes = question.len();
            let message =
                format!("the question has {bytes} bytes; the limit is {MAX_QUESTION_BYTES}");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        condition.map_or(Ok(()), Condition::check)?;
        if let Some(found) = self.search_by_model(question, limit, condition)? {
            return Ok(found);
        }
        let Some((shelf, contents)) = self.contents(None)? else {
            return Ok(FoundDocuments {
                documents: Vec::new(),
                basis: RecallBasis::WordsOnly,
                model: None,
            });
        };
        self.ask(shelf, &contents, question, limit, condition, None)
    }

    /// By the host's own vectors; `None` if it has none, or not for every document yet.
    fn search_by_model(
        &self,
        question: &str,
        limit: usize,
        condition: Option<&Condition>,
    ) -> Result<Option<FoundDocuments>> {
        let Some(embedder) = &self.embedder else { return Ok(None) };
        let model = model(&**embedder)?;
        if !self.follows(&model)? && !self.is_embedded(&model)? {
            return Ok(None);
        }
        let Some((shelf, contents)) = self.contents(Some((&model, embedder.dimensions())))? else {
            return Ok(None);
        };
        let own = embed(&**embedder, &[question])?.pop();
        let found = self.ask(shelf, &contents, question, limit, condition, own.as_ref())?;
        Ok(Some(FoundDocuments { model: Some(embedder.name().to_owned()), ..found }))
    }

    fn ask(
        &self,
        shelf: Shelf,
        contents: &Shared,
        question: &str,
        limit: usize,
        condition: Option<&Condition>,
        vector: Option<&Direction>,
    ) -> Result<FoundDocuments> {
        let answer = {
            let contents = contents.read();
            let holding = condition.map(|condition| condition.holding(&contents.index));
            let wanted = |place: usize, _: &Entry| {
                holding.as_ref().is_none_or(|holding| holding.get(place).copied().unwrap_or(false))
            };
            let (text, limit) = (question, limit * PASSAGES_EACH);
            let wanted: Wanted<'_> = &wanted;
            let wanted = holding.is_some().then_some(wanted);
            contents.index.search(&Question {
                text,
                limit,
                mix: Mix::TEXTS,
                wanted,
                vector,
                period: None,
            })
        };
        let mut best: Vec<Hit> = Vec::new();
        for hit in answer.hits {
            if best.len() < limit
                && best.iter().all(|better| parts(better.key).0 != parts(hit.key).0)
            {
                best.push(hit);
            }
        }
        let documents = self.core.store.read_with(|tx| {
            let mut documents = Vec::with_capacity(best.len());
            for hit in &best {
                let (number, passage) = parts(hit.key);
                // One that was removed meanwhile is left out.
                let Some(document) = self.read(tx, shelf, number)? else { continue };
                let passage = passages(&document.text)
                    .get(passage)
                    .map_or_else(String::new, |text| (*text).to_owned());
                documents.push(FoundDocument {
                    document,
                    passage,
                    score: hit.score,
                    words: hit.words,
                    meaning: hit.cosine,
                });
            }
            Ok(documents)
        })?;
        let basis =
            if answer.has_meaning { RecallBasis::WordsAndMeaning } else { RecallBasis::WordsOnly };
        Ok(FoundDocuments { documents, basis, model: None })
    }
}
