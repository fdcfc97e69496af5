//! Writes the C program that misuses every function of the header.
//!
//! Knows what a good argument of each type is, and every way in which one can be bad. A function
//! or a type that it does not know stops it: nothing new stays untested.

use crate::header::{Function, Header, Parameter, Struct};
use std::fmt::Write;

/// Pointers that may be NULL; the function's comment must say so.
const OPTIONAL: [(&str, &str); 22] = [
    ("confidant_store_open", "config"),
    ("confidant_store_maintain", "out"),
    ("confidant_memory_save_turn", "turn_id"),
    ("confidant_memory_save_turns", "turn_ids"),
    ("confidant_memory_clear", "removed"),
    ("confidant_session_save_turn", "turn_id"),
    ("confidant_session_save_turns", "turn_ids"),
    ("confidant_session_close", "outcome"),
    ("confidant_session_close", "out"),
    ("confidant_extractor_new", "options"),
    ("confidant_agent_new", "options"),
    ("confidant_agent_respond", "sink"),
    ("confidant_str_from", "text"),
    ("confidant_collection_remove", "was_there"),
    ("confidant_collection_count_use", "was_there"),
    ("confidant_extractor_unlearn", "had_taught"),
    ("confidant_signals_analyze", "context"),
    ("confidant_signal_rules_new", "options"),
    ("confidant_memory_assemble", "counter"),
    ("confidant_store_report", "range"),
    ("confidant_memory_report", "range"),
    ("confidant_analytics_report_health", "limits"),
];

/// What a good call of the function gives, if that is not `CONFIDANT_OK`.
const BASE: [(&str, &str); 1] = [("confidant_llm_models", "CONFIDANT_ERR_LLM")];

/// A good value of every handle.
const HANDLES: [(&str, &str); 17] = [
    ("confidant_store", "f.memory"),
    ("confidant_config", "f.config"),
    ("confidant_memory", "f.customer"),
    ("confidant_session", "f.session"),
    ("confidant_context", "f.context"),
    ("confidant_turns", "f.turns"),
    ("confidant_sessions", "f.sessions"),
    ("confidant_preferences", "f.preferences"),
    ("confidant_extractor", "f.extractor"),
    ("confidant_llm", "f.host"),
    ("confidant_agent", "f.agent"),
    ("confidant_reply", "f.reply"),
    ("confidant_check_report", "f.report"),
    ("confidant_error", "f.error"),
    ("confidant_names", "f.names"),
    ("confidant_llm_request", "f.request"),
    ("confidant_llm_reply", "f.llm_reply"),
];

/// A good value of handles that are made only for the cases that need them.
const MADE: [(&str, &str); 13] = [
    ("confidant_recalled", "f.recalled"),
    ("confidant_given", "f.given"),
    ("confidant_asked_again", "f.asked"),
    ("confidant_signal_rules", "f.rules"),
    ("confidant_signals", "f.signals"),
    ("confidant_redacted", "f.redacted"),
    ("confidant_normalized", "f.normalized"),
    ("confidant_embedder", "f.embedder"),
    ("confidant_collection", "f.collection"),
    ("confidant_documents", "f.documents"),
    ("confidant_assembled", "f.assembled"),
    ("confidant_analytics_report", "f.figures"),
    ("confidant_health", "f.health"),
];

/// A good value of every text, by its parameter; a function's own comes first.
const TEXTS: [(&str, &str); 19] = [
    ("confidant_turn_id_parse.id", "LITERAL(f.turn_text)"),
    ("confidant_session_id_parse.id", "LITERAL(f.session_text)"),
    ("location", "LITERAL(f.path)"),
    ("metric", "TEXT(\"repeat_rate\")"),
    ("tenant", "TEXT(\"acme\")"),
    ("customer", "TEXT(\"alice\")"),
    ("time", "TEXT(\"2026-11-21T09:30:00Z\")"),
    ("json", "f.state"),
    ("piece", "TEXT(\"piece\")"),
    ("source", "TEXT(\"source\")"),
    ("message", "TEXT(\"message\")"),
    ("text", "\"literal\""),
    ("query", "TEXT(\"invoice\")"),
    ("name", "TEXT(\"name\")"),
    ("id", "TEXT(\"id\")"),
    ("question", "TEXT(\"Where is my invoice?\")"),
    ("key", "TEXT(\"refunds\")"),
    ("draft", "TEXT(\"Could you give me your order number?\")"),
    ("calibration_text", "TEXT(\"some words\")"),
];

