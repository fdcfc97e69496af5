//! The members of a JSON object as conditions that an index knows.

use super::vocabulary::mark;

/// The plain members of a JSON object, and the plain elements of its lists, as conditions
/// name them.
pub(crate) fn marks(metadata: Option<&str>) -> Vec<Vec<u8>> {
    use serde_json::Value;
    let object =
        metadata.and_then(|text| serde_json::from_str::<serde_json::Map<String, Value>>(text).ok());
    let mut marks = Vec::new();
    for (name, value) in object.into_iter().flatten() {
        let elements = match value {
            Value::Array(elements) => elements,
            other => vec![other],
        };
        let plain = elements.iter().filter(|value| !value.is_array() && !value.is_object());
        marks.extend(plain.map(|value| mark(&name, &value.to_string())));
    }
    marks
}
