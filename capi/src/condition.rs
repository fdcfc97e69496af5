//! Conditions on the metadata of documents.
//!
//! Knows that a condition comes as steps, each after those it joins, so that C needs neither a
//! handle for every part nor recursion.

use crate::border::error::{invalid, unknown};
use crate::border::record::{Record, read_all};
use crate::border::text::{confidant_str, text};
use confidant::{Condition, Result};

/// The member `name` has the value `value`, or is a list that holds it.
pub const CONFIDANT_CONDITION_IS: i32 = 0;
/// Both conditions before it hold; in their place.
pub const CONFIDANT_CONDITION_AND: i32 = 1;
/// One of the two conditions before it holds; in their place.
pub const CONFIDANT_CONDITION_OR: i32 = 2;
/// The condition before it does not hold; in its place.
pub const CONFIDANT_CONDITION_NOT: i32 = 3;

/// The most steps of one condition.
const MAX_STEPS: usize = 100;

/// A step of a condition. Begin with `CONFIDANT_CONDITION_INIT`.
///
/// A condition is an array of steps, each behind those it joins: IS category "billing", IS level 1,
/// OR, IS tags "old", NOT, AND reads as (category is "billing" or level is 1) and tags has no
/// "old".
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_condition {
    /// `sizeof(confidant_condition)`.
    pub struct_size: usize,
    /// A member of the metadata; of IS only.
    pub name: confidant_str,
    /// Its value as JSON: a text in quotation marks, a number as it is written, `true`, `false` or
    /// `null`; of IS only.
    pub value: confidant_str,
    /// One of `CONFIDANT_CONDITION_*`.
    pub step: i32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_condition {}

/// The condition that steps of the host make; `None` of no step.
///
/// # Safety
/// As `record::read_all` and `text::text`.
pub(crate) unsafe fn condition(
    given: *const confidant_condition,
    count: usize,
) -> Result<Option<Condition>> {
    let mut made: Vec<Condition> = Vec::new();
    let lacking = || invalid("a step of the condition joins conditions that are not there");
    // SAFETY: as promised by the caller.
    for step in unsafe { read_all(given, count, MAX_STEPS, "steps of the condition") }? {
        // SAFETY: as promised by the caller.
        let (name, value) = unsafe { (text(step.name, "name")?, text(step.value, "value")?) };
        let next = match step.step {
            CONFIDANT_CONDITION_IS => Condition::is(name, value),
            CONFIDANT_CONDITION_NOT => made.pop().ok_or_else(lacking)?.not(),
            number @ (CONFIDANT_CONDITION_AND | CONFIDANT_CONDITION_OR) => {
                let (other, one) =
                    (made.pop().ok_or_else(lacking)?, made.pop().ok_or_else(lacking)?);
                if number == CONFIDANT_CONDITION_AND { one.and(other) } else { one.or(other) }
            }
            number => return Err(unknown("step of a condition", number)),
        };
        made.push(next);
    }
    let condition = made.pop();
    match made.is_empty() {
        true => Ok(condition),
        false => Err(invalid("the steps make several conditions; join them with AND or OR")),
    }
}
