//! The parts a decoder is put together from.

use candle_core::{Result, Tensor};

use super::DecoderError;
use crate::ops::{self, Activation, Adapter, Heads, Rotation, Tape, Weight};

/// What every layer of one forward pass shares.
pub(super) struct Pass<'a> {
    pub heads: Heads,
    pub rotation: Option<Rotation>,
    /// That of layers with a window, where theirs is another.
    pub window_rotation: Option<Rotation>,
    /// By what queries are multiplied beyond 1/√head_dim.
    pub query_scale: f64,
    /// Where a backward pass is written down.
    pub tape: Option<&'a Tape>,
}

/// x + attention(norm(x)), then x + mlp(norm(x)); or both of the same x.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub attention_norm: Norm,
    pub attention: Attention,
    /// Of what attention adds (gemma3).
    pub attention_out_norm: Option<Norm>,
    pub mlp_norm: Norm,
    pub mlp: Mlp,
    /// Of what the feed-forward network adds (gemma3).
    pub mlp_out_norm: Option<Norm>,
    /// The feed-forward network reads what attention reads (gpt_neox).
    pub is_parallel: bool,
}

/// What makes of a layer's queries, keys and values what its heads give, `[queries, heads · head_dim]`.
pub(super) type Attend<'a> = &'a mut dyn FnMut(Tensor, Tensor, Tensor) -> std::result::Result<Tensor, DecoderError>;

impl Block {
    pub fn forward(&self, x: &Tensor, pass: &Pass, attend: Attend) -> std::result::Result<Tensor, DecoderError> {
        let tape = pass.tape;
        let normed = |norm: &Option<Norm>, y: Tensor| match norm {
            Some(norm) => norm.forward(&y, tape),
            None => Ok(y),
        };
        let (q, k, v) = self.attention.heads(&self.attention_norm.forward(x, tape)?, pass)?;
        let attended = self.attention.out.forward(&attend(q, k, v)?, tape)?;
        let after = ops::add(x, &normed(&self.attention_out_norm, attended)?, tape)?;
        let read = if self.is_parallel { x } else { &after };
        let fed = self.mlp.forward(&self.mlp_norm.forward(read, tape)?, tape)?;
        Ok(ops::add(&after, &normed(&self.mlp_out_norm, fed)?, tape)?)
    }

    pub fn detached(&self) -> Self {
        Self {
            attention_norm: self.attention_norm.detached(),
            attention: self.attention.detached(),
            attention_out_norm: self.attention_out_norm.as_ref().map(Norm::detached),
            mlp_norm: self.mlp_norm.detached(),
            mlp: self.mlp.detached(),
            mlp_out_norm: self.mlp_out_norm.as_ref().map(Norm::detached),
            is_parallel: self.is_parallel,
        }
    }

    /// Its projections, in the order of the forward pass.
    pub fn linears(&self) -> Vec<&Linear> {
        let mut all = self.attention.linears();
        all.extend(&self.mlp.gate);
        all.extend([&self.mlp.up, &self.mlp.down]);
        all
    }

    /// Its projections, in the order of the forward pass.
    pub fn linears_mut(&mut self) -> Vec<&mut Linear> {
        let mut all = match &mut self.attention.qkv {
            Qkv::Separate { q, k, v } => vec![q, k, v],
            Qkv::Joint(linear) | Qkv::ByHead(linear) => vec![linear],
        };
        all.push(&mut self.attention.out);
        all.extend(&mut self.mlp.gate);
        all.extend([&mut self.mlp.up, &mut self.mlp.down]);
        all
    }
}

/// Self-attention with its projections.
#[derive(Clone, Debug)]
pub(super) struct Attention {
    pub qkv: Qkv,
    /// Of each head's queries and keys (qwen3, gemma3).
    pub q_norm: Option<Norm>,
    pub k_norm: Option<Norm>,
    pub out: Linear,
    /// How many tokens it looks back over, itself included.
    pub window: Option<usize>,
}

/// How queries, keys and values are projected.
#[derive(Clone, Debug)]
pub(super) enum Qkv {
    Separate {
        q: Linear,
        k: Linear,
        v: Linear,
    },
    /// One projection, q then k then v (gpt2's `c_attn`).
    Joint(Linear),
    /// One projection, q, k and v of the first head, then of the next (gpt_neox's `query_key_value`).
    ByHead(Linear),
}

impl Attention {
    /// Its projections, in the order of the forward pass.
    pub fn linears(&self) -> Vec<&Linear> {
        match &self.qkv {
            Qkv::Separate { q, k, v } => vec![q, k, v, &self.out],
            Qkv::Joint(linear) | Qkv::ByHead(linear) => vec![linear, &self.out],
        }
    }

    /// Queries, keys and values as attention takes them: normed, scaled and rotated.
    fn heads(&self, x: &Tensor, pass: &Pass) -> Result<(Tensor, Tensor, Tensor)> {
        let (mut q, mut k, v) = self.qkv.forward(x, pass)?;
        if let (Some(q_norm), Some(k_norm)) = (&self.q_norm, &self.k_norm) {
            (q, k) = (q_norm.forward(&q, pass.tape)?, k_norm.forward(&k, pass.tape)?);
        }
        if pass.query_scale != 1.0 {
            q = ops::affine(&q, pass.query_scale, 0.0, pass.tape)?;
        }
        let near = pass.window_rotation.as_ref().filter(|_| self.window.is_some());
        if let Some(rotation) = near.or(pass.rotation.as_ref()) {
            (q, k) = (ops::rope(&q, rotation, pass.tape)?, ops::rope(&k, rotation, pass.tape)?);
        }
        Ok((q, k, v))
    }

