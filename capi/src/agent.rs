//! The support agent.
//!
//! Knows how its settings, a message and a stream of text look in C. The handles of a call may be
//! freed by its callbacks: the call keeps what it needs.

use crate::border::callback::UserData;
use crate::border::error::{confidant_error, confidant_status};
use crate::border::guard::{caught, guard, look};
use crate::border::handle::{Place, free, shared};
use crate::border::record::{Record, read, read_if_given, write};
use crate::border::text::{NO_TEXT, confidant_flag, confidant_str, maybe, text, view};
use crate::llm::{
    CONFIDANT_TONE_BALANCED, CONFIDANT_TONE_CASUAL, CONFIDANT_TONE_FORMAL, confidant_llm,
};
use crate::reply::confidant_reply;
use crate::session::confidant_session;
use crate::store::confidant_store;
use confidant::{
    Error, ErrorKind, LlmBackend, LlmOutcome, LlmRequest, Message, Persona, Price, Result,
    SupportAgent, SupportAgentBuilder, Timestamp, Tone,
};
use std::ffi::c_void;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Warm and plain.
pub const CONFIDANT_PERSONA_FRIENDLY: i32 = 0;
/// Polite and exact.
pub const CONFIDANT_PERSONA_PROFESSIONAL: i32 = 1;
/// For customers who know the product from inside.
pub const CONFIDANT_PERSONA_TECHNICAL: i32 = 2;
/// The company's own, in `persona_name`, `persona_manner` and `persona_tone`.
pub const CONFIDANT_PERSONA_OWN: i32 = 3;

/// Answers customers with a language model, on top of their memory. Usable from many threads at
/// once.
pub struct confidant_agent {
    agent: SupportAgent,
}

/// The settings of an agent. Begin with `CONFIDANT_AGENT_OPTIONS_INIT`; what stays zero is the
/// default.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_agent_options {
    /// `sizeof(confidant_agent_options)`.
    pub struct_size: usize,
    /// The language model; NULL for the offline one.
    pub llm: *const confidant_llm,
    /// The name of the company's own persona.
    pub persona_name: confidant_str,
    /// Its manner, in the company's own words; must not hold anything a customer wrote.
    pub persona_manner: confidant_str,
    /// What to tell the customer if the model fails; a NULL pointer lets the call fail.
    pub fallback: confidant_str,
    /// The prompt's hard limit in estimated tokens; 0 for 6,000.
    pub max_prompt_tokens: usize,
    /// The earlier turns that the model is shown at most; read if `has_prompt_turns`, else 10.
    pub prompt_turns: usize,
    /// What a token read costs in nano-dollars; read if `has_price`.
    pub input_nano: u64,
    /// What a token written costs in nano-dollars; read if `has_price`.
    pub output_nano: u64,
    /// The most the agent may spend, in nano-dollars; read if `has_budget`. Needs a price.
    pub budget_nano: u64,
    /// The sampling temperature, 0 to 2; read if `has_temperature`, else 0.7.
    pub temperature: f64,
    /// The longest reply in tokens; 0 for 300.
    pub max_reply_tokens: u32,
    /// One of `CONFIDANT_PERSONA_*`.
    pub persona: i32,
    /// The tone of the company's own persona towards strangers, one of `CONFIDANT_TONE_*`.
    pub persona_tone: i32,
    /// Whether `prompt_turns` is given.
    pub has_prompt_turns: confidant_flag,
    /// Whether the price is given; otherwise the cost is unknown, unless the model is free.
    pub has_price: confidant_flag,
    /// Whether `budget_nano` is given.
    pub has_budget: confidant_flag,
    /// Whether `temperature` is given.
    pub has_temperature: confidant_flag,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_agent_options {}

/// What a customer said, and what the host knows about it. Begin with `CONFIDANT_MESSAGE_INIT`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_message {
    /// `sizeof(confidant_message)`.
    pub struct_size: usize,
    /// What the customer said, at most 64 KiB.
    pub text: confidant_str,
    /// An idempotency key, 1 to 128 bytes: the same message again gives the same reply. A NULL
    /// pointer for none.
    pub key: confidant_str,
    /// The host's own JSON object, stored with the turn; a NULL pointer for none.
    pub metadata: confidant_str,
    /// What the company's records say of the customer, for this reply only: shown to the model as
    /// quoted data, not stored. A NULL pointer for none.
    pub profile: confidant_str,
    /// When it was said, in milliseconds since the Unix epoch; read if `has_at`, else now.
    pub at_ms: i64,
    /// Whether `at_ms` is given.
    pub has_at: confidant_flag,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_message {}

