//! Learning by the host's own limits, and keeping what was learned.
//!
//! Knows that an extractor and its state are one handle in C.

use crate::border::error::{confidant_error, confidant_status, unknown};
use crate::border::guard::{guard, look};
use crate::border::handle::{Place, exclusive, free, put, put_if_wanted, shared};
use crate::border::record::{Record, read_if_given};
use crate::border::text::{confidant_flag, confidant_str, text, view};
use crate::list::{confidant_context, confidant_turns};
use crate::preference::confidant_preferences;
use confidant::{PreferenceExtractor, PreferenceState, TurnId};

/// 3 turns, ratio 1.5, brief below 50 characters, detailed above 150.
pub const CONFIDANT_EXTRACTOR_REFERENCE: i32 = 0;
/// The same, but a style that is known changes only after three turns that show the other; what
/// `confidant_memory_preferences` uses.
pub const CONFIDANT_EXTRACTOR_SUPPORT: i32 = 1;

/// Learns preferences from turns that the host gives it, oldest first, of one customer. Used by
/// one thread at a time; it touches no store.
pub struct confidant_extractor {
    extractor: PreferenceExtractor,
    state: PreferenceState,
    json: String,
}

/// The limits of an extractor. Begin with `CONFIDANT_EXTRACTOR_OPTIONS_INIT`; what stays zero is
/// as the preset has it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_extractor_options {
    /// `sizeof(confidant_extractor_options)`.
    pub struct_size: usize,
    /// How many times as many turns one side of the style needs over the other; 0 for 1.5.
    pub style_ratio: f64,
    /// The fewest turns to conclude from; 0 for 3.
    pub min_turns: u32,
    /// The mean length of a message, in characters, below which answers should be brief; read if
    /// `has_brief_below`, else 50.
    pub brief_below: u32,
    /// The mean length above which answers should be detailed; read if `has_detailed_above`, else
    /// 150.
    pub detailed_above: u32,
    /// Whether `brief_below` is given.
    pub has_brief_below: confidant_flag,
    /// Whether `detailed_above` is given.
    pub has_detailed_above: confidant_flag,
    /// Zero.
    pub reserved: u32,
    /// One of `CONFIDANT_EXTRACTOR_*`.
    pub preset: i32,
    /// How many turns in a row must lead elsewhere before what is known changes; 0 as the preset
    /// has it.
    pub hysteresis: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_extractor_options {}

/// Makes an extractor that has learned nothing yet. `options` may be NULL.
///
/// Owned: free `*out` with `confidant_extractor_free`. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_extractor_new(
    options: *const confidant_extractor_options,
    out: *mut *mut confidant_extractor,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let mut extractor = PreferenceExtractor::reference();
        if let Some(options) = read_if_given(options, "options")? {
            extractor = match options.preset {
                CONFIDANT_EXTRACTOR_REFERENCE => extractor,
                CONFIDANT_EXTRACTOR_SUPPORT => PreferenceExtractor::support(),
                number => return Err(unknown("preset of extractors", number)),
            };
            if options.hysteresis != 0 {
                extractor = extractor.hysteresis(options.hysteresis);
            }
            if options.min_turns != 0 {
                extractor = extractor.min_turns(options.min_turns);
            }
            if options.style_ratio != 0.0 {
                extractor = extractor.style_ratio(options.style_ratio);
            }
            if options.has_brief_below != 0 {
                extractor = extractor.brief_below(options.brief_below);
            }
            if options.has_detailed_above != 0 {
                extractor = extractor.detailed_above(options.detailed_above);
            }
        }
        out.give(confidant_extractor {
            extractor,
            state: PreferenceState::default(),
            json: String::new(),
        })
    })
}

/// Frees an extractor. NULL does nothing.
///
/// Owned: preferences it concluded stay good. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_extractor_free(extractor: *mut confidant_extractor) {
    unsafe { free(extractor) }
}

/// Learns from the turns of a context. A turn that is covered already changes nothing.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_extractor_learn_context(
    extractor: *mut confidant_extractor,
    context: *const confidant_context,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let extractor = exclusive(extractor, "extractor")?;
        for turn in shared(context, "context")?.context().turns() {
            extractor.extractor.learn(&mut extractor.state, turn);
        }
        Ok(())
    })
}

/// Learns from a list of turns, as a page of the archive. A turn that is covered already changes
/// nothing.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_extractor_learn_turns(
    extractor: *mut confidant_extractor,
    turns: *const confidant_turns,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let extractor = exclusive(extractor, "extractor")?;
        for turn in shared(turns, "turns")?.turns() {
            extractor.extractor.learn(&mut extractor.state, turn);
        }
        Ok(())
    })
}

/// Takes away what one turn taught, and nothing else; `had_taught`, which may be NULL, is whether
/// it had taught anything.
///
/// Owned: `had_taught` is the caller's. Threads: one at a time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_extractor_unlearn(
    extractor: *mut confidant_extractor,
    turn_id: u64,
    had_taught: *mut confidant_flag,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let extractor = exclusive(extractor, "extractor")?;
        put_if_wanted(had_taught, u32::from(extractor.state.unlearn(TurnId::from_u64(turn_id)?)));
        Ok(())
    })
}

/// Concludes from what was learned so far.
///
/// Owned: free `*out` with `confidant_preferences_free`. Threads: any, while nobody changes the
/// extractor. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_extractor_conclude(
    extractor: *const confidant_extractor,
    out: *mut *mut confidant_preferences,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let extractor = shared(extractor, "extractor")?;
        out.give(confidant_preferences::new(extractor.extractor.conclude(&extractor.state)))
    })
}

/// The last turn that was learned from; 0 if none was, and for NULL.
///
/// Threads: any, while nobody changes the extractor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_extractor_covered(extractor: *const confidant_extractor) -> u64 {
    look(0, || {
        let covered = unsafe { extractor.as_ref() }.and_then(|extractor| extractor.state.covered());
        covered.map_or(0, |turn| turn.as_u64())
    })
}

/// What was learned, as the text of a JSON object that grows with the turns, to be kept by the
/// host; it holds no words of the customer.
///
/// Owned: `*json` is a view that lives until the next call with this extractor. Threads: one at a
/// time. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_extractor_state(
    extractor: *mut confidant_extractor,
    json: *mut confidant_str,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let extractor = exclusive(extractor, "extractor")?;
        extractor.json = extractor.state.to_json()?;
        put(json, view(&extractor.json))
    })
}

/// Goes on from what `confidant_extractor_state` gave, in place of what was learned here. If other
/// rules made it, the extractor begins anew: learn what is not covered.
///
/// Threads: one at a time. Fails: INVALID_ARGUMENT, CORRUPT (not such a text); nothing changes
/// then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_extractor_restore(
    extractor: *mut confidant_extractor,
    json: confidant_str,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let extractor = exclusive(extractor, "extractor")?;
        extractor.state = extractor.extractor.restore(text(json, "json")?)?;
        Ok(())
    })
}

/// The name of the rules, which changes whenever a rule does.
///
/// Owned: a view that lives until `confidant_extractor_free`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_extractor_rules_version(
    extractor: *const confidant_extractor,
) -> confidant_str {
    look(crate::border::text::NO_TEXT, || {
        let extractor = unsafe { extractor.as_ref() };
        extractor.map_or(crate::border::text::NO_TEXT, |extractor| {
            view(extractor.extractor.rules_version())
        })
    })
}
