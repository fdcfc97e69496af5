//! Removing what must not be kept: card and account numbers, addresses, telephone numbers.
//!
//! Knows how each of them is recognised and checked (Luhn for cards, mod 97 for IBANs), and
//! the labels that stand for them.

use super::number_cue::{NumberCue, cue_before};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// What was recognised.
///
/// ```
/// assert_eq!(confidant::Sensitive::Card.label(), "[card]");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sensitive {
    /// The number of a payment card, 13 to 19 digits with a right check digit.
    Card,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// An international bank account number with right check digits.
    Iban,
}

impl Sensitive {
    /// What stands in its place in a redacted text.
    pub fn label(self) -> &'static str {
        match self {
            Sensitive::Card => "[card]",
            Sensitive::Email => "[email]",
            Sensitive::Phone => "[phone]",
            Sensitive::Iban => "[iban]",
        }
    }
}

impl fmt::Display for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label().trim_matches(['[', ']']))
    }
}

/// A text with labels in place of what must not be kept.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redacted<'a> {
    /// The text with the labels; borrowed if nothing was found.
    pub text: Cow<'a, str>,
    /// What was found, and its bytes in the original, in order.
    pub found: Vec<(Sensitive, Range<usize>)>,
}

/// `Debug` tells what was found and where, never the text.
impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redacted")
            .field("text_bytes", &self.text.len())
            .field("found", &self.found)
            .finish()
    }
}

/// Puts labels in place of card numbers, e-mail addresses, telephone numbers and IBANs.
///
/// Dates, amounts and numbers that belong to an order are left alone. Linear in the text's
/// length.
///
/// ```
/// let safe = confidant::redact("My card 4111 1111 1111 1111, mail al@example.com");
/// assert_eq!(safe.text, "My card [card], mail [email]");
/// assert_eq!(safe.found.len(), 2);
/// ```
pub fn redact(text: &str) -> Redacted<'_> {
    let found = sensitive(text);
    if found.is_empty() {
        return Redacted { text: Cow::Borrowed(text), found };
    }
    let mut made = String::with_capacity(text.len());
    let mut at = 0;
    for (what, span) in &found {
        made.push_str(text.get(at..span.start).unwrap_or_default());
        made.push_str(what.label());
        at = span.end;
    }
    made.push_str(text.get(at..).unwrap_or_default());
    Redacted { text: Cow::Owned(made), found }
}

/// What a text holds that must not be kept, in order, none inside another.
pub(crate) fn sensitive(text: &str) -> Vec<(Sensitive, Range<usize>)> {
    let bytes = text.as_bytes();
    let mut found: Vec<(Sensitive, Range<usize>)> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hit = match byte {
            b'@' => email_around(bytes, at, found.last().map_or(0, |(_, span)| span.end))
                .map(|span| (Sensitive::Email, span)),
            b'0'..=b'9' | b'+' | b'(' => number_at(bytes, at),
            b'A'..=b'Z' | b'a'..=b'z' => iban_at(bytes, at).map(|span| (Sensitive::Iban, span)),
            _ => None,
        };
        let next = match hit {
            Some((what, span)) => {
                // An address may begin with what looked like a number.
                found.retain(|(_, before)| before.end <= span.start);
                let end = span.end;
                found.push((what, span));
                end
            }
            None if byte.is_ascii_digit() => digits_end(bytes, at),
            None => at + 1,
        };
        at = next.max(at + 1);
    }
    found
}

/// The longest part of an address before the `@`, and a host after it.
const MAX_LOCAL: usize = 64;
const MAX_HOST: usize = 253;

/// The address whose `@` stands at `at`: `local@host.tld`.
pub(crate) fn email_around(bytes: &[u8], at: usize, from: usize) -> Option<Range<usize>> {
    let is_local =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte) || *byte >= 0x80;
    let before = bytes.get(from..at)?;
    let local = before.iter().rev().take(MAX_LOCAL + 1).take_while(|byte| is_local(byte)).count();
    if local == 0 || local > MAX_LOCAL {
        return None;
    }
    let dots =
        before.iter().skip(before.len() - local).take_while(|byte| b"._%+-".contains(byte)).count();
    let start = at - local + dots;
    let after = bytes.get(at + 1..)?;
    let is_host =
        |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.' || *byte == b'-' || *byte >= 0x80;
    let mut host = after.iter().take(MAX_HOST).take_while(|byte| is_host(byte)).count();
    while host > 0 && after.get(host - 1).is_some_and(|byte| *byte == b'.' || *byte == b'-') {
        host -= 1;
    }
    let name = after.get(..host)?;
    let top = name.iter().rev().take_while(|byte| **byte != b'.').count();
    let is_name = top >= 2
        && top < host
        && !name.starts_with(b".")
        && !name.array_windows().any(|pair| pair == b"..");
    let top_letters =
        name.iter().rev().take(top).all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    (start < at && is_name && top_letters).then_some(start..at + 1 + host)
}

