//! One differentiable decoder for every supported family; [`Config`] says which parts it is made of.
//!
//! ```text
//! ids ─▶ embedding (+ learned positions) ─▶ layers × { x + attention(norm(x)), x + mlp(norm(x)) } ─▶ norm ─▶ head ─▶ logits
//! ```
//!
//! One sequence at a time: activations are matrices `[tokens, features]`. candle records a graph only where a weight
//! is a `Var`, so plain weights cost no memory for gradients.

mod adapters;
mod cache;
pub mod config;
pub mod device;
mod layers;
pub mod layout;
mod past;
mod read;
mod watch;

use std::borrow::Cow;
use std::collections::HashMap;

use candle_core::{Device, Tensor};

pub use adapters::Projection;
pub use cache::KvCache;
pub use config::Config;
pub use device::DeviceKind;
pub use past::Past;
pub use watch::{Attended, Watch};

pub use crate::ops::Adapter;

use self::layers::{Block, Linear, Norm, Pass};
use crate::cancel::Cancel;
use crate::mask::Visibility;
use crate::ops::{self, Heads, Rotation, Tape};
use config::{Family, Rope, RopeScaling};
use layout::Part;

/// Tensors by the names of Hugging Face's safetensors files, f32, all on one device.
pub type Weights = HashMap<String, Tensor>;

/// Why a decoder cannot be built or run.
#[derive(Debug, thiserror::Error)]
pub enum DecoderError {
    #[error("tensor {name} is missing: the weights do not belong to this config")]
    Missing { name: String },
    #[error("tensor {name} has shape {found:?} where the config asks for {expected:?}")]
    Shape { name: String, expected: Vec<usize>, found: Vec<usize> },
    #[error("tensor {name} is {found:?}: convert the weights to f32 first")]
    Dtype { name: String, found: candle_core::DType },
    #[error("tensor {name} has no place in this decoder: the config describes another one")]
    Unused { name: String },
    #[error("{heads} query heads cannot share {kv_heads} key/value heads evenly: check the config")]
    Heads { heads: usize, kv_heads: usize },
    #[error("no tokens: the model needs at least one")]
    Empty,
    #[error("token {position} has id {id}, but the model's vocabulary ends at {last}")]
    Id { position: usize, id: u32, last: usize },
    #[error("{tokens} tokens are more than the model's context of {context}: shorten the text")]
    Context { tokens: usize, context: usize },
    #[error("cancelled")]
    Cancelled,
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// A decoder-only language model with its weights.
#[derive(Clone, Debug)]
pub struct Decoder {
    config: Config,
    embedding: Tensor,
    /// Learned positions, `[context, hidden]` and what opt keeps before them.
    positions: Option<Tensor>,
    /// One for each rotated pair of a head's features; empty without rope.
    inverse_frequencies: Vec<f32>,
    /// Those of layers with a window, where theirs are others.
    window_frequencies: Vec<f32>,
    blocks: Vec<Block>,
    norm: Norm,
    head: Linear,
    named: Vec<Named>,
}

/// A weight with its name in Hugging Face's safetensors files.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub tensor: Tensor,
    pub part: Part,
}

impl Decoder {
    /// How many weights there are; tied ones count once.
    pub fn parameters(&self) -> usize {
        self.named.iter().map(|named| named.tensor.elem_count()).sum()
    }

    /// Every weight under its file's name, in a fixed order; a tied head is not repeated.
    pub fn named_tensors(&self) -> &[Named] {
        &self.named
    }

    /// The config the decoder was built from.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where the weights are.
    pub fn device(&self) -> &Device {
        self.embedding.device()
    }

    /// Logits `[tokens, vocab]` of all positions of one sequence; differentiable. Row i predicts token i + 1.
    pub fn logits(&self, ids: &[u32]) -> Result<Tensor, DecoderError> {
        self.head(&self.hidden(ids, None)?)
    }

    /// Hidden states after the final norm, `[tokens, hidden]`. With a cache, `ids` continue the tokens it keeps, are
    /// added to it, and no gradients are recorded.
    ///
    /// # Errors
    /// No ids, an id outside the vocabulary, or more tokens than the context. The cache then keeps what it kept.
    pub fn hidden(&self, ids: &[u32], cache: Option<&mut KvCache>) -> Result<Tensor, DecoderError> {
        self.run(ids, cache, Visibility::default(), &Cancel::default())
    }

