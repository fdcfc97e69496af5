//! Whether words that could be a wish are one: said to us, in the present, and meant.
//!
//! Knows how a clause begins that asks ("please", "can you", "I want you to"), and what makes the
//! same words no wish: reported speech, a question about them, a condition, another subject, or
//! an object that shows that something else is meant. The words are sets of the rule file.

use super::kinds::{Act, WishKind};
use super::reading::{Gap, Token};
use super::rule_set::RuleSet;
use super::rules::wish_rules;
use super::vocabulary::WordId;
use std::ops::Range;
use std::sync::OnceLock;

/// How a rule's words must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// They ask by themselves, and begin a clause: "I prefer e-mail".
    Own,
    /// They ask if they are said to us: "call me".
    Order,
}

/// Words that a rule matched, in their text.
pub(super) struct Said<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) hit: Range<usize>,
}

impl Said<'_> {
    fn id(&self, at: usize) -> Option<WordId> {
        self.tokens.get(at).map(|token| token.id)
    }

    fn gap(&self, at: usize) -> Gap {
        self.tokens.get(at).map_or(Gap::Hard, |token| token.gap)
    }

    /// The first token of the sentence.
    fn sentence_start(&self) -> usize {
        (1..=self.hit.start).rev().find(|at| self.gap(*at) == Gap::Hard).unwrap_or(0)
    }

    /// The token behind the sentence.
    fn sentence_end(&self) -> usize {
        let behind = (self.hit.start + 1).max(self.hit.end);
        (behind..self.tokens.len())
            .find(|at| self.gap(*at) == Gap::Hard)
            .unwrap_or(self.tokens.len())
    }

    /// The first token of the part between commas.
    fn clause_start(&self) -> usize {
        (1..=self.hit.start).rev().find(|at| self.gap(*at) != Gap::None).unwrap_or(0)
    }

    fn is_question(&self) -> bool {
        let end = self.sentence_end();
        let from = self.tokens.get(end.saturating_sub(1)).map_or(0, |token| token.span.end);
        let to = self.tokens.get(end).map_or(self.text.len(), |token| token.span.start);
        self.text.get(from..to).is_some_and(|between| between.contains('?'))
    }
}

/// A set of words, sorted.
type Set = &'static [WordId];

/// The words by which frames are told.
pub(super) struct Frames {
    lead: Set,
    polite: Set,
    modal: Set,
    asks: Set,
    thankful: Set,
    willing: Set,
    someone: Set,
    helps: Set,
    article: Set,
    joint: Set,
    own: Set,
    other: Set,
    told: Set,
    condition: Set,
    easy: Set,
    follow: Set,
    close: Set,
    you: Set,
    to: Set,
    e: Set,
    as_like: Set,
    rules: &'static RuleSet,
}

pub(super) fn frames() -> &'static Frames {
    static FRAMES: OnceLock<Frames> = OnceLock::new();
    FRAMES.get_or_init(|| {
        let rules = wish_rules();
        let set = |name: &str| rules.set(name);
        Frames {
            lead: set("lead"),
            polite: set("polite"),
            modal: set("modal"),
            asks: set("asks"),
            thankful: set("thankful"),
            willing: set("willing"),
            someone: set("someone"),
            helps: set("helps"),
            article: set("article"),
            joint: set("joint"),
            own: set("self"),
            other: set("other"),
            told: set("told"),
            condition: set("condition"),
            easy: set("easy"),
            follow: set("follow"),
            close: set("close"),
            you: set("you"),
            to: set("to"),
            e: set("e"),
            as_like: set("as-like"),
            rules,
        }
    })
}

/// How a clause asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asking {
    /// By its verb alone: "call me".
    Plainly,
    /// With a word that asks: "please", "could you", "I want you to".
    Politely,
}

impl Frames {
    /// Whether the words are a wish of the customer's own, said now.
    pub(super) fn hears(&self, said: &Said<'_>, act: Act, frame: Frame) -> bool {
        if self.is_conditional(said, act) || self.is_reported(said) {
            return false;
        }
        let is_question = said.is_question();
        match frame {
            Frame::Order => {
                let Some(asking) = self.asking(said, said.hit.start) else { return false };
                (!is_question || asking == Asking::Politely) && self.is_followed_well(said, act)
            }
            Frame::Own => {
                let is_polite = self.any(said, said.hit.clone(), self.polite);
                let asks = self.holds(self.modal, said.id(said.hit.start));
                (!is_question || asks || is_polite)
                    && (is_polite || self.begins(said, said.hit.start))
                    && self.is_followed_well(said, act)
            }
        }
    }

