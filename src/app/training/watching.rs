//! A run of others: what its logs say, and what its checkpoints say of the text on screen, a frame of the film each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::{Activity, Change, Frame, train};
use crate::app::{App, Command, Effect, ViewCommand};
use crate::board::Run;
use crate::engine::{CheckpointRequest, TrainRequest};
use crate::loss::{Row, Scores};
use crate::source::Source;

/// A step and when its weights were written: a run that went back reaches the same step with others.
type Stamp = (usize, SystemTime);

/// What is known of the run, and of its weights.
#[derive(Clone, Debug)]
pub struct Watching {
    path: PathBuf,
    name: String,
    run: Arc<Run>,
    /// The weights that it began with, where they are known.
    base: Option<Source>,
    /// Whose weights are the active model's; none before the first is read.
    present: Option<Stamp>,
    /// What the engine was asked for and did not answer yet.
    asked: Option<Stamp>,
    /// The analysis that what follows is of.
    generation: u64,
    scored: BTreeSet<Stamp>,
    /// Those that cannot be read, with the reason.
    unread: BTreeMap<Stamp, String>,
}

impl Watching {
    /// Begins with what is known of the run at `path`; `base` is the model that speaks at first, if the run began with it.
    pub fn new(path: PathBuf, run: Run, base: Option<Source>) -> Self {
        let whole = std::path::absolute(&path).unwrap_or_else(|_| path.clone());
        let name = whole.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Self {
            name: crate::sequence::visible_text(&name),
            path,
            run: Arc::new(run),
            present: base.as_ref().map(|_| BASE),
            base,
            asked: None,
            generation: 0,
            scored: BTreeSet::new(),
            unread: BTreeMap::new(),
        }
    }

    /// Where the run is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is called: the name of its directory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its logs say.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The step whose weights are the active model's.
    pub fn present(&self) -> Option<usize> {
        self.present.map(|(step, _)| step)
    }

    /// How many of the checkpoints have scored the text on screen.
    pub fn scored(&self) -> usize {
        self.stamps().filter(|stamp| self.scored.contains(stamp)).count()
    }

    fn stamps(&self) -> impl DoubleEndedIterator<Item = Stamp> {
        self.run.checkpoints.iter().map(|checkpoint| (checkpoint.step, checkpoint.written))
    }

    /// The next weights to read: the newest, which stay; then, the latest first, those that have not scored the text.
    fn next(&self) -> Option<(Stamp, bool)> {
        let can_be_read = |stamp: &Stamp| !self.unread.contains_key(stamp);
        let newest = self.stamps().next_back().filter(|newest| Some(*newest) != self.present).filter(can_be_read);
        let older = || {
            let all = self.base.iter().map(|_| BASE).chain(self.stamps());
            let missing: Vec<Stamp> = all.filter(|stamp| !self.scored.contains(stamp) && can_be_read(stamp)).collect();
            missing.last().copied()
        };
        newest.map(|stamp| (stamp, true)).or_else(|| older().map(|stamp| (stamp, false)))
    }

    fn source(&self, stamp: Stamp) -> Option<Source> {
        let checkpoint = |step: usize| self.run.checkpoints.iter().find(|checkpoint| checkpoint.step == step);
        match stamp {
            BASE => self.base.clone(),
            (step, _) => Some(Source::Directory(checkpoint(step)?.directory.clone())),
        }
    }
}

/// The weights before the first step.
const BASE: Stamp = (0, SystemTime::UNIX_EPOCH);

/// The run was looked at again.
pub fn take(app: &mut App, run: Run) {
    let Some(watching) = &mut app.watching else { return };
    let resumed = |&first: &usize| Change { after: first.saturating_sub(1), what: "gone on with from here".into() };
    app.training.changes = run.went_back.iter().map(resumed).collect();
    watching.run = Arc::new(run);
}

/// Reads the weights that have not scored the text on screen, one at a time.
pub fn follow(app: &mut App) -> Vec<Effect> {
    let (generation, is_ready) = (app.analysis.generation, app.is_current() && app.is_complete() && !app.is_empty());
    let is_idle = app.training.activity == Activity::Idle;
    let Some(watching) = &mut app.watching else { return Vec::new() };
    if watching.generation != generation {
        (watching.generation, watching.asked) = (generation, None);
        watching.scored.clear();
    }
    if !is_ready || !is_idle || watching.asked.is_some() {
        return Vec::new();
    }
    // What the analysis says are the words of the present weights.
    if let Some(present) = watching.present.filter(|present| watching.scored.insert(*present)) {
        let scores = Arc::new(app.shared.analysis.scores.clone());
        app.training.film.add(Frame { step: present.0, scores, twin: None });
    }
    let Some((stamp, stays)) = watching.next() else { return Vec::new() };
    let Some(source) = watching.source(stamp) else { return Vec::new() };
    watching.asked = Some(stamp);
    let request = CheckpointRequest { generation, step: stamp.0, source, stays };
    vec![train(TrainRequest::Checkpoint(request))]
}

/// The weights are those after that step.
pub(super) fn stand_at(app: &mut App, step: usize) {
    if let Some(watching) = &mut app.watching
        && let Some(stamp) = watching.asked.take_if(|stamp| stamp.0 == step)
    {
        watching.present = Some(stamp);
        watching.scored.insert(stamp);
    }
}

/// What earlier weights say is a frame of the film.
pub(super) fn take_past(app: &mut App, step: usize, generation: u64, rows: Vec<Row>) {
    let labels = app.experiment.labels;
    let is_whole = generation == app.analysis.generation && app.is_current() && rows.len() == app.len();
    let Some(watching) = &mut app.watching else { return };
    let asked = watching.asked.take_if(|stamp| stamp.0 == step);
    if !is_whole {
        return;
    }
    watching.scored.extend(asked);
    let mut scores = Scores::under(labels);
    scores.splice(0, rows);
    app.training.insert(Frame { step, scores: Arc::new(scores), twin: None });
}

/// A checkpoint cannot be read.
pub(super) fn take_unread(app: &mut App, step: usize, why: &str) {
    let Some(watching) = &mut app.watching else { return };
    if let Some(stamp) = watching.asked.take_if(|stamp| stamp.0 == step) {
        watching.unread.insert(stamp, why.to_owned());
    }
    app.shared.complain(format!("checkpoint {step} is not shown: {}", crate::sequence::visible_text(why)));
}

impl App {
    /// Whether a command is of use now: a run of others is not steered from here.
    pub fn offers(&self, command: Command) -> bool {
        let steers = match command {
            Command::Step | Command::Run | Command::UndoStep | Command::ResetWeights => true,
            // Either brings a model of its own.
            Command::ChooseModel | Command::Lesson => true,
            Command::In(ViewCommand::Train(command)) => command.steers(),
            _ => false,
        };
        self.watching.is_none() || !steers
    }
}
