//! The customer's name, as the customer gives it.
//!
//! Knows that a reply to "your name?" may be nothing but the name, that a name follows a cue
//! phrase, and that most words are no names.

use super::entity::Search;
use super::kinds::EntityKind;
use super::reading::{Gap, Token};
use super::rule::Shows;
use super::vocabulary::UNKNOWN;
use std::borrow::Cow;
use std::ops::Range;

/// The longest name, in words and in bytes.
const MAX_WORDS: usize = 3;
const MAX_BYTES: usize = 80;
/// A cue of at least this weight may announce a name in small letters.
const CERTAIN: f32 = 0.9;

pub(super) fn find(search: &mut Search<'_>) {
    let before = search.found.len();
    for hit in search.hits {
        let Some(rule) = search.rules.set.rule(hit).filter(|rule| rule.shows == Shows::Name) else {
            continue;
        };
        let (name, weight) = (rule.name.clone(), rule.weight);
        if let Some(span) = name_from(search, hit.tokens.end, weight >= CERTAIN) {
            search.push(EntityKind::Name, span, name, f64::from(weight));
        }
    }
    if search.found.len() == before
        && search.is_asked(EntityKind::Name)
        && let Some(span) = whole_reply(search)
    {
        search.push(EntityKind::Name, span, Cow::Borrowed("reply to a question"), 0.9);
    }
}

/// The name that begins at a token.
fn name_from(search: &Search<'_>, at: usize, certain: bool) -> Option<Range<usize>> {
    let tokens = &search.reading.tokens;
    let mut span: Option<Range<usize>> = None;
    for (place, token) in
        tokens.iter().enumerate().skip(at).filter(|(_, token)| token.is_first).take(MAX_WORDS)
    {
        let written = search.text.get(token.span.clone()).unwrap_or_default();
        let breaks =
            token.gap != Gap::None && (span.is_some() || (token.gap == Gap::Hard && place > at));
        let is_large = written.starts_with(char::is_uppercase);
        let is_name =
            if is_large { !is_common(search, token) } else { certain && token.id == UNKNOWN };
        // A name in capitals goes on in capitals only.
        let goes_on = span.as_ref().is_none_or(|span| {
            let first = search.text.get(span.clone()).unwrap_or_default();
            first.starts_with(char::is_uppercase) == is_large
        });
        if breaks || !is_name || !goes_on || written.contains(|c: char| c.is_numeric()) {
            break;
        }
        span = Some(span.map_or(token.span.clone(), |span| span.start..token.span.end));
    }
    span.filter(|span| span.len() <= MAX_BYTES)
}

/// The reply as a whole, if it can be a name.
fn whole_reply(search: &Search<'_>) -> Option<Range<usize>> {
    let reading = search.reading;
    if reading.questions > 0 || reading.has_address || reading.exclamations > 1 {
        return None;
    }
    let words: Vec<&Token> = reading.tokens.iter().filter(|token| token.is_first).collect();
    let polite = |token: &&&Token| {
        let written = search.text.get(token.span.clone()).unwrap_or_default();
        ["yes", "sure", "ok", "okay", "hi", "hello", "please", "thanks"]
            .iter()
            .any(|word| word.eq_ignore_ascii_case(written))
    };
    let skipped = words.iter().take_while(polite).count();
    let words = words.get(skipped..)?;
    let (first, last) = (words.first()?, words.last()?);
    let are_names = words.iter().all(|token| {
        let written = search.text.get(token.span.clone()).unwrap_or_default();
        token.id == token.written
            && !written.contains(|c: char| c.is_numeric())
            && !is_common(search, token)
            || (words.len() == MAX_WORDS && written.eq_ignore_ascii_case("and"))
    });
    let together = words.iter().skip(1).all(|token| token.gap != Gap::Hard);
    (words.len() <= MAX_WORDS && are_names && together).then_some(first.span.start..last.span.end)
}

/// Whether a word is an ordinary one: it negates, strengthens, or stands in the list.
fn is_common(search: &Search<'_>, token: &Token) -> bool {
    if token.id == UNKNOWN {
        return false;
    }
    let set = &search.rules.set;
    let known = set.known(token);
    set.is_filler(token.id)
        || set.is_common(token.id)
        || known.is_some_and(|known| {
            known.negates
                || known.boost != 0.0
                || known.valence <= -1.0
                || !known.expansion.is_empty()
        })
}
