//! The loss of examples without a step.

use std::sync::Arc;

use super::{Example, trainer};
use crate::cancel::Cancel;
use crate::decoder::Decoder;
use crate::loss::{Denominator, Row};
use crate::score::{ScoreError, Scorer};
use crate::sequence::Documents;

/// −log p in nats of each token from those before it; `None` in it for the first of a document, and instead of it after
/// `cancel`.
///
/// # Errors
/// If the decoder does not take the ids.
pub fn nlls(
    decoder: &Decoder,
    ids: &[u32],
    documents: &Documents,
    cancel: &Cancel,
) -> Result<Option<Vec<Option<f64>>>, ScoreError> {
    // Row i is about token i + 1; the row after the last token is about none.
    let mut nlls = vec![None];
    let mut on_rows = |from: usize, rows: Vec<Row>| {
        nlls.truncate(from + 1);
        nlls.extend(rows.iter().map(|row| row.target.map(|target| target.nll)));
    };
    let is_done = Scorer::new().score_packed(decoder, ids, documents, 0, cancel, &mut on_rows)?;
    nlls.truncate(ids.len());
    Ok(is_done.then_some(nlls))
}

/// Mean −log p in nats of the example's scored targets; `None` where nothing is scored, or after `cancel`.
///
/// # Errors
/// If the decoder does not take the ids.
pub fn mean_nll(decoder: &Decoder, example: &Example, cancel: &Cancel) -> Result<Option<f64>, ScoreError> {
    let Some(nlls) = nlls(decoder, &example.ids, &example.documents, cancel)? else { return Ok(None) };
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
        let Some(nlls) = nlls(decoder, &example.ids, &example.documents, cancel)? else { return Ok(None) };
        sum += nlls.iter().zip(&example.weights).filter_map(|(nll, weight)| Some((*nll)? * weight)).sum::<f64>();
    }
    Ok(Some(sum / divisor))
}
