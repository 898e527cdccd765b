//! The MLP's non-linearities, fused.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::composed;
use super::fit::fit;
use super::simd::{exp, tanh, vectorised};
use super::tape::{Tape, record};
use super::values::{fusable, tensor, with_values, written};

/// A non-linearity, under the names that transformers has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// x·σ(x), `silu` or `swish`.
    Silu,
    /// GELU's tanh approximation (Hendrycks and Gimpel 2016): `gelu_new`, `gelu_pytorch_tanh`, `gelu_fast`.
    GeluTanh,
    /// x·Φ(x), `gelu`.
    Gelu,
    /// max(x, 0), `relu`.
    Relu,
}

/// Values a thread takes at a time.
const CHUNK: usize = 16 * 1024;

/// silu(gate) · up (Shazeer 2020); all of one shape.
///
/// # Errors
/// If they are not.
pub fn swiglu(gate: &Tensor, up: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
    fit(gate.dims() == up.dims(), "swiglu", &[("gate", gate), ("up", up)])?;
    if !fusable(&[gate, up]) {
        return composed::swiglu(gate, up);
    }
    let y = with_values([gate, up], |[gate, up]| {
        let chunks = gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK));
        written(gate.len(), CHUNK, chunks, |y, (gate, up)| swiglu_slice(y, gate, up))
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
    let chunks = grad.par_chunks_mut(CHUNK).zip(gate.par_chunks(CHUNK).zip(up.par_chunks(CHUNK)));
    let dgate = written(gate.len(), CHUNK, chunks, |dgate, (grad, (gate, up))| {
        swiglu_slice_grad(dgate, grad, gate, up);
    });
    (dgate, grad)
}

/// The non-linearity alone, value by value.
pub fn activate(x: &Tensor, activation: Activation, tape: Option<&Tape>) -> Result<Tensor> {
    if !fusable(&[x]) {
        return composed::activate(x, activation);
    }
    let (slice, slice_grad) = activation.slices();
    let y = with_values([x], |[x]| written(x.len(), CHUNK, x.par_chunks(CHUNK), slice))?;
    let y = tensor(y, x.shape())?;
    record(tape, &[x], &y, || {
        let x = x.clone();
        move |mut grad, sink| {
            with_values([&x], |[x]| {
                grad.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(grad, x)| slice_grad(grad, x));
            })?;
            sink.give(x.id(), grad);
            Ok(())
        }
    });
    Ok(y)
}

/// Writes the second slice's activations to the first, or multiplies the first by the derivative there.
type Slices = fn(&mut [f32], &[f32]);

impl Activation {
    fn slices(self) -> (Slices, Slices) {
        match self {
            Self::Silu => (silu_slice, silu_slice_grad),
            Self::GeluTanh => (gelu_tanh_slice, gelu_tanh_slice_grad),
            Self::Gelu => (gelu_slice, gelu_slice_grad),
            Self::Relu => (relu_slice, relu_slice_grad),
        }
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
    fn gelu_tanh_slice(y: &mut [f32], x: &[f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = 0.5 * x * (1.0 + tanh(SCALE * (x + CUBIC * x * x * x)));
        }
    }
}

vectorised! {
    /// `grad` becomes the gradient of x.
    fn gelu_tanh_slice_grad(grad: &mut [f32], x: &[f32]) {
        for (grad, x) in grad.iter_mut().zip(x) {
            let t = tanh(SCALE * (x + CUBIC * x * x * x));
            let slope = SCALE * (1.0 + 3.0 * CUBIC * x * x);
            *grad *= 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * slope;
        }
    }
}

vectorised! {
    fn silu_slice(y: &mut [f32], x: &[f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = x / (1.0 + exp(-x));
        }
    }
}

vectorised! {
    /// `grad` becomes the gradient of x.
    fn silu_slice_grad(grad: &mut [f32], x: &[f32]) {
        for (grad, x) in grad.iter_mut().zip(x) {
            let sigmoid = 1.0 / (1.0 + exp(-x));
            *grad *= sigmoid * (1.0 + x * (1.0 - sigmoid));
        }
    }
}

vectorised! {
    fn gelu_slice(y: &mut [f32], x: &[f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = x * normal_cdf(*x);
        }
    }
}

vectorised! {
    /// `grad` becomes the gradient of x: Φ(x) + x·φ(x).
    fn gelu_slice_grad(grad: &mut [f32], x: &[f32]) {
        /// 1/√(2π).
        const DENSITY: f32 = 0.398_942_3;
        for (grad, x) in grad.iter_mut().zip(x) {
            *grad *= normal_cdf(*x) + x * DENSITY * exp(-0.5 * x * x);
        }
    }
}

vectorised! {
    fn relu_slice(y: &mut [f32], x: &[f32]) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = x.max(0.0);
        }
    }
}

vectorised! {
    /// `grad` becomes the gradient of x, 0 at x = 0 as in PyTorch.
    fn relu_slice_grad(grad: &mut [f32], x: &[f32]) {
        for (grad, x) in grad.iter_mut().zip(x) {
            *grad = if *x > 0.0 { *grad } else { 0.0 };
        }
    }
}

/// The standard normal distribution's Φ, right to 1e-7 (Abramowitz and Stegun 1964, 7.1.26 for erf(x/√2)).
#[inline(always)]
fn normal_cdf(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut sum = 1.061_405_4;
    for coefficient in [-1.453_152, 1.421_413_8, -0.284_496_74, 0.254_829_6] {
        sum = sum * t + coefficient;
    }
    // Both tails: what is left of 1 above |x|.
    let tails = sum * t * exp(-z * z);
    0.5 * if x < 0.0 { tails } else { 2.0 - tails }
}
