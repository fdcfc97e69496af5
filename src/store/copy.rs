//! What is told while a store is copied.

/// How far a backup or a restore has come; see [`Confidant::backup`](crate::Confidant::backup).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopyProgress {
    /// The bytes that are in the copy already.
    pub copied_bytes: u64,
    /// The bytes that the whole copy will have.
    pub total_bytes: u64,
}
