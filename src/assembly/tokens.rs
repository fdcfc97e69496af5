//! How many tokens a text takes.
//!
//! Knows a careful guess for any text and how a model's own reports make it closer. A host
//! that has the model's tokenizer gives that instead.

/// Counts the tokens of a text for one model. A closure will do.
///
/// ```
/// use confidant::{EstimatedTokens, TokenCounter};
/// let exact = |text: &str| text.split_whitespace().count();
/// assert_eq!(exact.tokens("where is it"), 3);
/// assert!(EstimatedTokens::default().tokens("where is it") >= 3);
/// ```
pub trait TokenCounter {
    /// The tokens that the text takes. The same text always takes the same number.
    fn tokens(&self, text: &str) -> usize;
}

impl<F: Fn(&str) -> usize> TokenCounter for F {
    fn tokens(&self, text: &str) -> usize {
        self(text)
    }
}

/// A guess at the tokens of a text that is rather too high than too low.
///
/// A run of letters is a token for every six, of digits for every three; every other visible
/// character, every line and every letter beyond ASCII is one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EstimatedTokens {
    /// Tokens of the model for a thousand of ours.
    per_thousand: u64,
}

impl Default for EstimatedTokens {
    fn default() -> EstimatedTokens {
        EstimatedTokens::uncalibrated()
    }
}

/// Letters of one token, and digits.
const LETTERS: usize = 6;
const DIGITS: usize = 3;

impl EstimatedTokens {
    pub(super) const fn uncalibrated() -> EstimatedTokens {
        EstimatedTokens { per_thousand: 1_000 }
    }

    /// The guess made fit for one model: `text` took `reported` tokens, as the
    /// [`Usage`](crate::Usage) of a reply says. The longer the text, the better; a tenth is
    /// added for safety, and it never falls below half of the first guess or rises above
    /// four times it.
    #[must_use]
    pub fn calibrated(self, text: &str, reported: u64) -> EstimatedTokens {
        let guessed = u64::try_from(EstimatedTokens::default().tokens(text)).unwrap_or(u64::MAX);
        if guessed == 0 || reported == 0 {
            return self;
        }
        EstimatedTokens { per_thousand: (reported.saturating_mul(1_100) / guessed).clamp(500, 4_000) }
    }
}

impl TokenCounter for EstimatedTokens {
    fn tokens(&self, text: &str) -> usize {
        let (mut tokens, mut letters, mut digits) = (0_usize, 0_usize, 0_usize);
        for byte in text.bytes() {
            let (was_letters, was_digits) = (letters, digits);
            letters = if byte.is_ascii_alphabetic() { letters + 1 } else { 0 };
            digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
            let is_new = match byte {
                _ if letters > 0 => was_letters % LETTERS == 0,
                _ if digits > 0 => was_digits % DIGITS == 0,
                b' ' => false,
                0x80..=0xbf => false,
                _ => true,
            };
            tokens += usize::from(is_new);
        }
        let tokens = u64::try_from(tokens).unwrap_or(u64::MAX);
        usize::try_from(tokens.saturating_mul(self.per_thousand).div_ceil(1_000)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_digits_signs_lines_and_other_letters_are_counted() {
        let tokens = |text: &str| EstimatedTokens::default().tokens(text);
        assert_eq!(tokens(""), 0);
        assert_eq!(tokens("My parcel has not arrived."), 7);
        assert_eq!(tokens("12345678"), 3);
        assert_eq!(tokens("a\n\nb"), 4);
        assert_eq!(tokens("\u{8a02}\u{5355}!"), 3);
    }

    #[test]
    fn a_models_report_makes_the_guess_closer() {
        let text = "My parcel has not arrived and I want to know why. ".repeat(20);
        let first = EstimatedTokens::default().tokens(&text);
        let low = EstimatedTokens::default().calibrated(&text, 200).tokens(&text);
        assert!((219..=222).contains(&low) && low < first, "{low} of {first}");
        assert_eq!(EstimatedTokens::default().calibrated("", 7), EstimatedTokens::default());
        assert_eq!(EstimatedTokens::default().calibrated(&text, 1).tokens(&text), first.div_ceil(2));
    }
}
