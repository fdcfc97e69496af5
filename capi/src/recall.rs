//! Recall: what of a customer's past answers a question.
//!
//! Knows how a question with its conditions looks in C, and what is shown of an answer.

use crate::border::error::{confidant_error, confidant_status, unknown, unnumbered};
use crate::border::guard::guard;
use crate::border::handle::{Place, free, shared};
use crate::border::record::{Record, read};
use crate::border::text::{confidant_flag, confidant_pair, confidant_str, pairs, text, view};
use crate::border::views::{Views, pointer, shown, shown_number};
use crate::memory::confidant_memory;
use crate::turn::{confidant_turn, view_turn};
use confidant::{
    Channel, RecallBasis, RecallQuery, Recalled, RecalledTurn, Result, SessionId, Timestamp,
    WordMatch,
};
use std::mem::size_of;

/// Nothing was compared.
pub const CONFIDANT_BASIS_NONE: i32 = 0;
/// Words, words like them, and what the text means were compared.
pub const CONFIDANT_BASIS_WORDS_AND_MEANING: i32 = 1;
/// Words alone were compared: the library was built without its table, or the question holds no
/// word that the table knows.
pub const CONFIDANT_BASIS_WORDS_ONLY: i32 = 2;

/// The most conditions on metadata of one question.
const MAX_CONDITIONS: usize = 100;

/// A question about what was said before, in anybody's words. Begin with
/// `CONFIDANT_RECALL_QUERY_INIT`; what stays zero is no condition.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_recall_query {
    /// `sizeof(confidant_recall_query)`.
    pub struct_size: usize,
    /// The question, at most 64 KiB.
    pub question: confidant_str,
    /// Only turns whose metadata has each of these members with that value, which is JSON: a text
    /// in quotation marks, a number as it is written, `true`, `false` or `null`. May be NULL.
    pub metadata: *const confidant_pair,
    /// How many members there are, at most 100.
    pub metadata_count: usize,
    /// How many turns at most, 1 to 1,000; 0 for 10.
    pub limit: usize,
    /// Only turns of this session; 0 for any.
    pub session_id: u64,
    /// Only turns at that time or later, in milliseconds since the Unix epoch; read if `has_from`.
    pub from_ms: i64,
    /// Only turns before that time; read if `has_until`.
    pub until_ms: i64,
    /// Only turns of this channel, one of `CONFIDANT_CHANNEL_*`; read if `has_channel`.
    pub channel: i32,
    /// Whether `channel` is given.
    pub has_channel: confidant_flag,
    /// Whether `from_ms` is given.
    pub has_from: confidant_flag,
    /// Whether `until_ms` is given.
    pub has_until: confidant_flag,
    /// Only turns that settled what the customer wanted, or, if 0, that did not; read if
    /// `has_resolved`.
    pub resolved: confidant_flag,
    /// Whether `resolved` is given.
    pub has_resolved: confidant_flag,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_recall_query {}

/// Turns that answer a question, best first. Immutable, so it may be read from many threads at
/// once.
pub struct confidant_recalled {
    views: Views<confidant_recalled_turn>,
    matches: Vec<Views<confidant_word_match>>,
    basis: i32,
    // The views point into these.
    _turns: Views<confidant_turn>,
    _recalled: Vec<RecalledTurn>,
}

/// A turn that answers a question, and why; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_recalled_turn {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The turn; it lives as long as this.
    pub turn: *const confidant_turn,
    /// How well it answers, against the other turns of this customer and this question; of no
    /// meaning across questions.
    pub score: f64,
    /// The share by words: 1 for the turn whose words fit best, 0 for no word.
    pub words: f64,
    /// The cosine between the turn's meaning and the question's, -1 to 1; 0 by words alone.
    pub meaning: f64,
    /// What the turns before and after it in its session, and the best one there, added to its
    /// score.
    pub neighbours: f64,
    /// How many words of the question `confidant_recalled_match` gives.
    pub match_count: usize,
}

/// A word of a question and the word of a turn that answers it; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_word_match {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The word of the question, folded.
    pub asked: confidant_str,
    /// The word of the turn, folded.
    pub found: confidant_str,
    /// 1 for the same word in any form, less for one that means something like it.
    pub strength: f64,
}

/// The number of what turns or documents were compared by.
pub(crate) fn basis_code(basis: RecallBasis) -> i32 {
    match basis {
        RecallBasis::WordsAndMeaning => CONFIDANT_BASIS_WORDS_AND_MEANING,
        RecallBasis::WordsOnly => CONFIDANT_BASIS_WORDS_ONLY,
        other => unnumbered(other),
    }
}

