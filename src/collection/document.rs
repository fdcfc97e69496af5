//! The documents of a collection, as given and as stored.
//!
//! Knows the fields of a stored document, what its checksum covers, and how a long text is cut
//! into passages that are found one by one.

use crate::codec::{Codec, Damage, record};
use crate::error::{Error, ErrorKind, Result, invalid};

/// The longest text of a document, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 128 << 10;
/// The longest key and title, in bytes.
const MAX_SHORT_BYTES: usize = 512;
/// A passage ends with the paragraph or sentence after so many bytes.
const PASSAGE_BYTES: usize = 700;
/// A passage is at most so long if nothing ends.
const MAX_PASSAGE_BYTES: usize = 1_400;
/// Passages of one document that are found; one more would be beyond [`MAX_DOCUMENT_BYTES`].
pub(super) const MAX_PASSAGES: usize = 256;

const KEY: u8 = 1;
const TITLE: u8 = 2;
const TEXT: u8 = 3;
const METADATA: u8 = 4;

/// A document to be put into a collection.
///
/// ```
/// use confidant::NewDocument;
/// let refunds = NewDocument::new("refunds", "Refunds take five working days.")
///     .title("Refunds")
///     .metadata(r#"{"category":"billing","tags":["money"]}"#);
/// # let _ = refunds;
/// ```
#[derive(Clone, Copy)]
#[must_use]
pub struct NewDocument<'a> {
    pub(super) key: &'a str,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    pub(super) metadata: Option<&'a str>,
}

impl<'a> NewDocument<'a> {
    /// A document under the host's own key, 1 to 512 bytes; text of at most 128 KiB.
    pub fn new(key: &'a str, text: &'a str) -> NewDocument<'a> {
        NewDocument { key, title: "", text, metadata: None }
    }

    /// The title, at most 512 bytes; every passage is found by its words too.
    pub fn title(mut self, title: &'a str) -> Self {
        self.title = title;
        self
    }

    /// The text of one JSON object; [`Condition`](crate::Condition)s are about its members.
    pub fn metadata(mut self, json: &'a str) -> Self {
        self.metadata = Some(json);
        self
    }

    pub(super) fn check(&self) -> Result<()> {
        check_key(self.key)?;
        let long = |what: &str, bytes: usize, limit: usize| {
            Err(Error::new(
                ErrorKind::Limit,
                format!("the document's {what} has {bytes} bytes; the limit is {limit}"),
            ))
        };
        if self.title.len() > MAX_SHORT_BYTES {
            return long("title", self.title.len(), MAX_SHORT_BYTES);
        }
        let metadata = self.metadata.unwrap_or_default();
        if self.text.len().max(metadata.len()) > MAX_DOCUMENT_BYTES {
            return long(
                "text or metadata",
                self.text.len().max(metadata.len()),
                MAX_DOCUMENT_BYTES,
            );
        }
        let is_object = |text: &str| {
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
        };
        if self.metadata.is_some_and(|text| !is_object(text)) {
            return Err(invalid("the document's metadata is no JSON object"));
        }
        Ok(())
    }
}

/// `Debug` prints lengths, never text.
impl std::fmt::Debug for NewDocument<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let NewDocument { key, title, text, metadata } = self;
        f.debug_struct("NewDocument")
            .field("key", key)
            .field("title_bytes", &title.len())
            .field("text_bytes", &text.len())
            .field("has_metadata", &metadata.is_some())
            .finish()
    }
}

pub(super) fn check_key(key: &str) -> Result<()> {
    match key.len() {
        0 => Err(invalid("the document's key is empty")),
        1..=MAX_SHORT_BYTES => Ok(()),
        bytes => Err(invalid(format!(
            "the document's key has {bytes} bytes; the limit is {MAX_SHORT_BYTES}"
        ))),
    }
}

/// A stored document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StoredText {
    /// The host's key.
    pub key: String,
    /// The title; may be empty.
    pub title: String,
    /// The whole text.
    pub text: String,
    /// The host's JSON object, as text.
    pub metadata: Option<String>,
    /// How often it was used.
    pub used: u64,
    /// How often it helped when it was used.
    pub helped: u64,
}

/// What a document's checksum covers beside its fields: whose it is.
pub(super) fn bound(tenant: &str, collection: &str) -> Vec<u8> {
    [tenant.as_bytes(), b"\0", collection.as_bytes(), b"\0document"].concat()
}

pub(super) fn pack(codec: &Codec, bound: &[u8], new: &NewDocument<'_>) -> Vec<u8> {
    let mut fields =
        vec![(KEY, new.key.as_bytes()), (TITLE, new.title.as_bytes()), (TEXT, new.text.as_bytes())];
    fields.extend(new.metadata.map(|text| (METADATA, text.as_bytes())));
    let mut raw = Vec::new();
    record::encode(&fields, &mut raw);
    codec.pack(&raw, bound)
}

pub(super) fn unpack(codec: &Codec, bound: &[u8], body: &[u8]) -> Result<StoredText, Damage> {
    let raw = codec.unpack(body, bound)?;
    let mut document = StoredText::default();
    for field in record::decode(&raw) {
        let (tag, bytes) = field?;
        let text = String::from_utf8(bytes.to_vec()).map_err(|_| Damage::Fields)?;
        match tag {
            KEY => document.key = text,
            TITLE => document.title = text,
            TEXT => document.text = text,
            METADATA => document.metadata = Some(text),
            _ => return Err(Damage::Fields),
        }
    }
    Ok(document)
}

/// The passages of a text, cut behind paragraphs and sentences; a short text is one.
pub(super) fn passages(text: &str) -> Vec<&str> {
    let mut passages = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && passages.len() + 1 < MAX_PASSAGES {
        let end = passage_end(rest);
        let (passage, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        passages.push(passage.trim_end());
        rest = after.trim_start();
    }
    if !rest.is_empty() || passages.is_empty() {
        passages.push(rest);
    }
    passages
}

fn passage_end(text: &str) -> usize {
    if text.len() <= MAX_PASSAGE_BYTES {
        return text.len();
    }
    let from = text.floor_char_boundary(PASSAGE_BYTES);
    let to = text.floor_char_boundary(MAX_PASSAGE_BYTES);
    let window = text.get(from..to).unwrap_or_default();
    let end = ["\n\n", "\n", ". ", "! ", "? ", " "]
        .iter()
        .find_map(|mark| window.find(mark).map(|at| at + mark.len()));
    end.map_or(to, |end| from + end)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_where_something_ends_and_nothing_is_lost() {
        let text = "One sentence here. Another one follows it.\n".repeat(200);
        let cut = passages(&text);
        assert!(cut.len() > 5 && cut.iter().all(|passage| passage.len() <= MAX_PASSAGE_BYTES));
        assert!(cut.iter().all(|passage| passage.ends_with('.')));
        assert_eq!(cut.concat().replace(['\n', ' '], ""), text.replace(['\n', ' '], ""));
        assert_eq!((passages("short"), passages("  ")), (vec!["short"], vec![""]));
        let solid = "\u{20ac}".repeat(MAX_DOCUMENT_BYTES / 3);
        assert_eq!(passages(&solid).concat(), solid);
        assert!(passages(&solid).len() <= MAX_PASSAGES);
    }
}