/// Sees the reply as it is written. Begin with `CONFIDANT_TEXT_SINK_INIT`.
///
/// The library owns `user_data` from the call on, also if that call fails (unless `struct_size` is
/// refused), and runs `destroy` exactly once before the call returns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_text_sink {
    /// `sizeof(confidant_text_sink)`.
    pub struct_size: usize,
    /// The host's own; the first parameter of each function.
    pub user_data: *mut c_void,
    /// Takes a piece of text, which lives during the call; returns 0 to go on, anything else to
    /// stop. Called without any lock or transaction held; may call the library; must not throw or
    /// jump out. Must not be NULL.
    pub on_text: Option<unsafe extern "C" fn(user_data: *mut c_void, piece: confidant_str) -> i32>,
    /// Gives `user_data` back; may be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_text_sink {}

/// A model that several handles share.
struct Shared(Arc<dyn LlmBackend>);

impl LlmBackend for Shared {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn is_free(&self) -> bool {
        self.0.is_free()
    }

    fn complete(
        &self,
        request: &LlmRequest<'_>,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<LlmOutcome> {
        self.0.complete(request, emit)
    }
}

/// Makes an agent over a memory; `options` may be NULL: then it is friendly and works offline.
///
/// Owned: free `*out` with `confidant_agent_free`; the memory and the model are kept. Threads: any.
/// Fails: INVALID_ARGUMENT, naming the setting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_agent_new(
    store: *const confidant_store,
    options: *const confidant_agent_options,
    out: *mut *mut confidant_agent,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out)?;
        let builder = SupportAgent::builder(&shared(store, "store")?.store);
        let builder = match read_if_given(options, "options")? {
            Some(options) => configured(builder, &options)?,
            None => builder,
        };
        out.give(confidant_agent { agent: builder.build()? })
    })
}

unsafe fn configured(
    mut builder: SupportAgentBuilder,
    options: &confidant_agent_options,
) -> Result<SupportAgentBuilder> {
    // SAFETY: as promised by the caller.
    unsafe {
        if let Some(llm) = options.llm.as_ref() {
            builder = builder.llm(Shared(Arc::clone(&llm.backend)));
        }
        builder = builder.persona(persona(options)?);
        if let Some(fallback) = maybe(options.fallback, "fallback")? {
            builder = builder.fallback(fallback);
        }
    }
    if options.max_prompt_tokens != 0 {
        builder = builder.max_prompt_tokens(options.max_prompt_tokens);
    }
    if options.max_reply_tokens != 0 {
        builder = builder.max_reply_tokens(options.max_reply_tokens);
    }
    if options.has_prompt_turns != 0 {
        builder = builder.prompt_turns(options.prompt_turns);
    }
    if options.has_temperature != 0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::as_conversions,
            reason = "a temperature needs no more"
        )]
        let temperature = options.temperature as f32;
        builder = builder.temperature(temperature);
    }
    if options.has_price != 0 {
        builder = builder.price(Price::new(options.input_nano, options.output_nano));
    }
    if options.has_budget != 0 {
        builder = builder.budget_nano(options.budget_nano);
    }
    Ok(builder)
}

unsafe fn persona(options: &confidant_agent_options) -> Result<Persona> {
    let unknown = |what: &str, number: i32| {
        Err(Error::new(ErrorKind::InvalidArgument, format!("there is no {what} number {number}")))
    };
    match options.persona {
        CONFIDANT_PERSONA_FRIENDLY => Ok(Persona::friendly()),
        CONFIDANT_PERSONA_PROFESSIONAL => Ok(Persona::professional()),
        CONFIDANT_PERSONA_TECHNICAL => Ok(Persona::technical()),
        CONFIDANT_PERSONA_OWN => {
            // SAFETY: as promised by the caller.
            let (name, manner) = unsafe {
                (
                    text(options.persona_name, "persona_name")?,
                    text(options.persona_manner, "persona_manner")?,
                )
            };
            let tone = match options.persona_tone {
                CONFIDANT_TONE_BALANCED => Tone::Balanced,
                CONFIDANT_TONE_FORMAL => Tone::Formal,
                CONFIDANT_TONE_CASUAL => Tone::Casual,
                number => return unknown("tone", number),
            };
            Ok(Persona::new(name, manner).with_tone(tone))
        }
        number => unknown("persona", number),
    }
}

