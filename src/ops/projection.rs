//! What a projection is made of.

use candle_core::Tensor;

/// A projection's matrix, as its file stores it.
#[derive(Clone, Debug)]
pub enum Weight {
    /// `[out, in]`, torch's `Linear`.
    OutIn(Tensor),
    /// `[in, out]`, gpt2's `Conv1D`.
    InOut(Tensor),
}

/// What LoRA adds to a projection (Hu et al. 2021): scale·B·A·x.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// `[rank, in]`.
    pub a: Tensor,
    /// `[out, rank]`, zero at first.
    pub b: Tensor,
    /// alpha / rank.
    pub scale: f64,
}

/// A matrix, and an adapter beside it.
pub type Projection<'a> = (&'a Weight, Option<&'a Adapter>);
