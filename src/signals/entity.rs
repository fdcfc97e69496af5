//! What a message names: addresses, numbers, products, amounts, days.
//!
//! Knows the order of trust: what has a check digit or a fixed form comes first, and what
//! stands inside it is nothing else.

use super::conclude::{Entity, span_of};
use super::context::SignalContext;
use super::kinds::EntityKind;
use super::name;
use super::order_id;
use super::reading::{Gap, Reading, Token};
use super::rule::Shows;
use super::rule_set::Hit;
use super::rules::SignalRules;
use crate::text::{Normalized, Sensitive, sensitive};
use std::borrow::Cow;
use std::ops::Range;

/// The most entities of one message.
const MAX_ENTITIES: usize = 256;

/// A message being searched.
pub(super) struct Search<'a> {
    pub(super) rules: &'a SignalRules,
    pub(super) text: &'a str,
    pub(super) reading: &'a Reading,
    pub(super) hits: &'a [Hit],
    pub(super) context: &'a SignalContext<'a>,
    /// What is taken already, and must not be read as anything else.
    pub(super) taken: Vec<Range<usize>>,
    pub(super) found: Vec<Entity>,
}

impl Search<'_> {
    pub(super) fn push(
        &mut self,
        kind: EntityKind,
        span: Range<usize>,
        rule: Cow<'static, str>,
        score: f64,
    ) {
        if self.is_free(&span) && !span.is_empty() && self.found.len() < MAX_ENTITIES {
            self.taken.push(span.clone());
            self.found.push(Entity { kind, span, rule, score });
        }
    }

    pub(super) fn is_free(&self, span: &Range<usize>) -> bool {
        self.taken.iter().all(|taken| taken.end <= span.start || span.end <= taken.start)
    }

    /// What the customer was asked for, by the host's hint or by the agent's words.
    pub(super) fn is_asked(&self, kind: EntityKind) -> bool {
        if let Some(expects) = self.context.expects {
            return expects == kind;
        }
        let Some(said) = self.context.agent_said else { return false };
        let said = said.to_lowercase();
        let asks = said.contains('?')
            || ["please", "provide", "need your", "share", "give me", "tell me"]
                .iter()
                .any(|word| said.contains(word));
        let words: &[&str] = match kind {
            EntityKind::Name => &[
                "your name",
                "full name",
                "first name",
                "last name",
                "surname",
                "name please",
                "name, please",
                "name on",
                "whose name",
                "what name",
                "name?",
            ],
            EntityKind::OrderId => &[
                "order id",
                "order number",
                "order no",
                "order #",
                "booking number",
                "ticket number",
                "reference number",
                "confirmation number",
                "case number",
            ],
            EntityKind::Email => &["email", "e-mail"],
            EntityKind::Phone => &[
                "phone",
                "mobile",
                "cell",
                "contact number",
                "callback number",
                "number to call",
                "number to reach",
                "number we can",
                "number i can",
                "best number",
                "call you on",
                "call you at",
                "call you back on",
                "reach you on",
                "reach you at",
            ],
            EntityKind::Plan => &["which plan", "what plan", "your plan"],
            EntityKind::ErrorText => &["error message", "what error", "which error", "error code"],
            EntityKind::StepTried => &["have you tried", "did you try"],
            _ => &[],
        };
        asks && words.iter().any(|word| said.contains(word))
    }
}

pub(super) fn entities(
    rules: &SignalRules,
    normal: &Normalized<'_>,
    reading: &Reading,
    hits: &[Hit],
    context: &SignalContext<'_>,
) -> Vec<Entity> {
    let text = normal.as_str();
    let mut search =
        Search { rules, text, reading, hits, context, taken: Vec::new(), found: Vec::new() };
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    if has_digit || reading.has_address || text.contains('@') {
        order_id::find_shapes(&mut search);
        for (what, span) in sensitive(text).into_iter().take(MAX_ENTITIES) {
            match what {
                Sensitive::Email => {
                    search.push(EntityKind::Email, span, Cow::Borrowed("email"), 0.99)
                }
                Sensitive::Phone if !order_id::has_cue(text, span.start) => {
                    search.push(EntityKind::Phone, span, Cow::Borrowed("phone"), 0.9);
                }
                Sensitive::Phone => {}
                // Never handed out: redact them.
                Sensitive::Card | Sensitive::Iban => search.taken.push(span),
            }
        }
    }
    if has_digit {
        find_asked_number(&mut search);
        find_amounts_and_days(&mut search);
        order_id::find(&mut search);
    }
    find_by_rules(&mut search);
    find_named_days(&mut search);
    name::find(&mut search);
    let mut found = search.found;
    for entity in &mut found {
        entity.span = normal.original(entity.span.clone());
    }
    found.sort_by_key(|entity| entity.span.start);
    found
}

