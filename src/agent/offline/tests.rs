//! What the offline backend promises, through its public face.

use super::*;
use crate::llm::{Length, LlmMessage, Role, Tone};

/// A customer talking to the backend, which remembers the conversation.
struct Talk {
    model: Offline,
    tone: Tone,
    length: Length,
    history: Vec<(Role, String)>,
}

struct Answer {
    text: String,
    pieces: usize,
    confidence: f64,
    resolved: bool,
    source: String,
}

impl Talk {
    fn new(tone: Tone, length: Length) -> Talk {
        Talk { model: Offline::with_starter(), tone, length, history: Vec::new() }
    }

    fn say(&mut self, text: &str) -> Answer {
        self.history.push((Role::Customer, text.to_owned()));
        let messages: Vec<LlmMessage<'_>> =
            self.history.iter().map(|(role, text)| LlmMessage::new(*role, text)).collect();
        let mut request = LlmRequest::new("", &messages);
        (request.tone, request.length) = (self.tone, self.length);
        let mut pieces = Vec::new();
        let outcome = self.model.complete(&request, &mut |piece| {
            pieces.push(piece.to_owned());
            ControlFlow::Continue(())
        });
        let outcome = outcome.expect("it needs nothing that can fail");
        let answer = Answer {
            text: pieces.concat(),
            pieces: pieces.len(),
            confidence: outcome.confidence.expect("always said"),
            resolved: outcome.resolved.expect("always said"),
            source: outcome.sources.concat(),
        };
        self.history.push((Role::Agent, answer.text.clone()));
        answer
    }
}

fn alone(text: &str) -> Answer {
    Talk::new(Tone::Balanced, Length::Medium).say(text)
}

fn reference_lines() -> Vec<(String, String)> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../../../examples/reference_conversation.json"))
            .expect("valid JSON");
    let sessions = file.get("sessions").and_then(|all| all.as_array()).expect("has sessions");
    let turns = sessions.iter().flat_map(|session| {
        session.get("turns").and_then(|all| all.as_array()).expect("has turns")
    });
    let text = |turn: &serde_json::Value, name| {
        turn.get(name).and_then(|text| text.as_str()).expect("text").to_owned()
    };
    turns.map(|turn| (text(turn, "said"), text(turn, "answer"))).collect()
}

const LOGIN: &str = "Trouble logging in";
const EMAIL: &str = "An e-mail did not arrive";
const BILLING: &str = "Billing details and invoices";
/// Of each reference turn: the source, the bounds of the confidence, whether it is settled.
const EXPECTED: [(&str, f64, f64, bool); 7] = [
    (LOGIN, 0.6, 0.95, false),
    (EMAIL, 0.5, 0.95, false),
    (EMAIL, 0.4, 0.9, false),
    (EMAIL, 0.4, 0.9, false),
    (EMAIL, 0.15, 0.6, false),
    ("", 0.7, 0.95, true),
    (BILLING, 0.6, 0.95, true),
];

#[test]
fn the_reference_conversation_is_answered_on_its_subjects_with_honest_confidence() {
    let mut talk = Talk::new(Tone::Formal, Length::Medium);
    for ((said, _), (source, least, most, resolved)) in reference_lines().iter().zip(EXPECTED) {
        let answer = talk.say(said);
        assert_eq!(answer.source, source, "{said}");
        assert!((least..=most).contains(&answer.confidence), "{} for {said}", answer.confidence);
        assert_eq!(answer.resolved, resolved, "{said}");
        assert!(!answer.text.contains("alice") && !answer.text.contains('\''));
        assert!(answer.pieces > 1);
    }
}

#[test]
fn another_agents_answers_in_the_history_change_neither_subject_nor_bounds() {
    let mut talk = Talk::new(Tone::Formal, Length::Medium);
    for ((said, answered), (source, least, most, resolved)) in
        reference_lines().iter().zip(EXPECTED)
    {
        let answer = talk.say(said);
        talk.history.pop();
        talk.history.push((Role::Agent, answered.clone()));
        assert_eq!((answer.source.as_str(), answer.resolved), (source, resolved), "{said}");
        assert!(
            (least..=most + 0.2).contains(&answer.confidence),
            "{} for {said}",
            answer.confidence
        );
    }
}

