//! What a model says of the sample, as it comes in from the engine.

use std::sync::Arc;

use super::labels::{Label, written};
use super::{Painting, Shared};
use crate::app::Effect;
use crate::engine::{Event, Request};
use crate::loss::{Distribution, Labels, Row, Scores};
use crate::mask::{Basis, Mode};
use crate::model::ModelInfo;
use crate::sequence::Sequence;
use crate::source::Opening;

/// How far an analysis is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Progress {
    /// Waiting for the engine's first word.
    #[default]
    Waiting,
    Loading {
        name: String,
        opening: Opening,
    },
    /// Rows are coming in.
    Scoring,
    Ready {
        seconds: f64,
    },
    /// It cannot be done; what to do is in the text.
    Failed(String),
    /// Stopped by the user.
    Cancelled,
}

/// A model, how it reads the sample, and what it says of it.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Of the request whose answers count.
    pub generation: u64,
    pub progress: Progress,
    /// The request that `sequence` and `scores` answer; an older one while the new text is not tokenised yet.
    pub tokenised: u64,
    pub model: Option<Arc<ModelInfo>>,
    pub sequence: Arc<Sequence>,
    /// How each token is written on screen, by token.
    pub labels: Vec<Label>,
    pub scores: Scores,
    /// −log p of each token where it is run otherwise: without the experiment, or of a pack under the other packing; empty
    /// while it is not known.
    pub contrast: Vec<Option<f64>>,
}

impl Analysis {
    /// Whether the engine is to say something still.
    pub fn is_awaited(&self) -> bool {
        matches!(self.progress, Progress::Waiting | Progress::Loading { .. } | Progress::Scoring)
    }

    /// Whether every row is there, of at least one.
    pub fn is_complete(&self) -> bool {
        !self.sequence.is_empty() && self.scores.len() == self.sequence.len()
    }

    /// The request of that number was sent.
    pub(super) fn await_answer(&mut self, generation: u64) {
        self.generation = generation;
        self.progress = Progress::Waiting;
    }

    /// The model reads the sample so; rows follow.
    pub(super) fn read(&mut self, model: Arc<ModelInfo>, sequence: Arc<Sequence>, labels: Labels) {
        self.tokenised = self.generation;
        self.model = Some(model);
        self.labels = written(&sequence);
        self.sequence = sequence;
        self.scores = Scores::under(labels);
        self.contrast = Vec::new();
    }
}

/// Of which model the vocabulary is.
fn same_tokens(before: Option<&Arc<ModelInfo>>, model: &ModelInfo) -> bool {
    before.is_none_or(|before| before.tokens == model.tokens)
}

impl Shared {
    /// A new request is sent: every answer to an earlier one is stale from now on.
    pub(in crate::app) fn begin_analysis(&mut self) -> u64 {
        let generation = self.analysis.generation + 1;
        self.analysis.await_answer(generation);
        generation
    }

    /// The user stopped it.
    pub(in crate::app) fn stop_analysis(&mut self) {
        self.analysis.progress = Progress::Cancelled;
    }

    /// Takes in what the engine says of the active model's loading and rows; of an older request it is dropped.
    pub(in crate::app) fn take(&mut self, event: Event) {
        match event {
            // A newer text waits for the same load.
            Event::Loading { name, opening, .. } => {
                if matches!(self.analysis.progress, Progress::Waiting | Progress::Loading { .. }) {
                    self.analysis.progress = Progress::Loading { name, opening };
                }
            }
            Event::ModelFailed { message, .. } | Event::Failed { message, .. } => {
                self.analysis.progress = Progress::Failed(message);
            }
            Event::Scored { from, rows, .. } => {
                self.analysis.scores.splice(from, rows);
                self.reprice();
            }
            Event::Finished { seconds, .. } => self.analysis.progress = Progress::Ready { seconds },
            Event::Contrast { nlls, .. } => self.analysis.contrast = nlls,
            Event::Distribution { position, distribution, .. } => self.distribution = Some((position, distribution)),
            Event::Tokenised { .. }
            | Event::Planned(_)
            | Event::Train(_)
            | Event::Survey { .. }
            | Event::Compare { .. }
            | Event::Look { .. }
            | Event::Write { .. } => {}
        }
    }

