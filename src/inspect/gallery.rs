//! All heads of a model, each with what it does.

use std::ops::Range;

use rayon::prelude::*;

use super::capture::head_weights;
use super::heads::Meter;
use super::{InspectError, NamedHead, unless_cancelled};
use crate::cancel::Cancel;
use crate::decoder::{Attended, Decoder, DecoderError, Watch};
use crate::score::Scorer;
use crate::threads::together;

/// Rows of a head whose weights exist at a time.
const ROWS: usize = 256;

/// Measures each head as its layer comes by, and keeps no weights.
struct Measuring<'a> {
    ids: &'a [u32],
    rows: Range<usize>,
    heads: Vec<NamedHead>,
    on_layer: &'a mut (dyn FnMut(usize) + Send),
}

impl Watch for Measuring<'_> {
    fn attention(&mut self, attended: &Attended) -> Result<(), DecoderError> {
        let Attended { layer, q, k, heads, visibility } = *attended;
        let keys = k.dim(0)?;
        let first = keys - q.dim(0)?;
        let measure = |head: usize| {
            let mut meter = Meter::default();
            for from in self.rows.clone().step_by(ROWS) {
                let rows = from..self.rows.end.min(from + ROWS);
                let weights = head_weights(attended, rows.start - first..rows.end - first, head)?;
                for (query, row) in rows.zip(weights.chunks(keys)) {
                    meter.add(query, row, self.ids, visibility);
                }
            }
            Ok(NamedHead { layer, head, scores: meter.scores() })
        };
        self.heads.extend((0..heads.query).into_par_iter().map(measure).collect::<Result<Vec<_>, DecoderError>>()?);
        (self.on_layer)(layer + 1);
        Ok(())
    }
}

/// Every head of every layer, measured on the queries `rows` of the sequence scored last; the more rows, and the more
/// repeats in them, the more they say. `on_layer` hears how many layers are done. `None` after `cancel`.
///
/// # Errors
/// Rows that are not there.
pub fn gallery(
    scorer: &Scorer,
    decoder: &Decoder,
    rows: Range<usize>,
    cancel: &Cancel,
    on_layer: &mut (dyn FnMut(usize) + Send),
) -> Result<Option<Vec<NamedHead>>, InspectError> {
    let (past, tokens) = (scorer.past(), scorer.past().ids.len());
    if rows.is_empty() || rows.end > tokens {
        return Err(InspectError::Position { position: rows.end.saturating_sub(1), tokens });
    }
    let mut measuring = Measuring { ids: past.ids, rows: rows.clone(), heads: Vec::new(), on_layer };
    let layers = decoder.config().layers;
    let done = together(|| decoder.replay(past, rows, layers, &mut measuring, cancel));
    Ok(unless_cancelled(done)?.map(|()| measuring.heads))
}
