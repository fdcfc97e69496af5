//! The rules that messages are read by.
//!
//! Knows that what a tenant adds comes in one piece, so that a handle never changes.

use crate::backend::texts;
use crate::border::error::{confidant_error, confidant_status, unknown};
use crate::border::guard::guard;
use crate::border::handle::{Place, free};
use crate::border::record::{Record, read_if_given, values};
use crate::border::text::{bytes, confidant_bytes, confidant_flag, confidant_str};
use crate::border::views::shown_text;
use confidant::{LinearTable, Result, SignalRules};

/// What is shipped for customer support in English.
pub const CONFIDANT_SIGNAL_RULES_SUPPORT: i32 = 0;
/// The word lists that support agents commonly use, by whole words.
pub const CONFIDANT_SIGNAL_RULES_REFERENCE: i32 = 1;

/// The most words of a tenant; `SignalRules` has the same limit over all additions.
const MOST: usize = 10_000;

/// The rules that messages are read by. Immutable, so it may be used from many threads at once.
pub struct confidant_signal_rules {
    pub(crate) rules: SignalRules,
}

/// What a tenant adds to the rules, 10,000 things in all. Begin with
/// `CONFIDANT_SIGNAL_RULES_OPTIONS_INIT`; what stays zero is not given.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_signal_rules_options {
    /// `sizeof(confidant_signal_rules_options)`.
    pub struct_size: usize,
    /// Words with a value of the tenant's own, of at most 16 bytes each; may be NULL.
    pub words: *const confidant_str,
    /// The value of each word, -4 to 4; 0 for a name that is no praise and no blame.
    pub word_values: *const f64,
    /// How many words there are.
    pub word_count: usize,
    /// The names of products; may be NULL.
    pub products: *const confidant_str,
    /// How many products there are.
    pub product_count: usize,
    /// The shapes of order numbers: `#` is a digit, `@` a letter, anything else stands for itself,
    /// as in "AB-#####"; may be NULL.
    pub order_ids: *const confidant_str,
    /// How many shapes there are.
    pub order_id_count: usize,
    /// A table of weights, as `LinearTable::to_bytes` writes it (examples/train_signals.rs);
    /// `{NULL, 0}` for the shipped one.
    pub table: confidant_bytes,
    /// One of `CONFIDANT_SIGNAL_RULES_*`.
    pub preset: i32,
    /// Uses no table of weights, if it is not 0: rules alone decide.
    pub without_table: confidant_flag,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_signal_rules_options {}

/// Makes rules. `options` may be NULL for those that are shipped.
///
/// Owned: free `*out` with `confidant_signal_rules_free`; texts and table are copied. Threads: any.
/// Fails: INVALID_ARGUMENT or LIMIT, naming the rule; CORRUPT (not such a table); UNSUPPORTED (a
/// table learned with the feature `embedding`, which this library lacks).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_signal_rules_new(
    options: *const confidant_signal_rules_options,
    out: *mut *mut confidant_signal_rules,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let options = read_if_given(options, "options")?;
        let rules =
            options.map_or_else(|| Ok(SignalRules::support()), |options| rules(&options))?;
        out.give(confidant_signal_rules { rules })
    })
}

unsafe fn rules(given: &confidant_signal_rules_options) -> Result<SignalRules> {
    let mut rules = match given.preset {
        CONFIDANT_SIGNAL_RULES_SUPPORT => SignalRules::support(),
        CONFIDANT_SIGNAL_RULES_REFERENCE => SignalRules::reference(),
        number => return Err(unknown("preset of rules", number)),
    };
    // SAFETY: as promised by the caller.
    let (words, word_values, products, order_ids, table) = unsafe {
        (
            texts(given.words, given.word_count, "words")?,
            values(given.word_values, given.word_count, MOST, "word_values")?,
            texts(given.products, given.product_count, "products")?,
            texts(given.order_ids, given.order_id_count, "order_ids")?,
            bytes(given.table, "table")?,
        )
    };
    for (word, value) in words.iter().zip(word_values) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::as_conversions,
            reason = "a value needs no more"
        )]
        let value = *value as f32;
        rules = rules.with_word(word, value)?;
    }
    for product in &products {
        rules = rules.with_product(product)?;
    }
    for shape in &order_ids {
        rules = rules.with_order_id(shape)?;
    }
    if let Some(table) = table {
        rules = rules.with_table(LinearTable::from_bytes(table)?);
    }
    Ok(if given.without_table != 0 { rules.without_table() } else { rules })
}

/// Frees rules. NULL does nothing.
///
/// Owned: signals read by them stay good. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_signal_rules_free(rules: *mut confidant_signal_rules) {
    unsafe { free(rules) }
}

/// The name of the rules, which changes whenever a shipped rule does.
///
/// Owned: a view that lives until `confidant_signal_rules_free`; `{NULL, 0}` for NULL. Threads:
/// any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_signal_rules_version(
    rules: *const confidant_signal_rules,
) -> confidant_str {
    unsafe { shown_text(rules, |rules| Some(rules.rules.version())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use confidant::{Sentiment, SignalContext, Signals};
    use std::ptr::null_mut;

    #[test]
    fn a_table_of_the_tenants_own_is_read_from_its_bytes() {
        let labelled: Vec<(&str, Sentiment)> = [
            ("the widget sings", Sentiment::Positive),
            ("the widget croaks", Sentiment::Negative),
            ("the widget is here", Sentiment::Neutral),
        ]
        .repeat(40);
        let trained = LinearTable::train(&SignalRules::support(), &labelled)
            .expect("there is something of each");
        let table = trained.to_bytes();
        // SAFETY: plain C data.
        let mut options: confidant_signal_rules_options = unsafe { std::mem::zeroed() };
        options.struct_size = size_of::<confidant_signal_rules_options>();
        options.table = confidant_bytes { ptr: table.as_ptr(), len: table.len() };
        let (mut out, mut err) = (null_mut(), null_mut());
        // SAFETY: all pointers are good; the rules are freed once.
        let rules = unsafe {
            assert_eq!(
                confidant_signal_rules_new(&raw const options, &raw mut out, &raw mut err),
                0
            );
            Box::from_raw(out)
        };
        let own = SignalRules::support().with_table(trained);
        for (said, _) in &labelled {
            let by = |rules: &SignalRules| Signals::of(said, &SignalContext::new().rules(rules));
            assert_eq!(by(&rules.rules), by(&own), "{said}");
        }
    }
}
