//! Upkeep: periodic maintenance and the search for damage.
//!
//! Knows that every step is small, so that other calls go on, and that a step that is
//! interrupted is taken up by the next run.

mod backup;
mod check;
mod identities;
mod maintain;
mod repack;
mod report;
mod table;

pub use report::MaintenanceReport;
