//! Weights that nothing was learned with yet.

use candle_core::{Device, Result, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::decoder::layout::{self, Role, Slot};
use crate::decoder::{Config, Weights};

/// The standard deviation of a matrix's entries, as GPT-2 began with (Radford et al. 2019).
const SPREAD: f64 = 0.02;

/// Random weights for every tensor of a decoder, always the same of one seed: matrices are normal with mean 0, the scales
/// of norms 1, biases 0. Logits are then near 0 and the loss near ln V, in nats.
///
/// # Errors
/// If the device has no room for them.
pub fn drawn(config: &Config, seed: u64, device: &Device) -> Result<Weights> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let tensor = |slot: Slot| {
        let count = slot.shape.iter().product();
        let values: Vec<f32> = match (slot.is_bias, is_norm(slot.role)) {
            (true, _) => vec![0.0; count],
            (false, true) => vec![1.0; count],
            (false, false) => (0..count).map(|_| (SPREAD * normal(&mut random)) as f32).collect(),
        };
        Ok((slot.name, Tensor::from_vec(values, slot.shape, device)?))
    };
    layout::slots(config).map(tensor).collect()
}

fn is_norm(role: Role) -> bool {
    use Role::{AttentionNorm, AttentionOutNorm, FinalNorm, KeyNorm, MlpNorm, MlpOutNorm, QueryNorm};
    matches!(role, AttentionNorm | QueryNorm | KeyNorm | AttentionOutNorm | MlpNorm | MlpOutNorm | FinalNorm)
}

/// A normal deviate (Box and Muller 1958).
fn normal(random: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}
