//! The chores of this repository, one command each: `cargo xtask` lists them.

mod cost;
mod update;

use std::process::{Command, ExitCode};

const HELP: &str = "\
cargo xtask cost            compare instruction counts with benches/cost/baseline.txt
cargo xtask cost --bless    record them as the new baseline
cargo xtask cost --install  only install the harness's runner, in target/tools
cargo xtask update          write every recorded file anew but the instruction counts
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["cost"] => cost::compare(),
        ["cost", "--bless"] => cost::bless(),
        ["cost", "--install"] => cost::install(),
        ["update"] => update::update(),
        _ => {
            print!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Cargo, in the repository's root.
fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(arguments);
    cargo
}

fn root() -> &'static std::path::Path {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
