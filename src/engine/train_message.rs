//! What goes to the engine and what comes back while a model is trained. Plain values only.
//!
//! The engine is the truth of a run and the screen mirrors it: events come in the order in which things happened, and
//! every one that changes the weights brings what the model says with them. Between two steps of a run the engine
//! serves whatever else it is asked.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::CheckpointRequest;
use crate::handover::Recipient;
use crate::loss::Row;
use crate::mask::Policy;
use crate::sample::{Record, Sample};
use crate::sequence::EncodeOptions;
use crate::train::{Goal, Settings, SlowStep, StepReport};

/// What the trainer is asked to do.
#[derive(Clone, Debug)]
pub enum TrainRequest {
    /// Take steps until the goal; a run under way goes on to this goal under this plan.
    Run { plan: Box<Plan>, goal: Goal },
    /// Take one step, and say what was computed on the way: [`TrainEvent::Slow`].
    StepSlowly(Box<Plan>),
    /// A run under way goes on under this plan; with none, nothing happens.
    Replan(Box<Plan>),
    /// End the run under way at once; a step half taken leaves the weights as they were before it.
    Pause,
    /// Back to the weights before the last step.
    Undo,
    /// Back to the weights after step `step`; those of 0 are the base weights.
    Rewind { step: usize },
    /// The exact base weights, no optimizer state, step 0.
    Reset,
    /// Sentences to watch, measured before the first step and then after every `every` steps.
    Probe { probes: Vec<Watch>, encoding: EncodeOptions, every: usize },
    /// The weights after this step are likely to be gone back to: what leads there is kept at hand as long as memory
    /// allows; `None` = no step in particular.
    Keep { step: Option<usize> },
    /// A second copy of the model learns beside the first, step by step; both begin at the base weights. Which settings
    /// and mask it has comes with every [`Plan`]. `false` ends it; the first copy stays as it is.
    Twin(bool),
    /// What the model writes by itself after the first `prompt` tokens of the sequence on screen; given up when
    /// something else is asked for.
    Continue { prompt: usize, tokens: usize, temperature: f64, seed: u64 },
    /// What a checkpoint of a run of others says of the text on screen.
    Checkpoint(CheckpointRequest),
    /// Write the weights (full, or the adapter under LoRA) to a new directory, with what is needed to go on from there.
    Save { directory: PathBuf },
    /// Write a run down for another trainer, from the base weights.
    HandOver(Box<HandOver>),
}

impl TrainRequest {
    /// Whether what the trainer does is to be given up for it.
    pub(super) fn ends_a_run(&self) -> bool {
        !matches!(self, Self::Replan(_) | Self::Probe { .. } | Self::Keep { .. } | Self::Continue { .. })
    }
}

/// A run to hand over.
#[derive(Clone, Debug)]
pub struct HandOver {
    pub plan: Plan,
    pub to: Recipient,
    pub steps: usize,
    /// What is scored, and of what, in words.
    pub mask: String,
    pub data: String,
    /// The folder to write, new or empty.
    pub directory: PathBuf,
}

/// A sentence to watch while the model learns, and what of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Watch {
    pub sample: Sample,
    pub measure: Measure,
}

/// What is measured of a sentence, in nats. What it scores is what the default mask scores of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Mean −log p of all it scores.
    #[default]
    Scored,
    /// −log p of the first token that it scores.
    First,
    /// Mean −log p of what it scores after its prompt: the true text, with the true text to read.
    TrueText,
    /// Mean −log p of what the model itself writes after that prompt, the likeliest token each time: at most as many
    /// tokens as the true text has there, and none behind a stop.
    OwnText,
}

/// How the next steps are taken.
#[derive(Clone, Debug)]
pub struct Plan {
    pub data: Data,
    pub first: CopyPlan,
    /// Of the second copy in a twin run.
    pub second: Option<CopyPlan>,
}

/// What one copy of the model learns.
#[derive(Clone, Debug)]
pub struct CopyPlan {
    pub settings: Settings,
    pub mask: CopyMask,
}

/// Which targets count.
#[derive(Clone, Debug)]
pub enum CopyMask {
    /// Weights of the sequence on screen, with [`Data::Screen`].
    Weights(Arc<[f64]>),
    /// What each sample's mask is made of, with [`Data::Samples`].
    Policy(Policy),
}

/// What the steps are taken on.
#[derive(Clone, Debug)]
pub enum Data {
    /// The sequence on screen, which is that of this analysis.
    Screen { generation: u64 },
    /// Several samples, shuffled by the seed anew for every pass.
    Samples { samples: Arc<[Record]>, encoding: EncodeOptions },
}

/// What happened to the weights.
#[derive(Clone, Debug)]
pub enum TrainEvent {
    /// The weights are those after `at.step` steps, and this is what they say. Comes after every step, undo, rewind and
    /// reset, and once before the first step.
    At(At),
    /// What the weights after that earlier step say of the sequence of that analysis: its rows. The weights stay.
    Past { step: usize, generation: u64, rows: Vec<Row> },
    /// The checkpoint of that step could not be read, for the reason given; the weights stay.
    Unread { step: usize, why: String },
    /// The step that led here, taken apart; after [`TrainRequest::StepSlowly`]. In a twin run that of the first copy.
    Slow(Arc<SlowStep>),
    /// The run under way ended.
    Ended(Ended),
    /// The data set was read: what was cut or left out of it, a sentence each.
    Read { notes: Vec<String> },
    /// Something that takes a while: encoding a data set, going back, saving. `fraction` 0…1.
    Busy { what: String, fraction: f32 },
    /// Answer to [`TrainRequest::Continue`] after so many steps; one text for each copy.
    Continued { step: usize, prompt: String, texts: Vec<Written> },
    /// The weights are in this directory.
    Saved { directory: PathBuf, bytes: u64 },
    /// A run for another trainer is in this directory, where this command starts it.
    HandedOver { directory: PathBuf, start: String },
    /// What was asked for cannot be done, for the reason given; weights and run are as they were.
    Refused(String),
}

/// What the model says after some steps.
#[derive(Clone, Debug)]
pub struct At {
    pub step: usize,
    /// The steps that led here from the last [`TrainEvent::At`], one for each copy; none after undo, rewind and reset.
    pub reports: Vec<StepReport>,
    /// Of the analysis whose sequence `rows` belong to.
    pub generation: u64,
    /// Rows of the sequence on screen, one list for each copy; fewer than tokens where the work was cancelled.
    pub rows: Vec<Vec<Row>>,
    /// What was measured of each probe, in nats, one list for each copy; empty where they were not due.
    pub probes: Vec<Vec<Option<f64>>>,
    /// How far one can go back: snapshots and replay reach every step from here on.
    pub oldest: usize,
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// It came to its goal, in words: "10 steps", "loss below 0.1".
    Goal(String),
    Paused,
    /// It could not go on; the last good weights are kept.
    Failed(String),
}

/// A continuation.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub text: String,
    /// Whether the model ended it with a stop token, which the text includes.
    pub stopped: bool,
}
