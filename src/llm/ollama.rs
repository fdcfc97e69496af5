//! The Ollama protocol.
//!
//! Knows how a conversation is written for `/api/chat` and how its stream of JSON lines is
//! read back. Fields that it does not know are ignored; thinking is never shown.

use super::http::{HttpClient, header, is_about_context};
use super::lines::Lines;
use super::retry::Jitter;
use super::{Finish, LlmBackend, LlmOutcome, LlmRequest, Role, Usage, estimate};
use crate::error::{Error, LlmFailure, Result, invalid};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use ureq::Body;
use ureq::http::Response;

const DEFAULT_BASE_URL: &str = "http://127.0.0.1:11434";
/// Always sent: without it the server cuts long prompts silently.
const DEFAULT_NUM_CTX: u32 = 8192;

/// A model served by Ollama, on this machine by default.
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

impl Ollama {
    /// A model of the Ollama server at `http://127.0.0.1:11434`.
    pub fn new(model: impl Into<String>) -> Ollama {
        let model = model.into();
        let client =
            HttpClient::new(DEFAULT_BASE_URL, Jitter::seed_of(&[DEFAULT_BASE_URL, &model]));
        Ollama { model, num_ctx: DEFAULT_NUM_CTX, keep_alive: None, client }
    }

    /// Where the server is, without `/api`. Plain http is for this machine only; see
    /// [`allow_plain_http`](Ollama::allow_plain_http). Checked when it is first used.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.client.base_url = url.into();
        self
    }

    /// The key of a hosted server. It is in no error and no debug output.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.client.api_key = Some(key.into());
        self
    }

    /// Allows `http://` to another machine: the conversation and the key travel in the clear.
    pub fn allow_plain_http(mut self) -> Self {
        self.client.is_plain_allowed = true;
        self
    }

    /// The context asked for, in tokens, prompt and reply together; 8192 if never said.
    pub fn num_ctx(mut self, tokens: u32) -> Self {
        self.num_ctx = tokens;
        self
    }

    /// How long the server keeps the model loaded: a duration ("5m") or seconds ("300", "0"
    /// to unload, "-1" to keep). The server's own choice if never said.
    pub fn keep_alive(mut self, duration: impl Into<String>) -> Self {
        let duration = duration.into();
        self.keep_alive = Some(match duration.parse() {
            Ok(seconds) => KeepAlive::Seconds(seconds),
            Err(_) => KeepAlive::Text(duration),
        });
        self
    }

    /// How long to wait for a connection; 5 s if never said.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.client.connect_timeout = limit;
        self
    }

    /// How long to wait for the reply to begin; 60 s if never said. A cold model can take
    /// minutes.
    pub fn response_timeout(mut self, limit: Duration) -> Self {
        self.client.response_timeout = limit;
        self
    }

    /// The longest silence within a reply; 60 s if never said. Never shorter than the
    /// response timeout: the longer of the two is used.
    pub fn idle_timeout(mut self, limit: Duration) -> Self {
        self.client.idle_timeout = limit;
        self
    }

    /// The longest whole call, with its retries; no limit if never said.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.client.deadline = Some(limit);
        self
    }

    /// How often a request that failed in passing is sent again; 2 if never said.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.client.max_retries = retries;
        self
    }

    /// Varies the pauses between retries, so that many clients do not come back at once.
    pub fn retry_seed(mut self, seed: u64) -> Self {
        self.client.jitter = Jitter::new(seed);
        self
    }

    /// How to pause between retries; the thread sleeps if never said.
    pub fn sleep_with(mut self, sleeper: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        self.client.sleeper = Arc::new(sleeper);
        self
    }

    /// The names of the models that the server has; "x:latest" is given as "x".
    ///
    /// # Errors
    /// `Llm` if the server cannot be reached or understood; `InvalidArgument` for a base URL
    /// that is refused.
    pub fn models(&self) -> Result<Vec<String>> {
        let page = self.client.get("/api/tags")?;
        let tags: Tags = serde_json::from_str(&page)
            .map_err(|cause| self.undecodable("list of models", cause))?;
        let mut names = Vec::new();
        for tag in tags.models {
            let name = tag.name.strip_suffix(":latest").unwrap_or(&tag.name).to_owned();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn body(&self, request: &LlmRequest<'_>) -> Result<String> {
        if request.messages.is_empty() {
            return Err(invalid("the request holds no message to reply to"));
        }
        if !(0.0..=2.0).contains(&request.temperature) {
            return Err(invalid(format!(
                "the temperature is {}; it must lie between 0 and 2",
                request.temperature
            )));
        }
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
        serde_json::to_string(&body)
            .map_err(|cause| invalid("the request cannot be written as JSON").with_source(cause))
    }

    fn check_type(&self, reply: &Response<Body>) -> Result<()> {
        match header(reply.headers(), "content-type") {
            Some(kind) if !kind.to_ascii_lowercase().contains("json") => Err(Error::llm(
                LlmFailure::Decode,
                format!(
                    "the model server at {} answered with {kind}, not with JSON lines",
                    self.client.host()
                ),
            )),
            _ => Ok(()),
        }
    }

    fn stream_error(&self, error: &serde_json::Value) -> Error {
        let said = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
        let failure =
            if is_about_context(&said) { LlmFailure::ContextLength } else { LlmFailure::Server };
        let message = format!("the model server at {} failed while it replied", self.client.host());
        self.client.complaint(failure, message, &said)
    }

    fn undecodable(&self, what: &str, cause: serde_json::Error) -> Error {
        let host = self.client.host();
        Error::llm(
            LlmFailure::Decode,
            format!("the {what} of the model server at {host} is not the JSON expected"),
        )
        .with_source(cause)
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
        let reply = self.client.post("/api/chat", &self.body(request)?)?;
        self.check_type(&reply)?;
        let mut lines = Lines::new(reply.into_body().into_reader());
        let mut given_bytes = 0;
        while let Some(text) = lines.next(|cause| self.client.broken_stream(cause))? {
            if text.trim().is_empty() {
                continue;
            }
            let line: Line =
                serde_json::from_str(&text).map_err(|cause| self.undecodable("stream", cause))?;
            if let Some(error) = &line.error {
                return Err(self.stream_error(error));
            }
            if let Some(piece) = line.content().filter(|piece| !piece.is_empty()) {
                given_bytes += piece.len();
                if emit(piece).is_break() {
                    let usage = estimate::usage(request, given_bytes);
                    return Ok(LlmOutcome {
                        finish: Finish::Cancelled,
                        usage,
                        ..LlmOutcome::default()
                    });
                }
            }
            if line.done == Some(true) {
                let usage = line.usage(estimate::usage(request, given_bytes));
                return Ok(LlmOutcome { finish: line.finish(), usage, ..LlmOutcome::default() });
            }
        }
        Err(Error::llm(
            LlmFailure::Truncated,
            format!(
                "the reply of the model server at {} ended after {given_bytes} bytes, before its end",
                self.client.host()
            ),
        ))
    }
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
    error: Option<serde_json::Value>,
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

impl Line {
    fn content(&self) -> Option<&str> {
        self.message.as_ref()?.content.as_deref()
    }

    fn finish(&self) -> Finish {
        if self.done_reason.as_deref() == Some("length") { Finish::Length } else { Finish::Stop }
    }

    /// Reported only if both counts are there; a missing one is estimated.
    fn usage(&self, estimated: Usage) -> Usage {
        Usage {
            input_tokens: self.prompt_eval_count.unwrap_or(estimated.input_tokens),
            output_tokens: self.eval_count.unwrap_or(estimated.output_tokens),
            reported: self.prompt_eval_count.is_some() && self.eval_count.is_some(),
        }
    }
}

#[derive(Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}
