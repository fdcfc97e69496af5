//! What every language model over HTTP has in common.
//!
//! Knows how a request is sent, timed, refused, told apart from its neighbours' failures
//! and tried again. Nobody else knows which HTTP library is used. A connection serves one
//! request, so dropping a reply closes it and the server stops writing.

use super::retry::{Advice, Jitter};
use super::tls;
use crate::error::{Error, LlmFailure, Result, invalid};
use std::fmt;
use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use ureq::http::{HeaderMap, HeaderValue, Request, Response, Uri};
use ureq::tls::TlsConfig;
use ureq::{Agent, AsSendBody, Body, Timeout};

/// The most of a server's complaint that is kept, in bytes.
const MAX_COMPLAINT_BYTES: usize = 2048;
/// The longest reply that is read at once, in bytes.
const MAX_WHOLE_BYTES: u64 = 4 * 1024 * 1024;

type Sleeper = Arc<dyn Fn(Duration) + Send + Sync>;

/// One server, and how to speak to it. `Debug` never prints the key.
pub(crate) struct HttpClient {
    pub(crate) base_url: String,
    pub(crate) api_key: Option<String>,
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) max_retries: u32,
    pub(crate) is_plain_allowed: bool,
    pub(crate) jitter: Jitter,
    pub(crate) sleeper: Sleeper,
    agent: Agent,
}

/// A failed try, and whether another may help.
struct Failed {
    error: Error,
    again: Again,
}

enum Again {
    Never,
    AfterBackoff,
    After(Duration),
}

impl HttpClient {
    /// A client of that server with the usual limits.
    pub(crate) fn new(base_url: impl Into<String>, jitter_seed: u64) -> HttpClient {
        HttpClient {
            base_url: base_url.into(),
            api_key: None,
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            deadline: None,
            max_retries: 2,
            is_plain_allowed: false,
            jitter: Jitter::new(jitter_seed),
            sleeper: Arc::new(std::thread::sleep),
            agent: Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .proxy(None)
                .max_idle_connections(0)
                .tls_config(
                    TlsConfig::builder()
                        .unversioned_rustls_crypto_provider(tls::provider())
                        .build(),
                )
                .build()
                .new_agent(),
        }
    }

    /// Sends JSON and returns the reply once its status is a success, ready to be read.
    pub(crate) fn post(&self, path: &str, json: &str) -> Result<Response<Body>> {
        self.send(path, Some(json))
    }

    /// Sends JSON and returns the reply whole.
    pub(crate) fn post_whole(&self, path: &str, json: &str) -> Result<String> {
        self.whole(self.send(path, Some(json))?)
    }

    /// Asks for a page and returns it whole.
    pub(crate) fn get(&self, path: &str) -> Result<String> {
        self.whole(self.send(path, None)?)
    }

    fn whole(&self, mut reply: Response<Body>) -> Result<String> {
        reply
            .body_mut()
            .with_config()
            .limit(MAX_WHOLE_BYTES)
            .read_to_string()
            .map_err(|cause| self.broken_stream(cause.into_io()))
    }

    /// What a failed read in the middle of a reply means.
    pub(crate) fn broken_stream(&self, cause: std::io::Error) -> Error {
        let host = self.host();
        match ureq::Error::from(cause) {
            cause @ ureq::Error::Timeout(_) => {
                Error::llm(LlmFailure::Timeout, format!("the model server at {host} fell silent"))
                    .with_source(cause)
            }
            cause => Error::llm(
                LlmFailure::Truncated,
                format!("the reply of the model server at {host} broke off"),
            )
            .with_source(cause),
        }
    }

    /// An error for what the server said, with its words as the source, cut, without the key.
    pub(crate) fn complaint(&self, failure: LlmFailure, message: String, said: &str) -> Error {
        let without_key = match self.api_key.as_deref() {
            Some(key) if !key.is_empty() => said.replace(key, "[key]"),
            _ => said.to_owned(),
        };
        let cut = without_key
            .get(..without_key.floor_char_boundary(MAX_COMPLAINT_BYTES))
            .unwrap_or_default();
        Error::llm(failure, message).with_source(ServerSaid(cut.to_owned()))
    }

