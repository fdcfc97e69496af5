//! Whether a draft reply asks for what the customer has already given.
//!
//! Knows how agents ask: a sentence with a word that requests, and a word for the thing.
//! Thanks for a thing, and sentences that name its value, ask for nothing.

use super::given::{Given, GivenFact};
use super::repeated::{asks_for_another, is_step};
use crate::signals::EntityKind;
use std::ops::Range;

/// A place in a draft that asks for something again.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AskedAgain<'a> {
    /// The sentence of the draft.
    pub span: Range<usize>,
    /// What the customer has told already.
    pub fact: &'a GivenFact,
}

/// Words that make a sentence a request for information.
const REQUESTS: [&str; 48] = [
    "provide",
    "share",
    "supply",
    "specify",
    "state your",
    "include your",
    "reply with",
    "respond with",
    "type in",
    "give me",
    "give us",
    "tell me",
    "tell us",
    "send me",
    "send us",
    "send over",
    "what is",
    "what's",
    "what was",
    "what are",
    "what were",
    "what email",
    "what e-mail",
    "what name",
    "what plan",
    "what error",
    "what number",
    "what order",
    "which",
    "who am i",
    "may i have",
    "may i know",
    "may i ask",
    "may i get",
    "can i have",
    "can i get",
    "could i have",
    "could i get",
    "could i ask",
    "i need your",
    "i need the",
    "we need your",
    "we need the",
    "i'll need",
    "we'll need",
    "let me know",
    "enter your",
    "have you tried",
];
/// Words that make a request of what follows them, if the thing is named at once.
const CHECKS: [&str; 6] = ["confirm", "verify", "remind me", "repeat", "write down", "note down"];
/// Words of sentences that only speak of a thing.
const MENTIONS: [&str; 20] = [
    "thank you for",
    "thanks for",
    "you provided",
    "you gave",
    "you shared",
    "you sent",
    "you have provided",
    "you've provided",
    "you mentioned",
    "already have",
    "as you told",
    "i see your",
    "our phone number",
    "our telephone number",
    "our e-mail address",
    "our email address",
    "no need to",
    "not need to",
    "do not share",
    "never share",
];

impl Given {
    /// The sentences of a draft reply that ask for something the customer has already given.
    ///
    /// Steps are told by what they do: a draft that proposes "restart it" is flagged if the
    /// customer has said that they restarted.
    pub fn asked_again(&self, draft: &str) -> Vec<AskedAgain<'_>> {
        let mut found = Vec::new();
        if self.facts().is_empty() {
            return found;
        }
        for (start, sentence) in sentences(draft) {
            let lower = sentence.to_lowercase().replace('\u{2019}', "'");
            let is_stated =
                !lower.ends_with('?') && holds_any(&lower, &["we have your", "i have your"]);
            if is_stated || holds_any(&lower, &MENTIONS) {
                continue;
            }
            // "And your e-mail address?" asks without a verb.
            let is_short_question =
                lower.ends_with('?') && lower.len() <= SHORT_QUESTION && !starts_plainly(&lower);
            let requests =
                is_short_question || holds_any(&lower, &REQUESTS) || holds_any(&lower, &CHECKS);
            let proposes = requests || holds_any(&lower, &PROPOSALS);
            for kind in [
                EntityKind::OrderId,
                EntityKind::Email,
                EntityKind::Phone,
                EntityKind::Name,
                EntityKind::Plan,
                EntityKind::ErrorText,
            ] {
                let Some(fact) = self
                    .newest(kind)
                    .filter(|_| requests && names(&lower, kind) && !asks_for_another(&lower, kind))
                else {
                    continue;
                };
                if !lower.contains(&fact.value.to_lowercase()) {
                    found.push(AskedAgain { span: start..start + sentence.len(), fact });
                }
            }
            let step =
                self.facts().iter().rev().find(|fact| {
                    fact.kind == EntityKind::StepTried && is_step(&lower, &fact.value)
                });
            if let Some(fact) = step.filter(|_| proposes) {
                found.push(AskedAgain { span: start..start + sentence.len(), fact });
            }
        }
        found
    }
}

