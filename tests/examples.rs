//! The examples do what their front pages promise, run as a user runs them.
#![cfg(feature = "sqlite")]

use serde_json::Value;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Once;

/// An example beside this test. A plain `cargo test` builds both; where only the tests were
/// built (`--test examples`, `--all-targets`) the examples are built now.
fn example(name: &str) -> Command {
    static BUILT: Once = Once::new();
    let own = std::env::current_exe().expect("a path");
    let profile = own.ancestors().nth(2).expect("target/<profile>");
    let path = |name: &str| {
        profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    };
    if !["customer_support", "import", "train_signals"].iter().all(|name| path(name).exists()) {
        BUILT.call_once(|| build(profile));
    }
    assert!(
        path(name).exists(),
        "{} is missing: run `cargo build --examples` first",
        path(name).display()
    );
    Command::new(path(name))
}

fn build(profile: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "--examples",
        "--manifest-path",
        concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
    ]);
    cargo.arg("--target-dir").arg(profile.parent().expect("target"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    // What cargo says of this package would make build scripts of others run again.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_"]
            .iter()
            .any(|own| name.to_string_lossy().starts_with(own))
        {
            cargo.env_remove(name);
        }
    }
    if !cfg!(feature = "http") {
        cargo.args(["--no-default-features", "--features", "sqlite"]);
    }
    assert!(cargo.status().expect("cargo starts").success());
}

