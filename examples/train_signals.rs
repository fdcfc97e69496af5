//! Learns a table of weights from labelled messages and writes it to a file.
//!
//! `cargo run --release --example train_signals -- OUT FILE..`: each line of a file is a JSON
//! object with `text` and `label` (negative, neutral, positive). The table that ships as
//! `src/signals/rules/general-2.table` was made so; NOTICE names the messages.

use confidant::{LinearTable, Sentiment, SignalRules};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or("usage: train_signals OUT FILE..")?;
    let mut labelled = Vec::new();
    for file in arguments {
        for line in std::fs::read_to_string(&file)?.lines() {
            let row: serde_json::Value = serde_json::from_str(line)?;
            let (Some(text), Some(label)) = (row["text"].as_str(), row["label"].as_str()) else {
                return Err(format!("a line of {file} has no text or no label").into());
            };
            let label = Sentiment::ALL.iter().find(|known| known.name() == label).ok_or("an unknown label")?;
            labelled.push((text.to_owned(), *label));
        }
    }
    let table = LinearTable::train(&SignalRules::support().without_table(), &labelled)?;
    std::fs::write(&out, table.to_bytes())?;
    println!("learned {} bytes from {} messages", table.to_bytes().len(), labelled.len());
    Ok(())
}
