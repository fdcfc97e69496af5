//! Turns in, preferences with evidence out.
//!
//! Knows what of a turn may teach: the customer's own words, never an answer or metadata, and
//! a turn only once.

use super::conclusion::Preferences;
use super::rules::{RuleNumber, RuleSet, Shows};
use super::state::{Lesson, PreferenceState, Wished};
use super::sums::Mark;
use super::verdict::{LengthBy, Limits};
use crate::error::Result;
use crate::memory::Turn;
use crate::signals::{SignalContext, Signals, hear};
use crate::text::{OwnWords, Word, words as text_words};
use std::ops::Range;

/// Learns from what a customer said how to serve that customer; pure.
///
/// The same turns give the same preferences on every machine. Rules are whole words and
/// phrases; each counts once a turn, however often it is repeated. Left out of account are
/// answers, metadata, quoted lines of mail, e-mail addresses and links; and, for the style,
/// what stands in double quotation marks.
///
/// ```
/// use confidant::{PreferenceExtractor, Turn};
/// let extractor = PreferenceExtractor::reference().min_turns(5);
/// let turns: Vec<Turn> = Vec::new(); // as from `load_context`
/// let preferences = extractor.extract(&turns);
/// assert!(preferences.style.is_none(), "below five turns it abstains");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PreferenceExtractor {
    pub(super) rules: &'static RuleSet,
    pub(super) limits: Limits,
}

impl Default for PreferenceExtractor {
    fn default() -> PreferenceExtractor {
        PreferenceExtractor::reference()
    }
}

impl PreferenceExtractor {
    /// The preset `reference`: 3 turns, ratio 1.5, brief below 50 characters, detailed above 150.
    pub fn reference() -> PreferenceExtractor {
        PreferenceExtractor {
            rules: RuleSet::reference(),
            limits: Limits {
                min_turns: 3,
                style_ratio: 1.5,
                brief_below: 50,
                detailed_above: 150,
                length_by: LengthBy::Mean,
                hysteresis: 1,
            },
        }
    }

    /// The preset `support`, used by [`Customer::preferences`](crate::Customer::preferences): as
    /// `reference`, but
    ///
    /// - what is known changes only after three turns in a row that lead to something else;
    /// - the length is that of more than half of the messages rather than their mean, which one
    ///   pasted log would move;
    /// - the style is read from spelling too ("i", "can't", "I do not"), and a turn is weighed as a
    ///   whole: it shows one side, by as much as its cues lean there in sum, or none.
    pub fn support() -> PreferenceExtractor {
        let mut extractor =
            PreferenceExtractor { rules: RuleSet::support(), ..PreferenceExtractor::reference() }
                .hysteresis(3);
        extractor.limits.length_by = LengthBy::Half;
        extractor
    }

    /// How many turns in a row must lead to another style, length, language, channel or part of
    /// the day before a known one changes; 0 counts as 1, which changes at once.
    pub fn hysteresis(mut self, turns: u32) -> Self {
        self.limits.hysteresis = turns.max(1);
        self
    }

    /// The fewest turns to conclude from; 0 counts as 1.
    pub fn min_turns(mut self, turns: u32) -> Self {
        self.limits.min_turns = turns.max(1);
        self
    }

    /// How many times as many turns one side of the style needs over the other; less than 1
    /// (or not a number) counts as 1.
    pub fn style_ratio(mut self, ratio: f64) -> Self {
        self.limits.style_ratio = ratio.max(1.0);
        self
    }

    /// The mean length of a message, in characters, below which answers should be brief.
    pub fn brief_below(mut self, characters: u32) -> Self {
        self.limits.brief_below = characters;
        self
    }

    /// The mean length of a message, in characters, above which answers should be detailed;
    /// looked at after `brief_below`.
    pub fn detailed_above(mut self, characters: u32) -> Self {
        self.limits.detailed_above = characters;
        self
    }

    /// The name of the rules, which changes whenever a rule does.
    pub fn rules_version(&self) -> &str {
        self.rules.version
    }