fn run(name: &str, arguments: &[&str]) -> Output {
    example(name).args(arguments).output().expect("starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The words after each `process`, up to the comma.
fn processes(page: &str) -> Vec<&str> {
    page.split("process ").skip(1).filter_map(|rest| rest.split(',').next()).collect()
}

fn write(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("written");
    path
}

fn figures(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    let page = stdout(output);
    assert_eq!(page.lines().count(), 1, "one line of JSON: {page}");
    serde_json::from_str(&page).expect("JSON")
}

#[test]
fn customer_support_plays_seven_turns_in_processes_of_their_own_and_verifies_them() {
    let output = run("customer_support", &[]);
    let page = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(page.lines().last(), Some("All 7 turns persisted across 3 sessions"));
    let processes = processes(&page);
    assert_eq!(processes.len(), 4, "{processes:?}");
    assert_eq!(processes.iter().collect::<HashSet<_>>().len(), 4, "{processes:?}");
    for known in [
        "0 turns known when it opened",
        "3 turns known when it opened",
        "5 turns known when it opened",
    ] {
        assert!(page.contains(known), "{known}");
    }
    let starts: Vec<usize> =
        ["Session 1 (", "Session 2 (", "Session 3 (", "Analytics", "Verification"]
            .iter()
            .map(|word| page.find(word).expect("is there"))
            .collect();
    assert!(starts.is_sorted(), "{starts:?}");
    assert!(page.contains("$0.00 (model offline)"));
    assert!(page.lines().all(|line| line.chars().count() <= 100));
    assert_eq!(
        page.matches("\n  Customer      ").count(),
        8,
        "the name at the top and seven messages"
    );
}

#[test]
fn customer_support_tells_the_reference_preferences_and_the_words_that_show_them() {
    let page = stdout(&run("customer_support", &[]));
    assert!(page.contains("style not known yet; length not known yet; topics not known yet"));
    assert!(page.contains("style formal; length medium; topics login, billing"));
    let evidence = page.split("What was learned").nth(1).expect("a part");
    for word in [
        "Style: formal",
        "Length: medium",
        "Topic: login",
        "Topic: billing",
        "-4  \"Could you\", \"kindly\"",
    ] {
        assert!(evidence.contains(word), "{word}");
    }
}

#[test]
fn customer_support_leaves_a_customer_alone_who_is_in_the_file_already() {
    let folder = tempfile::tempdir().expect("a folder");
    let db = folder.path().join("kept.db");
    let db = text(&db);
    for customer in ["alice", "alice-2", "alice-3"] {
        let output = run("customer_support", &["--db", db]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stdout(&output).contains(&format!("Customer      {customer}\n")));
    }
    let memory = confidant::Confidant::open(db).expect("opens");
    for customer in ["alice", "alice-2", "alice-3"] {
        let context =
            memory.customer(customer).expect("a name").memory().load_context().expect("loads");
        assert_eq!(context.total(), 7);
    }
}

#[test]
fn customer_support_removes_its_temporary_file() {
    let page = stdout(&run("customer_support", &[]));
    let line = page.lines().find(|line| line.contains("File ")).expect("names the file");
    let path = line.split_whitespace().nth(1).expect("a path");
    assert!(!Path::new(path).exists() && !Path::new(path).parent().expect("a folder").exists());
}

#[test]
fn customer_support_refuses_what_it_does_not_know_with_exit_code_2() {
    let bad: [&[&str]; 8] = [
        &["--colour"],
        &["-x"],
        &["chat"],
        &["--db"],
        &["--db="],
        &["--llm", "oracle"],
        &["--model", "m"],
        &["--session", "1"],
    ];
    for arguments in bad {
        let output = run("customer_support", arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            stderr(&output).starts_with("error: ") && stderr(&output).contains("usage:"),
            "{arguments:?}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn both_examples_explain_themselves_when_asked() {
    for name in ["customer_support", "import"] {
        let output = run(name, &["--help"]);
        assert!(output.status.success());
        assert!(stdout(&output).starts_with("usage: ") && stdout(&output).contains("--db PATH"));
    }
}

#[test]
fn customer_support_fails_plainly_where_no_file_can_be_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside_nothing = folder.path().join("missing").join("a.db");
    let no_database = write(folder.path(), "notes.txt", &"not a database\n".repeat(100));
    for db in [&inside_nothing, &no_database] {
        let output = run("customer_support", &["--db", text(db)]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).starts_with("error: "), "{}", stderr(&output));
    }
    assert_eq!(
        std::fs::read_to_string(no_database).expect("still there"),
        "not a database\n".repeat(100)
    );
}

const CHATS: &str = concat!(
    "{\"id\":\"c1\",\"domain\":\"retail\",\"turns\":[",
    "{\"role\":\"customer\",\"text\":\"Gr\u{fc}\u{df} Gott \u{1f600}\"},{\"role\":\"customer\",\"text\":\"wo ist mein Paket?\"},",
    "{\"role\":\"tool\",\"text\":\"{\\\"parcel\\\": 7}\"},{\"role\":\"tool\",\"text\":\"\"},",
    "{\"role\":\"agent\",\"text\":\"Einen Moment.\"},{\"role\":\"action\",\"text\":\"looked up\"},{\"role\":\"agent\",\"text\":\"Es kommt heute.\"},",
    "{\"role\":\"customer\",\"text\":\"\"}]}\r\n",
    "\r\n",
    "{\"id\":\"t1\",\"company\":\"Acme\",\"resolution_url\":\"https://example.com/1\",\"turns\":[",
    "{\"role\":\"customer\",\"author\":\"customer_1\",\"at\":\"2020-04-01T17:31:32.000Z\",\"text\":\"@Acme help\"},",
    "{\"role\":\"customer\",\"author\":\"customer_2\",\"at\":\"2020-04-01 17:32:00\",\"text\":\"same here\"},",
    "{\"role\":\"agent\",\"author\":\"AcmeCares\",\"at\":null,\"text\":\"Hello.\"}]}\r\n",
    "{\"id\":7,\"turns\":[{\"role\":\"system\",\"text\":\"be kind\"},{\"role\":\"agent\",\"text\":\"Hi!\",\"at\":1585762292}]}"
);

#[test]
fn import_keeps_every_role_every_byte_and_every_field() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "chats.jsonl", CHATS);
    let db = folder.path().join("import.db");
    let figures = figures(&run("import", &[text(&file), "--db", text(&db)]));
    assert_eq!(
        (&figures["conversations"], &figures["customers"], &figures["turns"]),
        (&3.into(), &3.into(), &4.into())
    );
    assert_eq!((&figures["lost"], &figures["altered"]), (&0.into(), &0.into()));

    let memory = confidant::Confidant::open(text(&db)).expect("opens");
    let turns = |tenant: &str, customer: &str| {
        let customer =
            memory.tenant(tenant).and_then(|tenant| tenant.customer(customer)).expect("names");
        customer.memory().turns(confidant::Page::first(10)).expect("reads")
    };
    let json = |text: &Option<String>| {
        serde_json::from_str::<Value>(text.as_deref().expect("metadata")).expect("JSON")
    };

    let german = turns("import", "c1");
    assert_eq!(
        german[0].said.as_deref(),
        Some("Gr\u{fc}\u{df} Gott \u{1f600}\nwo ist mein Paket?")
    );
    assert_eq!(german[0].answer.as_deref(), Some("Einen Moment.\nEs kommt heute."));
    assert_eq!(german[0].answered_by.as_deref(), Some("agent"));
    let expected = serde_json::json!({
        "conversation": {"domain": "retail"}, "tool": ["{\"parcel\": 7}", ""], "action": ["looked up"],
    });
    assert_eq!(json(&german[0].metadata), expected);
    assert_eq!((german[1].said.as_deref(), german[1].answer.as_deref()), (Some(""), None));
    assert!(german[1].at > german[0].at);

    let tweets = turns("Acme", "t1");
    assert_eq!(tweets[0].at.to_string(), "2020-04-01T17:31:32.000Z");
    assert_eq!(tweets[0].answered_by.as_deref(), Some("AcmeCares"));
    assert_eq!(tweets[0].channel, confidant::Channel::Social);
    let kept = json(&tweets[0].metadata).to_string();
    for word in ["customer_1", "customer_2", "2020-04-01 17:32:00", "https://example.com/1"] {
        assert!(kept.contains(word), "{word} in {kept}");
    }

    let unasked = turns("import", "7");
    assert_eq!((unasked[0].said.as_deref(), unasked[0].answer.as_deref()), (None, Some("Hi!")));
    assert_eq!(json(&unasked[0].metadata), serde_json::json!({"system": ["be kind"]}));
}

