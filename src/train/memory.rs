//! How much memory training takes, before it takes it.
//!
//! Everything is f32. What a step keeps of each layer for its backward pass is counted off the operations; the rest is
//! sums of tensors' sizes.

use std::fmt;

use super::{LoraSettings, Method, Optimizer, Settings};
use crate::decoder::config::Activation;
use crate::decoder::layout::{self, Part, Role};
use crate::decoder::{Config, Projection};
use crate::memory::{PROGRAM, available, size_text};

/// Rows whose logits exist at a time.
const HEAD_ROWS: usize = 128;

/// Bytes that training holds at its peak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    pub weights: u64,
    /// LoRA's.
    pub adapters: u64,
    pub gradients: u64,
    /// What the optimizer remembers.
    pub moments: u64,
    /// Results kept for the backward pass, and what it works with.
    pub activations: u64,
    pub logits: u64,
}

impl Need {
    /// Of a model that only scores `tokens` tokens.
    pub fn of_scoring(config: &Config, tokens: usize) -> Self {
        let cache = 2 * tokens * config.layers * config.kv_heads * config.head_dim;
        let weights = bytes(sizes(config).iter().map(|(_, count)| count).sum());
        Self {
            weights,
            activations: bytes(cache),
            logits: bytes(tokens.min(64) * config.vocab_size),
            ..Self::default()
        }
    }

    /// Of training on sequences of at most `tokens` tokens.
    pub fn of_training(config: &Config, method: &Method, optimizer: Optimizer, tokens: usize) -> Self {
        let trainable = bytes(trainable(config, method));
        let moments = match optimizer {
            Optimizer::AdamW => 2,
            Optimizer::Sgd { .. } => 1,
        };
        Self {
            weights: Self::of_scoring(config, 0).weights,
            adapters: if matches!(method, Method::Lora(_)) { trainable } else { 0 },
            gradients: trainable,
            moments: moments * trainable,
            activations: bytes(activations(config, method, tokens)),
            logits: bytes(tokens.min(HEAD_ROWS) * config.vocab_size),
        }
    }

    /// All of it, the program included. Within 15 % of what SmolLM2-135M was measured to take under every method.
    pub fn total(&self) -> u64 {
        PROGRAM + self.weights + self.beyond_weights()
    }

    /// What comes on top of a loaded model.
    pub fn beyond_weights(&self) -> u64 {
        self.adapters + self.gradients + self.moments + self.activations + self.logits
    }
}

fn bytes(values: usize) -> u64 {
    4 * values as u64
}

/// How many values a method moves.
pub fn trainable(config: &Config, method: &Method) -> usize {
    let of_parts =
        |wanted: &dyn Fn(Part) -> bool| sizes(config).iter().filter(|size| wanted(size.0)).map(|size| size.1).sum();
    match *method {
        Method::Full => of_parts(&|_| true),
        Method::Embeddings => of_parts(&|part| part == Part::Embedding),
        Method::Last { layers } => of_parts(&|part| part >= Part::Layer(config.layers.saturating_sub(layers))),
        Method::Lora(LoraSettings { rank, projections, .. }) => {
            let chosen = projection_list(config).into_iter().filter(|projection| projections.includes(projection));
            chosen.map(|projection| rank * (projection.features_in + projection.features_out)).sum()
        }
    }
}

/// Part and number of values of every weight.
fn sizes(config: &Config) -> Vec<(Part, usize)> {
    layout::slots(config).map(|slot| (slot.part(), slot.shape.iter().product())).collect()
}

fn projection_list(config: &Config) -> Vec<Projection> {
    let matrices = layout::slots(config).filter(|slot| slot.role.is_projection());
    let projections = matrices.filter_map(|slot| match slot.shape.as_slice() {
        &[features_out, features_in] => Some(Projection {
            part: slot.part(),
            is_mlp: slot.role.is_mlp(),
            name: slot.name.trim_end_matches(".weight").to_owned(),
            features_in,
            features_out,
        }),
        _ => None,
    });
    projections.collect()
}

/// Values kept for the backward pass and worked with in it. A layer keeps the input and the result of both norms,
/// queries, keys, values and attention's result, and the results within the feed-forward network.
fn activations(config: &Config, method: &Method, tokens: usize) -> usize {
    let (q, kv) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
    let inner = config.intermediate_size;
    let has = |role| layout::stem(config, role, Some(0)).is_some();
    let mlp = match (has(Role::Gate), config.activation) {
        (true, Activation::Silu) => 3 * inner,
        (true, _) => 4 * inner,
        (false, _) => 2 * inner,
    };
    // Norms of queries and keys, and of what is added, keep another copy.
    let more =
        usize::from(has(Role::QueryNorm)) * (q + kv) + usize::from(has(Role::MlpOutNorm)) * 2 * config.hidden_size;
    let a_layer = 4 * config.hidden_size + 2 * q + 2 * kv + mlp + more;
    let layers = match method {
        Method::Last { layers } => (*layers).min(config.layers),
        _ => config.layers,
    };
    // One more for the gradients of the layer that the backward pass is in.
    tokens * a_layer * (layers + 1)
}

/// Training would take more memory than is free.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryError {
    pub method: Method,
    /// Bytes it needs beside what is there already.
    pub more: u64,
    /// Bytes that are free.
    pub free: u64,
    /// Methods that would fit, and what each needs.
    pub fits: Vec<(Method, u64)>,
}

