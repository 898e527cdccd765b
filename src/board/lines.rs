//! A log line by line, read on as it grows: one JSON object a line, as in LLaMA-Factory's trainer_log.jsonl and what
//! `train --format json` prints, or what a trainer printed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::printed::Printed;
use super::{Series, json};

/// Lines after which a file without a step in it is no log.
const PATIENCE: usize = 20;

/// What was read of the file so far.
pub struct LineFile {
    path: PathBuf,
    at: u64,
    lines: usize,
    /// Of a log that was printed for people.
    printed: Option<Printed>,
    pub series: Series,
    /// How many steps the run is to have.
    pub total: Option<usize>,
}

impl LineFile {
    pub fn new(path: PathBuf) -> Self {
        let printed = path.extension().is_some_and(|ending| ending != "jsonl").then(Printed::default);
        Self { path, at: 0, lines: 0, printed, series: Series::default(), total: None }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the lines that came since; whether there was anything of a run in them. Lines that are no such objects are
    /// somebody else's; a line without its end is still to come.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read_on(&mut self) -> io::Result<bool> {
        let file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        let is_anew = length < self.at;
        if is_anew {
            *self = Self::new(std::mem::take(&mut self.path));
        }
        if length == self.at || self.is_no_log() {
            return Ok(is_anew);
        }
        let mut input = BufReader::new(file);
        input.seek(SeekFrom::Start(self.at))?;
        let (mut line, mut is_new) = (Vec::new(), is_anew);
        while input.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            self.at += line.len() as u64;
            self.lines += 1;
            is_new |= self.take(&line);
            if self.is_no_log() {
                break;
            }
            line.clear();
        }
        // A bar has no end before something else is printed.
        if self.printed.is_some() && !line.ends_with(b"\n") {
            is_new |= self.take(line.rsplit(|byte| *byte == b'\r').next().unwrap_or_default());
        }
        Ok(is_new)
    }

    fn take(&mut self, line: &[u8]) -> bool {
        if let Some(printed) = &mut self.printed {
            let is_new = printed.take(&String::from_utf8_lossy(line), &mut self.series);
            self.total = printed.total;
            return is_new;
        }
        let Ok(Value::Object(entry)) = json::parse(line) else { return false };
        self.total = number(&entry, &["total_steps", "max_steps"]).or(self.total);
        add(&mut self.series, &entry)
    }

    /// Whether nothing of a run was found where a log of JSON lines would have had it.
    fn is_no_log(&self) -> bool {
        self.printed.is_none() && self.series.is_empty() && self.lines >= PATIENCE
    }
}

/// Adds what a log entry says of its step; whether it says anything.
pub fn add(series: &mut Series, entry: &Map<String, Value>) -> bool {
    let Some(step) = number(entry, &["step", "global_step", "current_steps"]) else { return false };
    let mut has_any = false;
    for (key, value) in entry {
        let is_step = ["step", "global_step", "current_steps", "total_steps", "max_steps"].contains(&key.as_str());
        if let Some(value) = value.as_f64().filter(|_| !is_step) {
            series.add(&name(key), step, value);
            has_any = true;
        }
    }
    has_any
}

fn number(entry: &Map<String, Value>, keys: &[&str]) -> Option<usize> {
    let value = keys.iter().find_map(|key| entry.get(*key)?.as_u64())?;
    usize::try_from(value).ok()
}

/// What transformers calls that value in TensorBoard.
pub fn name(key: &str) -> String {
    match (key, key.split_once('_')) {
        ("lr", _) => "train/learning_rate".into(),
        (_, Some((which @ ("eval" | "test"), rest))) => format!("{which}/{rest}"),
        _ if key.contains('/') => key.into(),
        _ => format!("train/{key}"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_growing_log_is_read_line_by_line() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("trainer_log.jsonl");
        let mut log = LineFile::new(path.clone());
        assert!(log.read_on().is_err(), "it is not there yet");
        let text = "{\"current_steps\": 5, \"total_steps\": 20, \"loss\": 1.5, \"lr\": 1e-4, \"epoch\": 0.5}\n\
                    no JSON\n{\"current_steps\": 10, \"total_steps\": 20, \"eval_loss\": NaN, \"loss\": 1.25}";
        fs::write(&path, text).expect("written");
        assert!(log.read_on().expect("read") && !log.read_on().expect("read"));
        assert_eq!((log.series.last_step(), log.total), (Some(5), Some(20)), "the last line has no end yet");
        fs::write(&path, format!("{text}\n")).expect("written");
        assert!(log.read_on().expect("read"));
        assert_eq!(log.series.of("train/loss"), [(5, 1.5), (10, 1.25)]);
        assert_eq!((log.series.of("train/learning_rate").len(), log.series.of("eval/loss").len()), (1, 0));
    }

    #[test]
    fn a_data_set_is_no_log() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("train.jsonl");
        fs::write(&path, "{\"text\": \"a\", \"loss\": 1}\n".repeat(100)).expect("written");
        let mut log = LineFile::new(path);
        assert!(!log.read_on().expect("read") && log.lines == PATIENCE);
        assert!(!log.read_on().expect("read"));
    }

    #[test]
    fn values_are_named_as_in_tensorboard() {
        let names = ["loss", "lr", "eval_loss", "eval_runtime", "train_runtime", "train/loss"].map(name);
        let expected =
            ["train/loss", "train/learning_rate", "eval/loss", "eval/runtime", "train/train_runtime", "train/loss"];
        assert_eq!(names, expected);
    }
}
