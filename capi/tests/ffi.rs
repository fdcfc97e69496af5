//! C hosts that do everything wrong, and everything at once.
//!
//! The programs are C: `tests/c/` and one that is written from the header, so that no function
//! can be forgotten. `tests/c/sanitize.sh` runs the same programs under sanitizers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/header.rs"]
mod header;
#[path = "support/safety.rs"]
mod safety;

use header::{Header, root, shared_library, target_folder};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles C sources against a library with those features.
fn compile(name: &str, sources: &[PathBuf], features: &'static str, flags: &[&str]) -> PathBuf {
    let library = shared_library(features);
    let folder = library.parent().unwrap();
    let program = folder.join(name);
    let mut gcc = Command::new("gcc");
    gcc.args(["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE"]).args(flags);
    gcc.arg("-I")
        .arg(root().join("include"))
        .arg("-I")
        .arg(root().join("capi/tests/c"))
        .args(sources);
    gcc.arg("-o")
        .arg(&program)
        .arg(&library)
        .arg(format!("-Wl,-rpath,{}", folder.display()))
        .args(["-lpthread", "-lm"]);
    let output = gcc.output().expect("gcc builds SQLite, so it is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

fn run(program: &Path, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(program)
        .arg(folder.path())
        .args(arguments)
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    let shown: Vec<&str> = errors
        .lines()
        .filter(|line| !line.contains("panicked") && !line.starts_with("note:"))
        .collect();
    assert!(output.status.success(), "{}\n{text}{}", output.status, shown.join("\n"));
    text
}

fn sources(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(|name| root().join("capi/tests/c").join(name)).collect()
}

/// The program that is written from the header; kept where tests/c/sanitize.sh finds it.
fn misuse() -> PathBuf {
    let path = target_folder().join("tmp").join("misuse.c");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, safety::program(&Header::read())).unwrap();
    path
}

#[test]
fn every_bad_argument_of_every_function_is_refused_and_harms_nobody() {
    let sources = [vec![misuse()], sources(&["fixture.c"])].concat();
    let text = run(&compile("misuse", &sources, "", &[]), &["all"]);
    assert!(text.contains(" 0 failures"), "{text}");
    println!("{text}");
}

#[test]
fn a_panic_behind_every_entry_is_an_internal_error() {
    let sources = [vec![misuse()], sources(&["fixture.c"])].concat();
    let text = run(&compile("panics", &sources, "fault", &["-DPLANTED"]), &["panics"]);
    assert!(text.contains(" 0 failures"), "{text}");
}

#[test]
fn handles_may_be_freed_in_every_order_and_used_from_many_threads_and_callbacks_may_do_anything() {
    let program = compile("behaviour", &sources(&["behaviour.c", "fixture.c"]), "", &[]);
    let text = run(&program, &["all"]);
    assert_eq!(text, "orders: 120\nthreads: 6\ncallbacks: all\n");
}

#[test]
fn a_callback_that_never_returns_keeps_nobody_from_the_store_and_closing_does_not_wait() {
    let program = compile("stuck", &sources(&["stuck.c"]), "", &[]);
    assert_eq!(run(&program, &[]), "stuck: 4 callbacks\n");
}