/// A good value of every number.
const NUMBERS: [(&str, &str); 35] = [
    ("after", "0"),
    ("limit", "10"),
    ("count", "1"),
    ("turn_id", "f.turn_id"),
    ("session_id", "f.session_id"),
    ("at_ms", "1700000000000"),
    ("index", "0"),
    ("evidence", "0"),
    ("channel", "CONFIDANT_CHANNEL_APP"),
    ("durability", "CONFIDANT_DURABILITY_POWER_LOSS"),
    ("kind", "CONFIDANT_PREFERENCE_LENGTH"),
    ("finish", "CONFIDANT_FINISH_STOP"),
    ("failure", "CONFIDANT_LLM_SERVER"),
    ("status", "CONFIDANT_ERR_BUSY"),
    ("turns", "5"),
    ("bytes", "1000"),
    ("ttl_ms", "1000"),
    ("timeout_ms", "1000"),
    ("idle_ms", "1000"),
    ("confidence", "0.5"),
    ("resolved", "1"),
    ("input_tokens", "10"),
    ("output_tokens", "10"),
    ("offset", "0"),
    ("start", "0"),
    ("end", "1"),
    ("number", "1"),
    ("size", "1"),
    ("rating", "5"),
    ("max_tokens", "100"),
    ("word", "0"),
    ("cue", "0"),
    ("what", "CONFIDANT_COUNTS_TOPIC"),
    ("helped", "1"),
    ("calibration_tokens", "3"),
];

/// What a struct of the host needs to be good: how it is made, and its fields.
const STRUCTS: [(&str, &str); 17] = [
    (
        "confidant_new_turn",
        "{v}.said = TEXT(\"Where is my parcel?\"); {v}.answer = TEXT(\"Here.\");",
    ),
    ("confidant_new_answer", "{v}.text = TEXT(\"It arrives today.\");"),
    ("confidant_article", "{v}.title = TEXT(\"Title\"); {v}.content = TEXT(\"Content.\");"),
    (
        "confidant_scripted_reply",
        "{v}.failure = CONFIDANT_LLM_SERVER; {v}.failure_message = TEXT(\"failed\");",
    ),
    ("confidant_message", "{v}.text = TEXT(\"Where is my parcel?\");"),
    ("confidant_ollama_options", "{v}.model = TEXT(\"model\");"),
    (
        "confidant_agent_options",
        "{v}.persona = CONFIDANT_PERSONA_OWN; {v}.persona_name = TEXT(\"p\"); {v}.persona_manner = TEXT(\"m\");",
    ),
    ("confidant_outcome", ""),
    ("confidant_extractor_options", ""),
    ("confidant_recall_query", "{v}.question = TEXT(\"What about my invoice?\");"),
    ("confidant_condition", "{v}.name = TEXT(\"shop\"); {v}.value = TEXT(\"\\\"Graz\\\"\");"),
    ("confidant_new_document", "{v}.key = TEXT(\"put\"); {v}.text = TEXT(\"A text.\");"),
    ("confidant_context_request", "{v}.question = TEXT(\"What now?\"); {v}.max_tokens = 200;"),
    ("confidant_http_embedder_options", "{v}.model = TEXT(\"model\"); {v}.dimensions = 2;"),
    ("confidant_signal_context", ""),
    ("confidant_signal_rules_options", ""),
    ("confidant_health_limits", ""),
];

/// Structs whose data the library takes over, and what makes a good one.
const OWNING: [(&str, &str); 5] = [
    ("confidant_clock", "fixture_clock()"),
    ("confidant_llm_callbacks", "fixture_callbacks()"),
    ("confidant_text_sink", "fixture_sink()"),
    ("confidant_embedder_callbacks", "fixture_embedder()"),
    ("confidant_token_counter", "fixture_counter()"),
];

/// Where in the struct the library finds out what it owns: after `destroy`.
const OWNED_FROM: usize = 32;

const BAD_TEXTS: [&str; 4] = [
    "((confidant_str){ \"\\xff\\xfe\", 2 })",
    "((confidant_str){ NULL, 5 })",
    "((confidant_str){ \"x\", SIZE_MAX })",
    "((confidant_str){ \"x\", (size_t)1 << 62 })",
];

const BAD_BYTES: [&str; 3] = [
    "((confidant_bytes){ NULL, 5 })",
    "((confidant_bytes){ (const uint8_t *)\"x\", SIZE_MAX })",
    "((confidant_bytes){ (const uint8_t *)\"x\", (size_t)1 << 62 })",
];

