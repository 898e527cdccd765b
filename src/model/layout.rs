//! Which tensors a decoder has, what transformers' files call them, and their shapes: the one place that knows.

use super::config::{Config, Family, NormKind};
use super::decoder::Part;

/// What a tensor does in the decoder, in the order of the forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Embedding,
    /// Learned positions.
    Positions,
    AttentionNorm,
    Query,
    Key,
    Value,
    /// All three in one.
    QueryKeyValue,
    /// Of each head's queries.
    QueryNorm,
    /// Of each head's keys.
    KeyNorm,
    AttentionOut,
    /// Of what attention adds to the residual stream.
    AttentionOutNorm,
    MlpNorm,
    Gate,
    Up,
    Down,
    /// Of what the feed-forward network adds to the residual stream.
    MlpOutNorm,
    /// After the last layer.
    FinalNorm,
    Head,
}

use Role::*;

/// The roles that every layer has a tensor for, if its family names one.
const OF_A_LAYER: [Role; 14] = [
    AttentionNorm,
    Query,
    Key,
    Value,
    QueryKeyValue,
    QueryNorm,
    KeyNorm,
    AttentionOut,
    AttentionOutNorm,
    MlpNorm,
    Gate,
    Up,
    Down,
    MlpOutNorm,
];

impl Role {
    pub fn is_projection(self) -> bool {
        matches!(self, Query | Key | Value | QueryKeyValue | AttentionOut) || self.is_mlp()
    }

    pub fn is_norm(self) -> bool {
        matches!(self, AttentionNorm | QueryNorm | KeyNorm | AttentionOutNorm | MlpNorm | MlpOutNorm | FinalNorm)
    }

    /// A projection of the feed-forward network.
    pub fn is_mlp(self) -> bool {
        matches!(self, Gate | Up | Down)
    }
}

/// A weight or bias of a decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// In transformers' files.
    pub name: String,
    pub role: Role,
    pub layer: Option<usize>,
    pub is_bias: bool,
    pub shape: Vec<usize>,
}

impl Slot {
    /// Where in the decoder it belongs.
    pub fn part(&self) -> Part {
        match (self.role, self.layer) {
            (_, Some(layer)) => Part::Layer(layer),
            (FinalNorm, None) => Part::Norm,
            (Head, None) => Part::Head,
            (_, None) => Part::Embedding,
        }
    }
}

/// All tensors of a decoder: those outside the layers first.
pub fn slots(config: &Config) -> impl Iterator<Item = Slot> {
    let root = [Embedding, Positions, FinalNorm, Head].into_iter().flat_map(|role| of_role(config, role, None));
    // Lazy: a config that claims a billion layers fails at the first one that is not there.
    let layer = move |layer| OF_A_LAYER.into_iter().flat_map(move |role| of_role(config, role, Some(layer)));
    root.chain((0..config.layers).flat_map(layer))
}

/// The weight of a role, and its bias if it has one; nothing where this decoder does not have it.
pub fn of_role(config: &Config, role: Role, layer: Option<usize>) -> Vec<Slot> {
    let Some(stem) = stem(config, role, layer) else { return Vec::new() };
    let slot = |kind: &str, is_bias: bool, shape| Slot { name: format!("{stem}.{kind}"), role, layer, is_bias, shape };
    let mut slots = vec![slot("weight", false, weight_shape(config, role))];
    if has_bias(config, role) {
        slots.push(slot("bias", true, vec![features_out(config, role)]));
    }
    slots
}

/// The name without `.weight` and `.bias`; `None` where this decoder does not have the role.
pub fn stem(config: &Config, role: Role, layer: Option<usize>) -> Option<String> {
    let names = names(config.family);
    match (role, layer) {
        (Head, _) => (!config.tie_embeddings).then(|| names.head.to_owned()),
        (_, None) => find(names.root, role).map(|name| format!("{}{name}", names.prefix)),
        (_, Some(layer)) => {
            find(names.layer, role).map(|name| format!("{}{}.{layer}.{name}", names.prefix, names.layers))
        }
    }
}

fn find(table: &[(Role, &'static str)], role: Role) -> Option<&'static str> {
    table.iter().find(|(of, _)| *of == role).map(|(_, name)| *name)
}

/// Features that a role's tensor gives.
fn features_out(config: &Config, role: Role) -> usize {
    let (q, kv) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
    match role {
        Query => q,
        Key | Value => kv,
        QueryKeyValue => q + 2 * kv,
        Gate | Up => config.intermediate_size,
        QueryNorm | KeyNorm => config.head_dim,
        _ => config.hidden_size,
    }
}

/// Weights of projections are `[out, in]`, except gpt2's, which are `[in, out]`.
fn weight_shape(config: &Config, role: Role) -> Vec<usize> {
    let out = features_out(config, role);
    let input = match role {
        Embedding | Head => return vec![config.vocab_size, config.hidden_size],
        Positions => return vec![config.context + config.family.position_offset(), config.hidden_size],
        role if role.is_norm() => return vec![out],
        AttentionOut => config.heads * config.head_dim,
        Down => config.intermediate_size,
        _ => config.hidden_size,
    };
    if config.family.is_conv1d() { vec![input, out] } else { vec![out, input] }
}

fn has_bias(config: &Config, role: Role) -> bool {
    match role {
        Embedding | Positions | Head => false,
        Query | Key | Value | QueryKeyValue => config.qkv_bias,
        AttentionOut => config.output_bias,
        Gate | Up | Down => config.mlp_bias,
        _ => config.family.norm() == NormKind::Layer,
    }
}

/// A family's names: `{prefix}{root}`, `{prefix}{layers}.{number}.{layer}`, and the head's.
pub struct Names {
    /// What stands before every name but the head's; checkpoints of the bare model leave it out.
    pub prefix: &'static str,
    pub head: &'static str,
    layers: &'static str,
    root: &'static [(Role, &'static str)],
    layer: &'static [(Role, &'static str)],
}

