//! What one message says.
//!
//! Knows how conclusions of several kinds, each with what shows it, become one list for C.

use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::guard;
use crate::border::handle::{Place, free};
use crate::border::record::{Record, read_if_given};
use crate::border::text::{confidant_flag, confidant_str, maybe, text, view, view_of};
use crate::border::views::{Views, shown};
use crate::kinds::{entity, entity_of, escalation, intent, place, sentiment, urgency};
use crate::preference::topic;
use crate::signal_rules::confidant_signal_rules;
use confidant::{Cue, Entity, Finding, Result, SignalContext, Signals};
use std::mem::size_of;

/// How the message sounds; one of `CONFIDANT_SENTIMENT_*`. The score is how sure that is.
pub const CONFIDANT_SIGNAL_SENTIMENT: i32 = 1;
/// The customer is frustrated; never from polarity alone. There only if so, without a value.
pub const CONFIDANT_SIGNAL_FRUSTRATED: i32 = 2;
/// The customer is angry; never from polarity alone. There only if so, without a value.
pub const CONFIDANT_SIGNAL_ANGRY: i32 = 3;
/// How soon it needs an answer; one of `CONFIDANT_URGENCY_*`, medium without any cue.
pub const CONFIDANT_SIGNAL_URGENCY: i32 = 4;
/// What it is about; one of `CONFIDANT_TOPIC_*`. Several or none, the most likely first.
pub const CONFIDANT_SIGNAL_TOPIC: i32 = 5;
/// What the customer does with it; one of `CONFIDANT_INTENT_*`.
pub const CONFIDANT_SIGNAL_INTENT: i32 = 6;
/// Why a person should look at it; one of `CONFIDANT_ESCALATION_*`. Several or none, the strongest
/// first.
pub const CONFIDANT_SIGNAL_ESCALATION: i32 = 7;
/// How formal it is, without a value; the score is from -1, casual, to 1, formal.
pub const CONFIDANT_SIGNAL_FORMALITY: i32 = 8;

/// What is known when a message is read. Begin with `CONFIDANT_SIGNAL_CONTEXT_INIT`; what stays
/// zero is not known.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_signal_context {
    /// `sizeof(confidant_signal_context)`.
    pub struct_size: usize,
    /// The rules to read by; NULL for those that are shipped.
    pub rules: *const confidant_signal_rules,
    /// What the agent said last; a reply to a question may be the bare answer. A NULL pointer if
    /// not known.
    pub agent_said: confidant_str,
    /// What the customer was asked for, one of `CONFIDANT_ENTITY_*`, if the host knows better than
    /// the agent's words tell; 0 if not.
    pub expects: i32,
    /// How often this customer came with the same issue before.
    pub earlier_same: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_signal_context {}

/// All that one message says. Immutable, so it may be read from many threads at once.
pub struct confidant_signals {
    content: Views<confidant_signals_content>,
    findings: Views<confidant_finding>,
    cues: Vec<Views<confidant_cue>>,
    entities: Views<confidant_entity>,
    // The names of rules are here.
    _signals: Signals,
}

/// The sums of what a message says; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_signals_content {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// From -1, as bad as can be, to 1.
    pub polarity: f64,
    /// From -1, casual, to 1, formal; 0 also if nothing shows it.
    pub formality: f64,
    /// Its language as a two-letter code; a NULL pointer if it is too short to tell.
    pub language: confidant_str,
    /// How many conclusions `confidant_signals_finding` gives.
    pub finding_count: usize,
    /// How many things `confidant_signals_entity` gives.
    pub entity_count: usize,
    /// One of `CONFIDANT_SENTIMENT_*`.
    pub sentiment: i32,
    /// One of `CONFIDANT_URGENCY_*`.
    pub urgency: i32,
    /// One of `CONFIDANT_INTENT_*`.
    pub intent: i32,
    /// Whether the customer is frustrated.
    pub is_frustrated: confidant_flag,
    /// Whether the customer is angry.
    pub is_angry: confidant_flag,
    /// Whether it asks how something is regulated rather than for it.
    pub asks_policy: confidant_flag,
}

