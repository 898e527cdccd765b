//! What a step is taken on.

use crate::loss::Labels;
use crate::mask::{LossMask, Visibility};
use crate::sequence::Sequence;

/// One sequence with the weight of each of its targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    pub ids: Vec<u32>,
    /// `weights[t]` belongs to target `t`, which logits row t − 1 predicts (unless `labels` say otherwise); `weights[0]` is
    /// 0.
    pub weights: Vec<f64>,
    /// Who sees whom: packed documents nothing of each other, in an experiment anything else.
    pub visibility: Visibility,
    /// Which token each row is asked for.
    pub labels: Labels,
}

impl Example {
    /// The sequence under the mask.
    pub fn new(sequence: &Sequence, mask: &LossMask) -> Self {
        let visibility = sequence.documents().into();
        Self { ids: sequence.ids(), weights: mask.weights().to_vec(), visibility, labels: Labels::Next }
    }

    /// The targets and their weights: all tokens but the first, of each document where there are several.
    pub fn targets(&self) -> impl Iterator<Item = (usize, f64)> {
        let weights = self.weights.iter().copied().enumerate();
        weights.filter(|(t, _)| !self.visibility.documents.starts_at(*t))
    }

    /// How many targets are scored (w ≠ 0).
    pub fn scored(&self) -> usize {
        self.targets().filter(|(_, weight)| *weight != 0.0).count()
    }
}
