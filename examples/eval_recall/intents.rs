//! Short customer questions with labels.

use super::Failure;

pub fn evaluate(_folder: &str) -> Result<(), Failure> {
    Err("not here yet".into())
}
