//! A stream of bytes, line by line.
//!
//! Knows that bytes arrive split anywhere, also inside a character or a line ending, that
//! the last line may lack its end, and that a server must not make us hold a line without
//! limit.

use crate::error::{Error, ErrorKind, LlmFailure, Result};
use std::io::{self, BufRead, BufReader, Read};

/// The longest line that is read, in bytes.
pub(crate) const MAX_LINE_BYTES: usize = 1024 * 1024;

/// The longest stream and the most lines of one: a reply of many thousand tokens, each in its
/// own JSON object, is far shorter.
pub(crate) const MAX_STREAM_BYTES: usize = 24 * 1024 * 1024;
pub(crate) const MAX_LINES: usize = 250_000;

/// Reads lines from a stream.
pub(crate) struct Lines<R> {
    source: BufReader<R>,
    read_bytes: usize,
    read_lines: usize,
}

impl<R: Read> Lines<R> {
    /// Lines of that stream.
    pub(crate) fn new(source: R) -> Lines<R> {
        Lines { source: BufReader::new(source), read_bytes: 0, read_lines: 0 }
    }

    /// The next line without its ending; `None` when the stream has ended.
    ///
    /// `broken` turns a failed read into the error to report.
    ///
    /// # Errors
    /// `Limit` for a line or a stream that is too long; `Llm` with `Decode` for a line that is not
    /// UTF-8; else what `broken` makes.
    pub(crate) fn next(
        &mut self,
        broken: impl Fn(std::io::Error) -> Error,
    ) -> Result<Option<String>> {
        let mut line = Vec::new();
        self.read_lines += 1;
        if self.read_lines > MAX_LINES {
            return Err(too_long(&format!("the model server's stream has over {MAX_LINES} lines")));
        }
        loop {
            let chunk = match self.source.fill_buf() {
                Ok(chunk) => chunk,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => return Err(broken(cause)),
            };
            if chunk.is_empty() {
                return if line.is_empty() { Ok(None) } else { text(line).map(Some) };
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = end.and_then(|end| chunk.get(..end)).unwrap_or(chunk);
            if line.len() + part.len() > MAX_LINE_BYTES {
                return Err(too_long("a line of the model server's stream is longer than 1 MiB"));
            }
            line.extend_from_slice(part);
            let used = end.map_or(part.len(), |end| end + 1);
            self.source.consume(used);
            self.read_bytes += used;
            if self.read_bytes > MAX_STREAM_BYTES {
                return Err(too_long("the model server's stream is longer than 24 MiB"));
            }
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

fn too_long(message: &str) -> Error {
    Error::new(ErrorKind::Limit, message)
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
        assert_eq!(error.kind(), ErrorKind::Limit);
    }

    #[test]
    fn a_stream_without_end_is_given_up_by_its_bytes_or_its_lines() {
        for (line, lines_read) in [("\n".to_owned(), MAX_LINES), ("x".repeat(99_999) + "\n", 251)] {
            let mut lines = Lines::new(Endless { line: line.as_bytes(), at: 0 });
            let mut read = 0;
            let error = loop {
                match lines.next(|cause| crate::error::internal(cause.to_string())) {
                    Ok(Some(_)) => read += 1,
                    Ok(None) => panic!("it has no end"),
                    Err(error) => break error,
                }
            };
            assert_eq!((error.kind(), read), (ErrorKind::Limit, lines_read));
        }
    }

    /// Gives one line again and again.
    struct Endless<'a> {
        line: &'a [u8],
        at: usize,
    }

    impl Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            for byte in buffer.iter_mut() {
                *byte = self.line.get(self.at).copied().unwrap_or_default();
                self.at = (self.at + 1) % self.line.len();
            }
            Ok(buffer.len())
        }
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
        assert_eq!(
            lines(b"a\xff\n", 9).expect_err("not UTF-8").llm_failure(),
            Some(LlmFailure::Decode)
        );
    }
}