/// A conclusion from a message; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_finding {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// What it is about, one of `CONFIDANT_SIGNAL_*`.
    pub kind: i32,
    /// What was concluded; the kind says which constants.
    pub value: i32,
    /// The value in plain words, such as "billing".
    pub name: confidant_str,
    /// How strongly, 0 to 1; of some kinds otherwise, see there.
    pub score: f64,
    /// How many places that show it `confidant_signals_cue` gives.
    pub cue_count: usize,
}

/// A place in a message and the rule that found it; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_cue {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The first byte in the message as it was given.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
    /// The rule's name.
    pub rule: confidant_str,
    /// What the rule gives to the conclusion.
    pub score: f64,
}

/// Something that a message names; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_entity {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// The first byte in the message as it was given.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
    /// The rule that found it.
    pub rule: confidant_str,
    /// How sure it is, 0 to 1.
    pub score: f64,
    /// What it is, one of `CONFIDANT_ENTITY_*`.
    pub kind: i32,
    /// Zero.
    pub reserved: u32,
}

/// Conclusions and what shows them, while they are being put in order.
#[derive(Default)]
struct List {
    findings: Vec<confidant_finding>,
    cues: Vec<Views<confidant_cue>>,
}

impl List {
    fn push(&mut self, kind: i32, (value, name): (i32, &'static str), score: f64, cues: &[Cue]) {
        let (struct_size, cue_count) = (size_of::<confidant_finding>(), cues.len());
        self.findings.push(confidant_finding {
            struct_size,
            kind,
            value,
            name: view(name),
            score,
            cue_count,
        });
        self.cues.push(Views::of(cues, view_cue));
    }

    fn add<T: Copy>(
        &mut self,
        kind: i32,
        of: &Finding<T>,
        named: impl FnOnce(T) -> (i32, &'static str),
    ) {
        self.push(kind, named(of.value), of.score, &of.cues);
    }
}

fn view_cue(cue: &Cue) -> confidant_cue {
    confidant_cue {
        struct_size: size_of::<confidant_cue>(),
        start: place(cue.span.start),
        end: place(cue.span.end),
        rule: view(&cue.rule),
        score: cue.score,
    }
}

fn view_entity(of: &Entity) -> confidant_entity {
    confidant_entity {
        struct_size: size_of::<confidant_entity>(),
        start: place(of.span.start),
        end: place(of.span.end),
        rule: view(&of.rule),
        score: of.score,
        kind: entity(of.kind),
        reserved: 0,
    }
}

impl confidant_signals {
    fn new(signals: Signals) -> confidant_signals {
        let mut list = List::default();
        list.add(CONFIDANT_SIGNAL_SENTIMENT, &signals.sentiment, |it| (sentiment(it), it.name()));
        if let Some(of) = &signals.frustrated {
            list.add(CONFIDANT_SIGNAL_FRUSTRATED, of, |()| (0, "frustrated"));
        }
        if let Some(of) = &signals.angry {
            list.add(CONFIDANT_SIGNAL_ANGRY, of, |()| (0, "angry"));
        }
        list.add(CONFIDANT_SIGNAL_URGENCY, &signals.urgency, |it| (urgency(it), it.name()));
        for of in &signals.topics {
            list.add(CONFIDANT_SIGNAL_TOPIC, of, |it| (topic(it), it.name()));
        }
        list.add(CONFIDANT_SIGNAL_INTENT, &signals.intent, |it| (intent(it), it.name()));
        for of in &signals.escalations {
            list.add(CONFIDANT_SIGNAL_ESCALATION, of, |it| (escalation(it), it.name()));
        }
        list.push(
            CONFIDANT_SIGNAL_FORMALITY,
            (0, "formality"),
            signals.formality,
            &signals.style_cues,
        );
        let entities = Views::of(&signals.entities, view_entity);
        let content = confidant_signals_content {
            struct_size: size_of::<confidant_signals_content>(),
            polarity: signals.polarity,
            formality: signals.formality,
            language: view_of(signals.language),
            finding_count: list.findings.len(),
            entity_count: entities.0.len(),
            sentiment: sentiment(signals.sentiment.value),
            urgency: urgency(signals.urgency.value),
            intent: intent(signals.intent.value),
            is_frustrated: u32::from(signals.frustrated.is_some()),
            is_angry: u32::from(signals.angry.is_some()),
            asks_policy: u32::from(signals.asks_policy),
        };
        let (content, findings) = (Views(Box::from([content])), Views(list.findings.into()));
        confidant_signals { content, findings, cues: list.cues, entities, _signals: signals }
    }
}

/// Reads a message: how it sounds, what it is about, how soon it needs an answer, whether a person
/// should see it, and what it names, each with its place in the message and the rule that found it.
/// Any text gives an answer, in microseconds; it touches no store. `context` may be NULL.
///
/// Owned: free `*out` with `confidant_signals_free`. Threads: any. Fails: INVALID_ARGUMENT, LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_signals_analyze(
    message: confidant_str,
    context: *const confidant_signal_context,
    out: *mut *mut confidant_signals,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let message = text(message, "message")?;
        let given = read_if_given(context, "context")?;
        let context = given.as_ref().map_or(Ok(SignalContext::new()), |given| known(given))?;
        out.give(confidant_signals::new(Signals::of(message, &context)))
    })
}

