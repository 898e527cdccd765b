//! Attention over all heads, fused: no [tokens, tokens] matrix outlives a tile, and what the mask hides is skipped.

use std::ops::Range;

use candle_core::{Result, Tensor};
use rayon::prelude::*;

use super::composed;
use super::fit::fit;
use super::matmul::{Matrix, Product, Term};
use super::simd::{dot, softmax, vectorised};
use super::tape::{Tape, record};
use super::values::{fusable, tensor, with_values};
use crate::mask::Visibility;

/// Queries that are worked on together; the keys all of them cannot see are skipped.
const TILE: usize = 32;

/// How many heads there are and how wide they are. A key/value head serves `query / key_value` query heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heads {
    pub query: usize,
    pub key_value: usize,
    pub dim: usize,
}

impl Heads {
    /// 1/√head_dim.
    pub fn scale(self) -> f32 {
        (1.0 / (self.dim as f64).sqrt()) as f32
    }

    /// Whether q, k and v, rows and columns of each, are of these heads, and no query stands before the first key.
    fn fit(self, q: (usize, usize), k: (usize, usize), v: (usize, usize)) -> bool {
        let Self { query, key_value, dim } = self;
        let grouped = key_value > 0 && dim > 0 && query >= key_value && query.is_multiple_of(key_value);
        grouped && q.1 == query * dim && k.1 == key_value * dim && k == v && 0 < q.0 && q.0 <= k.0
    }
}

impl std::fmt::Display for Heads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} heads, {} for keys and values, of {} each", self.query, self.key_value, self.dim)
    }
}

/// softmax(q·kᵀ/√head_dim under the mask)·v for each head, side by side (Vaswani et al. 2017): `q [queries, query
/// heads · dim]`, `k` and `v [keys, key/value heads · dim]`, result `[queries, query heads · dim]`. The queries are the
/// last positions: query i stands at keys − queries + i.
///
/// # Errors
/// If the shapes do not fit each other and `heads`, or there are more queries than keys.
pub fn attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    heads: Heads,
    visibility: &Visibility,
    tape: Option<&Tape>,
) -> Result<Tensor> {
    let fits = heads.fit(q.dims2()?, k.dims2()?, v.dims2()?);
    fit(fits, &format!("attention of {heads}"), &[("q", q), ("k", k), ("v", v)])?;
    if !fusable(&[q, k, v]) {
        return composed::attention(q, k, v, heads, visibility);
    }
    let y = with_values([q, k, v], |[q, k, v]| Inputs { q, k, v, heads, visibility }.attend())?;
    let y = tensor(y, q.shape())?;
    record(tape, &[q, k, v], &y, || {
        let (q, k, v, y, visibility) = (q.clone(), k.clone(), v.clone(), y.clone(), visibility.clone());
        move |grad, sink| {
            let (dq, dk, dv) = with_values([&q, &k, &v, &y], |[q, k, v, y]| {
                Inputs { q, k, v, heads, visibility: &visibility }.gradients(y, &grad)
            })?;
            sink.give(q.id(), dq);
            sink.give(k.id(), dk);
            sink.give(v.id(), dv);
            Ok(())
        }
    });
    Ok(y)
}

/// What [`attention`] weighs the values with in one head: softmax(q·kᵀ/√head_dim under the mask) of the queries `rows`,
/// `[rows, keys]`. A row sums to 1 and is exactly 0 where the mask hides a key. Nothing else of that size is built.
///
/// # Errors
/// If the shapes do not fit each other and `heads`, or there is no such head or row.
pub fn attention_weights(
    q: &Tensor,
    k: &Tensor,
    heads: Heads,
    visibility: &Visibility,
    rows: Range<usize>,
    head: usize,
) -> Result<Vec<f32>> {
    let has = head < heads.query && rows.start <= rows.end && rows.end <= q.dim(0)?;
    let fits = has && heads.fit(q.dims2()?, k.dims2()?, k.dims2()?);
    fit(fits, &format!("weights of queries {rows:?} in head {head} of {heads}"), &[("q", q), ("k", k)])?;
    if !fusable(&[q, k]) {
        let all = composed::attention_weights(q, k, heads, visibility)?;
        return all.get(head)?.narrow(0, rows.start, rows.len())?.flatten_all()?.to_vec1();
    }
    with_values([q, k], |[q, k]| Inputs { q, k, v: k, heads, visibility }.rows(rows, head))
}

