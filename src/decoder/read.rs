//! From named tensors to a decoder.

use candle_core::{DType, Tensor};

use super::layers::{Attention, Block, Linear, Mlp, Norm, Qkv};
use super::{Config, Decoder, DecoderError, Family, Named, Weights};
use crate::decoder::config::NormKind;
use crate::decoder::layout::{self, Role, Slot};
use crate::ops::Weight;

type Result<T> = std::result::Result<T, DecoderError>;

impl Decoder {
    /// Takes the tensors the config asks for out of `weights`.
    ///
    /// # Errors
    /// Names the tensor that is missing, has another shape, is not f32, or belongs to another architecture. Buffers
    /// that are computed here anyway (rotary frequencies, causal masks) and the head of a tied model may be left over.
    pub fn new(config: &Config, weights: Weights) -> Result<Self> {
        if config.kv_heads == 0 || !config.heads.is_multiple_of(config.kv_heads) {
            return Err(DecoderError::Heads { heads: config.heads, kv_heads: config.kv_heads });
        }
        let mut reader = Reader { config, weights, named: Vec::new(), layer: None };
        let embedding = reader.weight(Role::Embedding)?;
        let positions = reader.optional(Role::Positions, Reader::weight)?;
        let mut blocks = Vec::with_capacity(config.layers);
        for layer in 0..config.layers {
            reader.layer = Some(layer);
            blocks.push(reader.block(layer)?);
        }
        reader.layer = None;
        let norm = reader.norm(Role::FinalNorm)?;
        let head = match reader.optional(Role::Head, Reader::linear)? {
            Some(head) => head,
            None => Linear {
                name: layout::names(config.family).head.into(),
                weight: Weight::OutIn(embedding.clone()),
                bias: None,
                adapter: None,
            },
        };
        if let Some(name) = reader.weights.keys().min() {
            return Err(DecoderError::Unused { name: name.clone() });
        }
        let frequencies = |rope: &Option<_>| {
            rope.as_ref().map_or_else(Vec::new, |rope| super::inverse_frequencies(rope, config.head_dim))
        };
        Ok(Self {
            config: config.clone(),
            embedding,
            positions,
            inverse_frequencies: frequencies(&config.rope),
            window_frequencies: frequencies(&config.window_rope),
            blocks,
            norm,
            head,
            named: reader.named,
        })
    }
}

/// Hands out tensors by role, once their shape is checked.
struct Reader<'a> {
    config: &'a Config,
    weights: Weights,
    named: Vec<Named>,
    /// The layer that is being read.
    layer: Option<usize>,
}

impl Reader<'_> {
    fn block(&mut self, layer: usize) -> Result<Block> {
        Ok(Block {
            attention_norm: self.norm(Role::AttentionNorm)?,
            attention: self.attention(layer)?,
            attention_out_norm: self.optional(Role::AttentionOutNorm, Self::norm)?,
            mlp_norm: self.norm(Role::MlpNorm)?,
            mlp: Mlp {
                gate: self.optional(Role::Gate, Self::linear)?,
                up: self.linear(Role::Up)?,
                down: self.linear(Role::Down)?,
                activation: self.config.activation,
            },
            mlp_out_norm: self.optional(Role::MlpOutNorm, Self::norm)?,
            is_parallel: self.config.parallel_residual,
        })
    }

    fn attention(&mut self, layer: usize) -> Result<Attention> {
        let qkv = match self.optional(Role::QueryKeyValue, Self::linear)? {
            Some(linear) if self.config.family == Family::GptNeoX => Qkv::ByHead(linear),
            Some(linear) => Qkv::Joint(linear),
            None => {
                Qkv::Separate { q: self.linear(Role::Query)?, k: self.linear(Role::Key)?, v: self.linear(Role::Value)? }
            }
        };
        Ok(Attention {
            qkv,
            q_norm: self.optional(Role::QueryNorm, Self::norm)?,
            k_norm: self.optional(Role::KeyNorm, Self::norm)?,
            out: self.linear(Role::AttentionOut)?,
            window: self.config.window_of(layer),
        })
    }

    /// What `read` makes of a role, if this decoder has it.
    fn optional<T>(&mut self, role: Role, read: impl FnOnce(&mut Self, Role) -> Result<T>) -> Result<Option<T>> {
        match layout::stem(self.config, role, self.layer) {
            Some(_) => read(self, role).map(Some),
            None => Ok(None),
        }
    }

    /// The role's tensors: its weight, and its bias if it has one.
    fn tensors(&mut self, role: Role) -> Result<(Tensor, Option<Tensor>)> {
        let mut tensors = Vec::new();
        for slot in layout::of_role(self.config, role, self.layer) {
            tensors.push(self.take(slot)?);
        }
        let mut tensors = tensors.into_iter();
        match tensors.next() {
            Some(weight) => Ok((weight, tensors.next())),
            None => Err(DecoderError::Missing { name: format!("{role:?}") }),
        }
    }

    fn take(&mut self, slot: Slot) -> Result<Tensor> {
        let part = slot.part();
        let Slot { name, shape, .. } = slot;
        let Some(tensor) = self.weights.remove(&name) else {
            return Err(DecoderError::Missing { name });
        };
        if tensor.dims() != shape {
            return Err(DecoderError::Shape { name, expected: shape, found: tensor.dims().to_vec() });
        }
        if tensor.dtype() != DType::F32 {
            return Err(DecoderError::Dtype { name, found: tensor.dtype() });
        }
        self.named.push(Named { name, tensor: tensor.clone(), part });
        Ok(tensor)
    }

    fn weight(&mut self, role: Role) -> Result<Tensor> {
        Ok(self.tensors(role)?.0)
    }

    fn norm(&mut self, role: Role) -> Result<Norm> {
        let ((weight, bias), eps) = (self.tensors(role)?, self.config.norm_eps);
        let shift = if self.config.family.norm() == NormKind::RmsFromOne { 1.0 } else { 0.0 };
        Ok(match bias {
            Some(bias) => Norm::Layer { weight, bias, eps },
            None => Norm::Rms { weight, shift, eps },
        })
    }

    fn linear(&mut self, role: Role) -> Result<Linear> {
        let name = layout::stem(self.config, role, self.layer).unwrap_or_default();
        let (weight, bias) = self.tensors(role)?;
        let is_conv1d = self.config.family.is_conv1d() && role != Role::Head;
        let weight = if is_conv1d { Weight::InOut(weight) } else { Weight::OutIn(weight) };
        Ok(Linear { name, weight, bias, adapter: None })
    }
}
