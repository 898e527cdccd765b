//! One real optimizer step in slow motion: its stages, and the row or the weight that stays chosen through them.

use std::sync::Arc;

use crate::app::general::PAGE;
use crate::app::keymap::{Binding, Context};
use crate::app::training::{pause, step_slowly};
use crate::app::{Activity, App, Command, Effect, Overlay, TrainingData, next};
use crate::train::{Moved, MovedTensor, SlowStep};

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::SlowStep, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["→", "l"], Command::Right, "next stage", "←→ stage"),
    bind(&["←", "h"], Command::Left, "stage before", ""),
    bind(&["↓", "j"], Command::Down, "next row; update: next tensor", "↑↓ row"),
    bind(&["↑", "k"], Command::Up, "previous row; update: previous tensor", ""),
    bind(&["enter"], Command::Accept, "down to the figures that this one comes from", "enter source"),
    bind(&["space"], Command::Step, "the next step in slow motion", "space next step"),
    bind(&["esc", "q"], Command::Cancel, "close; the step stays taken, u undoes it", "esc close"),
    bind(&["tab"], Command::NextWeight, "update: another weight of the tensor", "tab weight"),
    bind(&["shift-tab"], Command::PreviousWeight, "update: the weight before", ""),
    bind(&["pgup"], Command::PageUp, "ten rows back", ""),
    bind(&["pgdn"], Command::PageDown, "ten rows on", ""),
    bind(&["n"], Command::NextScored, "next scored target", ""),
    bind(&["N"], Command::PreviousScored, "previous scored target", ""),
    bind(&["home", "g"], Command::Home, "first row; update: greatest gradient", ""),
    bind(&["end", "G"], Command::End, "last row; update: greatest move", ""),
    bind(&["1"], Command::ShowStage(StepStage::Batch), "batch: texts, ids, labels, weights", ""),
    bind(&["2"], Command::ShowStage(StepStage::Predict), "predict: a row of logits, softmax, p of the target", ""),
    bind(&["3"], Command::ShowStage(StepStage::Loss), "loss: −log p of every target", ""),
    bind(&["4"], Command::ShowStage(StepStage::Mask), "mask: weights, Σ w·nll / D", ""),
    bind(&["5"], Command::ShowStage(StepStage::Gradient), "gradient: of a row of logits, norm by layer", ""),
    bind(&["6"], Command::ShowStage(StepStage::Update), "update: one weight, as arithmetic", ""),
    bind(&["7"], Command::ShowStage(StepStage::Again), "again: the new loss beside the old", ""),
    bind(&["ctrl-c"], Command::Quit, "quit", ""),
];

/// The stages of a step, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StepStage {
    #[default]
    Batch,
    Predict,
    Loss,
    Mask,
    Gradient,
    Update,
    Again,
}

impl StepStage {
    /// Every stage, in order.
    pub const EVERY: [Self; 7] =
        [Self::Batch, Self::Predict, Self::Loss, Self::Mask, Self::Gradient, Self::Update, Self::Again];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Predict => "predict",
            Self::Loss => "loss",
            Self::Mask => "mask",
            Self::Gradient => "gradient",
            Self::Update => "update",
            Self::Again => "again",
        }
    }

    /// The stage that its figures come from.
    fn below(self) -> Option<Self> {
        match self {
            Self::Batch => None,
            Self::Predict => Some(Self::Batch),
            Self::Loss | Self::Gradient => Some(Self::Predict),
            Self::Mask | Self::Again => Some(Self::Loss),
            Self::Update => Some(Self::Gradient),
        }
    }

    /// Whether only targets that count have something to show.
    fn is_of_scored(self) -> bool {
        matches!(self, Self::Predict | Self::Gradient)
    }
}

/// A place that can be gone to: a stage, and what is chosen there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlowPlace {
    pub stage: StepStage,
    /// Another token, by its line of the step.
    pub line: Option<usize>,
    /// Another tensor.
    pub tensor: Option<usize>,
}

/// The open step.
#[derive(Clone, Debug, Default)]
pub struct SlowMotion {
    /// `None` while it is being taken.
    pub step: Option<Arc<SlowStep>>,
    pub stage: StepStage,
    /// The token that is chosen, by its line of the step.
    pub line: usize,
    /// The tensor that is chosen, and which of its weights.
    pub tensor: usize,
    pub weight: usize,
}

