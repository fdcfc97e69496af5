//! A bar on the terminal.
//!
//! Knows that it is drawn on the standard error, only where that is a terminal, and not more
//! often than an eye can follow. A screenful of code asks for no crate.

use std::io::{IsTerminal, Write};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

const WIDTH: usize = 40;
const PAUSE: Duration = Duration::from_millis(100);

pub struct Progress {
    total: usize,
    is_shown: bool,
}

impl Progress {
    pub fn new(total: usize) -> Progress {
        Progress { total, is_shown: std::io::stderr().is_terminal() }
    }

    /// Draws until nobody reports any more.
    pub fn follow(&self, reports: Receiver<()>) {
        let (mut done, mut drawn) = (0, Instant::now());
        for () in reports {
            done += 1;
            if self.is_shown && drawn.elapsed() >= PAUSE {
                drawn = Instant::now();
                self.draw(done);
            }
        }
        if self.is_shown {
            self.draw(done);
            eprintln!();
        }
    }

    fn draw(&self, done: usize) {
        let filled = (WIDTH * done).checked_div(self.total).unwrap_or(0);
        let bar = format!("{}{}", "#".repeat(filled), ".".repeat(WIDTH.saturating_sub(filled)));
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "\r[{bar}] {done} of {} conversations", self.total);
        let _ = err.flush();
    }
}
