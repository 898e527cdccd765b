//! Writing a run's log while it goes. Every line and every event is with the system when the next step begins, so that a
//! run that is killed leaves a log that can be read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Map, Value};
use sysinfo::System;
use thiserror::Error;

use super::record;
use super::scalar::Event;

/// Which tools are to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// An event file of TensorBoard.
    Tensorboard,
    /// `log.jsonl`: an object a line, the names as in TensorBoard, beside them `step` and `time`.
    Jsonl,
}

/// The file of [`Format::Jsonl`].
const LINES: &str = "log.jsonl";
/// What every event file has in its name.
const EVENTS: &str = "tfevents";
/// `session_log { status: START }` of an `Event`: what the events before it say of this step and of later ones is void.
const SESSION_START: [u8; 4] = [7 << 3 | 2, 2, 1 << 3, 1];

/// Why there is no log.
#[derive(Debug, Error)]
pub enum LogError {
    #[error("{} has the log of a run already; give another directory, or go on with that run (--resume)", .0.display())]
    Exists(PathBuf),
    #[error("the log in {} cannot be written: {reason}", directory.display())]
    Unwritable { directory: PathBuf, reason: io::Error },
}

/// A log under way.
#[derive(Debug)]
pub struct Log {
    format: Format,
    directory: PathBuf,
    file: File,
    /// The step that was written last.
    last: usize,
}

impl Log {
    /// Begins a log in `directory`, which is made if it is not there. `taken`, where a run is gone on with, are the steps that it has
    /// had: what an earlier log in the directory says of later ones is void.
    ///
    /// # Errors
    /// If a new run finds a log there, or nothing can be written.
    pub fn begin(format: Format, directory: &Path, taken: Option<usize>) -> Result<Self, LogError> {
        let unwritable = |reason| LogError::Unwritable { directory: directory.to_owned(), reason };
        fs::create_dir_all(directory).map_err(unwritable)?;
        if taken.is_none() && has_log(format, directory).map_err(unwritable)? {
            return Err(LogError::Exists(directory.to_owned()));
        }
        let file = match format {
            Format::Tensorboard => events(directory, taken),
            Format::Jsonl => lines(directory),
        };
        Ok(Self { format, directory: directory.to_owned(), file: file.map_err(unwritable)?, last: 0 })
    }

    /// What a step, counted from 1, came to: names and values. After a step back, what was written from there on is void.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&mut self, step: usize, scalars: &[(&str, f64)]) -> Result<(), LogError> {
        let goes_back = step <= self.last;
        self.last = step;
        let bytes = match self.format {
            Format::Tensorboard => {
                let scalars = scalars.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
                let start = if goes_back { start(step) } else { Vec::new() };
                [start, framed(&Event { wall_time: now(), step: step as i64, scalars }.encode())].concat()
            }
            Format::Jsonl => {
                let mut line: Map<String, Value> =
                    [("step".into(), step.into()), ("time".into(), now().into())].into_iter().collect();
                line.extend(scalars.iter().map(|&(name, value)| (name.to_owned(), value.into())));
                format!("{}\n", Value::Object(line)).into_bytes()
            }
        };
        let directory = || self.directory.clone();
        self.file.write_all(&bytes).map_err(|reason| LogError::Unwritable { directory: directory(), reason })
    }
}

fn has_log(format: Format, directory: &Path) -> io::Result<bool> {
    let name = if format == Format::Jsonl { LINES } else { EVENTS };
    let mut names = fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.file_name()));
    names.try_fold(false, |found, file| Ok(found | file?.to_string_lossy().contains(name)))
}

/// A new event file. TensorBoard reads all of a directory as one run, in the order of their names.
fn events(directory: &Path, taken: Option<usize>) -> io::Result<File> {
    let (time, host, process) = (now(), System::host_name().unwrap_or_default(), std::process::id());
    let mut file = File::create_new(directory.join(format!("events.out.{EVENTS}.{time:.6}.{host}.{process}")))?;
    let mut bytes = framed(&Event::version(time));
    if let Some(taken) = taken {
        bytes.extend(start(taken + 1));
    }
    file.write_all(&bytes)?;
    Ok(file)
}

