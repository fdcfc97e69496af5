//! A value that a single message does not flip.
//!
//! Knows that what is known gives way only when several turns in a row speak against it.

/// What is known by now, and how many turns in a row spoke against it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Steady<T> {
    pub(super) known: Option<T>,
    against: u32,
}

impl<T> Default for Steady<T> {
    fn default() -> Steady<T> {
        Steady { known: None, against: 0 }
    }
}

impl<T: PartialEq> Steady<T> {
    /// Hears what one more turn leads to; `turns` in a row change what is known.
    pub(super) fn see(&mut self, now: Option<T>, turns: u32) {
        if now == self.known {
            self.against = 0;
            return;
        }
        self.against += 1;
        if self.known.is_none() || self.against >= turns {
            *self = Steady { known: now, against: 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_value_changes_after_so_many_turns_in_a_row_and_the_first_is_taken_at_once() {
        let known_after = |seen: &[Option<u8>]| {
            let mut steady = Steady::default();
            seen.iter().for_each(|now| steady.see(*now, 3));
            steady.known
        };
        let (one, two) = (Some(1), Some(2));
        assert_eq!(known_after(&[None, one]), one);
        assert_eq!(known_after(&[one, two, two, one, two, two]), one);
        assert_eq!(known_after(&[one, two, None, two]), two);
        assert_eq!(known_after(&[one, None, None, None]), None);
    }
}