    /// Concludes from turns of one customer, given oldest first.
    ///
    /// A turn that is no newer than the one before it is passed over.
    pub fn extract<'a>(&self, turns: impl IntoIterator<Item = &'a Turn>) -> Preferences {
        let mut state = PreferenceState::default();
        for turn in turns {
            self.learn(&mut state, turn);
        }
        self.conclude(&state)
    }

    /// Learns from one more turn of the customer; its cost depends on the turn alone.
    ///
    /// A turn that the state covers already changes nothing. A state that other rules made
    /// begins anew. Give a state that is to be kept only turns that are on disk: a pending
    /// turn may yet change its number.
    pub fn learn(&self, state: &mut PreferenceState, turn: &Turn) {
        if state.covered().is_some_and(|covered| turn.id.number() <= covered.number()) {
            return;
        }
        if state.rules != self.rules.version {
            *state = PreferenceState {
                rules: self.rules.version.to_owned(),
                ..PreferenceState::default()
            };
        }
        state.covered = Some(turn.id.as_u64());
        let lesson = self.lesson(turn);
        if lesson.characters > 0 {
            state.push(lesson, self.rules, self.limits);
        }
    }

    /// What one turn teaches.
    fn lesson(&self, turn: &Turn) -> Lesson {
        let said = turn.said.as_deref().unwrap_or_default();
        let mut lesson = Lesson {
            turn: turn.id.as_u64(),
            channel: turn.channel.code(),
            at: turn.at.as_millis(),
            ..Lesson::default()
        };
        let own = OwnWords::new(said);
        let text = own.as_str();
        let mut fired: u128 = 0;
        let mut mark = |lesson: &mut Lesson, rule: RuleNumber, span: Range<usize>| {
            let rule_bit = 1_u128.checked_shl(u32::from(rule)).unwrap_or_default();
            if fired & rule_bit == 0 {
                fired |= rule_bit;
                let span = own.original(span);
                let (turn, start, end) = (turn.id.as_u64(), span.start, span.end);
                lesson.marks.push(Mark { turn, start, end, rule });
            }
        };
        let mut words: Vec<Word> = Vec::with_capacity(text.len() / 5 + 4);
        words.extend(text_words(text));
        for hit in self.rules.find(&words) {
            let is_style = matches!(hit.rule.shows, Shows::Formal | Shows::Casual);
            if !(is_style && hit.quoted) && hit.rule.shows != Shows::Nothing {
                mark(&mut lesson, hit.number, hit.span);
            }
        }
        let heard = hear(text, &words);
        let written = words.iter().filter(|word| heard.language == Some("en") && !word.quoted);
        for (word, rule) in
            written.filter_map(|word| Some((word, self.rules.spelling(word, text)?)))
        {
            mark(&mut lesson, rule, word.span.clone());
        }
        if !self.rules.told.is_empty() {
            for topic in Signals::of(text, &SignalContext::new()).topics {
                let rule = self.rules.told.iter().find(|(told, _)| *told == topic.value);
                if let (Some((_, rule)), Some(cue)) = (rule, topic.cues.first()) {
                    mark(&mut lesson, *rule, cue.span.clone());
                }
            }
        }
        lesson.wishes.extend(heard.wishes.into_iter().map(|wish| {
            let span = own.original(wish.span);
            Wished { act: wish.act, start: span.start, end: span.end, value: wish.value }
        }));
        lesson.language = heard.language.and_then(|code| code.as_bytes().first_chunk().copied());
        let characters = text.trim().chars().count();
        lesson.characters = u64::try_from(characters).unwrap_or(u64::MAX);
        if let Some(leans) = self.rules.leans {
            self.weigh(&mut lesson.marks, leans);
        }
        lesson
    }

    /// Leaves of the cues of style those of the side that a turn leans to, in the text's order.
    fn weigh(&self, marks: &mut Vec<Mark>, leans: i32) {
        let lean = |mark: &Mark| self.rules.rule(mark.rule).map_or(0, |rule| rule.lean());
        let sum: i32 = marks.iter().map(lean).sum();
        let side = if sum.abs() >= leans { sum.signum() } else { 0 };
        marks.retain(|mark| [0, side].contains(&lean(mark).signum()));
        marks.sort_unstable();
    }

    /// Concludes from what was learned so far.
    ///
    /// - **Style** is `Formal` if more than `style_ratio` times as many turns hold a formal
    ///   cue as a casual one, `Casual` the other way round, and `Balanced` if neither, when
    ///   each side shows in two turns at least. It is `None` while fewer than `min_turns`
    ///   turns hold any cue: one polite word decides nothing. Confidence is how likely it is that
    ///   more than half of such a customer's turns are of that side, after `n` turns of it and `m`
    ///   of the other and with every share as likely before: 1 less the sum of the binomial
    ///   coefficients of `n + m + 1` over 0 to `m`, divided by 2 to the power of `n + m + 1`; more
    ///   than 240 turns count as 240 in the same proportion. For `Balanced` it is
    ///   `(n + 1) / (n + m + 2)`, where `n` is the weaker side and `m` what the stronger has more.
    /// - **Length** is the mean number of characters of the customer's messages against the two
    ///   limits (by the preset `support`, that of more than half of the messages, with the style's
    ///   confidence); `None` below `min_turns` turns. Confidence is `d^2 / (d^2 + s^2)`, where `d`
    ///   is the distance of the mean from the nearest limit and `s` its standard error (Cantelli's
    ///   bound), which begins as if one message had been 50 characters off.
    /// - **Topics** are those that any turn touched; none below `min_turns` turns. The preset
    ///   `reference` knows login, billing, technical and account; `support` knows every
    ///   [`Topic`](crate::Topic), the others as [`Signals`](crate::Signals) tell them.
    ///   Confidence is `n / (n + 1)` for `n` turns.
    pub fn conclude(&self, state: &PreferenceState) -> Preferences {
        if state.rules != self.rules.version {
            return Preferences::default();
        }
        self.limits.conclude(state, self.rules)
    }

    /// Reads a state that [`PreferenceState::to_json`] wrote.
    ///
    /// If other rules made it, it comes back empty, so that the caller, who learns what is
    /// not covered, learns the whole history again.
    ///
    /// # Errors
    /// `Corrupt` if the text is not such a state.
    pub fn restore(&self, json: &str) -> Result<PreferenceState> {
        PreferenceState::from_json(json, self.rules)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::super::conclusion::{ResponseLength, Style};
    use super::super::state::MAX_EVIDENCE;
    use super::super::tests::{random_turns, turn, turns};
    use super::*;
    use crate::error::ErrorKind;
    use crate::id::MAX_PER_CUSTOMER;
    use crate::signals::Topic;

    fn extract(texts: &[&str]) -> Preferences {
        PreferenceExtractor::reference().extract(&turns(texts.iter().copied()))
    }

    /// What one text alone shows: the style of three such turns, and the topics.
    fn shown_by(text: &str) -> (Option<Style>, Vec<Topic>) {
        let preferences = extract(&[text; 3]);
        (preferences.style.as_ref().map(|style| style.value), topics(&preferences))
    }

    fn topics(preferences: &Preferences) -> Vec<Topic> {
        preferences.topics.iter().map(|topic| topic.value).collect()
    }

    fn reference_conversation() -> Vec<Turn> {
        let json = include_str!("../../examples/reference_conversation.json");
        let demo: serde_json::Value = serde_json::from_str(json).expect("the example is JSON");
        let sessions = demo["sessions"].as_array().expect("has sessions").iter();
        let demo_turns: Vec<_> =
            sessions.flat_map(|session| session["turns"].as_array().expect("has turns")).collect();
        let mut made = turns(demo_turns.iter().map(|turn| turn["said"].as_str().expect("is text")));
        for (turn, from) in made.iter_mut().zip(demo_turns) {
            turn.answer = from["answer"].as_str().map(str::to_owned);
        }
        made
    }

    // X-04
    #[test]
    fn the_reference_conversation_shows_formal_medium_login_after_three_turns_and_billing_after_seven()
     {
        let turns = reference_conversation();
        let extractor = PreferenceExtractor::reference();
        let early = extractor.extract(turns.iter().take(3));
        assert_eq!(early.to_string(), "style formal (3 turns), length medium, topics login");
        let all = extractor.extract(&turns);
        assert_eq!(all.to_string(), "style formal (7 turns), length medium, topics login, billing");
        assert_eq!(all.customer_turns, 7);
        assert_eq!(
            extractor.extract(turns.iter().take(2)),
            Preferences { customer_turns: 2, ..Preferences::default() }
        );
    }

    // X-05
    #[test]
    fn words_inside_other_words_show_nothing() {
        for text in [
            "They said the cooling fan is fine",
            "discharge, charger, accost and recharge",
            "debugging terrorism",
            "the installer and the documents",
            "I am a costumer of yours",
            "ASAPScience was unpleased and wasappreciated",
        ] {
            assert_eq!(shown_by(text), (None, vec![]), "{text}");
        }
        assert_eq!(shown_by("my profile"), (None, vec![Topic::Account]));
    }

    #[test]
    fn words_that_only_look_like_a_topic_show_none() {
        for text in [
            "My name is Bill",
            "I am the account manager at Acme and want to buy",
            "Who is in charge of this? It was sent in error, please pay attention.",
            "The money is not in my bank account",
            "Write to billing@example.com or see https://example.com/login/error",
        ] {
            assert_eq!(shown_by(text).1, [], "{text}");
        }
    }

    #[test]
    fn every_listed_form_of_a_topic_counts() {
        for (topic, texts) in [
            (
                Topic::Login,
                [
                    "I can't log in",
                    "the sign-in page",
                    "LOGGED IN",
                    "Sign\u{2011}in",
                    "my pass\u{200b}word",
                ],
            ),
            (
                Topic::Billing,
                ["the billing page", "I was billed twice", "a charge", "CHARGED", "an invoice"],
            ),
            (
                Topic::Technical,
                ["a bug", "so buggy", "Nothing is working", "it doesn\u{2019}t work", "it crashed"],
            ),
            (
                Topic::Account,
                ["my account", "account's owner", "two accounts", "profile", "settings"],
            ),
        ] {
            for text in texts {
                assert_eq!(shown_by(text).1, [topic], "{text}");
            }
        }
        assert_eq!(shown_by("can\u{2019}t access my account").1, [Topic::Login, Topic::Account]);
    }

    // X-06
    #[test]
    fn thanks_is_on_neither_side_and_thank_you_is_formal() {
        assert_eq!(shown_by("thanks").0, None);
        assert_eq!(shown_by("Thanks for nothing").0, None);
        assert_eq!(shown_by("thank you for nothing").0, None);
        assert_eq!(shown_by("thank you").0, Some(Style::Formal));
        assert_eq!(shown_by("Thanks, thank you").0, Some(Style::Formal));
        assert_eq!(shown_by("hey, that is awesome").0, Some(Style::Casual));
    }

    // X-06
    #[test]
    fn one_polite_word_decides_nothing_however_often_it_is_repeated() {
        assert!(
            extract(&["please please please please", "where is it", "it is blue", "and now"])
                .style
                .is_none()
        );
        assert!(extract(&["please", "thank you", "it is blue", "and now"]).style.is_none());
        let known = extract(&["please please", "thank you", "it is blue", "kindly"])
            .style
            .expect("three turns are polite");
        assert_eq!((known.evidence_turns, known.evidence_total), (3, 3));
    }

    #[test]
    fn a_thin_margin_is_balanced_when_both_sides_are_real_and_unknown_when_not() {
        let balanced = extract(&["please", "kindly", "please", "hey", "lol"])
            .style
            .expect("both sides are real");
        assert_eq!(
            (balanced.value, balanced.evidence_turns, balanced.evidence.len()),
            (Style::Balanced, 5, 5)
        );
        assert_eq!(extract(&["please", "kindly", "hey"]).style_or_default(), Style::Formal);
        let at_once = PreferenceExtractor::reference().min_turns(1);
        assert!(at_once.extract(&turns(["hey, could you help"])).style.is_none());
    }

    #[test]
    fn answers_metadata_quotations_and_quoted_mail_teach_nothing() {
        let mut silent = turn(1, "> please kindly\nit says \"please wait\"\n> password");
        silent.answer = Some("Please reset your password.".to_owned());
        silent.metadata = Some(r#"{"topic":"billing"}"#.to_owned());
        let mut unasked = turn(2, "");
        unasked.said = None;
        unasked.answer = Some("Dear customer, your invoice".to_owned());
        let preferences =
            PreferenceExtractor::reference().min_turns(1).extract([&silent, &unasked]);
        assert!(preferences.style.is_none() && preferences.topics.is_empty());
        assert_eq!(preferences.customer_turns, 1);
    }

    #[test]
    fn length_is_the_mean_in_characters_not_bytes() {
        let length = |characters: usize| {
            extract(&["\u{e4}".repeat(characters).as_str(); 3]).response_length_or_default()
        };
        assert_eq!(length(49), ResponseLength::Brief);
        assert_eq!(length(50), ResponseLength::Medium);
        assert_eq!(length(150), ResponseLength::Medium);
        assert_eq!(length(151), ResponseLength::Detailed);
        let wide = PreferenceExtractor::reference().brief_below(10).detailed_above(20);
        let mean_of_11 = turns(["1", "12", "123456789 123456789 123456789 "]);
        assert_eq!(wide.extract(&mean_of_11).response_length_or_default(), ResponseLength::Medium);
    }

    #[test]
    fn confidence_grows_with_evidence_and_falls_towards_a_limit() {
        let length = |characters: usize, times| {
            let text = "x".repeat(characters);
            let known = extract(&vec![text.as_str(); times]).response_length;
            known.expect("three turns are enough").confidence
        };
        assert!((length(100, 3) - 0.9).abs() < 1e-9);
        assert!(length(100, 30) > length(100, 3) && length(52, 3) < 0.1);
        let style = extract(&["please", "kindly", "please"]).style.expect("known");
        assert!((style.confidence - 0.9375).abs() < 1e-9);
        let topic = extract(&["a bill", "a bill", "x"]).topics.pop().expect("known");
        assert!((topic.confidence - 2.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn a_turn_is_weighed_as_a_whole_by_the_preset_support() {
        let style = |text: &str| PreferenceExtractor::support().extract(&turns([text; 3])).style;
        for (text, shows) in [
            ("i need to change the delivery address", Some(Style::Casual)),
            ("I do not know how to change the delivery address", Some(Style::Formal)),
            ("please, i can't find the page of my order, what's up with it", Some(Style::Casual)),
            ("Could you please tell me why it's not there?", Some(Style::Formal)),
            ("can't you help me with this, please?", None),
            ("I think the address of the delivery is the old one", None),
            ("i do", None),
            ("Mam problem z logowaniem i nie wiem, co robi\u{107} dalej.", None),
            ("He wrote \"i can't\" and the order was not there", None),
        ] {
            assert_eq!(style(text).map(|style| style.value), shows, "{text}");
        }
        let shown = style("please, i can't find my order").expect("is casual").evidence;
        let shown: Vec<_> = shown.iter().map(|of| (of.rule.as_ref(), of.span.clone())).collect();
        assert_eq!(
            shown.first_chunk(),
            Some(&[("small i", Some(8..9)), ("contraction", Some(10..15))])
        );
    }

    #[test]
    fn confidence_in_a_majority_is_a_tail_of_the_binomial_distribution() {
        let confidence = |formal: usize, casual: usize| {
            let texts = [vec!["please"; formal], vec!["hey"; casual]].concat();
            extract(&texts).style.expect("is told").confidence
        };
        assert!((confidence(4, 2) - 99.0 / 128.0).abs() < 1e-12);
        assert!((confidence(2, 4) - 99.0 / 128.0).abs() < 1e-12);
        assert!(
            (0.98..1.0).contains(&confidence(150, 90))
                && (0.98..1.0).contains(&confidence(1_500, 900))
        );
        assert!((confidence(500, 0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn topics_stand_by_number_of_turns_and_then_by_first_mention() {
        let preferences =
            extract(&["an error, my account", "a bill", "the bill again, and my password"]);
        assert_eq!(
            topics(&preferences),
            [Topic::Billing, Topic::Technical, Topic::Account, Topic::Login]
        );
    }

    #[test]
    fn evidence_points_into_the_original_text() {
        let texts = [
            "\u{201e}\u{c4}h\u{201c} \u{2014} THANK  YOU, my pass\u{ad}word",
            "> old\nKindly log-in",
            "please",
        ];
        let preferences = extract(&texts);
        let style = preferences.style.expect("known").evidence;
        let login = preferences.topics.first().expect("known").evidence.clone();
        let seen = style.iter().chain(&login).map(|evidence| {
            let said = texts[usize::try_from(evidence.turn.number()).expect("small") - 1];
            (evidence.rule.as_ref(), &said[evidence.span.clone().expect("has a place")])
        });
        assert_eq!(
            seen.collect::<Vec<_>>(),
            [
                ("thank you", "THANK  YOU"),
                ("kindly", "Kindly"),
                ("please", "please"),
                ("password", "pass\u{ad}word"),
                ("log in", "log-in"),
            ]
        );
    }

    #[test]
    fn evidence_is_bounded_to_the_newest_and_counted_in_full() {
        let preferences = extract(&["please pay the bill"; 100]);
        let style = preferences.style.expect("known");
        assert_eq!(
            (style.evidence.len(), style.evidence_turns, style.evidence_total),
            (MAX_EVIDENCE, 100, 100)
        );
        assert_eq!(style.evidence.last().expect("not empty").turn.number(), 100);
        assert_eq!(preferences.topics.first().expect("known").evidence_total, 200);
        assert_eq!(preferences.response_length.expect("known").evidence.len(), MAX_EVIDENCE);
    }

    #[test]
    fn learning_turn_by_turn_across_restarts_equals_extracting_from_nothing() {
        let extractor = PreferenceExtractor::reference();
        for seed in 0..200 {
            let turns = random_turns(seed);
            let mut state = PreferenceState::default();
            for (done, turn) in turns.iter().enumerate() {
                extractor.learn(&mut state, turn);
                extractor.learn(&mut state, &turns[done / 2]);
                let kept = state.to_json().expect("is written");
                assert!(kept.len() < 512 * (done + 2), "seed {seed}: {} bytes", kept.len());
                state = extractor.restore(&kept).expect("is read");
                assert_eq!(state.covered(), Some(turn.id), "seed {seed}");
                assert_eq!(
                    extractor.conclude(&state),
                    extractor.extract(&turns[..=done]),
                    "seed {seed}, turn {done}"
                );
            }
        }
    }

    #[test]
    fn a_state_of_other_rules_comes_back_empty_and_damage_is_told() {
        let extractor = PreferenceExtractor::reference();
        let mut state = PreferenceState::default();
        extractor.learn(&mut state, &turn(MAX_PER_CUSTOMER, "please"));
        let kept = state.to_json().expect("is written");
        let other = kept.replace("reference-1", "reference-0");
        assert_eq!(extractor.restore(&other).expect("is read"), PreferenceState::default());
        assert!(!kept.contains("please"), "a state holds no words of the customer");
        for damaged in [kept.replace(",0]", ",9999]"), kept.replace("]", ""), "{}".to_owned()] {
            assert_eq!(
                extractor.restore(&damaged).expect_err("is damaged").kind(),
                ErrorKind::Corrupt,
                "{damaged}"
            );
        }
    }

    #[test]
    fn a_long_text_without_blanks_or_closing_marks_is_read_in_good_time() {
        for piece in
            ["a.", "\"", " \"a", " \u{201c}a", "@", "a@", ">", " >", "\n", "pass\u{200b}", "i am "]
        {
            let text = format!("{}@ www. ://", piece.repeat(64 * 1024 / piece.len()));
            extract(&[text.as_str(); 3]);
        }
    }
}
