//! The host's own language model.
//!
//! Knows how the trait becomes a callback, a request to look at and a sink to write to.

use crate::border::callback::UserData;
use crate::border::error::{
    confidant_error, confidant_status, kind_of, llm_failure_of, unnumbered,
};
use crate::border::guard::{caught, guard, look};
use crate::border::handle::{Place, exclusive, free};
use crate::border::record::{Record, read};
use crate::border::text::{NO_TEXT, confidant_flag, confidant_str, text, view};
use crate::border::views::{Views, pointer};
use confidant::{
    Error, ErrorKind, Finish, Length, LlmBackend, LlmOutcome, LlmRequest, Result, Role, Tone,
};
use std::ffi::c_void;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The customer wrote the message.
pub const CONFIDANT_ROLE_CUSTOMER: i32 = 0;
/// Quoted data for the model to read: send it in the user's role, never as instructions.
pub const CONFIDANT_ROLE_DATA: i32 = 1;
/// The company's side wrote the message.
pub const CONFIDANT_ROLE_AGENT: i32 = 2;

/// Neither formal nor casual.
pub const CONFIDANT_TONE_BALANCED: i32 = 0;
/// Full sentences, no contractions.
pub const CONFIDANT_TONE_FORMAL: i32 = 1;
/// Short and friendly.
pub const CONFIDANT_TONE_CASUAL: i32 = 2;

/// The model was done.
pub const CONFIDANT_FINISH_STOP: i32 = 0;
/// The model reached the longest reply.
pub const CONFIDANT_FINISH_LENGTH: i32 = 1;
/// The model was asked to stop.
pub const CONFIDANT_FINISH_CANCELLED: i32 = 2;

/// A language model: the host's own, or one of the library's. Usable from many threads at once;
/// agents keep what they need of it, so it may be freed before them.
pub struct confidant_llm {
    pub(crate) backend: Arc<dyn LlmBackend>,
    pub(crate) kind: Kind,
}

/// What a model of the library can do besides.
pub(crate) enum Kind {
    Plain,
    Scripted(Arc<confidant::Scripted>),
    #[cfg(feature = "http")]
    Ollama(Arc<confidant::Ollama>),
}

/// What is asked of a model; lives during the callback it is given to. Read by that callback only.
pub struct confidant_llm_request {
    system: confidant_str,
    messages: Views<confidant_llm_message>,
    tone: i32,
    length: i32,
    temperature: f64,
    max_tokens: u32,
}

/// One message of the conversation; a view.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_llm_message {
    /// The size of this struct in the library that is loaded.
    pub struct_size: usize,
    /// What was written.
    pub text: confidant_str,
    /// Who wrote it, one of `CONFIDANT_ROLE_*`.
    pub role: i32,
    /// Zero.
    pub reserved: u32,
}

/// Where a model writes its reply; lives during the callback it is given to, and is used by one
/// thread at a time.
pub struct confidant_llm_reply<'a> {
    emit: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
    outcome: LlmOutcome,
    has_usage: bool,
    written: String,
    stopped: bool,
    failure: Option<Error>,
}

/// A model of the host's own. Begin with `CONFIDANT_LLM_CALLBACKS_INIT`.
///
/// The library owns `user_data` from the call it is given in, also if that call fails (unless
/// `struct_size` is refused), and runs `destroy` exactly once, on any thread. Functions are called
/// without any lock or transaction held, from any thread and from many at once; they may call the
/// library, may run long, and must not throw or jump out.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct confidant_llm_callbacks {
    /// `sizeof(confidant_llm_callbacks)`.
    pub struct_size: usize,
    /// The host's own; the first parameter of each function.
    pub user_data: *mut c_void,
    /// Writes the reply with `confidant_llm_reply_append`, in one piece or many, and returns
    /// `CONFIDANT_OK`; or returns a status, after `confidant_llm_reply_fail` if there is more to
    /// say: the call fails with it, or with LLM for an unknown one and for INTERNAL, which only the
    /// library says. Must not be NULL.
    pub complete: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            request: *const confidant_llm_request,
            reply: *mut confidant_llm_reply<'_>,
        ) -> confidant_status,
    >,
    /// Gives `user_data` back; may be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    /// The model's name, 1 to 128 bytes, stored with its answers.
    pub name: confidant_str,
    /// Whether its tokens cost nothing, as with a model on the own machine.
    pub is_free: confidant_flag,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: plain C data without padding.