/// Words that propose a step.
const PROPOSALS: [&str; 11] = [
    "please",
    "try",
    "could you",
    "can you",
    "would you",
    "did you",
    "have you",
    "you should",
    "you may want",
    "how about",
    "let's",
];

/// A question so short that names a thing asks for it.
const SHORT_QUESTION: usize = 48;

/// Whether a question is about something else than what the thing is: "Is your name right?"
fn starts_plainly(lower: &str) -> bool {
    ["is ", "are ", "was ", "does ", "do ", "did ", "has ", "have ", "should ", "shall ", "will "]
        .iter()
        .any(|start| lower.starts_with(start))
}

fn holds_any(lower: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| holds(lower, phrase))
}

/// Whether a text holds a phrase as whole words.
fn holds(lower: &str, phrase: &str) -> bool {
    let is_edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    lower.match_indices(phrase).any(|(at, found)| {
        let before = lower.get(..at).and_then(|text| text.chars().next_back());
        let after = lower.get(at + found.len()..).and_then(|text| text.chars().next());
        is_edge(before) && is_edge(after)
    })
}

/// The sentences of a text, each with its first byte.
fn sentences(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive(['?', '!', '\n']).flat_map(|part| part.split_inclusive(". ")).filter_map(
        move |part| {
            let begin = start;
            start += part.len();
            let blank = part.len() - part.trim_start().len();
            let trimmed = part.trim();
            (!trimmed.is_empty()).then_some((begin + blank, trimmed))
        },
    )
}

