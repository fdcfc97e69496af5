//! The Ollama protocol.
//!
//! Knows how a conversation is written for `/api/chat` and how its stream of JSON lines is
//! read back. Fields that it does not know are ignored; thinking is never shown.

use super::settings::check;
use crate::error::{Result, invalid};
use crate::llm::http::{Event, Framing, Heard, HttpClient, converse};
use crate::llm::{Finish, LlmBackend, LlmOutcome, LlmRequest, Role};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

const DEFAULT_BASE_URL: &str = "http://127.0.0.1:11434";
/// Always sent: without it the server cuts long prompts silently.
const DEFAULT_NUM_CTX: u32 = 8192;

/// A model served by Ollama, on this machine by default; the base URL is given without `/api`.
///
/// Nothing is sent before the first call. A request that fails in passing is sent again at
/// most twice, and never once a piece of the reply was given.
///
/// ```
/// use confidant::{LlmBackend, Ollama};
/// let model = Ollama::new("llama3.1:8b-instruct-q8_0").num_ctx(16_384).keep_alive("30m");
/// assert_eq!(model.name(), "llama3.1:8b-instruct-q8_0");
/// ```
#[derive(Debug)]
pub struct Ollama {
    model: String,
    num_ctx: u32,
    keep_alive: Option<KeepAlive>,
    client: HttpClient,
}

http_settings!(Ollama);
reply_settings!(Ollama);

impl Ollama {
    /// A model of the Ollama server at `http://127.0.0.1:11434`.
    pub fn new(model: impl Into<String>) -> Ollama {
        let model = model.into();
        let client = HttpClient::new(DEFAULT_BASE_URL, &model);
        Ollama { model, num_ctx: DEFAULT_NUM_CTX, keep_alive: None, client }
    }

    /// The context asked for, in tokens, prompt and reply together. Default: 8192.
    #[must_use]
    pub fn num_ctx(mut self, tokens: u32) -> Self {
        self.num_ctx = tokens;
        self
    }

    /// How long the server keeps the model loaded: a duration ("5m") or seconds ("300", "0"
    /// to unload, "-1" to keep). Default: the server's own choice.
    #[must_use]
    pub fn keep_alive(mut self, duration: impl Into<String>) -> Self {
        let duration = duration.into();
        self.keep_alive = Some(match duration.parse() {
            Ok(seconds) => KeepAlive::Seconds(seconds),
            Err(_) => KeepAlive::Text(duration),
        });
        self
    }

    /// The names of the models that the server has, each once and in the server's order;
    /// "x:latest" is given as "x".
    ///
    /// # Errors
    /// `Llm` if the server cannot be reached or understood; `InvalidArgument` for a base URL
    /// that is refused.
    pub fn models(&self) -> Result<Vec<String>> {
        let page = self.client.get("/api/tags")?;
        let tags: Tags = serde_json::from_str(&page)
            .map_err(|cause| self.client.undecodable("list of models", &cause))?;
        let mut seen = std::collections::HashSet::new();
        let names = tags.models.into_iter().map(|tag| match tag.name.strip_suffix(":latest") {
            Some(name) => name.to_owned(),
            None => tag.name,
        });
        Ok(names.filter(|name| seen.insert(name.clone())).collect())
    }

    fn body(&self, request: &LlmRequest<'_>) -> Result<String> {
        check(request)?;
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
            stream: true,
            options: WireOptions {
                temperature: request.temperature,
                num_predict: request.max_tokens,
                num_ctx: self.num_ctx,
            },
            keep_alive: self.keep_alive.as_ref(),
        };
        serde_json::to_string(&body).map_err(|_| invalid("the request cannot be written as JSON"))
    }
}

impl LlmBackend for Ollama {
    fn name(&self) -> &str {
        &self.model
    }

    /// True without an API key: a server of one's own.
    fn is_free(&self) -> bool {
        self.client.api_key.is_none()
    }

    fn complete(
        &self,
        request: &LlmRequest<'_>,
        emit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<LlmOutcome> {
        let body = self.body(request)?;
        converse(&self.client, "/api/chat", &body, Framing::Lines, &read, request, emit)
    }
}

fn read(event: &Event) -> serde_json::Result<Heard> {
    let line: Line = serde_json::from_str(&event.data)?;
    let is_end = line.done == Some(true);
    let finish = match line.done_reason.as_deref() {
        Some("length") => Finish::Length,
        _ => Finish::Stop,
    };
    Ok(Heard {
        text: line.message.and_then(|message| message.content),
        finish: is_end.then_some(finish),
        input_tokens: line.prompt_eval_count,
        output_tokens: line.eval_count,
        is_end,
        is_failure: line.error.is_some(),
        ..Heard::default()
    })
}

#[derive(Serialize)]
struct WireRequest<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    stream: bool,
    options: WireOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<&'a KeepAlive>,
}

#[derive(Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct WireOptions {
    temperature: f32,
    num_predict: u32,
    num_ctx: u32,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum KeepAlive {
    Seconds(i64),
    Text(String),
}

/// One line of the stream. Counts that are zero are left out by the server.
#[derive(Deserialize)]
struct Line {
    error: Option<serde::de::IgnoredAny>,
    message: Option<LineMessage>,
    done: Option<bool>,
    done_reason: Option<String>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
}

#[derive(Deserialize)]
struct LineMessage {
    content: Option<String>,
}

#[derive(Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}
