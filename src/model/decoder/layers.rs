//! The parts a decoder is put together from.

use candle_core::{Result, Tensor};

use super::KvCache;
use crate::mask::Visibility;
use crate::model::ops::{self, Heads, Rotation, Tape};

/// What every layer of one forward pass shares.
pub(super) struct Pass<'a> {
    pub heads: Heads,
    pub rotation: Option<Rotation>,
    pub visibility: &'a Visibility,
    /// Where a backward pass is written down.
    pub tape: Option<&'a Tape>,
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
        let tape = pass.tape;
        let attended = self.attention.forward(&self.attention_norm.forward(x, tape)?, pass, cache)?;
        let x = ops::add(x, &attended, tape)?;
        ops::add(&x, &self.mlp.forward(&self.mlp_norm.forward(&x, tape)?, tape)?, tape)
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

impl Block {
    /// Its projections, in the order of the forward pass.
    pub fn linears(&self) -> Vec<&Linear> {
        let mut all = self.attention.linears();
        match &self.mlp {
            Mlp::SwiGlu { gate, up, down } => all.extend([gate, up, down]),
            Mlp::Gelu { up, down } => all.extend([up, down]),
        }
        all
    }

    /// Its projections, in the order of the forward pass.
    pub fn linears_mut(&mut self) -> Vec<&mut Linear> {
        let mut all = match &mut self.attention.qkv {
            Qkv::Separate { q, k, v } => vec![q, k, v],
            Qkv::Joint(linear) => vec![linear],
        };
        all.push(&mut self.attention.out);
        match &mut self.mlp {
            Mlp::SwiGlu { gate, up, down } => all.extend([gate, up, down]),
            Mlp::Gelu { up, down } => all.extend([up, down]),
        }
        all
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
    /// Its projections, in the order of the forward pass.
    pub fn linears(&self) -> Vec<&Linear> {
        match &self.qkv {
            Qkv::Separate { q, k, v } => vec![q, k, v, &self.out],
            Qkv::Joint(linear) => vec![linear, &self.out],
        }
    }

    fn forward(&self, x: &Tensor, pass: &Pass, cache: Option<(usize, &mut KvCache)>) -> Result<Tensor> {
        let (mut q, mut k, mut v) = self.qkv.forward(x, pass)?;
        if let Some(rotation) = &pass.rotation {
            (q, k) = (ops::rope(&q, rotation, pass.tape)?, ops::rope(&k, rotation, pass.tape)?);
        }
        if let Some((layer, cache)) = cache {
            (k, v) = cache.append(layer, &k, &v)?;
        }
        self.out.forward(&ops::attention(&q, &k, &v, pass.heads, pass.visibility, pass.tape)?, pass.tape)
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
    fn forward(&self, x: &Tensor, pass: &Pass) -> Result<(Tensor, Tensor, Tensor)> {
        let (heads, tape) = (pass.heads, pass.tape);
        match self {
            Self::Separate { q, k, v } => Ok((q.forward(x, tape)?, k.forward(x, tape)?, v.forward(x, tape)?)),
            Self::Joint(linear) => {
                let all = linear.forward(x, tape)?;
                let (q, kv) = (heads.query * heads.dim, heads.key_value * heads.dim);
                let part = |from, width| ops::columns(&all, from, width, tape);
                Ok((part(0, q)?, part(q, kv)?, part(q + kv, kv)?))
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
    fn forward(&self, x: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
        match self {
            Self::SwiGlu { gate, up, down } => {
                down.forward(&ops::swiglu(&gate.forward(x, tape)?, &up.forward(x, tape)?, tape)?, tape)
            }
            Self::Gelu { up, down } => down.forward(&ops::gelu(&up.forward(x, tape)?, tape)?, tape),
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
    pub fn forward(&self, x: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
        match self {
            Self::Rms { weight, eps } => ops::rms_norm(x, weight, *eps, tape),
            Self::Layer { weight, bias, eps } => ops::layer_norm(x, weight, bias, *eps, tape),
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

/// An affine projection, with a low-rank adapter beside it under LoRA.
#[derive(Clone, Debug)]
pub(super) struct Linear {
    /// Its tensors' names without `.weight` and `.bias`.
    pub name: String,
    pub weight: Weight,
    pub bias: Option<Tensor>,
    pub adapter: Option<Adapter>,
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

/// A projection's matrix, as its file stores it.
#[derive(Clone, Debug)]
pub(super) enum Weight {
    /// `[out, in]`, torch's `Linear`.
    OutIn(Tensor),
    /// `[in, out]`, gpt2's `Conv1D`.
    InOut(Tensor),
}

impl Linear {
    pub fn forward(&self, x: &Tensor, tape: Option<&Tape>) -> Result<Tensor> {
        let mut y = match &self.weight {
            Weight::OutIn(weight) => ops::linear(x, weight, tape)?,
            Weight::InOut(weight) => ops::linear_in_out(x, weight, tape)?,
        };
        if let Some(Adapter { a, b, scale }) = &self.adapter {
            y = ops::add_low_rank(y, x, a, b, *scale, tape)?;
        }
        match &self.bias {
            Some(bias) => ops::add_bias(&y, bias, tape),
            None => Ok(y),
        }
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
