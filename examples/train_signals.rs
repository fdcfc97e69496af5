//! Learns a table of weights from labelled messages and writes it to a file, or says how good one
//! would be.
//!
//! `cargo run --release --example train_signals -- OUT FILE..`: each line of a file is a JSON
//! object with `text` and `label` (negative, neutral, positive). The table that ships as
//! `src/signals/rules/general-2.table` was made so; NOTICE names the messages.
//!
//! `cargo run --release --example train_signals -- --folds 5 FILE..`: five times a table is learned
//! from four fifths of all messages and asked about the others; for each file a JSON line says the
//! share that it got right, and the share that the rules alone and the shipped table do.

use confidant::{LinearTable, Sentiment, SignalContext, SignalRules, Signals};
use std::error::Error;

type Labelled = (String, Sentiment);

const USAGE: &str = "usage: train_signals OUT FILE.. or train_signals --folds NUMBER FILE..";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or(USAGE)?;
    let folds = if out == "--folds" {
        Some(arguments.next().ok_or(USAGE)?.parse::<usize>()?)
    } else {
        None
    };
    let names: Vec<String> = arguments.collect();
    let files = names.iter().map(|name| read(name)).collect::<Result<Vec<_>, _>>()?;
    if let Some(folds) = folds {
        return judge(folds, &names, &files);
    }
    let labelled = files.concat();
    let table = LinearTable::train(&SignalRules::support().without_table(), &labelled)?;
    std::fs::write(&out, table.to_bytes())?;
    println!("learned {} bytes from {} messages", table.to_bytes().len(), labelled.len());
    Ok(())
}

fn read(file: &str) -> Result<Vec<Labelled>, Box<dyn Error>> {
    let mut labelled = Vec::new();
    for line in std::fs::read_to_string(file)?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let (Some(text), Some(label)) = (row["text"].as_str(), row["label"].as_str()) else {
            return Err(format!("a line of {file} has no text or no label").into());
        };
        let label =
            Sentiment::ALL.iter().find(|known| known.name() == label).ok_or("an unknown label")?;
        labelled.push((text.to_owned(), *label));
    }
    Ok(labelled)
}

fn judge(folds: usize, names: &[String], files: &[Vec<Labelled>]) -> Result<(), Box<dyn Error>> {
    if folds < 2 {
        return Err(
            "two folds at least are needed, to learn from one and ask about the other".into()
        );
    }
    let mut right = vec![0; files.len()];
    for fold in 0..folds {
        let part = |file: &[Labelled], is_asked: bool| -> Vec<Labelled> {
            let lines =
                file.iter().enumerate().filter(|(line, _)| (line % folds == fold) == is_asked);
            lines.map(|(_, labelled)| labelled.clone()).collect()
        };
        let learned: Vec<Labelled> = files.iter().flat_map(|file| part(file, false)).collect();
        let table = LinearTable::train(&SignalRules::support().without_table(), &learned)?;
        let rules = SignalRules::support().with_table(table);
        right
            .iter_mut()
            .zip(files)
            .for_each(|(right, file)| *right += count_right(&rules, &part(file, true)));
    }
    let (alone, shipped) = (SignalRules::support().without_table(), SignalRules::support());
    for ((name, file), right) in names.iter().zip(files).zip(right) {
        let share = |right: usize| right as f64 / file.len().max(1) as f64;
        println!(
            r#"{{"file":{},"n":{},"accuracy_not_learned_from":{:.4},"rules_alone":{:.4},"shipped":{:.4}}}"#,
            serde_json::to_string(name)?,
            file.len(),
            share(right),
            share(count_right(&alone, file)),
            share(count_right(&shipped, file)),
        );
    }
    Ok(())
}

fn count_right(rules: &SignalRules, labelled: &[Labelled]) -> usize {
    let says = |text: &str| Signals::of(text, &SignalContext::new().rules(rules)).sentiment.value;
    labelled.iter().filter(|(text, label)| says(text) == *label).count()
}
