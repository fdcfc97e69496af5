//! One file for each protocol that model servers speak.

#[macro_use]
mod settings;
mod anthropic;
mod embeddings;
mod ollama;
mod openai;

pub use anthropic::Anthropic;
pub use embeddings::HttpEmbedder;
pub use ollama::Ollama;
pub use openai::OpenAi;