    /// Whether a name may stand behind the words.
    pub(super) fn may_name(&self, said: &Said<'_>) -> bool {
        said.gap(said.hit.end) == Gap::None && said.hit.end < said.tokens.len()
    }

    fn holds(&self, set: Set, id: Option<WordId>) -> bool {
        id.is_some_and(|id| set.binary_search(&id).is_ok())
    }

    fn any(&self, said: &Said<'_>, mut range: Range<usize>, set: Set) -> bool {
        range.any(|at| self.holds(set, said.id(at)))
    }

    /// "If it is late, call me", "call me when it is open"; not "call me if you can".
    fn is_conditional(&self, said: &Said<'_>, act: Act) -> bool {
        let start = said.sentence_start();
        let is_real = |at: usize, end: usize| {
            let thanks = self.any(said, start..at, self.thankful)
                && self.holds(self.you, said.id(at + 1))
                && self.holds(self.modal, said.id(at + 2));
            self.holds(self.condition, said.id(at))
                && !thanks
                && !self.any(said, at + 1..end.min(at + 6), self.easy)
        };
        let before = (start..said.hit.start).any(|at| is_real(at, said.hit.start));
        let is_contact = matches!(
            act,
            Act::Wants(
                WishKind::Call
                    | WishKind::Email
                    | WishKind::Chat
                    | WishKind::NoCall
                    | WishKind::NoEmail
            )
        );
        let end = said.sentence_end();
        let after = (said.hit.end..end.min(said.hit.end + 3)).any(|at| is_real(at, end));
        before || (is_contact && after)
    }

    /// "He said call me", "you told me to call you"; not "as I said, call me".
    fn is_reported(&self, said: &Said<'_>) -> bool {
        let start = said.sentence_start();
        let clause = said.clause_start();
        let from = if clause > start { clause - 1 } else { clause };
        (from..said.hit.start).any(|at| {
            let is_own = at >= 2
                && self.holds(self.own, said.id(at - 1))
                && self.holds(self.as_like, said.id(at - 2));
            self.holds(self.told, said.id(at)) && !is_own
        })
    }

    /// Whether a clause of the customer's own begins at a token.
    fn begins(&self, said: &Said<'_>, at: usize) -> bool {
        let start = said.sentence_start();
        let mut at = at;
        while at > start && said.gap(at) == Gap::None {
            let before = said.id(at - 1);
            if self.holds(self.joint, before) {
                return true;
            }
            if !self.holds(self.lead, before) && !self.holds(self.polite, before) {
                return false;
            }
            at -= 1;
        }
        true
    }

    /// How the clause asks whose verb stands at a token; `None` if it does not ask us.
    fn asking(&self, said: &Said<'_>, at: usize) -> Option<Asking> {
        let start = said.sentence_start();
        let mut asking = Asking::Plainly;
        let mut at = at;
        loop {
            if at == start || said.gap(at) != Gap::None {
                return Some(asking);
            }
            let before = said.id(at - 1);
            if self.holds(self.polite, before) {
                asking = Asking::Politely;
                at -= 1;
                let known = said.id(at.wrapping_sub(1));
                let goes_on = at == start
                    || said.gap(at) != Gap::None
                    || [self.you, self.to, self.lead, self.joint, self.someone]
                        .iter()
                        .any(|set| self.holds(set, known));
                let is_negated = said
                    .tokens
                    .get(at.wrapping_sub(1))
                    .and_then(|token| self.rules.known(token))
                    .is_some_and(|known| known.negates);
                if !goes_on {
                    return (!is_negated).then_some(asking);
                }
            } else if self.holds(self.lead, before) || self.holds(self.e, before) {
                at -= 1;
            } else if self.holds(self.joint, before) {
                let spoilt = self.any(said, start..at - 1, self.other);
                return (!spoilt).then_some(asking);
            } else if self.holds(self.modal, before) {
                // "It would be great if you could"
                let is_you = at >= start + 3 && self.holds(self.you, said.id(at - 2));
                let thanks = is_you
                    && self.holds(self.condition, said.id(at - 3))
                    && self.any(said, start..at - 3, self.thankful);
                return thanks.then_some(Asking::Politely);
            } else if self.holds(self.you, before) {
                return self.is_asked_of_you(said, start, at - 1).then_some(Asking::Politely);
            } else if self.holds(self.to, before) {
                return self.is_asked_with_to(said, start, at - 1).then_some(Asking::Politely);
            } else if self.holds(self.someone, before) {
                return self.is_asked_of_someone(said, start, at - 1).then_some(Asking::Politely);
            } else {
                return None;
            }
        }
    }

