//! Rotary positions as GGUF describes them.

use std::f64::consts::TAU;

use super::metadata::Metadata;
use crate::decoder::config::{Config, ConfigError, Rope, RopeScaling};

/// Reads base and scaling. `factors` is `rope_freqs.weight`, by which inverse frequencies are divided: `[head_dim / 2]`.
pub(super) fn rope(metadata: Metadata<'_>, head_dim: usize, factors: Option<&[f32]>) -> Result<Rope, ConfigError> {
    let number = |key: &str| metadata.number(&metadata.of_architecture(key));
    let theta = number("rope.freq_base").unwrap_or(10_000.0);
    let rotated = metadata.integer(&metadata.of_architecture("rope.dimension_count"));
    if let Some(rotated) = rotated.filter(|&rotated| rotated != head_dim as i128) {
        return Err(ConfigError::Unsupported {
            key: "rope.dimension_count",
            value: rotated.to_string(),
            supported: format!("the whole head, {head_dim}"),
        });
    }
    let kind = metadata.text(&metadata.of_architecture("rope.scaling.type")).unwrap_or("none");
    let scaling = match (kind, factors) {
        ("none", None) => number("rope.scale_linear").map(|factor| RopeScaling::Linear { factor }),
        ("linear", None) => match number("rope.scaling.factor") {
            Some(factor) => Some(RopeScaling::Linear { factor }),
            None => return Err(ConfigError::Missing("rope.scaling.factor")),
        },
        ("none", Some(factors)) => llama3(theta, head_dim, factors)?,
        (other, _) => {
            return Err(ConfigError::Unsupported {
                key: "rope.scaling.type",
                value: other.to_owned(),
                supported: "none, linear and llama3's factors".to_owned(),
            });
        }
    };
    let scaling = scaling.filter(|scaling| *scaling != RopeScaling::Linear { factor: 1.0 });
    Ok(Rope { scaling, ..unscaled(theta) })
}

/// Over the whole head.
pub(super) fn unscaled(theta: f64) -> Rope {
    Rope { theta, scaling: None, partial: 1.0 }
}

/// Finds the llama3 scaling that gives these factors. The file holds only the result; all released Llama 3 models have
/// low 1, high 4 and a power of two as the original context, so the first power that gives every factor is the one.
fn llama3(theta: f64, head_dim: usize, factors: &[f32]) -> Result<Option<RopeScaling>, ConfigError> {
    let factor = factors.iter().copied().fold(1.0f32, f32::max);
    if factors.iter().all(|&factor| factor == 1.0) {
        return Ok(None);
    }
    let agrees = |original: f64| {
        let expected = llama3_factors(theta, head_dim, (f64::from(factor), 1.0, 4.0, original));
        factors.len() == expected.len()
            && factors
                .iter()
                .zip(expected)
                .all(|(&stored, expected)| (f64::from(stored) - expected).abs() <= 1e-3 * expected)
    };
    let original_context = (4..=24).map(|power| f64::from(1u32 << power)).find(|&original| agrees(original));
    match original_context {
        Some(original_context) => Ok(Some(RopeScaling::Llama3 {
            factor: f64::from(factor),
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_context,
        })),
        None => Err(ConfigError::Unsupported {
            key: "rope_freqs.weight",
            value: format!("{factors:?}"),
            supported: "the factors of llama3 scaling".to_owned(),
        }),
    }
}

/// `rope_freqs.weight` of a config, `[head_dim / 2]`; `None` without llama3 scaling.
pub(in crate::checkpoint) fn factors(config: &Config) -> Option<Vec<f64>> {
    let rope = config.rope.as_ref()?;
    let &RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context } = rope.scaling.as_ref()?
    else {
        return None;
    };
    let scaling = (factor, low_freq_factor, high_freq_factor, original_context);
    Some(llama3_factors(rope.theta, config.head_dim, scaling))
}

/// By how much llama3 scaling (factor, low, high, original context) stretches each wavelength: not at all when it fits
/// `high` times into the original context, by `factor` when it does not fit `low` times, in between smoothly
/// (transformers' `_compute_llama3_parameters`).
fn llama3_factors(theta: f64, head_dim: usize, (factor, low, high, original): (f64, f64, f64, f64)) -> Vec<f64> {
    let stretch = |i: usize| {
        let wavelength = TAU * theta.powf(2.0 * i as f64 / head_dim as f64);
        let smooth = ((original / wavelength - low) / (high - low)).clamp(0.0, 1.0);
        1.0 / ((1.0 - smooth) / factor + smooth)
    };
    (0..head_dim / 2).map(stretch).collect()
}
