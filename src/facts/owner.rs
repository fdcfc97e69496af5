//! Whose an address, a number or a name is.
//!
//! Knows the words that give it to somebody else ("my wife's e-mail", "his number"), and addresses
//! that belong to machines and desks rather than to people.

use crate::signals::EntityKind;
use std::ops::Range;

/// So many bytes around a value are looked at.
const NEAR: usize = 160;

/// People who are not the customer.
const OTHERS: [&str; 58] = [
    "his",
    "her",
    "hers",
    "their",
    "theirs",
    "your",
    "yours",
    "its",
    "wife",
    "husband",
    "son",
    "daughter",
    "mother",
    "father",
    "mom",
    "mum",
    "dad",
    "brother",
    "sister",
    "friend",
    "friends",
    "boss",
    "colleague",
    "coworker",
    "neighbour",
    "neighbor",
    "partner",
    "girlfriend",
    "boyfriend",
    "agent",
    "driver",
    "courier",
    "seller",
    "manager",
    "assistant",
    "employee",
    "roommate",
    "landlord",
    "tenant",
    "client",
    "customer",
    "recipient",
    "sender",
    "receiver",
    "accountant",
    "lawyer",
    "doctor",
    "teacher",
    "uncle",
    "aunt",
    "cousin",
    "child",
    "parents",
    "scammer",
    "somebody",
    "someone",
    "guy",
    "woman",
];
/// Words that give it to the customer.
const OWN: [&str; 11] = ["my", "mine", "our", "ours", "i", "i'm", "im", "me", "us", "we", "myself"];

/// Whether a value in the customer's words is somebody else's, or a machine's.
pub(super) fn is_somebody_elses(text: &str, span: &Range<usize>, kind: EntityKind) -> bool {
    match kind {
        EntityKind::Email => {
            is_machine(text, span) || is_given_to_others(text, span) || is_desk(text, span)
        }
        EntityKind::Phone | EntityKind::Name => is_given_to_others(text, span),
        _ => false,
    }
}

/// The text before a value in its sentence.
fn before<'a>(text: &'a str, span: &Range<usize>) -> &'a str {
    let from = (span.start.saturating_sub(NEAR)..=span.start)
        .find(|from| text.is_char_boundary(*from))
        .unwrap_or(span.start);
    let near = text.get(from..span.start).unwrap_or_default();
    let end = near
        .char_indices()
        .rev()
        .find(|(at, c)| {
            matches!(c, '!' | '?' | ';' | '\n')
                || *c == '.' && near.get(at + 1..).is_some_and(|rest| rest.starts_with(' '))
        })
        .map_or(0, |(at, c)| at + c.len_utf8());
    near.get(end..).unwrap_or_default()
}

/// Whose the last of these words says it is: `Some(true)` somebody else's, `None` nobody's.
fn owner(words: &str) -> Option<bool> {
    let lower = words.to_lowercase().replace('\u{2019}', "'");
    let mut whose = None;
    for word in lower.split(|c: char| !c.is_alphanumeric() && c != '\'') {
        let plain = word.strip_suffix("'s").unwrap_or(word).trim_matches('\'');
        if OTHERS.contains(&plain) {
            whose = Some(true);
        } else if OWN.contains(&plain) {
            whose = Some(false);
        }
    }
    whose
}

fn is_given_to_others(text: &str, span: &Range<usize>) -> bool {
    let after = text.get(span.end..).unwrap_or_default();
    let after: String = after.chars().take(NEAR).collect();
    let end = after.find(['.', ',', '!', '?', ';', '\n']).unwrap_or(after.len());
    let after = after.get(..end).unwrap_or_default().trim_start().to_lowercase();
    // "bea@example.com is my wife's", "... is not mine".
    let says = ["is ", "was ", "belongs to "].iter().find_map(|verb| after.strip_prefix(verb));
    if let Some(says) = says {
        let is_denied = says.starts_with("not my") || says.starts_with("not mine");
        if is_denied || owner(says) == Some(true) {
            return true;
        }
        if owner(says) == Some(false) {
            return false;
        }
    }
    owner(before(text, span)) == Some(true)
}

