//! What a step is taken on.

use crate::mask::LossMask;
use crate::sequence::Sequence;

/// One sequence with the weight of each of its targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    pub ids: Vec<u32>,
    /// `weights[t]` belongs to target `t`, which logits row t − 1 predicts; `weights[0]` is 0.
    pub weights: Vec<f64>,
}

impl Example {
    /// The sequence under the mask.
    pub fn new(sequence: &Sequence, mask: &LossMask) -> Self {
        Self { ids: sequence.ids(), weights: mask.weights().to_vec() }
    }

    /// How many targets are scored (w ≠ 0).
    pub fn scored(&self) -> usize {
        self.weights.iter().filter(|&&weight| weight != 0.0).count()
    }
}
