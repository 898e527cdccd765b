//! The loss as a sum over targets, L = Σ wₜ·nllₜ / D, and what is read off it.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use super::Scores;
use crate::mask::LossMask;
use crate::sequence::Sequence;

/// What the weighted sum is divided by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown)]
pub enum Denominator {
    /// The number of targets with w ≠ 0: PyTorch's mean with `ignore_index`, transformers, TRL.
    #[default]
    Scored,
    /// Σ w, as LLaMA-Factory's weighted loss.
    Weights,
    /// n − 1, the pretraining view.
    All,
    /// 1: torch's `reduction="sum"`.
    Sum,
}

impl Denominator {
    /// Every denominator, in the order of the ledger.
    pub const EVERY: [Denominator; 4] = [Denominator::Scored, Denominator::Weights, Denominator::All, Denominator::Sum];

    /// The denominator's name on the command line, in JSON and on screen.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

fn unknown(name: &str) -> String {
    format!("unknown denominator {name:?}; use scored, weights, all or sum")
}

/// The sums behind a loss. All losses in nats.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ledger {
    /// Σ wₜ·nllₜ.
    pub sum: f64,
    /// Targets with w ≠ 0.
    pub scored: usize,
    /// Σ wₜ.
    pub weight: f64,
    /// All targets, n − 1.
    pub targets: usize,
    /// Scored targets that were the model's most likely token.
    pub correct: usize,
    /// All non-zero weights are the same.
    equal_weights: bool,
    /// Σ nll over scored targets that are not special tokens.
    plain_nll: f64,
    /// Bytes of those targets.
    plain_bytes: usize,
}

impl Ledger {
    /// The ledger of a fully scored sequence; `None` while a scored target has no score yet.
    pub fn new(sequence: &Sequence, mask: &LossMask, scores: &Scores) -> Option<Self> {
        let mut ledger = Self { targets: sequence.target_count(), equal_weights: true, ..Self::default() };
        let mut first_weight = None;
        for (t, token) in sequence.targets() {
            let weight = mask.weight(t);
            if weight == 0.0 {
                continue;
            }
            let target = scores.target(t)?;
            ledger.sum += weight * target.nll;
            ledger.scored += 1;
            ledger.weight += weight;
            ledger.correct += usize::from(target.rank == 1);
            ledger.equal_weights &= *first_weight.get_or_insert(weight) == weight;
            if !token.special {
                ledger.plain_nll += target.nll;
                ledger.plain_bytes += token.span.len();
            }
        }
        Some(ledger)
    }

    /// The number that `denominator` stands for; `None` where nothing is scored.
    pub fn denominator(&self, denominator: Denominator) -> Option<f64> {
        (self.scored > 0).then_some(match denominator {
            Denominator::Scored => self.scored as f64,
            Denominator::Weights => self.weight,
            Denominator::All => self.targets as f64,
            Denominator::Sum => 1.0,
        })
    }

    /// L in nats; `None` where nothing is scored: the loss is undefined then, not 0.
    pub fn loss(&self, denominator: Denominator) -> Option<f64> {
        Some(self.sum / self.denominator(denominator)?)
    }

    /// exp(L), which means something only for the mean over scored targets of equal weight: `None` otherwise.
    pub fn perplexity(&self, denominator: Denominator) -> Option<f64> {
        let is_mean = denominator == Denominator::Scored && self.equal_weights && self.weight == self.scored as f64;
        self.loss(denominator).filter(|_| is_mean).map(f64::exp)
    }

    /// Σ nll / (ln 2 · bytes) over scored targets that are not special tokens: the one figure that is fair between
    /// tokenizers.
    pub fn bits_per_byte(&self) -> Option<f64> {
        (self.plain_bytes > 0).then(|| self.plain_nll / (std::f64::consts::LN_2 * self.plain_bytes as f64))
    }

    /// Share of scored targets that were the model's most likely token.
    pub fn accuracy(&self) -> Option<f64> {
        (self.scored > 0).then(|| self.correct as f64 / self.scored as f64)
    }

    /// Share of the loss that a target with this weight and nll has, 0…1.
    pub fn share(&self, weight: f64, nll: f64) -> Option<f64> {
        (self.sum > 0.0).then(|| weight * nll / self.sum)
    }
}

/// A sum of weights as it is printed: with ten digits that count, so that 0.1 + 0.2 is 0.3.
pub fn weight_text(weight: f64) -> String {
    let rounded: f64 = format!("{weight:.9e}").parse().unwrap_or(weight);
    rounded.to_string()
}