    fn detached(&self) -> Self {
        let qkv = match &self.qkv {
            Qkv::Separate { q, k, v } => Qkv::Separate { q: q.detached(), k: k.detached(), v: v.detached() },
            Qkv::Joint(linear) => Qkv::Joint(linear.detached()),
            Qkv::ByHead(linear) => Qkv::ByHead(linear.detached()),
        };
        let detached = |norm: &Option<Norm>| norm.as_ref().map(Norm::detached);
        let (q_norm, k_norm) = (detached(&self.q_norm), detached(&self.k_norm));
        Self { qkv, q_norm, k_norm, out: self.out.detached(), window: self.window }
    }
}

impl Qkv {
    fn forward(&self, x: &Tensor, pass: &Pass) -> Result<(Tensor, Tensor, Tensor)> {
        let (heads, tape) = (pass.heads, pass.tape);
        match self {
            Self::Separate { q, k, v } => Linear::forward_all([q, k, v], x, tape).map(|[q, k, v]| (q, k, v)),
            Self::Joint(linear) => {
                let all = linear.forward(x, tape)?;
                let (q, kv) = (heads.query * heads.dim, heads.key_value * heads.dim);
                let part = |from, width| ops::columns(&all, from, width, tape);
                Ok((part(0, q)?, part(q, kv)?, part(q + kv, kv)?))
            }
            Self::ByHead(linear) => {
                let all = linear.forward(x, tape)?;
                let part = |i| ops::head_columns(&all, i, 3, heads.dim, tape);
                Ok((part(0)?, part(1)?, part(2)?))
            }
        }
    }
}

/// The feed-forward network: down(activation(up(x))), or down(activation(gate(x)) · up(x)).
#[derive(Clone, Debug)]
pub(super) struct Mlp {
    pub gate: Option<Linear>,
    pub up: Linear,
    pub down: Linear,
    pub activation: Activation,
}

impl Mlp {
    fn forward(&self, x: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
        let inner = match &self.gate {
            Some(gate) => {
                let [gate, up] = Linear::forward_all([gate, &self.up], x, tape)?;
                match self.activation {
                    Activation::Silu => ops::swiglu(&gate, &up, tape)?,
                    activation => ops::mul(&ops::activate(&gate, activation, tape)?, &up, tape)?,
                }
            }
            None => ops::activate(&self.up.forward(x, tape)?, self.activation, tape)?,
        };
        self.down.forward(&inner, tape)
    }

    fn detached(&self) -> Self {
        let (up, down) = (self.up.detached(), self.down.detached());
        Self { gate: self.gate.as_ref().map(Linear::detached), up, down, activation: self.activation }
    }
}

/// Row-wise normalisation.
#[derive(Clone, Debug)]
pub(super) enum Norm {
    /// Multiplies by weight + shift.
    Rms {
        weight: Tensor,
        shift: f64,
        eps: f64,
    },
    Layer {
        weight: Tensor,
        bias: Tensor,
        eps: f64,
    },
}

impl Norm {
    pub fn forward(&self, x: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
        match self {
            Self::Rms { weight, shift, eps } if *shift != 0.0 => {
                ops::rms_norm(x, &ops::affine(weight, 1.0, *shift, tape)?, *eps, tape)
            }
            Self::Rms { weight, eps, .. } => ops::rms_norm(x, weight, *eps, tape),
            Self::Layer { weight, bias, eps } => ops::layer_norm(x, weight, bias, *eps, tape),
        }
    }

    pub fn detached(&self) -> Self {
        match self {
            Self::Rms { weight, shift, eps } => Self::Rms { weight: weight.detach(), shift: *shift, eps: *eps },
            Self::Layer { weight, bias, eps } => {
                Self::Layer { weight: weight.detach(), bias: bias.detach(), eps: *eps }
            }
        }
    }
}

/// An affine projection, with a low-rank adapter beside it under LoRA.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    /// Its tensors' names without `.weight` and `.bias`.
    pub name: String,
    pub weight: Weight,
    pub bias: Option<Tensor>,
    pub adapter: Option<Adapter>,
}

impl Linear {
    pub fn forward(&self, x: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
        Self::forward_all([self], x, tape).map(|[y]| y)
    }

    /// What several make of the same x, computed together.
    pub fn forward_all<const N: usize>(all: [&Self; N], x: &Tensor, tape: Option<&Tape>) -> Result<[Tensor; N]> {
        let projections = all.map(|linear| (&linear.weight, linear.adapter.as_ref()));
        let biased = |(linear, y): (&Self, Tensor)| match &linear.bias {
            Some(bias) => ops::add_bias(&y, bias, tape),
            None => Ok(y),
        };
        let ys = ops::project(x, &projections, tape)?;
        let ys = all.into_iter().zip(ys).map(biased).collect::<Result<Vec<_>>>()?;
        ys.try_into().map_err(|_| candle_core::Error::msg("a projection gave no result"))
    }

    /// Features in and out.
    pub fn shape(&self) -> (usize, usize) {
        match &self.weight {
            Weight::OutIn(weight) => (weight.dims()[1], weight.dims()[0]),
            Weight::InOut(weight) => (weight.dims()[0], weight.dims()[1]),
        }
    }

    pub fn detached(&self) -> Self {
        let weight = match &self.weight {
            Weight::OutIn(weight) => Weight::OutIn(weight.detach()),
            Weight::InOut(weight) => Weight::InOut(weight.detach()),
        };
        let detach = |Adapter { a, b, scale }: &Adapter| Adapter { a: a.detach(), b: b.detach(), scale: *scale };
        let (bias, adapter) = (self.bias.as_ref().map(Tensor::detach), self.adapter.as_ref().map(detach));
        Self { name: self.name.clone(), weight, bias, adapter }
    }
}
