//! What the backends of OpenAI's and Anthropic's protocols promise, against recorded shapes.
#![cfg(feature = "http")]

#[path = "support/fake_llm.rs"]
mod fake_llm;

use confidant::{
    Anthropic, ErrorKind, Finish, LlmBackend, LlmFailure, LlmMessage, LlmOutcome, LlmRequest,
    OpenAi, Result, Role,
};
use fake_llm::{End, FakeServer, Reply};
use std::ops::ControlFlow;
use std::time::Duration;

const CHUNKS: [&str; 6] = [
    ": keep-alive\n\n",
    "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Gr\u{fc}\u{df} \"}}],\"new_field\":[1]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Gott \u{1f600}\"},\"finish_reason\":\"stop\"}]}\r\n\r\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":26,\"completion_tokens\":7,\"total_tokens\":33}}\n\n",
    "data: [DONE]\n\n",
];
const FRAMES: [&str; 9] = [
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"content\":[],\"usage\":{\"input_tokens\":20,\"cache_read_input_tokens\":6,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"Hm.\"}}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Gr\u{fc}\u{df} \"}}\n\n",
    "event: brand_new\ndata: {\"type\":\"brand_new\",\"x\":1}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Gott \u{1f600}\"}}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"},\"usage\":{\"output_tokens\":7}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
];
const TEXT: &str = "Gr\u{fc}\u{df} Gott \u{1f600}";

fn openai(server: &FakeServer) -> OpenAi {
    OpenAi::new("m").base_url(server.url()).max_retries(0).sleep_with(|_| {})
}

fn anthropic(server: &FakeServer) -> Anthropic {
    Anthropic::new("m").base_url(server.url()).max_retries(0).sleep_with(|_| {})
}

fn ask(model: &dyn LlmBackend) -> (String, Result<LlmOutcome>) {
    let messages = [
        LlmMessage::new(Role::Data, "A quoted record."),
        LlmMessage::new(Role::Customer, "Where is my parcel?"),
        LlmMessage::new(Role::Agent, "Which one?"),
        LlmMessage::new(Role::Customer, "The green one."),
    ];
    let mut text = String::new();
    let outcome = model.complete(&LlmRequest::new("Be kind.", &messages), &mut |piece| {
        text.push_str(piece);
        ControlFlow::Continue(())
    });
    (text, outcome)
}

/// What both protocols make of one reply each.
fn both(openai_reply: Reply, anthropic_reply: Reply) -> [(String, Result<LlmOutcome>); 2] {
    let server = FakeServer::start([openai_reply, anthropic_reply]);
    [ask(&openai(&server)), ask(&anthropic(&server))]
}

#[test]
fn a_streamed_reply_is_the_same_wherever_its_bytes_are_split() {
    for size in [1, 2, 3, 5, 64, usize::MAX] {
        let split = |reply: Reply| {
            if size == usize::MAX { reply.chunked() } else { reply.write_size(size) }
        };
        let [(text, outcome), (other, other_outcome)] =
            both(split(Reply::events(CHUNKS)), split(Reply::events(FRAMES)));
        assert_eq!((text.as_str(), other.as_str()), (TEXT, TEXT), "writes of {size} bytes");
        let (outcome, other_outcome) = (outcome.unwrap(), other_outcome.unwrap());
        assert_eq!((outcome.finish, other_outcome.finish), (Finish::Stop, Finish::Length));
        for usage in [outcome.usage, other_outcome.usage] {
            assert_eq!((usage.input_tokens, usage.output_tokens, usage.reported), (26, 7, true));
        }
    }
}

#[test]
fn a_server_that_does_not_stream_is_understood_too() {
    let json =
        |body: &str| Reply::status(200).header("Content-Type", "application/json").frame(body);
    let replies = both(
        json(
            r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"All at once."},"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":3}}"#,
        ),
        json(
            r#"{"type":"message","content":[{"type":"thinking","thinking":"x"},{"type":"text","text":"All at "},{"type":"text","text":"once."}],"stop_reason":"max_tokens","usage":{"input_tokens":5,"output_tokens":3}}"#,
        ),
    );
    for (text, outcome) in replies {
        let outcome = outcome.unwrap();
        assert_eq!((text.as_str(), outcome.finish), ("All at once.", Finish::Length));
        assert_eq!((outcome.usage.input_tokens, outcome.usage.output_tokens), (5, 3));
    }
}

