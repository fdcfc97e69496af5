//! The tasks: which file, what is asked of the signals, what counts as right.

use crate::labelled::{Row, read, rows};
use crate::score::{Calibration, Classes, Hits, auc, correlation, float, rounded};
use confidant::{
    Confidant, EntityKind, EscalationReason, NewTurn, Preferences, SignalContext, Signals, Style,
    Topic, Urgency,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

type Task = fn(&Path) -> Result<String, String>;

pub const ALL: &[(&str, Task)] = &[
    ("sentiment_airline", |folder| sentiment(folder, "sentiment_airline")),
    ("sentiment_vader_gt", |folder| sentiment(folder, "sentiment_vader_gt")),
    ("emotion_goemotions", |folder| sentiment(folder, "emotion_goemotions")),
    ("anger_goemotions", anger),
    ("handoff_nlupp", |folder| escalation(folder, "handoff_nlupp", "support_nlupp.jsonl")),
    ("escalate_bitext", |folder| escalation(folder, "escalate_bitext", "support_bitext.jsonl")),
    ("topic_bitext", |folder| topic(folder, "topic_bitext", "support_bitext.jsonl")),
    ("topic_banking77", |folder| topic(folder, "topic_banking77", "intent_banking77.jsonl")),
    ("topic_tickets", |folder| topic(folder, "topic_tickets", "urgency_tickets.jsonl")),
    ("urgency_tickets", urgency),
    ("language_tickets", language),
    ("style_bitext", style),
    ("style_formality", formality),
    ("preferred_style_bitext", preferred_style_of_registers),
    ("preferred_style_formality", preferred_style_of_scores),
    ("names_restaurants8k", names),
    ("entities_ecommerce", entities),
];

/// Reads every message once more, for the time that takes.
fn microseconds(rows: &[Row]) -> f64 {
    let context = SignalContext::new();
    let begin = Instant::now();
    for row in rows {
        std::hint::black_box(Signals::of(std::hint::black_box(row.text()), &context));
    }
    rounded(begin.elapsed().as_secs_f64() * 1e6 / float(rows.len()))
}

fn signals(row: &Row) -> Signals {
    Signals::of(row.text(), &SignalContext::new())
}

fn classes(task: &str, classes: &Classes, rows: &[Row]) -> String {
    let (accuracy, f1) = (rounded(classes.accuracy()), rounded(classes.macro_f1()));
    line(task, rows, &[("accuracy", accuracy), ("macro_f1", f1)])
}

fn hits(task: &str, rows: &[Row], hits: Hits) -> String {
    let figures = [("precision", hits.precision()), ("recall", hits.recall()), ("f1", hits.f1())];
    line(task, rows, &figures.map(|(name, value)| (name, rounded(value))))
}

/// One line of figures, in their order.
fn line(task: &str, rows: &[Row], figures: &[(&str, f64)]) -> String {
    let figures: String =
        figures.iter().map(|(name, value)| format!("\"{name}\":{value},")).collect();
    format!(
        "{{\"task\":\"{task}\",\"n\":{},{figures}\"us_per_message\":{}}}",
        rows.len(),
        microseconds(rows)
    )
}

fn sentiment(folder: &Path, task: &str) -> Result<String, String> {
    let rows = read(folder, &format!("{task}.jsonl"))?;
    let mut found = Classes::default();
    for row in &rows {
        found.add(row.string("label"), signals(row).sentiment.value.name());
    }
    Ok(classes(task, &found, &rows))
}

fn anger(folder: &Path) -> Result<String, String> {
    let rows = read(folder, "emotion_goemotions.jsonl")?;
    let mut found = Hits::default();
    for row in &rows {
        found.add(row.is("angry"), signals(row).angry.is_some());
    }
    Ok(hits("anger_goemotions", &rows, found))
}

fn escalation(folder: &Path, task: &str, file: &str) -> Result<String, String> {
    let rows = read(folder, file)?;
    let with_complaints = task == "escalate_bitext";
    let mut found = Hits::default();
    for row in &rows {
        let signals = signals(row);
        let said = signals.escalations.iter().any(|reason| {
            reason.value == EscalationReason::Person
                || (with_complaints && reason.value == EscalationReason::Complaint)
        });
        let truth =
            if with_complaints { row.is("escalate") } else { row.has("intents", "handoff") };
        found.add(truth, said);
    }
    Ok(hits(task, &rows, found))
}

/// The topics that the labels know; anything else is "other".
pub fn topic_of(signals: &Signals) -> &'static str {
    match signals.topics.first().map(|topic| topic.value) {
        Some(topic @ (Topic::Login | Topic::Billing | Topic::Technical | Topic::Account)) => {
            topic.name()
        }
        _ => "other",
    }
}

