//! The rules of the preset `reference`.
//!
//! Plain data: which words and phrases show what. Every ending is listed, so a word never
//! fires inside another one. A change here needs a new [`VERSION`].

use super::rules::Rule;
use super::rules::Shows::{About, Casual, Formal, Nothing};
use crate::signals::Topic::{Account, Billing, Login, Technical};

pub(super) const VERSION: &str = "reference-1";

pub(super) const fn rule(
    name: &'static str,
    shows: super::rules::Shows,
    phrases: &'static str,
) -> Rule {
    Rule { name, shows, phrases, weight: 100, is_first: false }
}

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // Formal. "Thanks" is on neither side: both kinds of customers say it.
    rule("please", Formal, "please"),
    rule("thank you", Formal, "thank you|thanking you").weighing(80),
    rule("appreciate", Formal, "appreciate|appreciates|appreciated|appreciating|appreciation|appreciative"),
    rule("kindly", Formal, "kindly"),
    rule("could you", Formal, "could you|would you|may i|would it be possible").weighing(120),
    rule("i would like", Formal, "i would like|i should like|i wish to|i would be grateful|i am grateful").weighing(90),
    rule("i am afraid", Formal, "i am afraid|i regret"),
    rule("good morning", Formal, "good morning|good afternoon|good evening|good day|greetings").weighing(60),
    rule("dear", Formal, "dear sir|dear sirs|dear madam|dear team|dear support|dear customer service|dear mr|dear mrs|dear ms|\
        to whom it may concern"),
    rule("regards", Formal, "sincerely|regards|respectfully|cordially|yours faithfully|yours truly"),
    rule("letter phrase", Formal, "i am writing to|i am writing regarding|i look forward to|looking forward to your reply|earliest convenience|\
        with regard to|with reference to|with respect to|in regards to|furthermore|i apologize|i apologise|my apologies|\
        pardon me"),

    // Casual.
    rule("hey", Casual, "hey|heya|heyy|heyyy|hiya|howdy|sup|wassup|what's up|whats up").weighing(120),
    rule("cool", Casual, "cool"),
    rule("awesome", Casual, "awesome|awesomeness"),
    rule("yeah", Casual, "yeah|yeahh|yea|yep|yup|yupp|nope|nah|naw|okey dokey"),
    rule("gonna", Casual, "gonna|wanna|gotta|kinda|sorta|dunno|lemme|gimme|outta|lotta|gotcha|ain't|aint|y'all|yall|c'mon|cmon|cuz|coz|bcoz|bcz|\
        tho").weighing(120),
    rule("chat spelling", Casual, "u|ur|r u|plz|pls|plzz|plss|pleez|thx|thnx|tnx|thanx|thnks|tysm|gr8|l8r|b4|2day|2moro|2morrow|tmrw|tmr|2nite|evry1|\
        every1|any1|sum1|some1|tht|dat|wat|wht|hv|abt|ppl|rn|bruh").weighing(120),
    rule("chat letters", Casual, "lol|lmao|rofl|omg|omfg|wtf|btw|idk|idc|tbh|imo|imho|smh|ngl|nvm|brb|jk|ffs|ikr|fml"),
    rule("laughter", Casual, "haha|hahaha|hahahaha|hehe|hehehe|ha ha"),
    rule("mate", Casual, "dude|dudes|bro|bros|mate|buddy|guys"),
    rule("no worries", Casual, "no worries|no prob|no probs|no biggie|my bad|cheers|yay|woohoo|ugh|argh"),

    // Login.
    rule("password", About(Login), "password|passwords|password's|passcode|passcodes|passphrase|pass word"),
    rule("authentication", About(Login), "authentication|authenticate|authenticates|authenticated|authenticating|authenticator|2fa|mfa|two factor|two step|otp|\
        one time code|verification code|captcha"),
    rule("log in", About(Login), "login|logins|log in|logs in|logged in|logging in|log into|logs into|logged into|logging into|log back in|log me in|\
        logging me in|log on|logged on|logging on|logon|logged out|log me out|logs me out|logged me out|logging me out"),
    rule("sign in", About(Login), "sign in|signs in|signed in|signing in|signin|sign into|signs into|signed into|signing into|sign back in|sign me in|\
        sign on|signed out|signs me out|signed me out"),
    rule("access", About(Login), "access|accessing|locked out|lock me out|locks me out|locked me out|locked account|account is locked|account locked|\
        username|user name"),

    // Billing.
    rule("payment", About(Billing), "payment|payments|pay|pays|paying|prepaid|autopay|direct debit|credit card|debit card|card was declined|\
        card is declined|card declined|account was debited|account has been debited|account got debited|\
        debited from my account|deducted from my account"),
    rule("invoice", About(Billing), "invoice|invoices|invoiced|invoicing|receipt|receipts"),
    rule("subscription", About(Billing), "subscription|subscriptions|subscription's|auto renew|auto renewal"),
    rule("charge", About(Billing), "charge|charges|charged|charging me|charging us|charging my card|charging for|overcharge|overcharges|overcharged|\
        overcharging|surcharge|surcharges|fee|fees"),
    rule("bill", About(Billing), "bill|bills|billed|billing|bill's|billing error|billing errors"),
    rule("refund", About(Billing), "refund|refunds|refunded|refunding|reimburse|reimbursed|reimbursement"),

    // Technical.
    rule("error", About(Technical), "error|errors"),
    rule("bug", About(Technical), "bug|bugs|buggy|glitch|glitches|glitchy|glitching"),
    rule("crash", About(Technical), "crash|crashes|crashed|crashing|freezes|keeps freezing|froze"),
    rule("not working", About(Technical), "not working|not work|isn't working|isnt working|aren't working|wasn't working|doesn't work|doesnt work|don't work|\
        dont work|didn't work|didnt work|won't work|wont work|can't get it to work|not functioning|not function|\
        stopped working|stops working|stop working|no longer works|no longer working|never works|never worked|nothing works|\
        nothing is working|nothing worked|malfunction|malfunctions|malfunctioned|malfunctioning|outage|outages"),
    rule("not loading", About(Technical), "not loading|not load|won't load|wont load|doesn't load|doesnt load|isn't loading|unresponsive|blue screen|\
        black screen|timed out|timeout|troubleshoot|troubleshooting"),

    // Account.
    rule("account", About(Account), "account|accounts|account's"),
    rule("profile", About(Account), "profile|profiles"),
    rule("settings", About(Account), "settings"),

    // Phrases that keep a word inside them from meaning what it else would.
    rule("ironic thanks", Nothing, "thank you for nothing|thanks for nothing"),
    rule("reproach", Nothing, "how could you|how would you|why would you|what would you|as you please|would you believe|in may i|last may i|of may i"),
    rule("not a cool thing", Nothing, "stay cool|stays cool|keep cool|keeps cool|cool air|cool down|cool white|cool water|cool place|cool the|room mate|\
        team mate|class mate"),
    rule("person called bill", Nothing, "name is bill|name's bill|i am bill|i'm bill|dear bill|hi bill|hello bill|mr bill|bill here|bill of lading"),
    rule("a bill from others", Nothing, "bills to pay|pay my bills|paid my bills|paying my bills|paying bills|pay bills|electricity bill|hospital bill|\
        medical bill"),
    rule("not a charge", Nothing, "in charge|hold a charge|holds a charge|holding a charge|hold charge|full charge|fully charge|fully charged|\
        charge the battery|charge the phone|charge the device|charge my phone|charge my laptop|charge it|doesn't charge|\
        doesnt charge|doesn't even charge|does not charge|charge properly|not charge my phone|turbo charged"),
    rule("not a payment", Nothing, "pay attention|paying attention|pay heed|amazon pay|apple pay|google pay"),
    rule("not a fault", Nothing, "in error|trial and error|bug spray|bug repellent|bed bug|bed bugs|car crash"),
    rule("not an account", Nothing, "account manager|account managers|account executive|account director|accounts payable|bank account|bank accounts|\
        savings account|checking account|into account|account for|money in my account|reflect in my account|\
        reflects in my account|on account of"),
    rule("not a profile", Nothing, "low profile|high profile"),
    rule("not a way in", Nothing, "access point|access points|sign in front|sign on the"),
];