/// A matrix of which every tile writes its own part.
struct Output(*mut f32);
// SAFETY: see the calls: no two tiles write the same element.
unsafe impl Sync for Output {}

/// Values of q, k and v that [`Heads::fit`]: the pointers below rest on that.
struct Inputs<'a> {
    q: &'a [f32],
    k: &'a [f32],
    v: &'a [f32],
    heads: Heads,
    visibility: &'a Visibility,
}

/// A few consecutive queries of one head, and the keys that any of them sees.
struct Tile {
    head: usize,
    from: usize,
    rows: usize,
    first_key: usize,
    keys: usize,
}

impl Inputs<'_> {
    fn q_stride(&self) -> usize {
        self.heads.query * self.heads.dim
    }

    fn kv_stride(&self) -> usize {
        self.heads.key_value * self.heads.dim
    }

    fn keys(&self) -> usize {
        self.k.len() / self.kv_stride()
    }

    fn attend(&self) -> Vec<f32> {
        let rows = self.q.len() / self.q_stride();
        let mut y = vec![0.0; self.q.len()];
        let output = Output(y.as_mut_ptr());
        let tiles = rows.div_ceil(TILE);
        // Late tiles see more keys: they go first, so that the threads finish together.
        (0..tiles * self.heads.query).into_par_iter().for_each_init(Vec::new, |weights, i| {
            let (tile, head) = (tiles - 1 - i / self.heads.query, i % self.heads.query);
            let tile = self.tile(head, tile * TILE, rows);
            self.weights(&tile, weights);
            let output = &output;
            // SAFETY: each (tile, head) writes its own rows and columns of y.
            unsafe { self.mix(&tile, weights, output.0) };
        });
        y
    }

    /// Post-softmax weights `[rows, keys]` of queries of one head.
    fn rows(&self, rows: Range<usize>, head: usize) -> Vec<f32> {
        let keys = self.keys();
        let mut all = vec![0.0; rows.len() * keys];
        all.par_chunks_mut(TILE * keys).enumerate().for_each_init(Vec::new, |weights, (i, part)| {
            let tile = self.tile(head, rows.start + i * TILE, rows.end);
            self.weights(&tile, weights);
            for (row, weights) in part.chunks_mut(keys).zip(weights.chunks(tile.keys.max(1))) {
                row[tile.first_key..][..tile.keys].copy_from_slice(weights);
            }
        });
        all
    }

    /// Where query row `row` stands in the sequence.
    fn position(&self, row: usize) -> usize {
        self.keys() - self.q.len() / self.q_stride() + row
    }

    /// The keys that query row `row` sees, none beyond the last.
    fn seen(&self, row: usize) -> Range<usize> {
        let seen = self.visibility.visible(self.position(row), self.keys());
        let end = seen.end.min(self.keys());
        seen.start.min(end)..end
    }

    fn tile(&self, head: usize, from: usize, queries: usize) -> Tile {
        let rows = TILE.min(queries - from);
        let visible = (from..from + rows).map(|row| self.seen(row));
        let (first_key, end) =
            visible.fold((usize::MAX, 0), |(first, end), seen| (first.min(seen.start), end.max(seen.end)));
        Tile { head, from, rows, first_key: first_key.min(end), keys: end.saturating_sub(first_key) }
    }

    /// The part of q-shaped `matrix` that belongs to the tile.
    fn queries(&self, matrix: &[f32], tile: &Tile) -> Matrix {
        let start = matrix[tile.from * self.q_stride() + tile.head * self.heads.dim..].as_ptr();
        Matrix { start, row: self.q_stride(), column: 1 }
    }

    /// The part of k-shaped `matrix` that belongs to the tile.
    fn visible(&self, matrix: &[f32], tile: &Tile) -> Matrix {
        let head = tile.head / (self.heads.query / self.heads.key_value);
        let start = matrix[tile.first_key * self.kv_stride() + head * self.heads.dim..].as_ptr();
        Matrix { start, row: self.kv_stride(), column: 1 }
    }

    /// Post-softmax weights `[rows, keys]` of a tile, 0 where masked.
    fn weights(&self, tile: &Tile, weights: &mut Vec<f32>) {
        weights.resize(tile.rows * tile.keys, 0.0);
        if tile.keys == 0 {
            return; // nobody sees anything
        }
        let (q, k) = (self.queries(self.q, tile), self.visible(self.k, tile).t());
        let terms = [Term { a: q, b: k, steps: self.heads.dim }];
        let product = Product::of(weights.as_mut_ptr(), tile.keys, &terms, [tile.rows, tile.keys]);
        // SAFETY: q has `rows` rows and k `keys` rows of `dim` floats from there on.
        unsafe { Product { scale: self.heads.scale(), ..product }.run() };
        for (i, row) in weights.chunks_mut(tile.keys).enumerate() {
            let seen = self.seen(tile.from + i);
            let (start, end) = (seen.start - tile.first_key, seen.end - tile.first_key);
            row[..start].fill(0.0);
            row[end..].fill(0.0);
            self.forbid(tile, i, &mut row[start..end], f32::NEG_INFINITY);
            softmax(&mut row[start..end]);
            self.forbid(tile, i, &mut row[start..end], 0.0); // softmax leaves 1e−38 of −∞
        }
    }

    /// Writes `value` to what row `row` of a tile must not see of the keys it sees.
    fn forbid(&self, tile: &Tile, row: usize, seen: &mut [f32], value: f32) {
        let forbidden = &self.visibility.forbidden;
        if forbidden.is_empty() {
            return;
        }
        let first = self.seen(tile.from + row).start;
        for key in forbidden.keys(self.position(tile.from + row), tile.head) {
            if let Some(weight) = key.checked_sub(first).and_then(|at| seen.get_mut(at)) {
                *weight = value;
            }
        }
    }

    /// Writes weights·v to the tile's part of `y`.
    ///
    /// # Safety
    /// `y` has the shape of q and nobody else touches the tile's part of it.
    unsafe fn mix(&self, tile: &Tile, weights: &[f32], y: *mut f32) {
        if tile.keys == 0 {
            return;
        }
        // SAFETY: the tile lies inside y.
        let y = unsafe { y.add(tile.from * self.q_stride() + tile.head * self.heads.dim) };
        let (weights, v) = (Matrix { start: weights.as_ptr(), row: tile.keys, column: 1 }, self.visible(self.v, tile));
        let terms = [Term { a: weights, b: v, steps: tile.keys }];
        // SAFETY: v has `keys` rows from the tile's first key on.
        unsafe { Product::of(y, self.q_stride(), &terms, [tile.rows, self.heads.dim]).run() };
    }

    /// Gradients of q, k and v. With P the weights, S the scores and g the gradient of y: dV = Pᵀg, dP = gVᵀ,
    /// dS = P ∘ (dP − rowsum(g ∘ y)), dQ = dS·K/√dim, dK = dSᵀ·Q/√dim (Dao et al. 2022, appendix B).
    fn gradients(&self, y: &[f32], grad: &[f32]) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let Heads { query, key_value, dim } = self.heads;
        assert!(y.len() == self.q.len() && grad.len() == self.q.len(), "gradients of attention have the shape of q");
        let (rows, keys) = (self.q.len() / self.q_stride(), self.keys());
        let mut dq = vec![0.0; self.q.len()];
        let output = Output(dq.as_mut_ptr());
        // Each query head sums its own [keys, dim] parts of dK and dV; the heads of a group are added below.
        let parts: Vec<(Vec<f32>, Vec<f32>)> = (0..query)
            .into_par_iter()
            .map(|head| {
                let output = &output;
                let (mut dk, mut dv) = (vec![0.0; keys * dim], vec![0.0; keys * dim]);
                for from in (0..rows).step_by(TILE) {
                    let tile = self.tile(head, from, rows);
                    if tile.keys == 0 {
                        continue;
                    }
                    // SAFETY: only this head writes its columns of dq.
                    unsafe { self.tile_gradients(&tile, y, grad, output.0, &mut dk, &mut dv) };
                }
                (dk, dv)
            })
            .collect();
        let (mut dk, mut dv) = (vec![0.0; self.k.len()], vec![0.0; self.v.len()]);
        for (head, (k_part, v_part)) in parts.iter().enumerate() {
            let column = head / (query / key_value) * dim;
            add_columns(&mut dk, self.kv_stride(), column, k_part, dim);
            add_columns(&mut dv, self.kv_stride(), column, v_part, dim);
        }
        (dq, dk, dv)
    }

    /// # Safety
    /// `dq` has the shape of q and nobody else touches the tile's part of it.
    unsafe fn tile_gradients(
        &self,
        tile: &Tile,
        y: &[f32],
        grad: &[f32],
        dq: *mut f32,
        dk: &mut [f32],
        dv: &mut [f32],
    ) {
        let (dim, scale) = (self.heads.dim, self.heads.scale());
        let (rows, keys) = (tile.rows, tile.keys);
        let mut weights = Vec::new();
        self.weights(tile, &mut weights);
        let mut scores = vec![0.0; rows * keys];
        let (dk, dv) = (&mut dk[tile.first_key * dim..], &mut dv[tile.first_key * dim..]);
        let (g, q) = (self.queries(grad, tile), self.queries(self.q, tile));
        let (k, v) = (self.visible(self.k, tile), self.visible(self.v, tile));
        let of_tile = |values: &[f32]| Matrix { start: values.as_ptr(), row: keys, column: 1 };
        let p = of_tile(&weights);
        // SAFETY: all matrices have the rows and columns given: the tile's queries and the keys they see.
        unsafe {
            multiply(dv.as_mut_ptr(), dim, [p.t(), g], [keys, dim, rows], 1.0, true);
            multiply(scores.as_mut_ptr(), keys, [g, v.t()], [rows, keys, dim], 1.0, false);
        }
        for i in 0..rows {
            let at = (tile.from + i) * self.q_stride() + tile.head * dim;
            score_gradients(
                &mut scores[i * keys..][..keys],
                &weights[i * keys..][..keys],
                &y[at..at + dim],
                &grad[at..at + dim],
            );
        }
        let s = of_tile(&scores);
        // SAFETY: as above; the tile lies inside dq.
        unsafe {
            let dq = dq.add(tile.from * self.q_stride() + tile.head * dim);
            multiply(dq, self.q_stride(), [s, k], [rows, dim, keys], scale, false);
            multiply(dk.as_mut_ptr(), dim, [s.t(), q], [keys, dim, rows], scale, true);
        }
    }
}

