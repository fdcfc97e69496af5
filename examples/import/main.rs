//! Takes support conversations over from JSON Lines, and proves that nothing was lost.
//!
//! ```text
//! cargo run --release --example import -- chats.jsonl more.jsonl --db support.db
//! ```
//!
//! Every turn is durable before the next one of the same customer is saved; several threads
//! save at once and share commits. Afterwards everything is read back and compared byte for
//! byte. The last line is one JSON object with the figures.

#[path = "../common/args.rs"]
mod args;
mod conversation;
mod figures;
mod lines;
mod progress;
mod readback;
mod saving;

use args::{Arg, Args};
use confidant::Confidant;
use conversation::Conversation;
use figures::{Figures, Sizes};
use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = "\
usage: import FILE.jsonl... [--db PATH]

  FILE.jsonl   one conversation a line: {\"id\": .., \"turns\": [{\"role\": .., \"text\": ..}, ..]}
               with the roles customer and agent; lines of any other role (tool, action,
               system) and all other fields are kept as metadata. Known besides: \"company\"
               (becomes the tenant; \"import\" without it), and \"at\" and \"author\" of a line
  --db PATH    keep the store in this file (made if missing); without it the run uses a
               temporary file. Importing again adds nothing
  --help       this text

The last line on the standard output is one JSON object with the figures.
Exit code 1: a line could not be read or saved, or something came back other than it went in.";

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// What the command line asks for.
#[derive(Default)]
struct Asked {
    files: Vec<String>,
    db: Option<String>,
}

fn main() -> ExitCode {
    let asked = match arguments() {
        Ok(Some(asked)) => asked,
        Ok(None) => return ExitCode::SUCCESS,
        Err(complaint) => {
            eprintln!("error: {complaint}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(asked) {
        Ok(figures) => {
            println!("{}", figures.to_json());
            if figures.is_whole() {
                return ExitCode::SUCCESS;
            }
            eprintln!("error: {} turns were lost and {} altered", figures.lost, figures.altered);
        }
        Err(error) => eprintln!("error: {error}"),
    }
    ExitCode::FAILURE
}

fn arguments() -> Result<Option<Asked>, String> {
    let mut asked = Asked::default();
    let mut args = Args::of_process()?;
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(file) => asked.files.push(file),
            Arg::Option(name) => match name.as_str() {
                "db" => asked.db = Some(args.value(&name)?),
                "help" | "h" => {
                    println!("{USAGE}");
                    return Ok(None);
                }
                _ => return Err(format!("there is no option --{name}")),
            },
        }
    }
    if asked.files.is_empty() {
        return Err("no file was given".to_owned());
    }
    Ok(Some(asked))
}

fn run(asked: Asked) -> Outcome<Figures> {
    let (conversations, broken) = read(&asked.files);
    let folder = if asked.db.is_none() { Some(tempfile::tempdir()?) } else { None };
    let db = match (asked.db, &folder) {
        (Some(db), _) => db,
        (None, Some(folder)) => {
            folder.path().join("import.db").to_str().ok_or("the folder is not Unicode")?.to_owned()
        }
        (None, None) => return Err("no place for the file".into()),
    };
    let memory = Confidant::open(&db)?;
    let customers = conversation::by_customer(&conversations);
    let saved = saving::save(&memory, &customers);
    if let Some(complaint) = saved.failure.or(broken) {
        let imported = format!(
            "{} of {} conversations before it were imported",
            saved.conversations,
            conversations.len()
        );
        return Err(format!(
            "{complaint}\n{imported}; nothing is stored twice if you import again"
        )
        .into());
    }

    let found = readback::compare(&memory, &customers, &saved.ids)?;
    let before = memory.check()?;
    memory.maintain()?;
    memory.compact()?;
    let after = memory.check()?;
    for finding in &after.findings {
        eprintln!("damage: {finding}");
    }
    let turns = conversations.iter().map(|each| each.turns.len()).sum::<usize>();
    let given: u64 = conversations.iter().map(Conversation::text_bytes).sum();
    // A file that held turns before can only be compared as a whole.
    let has_others = after.turns != u64::try_from(turns)?;
    if has_others {
        eprintln!(
            "the file holds {} turns in all: the sizes are those of all of them",
            after.turns
        );
    }
    let sizes = Sizes {
        text_bytes: if has_others { after.text_bytes } else { given },
        stored_body_bytes: after.stored_bytes,
        file_bytes: memory.stats().bytes_on_disk,
    };
    let seconds = saved.time.as_secs_f64();
    eprintln!("{turns} turns, {} of them new, in {seconds:.2} s", saved.new_turns);
    eprintln!(
        "saved_percent_body_before: {:.1}",
        figures::saved_percent(sizes.text_bytes, before.stored_bytes)
    );
    memory.close()?;
    if let Some(folder) = folder {
        folder.close()?;
    }
    Ok(Figures {
        conversations: conversations.len(),
        customers: customers.len(),
        turns,
        lost: found.lost,
        altered: found.altered,
        sizes,
        turns_per_second: turns as f64 / seconds.max(1e-9),
    })
}

/// Reads the files up to the first line that cannot be understood, and says which it was.
fn read(files: &[String]) -> (Vec<Conversation>, Option<String>) {
    let mut conversations = Vec::new();
    for file in files {
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => return (conversations, Some(format!("{file}: {error}"))),
        };
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match lines::read(line, file, number) {
                Ok(conversation) => conversations.push(conversation),
                Err(complaint) => {
                    return (conversations, Some(format!("{file}, line {number}: {complaint}")));
                }
            }
        }
    }
    (conversations, None)
}
