//! Projections.

use candle_core::{Result, Tensor};

use super::composed;
use super::matmul::{matmul_nn, matmul_nt, matmul_tn};
use super::tape::{Tape, record};
use super::values::{fusable, tensor, with_values};

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
                sink.add(weight.id(), n * k, |sum, is_first| matmul_tn(&grad, x_, sum, n, !is_first));
                sink.add(x.id(), tokens * k, |sum, is_first| matmul_nn(&grad, w, sum, n, !is_first));
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
    let product = with_values([x, weight], |[x, w]| {
        let mut y = vec![0.0; tokens * n];
        matmul_nn(x, w, &mut y, k, false);
        y
    })?;
    let y = tensor(product, (tokens, n))?;
    record(tape, &[x, weight], &y, || {
        let (x, weight) = (x.clone(), weight.clone());
        // dx = g·Wᵀ, dW = xᵀ·g.
        move |grad, sink| {
            with_values([&x, &weight], |[x_, w]| {
                sink.add(weight.id(), n * k, |sum, is_first| matmul_tn(x_, &grad, sum, k, !is_first));
                if sink.wants(x.id()) {
                    sink.give(x.id(), matmul_nt(&grad, w, n));
                }
            })
        }
    });
    Ok(y)
}

/// y + b in every row, for `y [tokens, out]`, `bias [out]`.
pub fn add_bias(y: &Tensor, bias: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
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