/// Whether training fits into `available` bytes beside the `resident` ones that the process holds of it already, which
/// are the weights' once the model is loaded.
///
/// # Errors
/// With the figures, and with what would fit.
pub fn check(
    config: &Config,
    settings: &Settings,
    tokens: usize,
    available: u64,
    resident: u64,
) -> Result<(), MemoryError> {
    let more = |method: &Method| {
        Need::of_training(config, method, settings.optimizer, tokens).total().saturating_sub(resident)
    };
    let needed = more(&settings.method);
    if needed <= available {
        return Ok(());
    }
    let fitting = |method: Method| {
        let bytes = more(&method);
        (bytes <= available && method != settings.method).then_some((method, bytes))
    };
    let lora = fitting(Method::Lora(LoraSettings::default()));
    let last = (1..=config.layers).rev().find_map(|layers| fitting(Method::Last { layers }));
    let fits = lora.into_iter().chain(last).collect();
    Err(MemoryError { method: settings.method.clone(), more: needed, free: available, fits })
}

/// Bytes that are free beside training a loaded model on sequences of at most `tokens` tokens, when `kept` bytes are held
/// back for ways back; `None` where the machine does not say.
///
/// # Errors
/// If it does not fit, with the figures and what would; if the limit that the user set is no number.
pub fn room(config: &Config, settings: &Settings, tokens: usize, kept: u64) -> anyhow::Result<Option<u64>> {
    let resident = Need::of_scoring(config, 0).total();
    let Some(free) = available(resident).map_err(anyhow::Error::msg)? else { return Ok(None) };
    let free = free.saturating_sub(kept);
    check(config, settings, tokens, free, resident)?;
    let need = Need::of_training(config, &settings.method, settings.optimizer, tokens);
    Ok(Some(free.saturating_sub(need.beyond_weights())))
}

impl std::error::Error for MemoryError {}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, more, free, fits } = self;
        let named = |method: &Method| match method {
            Method::Full => "full fine-tuning".to_owned(),
            Method::Lora(lora) => format!("LoRA rank {}", lora.rank),
            Method::Embeddings => "training the embeddings".to_owned(),
            Method::Last { layers: 1 } => "the last layer".to_owned(),
            Method::Last { layers } => format!("the last {layers} layers"),
        };
        write!(f, "{} needs about {} more and {} is free: ", named(method), size_text(*more), size_text(*free))?;
        let fits: Vec<String> =
            fits.iter().map(|(method, bytes)| format!("{} ({})", named(method), size_text(*bytes))).collect();
        match fits.is_empty() {
            true => f.write_str("shorten the text, choose a smaller model, or free memory"),
            false => write!(f, "{} would fit", fits.join(" or ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::config::{Family, Rope};

    fn smollm2() -> Config {
        Config {
            family: Family::Llama,
            vocab_size: 49152,
            hidden_size: 576,
            intermediate_size: 1536,
            layers: 30,
            heads: 9,
            kv_heads: 3,
            head_dim: 64,
            context: 8192,
            norm_eps: 1e-5,
            activation: Activation::Silu,
            rope: Some(Rope { theta: 100_000.0, scaling: None, partial: 1.0 }),
            window_rope: None,
            window: None,
            query_scalar: 64.0,
            parallel_residual: false,
            tie_embeddings: true,
            qkv_bias: false,
            output_bias: false,
            mlp_bias: false,
        }
    }

    /// Peak resident memory (ru_maxrss) of `lossglass train --model smollm2 --steps 3` on 131 tokens, in MB, and what
    /// of it the way back takes.
    const MEASURED: [(Method, u64, u64); 4] = [
        (Method::Full, 2392, 0),
        (Method::Last { layers: 1 }, 783, 113),
        (Method::Last { layers: 10 }, 1122, 0),
        (Method::Embeddings, 1234, 0),
    ];

    #[test]
    fn the_estimate_is_near_what_was_measured() {
        let lora = (Method::Lora(LoraSettings::default()), 973, 78);
        for (method, measured, history) in MEASURED.into_iter().chain([lora]) {
            let estimate = Need::of_training(&smollm2(), &method, Optimizer::AdamW, 131).total() / 1_000_000 + history;
            assert!(estimate.abs_diff(measured) * 100 < 15 * measured, "{method}: {estimate} MB, measured {measured}");
        }
        assert_eq!(trainable(&smollm2(), &Method::Full), 134_515_008);
    }

    #[test]
    fn what_does_not_fit_is_told_with_what_would() {
        let settings = Settings::default();
        let resident = Need::of_scoring(&smollm2(), 0).total();
        assert_eq!(check(&smollm2(), &settings, 128, 3_000_000_000, resident), Ok(()));
        let refused = check(&smollm2(), &settings, 128, 600_000_000, resident).expect_err("too little").to_string();
        let (start, fits) = refused.split_once(": ").expect("what would fit");
        assert_eq!(start, "full fine-tuning needs about 1.8 GB more and 0.6 GB is free");
        assert!(fits.starts_with("LoRA rank 8 (0.2 GB) or the last ") && fits.ends_with(" GB) would fit"), "{refused}");
        let none = check(&smollm2(), &settings, 128, 1_000_000, resident).expect_err("nothing fits").to_string();
        assert!(none.ends_with("1 MB is free: shorten the text, choose a smaller model, or free memory"), "{none}");
    }
}