/// The digits of the shortest and the longest telephone number.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The longest reply that may be a bare number, in words.
const MAX_REPLY_WORDS: u32 = 12;

/// A number given when the agent asked for one to call.
fn find_asked_number(search: &mut Search<'_>) {
    if search.reading.words > MAX_REPLY_WORDS || !search.is_asked(EntityKind::Phone) {
        return;
    }
    let text = search.text;
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '/');
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find(|c: char| c.is_ascii_digit()))
    {
        let start = at + start;
        let run = text.get(start..).unwrap_or_default();
        let run = run.get(..run.find(|c| !is_part(c)).unwrap_or(run.len())).unwrap_or_default();
        let run = run.trim_end_matches(|c: char| !c.is_ascii_digit());
        at = start + run.len().max(1);
        let before = text.get(..start).unwrap_or_default().trim_end();
        let is_money = before.ends_with(['$', '\u{20ac}', '\u{a3}', '#']);
        let is_inside = text
            .get(..start)
            .is_some_and(|before| before.ends_with(|c: char| c.is_alphanumeric() || c == '-'))
            || text.get(at..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        let plus = usize::from(before.len() == start && before.ends_with(['+', '(']));
        let has_cue = order_id::has_cue(text, start);
        if PHONE_DIGITS.contains(&digits) && !is_money && !is_inside && !has_cue && !is_date(run) {
            let rule = Cow::Borrowed("asked for");
            search.push(EntityKind::Phone, start - plus..start + run.len(), rule, 0.9);
        }
    }
}

/// Products and plans, which rules name in whole.
fn find_by_rules(search: &mut Search<'_>) {
    for hit in search.hits {
        let (Some(rule), Some(span)) =
            (search.rules.set.rule(hit), span_of(&search.reading.tokens, &hit.tokens))
        else {
            continue;
        };
        let (name, score) = (rule.name.clone(), f64::from(rule.weight));
        match rule.shows {
            Shows::Product => search.push(EntityKind::Product, span, name, score),
            Shows::Plan => search.push(EntityKind::Plan, span, name, score),
            Shows::Tried if is_told(search, hit.tokens.start) => {
                let end = sentence_end(search.text, span.end, 80);
                search.push(EntityKind::StepTried, span.start..end, name, score);
            }
            Shows::ErrorText => {
                if let Some(span) = quoted_after(search.text, span.end) {
                    search.push(EntityKind::ErrorText, span, name, score);
                }
            }
            _ => {}
        }
    }
}

/// The end of the sentence, at most so many bytes on.
fn sentence_end(text: &str, from: usize, most: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let mut end = from;
    for (offset, c) in rest.char_indices() {
        if offset >= most || matches!(c, '.' | '!' | '?' | ';' | '\n' | ',') {
            break;
        }
        end = from + offset + c.len_utf8();
    }
    from + text.get(from..end).unwrap_or_default().trim_end().len()
}

/// Words behind which "I reset it" is no step that was tried.
const NOT_TRIED: [&str; 30] = [
    "how", "do", "does", "did", "can", "could", "should", "shall", "will", "would", "may", "might",
    "must", "if", "unless", "before", "until", "what", "where", "why", "which", "who", "is", "are",
    "to", "not", "never", "cannot", "haven't", "hasn't",
];

/// Whether the words at a token tell what was done, and neither ask nor deny it.
fn is_told(search: &Search<'_>, at: usize) -> bool {
    let tokens = &search.reading.tokens;
    let start = (1..=at)
        .rev()
        .find(|at| tokens.get(*at).is_some_and(|token| token.gap == Gap::Hard))
        .unwrap_or(0);
    let from = start.max(at.saturating_sub(4));
    let spoils = |token: &Token| {
        let written = search.text.get(token.span.clone()).unwrap_or_default().to_lowercase();
        NOT_TRIED.contains(&written.as_str())
            || written.ends_with("n't")
            || written.ends_with("n\u{2019}t")
    };
    let first = tokens.get(start).filter(|_| start < at);
    let near = tokens.get(from..at).unwrap_or_default();
    // "No, I did restart it": the words themselves may hold "did"; those before them may not.
    !near.iter().chain(first).any(spoils)
}