unsafe impl Record for confidant_llm_callbacks {}

type Complete = unsafe extern "C" fn(
    user_data: *mut c_void,
    request: *const confidant_llm_request,
    reply: *mut confidant_llm_reply<'_>,
) -> confidant_status;

struct HostModel {
    name: String,
    is_free: bool,
    complete: Complete,
    user_data: UserData,
}

impl LlmBackend for HostModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_free(&self) -> bool {
        self.is_free
    }

    fn complete(
        &self,
        request: &LlmRequest<'_>,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<LlmOutcome> {
        let shown = confidant_llm_request::new(request);
        let mut reply = confidant_llm_reply {
            emit,
            outcome: LlmOutcome::default(),
            has_usage: false,
            written: String::new(),
            stopped: false,
            failure: None,
        };
        // SAFETY: the host's function with the host's data, not destroyed yet; both others live.
        let status = caught(|| unsafe {
            (self.complete)(self.user_data.pointer(), &raw const shown, &raw mut reply)
        });
        if let Some(failure) = reply.failure {
            return Err(failure);
        }
        let name = &self.name;
        match status {
            Some(0) => {}
            _ if reply.stopped => {}
            Some(status) => {
                let kind = kind_of(status).unwrap_or(ErrorKind::Llm);
                return Err(Error::new(
                    kind,
                    format!("the host's model {name} returned the status {status}"),
                ));
            }
            None => {
                return Err(Error::new(
                    ErrorKind::Llm,
                    format!("the host's model {name} panicked"),
                ));
            }
        }
        let mut outcome = reply.outcome;
        if reply.stopped {
            outcome.finish = Finish::Cancelled;
        }
        if !reply.has_usage {
            outcome.usage = request.estimated_usage(&reply.written);
        }
        Ok(outcome)
    }
}

impl confidant_llm_request {
    fn new(request: &LlmRequest<'_>) -> confidant_llm_request {
        let message = |message: &confidant::LlmMessage<'_>| confidant_llm_message {
            struct_size: std::mem::size_of::<confidant_llm_message>(),
            text: view(message.text),
            role: match message.role {
                Role::Customer => CONFIDANT_ROLE_CUSTOMER,
                Role::Data => CONFIDANT_ROLE_DATA,
                Role::Agent => CONFIDANT_ROLE_AGENT,
                other => unnumbered(other),
            },
            reserved: 0,
        };
        confidant_llm_request {
            system: view(request.system),
            messages: Views(request.messages.iter().map(message).collect()),
            tone: match request.tone {
                Tone::Balanced => CONFIDANT_TONE_BALANCED,
                Tone::Formal => CONFIDANT_TONE_FORMAL,
                Tone::Casual => CONFIDANT_TONE_CASUAL,
                other => unnumbered(other),
            },
            length: match request.length {
                Length::Medium => crate::preference::CONFIDANT_LENGTH_MEDIUM,
                Length::Brief => crate::preference::CONFIDANT_LENGTH_BRIEF,
                Length::Detailed => crate::preference::CONFIDANT_LENGTH_DETAILED,
                other => unnumbered(other),
            },
            temperature: f64::from(request.temperature),
            max_tokens: request.max_tokens,
        }
    }
}

