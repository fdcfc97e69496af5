//! `KnowledgeBase`: the articles of one tenant.

use super::article::{KnowledgeArticle, NewArticle};
use crate::collection::{Collection, Condition, Embedded, NewDocument};
use crate::error::Result;
use crate::llm::Embedder;
use crate::memory::Tenant;
use crate::recall::RecallBasis;
use std::sync::Arc;

/// The collection that holds the articles.
const COLLECTION: &str = "knowledge";

/// The articles of one tenant, found by words and by meaning, with no network and no model.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("support.db");
/// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
/// use confidant::{Condition, NewArticle};
/// let base = memory.tenant("acme")?.knowledge()?;
/// base.put(&NewArticle::new("kb-1", "Password reset", "We mail you a link.").category("login"))?;
/// base.put(&NewArticle::new("kb-2", "Refunds", "Money comes back in five days.").category("billing"))?;
/// let found = base.search("I forgot my password", 3)?;
/// assert_eq!(found.articles[0].article.id, "kb-1");
/// let billing = Condition::is("category", "\"billing\"");
/// assert_eq!(base.search_where("money", 3, &billing)?.articles.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct KnowledgeBase {
    articles: Collection,
}

/// What the articles of a knowledge base were used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct KnowledgeUsage {
    /// Articles.
    pub articles: u64,
    /// Of these, those that were ever used for an answer.
    pub used_articles: u64,
    /// Answers that an article was used for.
    pub uses: u64,
    /// Of these, those that it helped.
    pub helped: u64,
}

impl KnowledgeUsage {
    /// The figures with their names.
    pub fn named(&self) -> [(&'static str, u64); 4] {
        [
            ("articles", self.articles),
            ("used_articles", self.used_articles),
            ("uses", self.uses),
            ("helped", self.helped),
        ]
    }
}

impl Tenant {
    /// The tenant's knowledge base.
    ///
    /// # Errors
    /// None today.
    pub fn knowledge(&self) -> Result<KnowledgeBase> {
        Ok(KnowledgeBase { articles: self.collection(COLLECTION)? })
    }
}

impl KnowledgeBase {
    /// Puts an article, in the place of an earlier one under its id; what was counted of its
    /// use stays.
    ///
    /// # Errors
    /// As [`Collection::put`].
    pub fn put(&self, article: &NewArticle<'_>) -> Result<()> {
        self.put_all(std::slice::from_ref(article))
    }

    /// Puts up to 1,000 articles, all or none.
    ///
    /// # Errors
    /// As [`Collection::put`].
    pub fn put_all(&self, articles: &[NewArticle<'_>]) -> Result<()> {
        let metadata: Result<Vec<String>> = articles.iter().map(NewArticle::metadata).collect();
        let metadata = metadata?;
        let documents = articles.iter().zip(&metadata).map(|(article, metadata)| {
            NewDocument::new(article.id, article.content).title(article.title).metadata(metadata)
        });
        self.articles.put_all(&documents.collect::<Vec<_>>())
    }

    /// Removes an article; false if there is none under that id.
    ///
    /// # Errors
    /// As [`Collection::remove`].
    pub fn remove(&self, id: &str) -> Result<bool> {
        self.articles.remove(id)
    }

    /// The article under an id.
    ///
    /// # Errors
    /// `Corrupt`, naming the article, if it is damaged.
    pub fn article(&self, id: &str) -> Result<Option<KnowledgeArticle>> {
        self.articles.document(id)?.map(KnowledgeArticle::of).transpose()
    }

    /// How many articles there are.
    ///
    /// # Errors
    /// As [`search`](Self::search).
    pub fn len(&self) -> Result<usize> {
        self.articles.len()
    }

    /// Whether there is no article.
    ///
    /// # Errors
    /// As [`search`](Self::search).
    pub fn is_empty(&self) -> Result<bool> {
        self.articles.is_empty()
    }

    /// The articles that answer a question best, up to `limit` (1 to 1,000).
    ///
    /// # Errors
    /// As [`Collection::search`].
    pub fn search(&self, question: &str, limit: usize) -> Result<FoundArticles> {
        self.find(question, limit, None)
    }

    /// As [`search`](Self::search), of the articles whose `category` and `tags` meet a
    /// condition.
    ///
    /// # Errors
    /// As [`Collection::search`].
    pub fn search_where(
        &self,
        question: &str,
        limit: usize,
        condition: &Condition,
    ) -> Result<FoundArticles> {
        self.find(question, limit, Some(condition))
    }

    /// Counts that an article was used for an answer, and whether that helped; false if there
    /// is none under that id.
    ///
    /// # Errors
    /// As [`Collection::count_use`].
    pub fn count_use(&self, id: &str, helped: bool) -> Result<bool> {
        self.articles.count_use(id, helped)
    }

    /// What the articles were used for, as [`count_use`](Self::count_use) counted it.
    ///
    /// # Errors
    /// `Busy`, `Io` or `Store` if the store cannot be read.
    pub fn usage(&self) -> Result<KnowledgeUsage> {
        let uses = self.articles.uses()?;
        Ok(KnowledgeUsage {
            articles: uses.documents,
            used_articles: uses.used,
            uses: uses.uses,
            helped: uses.helped,
        })
    }

    /// Keeps the index in the store, so that the next process need not build it.
    ///
    /// # Errors
    /// As [`Collection::snapshot`].
    pub fn snapshot(&self) -> Result<()> {
        self.articles.snapshot()
    }

    /// The same base, searched by the host's own vectors once every article has one.
    #[must_use]
    pub fn with_embedder(&self, embedder: Arc<dyn Embedder>) -> KnowledgeBase {
        KnowledgeBase { articles: self.articles.with_embedder(embedder) }
    }

    /// Asks the host's embedder for the vectors of up to `limit` articles that have none.
    ///
    /// # Errors
    /// As [`Collection::embed`].
    pub fn embed(&self, limit: usize) -> Result<Embedded> {
        self.articles.embed(limit)
    }

    fn find(
        &self,
        question: &str,
        limit: usize,
        condition: Option<&Condition>,
    ) -> Result<FoundArticles> {
        let found = self.articles.search(question, limit, condition)?;
        let articles = found.documents.into_iter().map(|found| {
            Ok(FoundArticle {
                article: KnowledgeArticle::of(found.document)?,
                passage: found.passage,
                score: found.score,
                words: found.words,
                meaning: found.meaning,
            })
        });
        Ok(FoundArticles {
            articles: articles.collect::<Result<_>>()?,
            basis: found.basis,
            model: found.model,
        })
    }
}

/// Articles that answer a question, best first.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoundArticles {
    /// The articles; each is there once.
    pub articles: Vec<FoundArticle>,
    /// What they were compared by.
    pub basis: RecallBasis,
    /// The host's model whose vectors were compared; `None` if the crate's table served.
    pub model: Option<String>,
}

/// An article that answers a question.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoundArticle {
    /// The whole article.
    pub article: KnowledgeArticle,
    /// The part of its content that answers best; all of a short one.
    pub passage: String,
    /// How well it answers, against the other articles and this question: at most 1.
    pub score: f32,
    /// The share by words: 1 for the article whose words fit best.
    pub words: f32,
    /// The cosine between the passage's meaning and the question's, -1 to 1.
    pub meaning: f32,
}
