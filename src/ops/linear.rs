//! Projections.

use candle_core::{Result, Tensor};

use super::composed;
use super::fit::fit;
use super::matmul::{View, matmul_nt, multiply, product};
use super::tape::{Tape, record};
use super::values::{fusable, tensor, update_values, with_values};

/// y = x·Wᵀ for `x [tokens, in]`, `weight [out, in]`.
pub fn linear(x: &Tensor, weight: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
    let ((tokens, k), (n, width)) = (x.dims2()?, weight.dims2()?);
    if k != width || k == 0 {
        candle_core::bail!("linear: {tokens} x {k} activations do not fit {n} x {width} weights");
    }
    if !fusable(&[x, weight]) {
        return composed::linear(x, weight);
    }
    let y = tensor(with_values([x, weight], |[x, w]| matmul_nt(x, w, k))?, (tokens, n))?;
    record(tape, &[x, weight], &y, || {
        let (x, weight) = (x.clone(), weight.clone());
        // dx = g·W, dW = gᵀ·x; what nobody wants is not computed.
        move |grad, sink| {
            with_values([&x, &weight], |[x_, w]| {
                sink.add_product(weight.id(), View::new(&grad, n).t(), View::new(x_, k));
                sink.add_product(x.id(), View::new(&grad, n), View::new(w, k));
            })
        }
    });
    Ok(y)
}

/// y = x·W for `x [tokens, in]`, `weight [in, out]`, gpt2's layout.
pub fn linear_in_out(x: &Tensor, weight: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
    let ((tokens, k), (width, n)) = (x.dims2()?, weight.dims2()?);
    if k != width || k == 0 {
        candle_core::bail!("linear: {tokens} x {k} activations do not fit {width} x {n} weights");
    }
    if !fusable(&[x, weight]) {
        return x.matmul(weight);
    }
    let y = with_values([x, weight], |[x, w]| product(View::new(x, k), View::new(w, n), 1.0))?;
    let y = tensor(y, (tokens, n))?;
    record(tape, &[x, weight], &y, || {
        let (x, weight) = (x.clone(), weight.clone());
        // dx = g·Wᵀ, dW = xᵀ·g.
        move |grad, sink| {
            with_values([&x, &weight], |[x_, w]| {
                sink.add_product(weight.id(), View::new(x_, k).t(), View::new(&grad, n));
                if sink.wants(x.id()) {
                    sink.give(x.id(), matmul_nt(&grad, w, n));
                }
            })
        }
    });
    Ok(y)
}

/// y + scale·(x·Aᵀ)·Bᵀ, what a low-rank adapter `a [rank, in]`, `b [out, rank]` makes of a projection's y = x·Wᵀ, for
/// `y [tokens, out]`, `x [tokens, in]`. It takes the place of y, which must be the caller's alone.
pub fn add_low_rank(y: Tensor, x: &Tensor, a: &Tensor, b: &Tensor, scale: f64, tape: Option<&Tape>) -> Result<Tensor> {
    let ((tokens, n), (rank, k)) = (y.dims2()?, a.dims2()?);
    if x.dims2()? != (tokens, k) || b.dims2()? != (n, rank) || k * rank == 0 {
        candle_core::bail!("low rank: {:?} and {:?} do not fit {tokens} x {k} and {tokens} x {n}", a.dims(), b.dims());
    }
    if !fusable(&[&y, x, a, b]) {
        return y + (composed::linear(&composed::linear(x, a)?, b)? * scale)?;
    }
    let scale = scale as f32;
    let low = with_values([x, a], |[x, a]| matmul_nt(x, a, k))?;
    with_values([b], |[b]| {
        update_values(&y, |y| multiply(y, View::new(&low, rank), View::new(b, rank).t(), scale, true))
    })??;
    record(tape, &[x, a, b], &y, || {
        let (y, x, a, b) = (y.id(), x.clone(), a.clone(), b.clone());
        // d(x·Aᵀ) = scale·g·B, dB = scale·gᵀ·(x·Aᵀ), dA = d(x·Aᵀ)ᵀ·x, dx = d(x·Aᵀ)·A.
        move |grad, sink| {
            with_values([&x, &a, &b], |[x_, a_, b_]| {
                let g = View::new(&grad, n);
                let dlow = product(g, View::new(b_, rank), scale);
                let (low, dlow) = (View::new(&low, rank), View::new(&dlow, rank));
                sink.add(b.id(), n * rank, |sum, is_first| multiply(sum, g.t(), low, scale, !is_first));
                sink.add_product(a.id(), dlow.t(), View::new(x_, k));
                sink.add_product(x.id(), dlow, View::new(a_, k));
            })?;
            // The projection's own backward pass comes next and finds it under the same name.
            sink.give(y, grad);
            Ok(())
        }
    });
    Ok(y)
}

/// y + b in every row, for `y [tokens, out]`, `bias [out]`.
///
/// # Errors
/// If the shapes do not fit.
pub fn add_bias(y: &Tensor, bias: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
    let (_, out) = y.dims2()?;
    fit(out == bias.dims1()? && out > 0, "add bias", &[("y", y), ("bias", bias)])?;
    if !fusable(&[y, bias]) {
        return y.broadcast_add(bias);
    }
    let n = bias.elem_count();
    let sum = with_values([y, bias], |[y, bias]| {
        let mut sum = y.to_vec();
        for row in sum.chunks_mut(n) {
            row.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
        }
        sum
    })?;
    let sum = tensor(sum, y.shape())?;
    record(tape, &[y, bias], &sum, || {
        let (y, bias) = (y.id(), bias.id());
        move |grad, sink| {
            sink.add(bias, n, |sum, is_first| {
                if is_first {
                    sum.fill(0.0);
                }
                for row in grad.chunks(n) {
                    sum.iter_mut().zip(row).for_each(|(sum, g)| *sum += g);
                }
            });
            sink.give(y, grad);
            Ok(())
        }
    });
    Ok(sum)
}