/// The most digits of a card.
const MAX_CARD: usize = 19;
/// Of a row of digits so many are read: a card, and the day and year behind it.
const MAX_READ: usize = 28;

/// A card or a telephone number that begins here.
fn number_at(bytes: &[u8], at: usize) -> Option<(Sensitive, Range<usize>)> {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied();
    if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')) {
        return None;
    }
    if before.is_some_and(|byte| byte >= 0x80) && gap_before(bytes, at).is_none() {
        return None;
    }
    let number = Number::read(bytes, at)?;
    if bytes.get(at) == Some(&b'(') && number.groups.first().is_some_and(|first| *first > 5) {
        // Brackets around a whole number; it begins behind them.
        return None;
    }
    // "no.4111 .." is a card behind a full stop, "1.4111 .." no number of one.
    let two_before = at.checked_sub(2).and_then(|before| bytes.get(before)).copied();
    let is_joined = matches!(before, Some(b'#' | b'-' | b'/'))
        || (before == Some(b'.') && !two_before.is_some_and(|byte| byte.is_ascii_alphabetic()));
    if !is_joined && let Some(end) = number.card_end(bytes) {
        return Some((Sensitive::Card, at..end));
    }
    let is_rest = before == Some(b' ') && two_before.is_some_and(|byte| byte.is_ascii_digit());
    if is_joined || is_rest || before == Some(b'.') {
        // The rest of a longer row of digits.
        return None;
    }
    number.is_phone(bytes, at).then_some((Sensitive::Phone, at..number.end))
}

/// The sign between two groups of digits in plain form and its length: blanks and dashes come in
/// many widths.
fn gap_at(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    match bytes.get(at..)? {
        [sign @ (b' ' | b'-' | b'.' | b'/'), ..] => Some((*sign, 1)),
        [0xc2, 0xa0, ..] => Some((b' ', 2)),
        [0xe2, 0x80, 0x80..=0x8a | 0xaf, ..] | [0xe3, 0x80, 0x80, ..] => Some((b' ', 3)),
        [0xe2, 0x80, 0x90..=0x95, ..] | [0xe2, 0x88, 0x92, ..] => Some((b'-', 3)),
        _ => None,
    }
}

/// As [`gap_at`], of a sign of several bytes that ends here; other signs than letters are no part
/// of a number either.
fn gap_before(bytes: &[u8], at: usize) -> Option<()> {
    let is_gap = |len: usize| {
        at.checked_sub(len).and_then(|from| gap_at(bytes, from)).is_some_and(|(_, all)| all == len)
    };
    let is_wide = at.checked_sub(3).and_then(|from| bytes.get(from..at)).is_some_and(|sign| {
        // Colons and brackets of full width, and other punctuation of East Asia.
        matches!(sign, [0xef, 0xbc, 0x80..=0x8f | 0x9a..=0x9f] | [0xe3, 0x80, 0x80..=0x91])
    });
    (is_gap(2) || is_gap(3) || is_wide).then_some(())
}

/// A group of digits: how many digits and groups there are up to its end.
struct Group {
    end: usize,
    digits: usize,
    has_parenthesis: bool,
}

/// Groups of digits with single separators between them.
struct Number {
    digits: Vec<u8>,
    groups: Vec<usize>,
    ends: Vec<Group>,
    end: usize,
    has_plus: bool,
    has_parenthesis: bool,
    separators: Vec<u8>,
    /// Whether it is all that stands there.
    is_whole: bool,
}

impl Number {
    fn read(bytes: &[u8], at: usize) -> Option<Number> {
        let mut number = Number {
            digits: Vec::new(),
            groups: Vec::new(),
            ends: Vec::new(),
            end: at,
            has_plus: false,
            has_parenthesis: false,
            separators: Vec::new(),
            is_whole: true,
        };
        let (mut place, mut gap, mut parenthesis, mut in_group) = (at, 0, false, false);
        while let Some(byte) = bytes.get(place).copied() {
            match byte {
                b'0'..=b'9' => {
                    if number.digits.len() == MAX_READ {
                        number.is_whole = false;
                        break;
                    }
                    if !in_group {
                        number.groups.push(0);
                    }
                    (gap, in_group) = (0, true);
                    number.has_parenthesis |= parenthesis;
                    number.digits.push(byte - b'0');
                    *number.groups.last_mut()? += 1;
                    number.end = place + 1;
                    let has_parenthesis = number.has_parenthesis;
                    let digits = number.digits.len();
                    let group = Group { end: number.end, digits, has_parenthesis };
                    if number.ends.len() == number.groups.len() {
                        *number.ends.last_mut()? = group;
                    } else {
                        number.ends.push(group);
                    }
                }
                b'+' if number.digits.is_empty() && !number.has_plus => number.has_plus = true,
                b'(' | b')' if gap < 2 => {
                    (parenthesis, in_group) = (true, false);
                    gap += 1;
                }
                _ => match gap_at(bytes, place) {
                    Some((sign, len)) if gap < 2 && !number.digits.is_empty() => {
                        number.separators.push(sign);
                        in_group = false;
                        gap += 1;
                        place += len - 1;
                    }
                    _ => break,
                },
            }
            place += 1;
        }
        (!number.digits.is_empty()).then_some(number)
    }

