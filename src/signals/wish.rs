//! What a customer says about how to be served.

use super::conclude::span_of;
use super::kinds::WishKind;
use super::reading::Reading;
use super::rule::Shows;
use super::rules::wish_rules;
use crate::text::Normalized;
use std::ops::Range;

/// The wishes in a text, with their places; of a name the name alone.
pub(crate) fn wishes(text: &str) -> Vec<(WishKind, Range<usize>)> {
    let rules = wish_rules();
    let normal = Normalized::of(text);
    let reading = Reading::of(rules, normal.as_str());
    let mut found: Vec<(WishKind, Range<usize>)> = Vec::new();
    for hit in rules.hits(&reading) {
        let Some(Shows::Wish(kind)) = rules.rule(&hit).map(|rule| rule.shows) else { continue };
        let span = if kind == WishKind::Name {
            let token = reading.tokens.get(hit.tokens.end);
            let written = token.and_then(|token| normal.as_str().get(token.span.clone())).unwrap_or_default();
            let is_name =
                written.starts_with(char::is_uppercase) && written.chars().all(|c| c.is_alphabetic() || c == '\'');
            token.filter(|_| is_name && written != "I").map(|token| token.span.clone())
        } else {
            span_of(&reading.tokens, &hit.tokens)
        };
        if let Some(span) = span.map(|span| normal.original(span))
            && !found.iter().any(|(known, _)| *known == kind)
        {
            found.push((kind, span));
        }
    }
    found
}