fn topic(folder: &Path, task: &str, file: &str) -> Result<String, String> {
    let mut rows = read(folder, file)?;
    rows.retain(|row| matches!(row.string("lang"), "" | "en"));
    let mut found = Classes::default();
    for row in &rows {
        found.add(row.string("topic"), topic_of(&signals(row)));
    }
    Ok(classes(task, &found, &rows))
}

fn urgency(folder: &Path) -> Result<String, String> {
    let mut rows = read(folder, "urgency_tickets.jsonl")?;
    rows.retain(|row| row.string("lang") == "en");
    let mut found = Classes::default();
    for row in &rows {
        // The labels have three steps.
        let said = signals(row).urgency.value.min(Urgency::High);
        found.add(row.string("priority"), said.name());
    }
    Ok(classes("urgency_tickets", &found, &rows))
}

fn language(folder: &Path) -> Result<String, String> {
    let rows = read(folder, "urgency_tickets.jsonl")?;
    let mut found = Classes::default();
    for row in &rows {
        found.add(row.string("lang"), signals(row).language.unwrap_or("unknown"));
    }
    Ok(classes("language_tickets", &found, &rows))
}

/// A style is asserted from here on, either way: a small or a capital letter alone is too little.
const ASSERTED: f64 = 0.3;

fn style(folder: &Path) -> Result<String, String> {
    let mut rows = read(folder, "support_bitext.jsonl")?;
    rows.retain(|row| matches!(row.string("register"), "polite" | "colloquial"));
    let (mut polite, mut colloquial) = (Vec::new(), Vec::new());
    let (mut asserted, mut wrong) = (0_u32, 0_u32);
    for row in &rows {
        let formality = signals(row).formality;
        let is_polite = row.string("register") == "polite";
        if is_polite {
            polite.push(formality)
        } else {
            colloquial.push(formality)
        }
        if formality.abs() >= ASSERTED {
            asserted += 1;
            wrong += u32::from((formality > 0.0) != is_polite);
        }
    }
    let coverage = f64::from(asserted) / float(rows.len()).max(1.0);
    let error = f64::from(wrong) / f64::from(asserted.max(1));
    let figures = [("auc", auc(&polite, &colloquial)), ("coverage", coverage), ("error", error)];
    Ok(line("style_bitext", &rows, &figures.map(|(name, value)| (name, rounded(value)))))
}

fn formality(folder: &Path) -> Result<String, String> {
    let rows = read(folder, "style_formality.jsonl")?;
    let pairs: Vec<(f64, f64)> =
        rows.iter().map(|row| (row.number("score"), signals(row).formality)).collect();
    Ok(line("style_formality", &rows, &[("correlation", rounded(correlation(&pairs)))]))
}

/// How many messages a made-up customer says.
const MESSAGES: usize = 5;

fn preferred_style_of_registers(folder: &Path) -> Result<String, String> {
    let rows = read(folder, "support_bitext.jsonl")?;
    preferred_style("preferred_style_bitext", rows, |row| match row.string("register") {
        "polite" => Some(Style::Formal),
        "colloquial" => Some(Style::Casual),
        _ => None,
    })
}

/// The scores' middle is left out: what people disagree on tells nothing of a customer.
fn preferred_style_of_scores(folder: &Path) -> Result<String, String> {
    let rows = read(folder, "style_formality.jsonl")?;
    preferred_style("preferred_style_formality", rows, |row| match row.number("score") {
        score if score >= 0.6 => Some(Style::Formal),
        score if score <= 0.4 => Some(Style::Casual),
        _ => None,
    })
}

