//! The house rules that a machine can check: floors, circles, SQL, sizes, forbidden words.
//!
//! Reads the sources as text. What stands under `#[cfg(test)]` may do as it likes, but for
//! its size and its header.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

#[path = "support/circles.rs"]
mod circles;

use circles::circles;
use std::collections::BTreeSet;
use std::path::Path;

/// docs/ARCHITECTURE.md, part 2: a folder or file, and its floor. Those on one floor do not
/// know each other, but for floor 0.
const FLOORS: [(&str, u32); 27] = [
    ("agent", 9),
    ("analytics", 8),
    ("assembly", 8),
    ("subjects", 7),
    ("privacy", 7),
    ("upkeep", 7),
    ("preference", 6),
    ("facts", 6),
    ("knowledge", 6),
    ("ticket", 6),
    ("collection", 5),
    ("history", 5),
    ("memory", 4),
    ("archive", 3),
    ("recall", 3),
    ("signals", 3),
    ("store", 2),
    ("codec", 2),
    ("llm", 2),
    ("embedding", 2),
    ("text", 1),
    ("error", 0),
    ("id", 0),
    // Of tests alone.
    ("random", 0),
    ("time", 0),
    // The table of contents: it names everything and nothing names it.
    ("lib", u32::MAX),
    ("main", u32::MAX),
];

const LONGEST: usize = 600;
/// A folder's front door holds its documentation, its modules and what it shows of them.
const LONGEST_FRONT_DOOR: usize = 80;
/// Front doors that still hold logic; a line goes when its room is put in order.
const LONG_FRONT_DOORS: [&str; 3] =
    ["src/agent/offline/mod.rs", "src/store/mod.rs", "src/store/postgres/mod.rs"];
/// Rooms that still have circles of files; a line goes when its room is put in order.
const WITH_CIRCLES: [&str; 9] = [
    "src/assembly/",
    "src/embedding/",
    "src/llm/",
    "src/preference/",
    "src/recall/",
    "src/signals/",
    "src/store/postgres/",
    "src/store/sqlite/",
    "src/text/",
];
/// The one circle that stays: the contract of subjects speaks of an open memory and its customers,
/// and an open memory holds the list of its subjects.
const CIRCLE_OF_SUBJECTS: [&str; 3] =
    ["src/memory/core.rs", "src/memory/customer.rs", "src/memory/subject.rs"];
const SQL: [&str; 16] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "WITH",
    "PRAGMA",
    "DROP",
    "ALTER",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "VACUUM",
    "REPLACE",
    "SAVEPOINT",
    "ATTACH",
];
const FORBIDDEN: [&str; 10] = [
    "todo!",
    "unimplemented!",
    "dbg!",
    "println!",
    "eprintln!",
    "print!",
    "eprint!",
    "std::env",
    "env::var",
    "env::args",
];

/// A source file: its path below the crate (`src/memory/hot.rs`) and its text.
type Source = (String, String);

