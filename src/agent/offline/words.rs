//! The words of a message, brought to a common form.
//!
//! Knows which words carry a subject and which endings an English word may lose. Words are
//! compared whole, never as parts of one another: "charge" is not in "recharge".

use std::collections::BTreeSet;

/// What one message says, word by word.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// Every word in lower case, in order.
    pub(crate) plain: Vec<String>,
    /// The stems of the words that carry a subject.
    pub(crate) stems: BTreeSet<String>,
    /// Whether it asks something.
    pub(crate) has_question_mark: bool,
}

impl Words {
    /// Reads a message.
    pub(crate) fn of(text: &str) -> Words {
        let plain = plain(text);
        let is_subject = |word: &&str| {
            STOP.binary_search(word).is_err() && !word.chars().all(|letter| letter.is_ascii_digit())
        };
        let stems = join_pairs(&plain).into_iter().filter(is_subject).map(stem).collect();
        Words { plain, stems, has_question_mark: text.contains('?') }
    }

    /// Whether one of those words is there.
    pub(crate) fn has_any(&self, words: &[&str]) -> bool {
        self.plain.iter().any(|word| words.contains(&word.as_str()))
    }

    /// Whether one of those phrases is there, word for word.
    pub(crate) fn has_phrase(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| {
            let phrase: Vec<&str> = phrase.split(' ').collect();
            self.plain.windows(phrase.len()).any(|window| window.iter().eq(phrase.iter()))
        })
    }
}

