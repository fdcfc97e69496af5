//! Texts of the longest size, in many scripts, made to be slow: every function that reads a
//! text reads them in time linear in their length.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

use confidant::{
    Confidant, Given, LinearTable, NewTurn, Normalized, OwnWords, PreferenceExtractor, Sentiment,
    SignalContext, SignalRules, Signals, Turn, language_of, redact,
};
use std::hint::black_box;
use std::time::Instant;

const LIMIT: usize = 64 * 1024;
/// The short text is so many times shorter. Quadratic time would cost its square.
const TIMES: usize = 16;
/// Seconds that a short text may take on a busy machine; quadratic time would be many of them for
/// the long one.
const LEAST: f64 = 0.01;

/// Latin, Greek, Cyrillic, Hebrew with marks of direction, Arabic, Devanagari, Thai, kana with
/// marks, Hangul in pieces and whole, Chinese, full width, ligatures, marks, emoji, and signs.
const PIECES: [&str; 34] = [
    "a",
    "AaA",
    "a.",
    "a@",
    "@",
    "\"",
    " \u{201c}a",
    "\u{2019}s ",
    "www.",
    "://",
    ">\n",
    "```",
    "-- \n",
    "1",
    "1 ",
    "4111 ",
    "+49 30 ",
    "DE89 37",
    "no not ",
    "call me ",
    "please e-mail me ",
    "\u{3b1}\u{301}",
    "\u{44f}",
    "\u{5d0}\u{202e}",
    "\u{627}\u{64b}\u{64b}",
    "\u{915}\u{94d}",
    "\u{e01}\u{e33}",
    "\u{304b}\u{3099}",
    "\u{ff76}\u{ff9e}",
    "\u{1100}\u{1161}\u{11a8}",
    "\u{4e2d}\u{6587}",
    "\u{ff21}\u{fb03}\u{200b}",
    "a\u{301}\u{301}\u{301}",
    "\u{1f468}\u{200d}\u{1f469}\u{1f621}",
];

