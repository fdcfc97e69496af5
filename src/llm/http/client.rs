//! One model server: how a request is sent, timed, refused and tried again.
//!
//! A connection serves one request, so dropping a reply closes it and the server stops
//! writing. Every read has a limit of bytes and of time. An error says what the server's
//! status and code mean and never repeats its words: they often hold the request.

use super::refusal::{Refusal, is_name};
use super::retry::{Advice, Jitter};
use crate::error::{Error, ErrorKind, LlmFailure, Result, invalid};
use std::fmt;
use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use ureq::http::{HeaderMap, HeaderValue, Request, Response, Uri};
use ureq::{Agent, AsSendBody, Body, Timeout};

/// The most of a server's complaint that is read, in bytes and in reads: a server that gives
/// them one by one is not waited for.
const MAX_COMPLAINT_BYTES: usize = 2048;
const MAX_COMPLAINT_READS: usize = 64;
/// The longest reply that is read at once, in bytes.
const MAX_WHOLE_BYTES: usize = 4 * 1024 * 1024;
/// The longest text of a reply.
const MAX_REPLY_BYTES: usize = 256 * 1024;
/// The longest whole call.
const DEADLINE: Duration = Duration::from_secs(300);
/// A longer deadline is as good as none.
const LONGEST_DEADLINE: Duration = Duration::from_secs(366 * 24 * 60 * 60);

type Sleeper = Arc<dyn Fn(Duration) + Send + Sync>;

/// Which header carries the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyHeader {
    /// `authorization: Bearer KEY`
    Bearer,
    /// `x-api-key: KEY`
    ApiKey,
}

