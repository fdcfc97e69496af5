//! Durations and what is printed of them.

use std::time::{Duration, Instant};

/// Prints one figure.
pub fn figure(name: &str, value: f64, unit: &str) {
    println!(r#"{{"figure":"{name}","value":{value:.3},"unit":"{unit}"}}"#);
}

/// Durations of single calls, each kept.
#[derive(Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = work();
        self.0.push(start.elapsed());
        value
    }

    /// Prints the median and the worst of a hundred.
    pub fn print(mut self, name: &str) {
        self.0.sort_unstable();
        for (quantile, percent) in [("p50", 50), ("p99", 99)] {
            let place = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
            if let Some(time) = self.0.get(place) {
                figure(&format!("{name}_{quantile}"), micros(*time), "us");
            }
        }
    }
}

pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Any number of durations in little memory: counted in steps of 5 percent, the longest exact.
pub struct Counted {
    steps: Vec<u64>,
    longest: Duration,
}

const STEP: f64 = 1.05;

impl Default for Counted {
    fn default() -> Counted {
        Counted { steps: vec![0; 400], longest: Duration::ZERO }
    }
}

impl Counted {
    pub fn add(&mut self, time: Duration) {
        let step = (micros(time).max(1.0).ln() / STEP.ln()) as usize;
        let last = self.steps.len() - 1;
        if let Some(count) = self.steps.get_mut(step.min(last)) {
            *count += 1;
        }
        self.longest = self.longest.max(time);
    }

    pub fn join(&mut self, other: &Counted) {
        for (count, more) in self.steps.iter_mut().zip(&other.steps) {
            *count += more;
        }
        self.longest = self.longest.max(other.longest);
    }

    pub fn print(&self, name: &str) {
        let all: u64 = self.steps.iter().sum();
        for (quantile, percent) in [("p50", 50), ("p99", 99)] {
            let mut left = all * percent / 100;
            let step = self.steps.iter().position(|count| {
                let is_here = *count > left;
                left = left.saturating_sub(*count);
                is_here
            });
            figure(
                &format!("{name}_{quantile}"),
                STEP.powf(step.unwrap_or_default() as f64 + 0.5),
                "us",
            );
        }
        figure(&format!("{name}_longest"), micros(self.longest) / 1e3, "ms");
    }
}

/// A line of this process's `/proc/self/status`, in megabytes; nothing where there is none.
pub fn memory(line: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let rest = status.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(':'))?;
    Some(rest.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1e3)
}
