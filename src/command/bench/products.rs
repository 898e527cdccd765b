//! Matrix products of one core, as a share of what it can do at most.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use rayon::ThreadPoolBuilder;
use serde::Serialize;

use super::rounds::finished;
use crate::cancel::Cancel;
use crate::decoder::Config;
use crate::ops::{self, Gradients, Tape};

/// How long a product is run again and again, at least three times.
const TIME: Duration = Duration::from_millis(40);
/// Products of more values are left out: they would measure memory, and nobody computes a head of so many rows at once.
const MOST_VALUES: usize = 32 << 20;

/// Projections of one shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Of which model's which projections.
    pub what: String,
    /// Rows and columns of the weights.
    pub out: usize,
    pub width: usize,
}

/// The projections of a decoder, those of one shape together.
pub fn shapes(model: &str, config: &Config) -> Vec<Shape> {
    let (hidden, inner) = (config.hidden_size, config.intermediate_size);
    let (queries, keys) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
    let mut shapes: Vec<Shape> = Vec::new();
    for (what, out, width) in [
        ("q", queries, hidden),
        ("k, v", keys, hidden),
        ("o", hidden, queries),
        ("up", inner, hidden),
        ("down", hidden, inner),
        ("head", config.vocab_size, hidden),
    ] {
        match shapes.iter_mut().find(|shape| (shape.out, shape.width) == (out, width)) {
            Some(shape) => shape.what = format!("{}, {what}", shape.what),
            None => shapes.push(Shape { what: format!("{model} {what}"), out, width }),
        }
    }
    shapes
}

/// What one core reached, in floating-point operations a second.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Reached {
    pub tokens: usize,
    /// y = x·Wᵀ.
    pub forward: f64,
    /// dx = g·W and dW = gᵀ·x.
    pub backward: f64,
}

/// Measures a shape at so many tokens on one thread; `None` where the result would be very large.
///
/// # Errors
/// If it is interrupted.
pub fn reach(shape: &Shape, tokens: usize, cancel: &Cancel) -> Result<Option<Reached>> {
    if tokens * shape.out > MOST_VALUES {
        return Ok(None);
    }
    finished(!cancel.is_cancelled())?;
    let one = ThreadPoolBuilder::new().num_threads(1).build().context("a thread")?;
    one.install(|| {
        let operations = (2 * tokens * shape.out * shape.width) as f64;
        let x = tensor(tokens, shape.width)?;
        let weight = tensor(shape.out, shape.width)?;
        let forward = fastest(|| {
            let start = Instant::now();
            ops::linear(&x, &weight, None)?;
            Ok(start.elapsed())
        })?;
        let mut gradients = Gradients::new([&x, &weight]);
        let backward = fastest(|| {
            gradients.clear();
            let tape = Tape::new(&gradients);
            let y = ops::linear(&x, &weight, Some(&tape))?;
            let seed = values(tokens * shape.out);
            let start = Instant::now();
            tape.backward(&y, seed, &mut gradients, &Cancel::default())?;
            Ok(start.elapsed())
        })?;
        Ok(Some(Reached { tokens, forward: operations / forward, backward: 2.0 * operations / backward }))
    })
}

/// Seconds of the fastest run.
fn fastest(mut run: impl FnMut() -> Result<Duration>) -> Result<f64> {
    let (start, mut best, mut runs) = (Instant::now(), Duration::MAX, 0);
    while runs < 3 || start.elapsed() < TIME {
        best = best.min(run()?);
        runs += 1;
    }
    Ok(best.as_secs_f64())
}

fn tensor(rows: usize, columns: usize) -> Result<Tensor> {
    Ok(Tensor::from_vec(values(rows * columns), (rows, columns), &Device::Cpu)?)
}

/// Numbers between −1 and 1.
fn values(length: usize) -> Vec<f32> {
    (0..length).map(|i| ((i * 7919) % 2003) as f32 / 1001.0 - 1.0).collect()
}