#[test]
fn what_a_follow_up_means_depends_on_what_was_said_before() {
    let mut parcel = Talk::new(Tone::Balanced, Length::Medium);
    parcel.say("Where is my parcel?");
    assert_eq!(parcel.say("It still has not come.").source, "Where a delivery is");
    let mut mail = Talk::new(Tone::Balanced, Length::Medium);
    mail.say("I did not get the e-mail with the link.");
    let answer = mail.say("It still has not come.");
    assert_eq!(answer.source, EMAIL);
    assert!(answer.text.contains("before") && answer.confidence < 0.8);
    assert_eq!(mail.say("And has it been sent?").source, EMAIL);
}

#[test]
fn a_new_subject_is_not_drowned_by_the_old_one() {
    let mut talk = Talk::new(Tone::Balanced, Length::Medium);
    talk.say("I cannot log in, my password is invalid.");
    talk.say("The account is locked and the login page rejects my password.");
    assert_eq!(talk.say("I want a refund").source, "Ask for a refund");
    assert_eq!(talk.say("and how do I cancel?").source, "Cancel a subscription");
}

#[test]
fn a_repeated_matter_is_acknowledged_and_gets_new_advice_until_there_is_none() {
    let mut talk = Talk::new(Tone::Balanced, Length::Medium);
    let answers: Vec<Answer> = (0..4).map(|_| talk.say("I cannot log in to my account.")).collect();
    let texts: Vec<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
    let [first, second, third, _] = texts.as_slice() else { panic!("four answers") };
    assert!(first.contains("Caps Lock") && !first.contains("before"));
    assert!(second.contains("wrote about this before") && !second.contains("Caps Lock"));
    assert!(third.contains("As I wrote before: ") && third.contains("colleague"));
    assert!(answers.is_sorted_by(|one, other| one.confidence > other.confidence));
}

#[test]
fn a_vague_cry_for_help_is_answered_with_what_usually_was_the_matter() {
    let mut talk = Talk::new(Tone::Casual, Length::Medium);
    talk.say("I can't log in");
    talk.say("forgot my password");
    let answer = talk.say("I need help");
    assert!(answer.text.contains("about login"));
    assert!(!answer.source.is_empty() && !answer.resolved);
    assert!((0.3..0.6).contains(&answer.confidence));
    let unknown = alone("I need help");
    assert!(
        unknown.text.contains("billing") && unknown.source.is_empty() && unknown.confidence < 0.3
    );
}

#[test]
fn without_an_article_it_says_so_and_asks_one_question() {
    for text in [
        "Do you sell blue shoes?",
        "They said the cooling fan is fine",
        "asdf qwer",
        "It does not work",
    ] {
        let answer = alone(text);
        assert_eq!(answer.text.matches('?').count(), 1, "{text}");
        assert!(
            answer.text.contains("no article") && answer.source.is_empty() && !answer.resolved,
            "{text}"
        );
        assert!(answer.confidence <= 0.15, "{text}");
    }
}

#[test]
fn an_earlier_answer_serves_when_there_is_no_article() {
    let mut talk = Talk::new(Tone::Balanced, Length::Medium);
    talk.history.push((Role::Customer, "Do you sell blue shoes?".to_owned()));
    talk.history.push((
        Role::Agent,
        "Yes, we have blue shoes in every size. They ship from May.".to_owned(),
    ));
    let answer = talk.say("Are there blue shoes?");
    assert_eq!(
        answer.text,
        "As I wrote before: Yes, we have blue shoes in every size. They ship from May."
    );
    assert!((0.3..0.8).contains(&answer.confidence) && answer.source.is_empty());
}

#[test]
fn its_own_no_is_not_taken_for_an_earlier_answer() {
    let mut talk = Talk::new(Tone::Balanced, Length::Medium);
    talk.say("Do you sell blue shoes?");
    assert!(talk.say("Do you sell blue shoes?").text.contains("no article"));
}

