//! Row-wise normalisation, fused.

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::composed;
use super::fit::fit;
use super::simd::{dot, vectorised};
use super::tape::{Tape, record};
use super::values::{add_to, fusable, tensor, with_values, written};

/// x / √(mean x² + ε) · weight over each row of `x [tokens, features]` (Zhang and Sennrich 2019). A weight as narrow as
/// a head norms every head of a row by itself.
///
/// # Errors
/// If the features are no multiple of the weight's.
pub fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64, tape: Option<&Tape>) -> Result<Tensor> {
    let ((_, features), n) = (x.dims2()?, weight.dims1()?);
    fit(n > 0 && features.is_multiple_of(n), "rms norm", &[("x", x), ("weight", weight)])?;
    if !fusable(&[x, weight]) {
        return composed::rms_norm(x, weight, eps);
    }
    let eps = eps as f32;
    let y = with_values([x, weight], |[x, weight]| each_row(x, n, |y, x| rms_norm_row(y, x, weight, eps)))?;
    let y = tensor(y, x.shape())?;
    record(tape, &[x, weight], &y, || {
        let (x, weight) = (x.clone(), weight.clone());
        move |grad, sink| {
            let (dx, [dw]) = with_values([&x, &weight], |[x, weight]| {
                row_gradients(x, &grad, n, |dx, [dw], x, grad| rms_norm_row_grad(dx, dw, x, weight, grad, eps))
            })?;
            sink.give(x.id(), dx);
            sink.give(weight.id(), dw);
            Ok(())
        }
    });
    Ok(y)
}

/// (x − mean) / √(variance + ε) · weight + bias over each row of `x [tokens, features]`, with the biased variance
/// (Ba et al. 2016).
///
/// # Errors
/// If the shapes do not fit.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64, tape: Option<&Tape>) -> Result<Tensor> {
    let ((_, features), n, shifts) = (x.dims2()?, weight.dims1()?, bias.dims1()?);
    let fits = n > 0 && features == n && shifts == n;
    fit(fits, "layer norm", &[("x", x), ("weight", weight), ("bias", bias)])?;
    if !fusable(&[x, weight, bias]) {
        return composed::layer_norm(x, weight, bias, eps);
    }
    let eps = eps as f32;
    let y = with_values([x, weight, bias], |[x, weight, bias]| {
        each_row(x, n, |y, x| layer_norm_row(y, x, weight, bias, eps))
    })?;
    let y = tensor(y, x.shape())?;
    record(tape, &[x, weight, bias], &y, || {
        let (x, weight, bias) = (x.clone(), weight.clone(), bias.id());
        move |grad, sink| {
            let (dx, [dw, db]) = with_values([&x, &weight], |[x, weight]| {
                row_gradients(x, &grad, n, |dx, [dw, db], x, g| layer_norm_row_grad(dx, dw, db, x, weight, g, eps))
            })?;
            sink.give(x.id(), dx);
            sink.give(weight.id(), dw);
            sink.give(bias, db);
            Ok(())
        }
    });
    Ok(y)
}

fn each_row(x: &[f32], n: usize, row: impl Fn(&mut [f32], &[f32]) + Sync) -> Vec<f32> {
    written(x.len(), ROWS * n, x.par_chunks(ROWS * n), |y, x| {
        y.chunks_mut(n).zip(x.chunks(n)).for_each(|(y, x)| row(y, x));
    })
}

/// Rows that one thread takes, whose parts of the weights' gradients it sums. Fixed, so that the sums are the same whatever
/// the number of threads.
const ROWS: usize = 16;

/// The gradient of x, and those of N vectors that every row adds to: `row(dx, sums, x, grad)`.
fn row_gradients<const N: usize>(
    x: &[f32],
    grad: &[f32],
    n: usize,
    row: impl Fn(&mut [f32], &mut [Vec<f32>; N], &[f32], &[f32]) + Sync,
) -> (Vec<f32>, [Vec<f32>; N]) {
    let zeros = || std::array::from_fn::<_, N, _>(|_| vec![0.0; n]);
    let mut parts: Vec<[Vec<f32>; N]> = (0..x.len().div_ceil(ROWS * n)).map(|_| zeros()).collect();
    let blocks = parts.par_iter_mut().zip(x.par_chunks(ROWS * n).zip(grad.par_chunks(ROWS * n)));
    let dx = written(x.len(), ROWS * n, blocks, |dx, (sums, (x, grad))| {
        for ((dx, x), grad) in dx.chunks_mut(n).zip(x.chunks(n)).zip(grad.chunks(n)) {
            row(dx, sums, x, grad);
        }
    });
    let mut totals = zeros();
    for part in &parts {
        totals.iter_mut().zip(part).for_each(|(total, part)| add_to(total, part));
    }
    (dx, totals)
}

vectorised! {
    fn rms_norm_row(y: &mut [f32], x: &[f32], weight: &[f32], eps: f32) {
        let inverse = 1.0 / (dot(x, x) / x.len() as f32 + eps).sqrt();
        for ((y, x), w) in y.iter_mut().zip(x).zip(weight) {
            *y = x * inverse * w;
        }
    }
}

vectorised! {
    /// With r = 1/√(mean x² + ε): dx = r·(g·w − x·r²·mean(g·w·x)), dw += g·x·r.
    fn rms_norm_row_grad(dx: &mut [f32], dw: &mut [f32], x: &[f32], weight: &[f32], grad: &[f32], eps: f32) {
        let n = x.len() as f32;
        let inverse = 1.0 / (dot(x, x) / n + eps).sqrt();
        for i in 0..x.len() {
            dx[i] = grad[i] * weight[i];
            dw[i] += grad[i] * x[i] * inverse;
        }
        let shift = dot(dx, x) / n * inverse * inverse;
        for (dx, x) in dx.iter_mut().zip(x) {
            *dx = inverse * (*dx - x * shift);
        }
    }
}

/// Mean and 1/√(variance + ε).
#[inline(always)]
fn moments(x: &[f32], eps: f32) -> (f32, f32) {
    let n = x.len() as f32;
    let mean = x.iter().sum::<f32>() / n;
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / n;
    (mean, 1.0 / (variance + eps).sqrt())
}

vectorised! {
    fn layer_norm_row(y: &mut [f32], x: &[f32], weight: &[f32], bias: &[f32], eps: f32) {
        let (mean, inverse) = moments(x, eps);
        for i in 0..x.len() {
            y[i] = (x[i] - mean) * inverse * weight[i] + bias[i];
        }
    }
}

vectorised! {
    /// With x̂ = (x − mean)·r: dx = r·(g·w − mean(g·w) − x̂·mean(g·w·x̂)), dw += g·x̂, db += g.
    fn layer_norm_row_grad(
        dx: &mut [f32],
        dw: &mut [f32],
        db: &mut [f32],
        x: &[f32],
        weight: &[f32],
        grad: &[f32],
        eps: f32,
    ) {
        let n = x.len() as f32;
        let (mean, inverse) = moments(x, eps);
        let (mut sum, mut product) = (0.0, 0.0);
        for i in 0..x.len() {
            let normed = (x[i] - mean) * inverse;
            dx[i] = grad[i] * weight[i];
            dw[i] += grad[i] * normed;
            db[i] += grad[i];
            sum += dx[i];
            product += dx[i] * normed;
        }
        for (dx, x) in dx.iter_mut().zip(x) {
            *dx = inverse * (*dx - sum / n - (x - mean) * inverse * product / n);
        }
    }
}
