//! Makes the C header, and reads it: what functions, structs and constants it declares.

#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The sections of the header, in its order: a title and the files of capi/src/ that make it.
const SECTIONS: [(&str, &[&str]); 20] = [
    ("Basic types and statuses", &["border/text", "border/error"]),
    ("The library", &["version"]),
    ("Errors", &["failure"]),
    ("Texts of identifiers and times", &["identifier"]),
    ("Settings of a store", &["config"]),
    ("Store", &["store"]),
    ("Turns", &["turn", "list"]),
    ("Customer memory", &["memory"]),
    ("Sessions", &["session"]),
    ("Recall", &["recall"]),
    ("Signals of a message", &["kinds", "signal_rules", "signals"]),
    ("Preferences", &["preference", "extractor"]),
    ("Facts that a customer has given", &["given"]),
    ("Texts without a store", &["reading"]),
    ("Embedders", &["embedder"]),
    ("Collections and knowledge", &["condition", "document", "collection"]),
    ("Assembled contexts", &["assembly"]),
    ("Analytics", &["analytics", "report", "health"]),
    ("Language models", &["llm", "backend", "ollama"]),
    ("Agents", &["agent", "reply"]),
];
/// The files that declare nothing for C.
const INNER: [&str; 4] = ["lib", "flat", "planting", "saving"];

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("capi/ lies in the repository")
}

/// The text that include/confidant.h must have.
pub fn generate() -> String {
    static MADE: OnceLock<String> = OnceLock::new();
    MADE.get_or_init(written).clone()
}

fn written() -> String {
    let folder = root().join("capi/src");
    for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        let name = entry.path().file_stem().unwrap().to_str().unwrap().to_owned();
        let mut known = SECTIONS.iter().flat_map(|(_, files)| *files).chain(&INNER);
        assert!(
            entry.path().is_dir() || known.any(|known| *known == name),
            "{name}.rs stands in no list of tests/support/header.rs"
        );
    }
    let config = cbindgen::Config::from_file(root().join("capi/cbindgen.toml")).unwrap();
    let bodies: Vec<String> = SECTIONS.iter().map(|(_, files)| section(&config, files)).collect();
    let whole = Header::parse(&bodies.join("\n"));
    let mut text = format!("{}\n", config.header.as_deref().unwrap().trim_start());
    text += "\n#ifndef CONFIDANT_H\n#define CONFIDANT_H\n\n";
    text += "#include <stddef.h>\n#include <stdint.h>\n\n";
    text += MACROS;
    text += "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
    for ((title, _), body) in SECTIONS.iter().zip(&bodies) {
        let own = Header::parse(body);
        text += &format!("\n// {0}\n// {title}\n// {0}\n\n", "-".repeat(96));
        if *title == "The library" {
            text += &format!("{}\n", versions());
        }
        text += body.trim();
        text += "\n";
        text += &inits(&own, &whole);
    }
    text + "\n#ifdef __cplusplus\n} // extern \"C\"\n#endif\n\n#endif // CONFIDANT_H\n"
}

/// What some files declare: their constants, all their types and their functions.
fn section(config: &cbindgen::Config, files: &[&str]) -> String {
    let mut own = cbindgen::Config { header: None, ..config.clone() };
    let mut builder = cbindgen::Builder::new();
    for file in files {
        let path = root().join("capi/src").join(file).with_extension("rs");
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let name = line.strip_prefix("pub struct ").or(line.strip_prefix("pub type "));
            own.export
                .include
                .extend(name.and_then(|rest| rest.split([' ', ';']).next()).map(str::to_owned));
        }
        builder = builder.with_src(path);
    }
    let mut text = Vec::new();
    builder.with_config(own).generate().expect("cbindgen reads capi/src").write(&mut text);
    let text = String::from_utf8(text).unwrap().replace(
        "\nconfidant_status confidant_",
        "\nCONFIDANT_MUST_USE\nconfidant_status confidant_",
    );
    // It only reads an error that is there already.
    let text = text.replace(
        "CONFIDANT_MUST_USE\nconfidant_status confidant_error_status",
        "confidant_status confidant_error_status",
    );
    // Named tags, which a host's own header can declare ahead.
    let mut tagged = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("typedef struct {") {
        let name = after.split_once("\n} ").unwrap().1.split_once(';').unwrap().0;
        tagged += &format!("{before}typedef struct {name} {{");
        rest = after;
    }
    tagged + rest
}

