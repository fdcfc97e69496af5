//! OpenAI's chat completions, which many servers speak.
//!
//! Knows how a conversation is written for `/v1/chat/completions` and how its events are read
//! back. Fields that it does not know are ignored; reasoning is never shown.

use super::settings::check;
use crate::error::{Result, invalid};
use crate::llm::http::{Event, Framing, Heard, HttpClient, converse};
use crate::llm::{Finish, LlmBackend, LlmOutcome, LlmRequest, Role};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

const DEFAULT_BASE_URL: &str = "https://api.openai.com";

/// A model of OpenAI, or of any server that speaks its protocol (llama.cpp, vLLM, LM Studio and
/// others); the base URL is given without `/v1`.
///
/// Nothing is sent before the first call. A request that fails in passing is sent again at
/// most twice, and never once a piece of the reply was given.
///
/// ```
/// use confidant::{LlmBackend, OpenAi};
/// let model = OpenAi::new("gpt-4o-mini").api_key("sk-...");
/// let own = OpenAi::new("qwen2.5-7b").base_url("http://127.0.0.1:8080");
/// assert!(!model.is_free() && own.is_free());
/// ```
#[derive(Debug)]
pub struct OpenAi {
    model: String,
    completion_limit: Option<bool>,
    client: HttpClient,
}

http_settings!(OpenAi);
reply_settings!(OpenAi);

impl OpenAi {
    /// A model of the server at `https://api.openai.com`.
    pub fn new(model: impl Into<String>) -> OpenAi {
        let model = model.into();
        let client = HttpClient::new(DEFAULT_BASE_URL, &model);
        OpenAi { model, completion_limit: None, client }
    }

    /// Whether the longest reply is told as `max_completion_tokens` rather than `max_tokens`.
    /// Default: only to OpenAI's own server, since most others know the older name alone.
    #[must_use]
    pub fn max_completion_tokens(mut self, is_used: bool) -> Self {
        self.completion_limit = Some(is_used);
        self
    }

    fn body(&self, request: &LlmRequest<'_>) -> Result<String> {
        check(request)?;
        let is_new = self
            .completion_limit
            .unwrap_or_else(|| self.client.base_url.starts_with(DEFAULT_BASE_URL));
        let system = Some(request.system).filter(|text| !text.is_empty());
        let system = system.map(|content| WireMessage { role: "system", content });
        let conversation = request.messages.iter().map(|message| WireMessage {
            role: match message.role {
                Role::Customer | Role::Data => "user",
                Role::Agent => "assistant",
            },
            content: message.text,
        });
        let body = WireRequest {
            model: &self.model,
            messages: system.into_iter().chain(conversation).collect(),
            temperature: request.temperature,
            max_tokens: (!is_new).then_some(request.max_tokens),
            max_completion_tokens: is_new.then_some(request.max_tokens),
            stream: true,
            stream_options: StreamOptions { include_usage: true },
        };
        serde_json::to_string(&body).map_err(|_| invalid("the request cannot be written as JSON"))
    }
}

impl LlmBackend for OpenAi {
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
        let (path, body) = ("/v1/chat/completions", self.body(request)?);
        converse(&self.client, path, &body, Framing::Events, &read, request, emit)
    }
}

fn read(event: &Event) -> serde_json::Result<Heard> {
    if event.data.trim() == "[DONE]" {
        return Ok(Heard { is_end: true, ..Heard::default() });
    }
    let chunk: Chunk = serde_json::from_str(&event.data)?;
    let usage = chunk.usage.unwrap_or_default();
    let mut heard = Heard {
        input_tokens: usage.prompt_tokens,
        output_tokens: usage.completion_tokens,
        is_failure: chunk.error.is_some(),
        ..Heard::default()
    };
    let choices = chunk.choices.unwrap_or_default();
    let Some(choice) = choices.into_iter().find(|choice| choice.index.unwrap_or(0) == 0) else {
        return Ok(heard);
    };
    // A reply in one piece has a message, one in many has what was added.
    heard.is_end = choice.message.is_some();
    if let Some(said) = choice.message.or(choice.delta) {
        heard.text = said.content;
        heard.is_refused = said.refusal.is_some_and(|text| !text.is_empty());
    }
    heard.finish = choice.finish_reason.as_deref().map(|reason| match reason {
        "length" => Finish::Length,
        _ => Finish::Stop,
    });
    heard.is_refused |= choice.finish_reason.as_deref() == Some("content_filter");
    Ok(heard)
}

#[derive(Serialize)]
struct WireRequest<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    temperature: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    stream: bool,
    stream_options: StreamOptions,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: &'a str,
}

/// One event, or the whole reply of a server that does not stream.
#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<WireUsage>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice {
    index: Option<u64>,
    delta: Option<Said>,
    message: Option<Said>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize, Default)]
struct WireUsage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}
