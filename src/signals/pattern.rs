//! Patterns over the words of a text.
//!
//! Knows how a pattern is written in a rule file and how it is matched: word by word, with
//! alternatives, optional words and short gaps. One attempt costs at most what the pattern's
//! own length and gaps allow, so a text is read in linear time.

use super::reading::{Gap, Token};
use super::vocabulary::{Followers, Vocabulary, WordId};

/// The widest gap that a pattern may have.
const MAX_GAP: usize = 6;
/// Within one attempt so many words are looked at.
const MAX_STEPS: u32 = 400;

/// One step of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// One word.
    Word(WordId),
    /// One of several words, sorted.
    Any(Box<[WordId]>),
    /// A number written in digits.
    Number,
    /// One of several words, or none.
    Maybe(Box<[WordId]>),
    /// Any words of the same sentence, at most so many.
    Gap(usize),
    /// The text or a sentence begins here.
    Begin,
    /// The text or a sentence ends here.
    End,
}

/// A pattern and the rule it belongs to.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) rule: u16,
    pub(super) steps: Box<[Step]>,
}

impl Pattern {
    /// The words that a match may begin with.
    pub(super) fn first(&self) -> &[WordId] {
        let first = self.steps.iter().find(|step| !matches!(step, Step::Begin));
        match first {
            Some(Step::Word(word)) => std::slice::from_ref(word),
            Some(Step::Any(words)) => words,
            _ => &[],
        }
    }

    /// For each step that must match a word of its own, the words it may be.
    pub(super) fn certain(&self) -> impl Iterator<Item = &[WordId]> {
        self.steps.iter().filter_map(|step| match step {
            Step::Word(word) => Some(std::slice::from_ref(word)),
            Step::Any(words) => Some(words),
            Step::Number | Step::Maybe(_) | Step::Gap(_) | Step::Begin | Step::End => None,
        })
    }

    /// The words that may come behind the first one.
    pub(super) fn followers(&self) -> Followers {
        let mut followers = Followers::NONE;
        for step in self.steps.iter().skip_while(|step| matches!(step, Step::Begin)).skip(1) {
            match step {
                Step::Word(word) => return followers.with(std::slice::from_ref(word)),
                Step::Any(words) => return followers.with(words),
                Step::Maybe(words) => followers = followers.with(words),
                Step::Number | Step::Gap(_) | Step::Begin | Step::End => return Followers::ANY,
            }
        }
        Followers::ANY
    }

    /// The token behind a match that begins at `at`.
    pub(super) fn matches(&self, tokens: &[Token], at: usize) -> Option<usize> {
        let mut budget = MAX_STEPS;
        matches(&self.steps, tokens, at, true, &mut budget)
    }
}

fn matches(
    steps: &[Step],
    tokens: &[Token],
    at: usize,
    is_loose: bool,
    budget: &mut u32,
) -> Option<usize> {
    *budget = budget.checked_sub(1)?;
    let Some((step, rest)) = steps.split_first() else { return Some(at) };
    let token = tokens.get(at);
    // Words side by side are held together; a gap may hold a comma, but never end a sentence.
    let reaches = |token: &&Token| is_loose || token.gap == Gap::None;
    match step {
        Step::Begin => {
            let begins = at == 0 || token.is_some_and(|token| token.gap == Gap::Hard);
            if begins { matches(rest, tokens, at, true, budget) } else { None }
        }
        Step::End => {
            let ends = token.is_none_or(|token| token.gap == Gap::Hard);
            if ends { matches(rest, tokens, at, true, budget) } else { None }
        }
        Step::Word(word) => {
            token.filter(reaches).filter(|token| token.id == *word)?;
            matches(rest, tokens, at + 1, false, budget)
        }
        Step::Number => {
            token.filter(reaches).filter(|token| token.is_number)?;
            matches(rest, tokens, at + 1, false, budget)
        }
        Step::Any(words) => {
            token.filter(reaches).filter(|token| words.binary_search(&token.id).is_ok())?;
            matches(rest, tokens, at + 1, false, budget)
        }
        Step::Maybe(words) => {
            if token.filter(reaches).is_some_and(|token| words.binary_search(&token.id).is_ok())
                && let Some(end) = matches(rest, tokens, at + 1, false, budget)
            {
                return Some(end);
            }
            matches(rest, tokens, at, is_loose, budget)
        }
        Step::Gap(most) => {
            for skipped in 0..=*most {
                // The next word must still be of the same sentence.
                if tokens
                    .get(at + skipped)
                    .is_some_and(|token| token.gap == Gap::Hard && !(is_loose && skipped == 0))
                {
                    return None;
                }
                if let Some(end) = matches(rest, tokens, at + skipped, true, budget) {
                    return Some(end);
                }
            }
            None
        }
    }
}

