//! Fills a store with many customers and says whether it stays as fast as it began.
//!
//! ```text
//! cargo run --release --example load -- --customers 100000 --turns 5000000 --threads 8
//! cargo run --release --features postgres --example load -- --customers 100000 --turns 1000000 \
//!     --threads 8 --store postgres://confidant@localhost/support
//! ```
//!
//! Every turn is acknowledged one by one, and what was acknowledged is counted and compared
//! at the end. The output is one JSON line a figure.

#[path = "../common/args.rs"]
mod args;
mod far;
mod figures;
mod scale;
mod talk;
mod warm;

use args::{Arg, Args};
use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = "\
usage: load [options]

  --customers N        customers, 1 to 10,000,000 (default 1,000)
  --turns TOTAL        turns in all (default 50 a customer)
  --threads T          threads that save at once between the measurements (default 8)
  --store LOCATION     a path or postgres://.. (built with --features postgres); without it
                       the run uses a temporary file. --db is another name for it
  --seed S             which customers and texts are drawn (default 1); a store that another
                       seed has filled can be filled further: they are of a tenant `load-S`
  --folder FOLDER      where the temporary file is made (default: the system's)
  --compare-redis HOST:PORT
                       instead: what a copy of the newest turns in Redis would win over reading
                       the store, which must be on PostgreSQL
  --round-trip-us N    with --compare-redis: the network's round trip to both (default 0: as it is)
  --help               this text

\"begin\" is after the first 2 percent of the turns, \"end\" after the last one. Both are
measured by one thread: saves to random customers, and contexts of customers that are not hot.
Exit code 1: a call failed, or an acknowledged turn was missing.";

/// What the command line asks for.
struct Asked {
    customers: usize,
    turns: Option<u64>,
    threads: usize,
    store: Option<String>,
    seed: u64,
    folder: Option<String>,
    redis: Option<String>,
    round_trip_us: u64,
}

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let asked = match arguments() {
        Ok(Some(asked)) => asked,
        Ok(None) => return ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("error: {complaint}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = if asked.redis.is_some() { warm::run(&asked) } else { scale::run(&asked) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Option<Asked>, String> {
    let mut asked = Asked {
        customers: 1_000,
        turns: None,
        threads: 8,
        store: None,
        seed: 1,
        folder: None,
        redis: None,
        round_trip_us: 0,
    };
    let mut args = Args::of_process()?;
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Option(name) => match name.as_str() {
                "customers" => asked.customers = args.value(&name)?,
                "turns" => asked.turns = Some(args.value(&name)?),
                "threads" => asked.threads = args.value(&name)?,
                "store" | "db" => asked.store = Some(args.value(&name)?),
                "seed" => asked.seed = args.value(&name)?,
                "folder" => asked.folder = Some(args.value(&name)?),
                "compare-redis" => asked.redis = Some(args.value(&name)?),
                "round-trip-us" => asked.round_trip_us = args.value(&name)?,
                "help" | "h" => {
                    println!("{USAGE}");
                    return Ok(None);
                }
                _ => return Err(format!("there is no option --{name}")),
            },
            Arg::Value(value) => return Err(format!("what is {value:?}?")),
        }
    }
    if !(1..=10_000_000).contains(&asked.customers) {
        return Err("--customers must be 1 to 10,000,000".to_owned());
    }
    if !(1..=1_000).contains(&asked.threads) {
        return Err("--threads must be 1 to 1,000".to_owned());
    }
    Ok(Some(asked))
}