    /// "Could you", "I would rather you", "it would be great if you could".
    fn is_asked_of_you(&self, said: &Said<'_>, start: usize, you: usize) -> bool {
        let mut at = you;
        while at > start
            && (self.holds(self.lead, said.id(at - 1)) || self.holds(self.polite, said.id(at - 1)))
        {
            if said.gap(at) != Gap::None {
                return false;
            }
            at -= 1;
            let is_rather = self.holds(self.asks, said.id(at.wrapping_sub(1)))
                || self.holds(self.modal, said.id(at.wrapping_sub(1)));
            if is_rather {
                break;
            }
        }
        let Some(modal) = at.checked_sub(1).filter(|modal| *modal >= start) else { return false };
        if self.holds(self.condition, said.id(modal)) {
            return false;
        }
        if !self.holds(self.modal, said.id(modal)) {
            return false;
        }
        modal == start
            || said.gap(modal) != Gap::None
            || self.begins(said, modal)
            || self.any(said, start..modal, self.polite)
    }

    /// "I want you to", "please remember to", "would you be so kind as to".
    fn is_asked_with_to(&self, said: &Said<'_>, start: usize, to: usize) -> bool {
        let Some(before) = to.checked_sub(1).filter(|before| *before >= start) else {
            return false;
        };
        let is_negated = (start..to).any(|at| {
            let token = said.tokens.get(at);
            token.and_then(|token| self.rules.known(token)).is_some_and(|known| known.negates)
        });
        if is_negated {
            return false;
        }
        let id = said.id(before);
        if self.holds(self.willing, id) {
            return said.is_question() && self.any(said, start..before, self.you);
        }
        if self.holds(self.you, id) || self.holds(self.someone, id) {
            let from = before.saturating_sub(4).max(start);
            let asks =
                self.any(said, from..before, self.asks) || self.any(said, from..before, self.helps);
            return asks && self.any(said, start..before, self.own);
        }
        self.any(said, said.clause_start()..before, self.polite)
    }

    /// "Can someone", "have a manager", "I need somebody".
    fn is_asked_of_someone(&self, said: &Said<'_>, start: usize, someone: usize) -> bool {
        let mut at = someone;
        // "Someone of the team", "an agent".
        while at > start
            && (self.holds(self.article, said.id(at - 1))
                || (at < someone && self.holds(self.someone, said.id(at - 1))))
        {
            at -= 1;
        }
        let Some(verb) = at.checked_sub(1).filter(|verb| *verb >= start) else { return false };
        if self.holds(self.modal, said.id(verb)) {
            return self.begins(said, verb);
        }
        self.holds(self.helps, said.id(verb))
            && (self.asking(said, verb).is_some()
                || verb.checked_sub(1).is_some_and(|own| self.holds(self.own, said.id(own))))
    }

    /// Whether what stands behind the words lets them mean what they seem to: "call me back", and
    /// not "call me a cab".
    fn is_followed_well(&self, said: &Said<'_>, act: Act) -> bool {
        let kind = match act {
            Act::Wants(kind) | Act::Ends(kind) => kind,
            Act::EndsLast => return self.ends_clause(said),
        };
        let next = said.id(said.hit.end);
        match kind {
            WishKind::Name => true,
            WishKind::Hours => true,
            WishKind::Call | WishKind::NoCall | WishKind::Email | WishKind::NoEmail => {
                self.ends_clause(said) || self.holds(self.follow, next)
            }
            _ => self.ends_clause(said) || self.holds(self.close, next),
        }
    }

    fn ends_clause(&self, said: &Said<'_>) -> bool {
        said.hit.end >= said.tokens.len() || said.gap(said.hit.end) != Gap::None
    }
}
