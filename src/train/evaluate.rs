//! The loss of examples without a step.

use std::sync::Arc;

use super::{Example, trainer};
use crate::cancel::Cancel;
use crate::decoder::Decoder;
use crate::loss::{Denominator, Labels, Row, Scores};
use crate::mask::Visibility;
use crate::score::{ScoreError, ScoreOptions, Scorer};

/// −log p in nats of each token from those that are visible before it; `None` in it for the first of a document, and
/// instead of it after `cancel`.
///
/// # Errors
/// If the decoder does not take the ids.
pub fn nlls(
    decoder: &Decoder,
    ids: &[u32],
    visibility: &Visibility,
    labels: Labels,
    cancel: &Cancel,
) -> Result<Option<Vec<Option<f64>>>, ScoreError> {
    let mut scores = Scores::under(labels);
    let mut on_rows = |from: usize, rows: Vec<Row>| scores.splice(from, rows);
    let options = ScoreOptions { visibility: visibility.clone(), labels, top_k: 0 };
    let is_done = Scorer::new().score_under(decoder, ids, options, &mut (), cancel, &mut on_rows)?;
    Ok(is_done.then(|| (0..ids.len()).map(|t| scores.nll(t)).collect()))
}

/// Mean −log p in nats of the example's scored targets; `None` where nothing is scored, or after `cancel`.
///
/// # Errors
/// If the decoder does not take the ids.
pub fn mean_nll(decoder: &Decoder, example: &Example, cancel: &Cancel) -> Result<Option<f64>, ScoreError> {
    let Some(nlls) = nlls(decoder, &example.ids, &example.visibility, example.labels, cancel)? else { return Ok(None) };
    let scored = nlls.iter().zip(&example.weights).filter(|(_, weight)| **weight != 0.0);
    let nlls: Vec<f64> = scored.filter_map(|(nll, _)| *nll).collect();
    Ok((!nlls.is_empty()).then(|| nlls.iter().sum::<f64>() / nlls.len() as f64))
}

/// The loss in nats of all examples together, as a step on them reports it; `None` where nothing is scored, or after
/// `cancel`.
///
/// # Errors
/// If the decoder does not take the ids.
pub fn loss(
    decoder: &Decoder,
    examples: &[Arc<Example>],
    denominator: Denominator,
    cancel: &Cancel,
) -> Result<Option<f64>, ScoreError> {
    let Ok(divisor) = trainer::denominator(examples, denominator) else { return Ok(None) };
    let mut sum = 0.0;
    for example in examples {
        let Some(nlls) = nlls(decoder, &example.ids, &example.visibility, example.labels, cancel)? else {
            return Ok(None);
        };
        sum += nlls.iter().zip(&example.weights).filter_map(|(nll, weight)| Some((*nll)? * weight)).sum::<f64>();
    }
    Ok(Some(sum / divisor))
}