/// Makes a model of the host's own.
///
/// Owned: free `*out` with `confidant_llm_free`; the library owns `callbacks->user_data` from here
/// on, also if this fails. Threads: any. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_new(
    callbacks: *const confidant_llm_callbacks,
    out: *mut *mut confidant_llm,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let out = Place::new(out);
        let given = read(callbacks, "callbacks")?;
        let user_data = UserData::new(given.user_data, given.destroy);
        let out = out?;
        let invalid = |message| Error::new(ErrorKind::InvalidArgument, message);
        let name = text(given.name, "name")?.to_owned();
        if name.is_empty() || name.len() > confidant::MAX_AUTHOR_BYTES {
            return Err(invalid("the model's name must have 1 to 128 bytes"));
        }
        let complete = given.complete.ok_or_else(|| invalid("callbacks.complete is NULL"))?;
        let backend =
            Arc::new(HostModel { name, is_free: given.is_free != 0, complete, user_data });
        out.give(confidant_llm { backend, kind: Kind::Plain })
    })
}

/// Frees the handle of a model; agents that use it keep it. NULL does nothing.
///
/// Owned: `user_data` of a host's model is destroyed with the last agent that uses it. Threads:
/// one at a time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_free(llm: *mut confidant_llm) {
    unsafe { free(llm) }
}

/// The model's name, as stored with its answers.
///
/// Owned: a view that lives until `confidant_llm_free`; `{NULL, 0}` for NULL. Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_name(llm: *const confidant_llm) -> confidant_str {
    look(NO_TEXT, || unsafe { llm.as_ref() }.map_or(NO_TEXT, |llm| view(llm.backend.name())))
}

/// Whether the model's tokens cost nothing; 0 for NULL.
///
/// Threads: any.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_is_free(llm: *const confidant_llm) -> confidant_flag {
    look(0, || u32::from(unsafe { llm.as_ref() }.is_some_and(|llm| llm.backend.is_free())))
}

/// The instructions; they never hold anything a customer wrote.
///
/// Owned: a view that lives during the callback; `{NULL, 0}` for NULL. Threads: the callback's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_request_system(
    request: *const confidant_llm_request,
) -> confidant_str {
    look(NO_TEXT, || unsafe { request.as_ref() }.map_or(NO_TEXT, |request| request.system))
}

/// How many messages there are; the last one is the customer's and wants a reply. 0 for NULL.
///
/// Threads: the callback's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_request_message_count(
    request: *const confidant_llm_request,
) -> usize {
    look(0, || unsafe { request.as_ref() }.map_or(0, |request| request.messages.0.len()))
}

/// The message at an index, counted from 0, oldest first; NULL past the end and for NULL.
///
/// Owned: a view that lives during the callback. Threads: the callback's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_request_message(
    request: *const confidant_llm_request,
    index: usize,
) -> *const confidant_llm_message {
    look(std::ptr::null(), || {
        pointer(unsafe { request.as_ref() }.and_then(|request| request.messages.0.get(index)))
    })
}

/// How formal the reply should sound, one of `CONFIDANT_TONE_*`; also spelled out in the
/// instructions.
///
/// Threads: the callback's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_request_tone(request: *const confidant_llm_request) -> i32 {
    look(0, || unsafe { request.as_ref() }.map_or(0, |request| request.tone))
}

/// How long the reply should be, one of `CONFIDANT_LENGTH_*`; also spelled out in the
/// instructions.
///
/// Threads: the callback's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_request_length(
    request: *const confidant_llm_request,
) -> i32 {
    look(0, || unsafe { request.as_ref() }.map_or(0, |request| request.length))
}

/// Sampling temperature, 0 to 2; 0 for NULL.
///
/// Threads: the callback's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_request_temperature(
    request: *const confidant_llm_request,
) -> f64 {
    look(0.0, || unsafe { request.as_ref() }.map_or(0.0, |request| request.temperature))
}

/// The longest reply, in tokens of the model; 0 for NULL.
///
/// Threads: the callback's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_request_max_tokens(
    request: *const confidant_llm_request,
) -> u32 {
    look(0, || unsafe { request.as_ref() }.map_or(0, |request| request.max_tokens))
}

