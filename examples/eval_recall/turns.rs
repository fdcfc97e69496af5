//! Long conversations of two people with questions about them.

use super::{Failure, lines};
use confidant::{Channel, Confidant, Customer, NewTurn, RecallQuery, Timestamp};
use serde_json::Value;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

/// Turns that the scorer looks at.
const DEPTH: usize = 200;

/// A conversation in the memory, and what its turns are called in the data.
struct Conversation {
    customer: Customer,
    names: Vec<String>,
}

pub fn evaluate(data: &str, queries: &str, out: &str) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let memory =
        Confidant::open(folder.path().join("eval.db").to_str().ok_or("the folder is not UTF-8")?)?;
    let mut conversations: HashMap<String, Conversation> = HashMap::new();
    let queries = lines(Path::new(queries))?;
    let mut run = std::io::BufWriter::new(std::fs::File::create(out)?);
    let (mut asked, mut spent) = (0_u32, std::time::Duration::ZERO);
    for query in &queries {
        let name = text(query, "conv")?;
        let path = Path::new(data).join("locomo").join(format!("{name}.turns.jsonl"));
        if !path.exists() {
            continue;
        }
        if !conversations.contains_key(name) {
            conversations.insert(name.to_owned(), save(&memory, name, &lines(&path)?)?);
        }
        let conversation = conversations.get(name).ok_or("it was just saved")?;
        let start = std::time::Instant::now();
        let found = conversation
            .customer
            .recall(&RecallQuery::new(text(query, "question")?).limit(DEPTH))?;
        spent += start.elapsed();
        asked += 1;
        let places =
            found.turns.iter().map(|found| usize::try_from(found.turn.id.number()).unwrap_or(0));
        let ids: Vec<&str> = places
            .filter_map(|place| conversation.names.get(place.checked_sub(1)?).map(String::as_str))
            .collect();
        writeln!(run, "{}", serde_json::json!({"qid": text(query, "qid")?, "ids": ids}))?;
    }
    run.flush()?;
    let mean = spent.as_secs_f64() * 1e6 / f64::from(asked.max(1));
    println!(
        r#"{{"task":"locomo","conversations":{},"queries":{asked},"mean_us_of_{DEPTH}":{mean:.1}}}"#,
        conversations.len()
    );
    Ok(())
}

/// Saves a conversation: the first who speaks is the customer, the other answers.
fn save(memory: &Confidant, name: &str, turns: &[Value]) -> Result<Conversation, Failure> {
    let first = text(turns.first().ok_or("a conversation is empty")?, "speaker")?;
    let customer = memory.tenant(name)?.customer(first)?;
    let mut names = Vec::with_capacity(turns.len());
    for session in turns.chunk_by(|a, b| a["session"] == b["session"]) {
        let begins = text(session.first().ok_or("a session is empty")?, "session_start")?;
        let begins: Timestamp = format!("{begins}Z").parse()?;
        let texts: Result<Vec<String>, Failure> = session.iter().map(whole_text).collect();
        let texts = texts?;
        let mut new = Vec::with_capacity(session.len());
        for (turn, whole) in session.iter().zip(&texts) {
            let speaker = text(turn, "speaker")?;
            let half = match speaker == first {
                true => NewTurn::said(whole),
                false => NewTurn::unasked(whole).answered_by(speaker),
            };
            new.push(half.at(begins));
            names.push(text(turn, "id")?.to_owned());
        }
        customer.open_session_at(Channel::Chat, begins)?.save_turns(&new)?;
    }
    Ok(Conversation { customer, names })
}

/// What was said, with the caption of a picture that was shared.
fn whole_text(turn: &Value) -> Result<String, Failure> {
    let said = text(turn, "text")?;
    Ok(match turn["caption"].as_str() {
        Some(caption) => format!("{said} [shares {caption}]"),
        None => said.to_owned(),
    })
}

fn text<'v>(value: &'v Value, member: &str) -> Result<&'v str, Failure> {
    value[member].as_str().ok_or_else(|| format!("a line has no text {member:?}").into())
}