fn text_of(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

fn seconds(work: &mut dyn FnMut()) -> f64 {
    let begin = Instant::now();
    work();
    begin.elapsed().as_secs_f64()
}

/// Fails if the long text takes far more than its share, three times in a row.
fn is_linear(what: &str, piece: &str, short: &mut dyn FnMut(), long: &mut dyn FnMut()) {
    let mut seen = (0.0, 0.0);
    for _ in 0..3 {
        seen = (seconds(short).max(LEAST), seconds(long));
        if seen.1 < seen.0 * TIMES as f64 * 5.0 {
            return;
        }
    }
    panic!("{what} of {piece:?}: {} s for a sixteenth, {} s for all", seen.0, seen.1);
}

fn each_piece(what: &str, read: &dyn Fn(&str)) {
    for piece in PIECES {
        let (short, long) = (text_of(piece, LIMIT / TIMES), text_of(piece, LIMIT));
        is_linear(what, piece, &mut || read(&short), &mut || read(&long));
    }
}

#[test]
fn texts_are_normalised_in_linear_time() {
    each_piece("normalising", &|text| {
        let normal = Normalized::of(text);
        let span = normal.original(0..normal.as_str().len());
        assert!(text.get(span).is_some());
    });
}

#[test]
fn own_words_are_found_in_linear_time() {
    let find = |text: &str| {
        let own = OwnWords::new(text);
        assert!(text.get(own.original(0..own.as_str().len())).is_some());
    };
    each_piece("finding own words", &find);
    for piece in [
        "<",
        "<p",
        "<p>",
        "<b ",
        "<div><blockquote>",
        "</p>",
        "<!--",
        "<a href='",
        "&",
        "&amp;",
        "&#",
        "&#x41",
        "<script>",
        "<style><",
        "<svg><svg>",
        "\n",
        "From: a\n",
        "From: a@b\nTo: b\n\n",
        "On 2 Jan 10:00 ",
        "On 2 Jan 10:00\n",
        "wrote:\n",
        "--- ",
        "Regards,\nBob\n",
        "Sent from my ",
        "this message \n\n",
        "this message\n",
        "Agent: a\nMe: b\n",
        "[10:00] ",
        "> a\nb\n",
        "____",
        "\r",
    ] {
        let (short, long) = (text_of(piece, LIMIT / TIMES), text_of(piece, LIMIT));
        is_linear("finding own words", piece, &mut || find(&short), &mut || find(&long));
        let (short, long) = (format!("<p>{short}"), format!("<p>{long}"));
        is_linear("finding own words", piece, &mut || find(&short), &mut || find(&long));
    }
}

#[test]
fn texts_are_redacted_in_linear_time() {
    each_piece("redacting", &|text| {
        black_box(redact(text));
    });
}

#[test]
fn the_language_is_told_in_linear_time() {
    each_piece("telling the language", &|text| {
        black_box(language_of(text));
    });
}

#[test]
fn signals_are_read_in_linear_time_by_both_presets() {
    for rules in [SignalRules::support(), SignalRules::reference()] {
        let context =
            SignalContext::new().rules(&rules).agent_said("May I have your full name, please?");
        each_piece("reading", &|text| {
            black_box(Signals::of(text, &context));
        });
    }
}

#[test]
fn a_table_is_learned_in_linear_time() {
    let rules = SignalRules::support().without_table();
    for piece in ["a", "a ", "no not ", "\u{4e2d}\u{6587}", "a\u{301}\u{301}\u{301}"] {
        let labelled = |bytes| {
            [(text_of(piece, bytes), Sentiment::Negative), ("fine".to_owned(), Sentiment::Positive)]
        };
        let (short, long) = (labelled(LIMIT / TIMES), labelled(LIMIT));
        let learn = |from: &[(String, Sentiment)]| drop(LinearTable::train(&rules, from).unwrap());
        is_linear("learning", piece, &mut || learn(&short), &mut || learn(&long));
    }
}

/// Stored turns with the texts of all pieces, so many bytes each.
fn turns(bytes: usize) -> Vec<Turn> {
    let folder = tempfile::tempdir().unwrap();
    let memory = Confidant::open(folder.path().join("long.db").to_str().unwrap()).unwrap();
    let memory = memory.customer("alice").unwrap().memory();
    for piece in PIECES {
        memory.save_turn(NewTurn::said(&text_of(piece, bytes)).answered("Your name?")).unwrap();
    }
    memory.load_context().unwrap().turns().cloned().collect()
}

#[test]
fn preferences_and_given_facts_are_learned_in_linear_time() {
    let (short, long) = (turns(LIMIT / TIMES), turns(LIMIT));
    for (place, piece) in PIECES.iter().enumerate() {
        for extractor in [PreferenceExtractor::reference(), PreferenceExtractor::support()] {
            let learn = |turns: &[Turn]| drop(black_box(extractor.extract([&turns[place]])));
            is_linear("learning preferences", piece, &mut || learn(&short), &mut || learn(&long));
        }
        let learn = |turns: &[Turn]| drop(black_box(Given::of([&turns[place]])));
        is_linear("learning given facts", piece, &mut || learn(&short), &mut || learn(&long));
    }
}

#[test]
fn drafts_are_checked_in_linear_time() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Confidant::open(folder.path().join("given.db").to_str().unwrap()).unwrap();
    let alice = memory.customer("alice").unwrap();
    alice
        .memory()
        .save_turn(NewTurn::said(
            "Order AB-10231. I already restarted it. Write to al@example.com.",
        ))
        .unwrap();
    let given = alice.given().unwrap();
    assert!(given.facts().len() >= 3);
    each_piece("checking a draft", &|text| {
        black_box(given.asked_again(text));
    });
    for piece in ["what is your ", "please restart ", "your e-mail address? ", "thank you for "] {
        let (short, long) = (text_of(piece, LIMIT / TIMES), text_of(piece, LIMIT));
        let check = |text: &str| drop(black_box(given.asked_again(text)));
        is_linear("checking a draft", piece, &mut || check(&short), &mut || check(&long));
    }
}
