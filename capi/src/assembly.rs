//! A context for a model, within a budget of tokens.
//!
//! Knows how a host's tokenizer becomes a callback that lives as long as one call.

use crate::border::callback::UserData;
use crate::border::error::{confidant_error, confidant_status, invalid};
use crate::border::guard::{caught, guard};
use crate::border::handle::{Place, free, put, shared};
use crate::border::record::{Record, read, read_if_given};
use crate::border::text::{confidant_flag, confidant_pair, confidant_str, pairs, text, view};
use crate::border::views::{Views, shown};
use crate::memory::confidant_memory;
use crate::recall::{CONFIDANT_BASIS_NONE, basis_code};
use crate::turn::{confidant_turn, view_turn};
use confidant::{AssembledContext, ContextRequest, EstimatedTokens, Result, TokenCounter};
use std::ffi::c_void;
use std::mem::size_of;

/// The most passages of one request.
const MAX_PASSAGES: usize = 10_000;

/// What a model is to be shown for one question, and how much of it at most. Begin with
/// `CONFIDANT_CONTEXT_REQUEST_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_context_request {
    /// `sizeof(confidant_context_request)`.
    pub struct_size: usize,
    /// The question.
    pub question: confidant_str,
    /// The most tokens of the whole, 16 to 10,000,000.
    pub max_tokens: usize,
    /// Passages of a knowledge base, title and text, the best one first; may be NULL.
    pub passages: *const confidant_pair,
    /// How many passages there are.
    pub passage_count: usize,
    /// How many turns to recall, 0 to 200; read if `has_recalled`, else 8.
    pub recalled: usize,
    /// A text whose tokens the model has reported, which makes the guess closer; read if
    /// `calibration_tokens` is not 0.
    pub calibration_text: confidant_str,
    /// The tokens that it reported.
    pub calibration_tokens: u64,
    /// Whether `recalled` is given.
    pub has_recalled: confidant_flag,
    /// Leaves out what was learned of the customer's likes, if it is not 0.
    pub without_preferences: confidant_flag,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_context_request {}

type CountTokens = unsafe extern "C" fn(user_data: *mut c_void, text: confidant_str) -> usize;

/// Counts tokens by the host's own tokenizer. Begin with `CONFIDANT_TOKEN_COUNTER_INIT`.
///
/// The library owns `user_data` from the call on, also if that call fails (unless `struct_size` is
/// refused), and runs `destroy` exactly once before the call returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_token_counter {
    /// `sizeof(confidant_token_counter)`.
    pub struct_size: usize,
    /// The host's own; the first parameter of each function.
    pub user_data: *mut c_void,
    /// The tokens that a text takes, the same for the same text; called some hundred times, without
    /// any lock or transaction held. May call the library; must not throw or jump out. Must not be
    /// NULL.
    pub count_tokens:
        Option<unsafe extern "C" fn(user_data: *mut c_void, text: confidant_str) -> usize>,
    /// Gives `user_data` back; may be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_token_counter {}

struct HostCounter {
    count_tokens: CountTokens,
    user_data: UserData,
}

impl TokenCounter for HostCounter {
    fn tokens(&self, text: &str) -> usize {
        // SAFETY: the host's function with the host's data, not destroyed yet. What cannot be
        // counted does not fit.
        caught(|| unsafe { (self.count_tokens)(self.user_data.pointer(), view(text)) })
            .unwrap_or(usize::MAX)
    }
}

/// What a model is shown of a customer. Immutable, so it may be read from many threads at once.
pub struct confidant_assembled {
    content: Views<confidant_assembled_content>,
    recent: Views<confidant_turn>,
    recalled: Views<confidant_turn>,
    // The views point into this.
    _context: AssembledContext,
}

/// The text of an assembled context, and what is in it; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_assembled_content {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The whole, with a heading for each part.
    pub text: confidant_str,
    /// The tokens of the whole text, by the request's own count.
    pub tokens: usize,
    /// How many of the request's passages are in.
    pub passage_count: usize,
    /// How many turns `confidant_assembled_recent` gives.
    pub recent_count: usize,
    /// How many turns `confidant_assembled_recalled` gives.
    pub recalled_count: usize,
    /// What turns were compared by, one of `CONFIDANT_BASIS_*`.
    pub basis: i32,
    /// Whether the preferences are in.
    pub has_preferences: confidant_flag,
}