/// The longest text of an error, in bytes; facts show it shortened.
const MAX_ERROR: usize = 4_096;

/// What stands in quotation marks, or after a colon, right behind a cue.
fn quoted_after(text: &str, from: usize) -> Option<Range<usize>> {
    let rest = text.get(from..)?;
    let near = rest.char_indices().nth(24).map_or(rest.len(), |(at, _)| at);
    let around = |at: usize, len: usize| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + len..).and_then(|after| after.chars().next());
        (before, after)
    };
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    // An apostrophe inside a word is no quotation mark, nor is the colon of a time.
    let opens = |at: usize, mark: char| {
        let (before, after) = around(from + at, mark.len_utf8());
        match mark {
            '\'' | '\u{2018}' => !is_word(before) && after.is_some_and(|c| !c.is_whitespace()),
            ':' => after.is_some_and(char::is_whitespace) || !is_word(after),
            _ => true,
        }
    };
    let (open, mark) = rest.get(..near)?.char_indices().find(|(at, c)| {
        matches!(c, '"' | '\u{201c}' | ':' | '\'' | '\u{2018}') && opens(*at, *c)
    })?;
    let start = from + open + mark.len_utf8();
    let after = text.get(start..)?;
    let most = (0..=MAX_ERROR.min(after.len())).rev().find(|at| after.is_char_boundary(*at))?;
    let within = after.get(..most)?;
    let blank = within.len() - within.trim_start().len();
    let close = match mark {
        '\u{201c}' => within.find('\u{201d}'),
        ':' => {
            // A dot inside a number or a name ends nothing.
            let ends = |(at, c): &(usize, char)| match c {
                '\n' | '!' | ';' => *at > blank,
                '.' => within
                    .get(at + 1..)
                    .is_none_or(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)),
                _ => false,
            };
            within.char_indices().find(ends).map(|(at, _)| at).or(Some(within.len()))
        }
        '\'' | '\u{2018}' => within.char_indices().map(|(at, _)| at).find(|at| {
            let here = within.get(*at..).unwrap_or_default();
            let closes = here.starts_with('\'') || here.starts_with('\u{2019}');
            let (before, after) = around(start + at, here.chars().next().map_or(1, char::len_utf8));
            closes && !is_word(after) && before.is_some_and(|c| !c.is_whitespace())
        }),
        mark => within.find(mark),
    }?;
    let span = start + blank..(start + close).max(start + blank);
    text.get(span.clone()).filter(|found| !found.trim().is_empty()).map(|_| span)
}

const CURRENCY: [&str; 16] = [
    "dollars", "dollar", "usd", "euro", "euros", "eur", "pounds", "pound", "gbp", "rupees", "rs",
    "inr", "bucks", "cents", "chf", "yen",
];
const MONTHS: [&str; 23] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
];
const DAYS: [&str; 10] = [
    "today",
    "tomorrow",
    "yesterday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// A run of digits with separators inside it.
fn number_end(text: &str, from: usize, separators: &[u8]) -> usize {
    let bytes = text.as_bytes();
    let mut end = from;
    let mut place = from;
    while let Some(byte) = bytes.get(place) {
        if byte.is_ascii_digit() {
            end = place + 1;
        } else if !separators.contains(byte) || place != end {
            break;
        }
        place += 1;
    }
    end
}

fn find_amounts_and_days(search: &mut Search<'_>) {
    let text = search.text;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if !byte.is_ascii_digit() {
            at += 1;
            continue;
        }
        let before = text.get(..at).unwrap_or_default();
        let last = before.chars().next_back();
        let is_inside =
            last.is_some_and(|c| c.is_alphanumeric() || matches!(c, '#' | '-' | '_' | '/'));
        let end = number_end(text, at, b",.");
        if is_inside {
            at = end.max(at + 1);
            continue;
        }
        let rest = text.get(end..).unwrap_or_default();
        let sign = before
            .trim_end()
            .chars()
            .next_back()
            .filter(|c| matches!(c, '$' | '\u{20ac}' | '\u{a3}' | '\u{20b9}' | '\u{a5}'));
        let next: String = rest
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphabetic())
            .take(9)
            .collect::<String>()
            .to_lowercase();
        let close = rest.len() - rest.trim_start().len() <= 1;
        let sign_after = rest.chars().next().filter(|c| matches!(c, '\u{20ac}' | '$' | '\u{a3}'));
        let previous = last_word(before);
        let date = number_end(text, at, b"-/.");
        if let Some(sign) = sign {
            let start = before.trim_end().len() - sign.len_utf8();
            search.push(EntityKind::Amount, start..end, Cow::Borrowed("currency sign"), 0.97);
        } else if let Some(sign) = sign_after {
            search.push(
                EntityKind::Amount,
                at..end + sign.len_utf8(),
                Cow::Borrowed("currency sign"),
                0.97,
            );
        } else if close && CURRENCY.contains(&next.as_str()) {
            let blank = rest.len() - rest.trim_start().len();
            search.push(
                EntityKind::Amount,
                at..end + blank + next.len(),
                Cow::Borrowed("currency word"),
                0.95,
            );
        } else if matches!(previous.to_lowercase().as_str(), "rs" | "usd" | "eur" | "gbp" | "inr") {
            let start = before.trim_end_matches([' ', '.']).len() - previous.len();
            search.push(EntityKind::Amount, start..end, Cow::Borrowed("currency word"), 0.95);
        } else if is_date(text.get(at..date).unwrap_or_default()) {
            search.push(EntityKind::Date, at..date, Cow::Borrowed("date"), 0.95);
        } else if end - at <= 2 {
            find_month_around(search, at, end, previous);
        }
        at = end.max(date).max(at + 1);
    }
}

