//! The numbers of what signals tell.
//!
//! Knows one number for each answer that a rule may give, for messages, given facts and wishes
//! alike.

use crate::border::error::{unknown, unnumbered};
use confidant::{
    EntityKind, EscalationReason, Intent, Result, Sensitive, Sentiment, Urgency, WishKind,
};

/// It sounds bad.
pub const CONFIDANT_SENTIMENT_NEGATIVE: i32 = -1;
/// It sounds like neither.
pub const CONFIDANT_SENTIMENT_NEUTRAL: i32 = 0;
/// It sounds good.
pub const CONFIDANT_SENTIMENT_POSITIVE: i32 = 1;

/// It can wait.
pub const CONFIDANT_URGENCY_LOW: i32 = 0;
/// Like any other message.
pub const CONFIDANT_URGENCY_MEDIUM: i32 = 1;
/// Something is stopped, or time is short.
pub const CONFIDANT_URGENCY_HIGH: i32 = 2;
/// A business stands still, or there is danger.
pub const CONFIDANT_URGENCY_CRITICAL: i32 = 3;

/// Tells something; also if nothing is known.
pub const CONFIDANT_INTENT_STATEMENT: i32 = 0;
/// Asks for information.
pub const CONFIDANT_INTENT_QUESTION: i32 = 1;
/// Reports that something is wrong.
pub const CONFIDANT_INTENT_PROBLEM: i32 = 2;
/// Wants something done.
pub const CONFIDANT_INTENT_REQUEST: i32 = 3;
/// Wants to end an order, a plan or an account.
pub const CONFIDANT_INTENT_CANCELLATION: i32 = 4;
/// Complains.
pub const CONFIDANT_INTENT_COMPLAINT: i32 = 5;
/// Asks for a person.
pub const CONFIDANT_INTENT_PERSON: i32 = 6;
/// Gives thanks.
pub const CONFIDANT_INTENT_THANKS: i32 = 7;
/// Says hello, and nothing else.
pub const CONFIDANT_INTENT_GREETING: i32 = 8;
/// Says goodbye.
pub const CONFIDANT_INTENT_GOODBYE: i32 = 9;
/// Says yes.
pub const CONFIDANT_INTENT_AFFIRM: i32 = 10;
/// Says no.
pub const CONFIDANT_INTENT_DENY: i32 = 11;

/// The customer asks for a person.
pub const CONFIDANT_ESCALATION_PERSON: i32 = 1;
/// The customer makes a complaint.
pub const CONFIDANT_ESCALATION_COMPLAINT: i32 = 2;
/// Lawyers, courts, the police or authorities are named.
pub const CONFIDANT_ESCALATION_LEGAL: i32 = 3;
/// The customer is extremely dissatisfied, or about to leave.
pub const CONFIDANT_ESCALATION_DISSATISFIED: i32 = 4;
/// It is urgent, and the customer is unhappy.
pub const CONFIDANT_ESCALATION_URGENT_NEGATIVE: i32 = 5;
/// The same thing went wrong several times.
pub const CONFIDANT_ESCALATION_REPEATED: i32 = 6;

/// The customer's name.
pub const CONFIDANT_ENTITY_NAME: i32 = 1;
/// An e-mail address.
pub const CONFIDANT_ENTITY_EMAIL: i32 = 2;
/// A telephone number.
pub const CONFIDANT_ENTITY_PHONE: i32 = 3;
/// The number of an order, a ticket or a booking.
pub const CONFIDANT_ENTITY_ORDER_ID: i32 = 4;
/// One of the tenant's products.
pub const CONFIDANT_ENTITY_PRODUCT: i32 = 5;
/// An amount of money.
pub const CONFIDANT_ENTITY_AMOUNT: i32 = 6;
/// A day.
pub const CONFIDANT_ENTITY_DATE: i32 = 7;
/// The customer's plan or tier, as they say.
pub const CONFIDANT_ENTITY_PLAN: i32 = 8;
/// The text of an error.
pub const CONFIDANT_ENTITY_ERROR_TEXT: i32 = 9;
/// A step that the customer has tried.
pub const CONFIDANT_ENTITY_STEP_TRIED: i32 = 10;

/// By e-mail.
pub const CONFIDANT_WISH_EMAIL: i32 = 1;
/// Not by e-mail.
pub const CONFIDANT_WISH_NO_EMAIL: i32 = 2;
/// By telephone.
pub const CONFIDANT_WISH_CALL: i32 = 3;
/// Not by telephone.
pub const CONFIDANT_WISH_NO_CALL: i32 = 4;
/// In the chat.
pub const CONFIDANT_WISH_CHAT: i32 = 5;
/// In few words.
pub const CONFIDANT_WISH_BRIEF: i32 = 6;
/// In full.
pub const CONFIDANT_WISH_DETAILED: i32 = 7;
/// The customer knows the matter.
pub const CONFIDANT_WISH_EXPERT: i32 = 8;
/// The customer is new to the matter.
pub const CONFIDANT_WISH_NOVICE: i32 = 9;
/// In a formal manner.
pub const CONFIDANT_WISH_FORMAL: i32 = 10;
/// In an easy manner.
pub const CONFIDANT_WISH_CASUAL: i32 = 11;
/// By the name that is said.
pub const CONFIDANT_WISH_NAME: i32 = 12;
/// In the language that is said.
pub const CONFIDANT_WISH_LANGUAGE: i32 = 13;
/// At the hours that are said.
pub const CONFIDANT_WISH_HOURS: i32 = 14;

