//! What the screen knows of the run that trains the model: a mirror of what the engine said, and what to ask for next.

mod answers;
mod ask;
mod asked;
mod demonstration;
mod earlier;
mod film;
mod last_tenth;
mod movers;
mod plan;
mod smoothing;
mod step_settings;
mod twin;
mod verdict;
mod watching;

use std::path::PathBuf;
use std::sync::Arc;

pub(super) use answers::take;
pub(super) use ask::{ask, follow, go_back, is_idle, pause, step_slowly, steps, train};
pub(super) use asked::Asked;
pub use demonstration::{Demonstration, Scratch, Stage};
pub use earlier::EarlierRun;
pub use film::{Film, Frame};
pub use last_tenth::LastTenth;
pub use movers::{Mover, Movers};
pub use plan::WRITTEN;
pub use smoothing::{SMOOTHING, smoothed};
pub use step_settings::Change;
use step_settings::StepSettings;
pub use twin::{PRESETS, Preset};
pub use verdict::{Course, Verdict};
pub use watching::Watching;
pub(super) use watching::{follow as follow_watched, take as take_watched};

use crate::engine::{Measure, Written};
use crate::mask::Policy;
use crate::sample::{Record, Sample};
use crate::train::{Goal, Settings, StepReport};

/// The run, as far as the screen is concerned.
#[derive(Clone, Debug)]
pub struct Training {
    /// How the next steps are taken.
    pub settings: Settings,
    /// When `r` stops by itself.
    pub goal: Goal,
    pub data: TrainingData,
    pub activity: Activity,
    /// How many updates the weights have had; 0 = the base weights.
    pub step: usize,
    /// How far back one can go.
    pub oldest: usize,
    /// `steps[i]` is the report of step i + 1.
    pub steps: Vec<StepReport>,
    /// What was changed in mid-run, with the step after which it holds.
    pub changes: Vec<Change>,
    pub film: Film,
    /// The film without the experiment that is on.
    pub(super) aside: Option<Film>,
    /// The frame of the film that the views show; `None` = what the weights say now.
    pub shown: Option<usize>,
    pub probes: Vec<Probe>,
    /// Probes are scored after every so many steps.
    pub probe_every: usize,
    /// Which of them decides what step is best.
    pub deciding: usize,
    pub twin: Option<Twin>,
    /// The demonstration under way.
    pub stage: Option<Stage>,
    /// The runs of this sitting that are over, the latest last.
    pub earlier: Vec<EarlierRun>,
    /// What the model wrote at the first step of the run and what it writes now.
    pub before: Option<Continuation>,
    pub now: Option<Continuation>,
    /// Of what the model writes; 0 = always the most likely token.
    pub sample_temperature: f64,
    pub saved: Option<PathBuf>,
    /// What was cut or left out of the data set when it was read last.
    pub(super) read: Option<Read>,
}

/// A data set was read, under this mask, and this was cut or left out of it, a sentence each.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub settings: StepSettings,
    pub notes: Vec<String>,
}

/// What the steps are taken on.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainingData {
    /// The sequence on screen, whatever it is.
    Screen,
    /// Samples that were collected one by one, or read from a file.
    Samples { name: String, samples: Arc<[Record]> },
}

/// What the trainer does.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Activity {
    #[default]
    Idle,
    /// A run of steps is under way.
    Running,
    /// It was told to stop and has not said yet that it did.
    Pausing,
    /// Something that takes a while, with its fraction 0…1.
    Busy { what: String, fraction: f32 },
}

/// A sentence that is watched while the model learns something else.
#[derive(Clone, Debug)]
pub struct Probe {
    pub name: String,
    pub sample: Sample,
    pub measure: Measure,
    /// Step and what was measured, in nats, in the order of the steps.
    pub losses: Vec<(usize, f64)>,
    /// The same for the second copy of a twin run.
    pub twin_losses: Vec<(usize, f64)>,
}

/// The second copy of a twin run: what it does otherwise, and what came of it.
#[derive(Clone, Debug)]
pub struct Twin {
    /// What the two are, in a few words each.
    pub names: [String; 2],
    pub settings: Settings,
    pub policy: Policy,
    /// `steps[i]` is its report of step i + 1.
    pub steps: Vec<StepReport>,
}

/// What the model wrote after some steps, one text for each copy.
#[derive(Clone, Debug, PartialEq)]
pub struct Continuation {
    pub step: usize,
    pub prompt: String,
    pub texts: Vec<Written>,
}

impl Probe {
    /// The mean −log p of what `sample` scores is to be watched.
    pub(super) fn new(name: String, sample: Sample) -> Self {
        Self { name, sample, measure: Measure::default(), losses: Vec::new(), twin_losses: Vec::new() }
    }

    /// The same, with nothing measured yet.
    fn unmeasured(self) -> Self {
        Self { losses: Vec::new(), twin_losses: Vec::new(), ..self }
    }
}

impl TrainingData {
    /// What the steps are taken on, in words.
    pub fn describe(&self) -> String {
        match self {
            Self::Screen => "the screen".into(),
            Self::Samples { name, samples } => match samples.len() {
                1 => format!("{name}, 1 sample"),
                n => format!("{name}, {n} samples"),
            },
        }
    }
}

impl Training {
    /// Whether nothing was learned yet: every number is the base model's.
    pub fn is_untouched(&self) -> bool {
        self.step == 0 && self.steps.is_empty() && self.film.frames.len() <= 1
    }

    /// All that is watched: the probes, then what a demonstration watches.
    pub(super) fn watched(&mut self) -> impl Iterator<Item = &mut Probe> {
        self.probes.iter_mut().chain(self.stage.iter_mut().flat_map(|stage| &mut stage.probes))
    }

    /// The frame of the film that is shown, which is the last one if no past step is.
    pub fn frame(&self) -> Option<&Frame> {
        self.shown.and_then(|shown| self.film.frames.get(shown)).or(self.film.frames.last())
    }

    /// Takes in what earlier weights say; the frame that is shown stays the one.
    fn insert(&mut self, frame: Frame) {
        let shown = self.shown.map(|_| self.shown_step());
        self.film.insert(frame);
        let at = shown.and_then(|step| self.film.at_step(step));
        self.shown = at.filter(|at| at + 1 < self.film.frames.len());
    }

    /// How many updates the weights had had that the views show.
    pub fn shown_step(&self) -> usize {
        let past = self.shown.and_then(|shown| self.film.frames.get(shown));
        past.map_or(self.step, |frame| frame.step)
    }
}

impl Default for Training {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            goal: Goal::default(),
            data: TrainingData::Screen,
            activity: Activity::Idle,
            step: 0,
            oldest: 0,
            steps: Vec::new(),
            changes: Vec::new(),
            film: Film::default(),
            aside: None,
            shown: None,
            probes: Vec::new(),
            probe_every: 1,
            deciding: 0,
            twin: None,
            stage: None,
            earlier: Vec::new(),
            before: None,
            now: None,
            sample_temperature: 0.0,
            saved: None,
            read: None,
        }
    }
}
