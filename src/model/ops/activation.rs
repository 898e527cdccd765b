//! The MLP's non-linearities, fused.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::composed;
use super::simd::{exp, tanh, vectorised};
use super::tape::{Tape, record};
use super::values::{fusable, tensor, with_values};

/// Values a thread takes at a time.
const CHUNK: usize = 16 * 1024;

/// silu(gate) · up (Shazeer 2020); all of one shape.
pub fn swiglu(gate: &Tensor, up: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
    if !fusable(&[gate, up]) {
        return composed::swiglu(gate, up);
    }
    let y = with_values([gate, up], |[gate, up]| {
        let mut y = vec![0.0; gate.len()];
        y.par_chunks_mut(CHUNK).zip(gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK))).for_each(|(y, (gate, up))| {
            swiglu_slice(y, gate, up);
        });
        y
    })?;
    let y = tensor(y, gate.shape())?;
    record(tape, &[gate, up], &y, || {
        let (gate, up) = (gate.clone(), up.clone());
        move |grad, sink| {
            let (dgate, dup) = with_values([&gate, &up], |[gate, up]| swiglu_gradients(gate, up, grad))?;
            sink.give(gate.id(), dgate);
            sink.give(up.id(), dup);
            Ok(())
        }
    });
    Ok(y)
}

/// Gradients of gate and up; that of up takes the place of the result's.
fn swiglu_gradients(gate: &[f32], up: &[f32], mut grad: Vec<f32>) -> (Vec<f32>, Vec<f32>) {
    let mut dgate = vec![0.0; gate.len()];
    let outputs = dgate.par_chunks_mut(CHUNK).zip(grad.par_chunks_mut(CHUNK));
    outputs.zip(gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK))).for_each(|((dgate, grad), (gate, up))| {
        swiglu_slice_grad(dgate, grad, gate, up);
    });
    (dgate, grad)
}

/// GELU's tanh approximation, transformers' `gelu_new` (Hendrycks and Gimpel 2016).
pub fn gelu(x: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
    if !fusable(&[x]) {
        return composed::gelu(x);
    }
    let y = with_values([x], |[x]| {
        let mut y = vec![0.0; x.len()];
        y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| gelu_slice(y, x));
        y
    })?;
    let y = tensor(y, x.shape())?;
    record(tape, &[x], &y, || {
        let x = x.clone();
        move |mut grad, sink| {
            with_values([&x], |[x]| {
                grad.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(grad, x)| gelu_slice_grad(grad, x));
            })?;
            sink.give(x.id(), grad);
            Ok(())
        }
    });
    Ok(y)
}

vectorised! {
    fn swiglu_slice(y: &mut [f32], gate: &[f32], up: &[f32]) {
        for ((y, g), u) in y.iter_mut().zip(gate).zip(up) {
            *y = g / (1.0 + exp(-g)) * u;
        }
    }
}

vectorised! {
    /// silu′(g) = σ(g)·(1 + g·(1 − σ(g))). `grad` becomes the gradient of up.
    fn swiglu_slice_grad(dgate: &mut [f32], grad: &mut [f32], gate: &[f32], up: &[f32]) {
        for i in 0..gate.len().min(up.len()).min(grad.len()).min(dgate.len()) {
            let g = gate[i];
            let sigmoid = 1.0 / (1.0 + exp(-g));
            dgate[i] = grad[i] * up[i] * sigmoid * (1.0 + g * (1.0 - sigmoid));
            grad[i] *= g * sigmoid;
        }
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
    /// `grad` becomes the gradient of x.
    fn gelu_slice_grad(grad: &mut [f32], x: &[f32]) {
        for (grad, x) in grad.iter_mut().zip(x) {
            let t = tanh(SCALE * (x + CUBIC * x * x * x));
            let slope = SCALE * (1.0 + 3.0 * CUBIC * x * x);
            *grad *= 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * slope;
        }
    }
}