/// The number of a payment card.
pub const CONFIDANT_SENSITIVE_CARD: i32 = 1;
/// An e-mail address.
pub const CONFIDANT_SENSITIVE_EMAIL: i32 = 2;
/// A telephone number.
pub const CONFIDANT_SENSITIVE_PHONE: i32 = 3;
/// An international bank account number.
pub const CONFIDANT_SENSITIVE_IBAN: i32 = 4;

/// A table of numbers; a test sees that none is forgotten.
macro_rules! numbered {
    ($($of:ident by $name:ident { $($value:ident = $number:ident),+ $(,)? })+) => {
        $(pub(crate) fn $name(of: $of) -> i32 {
            match of {
                $($of::$value => $number,)+
                other => unnumbered(other),
            }
        })+
    };
}

numbered! {
    Sentiment by sentiment {
        Negative = CONFIDANT_SENTIMENT_NEGATIVE,
        Neutral = CONFIDANT_SENTIMENT_NEUTRAL,
        Positive = CONFIDANT_SENTIMENT_POSITIVE,
    }
    Urgency by urgency {
        Low = CONFIDANT_URGENCY_LOW,
        Medium = CONFIDANT_URGENCY_MEDIUM,
        High = CONFIDANT_URGENCY_HIGH,
        Critical = CONFIDANT_URGENCY_CRITICAL,
    }
    Intent by intent {
        Question = CONFIDANT_INTENT_QUESTION,
        Problem = CONFIDANT_INTENT_PROBLEM,
        Request = CONFIDANT_INTENT_REQUEST,
        Cancellation = CONFIDANT_INTENT_CANCELLATION,
        Complaint = CONFIDANT_INTENT_COMPLAINT,
        Person = CONFIDANT_INTENT_PERSON,
        Thanks = CONFIDANT_INTENT_THANKS,
        Greeting = CONFIDANT_INTENT_GREETING,
        Goodbye = CONFIDANT_INTENT_GOODBYE,
        Affirm = CONFIDANT_INTENT_AFFIRM,
        Deny = CONFIDANT_INTENT_DENY,
        Statement = CONFIDANT_INTENT_STATEMENT,
    }
    EscalationReason by escalation {
        Person = CONFIDANT_ESCALATION_PERSON,
        Complaint = CONFIDANT_ESCALATION_COMPLAINT,
        Legal = CONFIDANT_ESCALATION_LEGAL,
        Dissatisfied = CONFIDANT_ESCALATION_DISSATISFIED,
        UrgentNegative = CONFIDANT_ESCALATION_URGENT_NEGATIVE,
        Repeated = CONFIDANT_ESCALATION_REPEATED,
    }
    EntityKind by entity {
        Name = CONFIDANT_ENTITY_NAME,
        Email = CONFIDANT_ENTITY_EMAIL,
        Phone = CONFIDANT_ENTITY_PHONE,
        OrderId = CONFIDANT_ENTITY_ORDER_ID,
        Product = CONFIDANT_ENTITY_PRODUCT,
        Amount = CONFIDANT_ENTITY_AMOUNT,
        Date = CONFIDANT_ENTITY_DATE,
        Plan = CONFIDANT_ENTITY_PLAN,
        ErrorText = CONFIDANT_ENTITY_ERROR_TEXT,
        StepTried = CONFIDANT_ENTITY_STEP_TRIED,
    }
    WishKind by wish {
        Email = CONFIDANT_WISH_EMAIL,
        NoEmail = CONFIDANT_WISH_NO_EMAIL,
        Call = CONFIDANT_WISH_CALL,
        NoCall = CONFIDANT_WISH_NO_CALL,
        Chat = CONFIDANT_WISH_CHAT,
        Brief = CONFIDANT_WISH_BRIEF,
        Detailed = CONFIDANT_WISH_DETAILED,
        Expert = CONFIDANT_WISH_EXPERT,
        Novice = CONFIDANT_WISH_NOVICE,
        Formal = CONFIDANT_WISH_FORMAL,
        Casual = CONFIDANT_WISH_CASUAL,
        Name = CONFIDANT_WISH_NAME,
        Language = CONFIDANT_WISH_LANGUAGE,
        Hours = CONFIDANT_WISH_HOURS,
    }
    Sensitive by sensitive {
        Card = CONFIDANT_SENSITIVE_CARD,
        Email = CONFIDANT_SENSITIVE_EMAIL,
        Phone = CONFIDANT_SENSITIVE_PHONE,
        Iban = CONFIDANT_SENSITIVE_IBAN,
    }
}

/// The kind that a host means.
pub(crate) fn entity_of(number: i32) -> Result<EntityKind> {
    let known = EntityKind::ALL.iter().copied().find(|kind| entity(*kind) == number);
    known.ok_or_else(|| unknown("kind of entity", number))
}

/// A place in a text, as C hosts see it.
pub(crate) fn place(byte: usize) -> u64 {
    u64::try_from(byte).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_number_of_its_own() {
        fn apart(numbers: impl Iterator<Item = i32>) {
            let mut numbers: Vec<i32> = numbers.collect();
            let count = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert!(count > 2 && numbers.len() == count, "{numbers:?}");
        }
        apart(Sentiment::ALL.iter().copied().map(sentiment));
        apart(Urgency::ALL.iter().copied().map(urgency));
        apart(Intent::ALL.iter().copied().map(intent));
        apart(EscalationReason::ALL.iter().copied().map(escalation));
        apart(EntityKind::ALL.iter().copied().map(entity));
        apart(WishKind::ALL.iter().copied().map(wish));
    }
}
