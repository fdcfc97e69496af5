//! Reading a conversation before it is answered.
//!
//! Knows which earlier messages the last one leans on, what it is about, how often that came
//! up before, and whether it was answered already.

use super::article::Article;
use super::intent::Need;
use super::shelf::{Match, Query, Shelf, query};
use super::words::Words;
use crate::llm::{LlmMessage, Role};

/// How much an earlier message counts for a follow-up; its own predecessor by that again.
const EARLIER_SHARE: f64 = 0.6;
/// How many earlier messages of the customer a follow-up leans on.
const EARLIER_MESSAGES: usize = 3;
/// A follow-up is understood only through what came before.
const FOLLOW_UP_TRUST: f64 = 0.85;
/// A past answer is trusted less than an article.
const PAST_TRUST: f64 = 0.8;
/// The part of a message that an earlier one must share, to be the same question.
const SAME_QUESTION: f64 = 0.6;

/// Stems that name no subject by themselves, though articles have them.
const THIN: [&str; 17] = [
    "send", "com", "arriv", "receiv", "start", "chang", "address", "messag", "miss", "wrong",
    "lat", "link", "confirm", "page", "new", "status", "back",
];

/// Words that point at what was said before.
const REFERRING: [&str; 12] =
    ["it", "its", "that", "this", "they", "them", "these", "those", "one", "again", "still", "yet"];

/// What is known about the last message.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) words: Words,
    pub(crate) need: Need,
    /// The article about it.
    pub(crate) found: Option<Match<'a>>,
    /// How many earlier messages were about the same article.
    pub(crate) times_before: usize,
    /// What the customer wrote about repeatedly; for a vague message.
    pub(crate) usual: Option<&'a Article>,
    /// An earlier answer to the same question, and how sure that is; if no article is found.
    pub(crate) past: Option<(&'a str, f64)>,
    /// What our side wrote so far.
    pub(crate) told: Vec<&'a str>,
}

/// Reads a conversation; the customer's last message is the one to answer.
pub(crate) fn read<'a>(shelf: &'a Shelf, messages: &[LlmMessage<'a>]) -> Reading<'a> {
    let mut said: Vec<Words> = messages
        .iter()
        .filter(|each| each.role == Role::Customer)
        .map(|each| Words::of(each.text))
        .collect();
    let told =
        messages.iter().filter(|each| each.role == Role::Agent).map(|each| each.text).collect();
    let mut abouts: Vec<_> =
        (0..said.len()).map(|index| about(shelf, said.get(..=index).unwrap_or_default())).collect();
    let last = said.pop().unwrap_or_default();
    let found = abouts.pop().flatten();
    let has_subject = shelf.substance(&query(&last)) > 0.0;
    let need = Need::of(&last, has_subject);
    let found = found.filter(|_| need != Need::Vague);
    let times_before = found.map_or(0, |found| times(&abouts, found.article));
    let usual = if need == Need::Vague { usual(&abouts) } else { None };
    let past = if found.is_none() { past_answer(shelf, messages, &last) } else { None };
    Reading { words: last, need, found, times_before, usual, past, told }
}

/// What the last of these messages is about, by itself or with those before it.
fn about<'s>(shelf: &'s Shelf, said: &[Words]) -> Option<Match<'s>> {
    let (last, earlier) = said.split_last()?;
    let mut wanted = query(last);
    if !is_follow_up(shelf, last) || earlier.is_empty() {
        return shelf.best(&wanted);
    }
    let mut share = EARLIER_SHARE;
    for words in earlier.iter().rev().take(EARLIER_MESSAGES) {
        for stem in &words.stems {
            wanted.entry(stem.clone()).or_insert(share);
        }
        share *= EARLIER_SHARE;
    }
    let found = shelf.best(&wanted)?;
    Some(Match { confidence: found.confidence * FOLLOW_UP_TRUST, ..found })
}

/// Whether a message names no subject of its own: few words, and none that tells one.
fn is_follow_up(shelf: &Shelf, words: &Words) -> bool {
    let names_one = |stem: &String| shelf.rarity(stem).is_some() && !THIN.contains(&stem.as_str());
    let unknown = unknown(shelf, words);
    let is_open = unknown == 0 || (unknown <= 2 && words.has_any(&REFERRING));
    words.stems.len() <= 5 && !words.stems.iter().any(names_one) && is_open
}

fn unknown(shelf: &Shelf, words: &Words) -> usize {
    words.stems.iter().filter(|stem| shelf.rarity(stem).is_none()).count()
}

fn times(abouts: &[Option<Match<'_>>], article: &Article) -> usize {
    abouts.iter().flatten().filter(|each| std::ptr::eq(each.article, article)).count()
}

/// The newest article of the subject that came up most often, and at least twice.
fn usual<'s>(abouts: &[Option<Match<'s>>]) -> Option<&'s Article> {
    let articles: Vec<&Article> = abouts.iter().flatten().map(|found| found.article).collect();
    let count = |article: &Article| {
        articles.iter().filter(|each| each.category == article.category).count()
    };
    let usual = articles.iter().copied().max_by_key(|article| count(article))?;
    (count(usual) >= 2).then_some(usual)
}

/// What our side answered when nearly the same was asked before; the newest such answer.
fn past_answer<'a>(
    shelf: &Shelf,
    messages: &[LlmMessage<'a>],
    last: &Words,
) -> Option<(&'a str, f64)> {
    let wanted = query(last);
    let weight = |query: &Query, among: &Words| -> f64 {
        query
            .keys()
            .filter(|stem| among.stems.contains(*stem))
            .map(|stem| shelf.rarity(stem).unwrap_or(1.0))
            .sum()
    };
    let total = weight(&wanted, last);
    let pairs = messages.windows(2).rev().filter_map(|pair| match pair {
        [asked, answer] if asked.role == Role::Customer && answer.role == Role::Agent => {
            Some((asked.text, answer.text))
        }
        _ => None,
    });
    for (asked, answer) in pairs {
        let shared = weight(&wanted, &Words::of(asked));
        // An answer without any of the question's words says nothing about it.
        if shared > 0.0
            && shared >= SAME_QUESTION * total
            && weight(&wanted, &Words::of(answer)) > 0.0
        {
            let certainty = (shared / total * shared / (shared + 1.0)).sqrt();
            return Some((answer, PAST_TRUST * certainty));
        }
    }
    None
}
