//! Reads labelled files: one JSON object in each line.

use serde_json::Value;
use std::path::Path;

/// One labelled message.
pub struct Row(Value);

impl Row {
    pub fn text(&self) -> &str {
        self.string("text")
    }

    pub fn string(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn number(&self, field: &str) -> f64 {
        self.0.get(field).and_then(Value::as_f64).unwrap_or_default()
    }

    pub fn is(&self, field: &str) -> bool {
        self.0.get(field).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The members of a list.
    pub fn list(&self, field: &str) -> Vec<Row> {
        let list = self.0.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
        list.into_iter().map(Row).collect()
    }

    /// A member of a list that is a number or a string.
    pub fn at(&self, place: usize) -> &Value {
        self.0.get(place).unwrap_or(&Value::Null)
    }

    /// Whether a list has a member that begins so.
    pub fn has(&self, field: &str, member: &str) -> bool {
        let list = self.0.get(field).and_then(Value::as_array);
        list.is_some_and(|list| {
            list.iter().any(|item| item.as_str().is_some_and(|item| item.contains(member)))
        })
    }
}

/// The rows of a file.
pub fn read(folder: &Path, file: &str) -> Result<Vec<Row>, String> {
    let text =
        std::fs::read_to_string(folder.join(file)).map_err(|cause| format!("{file}: {cause}"))?;
    rows(file, &text)
}

/// The rows of a text.
pub fn rows(file: &str, text: &str) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        rows.push(Row(serde_json::from_str(line)
            .map_err(|cause| format!("{file}, line {number}: {cause}"))?));
    }
    if rows.is_empty() { Err(format!("{file} holds nothing")) } else { Ok(rows) }
}
