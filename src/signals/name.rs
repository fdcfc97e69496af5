//! The customer's name, as the customer gives it.
//!
//! Knows that a reply to "your name?" may be nothing but the name, that a name follows a cue
//! phrase, and that most words are no names.

use super::entity::Search;
use super::kinds::EntityKind;
use super::name_shape::{is_given_name, is_no_name, is_shaped, may_stand_behind};
use super::reading::{Gap, Token};
use super::rule::Shows;
use super::vocabulary::UNKNOWN;
use std::borrow::Cow;
use std::ops::Range;

/// The longest name, in words and in bytes.
const MAX_WORDS: usize = 3;
const MAX_BYTES: usize = 80;
/// A cue of at least this weight leaves no other reading: "my name is".
const CERTAIN: f32 = 0.9;
/// One of at least this weight is followed by a name if that looks like one: "booked under".
const LIKELY: f32 = 0.8;

pub(super) fn find(search: &mut Search<'_>) {
    let before = search.found.len();
    for hit in search.hits {
        let Some(rule) = search.rules.set.rule(hit).filter(|rule| rule.shows == Shows::Name) else {
            continue;
        };
        let (name, weight) = (rule.name.clone(), rule.weight);
        if is_someones(search, hit.tokens.start) {
            continue;
        }
        if let Some(span) = name_from(search, hit.tokens.end, weight) {
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

/// Whether the words before a cue give it to somebody else, deny it or ask: "they call me",
/// "his last name is", "do not call me", "do you know my name is".
fn is_someones(search: &Search<'_>, at: usize) -> bool {
    let tokens = &search.reading.tokens;
    let gap = |at: usize| tokens.get(at).map_or(Gap::Hard, |token| token.gap);
    let mut from = at;
    while from > 0 && gap(from) == Gap::None && at - from < 2 {
        from -= 1;
    }
    tokens.get(from..at).unwrap_or_default().iter().any(|token| {
        let word = search.text.get(token.span.clone()).unwrap_or_default().to_lowercase();
        word.ends_with("n't")
            || word.ends_with("'s") && word != "it's" && word != "that's"
            || [
                "not", "never", "his", "her", "their", "your", "they", "he", "she", "to", "did",
                "if", "does", "who",
            ]
            .contains(&word.as_str())
    })
}

/// The name that begins at a token, behind a cue of some weight.
fn name_from(search: &Search<'_>, at: usize, weight: f32) -> Option<Range<usize>> {
    let tokens = &search.reading.tokens;
    let mut span: Option<Range<usize>> = None;
    let (mut given, mut common) = (false, false);
    let written = |token: &Token| search.text.get(token.span.clone()).unwrap_or_default();
    for (place, token) in
        tokens.iter().enumerate().skip(at).filter(|(_, token)| token.is_first).take(MAX_WORDS)
    {
        let word = written(token);
        let breaks = token.gap == Gap::Hard && !(place == at && is_line_end(search, token))
            || token.gap == Gap::Soft && span.is_some();
        let is_large = word.starts_with(char::is_uppercase);
        let is_listed = is_given_name(word);
        let is_name = !is_no_name(word)
            && if is_large {
                is_shaped(word) && (is_listed || !is_common(search, token))
            } else {
                is_listed || (weight >= CERTAIN && token.id == UNKNOWN && !is_inflected(word))
            };
        // A name in capitals goes on in capitals only.
        let goes_on = span.as_ref().is_none_or(|span| {
            let first = search.text.get(span.clone()).unwrap_or_default();
            first.starts_with(char::is_uppercase) == is_large
        });
        if breaks || !is_name || !goes_on || word.contains(|c: char| c.is_numeric()) {
            break;
        }
        if span.is_none() {
            given = is_listed;
        }
        common |= token.id != UNKNOWN && !is_listed;
        span = Some(span.map_or(token.span.clone(), |span| span.start..token.span.end));
    }
    let span = span.filter(|span| span.len() <= MAX_BYTES)?;
    let next = tokens.iter().skip(at).find(|token| token.span.start >= span.end);
    let is_closed = next.is_none_or(|token| {
        token.gap != Gap::None || may_stand_behind(&written(token).to_lowercase())
    });
    let starts_large =
        search.text.get(span.clone()).is_some_and(|name| name.starts_with(char::is_uppercase));
    let goes_on = search.text.get(span.end..).unwrap_or_default().starts_with(['@', '_', '/']);
    let is_sure = if weight >= CERTAIN {
        given || is_closed
    } else if weight >= LIKELY {
        given || (is_closed && starts_large && !common)
    } else {
        // "I am" and "this is" say many things: only a given name is believed.
        given && is_closed && starts_large
    };
    (is_sure && !goes_on).then_some(span)
}

/// Whether a word in small letters ends as verbs and adverbs do.
fn is_inflected(word: &str) -> bool {
    ["ed", "ing", "ly", "able", "ous", "ful", "less"].iter().any(|ending| word.ends_with(ending))
}

/// Whether a word begins a line of its own below its cue, as a name below "Regards," does.
fn is_line_end(search: &Search<'_>, token: &Token) -> bool {
    let before = search.text.get(..token.span.start).unwrap_or_default();
    let between = before.rsplit(|c: char| c.is_alphanumeric()).next().unwrap_or_default();
    between.contains('\n') && !between.contains(['.', '!', '?', ';']) || between.trim_end() == ":"
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
            && !is_no_name(written)
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
