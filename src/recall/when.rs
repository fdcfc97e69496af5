//! The time that a question speaks of: "yesterday", "last March", "two weeks ago".
//!
//! Knows English expressions and the calendar, in UTC. What it finds only favours turns of
//! that time; nothing is left out for it, since people are often wrong about when.

use crate::embedding::{Token, tokens};

const DAY_MS: i64 = 86_400_000;
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
const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
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
    let today = now.div_euclid(DAY_MS);
    let days = (0..words.len()).find_map(|at| days(&words, at, today));
    days.map(|(from, until)| (from.saturating_mul(DAY_MS), until.saturating_mul(DAY_MS)))
}

/// The days of an expression that begins at a word.
fn days(words: &[String], at: usize, today: i64) -> Option<(i64, i64)> {
    let word = |place: usize| words.get(place).map_or("", String::as_str);
    let before = at.checked_sub(1).map_or("", word);
    let (this, next) = (word(at), word(at + 1));
    let is_led =
        matches!(before, "in" | "last" | "since" | "during" | "of" | "this" | "on" | "from");
    match this {
        "today" => return Some((today, today + 1)),
        "yesterday" => return Some((today - 1, today)),
        "last" | "past" | "previous" | "this" => {
            let back = i64::from(this != "this");
            return unit_days(next, back, today);
        }
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
        return is_certain.then(|| month_days(month, before, next, word(at + 2), today));
    }
    if let Some(weekday) = position(&WEEKDAYS, this) {
        // The first day of the epoch was a Thursday.
        let since = (today + 3 - weekday).rem_euclid(7);
        let day = today - if since == 0 { 7 } else { since };
        return Some((day, day + 1));
    }
    let year = year(this).filter(|_| is_led)?;
    Some((day_of(year, 0, 1), day_of(year + 1, 0, 1)))
}

/// The whole week, month or year so many back.
fn unit_days(unit: &str, back: i64, today: i64) -> Option<(i64, i64)> {
    let (year, month, _) = civil(today);
    match unit {
        "week" => {
            let monday = today - (today + 3).rem_euclid(7) - 7 * back;
            Some((monday, monday + 7))
        }
        "month" => Some((day_of(year, month - back, 1), day_of(year, month - back + 1, 1))),
        "year" => Some((day_of(year - back, 0, 1), day_of(year - back + 1, 0, 1))),
        _ => None,
    }
}

/// "three days ago".
fn ago(count: &str, unit: &str, today: i64) -> Option<(i64, i64)> {
    let words = position(&COUNTS, count).map(|place| place.max(1));
    let count =
        words.or_else(|| count.parse().ok()).filter(|count| (1..=10_000).contains(count))?;
    match unit.trim_end_matches('s') {
        "day" => Some((today - count, today - count + 1)),
        // Nobody counts weeks to the day.
        "week" => Some((today - 7 * count - 3, today - 7 * count + 4)),
        "month" => unit_days("month", count, today),
        "year" => unit_days("year", count, today),
        _ => None,
    }
}

/// A month, or a day of it; without a year the newest that has begun.
fn month_days(month: i64, before: &str, next: &str, second: &str, today: i64) -> (i64, i64) {
    let day = day_number(before).or_else(|| day_number(next).filter(|_| year(next).is_none()));
    let (this_year, this_month, _) = civil(today);
    let is_past = month < this_month || (month == this_month && before != "last");
    let year = year(next).or_else(|| year(second)).unwrap_or(if is_past {
        this_year
    } else {
        this_year - 1
    });
    match day {
        Some(day) => (day_of(year, month, day), day_of(year, month, day) + 1),
        None => (day_of(year, month, 1), day_of(year, month + 1, 1)),
    }
}

fn position(words: &[&str], word: &str) -> Option<i64> {
    words.iter().position(|known| *known == word).and_then(|place| i64::try_from(place).ok())
}

/// "3", "21st".
fn day_number(word: &str) -> Option<i64> {
    let digits =
        ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    digits.parse().ok().filter(|day| digits.len() <= 2 && (1..=31).contains(day))
}

fn year(word: &str) -> Option<i64> {
    word.parse().ok().filter(|year| word.len() == 4 && (1970..=2199).contains(year))
}

/// The day of a date, counted from 1970-01-01; months count from 0 and may run over.
fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12));
    // Years begin in March, so that a leap day is the last one.
    let shifted = year - i64::from(month < 2);
    let in_year = (153 * (month + if month < 2 { 10 } else { -2 }) + 2) / 5 + day - 1;
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + in_year - 719_468
}

/// The year, the month from 0 and the day from 1.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let in_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let (day, month) =
        (in_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 2 } else { month - 10 });
    (year + era * 400 + i64::from(month < 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21, a Saturday.
    const NOW: i64 = 1_795_253_400_000;

    fn seen(text: &str) -> Option<String> {
        let show = |ms: i64| {
            let (year, month, day) = civil(ms.div_euclid(DAY_MS));
            format!("{year}-{:02}-{day:02}", month + 1)
        };
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
    fn the_calendar_goes_both_ways() {
        for day in (-800_000..800_000).step_by(37) {
            let (year, month, date) = civil(day);
            assert_eq!(day_of(year, month, date), day);
        }
    }
}
