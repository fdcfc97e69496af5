//! Writes every recorded file anew, each by the test that compares it.

use crate::cargo;

/// The variable that makes a test write, and the test that then writes.
const RECORDS: [(&str, &[&str]); 6] = [
    ("UPDATE_HEADER", &["-p", "confidant-capi", "--test", "header", "the_committed_header"]),
    ("UPDATE_ABI", &["-p", "confidant-capi", "--test", "abi", "the_binary_interface"]),
    ("UPDATE_API", &["--test", "api"]),
    ("UPDATE_RULES", &["--lib", "signals::"]),
    ("UPDATE_GOLDEN", &["--test", "reference"]),
    ("UPDATE_WRITES", &["--test", "writes"]),
];

/// Runs each of those tests once; what changed is for `git diff` to show.
pub fn update() -> Result<(), String> {
    for (variable, test) in RECORDS {
        println!("{variable}");
        let mut run = cargo(&["test", "--quiet"]);
        let status = run.args(test).env(variable, "1").status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("the test behind {variable} failed"));
        }
    }
    Ok(())
}
