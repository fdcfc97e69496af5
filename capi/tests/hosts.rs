//! Hosts of every language do what their front pages promise, and the guide runs as written.
//!
//! A language whose compiler is missing is skipped by name; with CI set, that fails.
#![cfg(all(feature = "sqlite", unix))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "../../tests/support/golden.rs"]
mod golden;
#[path = "support/header.rs"]
mod header;
#[path = "../../tests/support/mod.rs"]
mod support;

use header::{Header, root, shared_library, target_folder};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether a language's program is there.
fn has(program: &str, argument: &str) -> bool {
    let is_there =
        Command::new(program).arg(argument).output().is_ok_and(|output| output.status.success());
    if !is_there {
        assert!(std::env::var_os("CI").is_none(), "{program} is not installed");
        println!("skipped: {program} is not installed");
    }
    is_there
}

/// The folder of the shared library: `CONFIDANT_LIBRARY`'s, such as an installed one, or one of the
/// tests' own.
fn built() -> PathBuf {
    let library =
        std::env::var_os("CONFIDANT_LIBRARY").map_or_else(|| shared_library(""), PathBuf::from);
    library.parent().unwrap().to_owned()
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let (text, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{text}\n{errors}");
    text.into_owned()
}

/// Compiles examples/`folder`/`name` and gives the program.
fn compiled(compiler: &str, standard: &str, folder: &str, name: &str) -> PathBuf {
    let (library, extension) = (built(), if folder == "c" { "c" } else { "cpp" });
    let program = target_folder().join("tmp").join(format!("{name}-{folder}"));
    let mut command = Command::new(compiler);
    command.args([
        standard,
        "-g",
        "-O1",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Wshadow",
        "-Werror",
        "-I",
    ]);
    command
        .arg(root().join("include"))
        .arg(root().join(format!("examples/{folder}/{name}.{extension}")));
    command.arg("-o").arg(&program).arg(library.join("libconfidant.so"));
    output(command.arg(format!("-Wl,-rpath,{}", library.display())));
    program
}

fn go() -> Command {
    let library = built();
    let mut go = Command::new("go");
    go.current_dir(root().join("examples/go")).env("GOFLAGS", "-buildvcs=false");
    go.env("CGO_LDFLAGS", format!("-L{0} -Wl,-rpath,{0}", library.display()));
    go
}

fn go_program(name: &str) -> PathBuf {
    let program = target_folder().join("tmp").join(format!("{name}-go"));
    output(go().args(["build", "-o"]).arg(&program).arg(format!("./{name}")));
    program
}

fn python(script: &str) -> Command {
    let mut python = Command::new("python3");
    python.arg(root().join("examples/python").join(script)).env("PYTHONDONTWRITEBYTECODE", "1");
    python.env("CONFIDANT_LIBRARY", built().join("libconfidant.so"));
    python
}

/// Plays the golden conversation with a host; its lines and its file must be the recorded ones.
fn plays_alike(host: &mut Command) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("golden.db");
    let lines = output(host.arg(root().join("tests/golden/transcript.tsv")).arg(&file));
    same("what the host read", &lines);
    same("what is in its file", &golden::export(&file));
}

fn same(what: &str, lines: &str) {
    let recorded = std::fs::read_to_string(root().join("tests/golden/hosts.jsonl")).unwrap();
    for (number, (line, expected)) in lines.lines().zip(recorded.lines()).enumerate() {
        assert_eq!(line, expected, "{what}, line {}", number + 1);
    }
    println!("{what}: {:016x}", golden::digest(lines));
    assert_eq!(golden::digest(lines), golden::digest(&recorded), "{what}");
}

#[test]
fn a_rust_host_plays_the_golden_conversation() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("golden.db");
    golden::play(
        &std::fs::read_to_string(root().join("tests/golden/transcript.tsv")).unwrap(),
        &file,
    );
    same("the Rust host's file", &golden::export(&file));
}

#[test]
fn a_c_host_plays_the_golden_conversation_and_the_support_program() {
    plays_alike(&mut Command::new(compiled("gcc", "-std=c11", "c", "golden")));
    supports(&mut Command::new(compiled("gcc", "-std=c11", "c", "support")));
}

#[test]
fn a_cpp_host_plays_the_golden_conversation_and_the_support_program() {
    if has("g++", "--version") {
        plays_alike(&mut Command::new(compiled("g++", "-std=c++17", "cpp", "golden")));
        supports(&mut Command::new(compiled("g++", "-std=c++17", "cpp", "support")));
        let folder = tempfile::tempdir().unwrap();
        output(
            Command::new(compiled("g++", "-std=c++17", "cpp", "edges"))
                .arg(folder.path().join("edges.db")),
        );
    }
}

