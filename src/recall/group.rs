//! Documents of one group, as the turns of one session.
//!
//! Knows which of them stand next to each other, and what each gets of the best one among them.

use super::kernel::largest;

/// Documents next to each other that are of one group; two at least, or one that is linked.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Run {
    first: u32,
    len: u32,
    /// Runs of one group have one number.
    group: u32,
}

impl Run {
    fn end(self) -> u32 {
        self.first.saturating_add(self.len)
    }
}

/// The groups of documents, in the order of their places.
#[derive(Debug, Default)]
pub(super) struct Groups {
    runs: Vec<Run>,
    /// How many groups have runs.
    count: u32,
    /// Places with another document of their group before them, but not next to them, and that
    /// one's.
    links: Vec<(u32, u32)>,
}

impl Groups {
    /// The groups of documents of which each says how far back the one before in its group is.
    pub(super) fn of(backs: &[u16]) -> Groups {
        let mut groups = Groups::default();
        (0..).zip(backs).for_each(|(place, back)| groups.push(place, *back));
        groups
    }

    pub(super) fn bytes(&self) -> usize {
        self.runs.capacity() * size_of::<Run>() + self.links.capacity() * size_of::<(u32, u32)>()
    }

    pub(super) fn links(&self) -> &[(u32, u32)] {
        &self.links
    }

    /// Adds the document of the next place; `back` is how far back the one before in its group is,
    /// 0 if there is none.
    pub(super) fn push(&mut self, place: u32, back: u16) {
        let earlier = place.saturating_sub(u32::from(back));
        match (back, self.runs.last_mut()) {
            (0, _) => {}
            (1, Some(last)) if last.end() == place => last.len += 1,
            (1, _) => {
                let group = self.new_group();
                self.runs.push(Run { first: earlier, len: 2, group });
            }
            _ => {
                let known = self.run_of(earlier);
                let group = match known.ok().and_then(|at| self.runs.get(at)) {
                    Some(run) => run.group,
                    None => self.new_group(),
                };
                if let Err(at) = known {
                    self.runs.insert(at, Run { first: earlier, len: 1, group });
                }
                self.runs.push(Run { first: place, len: 1, group });
                self.links.push((place, earlier));
            }
        }
    }

    fn new_group(&mut self) -> u32 {
        self.count += 1;
        self.count - 1
    }

    /// The run that holds a place, or where such a one would stand.
    fn run_of(&self, place: u32) -> Result<usize, usize> {
        let behind = self.runs.partition_point(|run| run.first <= place);
        let before = behind
            .checked_sub(1)
            .filter(|before| self.runs.get(*before).is_some_and(|run| place < run.end()));
        before.ok_or(behind)
    }

    /// Adds to what each document is lent a share of the best score in its group, its own included.
    pub(super) fn lend(&self, scores: &[f32], share: f32, most: &mut Vec<f32>, lent: &mut [f32]) {
        let range = |run: &Run| index(run.first)..index(run.end());
        most.clear();
        most.resize(index(self.count), 0.0);
        for run in &self.runs {
            let best = match scores.get(range(run)).unwrap_or_default() {
                [one] => *one,
                all => largest(all),
            };
            most.get_mut(index(run.group)).into_iter().for_each(|most| *most = most.max(best));
        }
        let mut next = 0;
        let end =
            Run { first: u32::try_from(scores.len()).unwrap_or(u32::MAX), len: 0, group: u32::MAX };
        for run in self.runs.iter().chain([&end]) {
            let best = most.get(index(run.group)).copied().unwrap_or(0.0);
            let own = scores.get(next..index(run.first)).unwrap_or_default();
            let lent_own = lent.get_mut(next..index(run.first)).unwrap_or_default();
            lent_own.iter_mut().zip(own).for_each(|(lent, score)| *lent += share * score);
            lent.get_mut(range(run))
                .unwrap_or_default()
                .iter_mut()
                .for_each(|lent| *lent += share * best);
            next = index(run.end());
        }
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far back the one before of the same number is, as an index says it; 0 is of no group.
    fn backs(groups: &[u8]) -> Vec<u16> {
        let back = |place: usize| {
            let (before, own) = (groups.get(..place).unwrap_or_default(), groups.get(place)?);
            let back = before.iter().rev().position(|group| group == own && *own != 0)?;
            u16::try_from(back + 1).ok()
        };
        (0..groups.len()).map(|place| back(place).unwrap_or(0)).collect()
    }

    #[test]
    fn every_document_gets_a_share_of_the_best_one_of_its_group() {
        let mut random = crate::random::SplitMix64::new(7);
        for round in 0..2_000_u16 {
            let (count, few) = (random.below(40), 1 + usize::from(round % 6));
            let mut draw = |below: usize| u8::try_from(random.below(below)).expect("is small");
            let groups: Vec<u8> = (0..count).map(|_| draw(few)).collect();
            let scores: Vec<f32> = (0..count).map(|_| f32::from(draw(200))).collect();
            let mut lent = vec![1.0; count];
            Groups::of(&backs(&groups)).lend(&scores, 0.5, &mut Vec::new(), &mut lent);
            for ((lent, group), own) in lent.iter().zip(&groups).zip(&scores) {
                let same =
                    groups.iter().zip(&scores).filter(|(other, _)| *other == group && *group != 0);
                let best = same.map(|(_, score)| *score).fold(*own, f32::max);
                assert!((lent - (1.0 + 0.5 * best)).abs() < 1e-6, "{groups:?} {scores:?}");
            }
        }
    }
}