/// # Safety
/// Its texts must be readable during `'a`.
unsafe fn query<'a>(given: &confidant_recall_query) -> Result<RecallQuery<'a>> {
    // SAFETY: as promised by the caller.
    let (question, metadata) = unsafe {
        (
            text(given.question, "question")?,
            pairs(given.metadata, given.metadata_count, MAX_CONDITIONS, "metadata")?,
        )
    };
    let mut query = RecallQuery::new(question);
    if given.limit != 0 {
        query = query.limit(given.limit);
    }
    if given.session_id != 0 {
        query = query.in_session(SessionId::from_u64(given.session_id)?);
    }
    if given.has_channel != 0 {
        query = query.on_channel(
            Channel::from_code(given.channel).map_err(|_| unknown("channel", given.channel))?,
        );
    }
    if given.has_from != 0 {
        query = query.from(Timestamp::from_millis(given.from_ms));
    }
    if given.has_until != 0 {
        query = query.until(Timestamp::from_millis(given.until_ms));
    }
    if given.has_resolved != 0 {
        query = query.resolved(given.resolved != 0);
    }
    Ok(metadata.into_iter().fold(query, |query, (name, value)| query.with_metadata(name, value)))
}

impl confidant_recalled {
    fn new(recalled: Recalled) -> confidant_recalled {
        let basis = basis_code(recalled.basis);
        let recalled = recalled.turns;
        let turns = Views::of(&recalled, |one| view_turn(&one.turn));
        let views =
            Views::of(recalled.iter().zip(&turns.0), |(one, turn)| confidant_recalled_turn {
                struct_size: size_of::<confidant_recalled_turn>(),
                turn: pointer(Some(turn)),
                score: f64::from(one.score),
                words: f64::from(one.words),
                meaning: f64::from(one.meaning),
                neighbours: f64::from(one.neighbours),
                match_count: one.matches.len(),
            });
        let matches = recalled.iter().map(|one| Views::of(&one.matches, view_match)).collect();
        confidant_recalled { views, matches, basis, _turns: turns, _recalled: recalled }
    }
}

fn view_match(one: &WordMatch) -> confidant_word_match {
    confidant_word_match {
        struct_size: size_of::<confidant_word_match>(),
        asked: view(&one.asked),
        found: view(&one.found),
        strength: f64::from(one.strength),
    }
}

/// The turns, of all that were ever saved for this customer, that answer a question best, with
/// what earned them their place. No network and no model: words, words like them, and the meaning
/// of the text from a table in the library. The same turns and the same question give the same
/// order on every machine. Turns that wait to be saved are not found yet.
///
/// The first question reads the archive once and builds an index in memory; later ones read only
/// what was saved since.
///
/// Owned: free `*out` with `confidant_recalled_free`. Threads: any. Fails: INVALID_ARGUMENT (a
/// condition breaks a rule), LIMIT (the question is too long), CORRUPT, BUSY, IO, STORE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_memory_recall(
    memory: *const confidant_memory,
    query: *const confidant_recall_query,
    out: *mut *mut confidant_recalled,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let customer = shared(memory, "memory")?.customer();
        let given = read(query, "query")?;
        out.give(confidant_recalled::new(customer.recall(&self::query(&given)?)?))
    })
}

/// Frees recalled turns. NULL does nothing.
///
/// Owned: its turns and their texts are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_recalled_free(recalled: *mut confidant_recalled) {
    unsafe { free(recalled) }
}

/// How many turns were recalled; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_recalled_count(recalled: *const confidant_recalled) -> usize {
    unsafe { shown_number(recalled, |recalled| recalled.views.0.len()) }
}

/// The turn at an index, counted from 0, the best one; NULL past the end and for NULL.
///
/// Owned: a view that lives until `confidant_recalled_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_recalled_at(
    recalled: *const confidant_recalled,
    index: usize,
) -> *const confidant_recalled_turn {
    unsafe { shown(recalled, |recalled| recalled.views.0.get(index)) }
}

/// A word that earned the turn at `place` its place, counted from 0; NULL past the end and for
/// NULL.
///
/// Owned: a view that lives until `confidant_recalled_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_recalled_match(
    recalled: *const confidant_recalled,
    index: usize,
    word: usize,
) -> *const confidant_word_match {
    unsafe { shown(recalled, |recalled| recalled.matches.get(index)?.0.get(word)) }
}

/// What the turns were compared by, one of `CONFIDANT_BASIS_*`; NONE for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_recalled_basis(recalled: *const confidant_recalled) -> i32 {
    unsafe { shown_number(recalled, |recalled| recalled.basis) }
}