#[test]
fn a_go_host_plays_the_golden_conversation_and_the_support_program() {
    if has("go", "version") {
        plays_alike(&mut Command::new(go_program("golden")));
        supports(&mut Command::new(go_program("support")));
    }
}

#[test]
fn the_go_package_is_clean_under_the_race_detector() {
    if has("go", "version") {
        output(go().args(["vet", "./..."]));
        println!("{}", output(go().args(["test", "-race", "./confidant"])));
        let unformatted = output(Command::new("gofmt").arg("-l").arg(root().join("examples/go")));
        assert!(unformatted.is_empty(), "gofmt -w {unformatted}");
    }
}

#[test]
fn a_python_host_plays_the_golden_conversation_and_the_support_program() {
    if has("python3", "--version") {
        plays_alike(&mut python("golden.py"));
        supports(&mut python("support.py"));
        output(&mut python("test_confidant.py"));
    }
}

/// Runs a support program on a fresh file.
fn supports(host: &mut Command) {
    let folder = tempfile::tempdir().unwrap();
    let page = output(host.arg(folder.path().join("support.db")));
    for line in [
        "Agent: Thank you for writing. Please open Settings, then choose Sign in again. (confidence 0.85, turn 4)",
        "The newest 5 of 5 turns:",
        "Preferences: style formal (5 turns), length medium, topics login, technical, billing",
        "Recall: turn 5",
        "Knowledge: Invoices",
        "Analytics: 5 turns in 3 sessions, 100.0 % of turns resolved, mean rating 5.0",
    ] {
        assert!(page.lines().any(|one| one == line), "{line}\nis missing in\n{page}");
    }
    for words in ["5 turns show it, such as \"Good morning\"", "An empty turn is refused: "] {
        assert!(page.contains(words), "{words}\nis missing in\n{page}");
    }
}

#[test]
fn the_cpp_header_has_every_function_of_the_c_header_and_compiles_alone() {
    let text = std::fs::read_to_string(root().join("include/confidant.hpp")).unwrap();
    let words: Vec<&str> =
        text.split(|one: char| !one.is_ascii_alphanumeric() && one != '_').collect();
    // C++ has literals with a length, and views that cost no call.
    let not_needed = ["confidant_str_from", "confidant_context_flat", "confidant_turns_flat"];
    let functions = Header::read().functions;
    let missing: Vec<&str> = functions
        .iter()
        .map(|function| function.name.as_str())
        .filter(|name| !words.contains(name) && !not_needed.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    for compiler in ["g++", "clang++"].into_iter().filter(|compiler| header::is_there(compiler)) {
        let mut command = Command::new(compiler);
        command.args([
            "-std=c++17",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Wconversion",
            "-Wshadow",
            "-Werror",
        ]);
        output(
            command.args(["-fsyntax-only", "-x", "c++"]).arg(root().join("include/confidant.hpp")),
        );
    }
}

/// A block of the guide: what follows the three backticks, and its text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut parts = page.split("```");
    while let (Some(_), Some(block)) = (parts.next(), parts.next()) {
        let (head, text) = block.split_once('\n').expect("a block has lines");
        blocks.push((head.trim().to_owned(), text.to_owned()));
    }
    blocks
}

#[test]
fn the_guide_runs_as_written() {
    if !has("g++", "--version") || !has("go", "version") || !has("python3", "--version") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let all = blocks(&std::fs::read_to_string(root().join("docs/C.md")).unwrap());
    let (mut ran, mut page, mut exports) = (0, String::new(), String::new());
    for (head, text) in &all {
        match head.split_once(' ') {
            Some((_, file)) => std::fs::write(folder.path().join(file), text).unwrap(),
            // The library is there already.
            None if head == "sh" && text.contains("cargo rustc") => {
                assert!(text.contains("--crate-type cdylib,staticlib\n"), "{text}");
            }
            None if head == "sh" => {
                ran += 1;
                page = shell(&format!("{exports}{text}"), folder.path());
                exports
                    .extend(text.split_inclusive('\n').filter(|line| line.starts_with("export ")));
            }
            None => assert_eq!((head.as_str(), text), ("text", &page)),
        }
    }
    assert_eq!(ran, 6);
}

fn shell(script: &str, folder: &Path) -> String {
    let mut shell = Command::new("sh");
    shell
        .args(["-eu", "-c", script])
        .current_dir(folder)
        .env("CONFIDANT", root())
        .env("LIBRARY", built());
    shell.env("PYTHONDONTWRITEBYTECODE", "1").env("GOFLAGS", "-mod=mod -buildvcs=false");
    output(&mut shell)
}
