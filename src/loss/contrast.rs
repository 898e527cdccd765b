//! What the documents of a pack cost by themselves, and after what stands before them.

use super::Scores;
use crate::mask::LossMask;
use crate::sequence::{Pack, Packing};

/// The loss of one document under both packings, over the targets that the mask scores and both predict: all but its
/// first token.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DocumentLoss {
    pub scored: usize,
    /// Σ w·nll / Σ w in nats; `None` where nothing is scored or known.
    pub block: Option<f64>,
    pub naive: Option<f64>,
}

/// The loss of each document of `pack`: `scores` are those under its own packing, `others` −log p of each token under the
/// other one.
pub fn document_losses(pack: &Pack, mask: &LossMask, scores: &Scores, others: &[Option<f64>]) -> Vec<DocumentLoss> {
    let mean = |tokens: std::ops::Range<usize>, nll: &dyn Fn(usize) -> Option<f64>| {
        let scored = tokens.skip(1).filter(|&t| mask.is_scored(t));
        let mut sums = scored.map(|t| Some((mask.weight(t) * nll(t)?, mask.weight(t))));
        let (sum, weight) = sums.try_fold((0.0, 0.0), |(sum, weight), pair| {
            let (more, own) = pair?;
            Some((sum + more, weight + own))
        })?;
        (weight > 0.0).then(|| sum / weight)
    };
    let of = |tokens: &std::ops::Range<usize>| {
        let own = mean(tokens.clone(), &|t| scores.nll(t));
        let other = mean(tokens.clone(), &|t| others.get(t).copied().flatten());
        let (block, naive) = match pack.packing {
            Packing::Block => (own, other),
            Packing::Naive => (other, own),
        };
        DocumentLoss { scored: tokens.clone().skip(1).filter(|&t| mask.is_scored(t)).count(), block, naive }
    };
    pack.documents.iter().map(|document| of(&document.tokens)).collect()
}
