//! Running a part of a known sequence once more: to look inside, or with a change.

use std::ops::Range;

use candle_core::Tensor;

use super::{Attended, Decoder, DecoderError, KvCache, Watch};
use crate::cancel::Cancel;
use crate::mask::Visibility;
use crate::ops;

/// A sequence that was run: what stands before a token need not be run again.
#[derive(Clone, Copy)]
pub struct Past<'a> {
    /// Tokens of the cache.
    pub ids: &'a [u32],
    pub cache: &'a KvCache,
    /// Under what they were run.
    pub visibility: &'a Visibility,
}

impl Past<'_> {
    /// Where tokens end that are seen by `row` or before it.
    pub fn seen_until(&self, row: usize) -> usize {
        self.visibility.mask.ahead().min(self.ids.len()).max(row + 1)
    }
}

impl Decoder {
    /// Runs `rows` of a past once more through the first `layers` layers and shows them to `watch`; keys and values are
    /// those of the cache. Where tokens see ahead, `watch` is shown the rows up to those seen.
    ///
    /// # Errors
    /// Rows that the past does not have, more layers than there are, what `watch` fails with, or `cancel`.
    pub fn replay(
        &self,
        past: Past,
        rows: Range<usize>,
        layers: usize,
        watch: &mut dyn Watch,
        cancel: &Cancel,
    ) -> Result<(), DecoderError> {
        let (decoder, from) = (self.untracked(), rows.start);
        let end = past.seen_until(rows.end.saturating_sub(1));
        let ids = past.ids.get(from..end).ok_or(DecoderError::Empty)?;
        let positions: Vec<usize> = (from..end).map(|at| past.visibility.documents.position(at)).collect();
        let mut x = decoder.embed(ids, &positions, None)?;
        let pass = decoder.pass(&positions, None);
        for (layer, block) in decoder.blocks.iter().enumerate().take(layers) {
            if cancel.is_cancelled() {
                return Err(DecoderError::Cancelled);
            }
            let visibility = &past.visibility.of_layer(layer, block.attention.window);
            x = block.forward(&x, &pass, &mut |q, _, _| {
                let (k, v) = past.cache.kept(layer, end)?;
                watch.attention(&Attended { layer, q: &q, k: &k, heads: pass.heads, visibility })?;
                Ok(ops::attention(&q, &k, &v, pass.heads, visibility, None)?)
            })?;
            watch.layer(layer, from, &x)?;
        }
        Ok(())
    }

    /// Hidden states after the final norm of the past's tokens `rows`, run under each of `variants` instead:
    /// `[variants · rows, hidden]`, one variant below the other. All of them are multiplied with the weights at once.
    /// What stands before `rows` is taken from the cache: no variant may change it, and none may see beyond `rows`.
    ///
    /// # Errors
    /// Rows that the past does not have, or `cancel`, which is noticed between two layers.
    pub fn variants(
        &self,
        past: Past,
        rows: Range<usize>,
        variants: &[Visibility],
        cancel: &Cancel,
    ) -> Result<Tensor, DecoderError> {
        let (decoder, count) = (self.untracked(), rows.len());
        let ids = past.ids.get(rows.clone()).filter(|ids| !ids.is_empty()).ok_or(DecoderError::Empty)?;
        let positions: Vec<usize> = rows.clone().map(|at| past.visibility.documents.position(at)).collect();
        let (ids, positions) = (ids.repeat(variants.len()), positions.repeat(variants.len()));
        let mut x = decoder.embed(&ids, &positions, None)?;
        let pass = decoder.pass(&positions, None);
        for (layer, block) in decoder.blocks.iter().enumerate() {
            if cancel.is_cancelled() {
                return Err(DecoderError::Cancelled);
            }
            x = block.forward(&x, &pass, &mut |q, k, v| {
                let (before_k, before_v) = past.cache.kept(layer, rows.start)?;
                let attend = |(i, variant): (usize, &Visibility)| {
                    let own = |all: &Tensor| all.narrow(0, i * count, count);
                    let k = Tensor::cat(&[&before_k, &own(&k)?], 0)?;
                    let v = Tensor::cat(&[&before_v, &own(&v)?], 0)?;
                    let visibility = variant.of_layer(layer, block.attention.window);
                    ops::attention(&own(&q)?, &k, &v, pass.heads, &visibility, None)
                };
                let attended = variants.iter().enumerate().map(attend).collect::<candle_core::Result<Vec<_>>>()?;
                Ok(Tensor::cat(&attended, 0)?)
            })?;
        }
        decoder.norm(&x)
    }
}
