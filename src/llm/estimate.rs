//! Guessing how many tokens a text has when no server counted them.
//!
//! Knows the rule of thumb: four bytes a token, rounded up, and four tokens more for each
//! message. Good enough to reserve a budget; never reported as a count.

use super::{LlmRequest, Usage};

const BYTES_PER_TOKEN: usize = 4;
const TOKENS_PER_MESSAGE: u64 = 4;

/// The tokens of one text.
pub(crate) fn text(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(BYTES_PER_TOKEN)).unwrap_or(u64::MAX)
}

/// The tokens of everything a request sends; instructions count as a message if there are any.
pub(crate) fn input(request: &LlmRequest<'_>) -> u64 {
    let system = if request.system.is_empty() { 0 } else { message(request.system) };
    request.messages.iter().fold(system, |sum, each| sum.saturating_add(message(each.text)))
}

/// The estimated use of a request with a reply of that many bytes.
pub(crate) fn usage(request: &LlmRequest<'_>, reply_bytes: usize) -> Usage {
    Usage { input_tokens: input(request), output_tokens: text(reply_bytes), reported: false }
}

fn message(body: &str) -> u64 {
    text(body.len()).saturating_add(TOKENS_PER_MESSAGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{LlmMessage, Role};

    #[test]
    fn four_bytes_are_a_token_and_each_message_costs_four_more() {
        let messages = [LlmMessage { role: Role::Customer, text: "12345" }];
        assert_eq!(input(&LlmRequest::new("", &messages)), 6);
        assert_eq!(input(&LlmRequest::new("1234", &messages)), 11);
        assert_eq!(usage(&LlmRequest::new("", &messages), 9).output_tokens, 3);
    }
}
