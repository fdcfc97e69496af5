//! What the company knows: articles that answer customers' questions.

mod article;
mod base;

pub use article::{KnowledgeArticle, NewArticle};
pub use base::{FoundArticle, FoundArticles, KnowledgeBase, KnowledgeUsage};
