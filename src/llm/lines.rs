//! A stream of bytes, line by line.
//!
//! Knows that bytes arrive split anywhere, also inside a character or a line ending, that
//! the last line may lack its end, and that a server must not make us hold a line without
//! limit.

use crate::error::{Error, LlmFailure, Result};
use std::io::{BufRead, BufReader, ErrorKind, Read};

/// The longest line that is read, in bytes.
pub(crate) const MAX_LINE_BYTES: usize = 1024 * 1024;

/// Reads lines from a stream.
pub(crate) struct Lines<R> {
    source: BufReader<R>,
}

impl<R: Read> Lines<R> {
    /// Lines of that stream.
    pub(crate) fn new(source: R) -> Lines<R> {
        Lines { source: BufReader::new(source) }
    }

    /// The next line without its ending; `None` when the stream has ended.
    ///
    /// `broken` turns a failed read into the error to report.
    ///
    /// # Errors
    /// `Llm` with `Decode` for a line that is too long or not UTF-8; else what `broken` makes.
    pub(crate) fn next(
        &mut self,
        broken: impl Fn(std::io::Error) -> Error,
    ) -> Result<Option<String>> {
        let mut line = Vec::new();
        loop {
            let chunk = match self.source.fill_buf() {
                Ok(chunk) => chunk,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                Err(cause) => return Err(broken(cause)),
            };
            if chunk.is_empty() {
                return if line.is_empty() { Ok(None) } else { text(line).map(Some) };
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = end.and_then(|end| chunk.get(..end)).unwrap_or(chunk);
            if line.len() + part.len() > MAX_LINE_BYTES {
                return Err(undecodable(
                    "a line of the model server's stream is longer than 1 MiB",
                ));
            }
            line.extend_from_slice(part);
            let used = end.map_or(part.len(), |end| end + 1);
            self.source.consume(used);
            if end.is_some() {
                return text(line).map(Some);
            }
        }
    }
}

fn text(mut line: Vec<u8>) -> Result<String> {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line)
        .map_err(|_| undecodable("a line of the model server's stream is not UTF-8"))
}

fn undecodable(message: &str) -> Error {
    Error::llm(LlmFailure::Decode, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most `step` bytes a read.
    struct Drip<'a> {
        bytes: &'a [u8],
        step: usize,
    }

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let wanted = self.step.min(buffer.len());
            let mut part = self.bytes.take(u64::try_from(wanted).expect("small"));
            let given = part.read(buffer)?;
            self.bytes = self.bytes.split_at(given).1;
            Ok(given)
        }
    }

    fn lines(bytes: &[u8], step: usize) -> Result<Vec<String>> {
        let mut lines = Lines::new(Drip { bytes, step });
        let mut all = Vec::new();
        while let Some(line) = lines.next(|cause| crate::error::internal(cause.to_string()))? {
            all.push(line);
        }
        Ok(all)
    }

    #[test]
    fn bytes_may_be_split_anywhere() {
        let stream = "gr\u{fc}n\r\n\n\u{20ac}\u{1f600}\nlast".as_bytes();
        for step in 1..=stream.len() {
            assert_eq!(
                lines(stream, step).expect("readable"),
                ["gr\u{fc}n", "", "\u{20ac}\u{1f600}", "last"]
            );
        }
    }

    #[test]
    fn a_line_of_the_whole_limit_is_read_and_one_byte_more_is_refused() {
        let mut stream = vec![b'x'; MAX_LINE_BYTES];
        assert_eq!(lines(&stream, 8192).expect("fits").len(), 1);
        stream.push(b'x');
        let error = lines(&stream, 8192).expect_err("too long");
        assert_eq!(error.llm_failure(), Some(LlmFailure::Decode));
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        assert_eq!(
            lines(b"a\xff\n", 9).expect_err("not UTF-8").llm_failure(),
            Some(LlmFailure::Decode)
        );
    }
}
