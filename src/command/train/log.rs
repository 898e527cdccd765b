//! `--log`: the run for tools that people have.

use std::ffi::OsString;
use std::path::Path;

use anyhow::{Result, bail};

use crate::board::{Format, Log, LogError};
use crate::train::StepReport;

/// The logs of a run.
pub struct Logs(Vec<Log>);

/// Whether `--log`, pairs of a format and a directory, can be meant.
///
/// # Errors
/// If a format is none.
pub fn check(log: &[OsString]) -> Result<()> {
    log.chunks_exact(2).try_for_each(|pair| format(&pair[0]).map(drop))
}

fn format(name: &OsString) -> Result<Format> {
    match name.to_str().and_then(|name| name.parse().ok()) {
        Some(format) => Ok(format),
        None => bail!("--log {}: give tensorboard or jsonl, then a directory", name.display()),
    }
}

impl Logs {
    /// Begins them. `taken` are the steps of a run that is gone on with.
    ///
    /// # Errors
    /// If a format is none, a directory has the log of another run, or nothing can be written.
    pub fn begin(log: &[OsString], taken: Option<usize>) -> Result<Self> {
        let begin = |pair: &[OsString]| Ok(Log::begin(format(&pair[0])?, Path::new(&pair[1]), taken)?);
        log.chunks_exact(2).map(begin).collect::<Result<_>>().map(Self)
    }

    /// Writes a step down, under the names that transformers gives its figures. A log that fails is said and given up: the
    /// run goes on.
    pub fn step(&mut self, report: &StepReport, epochs: f64) {
        let scalars = [
            ("train/loss", report.loss),
            ("train/grad_norm", report.grad_norm),
            ("train/learning_rate", report.lr),
            ("train/epoch", epochs),
            ("train/scored", report.scored as f64),
        ];
        let mut tell = |log: &mut Log| {
            let written = log.write(report.step, &scalars);
            written.inspect_err(|error: &LogError| eprintln!("note: {error}; the run goes on without it")).is_ok()
        };
        self.0.retain_mut(&mut tell);
    }
}
