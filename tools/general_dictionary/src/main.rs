//! Makes the dictionary that ships, `src/codec/general-1.dict`.
//!
//! Knows the sources and what counts as one customer in each of them; all else, the rule
//! of five customers first, is the crate's own trainer.

#[allow(dead_code, unused_imports)]
#[path = "../../../src/codec/mod.rs"]
mod codec;

use codec::Trainer;
use serde_json::Value;
use std::collections::HashMap;
use std::error::Error;

/// The size of the dictionary, checksum included.
const MAX_BYTES: usize = 64 * 1024;
/// The sources in the order of their worth; the field that says who speaks, if not each line
/// another.
const SOURCES: [(&str, Option<&str>); 5] = [
    ("support/tau_support.jsonl", None),
    ("support/tau_airline_runs.jsonl", Some("task_id")),
    ("support/abcd_sample.jsonl", None),
    ("intents/banking77_corpus.jsonl", None),
    ("intents/banking77_queries.jsonl", None),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(data), Some(out), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("usage: general_dictionary DATA_FOLDER OUT_FILE".into());
    };
    let mut trainer = Trainer::default();
    let mut customers = HashMap::new();
    for (file, who) in SOURCES {
        for (number, line) in std::fs::read_to_string(format!("{data}/{file}"))?.lines().enumerate() {
            let item: Value = serde_json::from_str(line)?;
            let name = match who {
                Some(field) => format!("{file} {}", item[field]),
                None => format!("{file} line {number}"),
            };
            let next = customers.len() as u64;
            let customer = *customers.entry(name).or_insert(next);
            for text in texts(&item) {
                trainer.add(customer, &text);
            }
        }
    }
    let dictionary = trainer.finish_upon(&[], MAX_BYTES).ok_or("too little text")?;
    std::fs::write(&out, &dictionary)?;
    println!("{out}: {} bytes from {} customers", dictionary.len(), customers.len());
    Ok(())
}

/// The halves of each turn of a conversation, or the one text of a labelled question.
fn texts(item: &Value) -> Vec<String> {
    let mut texts: Vec<String> = item["text"].as_str().map(str::to_owned).into_iter().collect();
    let mut last = None;
    for turn in item["turns"].as_array().into_iter().flatten() {
        let (Some(role @ ("customer" | "agent")), Some(text)) = (turn["role"].as_str(), turn["text"].as_str()) else {
            continue;
        };
        match texts.last_mut().filter(|_| last == Some(role)) {
            Some(joined) => *joined += &format!("\n{text}"),
            None => texts.push(text.to_owned()),
        }
        last = Some(role);
    }
    texts
}
