//! The operations written with candle's differentiable primitives: for every device, and as the reference that the
//! fused ones are tested against.

use candle_core::{D, DType, Result, Tensor};

use super::{Heads, Rotation};
use crate::mask::Visibility;

/// y = x·Wᵀ for `x [tokens, in]`, `weight [out, in]`.
pub fn linear(x: &Tensor, weight: &Tensor) -> Result<Tensor> {
    x.matmul(&weight.t()?)
}

/// x / √(mean x² + ε) · weight over each row (Zhang and Sennrich 2019).
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    let mean_square = x.sqr()?.mean_keepdim(D::Minus1)?;
    x.broadcast_div(&(mean_square + eps)?.sqrt()?)?.broadcast_mul(weight)
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
    let half = rotation.half();
    let x = x.reshape((tokens, features / (2 * half), 2, half))?;
    let (a, b) = (x.narrow(2, 0, 1)?, x.narrow(2, 1, 1)?);
    let table = |values: &[f32]| Tensor::from_slice(values, (tokens, 1, 1, half), x.device());
    let (cos, sin) = (table(rotation.cos())?, table(rotation.sin())?);
    let first = (a.broadcast_mul(&cos)? - b.broadcast_mul(&sin)?)?;
    let second = (b.broadcast_mul(&cos)? + a.broadcast_mul(&sin)?)?;
    Tensor::cat(&[first, second], 2)?.reshape((tokens, features))
}

/// silu(gate) · up (Shazeer 2020).
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    gate.silu()? * up
}

/// GELU's tanh approximation, transformers' `gelu_new`.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    x.gelu()
}

/// softmax(q·kᵀ/√head_dim under the mask)·v for each head; see [`super::attention`].
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: Heads, visibility: &Visibility) -> Result<Tensor> {
    let (queries, keys) = (q.dim(0)?, k.dim(0)?);
    let group = heads.query / heads.key_value;
    let per_head = |x: &Tensor| x.reshape((x.dim(0)?, (), heads.dim))?.transpose(0, 1)?.contiguous();
    let shared = |x: &Tensor| -> Result<Tensor> {
        let x = per_head(x)?.unsqueeze(1)?;
        x.broadcast_as((heads.key_value, group, keys, heads.dim))?.reshape((heads.query, keys, heads.dim))
    };
    let (q, k, v) = (per_head(q)?, shared(k)?, shared(v)?);
    let scores = (q.matmul(&k.transpose(1, 2)?.contiguous()?)? * f64::from(heads.scale()))?;
    let mut hidden = vec![f32::NEG_INFINITY; queries * keys];
    for query in 0..queries {
        let visible = visibility.visible(keys - queries + query, keys);
        hidden[query * keys..][visible].fill(0.0);
    }
    let hidden = Tensor::from_vec(hidden, (1, queries, keys), q.device())?.to_dtype(DType::F32)?;
    let weights = candle_nn::ops::softmax(&scores.broadcast_add(&hidden)?, D::Minus1)?;
    weights.matmul(&v)?.transpose(0, 1)?.reshape((queries, heads.query * heads.dim))
}