fn known<'a>(table: &[(&str, &'a str)], name: &str) -> Option<&'a str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// The type without `const` and `*`.
pub fn plain(kind: &str) -> String {
    kind.replace("const", "").replace('*', "").trim().to_owned()
}

struct Writer<'h> {
    header: &'h Header,
    text: String,
    cases: Vec<(String, bool)>,
}

/// The whole program.
pub fn program(header: &Header) -> String {
    let mut writer = Writer { header, text: String::new(), cases: Vec::new() };
    for function in &header.functions {
        writer.function(function);
    }
    for (function, parameter) in OPTIONAL {
        let known = header.functions.iter().find(|one| one.name == function).expect(function);
        let comment = known.comment.replace('\n', " ");
        let is_said = comment.contains("may be NULL") || comment.contains("for the defaults");
        assert!(is_said, "{function}: its comment does not say that {parameter} may be NULL");
    }
    let mut main =
        String::from("static const struct { fixture_case what; int inside; } cases[] = {\n");
    for (name, is_inside) in &writer.cases {
        let _ = writeln!(main, "    {{ {name}, {} }},", i32::from(*is_inside));
    }
    main.push_str("};\n");
    format!("{HEAD}{}{main}{TAIL}", writer.text)
}

impl Writer<'_> {
    fn function(&mut self, function: &Function) {
        self.case(function, "good arguments", "", &[], expected_base(function));
        if function.name.ends_with("_free") || function.name == "confidant_store_close" {
            return;
        }
        for one in &function.parameters {
            if one.is_pointer() {
                let good = one.name == "err"
                    || OPTIONAL.contains(&(function.name.as_str(), one.name.as_str()));
                let expected = if good { expected_base(function) } else { "INVALID" };
                self.case(
                    function,
                    &format!("NULL for {}", one.name),
                    "",
                    &[(one, "NULL")],
                    expected,
                );
            } else if one.kind == "confidant_str" {
                for bad in BAD_TEXTS {
                    self.case(
                        function,
                        &format!("{bad} for {}", one.name),
                        "",
                        &[(one, bad)],
                        "REFUSED",
                    );
                }
            } else {
                self.numbers(function, one);
            }
            if let Some(strukt) =
                self.header.strukt(&plain(&one.kind)).filter(|strukt| strukt.grows())
            {
                self.sizes(function, one);
                if one.kind.starts_with("const") {
                    self.fields(function, one, &strukt.clone());
                }
            }
        }
    }

    fn numbers(&mut self, function: &Function, one: &Parameter) {
        let (values, expected): (&[&str], _) = match (one.kind.as_str(), one.name.as_str()) {
            ("int32_t" | "confidant_status", _) => {
                (&["-1", "99", "INT32_MIN", "INT32_MAX"], "INVALID")
            }
            (_, "count") => (&["SIZE_MAX", "(size_t)1 << 40"], "INVALID"),
            ("size_t", _) => (&["0", "SIZE_MAX", "SIZE_MAX / 2"], "ANY"),
            ("uint64_t", _) => (&["0", "UINT64_MAX", "(uint64_t)1 << 53"], "ANY"),
            ("int64_t", _) => (&["0", "-1", "INT64_MIN", "INT64_MAX"], "ANY"),
            ("uint32_t" | "confidant_flag", _) => (&["0", "UINT32_MAX"], "ANY"),
            ("double", _) => (&["-1.0", "1e308 * 10", "-(1e308 * 10)", "0.0 / 0.0"], "ANY"),
            (kind, name) => panic!("{}: no bad values are known of {kind} {name}", function.name),
        };
        for value in values {
            self.case(
                function,
                &format!("{value} for {}", one.name),
                "",
                &[(one, value)],
                expected,
            );
        }
    }

    /// Every size a struct may say: whole words are read and no more, nonsense is refused.
    fn sizes(&mut self, function: &Function, one: &Parameter) {
        let kind = plain(&one.kind);
        let is_out = !one.kind.starts_with("const");
        let owning = known(&OWNING, &kind).is_some();
        let value = format!("sized_{}", one.name);
        let pointer = format!("({kind} *)(void *){value}");
        for (sizes, expected) in [
            ("0, 1, 7, 9, sizeof(size_t) + 1, 4104, SIZE_MAX, SIZE_MAX - 7", "INVALID"),
            ("8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112", "ANY"),
            ("sizeof(size_t) * 512, sizeof(TYPE) + 64", expected_base(function)),
        ] {
            let sizes = sizes.replace("TYPE", &kind);
            // Each size has memory of its own, so that a sanitizer sees a byte too much.
            let mut before = format!("    static const size_t sizes[] = {{ {sizes} }};\n");
            let _ = writeln!(
                before,
                "    for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {{"
            );
            let _ = writeln!(
                before,
                "    size_t size = sizes[at], room = size >= 8 && size <= 4096 ? size : 8;"
            );
            let _ = writeln!(before, "    char *{value} = malloc(room);");
            let _ = writeln!(
                before,
                "    memset({value}, {}, room);",
                if is_out { "0xA5" } else { "0" }
            );
            if !is_out {
                let _ = writeln!(before, "    {kind} good = {};", self.good(&kind, "good"));
                let _ = writeln!(before, "    {}", self.fill(&kind, "good"));
                let _ = writeln!(
                    before,
                    "    memcpy({value}, &good, room < sizeof good ? room : sizeof good);"
                );
                if owning {
                    let whole = format!("size % 8 == 0 && size >= {OWNED_FROM} && size <= 4096");
                    let _ = writeln!(before, "    if (!({whole})) fixture_given--;");
                }
            }
            let _ = writeln!(before, "    memcpy({value}, &size, sizeof size);");
            let mut after = String::new();
            if is_out {
                let _ = writeln!(after, "    REQUIRE(memcmp({value}, &size, sizeof size) == 0);");
                let _ = writeln!(
                    after,
                    "    for (size_t byte = sizeof({kind}); byte < room; byte++) REQUIRE({value}[byte] == (char)0xA5);"
                );
            }
            let _ = writeln!(after, "    free({value});\n    }}");
            let label = format!("struct_size of {} in {sizes}", one.name);
            // What succeeds may not succeed twice: a session closes once.
            let expected = if expected == "OK" { "FIRST_OK" } else { expected };
            self.case_around(function, &label, &before, &after, &[(one, &pointer)], expected);
        }
    }

    fn fields(&mut self, function: &Function, one: &Parameter, strukt: &Struct) {
        for field in &strukt.fields[1..] {
            let Some((kind, name)) = field.rsplit_once([' ', '*']) else { continue };
            if field.contains('(') || name.starts_with("reserved") {
                continue;
            }
            let (values, expected): (&[&str], _) = match (kind.trim(), name) {
                _ if field.contains('*') => continue,
                ("confidant_str", _) => (&BAD_TEXTS, "REFUSED"),
                ("confidant_bytes", _) => (&BAD_BYTES, "REFUSED"),
                ("int32_t", _) => (&["-1", "99", "INT32_MIN", "INT32_MAX"], "INVALID"),
                ("size_t", name) if name.ends_with("_count") => {
                    (&["SIZE_MAX", "(size_t)1 << 40", "1"], "INVALID")
                }
                ("size_t" | "uint64_t", _) => (&["0", "1", "UINT64_MAX", "INT64_MAX"], "ANY"),
                ("int64_t", _) => (&["-1", "INT64_MIN", "INT64_MAX"], "ANY"),
                ("uint32_t" | "confidant_flag", _) => (&["0", "1", "UINT32_MAX"], "ANY"),
                ("double", _) => (&["-1.0", "1e308 * 10", "0.0 / 0.0"], "ANY"),
                (kind, name) => panic!("{}: no bad values are known of {kind} {name}", strukt.name),
            };
            for value in values {
                let mut set = String::new();
                // A number that no constant has is refused where it is read.
                let is_set = |flag: &str| {
                    flag.strip_prefix("has_").is_some_and(|of| {
                        expected == "ANY" || (expected == "INVALID" && of == name)
                    })
                };
                for flag in strukt.field_names().iter().filter(|flag| is_set(flag)) {
                    let _ = write!(set, " {}.{flag} = 1;", one.name);
                }
                let _ = writeln!(set, "    {}.{name} = {value};", one.name);
                self.case(
                    function,
                    &format!("{value} for {}.{name}", one.name),
                    &set,
                    &[],
                    expected,
                );
            }
        }
    }

    fn case(
        &mut self,
        function: &Function,
        label: &str,
        set: &str,
        replaced: &[(&Parameter, &str)],
        expected: &str,
    ) {
        self.case_with(function, label, ["", set, ""], replaced, expected);
    }

    fn case_around(
        &mut self,
        function: &Function,
        label: &str,
        before: &str,
        after: &str,
        replaced: &[(&Parameter, &str)],
        expected: &str,
    ) {
        self.case_with(function, label, [before, "", after], replaced, expected);
    }

    fn case_with(
        &mut self,
        function: &Function,
        label: &str,
        [before, set, after]: [&str; 3],
        replaced: &[(&Parameter, &str)],
        expected: &str,
    ) {
        let name = format!("case_{}", self.cases.len());
        let is_inside = function.name.starts_with("confidant_llm_request_")
            || function.name.starts_with("confidant_llm_reply_");
        let mut body = String::new();
        let (mut arguments, mut checks) = (Vec::new(), String::new());
        for one in &function.parameters {
            match replaced.iter().find(|(other, _)| other.name == one.name) {
                Some((_, value)) => arguments.push((*value).to_owned()),
                None => arguments.push(self.argument(function, one, &mut body, &mut checks)),
            }
        }
        let label = label.replace('\\', "").replace('"', "'");
        let text = &mut self.text;
        let _ = writeln!(
            text,
            "static void {name}(void)\n{{\n    label(\"{}: {label}\");\n{before}",
            function.name
        );
        let _ = writeln!(text, "{body}{set}");
        let call = format!("{}({})", function.name, arguments.join(", "));
        if function.is_fallible() {
            let has_err =
                !replaced.iter().any(|(one, value)| one.name == "err" && *value == "NULL");
            let _ = writeln!(text, "    plant();\n    confidant_status status = {call};");
            let _ = writeln!(text, "    ended(status, {}, EXPECT_{expected});", i32::from(has_err));
            let _ = writeln!(text, "{checks}");
        } else if function.returns == "void" {
            let _ = writeln!(text, "    plant();\n    {call};\n    unplant();");
        } else {
            let _ = writeln!(text, "    plant();\n    (void){call};\n    unplant();");
        }
        let _ = writeln!(text, "{after}}}\n");
        self.cases.push((name, is_inside));
    }

    /// A good argument, what must stand before the call, and what must hold after it.
    fn argument(
        &self,
        function: &Function,
        one: &Parameter,
        body: &mut String,
        checks: &mut String,
    ) -> String {
        let kind = plain(&one.kind);
        let own = format!("{}.{}", function.name, one.name);
        if one.name == "err" {
            return "&f.err".to_owned();
        }
        if one.kind.ends_with("**") {
            let free = if kind == "confidant_store" {
                "confidant_store_close".to_owned()
            } else {
                format!("{kind}_free")
            };
            let _ = writeln!(
                body,
                "    {kind} *{} = is_planting ? NULL : ({kind} *)(void *)&f;",
                one.name
            );
            let _ = writeln!(
                checks,
                "    REQUIRE(({} != NULL) == (status == CONFIDANT_OK));",
                one.name
            );
            let _ = writeln!(checks, "    {free}({});", one.name);
            return format!("&{}", one.name);
        }
        if one.is_pointer() {
            if function.name.ends_with("_free") || function.name == "confidant_store_close" {
                return "NULL".to_owned();
            }
            match (function.name.as_str(), kind.as_str()) {
                ("confidant_llm_remaining", "confidant_llm") => return "f.scripted".to_owned(),
                ("confidant_llm_models", "confidant_llm") => return "f.ollama".to_owned(),
                _ => {}
            }
            if let Some(handle) = known(&HANDLES, &kind) {
                return handle.to_owned();
            }
            if let Some(handle) = known(&MADE, &kind) {
                let _ = writeln!(body, "    fixture_need(&{handle});");
                return handle.to_owned();
            }
            if self.header.strukt(&kind).is_some_and(Struct::grows) {
                let _ =
                    writeln!(body, "    {kind} {} = {};", one.name, self.good(&kind, &one.name));
                let _ = writeln!(body, "    {}", self.fill(&kind, &one.name));
                return format!("&{}", one.name);
            }
            return match (kind.as_str(), one.name.as_str()) {
                ("uint64_t", "turn_ids") => "f.numbers".to_owned(),
                ("uint64_t", _) => "&f.number".to_owned(),
                ("int64_t", _) => "&f.time".to_owned(),
                ("size_t", _) => "&f.count".to_owned(),
                ("confidant_flag", _) => "&f.flag".to_owned(),
                ("confidant_id", _) => "&f.id".to_owned(),
                ("confidant_bytes", _) => "&f.bytes".to_owned(),
                ("confidant_str", _) => "&f.text".to_owned(),
                ("double", _) => "&f.real".to_owned(),
                ("char", _) => "\"literal\"".to_owned(),
                (kind, name) => {
                    panic!("{}: no good value is known of {kind} *{name}", function.name)
                }
            };
        }
        let table: &[(&str, &str)] = if kind == "confidant_str" { &TEXTS } else { &NUMBERS };
        let value = known(table, &own).or_else(|| known(table, &one.name));
        value.unwrap_or_else(|| panic!("{own}: no good value is known of {kind}")).to_owned()
    }

    /// The initial value of a struct.
    fn good(&self, kind: &str, _: &str) -> String {
        known(&OWNING, kind).map_or_else(|| format!("{}_INIT", kind.to_uppercase()), str::to_owned)
    }

    /// The fields that a struct needs.
    fn fill(&self, kind: &str, name: &str) -> String {
        known(&STRUCTS, kind).unwrap_or_default().replace("{v}", name)
    }
}

