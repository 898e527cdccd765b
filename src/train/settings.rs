//! How steps are taken. Every setting may change between two steps.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::loss::Denominator;

/// All that decides a step beside the weights and the examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub method: Method,
    pub optimizer: Optimizer,
    /// Learning rate at the top of the schedule.
    pub lr: f64,
    pub schedule: Schedule,
    /// AdamW: decoupled (Loshchilov and Hutter 2019); SGD: added to the gradient, as PyTorch does.
    pub weight_decay: f64,
    /// Gradients are scaled down to this norm where theirs is greater; 0 = never.
    pub clip: f64,
    /// Sequences of one forward and backward pass, from a data set.
    pub batch: usize,
    /// Passes whose gradients are summed before an update; the loss is divided once, by all of them.
    pub accumulate: usize,
    pub denominator: Denominator,
    /// Whether every pass over a data set has an order of its own; else records are taken in the order of the data.
    #[serde(default = "always")]
    pub shuffle: bool,
    /// Of the data's order and of new adapters.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            method: Method::Full,
            optimizer: Optimizer::AdamW,
            lr: 5e-5,
            schedule: Schedule::default(),
            weight_decay: 0.0,
            clip: 1.0,
            batch: 1,
            accumulate: 1,
            denominator: Denominator::Scored,
            shuffle: true,
            seed: 0,
        }
    }
}

/// What was saved before there was a choice was shuffled.
fn always() -> bool {
    true
}

/// Which weights move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Method {
    /// Every weight.
    Full,
    /// Low-rank adapters beside frozen projections (Hu et al. 2021).
    Lora(LoraSettings),
    /// The last layers and what comes after them: the final norm, and the head where it is not the embedding.
    Last { layers: usize },
    /// The token embedding, and with it a head that is tied to it; learned positions too.
    Embeddings,
}

/// y = W·x + alpha/rank · B·A·x, with B zero at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoraSettings {
    pub rank: usize,
    pub alpha: f64,
    pub projections: Projections,
}

impl Default for LoraSettings {
    fn default() -> Self {
        Self { rank: 8, alpha: 16.0, projections: Projections::All }
    }
}

/// Which projections get an adapter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown_projections)]
pub enum Projections {
    /// q and v, as in the paper (gpt2: the joint q, k, v).
    #[serde(rename = "qv")]
    #[strum(serialize = "qv")]
    QueryValue,
    /// q, k, v and out.
    Attention,
    /// The MLP's.
    Mlp,
    /// Every projection but the head.
    #[default]
    All,
}

/// How gradients become updates. Both as PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Optimizer {
    /// β = (0.9, 0.999), ε = 1e-8, with bias correction.
    AdamW,
    /// With momentum, 0 = none; no dampening, no Nesterov.
    Sgd { momentum: f64 },
}

/// How the learning rate goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    pub shape: Shape,
    /// Steps of a linear rise from 0 at the start: step s of them takes s/warmup of the rate.
    pub warmup: usize,
    /// Steps after which a decaying rate is 0, warm-up included; a constant one has no use for it.
    pub total: usize,
}

/// What the learning rate does after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", parse_err_ty = String, parse_err_fn = unknown_schedule)]
pub enum Shape {
    #[default]
    Constant,
    Linear,
    Cosine,
}

impl Settings {
    /// The learning rate of step `step`, counted from 1.
    pub fn lr_at(&self, step: usize) -> f64 {
        self.lr * self.schedule.factor(step)
    }

    /// Examples of a data set that one step takes.
    pub fn examples_a_step(&self) -> usize {
        self.batch * self.accumulate
    }
}

impl Schedule {
    /// What the rate is multiplied by at step `step`, counted from 1; the last of `total` steps still moves.
    pub fn factor(self, step: usize) -> f64 {
        let done = step.saturating_sub(1);
        if step < self.warmup {
            return step as f64 / self.warmup as f64;
        }
        let length = self.total.saturating_sub(self.warmup).max(1) as f64;
        let progress = (done.saturating_sub(self.warmup) as f64 / length).min(1.0);
        match self.shape {
            Shape::Constant => 1.0,
            Shape::Linear => 1.0 - progress,
            Shape::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
        }
    }
}

/// When a run of steps ends by itself; all limits that are given hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// After so many steps.
    pub steps: Option<usize>,
    /// Once the loss before a step is below this.
    pub loss: Option<f64>,
    /// Once the loss has not come below its best by a thousandth of it for so many steps.
    pub plateau: Option<usize>,
}

impl Method {
    /// The method's name on the command line, in JSON and on screen.
    pub fn name(&self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("full"),
            Self::Lora(lora) => {
                write!(f, "LoRA rank {} alpha {} on {}", lora.rank, lora.alpha, lora.projections.name())
            }
            Self::Last { layers } => write!(f, "last {layers} layer{}", if *layers == 1 { "" } else { "s" }),
            Self::Embeddings => f.write_str("embeddings"),
        }
    }
}

impl Optimizer {
    /// The optimizer's name on the command line and in JSON.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AdamW => f.write_str("AdamW"),
            Self::Sgd { momentum } if *momentum == 0.0 => f.write_str("SGD"),
            Self::Sgd { momentum } => write!(f, "SGD momentum {momentum}"),
        }
    }
}

impl Projections {
    /// Every choice, from the fewest adapters to the most.
    pub const EVERY: [Self; 4] = [Self::QueryValue, Self::Attention, Self::Mlp, Self::All];

    /// The name on the command line and on screen.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Shape {
    /// Every shape.
    pub const EVERY: [Self; 3] = [Self::Constant, Self::Linear, Self::Cosine];

    /// The name on the command line and on screen.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

fn unknown_projections(name: &str) -> String {
    format!("unknown projections {name:?}; use qv, attention, mlp or all")
}

fn unknown_schedule(name: &str) -> String {
    format!("unknown schedule {name:?}; use constant, linear or cosine")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_rises_holds_and_falls() {
        let schedule = |shape| Schedule { shape, warmup: 4, total: 12 };
        for shape in Shape::EVERY {
            assert_eq!((1..=4).map(|step| schedule(shape).factor(step)).collect::<Vec<_>>(), [0.25, 0.5, 0.75, 1.0]);
        }
        assert_eq!(schedule(Shape::Constant).factor(1000), 1.0);
        assert_eq!(schedule(Shape::Linear).factor(9), 0.5);
        assert!((schedule(Shape::Cosine).factor(9) - 0.5).abs() < 1e-12);
        assert!(schedule(Shape::Cosine).factor(12) > 0.0 && schedule(Shape::Linear).factor(13) == 0.0);
        assert_eq!(Schedule::default().factor(1), 1.0);
    }
}
