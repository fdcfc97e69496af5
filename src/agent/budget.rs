//! Money: integer nano-dollars, reserved before a call and settled after it.
//!
//! Knows what a call may cost at most, and that an unknown price is an unknown cost, never
//! nothing.

use crate::error::{Error, ErrorKind, Result};
use crate::llm::Usage;
use parking_lot::Mutex;

/// What a model's tokens cost, in nano-dollars (10^-9 US dollars) a token: 1 US dollar for a
/// million tokens is 1,000. confidant ships no prices.
///
/// ```
/// use confidant::Price;
/// let price = Price::new(150, 600); // 0.15 and 0.60 dollars for a million tokens
/// assert_eq!(price.output_nano, 600);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Price {
    /// For a token read.
    pub input_nano: u64,
    /// For a token written.
    pub output_nano: u64,
}

impl Price {
    /// Costs nothing, as a model on the own machine.
    pub const FREE: Price = Price { input_nano: 0, output_nano: 0 };

    /// The price of a token read and of a token written, in nano-dollars.
    pub const fn new(input_nano: u64, output_nano: u64) -> Price {
        Price { input_nano, output_nano }
    }

    fn of(self, usage: &Usage) -> u64 {
        let input = self.input_nano.saturating_mul(usage.input_tokens);
        input.saturating_add(self.output_nano.saturating_mul(usage.output_tokens))
    }
}

/// What an agent has used so far, since it was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Spending {
    /// Replies that were asked of the model.
    pub calls: u64,
    /// Of these, failed.
    pub failures: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// The cost in nano-dollars; `None` if the price is not known.
    pub cost_nano: Option<u64>,
    /// The most it may cost, in nano-dollars; `None` without a limit.
    pub budget_nano: Option<u64>,
}

/// The books of one agent.
#[derive(Debug)]
pub(super) struct Books {
    price: Option<Price>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    spent: Spending,
    reserved: u64,
}

/// What a call may cost at most; set aside until it is settled. Dropped unsettled, also when a
/// backend panics, it counts as a failed call that cost nothing.
#[derive(Debug)]
pub(super) struct Reservation<'b> {
    books: &'b Books,
    cost: u64,
}

impl Reservation<'_> {
    /// Books what the call used, and returns its cost if the price is known. A call that
    /// failed half-way has used something too.
    pub(super) fn settle(self, used: &Usage, has_failed: bool) -> Option<u64> {
        let mut state = self.books.state.lock();
        state.spent.failures += u64::from(has_failed);
        // A model may report what it likes.
        state.spent.input_tokens = state.spent.input_tokens.saturating_add(used.input_tokens);
        state.spent.output_tokens = state.spent.output_tokens.saturating_add(used.output_tokens);
        let cost = self.books.price.map(|price| price.of(used));
        if let (Some(spent), Some(cost)) = (state.spent.cost_nano, cost) {
            state.spent.cost_nano = Some(spent.saturating_add(cost));
        }
        cost
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut state = self.books.state.lock();
        state.reserved = state.reserved.saturating_sub(self.cost);
        state.spent.calls += 1;
    }
}

impl Books {
    pub(super) fn new(price: Option<Price>, budget_nano: Option<u64>) -> Books {
        let spent = Spending { cost_nano: price.map(|_| 0), budget_nano, ..Spending::default() };
        Books { price, state: Mutex::new(State { spent, reserved: 0 }) }
    }

    /// Sets aside what a call may cost at most.
    pub(super) fn reserve(&self, most: &Usage) -> Result<Reservation<'_>> {
        let cost = self.price.map_or(0, |price| price.of(most));
        let mut state = self.state.lock();
        if let (Some(budget), Some(spent)) = (state.spent.budget_nano, state.spent.cost_nano) {
            let taken = spent.saturating_add(state.reserved);
            if taken.saturating_add(cost) > budget {
                let message = format!(
                    "the budget of {budget} nano-dollars is used up: {taken} are spent or set aside and the reply \
                     may cost {cost}"
                );
                return Err(Error::new(ErrorKind::Budget, message));
            }
        }
        state.reserved = state.reserved.saturating_add(cost);
        Ok(Reservation { books: self, cost })
    }

    pub(super) fn spending(&self) -> Spending {
        self.state.lock().spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input_tokens: u64, output_tokens: u64) -> Usage {
        Usage { input_tokens, output_tokens, reported: true }
    }

    #[test]
    fn a_call_that_could_pass_the_budget_is_refused_before_it_is_made() {
        let books = Books::new(Some(Price { input_nano: 10, output_nano: 20 }), Some(1_000));
        let first = books.reserve(&usage(10, 20)).expect("500 of 1,000");
        assert_eq!(books.reserve(&usage(10, 21)).expect_err("500 + 520").kind(), ErrorKind::Budget);
        assert_eq!(first.settle(&usage(10, 5), false), Some(200));
        drop(books.reserve(&usage(10, 21)).expect("200 + 520"));
        assert_eq!(books.spending().cost_nano, Some(200));
    }

    #[test]
    fn a_call_that_ends_unsettled_gives_its_reservation_back() {
        let books = Books::new(Some(Price { input_nano: 1, output_nano: 1 }), Some(100));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _call = books.reserve(&usage(50, 50)).expect("all of it");
            panic!("a planted panic");
        }));
        assert!(panicked.is_err());
        drop(books.reserve(&usage(50, 50)).expect("all of it again"));
        assert_eq!(books.spending().cost_nano, Some(0));
    }

    #[test]
    fn a_call_that_failed_half_way_is_paid_for() {
        let books = Books::new(Some(Price { input_nano: 1, output_nano: 1 }), None);
        let call = books.reserve(&usage(50, 50)).expect("no limit");
        assert_eq!(call.settle(&usage(50, 3), true), Some(53));
        assert_eq!((books.spending().failures, books.spending().cost_nano), (1, Some(53)));
    }

    #[test]
    fn an_unknown_price_is_an_unknown_cost() {
        let books = Books::new(None, None);
        let call = books.reserve(&usage(1, 1)).expect("no limit");
        assert_eq!(call.settle(&usage(1, 1), false), None);
        assert_eq!(books.spending().cost_nano, None);
        assert_eq!(books.spending().input_tokens, 1);
    }
}