fn expected_base(function: &Function) -> &'static str {
    known(&BASE, &function.name).map_or("OK", |_| "LLM")
}

const HEAD: &str = r#"// Written by tests/ffi.rs from include/confidant.h.

#include "fixture.h"

enum { EXPECT_OK, EXPECT_FIRST_OK, EXPECT_LLM, EXPECT_INVALID, EXPECT_REFUSED, EXPECT_ANY };

static const char *current = "";
static int failures, is_planting;

#ifdef PLANTED
void confidant_fault_plant(uint32_t nth);
#else
static void confidant_fault_plant(uint32_t nth) { (void)nth; }
#endif

static void label(const char *what) { current = what; }
static void plant(void) { if (is_planting) confidant_fault_plant(1); }
static void unplant(void) { confidant_fault_plant(0); }

static void fail(const char *why, int status)
{
    fprintf(stderr, "%s: %s (status %d)\n", current, why, status);
    failures++;
}

static void ended(int status, int has_err, int expected)
{
    unplant();
    if (status < 0 || status > CONFIDANT_ERR_BUDGET) fail("an unknown status", status);
    if (has_err && (f.err != NULL) != (status != CONFIDANT_OK)) fail("an error must come with a failure only", status);
    if (is_planting) {
        if (status != CONFIDANT_ERR_INTERNAL) fail("a panic must be INTERNAL", status);
        if (has_err && f.err != NULL) {
            confidant_str message = confidant_error_message(f.err);
            char text[512] = { 0 };
            memcpy(text, message.ptr, message.len < 511 ? message.len : 511);
            if (strstr(text, "panicked") == NULL) fail(text, status);
        }
    } else {
        int refused = status == CONFIDANT_ERR_INVALID_ARGUMENT;
        if (status == CONFIDANT_ERR_INTERNAL) fail("a defect", status);
        if (expected == EXPECT_OK && status != CONFIDANT_OK) fail("must succeed", status);
        if (expected == EXPECT_FIRST_OK && status != CONFIDANT_OK && status != CONFIDANT_ERR_CLOSED
            && status != CONFIDANT_ERR_CONFLICT) fail("must succeed", status);
        if (expected == EXPECT_LLM && status != CONFIDANT_ERR_LLM) fail("must be LLM", status);
        if (expected == EXPECT_INVALID && !refused) fail("must be INVALID_ARGUMENT", status);
        if (expected == EXPECT_REFUSED && !refused && status != CONFIDANT_ERR_LIMIT) fail("must be refused", status);
    }
    if (has_err) confidant_error_free(f.err);
    f.err = NULL;
}

"#;

const TAIL: &str = r#"
int main(int argc, char **argv)
{
    REQUIRE(argc == 3);
    is_planting = strcmp(argv[2], "panics") == 0;
    fixture_open(argv[1]);
    size_t count = sizeof cases / sizeof *cases, run = 0;
    for (size_t at = 0; at < count; at++) {
        fixture_setup();
        if (cases[at].inside) fixture_inside(cases[at].what);
        else cases[at].what();
        run++;
        fixture_teardown();
    }
    fixture_close();
    if (!is_planting && fixture_given != fixture_taken_back) {
        fprintf(stderr, "data was given %ld times and taken back %ld times\n", fixture_given, fixture_taken_back);
        failures++;
    }
    printf("%zu cases, %d failures\n", run, failures);
    return failures == 0 && run == count ? EXIT_SUCCESS : EXIT_FAILURE;
}
"#;
