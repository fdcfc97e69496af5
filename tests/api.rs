//! The Rust interface does not change unnoticed.
//!
//! `tests/api/rust.txt` is what this version offers, one line a fact, read from the source: types,
//! their public fields and variants, functions, traits and who implements them.
//! `tests/api/released/` has the record of each version that was released (`v0.1.0.txt`); what a
//! version with the same leading number offered may not be missing or different, and nothing may be
//! added that breaks a host which was written for it.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::{Attribute, Fields, ImplItem, Item, Type, UseTree, Visibility};

const RECORD: &str = "tests/api/rust.txt";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Tokens as text, with one space where any stand.
fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tokens without their comments.
fn without_docs(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let is_mark = kept
            .last()
            .is_some_and(|last| matches!(last, TokenTree::Punct(mark) if mark.as_char() == '#'));
        match token {
            TokenTree::Group(group) if is_mark && group.stream().to_string().starts_with("doc") => {
                drop(kept.pop())
            }
            TokenTree::Group(group) => {
                kept.push(TokenTree::Group(proc_macro2::Group::new(
                    group.delimiter(),
                    without_docs(group.stream()),
                )));
            }
            token => kept.push(token),
        }
    }
    kept.into_iter().collect()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether something is there for tests alone.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|one| one.path().is_ident("cfg") && text(one).contains("test"))
}

/// The features and the properties that a host may come to rely on, before the fact itself.
fn marks(attributes: &[Attribute]) -> String {
    let told = attributes.iter().filter(|one| {
        ["cfg", "non_exhaustive", "must_use"].iter().any(|is| one.path().is_ident(is))
    });
    told.map(|one| text(one) + " ").collect()
}

fn derives(attributes: &[Attribute]) -> Vec<String> {
    let lists = attributes.iter().filter(|one| one.path().is_ident("derive"));
    let names = lists.flat_map(|one| {
        let tokens = one.meta.require_list().unwrap().tokens.to_string();
        tokens.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>()
    });
    names.filter(|name| !name.is_empty()).collect()
}

fn last_name(path: &Type) -> Option<String> {
    match path {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Type::Reference(of) => last_name(&of.elem),
        _ => None,
    }
}

/// What the crate's root exports: each name with what stands before its `pub use`.
fn exported(file: &syn::File) -> BTreeMap<String, String> {
    fn names(tree: &UseTree, into: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => names(&path.tree, into),
            UseTree::Name(name) => into.push(name.ident.to_string()),
            UseTree::Group(group) => group.items.iter().for_each(|one| names(one, into)),
            UseTree::Rename(_) | UseTree::Glob(_) => {
                panic!("the root exports each thing by its own name")
            }
        }
    }
    let mut found = BTreeMap::new();
    for item in &file.items {
        if let Item::Use(used) = item
            && is_public(&used.vis)
        {
            let mut list = Vec::new();
            names(&used.tree, &mut list);
            found.extend(list.into_iter().map(|name| (name, marks(&used.attrs))));
        }
    }
    found
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, into);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            into.push(entry);
        }
    }
}

struct Reader {
    exported: BTreeMap<String, String>,
    seen: BTreeSet<String>,
    made: BTreeSet<String>,
    lines: BTreeSet<String>,
}

impl Reader {
    fn tell(&mut self, line: String) {
        self.lines.insert(line);
    }

