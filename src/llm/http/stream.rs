//! One conversation with a model's server, from the request to the end of the reply.
//!
//! Knows what is the same for every protocol: a reply is passed on as it arrives, has an end,
//! and is an error if it breaks off before. What a frame means is the protocol's business.

use super::client::{HttpClient, header};
use super::frames::{Event, Events};
use super::lines::Lines;
use super::refusal::Refusal;
use crate::error::{Error, LlmFailure, Result};
use crate::llm::{Finish, LlmOutcome, LlmRequest, Usage, estimated};
use std::ops::ControlFlow;
use ureq::Body;
use ureq::http::Response;

/// How a protocol separates the parts of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// One JSON object a line.
    Lines,
    /// Server-sent events.
    Events,
}

/// What one frame says.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// A piece of the reply.
    pub(crate) text: Option<String>,
    /// Why the model stopped.
    pub(crate) finish: Option<Finish>,
    /// Whether the model declined to answer.
    pub(crate) is_refused: bool,
    /// Tokens so far; the last word counts.
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
    /// Whether the reply is complete.
    pub(crate) is_end: bool,
    /// Whether the server failed in the middle of the reply; the frame says how.
    pub(crate) is_failure: bool,
}

/// Reads a frame of a protocol.
pub(crate) type ReadFrame<'f> = &'f dyn Fn(&Event) -> serde_json::Result<Heard>;

/// Sends a request and passes the reply on through `emit` as it arrives.
///
/// # Errors
/// `Llm` as the server fails; `Limit` if the reply is longer than the client allows.
pub(crate) fn converse(
    client: &HttpClient,
    path: &str,
    body: &str,
    framing: Framing,
    read: ReadFrame<'_>,
    request: &LlmRequest<'_>,
    emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<LlmOutcome> {
    let reply = client.post(path, body)?;
    let mut progress = Progress::default();
    let mut source = Source::of(client, reply, framing)?;
    while let Some(event) = source.next(client)? {
        let heard = read(&event).map_err(|cause| client.undecodable("stream", &cause))?;
        if heard.is_failure {
            return Err(client.complaint(&Refusal::in_stream(&event.data)));
        }
        let is_end = heard.is_end;
        if progress.take(client, heard, emit)?.is_break() {
            let usage = request.estimated_usage(&progress.text);
            return Ok(LlmOutcome { finish: Finish::Cancelled, usage, ..LlmOutcome::default() });
        }
        if is_end {
            return progress.outcome(client, request);
        }
    }
    // Some servers close the connection behind the reason to stop, without a last word.
    if progress.finish.is_some() {
        return progress.outcome(client, request);
    }
    Err(Error::llm(
        LlmFailure::Truncated,
        format!(
            "the reply of the model server at {} ended after {} bytes, before its end",
            client.host(),
            progress.text.len()
        ),
    ))
}

/// What has arrived so far.
#[derive(Default)]
struct Progress {
    text: String,
    finish: Option<Finish>,
    is_refused: bool,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

impl Progress {
    fn take(
        &mut self,
        client: &HttpClient,
        heard: Heard,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        self.finish = heard.finish.or(self.finish);
        self.is_refused |= heard.is_refused;
        self.input_tokens = heard.input_tokens.or(self.input_tokens);
        self.output_tokens = heard.output_tokens.or(self.output_tokens);
        let Some(piece) = heard.text.filter(|piece| !piece.is_empty()) else {
            return Ok(ControlFlow::Continue(()));
        };
        if self.text.len() + piece.len() > client.max_reply_bytes {
            let what = format!("reply is longer than {} bytes", client.max_reply_bytes);
            return Err(client.too_long(&what));
        }
        self.text.push_str(&piece);
        Ok(emit(&piece))
    }

    fn outcome(self, client: &HttpClient, request: &LlmRequest<'_>) -> Result<LlmOutcome> {
        if self.is_refused && self.text.is_empty() {
            let message = format!("the model at {} declined to answer", client.host());
            return Err(Error::llm(LlmFailure::Refused, message));
        }
        let estimate = request.usage_with(estimated(&self.text));
        let usage = Usage {
            input_tokens: self.input_tokens.unwrap_or(estimate.input_tokens),
            output_tokens: self.output_tokens.unwrap_or(estimate.output_tokens),
            reported: self.input_tokens.is_some() && self.output_tokens.is_some(),
        };
        Ok(LlmOutcome { finish: self.finish.unwrap_or_default(), usage, ..LlmOutcome::default() })
    }
}

type Reader = ureq::BodyReader<'static>;

/// Where frames come from.
enum Source {
    Lines(Lines<Reader>),
    Events(Events<Reader>),
    /// A server that does not stream answers with one object.
    Whole(Option<String>),
}

impl Source {
    fn of(client: &HttpClient, reply: Response<Body>, framing: Framing) -> Result<Source> {
        let kind = header(reply.headers(), "content-type").unwrap_or_default();
        let lower = kind.to_ascii_lowercase();
        match framing {
            Framing::Lines if kind.is_empty() || lower.contains("json") => {
                Ok(Source::Lines(Lines::new(reply.into_body().into_reader())))
            }
            Framing::Events if kind.is_empty() || lower.contains("event-stream") => {
                Ok(Source::Events(Events::new(reply.into_body().into_reader())))
            }
            Framing::Events if lower.contains("json") => {
                Ok(Source::Whole(Some(client.whole(reply)?)))
            }
            _ => {
                let message = format!(
                    "the model server at {} answered with {}, not with JSON",
                    client.host(),
                    client.named_type(kind)
                );
                Err(Error::llm(LlmFailure::Decode, message))
            }
        }
    }

    fn next(&mut self, client: &HttpClient) -> Result<Option<Event>> {
        let broken = |cause| client.broken_stream(cause);
        match self {
            Source::Events(events) => events.next(broken),
            Source::Whole(page) => Ok(page.take().map(|data| Event { data, name: String::new() })),
            Source::Lines(lines) => loop {
                match lines.next(broken)? {
                    None => return Ok(None),
                    Some(line) if line.trim().is_empty() => {}
                    Some(data) => return Ok(Some(Event { data, name: String::new() })),
                }
            },
        }
    }
}
