//! Command lines of the examples.
//!
//! Knows that `--name value` and `--name=value` are the same, and that `--` ends the options.
//! Forty lines, so that the examples need no crate that a reader has to look up.

use std::collections::VecDeque;
use std::str::FromStr;

/// What a command line is made of.
pub enum Arg {
    /// `--name`, without the dashes.
    Option(String),
    /// Anything else.
    Value(String),
}

/// A command line, taken from its beginning.
pub struct Args {
    rest: VecDeque<String>,
    /// The value of `--name=value`, until it is asked for.
    inline: Option<(String, String)>,
    only_values: bool,
}

impl Args {
    /// The arguments of this process. Text that is not Unicode is an error: the library's
    /// locations are text.
    pub fn of_process() -> Result<Args, String> {
        let rest: Result<_, _> = std::env::args_os().skip(1).map(|arg| arg.into_string()).collect();
        let rest =
            rest.map_err(|arg| format!("an argument is not Unicode: {}", arg.to_string_lossy()))?;
        Ok(Args { rest, inline: None, only_values: false })
    }

    /// The next argument.
    pub fn next(&mut self) -> Result<Option<Arg>, String> {
        if let Some((name, _)) = self.inline.take() {
            return Err(format!("--{name} takes no value"));
        }
        let Some(arg) = self.rest.pop_front() else { return Ok(None) };
        if arg == "--" && !self.only_values {
            self.only_values = true;
            return self.next();
        }
        let Some(option) = arg.strip_prefix("--").filter(|_| !self.only_values) else {
            return Ok(Some(match arg.strip_prefix('-') {
                Some(short) if !self.only_values && !short.is_empty() => {
                    Arg::Option(short.to_owned())
                }
                _ => Arg::Value(arg),
            }));
        };
        let Some((name, value)) = option.split_once('=') else {
            return Ok(Some(Arg::Option(option.to_owned())));
        };
        self.inline = Some((name.to_owned(), value.to_owned()));
        Ok(Some(Arg::Option(name.to_owned())))
    }

    /// The value of the option just taken.
    pub fn value<T: FromStr>(&mut self, option: &str) -> Result<T, String> {
        let value = match self.inline.take() {
            Some((_, value)) => Some(value),
            None => self.rest.pop_front(),
        };
        let value =
            value.filter(|value| !value.is_empty()).ok_or(format!("--{option} needs a value"))?;
        value.parse().map_err(|_| format!("--{option} cannot be {value:?}"))
    }
}