    /// A definition of something that is exported; each is found once.
    fn defines(&mut self, name: &syn::Ident, visibility: &Visibility) -> Option<String> {
        let name = name.to_string();
        if !is_public(visibility) || !self.exported.contains_key(&name) {
            return None;
        }
        assert!(
            self.seen.insert(name.clone()),
            "{name} is defined twice: give one of them another name or less visibility"
        );
        Some(name)
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Mod(inner) if !is_test(&inner.attrs) => {
                if let Some((_, items)) = &inner.content {
                    self.items(items);
                }
            }
            Item::Struct(it) => {
                if let Some(name) = self.defines(&it.ident, &it.vis) {
                    let is_open = !it.fields.is_empty()
                        && it.fields.iter().all(|field| is_public(&field.vis));
                    let how = if is_open { "open" } else { "closed" };
                    let before = self.exported[&name].clone() + &marks(&it.attrs);
                    self.tell(format!("struct {name} {how} {before}{}", text(&it.generics)));
                    self.fields(&name, &it.fields);
                    self.derived(&name, &it.attrs);
                }
            }
            Item::Enum(it) => {
                if let Some(name) = self.defines(&it.ident, &it.vis) {
                    let before = self.exported[&name].clone() + &marks(&it.attrs);
                    self.tell(format!("enum {name} {before}{}", text(&it.generics)));
                    for variant in &it.variants {
                        self.tell(format!(
                            "variant {name}::{} {}",
                            variant.ident,
                            text(&variant.fields)
                        ));
                    }
                    self.derived(&name, &it.attrs);
                }
            }
            Item::Trait(it) => {
                if let Some(name) = self.defines(&it.ident, &it.vis) {
                    self.tell(format!(
                        "trait {name} {}: {}",
                        text(&it.generics),
                        text(&it.supertraits)
                    ));
                    for method in &it.items {
                        let syn::TraitItem::Fn(method) = method else {
                            self.tell(format!("required {name}::{}", text(method)));
                            continue;
                        };
                        let how = if method.default.is_some() { "provided" } else { "required" };
                        self.tell(format!(
                            "{how} {name}::{} {}",
                            method.sig.ident,
                            text(&method.sig)
                        ));
                    }
                }
            }
            Item::Fn(it) => {
                if let Some(name) = self.defines(&it.sig.ident, &it.vis) {
                    self.tell(format!("fn {name} {}{}", marks(&it.attrs), text(&it.sig)));
                }
            }
            Item::Const(it) => {
                if let Some(name) = self.defines(&it.ident, &it.vis) {
                    self.tell(format!("const {name} {}", text(&it.ty)));
                }
            }
            Item::Type(it) => {
                if let Some(name) = self.defines(&it.ident, &it.vis) {
                    self.tell(format!("type {name} {} = {}", text(&it.generics), text(&it.ty)));
                }
            }
            Item::Impl(it) if !is_test(&it.attrs) => self.implementation(it),
            Item::Macro(it) => self.made(it),
            _ => {}
        }
    }

    /// What a macro of our own makes: the macro itself, and what it is told.
    fn made(&mut self, it: &syn::ItemMacro) {
        let tokens: Vec<TokenTree> = without_docs(it.mac.tokens.clone()).into_iter().collect();
        if let Some(name) = &it.ident {
            let text = text(&tokens.into_iter().collect::<TokenStream>());
            if text.contains("pub enum") || text.contains("pub struct") {
                self.tell(format!("macro {name} {text}"));
            }
            return;
        }
        let Some(TokenTree::Ident(name)) =
            tokens.iter().find(|token| matches!(token, TokenTree::Ident(_)))
        else {
            return;
        };
        let (name, maker) = (name.to_string(), text(&it.mac.path));
        if !self.exported.contains_key(&name) {
            return;
        }
        self.made.insert(name.clone());
        self.tell(format!("made {name} by {maker}"));
        for token in tokens {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    for entry in group
                        .stream()
                        .to_string()
                        .split(',')
                        .map(str::trim)
                        .filter(|entry| !entry.is_empty())
                    {
                        self.tell(format!("made {name}::{entry}"));
                    }
                }
                TokenTree::Literal(literal) => self.tell(format!("made {name} with {literal}")),
                _ => {}
            }
        }
    }

    fn fields(&mut self, name: &str, fields: &Fields) {
        for (place, field) in fields.iter().enumerate().filter(|(_, field)| is_public(&field.vis)) {
            let field_name =
                field.ident.as_ref().map_or_else(|| place.to_string(), ToString::to_string);
            self.tell(format!("field {name}.{field_name} {}", text(&field.ty)));
        }
    }

    fn derived(&mut self, name: &str, attributes: &[Attribute]) {
        for derived in derives(attributes) {
            self.tell(format!("impl {derived} for {name}"));
        }
    }

    fn implementation(&mut self, it: &syn::ItemImpl) {
        let (name, of) = (last_name(&it.self_ty).unwrap_or_default(), text(&it.self_ty));
        let is_ours = self.exported.contains_key(&name);
        if let Some((_, of_trait, _)) = &it.trait_ {
            let last = of_trait.segments.last().unwrap().ident.to_string();
            if is_ours || (self.exported.contains_key(&last) && name.len() <= 1) {
                self.tell(format!(
                    "impl {} for {of} {}",
                    text(of_trait),
                    text(&it.generics.where_clause)
                ));
            }
            return;
        }
        for member in it.items.iter().filter(|_| is_ours) {
            match member {
                ImplItem::Fn(method) if is_public(&method.vis) && !is_test(&method.attrs) => {
                    let before = marks(&it.attrs) + &marks(&method.attrs);
                    self.tell(format!(
                        "fn {name}::{} {before}on {of} {}",
                        method.sig.ident,
                        text(&method.sig)
                    ));
                }
                ImplItem::Const(constant) if is_public(&constant.vis) => {
                    self.tell(format!("const {name}::{} {}", constant.ident, text(&constant.ty)));
                }
                _ => {}
            }
        }
    }
}