const MACROS: &str = "\
// Compilers warn if such a function's result is not looked at.
#if defined(__cplusplus) && __cplusplus >= 201703L
#define CONFIDANT_MUST_USE [[nodiscard]]
#elif defined(__GNUC__)
#define CONFIDANT_MUST_USE __attribute__((warn_unused_result))
#else
#define CONFIDANT_MUST_USE
#endif

// What each CONFIDANT_..._INIT is: a struct with its size, and zero everywhere else.
#ifdef __cplusplus
#define CONFIDANT_INIT_(type) ([] { type confidant_made_ = {}; confidant_made_.struct_size = sizeof(type); return confidant_made_; }())
#else
#define CONFIDANT_INIT_(type) { .struct_size = sizeof(type) }
#endif
";

fn versions() -> String {
    format!(
        "// The version of this header; compare confidant_version() for the library's.\n\
         #define CONFIDANT_VERSION_MAJOR {}\n#define CONFIDANT_VERSION_MINOR {}\n#define CONFIDANT_VERSION_PATCH {}\n\
         #define CONFIDANT_VERSION \"{}\"\n\n\
         // The tenant of a program that keeps the customers of one company only.\n\
         #define CONFIDANT_DEFAULT_TENANT \"{}\"\n",
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
        env!("CARGO_PKG_VERSION"),
        confidant_capi::store::CONFIDANT_DEFAULT_TENANT,
    )
}

/// An `_INIT` for each growing struct of a section that hosts make themselves.
fn inits(section: &Header, whole: &Header) -> String {
    let mut text = String::new();
    for made in
        section.structs.iter().filter(|one| one.grows() && whole.is_made_by_hosts(&one.name))
    {
        let macro_name = made.name.to_uppercase();
        text.push_str(&format!("#define {macro_name}_INIT CONFIDANT_INIT_({})\n", made.name));
    }
    if text.is_empty() { text } else { format!("\n// What to begin these structs with.\n{text}") }
}

#[derive(Debug, Clone)]
pub struct Parameter {
    /// As in C, such as `const confidant_memory *`.
    pub kind: String,
    pub name: String,
}

impl Parameter {
    pub fn is_pointer(&self) -> bool {
        self.kind.ends_with('*')
    }
}

#[derive(Debug, Clone)]
pub struct Function {
    pub comment: String,
    pub returns: String,
    pub name: String,
    pub parameters: Vec<Parameter>,
}

impl Function {
    pub fn is_fallible(&self) -> bool {
        self.parameters.last().is_some_and(|last| last.name == "err")
    }
}

#[derive(Debug, Clone)]
pub struct Struct {
    pub name: String,
    /// Their declarations, such as `uint64_t turns`.
    pub fields: Vec<String>,
}

impl Struct {
    pub fn grows(&self) -> bool {
        self.fields.first().is_some_and(|field| field == "size_t struct_size")
    }

    /// The names of the fields.
    pub fn field_names(&self) -> Vec<String> {
        self.fields.iter().map(|field| name_of(field)).collect()
    }
}

/// The name that a declaration declares, also of a function pointer or an array.
fn name_of(declaration: &str) -> String {
    let declaration = match declaration.split_once("(*") {
        Some((_, rest)) => rest.split(')').next().unwrap(),
        None => declaration.split('[').next().unwrap(),
    };
    declaration.rsplit([' ', '*']).next().unwrap().to_owned()
}

#[derive(Debug, Default)]
pub struct Header {
    pub functions: Vec<Function>,
    pub structs: Vec<Struct>,
    /// Opaque handles.
    pub handles: Vec<String>,
    pub constants: Vec<(String, String)>,
}

impl Header {
    pub fn read() -> Header {
        Header::parse(
            &std::fs::read_to_string(root().join("include/confidant.h"))
                .expect("UPDATE_HEADER=1 makes it"),
        )
    }

