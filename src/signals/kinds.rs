//! The answers that signals give: what each may be, and its name.

use std::fmt;

macro_rules! named {
    ($(#[$about:meta])* $type:ident { $($(#[$doc:meta])* $value:ident = $name:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$doc])* $value),+
        }

        impl $type {
            /// Every value.
            pub const ALL: &[$type] = &[$($type::$value),+];

            /// The name in lower case.
            pub fn name(self) -> &'static str {
                match self {
                    $($type::$value => $name),+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

named! {
    /// What a message is about.
    ///
    /// ```
    /// use confidant::Topic;
    /// assert_eq!(Topic::Billing.to_string(), "billing");
    /// ```
    Topic {
        /// Passwords, signing in, being locked out.
        Login = "login",
        /// Payments, invoices, subscriptions, charges, refunds.
        Billing = "billing",
        /// Errors, crashes, what does not work.
        Technical = "technical",
        /// The account itself, its profile and settings.
        Account = "account",
        /// Placing, changing and cancelling orders.
        Order = "order",
        /// Where something is and when it arrives.
        Delivery = "delivery",
        /// Sending something back, exchanging it.
        Returns = "returns",
        /// What is sold, and for how much.
        Product = "product",
        /// What is missing and should be built.
        Feature = "feature",
        /// Complaints and reviews.
        Feedback = "feedback",
        /// How to reach the company.
        Contact = "contact",
    }
}

named! {
    /// How soon a message needs an answer.
    ///
    /// ```
    /// use confidant::Urgency;
    /// assert!(Urgency::Critical > Urgency::High);
    /// ```
    Urgency {
        /// It can wait.
        Low = "low",
        /// Like any other message.
        Medium = "medium",
        /// Something is stopped, or time is short.
        High = "high",
        /// A business stands still, or there is danger.
        Critical = "critical",
    }
}

named! {
    /// Whether a message sounds good or bad.
    ///
    /// ```
    /// assert_eq!(confidant::Sentiment::Negative.to_string(), "negative");
    /// ```
    Sentiment {
        /// It sounds bad.
        Negative = "negative",
        /// It sounds like neither.
        Neutral = "neutral",
        /// It sounds good.
        Positive = "positive",
    }
}

named! {
    /// Why a person should look at a conversation.
    ///
    /// ```
    /// assert_eq!(confidant::EscalationReason::Person.to_string(), "person");
    /// ```
    EscalationReason {
        /// The customer asks for a person.
        Person = "person",
        /// The customer makes a complaint.
        Complaint = "complaint",
        /// Lawyers, courts, the police or authorities are named.
        Legal = "legal",
        /// The customer is extremely dissatisfied, or about to leave.
        Dissatisfied = "dissatisfied",
        /// It is urgent, and the customer is unhappy.
        UrgentNegative = "urgent_negative",
        /// The same thing went wrong several times.
        Repeated = "repeated",
    }
}

named! {
    /// What the customer does with a message.
    ///
    /// ```
    /// assert_eq!(confidant::Intent::Question.to_string(), "question");
    /// ```
    Intent {
        /// Asks for information.
        Question = "question",
        /// Reports that something is wrong.
        Problem = "problem",
        /// Wants something done.
        Request = "request",
        /// Wants to end an order, a plan or an account.
        Cancellation = "cancellation",
        /// Complains.
        Complaint = "complaint",
        /// Asks for a person.
        Person = "person",
        /// Gives thanks.
        Thanks = "thanks",
        /// Says hello, and nothing else.
        Greeting = "greeting",
        /// Says goodbye.
        Goodbye = "goodbye",
        /// Says yes.
        Affirm = "affirm",
        /// Says no.
        Deny = "deny",
        /// Tells something; also if nothing is known.
        Statement = "statement",
    }
}

named! {
    /// What a customer says about how to be served.
    ///
    /// ```
    /// assert_eq!(confidant::WishKind::NoCall.to_string(), "no-call");
    /// ```
    WishKind {
        /// By e-mail.
        Email = "email",
        /// Not by e-mail.
        NoEmail = "no-email",
        /// By telephone.
        Call = "call",
        /// Not by telephone.
        NoCall = "no-call",
        /// In the chat.
        Chat = "chat",
        /// In few words.
        Brief = "brief",
        /// In full.
        Detailed = "detailed",
        /// The customer knows the matter.
        Expert = "expert",
        /// The customer is new to the matter.
        Novice = "novice",
        /// In a formal manner.
        Formal = "formal",
        /// In an easy manner.
        Casual = "casual",
        /// By the name that is said.
        Name = "name",
        /// In the language that is said.
        Language = "language",
        /// At the hours that are said.
        Hours = "hours",
    }
}

/// What a message does about a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Says it.
    Wants(WishKind),
    /// Takes it back.
    Ends(WishKind),
    /// Takes back whatever was said last.
    EndsLast,
}

named! {
    /// What kind of thing a message names.
    ///
    /// ```
    /// assert_eq!(confidant::EntityKind::OrderId.to_string(), "order_id");
    /// ```
    EntityKind {
        /// The customer's name.
        Name = "name",
        /// An e-mail address.
        Email = "email",
        /// A telephone number.
        Phone = "phone",
        /// The number of an order, a ticket or a booking.
        OrderId = "order_id",
        /// One of the tenant's products.
        Product = "product",
        /// An amount of money.
        Amount = "amount",
        /// A day.
        Date = "date",
        /// The customer's plan or tier, as they say.
        Plan = "plan",
        /// The text of an error.
        ErrorText = "error_text",
        /// A step that the customer has tried.
        StepTried = "step_tried",
    }
}