/// "21 November", "21st of November 2026", "November 21".
fn find_month_around(search: &mut Search<'_>, at: usize, end: usize, previous: &str) {
    let text = search.text;
    let rest = text.get(end..).unwrap_or_default();
    let ordinal = ["st", "nd", "rd", "th"]
        .into_iter()
        .find(|ending| rest.starts_with(ending))
        .map_or(0, str::len);
    if MONTHS.contains(&previous.to_lowercase().as_str())
        && previous.starts_with(char::is_uppercase)
    {
        let start = text.get(..at).unwrap_or_default().trim_end().len() - previous.len();
        return search.push(EntityKind::Date, start..end + ordinal, Cow::Borrowed("month"), 0.95);
    }
    let after = rest.get(ordinal..).unwrap_or_default();
    let after = after.strip_prefix(" of").unwrap_or(after);
    let Some(month) = after.strip_prefix(' ') else { return };
    let letters = month.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = month.get(..letters).unwrap_or_default();
    let is_month = word != "may"
        && word != "mar"
        && word != "sep"
        && MONTHS.contains(&word.to_lowercase().as_str());
    if is_month {
        let mut stop = text.len() - month.len() + letters;
        let year = text.get(stop..).unwrap_or_default().trim_start_matches([',', ' ']);
        if year.len() >= 4
            && year.bytes().take(4).all(|byte| byte.is_ascii_digit())
            && (year.starts_with("20") || year.starts_with("19"))
        {
            stop = text.len() - year.len() + 4;
        }
        search.push(EntityKind::Date, at..stop, Cow::Borrowed("month"), 0.95);
    }
}

fn is_date(text: &str) -> bool {
    for separator in ['-', '/', '.'] {
        let parts: Vec<&str> = text.split(separator).collect();
        if let [first, second, third] = parts.as_slice() {
            let number = |part: &str, most: u32| {
                part.len() <= 2
                    && part.parse::<u32>().is_ok_and(|number| (1..=most).contains(&number))
            };
            let year = |part: &str| {
                (part.len() == 4 && (part.starts_with("20") || part.starts_with("19")))
                    || (part.len() == 2 && separator != '.')
            };
            let is_year_first =
                year(first) && first.len() == 4 && number(second, 12) && number(third, 31);
            let is_year_last = year(third)
                && ((number(first, 31) && number(second, 12))
                    || (number(first, 12) && number(second, 31)));
            return is_year_first || is_year_last;
        }
    }
    false
}

fn last_word(text: &str) -> &str {
    let text = text.trim_end_matches([' ', '.', ',']);
    let letters = text.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    text.get(text.len() - letters..).unwrap_or_default()
}

fn find_named_days(search: &mut Search<'_>) {
    let tokens = search
        .reading
        .tokens
        .iter()
        .filter(|token| token.is_first && (5..=9).contains(&token.span.len()));
    let days: Vec<Range<usize>> = tokens
        .filter(|token| {
            let word = search.text.get(token.span.clone()).unwrap_or_default();
            DAYS.iter().any(|day| day.eq_ignore_ascii_case(word))
        })
        .map(|token| token.span.clone())
        .collect();
    for span in days {
        search.push(EntityKind::Date, span, Cow::Borrowed("day"), 0.9);
    }
}
