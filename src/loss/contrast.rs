//! What the documents of a pack cost by themselves, and after what stands before them.

use std::ops::Range;

use super::Scores;
use crate::mask::LossMask;
use crate::sequence::{Pack, Packing};

/// The loss of one document under both packings, over the targets that the mask scores and the packing predicts: under
/// block packing all but its first token; under naive packing that one too, from the document before it, so that the
/// documents of a pack add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DocumentLoss {
    /// Under the pack's own packing.
    pub scored: usize,
    /// Σ w·nll / Σ w in nats; `None` where nothing is scored or known.
    pub block: Option<f64>,
    pub naive: Option<f64>,
}

/// The loss of each document of `pack`: `scores` are those under its own packing, `others` −log p of each token under the
/// other one.
pub fn document_losses(pack: &Pack, mask: &LossMask, scores: &Scores, others: &[Option<f64>]) -> Vec<DocumentLoss> {
    // The first token that something before it predicts.
    let targets = |tokens: &Range<usize>, packing| match packing {
        Packing::Block => tokens.start + 1..tokens.end,
        Packing::Naive => tokens.start.max(1)..tokens.end,
    };
    let mean = |tokens: Range<usize>, nll: &dyn Fn(usize) -> Option<f64>| {
        let mut sums = tokens.filter(|&t| mask.is_scored(t)).map(|t| Some((mask.weight(t) * nll(t)?, mask.weight(t))));
        let (sum, weight) = sums.try_fold((0.0, 0.0), |(sum, weight), pair| {
            let (more, own) = pair?;
            Some((sum + more, weight + own))
        })?;
        (weight > 0.0).then(|| sum / weight)
    };
    let of = |tokens: &Range<usize>| {
        let (packing, other) = (pack.packing, pack.packing.other());
        let own = mean(targets(tokens, packing), &|t| scores.nll(t));
        let other = mean(targets(tokens, other), &|t| others.get(t).copied().flatten());
        let (block, naive) = match packing {
            Packing::Block => (own, other),
            Packing::Naive => (other, own),
        };
        let scored = targets(tokens, packing).filter(|&t| mask.is_scored(t)).count();
        DocumentLoss { scored, block, naive }
    };
    pack.documents.iter().map(|document| of(&document.tokens)).collect()
}
