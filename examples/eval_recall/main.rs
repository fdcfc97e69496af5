//! Measures recall on labelled data, through the public API only.
//!
//! `cargo run --release --example eval_recall -- --data DIR --queries Q.jsonl --out RUN.jsonl`
//! saves every conversation of `DIR/locomo` as one customer's turns and writes, for each query,
//! the turns that were recalled, as `eval_retrieval.py --run` reads them.
//!
//! `... -- --intents DIR` searches the labelled utterances of banking77 for those of another
//! half and prints how often the first one, or one of five, has the same label.

mod intents;
mod turns;

use std::process::ExitCode;

const USAGE: &str =
    "usage: eval_recall --data DIR --queries Q.jsonl --out RUN.jsonl | --intents DIR";

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).map(String::as_str)
    };
    let outcome =
        match (option("--intents"), option("--data"), option("--queries"), option("--out")) {
            (Some(folder), ..) => intents::evaluate(folder),
            (None, Some(data), Some(queries), Some(out)) => turns::evaluate(data, queries, out),
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

/// The JSON lines of a file.
fn lines(path: &std::path::Path) -> Result<Vec<serde_json::Value>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|cause| {
        format!("{}: {cause}; the evaluation data are not in the crate", path.display())
    })?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}
