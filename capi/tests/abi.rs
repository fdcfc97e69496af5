//! The binary interface does not change unnoticed.
//!
//! `tests/abi/x86_64.txt` is what this version offers: constants, functions, and where every field
//! lies. `tests/abi/released/` has the record of each version that was released; nothing of those
//! with today's `CONFIDANT_ABI_VERSION` may be missing or different.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/header.rs"]
mod header;

use header::{Header, root};
use std::collections::BTreeMap;
use std::process::Command;

const RECORD: &str = "capi/tests/abi/x86_64.txt";

/// One line a fact: `constant NAME VALUE`, `function NAME DECLARATION`, `struct NAME SIZE`,
/// `field STRUCT.NAME OFFSET SIZE TYPE`.
fn record(header: &Header) -> String {
    let mut lines = Vec::new();
    for (name, value) in header
        .constants
        .iter()
        .filter(|(name, _)| !name.contains("_VERSION_") && !name.ends_with('_'))
    {
        if name != "CONFIDANT_VERSION" {
            lines.push(format!("constant {name} {value}"));
        }
    }
    for function in &header.functions {
        let parameters: Vec<_> = function.parameters.iter().map(|one| one.kind.as_str()).collect();
        lines.push(format!(
            "function {} {}({})",
            function.name,
            function.returns,
            parameters.join(", ")
        ));
    }
    lines.extend(layout(header));
    lines.sort();
    lines.join("\n") + "\n"
}

/// Asks the C compiler where every field lies.
fn layout(header: &Header) -> Vec<String> {
    let mut program =
        String::from("#include \"confidant.h\"\n#include <stdio.h>\nint main(void) {\n");
    for strukt in &header.structs {
        let name = &strukt.name;
        program += &format!("  printf(\"struct {name} %zu\\n\", sizeof({name}));\n");
        for (field, declaration) in strukt.field_names().iter().zip(&strukt.fields) {
            program += &format!(
                "  printf(\"field {name}.{field} %zu %zu {declaration}\\n\", offsetof({name}, {field}), \
                 sizeof((({name} *)0)->{field}));\n"
            );
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (source, exe) = (folder.path().join("layout.c"), folder.path().join("layout"));
    std::fs::write(&source, program + "  return 0;\n}\n").unwrap();
    let include = root().join("include");
    let done = Command::new("gcc")
        .arg("-I")
        .arg(include)
        .arg(&source)
        .arg("-o")
        .arg(&exe)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let output = Command::new(&exe).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// What a program compiled against the old record would miss in the new one.
fn breaks(old: &str, new: &str) -> Vec<String> {
    let facts = |text: &str| -> BTreeMap<String, String> {
        let fact = |line: &str| {
            let mut parts = line.splitn(3, ' ');
            let (kind, name) = (parts.next().unwrap(), parts.next().unwrap());
            (format!("{kind} {name}"), parts.next().unwrap_or_default().to_owned())
        };
        text.lines().map(fact).collect()
    };
    let (old, new) = (facts(old), facts(new));
    let version = "constant CONFIDANT_ABI_VERSION";
    if old.get(version) != new.get(version) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (name, was) in &old {
        match new.get(name) {
            None => found.push(format!("{name} is gone")),
            // A struct that begins with its size may grow.
            Some(is) if name.starts_with("struct ") && grows(&new, name) => {
                if is.parse::<usize>().unwrap() < was.parse::<usize>().unwrap() {
                    found.push(format!("{name} was {was} bytes and is {is}"));
                }
            }
            Some(is) if is != was => found.push(format!("{name} was {was} and is {is}")),
            Some(_) => {}
        }
    }
    found
}

fn grows(facts: &BTreeMap<String, String>, name: &str) -> bool {
    facts.contains_key(&format!("field {}.struct_size", name.trim_start_matches("struct ")))
}

#[test]
fn the_binary_interface_is_as_recorded() {
    let fresh = record(&Header::read());
    if cfg!(not(all(target_arch = "x86_64", target_os = "linux"))) {
        println!("skipped: the record is of x86_64 Linux");
        return;
    }
    let path = root().join(RECORD);
    if std::env::var_os("UPDATE_ABI").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "the binary interface has changed: {:?}; if that is meant, UPDATE_ABI=1 cargo test -p confidant-capi --test abi",
        breaks(&committed, &fresh)
    );
}

#[test]
fn nothing_that_was_released_is_gone() {
    let now = std::fs::read_to_string(root().join(RECORD)).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("capi/tests/abi/released"))
        .into_iter()
        .flatten()
        .map(Result::unwrap)
    {
        let found = breaks(&std::fs::read_to_string(entry.path()).unwrap(), &now);
        assert!(found.is_empty(), "{}: {found:?}", entry.path().display());
        count += 1;
    }
    println!("compared with {count} releases");
}

#[test]
fn a_planted_break_is_found() {
    let now = std::fs::read_to_string(root().join(RECORD)).unwrap();
    assert!(breaks(&now, &now).is_empty());
    for (from, to) in [
        ("function confidant_store_open ", "function confidant_begin "),
        ("constant CONFIDANT_ERR_BUSY 5", "constant CONFIDANT_ERR_BUSY 6"),
        ("field confidant_turn.said 24 16", "field confidant_turn.said 40 16"),
        ("struct confidant_id 37", "struct confidant_id 40"),
    ] {
        assert!(now.contains(from), "{from}");
        assert!(!breaks(&now, &now.replace(from, to)).is_empty(), "{from} -> {to}");
    }
    let grown = now.replace("struct confidant_turn 136", "struct confidant_turn 144");
    assert!(grown != now && breaks(&now, &grown).is_empty(), "a struct with its size may grow");
    let next = now
        .replace("CONFIDANT_ABI_VERSION 1", "CONFIDANT_ABI_VERSION 2")
        .replace("confidant_store_open ", "gone ");
    assert!(breaks(&now, &next).is_empty(), "another ABI version may break");
}

#[test]
fn structs_that_grow_have_no_padding() {
    let now = std::fs::read_to_string(root().join(RECORD)).unwrap();
    let header = Header::read();
    for strukt in header.structs.iter().filter(|strukt| strukt.grows()) {
        let mut end = 0;
        for field in strukt.field_names() {
            let line = format!("field {}.{field} ", strukt.name);
            let rest = now.lines().find_map(|known| known.strip_prefix(&line)).expect(&line);
            let mut numbers = rest.split(' ').map(|number| number.parse::<usize>());
            assert_eq!(
                numbers.next(),
                Some(Ok(end)),
                "{line}: padding would be taken for a field by the next version"
            );
            end += numbers.next().unwrap().unwrap();
        }
        assert!(
            now.contains(&format!("struct {} {end}\n", strukt.name)),
            "{} ends with padding",
            strukt.name
        );
        assert_eq!(end % 8, 0, "{}", strukt.name);
    }
}