    /// Where the card ends that these digits begin with.
    fn card_end(&self, bytes: &[u8]) -> Option<usize> {
        self.ends.iter().enumerate().rev().find_map(|(place, group)| {
            let digits = self.digits.get(..group.digits)?;
            let is_card = (13..=MAX_CARD).contains(&digits.len())
                && !self.has_plus
                && !group.has_parenthesis
                && has_card_groups(self.groups.get(..=place)?)
                && digits.first().is_some_and(|first| (2..=6).contains(first))
                && luhn(digits);
            let next = bytes.get(group.end);
            let ends_word = next.is_none_or(|byte| {
                !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'%' | b'@')
            });
            (is_card && ends_word).then_some(group.end)
        })
    }

    fn is_phone(&self, bytes: &[u8], at: usize) -> bool {
        let count = self.digits.len();
        let next = bytes.get(self.end);
        let ends_word = next.is_none_or(|byte| {
            !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'%' | b'/' | b'@')
        });
        if !self.is_whole || !ends_word || !(7..=15).contains(&count) || self.is_date() {
            return false;
        }
        let cue = cue_before(bytes, at);
        if cue == Some(NumberCue::Order) {
            return false;
        }
        if self.has_plus || (self.has_parenthesis && count >= 9) {
            return count >= 8;
        }
        let groups = self.groups.as_slice();
        let all = |sign: u8| self.separators.iter().all(|byte| *byte == sign);
        let first = self.digits.first().copied().unwrap_or(0);
        let dashed = all(b'-') || all(b'.');
        let american =
            matches!(groups, [3, 3, 4] | [1, 3, 3, 4]) || (matches!(groups, [3, 4]) && dashed);
        let national = first == 0
            && (9..=12).contains(&count)
            && groups.len() >= 2
            && groups.first().is_some_and(|first| (2..=5).contains(first));
        let abroad = self.digits.starts_with(&[0, 0]) && (11..=15).contains(&count);
        // As mobile numbers are written in India and in Spain.
        let mobile = (groups == [5, 5] && first >= 6)
            || (groups == [3, 3, 3] && matches!(first, 6 | 7 | 9) && all(b' '));
        american
            || national
            || abroad
            || mobile
            || (cue == Some(NumberCue::Phone) && (9..=13).contains(&count))
    }

    /// Whether it begins as a date does: 01.12.2026, 2026-12-01.
    fn is_date(&self) -> bool {
        let number = |from: usize, len: usize| {
            self.digits
                .get(from..from + len)
                .map_or(0, |part| part.iter().fold(0, |sum, digit| sum * 10 + u32::from(*digit)))
        };
        let [one, two, three, ..] = self.groups.as_slice() else { return false };
        let same = matches!(self.separators.as_slice(), [one, two, ..]
            if one == two && matches!(one, b'.' | b'-' | b'/'));
        let is_year = |year: u32| (1900..2100).contains(&year);
        let is_day = |day: u32| (1..=31).contains(&day);
        same && match (*one, *two, *three) {
            (day @ 1..=2, month @ 1..=2, 4) => {
                is_day(number(0, day))
                    && is_day(number(day, month))
                    && is_year(number(day + month, 4))
            }
            (4, month @ 1..=2, 1..=2) => is_year(number(0, 4)) && is_day(number(4, month)),
            _ => false,
        }
    }
}

/// Cards are written in one piece, in fours, or in 4, 6 and 5.
fn has_card_groups(groups: &[usize]) -> bool {
    match groups {
        [_] | [4, 6, 4 | 5] => true,
        [fours @ .., last] => *last <= 4 && fours.iter().all(|group| *group == 4),
        [] => false,
    }
}

fn digits_end(bytes: &[u8], at: usize) -> usize {
    at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The check digit of a card number.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            let doubled = if place % 2 == 1 { digit * 2 } else { digit };
            if doubled > 9 { doubled - 9 } else { doubled }
        })
        .sum();
    sum > 0 && sum.is_multiple_of(10)
}

