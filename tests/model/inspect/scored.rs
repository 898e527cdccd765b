//! Sequences that are scored under any mask.

use lossglass::cancel::Cancel;
use lossglass::decoder::{Decoder, Watch};
use lossglass::loss::{Labels, Scores};
use lossglass::mask::{AttentionMask, Visibility};
use lossglass::score::{ScoreOptions, Scorer};
use serde_json::Value;

use crate::checkpoint;

pub const MASKS: [AttentionMask; 4] =
    [AttentionMask::Causal, AttentionMask::Sliding(5), AttentionMask::Prefix(6), AttentionMask::None];

pub fn decoder(name: &str) -> Decoder {
    let (config, weights) = checkpoint::fixture(name);
    Decoder::new(&config, weights).unwrap()
}

/// Ids without a pattern, of the fixtures' vocabulary.
pub fn ids(tokens: usize) -> Vec<u32> {
    (0..tokens as u32).map(|i| i * 7919 % 490).collect()
}

/// What transformers computes inside a family's model.
pub fn expected(name: &str) -> Value {
    checkpoint::json("../model/inspect/expected.json")[name].take()
}

pub fn watched(
    scorer: &mut Scorer,
    decoder: &Decoder,
    ids: &[u32],
    visibility: impl Into<Visibility>,
    labels: Labels,
    watch: &mut dyn Watch,
) -> Scores {
    let options = ScoreOptions { visibility: visibility.into(), labels, top_k: 2 };
    let mut scores = Scores::under(labels);
    let mut on_rows = |from, rows| scores.splice(from, rows);
    assert!(scorer.score_under(decoder, ids, options, watch, &Cancel::default(), &mut on_rows).unwrap());
    scores
}

/// A scorer that has scored `ids`, and what it found.
pub fn scored(decoder: &Decoder, ids: &[u32], visibility: impl Into<Visibility>) -> (Scorer, Scores) {
    let mut scorer = Scorer::new();
    let scores = watched(&mut scorer, decoder, ids, visibility, Labels::Next, &mut ());
    (scorer, scores)
}

pub fn nlls(scores: &Scores, tokens: usize) -> Vec<Option<f64>> {
    (0..tokens).map(|t| scores.nll(t)).collect()
}

/// The greatest distance between two lists of −log p.
pub fn apart(ours: &[Option<f64>], theirs: &[Option<f64>]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let distance = |(a, b): (&Option<f64>, &Option<f64>)| match (a, b) {
        (None, None) => 0.0,
        (a, b) => (a.unwrap_or(f64::INFINITY) - b.unwrap_or(f64::INFINITY)).abs(),
    };
    ours.iter().zip(theirs).map(distance).fold(0.0, f64::max)
}
