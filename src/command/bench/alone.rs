//! A measurement in a process of its own, so that its peak of resident memory is its own: `lossglass bench --alone`.

use std::fmt;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString};

use super::rounds::finished;
use super::subject::{Subject, Training};
use crate::cancel::Cancel;
use crate::train::{LoraSettings, Method};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum Work {
    Score,
    Lora,
    Full,
}

/// So many runs of one thing on so many tokens: `score:512:3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alone {
    pub work: Work,
    pub tokens: usize,
    pub runs: usize,
}

impl fmt::Display for Alone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.work, self.tokens, self.runs)
    }
}

impl FromStr for Alone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not WORK:TOKENS:RUNS");
        let [work, tokens, runs] = text.split(':').collect::<Vec<_>>().try_into().map_err(|_| wrong())?;
        let work = work.parse().map_err(|_| wrong())?;
        let count = |text: &str| text.parse().ok().filter(|&count: &usize| count > 0).ok_or_else(wrong);
        Ok(Self { work, tokens: count(tokens)?, runs: count(runs)? })
    }
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// Of each run.
    pub seconds: Vec<f64>,
    /// The most bytes that were resident; `None` where the system does not say.
    pub resident: Option<u64>,
}

impl Alone {
    /// Does it in this process.
    ///
    /// # Errors
    /// If a run fails.
    pub fn run(self, subject: &Subject) -> Result<Outcome> {
        let mut run: Box<dyn FnMut() -> Result<f64>> = match self.work {
            Work::Score => Box::new(|| subject.score(self.tokens)),
            Work::Full => training(subject, Method::Full, self.tokens),
            Work::Lora => training(subject, Method::Lora(LoraSettings::default()), self.tokens),
        };
        let seconds = (0..self.runs).map(|_| run()).collect::<Result<_>>()?;
        Ok(Outcome { seconds, resident: peak() })
    }

    /// Does it in a process of its own, with as many threads as this one has.
    ///
    /// # Errors
    /// If that process fails, or this one is interrupted.
    pub fn in_a_process(self, model: &str, cancel: &Cancel) -> Result<Outcome> {
        let mut command = Command::new(std::env::current_exe().context("the program's own path")?);
        command.args(["bench", "--alone", &self.to_string(), "--model", model]);
        command.args(["--threads", &rayon::current_num_threads().to_string()]);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        while process.try_wait()?.is_none() {
            if cancel.is_cancelled() {
                let _ = process.kill();
                let _ = process.wait();
                finished(false)?;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = process.wait_with_output()?;
        if !output.status.success() {
            finished(!cancel.is_cancelled())?; // it heard Ctrl-C too
            bail!("{self} in a process of its own: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).with_context(|| format!("what {self} printed"))
    }
}

fn training(subject: &Subject, method: Method, tokens: usize) -> Box<dyn FnMut() -> Result<f64>> {
    let mut training = Training::new(subject, method, tokens);
    Box::new(move || training.step())
}

/// The most bytes of this process that were ever resident at a time, where the system tells (Linux).
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_survives_the_command_line() {
        let alone = Alone { work: Work::Lora, tokens: 128, runs: 2 };
        assert_eq!(alone.to_string(), "lora:128:2");
        assert_eq!(alone.to_string().parse(), Ok(alone));
        for wrong in ["", "score", "score:128", "dance:1:1", "score:0:1", "score:1:1:1"] {
            assert!(wrong.parse::<Alone>().is_err(), "{wrong}");
        }
    }
}
