//! Text for a terminal of 80 to 100 columns.
//!
//! Knows the margins, and that long texts are wrapped and hang under their beginning. A
//! terminal that went away is an error like any other, not a panic.

use std::io::{Result, Write};

const WIDTH: usize = 92;
const LABEL: usize = 14;

pub struct PageWriter<W> {
    out: W,
}

impl<W: Write> PageWriter<W> {
    pub fn new(out: W) -> PageWriter<W> {
        PageWriter { out }
    }

    /// The first line of all.
    pub fn title(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "{text}\n{}", "=".repeat(text.chars().count()))
    }

    /// The beginning of a part.
    pub fn heading(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "\n{text}\n{}", "-".repeat(text.chars().count().min(WIDTH)))
    }

    /// The beginning of a part of a part.
    pub fn subheading(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "\n  {text}")
    }

    /// A name and what there is to say under it, wrapped.
    pub fn pair(&mut self, name: &str, text: &str) -> Result<()> {
        let mut name = name;
        for line in text.lines().flat_map(|line| wrapped(line, WIDTH - LABEL - 2)) {
            writeln!(self.out, "  {name:LABEL$}{line}")?;
            name = "";
        }
        if !name.is_empty() {
            writeln!(self.out, "  {name}")?;
        }
        Ok(())
    }

    /// A line as it is.
    pub fn line(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "{text}")
    }
}

impl<W: Write> Write for PageWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.out.flush()
    }
}

/// Cuts a line at spaces; a word that is longer than a line stands alone.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
