//! Reading every layer's hidden states as if it were the last one.

use std::ops::Range;

use candle_core::Tensor;

use super::{Depth, InspectError, unless_cancelled};
use crate::cancel::Cancel;
use crate::decoder::{Decoder, DecoderError, Watch};
use crate::loss::Row;
use crate::score::{HEAD_CHUNK, Scorer, rows_of};
use crate::threads::together;

struct Lens<'a> {
    decoder: &'a Decoder,
    scorer: &'a Scorer,
    rows: Range<usize>,
    top_k: usize,
    cancel: &'a Cancel,
    layers: Vec<Vec<Row>>,
    on_layer: &'a mut (dyn FnMut(usize) + Send),
}

impl Watch for Lens<'_> {
    fn layer(&mut self, _: usize, from: usize, hidden: &Tensor) -> Result<(), DecoderError> {
        let hidden = self.decoder.norm(&hidden.narrow(0, self.rows.start - from, self.rows.len())?)?;
        let (ids, options) = (self.scorer.past().ids, self.scorer.options());
        let mut rows = Vec::with_capacity(self.rows.len());
        for from in self.rows.clone().step_by(HEAD_CHUNK) {
            if self.cancel.is_cancelled() {
                return Err(DecoderError::Cancelled);
            }
            let to = self.rows.end.min(from + HEAD_CHUNK);
            let part = hidden.narrow(0, from - self.rows.start, to - from)?.contiguous()?;
            rows.extend(rows_of(self.decoder, &part, from..to, |row| options.target(ids, row), self.top_k)?);
        }
        self.layers.push(rows);
        (self.on_layer)(self.layers.len());
        Ok(())
    }
}

/// What each layer would predict after `rows` of the sequence scored last, with the `top_k` most likely tokens. The last
/// layer's are the scored ones to the bit: they come from the same hidden states. `on_layer` hears how many layers are
/// done. `None` after `cancel`.
///
/// # Errors
/// Rows that are not there.
pub fn layers(
    scorer: &Scorer,
    decoder: &Decoder,
    rows: Range<usize>,
    top_k: usize,
    cancel: &Cancel,
    on_layer: &mut (dyn FnMut(usize) + Send),
) -> Result<Option<Depth>, InspectError> {
    let last = scorer.rows(decoder, rows.clone(), top_k)?;
    let labels = scorer.options().labels;
    let mut lens = Lens { decoder, scorer, rows: rows.clone(), top_k, cancel, layers: Vec::new(), on_layer };
    if !rows.is_empty() {
        let before = decoder.config().layers - 1;
        let done = together(|| decoder.replay(scorer.past(), rows.clone(), before, &mut lens, cancel));
        if unless_cancelled(done)?.is_none() {
            return Ok(None);
        }
    }
    lens.layers.push(last);
    (lens.on_layer)(lens.layers.len());
    Ok(Some(Depth { rows, labels, layers: lens.layers }))
}
