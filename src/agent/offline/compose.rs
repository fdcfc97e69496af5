//! Writing the reply, sentence by sentence.
//!
//! Knows what belongs in a reply of each length, what was told already, and how sure the
//! reply may claim to be.

use super::article::Article;
use super::intent::{Need, is_greeting};
use super::phrases as say;
use super::reading::Reading;
use super::shelf::Match;
use super::words::Words;
use crate::llm::{Length, Tone};

/// Each earlier time that the same matter came up shows that the answer did not help.
const REPEAT_TRUST: f64 = 0.9;
/// Nothing new can be told.
const TOLD_TRUST: f64 = 0.7;
/// From here on an explanation is taken to settle a "how do I".
const SETTLES_FROM: f64 = 0.6;
/// Sentences of an article in a reply of medium length.
const MEDIUM_SENTENCES: usize = 2;

const CLOSING_CONFIDENCE: f64 = 0.9;
const THANKS_CONFIDENCE: f64 = 0.75;
const USUAL_CONFIDENCE: f64 = 0.45;
const VAGUE_CONFIDENCE: f64 = 0.2;
const NOTHING_CONFIDENCE: f64 = 0.1;

/// A reply before it is given.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Sentences and lines; one that begins a line begins with a line feed.
    pub(crate) parts: Vec<String>,
    pub(crate) confidence: f64,
    pub(crate) resolved: bool,
    pub(crate) sources: Vec<String>,
}

impl Draft {
    fn say(&mut self, sentence: impl Into<String>) {
        self.parts.push(sentence.into());
    }
}

/// Writes the reply to what was read; `subjects` are those that there are articles about.
pub(crate) fn compose(
    reading: &Reading<'_>,
    tone: Tone,
    length: Length,
    subjects: &[&str],
) -> Draft {
    match (reading.need, &reading.found, reading.past) {
        (Need::Closing, ..) => goodbye(say::glad(tone), length, CLOSING_CONFIDENCE, true),
        (Need::Thanks, ..) => {
            let is_for_an_answer =
                !reading.told.is_empty() && reading.words.has_any(&["thank", "thanks", "cheers"]);
            goodbye(say::welcome(tone), length, THANKS_CONFIDENCE, is_for_an_answer)
        }
        (Need::Vague, ..) => offer(reading, tone, length, subjects),
        (_, Some(found), _) => explain(reading, found, tone, length),
        (_, None, Some((answer, confidence))) => repeat(answer, confidence, tone, length),
        (_, None, None) => Draft {
            parts: vec![say::no_article(tone).to_owned(), say::clarify(tone).to_owned()],
            confidence: NOTHING_CONFIDENCE,
            ..Draft::default()
        },
    }
}

fn goodbye(sentences: [&str; 2], length: Length, confidence: f64, resolved: bool) -> Draft {
    let wanted = if length == Length::Brief { 1 } else { sentences.len() };
    let parts = sentences.into_iter().take(wanted).map(str::to_owned).collect();
    Draft { parts, confidence, resolved, sources: Vec::new() }
}

/// Help with what the customer usually needs, or a question about the subject.
fn offer(reading: &Reading<'_>, tone: Tone, length: Length, subjects: &[&str]) -> Draft {
    let mut draft = Draft { confidence: VAGUE_CONFIDENCE, ..Draft::default() };
    draft.say(if is_greeting(&reading.words) { say::greeting(tone) } else { say::of_course(tone) });
    let Some(article) = reading.usual else {
        draft.say(say::which_subject(tone, &subjects.join(", ")));
        return draft;
    };
    draft.confidence = USUAL_CONFIDENCE;
    draft.sources.push(article.title.clone());
    let subject = if article.category.is_empty() { &article.title } else { &article.category };
    draft.say(say::usual_subject(tone, subject));
    let wanted = if length == Length::Brief { 1 } else { MEDIUM_SENTENCES };
    sentences(&article.content).into_iter().take(wanted).for_each(|sentence| draft.say(sentence));
    draft.say(say::something_else(tone));
    draft
}

/// The answer of an article, less what was told before.
fn explain(reading: &Reading<'_>, found: &Match<'_>, tone: Tone, length: Length) -> Draft {
    let article = found.article;
    let all = sentences(&article.content);
    let is_told = |sentence: &str| reading.told.iter().any(|text| text.contains(sentence));
    let fresh: Vec<&str> = all.iter().copied().filter(|sentence| !is_told(sentence)).collect();
    let is_exhausted = fresh.is_empty() && !all.is_empty();
    let repeats = i32::try_from(reading.times_before.min(3)).unwrap_or(3);
    let told_trust = if is_exhausted { TOLD_TRUST } else { 1.0 };
    let confidence = found.confidence * REPEAT_TRUST.powi(repeats) * told_trust;
    let mut draft = Draft {
        parts: Vec::new(),
        confidence,
        resolved: reading.need == Need::HowTo
            && reading.times_before == 0
            && confidence >= SETTLES_FROM,
        sources: vec![article.title.clone()],
    };
    let is_honest = open(&mut draft, reading, tone, length);
    match (is_exhausted, length) {
        (true, _) => draft.say(say::as_before(tone)),
        (false, Length::Brief) => {}
        (false, _) if fresh.len() < all.len() => draft.say(say::besides(tone)),
        (false, _) if is_honest => draft.say(say::usually_helps(tone)),
        (false, _) => {}
    }
    let pool = if is_exhausted { nearest_first(all, reading) } else { fresh };
    let wanted = if length == Length::Medium && !is_exhausted { MEDIUM_SENTENCES } else { 1 };
    pool.iter().take(wanted).for_each(|sentence| draft.say(*sentence));
    if length == Length::Detailed {
        number(&mut draft, article, pool.get(1..).unwrap_or_default(), is_told);
    }
    close(&mut draft, reading, tone, length, is_exhausted);
    draft
}