    fn send(&self, path: &str, json: Option<&str>) -> Result<Response<Body>> {
        let url = self.checked_url(path)?;
        let key = self.key_header()?;
        let started = Instant::now();
        let mut retry = 0;
        loop {
            let remaining = match self.deadline {
                Some(deadline) => {
                    Some(deadline.checked_sub(started.elapsed()).ok_or_else(|| self.too_late())?)
                }
                None => None,
            };
            let failed = match self.send_once(&url, key.as_ref(), json, remaining) {
                Ok(reply) => return Ok(reply),
                Err(failed) => failed,
            };
            let pause = match failed.again {
                Again::After(pause) => pause,
                Again::AfterBackoff => self.jitter.pause(retry),
                Again::Never => return Err(failed.error),
            };
            let is_too_late =
                self.deadline.is_some_and(|deadline| started.elapsed() + pause >= deadline);
            if retry >= self.max_retries || is_too_late {
                return Err(failed.error);
            }
            (self.sleeper)(pause);
            retry += 1;
        }
    }

    fn send_once(
        &self,
        url: &Uri,
        key: Option<&HeaderValue>,
        json: Option<&str>,
        remaining: Option<Duration>,
    ) -> Result<Response<Body>, Failed> {
        let request = match json {
            Some(_) => Request::post(url).header("content-type", "application/json"),
            None => Request::get(url),
        };
        let request = match key {
            Some(key) => request.header("authorization", key),
            None => request,
        };
        let outcome = match json {
            Some(json) => self.run(request.body(json.to_owned()), remaining),
            None => self.run(request.body(()), remaining),
        };
        match outcome {
            Ok(reply) if reply.status().is_success() => Ok(reply),
            Ok(reply) => Err(self.refused(reply)),
            Err(cause) => Err(self.unsent(cause)),
        }
    }

    fn run<B: AsSendBody>(
        &self,
        request: Result<Request<B>, ureq::http::Error>,
        remaining: Option<Duration>,
    ) -> Result<Response<Body>, ureq::Error> {
        let request = self
            .agent
            .configure_request(request?)
            .timeout_connect(Some(self.connect_timeout))
            .timeout_recv_response(Some(self.response_timeout))
            // The library counts the wait for the first byte as a read too, so the limit
            // for one read must not be shorter than the limit for the response.
            .timeout_per_read(Some(self.idle_timeout.max(self.response_timeout)))
            .timeout_global(remaining)
            .build();
        self.agent.run(request)
    }

