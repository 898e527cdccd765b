//! `doctor`: what the program finds on this machine, and what to do where something is missing.

mod machine;
mod models;
mod terminal;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::models::ListFormat;
use crate::cli::setup::DoctorArgs;
use crate::sequence::visible_text;

/// What was found of one thing.
struct Check {
    name: &'static str,
    state: State,
    found: String,
    /// What to do; empty where it is fine.
    advice: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Fine,
    /// It works, and could be better.
    Note,
    /// Something will not work.
    Wrong,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Note => "note",
            Self::Wrong => "wrong",
        }
    }
}

impl Check {
    fn fine(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Fine, found: found.into(), advice: String::new() }
    }

    fn note(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, state: State::Note, found: found.into(), advice: advice.into() }
    }

    fn wrong(name: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, state: State::Wrong, found: found.into(), advice: advice.into() }
    }
}

/// Looks, and prints what was found. Exit code 1 if something will not work.
///
/// # Errors
/// If standard output cannot be written to.
pub fn run(args: &DoctorArgs) -> Result<ExitCode> {
    let parts = [("program", machine::program()), ("terminal", terminal::checks())];
    let parts = parts.into_iter().chain([("machine", machine::checks()), ("models", models::checks())]);
    let parts: Vec<(&str, Vec<Check>)> = parts.collect();
    match args.format {
        ListFormat::Table => print(&parts)?,
        ListFormat::Json => writeln!(io::stdout(), "{}", serde_json::to_string_pretty(&to_json(&parts))?)?,
    }
    let is_wrong = parts.iter().flat_map(|(_, checks)| checks).any(|check| check.state == State::Wrong);
    Ok(ExitCode::from(u8::from(is_wrong)))
}

/// A line each, with a second one for what to do.
fn print(parts: &[(&str, Vec<Check>)]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (at, (part, checks)) in parts.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{part}")?;
        for Check { name, state, found, advice } in checks {
            writeln!(out, "  {:<5}  {name:<9}  {}", state.word(), visible_text(found))?;
            if !advice.is_empty() {
                writeln!(out, "  {:18}{}", "", visible_text(advice))?;
            }
        }
    }
    Ok(())
}

fn to_json(parts: &[(&str, Vec<Check>)]) -> Value {
    let checks = parts.iter().flat_map(|(part, checks)| checks.iter().map(move |check| (part, check)));
    let checks = checks.map(|(part, Check { name, state, found, advice })| {
        let advice = Some(advice).filter(|advice| !advice.is_empty());
        json!({"part": part, "name": name, "state": state.word(), "found": found, "advice": advice})
    });
    json!({"schema": 1, "version": env!("CARGO_PKG_VERSION"), "checks": checks.collect::<Vec<_>>()})
}
