//! From what the rules found to conclusions.
//!
//! Knows how findings add up: which sums are an urgency, when a message is angry rather than
//! merely negative, and which reasons to escalate follow from other conclusions.

use super::context::SignalContext;
use super::entity;
use super::kinds::{EntityKind, EscalationReason, Intent, Sentiment, Topic, Urgency};
use super::linear::Features;
use super::reading::{Reading, Token};
use super::rule::Shows;
use super::rule_set::{Hit, RuleSet};
use super::rules::SignalRules;
use super::sentiment::{self, Tone};
use crate::text::{Normalized, OwnWords, language_of};
use std::borrow::Cow;
use std::ops::Range;

/// A place in a message and the rule that found it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Cue {
    /// The bytes of the message, as it was given.
    pub span: Range<usize>,
    /// The rule's name.
    pub rule: Cow<'static, str>,
    /// What the rule gives to the conclusion.
    pub score: f64,
}

/// A conclusion and what it was drawn from.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Finding<T> {
    /// What was concluded.
    pub value: T,
    /// How strongly, 0 to 1; for urgency and sentiment see there.
    pub score: f64,
    /// What shows it, in the order of the message; empty if nothing does.
    pub cues: Vec<Cue>,
}

/// Something that a message names.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// Its bytes in the message.
    pub span: Range<usize>,
    /// The rule that found it.
    pub rule: Cow<'static, str>,
    /// How sure it is, 0 to 1.
    pub score: f64,
}

/// All that one message says.
///
/// ```
/// use confidant::{SignalContext, Signals, Sentiment, Urgency, Topic};
/// let said = "I can't access my account, this is urgent!";
/// let signals = Signals::of(said, &SignalContext::new());
/// assert_eq!(signals.urgency.value, Urgency::High);
/// assert_eq!(signals.topics[0].value, Topic::Login);
/// let shown = &signals.topics[0].cues[0];
/// assert_eq!(&said[shown.span.clone()], "can't access");
/// assert!(Signals::of("The fan is cooling.", &SignalContext::new()).topics.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Signals {
    /// How the message sounds; the score is how sure that is.
    pub sentiment: Finding<Sentiment>,
    /// From -1, as bad as can be, to 1.
    pub polarity: f64,
    /// Whether the customer is frustrated; never from polarity alone.
    pub frustrated: Option<Finding<()>>,
    /// Whether the customer is angry; never from polarity alone.
    pub angry: Option<Finding<()>>,
    /// How soon it needs an answer; `Medium` without any cue.
    pub urgency: Finding<Urgency>,
    /// What it is about, the most likely first; those of one score are tied.
    pub topics: Vec<Finding<Topic>>,
    /// What the customer does with it.
    pub intent: Finding<Intent>,
    /// Why a person should look at it, the strongest reason first.
    pub escalations: Vec<Finding<EscalationReason>>,
    /// What it names, in the order of the message.
    pub entities: Vec<Entity>,
    /// From -1, casual, to 1, formal; 0 also if nothing shows it.
    pub formality: f64,
    /// What shows the formality.
    pub style_cues: Vec<Cue>,
    /// Its language as a two-letter code; `None` if it is too short to tell.
    pub language: Option<&'static str>,
    /// Whether it asks how something is regulated rather than for it.
    pub asks_policy: bool,
}

/// Below this share the table holds blame for unlikely; chosen on the development files, flat from
/// 0.1 to 0.25.
const UNLIKELY: f32 = 0.15;
/// Rules beside whose cues praise is most likely mocking.
const MOCKING: [&str; 2] = ["sarcasm", "goes without"];
/// A phrase as bad as this is blame beyond doubt.
const BLAME: f32 = -2.0;

impl Signals {
    /// Reads the customer's own words in a message ([`OwnWords`]); places are those of the message.
    /// Any text gives an answer; linear in its length.
    pub fn of(text: &str, context: &SignalContext<'_>) -> Signals {
        let own = OwnWords::new(text);
        let mut signals = Signals::of_own(own.as_str(), context);
        if !own.is_whole() {
            signals.move_to(|span| own.original(span));
        }
        signals
    }

