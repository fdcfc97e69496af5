//! Which sessions come back to a topic within seven days.
//!
//! Knows that a session repeats an earlier one if both share a topic, however many sessions a
//! customer has: each is looked up by topic and time, never compared with all others.

use crate::signals::Topic;
use std::collections::{BTreeMap, BTreeSet};

/// A session on the same topic within this time is a repetition.
const REPEAT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// What of a session matters here.
pub(super) struct Begun<'c> {
    pub(super) at: i64,
    pub(super) topics: &'c BTreeSet<Topic>,
}

/// How a session relates to the customer's others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Repetition {
    /// An earlier one shares a topic.
    pub(super) is_repeat: bool,
    /// A later one does.
    pub(super) comes_back: bool,
}

/// Relates sessions, given in the order in which they were opened, to each other.
pub(super) fn repetitions(sessions: &[Begun<'_>]) -> Vec<Repetition> {
    let mut related = vec![Repetition::default(); sessions.len()];
    let mut begun = Times::default();
    for (session, related) in sessions.iter().zip(&mut related) {
        let window = session.at.saturating_sub(REPEAT_MS)..=session.at;
        related.is_repeat = begun.any(session.topics, window);
        begun.add(session);
    }
    let mut begun = Times::default();
    for (session, related) in sessions.iter().zip(&mut related).rev() {
        let window = session.at..=session.at.saturating_add(REPEAT_MS);
        related.comes_back = begun.any(session.topics, window);
        begun.add(session);
    }
    related
}

/// When sessions on each topic began.
#[derive(Default)]
struct Times(BTreeMap<Topic, BTreeSet<i64>>);

impl Times {
    fn add(&mut self, session: &Begun<'_>) {
        for topic in session.topics {
            self.0.entry(*topic).or_default().insert(session.at);
        }
    }

    fn any(&self, topics: &BTreeSet<Topic>, window: std::ops::RangeInclusive<i64>) -> bool {
        let begun = |topic| self.0.get(topic).and_then(|times| times.range(window.clone()).next());
        topics.iter().any(|topic| begun(topic).is_some())
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    #[test]
    fn sessions_are_related_as_by_comparing_each_with_all_others() {
        let mut random = SplitMix64::new(3);
        let all = [Topic::Billing, Topic::Login, Topic::Delivery];
        for _ in 0..300 {
            let sessions: Vec<(i64, BTreeSet<Topic>)> = (0..random.below(30))
                .map(|_| {
                    let day = i64::try_from(random.below(40)).expect("is small");
                    let topics = all.iter().filter(|_| random.below(3) == 0).copied().collect();
                    (day * REPEAT_MS / 6, topics)
                })
                .collect();
            let begun: Vec<Begun<'_>> =
                sessions.iter().map(|(at, topics)| Begun { at: *at, topics }).collect();
            let related = repetitions(&begun);
            for (place, (at, topics)) in sessions.iter().enumerate() {
                let near = |other: usize, after: bool| {
                    let (begins, shared) = &sessions[other];
                    let distance = if after { begins - at } else { at - begins };
                    !shared.is_disjoint(topics) && (0..=REPEAT_MS).contains(&distance)
                };
                let expected = Repetition {
                    is_repeat: (0..place).any(|other| near(other, false)),
                    comes_back: (place + 1..sessions.len()).any(|other| near(other, true)),
                };
                assert_eq!(related[place], expected);
            }
        }
    }
}
