//! A backend without a network and without a model.
//!
//! Knows how to answer from a few articles and the conversation itself. It never repeats
//! what a customer wrote, never claims to have done something, and says how sure it is.

mod article;
mod compose;
mod intent;
mod phrases;
mod reading;
mod shelf;
mod starter;
mod words;

pub use article::Article;

use crate::error::Result;
use crate::llm::{Finish, LlmBackend, LlmOutcome, LlmRequest, estimated};
use shelf::Shelf;
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

/// Answers from articles and the customer's own history, the same way every time.
///
/// A follow-up ("has it been sent?") is understood together with the messages before it; a
/// matter that comes up again is acknowledged, and the next advice of its article is given
/// rather than the same; a vague "I need help" gets help with what usually was the matter;
/// "thank you, that worked" gets a goodbye. Without an article it repeats an earlier answer
/// to the same question if there is one, else it says so and asks one question.
///
/// The confidence is a figure of how well the article's words cover the customer's, by
/// rarity: at most 0.95, about 0.8 for a clear question, 0.1 when nothing fits; less for a
/// follow-up (times 0.85), for each time the matter came up before (times 0.9) and when
/// nothing new can be told (times 0.7). `resolved` is true for a goodbye and for a "how do I"
/// answered with at least 0.6 the first time, else false. `sources` has the title of the
/// article used.
///
/// It reads the request's messages, its tone and its length; the instructions are for models.
/// English only. At least one sentence is given, and no more once `max_tokens` (four bytes
/// each) are reached.
///
/// ```
/// use confidant::{LlmBackend, LlmMessage, LlmRequest, Offline, Role};
/// use std::ops::ControlFlow;
///
/// let messages = [LlmMessage::new(Role::Customer, "How do I get an invoice?")];
/// let mut reply = String::new();
/// let outcome = Offline::with_starter().complete(&LlmRequest::new("", &messages), &mut |piece| {
///     reply.push_str(piece);
///     ControlFlow::Continue(())
/// })?;
/// assert!(reply.contains("Open Account, then Billing"));
/// assert_eq!(outcome.sources, ["Billing details and invoices"]);
/// # Ok::<(), confidant::Error>(())
/// ```
#[derive(Debug)]
pub struct Offline {
    shelf: Arc<Shelf>,
}

impl Offline {
    /// A backend without articles of its own: it answers from the passages of a request, which
    /// an agent takes from the tenant's knowledge base, and else says that it does not know.
    pub fn new() -> Offline {
        Offline::with_articles([])
    }

    /// A backend with a small starter set of articles, for demonstrations: passwords, login,
    /// missing e-mail, billing, refunds, subscriptions, installation, data export and
    /// deliveries. What they say is true of no company in particular.
    pub fn with_starter() -> Offline {
        // Read once a process: an agent that is made for one answer makes its model too.
        static STARTER: OnceLock<Arc<Shelf>> = OnceLock::new();
        Offline { shelf: STARTER.get_or_init(|| Arc::new(Shelf::new(starter::articles()))).clone() }
    }

    /// A backend with those articles only.
    pub fn with_articles(articles: impl IntoIterator<Item = Article>) -> Offline {
        Offline { shelf: Arc::new(Shelf::new(articles.into_iter().collect())) }
    }

    /// The starter set, to be extended and given to [`with_articles`](Offline::with_articles).
    pub fn starter_articles() -> Vec<Article> {
        starter::articles()
    }
}

impl Default for Offline {
    fn default() -> Offline {
        Offline::new()
    }
}

impl LlmBackend for Offline {
    fn name(&self) -> &str {
        "offline"
    }

    fn is_free(&self) -> bool {
        true
    }

    fn complete(
        &self,
        request: &LlmRequest<'_>,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<LlmOutcome> {
        let found: Vec<Article> =
            request.passages.iter().map(|each| Article::new(each.title, each.text)).collect();
        let shelf = match found.is_empty() {
            true => Arc::clone(&self.shelf),
            false => Arc::new(self.shelf.with(found)),
        };
        let reading = reading::read(&shelf, request.messages);
        let draft = compose::compose(&reading, request.tone, request.length, &shelf.categories());
        let mut given = String::new();
        let mut finish = Finish::Stop;
        for part in &draft.parts {
            let is_first = given.is_empty();
            let piece =
                if is_first || part.starts_with('\n') { part.clone() } else { format!(" {part}") };
            if !is_first && estimated(&format!("{given}{piece}")) > u64::from(request.max_tokens) {
                finish = Finish::Length;
                break;
            }
            given.push_str(&piece);
            if emit(&piece).is_break() {
                finish = Finish::Cancelled;
                break;
            }
        }
        Ok(LlmOutcome {
            finish,
            usage: request.estimated_usage(&given),
            confidence: Some(draft.confidence),
            resolved: Some(draft.resolved),
            sources: draft.sources,
        })
    }
}

#[cfg(test)]
mod tests;
