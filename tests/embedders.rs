//! What the embedders over HTTP promise.
#![cfg(all(feature = "http", feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "support/fake_llm.rs"]
mod fake_llm;
mod support;

use confidant::{Embedder, ErrorKind, HttpEmbedder, LlmFailure, NewDocument};
use fake_llm::{FakeServer, Reply};
use std::sync::Arc;

fn json(body: &str) -> Reply {
    Reply::status(200).header("Content-Type", "application/json").frame(body)
}

#[test]
fn ollama_and_openai_servers_give_vectors_in_the_order_of_the_texts() {
    let server = FakeServer::start([json(
        r#"{"model":"m","embeddings":[[1.0,0.5],[0,-1e-3]],"total_duration":1}"#,
    )]);
    let model = HttpEmbedder::ollama("m", 2).base_url(server.url());
    assert_eq!(model.embed(&["one", "two"]).unwrap(), [[1.0, 0.5], [0.0, -1e-3]]);
    let asked = &server.requests()[0];
    assert_eq!(
        (asked.path.as_str(), asked.body.as_str()),
        ("/api/embed", r#"{"model":"m","input":["one","two"]}"#)
    );

    let body =
        r#"{"object":"list","data":[{"index":1,"embedding":[0,1]},{"index":0,"embedding":[1,0]}]}"#;
    let server = FakeServer::start([json(body)]);
    let model = HttpEmbedder::openai(server.url(), "m", 2).api_key("sk-hidden");
    assert_eq!(model.embed(&["one", "two"]).unwrap(), [[1.0, 0.0], [0.0, 1.0]]);
    let asked = &server.requests()[0];
    assert_eq!(
        (asked.path.as_str(), asked.header("authorization")),
        ("/v1/embeddings", Some("Bearer sk-hidden"))
    );
    assert!(!format!("{model:?}").contains("sk-hidden"));
}

#[test]
fn refusals_and_nonsense_are_typed_errors() {
    for (reply, failure) in [
        (Reply::status(401), LlmFailure::Auth),
        (Reply::status(404).frame(r#"{"error":"no such model"}"#), LlmFailure::ModelNotFound),
        (json("not json"), LlmFailure::Decode),
        (json(r#"{"embeddings":[["x"]]}"#), LlmFailure::Decode),
    ] {
        let server = FakeServer::start([reply]);
        let model = HttpEmbedder::ollama("m", 2).base_url(server.url()).max_retries(0);
        assert_eq!(model.embed(&["one"]).unwrap_err().llm_failure(), Some(failure));
    }
}

#[test]
fn a_server_of_another_dimension_is_refused_before_anything_is_stored() {
    let place = support::Place::sqlite();
    let notes = place.open().tenant("acme").unwrap().collection("notes").unwrap();
    notes.put(&NewDocument::new("a", "a walrus")).unwrap();
    let server = FakeServer::start([json(r#"{"embeddings":[[1.0,2.0,3.0]]}"#)]);
    let asked = notes.with_embedder(Arc::new(HttpEmbedder::ollama("m", 2).base_url(server.url())));
    assert_eq!(asked.embed(1).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(asked.search("walrus", 1, None).unwrap().documents.len(), 1);
}