#[test]
fn thanks_close_the_matter_and_thanks_for_nothing_does_not() {
    let mut talk = Talk::new(Tone::Casual, Length::Brief);
    talk.say("How do I export my data?");
    let answer = talk.say("Thanks, that worked!");
    assert!(answer.resolved && answer.confidence >= 0.7 && answer.source.is_empty());
    assert!(!talk.say("Thanks for nothing").resolved);
    assert!(talk.say("thank you").resolved);
    assert!(!talk.say("ok").resolved);
    assert!(!alone("thank you").resolved);
}

#[test]
fn tone_and_length_are_those_asked_for() {
    let ask = |tone, length| Talk::new(tone, length).say("How do I cancel my subscription?");
    let brief = ask(Tone::Balanced, Length::Brief);
    assert_eq!(
        brief.text,
        "Open Account, then Subscription, and choose \"Cancel at the end of the period\"."
    );
    assert!(ask(Tone::Formal, Length::Medium).text.starts_with("With pleasure."));
    assert!(ask(Tone::Casual, Length::Medium).text.starts_with("Sure thing!"));
    let detailed = ask(Tone::Balanced, Length::Detailed);
    assert!(detailed.text.contains("\n1. Open Account") && detailed.text.contains("\n3. "));
    assert!(brief.text.len() < ask(Tone::Balanced, Length::Medium).text.len());
}

#[test]
fn a_company_brings_its_own_articles_and_one_without_steps_is_numbered_too() {
    let article = Article::new("Feeding the cat", "Open the tin. Fill the bowl. Step back.")
        .keywords("cats feed");
    let mut talk = Talk::new(Tone::Balanced, Length::Detailed);
    talk.model = Offline::with_articles([article]);
    let answer = talk.say("How do I feed cats?");
    assert_eq!(answer.source, "Feeding the cat");
    assert!(
        answer.text.contains("Open the tin.\n1. Fill the bowl.\n2. Step back."),
        "{}",
        answer.text
    );
    talk.model = Offline::with_articles([]);
    assert!(talk.say("How do I feed cats?").source.is_empty());
}

#[test]
fn every_starter_article_is_found_by_a_plain_question() {
    for (question, title) in [
        ("I forgot my password", "Reset a forgotten password"),
        ("my account is locked", LOGIN),
        ("The confirmation mail never arrived", EMAIL),
        ("I need a receipt with my new tax address", BILLING),
        ("You charged me twice, I want my money back", "Ask for a refund"),
        ("please terminate my membership", "Cancel a subscription"),
        ("the installer stops with an error", "Trouble with the installation"),
        ("Can I download a copy of all my data?", "Export your data"),
        ("when will my order be delivered", "Where a delivery is"),
    ] {
        let answer = alone(question);
        assert_eq!(answer.source, title, "{question}");
        assert!(answer.confidence >= 0.4, "{} for {question}", answer.confidence);
    }
}

#[test]
fn a_break_stops_between_two_sentences_and_max_tokens_ends_the_reply() {
    let messages = [LlmMessage::new(Role::Customer, "How do I get a refund?")];
    let mut request = LlmRequest::new("", &messages);
    let mut pieces = 0;
    let outcome = Offline::with_starter().complete(&request, &mut |_| {
        pieces += 1;
        ControlFlow::Break(())
    });
    assert_eq!((pieces, outcome.expect("cancelled").finish), (1, Finish::Cancelled));
    request.max_tokens = 1;
    let outcome = Offline::with_starter().complete(&request, &mut |_| ControlFlow::Continue(()));
    assert_eq!(outcome.expect("cut").finish, Finish::Length);
}

#[test]
fn odd_requests_are_answered_too() {
    let outcome = Offline::with_starter()
        .complete(&LlmRequest::new("", &[]), &mut |_| ControlFlow::Continue(()));
    assert_eq!(outcome.expect("a question").resolved, Some(false));
    let many: String = (0..10_000).map(|number| format!("w{number} ")).collect();
    for text in ["", "?!", "\u{200b}\u{202e}", "\u{1f600}", &"refund ".repeat(20_000), &many] {
        assert!(!alone(text).text.is_empty());
    }
}
