//! A run of others as it grows: a JSON object or a line of words for each thing that comes.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::board::Series;
use crate::sequence::visible_text;

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Words,
}

/// What a checkpoint says of what was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// In nats; none where nothing is scored.
    pub loss: Option<f64>,
    /// −log p of every token, in nats; of several records none.
    pub nll: Option<Vec<Option<f64>>>,
}

/// A line for each step that has values which `before` has not: `{"event": "log", "step": 4, "values": {"train/loss": …}}`.
/// What is no number is null.
///
/// # Errors
/// If writing fails.
pub fn logged(format: LogFormat, series: &Series, before: &Series, out: &mut impl Write) -> io::Result<()> {
    let mut steps: BTreeMap<usize, Map<String, Value>> = BTreeMap::new();
    for (name, values) in series.iter() {
        let is_known = |step: usize, value: f64| {
            before.at(name, step).is_some_and(|(at, known)| at == step && known.to_bits() == value.to_bits())
        };
        for &(step, value) in values.iter().filter(|(step, value)| !is_known(*step, *value)) {
            steps.entry(step).or_default().insert(name.to_owned(), json!(value));
        }
    }
    for (step, values) in steps {
        match format {
            LogFormat::Json => writeln!(out, "{}", json!({"event": "log", "step": step, "values": values}))?,
            LogFormat::Words => {
                let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} {value}")).collect();
                writeln!(out, "step {step}: {}", visible_text(&values.join(" · ")))?;
            }
        }
    }
    Ok(())
}

/// A checkpoint is there, in that directory or under that name.
///
/// # Errors
/// If writing fails.
pub fn checkpoint(
    format: LogFormat,
    step: usize,
    name: &str,
    scored: Option<&Scored>,
    out: &mut impl Write,
) -> io::Result<()> {
    match format {
        LogFormat::Json => {
            let mut line = json!({"event": "checkpoint", "step": step, "model": name});
            if let Some(Scored { loss, nll }) = scored {
                line["loss"] = json!(loss);
                line["nll"] = json!(nll);
            }
            writeln!(out, "{line}")
        }
        LogFormat::Words => {
            let loss =
                scored.and_then(|scored| scored.loss).map_or_else(String::new, |loss| format!(": loss {loss:.6} nats"));
            writeln!(out, "checkpoint {step}, {}{loss}", visible_text(name))
        }
    }
}

/// The run goes on from an earlier step than it was at: what was logged from `step` on does not hold.
///
/// # Errors
/// If writing fails.
pub fn went_back(format: LogFormat, step: usize, out: &mut impl Write) -> io::Result<()> {
    match format {
        LogFormat::Json => writeln!(out, "{}", json!({"event": "back", "step": step})),
        LogFormat::Words => writeln!(out, "the run went back: step {step} and later ones are taken anew"),
    }
}

/// Something is wrong with a log or a checkpoint; the run itself may be sound.
///
/// # Errors
/// If writing fails.
pub fn problem(format: LogFormat, message: &str, out: &mut impl Write) -> io::Result<()> {
    match format {
        LogFormat::Json => writeln!(out, "{}", json!({"event": "problem", "message": message})),
        LogFormat::Words => writeln!(out, "note: {}", visible_text(message)),
    }
}

/// All its steps are taken.
///
/// # Errors
/// If writing fails.
pub fn over(format: LogFormat, steps: usize, out: &mut impl Write) -> io::Result<()> {
    match format {
        LogFormat::Json => writeln!(out, "{}", json!({"event": "over", "steps": steps})),
        LogFormat::Words => writeln!(out, "the run is over after {steps} steps"),
    }
}