    /// Another sequence takes the place of the one on screen; everything that belonged to that goes with it. Returns
    /// whether it is of a sample that was just opened.
    pub(in crate::app) fn show(&mut self, model: Arc<ModelInfo>, sequence: Arc<Sequence>) -> bool {
        // What was on its way when the user stopped it still counts, but does not go on.
        let is_stopped = self.analysis.progress == Progress::Cancelled;
        let at_end = self.cursor >= self.len();
        if !same_tokens(self.analysis.model.as_ref(), &model) && !at_end && !self.is_new_sample {
            self.cursor = super::caret::same_place(&self.analysis.sequence, self.cursor, &sequence);
        }
        self.carry_paint(&model, &sequence);
        self.working_model = self.chosen_model.clone();
        self.analysis.read(model, sequence, self.experiment.labels);
        self.distribution = None;
        self.rescore();
        self.leave_mask_that_does_not_apply();
        let is_new = std::mem::take(&mut self.is_new_sample);
        // The cursor goes where the editor's caret is; else it stays on its token, and at the end if it was there.
        let cursor = match self.caret.take().filter(|_| !is_new) {
            _ if is_new => self.first_of_interest(),
            Some(caret) => caret.token(self.sequence()),
            None if at_end => self.len(),
            None => self.cursor,
        };
        self.move_cursor_to(cursor);
        if !is_stopped {
            self.analysis.progress = Progress::Scoring;
        }
        is_new
    }

    /// The paint stays on the tokens that it was put on, as long as they are there and mean the same.
    fn carry_paint(&mut self, model: &ModelInfo, sequence: &Sequence) {
        if self.is_new_sample {
            self.painting = Painting::default();
        } else if same_tokens(self.analysis.model.as_ref(), model) {
            self.painting.carry(&self.analysis.sequence, sequence);
        } else if !std::mem::take(&mut self.painting).paint.is_empty() {
            self.say("the paint is gone: this model has other tokens");
        }
    }

    fn leave_mask_that_does_not_apply(&mut self) {
        if let Some(Err(error)) = self.scoring().map(|scoring| scoring.mask.clone()) {
            self.complain(error.to_string());
            // What the form asks for may be what does not apply.
            self.policy.basis = match self.policy.basis {
                Basis::Automatic => Mode::default_for(self.sequence().kind).into(),
                _ => Basis::Automatic,
            };
            self.repaint();
        }
    }

    /// Where a sample that was just opened is looked at first: its first scored token, or the first that is predicted.
    fn first_of_interest(&self) -> usize {
        let scored = self.mask().and_then(|mask| (1..self.len()).find(|&t| mask.is_scored(t)));
        scored.unwrap_or(self.len().min(1))
    }

    /// The views show these scores: what the weights say now, or said after an earlier step.
    pub(in crate::app) fn show_scores(&mut self, scores: Scores) {
        self.analysis.scores = scores;
        self.forget_distribution();
        self.reprice();
    }

    /// The views show what another model said of the same tokens, until it is heard again.
    pub(in crate::app) fn show_held(&mut self, model: Arc<ModelInfo>, scores: Scores) {
        self.analysis.model = Some(model);
        self.show_scores(scores);
    }

    /// The scores are those of other weights, computed to the end.
    pub(in crate::app) fn finish_rescored(&mut self) {
        if matches!(self.analysis.progress, Progress::Scoring | Progress::Cancelled) {
            self.analysis.progress = Progress::Ready { seconds: 0.0 };
        }
    }

    /// What the other packing costs was said of other weights.
    pub(in crate::app) fn forget_contrast(&mut self) {
        self.analysis.contrast = Vec::new();
    }

    /// The distribution that is there is of other weights, or of none that the engine has.
    pub(in crate::app) fn forget_distribution(&mut self) {
        (self.distribution, self.distribution_asked) = (None, None);
    }

    /// Asks once for the distribution under the cursor, as soon as its row is there.
    pub(in crate::app) fn ask_for_distribution(&mut self) -> Option<Effect> {
        let position = self.experiment.labels.row(self.cursor)?;
        let wanted = (self.analysis.generation, position);
        // Rows of an older text say nothing of what the engine has by now.
        if !self.is_current() || position >= self.analysis.scores.len() || self.distribution_asked == Some(wanted) {
            return None;
        }
        self.distribution_asked = Some(wanted);
        Some(Effect::Engine(Request::Distribution { generation: wanted.0, position }))
    }

    /// The whole distribution that predicts the token under the cursor, once it is there.
    pub fn distribution(&self) -> Option<&Distribution> {
        let (position, distribution) = self.distribution.as_ref()?;
        (self.experiment.labels.row(self.cursor)? == *position).then_some(distribution)
    }
}

impl Analysis {
    /// Rows from row `from` on.
    pub(super) fn splice(&mut self, from: usize, rows: Vec<Row>) {
        self.scores.splice(from, rows);
    }
}
