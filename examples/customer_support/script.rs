//! The reference conversation: what the customer says on which day.
//!
//! Knows the file's form. The answers in it are for the golden test; here a model finds its own.

use crate::Outcome;
use confidant::Channel;
use serde_json::Value;

const TEXT: &str = include_str!("../reference_conversation.json");

pub struct Script {
    pub tenant: String,
    pub customer: String,
    pub sessions: Vec<ScriptSession>,
}

pub struct ScriptSession {
    pub day: i64,
    pub channel: Channel,
    pub said: Vec<String>,
}

impl Script {
    pub fn read() -> Outcome<Script> {
        let json: Value = serde_json::from_str(TEXT)?;
        let sessions: Outcome<Vec<ScriptSession>> =
            list(&json["sessions"])?.iter().map(session).collect();
        Ok(Script {
            tenant: text(&json["tenant"])?,
            customer: text(&json["customer"])?,
            sessions: sessions?,
        })
    }

    /// The customer's messages of every session, oldest first.
    pub fn said(&self) -> impl Iterator<Item = &str> {
        self.sessions.iter().flat_map(|session| &session.said).map(String::as_str)
    }

    /// How many turns the sessions before one have, counted from 1.
    pub fn turns_before(&self, session: usize) -> usize {
        self.sessions.iter().take(session - 1).map(|session| session.said.len()).sum()
    }
}

fn session(json: &Value) -> Outcome<ScriptSession> {
    let said: Outcome<Vec<String>> =
        list(&json["turns"])?.iter().map(|turn| text(&turn["said"])).collect();
    let day = json["day"].as_i64().ok_or("a session of the script has no day")?;
    Ok(ScriptSession { day, channel: text(&json["channel"])?.parse()?, said: said? })
}

fn list(json: &Value) -> Outcome<&Vec<Value>> {
    Ok(json.as_array().ok_or("the script lacks a list")?)
}

fn text(json: &Value) -> Outcome<String> {
    Ok(json.as_str().ok_or("the script lacks a text")?.to_owned())
}
