//! Attention weights as a model computes them.

use std::ops::Range;

use super::{InspectError, LayerWeights, Pick, Weights, check, unless_cancelled};
use crate::cancel::Cancel;
use crate::decoder::{Attended, Config, Decoder, DecoderError, Watch};
use crate::mask::Scope;
use crate::ops;
use crate::score::Scorer;
use crate::threads::together;

/// Keeps the attention weights of some layers for a window of rows, and nothing else: `[rows, tokens]` f32 for each head,
/// or for one [`Pick`].
#[derive(Debug)]
pub struct Capture {
    rows: Range<usize>,
    pick: Option<Pick>,
    captured: Vec<LayerWeights>,
}

impl Capture {
    /// For the queries `rows` of a sequence of `tokens` tokens; every head by itself without a `pick`.
    ///
    /// # Errors
    /// A layer, a head or rows that are not there.
    pub fn new(
        config: &Config,
        layers: &[usize],
        rows: Range<usize>,
        tokens: usize,
        pick: Option<Pick>,
    ) -> Result<Self, InspectError> {
        let head = if let Some(Pick::Head(head)) = pick { Some(head) } else { None };
        for &layer in layers {
            check(config, Scope { layer: Some(layer), head })?;
        }
        if rows.end > tokens {
            return Err(InspectError::Position { position: rows.end - 1, tokens });
        }
        let heads = if pick.is_some() { 1 } else { config.heads };
        let zeros = || (0..heads).map(|_| Weights::zeros(rows.clone(), tokens)).collect();
        let captured = layers.iter().map(|&layer| LayerWeights::new(layer, zeros())).collect();
        Ok(Self { rows, pick, captured })
    }

    /// What was seen, in the order in which layers were asked for.
    pub fn into_weights(self) -> Vec<LayerWeights> {
        self.captured
    }
}

impl Watch for Capture {
    fn attention(&mut self, attended: &Attended) -> Result<(), DecoderError> {
        let Some(captured) = self.captured.iter_mut().find(|captured| captured.layer == attended.layer) else {
            return Ok(());
        };
        let keys = attended.k.dim(0)?;
        let first = keys - attended.q.dim(0)?;
        let rows = self.rows.start.max(first)..self.rows.end.min(keys);
        if rows.is_empty() {
            return Ok(());
        }
        let count = attended.heads.query;
        let share = 1.0 / count as f32;
        for head in 0..count {
            let kept = match self.pick {
                Some(Pick::Head(picked)) if picked != head => continue,
                Some(_) => &mut captured.heads_mut()[0],
                None => &mut captured.heads_mut()[head],
            };
            let weights = head_weights(attended, rows.start - first..rows.end - first, head)?;
            for (query, row) in rows.clone().zip(weights.chunks(keys)) {
                match self.pick {
                    Some(Pick::Mean) => kept.fold(query, row, |sum, weight| sum + weight * share),
                    _ => kept.fold(query, row, f32::max),
                }
            }
        }
        Ok(())
    }
}

/// `[rows, keys]` of one head.
pub(super) fn head_weights(attended: &Attended, rows: Range<usize>, head: usize) -> Result<Vec<f32>, DecoderError> {
    let Attended { q, k, heads, visibility, .. } = *attended;
    Ok(ops::attention_weights(q, k, heads, visibility, rows, head)?)
}

/// Attention weights of `layers` for the queries `rows` of the sequence scored last; every head by itself without a
/// `pick`. Costs a pass of those rows through the layers before. `None` after `cancel`.
///
/// # Errors
/// A layer, a head or rows that are not there.
pub fn attention(
    scorer: &Scorer,
    decoder: &Decoder,
    layers: &[usize],
    rows: Range<usize>,
    pick: Option<Pick>,
    cancel: &Cancel,
) -> Result<Option<Vec<LayerWeights>>, InspectError> {
    let past = scorer.past();
    let mut capture = Capture::new(decoder.config(), layers, rows.clone(), past.ids.len(), pick)?;
    let depth = layers.iter().max().map_or(0, |last| last + 1);
    if !rows.is_empty() {
        let done = together(|| decoder.replay(past, rows, depth, &mut capture, cancel));
        if unless_cancelled(done)?.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(capture.into_weights()))
}
