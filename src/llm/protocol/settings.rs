//! The settings that all models over HTTP share, written once, and the check of a request.

use crate::error::{Result, invalid};
use crate::llm::LlmRequest;

/// Refuses what no server should be asked.
pub(super) fn check(request: &LlmRequest<'_>) -> Result<()> {
    if request.messages.is_empty() {
        return Err(invalid("the request holds no message to reply to"));
    }
    if !(0.0..=2.0).contains(&request.temperature) {
        return Err(invalid(format!(
            "the temperature is {}; it must lie between 0 and 2",
            request.temperature
        )));
    }
    Ok(())
}

/// Adds the setters to a type with the fields `client` and a constructor.
macro_rules! http_settings {
    ($type:ident) => {
        impl $type {
            /// Where the server is. Plain http is for this machine only; see
            /// [`allow_plain_http`](Self::allow_plain_http). Checked when it is first used.
            #[must_use]
            pub fn base_url(mut self, url: impl Into<String>) -> Self {
                self.client.base_url = url.into();
                self
            }

            /// The server's key. It is in no error and no debug output.
            #[must_use]
            pub fn api_key(mut self, key: impl Into<String>) -> Self {
                self.client.api_key = Some(key.into());
                self
            }

            /// Allows `http://` to another machine: texts and key travel in the clear.
            #[must_use]
            pub fn allow_plain_http(mut self) -> Self {
                self.client.is_plain_allowed = true;
                self
            }

            /// How long to wait for a connection. Default: 5 s.
            #[must_use]
            pub fn connect_timeout(mut self, limit: std::time::Duration) -> Self {
                self.client.connect_timeout = limit;
                self
            }

            /// How long to wait for the reply to begin. Default: 60 s; a cold model can take
            /// minutes.
            #[must_use]
            pub fn response_timeout(mut self, limit: std::time::Duration) -> Self {
                self.client.response_timeout = limit;
                self
            }

            /// The longest silence within a reply. Default: 60 s. Never shorter than the
            /// response timeout: the longer of the two is used.
            #[must_use]
            pub fn idle_timeout(mut self, limit: std::time::Duration) -> Self {
                self.client.idle_timeout = limit;
                self
            }

            /// The longest whole call, with its retries. Default: 5 minutes.
            #[must_use]
            pub fn deadline(mut self, limit: std::time::Duration) -> Self {
                self.client.deadline = limit;
                self
            }

            /// How often a request that failed in passing is sent again. Default: 2.
            #[must_use]
            pub fn max_retries(mut self, retries: u32) -> Self {
                self.client.max_retries = retries;
                self
            }

            /// Varies the pauses between retries, so that many clients do not come back at once.
            #[must_use]
            pub fn retry_seed(mut self, seed: u64) -> Self {
                self.client.set_seed(seed);
                self
            }

            /// How to pause between retries. Default: the thread sleeps.
            #[must_use]
            pub fn sleep_with(
                mut self,
                sleeper: impl Fn(std::time::Duration) + Send + Sync + 'static,
            ) -> Self {
                self.client.sleeper = std::sync::Arc::new(sleeper);
                self
            }
        }
    };
}

/// Adds what only models that write replies have.
macro_rules! reply_settings {
    ($type:ident) => {
        impl $type {
            /// The longest reply that is read, in bytes of text. Default: 256 KiB. A longer one
            /// is an error of kind `Limit`.
            #[must_use]
            pub fn max_reply_bytes(mut self, bytes: usize) -> Self {
                self.client.max_reply_bytes = bytes;
                self
            }
        }
    };
}