/// y (+)= scale·a·b for `a [rows, steps]`, `b [steps, columns]`, `y [rows, columns]` with `stride` floats between rows.
///
/// # Safety
/// As for [`Product::run`].
unsafe fn multiply(
    y: *mut f32,
    stride: usize,
    [a, b]: [Matrix; 2],
    [rows, columns, steps]: [usize; 3],
    scale: f32,
    add: bool,
) {
    let terms = [Term { a, b, steps }];
    // SAFETY: the caller's promise.
    unsafe { Product { scale, add, ..Product::of(y, stride, &terms, [rows, columns]) }.run() };
}

vectorised! {
    /// Turns a row of dP into dS = P ∘ (dP − g·y).
    fn score_gradients(scores: &mut [f32], weights: &[f32], y: &[f32], grad: &[f32]) {
        let mean = dot(y, grad);
        for (score, weight) in scores.iter_mut().zip(weights) {
            *score = weight * (*score - mean);
        }
    }
}

/// Adds `part [rows, dim]` to the columns of a matrix from `column` on.
fn add_columns(matrix: &mut [f32], stride: usize, column: usize, part: &[f32], dim: usize) {
    for (row, part) in matrix.chunks_mut(stride).zip(part.chunks(dim)) {
        for (value, part) in row[column..].iter_mut().zip(part) {
            *value += part;
        }
    }
}
