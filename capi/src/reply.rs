//! The agent's reply.
//!
//! Knows that everything of a reply is seen through one view.

use crate::border::error::confidant_error;
use crate::border::guard::look;
use crate::border::handle::free;
use crate::border::text::{NO_TEXT, confidant_flag, confidant_str, view};
use crate::border::views::{Views, pointer};
use crate::preference::confidant_preferences;
use crate::store::count;
use crate::turn::{confidant_turn, view_turn};
use confidant::{Reply, Turn};

/// The agent's reply to a message. Immutable, so it may be read from many threads at once.
pub struct confidant_reply {
    content: Views<confidant_reply_content>,
    sources: Vec<String>,
    // The view points into these, each in its own place on the heap.
    _turn: (Box<Turn>, Views<confidant_turn>),
    _text: String,
    _preferences: Box<confidant_preferences>,
    _failure: Option<Box<confidant_error>>,
}

/// What a reply says; a view that lives as long as the reply.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_reply_content {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The stored turn; without an answer if the model failed.
    pub turn: *const confidant_turn,
    /// What is known of the customer's preferences, this message included. The reply owns them.
    pub preferences: *const confidant_preferences,
    /// Why the model gave no answer, only with a fallback text; else NULL. The reply owns it.
    pub failure: *const confidant_error,
    /// What to tell the customer.
    pub text: confidant_str,
    /// How sure the model says it is, 0 to 1; 0.7 if it says nothing, 0 if it failed.
    pub confidence: f64,
    /// Tokens read; 0 if the reply was given before.
    pub input_tokens: u64,
    /// Tokens written; 0 if the reply was given before.
    pub output_tokens: u64,
    /// The cost in nano-dollars, if `has_cost`.
    pub cost_nano: u64,
    /// The customer's turns in all, this one included.
    pub history_len: u64,
    /// How many articles `confidant_reply_source` gives.
    pub source_count: u64,
    /// Whether the matter is settled, as the model says.
    pub resolved: confidant_flag,
    /// Whether the model's server counted the tokens; otherwise they are estimated.
    pub are_tokens_reported: confidant_flag,
    /// Whether the cost is known.
    pub has_cost: confidant_flag,
    /// Zero.
    pub reserved: u32,
}

impl confidant_reply {
    pub(crate) fn new(reply: Reply) -> confidant_reply {
        let turn = Box::new(reply.turn);
        let turn_view = Views(Box::from([view_turn(&turn)]));
        let preferences = Box::new(confidant_preferences::new(reply.preferences));
        let failure = reply.failure.map(|failure| Box::new(confidant_error::new(failure)));
        let content = confidant_reply_content {
            struct_size: std::mem::size_of::<confidant_reply_content>(),
            turn: pointer(turn_view.0.first()),
            preferences: &raw const *preferences,
            failure: pointer(failure.as_deref()),
            text: view(&reply.text),
            confidence: reply.confidence,
            input_tokens: reply.usage.input_tokens,
            output_tokens: reply.usage.output_tokens,
            cost_nano: reply.cost_nano.unwrap_or(0),
            history_len: reply.history_len,
            source_count: count(reply.sources.len()),
            resolved: u32::from(reply.resolved),
            are_tokens_reported: u32::from(reply.usage.reported),
            has_cost: u32::from(reply.cost_nano.is_some()),
            reserved: 0,
        };
        confidant_reply {
            content: Views(Box::from([content])),
            sources: reply.sources.into_iter().map(|source| source.title).collect(),
            _turn: (turn, turn_view),
            _text: reply.text,
            _preferences: preferences,
            _failure: failure,
        }
    }
}

/// Frees a reply. NULL does nothing.
///
/// Owned: its content, preferences and failure are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_reply_free(reply: *mut confidant_reply) {
    unsafe { free(reply) }
}

/// What the reply says; NULL for NULL.
///
/// Owned: a view that lives until `confidant_reply_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_reply_read(
    reply: *const confidant_reply,
) -> *const confidant_reply_content {
    look(std::ptr::null(), || {
        pointer(unsafe { reply.as_ref() }.and_then(|reply| reply.content.0.first()))
    })
}

/// The title of an article that the reply rests on, counted from 0.
///
/// Owned: a view that lives until `confidant_reply_free`; `{NULL, 0}` for NULL and past the end.
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_reply_source(
    reply: *const confidant_reply,
    index: usize,
) -> confidant_str {
    look(NO_TEXT, || {
        let reply = unsafe { reply.as_ref() };
        reply.and_then(|reply| reply.sources.get(index)).map_or(NO_TEXT, |source| view(source))
    })
}
