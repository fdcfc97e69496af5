//! What can be asked for on the command line.
//!
//! Knows the options, those between the program's own processes included, and how a model is
//! chosen by name.

use crate::Outcome;
use crate::args::{Arg, Args};
use confidant::{Confidant, Offline, SupportAgent, SupportAgentBuilder};

pub const USAGE: &str = "\
usage: customer_support [--db PATH] [--llm offline|ollama] [--model NAME] [--base-url URL]

  --db PATH        keep the store in this file (made if missing). Without it the run uses a
                   fresh file in a temporary folder and removes it. A customer \"alice\" who is
                   in the file already stays as she is: the run then takes \"alice-2\", or the
                   next free number
  --llm NAME       offline (default): answers from a few articles, needs no model;
                   ollama: a language model on this machine
  --model NAME     the model of ollama (default: llama3.1:8b-instruct-q8_0)
  --base-url URL   where ollama is (default: http://localhost:11434)
  --help           this text";

/// Which part of the run this process is.
pub enum Part {
    /// The parent: starts the others.
    Everything,
    /// One session, counted from 1.
    Session(usize),
    /// The comparison at the end.
    Verify,
}

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Llm {
    Offline,
    Ollama,
}

pub struct Options {
    pub part: Part,
    pub db: Option<String>,
    /// Only between the program's own processes.
    pub customer: Option<String>,
    llm: Llm,
    model: Option<String>,
    base_url: Option<String>,
}

impl Options {
    /// Reads the command line; `None` if it only asked for help, which is printed.
    pub fn of_process() -> Result<Option<Options>, String> {
        let mut options = Options {
            part: Part::Everything,
            db: None,
            customer: None,
            llm: Llm::Offline,
            model: None,
            base_url: None,
        };
        let mut args = Args::of_process()?;
        while let Some(arg) = args.next()? {
            let name = match arg {
                Arg::Option(name) => name,
                Arg::Value(value) => return Err(format!("what is {value:?}?")),
            };
            match name.as_str() {
                "help" | "h" => {
                    println!("{USAGE}");
                    return Ok(None);
                }
                "db" => options.db = Some(args.value(&name)?),
                "llm" => options.llm = llm(&args.value::<String>(&name)?)?,
                "model" => options.model = Some(args.value(&name)?),
                "base-url" => options.base_url = Some(args.value(&name)?),
                "session" => options.part = Part::Session(args.value(&name)?),
                "verify" => options.part = Part::Verify,
                "customer" => options.customer = Some(args.value(&name)?),
                _ => return Err(format!("there is no option --{name}")),
            }
        }
        options.check()?;
        Ok(Some(options))
    }

    fn check(&self) -> Result<(), String> {
        if self.llm == Llm::Offline && (self.model.is_some() || self.base_url.is_some()) {
            return Err("--model and --base-url are for --llm ollama".to_owned());
        }
        if !matches!(self.part, Part::Everything) && (self.db.is_none() || self.customer.is_none())
        {
            return Err("--session and --verify are for this program's own use".to_owned());
        }
        Ok(())
    }

    /// The file and the customer that the parent has chosen.
    pub fn place(&self) -> Outcome<(&str, &str)> {
        match (&self.db, &self.customer) {
            (Some(db), Some(customer)) => Ok((db, customer)),
            _ => Err("no file and no customer were given".into()),
        }
    }

    /// What tells another process of this program which model to use.
    pub fn model_arguments(&self) -> Vec<String> {
        let llm = if self.llm == Llm::Ollama { "ollama" } else { "offline" };
        let mut arguments = vec!["--llm".to_owned(), llm.to_owned()];
        for (name, value) in [("--model", &self.model), ("--base-url", &self.base_url)] {
            if let Some(value) = value {
                arguments.extend([name.to_owned(), value.clone()]);
            }
        }
        arguments
    }

    /// An agent with the chosen model.
    pub fn agent(&self, memory: &Confidant) -> Outcome<SupportAgent> {
        let builder = SupportAgent::builder(memory);
        let builder = match self.llm {
            Llm::Offline => builder.llm(Offline::with_starter()),
            Llm::Ollama => self.with_ollama(builder),
        };
        Ok(builder.build()?)
    }

    #[cfg(feature = "http")]
    fn with_ollama(&self, builder: SupportAgentBuilder) -> SupportAgentBuilder {
        let mut ollama =
            confidant::Ollama::new(self.model.as_deref().unwrap_or("llama3.1:8b-instruct-q8_0"));
        if let Some(url) = &self.base_url {
            ollama = ollama.base_url(url);
        }
        builder.llm(ollama)
    }

    #[cfg(not(feature = "http"))]
    fn with_ollama(&self, builder: SupportAgentBuilder) -> SupportAgentBuilder {
        builder
    }
}

fn llm(name: &str) -> Result<Llm, String> {
    match name {
        "offline" => Ok(Llm::Offline),
        "ollama" if cfg!(feature = "http") => Ok(Llm::Ollama),
        "ollama" => {
            Err("--llm ollama needs the feature \"http\", which this build is without".to_owned())
        }
        _ => Err(format!("--llm cannot be {name:?}; there are offline and ollama")),
    }
}
