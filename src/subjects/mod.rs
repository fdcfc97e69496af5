//! What a memory keeps or derives beside the turns, subject by subject.

mod list;
#[cfg(test)]
mod tests;
