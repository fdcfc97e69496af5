//! Recall: which of a customer's turns answer a question.
//!
//! Knows how a question is put to the customer's index and how what it finds becomes turns
//! again. The index lives in memory only: there is nothing to leak, to erase or to keep in
//! step on disk, and nobody else's turns change what is found.

use super::customer_index::{Now, Remembered};
use super::index_cache::{RECALL, Shared};
use super::query::{RecallQuery, Recalled, RecalledTurn, WordMatch};
use crate::archive::row::read_with;
use crate::archive::{Scope, Turn, table};
use crate::error::Result;
use crate::memory::{Context, Customer, Moment, Owner};
use crate::recall::{Explainer, Hit, Match, RecallBasis, Term};
use std::collections::HashMap;
use std::sync::Arc;

impl Customer {
    /// The turns, of all that were ever saved for this customer, that answer a question best,
    /// with what earned them their place.
    ///
    /// No network and no model: words, words like them and the meaning of the text, from a
    /// table in the program. The same turns and the same question give the same order on every
    /// machine, whatever else is stored. Turns are the unit: one that was never answered is
    /// found by what was said. Turns that wait under [`Persist::Every`](crate::Persist) are
    /// found like any other.
    ///
    /// The first question reads the archive once and builds an index in memory; later ones
    /// read only what was saved since, by whatever process.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("support.db");
    /// # let memory = confidant::Confidant::open(path.to_str().ok_or("not UTF-8")?)?;
    /// use confidant::{NewTurn, RecallQuery};
    /// let alice = memory.customer("alice")?;
    /// alice.memory().save_turn(NewTurn::said("I cannot log in.").answered("I have sent you a new password."))?;
    /// alice.memory().save_turn(NewTurn::said("Where is my parcel?").answered("It arrives today."))?;
    /// let found = alice.recall(&RecallQuery::new("did we ever mail the credentials?").limit(1))?;
    /// assert_eq!(found.turns[0].turn.said.as_deref(), Some("I cannot log in."));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidArgument` if a condition breaks a rule; `Limit` if the question is longer than
    /// 64 KiB; otherwise as [`load_context`](crate::PersistentBufferMemory::load_context).
    pub fn recall(&self, query: &RecallQuery<'_>) -> Result<Recalled> {
        let mut turns = Vec::new();
        let mut explainer = None;
        let (_, basis) = self.each_recalled(query, &mut |remembered, terms, hit, turn| {
            let explainer =
                explainer.get_or_insert_with(|| Explainer::new(&remembered.index, terms));
            let texts = [&turn.said, &turn.answer].into_iter().flatten().map(String::as_str);
            let matches = explainer.matches(&remembered.index, terms, texts);
            turns.push(RecalledTurn {
                turn: Turn::clone(turn),
                score: hit.score,
                words: hit.words,
                meaning: hit.cosine,
                neighbours: hit.lent,
                matches: matches.into_iter().map(WordMatch::from).collect(),
            });
        })?;
        Ok(Recalled { turns, basis })
    }

    /// The turns that answer a question best, best first, and the newest turns of the same
    /// instant, without a copy of their texts.
    pub(crate) fn recalled_turns(&self, question: &str, limit: usize) -> Result<RecalledAndNewest> {
        let mut turns = Vec::with_capacity(limit);
        let query = RecallQuery::new(question).limit(limit);
        let (newest, basis) =
            self.each_recalled(&query, &mut |_, _, _, turn| turns.push(Arc::clone(turn)))?;
        Ok(RecalledAndNewest { turns, basis, newest })
    }

    /// Shows the turns that answer best, best first, without a copy of their texts; returns
    /// the newest turns of the same instant.
    fn each_recalled(
        &self,
        query: &RecallQuery<'_>,
        show: Show<'_>,
    ) -> Result<(Context, RecallBasis)> {
        query.check()?;
        let era = self.core.store.era()?;
        if self.scope.get().is_none() {
            self.moment()?;
        }
        let Some(scope) = self.scope.get().copied() else {
            return Ok((Context::default(), RecallBasis::WordsOnly));
        };
        let (cache, owner) = (&self.core.cache, Owner::Customer(scope));
        let shared = cache.entry(RECALL, &owner, Shared::default);
        let mut remembered = shared.remembered.lock();
        // Before the moment: an answer is in one of them, or in both.
        let answered = shared.take_answered();
        let (moment, waiting) = self.present()?;
        if moment.turns.is_empty() && waiting.is_empty() {
            cache.remove(RECALL, &owner);
            return Ok((Context::default(), RecallBasis::WordsOnly));
        }
        remembered.follow(
            self,
            scope,
            &Now { moment: &moment, waiting: &waiting, era },
            answered,
        )?;
        let answer = remembered.ask(query, self.core.now());
        for (hit, turn) in self.turns_of(&mut remembered, scope, &moment, &answer.hits)? {
            show(&remembered, &answer.terms, &hit, &turn);
        }
        let bytes = remembered.bytes();
        drop(remembered);
        cache.weigh(RECALL, &owner, &shared, bytes);
        let basis =
            if answer.has_meaning { RecallBasis::WordsAndMeaning } else { RecallBasis::WordsOnly };
        Ok((Context::joined(moment, &waiting, self.core.hot.limits().turns), basis))
    }

    /// The turns of hits: those of the moment, those that wait or were recalled lately, and the
    /// rest from the store in one read. A turn that is gone meanwhile is left out.
    fn turns_of(
        &self,
        remembered: &mut Remembered,
        scope: Scope,
        moment: &Moment,
        hits: &[Hit],
    ) -> Result<Vec<(Hit, Arc<Turn>)>> {
        let first = moment.turns.first().map_or(u32::MAX, |turn| turn.id.number());
        let mut known: Vec<(Hit, Option<Arc<Turn>>)> = Vec::with_capacity(hits.len());
        for hit in hits {
            let place = hit.key.checked_sub(first).and_then(|place| usize::try_from(place).ok());
            let hot = place.and_then(|place| moment.turns.get(place)).cloned();
            known.push((*hit, hot.or_else(|| remembered.recalled(hit.key))));
        }
        if known.iter().any(|(_, turn)| turn.is_none()) {
            let missing: Vec<u32> =
                known.iter().filter(|(_, turn)| turn.is_none()).map(|(hit, _)| hit.key).collect();
            let read = self.core.store.read_with(|tx| {
                let mut read = HashMap::with_capacity(missing.len());
                for number in &missing {
                    table::turn(tx, scope, *number, &mut |row| {
                        read.insert(
                            *number,
                            Arc::new(read_with(&self.core.codec, &self.person, tx, &row)?),
                        );
                        Ok(())
                    })?;
                }
                Ok(read)
            })?;
            for (hit, turn) in known.iter_mut().filter(|(_, turn)| turn.is_none()) {
                *turn = read.get(&hit.key).cloned();
                turn.iter().for_each(|turn| remembered.keep(turn));
            }
        }
        Ok(known.into_iter().filter_map(|(hit, turn)| Some((hit, turn?))).collect())
    }
}

/// What a question found, and the newest turns as they were when it did.
pub(crate) struct RecalledAndNewest {
    pub(crate) turns: Vec<Arc<Turn>>,
    pub(crate) basis: RecallBasis,
    pub(crate) newest: Context,
}

type Show<'s> = &'s mut dyn FnMut(&Remembered, &[Term], &Hit, &Arc<Turn>);

impl From<Match> for WordMatch {
    fn from(Match { asked, found, strength }: Match) -> WordMatch {
        WordMatch { asked, found, strength }
    }
}
