//! Vectors from a model server.
//!
//! Knows the two protocols that servers speak: Ollama's `/api/embed` and the
//! `/v1/embeddings` of OpenAI and those compatible with it.

use crate::error::{Result, internal};
use crate::llm::Embedder;
use crate::llm::http::HttpClient;
use serde::{Deserialize, Serialize};

const OLLAMA_URL: &str = "http://127.0.0.1:11434";

/// An embedding model on a server.
///
/// Nothing is sent before the first call. Plain http is for this machine only.
///
/// ```
/// use confidant::{Embedder, HttpEmbedder};
/// let model = HttpEmbedder::ollama("nomic-embed-text:v1.5", 768);
/// assert_eq!((model.name(), model.dimensions()), ("nomic-embed-text:v1.5", 768));
/// let hosted = HttpEmbedder::openai("https://api.example.com", "text-embedding-3-small", 1_536).api_key("sk-...");
/// # let _ = hosted;
/// ```
#[derive(Debug)]
pub struct HttpEmbedder {
    model: String,
    dimensions: usize,
    protocol: Protocol,
    client: HttpClient,
}

#[derive(Debug, Clone, Copy)]
enum Protocol {
    Ollama,
    OpenAi,
}

impl HttpEmbedder {
    /// A model of the Ollama server at `http://127.0.0.1:11434`, and the dimension it has.
    pub fn ollama(model: impl Into<String>, dimensions: usize) -> HttpEmbedder {
        HttpEmbedder::new(OLLAMA_URL.to_owned(), model.into(), dimensions, Protocol::Ollama)
    }

    /// A model of a server that speaks OpenAI's protocol; the URL is given without `/v1`.
    pub fn openai(
        url: impl Into<String>,
        model: impl Into<String>,
        dimensions: usize,
    ) -> HttpEmbedder {
        HttpEmbedder::new(url.into(), model.into(), dimensions, Protocol::OpenAi)
    }

    fn new(url: String, model: String, dimensions: usize, protocol: Protocol) -> HttpEmbedder {
        let client = HttpClient::new(url, &model);
        HttpEmbedder { model, dimensions, protocol, client }
    }
}

http_settings!(HttpEmbedder);

impl Embedder for HttpEmbedder {
    fn name(&self) -> &str {
        &self.model
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let body = serde_json::to_string(&Asked { model: &self.model, input: texts })
            .map_err(|_| internal("texts cannot be written as JSON"))?;
        let undecodable = |cause| self.client.undecodable("vectors", &cause);
        match self.protocol {
            Protocol::Ollama => {
                let reply = self.client.post_whole("/api/embed", &body)?;
                let reply: OllamaReply = serde_json::from_str(&reply).map_err(undecodable)?;
                Ok(reply.embeddings)
            }
            Protocol::OpenAi => {
                let reply = self.client.post_whole("/v1/embeddings", &body)?;
                let mut reply: OpenAiReply = serde_json::from_str(&reply).map_err(undecodable)?;
                reply.data.sort_by_key(|item| item.index);
                Ok(reply.data.into_iter().map(|item| item.embedding).collect())
            }
        }
    }
}

#[derive(Serialize)]
struct Asked<'a> {
    model: &'a str,
    input: &'a [&'a str],
}

#[derive(Deserialize)]
struct OllamaReply {
    embeddings: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct OpenAiReply {
    data: Vec<OpenAiItem>,
}

#[derive(Deserialize)]
struct OpenAiItem {
    index: u64,
    embedding: Vec<f32>,
}