/// Whether a sentence names the thing as something to be told.
fn names(lower: &str, kind: EntityKind) -> bool {
    let words: &[&str] = match kind {
        EntityKind::OrderId => &[
            "order id",
            "order ids",
            "order number",
            "order numbers",
            "order no",
            "order #",
            "order reference",
            "order details",
            "booking number",
            "booking reference",
            "reference number",
            "confirmation number",
            "the order in question",
            "order is this about",
            "order this is about",
            "number of your order",
            "number of the order",
        ],
        EntityKind::Email => &[
            "email address",
            "e-mail address",
            "your email",
            "your e-mail",
            "email id",
            "registered email",
            "registered e-mail",
            "which email",
            "which e-mail",
            "what email",
            "what e-mail",
            "the email on",
            "the e-mail on",
            "email associated",
            "e-mail associated",
            "email linked",
            "email you used",
            "email we can",
            "an email we",
            "address we can email",
        ],
        EntityKind::Phone => &[
            "phone number",
            "telephone number",
            "mobile number",
            "cell number",
            "contact number",
            "your number",
            "callback number",
            "number to reach",
            "number to call",
            "best number",
            "number we can",
            "number i can",
        ],
        EntityKind::Name => &[
            "your name",
            "your full name",
            "first name",
            "last name",
            "your surname",
            "full name",
            "name on the",
            "name is the",
            "speaking with",
            "speaking to",
            "what name",
            "which name",
        ],
        EntityKind::Plan => &[
            "which plan",
            "what plan",
            "your plan",
            "your current plan",
            "which subscription",
            "your subscription plan",
            "which tier",
            "what tier",
            "plan you",
            "plan are you",
            "plan do you",
            "subscription do you",
        ],
        EntityKind::ErrorText => &[
            "error message",
            "error code",
            "exact error",
            "which error",
            "what error",
            "the error you",
            "error are you",
            "error do you",
            "the message you see",
            "message on the screen",
        ],
        _ => &[],
    };
    holds_any(lower, words)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::id::{SessionId, Tag, TurnId};
    use crate::memory::{Channel, Turn};
    use crate::time::Timestamp;

    fn turn(number: u32, said: &str, answer: Option<&str>) -> Turn {
        let tag = Tag::of("default", "alice");
        Turn {
            id: TurnId::new(tag, number),
            session: SessionId::new(tag, 1),
            channel: Channel::Chat,
            at: Timestamp::from_millis(0),
            said: Some(said.to_owned()),
            answer: answer.map(str::to_owned),
            answered_at: None,
            answered_by: None,
            confidence: None,
            resolved: false,
            metadata: None,
        }
    }

    fn given() -> Given {
        let turns = [
            turn(
                1,
                "My order #88-1204 is broken, it says \"E42: no signal\".",
                Some("May I have your full name, please?"),
            ),
            turn(2, "Dulcie Petsch", Some("And your e-mail address?")),
            turn(
                3,
                "dulcie@example.org. I already restarted the box, and I am on the premium plan.",
                None,
            ),
        ];
        Given::of(&turns)
    }

    #[test]
    fn what_was_told_is_known_with_its_place() {
        let given = given();
        let value = |kind| given.newest(kind).map(|fact| (fact.value.as_str(), fact.turn.number()));
        assert_eq!(value(EntityKind::OrderId), Some(("88-1204", 1)));
        assert_eq!(value(EntityKind::ErrorText), Some(("E42: no signal", 1)));
        assert_eq!(value(EntityKind::Name), Some(("Dulcie Petsch", 2)));
        assert_eq!(value(EntityKind::Email), Some(("dulcie@example.org", 3)));
        assert_eq!(value(EntityKind::Plan), Some(("premium plan", 3)));
        assert!(value(EntityKind::StepTried).is_some_and(|(value, _)| value.contains("restarted")));
        assert!(!format!("{given:?}").contains("dulcie"), "what was said is not printed");
    }

    #[test]
    fn a_draft_that_asks_again_is_flagged() {
        let given = given();
        for (draft, kind) in [
            ("I am sorry. Could you please provide your order number?", EntityKind::OrderId),
            ("What is your e-mail address?", EntityKind::Email),
            ("May I have your full name, please?", EntityKind::Name),
            ("Which plan are you on?", EntityKind::Plan),
            ("Please tell me the exact error message.", EntityKind::ErrorText),
            ("Please try to restart the box.", EntityKind::StepTried),
        ] {
            let found = given.asked_again(draft);
            assert_eq!(
                found.iter().map(|again| again.fact.kind).collect::<Vec<_>>(),
                [kind],
                "{draft}"
            );
        }
    }

    #[test]
    fn a_draft_that_asks_for_nothing_known_is_not_flagged() {
        let given = given();
        for draft in [
            "Thank you for your order number. I am looking into it.",
            "I have sent the link to your e-mail address.",
            "Is it right that your order number is 88-1204, please confirm your choice?",
            "Could you tell me your telephone number?",
            "What is the colour of the light?",
            "",
        ] {
            assert_eq!(given.asked_again(draft), [], "{draft}");
        }
        assert_eq!(Given::default().asked_again("What is your name?"), []);
    }

    /// Drafts as agents and models write them, with what they ask for again. They were written
    /// beside the rules, so they keep what is found from getting lost and measure nothing unseen.
    const DRAFTS: [(&str, Option<EntityKind>); 60] = [
        ("And your e-mail address?", Some(EntityKind::Email)),
        ("What email did you use to sign up?", Some(EntityKind::Email)),
        ("Could you confirm the email on your account?", Some(EntityKind::Email)),
        ("Please reply with your email address so that we can find you.", Some(EntityKind::Email)),
        ("To proceed, I'll need the email associated with your account.", Some(EntityKind::Email)),
        ("Can I get your e-mail, please?", Some(EntityKind::Email)),
        ("Sure! Which email are you registered with?", Some(EntityKind::Email)),
        ("Kindly share your registered email ID.", Some(EntityKind::Email)),
        ("Who am I speaking with today?", Some(EntityKind::Name)),
        ("Your name, please?", Some(EntityKind::Name)),
        ("May I ask your full name?", Some(EntityKind::Name)),
        ("Could you tell me the name on the account?", Some(EntityKind::Name)),
        ("Please provide your first name and surname.", Some(EntityKind::Name)),
        ("What\u{2019}s your name?", Some(EntityKind::Name)),
        ("Can you give me the order number?", Some(EntityKind::OrderId)),
        ("Your order ID?", Some(EntityKind::OrderId)),
        ("Which order is this about?", Some(EntityKind::OrderId)),
        ("Please include your booking reference.", Some(EntityKind::OrderId)),
        ("Could I have the number of your order?", Some(EntityKind::OrderId)),
        ("I would be glad to look. Please specify your order #.", Some(EntityKind::OrderId)),
        ("Let me know your order number and I will check.", Some(EntityKind::OrderId)),
        ("Can you share the order details?", Some(EntityKind::OrderId)),
        ("We need your order number to continue.", Some(EntityKind::OrderId)),
        ("What plan do you have?", Some(EntityKind::Plan)),
        ("Could you let me know which tier you are on?", Some(EntityKind::Plan)),
        ("What is your current plan?", Some(EntityKind::Plan)),
        ("What error are you seeing?", Some(EntityKind::ErrorText)),
        ("Could you share the exact error message?", Some(EntityKind::ErrorText)),
        ("What is the error code?", Some(EntityKind::ErrorText)),
        ("Did you restart the router?", Some(EntityKind::StepTried)),
        ("Have you tried turning it off or restarting it?", Some(EntityKind::StepTried)),
        ("First, please restart your device.", Some(EntityKind::StepTried)),
        ("You may want to reboot or restart it once.", Some(EntityKind::StepTried)),
        ("I have sent a link to your email address.", None),
        ("We will email you as soon as it ships.", None),
        ("You will get a message at your e-mail within the hour.", None),
        ("I need to check with the warehouse before I can email you.", None),
        ("You can call us any time; our phone number, which is free, is on the site.", None),
        ("Thanks for your order number, I am checking it now.", None),
        ("I have your order number here, one moment.", None),
        ("Your order number is 88-1204, is that right?", None),
        ("I see that you are on the premium plan.", None),
        ("Since you already restarted it, I will send a technician.", None),
        ("There is no need to restart it again.", None),
        ("We never share your e-mail address with others.", None),
        ("Is your name spelled correctly on the parcel?", None),
        ("Your plan includes free returns.", None),
        ("Is there anything else I can help you with?", None),
        ("What colour is the light on the box?", None),
        ("Which day suits you for the delivery?", None),
        ("Could you send us a photo of the damage?", None),
        ("Please tell me more about what happened.", None),
        ("Could you tell me your date of birth?", None),
        ("What is your postcode?", None),
        ("Let me know if you need anything else.", None),
        ("I am sorry for the trouble with your order.", None),
        ("The error message means that there is no signal.", None),
        ("I have added your name to the list.", None),
        ("May I know when you moved in?", None),
        ("Which of the two lights is on?", None),
    ];

    #[test]
    fn at_least_nine_of_ten_flags_are_right_and_eight_of_ten_repetitions_flagged() {
        let given = given();
        let (mut right, mut wrong, mut missed) = (0, Vec::new(), Vec::new());
        for (draft, asks) in DRAFTS {
            let flagged: Vec<_> =
                given.asked_again(draft).iter().map(|again| again.fact.kind).collect();
            match asks {
                Some(kind) if flagged.contains(&kind) => right += 1,
                Some(_) => missed.push(draft),
                None if flagged.is_empty() => {}
                None => wrong.push(draft),
            }
        }
        assert!(wrong.len() * 10 <= right + wrong.len(), "flagged without need: {wrong:?}");
        assert!(right * 10 >= (right + missed.len()) * 8, "not flagged: {missed:?}");
        println!(
            "{right} right, {} wrong: {wrong:?}, {} missed: {missed:?}",
            wrong.len(),
            missed.len()
        );
    }

    #[test]
    fn the_same_thing_said_again_is_one_fact_at_its_newest_place() {
        let given =
            Given::of(&[turn(1, "order AB-1234", None), turn(2, "I said order ab-1234!", None)]);
        assert_eq!(given.facts().len(), 1);
        assert_eq!(given.facts()[0].turn.number(), 2);
    }
}
