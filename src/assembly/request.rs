//! What is asked for when a context is put together.

use super::assembled::AssembledContext;
use crate::error::{Result, invalid};
use crate::id::TurnId;
use crate::memory::Customer;
use crate::text::{EstimatedTokens, TokenCounter};

/// The least and the most that a budget may be.
const BUDGET: std::ops::RangeInclusive<usize> = 16..=10_000_000;
/// The most turns recalled for one context.
const MAX_RECALLED: usize = 200;

/// What a model is to be shown for one question, and how much of it at most.
///
/// ```
/// use confidant::{ContextRequest, EstimatedTokens};
/// let tokens = EstimatedTokens::default();
/// let request = ContextRequest::new("Where is my refund?", 2_000)
///     .recalled(8)
///     .passage("Refunds", "Refunds take five working days.")
///     .counted_by(&tokens);
/// # let _ = request;
/// ```
#[derive(Clone)]
#[must_use]
pub struct ContextRequest<'a> {
    pub(super) question: &'a str,
    pub(super) max_tokens: usize,
    pub(super) recalled: usize,
    pub(super) with_preferences: bool,
    pub(super) passages: Vec<(&'a str, &'a str)>,
    pub(super) notes: Vec<(&'a str, &'a str)>,
    pub(super) newest: usize,
    pub(super) before: Option<TurnId>,
    pub(super) counter: &'a dyn TokenCounter,
}

impl<'a> ContextRequest<'a> {
    /// A context for a question, of at most so many tokens, 16 to 10,000,000.
    pub fn new(question: &'a str, max_tokens: usize) -> ContextRequest<'a> {
        const GUESS: &EstimatedTokens = &EstimatedTokens::uncalibrated();
        ContextRequest {
            question,
            max_tokens,
            recalled: 8,
            with_preferences: true,
            passages: Vec::new(),
            notes: Vec::new(),
            newest: usize::MAX,
            before: None,
            counter: GUESS,
        }
    }

    /// Adds a note under a heading of its own, such as what the company's records say. It comes
    /// first, and is shortened if it takes over a quarter of the budget.
    pub fn note(mut self, heading: &'a str, text: &'a str) -> Self {
        self.notes.push((heading, text));
        self
    }

    /// How many of the newest turns to show at most. Default: as many as fit.
    pub fn newest(mut self, turns: usize) -> Self {
        self.newest = turns;
        self
    }

    /// Shows only what was said before that turn, for a question that is saved already.
    pub fn before(mut self, turn: TurnId) -> Self {
        self.before = Some(turn);
        self
    }

    /// How many turns to recall, 0 to 200. Default: 8.
    pub fn recalled(mut self, turns: usize) -> Self {
        self.recalled = turns;
        self
    }

    /// Leaves out what was learned of the customer's likes.
    pub fn without_preferences(mut self) -> Self {
        self.with_preferences = false;
        self
    }

    /// Adds a passage of a knowledge base; the best one first.
    pub fn passage(mut self, title: &'a str, text: &'a str) -> Self {
        self.passages.push((title, text));
        self
    }

    /// Who counts the tokens. Default: a careful estimate.
    pub fn counted_by(mut self, counter: &'a dyn TokenCounter) -> Self {
        self.counter = counter;
        self
    }

    fn check(&self) -> Result<()> {
        if !BUDGET.contains(&self.max_tokens) {
            let tokens = self.max_tokens;
            return Err(invalid(format!(
                "the context's budget is {tokens} tokens; it must be 16 to 10,000,000"
            )));
        }
        if self.recalled > MAX_RECALLED {
            return Err(invalid(format!(
                "{} turns to recall; the limit is {MAX_RECALLED}",
                self.recalled
            )));
        }
        Ok(())
    }
}

/// `Debug` prints the question's length, never its words.
impl std::fmt::Debug for ContextRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContextRequest")
            .field("question_bytes", &self.question.len())
            .field("max_tokens", &self.max_tokens)
            .field("recalled", &self.recalled)
            .field("passages", &self.passages.len())
            .finish_non_exhaustive()
    }
}

impl Customer {
    /// Puts together what a model should see of this customer for a question: preferences,
    /// passages, recalled turns and the newest turns, in that order, as one text.
    ///
    /// The text never takes more tokens than the request allows, by the request's own count
    /// of the whole. None is there twice, and the same memory and request give the same text.
    /// Half of the budget goes to the newest turns first, then recalled turns and passages by
    /// their rank, then older turns while there is room. A turn is whole or absent; only one
    /// that would take over a quarter of the budget is shown shortened, with a note of what is
    /// left out, so that it never hides the others.
    ///
    /// Inner lines of people's texts begin with `| `, so that none of them reads like a line of
    /// the context, and control tokens of chat templates in them are made harmless.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("support.db");
    /// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
    /// use confidant::{ContextRequest, NewTurn};
    /// let alice = memory.customer("alice")?;
    /// alice.memory().save_turn(NewTurn::said("Where is my parcel?").answered("It arrives today."))?;
    /// let context = alice.assemble(&ContextRequest::new("When does the parcel arrive?", 200))?;
    /// assert!(context.text().contains("It arrives today.") && context.tokens() <= 200);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` if a number is out of its range; otherwise as
    /// [`recall`](Self::recall).
    pub fn assemble(&self, request: &ContextRequest<'_>) -> Result<AssembledContext> {
        request.check()?;
        let preferences =
            if request.with_preferences { Some(self.preferences_text()?) } else { None };
        let (context, mut recalled, basis) = if request.recalled > 0 {
            let found = self.recalled_turns(request.question, request.recalled)?;
            (found.newest, found.turns, Some(found.basis))
        } else {
            (self.memory().load_context()?, Vec::new(), None)
        };
        recalled.retain(|turn| request.before.is_none_or(|before| turn.id < before));
        Ok(AssembledContext::choose(request, &context, preferences, recalled, basis))
    }
}
