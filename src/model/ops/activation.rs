//! The MLP's non-linearities, fused.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::composed;
use super::simd::{exp, tanh, vectorised};
use super::values::{fusable, shaped_like, values, with_values};

/// Values a thread takes at a time.
const CHUNK: usize = 16 * 1024;

/// silu(gate) · up (Shazeer 2020); all of one shape.
pub fn swiglu(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    if fusable(&[gate, up]) {
        gate.contiguous()?.apply_op2(&up.contiguous()?, SwiGlu)
    } else {
        composed::swiglu(gate, up)
    }
}

/// GELU's tanh approximation, transformers' `gelu_new` (Hendrycks and Gimpel 2016).
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if fusable(&[x]) { x.contiguous()?.apply_op1(Gelu) } else { composed::gelu(x) }
}

struct SwiGlu;

impl CustomOp2 for SwiGlu {
    fn name(&self) -> &'static str {
        "swiglu"
    }

    fn cpu_fwd(&self, gate: &CpuStorage, lg: &Layout, up: &CpuStorage, lu: &Layout) -> Result<(CpuStorage, Shape)> {
        let (gate, up) = (values(gate, lg)?, values(up, lu)?);
        let mut y = vec![0.0; gate.len()];
        y.par_chunks_mut(CHUNK).zip(gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK))).for_each(|(y, (gate, up))| {
            swiglu_slice(y, gate, up);
        });
        Ok((CpuStorage::F32(y), lg.shape().clone()))
    }

    fn bwd(&self, gate: &Tensor, up: &Tensor, _: &Tensor, grad: &Tensor) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let (dgate, dup) = with_values([gate, up, grad], |[gate, up, grad]| {
            let (mut dgate, mut dup) = (vec![0.0; gate.len()], vec![0.0; gate.len()]);
            let outputs = dgate.par_chunks_mut(CHUNK).zip(dup.par_chunks_mut(CHUNK));
            let inputs = gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK)).zip(grad.par_chunks(CHUNK));
            outputs.zip(inputs).for_each(|((dgate, dup), ((gate, up), grad))| {
                swiglu_slice_grad(dgate, dup, gate, up, grad);
            });
            (dgate, dup)
        })?;
        Ok((Some(shaped_like(dgate, gate)?), Some(shaped_like(dup, up)?)))
    }
}

vectorised! {
    fn swiglu_slice(y: &mut [f32], gate: &[f32], up: &[f32]) {
        for ((y, g), u) in y.iter_mut().zip(gate).zip(up) {
            *y = g / (1.0 + exp(-g)) * u;
        }
    }
}

vectorised! {
    /// silu′(g) = σ(g)·(1 + g·(1 − σ(g))).
    fn swiglu_slice_grad(dgate: &mut [f32], dup: &mut [f32], gate: &[f32], up: &[f32], grad: &[f32]) {
        for i in 0..gate.len().min(up.len()).min(grad.len()).min(dgate.len()).min(dup.len()) {
            let g = gate[i];
            let sigmoid = 1.0 / (1.0 + exp(-g));
            dgate[i] = grad[i] * up[i] * sigmoid * (1.0 + g * (1.0 - sigmoid));
            dup[i] = grad[i] * g * sigmoid;
        }
    }
}

struct Gelu;

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(x, layout)?;
        let mut y = vec![0.0; x.len()];
        y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| gelu_slice(y, x));
        Ok((CpuStorage::F32(y), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let dx = with_values([x, grad], |[x, grad]| {
            let mut dx = vec![0.0; x.len()];
            let chunks = dx.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK).zip(grad.par_chunks(CHUNK)));
            chunks.for_each(|(dx, (x, grad))| gelu_slice_grad(dx, x, grad));
            dx
        })?;
        Ok(Some(shaped_like(dx, x)?))
    }
}

/// √(2/π).
const SCALE: f32 = 0.797_884_6;
const CUBIC: f32 = 0.044_715;

vectorised! {
    fn gelu_slice(y: &mut [f32], x: &[f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = 0.5 * x * (1.0 + tanh(SCALE * (x + CUBIC * x * x * x)));
        }
    }
}

vectorised! {
    fn gelu_slice_grad(dx: &mut [f32], x: &[f32], grad: &[f32]) {
        for ((dx, x), grad) in dx.iter_mut().zip(x).zip(grad) {
            let t = tanh(SCALE * (x + CUBIC * x * x * x));
            let slope = SCALE * (1.0 + 3.0 * CUBIC * x * x);
            *dx = grad * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * slope);
        }
    }
}
