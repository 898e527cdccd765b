//! `--log`: runs for tools that people have.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::board::{Format, Log, LogError};
use crate::train::StepReport;

/// What `--log` asks for, pairs of a format and a directory.
///
/// # Errors
/// If a format is none.
pub fn asked(log: &[OsString]) -> Result<Vec<(Format, PathBuf)>> {
    let pair = |pair: &[OsString]| Ok((format(&pair[0])?, PathBuf::from(&pair[1])));
    log.chunks_exact(2).map(pair).collect()
}

fn format(name: &OsString) -> Result<Format> {
    match name.to_str().and_then(|name| name.parse().ok()) {
        Some(format) => Ok(format),
        None => bail!("--log {}: give tensorboard or jsonl, then a directory", name.display()),
    }
}

/// The logs of a run.
#[derive(Debug)]
pub struct Logs(Vec<Log>);

impl Logs {
    /// Begins them. `taken` are the steps of a run that is gone on with.
    ///
    /// # Errors
    /// If a directory has the log of another run, or nothing can be written.
    pub fn begin(asked: &[(Format, PathBuf)], taken: Option<usize>) -> Result<Self, LogError> {
        asked
            .iter()
            .map(|(format, directory)| Log::begin(*format, directory, taken))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Writes a step down. A log that fails is given up; why is for the caller to say.
    pub fn write(&mut self, step: usize, scalars: &[(&str, f64)]) -> Vec<LogError> {
        let mut problems = Vec::new();
        self.0.retain_mut(|log| log.write(step, scalars).map_err(|problem| problems.push(problem)).is_ok());
        problems
    }
}

/// What is written of a step, under the names that transformers gives its figures.
pub fn figures(report: &StepReport) -> Vec<(&'static str, f64)> {
    vec![
        ("train/loss", report.loss),
        ("train/grad_norm", report.grad_norm),
        ("train/learning_rate", report.lr),
        ("train/scored", report.scored as f64),
    ]
}
