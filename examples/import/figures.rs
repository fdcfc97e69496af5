//! The last line: what an import came to.
//!
//! Knows the names that programs look for.

use serde_json::json;

/// Sizes in bytes.
pub struct Sizes {
    /// What customers and agents said, with metadata.
    pub text_bytes: u64,
    /// The same in the store, after upkeep.
    pub stored_body_bytes: u64,
    /// The whole file, after upkeep and compaction.
    pub file_bytes: u64,
}

pub struct Figures {
    pub conversations: usize,
    pub customers: usize,
    pub turns: usize,
    pub lost: usize,
    pub altered: usize,
    pub sizes: Sizes,
    pub turns_per_second: f64,
}

impl Figures {
    /// Whether everything came back as it was given.
    pub fn is_whole(&self) -> bool {
        self.lost == 0 && self.altered == 0
    }

    /// One line of JSON, in the order that people read it.
    pub fn to_json(&self) -> String {
        let sizes = &self.sizes;
        let fields = [
            ("conversations", json!(self.conversations)),
            ("customers", json!(self.customers)),
            ("turns", json!(self.turns)),
            ("lost", json!(self.lost)),
            ("altered", json!(self.altered)),
            ("text_bytes", json!(sizes.text_bytes)),
            ("stored_body_bytes", json!(sizes.stored_body_bytes)),
            ("file_bytes", json!(sizes.file_bytes)),
            ("saved_percent_body", json!(saved_percent(sizes.text_bytes, sizes.stored_body_bytes))),
            ("saved_percent_file", json!(saved_percent(sizes.text_bytes, sizes.file_bytes))),
            ("turns_per_second", json!(self.turns_per_second.round())),
        ];
        let fields: Vec<String> =
            fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    }
}

/// How much smaller something became, in percent with one decimal; less than 0 if it grew.
pub fn saved_percent(given: u64, stored: u64) -> f64 {
    if given == 0 {
        return 0.0;
    }
    (1000.0 * (1.0 - stored as f64 / given as f64)).round() / 10.0
}