#[test]
fn importing_again_adds_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(folder.path(), "chats.jsonl", CHATS);
    let db = folder.path().join("import.db");
    let arguments = [text(&file), "--db", text(&db)];
    let (first, second) = (figures(&run("import", &arguments)), run("import", &arguments));
    assert!(stderr(&second).contains("4 turns, 0 of them new"), "{}", stderr(&second));
    let second = figures(&second);
    for name in [
        "conversations",
        "customers",
        "turns",
        "lost",
        "altered",
        "text_bytes",
        "stored_body_bytes",
    ] {
        assert_eq!(first[name], second[name], "{name}");
    }
    let memory = confidant::Confidant::open(text(&db)).expect("opens");
    let customer = memory.tenant("import").and_then(|tenant| tenant.customer("c1")).expect("names");
    assert_eq!(customer.sessions(confidant::Page::first(10)).expect("reads").len(), 1);
    assert_eq!(memory.check().expect("checks").turns, 4);
}

#[test]
fn conversations_of_one_id_come_to_one_customer_in_their_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |text: &str| {
        format!(
            "{{\"id\":\"same\",\"turns\":[{{\"role\":\"customer\",\"text\":\"{text}\"}},{{\"role\":\"agent\",\"text\":\"ok\"}}]}}\n"
        )
    };
    let first = write(folder.path(), "first.jsonl", &line("one"));
    let second = write(
        folder.path(),
        "second.jsonl",
        &format!("{}{}", line("two"), line("three").replace("same", "other")),
    );
    let db = folder.path().join("import.db");
    let arguments = [text(&first), text(&second), "--db", text(&db)];
    for _ in 0..2 {
        let figures = figures(&run("import", &arguments));
        assert_eq!((&figures["conversations"], &figures["customers"]), (&3.into(), &2.into()));
        assert_eq!(figures["lost"], 0);
    }
    let memory = confidant::Confidant::open(text(&db)).expect("opens");
    let customer =
        memory.tenant("import").and_then(|tenant| tenant.customer("same")).expect("names");
    let turns = customer.memory().turns(confidant::Page::first(10)).expect("reads");
    let said: Vec<_> = turns.iter().filter_map(|turn| turn.said.as_deref()).collect();
    assert_eq!(said, ["one", "two"]);
    assert_ne!(turns[0].session, turns[1].session);
}

#[test]
fn more_tool_output_than_a_turn_can_hold_goes_on_in_further_turns() {
    let folder = tempfile::tempdir().expect("a folder");
    let tool = format!("{{\"role\":\"tool\",\"text\":\"{}\"}}", "x".repeat(30_000));
    let tools = vec![tool; 5].join(",");
    let file = write(
        folder.path(),
        "long.jsonl",
        &format!(
            "{{\"id\":\"a\",\"turns\":[{{\"role\":\"customer\",\"text\":\"hi\"}},{tools},{{\"role\":\"agent\",\"text\":\"ok\"}}]}}"
        ),
    );
    let figures = figures(&run("import", &[text(&file)]));
    assert_eq!(
        (&figures["turns"], &figures["lost"], &figures["altered"]),
        (&3.into(), &0.into(), &0.into())
    );
    assert!(figures["text_bytes"].as_u64().expect("a number") > 150_000);
}