#[test]
fn the_sources_keep_the_house_rules() {
    let sources = read_sources(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(sources.len() > 20, "the sources were not found");
    let found = violations(&sources);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

fn read_sources(root: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                sources.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort();
    sources
}

/// Every broken rule, one line each.
fn violations(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    let stripped: Vec<(&Source, Stripped)> =
        sources.iter().map(|source| (source, strip(source))).collect();
    let for_tests: BTreeSet<String> =
        stripped.iter().flat_map(|(_, stripped)| stripped.test_files.clone()).collect();
    let is_for_tests = |path: &str| {
        for_tests.iter().any(|file| {
            path == file || path.starts_with(&format!("{}/", file.trim_end_matches(".rs")))
        })
    };
    let code: Vec<Source> = stripped
        .iter()
        .filter(|((path, _), _)| !is_for_tests(path))
        .map(|((path, _), stripped)| (path.clone(), stripped.code.clone()))
        .collect();
    for circle in circles(&code) {
        let is_known =
            WITH_CIRCLES.iter().any(|room| circle.iter().all(|path| path.starts_with(room)));
        if !is_known && circle != CIRCLE_OF_SUBJECTS {
            found.push(format!("a circle of files: {}", circle.join(", ")));
        }
    }
    for ((path, text), stripped) in stripped {
        if !text.starts_with("//!") {
            found.push(format!("{path}: it does not begin with a `//!` header"));
        }
        if text.lines().count() > LONGEST {
            found.push(format!("{path}: {} lines; the limit is {LONGEST}", text.lines().count()));
        }
        if path.ends_with("/mod.rs")
            && text.lines().count() > LONGEST_FRONT_DOOR
            && !LONG_FRONT_DOORS.contains(&path.as_str())
        {
            found.push(format!("{path}: a front door of over {LONGEST_FRONT_DOOR} lines"));
        }
        if is_for_tests(path) {
            continue;
        }
        let tell = |at: usize, what: String| {
            format!("{path}:{}: {what}", text[..at].lines().count().max(1))
        };
        check_floors(path, &stripped.code, &mut |at, what| found.push(tell(at, what)));
        for (at, literal) in &stripped.literals {
            if is_sql(literal) && !(path.ends_with("/table.rs") || path.starts_with("src/store/")) {
                found.push(tell(*at, "SQL stands only in */table.rs and src/store/".to_owned()));
            }
        }
        for (at, word) in words(&stripped.code) {
            if word == "unsafe" && !UNSAFE.contains(&path.as_str()) {
                found.push(tell(at, format!("`unsafe` stands only in {}", UNSAFE.join(", "))));
            }
        }
        for forbidden in FORBIDDEN {
            for (at, _) in stripped.code.match_indices(forbidden) {
                let before = stripped.code[..at].chars().next_back();
                if !before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    found.push(tell(at, format!("`{forbidden}` has no place in the library")));
                }
            }
        }
    }
    found
}

/// The files of the library that may be unsafe: each a page, with the reason in its head.
const UNSAFE: [&str; 1] = ["src/embedding/kernel.rs"];

fn is_sql(literal: &str) -> bool {
    let mut parts = literal.split_whitespace();
    let Some(first) = parts.next() else { return false };
    if SQL.contains(&first.trim_end_matches(';')) {
        return true;
    }
    let rest = literal.to_uppercase();
    let rest: Vec<&str> = rest.split_whitespace().collect();
    match (rest[0], rest.get(1).copied().unwrap_or_default()) {
        ("SELECT", _) => rest.contains(&"FROM"),
        ("UPDATE", _) => rest.contains(&"SET"),
        ("INSERT", "INTO") | ("DELETE", "FROM") | ("CREATE", "TABLE" | "INDEX") => true,
        _ => false,
    }
}

fn floor(name: &str) -> Option<u32> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

/// Looks at every path that leads to the crate's root: `crate::x`, `super::super::x`.
fn check_floors(path: &str, code: &str, found: &mut dyn FnMut(usize, String)) {
    let modules = module_path(path);
    let own = modules.first().map_or("lib", String::as_str);
    let Some(own_floor) = floor(own) else {
        return found(0, format!("src/{own} has no floor in docs/ARCHITECTURE.md, part 2"));
    };
    if own_floor == u32::MAX {
        return;
    }
    let words: Vec<(usize, &str)> = words(code).collect();
    for (place, (at, word)) in words.iter().enumerate() {
        let starts_path = !code[..*at].ends_with("::");
        let root = match *word {
            "crate" if starts_path => after(code, *at + word.len()),
            "super" if starts_path => {
                let mut end = at + word.len();
                let mut depth = 1;
                while let Some((next, "super")) = words.get(place + depth)
                    && code[end..*next].trim() == "::"
                {
                    end = next + "super".len();
                    depth += 1;
                }
                // A `super` in a folder's front door leads out of the folder at once.
                if depth < modules.len() {
                    continue;
                }
                after(code, end)
            }
            _ => continue,
        };
        for used in root.map(names).unwrap_or_default() {
            let what = match floor(&used) {
                _ if used == own => continue,
                Some(used_floor) if used_floor < own_floor || used_floor == 0 => continue,
                Some(used_floor) => {
                    format!(
                        "{own} ({own_floor}) uses {used} ({used_floor}); only floors below may be used"
                    )
                }
                // The C ABI sees the crate as everybody else does.
                None if own == "ffi" => continue,
                None => {
                    format!("{own} uses `{used}` by the crate's root; say which folder it is from")
                }
            };
            found(*at, what);
        }
    }
}

/// `src/memory/hot.rs` is `[memory, hot]`, `src/memory/mod.rs` is `[memory]`.
fn module_path(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

/// What follows `::`, if that follows.
fn after(code: &str, end: usize) -> Option<&str> {
    code[end..].trim_start().strip_prefix("::")
}

/// The first names of `x::y`, or of each member of `{x::y, z}`.
fn names(rest: &str) -> Vec<String> {
    let rest = rest.trim_start();
    let first = |part: &str| {
        let name: String =
            part.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        (!name.is_empty()).then_some(name)
    };
    let Some(group) = rest.strip_prefix('{') else { return first(rest).into_iter().collect() };
    let (mut depth, mut begin, mut members) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.extend(first(&group[begin..at]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.extend(first(&group[begin..at]));
                begin = at + 1;
            }
            _ => {}
        }
    }
    members
}

fn words(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.split(move |c| !is_word(c))
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - code.as_ptr() as usize, word))
}