/// One server, and how to speak to it. `Debug` never prints the key.
pub(crate) struct HttpClient {
    pub(crate) base_url: String,
    pub(crate) api_key: Option<String>,
    pub(crate) key_header: KeyHeader,
    /// Headers of the protocol.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) connect_timeout: Duration,
    pub(crate) response_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) max_retries: u32,
    pub(crate) max_reply_bytes: usize,
    pub(crate) is_plain_allowed: bool,
    jitter: Jitter,
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
    /// A client of that server with the usual limits; `model` only varies its pauses.
    pub(crate) fn new(base_url: impl Into<String>, model: &str) -> HttpClient {
        let base_url = base_url.into();
        HttpClient {
            jitter: Jitter::new(Jitter::seed_of(&[&base_url, model])),
            base_url,
            api_key: None,
            key_header: KeyHeader::Bearer,
            headers: &[],
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(60),
            idle_timeout: Duration::from_secs(60),
            deadline: DEADLINE,
            max_retries: 2,
            max_reply_bytes: MAX_REPLY_BYTES,
            is_plain_allowed: false,
            sleeper: Arc::new(std::thread::sleep),
            agent: Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .proxy(None)
                .max_idle_connections(0)
                .build()
                .new_agent(),
        }
    }

    /// Varies the pauses between retries.
    pub(crate) fn set_seed(&mut self, seed: u64) {
        self.jitter = Jitter::new(seed);
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

    /// The rest of a reply, if it is not longer than may be.
    pub(crate) fn whole(&self, reply: Response<Body>) -> Result<String> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(MAX_WHOLE_BYTES + 1).unwrap_or(u64::MAX);
        let mut body = reply.into_body().into_reader().take(limit);
        body.read_to_end(&mut bytes).map_err(|cause| self.broken_stream(cause))?;
        if bytes.len() > MAX_WHOLE_BYTES {
            let what = format!("page is longer than {MAX_WHOLE_BYTES} bytes");
            return Err(self.too_long(&what));
        }
        String::from_utf8(bytes).map_err(|_| {
            let message = format!("the page of the model server at {} is not UTF-8", self.host());
            Error::llm(LlmFailure::Decode, message)
        })
    }

    /// What a failed read in the middle of a reply means.
    pub(crate) fn broken_stream(&self, cause: std::io::Error) -> Error {
        let host = self.host();
        match ureq::Error::from(cause) {
            ureq::Error::Timeout(Timeout::Global) => self.too_late(),
            ureq::Error::Timeout(_) => {
                Error::llm(LlmFailure::Timeout, format!("the model server at {host} fell silent"))
            }
            ureq::Error::Io(cause) => Error::llm(
                LlmFailure::Truncated,
                format!("the reply of the model server at {host} broke off"),
            )
            .with_source(cause),
            _ => Error::llm(
                LlmFailure::Truncated,
                format!("the reply of the model server at {host} broke off"),
            ),
        }
    }

    /// The error for a reply that passes a limit.
    pub(crate) fn too_long(&self, what: &str) -> Error {
        Error::new(ErrorKind::Limit, format!("the model server at {}: its {what}", self.host()))
    }

    /// The error for JSON that is not what the protocol says; where, and never what.
    pub(crate) fn undecodable(&self, what: &str, cause: &serde_json::Error) -> Error {
        let message = format!(
            "the {what} of the model server at {} is not the JSON expected (line {}, column {})",
            self.host(),
            cause.line(),
            cause.column()
        );
        Error::llm(LlmFailure::Decode, message)
    }

    /// The error for what a server said instead of a reply, or in the middle of one.
    pub(crate) fn complaint(&self, refusal: &Refusal) -> Error {
        let host = self.host();
        let message = match refusal.status {
            Some(status) => format!("the model server at {host} answered HTTP {status}"),
            None => format!("the model server at {host} failed while it replied"),
        };
        let id = refusal.request_id.as_deref().filter(|id| !self.holds_key(id));
        let id = id.map_or(String::new(), |id| format!(", request {id}"));
        let code = refusal.code.as_deref().filter(|code| !self.holds_key(code));
        let code = code.map_or(String::new(), |code| format!("; {code}"));
        Error::llm(refusal.failure, format!("{message} ({}{code}){id}", refusal.in_words()))
    }

    /// A content type as it may be told, or that it is none.
    pub(crate) fn named_type<'t>(&self, kind: &'t str) -> &'t str {
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if is_name(essence) && !self.holds_key(essence) { essence } else { "something else" }
    }

    fn holds_key(&self, text: &str) -> bool {
        self.api_key.as_deref().is_some_and(|key| !key.is_empty() && text.contains(key))
    }

    fn send(&self, path: &str, json: Option<&str>) -> Result<Response<Body>> {
        let url = self.checked_url(path)?;
        let key = self.key_value()?;
        let deadline = self.deadline.min(LONGEST_DEADLINE);
        let started = Instant::now();
        let mut retry = 0;
        loop {
            let remaining =
                deadline.checked_sub(started.elapsed()).ok_or_else(|| self.too_late())?;
            let failed = match self.send_once(&url, key.as_ref(), json, remaining) {
                Ok(reply) => return Ok(reply),
                Err(failed) => failed,
            };
            let pause = match failed.again {
                Again::After(pause) => pause,
                Again::AfterBackoff => self.jitter.pause(retry),
                Again::Never => return Err(failed.error),
            };
            if retry >= self.max_retries || started.elapsed() + pause >= deadline {
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
        remaining: Duration,
    ) -> Result<Response<Body>, Failed> {
        let mut request = match json {
            Some(_) => Request::post(url).header("content-type", "application/json"),
            None => Request::get(url),
        };
        for (name, value) in self.headers {
            request = request.header(*name, *value);
        }
        if let Some(key) = key {
            let name = match self.key_header {
                KeyHeader::Bearer => "authorization",
                KeyHeader::ApiKey => "x-api-key",
            };
            request = request.header(name, key);
        }
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
        remaining: Duration,
    ) -> Result<Response<Body>, ureq::Error> {
        let request = self
            .agent
            .configure_request(request?)
            .timeout_connect(Some(self.connect_timeout))
            .timeout_recv_response(Some(self.response_timeout))
            // The library counts the wait for the first byte as a read too, so the limit
            // for one read must not be shorter than the limit for the response.
            .timeout_per_read(Some(self.idle_timeout.max(self.response_timeout)))
            .timeout_global(Some(remaining))
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
            // What the library for TLS refuses, a certificate above all.
            ureq::Error::Io(cause) if cause.kind() == std::io::ErrorKind::InvalidData => (
                LlmFailure::Connect,
                Again::Never,
                "shows a certificate that is not trusted, or speaks no TLS; nothing was sent",
            ),
            ureq::Error::Io(_) | ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => (
                LlmFailure::Connect,
                Again::AfterBackoff,
                "cannot be reached, or closed the connection",
            ),
            ureq::Error::Http(_) | ureq::Error::BadUri(_) => {
                return Failed {
                    error: invalid("the request cannot be written"),
                    again: Again::Never,
                };
            }
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
                (LlmFailure::Decode, Again::Never, "does not speak HTTP as expected")
            }
            _ => (LlmFailure::Connect, Again::Never, "cannot be reached safely"),
        };
        let error = Error::llm(failure, format!("the model server at {host} {what}"));
        let error = match cause {
            ureq::Error::Io(cause) => error.with_source(cause),
            _ => error,
        };
        Failed { error, again }
    }

    /// A reply whose status is not a success.
    fn refused(&self, reply: Response<Body>) -> Failed {
        let status = reply.status().as_u16();
        let headers = reply.headers();
        let advice = Advice {
            should_retry: header(headers, "x-should-retry"),
            after_ms: header(headers, "retry-after-ms"),
            after: header(headers, "retry-after"),
            date: header(headers, "date"),
        };
        let allowed = advice.allows_retry(status);
        let pause = advice.asked_pause(now_ms());
        let id = header(headers, "x-request-id").or_else(|| header(headers, "request-id"));
        let id = id.filter(|id| is_name(id)).map(str::to_owned);
        let said = read_some(&mut reply.into_body().into_reader());
        let refusal = Refusal { request_id: id, ..Refusal::of_status(status, &said) };
        let again = match (allowed && !refusal.is_final, pause) {
            (false, _) => Again::Never,
            (true, Some(pause)) => Again::After(pause),
            (true, None) => Again::AfterBackoff,
        };
        Failed { error: self.complaint(&refusal), again }
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

    fn key_value(&self) -> Result<Option<HeaderValue>> {
        let Some(key) = self.api_key.as_deref() else { return Ok(None) };
        let text = match self.key_header {
            KeyHeader::Bearer => format!("Bearer {key}"),
            KeyHeader::ApiKey => key.to_owned(),
        };
        let mut value = HeaderValue::from_str(&text)
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
            .field("max_reply_bytes", &self.max_reply_bytes)
            .finish_non_exhaustive()
    }
}

