//! What the search for damage tells the host.
//!
//! Knows how many lines of each kind are listed. Every subject adds to it.

/// What [`Confidant::check`](crate::Confidant::check) found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CheckReport {
    /// Turns that were read.
    pub turns: u64,
    /// Bytes of their texts and metadata.
    pub text_bytes: u64,
    /// Bytes of their stored bodies.
    pub stored_bytes: u64,
    /// Documents of collections that were read, also those that were removed.
    pub documents: u64,
    /// Damage, one line each; empty if there is none. At most 100 lines of each kind.
    pub findings: Vec<String>,
    /// What an operator should change: a file that others may read, a snapshot of no use.
    pub warnings: Vec<String>,
}

/// Findings and warnings that are listed of each kind.
const LISTED: usize = 100;

impl CheckReport {
    /// Adds findings of one kind: the first hundred.
    pub(crate) fn add(&mut self, findings: Vec<String>) {
        self.findings.extend(findings.into_iter().take(LISTED));
    }

    /// Adds warnings of one kind: the first hundred.
    pub(crate) fn warn(&mut self, warnings: Vec<String>) {
        self.warnings.extend(warnings.into_iter().take(LISTED));
    }

    /// Whether nothing is damaged.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}
