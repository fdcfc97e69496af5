//! What a server means when it does not answer.
//!
//! Knows the forms of error bodies of all protocols, and which of their parts may be told: the
//! provider's own code, never its sentences, which often repeat the request.

use crate::error::LlmFailure;
use serde::Deserialize;

/// The longest code or number of a request that is repeated.
const MAX_NAME_BYTES: usize = 64;

/// A server's refusal, as far as it may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) failure: LlmFailure,
    /// `None` if it came in the middle of a reply.
    pub(crate) status: Option<u16>,
    /// The provider's own code, such as `rate_limit_error`.
    pub(crate) code: Option<String>,
    pub(crate) request_id: Option<String>,
    /// Whether trying again cannot help whatever the status says.
    pub(crate) is_final: bool,
}

impl Refusal {
    /// Reads the beginning of an error's body.
    pub(crate) fn of_status(status: u16, said: &str) -> Refusal {
        let is_json = matches!(serde_json::from_str(said), Ok(serde_json::Value::Object(_)));
        let codes = codes(said);
        let by_status = match status {
            401 | 403 => LlmFailure::Auth,
            404 if is_json => LlmFailure::ModelNotFound,
            408 | 504 => LlmFailure::Timeout,
            400 | 413 | 422 | 500 if is_about_context(said) => LlmFailure::ContextLength,
            429 => LlmFailure::RateLimited,
            503 | 529 => LlmFailure::Overloaded,
            499.. => LlmFailure::Server,
            _ => LlmFailure::BadRequest,
        };
        Refusal { status: Some(status), ..Refusal::of_codes(by_status, codes) }
    }

    /// Reads an error that came in the middle of a reply, as JSON.
    pub(crate) fn in_stream(said: &str) -> Refusal {
        let failure = match is_about_context(said) {
            true => LlmFailure::ContextLength,
            false => LlmFailure::Server,
        };
        Refusal::of_codes(failure, codes(said))
    }

    fn of_codes(otherwise: LlmFailure, codes: Vec<String>) -> Refusal {
        let known = codes.iter().find_map(|code| failure_of_code(code));
        let failure = match (otherwise, known) {
            (LlmFailure::ContextLength, _) | (_, None) => otherwise,
            (_, Some(known)) => known,
        };
        let is_final = codes.iter().any(|code| code == "insufficient_quota");
        let request_id = None;
        Refusal { failure, status: None, code: codes.into_iter().next(), request_id, is_final }
    }

    /// What it means.
    pub(crate) fn in_words(&self) -> &'static str {
        match self.failure {
            LlmFailure::Auth if self.is_final => "the account's quota is used up",
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
}

/// Whether a text is a bare name or number, such as `req_7f3a` or `text/html`.
pub(crate) fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+".contains(&byte);
    !text.is_empty() && text.len() <= MAX_NAME_BYTES && text.bytes().all(is_plain)
}

/// The codes of an error's body: `code`, then `type`. Small letters and underscores only, so
/// that no word of a conversation is taken for one.
fn codes(said: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Body {
        error: Option<serde_json::Value>,
    }
    let Ok(Body { error: Some(error) }) = serde_json::from_str::<Body>(said) else {
        return Vec::new();
    };
    let is_code = |text: &&str| {
        text.len() <= MAX_NAME_BYTES
            && text.contains('_')
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let named = |name: &str| error.get(name)?.as_str().filter(is_code).map(str::to_owned);
    ["code", "type"].into_iter().filter_map(named).collect()
}

fn failure_of_code(code: &str) -> Option<LlmFailure> {
    Some(match code {
        "context_length_exceeded" | "exceed_context_size_error" => LlmFailure::ContextLength,
        "authentication_error" | "permission_error" | "invalid_api_key" => LlmFailure::Auth,
        "insufficient_quota" | "billing_error" => LlmFailure::Auth,
        "not_found_error" | "model_not_found" => LlmFailure::ModelNotFound,
        "rate_limit_error" | "rate_limit_exceeded" => LlmFailure::RateLimited,
        "overloaded_error" => LlmFailure::Overloaded,
        "timeout_error" => LlmFailure::Timeout,
        "api_error" => LlmFailure::Server,
        _ => return None,
    })
}

/// Whether a server's words mean that the prompt is too long for the model.
fn is_about_context(said: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_codes_are_told_apart() {
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
            (
                529,
                r#"{"type":"error","error":{"type":"overloaded_error"}}"#,
                LlmFailure::Overloaded,
            ),
            (400, r#"{"error":{"code":"context_length_exceeded"}}"#, LlmFailure::ContextLength),
            (200, r#"{"error":{"type":"rate_limit_error"}}"#, LlmFailure::RateLimited),
        ];
        for (status, said, failure) in cases {
            assert_eq!(Refusal::of_status(status, said).failure, failure, "{status} {said}");
        }
    }

    #[test]
    fn a_quota_that_is_used_up_is_final_and_a_rate_limit_is_not() {
        let of =
            |code: &str| Refusal::of_status(429, &format!("{{\"error\":{{\"code\":\"{code}\"}}}}"));
        assert!(of("insufficient_quota").is_final);
        assert!(!of("rate_limit_exceeded").is_final);
    }

    #[test]
    fn only_codes_are_kept_and_never_a_sentence_or_a_name() {
        for said in [
            r#"{"error":{"type":"Where is my parcel?","code":"4711"}}"#,
            r#"{"error":{"type":"alice","code":null}}"#,
            r#"{"error":"Where is my parcel?"}"#,
            "Where is my parcel?",
            r#"{"error":[[[[{"type":"a_b"}]]]]}"#,
        ] {
            assert_eq!(Refusal::of_status(400, said).code, None, "{said}");
        }
        let deep = format!("{{\"error\":{}", "[".repeat(900));
        assert_eq!(Refusal::in_stream(&deep).failure, LlmFailure::Server);
    }
}
