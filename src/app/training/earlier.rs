//! The runs of this sitting that are over: what they were taken with and what came of them, within bounds of memory.

use std::sync::Arc;

use super::step_settings::{Change, StepSettings};
use super::{Frame, Training};
use crate::app::App;
use crate::loss::Means;
use crate::mask::LossMask;
use crate::sequence::Sequence;

/// Runs that are remembered, and tokens of the states of each together.
const MOST_RUNS: usize = 12;
const MOST_TOKENS: usize = 32_000;

/// A run that is over.
#[derive(Clone, Debug)]
pub struct EarlierRun {
    /// Counted from 1 in this sitting.
    pub number: usize,
    /// Which of a twin run's copies it was.
    pub copy: Option<String>,
    /// Where its curve begins and ends.
    pub steps: (usize, usize),
    model: String,
    sequence: Arc<Sequence>,
    settings: StepSettings,
    changes: Vec<Change>,
    /// Step, and −log p of each token in nats; not a number where there is none.
    costs: Vec<(usize, Vec<f64>)>,
}

impl EarlierRun {
    /// What tells it from the others in the plot: a letter.
    pub fn glyph(&self) -> &'static str {
        const LETTERS: [&str; 26] = [
            "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u",
            "v", "w", "x", "y", "z",
        ];
        LETTERS[(self.number - 1) % LETTERS.len()]
    }

    /// Mean −log p in nats of what `mask` scores, by step; nothing where it was a run on another sequence.
    pub fn curve(&self, sequence: &Sequence, mask: &LossMask) -> Vec<(f64, f64)> {
        if *self.sequence != *sequence {
            return Vec::new();
        }
        let mean = |costs: &[f64]| Means::of(mask, |t| costs.get(t).copied().filter(|nll| !nll.is_nan())).scored;
        self.costs.iter().filter_map(|(step, costs)| Some((*step as f64, mean(costs)?))).collect()
    }

    /// What it did otherwise than the run now, in a few words each; nothing where it did all alike.
    pub fn differences(&self, app: &App) -> Vec<String> {
        let now = app.asked.log.first().cloned().unwrap_or_else(|| app.step_settings());
        let mut words: Vec<String> = self.copy.iter().cloned().collect();
        let model = app.analysis.model.as_ref().map_or("", |model| model.name.as_str());
        words.extend((self.model != model).then(|| format!("model {}", self.model)));
        words.extend((*self.sequence != *app.analysis.sequence).then(|| "another text".to_owned()));
        words.extend(now.differences(&self.settings));
        words.extend(self.changes.iter().map(|change| format!("{} after step {}", change.what, change.after)));
        words
    }
}

impl App {
    /// The run so far is remembered, if there is more of it than one state.
    pub(in crate::app) fn remember_run(&mut self) {
        let frames = &self.training.film.frames;
        let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return };
        if frames.len() < 2 {
            return;
        }
        let steps = (first.step, last.step);
        let settings = self.asked.log.first().cloned().unwrap_or_else(|| self.step_settings());
        let run = |copy: Option<String>, settings: StepSettings, costs| EarlierRun {
            number: 0,
            copy,
            steps,
            model: self.analysis.model.as_ref().map_or_else(String::new, |model| model.name.clone()),
            sequence: self.analysis.sequence.clone(),
            settings,
            changes: self.training.changes.clone(),
            costs,
        };
        let costs = self.costs(|frame, t| frame.scores.nll(t));
        let mut runs = Vec::new();
        // Until the second copy has said something, what is over is the run before.
        match self.training.twin.as_ref().filter(|_| last.twin.is_some()) {
            None => runs.push(run(None, settings, costs)),
            Some(twin) => {
                let [first, second] = &twin.names;
                let basis = twin.policy.basis;
                let mask = self.mask_under(twin.policy).map_or_else(|_| basis.name(), |mask| basis.mask_name(&mask));
                let other = StepSettings { settings: twin.settings.clone(), mask, ..settings.clone() };
                runs.push(run(Some(format!("twin: {first}")), settings, costs));
                let costs = self.costs(|frame, t| frame.twin.as_ref()?.nll(t));
                runs.push(run(Some(format!("twin: {second}")), other, costs));
            }
        }
        runs.into_iter().for_each(|run| self.training.add_earlier(run));
    }

    /// −log p by token, of frames that are spread evenly over the film.
    fn costs(&self, nll: impl Fn(&Frame, usize) -> Option<f64>) -> Vec<(usize, Vec<f64>)> {
        let of = |frame: &Frame| (0..frame.scores.len()).map(|t| nll(frame, t).unwrap_or(f64::NAN)).collect();
        self.training.film.spread(MOST_TOKENS).into_iter().map(|frame| (frame.step, of(frame))).collect()
    }
}

impl Training {
    fn add_earlier(&mut self, run: EarlierRun) {
        let number = self.earlier.last().map_or(0, |last| last.number) + 1;
        self.earlier.push(EarlierRun { number, ..run });
        let most = self.earlier.len().saturating_sub(MOST_RUNS);
        self.earlier.drain(..most);
    }
}
