//! Numbers of orders, tickets and bookings.
//!
//! Knows the shapes that tenants give, and which numbers are an order's although no shape was
//! given: those that a cue word announces, or that no other kind of number looks like.

use super::entity::Search;
use super::kinds::EntityKind;
use std::borrow::Cow;

/// The longest shape.
const MAX_SHAPE: usize = 40;

/// The shape of a tenant's order numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderShape(Vec<u8>);

impl OrderShape {
    pub(super) fn parse(shape: &str) -> Option<OrderShape> {
        let has_place = shape.contains(['#', '@']);
        (has_place && shape.len() <= MAX_SHAPE && shape.is_ascii())
            .then(|| OrderShape(shape.as_bytes().to_vec()))
    }

    /// How long the number is that begins at `at`, if one does.
    pub(super) fn len_at(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let found = bytes.get(at..at + self.0.len())?;
        let fits = self.0.iter().zip(found).all(|(shape, byte)| match shape {
            b'#' => byte.is_ascii_digit(),
            b'@' => byte.is_ascii_alphabetic(),
            other => other.eq_ignore_ascii_case(byte),
        });
        let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let alone = !is_word(before) && !is_word(bytes.get(at + self.0.len()));
        (fits && alone).then_some(self.0.len())
    }
}

/// How far before a number a cue may stand, in bytes.
const NEAR: usize = 80;
/// The longest reply that may be a bare number, in words.
const MAX_REPLY_WORDS: u32 = 6;

/// Words before a number that say it is an order's.
const CUES: [&str; 41] = [
    "order",
    "orders",
    "ticket",
    "booking",
    "reservation",
    "confirmation",
    "reference",
    "ref",
    "case",
    "purchase",
    "oder",
    "ordr",
    "orderid",
    "incident",
    "bestellnummer",
    "bestellung",
    "bestellnr",
    "auftrag",
    "auftragsnummer",
    "auftragsnr",
    "vorgang",
    "vorgangsnummer",
    "buchung",
    "buchungsnummer",
    "ticketnummer",
    "pedido",
    "orden",
    "reserva",
    "commande",
    "r\u{e9}servation",
    "dossier",
    "encomenda",
    "protocolo",
    "ordine",
    "prenotazione",
    "bestelling",
    "bestelnummer",
    "ordernummer",
    "zam\u{f3}wienie",
    "zam\u{f3}wienia",
    "sipari\u{15f}",
];
/// Words that may stand between such a word and the number.
const BETWEEN: [&str; 52] = [
    "number",
    "no",
    "num",
    "nr",
    "id",
    "is",
    "was",
    "code",
    "of",
    "the",
    "my",
    "its",
    "it",
    "with",
    "for",
    "here",
    "nmbr",
    "numbr",
    "ID",
    "hi",
    "s",
    "i",
    "nummer",
    "numero",
    "n\u{fa}mero",
    "num\u{e9}ro",
    "nro",
    "n\u{fa}m",
    "n",
    "de",
    "del",
    "da",
    "do",
    "d",
    "der",
    "ist",
    "lautet",
    "es",
    "est",
    "\u{e9}",
    "\u{e8}",
    "mi",
    "meine",
    "mein",
    "mit",
    "ma",
    "mon",
    "meu",
    "minha",
    "o",
    "la",
    "el",
];

/// Finds what fits a tenant's shape.
pub(super) fn find_shapes(search: &mut Search<'_>) {
    let bytes = search.text.as_bytes();
    for shape in search.rules.order_shapes.iter() {
        for at in 0..bytes.len() {
            if let Some(len) = shape.len_at(bytes, at) {
                search.push(
                    EntityKind::OrderId,
                    at..at + len,
                    Cow::Borrowed("tenant's shape"),
                    0.98,
                );
            }
        }
    }
}

