//! The C ABI's files keep the house rules: no circle among them, none too long, a head on each.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const LONGEST: usize = 600;

/// The sources by their modules, such as `border::text`.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    for (folder, before) in [(root.clone(), ""), (root.join("border"), "border::")] {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.file_stem().unwrap().to_str().unwrap();
                found.insert(format!("{before}{name}"), std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The modules that a file names; its comments do not count.
fn used(own: &str, text: &str, known: &BTreeSet<&str>) -> BTreeSet<String> {
    let code: Vec<&str> =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join(" ");
    let mut found = BTreeSet::new();
    for (at, _) in code
        .match_indices("::")
        .filter(|(at, _)| ["crate", "super"].iter().any(|root| code[..*at].ends_with(root)))
    {
        let rest = &code[at + 2..];
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let path: String = rest.chars().take_while(|c| is_path(*c)).collect();
        let path = match own.starts_with("border::") && code[..at].ends_with("super") {
            true => format!("border::{path}"),
            false => path,
        };
        // `crate::border::{a::x, b::y}`.
        let listed = rest.strip_prefix("border::{").map(|list| list.split('}').next().unwrap());
        for part in listed.unwrap_or_default().split(',') {
            found.insert(format!("border::{}", part.trim().split("::").next().unwrap()));
        }
        let mut parts = path.split("::");
        let first = parts.next().unwrap_or_default();
        found.insert(first.to_owned());
        found.insert(format!("{first}::{}", parts.next().unwrap_or_default()));
    }
    found.retain(|name| known.contains(name.as_str()) && name != own);
    found
}

/// The files from which a way of uses leads back to themselves.
fn circles(sources: &BTreeMap<String, String>) -> Vec<String> {
    let known: BTreeSet<&str> = sources.keys().map(String::as_str).collect();
    let uses: BTreeMap<&str, BTreeSet<String>> =
        sources.iter().map(|(own, text)| (own.as_str(), used(own, text, &known))).collect();
    let leads_back = |own: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![own.to_owned()]);
        while let Some(name) = open.pop() {
            for next in &uses[name.as_str()] {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen.contains(own)
    };
    // The tables of contents name everything.
    let is_file = |name: &&str| !["lib", "border::mod"].contains(name);
    known.iter().copied().filter(is_file).filter(|own| leads_back(own)).map(str::to_owned).collect()
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let mut sources = sources();
    assert!(sources.len() > 35, "{} files were found", sources.len());
    assert!(circles(&sources).is_empty(), "{:?}", circles(&sources));
    // A planted one is found, through a list too.
    sources.get_mut("border::error").unwrap().push_str("use super::guard::guard;");
    assert!(circles(&sources).contains(&"border::guard".to_owned()));
    sources.get_mut("store").unwrap().push_str("use crate::agent::x;");
    assert!(circles(&sources).contains(&"store".to_owned()));
}

#[test]
fn every_file_has_a_head_and_is_short() {
    for (name, text) in sources() {
        assert!(text.starts_with("//!"), "{name} does not begin with what it is for");
        assert!(text.lines().count() <= LONGEST, "{name} has {} lines", text.lines().count());
    }
}
