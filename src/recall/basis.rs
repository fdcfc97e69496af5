//! What texts were compared by.

/// What turns were compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecallBasis {
    /// Their words, words like them, and what the text means.
    WordsAndMeaning,
    /// Their words alone: the crate was built without its table (feature `embedding`), or
    /// the question holds no word that the table knows.
    WordsOnly,
}
