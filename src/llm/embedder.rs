//! Vectors of a host's own making: what an embedder promises.

use crate::error::Result;

/// A host's own model that turns texts into vectors.
///
/// ```
/// use confidant::{Embedder, Result};
/// struct Letters;
/// impl Embedder for Letters {
///     fn name(&self) -> &str {
///         "letters-1"
///     }
///     fn dimensions(&self) -> usize {
///         26
///     }
///     fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
///         let count = |text: &str, letter: u8| text.bytes().filter(|byte| *byte == letter).count() as f32;
///         Ok(texts.iter().map(|text| (b'a'..=b'z').map(|letter| count(text, letter)).collect()).collect())
///     }
/// }
/// assert_eq!(Letters.embed(&["abba"])?[0][0], 2.0);
/// # Ok::<(), confidant::Error>(())
/// ```
pub trait Embedder: Send + Sync {
    /// The model's name with its version, 1 to 128 bytes: vectors of two names are never
    /// compared.
    fn name(&self) -> &str;

    /// The numbers of a vector, 1 to 8,192.
    fn dimensions(&self) -> usize;

    /// One vector for each text, in their order. Their length does not matter.
    ///
    /// # Errors
    /// Whatever kept it from answering; the caller gets it as it is.
    fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>>;
}