#[test]
fn a_line_that_cannot_be_read_is_named_and_what_stood_before_it_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = CHATS.lines().next().expect("a line").trim_end();
    let long = format!(
        "{{\"id\":\"b\",\"turns\":[{{\"role\":\"customer\",\"text\":\"{}\"}}]}}",
        "x".repeat(65_537)
    );
    let bad = [
        "{\"id\":\"b\",\"turns\":[",
        "[1]",
        "{\"turns\":[]}",
        "{\"id\":\"b\"}",
        "{\"id\":\"b\",\"turns\":[]}",
        "{\"id\":\"b\",\"turns\":[{\"role\":\"customer\"}]}",
        "{\"id\":\"b\",\"turns\":[{\"role\":\"customer\",\"text\":\"hi\",\"at\":\"yesterday\"}]}",
        "{\"id\":\"b\\n\",\"turns\":[{\"role\":\"customer\",\"text\":\"hi\"}]}",
        &long,
    ];
    for line in bad {
        let file = write(folder.path(), "bad.jsonl", &format!("{good}\n\n{line}\n"));
        let output = run("import", &[text(&file)]);
        assert_eq!(output.status.code(), Some(1), "{line:.60}");
        assert!(output.stdout.is_empty());
        let complaint = stderr(&output);
        assert!(complaint.contains("bad.jsonl, line 3: "), "{complaint}");
        assert!(complaint.contains("1 of "), "{complaint}");
    }
}

#[test]
fn import_asks_for_files_and_refuses_unknown_options_with_exit_code_2() {
    let wrong: [&[&str]; 4] =
        [&[], &["--db", "a.db"], &["--fast", "a.jsonl"], &["a.jsonl", "--db"]];
    for arguments in wrong {
        let output = run("import", arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("usage: import FILE.jsonl..."));
    }
    let output = run("import", &["no-such-file.jsonl"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no-such-file.jsonl: "));
}

#[test]
fn load_fills_a_store_and_finds_every_turn_that_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(
        "load",
        &[
            "--customers",
            "5",
            "--turns",
            "100",
            "--threads",
            "2",
            "--folder",
            folder.path().to_str().expect("UTF-8"),
        ],
    );
    assert!(output.status.success(), "{}", stderr(&output));
    let lines: Vec<Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let figure = |name: &str| {
        let line = lines.iter().find(|line| line["figure"] == name);
        line.and_then(|line| line["value"].as_f64()).unwrap_or_else(|| panic!("no figure {name}"))
    };
    assert!(
        figure("turns") >= 100.0
            && figure("save_end_p50") > 0.0
            && figure("file_bytes_per_turn") > 0.0
    );
    assert!((figure("acknowledged_turns_missing"), figure("customers")) == (0.0, 5.0));
    assert_eq!(run("load", &["--customers", "none"]).status.code(), Some(2));
}

#[test]
fn a_table_of_weights_is_learned_and_judged_by_what_it_did_not_learn_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |text: &str, label: &str| {
        format!("{}\n", serde_json::json!({ "text": text, "label": label }))
    };
    let lines: String = (0..20)
        .flat_map(|n| {
            [
                line(&format!("widget {n} purrs"), "positive"),
                line(&format!("it leaks, {n}"), "negative"),
            ]
        })
        .collect();
    let file = write(folder.path(), "labelled.jsonl", &lines);
    let out = folder.path().join("own.table");
    let learned = run("train_signals", &[text(&out), text(&file)]);
    assert!(
        learned.status.success() && stdout(&learned).contains("from 40 messages"),
        "{}",
        stderr(&learned)
    );
    let table = std::fs::read(&out).expect("written");
    assert!(confidant::LinearTable::from_bytes(&table).is_ok());
    let judged = figures(&run("train_signals", &["--folds", "4", text(&file)]));
    assert_eq!(
        (judged["n"].as_u64(), judged["accuracy_not_learned_from"].as_f64()),
        (Some(40), Some(1.0)),
        "{judged}"
    );
    assert!(judged["rules_alone"].as_f64() < Some(0.9), "{judged}");
    let bad = write(folder.path(), "bad.jsonl", "{\"text\":\"no label\"}\n");
    let refused = run("train_signals", &[text(&out), text(&bad)]);
    assert!(
        !refused.status.success() && stderr(&refused).contains("bad.jsonl"),
        "{}",
        stderr(&refused)
    );
}
