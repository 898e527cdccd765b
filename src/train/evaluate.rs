//! The loss of an example without a step.

use super::Example;
use crate::cancel::Cancel;
use crate::model::Decoder;
use crate::score::{ScoreError, Scorer};

/// Mean −log p in nats of the example's scored targets; `None` where nothing is scored, or after `cancel`.
///
/// # Errors
/// If the decoder does not take the ids.
pub fn mean_nll(decoder: &Decoder, example: &Example, cancel: &Cancel) -> Result<Option<f64>, ScoreError> {
    let mut nlls = Vec::with_capacity(example.ids.len());
    let mut on_rows = |from: usize, rows: Vec<crate::loss::Row>| {
        nlls.truncate(from);
        nlls.extend(rows.iter().map(|row| row.target.map(|target| target.nll)));
    };
    if !Scorer::new().score(decoder, &example.ids, 0, cancel, &mut on_rows)? {
        return Ok(None);
    }
    let scored = (1..example.ids.len()).filter(|&t| example.weights[t] != 0.0);
    let nlls: Vec<f64> = scored.filter_map(|t| nlls[t - 1]).collect();
    Ok((!nlls.is_empty()).then(|| nlls.iter().sum::<f64>() / nlls.len() as f64))
}
