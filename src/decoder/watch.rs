//! Looking into a pass through the layers.

use candle_core::Tensor;

use super::DecoderError;
use crate::mask::Visibility;
use crate::ops::Heads;

/// What attention of one layer multiplies: normed, scaled and rotated. The queries are the last of the keys' positions.
pub struct Attended<'a> {
    /// From 0.
    pub layer: usize,
    /// `[queries, heads · head_dim]`.
    pub q: &'a Tensor,
    /// `[keys, kv_heads · head_dim]`.
    pub k: &'a Tensor,
    pub heads: Heads,
    /// That of this layer.
    pub visibility: &'a Visibility,
}

/// Who looks on. What it fails with ends the pass.
pub trait Watch: Send {
    /// What a layer's attention is about to multiply.
    ///
    /// # Errors
    /// Those of the one who looks on.
    fn attention(&mut self, _attended: &Attended) -> Result<(), DecoderError> {
        Ok(())
    }

    /// Hidden states `[tokens, hidden]` as layer `layer` (from 0) leaves them, without the final norm, of tokens that
    /// follow `from` others.
    ///
    /// # Errors
    /// Those of the one who looks on.
    fn layer(&mut self, _layer: usize, _from: usize, _hidden: &Tensor) -> Result<(), DecoderError> {
        Ok(())
    }
}

/// Nobody.
impl Watch for () {}
