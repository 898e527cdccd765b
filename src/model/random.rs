//! Weights that nothing was learned with yet.

use candle_core::{Device, Result, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::decoder::layout::{self, Role};
use crate::decoder::{Config, Weights};

/// Always the same weights.
const SEED: u64 = 0;
/// The standard deviation of a matrix's entries, as GPT-2 began with (Radford et al. 2019).
const SPREAD: f64 = 0.02;

/// Puts random weights in the place of `weights`, the same at every call: matrices are normal with mean 0, the scales of
/// norms 1, biases 0. Logits are then near 0 and the loss near ln V, in nats. Where nothing was read, nothing is drawn.
///
/// # Errors
/// If the device has no room for them.
pub fn draw(config: &Config, weights: &mut Weights, device: &Device) -> Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    for slot in layout::slots(config) {
        let Some(tensor) = weights.get_mut(&slot.name) else { continue };
        let count = slot.shape.iter().product();
        let values: Vec<f32> = match (slot.is_bias, is_norm(slot.role)) {
            (true, _) => vec![0.0; count],
            (false, true) => vec![1.0; count],
            (false, false) => (0..count).map(|_| (SPREAD * normal(&mut random)) as f32).collect(),
        };
        *tensor = Tensor::from_vec(values, slot.shape, device)?;
    }
    Ok(())
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