/// The beginning of a complaint. One that cannot be read whole is still a complaint: the status
/// decides.
fn read_some(body: &mut impl Read) -> String {
    let mut said = Vec::new();
    let mut part = [0; MAX_COMPLAINT_BYTES];
    for _ in 0..MAX_COMPLAINT_READS {
        match body.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(read) => said.extend_from_slice(part.get(..read).unwrap_or_default()),
        }
        if said.len() >= MAX_COMPLAINT_BYTES {
            break;
        }
    }
    String::from_utf8_lossy(&said).into_owned()
}

/// A header as text, if it is there and is text.
pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
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
        HttpClient::new(base_url, "m")
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
        let said = "{\"error\":{\"type\":\"sk-hidden\",\"message\":\"bad key sk-hidden\"}}";
        let refusal = Refusal {
            request_id: Some("sk-hidden".to_owned()),
            code: Some("sk-hidden".to_owned()),
            ..Refusal::of_status(401, said)
        };
        let error = client.complaint(&refusal);
        assert!(error.source().is_none(), "a server's words are no part of an error");
        assert!(!format!("{client:?} {error:?} {error}").contains("sk-hidden"));
        assert_eq!(client.named_type("text/sk-hidden"), "something else");
        client.api_key = Some("sk-hidden\n".to_owned());
        let error = client.key_value().expect_err("refused");
        assert!(!format!("{error:?}").contains("sk-hidden"));
    }

    #[test]
    fn a_complaint_that_drips_is_given_up_after_some_reads() {
        struct Drip(usize);
        impl Read for Drip {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                self.0 += 1;
                buffer.first_mut().into_iter().for_each(|byte| *byte = b'x');
                Ok(1)
            }
        }
        let mut drip = Drip(0);
        assert_eq!(read_some(&mut drip).len(), MAX_COMPLAINT_READS);
        assert_eq!(drip.0, MAX_COMPLAINT_READS);
        assert!(read_some(&mut std::io::repeat(b'x')).len() <= 2 * MAX_COMPLAINT_BYTES);
    }
}
