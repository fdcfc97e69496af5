//! A support article: what the company wants said about one subject.
//!
//! Knows the parts of an article and nothing of how it is found or told.

/// A support article for the [`Offline`](crate::Offline) backend.
///
/// Write the content so that its first sentence helps by itself: a brief reply is that
/// sentence alone.
///
/// ```
/// use confidant::Article;
/// let article = Article::new("Change the delivery address", "Open the order and choose Edit address.")
///     .category("delivery")
///     .keywords("move moved house wrong address")
///     .steps(["Open Orders.", "Choose the order.", "Choose Edit address and save."]);
/// assert_eq!(article.steps.len(), 3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Article {
    /// The name, as given in the sources of a reply.
    pub title: String,
    /// The answer in plain sentences.
    pub content: String,
    /// The subject it belongs to, such as "billing"; may be empty.
    pub category: String,
    /// Other words that customers use for it; found, never shown.
    pub keywords: String,
    /// The answer step by step; may be empty.
    pub steps: Vec<String>,
}

impl Article {
    /// An article with a title and its content.
    pub fn new(title: impl Into<String>, content: impl Into<String>) -> Article {
        Article { title: title.into(), content: content.into(), ..Article::default() }
    }

    /// The subject it belongs to.
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.category = category.into();
        self
    }

    /// Other words that customers use for it, separated by spaces.
    pub fn keywords(mut self, keywords: impl Into<String>) -> Self {
        self.keywords = keywords.into();
        self
    }

    /// The answer step by step, without numbers.
    pub fn steps<T: Into<String>>(mut self, steps: impl IntoIterator<Item = T>) -> Self {
        self.steps = steps.into_iter().map(Into::into).collect();
        self
    }
}