    /// Reads what cbindgen writes, which is all the C it needs to know.
    pub fn parse(text: &str) -> Header {
        let mut header = Header::default();
        let (mut comment, mut pending) = (String::new(), String::new());
        for line in text.lines().map(str::trim) {
            if let Some(words) = line.strip_prefix("//") {
                if pending.is_empty() {
                    comment.push_str(words.trim());
                    comment.push('\n');
                }
                continue;
            }
            if line == "CONFIDANT_MUST_USE" {
                continue;
            }
            if pending.is_empty()
                && (line.is_empty() || line.starts_with('#') || line.starts_with("extern \"C\""))
            {
                let define = line.strip_prefix("#define ").and_then(|rest| rest.split_once(' '));
                if let Some((name, value)) = define.filter(|(name, _)| !name.contains('(')) {
                    header.constants.push((name.to_owned(), value.to_owned()));
                }
                comment.clear();
                continue;
            }
            if line.starts_with('}') && pending.is_empty() {
                continue;
            }
            pending.push_str(line);
            pending.push(' ');
            let is_whole = match pending.contains('{') {
                true => pending.contains('}') && line.ends_with(';'),
                false => line.ends_with(';'),
            };
            if is_whole {
                header.take(pending.trim().trim_end_matches(';'), std::mem::take(&mut comment));
                pending.clear();
            }
        }
        header
    }

    fn take(&mut self, declaration: &str, comment: String) {
        if let Some(rest) = declaration.strip_prefix("typedef struct ") {
            if let Some((_, rest)) = rest.split_once('{') {
                let (fields, name) = rest.rsplit_once('}').unwrap();
                let fields = fields
                    .split(';')
                    .map(|field| field.split_whitespace().collect::<Vec<_>>().join(" "));
                let fields = fields.filter(|field| !field.is_empty()).collect();
                self.structs.push(Struct { name: name.trim().to_owned(), fields });
            } else {
                self.handles.push(rest.split_whitespace().last().unwrap().to_owned());
            }
            return;
        }
        let Some((head, rest)) = declaration.split_once('(') else { return };
        if declaration.starts_with("typedef") {
            return;
        }
        let parameters = rest.trim_end_matches(')').trim();
        let name = name_of(head);
        let returns = head[..head.len() - name.len()].trim().to_owned();
        let one = |parameter: &str| {
            let parameter = parameter.trim();
            let name = name_of(parameter);
            Parameter { kind: parameter[..parameter.len() - name.len()].trim().to_owned(), name }
        };
        let parameters = match parameters {
            "" | "void" => Vec::new(),
            parameters => parameters.split(',').map(one).collect(),
        };
        self.functions.push(Function { comment, returns, name, parameters });
    }

    /// Whether a struct comes in by pointer, so that hosts make it themselves.
    pub fn is_made_by_hosts(&self, name: &str) -> bool {
        let plain = |kind: &str| {
            kind.replace("const", "").replace('*', "").replace("struct", "").trim().to_owned()
        };
        self.functions
            .iter()
            .flat_map(|function| &function.parameters)
            .any(|one| plain(&one.kind) == name)
    }

    pub fn strukt(&self, name: &str) -> Option<&Struct> {
        self.structs.iter().find(|one| one.name == name)
    }
}

/// A shared library of this crate with those features, built once with the tests' own profile; its
/// archive for static linking lies beside it.
pub fn shared_library(features: &'static str) -> PathBuf {
    static BUILD: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = BUILD.lock().unwrap();
    let target = target_folder();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["rustc", "--quiet", "-p", "confidant-capi", "--lib"]);
    cargo.args(["--crate-type", "cdylib,staticlib", "--features", features]);
    let done =
        cargo.current_dir(root()).arg("--target-dir").arg(&target).status().expect("cargo runs");
    assert!(done.success(), "the shared library with {features} was not built");
    let kept = target.join("tmp").join(format!("capi-{features}"));
    std::fs::create_dir_all(&kept).unwrap();
    let library = kept.join("libconfidant.so");
    // Not overwritten: another process may have it mapped.
    let fresh = kept.join(format!("libconfidant.{}", std::process::id()));
    std::fs::copy(target.join("debug/libconfidant_capi.so"), &fresh).expect("cargo left it there");
    std::fs::rename(&fresh, &library).unwrap();
    let archive = kept.join("libconfidant.a");
    let _ = std::fs::remove_file(&archive);
    std::fs::hard_link(target.join("debug/libconfidant_capi.a"), &archive)
        .expect("cargo left it there");
    library
}

/// Where cargo builds: the folder above `debug/deps/this-test`.
pub fn target_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(3).expect("target/debug/deps/test").to_owned()
}

/// Whether a program can be started.
pub fn is_there(program: &str) -> bool {
    static KNOWN: OnceLock<std::sync::Mutex<std::collections::HashMap<String, bool>>> =
        OnceLock::new();
    let known = KNOWN.get_or_init(Default::default);
    let mut known = known.lock().unwrap();
    *known
        .entry(program.to_owned())
        .or_insert_with(|| Command::new(program).arg("--version").output().is_ok())
}