/// Finds numbers that a cue word announces, or that look like an order's.
pub(super) fn find(search: &mut Search<'_>) {
    let text = search.text;
    let bytes = text.as_bytes();
    // A reply that is little more than the number; longer ones hold other numbers, too.
    let is_asked = search.reading.words <= MAX_REPLY_WORDS && search.is_asked(EntityKind::OrderId);
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes.get(at).is_some_and(is_part) {
            at += 1;
            continue;
        }
        let mut end = at;
        let mut place = at;
        while bytes.get(place).is_some_and(|byte| {
            is_part(byte) || (*byte == b'-' && bytes.get(place + 1).is_some_and(is_part))
        }) {
            place += 1;
            end = place;
        }
        let span = at..end;
        at = end.max(at + 1);
        let Some(run) = text.get(span.clone()) else { continue };
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        let next = bytes.get(end).copied().unwrap_or(b' ');
        let decimal = matches!(next, b'.' | b',' | b':' | b'/')
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        let before = text.get(..span.start).unwrap_or_default();
        let joined = before.ends_with(|c: char| {
            matches!(c, '.' | '/' | '_' | '@' | '$' | '\u{20ac}' | '\u{a3}' | '\u{20b9}')
                || c.is_alphanumeric()
        });
        if digits == 0
            || next == b'%'
            || next == b'@'
            || decimal
            || joined
            || next >= 0x80
            || !search.is_free(&span)
        {
            continue;
        }
        let marked = before.ends_with('#') || before.ends_with("# ");
        let (rule, score) = if marked && digits >= 3 {
            ("number sign", 0.95)
        } else if is_long_form(run) {
            ("order form", 0.95)
        } else if digits >= 3 && run.len() >= 4 && has_cue(text, span.start) && !is_measure(run) {
            ("cue word", 0.9)
        } else if is_asked && digits >= 4 && run.len() >= 5 && !is_measure(run) {
            ("asked for", 0.9)
        } else {
            continue;
        };
        search.push(EntityKind::OrderId, span, Cow::Borrowed(rule), score);
    }
}

/// Three groups of digits, 13 at least: no telephone has that form.
fn is_long_form(run: &str) -> bool {
    let groups: Vec<&str> = run.split('-').collect();
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    groups.len() == 3
        && digits >= 13
        && groups
            .iter()
            .all(|group| group.len() >= 3 && group.bytes().all(|byte| byte.is_ascii_digit()))
}

/// "128gb", "5000mah", "2nd", "15th", "10am".
fn is_measure(run: &str) -> bool {
    let letters = run.trim_start_matches(|c: char| c.is_ascii_digit());
    let units = [
        "gb", "tb", "mb", "mah", "kg", "g", "ml", "l", "cm", "mm", "inch", "hrs", "hr", "mins",
        "min", "days", "day", "am", "pm", "st", "nd", "rd", "th", "k", "w", "v", "hz", "p",
        "years", "rs", "usd",
    ];
    letters.len() < run.len() && units.iter().any(|unit| unit.eq_ignore_ascii_case(letters))
}

/// Whether a word that announces an order's number stands before a place, in its sentence.
pub(super) fn has_cue(text: &str, at: usize) -> bool {
    // A cue stands near, and looking no farther keeps a long text linear.
    let from =
        (at.saturating_sub(NEAR)..=at).find(|from| text.is_char_boundary(*from)).unwrap_or(at);
    let before = text.get(from..at).unwrap_or_default();
    let sentence = before
        .rfind(['!', '?', ';', '\n'])
        .map_or(before, |end| before.get(end + 1..).unwrap_or_default());
    let is_plain = |word: &&str| !word.is_empty();
    for word in sentence.rsplit(|c: char| !c.is_alphanumeric()).filter(is_plain).take(5) {
        if CUES.iter().any(|cue| cue.eq_ignore_ascii_case(word)) {
            return true;
        }
        if !BETWEEN.iter().any(|between| between.eq_ignore_ascii_case(word)) {
            return false;
        }
    }
    false
}
