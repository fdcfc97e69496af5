//! What the Ollama backend promises, against a server that misbehaves on purpose.
#![cfg(feature = "http")]

#[path = "support/fake_llm.rs"]
mod fake_llm;

use confidant::{
    Error, ErrorKind, Finish, LlmBackend, LlmFailure, LlmMessage, LlmOutcome, LlmRequest, Ollama,
    Result, Role,
};
use fake_llm::{End, FakeServer, Reply};
use std::error::Error as _;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const HELLO: &str = "{\"model\":\"m\",\"created_at\":\"2026-11-21T09:30:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\"Gr\u{fc}\u{df} \"},\"done\":false}\n";
const WORLD: &str = "{\"message\":{\"role\":\"assistant\",\"content\":\"Gott \u{1f600}\"},\"done\":false,\"new_field\":[1]}\n";
const DONE: &str = "{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"total_duration\":5,\"prompt_eval_count\":26,\"eval_count\":7}\n";
const TEXT: &str = "Gr\u{fc}\u{df} Gott \u{1f600}";

type Pauses = Arc<Mutex<Vec<Duration>>>;

/// A model of that server, and the pauses it would have made; it never sleeps.
fn model(server: &FakeServer) -> (Ollama, Pauses) {
    let pauses = Pauses::default();
    let kept = Arc::clone(&pauses);
    let model = Ollama::new("m")
        .base_url(server.url())
        .sleep_with(move |pause| kept.lock().unwrap().push(pause));
    (model, pauses)
}