    fn of_own(text: &str, context: &SignalContext<'_>) -> Signals {
        let rules = context.rules.unwrap_or_else(|| SignalRules::shared());
        let normal = Normalized::of(text);
        let mut reading = Reading::of(&rules.set, normal.as_str());
        let language =
            if is_surely_english(&reading, text) { Some("en") } else { language_of(text) };
        if is_foreign(language, &reading) {
            // English rules have nothing to say about it.
            reading.tokens.clear();
        }
        let hits = rules.set.hits(&reading);
        let found =
            Found { rules, set: &rules.set, normal: &normal, reading: &reading, hits: &hits };
        let mut signals = found.conclude(context);
        signals.language = language;
        signals
    }

    /// Gives every place as one of another text.
    fn move_to(&mut self, place: impl Fn(Range<usize>) -> Range<usize>) {
        fn cues<T>(finding: &mut Finding<T>) -> impl Iterator<Item = &mut Range<usize>> {
            finding.cues.iter_mut().map(|cue| &mut cue.span)
        }
        let spans = cues(&mut self.sentiment)
            .chain(self.frustrated.iter_mut().flat_map(cues))
            .chain(self.angry.iter_mut().flat_map(cues))
            .chain(cues(&mut self.urgency))
            .chain(self.topics.iter_mut().flat_map(cues))
            .chain(cues(&mut self.intent))
            .chain(self.escalations.iter_mut().flat_map(cues))
            .chain(self.entities.iter_mut().map(|entity| &mut entity.span))
            .chain(self.style_cues.iter_mut().map(|cue| &mut cue.span));
        for span in spans {
            *span = place(span.clone());
        }
    }
}

/// Whether nearly all words of a message are English ones that the rules know.
fn is_surely_english(reading: &Reading, text: &str) -> bool {
    let all = reading.tokens.len();
    let known =
        reading.tokens.iter().filter(|token| token.id != super::vocabulary::UNKNOWN).count();
    text.is_ascii() && text.len() >= 20 && all >= 4 && known * 10 >= all * 7
}

/// Whether a message is surely not English: another language was found, and hardly any word is
/// one that the rules know.
fn is_foreign(language: Option<&'static str>, reading: &Reading) -> bool {
    let known =
        reading.tokens.iter().filter(|token| token.id != super::vocabulary::UNKNOWN).count();
    language.is_some_and(|language| language != "en") && known * 2 < reading.tokens.len()
}

/// What was found in a message.
struct Found<'a> {
    rules: &'a SignalRules,
    set: &'a RuleSet,
    normal: &'a Normalized<'a>,
    reading: &'a Reading,
    hits: &'a [Hit],
}