impl confidant_assembled {
    fn new(context: AssembledContext) -> confidant_assembled {
        let (recent, recalled) =
            (Views::of(context.recent(), view_turn), Views::of(context.recalled(), view_turn));
        let content = confidant_assembled_content {
            struct_size: size_of::<confidant_assembled_content>(),
            text: view(context.text()),
            tokens: context.tokens(),
            passage_count: context.passages(),
            recent_count: recent.0.len(),
            recalled_count: recalled.0.len(),
            basis: context.basis().map_or(CONFIDANT_BASIS_NONE, basis_code),
            has_preferences: u32::from(context.has_preferences()),
        };
        confidant_assembled {
            content: Views(Box::from([content])),
            recent,
            recalled,
            _context: context,
        }
    }
}

/// Puts together what a model should see of this customer for a question: preferences, passages,
/// recalled turns and the newest turns, in that order, as one text, which never takes more tokens
/// than the request allows. `counter` may be NULL for a careful guess.
///
/// Owned: free `*out` with `confidant_assembled_free`; the library owns `counter->user_data` during
/// the call. Threads: any; the callbacks run on this one. Fails: INVALID_ARGUMENT (a number is out
/// of its range), LIMIT, CORRUPT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_assemble(
    memory: *const confidant_memory,
    request: *const confidant_context_request,
    counter: *const confidant_token_counter,
    out: *mut *mut confidant_assembled,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out);
        let given = read_if_given(counter, "counter")?;
        let given =
            given.map(|given| (given.count_tokens, UserData::new(given.user_data, given.destroy)));
        let out = out?;
        // The host's callback may free the handle.
        let customer = shared(memory, "memory")?.customer().clone();
        let request = read(request, "request")?;
        let guess = estimate(request.calibration_text, request.calibration_tokens)?;
        let counter: Box<dyn TokenCounter> = match given {
            Some((Some(count_tokens), user_data)) => {
                Box::new(HostCounter { count_tokens, user_data })
            }
            Some((None, _)) => return Err(invalid("counter.count_tokens is NULL")),
            None => Box::new(guess),
        };
        let (question, passages) = (
            text(request.question, "question")?.to_owned(),
            pairs(request.passages, request.passage_count, MAX_PASSAGES, "passages")?,
        );
        let passages: Vec<(String, String)> =
            passages.into_iter().map(|(title, text)| (title.to_owned(), text.to_owned())).collect();
        let mut asked = ContextRequest::new(&question, request.max_tokens).counted_by(&*counter);
        if request.has_recalled != 0 {
            asked = asked.recalled(request.recalled);
        }
        if request.without_preferences != 0 {
            asked = asked.without_preferences();
        }
        asked = passages.iter().fold(asked, |asked, (title, text)| asked.passage(title, text));
        let assembled = customer.assemble(&asked);
        drop(counter);
        out.give(confidant_assembled::new(assembled?))
    })
}

unsafe fn estimate(
    calibration_text: confidant_str,
    calibration_tokens: u64,
) -> Result<EstimatedTokens> {
    // SAFETY: as promised by the caller.
    let calibration_text = unsafe { text(calibration_text, "calibration_text") }?;
    Ok(EstimatedTokens::default().calibrated(calibration_text, calibration_tokens))
}

/// A guess at the tokens of a text that is rather too high than too low; made fit for one model by
/// a text whose tokens that has reported, if `calibration_tokens` is not 0.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT, LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_text_estimate_tokens(
    message: confidant_str,
    calibration_text: confidant_str,
    calibration_tokens: u64,
    out: *mut u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let tokens =
            estimate(calibration_text, calibration_tokens)?.tokens(text(message, "message")?);
        put(out, crate::store::count(tokens))
    })
}

/// Frees an assembled context. NULL does nothing.
///
/// Owned: its text and turns are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_assembled_free(assembled: *mut confidant_assembled) {
    unsafe { free(assembled) }
}

/// The text, and what is in it; NULL for NULL.
///
/// Owned: a view that lives until `confidant_assembled_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_assembled_read(
    assembled: *const confidant_assembled,
) -> *const confidant_assembled_content {
    unsafe { shown(assembled, |assembled| assembled.content.0.first()) }
}

/// One of the newest turns that are in, counted from 0, oldest first; NULL past the end and for
/// NULL.
///
/// Owned: a view that lives until `confidant_assembled_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_assembled_recent(
    assembled: *const confidant_assembled,
    index: usize,
) -> *const confidant_turn {
    unsafe { shown(assembled, |assembled| assembled.recent.0.get(index)) }
}

/// One of the recalled turns that are in, counted from 0, oldest first, none of them among the
/// newest; NULL past the end and for NULL.
///
/// Owned: a view that lives until `confidant_assembled_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_assembled_recalled(
    assembled: *const confidant_assembled,
    index: usize,
) -> *const confidant_turn {
    unsafe { shown(assembled, |assembled| assembled.recalled.0.get(index)) }
}
