//! The rule files, compiled into the program as they are.

pub(super) const VADER: &str = include_str!("rules/vader-1.lexicon");
pub(super) const WORDS: &str = include_str!("rules/words-1.rules");
pub(super) const WISHES: &str = include_str!("rules/wishes-1.rules");
pub(super) const REFERENCE: &str = include_str!("rules/reference-1.rules");
/// The preset `support`: what a message needs, what it is about, how it sounds, whom it names.
pub(super) const SUPPORT: [&str; 4] = [
    include_str!("rules/support-1.rules"),
    include_str!("rules/topics-1.rules"),
    include_str!("rules/tone-1.rules"),
    include_str!("rules/people-1.rules"),
];
