//! Short customer questions with labels, as documents of a collection.

use super::{Failure, lines};
use confidant::{Confidant, NewDocument};
use std::collections::HashMap;
use std::path::Path;

/// Utterances put at once.
const BATCH: usize = 1_000;

pub fn evaluate(folder: &str) -> Result<(), Failure> {
    let scratch = tempfile::tempdir()?;
    let memory =
        Confidant::open(scratch.path().join("eval.db").to_str().ok_or("the folder is not UTF-8")?)?;
    let utterances = memory.tenant("banking77")?.collection("utterances")?;
    let corpus = lines(&Path::new(folder).join("banking77_corpus.jsonl"))?;
    let keys: Vec<String> = (0..corpus.len()).map(|number| number.to_string()).collect();
    let mut intents = HashMap::new();
    for (lines, keys) in corpus.chunks(BATCH).zip(keys.chunks(BATCH)) {
        let mut new = Vec::with_capacity(lines.len());
        for (line, key) in lines.iter().zip(keys) {
            new.push(NewDocument::new(key, text(line, "text")?));
            intents.insert(key.as_str(), text(line, "intent")?);
        }
        utterances.put_all(&new)?;
    }
    let queries = lines(&Path::new(folder).join("banking77_queries.jsonl"))?;
    let (mut first, mut among_five) = (0_u32, 0_u32);
    for query in &queries {
        let wanted = text(query, "intent")?;
        let found = utterances.search(text(query, "text")?, 5, None)?;
        let hits: Vec<bool> = found
            .documents
            .iter()
            .map(|found| intents.get(found.document.key.as_str()) == Some(&wanted))
            .collect();
        first += u32::from(hits.first() == Some(&true));
        among_five += u32::from(hits.contains(&true));
    }
    let share =
        |count: u32| f64::from(count) / f64::from(u32::try_from(queries.len()).unwrap_or(1).max(1));
    println!(
        r#"{{"task":"banking77","r_at_1":{:.4},"r_at_5":{:.4}}}"#,
        share(first),
        share(among_five)
    );
    Ok(())
}

fn text<'v>(value: &'v serde_json::Value, member: &str) -> Result<&'v str, Failure> {
    value[member].as_str().ok_or_else(|| format!("a line has no text {member:?}").into())
}
