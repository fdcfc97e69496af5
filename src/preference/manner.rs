//! What the preset `support` knows of style beside the rules of the preset `reference`.
//!
//! Plain data, as there. A turn is weighed as a whole: what speaks for one side counts against the
//! other, and a turn that hardly leans either way shows nothing. The weights are those of the
//! signals' own cues of style (`signals/rules/tone-1.rules`). A change here needs a new
//! [`VERSION`].

use super::reference::rule;
use super::rules::Rule;
use super::rules::Shows::{About, Casual, Formal};
use crate::signals::Topic;

pub(super) const VERSION: &str = "support-2";

/// Hundredths by which a turn must lean to one side: the signals' formality of 0.3.
pub(super) const LEANS: i32 = 43;

#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    rule("written in full", Formal, "i do not|i can not|i cannot|i could not|i am not|i have not|i did not|i will not|i would not|we do not|we can not|\
        we cannot|we could not|we are not|we have not|we did not|we will not|we would not").weighing(60),
    rule("could i", Formal, "could i|could we|may we|might i|might we|i could|we could|would it be|will you|would love to|would prefer|\
        would appreciate").weighing(120),
    rule("sir", Formal, "sir|madam|ma'am|maam").weighing(50),
    rule("letter word", Formal, "hereby|herewith|moreover|nevertheless|consequently|therefore|however|regarding|concerning|pertaining|additionally|\
        accordingly|hence|thus|assistance|assist|provide|inform|inquire|obtain|require|request|purchase|receive"),
    rule("swearing", Casual, "fuck|fucking|fuckin|fucked|shit|shitty|crap|crappy|damn|goddamn|bloody|hell|bitch|ass|bullshit").weighing(70),
    rule("chat word", Casual, "folks|meh|cuppa|stuff|yikes|wow|oops|asap|dis|xoxo|ya"),
    rule("no subject", Casual, "want to|want some|want a|want my|want help|need to|need a|need an|need my|need some|need the|need help|\
        need assistance|needing help|looking to|looking for|trying to|hoping to|wondering how|got a|got an|got my|got some|\
        having a|having some|having trouble|having problems").first(),
];

/// Topics that the signals tell of a message (`signals/rules/topics-1.rules`) and the preset
/// `reference` does not know.
pub(super) const TOPICS: &[Rule] = &[
    rule("order", About(Topic::Order), ""),
    rule("delivery", About(Topic::Delivery), ""),
    rule("returns", About(Topic::Returns), ""),
    rule("product", About(Topic::Product), ""),
    rule("feature", About(Topic::Feature), ""),
    rule("feedback", About(Topic::Feedback), ""),
    rule("contact", About(Topic::Contact), ""),
];

/// Words that are cues as they are written, also inside a longer phrase.
#[rustfmt::skip]
pub(super) const SPELLINGS: &[Rule] = &[
    rule("contraction", Casual, "i'm|i've|i'd|i'll|can't|cant|don't|dont|won't|wont|didn't|didnt|doesn't|doesnt|isn't|isnt|couldn't|couldnt|wouldn't|\
        wouldnt|shouldn't|wasn't|wasnt|haven't|havent|hasn't|hasnt|hadn't|aren't|arent|weren't|it's|that's|thats|what's|\
        where's|there's|who's|how's|let's|you're|they're|we're|we've|we'll|you've|you'll|they've").weighing(60),
    rule("small i", Casual, "i").weighing(90),
    rule("capital I", Formal, "i").weighing(35),
];
