//! From a line of JSON to turns.
//!
//! Knows the form of the files and how lines become turns: those of the customer make the
//! first half, those of the agent after them the second, until the customer writes again.
//! Everything else is kept as the turn's metadata: lines of other roles under their role,
//! further fields of a line under `lines`, and those of the conversation, on its first turn,
//! under `conversation`. A half or metadata that would pass 64 KiB goes on in another turn.

use crate::conversation::{Conversation, PlannedTurn, key};
use confidant::{Channel, Timestamp};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The limit of each text of a turn.
const LIMIT: usize = 64 << 10;
/// The tenant of conversations that name no company.
const TENANT: &str = "import";
/// When a conversation without times begins: 2020-01-01.
const BASE: Timestamp = Timestamp::from_millis(1_577_836_800_000);
const MINUTE_MS: i64 = 60_000;

type Read<T> = Result<T, String>;

/// Reads one conversation.
///
/// The customer is the conversation: `customer_1` of two conversations are different people,
/// since names were replaced conversation by conversation.
pub fn read(line: &[u8], file: &str, number: usize) -> Read<Conversation> {
    let mut fields = match serde_json::from_slice(line) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Err("not a JSON object".to_owned()),
        Err(error) => return Err(format!("not JSON (column {})", error.column())),
    };
    let id = match fields.remove("id") {
        Some(Value::String(id)) => id,
        Some(Value::Number(id)) => id.to_string(),
        _ => return Err("the conversation has no \"id\"".to_owned()),
    };
    let Some(Value::Array(lines)) = fields.remove("turns") else {
        return Err("the conversation has no list \"turns\"".to_owned());
    };
    let company = match fields.remove("company") {
        Some(Value::String(company)) => Some(company),
        None | Some(Value::Null) => None,
        Some(_) => return Err("\"company\" is not a text".to_owned()),
    };
    let stem = Path::new(file).file_stem().map_or(file.into(), |stem| stem.to_string_lossy());
    let mut maker = Maker::default();
    if !fields.is_empty() {
        maker.extras.insert("conversation".to_owned(), Value::Object(fields));
    }
    for (place, line) in (1..).zip(lines) {
        maker.take(line).map_err(|complaint| format!("turn {place}: {complaint}"))?;
    }
    let mut turns = maker.finish()?;
    if turns.is_empty() {
        return Err("the conversation has no turns".to_owned());
    }
    for (number, turn) in (1..).zip(&mut turns) {
        turn.key = key(&stem, &id, number);
    }
    let channel = if company.is_some() { Channel::Social } else { Channel::Chat };
    let place = format!("{file}, line {number}");
    Ok(Conversation {
        place,
        tenant: company.unwrap_or(TENANT.to_owned()),
        customer: id,
        channel,
        turns,
    })
}

/// Makes turns of lines.
#[derive(Default)]
struct Maker {
    turns: Vec<PlannedTurn>,
    turn: PlannedTurn,
    extras: Map<String, Value>,
    /// Whether the turn holds anything yet.
    is_begun: bool,
    clock: Option<Timestamp>,
}

impl Maker {
    fn take(&mut self, line: Value) -> Read<()> {
        let Value::Object(mut fields) = line else { return Err("not a JSON object".to_owned()) };
        let (role, text) = (string(&mut fields, "role")?, string(&mut fields, "text")?);
        if text.len() > LIMIT {
            return Err(format!("the text has {} bytes; the limit is {LIMIT}", text.len()));
        }
        let told = time(fields.get("at"))?;
        let at = told.unwrap_or(match self.clock {
            Some(before) => Timestamp::from_millis(before.as_millis() + MINUTE_MS),
            None => BASE,
        });
        self.clock = Some(at);
        match role.as_str() {
            "customer" => self.customer(text, at, fields),
            "agent" => self.agent(text, told, at, fields),
            _ => self.other(&role, text, at, fields),
        }
    }

    fn customer(
        &mut self,
        text: String,
        at: Timestamp,
        mut fields: Map<String, Value>,
    ) -> Read<()> {
        let length = self.turn.said.as_ref().map_or(0, |said| said.len() + 1 + text.len());
        if self.turn.answer.is_some() || length > LIMIT {
            self.end()?;
        }
        self.begin(at);
        match &mut self.turn.said {
            Some(said) => {
                said.push('\n');
                said.push_str(&text);
            }
            None => {
                self.turn.said = Some(text);
                self.turn.at = at;
                fields.remove("at");
            }
        }
        self.keep("customer", fields)
    }