/// Writes a piece of the reply: whole characters, as many bytes as the model likes to give at once.
///
/// Threads: the callback's. Fails: CANCELLED (nobody wants more: stop, and return any status),
/// INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_reply_append(
    reply: *mut confidant_llm_reply<'_>,
    piece: confidant_str,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let reply = exclusive(reply, "reply")?;
        let piece = text(piece, "piece")?;
        if !reply.stopped {
            reply.written.push_str(piece);
            reply.stopped = (reply.emit)(piece).is_break();
        }
        if reply.stopped {
            return Err(Error::new(ErrorKind::Cancelled, "nobody wants more of the reply"));
        }
        Ok(())
    })
}

/// Says how sure the model is, 0 to 1.
///
/// Threads: the callback's. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_reply_set_confidence(
    reply: *mut confidant_llm_reply<'_>,
    confidence: f64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || {
        let reply = unsafe { exclusive(reply, "reply") }?;
        if !(0.0..=1.0).contains(&confidence) {
            let message = format!("the confidence is {confidence}; it must lie between 0 and 1");
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        reply.outcome.confidence = Some(confidence);
        Ok(())
    })
}

/// Says whether the reply settles what the customer wanted.
///
/// Threads: the callback's. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_reply_set_resolved(
    reply: *mut confidant_llm_reply<'_>,
    resolved: confidant_flag,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || {
        unsafe { exclusive(reply, "reply") }?.outcome.resolved = Some(resolved != 0);
        Ok(())
    })
}

/// Says what the call used, as the model's server counted it. Default: estimated.
///
/// Threads: the callback's. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_reply_set_usage(
    reply: *mut confidant_llm_reply<'_>,
    input_tokens: u64,
    output_tokens: u64,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || {
        let reply = unsafe { exclusive(reply, "reply") }?;
        reply.outcome.usage.input_tokens = input_tokens;
        reply.outcome.usage.output_tokens = output_tokens;
        reply.outcome.usage.reported = true;
        reply.has_usage = true;
        Ok(())
    })
}

/// Says why the model stopped, one of `CONFIDANT_FINISH_*`. Default: "it was done".
///
/// Threads: the callback's. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_reply_set_finish(
    reply: *mut confidant_llm_reply<'_>,
    finish: i32,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || {
        let reply = unsafe { exclusive(reply, "reply") }?;
        reply.outcome.finish = match finish {
            CONFIDANT_FINISH_STOP => Finish::Stop,
            CONFIDANT_FINISH_LENGTH => Finish::Length,
            CONFIDANT_FINISH_CANCELLED => Finish::Cancelled,
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidArgument,
                    format!("there is no finish number {finish}"),
                ));
            }
        };
        Ok(())
    })
}

/// Names an article that the reply rests on; may be called for several.
///
/// Threads: the callback's. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_reply_add_source(
    reply: *mut confidant_llm_reply<'_>,
    source: confidant_str,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let source = text(source, "source")?.to_owned();
        exclusive(reply, "reply")?.outcome.sources.push(source);
        Ok(())
    })
}

/// Says why the model failed: one of `CONFIDANT_LLM_*` (not NONE) and a message for people, which
/// must not hold what a customer said. What the callback returns afterwards does not matter.
///
/// Threads: the callback's. Fails: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn confidant_llm_reply_fail(
    reply: *mut confidant_llm_reply<'_>,
    failure: i32,
    message: confidant_str,
    err: *mut *mut confidant_error,
) -> confidant_status {
    guard(err, || unsafe {
        let reply = exclusive(reply, "reply")?;
        let unknown = || {
            Error::new(
                ErrorKind::InvalidArgument,
                format!("there is no model failure number {failure}"),
            )
        };
        let known = llm_failure_of(failure).ok_or_else(unknown)?;
        reply.failure = Some(Error::llm(known, text(message, "message")?));
        Ok(())
    })
}
