//! Measures the signals on labelled files and prints one JSON line for each task.
//!
//! `cargo run --release --example eval_signals -- DIR`, where DIR holds files as they are named
//! below. A file that is not there is passed over, and named on the standard error.

mod labelled;
mod score;
mod tasks;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("usage: eval_signals DIR");
        return ExitCode::from(2);
    };
    let folder = Path::new(&folder);
    if !folder.is_dir() {
        eprintln!("{} is no folder", folder.display());
        return ExitCode::FAILURE;
    }
    for (name, task) in tasks::ALL {
        match task(folder) {
            Ok(line) => println!("{line}"),
            Err(why) => eprintln!("{name}: passed over: {why}"),
        }
    }
    ExitCode::SUCCESS
}
