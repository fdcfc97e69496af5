//! A customer comes back on three days, and is remembered.
//!
//! Plays `reference_conversation.json`: three sessions, seven turns. Every session runs in a
//! process of its own, so that whatever the second one knows of the first has been on disk.
//! A last process reads everything back and compares it with the original.
//!
//! ```text
//! cargo run --release --example customer_support
//! cargo run --release --example customer_support -- --llm ollama --db demo.db
//! ```
//!
//! `session.rs` is what a host would write; the rest is about showing it.

#[path = "../common/args.rs"]
mod args;
mod options;
mod page;
mod script;
mod session;
mod verify;

use confidant::{Confidant, Page};
use options::{Options, Part};
use page::PageWriter;
use script::Script;
use std::error::Error;
use std::io::Write;
use std::process::{Command, ExitCode};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let options = match Options::of_process() {
        Ok(Some(options)) => options,
        Ok(None) => return ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("error: {complaint}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    let done = match &options.part {
        Part::Everything => everything(&options),
        Part::Session(day) => {
            session::play(&options, *day, &mut PageWriter::new(std::io::stdout().lock()))
        }
        Part::Verify => verify::verify(&options, &mut PageWriter::new(std::io::stdout().lock())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs each part in a process of its own, one after the other.
fn everything(options: &Options) -> Outcome {
    let script = Script::read()?;
    let folder = if options.db.is_none() { Some(tempfile::tempdir()?) } else { None };
    let db = match (&options.db, &folder) {
        (Some(db), _) => db.clone(),
        (None, Some(folder)) => {
            folder.path().join("support.db").to_str().ok_or("the folder is not Unicode")?.to_owned()
        }
        (None, None) => return Err("no place for the file".into()),
    };
    let customer = free_customer(&db, &script)?;

    let mut out = PageWriter::new(std::io::stdout().lock());
    out.title("One customer, three days, four processes")?;
    out.pair("Customer", &customer)?;
    out.pair(
        "File",
        &if folder.is_some() {
            format!("{db} (removed at the end; --db keeps one)")
        } else {
            db.clone()
        },
    )?;
    out.flush()?;
    drop(out);

    let program = std::env::current_exe()?;
    let sessions = 1..=script.sessions.len();
    let parts = sessions
        .map(|day| vec!["--session".to_owned(), day.to_string()])
        .chain([vec!["--verify".to_owned()]]);
    for part in parts {
        let mut command = Command::new(&program);
        command
            .args(&part)
            .args(["--db", &db, "--customer", &customer])
            .args(options.model_arguments());
        let status = command
            .status()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        if !status.success() {
            let part = part.join(" ");
            return Err(format!(
                "the process of {} ended with {status}",
                part.trim_start_matches('-')
            )
            .into());
        }
    }
    if let Some(folder) = folder {
        folder.close()?;
    }
    Ok(())
}

/// The script's customer, or one with a number if the file knows that customer already: what
/// is there stays as it is.
fn free_customer(db: &str, script: &Script) -> Outcome<String> {
    let memory = Confidant::open(db)?;
    let tenant = memory.tenant(&script.tenant)?;
    for number in 1_u32.. {
        let name = if number == 1 {
            script.customer.clone()
        } else {
            format!("{}-{number}", script.customer)
        };
        let customer = tenant.customer(&name)?;
        if customer.sessions(Page::first(1))?.is_empty()
            && customer.memory().load_context()?.is_empty()
        {
            memory.close()?;
            return Ok(name);
        }
    }
    Err("no name is left for the customer".into())
}