/// Reads one pattern.
///
/// `word`, `a|b` one of them, `bill(s|ed)` a word with listed endings, `{name}` a set named
/// before, `?a|b` one of them or none, `*3` up to three words, `#` a number, `^` and `$` the
/// beginning and the end of a sentence.
pub(super) fn parse<'a>(
    text: &'a str,
    vocabulary: &mut Vocabulary,
    set: &dyn Fn(&str) -> Option<Vec<WordId>>,
) -> Result<Box<[Step]>, &'a str> {
    let mut steps = Vec::new();
    for part in text.split_whitespace() {
        match part {
            "^" => steps.push(Step::Begin),
            "$" => steps.push(Step::End),
            "#" => steps.push(Step::Number),
            _ => {
                if let Some(most) = part.strip_prefix('*') {
                    let most = most
                        .parse()
                        .ok()
                        .filter(|most| (1..=MAX_GAP).contains(most))
                        .ok_or(part)?;
                    steps.push(Step::Gap(most));
                } else if let Some(words) = part.strip_prefix('?') {
                    steps.push(Step::Maybe(words_of(words, vocabulary, set).ok_or(part)?.into()));
                } else {
                    push_words(part, vocabulary, set, &mut steps).ok_or(part)?;
                }
            }
        }
    }
    Ok(steps.into())
}

/// The same pattern with the words that it begins with certain: those that may be left out are
/// there in one variant and gone in the next. `None` if it can begin with any word.
pub(super) fn variants(steps: &[Step]) -> Option<Vec<Box<[Step]>>> {
    let first = steps.iter().position(|step| *step != Step::Begin)?;
    let (before, rest) = steps.split_at(first);
    match rest.split_first()? {
        (Step::Word(_) | Step::Any(_), _) => Some(vec![steps.into()]),
        (Step::Maybe(words), rest) => {
            let certain = [before, &[Step::Any(words.clone())], rest].concat();
            let mut all = variants(&[before, rest].concat())?;
            all.push(certain.into());
            Some(all)
        }
        _ => None,
    }
}

fn push_words(
    part: &str,
    vocabulary: &mut Vocabulary,
    set: &dyn Fn(&str) -> Option<Vec<WordId>>,
    steps: &mut Vec<Step>,
) -> Option<()> {
    if !part.contains(['|', '(', '{']) {
        // "can't" is read as "can not", in rules as in texts.
        steps.extend(vocabulary.add_expanded(part)?.into_iter().map(Step::Word));
        return Some(());
    }
    let words = words_of(part, vocabulary, set)?;
    steps.push(if let [word] = words.as_slice() {
        Step::Word(*word)
    } else {
        Step::Any(words.into())
    });
    Some(())
}

/// The words that a part stands for, sorted.
pub(super) fn words_of(
    part: &str,
    vocabulary: &mut Vocabulary,
    set: &dyn Fn(&str) -> Option<Vec<WordId>>,
) -> Option<Vec<WordId>> {
    let mut words = Vec::new();
    for alternative in split_alternatives(part) {
        if let Some(name) = alternative.strip_prefix('{') {
            words.extend(set(name.strip_suffix('}')?)?);
        } else if let Some((stem, endings)) = alternative.split_once('(') {
            for ending in endings.strip_suffix(')')?.split('|') {
                words.push(vocabulary.add(&format!("{stem}{ending}"))?);
            }
        } else {
            words.push(vocabulary.add(alternative)?);
        }
    }
    words.sort_unstable();
    words.dedup();
    (!words.is_empty()).then_some(words)
}

/// The numbers of some words between blanks.
pub(super) fn all_words(text: &str, vocabulary: &mut Vocabulary) -> Option<Vec<WordId>> {
    text.split_whitespace().map(|word| vocabulary.add(word)).collect()
}

/// Splits at `|`, but not inside parentheses.
fn split_alternatives(part: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    part.split(move |c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '|' && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_follow_the_first_word_is_known_up_to_the_first_word_that_must() {
        let mut vocabulary = Vocabulary::default();
        let followers = |text: &str, vocabulary: &mut Vocabulary| {
            let steps = parse(text, vocabulary, &|_| None).expect("is a pattern");
            Pattern { rule: 0, steps }.followers()
        };
        let some = followers("a ?b c|d e", &mut vocabulary);
        let held = ["b", "c", "d", "e", "x"].map(|word| some.may_hold(vocabulary.add(word)));
        assert_eq!((held, some.may_hold(None)), ([true, true, true, false, false], false));
        for open in ["a", "^ a ?b", "a *2 b", "a # b", "a $"] {
            assert_eq!(followers(open, &mut vocabulary), Followers::ANY, "{open}");
        }
    }
}
