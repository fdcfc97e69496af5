//! Conditions on the members of a document's metadata.

use crate::error::{Result, invalid};
use crate::recall::{Index, mark};

/// The most conditions inside one.
const MAX_PARTS: usize = 100;

/// What a document's metadata must be like.
///
/// ```
/// use confidant::Condition;
/// let billing = Condition::is("category", "\"billing\"");
/// let urgent = billing.and(Condition::is("tags", "\"refund\"").or(Condition::is("level", "1")));
/// # let _ = urgent;
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct Condition(Kind);

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Is(String, String),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Not(Box<Condition>),
}

impl Condition {
    /// The member has that value, or is a list that holds it. The value is JSON: a text in
    /// quotation marks, a number as it is written, `true`, `false` or `null`.
    pub fn is(name: impl Into<String>, value: impl Into<String>) -> Condition {
        Condition(Kind::Is(name.into(), value.into()))
    }

    /// Both hold.
    pub fn and(self, other: Condition) -> Condition {
        Condition(Kind::And(Box::new(self), Box::new(other)))
    }

    /// One of them holds.
    pub fn or(self, other: Condition) -> Condition {
        Condition(Kind::Or(Box::new(self), Box::new(other)))
    }

    /// It does not hold.
    #[expect(clippy::should_implement_trait, reason = "reads as `and` and `or` do")]
    pub fn not(self) -> Condition {
        Condition(Kind::Not(Box::new(self)))
    }

    fn parts(&self) -> usize {
        match &self.0 {
            Kind::Is(..) => 1,
            Kind::And(one, other) | Kind::Or(one, other) => 1 + one.parts() + other.parts(),
            Kind::Not(one) => 1 + one.parts(),
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let parts = self.parts();
        if parts > MAX_PARTS {
            return Err(invalid(format!(
                "the condition has {parts} parts; the limit is {MAX_PARTS}"
            )));
        }
        self.check_values()
    }

    fn check_values(&self) -> Result<()> {
        match &self.0 {
            Kind::Is(name, value) if plain(value).is_none() => Err(invalid(format!(
                "the value asked for of the metadata's member {name:?} is no plain JSON value"
            ))),
            Kind::Is(..) => Ok(()),
            Kind::And(one, other) | Kind::Or(one, other) => {
                one.check_values().and_then(|()| other.check_values())
            }
            Kind::Not(one) => one.check_values(),
        }
    }

    /// For each place of the index, whether the condition holds there.
    pub(super) fn holding(&self, index: &Index) -> Vec<bool> {
        let both = |one: &Condition, other: &Condition, of: fn(bool, bool) -> bool| {
            let pairs = one.holding(index).into_iter().zip(other.holding(index));
            pairs.map(|(one, other)| of(one, other)).collect()
        };
        match &self.0 {
            Kind::Is(name, value) => index.holding(&mark(name, &plain(value).unwrap_or_default())),
            Kind::And(one, other) => both(one, other, |one, other| one && other),
            Kind::Or(one, other) => both(one, other, |one, other| one || other),
            Kind::Not(one) => one.holding(index).into_iter().map(|holds| !holds).collect(),
        }
    }
}

/// A plain JSON value as it is compared.
fn plain(value: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(value).ok()?;
    (!value.is_array() && !value.is_object()).then(|| value.to_string())
}