/// Lower-case words; apostrophes vanish ("can't" is "cant"), "e-mail" is one word, and
/// addresses are left out.
fn plain(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for chunk in
        text.split_whitespace().filter(|chunk| !chunk.contains('@') && !chunk.contains("://"))
    {
        let mut word = String::new();
        for letter in chunk.chars() {
            match letter {
                '\'' | '\u{2019}' => {}
                '-' | '\u{2011}' if word.chars().count() == 1 => {}
                letter if letter.is_alphanumeric() => word.extend(letter.to_lowercase()),
                _ => words.push(std::mem::take(&mut word)),
            }
        }
        words.push(word);
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The words, with "log in" and its like as one, and without the name in "my name is".
fn join_pairs(plain: &[String]) -> Vec<&str> {
    let mut joined = Vec::new();
    let mut words = plain.iter().map(String::as_str).peekable();
    while let Some(word) = words.next() {
        match (word, words.peek()) {
            ("name", Some(&"is")) => drop(words.by_ref().take(2).count()),
            (word, Some(&("in" | "into" | "on"))) if LOG.contains(&word) => {
                words.next();
                joined.push("login");
            }
            (word, _) => joined.push(word),
        }
    }
    joined
}

/// The stem of a word in lower case.
pub(crate) fn stem(word: &str) -> String {
    let single = singular(word);
    if let Some((_, same)) = SAME.iter().find(|(from, _)| *from == single) {
        return (*same).to_owned();
    }
    let mut stem = single.as_str();
    for (ending, kept) in [("ation", 4), ("ing", 3), ("ed", 3), ("ly", 4), ("ment", 3)] {
        if let Some(rest) = stem.strip_suffix(ending)
            && rest.chars().count() >= kept
            && rest.contains(['a', 'e', 'i', 'o', 'u', 'y'])
        {
            stem = rest;
            break;
        }
    }
    let mut letters: Vec<char> = stem.chars().collect();
    if letters.len() > 3 && letters.last() == Some(&'e') {
        letters.pop();
    }
    if let [.., before, last] = letters.as_slice()
        && before == last
        && letters.len() > 3
    {
        letters.pop();
    }
    letters.into_iter().collect()
}

fn singular(word: &str) -> String {
    if let Some(rest) = word.strip_suffix("ies").filter(|rest| rest.len() >= 3) {
        return format!("{rest}y");
    }
    if let Some(rest) = word.strip_suffix("es")
        && ["ss", "x", "z", "ch", "sh"].iter().any(|ending| rest.ends_with(ending))
    {
        return rest.to_owned();
    }
    match word.strip_suffix('s') {
        Some(rest) if rest.len() >= 3 && !rest.ends_with(['s', 'u', 'i']) => rest.to_owned(),
        _ => word.to_owned(),
    }
}

const LOG: [&str; 8] = ["log", "logs", "logged", "logging", "sign", "signs", "signed", "signing"];

/// Words that mean the same though no ending tells.
const SAME: [(&str, &str); 23] = [
    ("mail", "email"),
    ("emailed", "email"),
    ("logon", "login"),
    ("signin", "login"),
    ("sent", "send"),
    ("resend", "send"),
    ("resent", "send"),
    ("came", "come"),
    ("paid", "pay"),
    ("forgot", "forget"),
    ("forgotten", "forget"),
    ("lost", "lose"),
    ("delivery", "deliver"),
    ("subscription", "subscrib"),
    ("parcel", "deliver"),
    ("package", "deliver"),
    ("shipment", "deliver"),
    ("shipping", "deliver"),
    ("shipped", "deliver"),
    ("reimburse", "refund"),
    ("reimbursement", "refund"),
    ("setup", "instal"),
    ("passcode", "password"),
];

/// Words that carry no subject, sorted.
#[rustfmt::skip]
const STOP: [&str; 232] = [
    "a", "about", "afraid", "after", "afternoon", "again", "all", "also", "am", "an", "and", "any", "anything",
    "appreciate", "are", "as", "ask", "asked", "assistance", "at", "be", "because", "been", "before", "being", "bit",
    "but", "by", "can", "cannot", "cant", "check", "could", "couldnt", "day", "days", "dear", "did", "didnt", "do",
    "does", "doesnt", "doing", "done", "dont", "evening", "ever", "far", "find", "first", "for", "from", "get",
    "gets", "getting", "give", "go", "going", "good", "got", "great", "had", "happen", "happened", "happening", "has",
    "hasnt", "have", "havent", "having", "he", "hello", "help", "her", "here", "hey", "hi", "him", "his", "how", "i",
    "id", "if", "ill", "im", "in", "into", "is", "isnt", "issue", "issues", "it", "its", "itself", "ive", "just",
    "kind", "kindly", "know", "let", "like", "long", "look", "make", "many", "may", "maybe", "me", "might", "mine",
    "more", "morning", "much", "my", "name", "need", "no", "not", "nothing", "now", "of", "off", "ok", "okay", "on",
    "once", "one", "only", "or", "other", "our", "out", "over", "own", "patience", "please", "possible", "problem",
    "problems", "question", "questions", "quite", "really", "regards", "right", "said", "say", "says", "see", "seem",
    "seems", "shall", "she", "should", "since", "so", "some", "someone", "something", "sorry", "still", "support",
    "sure", "take", "taken", "takes", "tell", "than", "thank", "thanks", "that", "thats", "the", "their", "them",
    "then", "there", "these", "they", "theyre", "thing", "things", "this", "those", "time", "to", "today", "too",
    "took", "tried", "trouble", "try", "trying", "up", "us", "use", "used", "using", "very", "want", "wanted", "was",
    "wasnt", "way", "we", "well", "went", "were", "what", "whats", "when", "where", "wheres", "whether", "which",
    "who", "whose", "why", "will", "with", "wont", "work", "worked", "working", "works", "would", "yes", "yesterday",
    "you", "your", "youre", "yours",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(text: &str) -> Vec<String> {
        Words::of(text).stems.into_iter().collect()
    }

    #[test]
    fn the_words_without_a_subject_are_sorted_and_none_of_them_counts() {
        assert!(STOP.is_sorted());
        assert!(STOP.iter().all(|word| stems(word).is_empty()));
    }

    #[test]
    fn the_forms_of_a_word_have_one_stem() {
        for forms in [
            &["bill", "bills", "billing", "billed"][..],
            &["install", "installs", "installed", "installing", "installation"],
            &["cancel", "cancels", "cancelled", "canceled", "cancelling", "cancellation"],
            &["charge", "charges", "charged", "charging"],
            &["invoice", "invoices", "invoiced"],
            &["pay", "paid", "payment", "payments", "paying"],
            &["delivery", "deliveries", "delivered", "delivers"],
            &["reset", "resets", "resetting"],
            &["export", "exported", "exporting"],
            &["crash", "crashes", "crashed", "crashing"],
            &["subscription", "subscriptions", "subscribed", "subscribe"],
            &["send", "sent", "sending"],
        ] {
            let first = forms.first().map(|word| stem(word));
            assert!(forms.iter().all(|word| Some(stem(word)) == first), "{forms:?}");
        }
    }

    #[test]
    fn words_that_only_look_alike_stay_apart() {
        for (one, other) in [
            ("charge", "recharge"),
            ("charge", "discharge"),
            ("charge", "charger"),
            ("cool", "cooling-fan"),
            ("bug", "debug"),
            ("custom", "customer"),
            ("order", "border"),
            ("status", "state"),
        ] {
            assert_ne!(stem(one), stem(other), "{one} {other}");
        }
    }

    #[test]
    fn log_in_is_one_word_and_addresses_are_none() {
        assert_eq!(stems("I cannot log in"), stems("my login"));
        assert_eq!(stems("logging in, signed in"), ["login"]);
        assert_eq!(stems("My name is Bill, I forgot my password"), ["forget", "password"]);
        assert_eq!(stems("My e-mail: alice@example.com, see https://a.example/refund"), ["email"]);
        assert_eq!(stems("Can\u{2019}t, can't, 42"), Vec::<String>::new());
    }

    #[test]
    fn phrases_are_found_word_for_word() {
        let words = Words::of("Well, thanks in advance!");
        assert!(words.has_phrase(&["thanks in advance"]) && !words.has_phrase(&["in advanced"]));
        assert!(words.has_any(&["thanks"]) && !words.has_any(&["thank"]));
    }
}