unsafe fn known<'a>(given: &confidant_signal_context) -> Result<SignalContext<'a>> {
    let mut context = SignalContext::new().earlier_same(given.earlier_same);
    // SAFETY: as promised by the caller.
    let (rules, agent_said) =
        unsafe { (given.rules.as_ref(), maybe(given.agent_said, "agent_said")?) };
    if let Some(rules) = rules {
        context = context.rules(&rules.rules);
    }
    if given.expects != 0 {
        context = context.expects(entity_of(given.expects)?);
    }
    Ok(agent_said.into_iter().fold(context, SignalContext::agent_said))
}

/// Frees signals. NULL does nothing.
///
/// Owned: its conclusions and names are gone afterwards. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_signals_free(signals: *mut confidant_signals) {
    unsafe { free(signals) }
}

/// The sums of what the message says; NULL for NULL.
///
/// Owned: a view that lives until `confidant_signals_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_signals_read(
    signals: *const confidant_signals,
) -> *const confidant_signals_content {
    unsafe { shown(signals, |signals| signals.content.0.first()) }
}

/// The conclusion at an index, counted from 0, in the order of `CONFIDANT_SIGNAL_*`; NULL past the
/// end and for NULL.
///
/// Owned: a view that lives until `confidant_signals_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_signals_finding(
    signals: *const confidant_signals,
    index: usize,
) -> *const confidant_finding {
    unsafe { shown(signals, |signals| signals.findings.0.get(index)) }
}

/// A place that shows the conclusion at `place`, counted from 0, in the order of the message; NULL
/// past the end and for NULL.
///
/// Owned: a view that lives until `confidant_signals_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_signals_cue(
    signals: *const confidant_signals,
    index: usize,
    cue: usize,
) -> *const confidant_cue {
    unsafe { shown(signals, |signals| signals.cues.get(index)?.0.get(cue)) }
}

/// Something that the message names, counted from 0, in the order of the message; NULL past the end
/// and for NULL.
///
/// Owned: a view that lives until `confidant_signals_free`. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_signals_entity(
    signals: *const confidant_signals,
    index: usize,
) -> *const confidant_entity {
    unsafe { shown(signals, |signals| signals.entities.0.get(index)) }
}