    fn agent(
        &mut self,
        text: String,
        told: Option<Timestamp>,
        at: Timestamp,
        mut fields: Map<String, Value>,
    ) -> Read<()> {
        let length = self.turn.answer.as_ref().map_or(0, |answer| answer.len() + 1 + text.len());
        if length > LIMIT {
            self.end()?;
        }
        self.begin(at);
        match &mut self.turn.answer {
            Some(answer) => {
                answer.push('\n');
                answer.push_str(&text);
                if fields.get("author").and_then(Value::as_str) == self.turn.answered_by.as_deref()
                {
                    fields.remove("author");
                }
            }
            None => {
                self.turn.answer = Some(text);
                self.turn.answered_at = told;
                fields.remove("at");
                let author =
                    fields.get("author").and_then(Value::as_str).filter(|name| is_author(name));
                self.turn.answered_by = Some(author.unwrap_or("agent").to_owned());
                if author.is_some() {
                    fields.remove("author");
                }
            }
        }
        self.keep("agent", fields)
    }

    /// A line of a tool, an action, the system: kept under its role.
    fn other(
        &mut self,
        role: &str,
        text: String,
        at: Timestamp,
        mut fields: Map<String, Value>,
    ) -> Read<()> {
        fields.retain(|_, value| !value.is_null());
        let entry = if fields.is_empty() {
            Value::String(text)
        } else {
            fields.insert("text".to_owned(), Value::String(text));
            Value::Object(fields)
        };
        // Names of our own are not roles.
        let role = if matches!(role, "conversation" | "lines") {
            format!("role {role}")
        } else {
            role.to_owned()
        };
        self.append(&role, entry, at)
    }

    /// Keeps what a half's line says beyond its text.
    fn keep(&mut self, role: &str, mut fields: Map<String, Value>) -> Read<()> {
        fields.retain(|_, value| !value.is_null());
        if fields.is_empty() {
            return Ok(());
        }
        fields.insert("role".to_owned(), json!(role));
        let at = self.turn.at;
        self.append("lines", Value::Object(fields), at)
    }

    /// Adds to a list of the metadata; in a new turn if there is no room for it.
    fn append(&mut self, name: &str, entry: Value, at: Timestamp) -> Read<()> {
        let alone = json!({ name: [&entry] }).to_string().len();
        if alone > LIMIT {
            return Err(format!("as metadata it has {alone} bytes; the limit is {LIMIT}"));
        }
        let so_far = if self.extras.is_empty() {
            0
        } else {
            Value::Object(self.extras.clone()).to_string().len()
        };
        if so_far + alone > LIMIT {
            self.end()?;
        }
        self.begin(at);
        match self.extras.entry(name).or_insert_with(|| json!([])) {
            Value::Array(list) => list.push(entry),
            _ => return Err(format!("the metadata {name:?} is taken")),
        }
        Ok(())
    }

    fn begin(&mut self, at: Timestamp) {
        if !self.is_begun {
            self.is_begun = true;
            self.turn.at = at;
        }
    }

    /// Ends the turn, if one was begun.
    fn end(&mut self) -> Read<()> {
        if !self.is_begun {
            return Ok(());
        }
        let mut turn = std::mem::take(&mut self.turn);
        let extras = std::mem::take(&mut self.extras);
        if !extras.is_empty() {
            let text = Value::Object(extras).to_string();
            if text.len() > LIMIT {
                return Err(format!("the metadata has {} bytes; the limit is {LIMIT}", text.len()));
            }
            turn.metadata = Some(text);
        }
        self.turns.push(turn);
        self.is_begun = false;
        Ok(())
    }

    fn finish(mut self) -> Read<Vec<PlannedTurn>> {
        self.end()?;
        Ok(self.turns)
    }
}

fn string(fields: &mut Map<String, Value>, name: &str) -> Read<String> {
    match fields.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("no text {name:?}")),
    }
}

fn is_author(name: &str) -> bool {
    (1..=confidant::MAX_AUTHOR_BYTES).contains(&name.len()) && !name.contains(char::is_control)
}

/// A time in RFC 3339, with a space in place of the `T`, without a zone (taken as UTC), or in
/// seconds or milliseconds since 1970.
fn time(at: Option<&Value>) -> Read<Option<Timestamp>> {
    let read = match at {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => {
            let text = text.trim().replacen(' ', "T", 1);
            text.parse().or_else(|_| format!("{text}Z").parse()).ok()
        }
        Some(Value::Number(number)) => number.as_f64().map(|number| {
            let millis = if number.abs() < 1e11 { number * 1000.0 } else { number };
            Timestamp::from_millis(millis.round() as i64)
        }),
        Some(_) => None,
    };
    read.map(Some).ok_or_else(|| "\"at\" is no time".to_owned())
}
