//! Projections.

use candle_core::{Result, Tensor};

use super::composed;
use super::fit::fit;
use super::matmul::{Sum, View, compute};
use super::projection::{Adapter, Projection, Weight};
use super::tape::{Sink, Tape, record, record_all};
use super::values::{fusable, tensor, with_all_values, with_values};

/// y = x·Wᵀ for `x [tokens, in]`, `weight [out, in]`.
///
/// # Errors
/// If the shapes do not fit.
pub fn linear(x: &Tensor, weight: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
    let ys = project(x, &[(&Weight::OutIn(weight.clone()), None)], tape)?;
    ys.into_iter().next().ok_or_else(|| candle_core::Error::msg("linear: no result"))
}

/// y = x·Wᵀ + scale·(x·Aᵀ)·Bᵀ of each projection, for `x [tokens, in]`; `y [tokens, out]`. All are computed together.
///
/// # Errors
/// If the shapes do not fit.
pub fn project(x: &Tensor, projections: &[Projection], tape: Option<&Tape>) -> Result<Vec<Tensor>> {
    let (tokens, k) = x.dims2()?;
    let widths = projections.iter().map(|projection| width(*projection, [tokens, k])).collect::<Result<Vec<_>>>()?;
    let inputs = inputs(x, projections);
    if !fusable(&inputs) {
        return projections.iter().map(|projection| by_candle(x, *projection)).collect();
    }
    let (ys, lows) = with_all_values(&inputs, |values| {
        let (x, parts) = parts(values, k, projections);
        let mut lows = vec![Vec::new(); parts.len()];
        let mut sums = Vec::new();
        for (Part { adapter, .. }, low) in parts.iter().zip(&mut lows) {
            sums.extend(adapter.map(|(a, _, scale)| Sum { scale, ..Sum::new(low, x, a) }));
        }
        compute(&mut sums);
        let (mut ys, mut sums) = (vec![Vec::new(); parts.len()], Vec::new());
        for ((Part { w, adapter }, low), y) in parts.iter().zip(&lows).zip(&mut ys) {
            let mut sum = Sum::new(y, x, *w);
            sum.terms.extend(adapter.map(|(a, b, _)| [View::new(low, a.columns()), b]));
            sums.push(sum);
        }
        compute(&mut sums);
        (ys, lows)
    })?;
    let ys = ys.into_iter().zip(widths).map(|(y, n)| tensor(y, (tokens, n))).collect::<Result<Vec<_>>>()?;
    record_all(tape, &inputs, &ys, || {
        let x = x.clone();
        let projections: Vec<_> =
            projections.iter().map(|(weight, adapter)| ((*weight).clone(), adapter.cloned())).collect();
        move |grads, sink| give(&x, &projections, &lows, &grads, sink)
    });
    Ok(ys)
}

/// Features out.
fn width((weight, adapter): Projection, [tokens, k]: [usize; 2]) -> Result<usize> {
    let (width, n) = match weight {
        Weight::OutIn(weight) => weight.dims2().map(|(n, k)| (k, n))?,
        Weight::InOut(weight) => weight.dims2()?,
    };
    if k != width || k == 0 {
        candle_core::bail!("projection: {tokens} x {k} activations do not fit weights from {width} to {n}");
    }
    if let Some(Adapter { a, b, .. }) = adapter {
        let rank = a.dim(0)?;
        let fits = rank > 0 && a.dims() == [rank, k] && b.dims() == [n, rank];
        fit(fits, &format!("adapter of a projection from {k} to {n}"), &[("A", a), ("B", b)])?;
    }
    Ok(n)
}

/// Everything that is read: x, then each projection's weight and adapter.
fn inputs<'a>(x: &'a Tensor, projections: &[Projection<'a>]) -> Vec<&'a Tensor> {
    let mut inputs = vec![x];
    for (Weight::OutIn(weight) | Weight::InOut(weight), adapter) in projections {
        inputs.push(weight);
        inputs.extend(adapter.iter().flat_map(|adapter| [&adapter.a, &adapter.b]));
    }
    inputs
}

/// A projection's values: y = x·w + scale·(x·a)·b.
struct Part<'a> {
    w: View<'a>,
    adapter: Option<(View<'a>, View<'a>, f32)>,
}

/// x and the projections' values from those of their [`inputs`].
fn parts<'a>(values: &[&'a [f32]], k: usize, projections: &[Projection]) -> (View<'a>, Vec<Part<'a>>) {
    let mut values = values.iter();
    let mut next = |columns| View::new(values.next().copied().unwrap_or_default(), columns);
    let x = next(k);
    let part = |(weight, adapter): &Projection| Part {
        w: match weight {
            Weight::OutIn(_) => next(k).t(),
            Weight::InOut(weight) => next(weight.elem_count() / k),
        },
        adapter: adapter.map(|Adapter { a, scale, .. }| (next(k).t(), next(a.elem_count() / k).t(), *scale as f32)),
    };
    (x, projections.iter().map(part).collect())
}

/// Gives the gradients of what [`project`] read. With g that of y and low = scale·x·Aᵀ: dlow = scale·g·B, dW = gᵀ·x,
/// dB = gᵀ·low, dA = dlowᵀ·x, dx = Σ g·W + dlow·A.
fn give(
    x: &Tensor,
    projections: &[(Weight, Option<Adapter>)],
    lows: &[Vec<f32>],
    grads: &[Option<Vec<f32>>],
    sink: &mut Sink,
) -> Result<()> {
    let projections: Vec<Projection> = projections.iter().map(|(weight, adapter)| (weight, adapter.as_ref())).collect();
    let k = x.dim(1)?;
    with_all_values(&inputs(x, &projections), |values| {
        let (x_, parts) = parts(values, k, &projections);
        let g = |i: usize| grads[i].as_deref().map(|grad: &[f32]| View::new(grad, parts[i].w.columns()));
        let (mut dlows, mut sums) = (vec![Vec::new(); parts.len()], Vec::new());
        for (i, dlow) in dlows.iter_mut().enumerate() {
            if let (Some((_, b, scale)), Some(g)) = (parts[i].adapter, g(i)) {
                sums.push(Sum { scale, ..Sum::new(dlow, g, b.t()) });
            }
        }
        compute(&mut sums);
        let mut products = Vec::new();
        for (i, (weight, adapter)) in projections.iter().enumerate() {
            let (Some(g), Part { w, adapter: values }, low) = (g(i), &parts[i], &lows[i]) else { continue };
            products.push((x.id(), [g, w.t()]));
            products.push(match weight {
                Weight::OutIn(weight) => (weight.id(), [g.t(), x_]),
                Weight::InOut(weight) => (weight.id(), [x_.t(), g]),
            });
            if let (Some(adapter), Some((a, _, _))) = (adapter, values) {
                let (low, dlow) = (View::new(low, a.columns()), View::new(&dlows[i], a.columns()));
                products.push((adapter.b.id(), [g.t(), low]));
                products.push((adapter.a.id(), [dlow.t(), x_]));
                products.push((x.id(), [dlow, a.t()]));
            }
        }
        sink.add_products(products);
    })
}

/// A projection of candle's primitives.
fn by_candle(x: &Tensor, (weight, adapter): Projection) -> Result<Tensor> {
    let y = match weight {
        Weight::OutIn(weight) => composed::linear(x, weight)?,
        Weight::InOut(weight) => x.matmul(weight)?,
    };
    match adapter {
        Some(Adapter { a, b, scale }) => y + (composed::linear(&composed::linear(x, a)?, b)? * *scale)?,
        None => Ok(y),
    }
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
