//! The head and the loss in one pass: logits exist for a few rows at a time and turn into their gradient in place.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::matmul::{Sum, To, View, compute};
use super::simd::{exp, exp_sums, greatest, vectorised};
use super::tape::Gradients;
use super::values::with_values;

/// Rows whose logits exist at a time: 128 rows of 49,152 logits take 25 MB.
const ROWS: usize = 128;

/// Floats after each row of logits: rows that lie a power of two apart share a few places of the caches.
const PAD: usize = 16;

/// A target and what its −log p counts in the loss: wₜ/D.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    pub id: u32,
    pub coefficient: f64,
}

/// Looks on as the loss of each row is computed; rows come in any order, from several threads.
pub trait WatchRows: Sync {
    /// The logits of row `row`, before they turn into their gradient.
    fn logits(&self, row: usize, logits: &[f32]);
    /// The gradient of the row's coefficient·nll in its logits.
    fn gradient(&self, row: usize, gradient: &[f32]);
}

/// −log p in nats of each row's target under softmax(hidden·Wᵀ), for `hidden [targets, features]`, `weight [vocab,
/// features]`, and the gradient of Σ coefficient·nll with respect to `hidden`. The gradient of the weight is added to
/// `gradients` if it is one of the parameters.
///
/// ∂L/∂logits = coefficient·(softmax − onehot(target)). `watch` changes nothing of it.
pub fn cross_entropy(
    hidden: &Tensor,
    weight: &Tensor,
    targets: &[Counted],
    gradients: &mut Gradients,
    watch: Option<&dyn WatchRows>,
) -> Result<(Vec<f64>, Vec<f32>)> {
    let ((rows, k), (vocab, width)) = (hidden.dims2()?, weight.dims2()?);
    if rows != targets.len() || k != width || targets.iter().any(|target| target.id as usize >= vocab) {
        candle_core::bail!(
            "cross entropy: {rows} x {k} hidden states, {vocab} x {width} weights, {} targets",
            targets.len()
        );
    }
    let head = gradients.index_of(weight);
    with_values([hidden, weight], |[hidden, weight]| {
        let mut nlls = Vec::with_capacity(rows);
        let mut dhidden = vec![0.0; rows * k];
        let chunks = hidden.chunks(ROWS * k).zip(dhidden.chunks_mut(ROWS * k)).zip(targets.chunks(ROWS));
        for ((hidden, dhidden), targets) in chunks {
            let mut logits = Vec::new();
            let product = Sum::new(&mut logits, View::new(hidden, k), View::new(weight, k).t());
            compute(&mut [Sum { pad: PAD, ..product }]);
            let first = nlls.len();
            let rows = logits.par_chunks_mut(vocab + PAD).zip(targets).enumerate();
            nlls.par_extend(rows.map(|(i, (row, target))| watched(&mut row[..vocab], *target, first + i, watch)));
            let gradient = View::padded(&logits, vocab, PAD);
            compute(&mut [Sum::to(To::Over(dhidden), vec![[gradient, View::new(weight, k)]])]);
            if let Some(head) = head {
                gradients.add_product(head, gradient.t(), View::new(hidden, k));
            }
        }
        (nlls, dhidden)
    })
}

fn watched(logits: &mut [f32], target: Counted, row: usize, watch: Option<&dyn WatchRows>) -> f64 {
    let Some(watch) = watch else { return differentiate(logits, target) };
    watch.logits(row, logits);
    let nll = differentiate(logits, target);
    watch.gradient(row, logits);
    nll
}

/// −log p of the target; the logits become the gradient of coefficient·nll.
pub(crate) fn differentiate(logits: &mut [f32], target: Counted) -> f64 {
    let max = greatest(logits);
    let (sum, _) = exp_sums(logits, max);
    let at = target.id as usize;
    let nll = sum.ln() - (f64::from(logits[at]) - f64::from(max));
    scaled_softmax(logits, max, (target.coefficient / sum) as f32);
    logits[at] -= target.coefficient as f32;
    nll
}

vectorised! {
    fn scaled_softmax(logits: &mut [f32], max: f32, scale: f32) {
        for logit in logits {
            *logit = scale * exp(*logit - max);
        }
    }
}
