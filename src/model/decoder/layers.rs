//! The parts a decoder is put together from.

use candle_core::{Result, Tensor};

use super::KvCache;
use crate::mask::AttentionMask;
use crate::model::ops::{self, Heads, Rotation};

/// What every layer of one forward pass shares.
pub(super) struct Pass {
    pub heads: Heads,
    pub rotation: Option<Rotation>,
    pub mask: AttentionMask,
}

/// x + attention(norm(x)), then x + mlp(norm(x)).
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub attention_norm: Norm,
    pub attention: Attention,
    pub mlp_norm: Norm,
    pub mlp: Mlp,
}

impl Block {
    pub fn forward(&self, x: &Tensor, pass: &Pass, cache: Option<(usize, &mut KvCache)>) -> Result<Tensor> {
        let x = ops::add(x, &self.attention.forward(&self.attention_norm.forward(x)?, pass, cache)?)?;
        ops::add(&x, &self.mlp.forward(&self.mlp_norm.forward(&x)?)?)
    }

    pub fn detached(&self) -> Self {
        Self {
            attention_norm: self.attention_norm.detached(),
            attention: self.attention.detached(),
            mlp_norm: self.mlp_norm.detached(),
            mlp: self.mlp.detached(),
        }
    }
}

/// Self-attention with its projections.
#[derive(Clone, Debug)]
pub(super) struct Attention {
    pub qkv: Qkv,
    pub out: Linear,
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
}

impl Attention {
    fn forward(&self, x: &Tensor, pass: &Pass, cache: Option<(usize, &mut KvCache)>) -> Result<Tensor> {
        let (mut q, mut k, mut v) = self.qkv.forward(x, pass.heads)?;
        if let Some(rotation) = &pass.rotation {
            (q, k) = (ops::rope(&q, rotation)?, ops::rope(&k, rotation)?);
        }
        if let Some((layer, cache)) = cache {
            (k, v) = cache.append(layer, &k, &v)?;
        }
        self.out.forward(&ops::attention(&q, &k, &v, pass.heads, pass.mask)?)
    }

    fn detached(&self) -> Self {
        let qkv = match &self.qkv {
            Qkv::Separate { q, k, v } => Qkv::Separate { q: q.detached(), k: k.detached(), v: v.detached() },
            Qkv::Joint(linear) => Qkv::Joint(linear.detached()),
        };
        Self { qkv, out: self.out.detached() }
    }
}

impl Qkv {
    fn forward(&self, x: &Tensor, heads: Heads) -> Result<(Tensor, Tensor, Tensor)> {
        match self {
            Self::Separate { q, k, v } => Ok((q.forward(x)?, k.forward(x)?, v.forward(x)?)),
            Self::Joint(linear) => {
                let all = linear.forward(x)?;
                let (q, kv) = (heads.query * heads.dim, heads.key_value * heads.dim);
                Ok((all.narrow(1, 0, q)?, all.narrow(1, q, kv)?, all.narrow(1, q + kv, kv)?))
            }
        }
    }
}

/// The feed-forward network.
#[derive(Clone, Debug)]
pub(super) enum Mlp {
    /// down(silu(gate(x)) · up(x)), llama's.
    SwiGlu { gate: Linear, up: Linear, down: Linear },
    /// down(gelu(up(x))) with the tanh approximation, gpt2's.
    Gelu { up: Linear, down: Linear },
}

impl Mlp {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::SwiGlu { gate, up, down } => down.forward(&ops::swiglu(&gate.forward(x)?, &up.forward(x)?)?),
            Self::Gelu { up, down } => down.forward(&ops::gelu(&up.forward(x)?)?),
        }
    }

    fn detached(&self) -> Self {
        match self {
            Self::SwiGlu { gate, up, down } => {
                Self::SwiGlu { gate: gate.detached(), up: up.detached(), down: down.detached() }
            }
            Self::Gelu { up, down } => Self::Gelu { up: up.detached(), down: down.detached() },
        }
    }
}

/// Row-wise normalisation.
#[derive(Clone, Debug)]
pub(super) enum Norm {
    Rms { weight: Tensor, eps: f64 },
    Layer { weight: Tensor, bias: Tensor, eps: f64 },
}

impl Norm {
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Rms { weight, eps } => ops::rms_norm(x, weight, *eps),
            Self::Layer { weight, bias, eps } => ops::layer_norm(x, weight, bias, *eps),
        }
    }

    pub fn detached(&self) -> Self {
        match self {
            Self::Rms { weight, eps } => Self::Rms { weight: weight.detach(), eps: *eps },
            Self::Layer { weight, bias, eps } => {
                Self::Layer { weight: weight.detach(), bias: bias.detach(), eps: *eps }
            }
        }
    }
}

/// An affine projection.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    pub weight: Weight,
    pub bias: Option<Tensor>,
}

/// A projection's matrix, as its file stores it.
#[derive(Clone, Debug)]
pub(super) enum Weight {
    /// `[out, in]`, torch's `Linear`.
    OutIn(Tensor),
    /// `[in, out]`, gpt2's `Conv1D`.
    InOut(Tensor),
}

impl Linear {
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = match &self.weight {
            Weight::OutIn(weight) => ops::linear(x, weight)?,
            Weight::InOut(weight) => x.matmul(weight)?,
        };
        match &self.bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }

    pub fn detached(&self) -> Self {
        let weight = match &self.weight {
            Weight::OutIn(weight) => Weight::OutIn(weight.detach()),
            Weight::InOut(weight) => Weight::InOut(weight.detach()),
        };
        Self { weight, bias: self.bias.as_ref().map(Tensor::detach) }
    }
}