/// What stands before the advice; returns whether it admits what cannot be done from here.
fn open(draft: &mut Draft, reading: &Reading<'_>, tone: Tone, length: Length) -> bool {
    let is_brief = length == Length::Brief;
    if is_greeting(&reading.words) && !is_brief {
        draft.say(say::greeting(tone));
    }
    let is_just_told =
        |sentence: &str| reading.told.last().is_some_and(|text| text.contains(sentence));
    let honest = match reading.need {
        Need::Status => Some(say::cannot_see(tone)),
        Need::Action => Some(say::cannot_do(tone)),
        _ => None,
    };
    let honest = honest.filter(|sentence| !is_brief && !is_just_told(sentence));
    if reading.times_before > 0 && reading.need != Need::HowTo {
        draft.say(say::acknowledgement(tone, reading.times_before));
    } else if !is_brief && matches!(reading.need, Need::HowTo | Need::Other) {
        draft.say(say::with_pleasure(tone));
    } else if !is_brief && reading.need == Need::Problem {
        draft.say(say::sympathy(tone));
    }
    honest.into_iter().for_each(|sentence| draft.say(sentence));
    honest.is_some()
}

/// The sentences with most words of the question first; else in their order.
fn nearest_first<'s>(mut sentences: Vec<&'s str>, reading: &Reading<'_>) -> Vec<&'s str> {
    let shared =
        |sentence: &str| Words::of(sentence).stems.intersection(&reading.words.stems).count();
    sentences.sort_by_cached_key(|sentence| std::cmp::Reverse(shared(sentence)));
    sentences
}

/// The steps of an article unless they were all told, or its other sentences if it has none.
fn number(draft: &mut Draft, article: &Article, others: &[&str], is_told: impl Fn(&str) -> bool) {
    let steps: Vec<&str> = match article.steps.is_empty() {
        true => others.to_vec(),
        false => article.steps.iter().map(String::as_str).collect(),
    };
    if steps.iter().all(|step| is_told(step)) {
        return;
    }
    for (step, number) in steps.iter().zip(1..) {
        draft.say(format!("\n{number}. {step}"));
    }
}

fn close(draft: &mut Draft, reading: &Reading<'_>, tone: Tone, length: Length, is_exhausted: bool) {
    let sentence = match (is_exhausted && reading.times_before > 0, length) {
        (true, _) => say::hand_over(tone),
        (false, Length::Brief) => return,
        (false, _) if reading.times_before > 0 => return,
        (false, _) if matches!(reading.need, Need::HowTo | Need::Other) => say::if_unclear(tone),
        (false, _) => say::write_again(tone),
    };
    let is_after_steps = draft.parts.last().is_some_and(|part| part.starts_with('\n'));
    draft.say(if is_after_steps { format!("\n{sentence}") } else { sentence.to_owned() });
}

/// What our side answered before, when there is no article.
fn repeat(answer: &str, confidence: f64, tone: Tone, length: Length) -> Draft {
    let wanted = match length {
        Length::Brief => 1,
        Length::Medium => MEDIUM_SENTENCES,
        Length::Detailed => usize::MAX,
    };
    let mut draft = Draft { confidence, ..Draft::default() };
    draft.say(say::as_before(tone));
    sentences(answer).into_iter().take(wanted).for_each(|sentence| draft.say(sentence));
    draft
}

/// The sentences of a text, trimmed, with their full stops.
fn sentences(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (sentence, after) = rest.split_at(sentence_end(rest));
        all.push(sentence.trim_end());
        rest = after.trim_start();
    }
    all
}

/// Where the first sentence ends: after ".", "!" or "?" and its quotes, before a blank and a
/// letter that is not small.
fn sentence_end(text: &str) -> usize {
    let mut is_ended = false;
    let mut letters = text.char_indices().peekable();
    while let Some((index, letter)) = letters.next() {
        is_ended = match letter {
            '.' | '!' | '?' => true,
            '"' | '\'' | ')' | '\u{201d}' => is_ended,
            letter if letter.is_whitespace() && is_ended => {
                let is_next_small = letters.peek().is_some_and(|(_, next)| next.is_lowercase());
                if !is_next_small {
                    return index;
                }
                false
            }
            _ => false,
        };
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_full_stops_but_not_at_every_point() {
        assert_eq!(
            sentences(" Choose \"Track.\" Then wait, e.g. for a day (or 2.5). Done?  Yes! "),
            ["Choose \"Track.\"", "Then wait, e.g. for a day (or 2.5).", "Done?", "Yes!"]
        );
        assert_eq!(sentences("no stop"), ["no stop"]);
        assert!(sentences("  ").is_empty());
    }
}
