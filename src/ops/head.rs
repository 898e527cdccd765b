//! The head by slabs of the vocabulary: what is asked of a row of logits is asked of each slab while it is in the caches,
//! and no row is ever whole.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::fit::fit;
use super::matmul::{Sum, View, compute, compute_here};
use super::values::{fusable, with_values};

/// Logits hidden·Wᵀ for `hidden [rows, features]`, `weight [vocab, features]`, `width` tokens at a time, from several
/// threads: what `see(first token, logits [rows, tokens])` makes of each slab, in the tokens' order. They have the bits of
/// [`linear`](super::linear)'s. `None` where they are to be computed by candle.
///
/// # Errors
/// If the shapes do not fit.
pub fn logits_by_slab<R: Send>(
    hidden: &Tensor,
    weight: &Tensor,
    width: usize,
    see: impl Fn(usize, &[f32]) -> R + Sync,
) -> Result<Option<Vec<R>>> {
    let k = features(hidden, weight)?;
    if !fusable(&[hidden, weight]) {
        return Ok(None);
    }
    with_values([hidden, weight], |[hidden, weight]| {
        let slabs = weight.par_chunks(width * k).enumerate().with_max_len(1);
        let see = |logits: &mut Vec<f32>, (i, slab): (usize, _)| {
            compute_here(&mut [Sum::new(logits, View::new(hidden, k), View::new(slab, k).t())]);
            see(i * width, logits)
        };
        Some(slabs.map_init(Vec::new, see).collect())
    })
}

/// The logit of one token of each row of `hidden [rows, features]`, 0 where none is asked for; the same bits. `None` as above.
///
/// # Errors
/// If the shapes do not fit, or the vocabulary has no such token.
pub fn logits_of(hidden: &Tensor, weight: &Tensor, ids: &[Option<u32>]) -> Result<Option<Vec<f32>>> {
    let (k, vocab) = (features(hidden, weight)?, weight.dim(0)?);
    if ids.len() != hidden.dim(0)? || ids.iter().flatten().any(|id| *id as usize >= vocab) {
        candle_core::bail!("logits of {} tokens of {vocab} for {:?} hidden states", ids.len(), hidden.dims());
    }
    if !fusable(&[hidden, weight]) {
        return Ok(None);
    }
    with_values([hidden, weight], |[hidden, weight]| {
        let mut logits = vec![Vec::new(); ids.len()];
        let mut sums = Vec::new();
        for ((id, row), logit) in ids.iter().zip(hidden.chunks(k)).zip(&mut logits) {
            let token = id.map(|id| &weight[id as usize * k..][..k]);
            sums.extend(token.map(|token| Sum::new(logit, View::new(row, k), View::new(token, k).t())));
        }
        compute(&mut sums);
        Some(logits.iter().map(|logit| logit.first().copied().unwrap_or_default()).collect())
    })
}

fn features(hidden: &Tensor, weight: &Tensor) -> Result<usize> {
    let ((_, k), (_, width)) = (hidden.dims2()?, weight.dims2()?);
    fit(k == width && k > 0, "head", &[("hidden", hidden), ("weight", weight)])?;
    Ok(k)
}