/// What is learned of customers who say five messages of one style each, in the file's order: how
/// many are told a style, how many of these a wrong one, and how far the confidences are from the
/// share that is right (the expected calibration error over tenths).
fn preferred_style(
    task: &str,
    mut rows: Vec<Row>,
    truth: fn(&Row) -> Option<Style>,
) -> Result<String, String> {
    rows.retain(|row| truth(row).is_some());
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let memory = Confidant::open(&folder.path().join("made_up.db").to_string_lossy())
        .map_err(|e| e.to_string())?;
    let mut asserted = Calibration::default();
    let mut customers = 0_u32;
    for style in [Style::Formal, Style::Casual] {
        let said: Vec<&Row> = rows.iter().filter(|row| truth(row) == Some(style)).collect();
        for messages in said.chunks_exact(MESSAGES) {
            customers += 1;
            let name = customers.to_string();
            let learned = learned(&memory, &name, messages).map_err(|error| error.to_string())?;
            if let Some(found) = learned.style {
                asserted.add(found.confidence, found.value == style);
            }
        }
    }
    let coverage = f64::from(asserted.n()) / f64::from(customers.max(1));
    let figures = [("coverage", coverage), ("error", asserted.error()), ("ece", asserted.ece())];
    Ok(line(task, &rows, &figures.map(|(name, value)| (name, rounded(value)))))
}

fn learned(memory: &Confidant, name: &str, messages: &[&Row]) -> confidant::Result<Preferences> {
    let turns: Vec<NewTurn> =
        messages.iter().map(|row| NewTurn::said(row.text()).answered("I see.")).collect();
    let customer = memory.customer(name)?;
    customer.memory().save_turns(&turns)?;
    customer.preferences()
}

/// The words of a name, for comparing.
fn name_words(text: &str) -> BTreeSet<String> {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "and");
    words.map(str::to_lowercase).collect()
}

/// Names in replies to a question for a name.
fn names(folder: &Path) -> Result<String, String> {
    let mut rows = read(folder, "entities_restaurants8k.jsonl")?;
    rows.retain(|row| row.has("requested", "name"));
    let mut found = Hits::default();
    let context = SignalContext::new().agent_said("May I have your first and last name, please?");
    for row in &rows {
        let truth =
            name_words(&format!("{} {}", row.string("first_name"), row.string("last_name")));
        let mut said = BTreeSet::new();
        for entity in Signals::of(row.text(), &context).entities {
            if entity.kind == EntityKind::Name {
                said.extend(name_words(row.text().get(entity.span).unwrap_or_default()));
            }
        }
        if truth == said {
            found.right += u32::from(!truth.is_empty());
        } else {
            found.missed += u32::from(!truth.is_empty());
            found.wrong += u32::from(!said.is_empty());
        }
    }
    Ok(hits("names_restaurants8k", &rows, found))
}

/// Order numbers and e-mail addresses in shop chats, labelled by hand: the fixture holds the
/// conversations' names, the turns' places and the bytes; the texts are in the folder beside.
fn entities(folder: &Path) -> Result<String, String> {
    let labels = rows("the fixture", include_str!("fixtures/ecommerce_entities.jsonl"))?;
    let chats = read(&folder.join("../support"), "ecommerce_chats.jsonl")?;
    let chats: BTreeMap<&str, &Row> = chats.iter().map(|chat| (chat.string("id"), chat)).collect();
    let mut found = Hits::default();
    let mut messages = Vec::new();
    for label in &labels {
        let Some(chat) = chats.get(label.string("conversation")) else { continue };
        let mut truth = BTreeSet::new();
        for span in label.list("spans") {
            let number = |place: usize| {
                span.at(place).as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
            };
            truth.insert((
                number(0),
                number(1),
                number(2),
                span.at(3).as_str().unwrap_or_default().to_owned(),
            ));
        }
        let mut said = BTreeSet::new();
        let turns = chat.list("turns");
        for (place, turn) in
            turns.iter().enumerate().filter(|(_, turn)| turn.string("role") == "customer")
        {
            let asked = place.checked_sub(1).and_then(|before| turns.get(before));
            let asked = asked.filter(|turn| turn.string("role") == "agent").map(Row::text);
            let context =
                asked.map_or(SignalContext::new(), |asked| SignalContext::new().agent_said(asked));
            for entity in Signals::of(turn.text(), &context).entities {
                if matches!(entity.kind, EntityKind::OrderId | EntityKind::Email) {
                    said.insert((
                        place,
                        entity.span.start,
                        entity.span.end,
                        entity.kind.name().to_owned(),
                    ));
                }
            }
        }
        for (truth, said) in
            truth.union(&said).map(|item| (truth.contains(item), said.contains(item)))
        {
            found.add(truth, said);
        }
        messages.extend(turns);
    }
    if messages.is_empty() {
        return Err("none of the labelled conversations is there".to_owned());
    }
    Ok(hits("entities_ecommerce", &messages, found))
}
