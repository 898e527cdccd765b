//! What a trainer cannot do as it is done here: refused, never handed over otherwise.

use super::{Handover, Recipient};
use crate::decoder::config::{Config, Family, RopeScaling};
use crate::loss::{Denominator, Labels};
use crate::mask::AttentionMask;
use crate::train::{Method, Optimizer, Projections, Shape};

/// Why a run cannot be handed over, and the way out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("nothing is scored, so there is nothing to learn: choose another mask")]
    NothingScored,
    #[error(
        "a run with other attention or other labels than a model is trained with cannot be handed over: end the experiment"
    )]
    Experiment,
    #[error(
        "{to} scores a token or leaves it out, and token {token} of sequence {sequence} has the weight {weight}: use --to \
         transformers, or a mask without weights"
    )]
    Weight { to: Recipient, sequence: usize, token: usize, weight: f64 },
    #[error(
        "{to} divides the loss by the number of scored tokens: use --to transformers for --denominator {denominator}, or \
         --denominator scored"
    )]
    Denominator { to: Recipient, denominator: &'static str },
    #[error(
        "{0} does not take packs of this program whose records know nothing of each other: use --to transformers or trl, \
         --packing naive, or no --pack"
    )]
    Block(Recipient),
    #[error("{to} does not train {method}: use --to transformers or trl, or another --method")]
    Method { to: Recipient, method: String },
    #[error("{0} has no momentum for SGD: use --to transformers or trl, or --momentum 0")]
    Momentum(Recipient),
    #[error(
        "the learning rate ends after {total} steps and the run after {steps}, and Axolotl ends both at once: make them one, or use \
         --to transformers or trl"
    )]
    Schedule { total: usize, steps: usize },
    #[error("torchtune has no {what}: use --to transformers, trl or axolotl")]
    Architecture { what: String },
}

impl Handover<'_> {
    /// Whether the trainer does what the run asks for, on a model of this shape.
    ///
    /// # Errors
    /// The first thing that it does not do.
    pub fn check(&self, config: &Config) -> Result<(), Refusal> {
        if self.examples.iter().all(|example| example.scored() == 0) {
            return Err(Refusal::NothingScored);
        }
        let is_experiment = self.examples.iter().any(|example| {
            let seen = &example.visibility;
            example.labels != Labels::Next || seen.mask != AttentionMask::Causal || !seen.forbidden.is_empty()
        });
        if is_experiment {
            return Err(Refusal::Experiment);
        }
        match self.to {
            Recipient::Transformers => Ok(()),
            Recipient::Trl => self.check_loss(),
            Recipient::Axolotl => self.check_loss().and_then(|()| self.check_axolotl()),
            Recipient::Torchtune => self.check_loss().and_then(|()| self.check_torchtune(config)),
        }
    }

    /// For trainers whose loss is the mean over labels.
    fn check_loss(&self) -> Result<(), Refusal> {
        let to = self.to;
        for (sequence, example) in self.examples.iter().enumerate() {
            if let Some((token, weight)) = example.targets().find(|(_, weight)| ![0.0, 1.0].contains(weight)) {
                return Err(Refusal::Weight { to, sequence, token, weight });
            }
        }
        match self.settings.denominator {
            // The same where every weight is 0 or 1.
            Denominator::Scored | Denominator::Weights => Ok(()),
            other => Err(Refusal::Denominator { to, denominator: other.name() }),
        }
    }

    fn check_axolotl(&self) -> Result<(), Refusal> {
        let schedule = self.settings.schedule;
        if schedule.shape != Shape::Constant && schedule.total > self.steps {
            return Err(Refusal::Schedule { total: schedule.total, steps: self.steps });
        }
        match self.settings.optimizer {
            _ if self.is_block() => Err(Refusal::Block(self.to)),
            Optimizer::Sgd { momentum } if momentum != 0.0 => Err(Refusal::Momentum(self.to)),
            _ => Ok(()),
        }
    }

    fn check_torchtune(&self, config: &Config) -> Result<(), Refusal> {
        let of_method = match &self.settings.method {
            Method::Full => true,
            Method::Lora(lora) => lora.projections != Projections::Mlp,
            Method::Last { .. } | Method::Embeddings => false,
        };
        match architecture(config) {
            _ if self.is_block() => Err(Refusal::Block(self.to)),
            _ if !of_method => Err(Refusal::Method { to: self.to, method: self.settings.method.to_string() }),
            problem => problem,
        }
    }
}

/// Whether torchtune's llama or qwen2 computes a model of this shape.
fn architecture(config: &Config) -> Result<(), Refusal> {
    let scaling = config.rope.as_ref().and_then(|rope| rope.scaling.as_ref());
    let is_plain = match (config.family, scaling) {
        (Family::Llama | Family::Qwen2, None) => true,
        (Family::Llama, Some(RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context })) => {
            factor.fract() == 0.0 && [*low_freq_factor, *high_freq_factor, *original_context] == [1.0, 4.0, 8192.0]
        }
        _ => false,
    };
    let has_bias = config.family == Family::Llama && config.qkv_bias || config.output_bias || config.mlp_bias;
    match config {
        _ if !is_plain => Err(Refusal::Architecture { what: format!("{} of this shape", config.family.name()) }),
        _ if config.window.is_some() => Err(Refusal::Architecture { what: "sliding window".into() }),
        _ if has_bias => Err(Refusal::Architecture { what: format!("{} with these biases", config.family.name()) }),
        _ if config.head_dim * config.heads != config.hidden_size => {
            Err(Refusal::Architecture { what: "heads of a size of their own".into() })
        }
        _ => Ok(()),
    }
}