/// A source without comments, literals and tests; every byte that is left stands where it stood.
struct Stripped {
    code: String,
    /// String literals outside tests, and where they begin.
    literals: Vec<(usize, String)>,
    /// Files that are modules under `#[cfg(test)]`.
    test_files: Vec<String>,
}

fn strip((path, text): &Source) -> Stripped {
    let mut code: Vec<u8> =
        text.bytes().map(|byte| if byte == b'\n' { b'\n' } else { b' ' }).collect();
    let mut literals = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some((whole, inner)) = string_literal(rest, at > 0 && is_name(bytes[at - 1]))
        {
            literals.push((at, inner.to_owned()));
            whole
        } else if let Some(length) = char_literal(rest) {
            length
        } else {
            let length = rest.chars().next().map_or(1, char::len_utf8);
            code[at..at + length].copy_from_slice(&bytes[at..at + length]);
            length
        };
        at += skip;
    }
    let mut code = String::from_utf8(code).expect("only whole characters are copied");
    let mut test_files = Vec::new();
    for (begin, end, module) in test_items(&code) {
        if let Some(module) = module {
            test_files.extend(module_files(path, &module));
        }
        literals.retain(|(at, _)| !(begin..end).contains(at));
        let blank: String =
            code[begin..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
        code.replace_range(begin..end, &blank);
    }
    Stripped { code, literals, test_files }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let tail = &rest.as_bytes()[at..];
        if tail.is_empty() {
            return rest.len();
        } else if tail.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
}

/// The length of a string literal that begins here, and what is between its quotes.
fn string_literal(rest: &str, inside_name: bool) -> Option<(usize, &str)> {
    let prefix =
        if inside_name { 0 } else { rest.find(|c| !matches!(c, 'b' | 'c' | 'r')).unwrap_or(0) };
    let raw = rest[..prefix].contains('r');
    let hashes =
        if raw { rest[prefix..].bytes().take_while(|byte| *byte == b'#').count() } else { 0 };
    let open = prefix + hashes;
    let inner = rest[open..].strip_prefix('"')?;
    if raw {
        let close = format!("\"{}", "#".repeat(hashes));
        let length = inner.find(&close).unwrap_or(inner.len());
        return Some((open + 1 + length + close.len(), &inner[..length]));
    }
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((open + 1 + at + 1, &inner[..at])),
            _ => {}
        }
    }
    Some((rest.len(), inner))
}

/// The length of `'x'` or `'\n'`; a lifetime is none.
fn char_literal(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    if let Some(escape) = inner.strip_prefix('\\') {
        let more = escape.char_indices().skip(1).find(|(_, c)| *c == '\'')?.0;
        return Some(2 + more + 1);
    }
    let c = inner.chars().next()?;
    inner[c.len_utf8()..].starts_with('\'').then_some(2 + c.len_utf8())
}

/// Items under `#[cfg(test)]`: from, to, and the module's name if it stands in its own file.
fn test_items(code: &str) -> Vec<(usize, usize, Option<String>)> {
    let mut items = Vec::new();
    let mut from = 0;
    while let Some(begin) = code[from..].find("#[cfg(").map(|at| from + at) {
        let attribute_end = begin + code[begin..].find(']').unwrap_or(0) + 1;
        let condition = &code[begin..attribute_end];
        from = attribute_end;
        if !words(condition).any(|(_, word)| word == "test") || condition.contains("not(") {
            continue;
        }
        let Some(stop) = code[attribute_end..].find(['{', ';']).map(|at| attribute_end + at) else {
            break;
        };
        let head = &code[attribute_end..stop];
        let module = words(head)
            .skip_while(|(_, word)| *word != "mod")
            .nth(1)
            .map(|(_, name)| name.to_owned());
        let end = if code.as_bytes()[stop] == b';' { stop + 1 } else { block_end(code, stop) };
        items.push((begin, end, module.filter(|_| code.as_bytes()[stop] == b';')));
        from = end;
    }
    items
}

