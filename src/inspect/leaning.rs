//! Forbidding one token at a time, to see what a prediction makes of it.

use candle_core::Tensor;

use super::{InspectError, Lean, Leaning, check, unless_cancelled};
use crate::cancel::Cancel;
use crate::decoder::{Decoder, DecoderError, Past};
use crate::loss::{Labels, Row};
use crate::mask::{Cut, Scope, Visibility};
use crate::score::{Scorer, rows_of};
use crate::threads::together;

/// Tokens that are run at a time, of all variants together.
const BATCH: usize = 512;

/// Forbids every token that the prediction of token `position` sees to all others, one at a time, in the layers and heads
/// of `scope`, and runs what comes after it again: what stands before a forbidden token does not change and is reused.
/// The sequence is that scored last, under its mask and what is forbidden already. `on_progress` hears how many tokens
/// are done, and of how many. `None` after `cancel`, which is noticed between two layers.
///
/// # Errors
/// A position, a layer or a head that is not there, or a position that nothing predicts.
pub fn leaning(
    scorer: &Scorer,
    decoder: &Decoder,
    position: usize,
    scope: Scope,
    cancel: &Cancel,
    on_progress: &mut dyn FnMut(usize, usize),
) -> Result<Option<Leaning>, InspectError> {
    check(decoder.config(), scope)?;
    let (past, labels) = (scorer.past(), scorer.options().labels);
    let tokens = past.ids.len();
    let target = *past.ids.get(position).ok_or(InspectError::Position { position, tokens })?;
    let is_first = labels == Labels::Next && past.visibility.documents.starts_at(position);
    let row = labels.row(position).filter(|_| !is_first).ok_or(InspectError::First { position })?;
    let own_nll = scorer.rows(decoder, row..row + 1, 0)?.first().and_then(nll);
    let nll = own_nll.ok_or(InspectError::First { position })?;

    let own = past.visibility.documents.around(row, tokens);
    let seen: Vec<usize> = (own.start..past.seen_until(row).min(own.end)).filter(|&key| key != row).collect();
    let mut leans = Vec::with_capacity(seen.len());
    while let Some(&first) = seen.get(leans.len()) {
        let from = unchanged(past, first);
        let count = (BATCH / (past.seen_until(row) - from)).clamp(1, seen.len() - leans.len());
        let forbidden = &seen[leans.len()..][..count];
        let costs = together(|| without(decoder, past, forbidden, scope, row, target, cancel));
        let Some(costs) = unless_cancelled(costs)? else { return Ok(None) };
        let lean = |(&position, cost): (&usize, f64)| Lean { position, delta_nll: cost - nll };
        leans.extend(forbidden.iter().zip(costs).map(lean));
        on_progress(leans.len(), seen.len());
    }
    Ok(Some(Leaning { position, scope, nll, tokens: leans }))
}

/// How many of the first tokens keep their states when token `key` is forbidden to the others.
fn unchanged(past: Past, key: usize) -> usize {
    if key < past.visibility.mask.ahead() { 0 } else { key + 1 }
}

/// −log p of `target` after `row` without each of the tokens `forbidden`, which are in order.
fn without(
    decoder: &Decoder,
    past: Past,
    forbidden: &[usize],
    scope: Scope,
    row: usize,
    target: u32,
    cancel: &Cancel,
) -> Result<Vec<f64>, DecoderError> {
    let rows = unchanged(past, forbidden[0])..past.seen_until(row);
    let variant = |&key: &usize| Visibility {
        forbidden: past.visibility.forbidden.with(Cut::token(key, scope)),
        ..past.visibility.clone()
    };
    let variants: Vec<Visibility> = forbidden.iter().map(variant).collect();
    let hidden = decoder.variants(past, rows.clone(), &variants, cancel)?;
    let of_row = (0..variants.len()).map(|i| hidden.narrow(0, i * rows.len() + row - rows.start, 1));
    let of_row = Tensor::cat(&of_row.collect::<candle_core::Result<Vec<_>>>()?, 0)?;
    let costs = rows_of(decoder, &of_row, 0..variants.len(), |_| Some(target), 0)?;
    Ok(costs.iter().filter_map(nll).collect())
}

fn nll(row: &Row) -> Option<f64> {
    row.target.map(|target| target.nll)
}
