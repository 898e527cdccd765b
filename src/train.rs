//! Training: an optimizer step on what a loss mask scores, and everything that makes a run of steps repeatable.
//!
//! ```text
//! Settings ─┐
//! Examples ─┴▶ Trainer::step ─▶ forward ─▶ loss ─▶ backward ─▶ clip ─▶ update ─▶ StepReport
//!                   │                     └────── Recorder (step_slowly) ────────▶ SlowStep
//!                   │
//!                   └─▶ undo, rewind, reset (snapshots and replay), save, resume
//! ```
//!
//! A step is a pure function of weights, optimizer state, settings and examples: the same ones give the same bits.

mod data;
mod evaluate;
mod example;
mod history;
pub mod memory;
mod optimizer;
mod parameters;
mod pass;
mod progress;
mod recorder;
mod report;
pub mod save;
mod settings;
mod slow_step;
mod trainer;

pub use data::batch;
pub use evaluate::{loss, mean_nll, nlls};
pub use example::Example;
pub use optimizer::OptimizerState;
pub use parameters::{Parameter, new_adapters, parameters};
pub use pass::Backward;
pub use progress::Progress;
pub use report::{GradientNorm, StepReport};
pub use settings::{Goal, LoraSettings, Method, Optimizer, Projections, Schedule, Settings, Shape};
pub use slow_step::{Logit, Moved, MovedTensor, Passed, ScoredTarget, SlowStep, Update};
pub use trainer::Trainer;

use crate::decoder::DecoderError;
use crate::decoder::layout::Part;

/// Why a step cannot be taken, or not be taken back.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error("nothing is scored, so there is nothing to learn: choose another mask")]
    NothingScored,
    #[error("a target's weight is {0}: weights are finite and not negative")]
    Weight(f64),
    #[error(
        "the {what} of step {step} is not finite: the learning rate is too high, or the weights were broken before; go back, and lower it"
    )]
    NotFinite { what: &'static str, step: usize },
    #[error("step {step} cannot be gone back to: steps {oldest} to {newest} are kept")]
    OutOfReach { step: usize, oldest: usize, newest: usize },
    #[error("the weights after step {step} are not kept")]
    NotKept { step: usize },
    #[error("{0}")]
    Method(String),
    #[error(transparent)]
    Decoder(#[from] DecoderError),
}

impl From<candle_core::Error> for TrainError {
    fn from(error: candle_core::Error) -> Self {
        Self::Decoder(error.into())
    }
}

impl TrainError {
    /// Whether it is only that the work was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Decoder(DecoderError::Cancelled))
    }
}
