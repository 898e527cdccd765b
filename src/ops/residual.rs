//! The residual stream's addition.
//!
//! candle adds large tensors on threads of its own, which wait for work in a loop: on a machine with few cores they
//! take the time of rayon's, which do everything else here.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::simd::vectorised;
use super::tape::{Tape, record};
use super::values::{CHUNK, fusable, tensor, with_values, written};

/// x + y, both of one shape.
pub fn add(x: &Tensor, y: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
    if !fusable(&[x, y]) || x.shape() != y.shape() {
        return x + y;
    }
    let sum = with_values([x, y], |[x, y]| {
        let chunks = x.par_chunks(CHUNK).zip(y.par_chunks(CHUNK));
        written(x.len(), CHUNK, chunks, |sum, (x, y)| add_slices(sum, x, y))
    })?;
    let sum = tensor(sum, x.shape())?;
    record(tape, &[x, y], &sum, || {
        let (x, y) = (x.id(), y.id());
        move |grad, sink| {
            if sink.wants(y) {
                sink.give(y, grad.clone());
            }
            sink.give(x, grad);
            Ok(())
        }
    });
    Ok(sum)
}

vectorised! {
    fn add_slices(sum: &mut [f32], x: &[f32], y: &[f32]) {
        for ((sum, x), y) in sum.iter_mut().zip(x).zip(y) {
            *sum = x + y;
        }
    }
}
