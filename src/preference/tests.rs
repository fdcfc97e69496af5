//! What holds for preferences over many turns: exact unlearning, steadiness, wishes, habits.

#![allow(clippy::indexing_slicing)]

use super::{PreferenceExtractor, PreferenceState, ResponseLength, Style};
use crate::id::{SessionId, Tag, TurnId};
use crate::memory::{Channel, Turn};
use crate::random::SplitMix64;
use crate::signals::WishKind;
use crate::time::Timestamp;

pub(super) fn turn(number: u32, said: &str) -> Turn {
    let tag = Tag::of("default", "alice");
    Turn {
        id: TurnId::new(tag, number),
        session: SessionId::new(tag, 1),
        channel: Channel::Chat,
        at: Timestamp::from_millis(0),
        said: Some(said.to_owned()),
        answer: None,
        answered_at: None,
        answered_by: None,
        confidence: None,
        resolved: false,
        metadata: None,
    }
}

pub(super) fn turns<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Turn> {
    (1..).zip(texts).map(|(number, said)| turn(number, said)).collect()
}

pub(super) fn random_turns(seed: u64) -> Vec<Turn> {
    const PIECES: [&str; 14] = [
        "please ",
        "hey ",
        "thank you ",
        "for nothing ",
        "log ",
        "in ",
        "account ",
        "manager ",
        "bill. ",
        "\u{e9}\"",
        "\n> ",
        "lol, ",
        "me@x.org ",
        "error ",
    ];
    let mut random = SplitMix64::new(seed);
    let count = random.below(90);
    let mut number = 0;
    let made = (0..count).map(|_| {
        number += 1 + u32::try_from(random.below(3)).expect("small");
        let said: String = (0..random.below(12)).map(|_| random.pick(&PIECES)).collect();
        let mut turn = turn(number, &said);
        turn.said = turn.said.filter(|_| random.below(9) > 0);
        turn
    });
    made.collect()
}

#[test]
fn a_state_without_a_turn_equals_one_that_never_saw_it() {
    let extractor = PreferenceExtractor::support();
    let mut random = SplitMix64::new(7);
    // Short texts: what is tested is the book-keeping.
    let mut pool: Vec<Turn> = (0..8).flat_map(random_turns).collect();
    pool.retain(|turn| turn.said.as_ref().is_none_or(|said| said.len() < 24));
    for (number, turn) in (1..).zip(&mut pool) {
        turn.id = TurnId::new(Tag::of("default", "alice"), number);
    }
    let mut sequences = 0;
    while sequences < 10_000 {
        let count = 1 + random.below(5);
        let begin = random.below(pool.len().saturating_sub(count).max(1));
        let turns = &pool[begin..(begin + count).min(pool.len())];
        let gone = random.below(turns.len());
        let mut state = PreferenceState::default();
        for (place, turn) in turns.iter().enumerate() {
            extractor.learn(&mut state, turn);
            if place == gone && random.below(2) == 0 {
                state.unlearn(turn.id);
            }
        }
        state.unlearn(turns[gone].id);
        let mut emptied = turns.to_vec();
        emptied[gone].said = None;
        let mut rebuilt = PreferenceState::default();
        emptied.iter().for_each(|turn| extractor.learn(&mut rebuilt, turn));
        assert_eq!(state, rebuilt, "sequence {sequences}");
        let concluded = extractor.conclude(&rebuilt);
        assert_eq!(
            extractor.conclude(&state),
            concluded,
            "sequence {sequences}: sums made anew and sums kept up"
        );
        assert!(!state.unlearn(turns[gone].id), "it is gone already");
        sequences += 1;
    }
}

#[test]
fn one_message_does_not_flip_what_is_known() {
    let extractor = PreferenceExtractor::support();
    let formal = ["please", "kindly", "thank you"];
    let style =
        |texts: &[&str]| extractor.extract(&turns(texts.iter().copied())).style_or_default();
    assert_eq!(style(&formal), Style::Formal);
    assert_eq!(style(&[formal.as_slice(), &["hey", "lol"]].concat()), Style::Formal);
    assert_eq!(
        style(&[formal.as_slice(), &["hey", "lol", "dude", "bro"]].concat()),
        Style::Balanced
    );
}

