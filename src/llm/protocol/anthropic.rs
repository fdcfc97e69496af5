//! Anthropic's Messages protocol.
//!
//! Knows how a conversation is written for `/v1/messages`, where instructions are no message
//! and neighbours of one role are joined, and how its events are read back. Fields and events
//! that it does not know are ignored; thinking is never shown.

use super::settings::check;
use crate::error::{Result, invalid};
use crate::llm::http::{Event, Framing, Heard, HttpClient, KeyHeader, converse};
use crate::llm::{Finish, LlmBackend, LlmOutcome, LlmRequest, Role};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

const DEFAULT_BASE_URL: &str = "https://api.anthropic.com";
const HEADERS: &[(&str, &str)] = &[("anthropic-version", "2023-06-01")];
/// The protocol's highest temperature.
const HOTTEST: f32 = 1.0;

/// A model of Anthropic, or of a server that speaks its Messages protocol; the base URL is given
/// without `/v1`.
///
/// Nothing is sent before the first call. A request that fails in passing is sent again at
/// most twice, and never once a piece of the reply was given. Temperatures above 1 are sent
/// as 1, the protocol's highest.
///
/// ```
/// use confidant::{Anthropic, LlmBackend};
/// let model = Anthropic::new("claude-sonnet-4-5").api_key("sk-ant-...");
/// assert_eq!(model.name(), "claude-sonnet-4-5");
/// ```
#[derive(Debug)]
pub struct Anthropic {
    model: String,
    client: HttpClient,
}

http_settings!(Anthropic);
reply_settings!(Anthropic);

impl Anthropic {
    /// A model of the server at `https://api.anthropic.com`.
    pub fn new(model: impl Into<String>) -> Anthropic {
        let model = model.into();
        let mut client = HttpClient::new(DEFAULT_BASE_URL, &model);
        client.key_header = KeyHeader::ApiKey;
        client.headers = HEADERS;
        Anthropic { model, client }
    }

    fn body(&self, request: &LlmRequest<'_>) -> Result<String> {
        check(request)?;
        let mut messages: Vec<WireMessage> = Vec::new();
        for message in request.messages {
            let role = match message.role {
                Role::Customer | Role::Data => "user",
                Role::Agent => "assistant",
            };
            match messages.last_mut() {
                Some(last) if last.role == role => {
                    last.content.push_str("\n\n");
                    last.content.push_str(message.text);
                }
                // The protocol wants the customer to begin.
                None if role == "assistant" => messages.extend([
                    WireMessage { role: "user", content: "(The company wrote first.)".to_owned() },
                    WireMessage { role, content: message.text.to_owned() },
                ]),
                _ => messages.push(WireMessage { role, content: message.text.to_owned() }),
            }
        }
        let body = WireRequest {
            model: &self.model,
            max_tokens: request.max_tokens,
            system: Some(request.system).filter(|text| !text.is_empty()),
            messages,
            temperature: request.temperature.min(HOTTEST),
            stream: true,
        };
        serde_json::to_string(&body).map_err(|_| invalid("the request cannot be written as JSON"))
    }
}

impl LlmBackend for Anthropic {
    fn name(&self) -> &str {
        &self.model
    }

    /// True without an API key: a server of one's own.
    fn is_free(&self) -> bool {
        self.client.api_key.is_none() && !self.client.base_url.starts_with(DEFAULT_BASE_URL)
    }

    fn complete(
        &self,
        request: &LlmRequest<'_>,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<LlmOutcome> {
        let body = self.body(request)?;
        converse(&self.client, "/v1/messages", &body, Framing::Events, &read, request, emit)
    }
}

fn read(event: &Event) -> serde_json::Result<Heard> {
    let frame: Frame = serde_json::from_str(&event.data)?;
    let mut heard = Heard::default();
    match frame.kind.as_str() {
        "error" => heard.is_failure = true,
        "message_start" => {
            if let Some(message) = frame.message {
                hear_usage(&mut heard, message.usage);
            }
        }
        "content_block_start" => heard.text = frame.content_block.and_then(Block::shown),
        "content_block_delta" => heard.text = frame.delta.and_then(|delta| delta.text),
        "message_delta" => {
            hear_usage(&mut heard, frame.usage);
            hear_reason(&mut heard, frame.delta.and_then(|delta| delta.stop_reason));
        }
        "message_stop" => heard.is_end = true,
        // A server that does not stream.
        "message" => {
            let texts = frame.content.into_iter().filter_map(Block::shown);
            heard.text = Some(texts.collect());
            hear_usage(&mut heard, frame.usage);
            hear_reason(&mut heard, frame.stop_reason);
            heard.is_end = true;
        }
        _ => {}
    }
    Ok(heard)
}

/// What was read from the cache is not in `input_tokens`; the output is told anew each time.
fn hear_usage(heard: &mut Heard, usage: Option<WireUsage>) {
    let Some(usage) = usage else { return };
    let cached = [usage.cache_creation_input_tokens, usage.cache_read_input_tokens];
    let cached: u64 = cached.into_iter().flatten().fold(0, u64::saturating_add);
    heard.input_tokens = usage.input_tokens.map(|tokens| tokens.saturating_add(cached));
    heard.output_tokens = usage.output_tokens;
}

fn hear_reason(heard: &mut Heard, reason: Option<String>) {
    heard.is_refused = reason.as_deref() == Some("refusal");
    heard.finish = reason.map(|reason| match reason.as_str() {
        "max_tokens" | "model_context_window_exceeded" => Finish::Length,
        _ => Finish::Stop,
    });
}

#[derive(Serialize)]
struct WireRequest<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: Vec<WireMessage>,
    temperature: f32,
    stream: bool,
}

#[derive(Serialize)]
struct WireMessage {
    role: &'static str,
    content: String,
}

/// One event, or the whole reply of a server that does not stream.
#[derive(Deserialize)]
struct Frame {
    #[serde(rename = "type")]
    kind: String,
    message: Option<Started>,
    content_block: Option<Block>,
    delta: Option<Delta>,
    usage: Option<WireUsage>,
    #[serde(default)]
    content: Vec<Block>,
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct Started {
    usage: Option<WireUsage>,
}

#[derive(Deserialize)]
struct Block {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
}

impl Block {
    fn shown(self) -> Option<String> {
        self.text.filter(|_| self.kind.as_deref() == Some("text"))
    }
}

#[derive(Deserialize)]
struct Delta {
    text: Option<String>,
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct WireUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}
