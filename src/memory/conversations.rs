//! Turns and sessions as a subject among others: what is registered and exported of them.
//!
//! Knows which of their columns are personal and how a turn reads in an export.

use super::customer::Customer;
use super::page::Page;
use super::session::SessionDetails;
use super::subject::{Sink, Subject, Table};
use crate::archive::{Scope, Turn};
use crate::error::Result;
use serde_json::json;

/// Customers, their sessions and their turns.
pub(crate) struct Conversations;

const NAME: &str = "conversations";
/// Sessions read at once.
const PAGE: usize = 1_000;

impl Subject for Conversations {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tables(&self) -> &'static [Table] {
        &[
            Table { name: "counters", personal: &[] },
            Table { name: "tenants", personal: &[] },
            Table { name: "customers", personal: &["name"] },
            Table {
                name: "sessions",
                personal: &["channel", "opened_at", "closed_at", "resolved", "rating"],
            },
            Table {
                name: "turns",
                personal: &[
                    "channel",
                    "at",
                    "answered_at",
                    "confidence",
                    "resolved",
                    "key",
                    "body",
                ],
            },
            // Only phrases that several customers share.
            Table { name: "dictionaries", personal: &[] },
        ]
    }

    fn export(&self, customer: &Customer, _scope: Scope, sink: &mut dyn Sink) -> Result<()> {
        let mut page = Page::first(PAGE);
        loop {
            let sessions = customer.sessions(page)?;
            let Some(last) = sessions.last() else { break };
            page = page.after(last.id);
            sessions.iter().try_for_each(|details| sink.record(NAME, session(details)))?;
        }
        customer.each_stored_turn(None, &mut |of| sink.record(NAME, turn(of)))
    }
}

fn session(of: &SessionDetails) -> serde_json::Value {
    json!({
        "session": of.id.to_string(),
        "channel": of.channel.to_string(),
        "opened_at": of.opened_at.to_string(),
        "closed_at": of.closed_at.map(|at| at.to_string()),
        "resolved": of.resolved,
        "rating": of.rating,
    })
}

fn turn(of: &Turn) -> serde_json::Value {
    json!({
        "turn": of.id.to_string(),
        "session": of.session.to_string(),
        "channel": of.channel.to_string(),
        "at": of.at.to_string(),
        "said": of.said,
        "answer": of.answer,
        "answered_at": of.answered_at.map(|at| at.to_string()),
        "answered_by": of.answered_by,
        "confidence": of.confidence,
        "resolved": of.resolved,
        "metadata": of.metadata,
    })
}
