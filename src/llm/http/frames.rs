//! Server-sent events, read from lines.
//!
//! Knows that `data:` lines of one event are joined, that a blank line ends it, and that
//! comments, unknown fields and a byte order mark are passed over.

use super::lines::{Lines, MAX_LINE_BYTES};
use crate::error::{Error, ErrorKind, Result};
use std::collections::VecDeque;
use std::io::Read;

/// One event: its name, empty if it has none, and its data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Reads events from a stream.
pub(crate) struct Events<R> {
    lines: Lines<R>,
    /// Lines that a lone carriage return separates come at once.
    waiting: VecDeque<String>,
    is_begun: bool,
}

impl<R: Read> Events<R> {
    /// Events of that stream.
    pub(crate) fn new(source: R) -> Events<R> {
        Events { lines: Lines::new(source), waiting: VecDeque::new(), is_begun: false }
    }

    /// The next event that has data; `None` when the stream has ended. An event whose blank
    /// line is missing at the end counts all the same.
    ///
    /// # Errors
    /// `Limit` if an event, a line or the stream is too long; else as [`Lines::next`].
    pub(crate) fn next(
        &mut self,
        broken: impl Fn(std::io::Error) -> Error,
    ) -> Result<Option<Event>> {
        let mut event = Event::default();
        let mut has_data = false;
        while let Some(line) = self.line(&broken)? {
            if line.is_empty() {
                if has_data {
                    return Ok(Some(event));
                }
                event = Event::default();
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut event.name),
                "data" => {
                    if has_data {
                        event.data.push('\n');
                    }
                    has_data = true;
                    event.data.push_str(value);
                }
                _ => {}
            }
            if event.data.len() > MAX_LINE_BYTES {
                let message = "an event of the model server's stream is longer than 1 MiB";
                return Err(Error::new(ErrorKind::Limit, message));
            }
        }
        Ok(has_data.then_some(event))
    }

    fn line(&mut self, broken: &impl Fn(std::io::Error) -> Error) -> Result<Option<String>> {
        if let Some(line) = self.waiting.pop_front() {
            return Ok(Some(line));
        }
        let Some(line) = self.lines.next(broken)? else { return Ok(None) };
        let line = match self.is_begun {
            true => line,
            false => line.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(line),
        };
        self.is_begun = true;
        if !line.contains('\r') {
            return Ok(Some(line));
        }
        self.waiting.extend(line.split('\r').map(str::to_owned));
        Ok(self.waiting.pop_front())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a stream that gives `step` bytes a read.
    fn events(text: &str, step: usize) -> Vec<(String, String)> {
        struct Drip<'a>(&'a [u8], usize);
        impl Read for Drip<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let wanted = self.1.min(buffer.len()).min(self.0.len());
                let (given, rest) = self.0.split_at(wanted);
                buffer.iter_mut().zip(given).for_each(|(to, from)| *to = *from);
                self.0 = rest;
                Ok(wanted)
            }
        }
        let mut events = Events::new(Drip(text.as_bytes(), step));
        let mut all = Vec::new();
        while let Some(event) =
            events.next(|cause| crate::error::internal(cause.to_string())).expect("readable")
        {
            all.push((event.name, event.data));
        }
        all
    }

    fn pair(name: &str, data: &str) -> (String, String) {
        (name.to_owned(), data.to_owned())
    }

    #[test]
    fn events_are_the_same_wherever_the_bytes_are_split() {
        let text = "\u{feff}: hello\r\n\r\nevent: a\ndata: gr\u{fc}n\ndata:two\nid: 7\nretry\n\n\n\
                    event: empty\n\ndata: x\r\n\r\ndata: last";
        for step in 1..=text.len() {
            let expected = [pair("a", "gr\u{fc}n\ntwo"), pair("", "x"), pair("", "last")];
            assert_eq!(events(text, step), expected, "{step}");
        }
    }

    #[test]
    fn a_lone_carriage_return_ends_a_line_too() {
        assert_eq!(events("data: a\r\rdata: b\r\r", 3), [pair("", "a"), pair("", "b")]);
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let part = format!("data: {}\n", "x".repeat(300_000));
        let mut events = Events::new(std::io::Cursor::new(part.repeat(9)));
        let error = events.next(|cause| crate::error::internal(cause.to_string()));
        assert_eq!(error.expect_err("too long").kind(), ErrorKind::Limit);
    }
}
