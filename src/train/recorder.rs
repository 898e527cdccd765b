//! What looks on while a step is taken, and keeps what it computes. It computes nothing of the step itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::optimizer::OptimizerState;
use super::parameters::Parameter;
use super::slow_step::{Logit, Moved, MovedTensor, Passed, ScoredTarget, SlowStep};
use super::{Example, Settings, StepReport};
use crate::ops::WatchRows;
use crate::score::row;

/// The greatest logits that are kept of a row: with a large vocabulary all rows of a text would take too much memory.
const TOP: usize = 32;
/// Weights that are kept of a tensor: those of the greatest gradient, those that moved most, and some evenly spread.
const PULLED: usize = 4;
const MOVED: usize = 4;
const SPREAD: usize = 8;

/// Keeps what a step computes on its way.
pub(super) struct Recorder {
    denominator: f64,
    rows: Vec<RowRecorder>,
    /// Σ g² of every parameter.
    squares: Vec<f64>,
    tensors: Vec<MovedTensor>,
}

impl Recorder {
    /// For a step on these examples.
    pub fn new(examples: &[Arc<Example>]) -> Self {
        let rows = examples.iter().map(|example| RowRecorder::new(example.clone())).collect();
        Self { denominator: 1.0, rows, squares: Vec::new(), tensors: Vec::new() }
    }

    /// One for each example of a step whose loss is divided by `denominator`.
    pub fn rows_under(&mut self, denominator: f64) -> &mut [RowRecorder] {
        self.denominator = denominator;
        &mut self.rows
    }

    /// Σ g² of every parameter, of which the step's norm is made.
    pub fn take_squares(&mut self, squares: Vec<f64>) {
        self.squares = squares;
    }

    /// What became of the next parameter.
    pub fn take_moves(&mut self, parameter: &Parameter, moves: Moves) {
        let square = self.squares.get(self.tensors.len()).copied();
        self.tensors.push(MovedTensor {
            name: parameter.name.clone(),
            part: parameter.part.to_string(),
            shape: parameter.tensor.dims().to_vec(),
            norm: square.map_or(f64::NAN, f64::sqrt),
            weights: moves.finish(),
        });
    }

    /// The step is taken.
    pub fn finish(self, report: StepReport, settings: &Settings, optimizer: &OptimizerState) -> SlowStep {
        let vocab = self.rows.iter().map(|rows| rows.vocab()).max().unwrap_or(0);
        SlowStep {
            report,
            settings: settings.clone(),
            passed: self.rows.into_iter().map(RowRecorder::finish).collect(),
            denominator: self.denominator,
            vocab,
            updates: optimizer.updates,
            tensors: self.tensors,
        }
    }
}

/// Keeps the rows of one example.
pub(super) struct RowRecorder {
    example: Arc<Example>,
    run: usize,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    vocab: usize,
    scored: Vec<ScoredTarget>,
}

impl RowRecorder {
    fn new(example: Arc<Example>) -> Self {
        Self { example, run: 0, rows: Mutex::default() }
    }

    /// These targets are scored, from a pass over the first `run` tokens.
    pub fn begin(&mut self, scored: &[usize], run: usize) {
        self.run = run;
        let target = |&token: &usize| ScoredTarget { token, ..ScoredTarget::default() };
        self.lock().scored = scored.iter().map(target).collect();
    }

    /// What each scored target cost.
    pub fn nlls(&self, nlls: &[f64]) {
        for (target, &nll) in self.lock().scored.iter_mut().zip(nlls) {
            target.nll = nll;
        }
    }

    fn vocab(&self) -> usize {
        self.lock().vocab
    }

    fn finish(self) -> Passed {
        let scored = std::mem::take(&mut self.lock().scored);
        Passed { example: self.example, run: self.run, scored, before: Vec::new(), after: Vec::new() }
    }

    /// What a panic elsewhere left half done is not looked at any more.
    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WatchRows for RowRecorder {
    fn logits(&self, at: usize, logits: &[f32]) {
        let Some(token) = self.lock().scored.get(at).map(|target| target.token) else { return };
        let id = self.example.ids[token];
        let said = row(logits, Some(id), TOP);
        let Some(own) = said.target else { return };
        let logit = |id: u32| Logit { id, z: logits[id as usize], gradient: 0.0 };
        let mut rows = self.lock();
        rows.vocab = logits.len();
        if let Some(target) = rows.scored.get_mut(at) {
            target.target = logit(id);
            target.rank = own.rank;
            target.log_sum = own.nll + f64::from(target.target.z);
            target.top = said.top.iter().map(|candidate| logit(candidate.id)).collect();
        }
    }

    fn gradient(&self, at: usize, gradient: &[f32]) {
        if let Some(ScoredTarget { target, top, .. }) = self.lock().scored.get_mut(at) {
            for logit in top.iter_mut().chain([target]) {
                logit.gradient = gradient[logit.id as usize];
            }
        }
    }
}

/// What became of the weights of one tensor that are worth a look.
pub(super) struct Moves {
    size: usize,
    pulled: Best<PULLED>,
    moved: Best<MOVED>,
    spread: Vec<Moved>,
}

impl Moves {
    /// Of a tensor of so many weights.
    pub fn of(size: usize) -> Self {
        Self { size, pulled: Best::default(), moved: Best::default(), spread: Vec::new() }
    }

    /// A piece of the tensor that begins at weight `from`: its weights, first and second moments before and after the
    /// update; SGD has no second.
    pub fn see(&mut self, from: usize, gradient: &[f32], before: &[Vec<f32>; 3], after: [&[f32]; 3]) {
        let pair = |which: usize, i: usize| {
            let of = |values: &[f32]| values.get(i).copied().unwrap_or(0.0);
            [of(&before[which]), of(after[which])]
        };
        let moved = |i: usize| Moved {
            index: from + i,
            gradient: gradient[i],
            weight: pair(0, i),
            first: pair(1, i),
            second: pair(2, i),
        };
        for (i, ((gradient, old), new)) in gradient.iter().zip(&before[0]).zip(after[0]).enumerate() {
            self.pulled.offer(gradient.abs(), || moved(i));
            self.moved.offer((new - old).abs(), || moved(i));
        }
        let places = (0..SPREAD).map(|i| i * self.size / SPREAD);
        let here = places.filter(|place| (from..from + gradient.len()).contains(place));
        self.spread.extend(here.map(|place| moved(place - from)));
    }

    /// Those that are kept, each once.
    pub fn finish(self) -> Vec<Moved> {
        let mut kept: Vec<Moved> = Vec::new();
        let best = self.pulled.0.into_iter().chain(self.moved.0).map(|(_, moved)| moved);
        for moved in best.chain(self.spread) {
            if kept.iter().all(|other| other.index != moved.index) {
                kept.push(moved);
            }
        }
        kept
    }
}

/// The `K` weights with the greatest figure above 0, the first of them the greatest.
#[derive(Default)]
struct Best<const K: usize>(Vec<(f32, Moved)>);

impl<const K: usize> Best<K> {
    fn offer(&mut self, figure: f32, moved: impl FnOnce() -> Moved) {
        let least = if self.0.len() < K { 0.0 } else { self.0.last().map_or(0.0, |(least, _)| *least) };
        if figure > least {
            let at = self.0.partition_point(|(kept, _)| *kept >= figure);
            self.0.insert(at, (figure, moved()));
            self.0.truncate(K);
        }
    }
}