fn ask_until(model: &Ollama, pieces_wanted: usize) -> (Vec<String>, Result<LlmOutcome>) {
    let messages = [
        LlmMessage::new(Role::Customer, "Where is my \"parcel\"?"),
        LlmMessage::new(Role::Agent, "Which one?"),
        LlmMessage::new(Role::Customer, "The gr\u{fc}ne one.\n"),
    ];
    let mut pieces = Vec::new();
    let outcome = model.complete(&LlmRequest::new("Be kind.", &messages), &mut |piece| {
        pieces.push(piece.to_owned());
        if pieces.len() == pieces_wanted {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    (pieces, outcome)
}

fn ask(reply: Reply) -> (String, Result<LlmOutcome>) {
    let server = FakeServer::start([reply]);
    let (pieces, outcome) = ask_until(&model(&server).0.max_retries(0), usize::MAX);
    (pieces.concat(), outcome)
}

fn refusal(reply: Reply) -> Error {
    ask(reply).1.expect_err("refused")
}

fn failure(reply: Reply) -> Option<LlmFailure> {
    refusal(reply).llm_failure()
}

#[test]
fn a_streamed_reply_arrives_in_pieces_with_the_servers_counts() {
    let server = FakeServer::start([Reply::ndjson([HELLO, WORLD, DONE]).chunked()]);
    let (pieces, outcome) = ask_until(&model(&server).0, usize::MAX);
    assert_eq!(pieces, ["Gr\u{fc}\u{df} ", "Gott \u{1f600}"]);
    let outcome = outcome.unwrap();
    assert_eq!(outcome.finish, Finish::Stop);
    assert_eq!(
        (outcome.usage.input_tokens, outcome.usage.output_tokens, outcome.usage.reported),
        (26, 7, true)
    );
    assert_eq!((outcome.confidence, outcome.resolved), (None, None));
}

#[test]
fn a_reply_in_one_object_is_a_stream_of_one_line() {
    let whole = r#"{"message":{"role":"assistant","content":"All at once."},"done":true,"done_reason":"length"}"#;
    let reply =
        Reply::status(200).header("Content-Type", "application/json; charset=utf-8").frame(whole);
    let (text, outcome) = ask(reply);
    let outcome = outcome.unwrap();
    assert_eq!((text.as_str(), outcome.finish), ("All at once.", Finish::Length));
    // The server counted nothing.
    assert!((3..9).contains(&outcome.usage.output_tokens) && !outcome.usage.reported);
    assert!(outcome.usage.input_tokens > 16);
}

#[test]
fn the_request_is_written_as_documented() {
    let server = FakeServer::start([Reply::ndjson([DONE]), Reply::ndjson([DONE])]);
    let (model, _) = model(&server);
    let model = model.api_key("sk-1").num_ctx(4096).keep_alive("5m");
    ask_until(&model, usize::MAX).1.unwrap();
    let messages = [LlmMessage::new(Role::Customer, "hi")];
    let mut request = LlmRequest::new("", &messages);
    (request.temperature, request.max_tokens) = (0.0, 12);
    model.keep_alive("-1").complete(&request, &mut |_| ControlFlow::Continue(())).unwrap();
    let received = server.requests();
    assert_eq!((received[0].method.as_str(), received[0].path.as_str()), ("POST", "/api/chat"));
    assert_eq!(received[0].header("content-type"), Some("application/json"));
    assert_eq!(received[0].header("authorization"), Some("Bearer sk-1"));
    assert_eq!(received[0].header("accept-encoding"), None);
    assert_eq!(
        received[0].body,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},\
         {\"role\":\"user\",\"content\":\"Where is my \\\"parcel\\\"?\"},\
         {\"role\":\"assistant\",\"content\":\"Which one?\"},\
         {\"role\":\"user\",\"content\":\"The gr\u{fc}ne one.\\n\"}],\"stream\":true,\
         \"options\":{\"temperature\":0.7,\"num_predict\":300,\"num_ctx\":4096},\"keep_alive\":\"5m\"}"
    );
    assert_eq!(
        received[1].body,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true,\
         \"options\":{\"temperature\":0.0,\"num_predict\":12,\"num_ctx\":4096},\"keep_alive\":-1}"
    );
}

#[test]
fn bytes_may_be_split_anywhere_also_inside_a_character() {
    for size in [1, 2, 3, 7, 100] {
        let (text, outcome) = ask(Reply::ndjson([HELLO, WORLD, DONE]).write_size(size));
        assert!(outcome.is_ok());
        assert_eq!(text, TEXT, "writes of {size} bytes");
    }
}

#[test]
fn line_ends_blank_lines_and_a_missing_last_line_end_do_not_matter() {
    let crlf = [HELLO, "\n", WORLD, DONE].concat().replace('\n', "\r\n");
    assert_eq!(ask(Reply::ndjson([crlf.as_str()])).0, TEXT);
    let together = [HELLO, WORLD, DONE.trim_end()].concat();
    let (text, outcome) = ask(Reply::ndjson([together]));
    assert_eq!(text, TEXT);
    assert!(outcome.unwrap().usage.reported);
}

#[test]
fn thinking_and_lines_without_text_are_not_shown() {
    let thinking = "{\"message\":{\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}\n";
    let nothing = "{\"message\":null}\n{\"message\":{\"content\":null,\"tool_calls\":[]}}\n{}\n";
    assert_eq!(ask(Reply::ndjson([thinking, nothing, HELLO, WORLD, DONE])).0, TEXT);
}

#[test]
fn a_stream_without_its_last_line_is_truncated_and_keeps_what_was_given() {
    let endings = [
        Reply::ndjson([HELLO]),
        Reply::ndjson([HELLO]).chunked(),
        Reply::ndjson([HELLO]).chunked().end(End::Reset),
        Reply::ndjson([HELLO]).header("Content-Length", "5000"),
    ];
    for reply in endings {
        let (text, outcome) = ask(reply);
        assert_eq!(text, "Gr\u{fc}\u{df} ");
        assert_eq!(outcome.expect_err("truncated").llm_failure(), Some(LlmFailure::Truncated));
    }
}

#[test]
fn an_error_in_the_middle_of_the_stream_is_reported_and_not_tried_again() {
    let server = FakeServer::start([
        Reply::ndjson([HELLO, "{\"error\":\"runner died\"}\n"]),
        Reply::ndjson([DONE]),
    ]);
    let (pieces, outcome) = ask_until(&model(&server).0, usize::MAX);
    let error = outcome.expect_err("failed");
    assert_eq!(pieces.len(), 1);
    assert_eq!(error.llm_failure(), Some(LlmFailure::Server));
    assert!(error.source().is_none() && !format!("{error:?}").contains("runner"));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn refusals_are_told_apart() {
    let json = |status, said: &str| {
        Reply::status(status).header("Content-Type", "application/json").frame(said)
    };
    let cases = [
        (
            json(404, r#"{"error":"model \"m\" not found, try pulling it first"}"#),
            LlmFailure::ModelNotFound,
        ),
        (json(401, r#"{"error":"unauthorized","signin_url":"x"}"#), LlmFailure::Auth),
        (json(400, r#"{"error":"invalid options"}"#), LlmFailure::BadRequest),
        (json(400, r#"{"error":"input exceeds the context length"}"#), LlmFailure::ContextLength),
        (
            Reply::status(500).header("Content-Type", "text/plain").frame("oh no"),
            LlmFailure::Server,
        ),
        (
            Reply::status(502).header("Content-Type", "text/html").frame("<html>bad gateway"),
            LlmFailure::Server,
        ),
        (json(503, r#"{"error":"server busy"}"#), LlmFailure::Overloaded),
        (Reply::status(307).header("Location", "http://127.0.0.1:1/steal"), LlmFailure::BadRequest),
    ];
    for (reply, expected) in cases {
        assert_eq!(failure(reply), Some(expected));
    }
}

#[test]
fn a_refusal_names_the_request_and_the_servers_code_and_never_repeats_its_words() {
    let said = r#"{"error":{"type":"overloaded_error","message":"Where is my \"parcel\"?"}}"#;
    let reply = Reply::status(400).header("X-Request-Id", "r-7").frame(said);
    let error = refusal(reply);
    let printed = format!("{error} {error:?}");
    for part in ["HTTP 400", "r-7", "overloaded_error"] {
        assert!(printed.contains(part), "{printed}");
    }
    assert!(error.source().is_none() && !printed.contains("parcel"), "{printed}");
    for (name, value) in
        [("X-Request-Id", "Where is my parcel"), ("Content-Type", "text/my parcel")]
    {
        let error = refusal(Reply::status(200).header(name, value).frame("{\"parcel\":}"));
        assert!(!format!("{error} {error:?}").contains("parcel"), "{error:?}");
    }
    let error = refusal(Reply::ndjson(["{\"error\":\"about parcel\"}\n"]));
    assert!(!format!("{error} {error:?}").contains("parcel"), "{error:?}");
    let error = refusal(Reply::ndjson(["{\"message\":{\"content\":{\"parcel\":1}}}\n"]));
    assert!(!format!("{error} {error:?}").contains("parcel"), "{error:?}");
}

#[test]
fn a_key_that_the_server_repeats_is_not_in_the_error() {
    let server = FakeServer::start([
        Reply::status(401).frame("{\"error\":\"bad key sk-hidden\"}"),
        Reply::status(400).header("request-id", "sk-hidden").frame("{}"),
        Reply::status(200).header("Content-Type", "text/sk-hidden").frame("{}"),
    ]);
    let model = model(&server).0.api_key("sk-hidden");
    for _ in 0..3 {
        let error = ask_until(&model, usize::MAX).1.expect_err("refused");
        assert!(!format!("{error} {error:?} {model:?}").contains("sk-hidden"));
    }
}

#[test]
fn a_page_that_is_not_json_lines_is_refused() {
    let html = Reply::status(200).header("Content-Type", "text/html").frame("<html>welcome");
    assert_eq!(failure(html), Some(LlmFailure::Decode));
    assert_eq!(failure(Reply::ndjson(["<html>\n"])), Some(LlmFailure::Decode));
    assert_eq!(failure(Reply::ndjson([b"{\"message\":\"\xff\"}\n"])), Some(LlmFailure::Decode));
}

#[test]
fn a_line_without_end_is_given_up_at_one_mebibyte() {
    let (text, outcome) =
        ask(Reply::ndjson([HELLO.as_bytes(), &vec![b'x'; 1024 * 1024 + 1]]).end(End::Hang));
    assert_eq!(text, "Gr\u{fc}\u{df} ");
    let error = outcome.expect_err("too long");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("1 MiB"), "{error}");
}

/// Asks a server that never stops; the error, and the bytes that were passed on until then.
fn endless(reply: Reply, limit: usize) -> (Error, usize) {
    let server = FakeServer::start([reply]);
    let model = model(&server).0.max_reply_bytes(limit).max_retries(0);
    let (pieces, outcome) = ask_until(&model, usize::MAX);
    let error = outcome.expect_err("it has no end");
    assert!(server.saw_client_close(), "the server is told to stop");
    (error, pieces.concat().len())
}

#[test]
fn a_reply_without_end_is_given_up_at_its_limit_whatever_it_is_made_of() {
    let line = "{\"message\":{\"content\":\"0123456789\"}}\n";
    let at_once = Duration::ZERO;
    let (error, given) = endless(Reply::ndjson([HELLO]).endless(at_once, line.repeat(50)), 1_000);
    assert_eq!((error.kind(), given), (ErrorKind::Limit, 7 + 99 * 10));
    // Without any text: blank lines, lines that say nothing, one line.
    for silence in ["\n".repeat(5_000), "{}\n".repeat(2_000), "x".repeat(10_000)] {
        let (error, given) = endless(Reply::ndjson([HELLO]).endless(at_once, silence), 1_000);
        assert_eq!((error.kind(), given), (ErrorKind::Limit, 7));
    }
}

#[test]
fn a_reply_that_drips_for_ever_ends_at_the_deadline() {
    let pause = Duration::from_millis(5);
    for (reply, kept) in [
        (Reply::ndjson([HELLO]).endless(pause, "x"), 1),
        (Reply::ndjson([HELLO]).endless(pause, "\n"), 1),
        (Reply::ndjson([HELLO]).endless(pause, "{}\n"), 1),
    ] {
        let server = FakeServer::start([reply]);
        let model = model(&server).0.deadline(Duration::from_millis(300));
        let (pieces, outcome) = ask_until(&model, usize::MAX);
        let error = outcome.expect_err("it drips for ever");
        assert_eq!((error.llm_failure(), pieces.len()), (Some(LlmFailure::Timeout), kept));
        assert!(server.saw_client_close());
    }
}

#[test]
fn an_error_that_drips_is_given_up_after_some_reads_without_any_deadline() {
    let server = FakeServer::start([Reply::status(400).endless(Duration::from_millis(1), "x")]);
    let error = ask_until(&model(&server).0, 1).1.expect_err("refused");
    assert_eq!(error.llm_failure(), Some(LlmFailure::BadRequest));
    assert!(server.saw_client_close());
}

#[test]
fn a_line_nested_without_end_is_refused_or_passed_over() {
    let deep = "[".repeat(500_000);
    for line in [format!("{{\"message\":{deep}\n"), format!("{{\"unknown\":{deep}\n")] {
        assert_eq!(failure(Reply::ndjson([line])), Some(LlmFailure::Decode));
    }
}

#[test]
fn the_pause_that_a_server_asks_for_is_kept() {
    let refusals = [
        (Reply::status(429).header("Retry-After", "2"), 2000),
        (Reply::status(429).header("Retry-After", "0.5"), 500),
        (Reply::status(503).header("retry-after-ms", "30").header("Retry-After", "9"), 30),
        (
            Reply::status(429)
                .header("Date", "Sat, 21 Nov 2026 09:30:00 GMT")
                .header("Retry-After", "Sat, 21 Nov 2026 09:30:03 GMT"),
            3000,
        ),
    ];
    for (refusal, millis) in refusals {
        let server = FakeServer::start([refusal, Reply::ndjson([HELLO, WORLD, DONE])]);
        let (model, pauses) = model(&server);
        let (pieces, outcome) = ask_until(&model, usize::MAX);
        assert!(outcome.is_ok());
        assert_eq!(pieces.concat(), TEXT);
        assert_eq!(*pauses.lock().unwrap(), [Duration::from_millis(millis)]);
        assert_eq!(server.requests()[0].body, server.requests()[1].body);
    }
}

#[test]
fn a_failing_server_is_asked_three_times_with_growing_pauses() {
    let server = FakeServer::start([500, 429, 503, 500].map(Reply::status));
    let (model, pauses) = model(&server);
    assert_eq!(
        ask_until(&model, 1).1.expect_err("failed").llm_failure(),
        Some(LlmFailure::Overloaded)
    );
    assert_eq!(server.requests().len(), 3);
    let pauses = pauses.lock().unwrap();
    assert_eq!(pauses.len(), 2);
    assert!(pauses[0] >= Duration::from_millis(375) && pauses[0] <= Duration::from_millis(500));
    assert!(pauses[1] >= Duration::from_millis(750) && pauses[1] <= Duration::from_secs(1));
}

#[test]
fn a_connection_that_breaks_before_the_reply_is_tried_again() {
    let server = FakeServer::start([
        Reply::none(),
        Reply::none().end(End::Reset),
        Reply::ndjson([HELLO, WORLD, DONE]),
    ]);
    assert_eq!(ask_until(&model(&server).0, usize::MAX).0.concat(), TEXT);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn the_server_may_forbid_or_ask_for_another_try() {
    let forbidding = FakeServer::start([Reply::status(503).header("x-should-retry", "false")]);
    assert!(ask_until(&model(&forbidding).0, 1).1.is_err());
    assert_eq!(forbidding.requests().len(), 1);
    let asking = FakeServer::start([
        Reply::status(400).header("x-should-retry", "true"),
        Reply::ndjson([DONE]),
    ]);
    assert!(ask_until(&model(&asking).0, 1).1.is_ok());
}

#[test]
fn no_pause_reaches_past_the_deadline() {
    let server = FakeServer::start([Reply::status(429).header("Retry-After", "20")]);
    let (model, pauses) = model(&server);
    let error = ask_until(&model.deadline(Duration::from_secs(10)), 1).1.expect_err("refused");
    assert_eq!(error.llm_failure(), Some(LlmFailure::RateLimited));
    assert!(pauses.lock().unwrap().is_empty());
}

#[test]
fn a_reply_that_does_not_begin_in_time_is_a_timeout_and_not_tried_again() {
    let slow = Reply::ndjson([DONE]).slow_first_byte(Duration::from_millis(150));
    let server = FakeServer::start([slow]);
    let model = model(&server).0.response_timeout(Duration::from_millis(30));
    let error = ask_until(&model, 1).1.expect_err("too slow");
    assert_eq!(error.llm_failure(), Some(LlmFailure::Timeout));
    assert!(error.is_retryable());
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_reply_that_falls_silent_is_a_timeout_that_keeps_what_was_given() {
    let tiny = Duration::from_millis(150);
    let server = FakeServer::start([
        Reply::ndjson([HELLO]).end(End::Hang),
        Reply::ndjson([HELLO]).end(End::Hang),
    ]);
    let (model, _) = model(&server);
    let model = model.response_timeout(tiny).idle_timeout(tiny);
    let (pieces, outcome) = ask_until(&model, usize::MAX);
    assert_eq!(pieces.len(), 1);
    assert_eq!(outcome.expect_err("silent").llm_failure(), Some(LlmFailure::Timeout));
    let model = model
        .idle_timeout(Duration::from_secs(9))
        .response_timeout(Duration::from_secs(9))
        .deadline(tiny);
    assert_eq!(
        ask_until(&model, usize::MAX).1.expect_err("late").llm_failure(),
        Some(LlmFailure::Timeout)
    );
}

#[test]
fn stopping_in_the_middle_closes_the_connection_so_that_the_server_stops() {
    let server = FakeServer::start([Reply::ndjson([HELLO, WORLD]).chunked().end(End::Hang)]);
    let (pieces, outcome) = ask_until(&model(&server).0, 1);
    let outcome = outcome.expect("stopping is not a failure");
    assert_eq!((pieces.len(), outcome.finish), (1, Finish::Cancelled));
    assert!(!outcome.usage.reported);
    assert!(server.saw_client_close());
}

#[test]
fn a_server_that_is_not_there_is_a_failed_connection_tried_three_times() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let pauses = Pauses::default();
    let kept = Arc::clone(&pauses);
    let model =
        Ollama::new("m").base_url(url).sleep_with(move |pause| kept.lock().unwrap().push(pause));
    let error = ask_until(&model, 1).1.expect_err("nobody listens");
    assert_eq!(error.llm_failure(), Some(LlmFailure::Connect));
    assert_eq!(pauses.lock().unwrap().len(), 2);
}

#[test]
fn the_models_of_a_server_are_listed_once_each() {
    let tags = r#"{"models":[{"name":"a:latest","size":1},{"name":"b:8b"},{"name":"a"}]}"#;
    let server = FakeServer::start([Reply::status(200)
        .header("Content-Type", "application/json")
        .frame(tags)]);
    assert_eq!(model(&server).0.models().unwrap(), ["a", "b:8b"]);
    assert_eq!(
        (server.requests()[0].method.as_str(), server.requests()[0].path.as_str()),
        ("GET", "/api/tags")
    );
}

#[test]
fn plain_http_elsewhere_an_empty_conversation_and_an_odd_temperature_are_refused_before_anything_is_sent()
 {
    let elsewhere = Ollama::new("m").base_url("http://10.255.255.1:11434");
    let error = ask_until(&elsewhere, 1).1.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let server = FakeServer::start([]);
    let messages = [LlmMessage::new(Role::Customer, "hi")];
    let mut hot = LlmRequest::new("x", &messages);
    hot.temperature = f32::NAN;
    for request in [LlmRequest::new("x", &[]), hot] {
        let outcome = model(&server).0.complete(&request, &mut |_| ControlFlow::Continue(()));
        assert_eq!(outcome.expect_err("refused").kind(), ErrorKind::InvalidArgument);
    }
    assert!(server.requests().is_empty());
}
