//! What holds for preferences over many turns: exact unlearning, steadiness, wishes, habits.

#![allow(clippy::indexing_slicing)]

use super::{PreferenceExtractor, PreferenceState, ResponseLength, Style};
use crate::id::{SessionId, Tag, TurnId};
use crate::memory::{Channel, Turn};
use crate::signals::WishKind;
use crate::time::Timestamp;

fn turn(number: u32, said: &str) -> Turn {
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

fn turns<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Turn> {
    (1..).zip(texts).map(|(number, said)| turn(number, said)).collect()
}

/// SplitMix64, so that a failure can be repeated from its seed.
fn next_random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    usize::try_from((mixed ^ (mixed >> 27)) >> 33).expect("31 bits") % below
}

fn random_turns(seed: u64) -> Vec<Turn> {
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
    let mut state = seed;
    let count = next_random(&mut state, 90);
    let mut number = 0;
    let made = (0..count).map(|_| {
        number += 1 + u32::try_from(next_random(&mut state, 3)).expect("small");
        let said: String = (0..next_random(&mut state, 12)).map(|_| PIECES[next_random(&mut state, 14)]).collect();
        let mut turn = turn(number, &said);
        turn.said = turn.said.filter(|_| next_random(&mut state, 9) > 0);
        turn
    });
    made.collect()
}

#[test]
fn a_state_without_a_turn_equals_one_that_never_saw_it() {
    let extractor = PreferenceExtractor::support();
    let mut seed = 7;
    // Short texts: what is tested is the book-keeping.
    let mut pool: Vec<Turn> = (0..8).flat_map(random_turns).collect();
    pool.retain(|turn| turn.said.as_ref().is_none_or(|said| said.len() < 24));
    for (number, turn) in (1..).zip(&mut pool) {
        turn.id = TurnId::new(Tag::of("default", "alice"), number);
    }
    let mut sequences = 0;
    while sequences < 100_000 {
        let count = 1 + next_random(&mut seed, 5);
        let begin = next_random(&mut seed, pool.len().saturating_sub(count).max(1));
        let turns = &pool[begin..(begin + count).min(pool.len())];
        let gone = next_random(&mut seed, turns.len());
        let mut state = PreferenceState::default();
        for (place, turn) in turns.iter().enumerate() {
            extractor.learn(&mut state, turn);
            if place == gone && next_random(&mut seed, 2) == 0 {
                state.unlearn(turn.id);
            }
        }
        state.unlearn(turns[gone].id);
        let mut emptied = turns.to_vec();
        emptied[gone].said = None;
        let mut rebuilt = PreferenceState::default();
        emptied.iter().for_each(|turn| extractor.learn(&mut rebuilt, turn));
        assert_eq!(state, rebuilt, "sequence {sequences}");
        if sequences % 64 == 0 {
            assert_eq!(extractor.conclude(&state), extractor.extract(&emptied), "sequence {sequences}");
        }
        assert!(!state.unlearn(turns[gone].id), "it is gone already");
        sequences += 1;
    }
}

#[test]
fn one_message_does_not_flip_what_is_known() {
    let extractor = PreferenceExtractor::support();
    let formal = ["please", "kindly", "thank you"];
    let style = |texts: &[&str]| extractor.extract(&turns(texts.iter().copied())).style_or_default();
    assert_eq!(style(&formal), Style::Formal);
    assert_eq!(style(&[formal.as_slice(), &["hey", "lol"]].concat()), Style::Formal);
    assert_eq!(style(&[formal.as_slice(), &["hey", "lol", "dude", "bro"]].concat()), Style::Balanced);
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
    let seen: Vec<_> = known.statements.iter().map(|wish| (wish.kind, wish.turn.number(), wish.superseded)).collect();
    assert_eq!(
        seen,
        [
            (WishKind::Call, 1, true),
            (WishKind::Email, 2, false),
            (WishKind::NoCall, 2, false),
            (WishKind::Expert, 3, false),
            (WishKind::Brief, 3, false),
            (WishKind::Name, 4, false),
        ]
    );
    assert_eq!(known.response_length.as_ref().map(|length| length.value), Some(ResponseLength::Brief));
    let name = known.statements.last().expect("was said");
    assert_eq!(&said[3].said.as_deref().expect("was said")[name.span.clone()], "Ali");
    for text in
        ["I do not want a short answer", "Did the agent call?", "they call me names all day", "my email is broken"]
    {
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