#[test]
fn sums_that_were_kept_up_equal_sums_made_anew_for_any_limits() {
    for extractor in [
        PreferenceExtractor::support(),
        PreferenceExtractor::reference().min_turns(1).hysteresis(2),
    ] {
        for seed in 0..100 {
            let turns = random_turns(seed);
            let mut kept = PreferenceState::default();
            for turn in &turns {
                extractor.learn(&mut kept, turn);
            }
            let mut others = PreferenceState::default();
            let other = PreferenceExtractor {
                limits: PreferenceExtractor::reference().limits,
                ..extractor
            };
            turns.iter().for_each(|turn| other.learn(&mut others, turn));
            assert_eq!(kept, others);
            assert_eq!(extractor.conclude(&kept), extractor.conclude(&others), "seed {seed}");
            let restored =
                extractor.restore(&kept.to_json().expect("is written")).expect("is read");
            assert_eq!(extractor.conclude(&kept), extractor.conclude(&restored), "seed {seed}");
        }
    }
}

#[test]
fn one_message_flips_no_language_channel_length_or_hours() {
    let extractor = PreferenceExtractor::support();
    let usual = || {
        let mut said = turns(["Where is my parcel, and why have they not told me about it?"; 5]);
        said.iter_mut().for_each(|turn| turn.channel = Channel::Email);
        said
    };
    let other = |said: &mut Vec<Turn>, times: u32| {
        for _ in 0..times {
            let number = u32::try_from(said.len()).expect("small") + 1;
            let mut odd = turn(number, &"Ich kann mich seit gestern nicht anmelden. ".repeat(40));
            odd.at = Timestamp::from_millis(13 * 3_600_000);
            said.push(odd);
        }
    };
    let shown = |said: &[Turn]| {
        let known = extractor.extract(said);
        let length = known.response_length.expect("enough turns").value;
        (
            known.language.map(|language| language.value),
            known.channel.map(|channel| channel.value),
            length,
            known.hours.map(|hours| (hours.value.from, hours.value.to)),
        )
    };
    let mut said = usual();
    let before = shown(&said);
    assert_eq!(
        before,
        (Some("en".to_owned()), Some(Channel::Email), ResponseLength::Medium, Some((0, 1)))
    );
    other(&mut said, 1);
    assert_eq!(
        shown(&said),
        before,
        "one long message in another language, elsewhere and at another hour"
    );
    other(&mut said, 7);
    let after = shown(&said);
    let most = (Some("de".to_owned()), Some(Channel::Chat), ResponseLength::Detailed);
    assert_eq!((after.0, after.1, after.2), most, "most of them");
}

#[test]
fn explicit_statements_win_the_newest_first_and_old_ones_stay() {
    let extractor = PreferenceExtractor::support();
    let said = turns([
        "Call me on the phone, please.",
        "Please email me, don't call.",
        "I am a developer, skip the basics. Keep it short.",
        "Call me Ali.",
    ]);
    let known = extractor.extract(&said);
    let seen: Vec<_> = known
        .statements
        .iter()
        .map(|wish| (wish.kind, wish.turn.number(), wish.ended_by.map(|turn| turn.number())))
        .collect();
    assert_eq!(
        seen,
        [
            (WishKind::Call, 1, Some(2)),
            (WishKind::Email, 2, None),
            (WishKind::NoCall, 2, None),
            (WishKind::Expert, 3, None),
            (WishKind::Brief, 3, None),
            (WishKind::Name, 4, None),
        ]
    );
    assert_eq!(
        known.response_length.as_ref().map(|length| length.value),
        Some(ResponseLength::Brief)
    );
    let name = known.statements.last().expect("was said");
    assert_eq!(&said[3].said.as_deref().expect("was said")[name.span.clone()], "Ali");
    for text in [
        "I do not want a short answer",
        "Did the agent call?",
        "they call me names all day",
        "my email is broken",
    ] {
        assert!(extractor.extract(&turns([text])).statements.is_empty(), "{text}");
    }
}