/// The record that makes void what was written of this step and of later ones.
fn start(step: usize) -> Vec<u8> {
    let mut start = Event { wall_time: now(), step: step as i64, scalars: Vec::new() }.encode();
    start.extend(SESSION_START);
    framed(&start)
}

/// The file of lines, begun or gone on with.
fn lines(directory: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(directory.join(LINES))?;
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last)?;
    }
    // A run that was killed may have left half a line.
    if last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn framed(data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(data.len() + record::HEAD + record::TAIL);
    let _ = record::write(&mut bytes, data); // memory takes it
    bytes
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a directory's files, in the order of their names.
    fn read(directory: &Path) -> Vec<(i64, Vec<(String, f64)>)> {
        let mut files: Vec<_> =
            fs::read_dir(directory).expect("listed").map(|entry| entry.expect("one").path()).collect();
        files.sort();
        let mut events = Vec::new();
        for file in files {
            let bytes = fs::read(file).expect("read");
            let mut rest = &bytes[..];
            while let Some((head, behind)) = rest.split_first_chunk::<{ record::HEAD }>() {
                let length = usize::try_from(record::length(*head).expect("whole")).expect("short");
                let (data, behind) = behind.split_at(length);
                let (tail, behind) = behind.split_first_chunk::<{ record::TAIL }>().expect("a tail");
                assert!(record::is_whole(data, *tail));
                let event = Event::decode(data).expect("an event");
                events.push((event.step, event.scalars));
                rest = behind;
            }
        }
        events
    }

    #[test]
    fn events_are_there_while_the_run_goes_on() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("runs/one");
        let mut log = Log::begin(Format::Tensorboard, &path, None).expect("begun");
        assert_eq!(read(&path), [(0, vec![])], "the version of the format");
        log.write(1, &[("train/loss", 2.5), ("train/grad_norm", 0.5)]).expect("written");
        let step = (1, vec![("train/loss".into(), 2.5), ("train/grad_norm".into(), 0.5)]);
        assert_eq!(read(&path), [(0, vec![]), step.clone()]);
        let error = Log::begin(Format::Tensorboard, &path, None).expect_err("it is another run's").to_string();
        assert!(error.contains("has the log of a run already"), "{error}");
        Log::begin(Format::Jsonl, &path, None).expect("another format is another log");
        fs::remove_file(path.join(LINES)).expect("removed");
        let mut log = Log::begin(Format::Tensorboard, &path, Some(1)).expect("gone on with");
        log.write(2, &[("train/loss", 2.0)]).expect("written");
        log.write(2, &[("train/loss", 1.5)]).expect("another step 2");
        let taken = |loss: f64| (2, vec![("train/loss".into(), loss)]);
        let on = [(0, vec![]), (2, vec![]), taken(2.0), (2, vec![]), taken(1.5)];
        assert_eq!(read(&path), [&[(0, vec![]), step][..], &on].concat());
    }

    #[test]
    fn lines_go_on_behind_half_a_line() {
        let directory = tempfile::tempdir().expect("a directory");
        let mut log = Log::begin(Format::Jsonl, directory.path(), None).expect("begun");
        log.write(1, &[("train/loss", 0.1)]).expect("written");
        log.file.write_all(b"{\"step\":2,").expect("written");
        let mut log = Log::begin(Format::Jsonl, directory.path(), Some(1)).expect("gone on with");
        log.write(2, &[("train/loss", f64::MIN_POSITIVE)]).expect("written");
        let text = fs::read_to_string(directory.path().join(LINES)).expect("read");
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        assert_eq!(text.lines().count(), 3);
        assert_eq!((&lines[0]["step"], &lines[0]["train/loss"]), (&1.into(), &0.1.into()));
        assert_eq!((&lines[1]["step"], lines[1]["train/loss"].as_f64()), (&2.into(), Some(f64::MIN_POSITIVE)));
        assert!(lines[1]["time"].as_f64().is_some_and(|time| time > 1.6e9));
    }

    #[test]
    fn what_cannot_be_written_says_where() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let error = Log::begin(Format::Jsonl, file.path(), None).expect_err("no directory").to_string();
        assert!(error.contains("the log in") && error.contains("cannot be written"), "{error}");
    }
}
