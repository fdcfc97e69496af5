//! Work that is better done now and then: dictionaries, repacking, checking.

use super::confidant::{Core, Maintenance, Report};
use crate::codec::Codec;
use crate::error::Result;
use crate::store::{Store, Tx};

pub(super) fn load_dictionaries(_store: &dyn Store, _codec: &Codec) -> Result<()> {
    Ok(())
}
pub(super) fn load_dictionaries_in(_tx: &dyn Tx, _codec: &Codec) -> Result<()> {
    Ok(())
}
pub(super) fn maintain(_core: &Core) -> Result<Maintenance> {
    Ok(Maintenance::default())
}
pub(super) fn check(_core: &Core) -> Result<Report> {
    Ok(Report::default())
}