    /// A failure before there was any reply.
    fn unsent(&self, cause: ureq::Error) -> Failed {
        let host = self.host();
        let (failure, again, what) = match &cause {
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                (LlmFailure::Connect, Again::AfterBackoff, "did not accept a connection in time")
            }
            ureq::Error::Timeout(_) => {
                (LlmFailure::Timeout, Again::Never, "did not answer in time")
            }
            ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => (
                LlmFailure::Connect,
                Again::AfterBackoff,
                "cannot be reached, or closed the connection",
            ),
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => {
                return Failed {
                    error: invalid("the request cannot be written").with_source(cause),
                    again: Again::Never,
                };
            }
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
                (LlmFailure::Decode, Again::Never, "does not speak HTTP as expected")
            }
            _ => (LlmFailure::Connect, Again::Never, "cannot be reached safely"),
        };
        let error =
            Error::llm(failure, format!("the model server at {host} {what}")).with_source(cause);
        Failed { error, again }
    }

    /// A reply whose status is not a success.
    fn refused(&self, reply: Response<Body>) -> Failed {
        let status = reply.status().as_u16();
        let advice = Advice {
            should_retry: header(reply.headers(), "x-should-retry"),
            after_ms: header(reply.headers(), "retry-after-ms"),
            after: header(reply.headers(), "retry-after"),
            date: header(reply.headers(), "date"),
        };
        let again = match (advice.allows_retry(status), advice.asked_pause(now_ms())) {
            (false, _) => Again::Never,
            (true, Some(pause)) => Again::After(pause),
            (true, None) => Again::AfterBackoff,
        };
        let headers = reply.headers();
        let number = header(headers, "x-request-id").or_else(|| header(headers, "request-id"));
        let number = number.map_or(String::new(), |number| format!(", request {number}"));
        let mut said = Vec::new();
        // A complaint that cannot be read whole is still a complaint: the status decides.
        let limit =
            MAX_COMPLAINT_BYTES.saturating_add(self.api_key.as_ref().map_or(0, String::len));
        let _ = reply
            .into_body()
            .into_reader()
            .take(u64::try_from(limit).unwrap_or(u64::MAX))
            .read_to_end(&mut said);
        let said = String::from_utf8_lossy(&said);
        let failure = failure_of(status, &said);
        let message = format!(
            "the model server at {} answered HTTP {status} ({}){number}",
            self.host(),
            words_of(failure)
        );
        Failed { error: self.complaint(failure, message, &said), again }
    }

    fn checked_url(&self, path: &str) -> Result<Uri> {
        let base = self.base_url.trim_end_matches('/');
        let url: Uri = format!("{base}{path}")
            .parse()
            .map_err(|_| invalid("the base URL of the model server is not a URL"))?;
        let host =
            url.host().ok_or_else(|| invalid("the base URL of the model server names no host"))?;
        if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(invalid(
                "the base URL of the model server holds a name or password; give a key instead",
            ));
        }
        match url.scheme_str() {
            Some("https") => Ok(url),
            Some("http") if self.is_plain_allowed || is_loopback(host) => Ok(url),
            Some("http") => Err(invalid(format!(
                "{host} is another machine, and plain http would show it the conversation and the key in the clear; \
                 use https, or allow plain http"
            ))),
            _ => Err(invalid(
                "the base URL of the model server begins with neither http:// nor https://",
            )),
        }
    }

    fn key_header(&self) -> Result<Option<HeaderValue>> {
        let Some(key) = self.api_key.as_deref() else { return Ok(None) };
        let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
            .map_err(|_| invalid("the API key holds a character that a header cannot carry"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    fn too_late(&self) -> Error {
        Error::llm(
            LlmFailure::Timeout,
            format!("the deadline for the model server at {} has passed", self.host()),
        )
    }

    /// The host and port, for messages; never a path, a name or a password.
    pub(crate) fn host(&self) -> String {
        let url: Option<Uri> = self.base_url.parse().ok();
        let host = url.as_ref().and_then(|url| {
            let port = url.port_u16().map_or(String::new(), |port| format!(":{port}"));
            url.host().map(|host| format!("{host}{port}"))
        });
        host.unwrap_or_else(|| "an unknown address".to_owned())
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("host", &self.host())
            .field("has_key", &self.api_key.is_some())
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("deadline", &self.deadline)
            .field("max_retries", &self.max_retries)
            .finish_non_exhaustive()
    }
}

/// The server's own words, as the cause of an error.
#[derive(Debug)]
struct ServerSaid(String);

impl fmt::Display for ServerSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ServerSaid {}

/// A header as text, if it is there and is text.
pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a server's words mean that the prompt is too long for the model.
pub(crate) fn is_about_context(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    [
        "context length",
        "context_length",
        "context window",
        "context size",
        "context_size",
        "prompt is too long",
    ]
    .iter()
    .any(|words| said.contains(words))
}

fn failure_of(status: u16, said: &str) -> LlmFailure {
    let is_json = matches!(serde_json::from_str(said), Ok(serde_json::Value::Object(_)));
    match status {
        401 | 403 => LlmFailure::Auth,
        404 if is_json => LlmFailure::ModelNotFound,
        408 | 504 => LlmFailure::Timeout,
        400 | 413 | 422 if is_about_context(said) => LlmFailure::ContextLength,
        429 => LlmFailure::RateLimited,
        503 | 529 => LlmFailure::Overloaded,
        499.. => LlmFailure::Server,
        _ => LlmFailure::BadRequest,
    }
}

fn words_of(failure: LlmFailure) -> &'static str {
    match failure {
        LlmFailure::Auth => "the key was refused",
        LlmFailure::ModelNotFound => "it does not know the model",
        LlmFailure::ContextLength => "the prompt is longer than the model's context",
        LlmFailure::RateLimited => "too many requests",
        LlmFailure::Overloaded => "it has no capacity at the moment",
        LlmFailure::Timeout => "a time limit passed",
        LlmFailure::BadRequest => "it did not accept the request",
        _ => "it failed",
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// For a pause until a date, when the server does not say what time it has.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::error::Error as _;

    fn client(base_url: &str) -> HttpClient {
        HttpClient::new(base_url, 1)
    }

    #[test]
    fn plain_http_is_for_this_machine_only_unless_allowed() {
        for url in [
            "http://127.0.0.1:11434",
            "http://127.8.8.8/",
            "http://[::1]:1",
            "http://localhost:11434",
            "https://a.example",
        ] {
            assert!(client(url).checked_url("/api/chat").is_ok(), "{url}");
        }
        for url in [
            "http://models.example",
            "http://10.0.0.7:11434",
            "http://localhost.example",
            "ftp://127.0.0.1",
            "",
            "models",
        ] {
            let error = client(url).checked_url("/api/chat").expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
        }
        let mut allowed = client("http://models.example");
        allowed.is_plain_allowed = true;
        assert!(allowed.checked_url("/api/chat").is_ok());
    }

    #[test]
    fn a_base_url_with_a_password_is_refused_and_never_printed() {
        let client = client("https://me:secret@models.example/base/");
        let error = client.checked_url("/api/chat").expect_err("refused");
        assert!(!format!("{error} {error:?} {client:?}").contains("secret"));
    }

    #[test]
    fn a_path_in_the_base_url_is_kept() {
        assert_eq!(
            client("https://a.example/llm/").checked_url("/api/chat").expect("fine").path(),
            "/llm/api/chat"
        );
    }

    #[test]
    fn the_key_is_in_no_error_and_no_debug_output() {
        let mut client = client("http://127.0.0.1:1");
        client.api_key = Some("sk-hidden".to_owned());
        let error =
            client.complaint(LlmFailure::Auth, "refused".to_owned(), "bad key sk-hidden given");
        assert_eq!(error.source().expect("has a cause").to_string(), "bad key [key] given");
        assert!(!format!("{client:?} {error:?}").contains("sk-hidden"));
        client.api_key = Some("sk-hidden\n".to_owned());
        let error = client.key_header().expect_err("refused");
        assert!(!format!("{error:?}").contains("sk-hidden"));
    }

    #[test]
    fn a_complaint_is_cut_at_two_kilobytes_between_characters() {
        let error = client("http://127.0.0.1:1").complaint(
            LlmFailure::Server,
            "x".to_owned(),
            &"\u{20ac}".repeat(900),
        );
        assert_eq!(error.source().expect("has a cause").to_string().len(), 2046);
    }

    #[test]
    fn statuses_are_told_apart() {
        let cases = [
            (400, "{}", LlmFailure::BadRequest),
            (400, r#"{"error":"exceeds the context length"}"#, LlmFailure::ContextLength),
            (403, "", LlmFailure::Auth),
            (404, r#"{"error":"model 'x' not found"}"#, LlmFailure::ModelNotFound),
            (404, "404 page not found", LlmFailure::BadRequest),
            (307, "", LlmFailure::BadRequest),
            (429, "", LlmFailure::RateLimited),
            (500, "", LlmFailure::Server),
            (502, "<html>", LlmFailure::Server),
            (503, "", LlmFailure::Overloaded),
            (504, "", LlmFailure::Timeout),
        ];
        for (status, said, failure) in cases {
            assert_eq!(failure_of(status, said), failure, "{status} {said}");
        }
    }
}
