//! Circles of files: a file that uses another which, by way of others, uses it.
//!
//! Reads the `use` declarations of sources whose comments, literals and tests are blank.

use std::collections::{BTreeMap, BTreeSet};

/// Every circle among the files, as the sorted paths of those that are on it.
pub fn circles(sources: &[(String, String)]) -> Vec<Vec<String>> {
    let files: BTreeMap<Vec<String>, &str> =
        sources.iter().map(|(path, _)| (module(path), path.as_str())).collect();
    let uses: BTreeMap<&str, BTreeSet<&str>> = sources
        .iter()
        .map(|(path, code)| {
            let used = paths(code).into_iter().filter_map(|used| target(&files, path, &used));
            (path.as_str(), used.filter(|used| *used != path && *used != "src/lib.rs").collect())
        })
        .collect();
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        uses.keys().map(|path| (*path, reachable(&uses, path))).collect();
    let mut found = BTreeSet::new();
    for (path, reach) in &reached {
        if reach.contains(path) {
            let on_it = reach.iter().filter(|other| reached[*other].contains(path));
            found.insert(on_it.map(|other| (*other).to_owned()).collect::<Vec<_>>());
        }
    }
    found.into_iter().collect()
}

fn reachable<'a>(uses: &BTreeMap<&'a str, BTreeSet<&'a str>>, from: &'a str) -> BTreeSet<&'a str> {
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![from]);
    while let Some(path) = waiting.pop() {
        waiting.extend(uses[path].iter().filter(|used| seen.insert(**used)));
    }
    seen
}

/// `src/memory/hot.rs` is `[memory, hot]`, `src/memory/mod.rs` is `[memory]`, `src/lib.rs` `[]`.
fn module(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
        parts.pop();
    }
    parts
}

/// The file of the deepest module that a path leads to; `None` outside of the crate.
fn target<'a>(
    files: &BTreeMap<Vec<String>, &'a str>,
    path: &str,
    used: &[String],
) -> Option<&'a str> {
    let mut at = module(path);
    let mut rest = used;
    match rest.first().map(String::as_str) {
        Some("crate") => {
            at.clear();
            rest = &rest[1..];
        }
        Some("self") => rest = &rest[1..],
        Some("super") => {
            while rest.first().is_some_and(|part| part == "super") {
                at.pop();
                rest = &rest[1..];
            }
        }
        Some(first) => {
            at.push(first.to_owned());
            if !files.contains_key(&at) {
                return None;
            }
            rest = &rest[1..];
        }
        None => return None,
    }
    for part in rest {
        at.push(part.clone());
        if !files.contains_key(&at) {
            at.pop();
            break;
        }
    }
    files.get(&at).copied()
}

/// Every path that a source uses, one for each name of a group.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (at, _) in code.match_indices("use ") {
        if code[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        if let Some(end) = code[at..].find(';') {
            tree(&code[at + 4..at + end], &[], &mut found);
        }
    }
    found
}

/// The paths of `a::{b, c::{d, self}}`, behind a prefix.
fn tree(text: &str, prefix: &[String], found: &mut Vec<Vec<String>>) {
    let text = text.trim();
    let Some((head, group)) = text.split_once('{') else {
        let text = text.split(" as ").next().unwrap_or(text);
        let names = text.split("::").map(|part| part.trim().to_owned());
        let own = names.filter(|part| !part.is_empty() && part != "*");
        let mut path: Vec<String> = prefix.iter().cloned().chain(own).collect();
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        return found.push(path);
    };
    let head = head.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty());
    let prefix: Vec<String> = prefix.iter().cloned().chain(head).collect();
    let (mut depth, mut begin) = (0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                if !group[begin..at].trim().is_empty() {
                    tree(&group[begin..at], &prefix, found);
                }
                begin = at + 1;
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
}
