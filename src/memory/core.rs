//! What every handle of one open memory shares.

use super::cache::Cache;
use super::hot::Hot;
use super::pending::Pending;
use super::people::People;
use super::subject::Subjects;
use crate::codec::Codec;
use crate::store::Store;
use crate::time::{Clock, Timestamp};
use std::sync::Arc;

/// When a saved turn goes to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Persist {
    /// Before `save_turn` returns. Calls from several threads share a commit.
    #[default]
    Always,
    /// When so many turns of the customer are waiting, on `flush`, on `close` and when the
    /// last handle is dropped. Waiting turns are in every context, are counted as `pending`
    /// and are lost if the process is killed: for hosts that ask for it by name.
    Every(usize),
}

/// What every handle of one open memory shares.
pub(crate) struct Core {
    pub(crate) store: Box<dyn Store>,
    pub(crate) codec: Arc<Codec>,
    pub(crate) hot: Arc<Hot>,
    pub(super) pending: Pending,
    pub(super) people: People,
    pub(crate) clock: Arc<dyn Clock>,
    pub(super) persist: Persist,
    pub(super) session_idle_ms: i64,
    pub(super) max_text_bytes: usize,
    /// What subjects keep in memory.
    pub(crate) cache: Arc<Cache>,
    pub(crate) subjects: Subjects,
}

impl Core {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