impl Found<'_> {
    fn conclude(&self, context: &SignalContext<'_>) -> Signals {
        let tone = sentiment::tone(self.set, self.reading, self.hits);
        let (sentiment, polarity) = self.sentiment(&tone);
        let urgency = self.urgency();
        let frustrated = self.upset(polarity, false);
        let angry = self.upset(polarity, true);
        let topics = self.topics();
        let mut escalations = self.escalations(context);
        if urgency.value >= Urgency::High && sentiment.value == Sentiment::Negative {
            let cues = urgency.cues.clone();
            escalations.push(Finding { value: EscalationReason::UrgentNegative, score: 0.7, cues });
        }
        if let Some(angry) = angry.as_ref().filter(|_| polarity <= -0.8)
            && !escalations.iter().any(|known| known.value == EscalationReason::Dissatisfied)
        {
            escalations.push(Finding {
                value: EscalationReason::Dissatisfied,
                score: 0.7,
                cues: angry.cues.clone(),
            });
        }
        if polarity < self.set.bars.dissatisfied
            && !escalations.iter().any(|known| known.value == EscalationReason::Dissatisfied)
        {
            let cues = sentiment.cues.clone();
            escalations.push(Finding {
                value: EscalationReason::Dissatisfied,
                score: -polarity,
                cues,
            });
        }
        if sentiment.value == Sentiment::Positive && self.rules.table.is_some() {
            // Praise that names a lawyer, or does a thing over and over, complains of nothing.
            escalations.retain(|finding| {
                !matches!(
                    finding.value,
                    EscalationReason::Dissatisfied
                        | EscalationReason::Repeated
                        | EscalationReason::Legal
                )
            });
        }
        escalations.sort_by(|one, other| other.score.total_cmp(&one.score));
        let intent = self.intent(&escalations, &sentiment);
        let (formality, style_cues) = self.style();
        let asks_policy = self.hits.iter().any(|hit| self.shows(hit) == Some(Shows::Policy));
        Signals {
            polarity,
            sentiment,
            frustrated,
            angry,
            urgency,
            topics,
            intent,
            escalations,
            entities: entity::entities(self.rules, self.normal, self.reading, self.hits, context),
            formality,
            style_cues,
            language: None,
            asks_policy,
        }
    }

    fn shows(&self, hit: &Hit) -> Option<Shows> {
        self.set.rule(hit).map(|rule| rule.shows)
    }

    fn cue(&self, hit: &Hit) -> Option<Cue> {
        let rule = self.set.rule(hit)?;
        let span = self.normal.original(span_of(&self.reading.tokens, &hit.tokens)?);
        Some(Cue { span, rule: rule.name.clone(), score: f64::from(rule.weight) })
    }

    fn cues(&self, wanted: impl Fn(Shows) -> bool) -> Vec<Cue> {
        let is_wanted = |hit: &&Hit| self.shows(hit).is_some_and(&wanted);
        self.hits.iter().filter(is_wanted).filter_map(|hit| self.cue(hit)).collect()
    }

    fn sentiment(&self, tone: &Tone) -> (Finding<Sentiment>, f64) {
        let cues = tone.parts.iter().map(|part| {
            let rule = part.rule.and_then(|rule| self.set.rules.get(usize::from(rule)));
            let name = rule.map_or(Cow::Borrowed("lexicon"), |rule| rule.name.clone());
            Cue {
                span: self.normal.original(part.span.clone()),
                rule: name,
                score: f64::from(part.value),
            }
        });
        let cues: Vec<Cue> = cues.collect();
        let by_rules = match tone.compound {
            good if good >= self.set.bars.positive => Sentiment::Positive,
            bad if bad <= self.set.bars.negative => Sentiment::Negative,
            _ => Sentiment::Neutral,
        };
        let Some(table) = self.rules.table.as_deref().filter(|_| !self.reading.tokens.is_empty())
        else {
            let score = f64::from(tone.compound.abs());
            return (Finding { value: by_rules, score, cues }, f64::from(tone.compound));
        };
        let mut shares = table.weigh(&Features::of(self.normal.as_str(), self.reading, tone));
        if self.reading.is_addressed {
            let [bad, neither, good] = shares;
            let good = good * self.rules.praise;
            shares = [bad, neither, good].map(|share| share / (bad + neither + good));
        }
        let [bad, neither, good] = shares;
        let is_denied = tone.parts.iter().any(|part| {
            part.is_denied && part.value.is_sign_positive() == tone.compound.is_sign_positive()
        });
        if is_denied && by_rules != Sentiment::Neutral {
            // "Not happy" is blame, whatever a table holds of the words around it.
            let score = f64::from(tone.compound.abs());
            return (Finding { value: by_rules, score, cues }, f64::from(tone.compound));
        }
        if by_rules == Sentiment::Negative && self.is_for_support(tone, bad) {
            let score = f64::from(bad.max(-tone.compound));
            return (
                Finding { value: by_rules, score, cues },
                f64::from((good - bad).min(tone.compound)),
            );
        }
        let (value, score) =
            if self.escalates() && by_rules != Sentiment::Positive && good > bad.max(neither) {
                // Nobody praises while complaining, or asking for a person.
                (by_rules, neither)
            } else if bad >= neither && bad >= good {
                (Sentiment::Negative, bad)
            } else if good >= neither {
                (Sentiment::Positive, good)
            } else {
                (Sentiment::Neutral, neither)
            };
        // A tenant's own table knows words that no rule does.
        let is_shown = !self.rules.has_shipped_table()
            || match value {
                Sentiment::Positive => cues.iter().any(|cue| cue.score > 0.0),
                Sentiment::Negative => cues.iter().any(|cue| cue.score < 0.0),
                Sentiment::Neutral => true,
            };
        let is_mocking = value == Sentiment::Positive
            && (self.normal.as_str().trim_end().ends_with(" /s")
                || cues.iter().any(|cue| MOCKING.contains(&cue.rule.as_ref())));
        if !is_shown || is_mocking {
            // What no word shows nobody can check; mocked praise is no praise.
            return (Finding { value: Sentiment::Neutral, score: f64::from(neither), cues }, 0.0);
        }
        (Finding { value, score: f64::from(score), cues }, f64::from(good - bad))
    }

    /// Whether the message is addressed to a company's account, pressing, or says one of the
    /// phrases that are blame beyond doubt: there the rules for support are heard before a table
    /// that was learned from talk of all kinds, unless it holds blame for unlikely. Thanks for
    /// nothing no table hears.
    fn is_for_support(&self, tone: &Tone, bad: f32) -> bool {
        let rules =
            tone.parts.iter().filter_map(|part| self.set.rules.get(usize::from(part.rule?)));
        if rules.into_iter().any(|rule| rule.name == "thanks for nothing") {
            return true;
        }
        if bad < UNLIKELY {
            return false;
        }
        let is_blame = tone.parts.iter().any(|part| part.rule.is_some() && part.value <= BLAME);
        let is_pressing =
            |hit: &Hit| matches!(self.shows(hit), Some(Shows::Urgency(_) | Shows::Escalate(_)));
        is_blame || self.reading.is_addressed || self.hits.iter().any(is_pressing)
    }

    fn escalates(&self) -> bool {
        self.hits.iter().any(|hit| matches!(self.shows(hit), Some(Shows::Escalate(_))))
    }

    /// Frustrated or angry: bad, and a cue that says so.
    fn upset(&self, polarity: f64, angry: bool) -> Option<Finding<()>> {
        let mut cues =
            self.cues(|shows| shows == if angry { Shows::Anger } else { Shows::Frustration });
        let shouts = self.reading.caps >= 3 && self.reading.caps * 2 > self.reading.words;
        let marks = self.reading.exclamations >= 2
            || self.reading.exclamations + self.reading.questions >= 3;
        let strength: f64 = cues.iter().map(|cue| cue.score).sum::<f64>()
            + if angry && shouts { 1.0 } else { 0.0 }
            + if angry && marks { 0.5 } else { 0.0 };
        if strength < 0.5 || (polarity > -0.5 && strength < 1.5) || polarity > 0.0 {
            return None;
        }
        if cues.is_empty() {
            let first = self.reading.tokens.first()?.span.start;
            let last = self.reading.tokens.last()?.span.end;
            let rule = Cow::Borrowed(if shouts { "shouting" } else { "marks" });
            cues.push(Cue { span: self.normal.original(first..last), rule, score: strength });
        }
        Some(Finding { value: (), score: (strength / (strength + 1.0)).min(1.0), cues })
    }

    fn urgency(&self) -> Finding<Urgency> {
        let cues = self.cues(|shows| matches!(shows, Shows::Urgency(_)));
        let mut sum = 0.0;
        let mut seen: Vec<&str> = Vec::new();
        for cue in &cues {
            if !seen.contains(&cue.rule.as_ref()) {
                seen.push(cue.rule.as_ref());
                sum += cue.score;
            }
        }
        let critical = Shows::Urgency(Urgency::Critical);
        let is_critical = self.hits.iter().any(|hit| self.shows(hit) == Some(critical));
        let bars = self.set.bars;
        let value = match sum {
            sum if sum >= bars.critical || (sum >= 2.0 && is_critical) => Urgency::Critical,
            sum if sum >= bars.high => Urgency::High,
            sum if sum <= bars.low => Urgency::Low,
            _ => Urgency::Medium,
        };
        Finding { value, score: (sum.abs() / (sum.abs() + 1.0)).min(1.0), cues }
    }

    fn topics(&self) -> Vec<Finding<Topic>> {
        let mut found: Vec<Finding<Topic>> = Vec::new();
        for (place, hit) in self.hits.iter().enumerate() {
            let (Some(Shows::Topic(topic)), Some(cue)) = (self.shows(hit), self.cue(hit)) else {
                continue;
            };
            // A rule that matches again says little new.
            let is_new = !self.hits.iter().take(place).any(|before| before.rule == hit.rule);
            let score = if is_new { cue.score } else { cue.score * 0.2 };
            match found.iter_mut().find(|known| known.value == topic) {
                Some(known) => {
                    known.score += score;
                    known.cues.push(cue);
                }
                None => found.push(Finding { value: topic, score, cues: vec![cue] }),
            }
        }
        found.retain(|finding| finding.score > 0.0);
        for finding in &mut found {
            finding.score /= finding.score + 1.0;
        }
        found.sort_by(|one, other| other.score.total_cmp(&one.score));
        found
    }

    fn escalations(&self, context: &SignalContext<'_>) -> Vec<Finding<EscalationReason>> {
        let mut found: Vec<Finding<EscalationReason>> = Vec::new();
        for hit in self.hits {
            let (Some(Shows::Escalate(reason)), Some(cue)) = (self.shows(hit), self.cue(hit))
            else {
                continue;
            };
            match found.iter_mut().find(|known| known.value == reason) {
                Some(known) => {
                    known.score = known.score.max(cue.score);
                    known.cues.push(cue);
                }
                None => found.push(Finding { value: reason, score: cue.score, cues: vec![cue] }),
            }
        }
        if context.earlier_same >= 2
            && !found.iter().any(|known| known.value == EscalationReason::Repeated)
        {
            found.push(Finding { value: EscalationReason::Repeated, score: 0.8, cues: Vec::new() });
        }
        found
    }

    fn intent(
        &self,
        escalations: &[Finding<EscalationReason>],
        sentiment: &Finding<Sentiment>,
    ) -> Finding<Intent> {
        let mut best: Option<Finding<Intent>> = None;
        for hit in self.hits {
            let (Some(Shows::Intent(intent)), Some(cue)) = (self.shows(hit), self.cue(hit)) else {
                continue;
            };
            match &mut best {
                Some(known) if known.value == intent => known.cues.push(cue),
                Some(known) if known.score >= cue.score => {}
                _ => best = Some(Finding { value: intent, score: cue.score, cues: vec![cue] }),
            }
        }
        let from = |reason, intent| {
            let found = escalations.iter().find(|known| known.value == reason)?;
            Some(Finding { value: intent, score: found.score, cues: found.cues.clone() })
        };
        let asked = from(EscalationReason::Person, Intent::Person)
            .or_else(|| from(EscalationReason::Complaint, Intent::Complaint));
        if let Some(asked) =
            asked.filter(|asked| best.as_ref().is_none_or(|known| known.score <= asked.score))
        {
            return asked;
        }
        best.unwrap_or_else(|| {
            let value = if self.reading.questions > 0 {
                Intent::Question
            } else if sentiment.value == Sentiment::Negative && !sentiment.cues.is_empty() {
                Intent::Problem
            } else {
                Intent::Statement
            };
            Finding { value, score: 0.3, cues: Vec::new() }
        })
    }

    /// Formal cues minus casual ones; each rule counts once.
    fn style(&self) -> (f64, Vec<Cue>) {
        let mut cues = self.cues(|shows| shows == Shows::Formal);
        cues.extend(
            self.cues(|shows| shows == Shows::Casual)
                .into_iter()
                .map(|cue| Cue { score: -cue.score, ..cue }),
        );
        cues.extend(self.spellings());
        cues.sort_by_key(|cue| cue.span.start);
        let mut seen: Vec<&str> = Vec::new();
        let mut score = 0.0;
        for cue in &cues {
            if !seen.contains(&cue.rule.as_ref()) {
                seen.push(cue.rule.as_ref());
                score += cue.score;
            }
        }
        (score / (score.abs() + 1.0), cues)
    }

    /// What the spelling shows of the style.
    fn spellings(&self) -> Vec<Cue> {
        let text = self.normal.as_str();
        let mut cues = Vec::new();
        let mut push = |token: &Token, rule, score| {
            cues.push(Cue {
                span: self.normal.original(token.span.clone()),
                rule: Cow::Borrowed(rule),
                score,
            });
        };
        for token in self.reading.tokens.iter().filter(|token| token.is_first && !token.is_quoted) {
            let written = text.get(token.span.clone()).unwrap_or_default();
            let is_chat =
                self.set.vocabulary.known(token.written).is_some_and(|known| known.is_chat);
            if is_chat {
                push(token, "chat spelling", -1.2);
            } else if written == "i" {
                push(token, "small i", -0.9);
            } else if written == "I" {
                push(token, "capital I", 0.35);
            } else if written.len() <= 8 && written.contains('\'') && token.id != token.written {
                push(token, "contraction", -0.6);
            }
        }
        cues
    }
}

/// The bytes of some tokens.
pub(super) fn span_of(tokens: &[Token], range: &Range<usize>) -> Option<Range<usize>> {
    let first = tokens.get(range.start)?;
    let last = tokens.get(range.end.checked_sub(1)?)?;
    Some(first.span.start..last.span.end.max(first.span.end))
}
