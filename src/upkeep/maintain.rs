//! Periodic maintenance: the store's own dictionary, and older turns packed with it.
//!
//! Knows when there is enough to learn from and that every step is small, so that other
//! calls go on. A step that is interrupted is taken up by the next run.

use super::repack::repack;
use super::report::MaintenanceReport;
use super::table;
use crate::archive::dictionaries::{OWN, load_dictionaries};
use crate::archive::row::read_with;
use crate::archive::table::{add_dictionary, dictionaries, newest_turns};
use crate::codec::Trainer;
use crate::collection::mend_snapshots;
use crate::error::{ErrorKind, Result, internal};
use crate::memory::{Confidant, Core};

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

impl Confidant {
    /// Runs periodic maintenance; call it when the host is idle. Trains the store's own
    /// dictionary once there are enough turns, packs older turns with it, rebuilds unusable
    /// collection snapshots and moves the log into the file. Other calls go on meanwhile.
    ///
    /// # Errors
    /// `Corrupt`, naming the turn, if one cannot be read; what was done until then stays.
    pub fn maintain(&self) -> Result<MaintenanceReport> {
        let core = &self.core;
        self.flush()?;
        load_dictionaries(&*core.store, &core.codec)?;
        let mut done = MaintenanceReport { trained: train(core)?, ..MaintenanceReport::default() };
        repack(core, &mut done)?;
        mend_snapshots(core)?;
        core.store.checkpoint()?;
        Ok(done)
    }
}

/// Trains a dictionary if one is due; returns its number.
fn train(core: &Core) -> Result<Option<u8>> {
    let (turns, newest) = core.store.read_with(|tx| {
        let due =
            table::counter(tx, "trained_at")?.saturating_mul(NEXT_TRAINING).max(FIRST_TRAINING);
        let turns = table::count_turns(tx, due)?;
        let newest = dictionaries(tx)?.last().map(|(number, _)| *number);
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
        add_dictionary(tx, number, &stored)?;
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
        let number = someone.scope.customer().unsigned_abs();
        core.store.read_with(|tx| {
            newest_turns(tx, someone.scope, share, &mut |row| {
                // A damaged turn is found by `check`; it is nothing to learn from.
                if let Ok(turn) = read_with(&core.codec, &someone.person(), tx, &row) {
                    let texts = [&turn.said, &turn.answer, &turn.answered_by, &turn.metadata];
                    texts.into_iter().flatten().for_each(|text| trainer.add(number, text));
                }
                Ok(())
            })
        })?;
    }
    Ok(trainer)
}