#[test]
fn the_requests_are_written_as_documented() {
    let server = FakeServer::start([Reply::events(CHUNKS), Reply::events(FRAMES)]);
    ask(&openai(&server).api_key("sk-1")).1.unwrap();
    ask(&anthropic(&server).api_key("sk-2")).1.unwrap();
    let received = server.requests();
    assert_eq!(received[0].path, "/v1/chat/completions");
    assert_eq!(received[0].header("authorization"), Some("Bearer sk-1"));
    assert_eq!(
        received[0].body,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},\
         {\"role\":\"user\",\"content\":\"A quoted record.\"},\
         {\"role\":\"user\",\"content\":\"Where is my parcel?\"},\
         {\"role\":\"assistant\",\"content\":\"Which one?\"},\
         {\"role\":\"user\",\"content\":\"The green one.\"}],\"temperature\":0.7,\"max_tokens\":300,\
         \"stream\":true,\"stream_options\":{\"include_usage\":true}}"
    );
    assert_eq!(received[1].path, "/v1/messages");
    assert_eq!(received[1].header("x-api-key"), Some("sk-2"));
    assert_eq!(received[1].header("authorization"), None);
    assert_eq!(received[1].header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(
        received[1].body,
        "{\"model\":\"m\",\"max_tokens\":300,\"system\":\"Be kind.\",\"messages\":[\
         {\"role\":\"user\",\"content\":\"A quoted record.\\n\\nWhere is my parcel?\"},\
         {\"role\":\"assistant\",\"content\":\"Which one?\"},\
         {\"role\":\"user\",\"content\":\"The green one.\"}],\"temperature\":0.7,\"stream\":true}"
    );
}

#[test]
fn a_stream_that_breaks_off_is_truncated_and_one_that_told_its_end_is_not() {
    for (text, outcome) in both(Reply::events(&CHUNKS[..3]), Reply::events(&FRAMES[..5])) {
        assert_eq!(text, "Gr\u{fc}\u{df} ");
        assert_eq!(outcome.expect_err("broke off").llm_failure(), Some(LlmFailure::Truncated));
    }
    for (text, outcome) in both(Reply::events(&CHUNKS[..4]), Reply::events(&FRAMES[..8])) {
        assert_eq!((text.as_str(), outcome.is_ok()), (TEXT, true));
    }
}

#[test]
fn refusals_of_the_server_are_told_apart_by_code_before_status() {
    let cases = [
        (400, "context_length_exceeded", LlmFailure::ContextLength),
        (401, "invalid_api_key", LlmFailure::Auth),
        (404, "model_not_found", LlmFailure::ModelNotFound),
        (429, "insufficient_quota", LlmFailure::Auth),
        (429, "rate_limit_error", LlmFailure::RateLimited),
        (500, "api_error", LlmFailure::Server),
        (529, "overloaded_error", LlmFailure::Overloaded),
    ];
    for (status, code, failure) in cases {
        let body = format!(
            "{{\"type\":\"error\",\"error\":{{\"message\":\"The green one.\",\"type\":\"{code}\",\"code\":null}}}}"
        );
        let reply = || Reply::status(status).header("request-id", "req_7").frame(&body);
        for (_, outcome) in both(reply(), reply()) {
            let error = outcome.expect_err("refused");
            assert_eq!(error.llm_failure(), Some(failure), "{code}");
            let printed = format!("{error} {error:?}");
            assert!(printed.contains(code) && printed.contains("req_7"), "{printed}");
            assert!(!printed.contains("green"), "{printed}");
        }
    }
}

#[test]
fn a_quota_that_is_used_up_is_not_asked_again_and_a_rate_limit_is() {
    for (code, asked) in [("insufficient_quota", 1), ("rate_limit_exceeded", 3)] {
        let refused = || Reply::status(429).frame(format!("{{\"error\":{{\"code\":\"{code}\"}}}}"));
        let server = FakeServer::start([refused(), refused(), refused()]);
        ask(&openai(&server).max_retries(2)).1.expect_err("refused");
        assert_eq!(server.requests().len(), asked, "{code}");
    }
}

#[test]
fn an_error_in_the_middle_of_a_reply_is_an_error_and_keeps_what_was_given() {
    let openai_error = "data: {\"error\":{\"message\":\"The green one.\",\"type\":\"server_error\",\"code\":500}}\n\n";
    let anthropic_error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"The green one.\"}}\n\n";
    let failures = [LlmFailure::Server, LlmFailure::Overloaded];
    let replies =
        both(Reply::events([CHUNKS[2], openai_error]), Reply::events([FRAMES[4], anthropic_error]));
    for ((text, outcome), failure) in replies.into_iter().zip(failures) {
        let error = outcome.expect_err("failed");
        assert_eq!((text.as_str(), error.llm_failure()), ("Gr\u{fc}\u{df} ", Some(failure)));
        assert!(!format!("{error} {error:?}").contains("green"));
    }
}

#[test]
fn a_model_that_declines_is_an_error_and_not_an_empty_answer() {
    let replies = both(
        Reply::events([
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"refusal\":\"I cannot.\"},\"finish_reason\":\"stop\"}]}\n\n",
            CHUNKS[5],
        ]),
        Reply::events([
            "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"}}\n\n",
            FRAMES[8],
        ]),
    );
    for (_, outcome) in replies {
        assert_eq!(outcome.expect_err("declined").llm_failure(), Some(LlmFailure::Refused));
    }
}

#[test]
fn a_reply_without_end_is_given_up_and_the_server_is_told_to_stop() {
    for frame in [CHUNKS[2], ": nothing\n\n", "data: x\n"] {
        let reply = Reply::events([CHUNKS[2]]).endless(Duration::ZERO, frame.repeat(100));
        let server = FakeServer::start([reply]);
        let (text, outcome) = ask(&openai(&server).max_reply_bytes(700));
        let error = outcome.expect_err("it has no end");
        assert!(text.len() <= 700 && server.saw_client_close());
        assert_eq!(error.kind(), ErrorKind::Limit, "{frame}");
    }
}

#[test]
fn stopping_in_the_middle_closes_the_connection() {
    let server = FakeServer::start([Reply::events(&CHUNKS[..4]).end(End::Hang)]);
    let messages = [LlmMessage::new(Role::Customer, "hi")];
    let request = LlmRequest::new("", &messages);
    let outcome = openai(&server).complete(&request, &mut |_| ControlFlow::Break(())).unwrap();
    assert_eq!(outcome.finish, Finish::Cancelled);
    assert!(server.saw_client_close());
}

#[test]
fn a_page_that_is_no_reply_is_refused() {
    let html = || Reply::status(200).header("Content-Type", "text/html").frame("<html>");
    let odd = || Reply::events(["data: <html>\n\n"]);
    for (_, outcome) in both(html(), html()).into_iter().chain(both(odd(), odd())) {
        assert_eq!(outcome.expect_err("no reply").llm_failure(), Some(LlmFailure::Decode));
    }
}
