//! Imports a company's guidelines as articles of a knowledge base.
//!
//! `cargo run --release --example import_articles -- FILE.json STORE.db [QUESTION]` reads a file
//! like ABCD's `kb.json`: `guidelines` -> category -> `subflows` -> title -> `instructions` and
//! `actions`. With a question it prints the three articles that answer it best.

use confidant::{Confidant, KnowledgeBase, NewArticle};
use serde_json::Value;
use std::fmt::Write;
use std::process::ExitCode;

const USAGE: &str = "usage: import_articles FILE.json STORE.db [QUESTION]";

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [file, store] => run(file, store, None),
        [file, store, question] => run(file, store, Some(question)),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(file: &str, store: &str, question: Option<&str>) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file).map_err(|cause| format!("{file}: {cause}"))?;
    let base = Confidant::open(store)?.tenant("default")?.knowledge()?;
    import(&base, &serde_json::from_str(&text)?)?;
    println!("{} articles", base.len()?);
    let Some(question) = question else { return Ok(()) };
    for found in base.search(question, 3)?.articles {
        let category = found.article.category.as_deref().unwrap_or("-");
        println!(
            "{:.3}  {} ({category})\n       {}",
            found.score,
            found.article.title,
            first_line(&found.passage)
        );
    }
    Ok(())
}

fn import(base: &KnowledgeBase, file: &Value) -> Result<(), Failure> {
    let guidelines =
        file["guidelines"].as_object().ok_or("the file has no object \"guidelines\"")?;
    for (category, guideline) in guidelines {
        let about = guideline["description"].as_str().unwrap_or_default();
        for (title, subflow) in guideline["subflows"].as_object().into_iter().flatten() {
            let id = format!("{category}/{title}");
            let content = content(about, subflow);
            base.put(&NewArticle::new(&id, title, &content).category(category))?;
        }
    }
    Ok(())
}

/// What an agent should do, line by line.
fn content(about: &str, subflow: &Value) -> String {
    let mut content = String::new();
    let line = |content: &mut String, value: &Value| {
        if let Some(text) = value.as_str() {
            let _ = writeln!(content, "{text}");
        }
    };
    let _ = writeln!(content, "About {about}.");
    subflow["instructions"]
        .as_array()
        .into_iter()
        .flatten()
        .for_each(|each| line(&mut content, each));
    for action in subflow["actions"].as_array().into_iter().flatten() {
        line(&mut content, &action["text"]);
        action["subtext"]
            .as_array()
            .into_iter()
            .flatten()
            .for_each(|each| line(&mut content, each));
    }
    content
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