#[test]
fn language_channel_and_hours_are_learned_and_silent_when_thin() {
    let extractor = PreferenceExtractor::support();
    let mut said = turns(["Ich kann mich seit gestern nicht anmelden."; 5]);
    for turn in &mut said {
        turn.channel = Channel::Email;
        turn.at = Timestamp::from_millis(9 * 3_600_000 + 5);
    }
    let known = extractor.extract(&said);
    assert_eq!(known.language.as_ref().map(|language| language.value.as_str()), Some("de"));
    assert_eq!(known.channel.as_ref().map(|channel| channel.value), Some(Channel::Email));
    assert_eq!(known.hours.as_ref().map(|hours| (hours.value.from, hours.value.to)), Some((9, 10)));
    assert_eq!(known.channel.expect("known").why().count(), 5);
    let thin = extractor.extract(&said[..2]);
    assert!(thin.language.is_none() && thin.channel.is_none() && thin.hours.is_none());
}

fn statements(said: &[&str]) -> Vec<(WishKind, Option<u32>)> {
    let known = PreferenceExtractor::support().extract(&turns(said.iter().copied()));
    let ended = |wish: &super::Statement| wish.ended_by.map(|turn| turn.number());
    known.statements.iter().map(|wish| (wish.kind, ended(wish))).collect()
}

#[test]
fn a_wish_that_is_taken_back_has_ended_with_the_turn_that_ended_it() {
    for (wish, kind, end) in [
        ("Please call me.", WishKind::Call, "You don't have to call me any more."),
        ("Please call me.", WishKind::Call, "I take that back."),
        ("Please call me.", WishKind::Call, "I no longer need a call."),
        ("Do not call me.", WishKind::NoCall, "You can call me again."),
        ("Please email me.", WishKind::Email, "No need to email me."),
        ("Keep it short.", WishKind::Brief, "You don't have to keep it short any more."),
        ("Call me Bob.", WishKind::Name, "Don't call me Bob any more."),
        ("Call me Bob.", WishKind::Name, "Stop calling me Bob."),
        ("Reply in German.", WishKind::Language, "You don't have to reply in German any more."),
    ] {
        assert_eq!(statements(&[wish, end]), [(kind, Some(2))], "{wish} {end}");
    }
    assert_eq!(statements(&["Call me Bob.", "Don't call me Robert."]), [(WishKind::Name, None)]);
    assert_eq!(
        statements(&["Please call me.", "ok", "thanks", "I take that back."]),
        [(WishKind::Call, None)],
        "only what was said last is taken back"
    );
    assert_eq!(
        statements(&["Do not call me, please.", "I would like a refund.", "Please email me."]),
        [(WishKind::NoCall, None), (WishKind::Email, None)]
    );
}

#[test]
fn a_statement_that_arrives_late_does_not_replace_what_was_said_after_it() {
    let mut said = turns(["Please call me.", "Please email me."]);
    said[0].at = Timestamp::from_millis(2_000);
    said[1].at = Timestamp::from_millis(1_000);
    let known = PreferenceExtractor::support().extract(&said);
    let ended: Vec<_> = known.statements.iter().map(|wish| wish.ended_by).collect();
    assert_eq!(ended, [None, Some(said[0].id)]);
    assert_eq!(known.channel.map(|channel| channel.value), Some(Channel::Phone));
}

#[test]
fn statements_are_bounded_and_what_holds_is_kept() {
    let mut said = vec!["Do not email me."];
    said.extend(["Keep it short.", "Explain everything in detail."].repeat(300));
    let known = statements(&said);
    assert!(known.len() <= 258, "{}", known.len());
    assert_eq!(known.first(), Some(&(WishKind::NoEmail, None)));
    assert_eq!(known.last(), Some(&(WishKind::Detailed, None)));
}

#[test]
fn topics_are_learned_as_signals_tell_them() {
    use crate::signals::Topic;
    for (said, topic) in [
        ("My parcel has not been delivered yet", Topic::Delivery),
        ("I want to return the shoes", Topic::Returns),
        ("I want to cancel my order", Topic::Order),
    ] {
        let known = PreferenceExtractor::support().extract(&turns([said; 5]));
        let topics: Vec<Topic> = known.topics.iter().map(|topic| topic.value).collect();
        assert!(topics.contains(&topic), "{said}: {topics:?}");
        let evidence = &known.topics.iter().find(|known| known.value == topic);
        assert!(evidence.is_some_and(|of| of.evidence.iter().all(|at| at.span.is_some())));
    }
}
