//! From a row of logits to the numbers on the screen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::loss::{Candidate, Row, Target};
use crate::ops::{BLOCK, count_above, exp_sums, greatest, greatest_of_blocks};

/// Tokens of a slab: a row of logits is read so many at a time, and what its slabs say is put together. The logits of 128
/// rows are half a megabyte then, and no power of two apart, which would crowd the caches.
pub(super) const SLAB: usize = 1008;

/// A row's exact entropy, its `top_k` most likely tokens (of equal ones the lower id first) and how `target` did.
///
/// With m the greatest logit, S = Σ e^(x − m) and U = Σ e^(x − m)·(x − m): −log pᵢ = ln S − (xᵢ − m) and
/// entropy = ln S − U/S.
///
/// # Panics
/// If `target` is not one of the logits.
pub fn row(logits: &[f32], target: Option<u32>, top_k: usize) -> Row {
    let asked = Asked { target: target.map(|id| (id, logits[id as usize])), top_k };
    let (mut parts, mut least) = (Vec::new(), f32::NEG_INFINITY);
    for (i, slab) in logits.chunks(SLAB).enumerate() {
        let part = asked.see(i * SLAB, slab, least);
        least = least.max(part.least(top_k));
        parts.push(part);
    }
    asked.row(parts.iter())
}

/// What is asked of a row.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// A token and its logit.
    pub target: Option<(u32, f32)>,
    pub top_k: usize,
}

/// What a slab of a row says.
pub(super) struct Part {
    max: f32,
    /// S and U of the slab, with its own greatest logit.
    sums: (f64, f64),
    /// Logits greater than the target's.
    above: usize,
    /// Its most likely tokens as far as they can be the row's, best first.
    top: Vec<Ranked>,
}

impl Part {
    /// What the row's `top_k` best logits are not below.
    pub fn least(&self, top_k: usize) -> f32 {
        self.top.last().filter(|_| self.top.len() == top_k).map_or(f32::NEG_INFINITY, |worst| worst.0)
    }
}

impl Asked {
    /// What the logits of the tokens from `first` on say. The row's best logits are known not to be below `least`.
    pub fn see(self, first: usize, logits: &[f32], least: f32) -> Part {
        let maxima = greatest_of_blocks(logits);
        let max = greatest(&maxima);
        let above = self.target.map_or(0, |(_, logit)| count_above(logits, logit));
        Part { max, sums: exp_sums(logits, max), above, top: top(first, logits, &maxima, self.top_k, least) }
    }

    /// What all slabs of a row say together.
    pub fn row<'a>(self, parts: impl Iterator<Item = &'a Part> + Clone) -> Row {
        let max = parts.clone().map(|part| part.max).fold(f32::NEG_INFINITY, f32::max);
        let (mut sum, mut weighted) = (0.0, 0.0);
        for Part { max: own, sums, .. } in parts.clone() {
            // x − m = (x − own) + (own − m); a slab of −∞ says nothing, unless all are.
            let shift = f64::from(*own) - f64::from(max);
            if shift == f64::NEG_INFINITY {
                continue;
            }
            sum += shift.exp() * sums.0;
            weighted += shift.exp() * (sums.1 + sums.0 * shift);
        }
        let log_sum = sum.ln();
        let nll = |logit: f32| log_sum - (f64::from(logit) - f64::from(max));
        let above = || parts.clone().map(|part| part.above).sum::<usize>();
        let target = self.target.map(|(id, logit)| Target { id, nll: nll(logit), rank: above() as u32 + 1 });
        let mut best: Vec<&Ranked> = parts.clone().flat_map(|part| &part.top).collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        best.truncate(self.top_k);
        let top = best.into_iter().map(|Ranked(logit, id)| Candidate { id: *id, p: (-nll(*logit)).exp() }).collect();
        Row { entropy: log_sum - weighted / sum, top, target }
    }
}

/// A logit with its id, ordered so that the better one is greater: by logit, then the lower id.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Ranked(f32, u32);

impl Eq for Ranked {}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0).then(other.1.cmp(&self.1))
    }
}

