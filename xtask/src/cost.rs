//! The gate of instruction counts.
//!
//! Knows how the harness is installed, how its report is read and how much worse is too much.

use crate::{cargo, root};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Counts above the baseline by more than this fail.
const ALLOWED_PERCENT: f64 = 2.0;

/// Instructions of each operation.
type Counts = BTreeMap<String, u64>;

/// Measures and compares with the baseline; fails if any operation is too much worse.
pub fn compare() -> Result<(), String> {
    let (baseline, now) = (read()?, measure()?);
    let mut worse = Vec::new();
    println!("{:<36} {:>14} {:>14} {:>9}", "instructions", "baseline", "now", "change");
    for (name, &count) in &now {
        let Some(&before) = baseline.get(name) else {
            println!("{name:<36} {:>14} {count:>14}", "-");
            worse.push(format!("{name} has no baseline"));
            continue;
        };
        let change = (count as f64 / before as f64 - 1.0) * 100.0;
        println!("{name:<36} {before:>14} {count:>14} {change:>+8.2}%");
        if change > ALLOWED_PERCENT {
            worse.push(format!("{name} takes {change:.2} % more instructions"));
        }
    }
    worse.extend(
        baseline
            .keys()
            .filter(|name| !now.contains_key(*name))
            .map(|name| format!("{name} is gone")),
    );
    if worse.is_empty() {
        return Ok(());
    }
    Err(format!("{}\nIf that is wanted: cargo xtask cost --bless", worse.join("\n")))
}

/// Records today's counts as the baseline.
pub fn bless() -> Result<(), String> {
    let mut text = String::from(
        "# Instructions of each operation, counted by callgrind. Recorded by `cargo xtask cost \
         --bless`;\n# `cargo xtask cost` fails above 2 % more.\n",
    );
    for (name, count) in measure()? {
        text += &format!("{name} {count}\n");
    }
    std::fs::write(file(), &text).map_err(|why| format!("{}: {why}", file().display()))?;
    print!("{text}");
    Ok(())
}

/// Installs the harness's runner, so that a host that cannot have it is told apart from a worse
/// count.
pub fn install() -> Result<(), String> {
    runner().map(|_| ())
}

fn file() -> PathBuf {
    root().join("benches/cost/baseline.txt")
}

fn read() -> Result<Counts, String> {
    let text =
        std::fs::read_to_string(file()).map_err(|why| format!("{}: {why}", file().display()))?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, count) = line.rsplit_once(' ').ok_or(format!("no count: {line}"))?;
            let count = count.parse().map_err(|why| format!("{line}: {why}"))?;
            Ok((name.to_owned(), count))
        })
        .collect()
}

/// Runs every operation under callgrind.
fn measure() -> Result<Counts, String> {
    let runner = runner()?;
    let mut bench = cargo(&["bench", "--package", "confidant-cost", "--", "--output-format=json"]);
    let output = bench
        .env("GUNGRAUN_RUNNER", runner)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|why| format!("cargo: {why}"))?;
    if !output.status.success() {
        return Err("the operations could not be counted".to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let reports: Result<Vec<Value>, _> =
        serde_json::Deserializer::from_str(&text).into_iter().collect();
    let reports = reports.map_err(|why| format!("the harness's report: {why}"))?;
    reports.iter().map(count).collect()
}

/// The operation's name and its instructions, out of the harness's report.
fn count(report: &Value) -> Result<(String, u64), String> {
    let name = |key: &str| report[key].as_str().ok_or(format!("the report has no {key}"));
    let operation = format!("{}::{}", name("function_name")?, name("id")?);
    let values = report.pointer("/profiles/0/data/total/metrics/Ir/values");
    // The harness keeps the run before this one: then there are two, the new one first.
    let instructions =
        values.and_then(|values| values.get("new").or_else(|| values.get("both")?.get(0)));
    let instructions = instructions.and_then(Value::as_u64);
    Ok((operation.clone(), instructions.ok_or(format!("{operation} has no count"))?))
}

/// The harness's runner, of the very version that the bench is built with.
fn runner() -> Result<PathBuf, String> {
    let manifest = std::fs::read_to_string(root().join("benches/cost/Cargo.toml"))
        .map_err(|why| format!("benches/cost/Cargo.toml: {why}"))?;
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("gungraun = \"=")?.strip_suffix('"'))
        .ok_or("benches/cost/Cargo.toml names no exact version of gungraun")?;
    let folder = root().join("target/tools").join(format!("gungraun-{version}"));
    let runner = folder.join("bin/gungraun-runner");
    if !runner.exists() {
        println!("installing gungraun-runner {version}");
        let mut install = cargo(&["install", "--quiet", "--locked", "gungraun-runner"]);
        install.args(["--version", version]).arg("--root").arg(&folder);
        if !install.status().is_ok_and(|status| status.success()) {
            return Err(format!("gungraun-runner {version} could not be installed"));
        }
    }
    if !Command::new("valgrind").arg("--version").output().is_ok_and(|out| out.status.success()) {
        return Err("valgrind is not installed".to_owned());
    }
    Ok(runner)
}
