//! Upkeep: the store's own dictionary, older turns packed with it, and the search for damage.
//!
//! Knows when there is enough to learn from and that every step is small, so that other
//! calls go on. A step that is interrupted is taken up by the next run.

mod check;
mod places;
mod repack;
mod table;

pub(super) use check::check;

use super::collection::mend_snapshots;
use super::confidant::{Core, Maintenance};
use super::load::read_with;
use super::row::Person;
use super::table::newest_turns;
use crate::codec::{Codec, Trainer};
use crate::error::{Error, ErrorKind, Result, internal};
use crate::id::Tag;
use crate::store::{Store, Tx};
use std::sync::Arc;
use table::Someone;

/// Turns that a first dictionary is trained on at least.
const FIRST_TRAINING: i64 = 2_000;
/// A dictionary is trained anew when there are so many times the turns of the last training.
const NEXT_TRAINING: i64 = 8;
/// Turns that are read for a training at most.
const SAMPLE: i64 = 16_000;
/// Customers that are read for a training, about.
const SAMPLE_CUSTOMERS: i64 = 2_000;
/// The size of a dictionary in bytes.
const DICTIONARY_BYTES: usize = 64 << 10;
/// The numbers of a store's own dictionaries.
const OWN: std::ops::RangeInclusive<u8> = 16..=127;

/// Gives the codec every dictionary of the store.
pub(super) fn load_dictionaries(store: &dyn Store, codec: &Codec) -> Result<()> {
    store.read_with(|tx| load_dictionaries_in(tx, codec))
}

/// As [`load_dictionaries`], inside a unit of work. A damaged dictionary is left out: the
/// turns packed with it will say so.
pub(super) fn load_dictionaries_in(tx: &dyn Tx, codec: &Codec) -> Result<()> {
    for (number, bytes) in table::dictionaries(tx)? {
        let Ok(number) = u8::try_from(number) else { continue };
        if codec.add_dictionary(number, &bytes).is_ok() {
            codec.use_for_packing(Some(number)).map_err(|damage| internal(damage.to_string()))?;
        }
    }
    Ok(())
}

/// Does everything that is due.
pub(super) fn maintain(core: &Arc<Core>) -> Result<Maintenance> {
    super::save::flush_everybody(core)?;
    load_dictionaries(&*core.store, &core.codec)?;
    let mut done = Maintenance { trained: train(core)?, ..Maintenance::default() };
    repack::repack(core, &mut done)?;
    mend_snapshots(core)?;
    core.store.checkpoint()?;
    Ok(done)
}

/// Trains a dictionary if one is due; returns its number.
fn train(core: &Core) -> Result<Option<u8>> {
    let (turns, newest) = core.store.read_with(|tx| {
        let due =
            table::counter(tx, "trained_at")?.saturating_mul(NEXT_TRAINING).max(FIRST_TRAINING);
        let turns = table::count_turns(tx, due)?;
        let newest = table::dictionaries(tx)?.last().map(|(number, _)| *number);
        Ok(((turns >= due).then_some(turns), newest))
    })?;
    let Some(turns) = turns else { return Ok(None) };
    let number = newest.map_or(Some(*OWN.start()), |newest| u8::try_from(newest + 1).ok());
    let Some(number) = number.filter(|number| OWN.contains(number)) else { return Ok(None) };
    let Some(bytes) = sample(core)?.finish(DICTIONARY_BYTES) else {
        // Nothing that enough customers share: not worth asking again soon.
        core.store.write_with(move |tx| table::set_counter(tx, "trained_at", turns))?;
        return Ok(None);
    };
    let stored = bytes.clone();
    let added = core.store.write_with(move |tx| {
        table::add_dictionary(tx, number, &stored)?;
        table::set_counter(tx, "repacked_to", 0)?;
        table::set_counter(tx, "trained_at", turns)
    });
    match added {
        Ok(()) => {}
        // Another process was faster: its dictionary serves as well.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            load_dictionaries(&*core.store, &core.codec)?;
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    let broken = |damage: crate::codec::Damage| {
        internal(format!("the new dictionary is unusable: {damage}"))
    };
    core.codec.add_dictionary(number, &bytes).map_err(broken)?;
    core.codec.use_for_packing(Some(number)).map_err(broken)?;
    Ok(Some(number))
}

/// Reads the newest turns of customers spread over the whole store.
fn sample(core: &Core) -> Result<Trainer> {
    let mut trainer = Trainer::default();
    let chosen = core.store.read_with(|tx| {
        let step = table::counter(tx, "customers")? / SAMPLE_CUSTOMERS;
        table::every_nth_customer(tx, step.max(1))
    })?;
    let share = SAMPLE / i64::try_from(chosen.len()).unwrap_or(SAMPLE).max(1);
    let share = usize::try_from(share.max(8)).unwrap_or(8);
    for someone in &chosen {
        let number = someone.scope.number_of_customer();
        core.store.read_with(|tx| {
            newest_turns(tx, someone.scope, share, &mut |row| {
                // A damaged turn is found by `check`; it is nothing to learn from.
                if let Ok(turn) = read_with(&core.codec, &person(someone), tx, &row) {
                    let texts = [&turn.said, &turn.answer, &turn.answered_by, &turn.metadata];
                    texts.into_iter().flatten().for_each(|text| trainer.add(number, text));
                }
                Ok(())
            })
        })?;
    }
    Ok(trainer)
}

fn person(someone: &Someone) -> Person {
    Person {
        tag: Tag::of(&someone.tenant, &someone.name),
        tenant: someone.tenant.clone(),
        name: someone.name.clone(),
    }
}

/// The error of a turn whose customer is not in the store.
fn orphan(key: i64) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the turn with key {key} belongs to no customer"))
}