/// An IBAN that begins here: two letters, two check digits, 11 to 30 letters and digits, in
/// one piece or in groups of four.
fn iban_at(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let head = bytes.get(at..at + 4)?;
    let [first, second, third, fourth] = head else { return None };
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    let starts = first.is_ascii_alphabetic()
        && second.is_ascii_alphabetic()
        && third.is_ascii_digit()
        && fourth.is_ascii_digit();
    if !starts || before.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let mut signs = Vec::with_capacity(34);
    let mut place = at;
    let mut found = None;
    while let Some(byte) = bytes.get(place).copied() {
        if byte.is_ascii_alphanumeric() {
            signs.push(byte.to_ascii_uppercase());
        } else if !(byte == b' ' && signs.len().is_multiple_of(4)) {
            break;
        }
        if signs.len() > 34 {
            break;
        }
        place += 1;
        let ends = bytes.get(place).is_none_or(|next| !next.is_ascii_alphanumeric());
        if ends && byte != b' ' && signs.len() >= 15 && mod_97(&signs) == 1 {
            found = Some(at..place);
        }
    }
    found
}

/// The remainder that the check digits of an IBAN make 1.
fn mod_97(signs: &[u8]) -> u32 {
    signs.iter().cycle().skip(4).take(signs.len()).fold(0, |rest, sign| {
        if sign.is_ascii_digit() {
            (rest * 10 + u32::from(sign - b'0')) % 97
        } else {
            (rest * 100 + u32::from(sign - b'A') + 10) % 97
        }
    })
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        redact(text).text.into_owned()
    }

    #[test]
    fn what_must_not_be_kept_becomes_a_label() {
        for (text, safe) in [
            ("card 4111111111111111.", "card [card]."),
            ("4111-1111-1111-1111 and 3782 822463 10005", "[card] and [card]"),
            ("write to Alice.B+x@mail.example.co.uk, please", "write to [email], please"),
            ("call +49 (0)30 1234567 or (555) 123-4567", "call [phone] or [phone]"),
            ("my number is 555-123-4567!", "my number is [phone]!"),
            ("my mobile is 07911123456", "my mobile is [phone]"),
            ("IBAN DE89 3704 0044 0532 0130 00 thanks", "IBAN [iban] thanks"),
            ("GB82WEST12345698765432", "[iban]"),
            ("0123@example.com", "[email]"),
            ("(4111111111111111)", "([card])"),
            ("4111\u{a0}1111\u{a0}1111\u{a0}1111", "[card]"),
            ("4111\u{2013}1111\u{2013}1111\u{2013}1111", "[card]"),
            ("card no.4111111111111111", "card no.[card]"),
            ("card 4111 1111 1111 1111/12/27", "card [card]/12/27"),
            ("card:4111.1111.1111.1111, 12/27", "card:[card], 12/27"),
            ("Tel. 030/1234567", "Tel. [phone]"),
            ("0049 171 2345678", "[phone]"),
            ("meine Nummer ist 01712345678", "meine Nummer ist [phone]"),
            ("98765 43210", "[phone]"),
            ("612 345 678", "[phone]"),
            ("mi tel\u{e9}fono: 612345678", "mi tel\u{e9}fono: [phone]"),
        ] {
            assert_eq!(redacted(text), safe);
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for text in [
            "order 4111111111111112",
            "order #123-456-7890",
            "order 123-456-7890",
            "Bestellung 0123 4567890",
            "Lieferung 01.12.2026 9 St\u{fc}ck",
            "am 01.12.2026 09:30",
            "on 2026-12-01 12 34 56",
            "(4111111111111112)",
            "on 2026-11-21 at 09:30",
            "on 21.11.2026, 1,234.56 euros and $1000000",
            "version 1.2.3 on 10.0.0.1",
            "ORD-4111111111111111",
            "user@host and @name and a@b",
            "DE89 3704 0044 0532 0130 07",
            "12345678",
        ] {
            assert_eq!(redacted(text), text);
        }
    }

    #[test]
    fn spans_point_into_the_original() {
        let text = "\u{e4} 4111 1111 1111 1111 \u{1f600} a@b.org";
        let seen: Vec<_> =
            redact(text).found.into_iter().map(|(what, span)| (what, &text[span])).collect();
        assert_eq!(seen, [(Sensitive::Card, "4111 1111 1111 1111"), (Sensitive::Email, "a@b.org")]);
        assert!(!format!("{:?}", redact(text)).contains("4111"));
    }

    #[test]
    fn a_long_text_is_read_in_good_time() {
        for piece in
            ["1", "1 ", "+", "(", "@", "a@", "a@b.", "DE89", "DE89 ", "1-", "4111 ", "x", "\u{e4}@"]
        {
            redacted(&piece.repeat(256 * 1024 / piece.len()));
        }
    }
}