pub fn names(family: Family) -> &'static Names {
    match family {
        Family::Llama | Family::Mistral | Family::Qwen2 => &LLAMA,
        Family::Qwen3 => &QWEN3,
        Family::Gemma3 => &GEMMA3,
        Family::Gpt2 => &GPT2,
        Family::GptNeo => &GPT_NEO,
        Family::GptNeoX => &GPT_NEOX,
        Family::Opt => &OPT,
    }
}

const LLAMA: Names = Names {
    prefix: "model.",
    head: "lm_head",
    layers: "layers",
    root: &[(Embedding, "embed_tokens"), (FinalNorm, "norm")],
    layer: &[
        (AttentionNorm, "input_layernorm"),
        (Query, "self_attn.q_proj"),
        (Key, "self_attn.k_proj"),
        (Value, "self_attn.v_proj"),
        (AttentionOut, "self_attn.o_proj"),
        (MlpNorm, "post_attention_layernorm"),
        (Gate, "mlp.gate_proj"),
        (Up, "mlp.up_proj"),
        (Down, "mlp.down_proj"),
    ],
};

const QWEN3: Names = Names {
    layer: &[
        (AttentionNorm, "input_layernorm"),
        (Query, "self_attn.q_proj"),
        (Key, "self_attn.k_proj"),
        (Value, "self_attn.v_proj"),
        (QueryNorm, "self_attn.q_norm"),
        (KeyNorm, "self_attn.k_norm"),
        (AttentionOut, "self_attn.o_proj"),
        (MlpNorm, "post_attention_layernorm"),
        (Gate, "mlp.gate_proj"),
        (Up, "mlp.up_proj"),
        (Down, "mlp.down_proj"),
    ],
    ..LLAMA
};

const GEMMA3: Names = Names {
    layer: &[
        (AttentionNorm, "input_layernorm"),
        (Query, "self_attn.q_proj"),
        (Key, "self_attn.k_proj"),
        (Value, "self_attn.v_proj"),
        (QueryNorm, "self_attn.q_norm"),
        (KeyNorm, "self_attn.k_norm"),
        (AttentionOut, "self_attn.o_proj"),
        (AttentionOutNorm, "post_attention_layernorm"),
        (MlpNorm, "pre_feedforward_layernorm"),
        (Gate, "mlp.gate_proj"),
        (Up, "mlp.up_proj"),
        (Down, "mlp.down_proj"),
        (MlpOutNorm, "post_feedforward_layernorm"),
    ],
    ..LLAMA
};

const GPT2: Names = Names {
    prefix: "transformer.",
    head: "lm_head",
    layers: "h",
    root: &[(Embedding, "wte"), (Positions, "wpe"), (FinalNorm, "ln_f")],
    layer: &[
        (AttentionNorm, "ln_1"),
        (QueryKeyValue, "attn.c_attn"),
        (AttentionOut, "attn.c_proj"),
        (MlpNorm, "ln_2"),
        (Up, "mlp.c_fc"),
        (Down, "mlp.c_proj"),
    ],
};

const GPT_NEO: Names = Names {
    layer: &[
        (AttentionNorm, "ln_1"),
        (Query, "attn.attention.q_proj"),
        (Key, "attn.attention.k_proj"),
        (Value, "attn.attention.v_proj"),
        (AttentionOut, "attn.attention.out_proj"),
        (MlpNorm, "ln_2"),
        (Up, "mlp.c_fc"),
        (Down, "mlp.c_proj"),
    ],
    ..GPT2
};

const GPT_NEOX: Names = Names {
    prefix: "gpt_neox.",
    head: "embed_out",
    layers: "layers",
    root: &[(Embedding, "embed_in"), (FinalNorm, "final_layer_norm")],
    layer: &[
        (AttentionNorm, "input_layernorm"),
        (QueryKeyValue, "attention.query_key_value"),
        (AttentionOut, "attention.dense"),
        (MlpNorm, "post_attention_layernorm"),
        (Up, "mlp.dense_h_to_4h"),
        (Down, "mlp.dense_4h_to_h"),
    ],
};

const OPT: Names = Names {
    prefix: "model.",
    head: "lm_head",
    layers: "decoder.layers",
    root: &[
        (Embedding, "decoder.embed_tokens"),
        (Positions, "decoder.embed_positions"),
        (FinalNorm, "decoder.final_layer_norm"),
    ],
    layer: &[
        (AttentionNorm, "self_attn_layer_norm"),
        (Query, "self_attn.q_proj"),
        (Key, "self_attn.k_proj"),
        (Value, "self_attn.v_proj"),
        (AttentionOut, "self_attn.out_proj"),
        (MlpNorm, "final_layer_norm"),
        (Up, "fc1"),
        (Down, "fc2"),
    ],
};

/// Buffers that older transformers saved: positions' frequencies and causal masks, which are computed anew.
pub fn is_buffer(name: &str) -> bool {
    [".rotary_emb.inv_freq", ".attn.bias", ".attention.bias", ".masked_bias"].iter().any(|end| name.ends_with(end))
}