/// Frees an agent. NULL does nothing.
///
/// Owned: replies it gave stay good. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_agent_free(agent: *mut confidant_agent) {
    unsafe { free(agent) }
}

/// The name of the agent's model.
///
/// Owned: a view that lives until `confidant_agent_free`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_agent_model(agent: *const confidant_agent) -> confidant_str {
    look(NO_TEXT, || unsafe { agent.as_ref() }.map_or(NO_TEXT, |agent| view(agent.agent.model())))
}

/// Answers what the customer said; shows the reply through `sink`, which may be NULL, as it is
/// written. Takes as long as the model does.
///
/// The customer's half is durable before the model is asked, and stays, unanswered, if the model
/// fails or the sink stops it. A message with a key that was answered before gives that answer
/// again and asks nobody.
///
/// Owned: free `*out` with `confidant_reply_free`; the library owns `sink->user_data` during the
/// call. Threads: any; the callbacks run on this one. Fails: CLOSED (the session was closed),
/// INVALID_ARGUMENT or LIMIT (the message breaks a rule or does not fit the prompt), BUDGET (before
/// anything is sent), LLM, CANCELLED (the sink stopped it), BUSY, IO, STORE. With a fallback text
/// BUDGET, LLM and CANCELLED are in the reply instead.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_agent_respond(
    agent: *const confidant_agent,
    session: *const confidant_session,
    message: *const confidant_message,
    sink: *const confidant_text_sink,
    out: *mut *mut confidant_reply,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out);
        let sink = read_if_given(sink, "sink")?;
        let sink = sink.map(|sink| (sink.on_text, UserData::new(sink.user_data, sink.destroy)));
        let out = out?;
        let agent = shared(agent, "agent")?.agent.clone();
        let session = shared(session, "session")?.session.clone();
        let given = read(message, "message")?;
        // Texts are copied: the host may free them while the model writes.
        let own = |text: Option<&str>| text.map(str::to_owned);
        let said = text(given.text, "text")?.to_owned();
        let key = own(maybe(given.key, "key")?);
        let metadata = own(maybe(given.metadata, "metadata")?);
        let profile = own(maybe(given.profile, "profile")?);
        let mut message = Message::new(&said);
        message = key.as_deref().into_iter().fold(message, Message::key);
        message = metadata.as_deref().into_iter().fold(message, Message::metadata);
        message = profile.as_deref().into_iter().fold(message, Message::profile);
        if given.has_at != 0 {
            message = message.at(Timestamp::from_millis(given.at_ms));
        }
        let Some((on_text, user_data)) = sink else {
            let reply = agent.respond_to(&session, message, &mut |_| ControlFlow::Continue(()))?;
            return out.give(confidant_reply::new(reply));
        };
        let on_text = on_text
            .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, "sink.on_text is NULL"))?;
        let reply = agent.respond_to(&session, message, &mut |piece| {
            // SAFETY: the host's function with the host's data, not destroyed yet.
            match caught(|| on_text(user_data.pointer(), view(piece))) {
                Some(0) => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        });
        drop(user_data);
        out.give(confidant_reply::new(reply?))
    })
}

/// What an agent has used since it was made.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_spending {
    /// `sizeof(confidant_spending)`.
    pub struct_size: usize,
    /// Replies that were asked of the model.
    pub calls: u64,
    /// Of these, failed.
    pub failures: u64,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// The cost in nano-dollars, if `has_cost`.
    pub cost_nano: u64,
    /// The most it may cost, in nano-dollars, if `has_budget`.
    pub budget_nano: u64,
    /// Whether the cost is known.
    pub has_cost: confidant_flag,
    /// Whether there is a limit.
    pub has_budget: confidant_flag,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_spending {}

/// What the agent has used since it was made.
///
/// Owned: `out` is the caller's. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_agent_spending(
    agent: *const confidant_agent,
    out: *mut confidant_spending,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let spent = shared(agent, "agent")?.agent.spending();
        let value = confidant_spending {
            struct_size: 0,
            calls: spent.calls,
            failures: spent.failures,
            input_tokens: spent.input_tokens,
            output_tokens: spent.output_tokens,
            cost_nano: spent.cost_nano.unwrap_or(0),
            budget_nano: spent.budget_nano.unwrap_or(0),
            has_cost: u32::from(spent.cost_nano.is_some()),
            has_budget: u32::from(spent.budget_nano.is_some()),
        };
        write(out, value)
    })
}
