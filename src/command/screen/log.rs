//! `--log` on screen: what happens to the weights, run by run.

use std::path::PathBuf;

use anyhow::Result;

use crate::board::{Format, LogError};
use crate::command::log::{self, Logs};
use crate::engine::At;

/// The logs of all runs on screen. Each run that begins at its first step has a folder of its own, `run-1` and on.
#[derive(Debug)]
pub struct RunLogs {
    asked: Vec<(Format, PathBuf)>,
    run: Option<Logs>,
    /// What could not be written, in sentences.
    pub problems: Vec<String>,
}

impl RunLogs {
    /// Logs as `--log` asks for them; nothing is written before the first step.
    ///
    /// # Errors
    /// If a format is none.
    pub fn new(log: &[std::ffi::OsString]) -> Result<Self> {
        Ok(Self { asked: log::asked(log)?, run: None, problems: Vec::new() })
    }

    /// Writes down the step that led to these weights, if one did.
    pub fn take(&mut self, at: &At) {
        let Some(first) = at.reports.first().filter(|_| !self.asked.is_empty()) else { return };
        if first.step == 1 || self.run.is_none() {
            self.run = self.begin().map_err(|problem| self.give_up(&problem)).ok();
        }
        let Some(run) = &mut self.run else { return };
        let mut figures = log::figures(first);
        if let Some(second) = at.reports.get(1) {
            figures.extend([("twin/loss", second.loss), ("twin/grad_norm", second.grad_norm)]);
        }
        let problems = run.write(first.step, &figures);
        self.problems.extend(problems.iter().map(LogError::to_string));
    }

    /// In the first folders that no run has.
    fn begin(&self) -> Result<Logs, LogError> {
        let folders = |number: usize| -> Vec<_> {
            let name = format!("run-{number}");
            self.asked.iter().map(|(format, directory)| (*format, directory.join(&name))).collect()
        };
        let is_free = |folders: &Vec<(Format, PathBuf)>| folders.iter().all(|(_, folder)| !folder.exists());
        Logs::begin(&(1..).map(folders).find(is_free).unwrap_or_default(), None)
    }

    /// Where nothing can be written once, it is not tried at every step.
    fn give_up(&mut self, problem: &LogError) {
        self.asked.clear();
        self.problems.push(problem.to_string());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::train::StepReport;

    fn at(steps: &[(usize, f64)]) -> At {
        let report = |&(step, loss): &(usize, f64)| StepReport {
            step,
            loss,
            scored: 3,
            tokens: 5,
            grad_norm: 1.0,
            clipped: false,
            lr: 0.1,
            seconds: 0.0,
            parts: Vec::new(),
        };
        let step = steps.first().map_or(0, |(step, _)| *step);
        let reports = steps.iter().map(report).collect();
        At { step, reports, generation: 0, rows: Vec::new(), probes: Vec::new(), oldest: 0 }
    }

    fn begun(format: &str, directory: &std::path::Path) -> RunLogs {
        RunLogs::new(&[format.into(), directory.into()]).expect("a format")
    }

    #[test]
    fn every_run_has_a_folder() {
        let place = tempfile::tempdir().expect("a directory");
        let mut logs = begun("jsonl", place.path());
        // A step back and another one, the base weights, a run anew with a twin.
        for steps in [&[][..], &[(1, 2.0)], &[(2, 1.5)], &[], &[(2, 1.25)], &[], &[(1, 2.0), (1, 3.0)]] {
            logs.take(&at(steps));
        }
        let read = |run: &str| -> Vec<serde_json::Value> {
            let text = fs::read_to_string(place.path().join(run).join("log.jsonl")).expect("a log");
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
        };
        let losses: Vec<_> =
            read("run-1").iter().map(|line| (line["step"].clone(), line["train/loss"].clone())).collect();
        assert_eq!(losses, [(1.into(), 2.0.into()), (2.into(), 1.5.into()), (2.into(), 1.25.into())]);
        assert_eq!(read("run-2")[0]["twin/loss"], 3.0);
        // Another sitting leaves both as they are.
        begun("jsonl", place.path()).take(&at(&[(1, 4.0)]));
        assert_eq!(read("run-3")[0]["train/loss"], 4.0);
        assert!(logs.problems.is_empty() && read("run-1").len() == 3);
    }

    #[test]
    fn what_cannot_be_written_is_said_once() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut logs = begun("tensorboard", file.path());
        (1..=2).for_each(|step| logs.take(&at(&[(step, 1.0)])));
        assert!(matches!(&logs.problems[..], [only] if only.contains("cannot be written")), "{:?}", logs.problems);
        assert!(RunLogs::new(&["csv".into(), "x".into()]).is_err());
    }
}
