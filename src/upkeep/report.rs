//! What upkeep tells the host.

/// What [`Confidant::maintain`](crate::Confidant::maintain) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MaintenanceReport {
    /// The number of the dictionary that was trained, if one was.
    pub trained: Option<u8>,
    /// Turns that were looked at.
    pub examined: u64,
    /// Turns that were packed anew.
    pub repacked: u64,
    /// Bytes of those turns before.
    pub bytes_before: u64,
    /// Bytes of those turns after.
    pub bytes_after: u64,
}