impl SlowMotion {
    /// The weight that is chosen, with its tensor.
    pub fn moved<'a>(&self, step: &'a SlowStep) -> Option<(&'a MovedTensor, &'a Moved)> {
        let tensor = step.tensors.get(self.tensor)?;
        Some((tensor, tensor.weights.get(self.weight)?))
    }

    /// The weight with the greatest figure of all that are kept.
    fn choose_greatest(&mut self, step: &SlowStep, figure: impl Fn(&Moved) -> f64) {
        let weights = step.tensors.iter().enumerate().flat_map(|(tensor, moved)| {
            moved.weights.iter().enumerate().map(move |(weight, moved)| (tensor, weight, moved))
        });
        let of = |(_, _, moved): &(usize, usize, &Moved)| Some(figure(moved)).filter(|f| !f.is_nan()).unwrap_or(-1.0);
        if let Some((tensor, weight, _)) = weights.rev().max_by(|a, b| of(a).total_cmp(&of(b))) {
            (self.tensor, self.weight) = (tensor, weight);
        }
    }

    fn step_lines(&mut self, step: &SlowStep, by: isize) {
        if self.stage.is_of_scored() {
            return (0..by.abs()).for_each(|_| self.step_scored(step, by.signum()));
        }
        self.line = self.line.saturating_add_signed(by).min(step.lines().saturating_sub(1));
    }

    fn step_scored(&mut self, step: &SlowStep, by: isize) {
        let line = self.line;
        let found = match by {
            1.. => step.scored_lines().find(|&other| other > line),
            _ => step.scored_lines().rev().find(|&other| other < line),
        };
        self.line = found.unwrap_or(line);
    }

    fn step_tensors(&mut self, step: &SlowStep, by: isize) {
        self.tensor = self.tensor.saturating_add_signed(by).min(step.tensors.len().saturating_sub(1));
        self.weight = 0;
    }

    fn step_weights(&mut self, step: &SlowStep, by: isize) {
        let count = step.tensors.get(self.tensor).map_or(0, |tensor| tensor.weights.len());
        if self.stage == StepStage::Update && count > 0 {
            self.weight = (self.weight as isize + by).rem_euclid(count as isize) as usize;
        }
    }

    /// Keys that move within the stage.
    fn move_within(&mut self, step: &SlowStep, command: Command) {
        let is_update = self.stage == StepStage::Update;
        match command {
            Command::Up if is_update => self.step_tensors(step, -1),
            Command::Down if is_update => self.step_tensors(step, 1),
            Command::PageUp if is_update => self.step_tensors(step, -PAGE),
            Command::PageDown if is_update => self.step_tensors(step, PAGE),
            Command::Home if is_update => self.choose_greatest(step, |moved| f64::from(moved.gradient.abs())),
            Command::End if is_update => self.choose_greatest(step, |moved| moved.change().abs()),
            Command::Up => self.step_lines(step, -1),
            Command::Down => self.step_lines(step, 1),
            Command::PageUp => self.step_lines(step, -PAGE),
            Command::PageDown => self.step_lines(step, PAGE),
            Command::Home => self.step_lines(step, -(step.lines() as isize)),
            Command::End => self.step_lines(step, step.lines() as isize),
            Command::NextScored => self.step_scored(step, 1),
            Command::PreviousScored => self.step_scored(step, -1),
            Command::NextWeight => self.step_weights(step, 1),
            Command::PreviousWeight => self.step_weights(step, -1),
            _ => {}
        }
    }
}

/// Takes a step, to be seen stage by stage.
pub fn open(app: &mut App) -> Vec<Effect> {
    let effects = step_slowly(app);
    if !effects.is_empty() {
        app.overlay = Some(Overlay::SlowStep(SlowMotion::default()));
    }
    effects
}

/// A command while the step is shown, or awaited.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    app.shared.hush();
    let Some(Overlay::SlowStep(motion)) = &mut app.overlay else { return Vec::new() };
    let Some(step) = motion.step.clone() else {
        if command != Command::Cancel {
            return Vec::new();
        }
        app.overlay = None;
        return pause(app);
    };
    match command {
        Command::Cancel => close(app),
        Command::Step => return take_another(app),
        Command::Right => motion.stage = next(&StepStage::EVERY, motion.stage, 1),
        Command::Left => motion.stage = next(&StepStage::EVERY, motion.stage, -1),
        Command::ShowStage(stage) => motion.stage = stage,
        Command::Accept => motion.stage = motion.stage.below().unwrap_or_default(),
        command => motion.move_within(&step, command),
    }
    Vec::new()
}

/// The next step; what is chosen stays.
fn take_another(app: &mut App) -> Vec<Effect> {
    if app.training.activity != Activity::Idle {
        return Vec::new();
    }
    let effects = step_slowly(app);
    if let (false, Some(Overlay::SlowStep(motion))) = (effects.is_empty(), &mut app.overlay) {
        motion.step = None;
    }
    effects
}

/// The views go on at the token that was chosen, where the step was taken on what they show.
fn close(app: &mut App) {
    let Some(Overlay::SlowStep(motion)) = app.overlay.take() else { return };
    let chosen = motion.step.as_ref().and_then(|step| step.token(motion.line));
    if let Some((passed, token)) = chosen
        && app.training.data == TrainingData::Screen
        && passed.example.ids == app.sequence().ids()
    {
        app.shared.move_cursor_to(token);
    }
}

/// The step that was waited for.
pub fn take(app: &mut App, step: Arc<SlowStep>) {
    let cursor = app.cursor;
    let on_screen = app.training.data == TrainingData::Screen;
    let Some(Overlay::SlowStep(motion)) = &mut app.overlay else { return };
    if motion.step.is_some() {
        return;
    }
    // A step before this one had the same tensors and lines, unless something was changed meanwhile.
    let is_known = step.tensors.get(motion.tensor).is_some_and(|tensor| motion.weight < tensor.weights.len())
        && (motion.tensor, motion.weight) != (0, 0);
    if !is_known {
        motion.choose_greatest(&step, |moved| f64::from(moved.gradient.abs()));
    }
    let wanted = if motion.line > 0 || !on_screen { motion.line } else { cursor };
    let is_scored = |line: usize| step.scored(line).is_some();
    motion.line = match wanted {
        line if is_scored(line) => line,
        _ => step.scored_lines().next().unwrap_or(0),
    };
    motion.step = Some(step);
}

/// The run ended or was refused: a step that is not there by now does not come.
pub fn stop(app: &mut App) {
    if matches!(&app.overlay, Some(Overlay::SlowStep(SlowMotion { step: None, .. }))) {
        app.overlay = None;
    }
}

/// A figure, a row or a stage was clicked.
pub fn trace(app: &mut App, place: SlowPlace) {
    let Some(Overlay::SlowStep(motion)) = &mut app.overlay else { return };
    let Some(step) = &motion.step else { return };
    motion.stage = place.stage;
    if let Some(line) = place.line {
        motion.line = line.min(step.lines().saturating_sub(1));
    }
    if let Some(tensor) = place.tensor {
        (motion.tensor, motion.weight) = (tensor.min(step.tensors.len().saturating_sub(1)), 0);
    }
}
