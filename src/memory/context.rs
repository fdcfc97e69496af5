//! The newest turns of a customer, as one moment shows them.

use crate::archive::Turn;
use std::sync::Arc;

/// The newest turns of a customer, oldest first, and how many there are in all.
///
/// A moment that does not change: turns saved later are in the next context. Cloning
/// copies no text.
#[derive(Debug, Clone, Default)]
pub struct Context {
    moment: Arc<Moment>,
}

/// What a context and the hot buffer share.
#[derive(Debug, Default)]
pub(crate) struct Moment {
    /// Oldest first.
    pub(crate) turns: Vec<Arc<Turn>>,
    pub(crate) total: u64,
}

impl Moment {
    /// How many of the turns are answered.
    pub(crate) fn answered(&self) -> usize {
        self.turns.iter().filter(|turn| turn.is_answered()).count()
    }

    /// The bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let own = std::mem::size_of::<Moment>()
            + self.turns.capacity() * std::mem::size_of::<Arc<Turn>>();
        own + self
            .turns
            .iter()
            .map(|turn| turn.weight() + 2 * std::mem::size_of::<usize>())
            .sum::<usize>()
    }
}

impl Context {
    pub(crate) fn new(moment: Arc<Moment>) -> Context {
        Context { moment }
    }

    /// The newest turns, at most so many, of those that are stored and those that wait.
    pub(crate) fn joined(stored: Arc<Moment>, waiting: &[Arc<Turn>], limit: usize) -> Context {
        if waiting.is_empty() {
            return Context::new(stored);
        }
        let surplus = (stored.turns.len() + waiting.len()).saturating_sub(limit);
        let turns = stored.turns.iter().chain(waiting).skip(surplus).cloned().collect();
        let total = stored.total + u64::try_from(waiting.len()).unwrap_or(0);
        Context::new(Arc::new(Moment { turns, total }))
    }

    /// The turns, oldest first.
    pub fn turns(&self) -> impl DoubleEndedIterator<Item = &Turn> + ExactSizeIterator + Clone {
        self.moment.turns.iter().map(|turn| &**turn)
    }

    /// The turns as they are shared with the hot buffer, oldest first.
    pub(crate) fn shared(&self) -> impl DoubleEndedIterator<Item = &Arc<Turn>> + ExactSizeIterator {
        self.moment.turns.iter()
    }

    /// The turn at a place, counted from the oldest one here.
    pub fn get(&self, place: usize) -> Option<&Turn> {
        self.moment.turns.get(place).map(|turn| &**turn)
    }

    /// The newest turn.
    pub fn newest(&self) -> Option<&Turn> {
        self.moment.turns.last().map(|turn| &**turn)
    }

    /// How many turns are here.
    pub fn len(&self) -> usize {
        self.moment.turns.len()
    }

    /// Whether the customer has no turn at all.
    pub fn is_empty(&self) -> bool {
        self.moment.turns.is_empty()
    }

    /// Whether both show the very same moment, so that what was made of one is good for the
    /// other. Costs nothing; may be false of equal contexts that were read at different times.
    pub fn is_same_moment(&self, other: &Context) -> bool {
        Arc::ptr_eq(&self.moment, &other.moment)
    }

    /// How many turns the customer has in all, here and in the archive.
    pub fn total(&self) -> u64 {
        self.moment.total
    }
}
