//! Value by value: products and affine maps.

use candle_core::{Result, Tensor};

use super::tape::{Tape, record};
use super::values::{fusable, tensor, with_values};

/// x ∘ y, both of one shape.
pub fn mul(x: &Tensor, y: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
    if !fusable(&[x, y]) || x.shape() != y.shape() {
        return x * y;
    }
    let product = with_values([x, y], |[x, y]| x.iter().zip(y).map(|(x, y)| x * y).collect::<Vec<f32>>())?;
    let product = tensor(product, x.shape())?;
    record(tape, &[x, y], &product, || {
        let (x, y) = (x.clone(), y.clone());
        move |mut grad, sink| {
            with_values([&x, &y], |[x_, y_]| {
                if sink.wants(y.id()) {
                    sink.give(y.id(), grad.iter().zip(x_).map(|(g, x)| g * x).collect());
                }
                grad.iter_mut().zip(y_).for_each(|(g, y)| *g *= y);
            })?;
            sink.give(x.id(), grad);
            Ok(())
        }
    });
    Ok(product)
}

/// scale·x + shift.
pub fn affine(x: &Tensor, scale: f64, shift: f64, tape: Option<&Tape>) -> Result<Tensor> {
    if !fusable(&[x]) {
        return x.affine(scale, shift);
    }
    let (scale, shift) = (scale as f32, shift as f32);
    let y = with_values([x], |[x]| x.iter().map(|x| scale * x + shift).collect::<Vec<f32>>())?;
    let y = tensor(y, x.shape())?;
    record(tape, &[x], &y, || {
        let x = x.id();
        move |mut grad, sink| {
            grad.iter_mut().for_each(|g| *g *= scale);
            sink.give(x, grad);
            Ok(())
        }
    });
    Ok(y)
}
