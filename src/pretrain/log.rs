//! `log.jsonl`: what was seen along the way.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Loss, Sampled};

/// One look at a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub stage: String,
    /// Steps of the whole run.
    pub step: usize,
    /// Tokens that were trained on.
    pub tokens: u64,
    /// Mean loss in nats of the steps since the entry before, each before its update; `None` before the first step.
    pub loss: Option<f64>,
    /// Learning rate of the last step.
    pub lr: Option<f64>,
    /// Over the steps since the entry before, as far as they were taken in this sitting.
    pub tokens_per_second: Option<f64>,
    pub held_out: Vec<Loss>,
    pub samples: Vec<Sampled>,
}

/// Adds an entry at the end of the file.
pub(super) fn add(file: &Path, entry: &Entry) -> io::Result<()> {
    let mut out = fs::OpenOptions::new().create(true).append(true).open(file)?;
    writeln!(out, "{}", serde_json::to_string(entry)?)
}

/// Leaves out what came after `step`, which is done again.
pub(super) fn forget_after(file: &Path, step: usize) -> io::Result<()> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let is_before = |line: &&str| serde_json::from_str::<Entry>(line).is_ok_and(|entry| entry.step <= step);
    let kept: Vec<&str> = text.lines().filter(is_before).collect();
    fs::write(file, kept.iter().flat_map(|line| [*line, "\n"]).collect::<String>())
}
