//! The operations written with candle's differentiable primitives: for every device, and as the reference that the
//! fused ones are tested against.

use candle_core::{D, Device, Result, Tensor};

use super::{Activation, Heads, Rotation};
use crate::mask::Visibility;

/// y = x·Wᵀ for `x [tokens, in]`, `weight [out, in]`.
pub fn linear(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    x.matmul(&weight.t()?)
}

/// x / √(mean x² + ε) · weight over each row, or over each head of a row where the weight is that narrow (Zhang and
/// Sennrich 2019).
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    let rows = x.reshape(((), weight.elem_count()))?;
    let mean_square = rows.sqr()?.mean_keepdim(D::Minus1)?;
    rows.broadcast_div(&(mean_square + eps)?.sqrt()?)?.broadcast_mul(weight)?.reshape(x.shape())
}

/// (x − mean) / √(variance + ε) · weight + bias over each row, with the biased variance (Ba et al. 2016).
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let variance = centred.sqr()?.mean_keepdim(D::Minus1)?;
    centred.broadcast_div(&(variance + eps)?.sqrt()?)?.broadcast_mul(weight)?.broadcast_add(bias)
}

/// Rotary position embedding of every head of `x [tokens, heads · head_dim]`: the halves (a, b) of a head become
/// (a·cos − b·sin, b·cos + a·sin).
pub fn rope(x: &Tensor, rotation: &Rotation) -> Result<Tensor> {
    let (tokens, features) = x.dims2()?;
    let (half, head) = (rotation.half(), rotation.head());
    let x = x.reshape((tokens, features / head, head))?;
    let (a, b) = (x.narrow(2, 0, half)?, x.narrow(2, half, half)?);
    let table = |values: &[f32]| Tensor::from_slice(values, (tokens, 1, half), x.device());
    let (cos, sin) = (table(rotation.cos())?, table(rotation.sin())?);
    let first = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
    let second = (b.broadcast_mul(&cos)? + a.broadcast_mul(&sin)?)?;
    let mut parts = vec![first, second];
    if head > 2 * half {
        parts.push(x.narrow(2, 2 * half, head - 2 * half)?);
    }
    Tensor::cat(&parts, 2)?.reshape((tokens, features))
}

/// Part `part` of the `parts` that every head of `x [tokens, heads · parts · width]` has: `[tokens, heads · width]`.
pub fn head_columns(x: &Tensor, part: usize, parts: usize, width: usize) -> Result<Tensor> {
    let (tokens, features) = x.dims2()?;
    let heads = features / (parts * width);
    x.reshape((tokens, heads, parts, width))?.narrow(2, part, 1)?.reshape((tokens, heads * width))
}

/// silu(gate) · up (Shazeer 2020).
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    gate.silu()? * up
}

/// The non-linearity, value by value.
pub fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Silu => x.silu(),
        Activation::GeluTanh => x.gelu(),
        Activation::Gelu => x.gelu_erf(),
        Activation::Relu => x.relu(),
    }
}

/// softmax(q·kᵀ/√head_dim under the mask)·v for each head; see [`super::attention`].
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: Heads, visibility: &Visibility) -> Result<Tensor> {
    let weights = attention_weights(q, k, heads, visibility)?;
    let mixed = weights.matmul(&shared(v, heads)?)?;
    mixed.transpose(0, 1)?.reshape((q.dim(0)?, heads.query * heads.dim))
}

/// What attention weighs the values with: softmax(q·kᵀ/√head_dim under the mask), `[query heads, queries, keys]`.
pub fn attention_weights(q: &Tensor, k: &Tensor, heads: Heads, visibility: &Visibility) -> Result<Tensor> {
    let (queries, keys) = (q.dim(0)?, k.dim(0)?);
    let (q, k) = (per_head(q, heads)?, shared(k, heads)?);
    let scores = (q.matmul(&k.transpose(1, 2)?.contiguous()?)? * f64::from(heads.scale()))?;
    let hidden = hidden(heads, queries, keys, visibility, q.device())?;
    candle_nn::ops::softmax(&scores.broadcast_add(&hidden)?, D::Minus1)
}

/// What is added to the scores of the last `queries` of `keys` positions: −∞ where a key is hidden, `[1, queries, keys]`,
/// or `[query heads, queries, keys]` where heads see differently.
fn hidden(heads: Heads, queries: usize, keys: usize, visibility: &Visibility, device: &Device) -> Result<Tensor> {
    let planes = if visibility.forbidden.is_by_head() { heads.query } else { 1 };
    let mut hidden = vec![f32::NEG_INFINITY; planes * queries * keys];
    for (i, row) in hidden.chunks_mut(keys).enumerate() {
        let (head, query) = (i / queries, keys - queries + i % queries);
        row[visibility.visible(query, keys)].fill(0.0);
        for key in visibility.forbidden.keys(query, head).filter(|key| *key < keys) {
            row[key] = f32::NEG_INFINITY;
        }
    }
    Tensor::from_vec(hidden, (planes, queries, keys), device)
}

/// `[tokens, heads · head_dim]` to `[heads, tokens, head_dim]`.
fn per_head(x: &Tensor, heads: Heads) -> Result<Tensor> {
    x.reshape((x.dim(0)?, (), heads.dim))?.transpose(0, 1)?.contiguous()
}

/// Keys or values, repeated for every query head that shares them: `[query heads, keys, head_dim]`.
fn shared(x: &Tensor, heads: Heads) -> Result<Tensor> {
    let (keys, group) = (x.dim(0)?, heads.query / heads.key_value);
    let x = per_head(x, heads)?.unsqueeze(1)?;
    x.broadcast_as((heads.key_value, group, keys, heads.dim))?.reshape((heads.query, keys, heads.dim))
}