fn record() -> String {
    let parse = |path: &Path| syn::parse_file(&std::fs::read_to_string(path).unwrap()).unwrap();
    let exported = exported(&parse(&root().join("src/lib.rs")));
    let mut reader =
        Reader { exported, seen: BTreeSet::new(), made: BTreeSet::new(), lines: BTreeSet::new() };
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    files.sort();
    for file in files {
        reader.items(&parse(&file).items);
    }
    let missing: Vec<_> = reader
        .exported
        .keys()
        .filter(|name| !reader.seen.contains(*name) && !reader.made.contains(*name))
        .collect();
    assert!(missing.is_empty(), "exported, and not found: {missing:?}");
    reader.lines.into_iter().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// What a host that was written for the old record could stumble over in the new one.
fn breaks(old: &str, new: &str) -> Vec<String> {
    let facts = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    let (old, new) = (facts(old), facts(new));
    let mut found: Vec<String> =
        old.difference(&new).map(|line| format!("gone or changed: {line}")).collect();
    let open = |kind: &str, name: &str, mark: &str| {
        old.iter().any(|line| {
            line.starts_with(&format!("{kind} {name} {mark}")) && !line.contains("non_exhaustive")
        }) || old.contains(&format!("{kind} {name}"))
    };
    for line in new.difference(&old) {
        let mut words = line.split(' ');
        let (kind, member) = (words.next().unwrap(), words.next().unwrap_or_default());
        let owner = member.split(['.', ':']).next().unwrap();
        let breaks = match kind {
            "field" => open("struct", owner, "open"),
            "variant" => open("enum", owner, ""),
            "required" => open("trait", owner, ""),
            _ => false,
        };
        if breaks {
            found.push(format!("added to what hosts make or match themselves: {line}"));
        }
    }
    found
}

/// Whether hosts of one version may take the other without a change: the leading number that is not
/// zero is the same.
fn is_compatible(one: &str, other: &str) -> bool {
    let leading = |version: &str| {
        let numbers: Vec<u32> =
            version.trim_start_matches('v').split('.').map(|part| part.parse().unwrap()).collect();
        let place = numbers.iter().position(|number| *number != 0).unwrap();
        numbers[..=place].to_vec()
    };
    leading(one) == leading(other)
}

#[test]
fn the_rust_interface_is_as_recorded() {
    let (fresh, path) = (record(), root().join(RECORD));
    if std::env::var_os("UPDATE_API").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let added: Vec<_> =
        fresh.lines().filter(|line| !committed.lines().any(|known| known == *line)).collect();
    assert!(
        committed == fresh,
        "the Rust interface has changed: {:#?}\nnew: {added:#?}\nif that is meant, UPDATE_API=1 cargo test --test api",
        breaks(&committed, &fresh)
    );
}

#[test]
fn nothing_that_was_released_is_gone_or_broken() {
    let now = std::fs::read_to_string(root().join(RECORD)).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(root().join("tests/api/released"))
        .into_iter()
        .flatten()
        .map(Result::unwrap)
    {
        let path = entry.path();
        if is_compatible(path.file_stem().unwrap().to_str().unwrap(), env!("CARGO_PKG_VERSION")) {
            let found = breaks(&std::fs::read_to_string(&path).unwrap(), &now);
            assert!(found.is_empty(), "{}: {found:#?}", path.display());
            count += 1;
        }
    }
    println!("compared with {count} releases");
}

#[test]
fn a_planted_break_is_found() {
    let now = std::fs::read_to_string(root().join(RECORD)).unwrap();
    assert!(breaks(&now, &now).is_empty());
    for (from, to) in [
        ("fn Confidant::open ", "fn Confidant::begin "),
        ("field Turn.said Option < String >", "field Turn.said String"),
        ("variant ErrorKind::Busy", "variant ErrorKind::Locked"),
        ("impl Clone for Turn\n", ""),
        ("required Clock::now ", "required Clock::present "),
    ] {
        assert!(now.contains(from), "{from}");
        assert!(!breaks(&now, &now.replace(from, to)).is_empty(), "{from} -> {to}");
    }
    assert!(!breaks(&now, &(now.clone() + "required Clock::zone fn zone (& self)\n")).is_empty());
    assert!(
        breaks(
            &now,
            &(now.clone() + "provided Clock::zone fn zone (& self)\nfn zone fn zone ()\n")
        )
        .is_empty()
    );
    assert!(breaks("enum A\nvariant A::B", "enum A\nvariant A::B\nvariant A::C").len() == 1);
    assert!(
        breaks("enum A # [non_exhaustive]", "enum A # [non_exhaustive]\nvariant A::C").is_empty()
    );
    assert!(
        breaks("struct A open\nfield A.b u8", "struct A open\nfield A.b u8\nfield A.c u8").len()
            == 1
    );
    assert!(
        is_compatible("v0.1.0", "0.1.7")
            && !is_compatible("v0.1.0", "0.2.0")
            && is_compatible("v1.2.0", "1.9.1")
    );
}