    /// Hidden states as [`hidden`](Self::hidden) gives them, under any attention mask; in a packed sequence each document
    /// by itself, its positions from 0 on.
    ///
    /// # Errors
    /// Also where `cancel` was set, which is noticed between two layers. The cache then keeps what it kept.
    pub fn run(
        &self,
        ids: &[u32],
        cache: Option<&mut KvCache>,
        visibility: impl Into<Visibility>,
        cancel: &Cancel,
    ) -> Result<Tensor, DecoderError> {
        let visibility = visibility.into();
        match cache {
            Some(cache) => self.run_watched(ids, cache, &visibility, &mut (), cancel),
            None => self.forward(ids, None, &visibility, None, &mut (), cancel),
        }
    }

    /// Hidden states as [`run`](Self::run) gives them with a cache; what goes on inside is shown to `watch`.
    ///
    /// # Errors
    /// As [`run`](Self::run), and what `watch` fails with.
    pub fn run_watched(
        &self,
        ids: &[u32],
        cache: &mut KvCache,
        visibility: &Visibility,
        watch: &mut dyn Watch,
        cancel: &Cancel,
    ) -> Result<Tensor, DecoderError> {
        self.untracked().forward(ids, Some(cache), visibility, None, watch, cancel)
    }

    /// Hidden states as [`hidden`](Self::hidden) gives them without a cache; the backward pass is written to `tape`.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn record(
        &self,
        ids: &[u32],
        visibility: &Visibility,
        tape: &Tape,
        cancel: &Cancel,
    ) -> Result<Tensor, DecoderError> {
        self.forward(ids, None, visibility, Some(tape), &mut (), cancel)
    }

    fn forward(
        &self,
        ids: &[u32],
        mut cache: Option<&mut KvCache>,
        visibility: &Visibility,
        tape: Option<&Tape>,
        watch: &mut dyn Watch,
        cancel: &Cancel,
    ) -> Result<Tensor, DecoderError> {
        let from = cache.as_ref().map_or(0, |cache| cache.tokens());
        self.check_ids(ids, from)?;
        let positions: Vec<usize> = (from..from + ids.len()).map(|at| visibility.documents.position(at)).collect();
        // Of several documents each has the context to itself.
        self.check_context(positions.iter().max().map_or(0, |last| last + 1))?;
        let mut x = self.embed(ids, &positions, tape)?;
        let pass = self.pass(&positions, tape);
        for (layer, block) in self.blocks.iter().enumerate() {
            if cancel.is_cancelled() {
                return Err(DecoderError::Cancelled);
            }
            let visibility = &visibility.of_layer(layer, block.attention.window);
            x = block.forward(&x, &pass, &mut |q, mut k, mut v| {
                if let Some(cache) = cache.as_deref_mut() {
                    (k, v) = cache.append(layer, &k, &v)?;
                }
                watch.attention(&Attended { layer, q: &q, k: &k, heads: pass.heads, visibility })?;
                Ok(ops::attention(&q, &k, &v, pass.heads, visibility, tape)?)
            })?;
            watch.layer(layer, from, &x)?;
        }
        if let Some(cache) = cache {
            cache.advance(ids.len());
        }
        Ok(self.norm.forward(&x, tape)?)
    }

    /// What goes into the first layer for tokens at these positions of their documents.
    fn embed(&self, ids: &[u32], positions: &[usize], tape: Option<&Tape>) -> Result<Tensor, DecoderError> {
        let mut x = ops::select_rows(&self.embedding, ids, tape)?;
        let scale = self.config.family.embedding_scale(self.config.hidden_size);
        if scale != 1.0 {
            x = ops::affine(&x, scale, 0.0, tape)?;
        }
        if let Some(learned) = &self.positions {
            let first = self.config.family.position_offset();
            let rows: Vec<u32> = positions.iter().map(|position| (first + position) as u32).collect();
            x = ops::add(&x, &ops::select_rows(learned, &rows, tape)?, tape)?;
        }
        Ok(x)
    }

    /// What the layers share when they run tokens at these positions.
    fn pass<'a>(&self, positions: &[usize], tape: Option<&'a Tape>) -> Pass<'a> {
        let Config { heads, kv_heads, head_dim, query_scalar, .. } = self.config;
        let rotation = |frequencies: &[f32]| {
            let positions = positions.iter().copied();
            (!frequencies.is_empty()).then(|| Rotation::at(frequencies, positions).of_heads(head_dim))
        };
        Pass {
            heads: Heads { query: heads, key_value: kv_heads, dim: head_dim },
            rotation: rotation(&self.inverse_frequencies),
            window_rotation: rotation(&self.window_frequencies),
            query_scale: (head_dim as f64 / query_scalar).sqrt(),
            tape,
        }
    }

    /// The final norm of hidden states `[rows, hidden]` as a layer leaves them.
    ///
    /// # Errors
    /// If they are not of this decoder.
    pub fn norm(&self, hidden: &Tensor) -> Result<Tensor, DecoderError> {
        Ok(self.norm.forward(hidden, None)?)
    }

    /// Logits `[rows, vocab]` of hidden states `[rows, hidden]`; differentiable.
    pub fn head(&self, hidden: &Tensor) -> Result<Tensor, DecoderError> {
        Ok(self.head.forward(hidden, None)?)
    }

    /// Its matrix `[vocab, hidden]`, where it is nothing else.
    pub(crate) fn plain_head(&self) -> Option<&Tensor> {
        match &self.head {
            Linear { weight: ops::Weight::OutIn(weight), bias: None, adapter: None, .. } => Some(weight),
            _ => None,
        }
    }

    /// The output projection, `[vocab, hidden]`; the embedding itself where they are tied.
    pub fn head_weight(&self) -> &Tensor {
        match &self.head.weight {
            ops::Weight::OutIn(weight) | ops::Weight::InOut(weight) => weight,
        }
    }

    /// Whether `ids` can follow `from` tokens of one document.
    pub(crate) fn check(&self, ids: &[u32], from: usize) -> Result<(), DecoderError> {
        self.check_ids(ids, from)?;
        self.check_context(from + ids.len())
    }

    fn check_ids(&self, ids: &[u32], from: usize) -> Result<(), DecoderError> {
        let vocab_size = self.config.vocab_size;
        if ids.is_empty() {
            return Err(DecoderError::Empty);
        }
        if let Some(i) = ids.iter().position(|id| *id as usize >= vocab_size) {
            return Err(DecoderError::Id { position: from + i, id: ids[i], last: vocab_size.saturating_sub(1) });
        }
        Ok(())
    }

    fn check_context(&self, tokens: usize) -> Result<(), DecoderError> {
        let context = self.config.context;
        if tokens > context { Err(DecoderError::Context { tokens, context }) } else { Ok(()) }
    }

    /// This decoder, or where candle would record a graph, the same without one.
    fn untracked(&self) -> Cow<'_, Self> {
        let is_tracked = self.named.iter().any(|named| named.tensor.track_op());
        if is_tracked { Cow::Owned(self.detached()) } else { Cow::Borrowed(self) }
    }

    /// The same weights, shared, with nothing recorded for a backward pass.
    fn detached(&self) -> Self {
        Self {
            config: self.config.clone(),
            embedding: self.embedding.detach(),
            positions: self.positions.as_ref().map(Tensor::detach),
            inverse_frequencies: self.inverse_frequencies.clone(),
            window_frequencies: self.window_frequencies.clone(),
            blocks: self.blocks.iter().map(Block::detached).collect(),
            norm: self.norm.detached(),
            head: self.head.detached(),
            named: self.named.iter().map(|named| Named { tensor: named.tensor.detach(), ..named.clone() }).collect(),
        }
    }
}

/// Inverse frequencies θ^(−2i/d) over the d rotated features, scaled as transformers' `modeling_rope_utils` does.
fn inverse_frequencies(rope: &Rope, head_dim: usize) -> Vec<f32> {
    let rotated = rope.rotated(head_dim);
    let base = (0..rotated.div_ceil(2)).map(|i| rope.theta.powf(-2.0 * i as f64 / rotated as f64));
    let scaled = |frequency: f64| match rope.scaling {
        None => frequency,
        Some(RopeScaling::Linear { factor }) => frequency / factor,
        // Long waves are stretched, short ones kept, and those between blended.
        Some(RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context }) => {
            let turns = original_context * frequency / std::f64::consts::TAU;
            let kept = ((turns - low_freq_factor) / (high_freq_factor - low_freq_factor)).clamp(0.0, 1.0);
            frequency * (kept + (1.0 - kept) / factor)
        }
    };
    base.map(|frequency| scaled(frequency) as f32).collect()
}
