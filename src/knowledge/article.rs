//! An article, as given and as kept.
//!
//! Knows which of its parts are searched as text and which are conditions' members.

use crate::collection::StoredText;
use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// An article to be put into a knowledge base.
///
/// ```
/// use confidant::NewArticle;
/// let article = NewArticle::new("kb-7", "Refunds", "Refunds take five working days.")
///     .category("billing")
///     .tag("refund")
///     .tag("money");
/// # let _ = article;
/// ```
#[derive(Clone)]
#[must_use]
pub struct NewArticle<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) content: &'a str,
    members: Members<'a>,
}

/// What conditions may name.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Members<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    category: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<std::borrow::Cow<'a, str>>,
}

impl<'a> NewArticle<'a> {
    /// An article under the host's own id, 1 to 512 bytes, with content of at most 128 KiB.
    pub fn new(id: &'a str, title: &'a str, content: &'a str) -> NewArticle<'a> {
        NewArticle { id, title, content, members: Members::default() }
    }

    /// What it is about, for conditions: the metadata's member `category`.
    pub fn category(mut self, category: &'a str) -> Self {
        self.members.category = Some(category.into());
        self
    }

    /// Adds a tag, for conditions: one of the metadata's member `tags`.
    pub fn tag(mut self, tag: &'a str) -> Self {
        self.members.tags.push(tag.into());
        self
    }

    pub(super) fn metadata(&self) -> Result<String> {
        serde_json::to_string(&self.members).map_err(|cause| {
            crate::error::internal("an article's members are no JSON").with_source(cause)
        })
    }
}

/// `Debug` prints lengths, never text.
impl std::fmt::Debug for NewArticle<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewArticle")
            .field("id", &self.id)
            .field("title_bytes", &self.title.len())
            .field("content_bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// An article of a knowledge base.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct KnowledgeArticle {
    /// The host's id.
    pub id: String,
    /// The title.
    pub title: String,
    /// The whole content.
    pub content: String,
    /// What it is about.
    pub category: Option<String>,
    /// Its tags, in the order given.
    pub tags: Vec<String>,
    /// How often it was used for an answer.
    pub usage_count: u64,
    /// The share of those answers that it helped, 0 to 1; `None` if it was never used.
    pub effectiveness: Option<f64>,
}

impl KnowledgeArticle {
    pub(super) fn of(stored: StoredText) -> Result<KnowledgeArticle> {
        let metadata = stored.metadata.as_deref().unwrap_or("{}");
        let members: Members<'_> = serde_json::from_str(metadata).map_err(|_| {
            let message = format!("the members of the article {} are not those of one", stored.key);
            Error::new(ErrorKind::Corrupt, message)
        })?;
        Ok(KnowledgeArticle {
            category: members.category.map(Into::into),
            tags: members.tags.into_iter().map(Into::into).collect(),
            usage_count: stored.used,
            effectiveness: share(stored.helped, stored.used),
            id: stored.key,
            title: stored.title,
            content: stored.text,
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "counts stay far below 2^53"
)]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
