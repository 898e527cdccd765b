//! What a step says of itself.

use serde::{Deserialize, Serialize};

/// One optimizer step, as it was taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Counted from 1: how many updates the weights have had with this one.
    pub step: usize,
    /// L in nats, before the update.
    pub loss: f64,
    /// Targets with w ≠ 0.
    pub scored: usize,
    /// Tokens that were run through the model.
    pub tokens: usize,
    /// L2 norm of the gradient of all trainable weights, before clipping.
    pub grad_norm: f64,
    /// Whether the gradient was scaled down to the clipping norm.
    pub clipped: bool,
    /// Learning rate of this step, after the schedule.
    pub lr: f64,
    /// Wall-clock time of forward, backward and update.
    pub seconds: f64,
    /// The gradient's norm by part of the model, in the order of the forward pass; parts without trainable weights are
    /// left out.
    pub parts: Vec<GradientNorm>,
}

/// The gradient's norm of one part of the model: `embedding`, `layer 0` …, `norm`, `head`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GradientNorm {
    pub part: String,
    /// L2 norm before clipping.
    pub norm: f64,
}