fn block_end(code: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    code.len()
}

fn module_files(path: &str, module: &str) -> Vec<String> {
    let folder = match path.strip_suffix("/mod.rs").or_else(|| path.strip_suffix("/lib.rs")) {
        Some(folder) => folder,
        None => path.trim_end_matches(".rs"),
    };
    vec![format!("{folder}/{module}.rs"), format!("{folder}/{module}/mod.rs")]
}

/// What the checker says of one planted file.
fn planted(path: &str, text: &str) -> Vec<String> {
    violations(&[(path.to_owned(), format!("//! Planted.\n{text}"))])
}

#[test]
fn the_checker_finds_a_use_of_a_floor_above_or_beside() {
    for (path, text, used) in [
        ("src/store/mod.rs", "use crate::memory::Turn;", "memory"),
        ("src/store/mod.rs", "use crate::{error::Error, codec::{a, b}, id};", "codec"),
        ("src/store/sqlite/open.rs", "fn f() { crate::agent::go() }", "agent"),
        ("src/store/sqlite/open.rs", "fn f() -> super::super::super::llm::X {}", "llm"),
        ("src/memory/hot.rs", "use super::super::preference::X;", "preference"),
        ("src/memory/mod.rs", "use super::facts;", "facts"),
        ("src/preference/mod.rs", "pub use crate :: knowledge :: X;", "knowledge"),
        ("src/text/words.rs", "use crate::{\n    id,\n    llm,\n};", "llm"),
        ("src/id.rs", "use crate::text::X;", "text"),
        ("src/analytics/mod.rs", "use crate::assembly::X;", "assembly"),
        ("src/memory/hot.rs", "use crate::Confidant;", "Confidant"),
        ("src/widgets/mod.rs", "", "widgets"),
    ] {
        let found = planted(path, text);
        assert!(found.len() == 1 && found[0].contains(used), "{path}: {text}: {found:?}");
    }
}

