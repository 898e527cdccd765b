//! The residual stream's addition.
//!
//! candle adds large tensors on threads of its own, which wait for work in a loop: on a machine with few cores they
//! take the time of rayon's, which do everything else here.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::simd::vectorised;
use super::values::{fusable, values};

/// Values a thread takes at a time.
const CHUNK: usize = 32 * 1024;

/// x + y, both of one shape.
pub fn add(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    if fusable(&[x, y]) && x.shape() == y.shape() { x.contiguous()?.apply_op2(&y.contiguous()?, Add) } else { x + y }
}

struct Add;

impl CustomOp2 for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn cpu_fwd(&self, x: &CpuStorage, lx: &Layout, y: &CpuStorage, ly: &Layout) -> Result<(CpuStorage, Shape)> {
        let (x, y) = (values(x, lx)?, values(y, ly)?);
        let mut sum = vec![0.0; x.len()];
        sum.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK).zip(y.par_chunks(CHUNK))).for_each(|(sum, (x, y))| {
            add_slices(sum, x, y);
        });
        Ok((CpuStorage::F32(sum), lx.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(grad.clone()), Some(grad.clone())))
    }
}

vectorised! {
    fn add_slices(sum: &mut [f32], x: &[f32], y: &[f32]) {
        for ((sum, x), y) in sum.iter_mut().zip(x).zip(y) {
            *sum = x + y;
        }
    }
}
