//! A step taken apart: what the ordinary step computed on its way, stage by stage. Plain values only.

use std::sync::Arc;

use super::optimizer::{BETAS, EPSILON};
use super::{Example, Optimizer, Settings, StepReport};

/// One optimizer step with all that it computed on its way, as far as it is worth a look.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowStep {
    pub report: StepReport,
    /// How it was taken.
    pub settings: Settings,
    /// What it was taken on, in the order in which the gradients were summed.
    pub passed: Vec<Passed>,
    /// D.
    pub denominator: f64,
    /// Tokens of the vocabulary.
    pub vocab: usize,
    /// Updates of the optimizer since it began, with this one: bias correction counts them.
    pub updates: usize,
    /// The trainable tensors, in the order of the forward pass.
    pub tensors: Vec<MovedTensor>,
}

/// One sequence that went through the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    pub example: Arc<Example>,
    /// How many of its tokens were run: those behind the last scored target's row have no part in the loss.
    pub run: usize,
    /// The targets with w ≠ 0, in order; no other row has logits.
    pub scored: Vec<ScoredTarget>,
    /// −log p in nats of every token before the step and after it, from passes beside it; empty where there was none.
    pub before: Vec<Option<f64>>,
    pub after: Vec<Option<f64>>,
}

/// A target that counts, with what the row said that predicts it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoredTarget {
    /// The token that is the target, by its place.
    pub token: usize,
    /// −log p in nats, as the step computed it.
    pub nll: f64,
    /// 1 = the most likely token.
    pub rank: u32,
    /// ln Σ e^z over the whole row of logits.
    pub log_sum: f64,
    pub target: Logit,
    /// The greatest logits, the first of them the greatest.
    pub top: Vec<Logit>,
}

/// One entry of a row of logits, and of the gradient that the row turned into.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Logit {
    pub id: u32,
    pub z: f32,
    /// ∂L/∂z = w/D·(softmax − onehot).
    pub gradient: f32,
}

/// What became of a trainable tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct MovedTensor {
    pub name: String,
    /// The part of the model that it belongs to, as in [`StepReport::parts`].
    pub part: String,
    pub shape: Vec<usize>,
    /// L2 norm of its gradient, before clipping.
    pub norm: f64,
    /// Some of its weights: those of the greatest gradient, those that moved most, and some evenly spread, each once.
    pub weights: Vec<Moved>,
}

/// What became of one weight.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moved {
    /// Its place in the tensor, row by row.
    pub index: usize,
    /// Of the loss, before clipping.
    pub gradient: f32,
    /// Before and after the update: the weight, …
    pub weight: [f32; 2],
    /// … AdamW's first moment or SGD's momentum buffer, …
    pub first: [f32; 2],
    /// … and AdamW's second moment.
    pub second: [f32; 2],
}

/// The update of one weight as arithmetic in f64, from the same figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Update {
    AdamW {
        /// After clipping.
        gradient: f64,
        first: f64,
        second: f64,
        /// What the moments are divided by: 1 − β₁ᵗ and 1 − β₂ᵗ.
        corrections: [f64; 2],
        /// The moments, corrected for their start at 0.
        corrected: [f64; 2],
        /// w·(1 − lr·λ).
        decayed: f64,
        /// lr·m̂ / (√v̂ + ε).
        step: f64,
        weight: f64,
    },
    Sgd {
        /// After clipping.
        gradient: f64,
        /// What the buffer is multiplied by: nothing at the first update.
        momentum: f64,
        /// λ·w.
        decay: f64,
        buffer: f64,
        step: f64,
        weight: f64,
    },
}

impl SlowStep {
    /// What gradients were multiplied by: less than 1 where they were clipped. The 1e-6 is that of PyTorch's
    /// `clip_grad_norm_`.
    pub fn scale(&self) -> f64 {
        if self.report.clipped { self.settings.clip / (self.report.grad_norm + 1e-6) } else { 1.0 }
    }

    /// Σ w·nll in nats, summed in the step's order.
    pub fn sum(&self) -> f64 {
        let of = |passed: &Passed| -> f64 {
            let terms = passed.scored.iter().map(|target| passed.example.weights[target.token] * target.nll);
            terms.sum()
        };
        self.passed.iter().fold(0.0, |sum, passed| sum + of(passed))
    }

