//! A run of others, as what it leaves behind tells of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::checkpoint::{self, Checkpoint};
use super::events::EventFile;
use super::lines::LineFile;
use super::series::Series;
use super::state::State;

/// How deep below the run's directory logs are looked for: transformers puts them into `runs/DATE_HOST`.
const DEPTH: usize = 3;
/// Logs that are read of one run.
const MOST: usize = 200;

/// What is known of a run so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub series: Series,
    /// How many steps it is to have.
    pub total: Option<usize>,
    /// The steps that it went back to: what had been logged from each of them on was taken anew.
    pub went_back: Vec<usize>,
    /// Those that are written to their end, by step.
    pub checkpoints: Vec<Checkpoint>,
    /// What is wrong with its logs, a sentence each.
    pub problems: Vec<String>,
}

impl Run {
    /// The last step it logged or saved.
    pub fn step(&self) -> Option<usize> {
        self.series.last_step().max(self.checkpoints.last().map(|checkpoint| checkpoint.step))
    }

    /// Whether it took all its steps.
    pub fn is_over(&self) -> bool {
        self.total.is_some_and(|total| self.step() >= Some(total))
    }
}

/// Why a run cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("{0} is not there: give the directory that the trainer writes to (output_dir), or one of its logs")]
    Missing(PathBuf),
    #[error(
        "{0} is no log of a run: give an event file, a trainer_state.json, a log of JSON lines, what the trainer printed (.log, .out), or the run's directory"
    )]
    NoLog(PathBuf),
}

/// Looks at a run again and again.
pub struct Watch {
    path: PathBuf,
    events: Vec<EventFile>,
    lines: Vec<LineFile>,
    state: Option<(PathBuf, SystemTime, State)>,
    run: Run,
}

impl Watch {
    /// Begins to watch the run in a directory, or what one log tells.
    ///
    /// # Errors
    /// If there is nothing of that name, or it is a file of another kind.
    pub fn begin(path: &Path) -> Result<Self, WatchError> {
        if !path.exists() {
            return Err(WatchError::Missing(path.to_owned()));
        }
        if path.is_file() && Log::of(path).is_none() {
            return Err(WatchError::NoLog(path.to_owned()));
        }
        let (events, lines) = (Vec::new(), Vec::new());
        let mut watch = Self { path: path.to_owned(), events, lines, state: None, run: Run::default() };
        watch.look();
        Ok(watch)
    }

    /// What is known by now.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Looks what came since; whether anything did. A file that cannot be read at the moment is read the next time.
    pub fn look(&mut self) -> bool {
        let mut states = Vec::new();
        for (log, path) in logs(&self.path) {
            match log {
                Log::Events if self.events.iter().all(|known| known.path() != path) => {
                    self.events.push(EventFile::new(path));
                }
                Log::Lines if self.lines.iter().all(|known| known.path() != path) => {
                    self.lines.push(LineFile::new(path));
                }
                Log::State => states.push(path),
                Log::Events | Log::Lines => {}
            }
        }
        self.events.sort_by_key(|file| (file.began(), file.path().to_owned()));
        let mut is_new = self.read_state(states);
        for file in &mut self.events {
            is_new |= file.read_on().unwrap_or(false);
        }
        for file in &mut self.lines {
            is_new |= file.read_on().unwrap_or(false);
        }
        let checkpoints = checkpoint::find(&self.path, &self.run.checkpoints);
        is_new |= checkpoints != self.run.checkpoints;
        if is_new {
            self.run = self.tell(checkpoints);
        }
        is_new
    }

    /// Of all the states the one that was written last; whether it is another than before.
    fn read_state(&mut self, paths: Vec<PathBuf>) -> bool {
        let written = |path: PathBuf| Some((fs::metadata(&path).ok()?.modified().ok()?, path));
        let Some((time, path)) = paths.into_iter().filter_map(written).max() else { return false };
        if self.state.as_ref().is_some_and(|(known, at, _)| (known, at) == (&path, &time)) {
            return false;
        }
        // One that is half written is whole the next time.
        let Some(state) = fs::read(&path).ok().and_then(|text| State::read(&text)) else { return false };
        self.state = Some((path, time, state));
        true
    }

    /// What all the logs say together: event files, which are there at once, before lines, before what a checkpoint tells of
    /// the steps before it.
    fn tell(&self, checkpoints: Vec<Checkpoint>) -> Run {
        let mut run = Run { checkpoints, ..Run::default() };
        for file in &self.events {
            run.went_back.extend(run.series.go_on(&file.series));
        }
        for file in &self.lines {
            run.series.fill_in(&file.series);
            run.total = run.total.or(file.total);
        }
        if let Some((_, _, state)) = &self.state {
            run.series.fill_in(&state.series);
            run.total = state.total.or(run.total);
        }
        run.problems = self.events.iter().filter_map(|file| file.problem.clone()).collect();
        run
    }
}

/// What a file is, by its name.
#[derive(Clone, Copy)]
enum Log {
    Events,
    Lines,
    State,
}

impl Log {
    fn of(file: &Path) -> Option<Self> {
        let name = file.file_name()?.to_str()?;
        match name {
            "trainer_state.json" => Some(Self::State),
            _ if name.contains("tfevents") => Some(Self::Events),
            _ if [".jsonl", ".log", ".out"].iter().any(|ending| name.ends_with(ending)) => Some(Self::Lines),
            _ => None,
        }
    }
}

/// The logs of a run, or the one that the path is.
fn logs(path: &Path) -> Vec<(Log, PathBuf)> {
    let mut found = Vec::new();
    match Log::of(path).filter(|_| path.is_file()) {
        Some(log) => found.push((log, path.to_owned())),
        None => collect(path, DEPTH, &mut found),
    }
    found
}

/// In a checkpoint only its state is of the run.
fn collect(directory: &Path, depth: usize, found: &mut Vec<(Log, PathBuf)>) {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let is_checkpoint = checkpoint::step(&name).is_some();
    let mut entries: Vec<PathBuf> = fs::read_dir(directory).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort_unstable();
    for path in entries {
        if found.len() >= MOST {
            return;
        }
        match Log::of(&path) {
            Some(log) if !is_checkpoint || matches!(log, Log::State) => found.push((log, path)),
            None if depth > 0 && !is_checkpoint && path.is_dir() => collect(&path, depth - 1, found),
            _ => {}
        }
    }
}
