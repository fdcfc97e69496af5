//! The store's own dictionaries, which bodies are packed with.

use super::table::dictionaries;
use crate::codec::Codec;
use crate::error::{Result, internal};
use crate::store::{Store, Tx};

/// The numbers of a store's own dictionaries; those below belong to the program.
pub(crate) const OWN: std::ops::RangeInclusive<u8> = 16..=127;

/// Gives the codec every dictionary of the store.
pub(crate) fn load_dictionaries(store: &dyn Store, codec: &Codec) -> Result<()> {
    store.read_with(|tx| load_dictionaries_in(tx, codec))
}

/// As [`load_dictionaries`], inside a unit of work. A damaged dictionary is left out: the
/// turns packed with it will say so.
pub(crate) fn load_dictionaries_in(tx: &dyn Tx, codec: &Codec) -> Result<()> {
    for (number, bytes) in dictionaries(tx)? {
        let Ok(number) = u8::try_from(number) else { continue };
        if codec.add_dictionary(number, &bytes).is_ok() {
            codec.use_for_packing(Some(number)).map_err(|damage| internal(damage.to_string()))?;
        }
    }
    Ok(())
}