    /// L in nats, as the step reports it.
    pub fn loss(&self) -> f64 {
        self.sum() / self.denominator
    }

    /// L in nats under the new weights; `None` where the pass after the step is missing.
    pub fn loss_after(&self) -> Option<f64> {
        let of = |passed: &Passed| -> Option<f64> {
            let weighted = |target: &ScoredTarget| {
                Some(passed.example.weights[target.token] * (*passed.after.get(target.token)?)?)
            };
            passed.scored.iter().map(weighted).sum()
        };
        Some(self.passed.iter().map(of).sum::<Option<f64>>()? / self.denominator)
    }

    /// How many tokens all sequences have together. A line is one of them, counted through all sequences.
    pub fn lines(&self) -> usize {
        self.passed.iter().map(|passed| passed.example.ids.len()).sum()
    }

    /// The sequence and the token of a line.
    pub fn token(&self, line: usize) -> Option<(&Passed, usize)> {
        let mut before = 0;
        self.passed.iter().find_map(|passed| {
            let token = line.checked_sub(before).filter(|&token| token < passed.example.ids.len());
            before += passed.example.ids.len();
            token.map(|token| (passed, token))
        })
    }

    /// The target of a line, if it counts.
    pub fn scored(&self, line: usize) -> Option<&ScoredTarget> {
        let (passed, token) = self.token(line)?;
        passed.target(token)
    }

    /// The lines whose targets count, in order.
    pub fn scored_lines(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        (0..self.lines()).filter(|&line| self.scored(line).is_some())
    }

    /// The update of a weight of this step as arithmetic.
    pub fn update(&self, moved: &Moved) -> Update {
        let (lr, lambda) = (self.report.lr, self.settings.weight_decay);
        let (weight, gradient) = (f64::from(moved.weight[0]), f64::from(moved.gradient) * self.scale());
        let (m, v) = (f64::from(moved.first[0]), f64::from(moved.second[0]));
        match self.settings.optimizer {
            Optimizer::AdamW => {
                let (beta1, beta2) = BETAS;
                let updates = i32::try_from(self.updates).unwrap_or(i32::MAX);
                let first = beta1 * m + (1.0 - beta1) * gradient;
                let second = beta2 * v + (1.0 - beta2) * gradient * gradient;
                let corrections = [beta1, beta2].map(|beta| 1.0 - beta.powi(updates));
                let corrected = [first / corrections[0], second / corrections[1]];
                let decayed = weight * (1.0 - lr * lambda);
                let step = lr * corrected[0] / (corrected[1].sqrt() + EPSILON);
                Update::AdamW { gradient, first, second, corrections, corrected, decayed, step, weight: decayed - step }
            }
            Optimizer::Sgd { momentum } => {
                let momentum = if self.updates == 1 { 0.0 } else { momentum };
                let decay = lambda * weight;
                let buffer = momentum * m + gradient + decay;
                let step = lr * buffer;
                Update::Sgd { gradient, momentum, decay, buffer, step, weight: weight - step }
            }
        }
    }
}

impl Passed {
    /// The target at `token`, if it counts.
    pub fn target(&self, token: usize) -> Option<&ScoredTarget> {
        let at = self.scored.binary_search_by_key(&token, |target| target.token).ok()?;
        self.scored.get(at)
    }

    /// −log p of the token in nats before the step: the step's own where it computed one, else of the pass beside it.
    pub fn nll(&self, token: usize) -> Option<f64> {
        self.target(token).map(|target| target.nll).or_else(|| *self.before.get(token)?)
    }
}

impl ScoredTarget {
    /// p of one of the row's logits.
    pub fn p(&self, logit: &Logit) -> f64 {
        (f64::from(logit.z) - self.log_sum).exp()
    }
}

impl MovedTensor {
    /// The place of a weight by row, column and so on.
    pub fn place(&self, index: usize) -> Vec<usize> {
        let mut rest = index;
        let mut place: Vec<usize> = self
            .shape
            .iter()
            .rev()
            .map(|&size| {
                let at = rest % size.max(1);
                rest /= size.max(1);
                at
            })
            .collect();
        place.reverse();
        place
    }
}

impl Moved {
    /// By how much the weight moved.
    pub fn change(&self) -> f64 {
        f64::from(self.weight[1]) - f64::from(self.weight[0])
    }
}