/// Whether nobody reads at an address: of a repository, a message, a mailer.
fn is_machine(text: &str, span: &Range<usize>) -> bool {
    const LOCAL: [&str; 20] = [
        "git",
        "hg",
        "svn",
        "noreply",
        "no-reply",
        "no_reply",
        "donotreply",
        "do-not-reply",
        "do_not_reply",
        "mailer-daemon",
        "postmaster",
        "bounce",
        "bounces",
        "notification",
        "notifications",
        "notify",
        "root",
        "daemon",
        "www-data",
        "nobody",
    ];
    const HEADERS: [&str; 12] = [
        "message-id:",
        "in-reply-to:",
        "references:",
        "return-path:",
        "received:",
        "reply-to:",
        "sender:",
        "from:",
        "to:",
        "cc:",
        "x-",
        "dkim-",
    ];
    let address = text.get(span.clone()).unwrap_or_default().to_lowercase();
    let local = address.split('@').next().unwrap_or_default();
    let line = text.get(..span.start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let line = line.trim_start().to_lowercase();
    let after = text.get(span.end..).unwrap_or_default();
    // "git@host:path", "ssh://user@host/path".
    let is_path = after.starts_with('/')
        || (after.starts_with(':')
            && after.get(1..).is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace())));
    let digits = local.bytes().filter(u8::is_ascii_digit).count();
    let is_made = local.len() >= 20 && digits >= 6;
    LOCAL.contains(&local)
        || LOCAL.iter().any(|name| name.len() > 6 && local.starts_with(&format!("{name}+")))
        || HEADERS.iter().any(|header| line.starts_with(header))
        || line.ends_with("://")
        || is_path
        || is_made
}

/// Whether an address is that of a desk and the customer does not call it their own.
fn is_desk(text: &str, span: &Range<usize>) -> bool {
    const DESKS: [&str; 18] = [
        "support",
        "help",
        "helpdesk",
        "info",
        "sales",
        "service",
        "customerservice",
        "contact",
        "hello",
        "billing",
        "webmaster",
        "abuse",
        "care",
        "orders",
        "returns",
        "team",
        "security",
        "privacy",
    ];
    let address = text.get(span.clone()).unwrap_or_default().to_lowercase();
    let local = address.split('@').next().unwrap_or_default();
    let said = before(text, span).to_lowercase();
    let is_own = said
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| ["my", "our", "me", "us"].contains(&word));
    DESKS.contains(&local) && !is_own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_others(text: &str, value: &str, kind: EntityKind) -> bool {
        let at = text.find(value).expect("is in the text");
        is_somebody_elses(text, &(at..at + value.len()), kind)
    }

    #[test]
    fn what_is_given_to_somebody_else_is_not_the_customers() {
        for text in [
            "My wife's email is bea@example.com, mine is different.",
            "her address is bea@example.com",
            "bea@example.com is my husband's",
            "Please send it to my colleague at bea@example.com",
            "The seller wrote from bea@example.com",
            "bea@example.com is not mine",
            "I got a mail from your bea@example.com",
        ] {
            assert!(is_others(text, "bea@example.com", EntityKind::Email), "{text}");
        }
        for text in [
            "My email is bea@example.com",
            "bea@example.com",
            "My wife's email does not work. Use bea@example.com",
            "His email is wrong, mine is bea@example.com",
            "I told the agent that my address is bea@example.com",
            "You can reach me at bea@example.com",
        ] {
            assert!(!is_others(text, "bea@example.com", EntityKind::Email), "{text}");
        }
        assert!(is_others("My boss's number is 202 555 0143", "202 555 0143", EntityKind::Phone));
        assert!(!is_others("call me on 202 555 0143", "202 555 0143", EntityKind::Phone));
    }

    #[test]
    fn addresses_of_machines_and_desks_are_nobodys() {
        for (text, address) in [
            ("Cloned git@github.com:acme/x.git and it fails", "git@github.com"),
            ("Message-ID: <CAF123abc@mail.gmail.com>", "CAF123abc@mail.gmail.com"),
            ("it came from noreply@shop.example", "noreply@shop.example"),
            ("ssh://deploy@host.example/x", "deploy@host.example"),
            ("I wrote to support@shop.example twice", "support@shop.example"),
            ("From: Desk <anna@shop.example>", "anna@shop.example"),
        ] {
            assert!(is_others(text, address, EntityKind::Email), "{text}");
        }
        assert!(!is_others(
            "reach us at info@acme.example",
            "info@acme.example",
            EntityKind::Email
        ));
    }
}
