//! What a customer has already told, so that nobody asks for it twice.
//!
//! Facts are derived from the stored turns with their places; nothing is stored besides.

mod given;
mod guard;
mod kept;
mod owner;
mod repeated;
#[cfg(test)]
mod tests;

pub use given::{Given, GivenFact};
pub use guard::AskedAgain;
pub(crate) use kept::Facts;