/// The `k` greatest logits, best first, without those below `bound`: those of the tokens from `first` on; `maxima` are
/// those of their blocks.
fn top(first: usize, logits: &[f32], maxima: &[f32], k: usize, bound: f32) -> Vec<Ranked> {
    // The least of the best is on top of the heap.
    let mut best: BinaryHeap<Reverse<Ranked>> = BinaryHeap::new();
    for (i, (block, max)) in logits.chunks(BLOCK).zip(maxima).enumerate() {
        let is_below = |logit: f32, best: &BinaryHeap<Reverse<Ranked>>| match best.peek() {
            Some(Reverse(worst)) if best.len() == k => logit <= worst.0,
            _ => logit < bound || k == 0,
        };
        if is_below(*max, &best) {
            continue;
        }
        for (j, logit) in block.iter().enumerate() {
            if is_below(*logit, &best) {
                continue;
            }
            if best.len() == k {
                best.pop();
            }
            best.push(Reverse(Ranked(*logit, (first + i * BLOCK + j) as u32)));
        }
    }
    best.into_sorted_vec().into_iter().map(|Reverse(ranked)| ranked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definitions, written out in f64.
    fn plain(logits: &[f32], target: usize, k: usize) -> (f64, f64, u32, Vec<(u32, f64)>) {
        let total: f64 = logits.iter().map(|x| f64::from(*x).exp()).sum();
        let p: Vec<f64> = logits.iter().map(|x| f64::from(*x).exp() / total).collect();
        let entropy = -p.iter().map(|p| p * p.ln()).sum::<f64>();
        let rank = logits.iter().filter(|x| **x > logits[target]).count() as u32 + 1;
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]).then(a.cmp(b)));
        (entropy, -p[target].ln(), rank, order.into_iter().take(k).map(|i| (i as u32, p[i])).collect())
    }

    #[test]
    fn agrees_with_the_definitions() {
        for (vocab, k) in [(1, 1), (5, 0), (70, 70), (1000, 200), (4099, 10)] {
            let logits: Vec<f32> = (0..vocab).map(|i| ((i * 7919 + 13) % 997) as f32 / 80.0 - 6.0).collect();
            let target = vocab / 3;
            let got = row(&logits, Some(target as u32), k);
            let (entropy, nll, rank, top) = plain(&logits, target, k);
            assert!((got.entropy - entropy).abs() < 1e-5, "{} instead of {entropy}", got.entropy);
            let got_target = got.target.expect("a target was given");
            assert!((got_target.nll - nll).abs() < 1e-5, "{} instead of {nll}", got_target.nll);
            assert_eq!(got_target.rank, rank);
            assert_eq!(got.top.iter().map(|c| c.id).collect::<Vec<_>>(), top.iter().map(|t| t.0).collect::<Vec<_>>());
            for (candidate, (_, p)) in got.top.iter().zip(&top) {
                assert!((candidate.p - p).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn equal_logits_share_the_better_rank_and_list_the_lower_id_first() {
        let logits = [1.0, 3.0, 2.0, 3.0, 2.0, 0.0];
        let ids = |k| row(&logits, None, k).top.iter().map(|c| c.id).collect::<Vec<_>>();
        assert_eq!(ids(6), [1, 3, 2, 4, 0, 5]);
        assert_eq!(ids(3), [1, 3, 2]);
        let rank = |id| row(&logits, Some(id), 0).target.map(|t| t.rank);
        assert_eq!([rank(1), rank(3), rank(2), rank(4), rank(0)], [Some(1), Some(1), Some(3), Some(3), Some(5)]);
        assert_eq!(row(&logits, None, 0).target, None);
    }

    #[test]
    fn stays_finite_where_exponentials_overflow() {
        let got = row(&[1000.0, -1000.0, 990.0], Some(1), 2);
        let target = got.target.expect("a target was given");
        assert!((target.nll - 2000.0).abs() < 1e-3 && got.entropy > 0.0 && got.top[0].p > 0.9999);
    }
}
