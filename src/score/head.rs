//! Rows from hidden states, by slabs of the vocabulary.

use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::row::{Asked, Part, SLAB, row};
use crate::decoder::{Decoder, DecoderError};
use crate::loss::Row;
use crate::ops;

/// What the head makes of hidden states `[positions, hidden]`; `target` is the token that a row is asked for. The same as
/// [`row`] of all its logits, to the bit.
///
/// # Errors
/// If a target is no token, or a tensor operation fails.
pub(crate) fn rows_of(
    decoder: &Decoder,
    hidden: &Tensor,
    positions: Range<usize>,
    target: impl Fn(usize) -> Option<u32> + Sync,
    top_k: usize,
) -> std::result::Result<Vec<Row>, DecoderError> {
    let targets: Vec<_> = positions.map(target).collect();
    if let Some(weight) = decoder.plain_head()
        && let Some(rows) = by_slab(hidden, weight, &targets, top_k)?
    {
        return Ok(rows);
    }
    let logits = decoder.head(hidden)?.detach().flatten_all()?.to_vec1::<f32>()?;
    let rows = logits.par_chunks(logits.len() / targets.len()).zip(targets);
    Ok(rows.map(|(logits, target)| row(logits, target, top_k)).collect())
}

fn by_slab(hidden: &Tensor, weight: &Tensor, targets: &[Option<u32>], top_k: usize) -> Result<Option<Vec<Row>>> {
    let Some(logits) = ops::logits_of(hidden, weight, targets)? else { return Ok(None) };
    let asked = |(id, logit): (&Option<u32>, f32)| Asked { target: id.map(|id| (id, logit)), top_k };
    let asked: Vec<_> = targets.iter().zip(logits).map(asked).collect();
    // What a row's best tokens cannot be below, as far as it is known: any slab's least will do, in any order.
    let bounds: Vec<_> = targets.iter().map(|_| AtomicU32::new(f32::NEG_INFINITY.to_bits())).collect();
    let see = |first: usize, logits: &[f32]| -> Vec<Part> {
        let rows = logits.chunks(logits.len() / targets.len());
        let see = |((logits, asked), bound): ((_, &Asked), &AtomicU32)| {
            let known = f32::from_bits(bound.load(Ordering::Relaxed));
            let part = asked.see(first, logits, known);
            if part.least(top_k) > known {
                bound.store(part.least(top_k).to_bits(), Ordering::Relaxed);
            }
            part
        };
        rows.zip(&asked).zip(&bounds).map(see).collect()
    };
    let Some(slabs) = ops::logits_by_slab(hidden, weight, SLAB, see)? else { return Ok(None) };
    let rows = asked.par_iter().enumerate();
    Ok(Some(rows.map(|(i, asked)| asked.row(slabs.iter().map(|parts| &parts[i]))).collect()))
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn rows_by_slab_are_those_of_whole_rows_to_the_bit() {
        let values =
            |n: usize, step: usize| (0..n).map(|i| ((i * step) % 1009) as f32 / 400.0 - 1.2).collect::<Vec<_>>();
        for (rows, k, vocab) in [(1, 20, 5), (7, 33, SLAB), (40, 16, 3 * SLAB + 17)] {
            let tensor = |n: usize, step| Tensor::from_vec(values(n * k, step), (n, k), &Device::Cpu).expect("fits");
            let (hidden, weight) = (tensor(rows, 7919), tensor(vocab, 104_729));
            let targets: Vec<_> = (0..rows).map(|i| (i % 3 < 2).then_some((i * 613 % vocab) as u32)).collect();
            let logits = ops::linear(&hidden, &weight, None).expect("fits").to_vec2::<f32>().expect("f32");
            for top_k in [0, 3, 60, 2 * SLAB] {
                let by_slab = by_slab(&hidden, &weight, &targets, top_k).expect("fits").expect("on the cpu");
                let whole: Vec<_> =
                    logits.iter().zip(&targets).map(|(row_, target)| row(row_, *target, top_k)).collect();
                assert!(by_slab == whole, "{rows} rows of {vocab}, the best {top_k}");
            }
        }
    }
}