#[test]
fn the_checker_lets_floors_below_and_the_own_folder_pass() {
    for (path, text) in [
        (
            "src/agent/mod.rs",
            "use crate::{preference::P, memory::{Turn, Page}, llm, text, error::Error, agent::x};",
        ),
        (
            "src/memory/hot.rs",
            "use super::table; use crate::memory::x; use super::super::memory::y; use crate::store;",
        ),
        (
            "src/memory/hot/check.rs",
            "use super::super::table; use super::x; use crate::codec::Codec;",
        ),
        ("src/id.rs", "use crate::error::Error;"),
        ("src/lib.rs", "mod memory; pub use memory::Turn;"),
        (
            "src/store/mod.rs",
            "/// [`Persist`](crate::memory::Persist)\n// crate::agent::x\nconst A: &str = \"crate::agent\";",
        ),
        (
            "src/store/mod.rs",
            "#[cfg(test)]\nmod tests {\n use crate::memory::X; fn f() { println!(\"{}\", '{'); }\n}\n",
        ),
        ("src/store/mod.rs", "#[cfg(all(test, unix))]\nuse crate::memory::X;\nfn f() {}"),
    ] {
        assert_eq!(planted(path, text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn the_checker_finds_sql_outside_the_tables() {
    let sql = [
        "\"SELECT 1\"",
        "\"  INSERT INTO t VALUES (1)\"",
        "r#\"PRAGMA x\"#",
        "concat!(\"WITH a AS (\", \")\")",
        "\"\n UPDATE t SET x = 1\"",
        "\"select x from t\"",
        "b\"DELETE FROM t\"",
        "\"VACUUM;\"",
    ];
    for text in sql.map(|literal| format!("const X: &str = {literal};")) {
        assert_eq!(planted("src/memory/hot.rs", &text).len(), 1, "{text}");
        assert_eq!(planted("src/memory/table.rs", &text), [""; 0]);
        assert_eq!(planted("src/store/sqlite/open.rs", &text), [""; 0]);
    }
    for fine in [
        "\"Select a seat\"",
        "\"Update the app\"",
        "\"it SELECTs\"",
        "\"\"",
        "\"a\\\"SELECT 1\"",
        "// \"SELECT 1\"",
    ] {
        assert_eq!(
            planted("src/memory/hot.rs", &format!("const X: &str = {fine}\n;")),
            [""; 0],
            "{fine}"
        );
    }
}

#[test]
fn the_checker_finds_long_files_missing_headers_and_forbidden_words() {
    let one = |path: &str, text: &str, word: &str| {
        let found = planted(path, text);
        assert!(found.len() == 1 && found[0].contains(word), "{text}: {found:?}");
    };
    one("src/text/words.rs", &"\n".repeat(600), "601 lines");
    assert_eq!(planted("src/text/words.rs", &"\n".repeat(599)), [""; 0]);
    one("src/text/mod.rs", "fn f() { unsafe { g() } }", "unsafe");
    one("src/text/mod.rs", "fn f() { todo!() }", "todo!");
    one("src/text/mod.rs", "fn f() { unimplemented!() }", "unimplemented!");
    one("src/text/mod.rs", "fn f<'a>(c: char) { if c == '\"' { dbg!(c); } }", "dbg!");
    one("src/text/mod.rs", "fn f() { println!(\"x\") }", "println!");
    one("src/text/mod.rs", "fn f() { eprintln!(\"x\") }", "eprintln!");
    one("src/text/mod.rs", "use std::env;", "std::env");
    one(
        "src/text/mod.rs",
        "/* a /* nested */ comment */ fn f() { let _ = r\"\\\"; dbg!(1) }",
        "dbg!",
    );
    let bare = violations(&[("src/text/mod.rs".to_owned(), "/// no header\nfn f() {}".to_owned())]);
    assert!(bare.len() == 1 && bare[0].contains("header"), "{bare:?}");
    for fine in [
        "// unsafe, todo!\n",
        "#![deny(unsafe_code)]",
        "const A: &str = \"unsafe dbg! std::env\";",
        "my_println!()",
    ] {
        assert_eq!(planted("src/text/mod.rs", fine), [""; 0], "{fine}");
    }
}

#[test]
fn the_checker_exempts_files_that_are_modules_for_tests_only() {
    let file = |path: &str, text: &str| (path.to_owned(), format!("//! Planted.\n{text}"));
    let front = file("src/store/mod.rs", "#[cfg(test)]\nmod conformance;\nmod group;\n");
    let bad = "use crate::memory::X;\nconst A: &str = \"x\";";
    assert_eq!(violations(&[front.clone(), file("src/store/conformance.rs", bad)]), [""; 0]);
    assert_eq!(violations(&[front.clone(), file("src/store/conformance/more.rs", bad)]), [""; 0]);
    assert_eq!(violations(&[front, file("src/store/group.rs", bad)]).len(), 1);
    let front = file("src/llm/offline.rs", "#[cfg(test)]\nmod tests;\n");
    assert_eq!(violations(&[front, file("src/llm/offline/tests.rs", bad)]), [""; 0]);
}

#[test]
fn the_checker_finds_circles_of_files_and_front_doors_with_logic() {
    let file = |path: &str, text: &str| (path.to_owned(), format!("//! Planted.\n{text}"));
    let circle = |one: &str, other: &str| {
        let front = file("src/archive/mod.rs", "mod a;\nmod b;\npub use a::{A, c};");
        let found =
            violations(&[front, file("src/archive/a.rs", one), file("src/archive/b.rs", other)]);
        found.iter().filter(|line| line.contains("circle")).count()
    };
    assert_eq!(circle("use super::b::B;", "use super::a::A;"), 1);
    assert_eq!(circle("use crate::archive::b;", "use crate::{error, archive::{a::{self, A}}};"), 1);
    assert_eq!(circle("use super::b::B;", "pub(crate) use super::{\n    a::A,\n};"), 1);
    // By way of the front door.
    assert_eq!(circle("use super::b::B;", "use super::A;"), 1);
    assert_eq!(circle("use super::b::B;", "// use super::a::A;\nuse crate::error::Error;"), 0);
    assert_eq!(
        circle("use super::b::B;", "#[cfg(test)]\nmod tests { use crate::archive::a::A; }"),
        0
    );
    let long = |lines| violations(&[file("src/archive/mod.rs", &"\n".repeat(lines))]);
    assert_eq!(long(79), [""; 0]);
    assert!(long(80).len() == 1 && long(80)[0].contains("front door"));
}
