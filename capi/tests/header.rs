//! The C header is what the sources say, complete, compiles alone, and equals the exports.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/header.rs"]
mod header;

use header::{Header, generate, is_there, root, shared_library};
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_committed_header_is_what_the_sources_say() {
    let (path, fresh) = (root().join("include/confidant.h"), generate());
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "include/confidant.h is stale: run UPDATE_HEADER=1 cargo test -p confidant-capi --test header"
    );
    assert!(fresh.is_ascii());
}

#[test]
fn every_function_says_who_owns_what_on_which_thread_and_how_it_fails() {
    let header = Header::parse(&generate());
    assert!(header.functions.len() > 100, "{} functions were found", header.functions.len());
    let mut missing = Vec::new();
    for function in &header.functions {
        let mut need = |word: &str, why: bool| {
            if why && !function.comment.contains(word) {
                missing.push(format!("{}: no \"{word}\"", function.name));
            }
        };
        let gives = function.parameters.iter().any(|one| {
            one.name != "err"
                && one.is_pointer()
                && !one.kind.starts_with("const")
                && one.name.starts_with("out")
        });
        need("Threads:", true);
        need("Fails:", function.returns == "confidant_status" && function.is_fallible());
        need(
            "Owned:",
            gives || function.returns.contains('*') || function.returns.contains("confidant_str"),
        );
        need("Owned:", function.returns == "void" && function.name.ends_with("_free"));
        if function.name.len() < 2 || !function.name.starts_with("confidant_") {
            missing.push(format!("{}: no prefix", function.name));
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn every_handle_has_one_function_that_frees_it() {
    let header = Header::parse(&generate());
    for handle in header.handles.iter().filter(|handle| !handle.starts_with("confidant_llm_re")) {
        let name = if handle == "confidant_store" {
            "confidant_store_close".to_owned()
        } else {
            format!("{handle}_free")
        };
        let free = header.functions.iter().find(|function| function.name == name);
        let free = free.unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!((free.returns.as_str(), free.parameters.len()), ("void", 1), "{name}");
    }
}

/// Compiles a program of the header alone that also begins every struct with its `_INIT`.
fn compiles(compiler: &str, standard: &str, extension: &str) {
    if !is_there(compiler) {
        eprintln!("skipped: {compiler} is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join(format!("alone.{extension}"));
    let header = Header::parse(&generate());
    let mut program =
        String::from("#include \"confidant.h\"\nint main(void) {\n  size_t sum = 0;\n");
    for (name, _) in header.constants.iter().filter(|(name, _)| name.ends_with("_INIT")) {
        let kind = name.trim_end_matches("_INIT").to_lowercase();
        program += &format!("  {{ {kind} made = {name}; sum += made.struct_size; }}\n");
    }
    assert!(program.matches("made =").count() > 15);
    std::fs::write(&source, program + "  return sum == 0;\n}\n").unwrap();
    std::fs::write(folder.path().join("confidant.h"), generate()).unwrap();
    let mut command = Command::new(compiler);
    command.args([
        standard,
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Wconversion",
        "-Wshadow",
        "-Werror",
        "-c",
        "-o",
    ]);
    let output = command.arg(folder.path().join("alone.o")).arg(&source).output().unwrap();
    assert!(output.status.success(), "{compiler}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_header_compiles_alone_as_c11() {
    compiles("gcc", "-std=c11", "c");
    compiles("clang", "-std=c11", "c");
}

#[test]
fn the_header_compiles_alone_as_cpp17() {
    compiles("g++", "-std=c++17", "cpp");
    compiles("clang++", "-std=c++17", "cpp");
}

#[test]
fn the_librarys_symbols_are_the_headers_functions_and_no_others() {
    let output =
        Command::new("nm").args(["-D", "--defined-only"]).arg(shared_library("")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let exported: BTreeSet<&str> =
        text.lines().filter_map(|line| line.split_whitespace().last()).collect();
    let header = Header::parse(&generate());
    let declared: BTreeSet<&str> =
        header.functions.iter().map(|function| function.name.as_str()).collect();
    let extra: Vec<_> = exported.difference(&declared).collect();
    let lacking: Vec<_> = declared.difference(&exported).collect();
    assert!(
        extra.is_empty() && lacking.is_empty(),
        "not in the header: {extra:?}; not exported: {lacking:?}"
    );
}

#[test]
fn the_soname_of_an_installed_library_carries_the_abi_version() {
    let manifest = std::fs::read_to_string(root().join("capi/Cargo.toml")).unwrap();
    let section = manifest.split("[package.metadata.capi.library]").nth(1).unwrap();
    let version = section.lines().find_map(|line| line.strip_prefix("version = \"")).unwrap();
    let header = Header::parse(&generate());
    let abi = header.constants.iter().find(|(name, _)| name == "CONFIDANT_ABI_VERSION").unwrap();
    assert_eq!(version.split('.').next(), Some(abi.1.as_str()));
}
