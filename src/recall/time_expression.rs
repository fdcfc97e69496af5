//! The time that a question speaks of: "yesterday", "last March", "two weeks ago".
//!
//! Knows English expressions and the calendar, in UTC. What it finds only favours turns of
//! that time; nothing is left out for it, since people are often wrong about when.

use crate::embedding::{Token, tokens};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const MONTHS: [&str; 12] = [
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
];
const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
const COUNTS: [&str; 11] =
    ["a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
/// Words of a question that are looked at.
const MAX_WORDS: usize = 256;

/// The milliseconds from and until that the first such expression means, seen from `now`.
pub(crate) fn period(text: &str, now: i64) -> Option<(i64, i64)> {
    let mut words: Vec<String> = Vec::new();
    tokens(text, &mut String::new(), |token| {
        if let Token::Word(word) = token
            && words.len() < MAX_WORDS
        {
            words.push(word.to_owned());
        }
    });
    let today = Timestamp::from_millisecond(now).ok()?.to_zoned(TimeZone::UTC).date();
    let (from, until) = (0..words.len()).find_map(|at| days(&words, at, today))?;
    Some((begins(from)?, begins(until)?))
}

/// The first millisecond of a day.
fn begins(day: Date) -> Option<i64> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// The first day and the day after the last.
type Days = (Date, Date);

/// The days of an expression that begins at a word.
fn days(words: &[String], at: usize, today: Date) -> Option<Days> {
    let word = |place: usize| words.get(place).map_or("", String::as_str);
    let before = at.checked_sub(1).map_or("", word);
    let (this, next) = (word(at), word(at + 1));
    let is_led =
        matches!(before, "in" | "last" | "since" | "during" | "of" | "this" | "on" | "from");
    match this {
        "today" => return one_day(today),
        "yesterday" => return one_day(today.yesterday().ok()?),
        "last" | "past" | "previous" => return whole_unit(next, 1, today),
        "this" => return whole_unit(next, 0, today),
        _ => {}
    }
    if word(at + 2) == "ago" {
        return ago(this, next, today);
    }
    if let Some(month) = position(&MONTHS, this) {
        let (is_day_before, is_day_after) =
            (day_number(before).is_some(), day_number(next).is_some());
        let is_certain = !matches!(this, "may" | "march")
            || is_led
            || is_day_before
            || is_day_after
            || year(next).is_some();
        let month = i8::try_from(month + 1).ok().filter(|_| is_certain)?;
        return month_days(month, before, next, word(at + 2), today);
    }
    if let Some((_, weekday)) = WEEKDAYS.iter().find(|(name, _)| *name == this) {
        return one_day(today.nth_weekday(-1, *weekday).ok()?);
    }
    let first = Date::new(year(this).filter(|_| is_led)?, 1, 1).ok()?;
    Some((first, first.checked_add(1.year()).ok()?))
}

fn one_day(day: Date) -> Option<Days> {
    Some((day, day.tomorrow().ok()?))
}

/// The whole week, month or year so many back.
fn whole_unit(unit: &str, back: i64, today: Date) -> Option<Days> {
    let (first, span) = match unit {
        "week" => {
            let into = i64::from(today.weekday().to_monday_zero_offset());
            (today.checked_sub((into + 7 * back).days()).ok()?, 1.week())
        }
        "month" => (today.first_of_month().checked_sub(back.months()).ok()?, 1.month()),
        "year" => (today.first_of_year().checked_sub(back.years()).ok()?, 1.year()),
        _ => return None,
    };
    Some((first, first.checked_add(span).ok()?))
}

/// "three days ago".
fn ago(count: &str, unit: &str, today: Date) -> Option<Days> {
    let words = position(&COUNTS, count).map(|place| place.max(1));
    let count = words.and_then(|count| i64::try_from(count).ok()).or_else(|| count.parse().ok());
    let count = count.filter(|count| (1..=10_000).contains(count))?;
    match unit.trim_end_matches('s') {
        "day" => one_day(today.checked_sub(count.days()).ok()?),
        // Nobody counts weeks to the day.
        "week" => {
            let day = today.checked_sub(count.weeks()).ok()?;
            Some((day.checked_sub(3.days()).ok()?, day.checked_add(4.days()).ok()?))
        }
        "month" => whole_unit("month", count, today),
        "year" => whole_unit("year", count, today),
        _ => None,
    }
}

/// A month, or a day of it; without a year the newest that has begun.
fn month_days(month: i8, before: &str, next: &str, second: &str, today: Date) -> Option<Days> {
    let day = day_number(before).or_else(|| day_number(next).filter(|_| year(next).is_none()));
    let is_past = month < today.month() || (month == today.month() && before != "last");
    let newest = if is_past { today.year() } else { today.year() - 1 };
    let first = Date::new(year(next).or_else(|| year(second)).unwrap_or(newest), month, 1).ok()?;
    match day.and_then(|day| Date::new(first.year(), month, day).ok()) {
        Some(day) => one_day(day),
        None => whole_unit("month", 0, first),
    }
}

fn position(words: &[&str], word: &str) -> Option<usize> {
    words.iter().position(|known| *known == word)
}

/// "3", "21st".
fn day_number(word: &str) -> Option<i8> {
    let digits =
        ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    digits.parse().ok().filter(|day| digits.len() <= 2 && (1..=31).contains(day))
}

fn year(word: &str) -> Option<i16> {
    word.parse().ok().filter(|year| word.len() == 4 && (1970..=2199).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21, a Saturday.
    const NOW: i64 = 1_795_253_400_000;

    fn seen(text: &str) -> Option<String> {
        let show = |ms: i64| crate::time::Day::of(crate::time::Timestamp::from_millis(ms));
        period(text, NOW).map(|(from, until)| format!("{} {}", show(from), show(until)))
    }

    #[test]
    fn expressions_mean_the_days_that_people_mean() {
        for (text, expected) in [
            ("what did I ask yesterday?", "2026-11-20 2026-11-21"),
            ("the call today", "2026-11-21 2026-11-22"),
            ("three days ago", "2026-11-18 2026-11-19"),
            ("a week ago", "2026-11-11 2026-11-18"),
            ("2 months ago", "2026-09-01 2026-10-01"),
            ("last week", "2026-11-09 2026-11-16"),
            ("this month", "2026-11-01 2026-12-01"),
            ("last year", "2025-01-01 2026-01-01"),
            ("last March", "2026-03-01 2026-04-01"),
            ("last November", "2025-11-01 2025-12-01"),
            ("in December", "2025-12-01 2026-01-01"),
            ("on 3 May", "2026-05-03 2026-05-04"),
            ("May 21st, 2023", "2023-05-21 2023-05-22"),
            ("in July 2023", "2023-07-01 2023-08-01"),
            ("on Friday", "2026-11-20 2026-11-21"),
            ("last Saturday", "2026-11-14 2026-11-15"),
            ("during 2024", "2024-01-01 2025-01-01"),
        ] {
            assert_eq!(seen(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_words_are_no_time() {
        for text in [
            "may I march in",
            "order 2024",
            "the last time",
            "five days",
            "",
            "ago ago ago",
            "99999999 days ago",
        ] {
            assert_eq!(seen(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_that_no_month_has_means_the_month() {
        assert_eq!(seen("on 31 June").as_deref(), Some("2026-06-01 2026-07-01"));
    }

    #[test]
    fn a_clock_far_outside_of_the_calendar_knows_no_days() {
        for now in [i64::MIN, -400_000_000_000_000, 300_000_000_000_000, i64::MAX] {
            assert_eq!(period("yesterday, last year, 10000 years ago", now), None, "{now}");
        }
    }
}
