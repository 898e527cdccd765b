//! Rotary position embedding (Su et al. 2021), fused.

use std::sync::Arc;

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::composed;
use super::fit::fit;
use super::simd::vectorised;
use super::tape::{Tape, record};
use super::values::{fusable, tensor, with_values, written};

/// Cosines and sines of a run of positions: `[tokens, head_dim / 2]` each.
#[derive(Clone, Debug)]
pub struct Rotation {
    cos: Arc<[f32]>,
    sin: Arc<[f32]>,
    half: usize,
    /// Features of a head; those beyond the pairs stay as they are.
    head: usize,
}

impl Rotation {
    /// The rotation of positions `from..from + tokens` under the given inverse frequencies, one for each pair of a head's
    /// features; all of them are in a pair unless [`of_heads`](Self::of_heads) says otherwise.
    pub fn new(inverse_frequencies: &[f32], from: usize, tokens: usize) -> Self {
        Self::at(inverse_frequencies, from..from + tokens)
    }

    /// The rotation of these positions.
    pub fn at(inverse_frequencies: &[f32], positions: impl Iterator<Item = usize>) -> Self {
        let angles =
            positions.flat_map(|position| inverse_frequencies.iter().map(move |frequency| position as f32 * frequency));
        let (sin, cos): (Vec<f32>, Vec<f32>) = angles.map(f32::sin_cos).unzip();
        Self { cos: cos.into(), sin: sin.into(), half: inverse_frequencies.len(), head: 2 * inverse_frequencies.len() }
    }

    /// Of heads with `head` features, of which the first are rotated.
    pub fn of_heads(self, head: usize) -> Self {
        Self { head, ..self }
    }

    /// The cosines, row by row.
    pub fn cos(&self) -> &[f32] {
        &self.cos
    }

    /// The sines, row by row.
    pub fn sin(&self) -> &[f32] {
        &self.sin
    }

    /// How many pairs of a head's features are rotated.
    pub fn half(&self) -> usize {
        self.half
    }

    /// A head's features.
    pub fn head(&self) -> usize {
        self.head
    }

    fn inverse(&self) -> Self {
        Self { sin: self.sin.iter().map(|sin| -sin).collect(), ..self.clone() }
    }
}

/// Rotates every head of `x [tokens, heads · head_dim]`: the halves (a, b) of a head become
/// (a·cos − b·sin, b·cos + a·sin), the layout of transformers' checkpoints. Where only a part of a head is rotated, the
/// halves are that part's, which comes first.
///
/// # Errors
/// If the rotation is of other heads or of another number of tokens.
pub fn rope(x: &Tensor, rotation: &Rotation, tape: Option<&Tape>) -> Result<Tensor> {
    let (tokens, features) = x.dims2()?;
    let Rotation { cos, half, head, .. } = rotation;
    let is_of_heads = *half > 0 && 2 * half <= *head && features.is_multiple_of(*head);
    let op = format!("rotation of {} tokens, heads of {head}", cos.len() / (*half).max(1));
    fit(is_of_heads && cos.len() == tokens * half, &op, &[("x", x)])?;
    if !fusable(&[x]) {
        return composed::rope(x, rotation);
    }
    let y = tensor(with_values([x], |[x]| rotate(x, features, rotation))?, (tokens, features))?;
    record(tape, &[x], &y, || {
        let (x, rotation) = (x.id(), rotation.clone());
        // A rotation's gradient is rotated back.
        move |grad, sink| {
            sink.give(x, rotate(&grad, features, &rotation.inverse()));
            Ok(())
        }
    });
    Ok(y)
}

/// Rows that one thread takes.
const ROWS: usize = 16;

fn rotate(x: &[f32], features: usize, Rotation { cos, sin, half, head }: &Rotation) -> Vec<f32> {
    let rows = x.par_chunks(ROWS * features).zip(cos.par_chunks(ROWS * half).zip(sin.par_chunks(ROWS * half)));
    written(x.len(), ROWS * features, rows, |y, (x, (cos, sin))| {
        let tables = cos.chunks(*half).zip(sin.chunks(*half));
        for ((y, x), (cos, sin)) in y.chunks_mut(features).zip(x.chunks(features)).zip(tables) {
            if *head == 2 * half {
                rotate_row(y, x, cos, sin);
                continue;
            }
            for (y, x) in y.chunks_exact_mut(*head).zip(x.chunks_exact(*head)) {
                rotate_row(&mut y[..2 * half], &x[..2 * half], cos, sin);
                y[2 * half..].copy_from_slice(&x[2 * half..]);
            }
        }
    })
}

vectorised! {
    fn rotate_row(y: &mut [f32], x: &[f32], cos: &[f32], sin: &[f32]) {
        let half = cos.len();
        for (y, x) in y.chunks_exact_mut(2 * half).zip(x.chunks_exact(2 * half)) {
            let ((y0, y1), (x0, x1)) = (y.split_at_mut(half), x.split_at(half));
            for i in 0..half {
                y0[i] = x0[i] * cos[i] - x1[i] * sin[i];
                y1[i] = x1[i] * cos[i] + x0[i] * sin[i];
            }
        }
    }
}
